"""What rules of several families share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Entity
from rtproto.protocol.ledger import Request
from rtproto.rules.base import Context, Verdict


def item_entity(context: Context, item_id: str | None) -> Entity | None:
    """The conversation item of that id, where the session has shown one."""
    return None if item_id is None else context.engine.find("conversation item", (item_id,))


def comes_again(context: Context, item_id: str) -> bool:
    """Whether the event shows another item that takes the id of one that was deleted."""
    return item_id in context.facts.deleted and context.type.endswith(("added", "created"))


def blamed(*entities: Entity | None) -> Entity | None:
    """The first of them that broke a rule already, so that this fault is its consequence; else the first there is."""
    there = [entity for entity in entities if entity is not None]
    broken = [entity for entity in there if entity.root_taint() is not None]
    return next(iter(broken + there), None)


def unanswered(context: Context, type: str, cut: bool) -> Iterator[Verdict]:
    """A verdict for every request of that type to which the recording holds no answer.

    Requests are left out where an error that names none of them may have been the answer.
    """
    if not context.both_directions:
        return
    ledger = context.facts.ledger
    for request in ledger.pending(type):
        if not ledger.doubts(request):
            yield overdue(context, request, cut)


def overdue(context: Context, request: Request, cut: bool) -> Verdict:
    """A warning of a request without an answer.

    A note where the recording may simply have stopped too early: it is cut soon after, and no later request of the type
    was granted.
    """
    passed_over = context.facts.ledger.granted.get(request.type, 0) > request.line
    late = passed_over or context.facts.waited(request.time)
    return at_request(request, severity=Severity.WARNING if late or not cut else Severity.INFO)


def at_request(request: Request, args: dict[str, Any] | None = None, **more: Any) -> Verdict:
    """A verdict on the line of a client's request."""
    return Verdict(
        args or {}, line=request.line, type=request.type, event=request.event, direction="client", **more
    )


_FORMATS: Mapping[str, float] = {
    "G.711": 8,
    "PCM at 8 kHz": 16,
    "PCM at 16 kHz": 32,
    "PCM at 24 kHz": 48,
    "PCM at 44.1 kHz": 88.2,
    "PCM at 48 kHz": 96,
}
"""Formats that microphones, telephones and servers have, and the bytes of a millisecond in each."""
_CLOSE = 0.04
"""By how much a clock may miss a format, as a part of its rate: 44.1 and 48 kHz lie twice as far from each other."""


def other_format(audio: int, ms: int, rate: int) -> str | None:
    """The format, not the one of that many bytes a ms, in which so many bytes of audio last so long; None for none that
    is in use."""
    return next(
        (name for name, other in _FORMATS.items() if other != rate and _fits(audio / other, ms)), None
    )


def _fits(lasts: float, ms: int) -> bool:
    return abs(lasts - ms) <= _CLOSE * ms


def asked_at(request: Request, note: str) -> tuple[Witness, ...]:
    """The line of a client's request, as a witness."""
    return (Witness(request.line, request.type, note, "client"),)
