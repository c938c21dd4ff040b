"""How long the command takes to start, beside a Python that imports what it must: `python -m benchmarks.startup`.

The command's own `--version`, and a check of a small recording, are compared with
`python -c "import msgspec, argparse"`, the least that a checker with a typed decoder and options can load, and with a
bare interpreter.  The processes take turns; the figures are medians.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from benchmarks import figures
from benchmarks.figures import Process, Startup

COMMAND = "python -m rtproto.check --version"
SMALL = Path(__file__).parent.parent / "docs" / "sessions" / "phone-call.jsonl"
CHECK = f"python -m rtproto.check --format concise {SMALL.name}"
FLOOR = 'python -c "import msgspec, argparse"'
BARE = 'python -c ""'
PROCESSES = {
    COMMAND: ["-m", "rtproto.check", "--version"],
    CHECK: ["-m", "rtproto.check", "--format", "concise", "--fail-level", "never", str(SMALL)],
    FLOOR: ["-c", "import msgspec, argparse"],
    BARE: ["-c", ""],
}
RUNS = 21


def measure(command: str, runs: int = RUNS) -> Startup:
    """Milliseconds of each process, as often as that; one run of each before that fills the caches."""
    how = figures.measured(command)
    # As where the package is installed: what was compiled once is kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in PROCESSES}
    for turn in range(runs + 1):
        for name, arguments in PROCESSES.items():
            begin = perf_counter()
            subprocess.run(
                [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment
            )
            if turn:
                times[name].append((perf_counter() - begin) * 1e3)
    processes = [Process(command=name, milliseconds=each) for name, each in times.items()]
    return Startup(measured=how, processes=processes)


def told(part: Startup) -> Iterator[str]:
    """The medians as text, each beside the floor."""
    floor = part.milliseconds(FLOOR)
    for process in part.processes:
        median = part.milliseconds(process.command)
        yield f"  {process.command:60}  {median:7.1f} ms  {median / floor:5.2f} ×"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.startup", description="Time the command's start."
    )
    parser.add_argument(
        "--runs", type=int, default=RUNS, metavar="N", help="processes of each kind (default: %(default)s)"
    )
    part = measure("python -m benchmarks.startup", max(1, parser.parse_args().runs))
    print(figures.headline(part.measured), "", *told(part), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
