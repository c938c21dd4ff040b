"""Whether rtproto and the oracle say the same of a session.  What "the same" means is told in `tests.oracle`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity

from . import LAST, RULES, judge, read
from .reading import OPENING, Body, Log

Said = tuple[str, Severity]

TOLD = {
    # A configuration of the other dialect is refused whole; what it asks for is not weighed.
    "CLI006": ("DIA005", "DIA006"),
    "CLI014": ("DIA005", "DIA006"),
    # A name of both dialects' unions, an event of no dialect.
    "DIA001": ("DIA002",),
    "DIA009": ("DIA018",),
    # What has no place in a transcription session, or after the session's end, is not asked what else it breaks.  A
    # second commit while the first one's item is due and the user speaks: of two illegal moves the outer one is told.
    "IAB008": ("DIA009", "IAB020"),
    "RSP020": ("DIA010",),
    # A place behind an item that nobody knows, or of one that took another id than the client gave it.
    "ITM010": ("ITM009", "ITM014", "ITM015"),
    # An item that differs from what was said of it before, that its dialect names otherwise, or that a client may not
    # make at all.
    "ITM020": ("DIA009", "DIA013", "ITM008", "ITM028", "RSP001", "RSP009"),
    "ITM021": ("ITM002", "ITM003"),
    # What holds a response holds its items and their parts: told is the outermost that is unknown or over.
    "ITM001": ("DIA009", "ITM003", "OUT001", "OUT004", "RSP001", "RSP009"),
    "ITM003": ("DIA009",),
    "OUT001": ("OUT009", "OUT016", "OUT025", "RSP001", "RSP009"),
    "OUT002": ("OUT025", "RSP001", "RSP009"),
    "OUT007": ("OUT001", "OUT016", "RSP001", "RSP009"),
    # A stream that is done again: what is said of it this time is compared with nothing.
    "OUT011": ("OUT016",),
    "OUT012": ("OUT016",),
    "OUT013": ("OUT016",),
    "OUT009": ("OUT001", "OUT016", "RSP001", "RSP009"),
    # A response that is done again: what it shows this time is compared with nothing.
    "RSP025": ("RSP005",),
    # A second response while a committed turn has no item yet: of two illegal moves the outer one is told, once.
    "RSP004": ("IAB008", "SES015"),
    # Playback has rules of its own, and none on a WebSocket; an item that comes again came too late as well.
    "OAB003": ("DIA014",),
    "RSP001": ("OAB001", "OAB003"),
    "RSP009": ("ITM002", "ITM003", "ITM004", "ITM008"),
}
"""Sentences that a more exact one contains, and the codes under which rtproto tells such a fault."""


class Verdict(NamedTuple):
    """Where the two look first, and what each says there."""

    outcome: str
    """`same`, `clean` where neither says anything, `shadowed`, `adopted`, or `differ`."""
    line: int
    """The first line that either complains of; `LAST` for the end of the session and for a clean one."""
    oracle: frozenset[Said]
    checker: frozenset[Said]
    """All that rtproto says at that line, rules without a star too."""

    @property
    def shared(self) -> frozenset[str]:
        """The codes that both say."""
        return frozenset(code for code, _ in self.oracle & self.checker)


def checked(
    lines: Sequence[tuple[str, Body]], *, cut: bool, dialect: str | None = None
) -> tuple[list[Finding], list[Finding]]:
    """What rtproto says while it reads the lines, and what it says at their end."""
    checker = SessionChecker(profile="openai", dialect=dialect)
    fed = [f for side, body in lines for f in checker.feed(side, msgspec.json.encode(body))]
    return fed, checker.close(cut=cut)


def compare(lines: Sequence[tuple[str, Body]], *, cut: bool, dialect: str) -> Verdict:
    """Both opinions of one session, whose dialect is told only where its first line does not tell it."""
    told = None if lines and lines[0][1].get("type") in OPENING else dialect
    fed, closing = checked(lines, cut=cut, dialect=told)
    placed = [(f.line, f) for f in fed if f.severity > Severity.INFO] + [(LAST, f) for f in closing]
    faults = judge(lines, cut=cut, dialect=told)
    mine = [f for f in faults if f.line == LAST or f.severity > Severity.INFO]
    roots = [(at, f) for at, f in placed if f.code in RULES and f.caused_by is None]
    line = min([f.line for f in mine] + [at for at, _ in roots], default=LAST)
    oracle = frozenset((f.code, f.severity) for f in mine if f.line == line)
    checker = frozenset((f.code, f.severity) for at, f in placed if at == line)
    codes = {code for code, _ in checker}
    missed = any(not codes.intersection(TOLD.get(said[0], ())) for said in oracle - checker)
    added = {(f.code, f.severity) for at, f in roots if at == line} - oracle
    outcome = "same" if oracle else "clean"
    if missed or added:
        outcome = "differ"
        if any(at < line and f.severity > Severity.INFO for at, f in placed):
            outcome = "shadowed"
        elif _adopted(read(lines, cut=cut, dialect=told), line):
            outcome = "adopted"
    return Verdict(outcome, line, oracle, checker)


def _adopted(logs: Sequence[Log], line: int) -> bool:
    """Whether a line, or anything before the end, is about what began before the recording."""
    return any(log.adopted(event) for log in logs for event in log if line in (event.at + 1, LAST))
