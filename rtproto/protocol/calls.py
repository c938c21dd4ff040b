"""Which function calls are in the conversation: what the facts say of them, for the guards and rules that ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.protocol.ledger import Request
from rtproto.protocol.memory import Memory
from rtproto.protocol.values import field, tag_of


def is_outside(facts: Memory, item_id: str) -> bool:
    """Whether an item is known not to be in the conversation: it was deleted, or a response made it out of band."""
    item = facts.items.get(item_id)
    if item is None or item_id in facts.conversation:
        return False
    response = facts.responses.get(item.response_id or "")
    return item_id in facts.deleted or (response is not None and response.outside)


def creates(facts: Memory, type: str, call_id: str) -> Iterator[Request]:
    """The client's open requests for an item of that type about that call."""
    for request in facts.ledger.pending("conversation.item.create"):
        item = field(request.event, "item")
        if tag_of(item) == type and field(item, "call_id") == call_id:
            yield request


def is_lost(facts: Memory, call_id: str) -> bool:
    """Whether a call that was made is known not to be in the conversation, nor on its way there."""
    lost = call_id in facts.refused_calls or is_outside(facts, facts.call_items.get(call_id, ""))
    return lost and next(creates(facts, "function_call", call_id), None) is None


def note_refusal(facts: Memory, event: Any, line: int) -> None:
    """Remember that a call of the client's was refused, where the error names the request for it."""
    item = field(facts.ledger.answered_by(event), "event", "item")
    call_id = field(item, "call_id")
    if tag_of(item) != "function_call" or call_id is None or field(event, "error", "event_id") is None:
        return
    if call_id not in facts.call_items:
        facts.refused_calls[call_id] = line
