"""Run a command and tell its time and its peak memory, as JSON: `python -m benchmarks.child COMMAND…`.

The most memory that a process ever held is told to its parent when it has ended, and counts what it held before it
became the command: a copy of the parent.  So the parent must be small, which this one is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any

KIB = 1024 if sys.platform == "darwin" else 1
"""Units of `ru_maxrss` in a KiB."""


def measured(command: Sequence[str], stdin: int | None = None) -> dict[str, Any]:
    """`seconds`, `cpu_seconds`, `peak_kib` and what it printed (`stdout`), of Python with these arguments.

    Raises `RuntimeError` where it ends with another status than 0.
    """
    ran = subprocess.run(
        [sys.executable, "-m", __spec__.name, sys.executable, *command],
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(ran.stdout)
    if told["status"]:
        raise RuntimeError(
            f"{' '.join(command[:6])}: exit status {told['status']}\n{told['stdout'][-2_000:]}"
        )
    return told


def main(command: Sequence[str]) -> int:
    begin = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as out:
        text = out.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    told = {
        "status": process.returncode,
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss // KIB,
        "stdout": text,
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
