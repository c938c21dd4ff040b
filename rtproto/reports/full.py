"""The report for a person: what broke, which earlier line makes it so, what would have been allowed, how we know.

Each finding is two frames, Elle's witness in a compiler's clothes: the line that caused it and the line that broke the
rule, both as one designed line of the event (direction, type, ids, cut text), never as the event itself.  `<` was sent
by the server, `>` by the client.  Plain characters and lines that wrap, so that it reads in a narrow pane and in a log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from rtproto.findings import Excerpt, Finding, SessionReport, Severity
from rtproto.reports import Options
from rtproto.reports.lines import BOLD, COLORS, DIM, GREEN, LineReporter, counted
from rtproto.reports.tally import severities
from rtproto.reports.words import (
    NO_TYPE,
    follow_on,
    message,
    plural,
    prose,
    rule_of,
    scalar,
    show,
    source,
    times,
    trouble_words,
    where,
)

PER_RULE = 10
"""Findings of one rule that are shown of one session unless all are asked for."""
TROUBLES = 8
"""What a server said went wrong, in one session, unless all is asked for."""
ALLOWED = 6
"""Event types that are listed as allowed."""

_ARROWS = {"server": "<", "client": ">"}
_TOKEN = re.compile(r"[\w.:+-]+\Z")
# Values of these are what somebody said, never a name out of the protocol, and so always in quotes.
_SPOKEN = frozenset({"delta", "text", "transcript", "arguments", "error.message", "audio"})
_BASE64 = re.compile(r"<\d+ characters of base64>\Z")
# Their values begin with what they are, so that the name is not needed.
_BARE = {
    "item_id": "item_",
    "item.id": "item_",
    "response_id": "resp_",
    "response.id": "resp_",
    "call_id": "call_",
    "item.call_id": "call_",
    "session.id": "sess_",
}
# What goes first when a line has no room for all.
_LEAST = ("event_id", "session.id", "previous_item_id", "response_id", "output_index")


def short_id(value: str) -> str:
    """An id with its middle left out, from 17 characters on: `item_…k8w86`."""
    if len(value) <= 16:
        return value
    head = value.find("_", 0, 8) + 1 or 6
    return f"{value[:head]}…{value[-5:]}"


def field(name: str, value: str | int | float | bool | None) -> str:
    """One name and value of an event, on the few columns there are."""
    shown = scalar(name, value)
    name = show(name, 40)
    if shown is None:
        return f"{name}=null"
    if isinstance(shown, bool):
        return f"{name}={str(shown).lower()}"
    if not isinstance(shown, str):
        return f"{name}={shown}"
    if name.endswith("id"):
        bare = shown.startswith(_BARE.get(name, "\0"))
        return short_id(shown) if bare else f"{name}={short_id(shown)}"
    if _BASE64.match(shown):
        return f"{name}={shown}"
    if name not in _SPOKEN and _TOKEN.match(shown) and len(shown) <= 40:
        return f"{name}={shown}"
    cut = shown if len(shown) <= 40 else shown[:39].rstrip("…") + "…"
    return f'{name}="' + cut.replace('"', '\\"') + '"'


def fields(excerpt: Excerpt, room: int) -> str:
    """The event's fields in at most `room` columns: ids that say little go first, then what stands last."""
    shown = {name: field(name, value) for name, value in excerpt.fields}
    if "event_id" in shown:
        shown["event_id"] = shown.pop("event_id")  # it says least, and comes last
    while shown and len(" ".join(shown.values())) > room:
        del shown[next((name for name in _LEAST if name in shown), next(reversed(shown)))]
    return " ".join(shown.values())


