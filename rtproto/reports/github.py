"""The report as workflow commands, from which GitHub makes annotations of a commit or a pull request.

GitHub keeps ten errors, ten warnings and ten notices of a step.  So each rule speaks once, by its worst finding, the
worst rules first; what has no room is counted in the last notice, and the sums follow as a plain line.  All findings
are in the other formats; `summary` has the table for the page of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rtproto.findings import SessionReport, Severity, Unchecked
from rtproto.reports import Options
from rtproto.reports.gathered import Gathered, Told
from rtproto.reports.lines import sums
from rtproto.reports.places import shown
from rtproto.reports.words import no_command, plural, prose

MOST = 10
"""Annotations of each kind that GitHub keeps of one step."""

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def _data(text: str) -> str:
    """Text as a command's message: its `%` and line ends escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Text as the value of a command's property, in which colons and commas are escaped too."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _command(kind: str, message: str, **properties: str) -> str:
    """A workflow command in one line."""
    values = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{kind} {no_command(values)}::{no_command(_data(message))}"


class GithubReporter:
    """Keeps the findings, and writes the commands at the end."""

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
        """Write the commands, then the sums."""
        room = {"error": MOST, "warning": MOST, "notice": MOST - 1}
        left_out = 0
        for kind, line in self._commands():
            if room[kind]:
                room[kind] -= 1
                self._write(line + "\n")
            else:
                left_out += 1
        if left_out:
            told = f"{left_out} more not shown here: GitHub keeps {MOST} annotations of a kind"
            self._write(_command("notice", told, title="rtproto") + "\n")
        self._write(no_command(sums(self._gathered.tally, self._gathered.least)) + "\n")

    def _commands(self) -> Iterator[tuple[str, str]]:
        for unchecked in self._gathered.unchecked:
            why = f"not checked: {prose(unchecked.reason, 1000)}"
            yield "error", _command("error", why, file=shown(unchecked.path), title="not checked")
        by_rule: dict[str, list[Told]] = {}
        for told in self._gathered.worst():
            by_rule.setdefault(told.finding.code, []).append(told)
        for first, *others in by_rule.values():
            finding = first.finding
            kind = _COMMANDS[finding.severity]
            yield (
                kind,
                _command(
                    kind,
                    first.sentence + _and(others),
                    file=shown(first.path),
                    line=str(finding.line or ""),
                    title=f"{finding.code} {finding.name}",
                ),
            )


def _and(others: list[Told]) -> str:
    """How many more findings the rule has, and in how many files."""
    if not others:
        return ""
    return f"; and {len(others):,} more in {plural(len({told.path for told in others}), 'file')}"
