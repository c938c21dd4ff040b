"""What a recorder prints while it runs: each finding when it is found, and the sums when it stops.

Findings are for standard output, as from `python -m rtproto.check -q`; what happens to connections is about the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from rtproto.findings import Finding, SessionReport, Severity
from rtproto.live.settings import Watcher
from rtproto.reports import Options
from rtproto.reports.concise import ConciseReporter
from rtproto.reports.lines import counted
from rtproto.reports.tally import severities
from rtproto.reports.words import plural, prose, show, where
from rtproto.selection import Selection

PER_RULE = 10
"""Findings of one rule that are printed of one session as they come; all are counted."""
BODY_LIMIT = 1_000
"""Characters that are shown of the body of a refusal."""


class LiveReport(Watcher):
    """Makes the lines; `out` and `say` each take whole lines, for findings and about the run.

    `least` is the least severity that is shown.
    """

    def __init__(
        self,
        out: Callable[[str], object],
        say: Callable[[str], object],
        *,
        selection: Selection,
        least: Severity = Severity.WARNING,
        color: bool = False,
    ) -> None:
        self._out = out
        self._say = say
        self._selection = selection
        self._least = least
        self._concise = ConciseReporter(out, Options(min_severity=least, statistics=True, color=color))
        self._shown: dict[str, Counter[str]] = {}
        self.worst: Severity | None = None
        """The worst severity of all sessions that have ended; None without a finding."""
        self.failures = 0
        """Recordings that are not whole."""

    def opened(self, name: str, path: str) -> None:
        """A session begins."""
        self._say(f"{name}: open, {show(path, 200)}")

    def refused(self, name: str, status: int, reason: str, body: str) -> None:
        """The upstream answered the handshake with that."""
        said = prose(body.strip(), BODY_LIMIT)
        self._say(
            f"{name}: the upstream refuses: {status} {show(reason)}" + (f": {said}" if said else ", no body")
        )

    def trouble(self, name: str, told: str) -> None:
        """Something is wrong that is no matter of the protocol."""
        self._say(f"{name}: {prose(told)}")

    def failed(self, name: str, told: str) -> None:
        """A recording is not whole."""
        self.failures += 1
        self.trouble(name, told)

    def finding(self, name: str, finding: Finding, path: Path, line: int) -> None:
        """Something was found in that session, at that line of that file; consequences are only counted."""
        if (
            finding.caused_by is not None
            or finding.severity < self._least
            or finding.code not in self._selection
        ):
            return
        shown = self._shown.setdefault(name, Counter())
        shown[finding.code] += 1
        if shown[finding.code] <= PER_RULE:
            self._concise.finding(replace(finding, line=line), str(path))
        if shown[finding.code] == PER_RULE:
            self._out(f"{where(str(path))}: more of {finding.code} are counted, not shown\n")

    def closed(self, name: str, report: SessionReport, code: int, reason: str) -> None:
        """A session has ended."""
        report = self._selection.apply(report)
        self._concise.ended(report)
        self._shown.pop(name, None)
        counts = severities(report.findings)
        worst = max((finding.severity for finding in report.findings), default=None)
        if worst is not None:
            self.worst = worst if self.worst is None else max(worst, self.worst)
        verdict = counted(counts, (s for s in reversed(Severity) if s >= self._least))
        why = f" {prose(reason, 200)}" if reason else ""
        self._say(
            f"{name}: closed, {code}{why}: {plural(report.events, 'event')}, {report.dialect}, "
            f"{verdict or 'no findings'}"
        )

    def summary(self) -> None:
        """The sums over all sessions that have ended."""
        self._concise.finish()