class FullReporter(LineReporter):
    """Writes each session as soon as it is judged, and one line of sums at the end."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        super().__init__(write, options)
        self._width = self._lines.width
        self._connections: Counter[str] = Counter()
        self._explained_arrows = False

    # Sessions

    def session(self, session: SessionReport) -> None:
        """Write one session: its header, and its findings in the order of the lines."""
        self._count(session)
        roots = sorted(session.roots(self._least), key=lambda finding: finding.line)
        if self._options.quiet:
            for finding in roots:
                self._lines.finding(finding, session.path)
            return
        self._header(session)
        self._findings(session, roots)

    def _count(self, session: SessionReport) -> None:
        self._tally.session(session)
        self._connections[session.path] += 1

    def finding(self, finding: Finding, path: str) -> None:
        """Write one finding of a session that goes on; its consequences will follow, where they are asked for."""
        if finding.caused_by is not None:
            if self._options.verbose:
                self._consequence(finding)
        elif self._options.quiet:
            self._lines.finding(finding, path)
        else:
            self._explain_arrows()
            self._lines.line()
            self._finding(finding, path, [])

    def ended(self, session: SessionReport) -> None:
        """Write the header of a session whose findings were written."""
        self._count(session)
        if not self._options.quiet:
            if session.roots(self._least):
                self._lines.line()
            self._header(session)

    def _header(self, session: SessionReport) -> None:
        counts = severities(session.findings)
        verdict = counted(counts, (s for s in reversed(Severity) if s >= self._least))
        hidden = counted(counts, (s for s in reversed(Severity) if s < self._least))
        clean = (
            "no findings" if not hidden else f"nothing worse than {max(counts).label}" if not verdict else ""
        )
        path = where(session.path)
        ordinal = self._connections[session.path]
        place = path if ordinal == 1 else f"{path} (connection {ordinal})"
        facts = ", ".join(
            part for part in (plural(session.events, "event"), session.dialect, session.mode) if part
        )
        painted = self._lines.paint(verdict, BOLD) if verdict else self._lines.paint(clean, GREEN)
        self._lines.line(f"{self._lines.paint(place, BOLD)}: {facts}: {painted}")
        if verdict or self._options.verbose:
            reason = f": {prose(session.profile_reason, 400)}" if session.profile_reason else ""
            self._lines.prose(f"profile {session.profile}{reason}", hang="  ", style=DIM)
        if session.format not in ("", "jsonl"):
            lacks = f"; partial: {', '.join(session.losses)}" if session.losses else ""
            self._lines.prose(
                f"read as {session.format}: {prose(session.format_reason, 400)}{lacks}", hang="  ", style=DIM
            )
        for limit in session.limits:
            self._lines.prose("note: " + prose(limit, 400), hang="  ", style=DIM)
        self._troubles(session)
        self._pending(session)

    def _troubles(self, session: SessionReport) -> None:
        """What the server said went wrong: no finding, and the answer to why a session fell silent."""
        if not session.troubles:
            return
        shown = session.troubles if self._options.verbose else session.troubles[:TROUBLES]
        self._lines.line("  the server said:")
        for trouble in shown:
            self._lines.prose(f"line {trouble.line}: {trouble_words(trouble)}", indent="    ", hang="  ")
        hidden = len(session.troubles) - len(shown)
        if rest := hidden + session.troubles_left_out:
            self._lines.line(f"    … and {rest:,} more" + ("; -v shows more of them" if hidden else ""))

    def _pending(self, session: SessionReport) -> None:
        """What the session still waits for where the recording stops, of which the findings are only notes."""
        told = {finding.line for finding in session.roots(self._least)}
        notes = (f for f in session.roots() if f.severity < self._least and f.line not in told)
        open_ends = [finding for finding in notes if _tells_the_end(finding)]
        if not open_ends:
            return
        self._lines.line("  open at the end:")
        for finding in open_ends[:TROUBLES]:
            said = f"line {finding.line}: {message(finding)}{times(finding)} ({finding.code})"
            self._lines.prose(said, indent="    ", hang="  ")
        if (rest := len(open_ends) - TROUBLES) > 0:
            self._lines.line(f"    … and {rest:,} more")

    def _findings(self, session: SessionReport, roots: list[Finding]) -> None:
        if roots:
            self._explain_arrows()
        consequences: dict[int, list[Finding]] = {}
        for finding in session.findings:
            if finding.caused_by is not None:
                consequences.setdefault(id(session.findings[finding.caused_by]), []).append(finding)
        seen: Counter[str] = Counter()
        for finding in roots:
            seen[finding.code] += 1
            if seen[finding.code] <= PER_RULE or self._options.verbose:
                self._lines.line()
                self._finding(finding, session.path, consequences.get(id(finding), []))
        for code, count in sorted(seen.items()):
            if count > PER_RULE and not self._options.verbose:
                self._lines.line()
                self._lines.line(f"… and {count - PER_RULE:,} more of {code}; -v shows them")
        if roots:
            self._lines.line()

    def _explain_arrows(self) -> None:
        if not self._explained_arrows:
            self._explained_arrows = True
            self._lines.prose("< sent by the server, > sent by the client", style=DIM)

    # Findings

    def _finding(self, finding: Finding, path: str, consequences: list[Finding]) -> None:
        place = self._lines.place(finding, path)
        plain = f"{finding.severity.label}[{finding.code}] {finding.name}  {place}"
        if len(plain) <= self._width:
            self._lines.line(f"{self._lines.label(finding)}  {place}")
        else:
            self._lines.line(self._lines.label(finding))
            self._lines.line(f"  {place}")
        self._lines.prose(message(finding) + times(finding))
        self._frames(finding)
        self._allowed(finding)
        self._source(finding, consequences)
        if self._options.verbose:
            for consequence in consequences:
                self._consequence(consequence)

    def _consequence(self, finding: Finding) -> None:
        label = f"{finding.severity.label}[{finding.code}]"
        self._lines.prose(
            f"then {label} {finding.name}, line {finding.line}: {message(finding)}{times(finding)}",
            indent="    ",
            hang="  ",
            style=COLORS[finding.severity],
            head=label,
        )

    def _frames(self, finding: Finding) -> None:
        """The witnesses and the offending line, in the order of the recording."""
        rows: list[tuple[int, str, str, Excerpt | None, str]] = []
        here = "<- here"
        for witness in finding.witnesses:
            note = prose(witness.note, 200)
            if finding.event is not None and witness.line == finding.event.line:
                here = f"<- here, {note}"
            else:
                # Of some earlier lines a rule remembers the number alone, which is not to say that they had no type.
                rows.append((witness.line, witness.direction, show(witness.type), None, note))
        if (event := finding.event) is not None:
            rows.append((event.line, event.direction, show(event.type) or NO_TYPE, event, here))
        if not rows:
            return
        rows.sort(key=lambda row: row[0])
        digits = max(len(str(row[0])) for row in rows)
        types = min(max(len(row[2]) for row in rows), 50)
        for line, direction, kind, excerpt, note in rows:
            left = f"  {line:>{digits}} {_ARROWS.get(direction, '?')} {kind:<{types}}"
            room = self._width - len(left) - len(note) - 2
            shown = fields(excerpt, room - 2) if excerpt is not None else ""
            painted = note if excerpt is None else self._lines.paint(note, COLORS[finding.severity])
            if room >= 0:
                self._lines.line(f"{left}{'  ' if shown else ''}{shown}  {painted}")
            else:  # narrow: what it did goes below what it is
                self._lines.line(left)
                self._lines.prose(note, indent="      ")
            if excerpt is not None and not shown:
                self._lines.prose(fields(excerpt, self._width - 6), indent="      ")

    def _allowed(self, finding: Finding) -> None:
        if not finding.machine and not finding.allowed:
            return
        here = "" if finding.event is None else finding.event.type
        kinds = [
            show(kind) + (" (not as here)" if kind == here else "") for kind in finding.allowed[:ALLOWED]
        ]
        shown = ", ".join(kinds) or "nothing more"
        rest = len(finding.allowed) - ALLOWED
        more = f" and {rest} more" if rest > 0 else ""
        where = f" ({finding.machine}: {finding.state})" if finding.machine and finding.state else ""
        self._lines.prose(f"allowed here: {shown}{more}{where}", hang="  ")

    def _source(self, finding: Finding, consequences: Sequence[Finding]) -> None:
        rule = rule_of(finding.code)
        known = f"known from {source(rule.basis)}; " if rule is not None else ""
        line = f"{known}`--explain {finding.code}` says more" if rule is not None else ""
        if consequences and not self._options.verbose:
            line += ("  " if line else "") + f"(+{follow_on(finding, consequences)}; -v shows them)"
        if line:
            self._lines.prose(line, style=DIM)


def _tells_the_end(finding: Finding) -> bool:
    rule = rule_of(finding.code)
    return rule is not None and rule.ending
