"""The report as a table for a page of Markdown: GitHub's summary of a job, a comment on a merge request.

The table is HTML in one block without a blank line, in which no renderer looks for Markdown: what a recording holds is
escaped once, for HTML, and cannot be a heading, a link or a mention of anything.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape as html

from rtproto.findings import SessionReport, Severity, Unchecked
from rtproto.reports import Options
from rtproto.reports.gathered import Gathered, Told
from rtproto.reports.lines import sums
from rtproto.reports.places import shown
from rtproto.reports.words import no_command, prose

MOST_BYTES = 512 * 1024
"""Length of the table; GitHub takes 1 MiB of a step, and shows nothing of a longer one."""


class SummaryReporter:
    """Keeps the findings, and writes the table at the end, the worst first."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._write = write
        self._gathered = Gathered(options.min_severity or Severity.WARNING)

    def session(self, session: SessionReport) -> None:
        """Keep the findings of one session."""
        self._gathered.session(session)

    def unchecked(self, unchecked: Unchecked) -> None:
        """Keep one path that could not be checked."""
        self._gathered.not_checked(unchecked)

    def finish(self) -> None:
        """Write the sums and the table."""
        gathered = self._gathered
        self._write(f"### rtproto\n\n<p>{html(sums(gathered.tally, gathered.least))}</p>\n")
        rows = [_unchecked_row(unchecked) for unchecked in gathered.unchecked]
        rows += [_row(told) for told in gathered.worst()]
        if not rows:
            return
        self._write("\n<table>\n<tr><th></th><th>rule</th><th>where</th><th>what</th></tr>\n")
        room = MOST_BYTES
        for number, row in enumerate(rows):
            room -= len(row.encode())
            if room < 0:
                self._write(f'<tr><td colspan="4">… and {len(rows) - number:,} more</td></tr>\n')
                break
            self._write(row)
        self._write("</table>\n")


def _cells(*texts: str) -> str:
    cells = "".join(f"<td>{html(text)}</td>" for text in texts)
    return no_command(f"<tr>{cells}</tr>") + "\n"


def _row(told: Told) -> str:
    finding = told.finding
    place = f"{shown(told.path)}:{finding.line}" if finding.line else shown(told.path)
    return _cells(finding.severity.label, f"{finding.code} {finding.name}", place, told.sentence)


def _unchecked_row(unchecked: Unchecked) -> str:
    return _cells("not checked", "", shown(unchecked.path), prose(unchecked.reason, 1000))
