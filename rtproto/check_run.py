"""One run of the check command: each path to its report, the reports to their writer, and the exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from rtproto import console
from rtproto.check_outputs import CannotOpen, Outputs, step_summary
from rtproto.check_targets import STDIN, targets
from rtproto.findings import Report, Severity, Unchecked
from rtproto.recording import Settings
from rtproto.reports import Options
from rtproto.reports.words import prose
from rtproto.wire import MAX_LINE_BYTES

CLEAN, FOUND, NOT_CHECKED = 0, 1, 2


def check(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    """Check what the arguments name, and return the exit status."""
    named = list(targets(args.paths))
    judge = Judge(options, args, [path for path, _ in named])
    try:
        for path, problem in named:
            judge.check(path, problem)
        judge.finish()
    except BrokenPipeError:
        # Nobody reads any more: what was found until now is the verdict.
        console.drop_output()
    finally:
        judge.close()
    return judge.code


class Judge:
    """Checks one path after another, and keeps the exit status up to date."""

    def __init__(
        self, options: argparse.ArgumentParser, args: argparse.Namespace, paths: Iterable[str]
    ) -> None:
        self.code = CLEAN
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
        out = console.output(args.format)
        told = Options(
            min_severity=Severity.parse(args.min_severity) if args.min_severity else None,
            fail_level=self._fail,
            verbose=args.verbose,
            quiet=args.quiet,
            statistics=args.statistics,
            color=console.color(args.color, out),
            width=console.width(out),
            list_unchecked=False,
        )
        self._outputs = Outputs(out, args.format, told)
        try:
            self._outputs.open(args.output, paths, step_summary() if args.format == "github" else None)
        except CannotOpen as error:
            options.error(str(error))

    def check(self, path: str, problem: str = "") -> None:
        """Check one path and report it; with a problem, report why it is not checked."""
        report = self._unchecked(path, problem) if problem else self._report(path)
        if self._fail is not None and report.roots(self._fail):
            self.code = max(self.code, FOUND)
        if report.unchecked:
            self.code = NOT_CHECKED
        for session in report.sessions:
            self._outputs.session(session)
        for unchecked in report.unchecked:
            self._outputs.unchecked(unchecked)
        self._outputs.flush()
        for unchecked in report.unchecked:
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
        return Report(unchecked=(Unchecked(path, problem),))

    def finish(self) -> None:
        """Write what the report ends with."""
        self._outputs.finish()

    def close(self) -> None:
        """Let go of the files of reports, however the run ended."""
        self._outputs.close()
