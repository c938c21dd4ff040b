"""`python -m rtproto conform COMMAND`, in the source tree also `python -m conformance`: run and keep the suite."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rtproto import console

PASSED, FAILED, NOT_RUN = 0, 1, 2

_HELP = """\
commands:
  cases     run a checker (default: rtproto) over the cases, and score it
  check     check a transcript on standard input, as the suite's contract wants it
  rules     write the cases that are made from the rules' examples; --check verifies it
  fmt       write the case files in their canonical form; --check verifies it
  lint      verify that the suite is sound

`COMMAND --help` says more.
"""


def main(argv: Sequence[str] | None = None, prog: str = "python -m rtproto conform") -> int:
    """Run one command and return its exit status; raises `SystemExit` where argparse does (options, --help)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} COMMAND ...",
        description="Labelled transcripts of the OpenAI Realtime protocol, for checkers in any language.",
        epilog=_HELP,
        formatter_class=console.help_formatter(arguments),
        allow_abbrev=False,
    )
    parser.add_argument("command", choices=("cases", "check", "rules", "fmt", "lint"), help=argparse.SUPPRESS)
    command: str = parser.parse_args(arguments[:1]).command
    run = {"cases": _cases, "check": _check, "rules": _rules, "fmt": _fmt, "lint": _lint}[command]
    return console.guard(lambda: run(f"{prog} {command}", arguments[1:]))


def _parser(prog: str, description: str, *, suite: bool = True) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=description, allow_abbrev=False)
    if suite:
        parser.add_argument(
            "--suite", metavar="DIR", type=Path, help="the suite's folder (default: the one that came along)"
        )
    return parser


def _jobs(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("a number of processes, or 0")
    return int(text)


def _check(prog: str, argv: Sequence[str]) -> int:
    parser = _parser(prog, "Check a transcript on standard input with rtproto.", suite=False)
    parser.add_argument("--batch", action="store_true", help="any number of transcripts")
    args = parser.parse_args(argv)
    from rtproto.conform.judge import check

    return check(batch=args.batch)


def _cases(prog: str, argv: Sequence[str]) -> int:
    parser = _parser(prog, "Run a checker over the cases, and score it.")
    add = parser.add_argument
    add("--checker", metavar="CMD", help="a command that keeps to the contract (default: rtproto itself)")
    add("--batch", action="store_true", help="the checker takes many transcripts at once")
    add("--filter", metavar="PREFIX", action="append", default=[], help="only cases whose id begins so")
    add("--report", choices=("text", "json", "junit", "html"), default="text", help="(default: text)")
    add("--depth", choices=("verdict", "line", "code"), default="code", help="what passes (default: code)")
    add("--baseline", metavar="FILE", type=Path, help="known failures, with reasons; stale ones fail the run")
    add("--jobs", metavar="N", type=_jobs, default=0, help="processes at a time (default: one per processor)")
    add(
        "--timeout",
        metavar="SECONDS",
        type=console.seconds,
        default=60.0,
        help="for one process (default: 60)",
    )
    args = parser.parse_args(argv)
    from rtproto.conform import running
    from rtproto.conform.runner import Checker
    from rtproto.conform.suite import SuiteError

    try:
        run = running.run(
            args.suite,
            Checker.of(args.checker, batch=args.batch, jobs=args.jobs, timeout=args.timeout),
            filter=args.filter,
            depth=args.depth,
            baseline=args.baseline,
        )
    except (SuiteError, ValueError) as why:
        console.say(str(why))
        return NOT_RUN
    if not run.results:
        console.say("no case has such an id")
        return NOT_RUN
    out = console.output(args.report)
    out.writelines(running.report(run, args.report))
    return PASSED if run.good else FAILED


def _rules(prog: str, argv: Sequence[str]) -> int:
    parser = _parser(prog, "Keep the cases that are made from the examples of rtproto's rules.")
    keep = parser.add_mutually_exclusive_group(required=True)
    keep.add_argument("--write", action="store_true", help="write them")
    keep.add_argument("--check", action="store_true", help="verify that they are up to date")
    args = parser.parse_args(argv)
    from rtproto.conform import upkeep

    return upkeep.generate(args.suite, check=args.check)


def _fmt(prog: str, argv: Sequence[str]) -> int:
    parser = _parser(prog, "Write the case files in their canonical form.")
    parser.add_argument("--check", action="store_true", help="verify instead that they are in it")
    args = parser.parse_args(argv)
    from rtproto.conform import upkeep

    return upkeep.fmt(args.suite, check=args.check)


def _lint(prog: str, argv: Sequence[str]) -> int:
    args = _parser(prog, "Verify that the suite is sound.").parse_args(argv)
    from rtproto.conform import upkeep

    return upkeep.lint(args.suite)
