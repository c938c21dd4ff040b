"""One run of the check command: each path to its report, the reports to their writers, and the exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rtproto import console
from rtproto.check_outputs import CannotOpen, Outputs, step_summary
from rtproto.check_settings import wanted
from rtproto.check_targets import STDIN, targets
from rtproto.findings import Finding, Report, SessionReport, Severity, Unchecked
from rtproto.packing import plain
from rtproto.progress import Progress
from rtproto.recording import Settings
from rtproto.reports import Options
from rtproto.reports.words import plural, prose
from rtproto.selection import Selection

if TYPE_CHECKING:
    from rtproto.baseline import Baseline
    from rtproto.check_state import State

CLEAN, FOUND, NOT_CHECKED = 0, 1, 2

Target = tuple[str, str]
"""A path, and the reason why it cannot be checked or an empty string."""
_TOLD = 5
"""Stale entries of a baseline that are named."""


def check(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    """Check what the arguments name, and return the exit status."""
    named = list(targets(args.paths))
    if args.follow and (len(named) != 1 or named[0][1] or named[0][0] not in (*args.paths, STDIN)):
        options.error("--follow takes one FILE, or - for standard input")
    judge = Judge(options, args, [path for path, _ in named])
    try:
        if args.follow:
            judge.follow(named[0][0])
        else:
            judge.run(named)
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
        self._args = args
        self._baseline: Baseline | None = None
        self._state: State | None = None
        try:
            self._wanted = wanted(args)
            self._settings = self._wanted.settings()
            self._baseline = self._known()
            self._state = self._learned()
        except ValueError as error:
            options.error(str(error))
        out = console.output(args.format)
        told = Options(
            min_severity=self._wanted.min_severity,
            fail_level=self._wanted.fail_level,
            verbose=args.verbose,
            quiet=args.quiet,
            statistics=args.statistics,
            color=console.color(args.color, out),
            width=console.width(out),
            list_unchecked=False,
        )
        self._outputs = Outputs(out, args.format, told, live=args.follow)
        try:
            self._outputs.open(args.output, paths, step_summary() if args.format == "github" else None)
        except CannotOpen as error:
            options.error(str(error))
        if args.verbose and self._wanted.found.file is not None:
            console.say(f"settings from {os.path.relpath(self._wanted.found.file)}")

    def _known(self) -> Baseline | None:
        """The baseline that was asked for.  Raises `ValueError`."""
        asked = self._wanted.baseline
        if asked is None:
            for option in ("update_baseline", "fail_on_stale"):
                if getattr(self._args, option):
                    raise ValueError(f"--{option.replace('_', '-')} needs --baseline FILE")
            return None
        from rtproto.baseline import Baseline

        return Baseline(asked, update=self._wanted.least_known if self._args.update_baseline else None)

    def _learned(self) -> State | None:
        """The state that was asked for.  Raises `ValueError`."""
        if self._args.state is None:
            return None
        from rtproto.check_state import State

        return State(self._args.state, self._wanted.arguments)

    def follow(self, path: str) -> None:
        """Judge a file while it is written, until Ctrl-C."""
        from rtproto.check_follow import Telling, follow

        wanted = self._wanted
        least = wanted.min_severity or (Severity.INFO if self._args.format == "jsonl" else Severity.WARNING)
        known = self._known()
        telling = Telling(self._found, least, wanted.selection(path), known)
        with console.Interrupts() as interrupts, interrupts.held():
            for report in follow(self._settings, path, telling, interrupts):
                self._tell(report)

    def _found(self, finding: Finding, path: str) -> None:
        fail_level = self._wanted.fail_level
        if fail_level is not None and finding.caused_by is None and finding.severity >= fail_level:
            self.code = max(self.code, FOUND)
        self._outputs.finding(finding, path)

    def run(self, named: Sequence[Target]) -> None:
        """Check every path and report it.  Ctrl-C ends the run early, with a report of what was checked until then."""
        terminal = sys.stderr if console.is_terminal(sys.stderr) else None
        sizes = {path: _size(path) for path, _ in named} if terminal is not None else {}
        width = console.width(terminal)
        watched = Progress(terminal, sizes, width=width, reading=self._settings.position)
        with watched as progress, console.Interrupts() as interrupts:
            done = 0
            try:
                with closing(self._reports(named)) as reports:
                    for path, report in reports:
                        progress.done(path, report)
                        with interrupts.held(), progress.away():
                            self._tell(report)
                            done += 1
            except KeyboardInterrupt:
                self.code = console.INTERRUPTED
                if done < len(named):
                    rest = len(named) - done - 1
                    more = f"; {plural(rest, 'path')} after it not begun" if rest else ""
                    with progress.away():
                        self._tell(unchecked(named[done][0], f"interrupted{more}"))

    def _reports(self, named: Sequence[Target]) -> Generator[tuple[str, Report], None, None]:
        """The report of every path, in order, from wherever it comes: the state of a run before, or a check."""
        known: dict[str, Report] = {}
        if self._state is not None:
            found = ((path, self._state.known(path)) for path, problem in named if not problem)
            known = {path: report for path, report in found if report is not None}
        asked = [path for path, problem in named if not problem and path != STDIN and path not in known]
        with self._checked(asked) as checked:
            for path, problem in named:
                if problem:
                    yield path, unchecked(path, problem)
                elif path in known:
                    yield path, known[path]
                elif path == STDIN:
                    yield path, report_of(self._settings, path, verbose=self._args.verbose)
                else:
                    report = next(checked)
                    if self._state is not None:
                        self._state.learn(path, report)
                    yield path, report

    @contextmanager
    def _checked(self, paths: Sequence[str]) -> Generator[Iterator[Report], None, None]:
        """The reports of files, by as many processes as were asked for."""
        check = partial(report_of, verbose=self._args.verbose)
        workers = min(self._args.jobs or os.cpu_count() or 1, len(paths))
        if workers < 2:
            yield (check(self._settings, path) for path in paths)
            return
        from rtproto.fleet import Fleet

        with Fleet(workers, self._wanted.arguments, check) as fleet:
            yield fleet.reports(paths)

    def _kept(self, session: SessionReport) -> SessionReport:
        """The session without what is not to be reported of its file, or is known."""
        ignored = self._wanted.found.ignored(session.path)
        if ignored:
            session = Selection(ignore=ignored).apply(session)
        return session if self._baseline is None else self._baseline.accept(session)

    def _tell(self, report: Report) -> None:
        """Report what was selected and is not known, and take it to the exit status."""
        report = replace(report, sessions=tuple(map(self._kept, report.sessions)))
        fail_level = self._wanted.fail_level
        if fail_level is not None and report.roots(fail_level):
            self.code = max(self.code, FOUND)
        if report.unchecked:
            self.code = max(self.code, NOT_CHECKED)
        for session in report.sessions:
            self._outputs.session(session)
        for each in report.unchecked:
            self._outputs.unchecked(each)
        self._outputs.flush()
        for each in report.unchecked:
            console.say(f"{each.path}: not checked: {prose(each.reason)}")

    def finish(self) -> None:
        """Write what the report ends with, and bring the baseline up to date where that was asked for."""
        self._outputs.finish()
        if self._baseline is None:
            return
        if self._args.update_baseline and self.code != console.INTERRUPTED:
            self._update(self._baseline)
        elif self._baseline.hidden and not self._args.quiet:
            findings = plural(self._baseline.hidden, "finding")
            console.say(f"{findings} not shown, known from {self._baseline.file}")
        stale = self._baseline.stale(self._judged)
        if stale and not self._args.update_baseline:
            named = ", ".join(f"{entry.rule} of {entry.path}" for entry in stale[:_TOLD])
            more = f" and {len(stale) - _TOLD} more" if len(stale) > _TOLD else ""
            console.say(
                f"{self._baseline.file}: found no more: {named}{more}; --update-baseline takes them out"
            )
            if self._args.fail_on_stale:
                self.code = max(self.code, FOUND)

    def _update(self, baseline: Baseline) -> None:
        try:
            entries = plural(baseline.write(self._judged), "entry", "entries")
        except OSError as error:
            console.say(f"cannot write {baseline.file}: {error.strerror or error}")
            self.code = console.CANNOT_WRITE
        else:
            console.say(f"{baseline.file}: {entries} written")

    def _judged(self, path: str, code: str) -> bool:
        return code in self._wanted.selection(path)

    def close(self) -> None:
        """Let go of the files of the run, however it ended."""
        self._outputs.close()
        if self._state is not None:
            self._state.close()


def report_of(settings: Settings, path: str, *, verbose: bool = False) -> Report:
    """The report of one path; an error of ours is the reason why that path is not checked."""
    try:
        if path != STDIN:
            return plain(settings.check_file(path))
        stdin = getattr(sys.stdin, "buffer", None)
        if stdin is None:
            return unchecked(path, "there is no standard input")
        return plain(settings.check_stream(stdin, path))
    except Exception as bug:  # noqa: BLE001 - one recording must not cost the others their report
        if verbose:
            from traceback import format_exc

            for line in format_exc().splitlines():
                console.say(line)
        more = "" if verbose else "; -v shows where"
        told = f"an error in rtproto itself, {type(bug).__name__}: {bug}; please report it{more}"
        return unchecked(path, told)


def unchecked(path: str, problem: str) -> Report:
    """The report of a path that cannot be checked."""
    return Report(unchecked=(Unchecked(path, problem),))


def _size(path: str) -> int:
    with suppress(OSError, ValueError):
        return Path(path).stat().st_size
    return 0
