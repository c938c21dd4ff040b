"""One run of the check command: each recording to its report, the reports to their writers, and the exit status."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rtproto import console
from rtproto.check_outputs import CannotOpen, Outputs, step_summary
from rtproto.check_settings import wanted
from rtproto.check_targets import Target, targets
from rtproto.check_work import reports_of, unchecked
from rtproto.findings import Finding, Report, SessionReport, Severity
from rtproto.fleet import Fleet, Lost, batches, size_of
from rtproto.progress import Progress
from rtproto.reports import Options
from rtproto.reports.words import plural, prose
from rtproto.selection import Selection

if TYPE_CHECKING:
    from rtproto.baseline import Baseline
    from rtproto.check_state import State

CLEAN, FOUND, NOT_CHECKED = 0, 1, 2

_TOLD = 5
"""Stale entries of a baseline that are named."""


def check(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    """Check what the arguments name, and return the exit status."""
    named = list(targets(args.paths))
    first = named[0]
    if args.follow and (
        len(named) != 1
        or first.problem
        or first.source
        or (first.path not in args.paths and not first.standard)
    ):
        options.error("--follow takes one FILE, or - for standard input")
    judge = Judge(options, args, (target.path for target in named if not target.standard))
    try:
        if args.follow:
            judge.follow(first)
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
        self._check = partial(reports_of, verbose=args.verbose)
        self._outputs = Outputs(out, args.format, told, live=args.follow)
        try:
            self._outputs.open(args.output, paths, step_summary() if args.format == "github" else None)
        except CannotOpen as error:
            options.error(str(error))
        for sentence in self._wanted.unserved():
            console.say(sentence)
        if args.verbose and self._wanted.found.file:
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

    def follow(self, target: Target) -> None:
        """Judge a file while it is written, until Ctrl-C."""
        from rtproto.check_follow import Telling, follow

        wanted = self._wanted
        least = wanted.min_severity or (Severity.INFO if self._args.format == "jsonl" else Severity.WARNING)
        known = self._known()
        telling = Telling(self._found, least, wanted.selection(target.path), known)
        with console.Interrupts() as interrupts, interrupts.held():
            for report in follow(self._settings, target, telling, interrupts):
                self._tell(report)

    def _found(self, finding: Finding, path: str) -> None:
        fail_level = self._wanted.fail_level
        if fail_level is not None and finding.severity >= fail_level:
            self.code = max(self.code, FOUND)
        self._outputs.finding(finding, path)

    def run(self, named: Sequence[Target]) -> None:
        """Check every recording and report it.  Ctrl-C ends the run early, with a report of what was
        checked until then, and so does the loss of those who do the work."""
        terminal = sys.stderr if console.is_terminal(sys.stderr) else None
        sizes = {target.path: size_of(target) for target in named} if terminal is not None else {}
        width = console.width(terminal)
        watched = Progress(terminal, sizes, width=width, reading=self._settings.position)
        done = 0
        with console.Interrupts() as interrupts, ExitStack() as stack:
            try:
                # Before the progress, whose thread would be in the way of a fork.
                reports = stack.enter_context(self._reports(named))
                progress = stack.enter_context(watched)
                for report in reports:
                    progress.done(named[done].path, report)
                    with interrupts.held(), progress.away():
                        self._tell(report)
                        done += 1
            except (KeyboardInterrupt, Lost) as end:
                stack.close()
                interrupted = isinstance(end, KeyboardInterrupt)
                self.code = console.INTERRUPTED if interrupted else NOT_CHECKED
                if done < len(named):
                    rest = len(named) - done - 1
                    more = f"; {plural(rest, 'path')} after it not begun" if rest else ""
                    why = "interrupted" if interrupted else str(end)
                    self._tell(unchecked(named[done].path, f"{why}{more}"))

    @contextmanager
    def _reports(self, named: Sequence[Target]) -> Generator[Iterator[Report], None, None]:
        """The report of every recording, in order, from wherever it comes: the state of a run before, or a check."""
        state = self._state
        known = (
            frozenset[Target]()
            if state is None
            else frozenset(t for t in named if not t.problem and not t.standard and state.knows(t))
        )
        mine = sum(1 for target in named if target.problem or target.standard or target in known)
        asked = (t for t in named if not t.problem and not t.standard and t not in known)
        with self._checked(asked, len(named) - mine) as checked:

            def report(target: Target) -> Report:
                if target.problem:
                    return unchecked(target.path, target.problem)
                if target.standard:
                    return next(self._check(self._settings, [target]))
                if state is None:
                    return next(checked)
                if target in known and (kept := state.report(target)) is not None:
                    return kept
                found = next(self._check(self._settings, [target]) if target in known else checked)
                state.learn(target, found)
                return found

            yield map(report, named)

    @contextmanager
    def _checked(self, targets: Iterable[Target], total: int) -> Generator[Iterator[Report], None, None]:
        """The reports of so many recordings, by as many workers as were asked for."""
        engine = self._args.engine or "processes"
        asked = self._args.jobs if self._args.jobs is not None or engine != "processes" else 1
        workers = min(asked or os.cpu_count() or 1, total)
        if engine != "processes" and total:
            from rtproto.fleet_dask import Cluster

            address = None if engine == "dask" else engine
            with Fleet(Cluster(address, workers, self._wanted.arguments, self._check)) as fleet:
                yield fleet.reports(targets, total)
            return
        if workers < 2:
            yield chain.from_iterable(self._check(self._settings, batch) for batch in batches(targets, total))
            return
        from rtproto.fleet_processes import Processes

        with Fleet(Processes(workers, self._wanted.arguments, self._check)) as fleet:
            yield fleet.reports(targets, total)

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
