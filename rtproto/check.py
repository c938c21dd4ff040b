"""The command `python -m rtproto.check`: arguments to recordings to reports to an exit code.

0 nothing at or above the fail level, 1 findings, 2 something could not be checked; 2 outranks 1.  Findings go to
standard output, everything about the run itself to standard error.

Imports are made where they are needed: `--version` and `--help` must not wait for the decoders of a hundred events.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import rtproto
from rtproto import console

if TYPE_CHECKING:
    from pathlib import Path

    from rtproto.findings import Report
    from rtproto.reports import Reporter

CLEAN, FOUND, NOT_CHECKED = 0, 1, 2

SUFFIXES = frozenset({".jsonl", ".ndjson"})
"""File names that are taken for recordings in a directory; a file that is named itself may be called anything."""

_EPILOG = """\
A recording is JSON lines: one event a line, either bare ({"type": ...}) or wrapped
({"direction": "client" | "server", "event": {...}}).

exit status:
  0  nothing found at or above --fail-level
  1  findings at or above --fail-level
  2  something could not be checked: a missing or unreadable file, a file that is no
     recording, an empty one, a wrong option; outranks 1
"""


def parser(prog: str, argv: Sequence[str]) -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} [options] FILE | DIR | - ...",
        description="Check recorded OpenAI Realtime sessions: which line breaks which rule of the protocol, and why.",
        epilog=_EPILOG,
        formatter_class=console.help_formatter(argv),
        allow_abbrev=False,
    )
    add = made.add_argument
    add(
        "paths", nargs="*", metavar="FILE | DIR | -", help="recordings; a directory means every *.jsonl in it"
    )
    add("--format", choices=("text", "json", "jsonl"), default="text", help="of the report (default: text)")
    codes = "rules by code, prefix or name, comma separated: OUT016,RSP,delta-after-done"
    add("--select", metavar="CODES", action="append", default=[], help=f"report only these {codes}")
    add("--ignore", metavar="CODES", action="append", default=[], help="never report these rules")
    add("--dialect", choices=("beta", "ga", "translation"), help="of the events (default: detected)")
    add(
        "--profile",
        metavar="NAME | FILE.toml",
        help="whose server it is: openai, azure, azure-voice-live, xai, compat, or a file of yours (default: detected)",
    )
    add(
        "--fail-level",
        choices=("error", "warning", "info", "never"),
        default="error",
        help="least severity that makes the exit status 1 (default: error)",
    )
    add(
        "--min-severity",
        choices=("error", "warning", "info"),
        help="least severity that is shown (default: warning in text, info in json and jsonl)",
    )
    add("--explain", metavar="CODE", help="print the page of a rule, and check nothing")
    add("--list-rules", action="store_true", help="print every rule, and check nothing")
    add("--statistics", action="store_true", help="end with counts by rule and by event type")
    add(
        "-v",
        "--verbose",
        action="store_true",
        help="show findings that only follow from others, and all of a rule that has many",
    )
    add("-q", "--quiet", action="store_true", help="one line a finding, and nothing else")
    add("--max-line-bytes", metavar="N", type=_positive, help="longest line that is read (default: 33554432)")
    add("--color", choices=("auto", "always", "never"), default="auto", help="(default: auto)")
    add("--version", action="version", version=f"rtproto {rtproto.__version__}")
    return made


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < 1:
        raise argparse.ArgumentTypeError("a number of bytes, 1 or more")
    return int(text)


def main(argv: Sequence[str] | None = None, prog: str = "python -m rtproto.check") -> int:
    """Run the command and return its exit status; raises `SystemExit` where argparse does (options, --help)."""
    options = parser(prog, sys.argv[1:] if argv is None else argv)
    args = options.parse_args(argv)
    run = _list_rules if args.explain is not None or args.list_rules else _check
    return console.guard(lambda: run(options, args))


def _list_rules(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    from rtproto.reports.pages import write_rules

    out = console.output(args.format)
    try:
        write_rules(
            out.write, [] if args.explain is None else [args.explain], args.format, console.width(out)
        )
    except ValueError as error:
        options.error(str(error))
    return CLEAN


def _check(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if not args.paths:
        options.error("no FILE, DIR or - (standard input) to check")
    judge = _Judge(options, args)
    try:
        for path, problem in _targets(args.paths):
            judge.check(path, problem)
        judge.finish()
    except BrokenPipeError:
        # Nobody reads any more: what was found until now is the verdict.
        console.drop_output()
    return judge.code


class _Judge:
    """Checks one path after another, and keeps the exit status up to date."""

    def __init__(self, options: argparse.ArgumentParser, args: argparse.Namespace) -> None:
        from rtproto.findings import Severity
        from rtproto.recording import Settings
        from rtproto.reports import Options, reporter
        from rtproto.wire import MAX_LINE_BYTES

        self.code = CLEAN
        self._out = console.output(args.format)
        self._verbose: bool = args.verbose
        self._fail = None if args.fail_level == "never" else Severity.parse(args.fail_level)
        try:
            self._settings = Settings(
                dialect=args.dialect,
                profile=args.profile,
                select=args.select,
                ignore=args.ignore,
                max_line_bytes=args.max_line_bytes or MAX_LINE_BYTES,
            )
        except ValueError as error:
            options.error(str(error))
        self._reporter: Reporter = reporter(
            args.format,
            self._out.write,
            Options(
                min_severity=Severity.parse(args.min_severity) if args.min_severity else None,
                verbose=args.verbose,
                quiet=args.quiet,
                statistics=args.statistics,
                color=console.color(args.color, self._out),
                width=console.width(self._out),
                list_unchecked=False,
            ),
        )

    def check(self, path: str, problem: str = "") -> None:
        """Check one path and report it; with a problem, report why it is not checked."""
        report = self._unchecked(path, problem) if problem else self._report(path)
        if self._fail is not None and report.roots(self._fail):
            self.code = max(self.code, FOUND)
        if report.unchecked:
            self.code = NOT_CHECKED
        for session in report.sessions:
            self._reporter.session(session)
        for unchecked in report.unchecked:
            self._reporter.unchecked(unchecked)
        self._out.flush()
        for unchecked in report.unchecked:
            from rtproto.reports.words import prose

            console.say(f"{unchecked.path}: not checked: {prose(unchecked.reason)}")

    def _report(self, path: str) -> Report:
        try:
            if path != STDIN:
                return self._settings.check_file(path)
            stdin = getattr(sys.stdin, "buffer", None)
            if stdin is None:
                return self._unchecked(path, "there is no standard input")
            return self._settings.check_stream(stdin, path)
        except Exception as bug:  # noqa: BLE001 - one recording must not cost the others their report
            if self._verbose:
                from traceback import format_exc

                for line in format_exc().splitlines():
                    console.say(line)
            more = "" if self._verbose else "; -v shows where"
            told = f"an error in rtproto itself, {type(bug).__name__}: {bug}; please report it{more}"
            return self._unchecked(path, told)

    @staticmethod
    def _unchecked(path: str, problem: str) -> Report:
        from rtproto.findings import Report, Unchecked

        return Report(unchecked=(Unchecked(path, problem),))

    def finish(self) -> None:
        """Write what the report ends with."""
        self._reporter.finish()
        self._out.flush()


# What to check

STDIN = "<stdin>"


def _targets(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every path to check once, in order, each with the reason why it cannot be checked or an empty string."""
    seen: dict[tuple[int, int] | str, str] = {}
    for name in names:
        for path, problem in _expand(name):
            identity = path if problem or path == STDIN else _identity(path)
            first = seen.get(identity)
            if first is None:
                seen[identity] = path
                yield path, problem
            elif first == path:
                console.say(f"{path}: named more than once, checked once")
            else:
                console.say(f"{path}: the same file as {first}, checked once")


