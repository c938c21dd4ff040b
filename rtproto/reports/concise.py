"""The report in one line a finding, as compilers write them: for editors, for `grep`, and for long lists.

`path:line: severity[CODE] name: message`, and after a session's findings `path:line: the server said: …`; the sums come
last.  With `quiet` there is nothing but the findings.
"""

from __future__ import annotations

from rtproto.findings import Finding, SessionReport
from rtproto.reports.lines import LineReporter
from rtproto.reports.words import follow_on, trouble_words, where


class ConciseReporter(LineReporter):
    """Writes each finding as soon as its session is judged."""

    def session(self, session: SessionReport) -> None:
        """Write the findings of one session; consequences are counted with their cause, or follow it."""
        self._tally.session(session)
        findings = session.findings
        consequences: dict[int, list[Finding]] = {}
        for finding in findings:
            if finding.caused_by is not None and not self._options.verbose:
                consequences.setdefault(id(findings[finding.caused_by]), []).append(finding)
        grave = (finding for finding in findings if finding.severity >= self._least)
        shown = grave if self._options.verbose else session.roots(self._least)
        for finding in sorted(shown, key=lambda finding: finding.line):
            following = consequences.get(id(finding), [])
            more = f" (+{follow_on(finding, following)})" if following else ""
            self._lines.finding(finding, session.path, more)
        self._troubles(session)

    def _troubles(self, session: SessionReport) -> None:
        if not self._options.quiet:
            for trouble in session.troubles:
                place = f"{where(session.path)}:{trouble.line}"
                self._lines.line(f"{place}: the server said: {trouble_words(trouble)}")

    def finding(self, finding: Finding, path: str) -> None:
        """Write one finding of a session that goes on."""
        if finding.caused_by is None or self._options.verbose:
            self._lines.finding(finding, path)

    def ended(self, session: SessionReport) -> None:
        """Count a session whose findings were written."""
        self._tally.session(session)
        self._troubles(session)
