"""The report in one line a finding, as compilers write them: for editors, for `grep`, and for long lists.

`path:line: severity[CODE] name: message`, and after a session's findings `path:line: the server said: …`; the sums come
last.  With `quiet` there is nothing but the findings.
"""

from __future__ import annotations

from collections import Counter

from rtproto.findings import Finding, SessionReport
from rtproto.reports.lines import LineReporter
from rtproto.reports.words import escape, plural, trouble_words


class ConciseReporter(LineReporter):
    """Writes each finding as soon as its session is judged."""

    def session(self, session: SessionReport) -> None:
        """Write the findings of one session; consequences are counted with their cause, or follow it."""
        self._tally.session(session)
        findings = session.findings
        consequences = Counter(id(findings[f.caused_by]) for f in findings if f.caused_by is not None)
        shown = findings if self._options.verbose else session.roots()
        for finding in sorted(shown, key=lambda finding: finding.line):
            if finding.severity < self._least:
                continue
            count = 0 if self._options.verbose else consequences[id(finding)]
            more = f" (+{plural(count, 'consequence')})" if count else ""
            self._lines.finding(finding, session.path, more)
        self._troubles(session)

    def _troubles(self, session: SessionReport) -> None:
        if not self._options.quiet:
            for trouble in session.troubles:
                place = f"{escape(session.path)}:{trouble.line}"
                self._lines.line(f"{place}: the server said: {trouble_words(trouble)}")

    def finding(self, finding: Finding, path: str) -> None:
        """Write one finding of a session that goes on."""
        if finding.caused_by is None or self._options.verbose:
            self._lines.finding(finding, path)

    def ended(self, session: SessionReport) -> None:
        """Count a session whose findings were written."""
        self._tally.session(session)
        self._troubles(session)