def _expand(name: str) -> Iterator[tuple[str, str]]:
    """The recordings that one argument stands for."""
    from pathlib import Path

    if name == "-":
        yield STDIN, ""
        return
    try:
        is_folder = Path(name).is_dir()
    except OSError:  # not even that may be asked; opening it will tell why
        is_folder = False
    if not is_folder:
        yield name, ""
        return
    problems: list[OSError] = []
    found: list[Path] = []
    for folder, folders, files in os.walk(name, onerror=problems.append):
        folders[:] = [each for each in folders if not each.startswith(".")]
        here = Path(folder)
        for file in files:
            path = here / file
            if path.suffix.lower() in SUFFIXES and not file.startswith(".") and _is_regular(path):
                found.append(path)
    yield from ((str(path), "") for path in sorted(found))
    for error in problems:
        yield str(error.filename), (error.strerror or str(error)).lower()
    if not found and not problems:
        yield name, "a directory without recordings: there is no *.jsonl or *.ndjson file in it"


def _is_regular(path: Path) -> bool:
    # A link to nothing is let through: opening it tells the reader why.
    import stat

    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def _identity(path: str) -> tuple[int, int] | str:
    """What two names of the same file have in common."""
    from pathlib import Path

    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return path
    return (status.st_dev, status.st_ino) if status.st_ino else str(Path(path).resolve())


if __name__ == "__main__":
    sys.exit(main())
