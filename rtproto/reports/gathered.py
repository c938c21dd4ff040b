"""What a report keeps until its end: the formats that are one document, or that begin with the worst."""

from __future__ import annotations

from msgspec import Struct

from rtproto.findings import Finding, SessionReport, Severity, Unchecked
from rtproto.reports.tally import Tally
from rtproto.reports.words import message, plural, times


class Told(Struct, frozen=True):
    """A root finding, where it was found, and how many consequences it had."""

    path: str
    finding: Finding
    consequences: int = 0

    @property
    def sentence(self) -> str:
        """The finding in one sentence, with how often it was found and what it led to; safe to print."""
        more = f" (+{plural(self.consequences, 'consequence')})" if self.consequences else ""
        return message(self.finding) + times(self.finding) + more


class Gathered:
    """Root findings of that severity or worse, and what could not be checked, in the order of the report."""

    def __init__(self, least: Severity) -> None:
        self.least = least
        self.tally = Tally()
        self.told: list[Told] = []
        self.unchecked: list[Unchecked] = []
        self.paths: dict[str, None] = {}
        """Every path that was checked, in order."""

    def session(self, session: SessionReport) -> None:
        """Keep the findings of one session."""
        self.tally.session(session)
        self.paths[session.path] = None
        consequences = [0] * len(session.findings)
        for finding in session.findings:
            if finding.caused_by is not None:
                consequences[finding.caused_by] += 1
        for finding, count in zip(session.findings, consequences, strict=True):
            if finding.caused_by is None and finding.severity >= self.least:
                self.told.append(Told(session.path, finding, count))

    def not_checked(self, unchecked: Unchecked) -> None:
        """Keep one path that could not be checked."""
        self.tally.not_checked(unchecked)
        self.unchecked.append(unchecked)

    def worst(self) -> list[Told]:
        """The findings, the worst first; those of one severity in the order of the report."""
        return sorted(self.told, key=lambda told: -told.finding.severity)
