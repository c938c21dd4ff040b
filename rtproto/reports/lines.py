"""Lines of text for a terminal or a log: painted, wrapped, and no command to whatever reads the log.

The formats `full` and `concise` are `LineReporter`s, so that the line of a finding and the end of the report are the
same in both.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable

from rtproto.findings import Finding, Severity, Unchecked
from rtproto.reports import Options
from rtproto.reports.tally import Tally
from rtproto.reports.words import message, no_command, plural, prose, show, times, where

MIN_WIDTH = 40
TYPES = 40
"""Event types that the statistics list."""
COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}
BOLD = "1"
DIM = "2"
GREEN = "32"


class Lines:
    """Writes lines as wide as the options say, in colours if they say so."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._write = write
        self._color = options.color
        self.width = max(options.width, MIN_WIDTH)

    def paint(self, text: str, style: str) -> str:
        """The text in that style, where colours are wanted."""
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and text else text

    def line(self, text: str = "") -> None:
        """Write one line."""
        self._write(no_command(text).rstrip() + "\n")

    def prose(
        self, text: str, indent: str = "  ", hang: str = "", style: str = "", *, head: str = ""
    ) -> None:
        """Text wrapped to the width, painted as a whole, or only its `head`; colours count for no column."""
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=indent,
            subsequent_indent=indent + hang,
            break_on_hyphens=False,
        )
        for line in lines:
            painted = line.replace(head, self.paint(head, style), 1) if head else self.paint(line, style)
            self.line(painted if style else line)

    def label(self, finding: Finding) -> str:
        """What the finding is called: `error[OUT016] delta-after-done`."""
        label = self.paint(f"{finding.severity.label}[{finding.code}]", COLORS[finding.severity])
        return f"{label} {finding.name}"

    def place(self, finding: Finding, path: str) -> str:
        """Where the finding is, as editors and terminals recognise it: `call.jsonl:41`."""
        return f"{where(path)}:{finding.line}" if finding.line else where(path)

    def finding(self, finding: Finding, path: str, more: str = "") -> None:
        """Write the finding as one line, however long."""
        place, label = self.place(finding, path), self.label(finding)
        self.line(f"{place}: {label}: {message(finding)}{times(finding)}{more}")

    def statistics(self, tally: Tally) -> None:
        """Write the counts by rule and by event type."""
        rules = sorted(tally.by_rule.items(), key=lambda item: (-item[1], item[0]))
        if rules:
            self.line("findings by rule:")
        for (code, name, severity), count in rules:
            self.line(f"{count:>8,}  {severity.label:<7}  {code} {name}")
        types = sorted(tally.by_type.items(), key=lambda item: (-item[1], item[0]))
        if types:
            self.line("events by type:")
        for kind, count in types[:TYPES]:
            self.line(f"{count:>8,}  {show(kind)}")
        if len(types) > TYPES:
            rest = sum(count for _, count in types[TYPES:])
            self.line(f"{rest:>8,}  of {len(types) - TYPES:,} other types")


class LineReporter:
    """A report in lines, with what all of them end with."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._lines = Lines(write, options)
        self._options = options
        self._least = options.min_severity or Severity.WARNING
        self._tally = Tally()

    def unchecked(self, unchecked: Unchecked) -> None:
        """Count one path that could not be checked, and say why unless the command says it elsewhere."""
        self._tally.not_checked(unchecked)
        if self._options.list_unchecked:
            self._lines.line(f"{where(unchecked.path)}: not checked: {prose(unchecked.reason, 1000)}")

    def finish(self) -> None:
        """Write the statistics, where they were asked for, and the sums."""
        if self._options.statistics:
            self._lines.statistics(self._tally)
        if not self._options.quiet:
            self._lines.line(sums(self._tally, self._least))


def counted(counts: Counter[Severity], severities: Iterable[Severity]) -> str:
    """`2 errors, 1 warning`, of those severities that occur."""
    return ", ".join(plural(counts[s], s.label) for s in severities if counts[s])


def sums(tally: Tally, least: Severity) -> str:
    """The line that a report ends with; what is below `least` was not shown, and is counted apart."""
    left_out = f"{plural(tally.unchecked, 'path')} not checked" if tally.unchecked else ""
    if not tally.sessions:
        return "nothing checked" + (f": {left_out}" if left_out else "")
    checked = plural(tally.files, "file")
    if tally.sessions != tally.files:
        checked += f", {plural(tally.sessions, 'session')}"
    shown = [s for s in reversed(Severity) if s >= least]
    verdict = counted(tally.by_severity, shown)
    hidden = [s for s in reversed(Severity) if s < least and tally.by_severity[s]]
    if not verdict:
        verdict = "no findings" if not hidden else "no " + " or ".join(f"{s.label}s" for s in shown)
    if hidden:
        total = sum(tally.by_severity[s] for s in hidden)
        ask = f"--min-severity {hidden[-1].label} shows {'it' if total == 1 else 'them'}"
        verdict += f" ({counted(tally.by_severity, hidden)} not shown; {ask})"
    told = f"checked {checked}, {plural(tally.events, 'event')}: {verdict}"
    return told + (f"; {left_out}" if left_out else "")
