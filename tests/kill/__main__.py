"""Is the conformance suite enough?  `python -m tests.kill` damages the checker in every way that its tables and rules
allow, and says which case of the suite tells: the case that kills the mutant.

A case kills a mutant when the damaged checker's answer no longer agrees with the case's label, line and code included.
Labels do not speak of notes nor of what folds under a finding, and a case has one fault.  What only these would tell is
looked for in another way: the damaged checker's whole report on a case is held against the undamaged one's,
and so is its report on the case that goes on with one of its own lines.  What is left survives: either a case is
missing, or nothing can tell the mutant from the original, and then `EXCUSED` says why.  Exits with 1 for a survivor
without an excuse, or an excuse that is not needed.

`--write` puts the figures and the matrix into docs/kill-matrix.md; `--check` verifies that they are what stands there.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.kill.excuses import EXCUSED, excuse
from tests.kill.matrix import Killed, Suite, run
from tests.kill.page import PAGE, page, summary


def main(argv: Sequence[str] | None = None) -> int:
    """Run the matrix; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__, allow_abbrev=False)
    parser.add_argument("--filter", default="", metavar="PREFIX", help="only mutants whose name begins so")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument("--write", action="store_true", help=f"write {PAGE}")
    keep.add_argument("--check", action="store_true", help=f"verify {PAGE}")
    args = parser.parse_args(argv)
    suite = Suite.read()
    if suite.failing:
        _say("the undamaged checker fails: " + ", ".join(suite.failing))
        return 2
    killed = run(suite, args.filter, args.jobs)
    sys.stdout.write(summary(suite, killed))
    code = _judge(killed, stale=not args.filter)
    if args.write:
        Path(PAGE).write_text(page(suite, killed), encoding="utf-8")
    elif args.check and Path(PAGE).read_text(encoding="utf-8") != page(suite, killed):
        _say(f"{PAGE} is out of date; run with --write")
        code = 1
    return code


def _judge(killed: Sequence[Killed], *, stale: bool) -> int:
    code = 0
    for each in killed:
        why = excuse(each.name)
        if each.untold and not why:
            _say(f"survives: {each.name}")
            code = 1
        elif why and not each.untold:
            _say(f"excused, but killed by {each.by or each.shown or each.second}: {each.name}")
            code = 1
    if stale:
        for pattern in EXCUSED:
            if not any(re.fullmatch(pattern, each.name) for each in killed):
                _say(f"excused, but there is no such mutant: {pattern}")
                code = 1
    return code


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
