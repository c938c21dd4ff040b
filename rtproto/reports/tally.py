"""Counts over everything a report was told, for its last line and its summary.

Only roots count: a consequence is told with its cause, and counting it would make one fault look like many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rtproto.findings import Finding, SessionReport, Severity, Unchecked


class Tally:
    """Sums over sessions, by severity and by rule."""

    def __init__(self) -> None:
        self.sessions = 0
        self.events = 0
        self.unchecked = 0
        self.follow_on = 0
        self.by_severity: Counter[Severity] = Counter()
        self.by_rule: Counter[tuple[str, str, Severity]] = Counter()
        """Roots by code, name and severity."""
        self.by_type: Counter[str] = Counter()
        """Events by type."""
        self.files = 0
        """Files that were checked; one may hold several sessions, which come one after the other."""
        self._path: str | None = None

    def session(self, session: SessionReport) -> None:
        """Count one session and its findings."""
        self.sessions += 1
        self.events += session.events
        if session.path != self._path:
            self._path = session.path
            self.files += 1
        self.by_type.update(session.counts)
        for finding in session.findings:
            if finding.caused_by is not None:
                self.follow_on += 1
                continue
            self.by_severity[finding.severity] += 1
            self.by_rule[finding.code, finding.name, finding.severity] += 1

    def not_checked(self, unchecked: Unchecked) -> None:
        """Count one path that could not be checked."""
        del unchecked
        self.unchecked += 1

    def summary(self) -> dict[str, object]:
        """The `summary` object of the JSON formats."""
        by_code: Counter[str] = Counter()
        for (code, _, _), count in self.by_rule.items():
            by_code[code] += count
        return {
            "files": self.files,
            "files_not_checked": self.unchecked,
            "sessions": self.sessions,
            "events": self.events,
            "by_severity": {s.label: self.by_severity[s] for s in reversed(Severity)},
            "by_code": dict(sorted(by_code.items())),
            "follow_on": self.follow_on,
        }


def severities(findings: Iterable[Finding]) -> Counter[Severity]:
    """The roots among the findings, counted by severity."""
    return Counter(f.severity for f in findings if f.caused_by is None)
