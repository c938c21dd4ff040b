"""`python -m rtproto.testing generate | coverage`: sessions for other programs, and what the generator reaches."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rtproto.events.dialect import DIALECTS


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m rtproto.testing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    coverage = commands.add_parser("coverage", help="which legal cells of the state tables are reached")
    coverage.add_argument(
        "--seeds", type=int, default=1000, help="sessions to look at (default: %(default)s)"
    )
    generate = commands.add_parser("generate", help="legal sessions as JSON Lines, a file for each seed")
    generate.add_argument("folder", type=Path, help="where the files go")
    generate.add_argument("--seeds", type=int, default=10, help="how many (default: %(default)s)")
    generate.add_argument("--dialect", choices=sorted(DIALECTS), help="all of one dialect")
    generate.add_argument("--feature", action="append", help="only what is named; may be given again")
    args = parser.parse_args(argv)
    if args.command == "coverage":
        from rtproto.testing.coverage import report

        text, odd = report(args.seeds)
        sys.stdout.write(text + "\n")
        return 1 if odd else 0
    from rtproto.testing.generation import generate as session
    from rtproto.testing.generation import transcript

    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        for seed in range(args.seeds):
            frames = session(seed, dialect=args.dialect, features=args.feature)
            (args.folder / f"{seed:05}.jsonl").write_bytes(transcript(frames))
    except (ValueError, OSError) as why:
        parser.error(str(why))
    return 0


if __name__ == "__main__":
    sys.exit(main())
