"""How many instructions a full check takes: `python -m benchmarks.instructions --check`, the guard in CI.

Times on a shared machine vary by half; the instructions that valgrind counts vary by less than one in a hundred.  A
short text session and a short voice session are each judged in a child process with fixed hashes, a few times and more
often, and the difference tells what one more pass takes: neither start-up nor the first use of anything is in it.

`--check` compares with the figures in `instructions.json`, kept for each minor version of Python, and fails where a
session takes over a tenth more.  After a change that is meant to cost something, `--write` renews the figure.  Without
valgrind, or without a figure for this Python, there is nothing to compare and the check passes, saying so.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.sessions import text_session, voice_session

FIGURES = Path(__file__).with_name("instructions.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SESSIONS = ("text", "voice")
FEW, MANY = 20, 24
"""Passes of the two runs that are compared: by the first, whatever is made once many of a kind came has been made."""
GROWTH = 0.10
"""By how much a figure may be exceeded."""


def judge(session: str, passes: int) -> None:
    """Check a session so many times: what is counted."""
    from rtproto.checker import SessionChecker

    frames = text_session(3) if session == "text" else voice_session(2)
    for _ in range(passes):
        checker = SessionChecker()
        for direction, raw in frames:
            checker.feed(direction, raw)
        checker.close(cut=False)


def counted(session: str, passes: int) -> int:
    """Instructions of a process that does that.  Raises `RuntimeError` where valgrind does not say."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    command += [sys.executable, "-m", __spec__.name, "--pass", session, str(passes)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONHASHSEED": "0"}
    )
    told = re.search(r"I\s+refs:\s+([\d,]+)", run.stderr)
    if run.returncode or told is None:
        raise RuntimeError(f"valgrind did not count: {run.stderr[-400:]}")
    return int(told[1].replace(",", ""))


def measured() -> dict[str, int]:
    """Instructions of one more pass, for each session, in thousands."""
    return {
        session: (counted(session, MANY) - counted(session, FEW)) // (MANY - FEW) // 1000
        for session in SESSIONS
    }


def known() -> dict[str, dict[str, int]]:
    """The committed figures: by minor version of Python and session."""
    figures: dict[str, dict[str, int]] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return figures


def exceeded(now: dict[str, int], before: dict[str, int]) -> list[str]:
    """What takes too many instructions, in words."""
    return [
        f"{session}: {now[session]:,}k instructions, {now[session] / figure - 1:+.1%} of {figure:,}k"
        for session, figure in before.items()
        if now[session] > figure * (1 + GROWTH)
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.instructions", description="Count what a full check takes."
    )
    task = parser.add_mutually_exclusive_group()
    task.add_argument(
        "--check", action="store_true", help=f"fail on more than {GROWTH:.0%} above the known figures"
    )
    task.add_argument("--write", action="store_true", help="make what is measured the known figures")
    task.add_argument("--pass", nargs=2, dest="passes", metavar=("SESSION", "N"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.passes:
        judge(options.passes[0], int(options.passes[1]))
        return 0
    if shutil.which("valgrind") is None:
        print("no valgrind here, so that instructions are not counted: apt-get install valgrind")
        return 0

    figures, now = known(), measured()
    before = figures.get(VERSION, {})
    for session, count in now.items():
        print(f"Python {VERSION}, {session}: {count:,}k instructions, known are {before.get(session, 0):,}k")
    if options.write:
        text = json.dumps({**figures, VERSION: now}, indent=2, sort_keys=True)
        FIGURES.write_text(text + "\n", encoding="utf-8")
        return 0
    if not before:
        print(f"no figures for Python {VERSION}: python -m benchmarks.instructions --write makes them")
    found = exceeded(now, before) if options.check else []
    if found:
        print("a full check has become dearer:", *found, sep="\n")
        print("if it is meant to: python -m benchmarks.instructions --write, and a line in the changelog")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
