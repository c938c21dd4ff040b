"""The report as JSON lines: a finding a line as soon as its session is judged, the summary last.

Each finding's object is that of `rtproto.reports.json` with the path and the ordinal of the session before it;
`caused_by` counts the lines of that session from 0.  What the server said went wrong follows, a line each.  A path that
could not be checked has a line with its reason.
"""

from __future__ import annotations

from collections.abc import Callable

from rtproto.findings import Finding, SessionReport, Severity, Unchecked
from rtproto.reports import Options
from rtproto.reports.json import SCHEMA, finding_object, json_text, trouble_object, unchecked_object
from rtproto.reports.tally import Tally
from rtproto.reports.words import where
from rtproto.selection import at_least


class JsonlReporter:
    """Writes each line at once; holds nothing but the counts."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._write = write
        self._least = options.min_severity or Severity.INFO
        self._tally = Tally()

    def _line(self, line: dict[str, object]) -> None:
        self._write(json_text(line, indent=-1))

    def session(self, session: SessionReport) -> None:
        """Write the lines of one session."""
        place: dict[str, object] = {"path": where(session.path), "session": self._tally.sessions}
        self._tally.session(session)
        for finding in at_least(session, self._least).findings:
            self._line(place | finding_object(finding))
        self._troubles(session, place)

    def finding(self, finding: Finding, path: str) -> None:
        """Write the line of one finding of a session that goes on."""
        self._line({"path": where(path), "session": self._tally.sessions} | finding_object(finding))

    def ended(self, session: SessionReport) -> None:
        """Count a session whose findings were written, and write what the server said went wrong in it."""
        self._troubles(session, {"path": where(session.path), "session": self._tally.sessions})
        self._tally.session(session)

    def _troubles(self, session: SessionReport, place: dict[str, object]) -> None:
        for trouble in session.troubles:
            self._line(place | {"trouble": trouble_object(trouble)})

    def unchecked(self, unchecked: Unchecked) -> None:
        """Write the line of one path that could not be checked."""
        self._tally.not_checked(unchecked)
        self._line(unchecked_object(unchecked))

    def finish(self) -> None:
        """Write the summary."""
        self._line({"schema": SCHEMA, "summary": self._tally.summary()})
