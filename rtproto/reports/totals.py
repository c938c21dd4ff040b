"""The report in one line a file, and at the end one line a rule: for many recordings, whatever their number.

What is kept until the end is only the counts of rules, and of what servers said went wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from rtproto.findings import Finding, SessionReport, Severity, Trouble, Unchecked
from rtproto.reports import Options
from rtproto.reports.lines import COLORS, LineReporter, counted
from rtproto.reports.words import plural, trouble_name, where

MOST_KINDS = 1_000
"""Kinds of what servers said went wrong that are counted: they name them as they like."""


class _Rule(Struct):
    """What was found of a rule."""

    name: str
    severity: Severity
    place: str
    """Where it was found first."""
    count: int = 0
    files: int = 0


class _Said(Struct):
    """What servers said went wrong, of one kind."""

    place: str
    """Where it was said first."""
    path: str
    """The file that said it last."""
    count: int = 0
    files: int = 1


class TotalsReporter(LineReporter):
    """Writes a file's line when the next one begins, and the rules at the end, the worst and most common first."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        super().__init__(write, options)
        self._path: str | None = None
        self._events = 0
        self._severities: Counter[Severity] = Counter()
        self._codes: Counter[str] = Counter()
        """Of the file at hand."""
        self._rules: dict[str, _Rule] = {}
        self._said: dict[str, _Said] = {}
        self._troubles = 0
        """What the server said went wrong in the file at hand, repetitions included."""

    def session(self, session: SessionReport) -> None:
        """Count one session."""
        self._tally.session(session)
        if session.path != self._path:
            self._end()
            self._path = session.path
        self._events += session.events
        for finding in session.roots(self._least):
            self._severities[finding.severity] += 1
            self._codes[finding.code] += 1
            self._count(finding, session.path)
        self._troubles += session.troubles_left_out
        for trouble in session.troubles:
            self._troubles += trouble.count
            self._note(trouble, session.path)

    def _note(self, trouble: Trouble, path: str) -> None:
        name = trouble_name(trouble)
        known = self._said.get(name)
        if known is None:
            if len(self._said) >= MOST_KINDS:
                return
            known = self._said[name] = _Said(f"{where(path)}:{trouble.line}", path)
        known.count += trouble.count
        known.files += known.path != path
        known.path = path

    def _count(self, finding: Finding, path: str) -> None:
        known = self._rules.get(finding.code)
        if known is None:
            place = self._lines.place(finding, path)
            known = self._rules[finding.code] = _Rule(finding.name, finding.severity, place)
        known.severity = max(known.severity, finding.severity)
        known.count += 1
        known.files += self._codes[finding.code] == 1

    def _end(self) -> None:
        """Write the line of the file at hand."""
        if self._path is None:
            return
        codes = " ".join(
            f"{code}×{count}" if count > 1 else code for code, count in self._codes.most_common()
        )
        verdict = counted(self._severities, reversed(Severity))
        if verdict or not self._options.quiet:
            told = f"{verdict}: {codes}" if verdict else "no findings"
            if self._troubles:
                told += f"; the server said {plural(self._troubles, 'thing')} went wrong"
            self._lines.line(f"{where(self._path)}: {plural(self._events, 'event')}: {told}")
        self._path, self._events, self._troubles = None, 0, 0
        self._severities.clear()
        self._codes.clear()

    def unchecked(self, unchecked: Unchecked) -> None:
        """Count one path that could not be checked; the line of the file before it comes first."""
        self._end()
        super().unchecked(unchecked)

    def finish(self) -> None:
        """Write the rules, and the sums."""
        self._end()
        rules = sorted(self._rules.items(), key=lambda rule: (-rule[1].severity, -rule[1].files, rule[0]))
        for code, rule in rules:
            label = self._lines.paint(f"{rule.severity.label}[{code}]", COLORS[rule.severity])
            files = plural(rule.files, "file")
            self._lines.line(f"{label} {rule.name}: {rule.count:,} in {files}, first {rule.place}")
        for name, said in sorted(self._said.items(), key=lambda kind: (-kind[1].files, kind[0])):
            files = plural(said.files, "file")
            self._lines.line(f"the server said: {name}: {said.count:,} in {files}, first {said.place}")
        super().finish()
