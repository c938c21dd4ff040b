"""One fault, one finding: what a session does wrong again and again is told once, with a count and its lines.

A server that leaves a member out leaves it out of every event of that type.  `SessionChecker.findings` holds each of
these findings, for those who act on each frame; the report, which is read by people, holds the first with the count.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, cast

from msgspec.structs import replace

from rtproto.findings import Finding
from rtproto.protocol.ids import IDS
from rtproto.rules import RULES


def collapse(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, each that repeats an earlier one counted there instead; `caused_by` is renumbered.

    Two findings are the same when rule, severity, cause, event type, machine, state and arguments are, ids aside; of a
    rule that is about the session as a whole (`Rule.one`), when rule, severity and cause are.
    """
    kept: list[Finding] = []
    places: list[int] = []
    first: dict[Hashable, int] = {}
    for finding in findings:
        caused_by = None if finding.caused_by is None else places[finding.caused_by]
        place = first.setdefault(sameness(finding, caused_by), len(kept))
        places.append(place)
        if place == len(kept):
            kept.append(finding if caused_by == finding.caused_by else replace(finding, caused_by=caused_by))
        else:
            same = kept[place]
            last = max(finding.line, same.line if same.last_line is None else same.last_line)
            kept[place] = replace(same, count=same.count + 1, last_line=last)
    return tuple(kept)


def sameness(finding: Finding, caused_by: int | None) -> Hashable:
    """What two findings of a session have in common when one repeats the other; `caused_by` is the cause's place."""
    event = finding.event
    if (rule := RULES.get(finding.code)) is not None and rule.one:
        return finding.code, finding.severity, caused_by
    ids = () if event is None else (value for name, value in event.fields if name.endswith("id"))
    known = {value for value in ids if isinstance(value, str)}
    return (
        finding.code,
        finding.severity,
        caused_by,
        None if event is None else (event.type, event.direction),
        finding.machine,
        finding.state,
        tuple((name, _without_ids(value, known)) for name, value in finding.args.items()),
    )


def _without_ids(value: Any, known: set[str]) -> Hashable:
    if isinstance(value, str):
        return "*" if value in known else IDS.sub("*", value)
    if isinstance(value, (list, tuple)):
        return tuple(_without_ids(member, known) for member in cast("list[Any]", value))
    return value if isinstance(value, (int, float)) or value is None else repr(value)
