"""The named questions that cells and routes ask.

A guard reads the event and what the session has shown so far (`rtproto.protocol.facts.Facts`); it changes nothing.
Events may be decoded Structs or the lenient `Salvage` of one that did not decode, so fields are read tolerantly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rtproto.protocol.calls import creates, is_lost
from rtproto.protocol.facts import Facts
from rtproto.protocol.records import response_of
from rtproto.protocol.values import field, listed, tag_of

Guard = Callable[[Facts, Any, Any], bool]


def _transcription_session(facts: Facts, event: Any, entity: Any) -> bool:
    """The event shows a transcription session: GA by `session.type`, beta by the event's own name."""
    if (tag_of(event) or "").startswith("transcription_session."):
        return True
    return tag_of(field(event, "session")) == "transcription"


def _started_before(facts: Facts, event: Any, entity: Any) -> bool:
    """The recording has shown this session's `session.created`."""
    return any(input == "created" for _, _, input in entity.history)


def _session_expired(facts: Facts, event: Any, entity: Any) -> bool:
    return bool(field(event, "error", "code") == "session_expired")


def _assistant_item(facts: Facts, event: Any, entity: Any) -> bool:
    return bool(field(event, "item", "role") == "assistant")


def _current_response(facts: Facts, event: Any, entity: Any) -> bool:
    """The response is the one that the default conversation is waiting for, as one without an id must be."""
    return field(event, "response", "id") in (None, facts.current_response)


def _winding_down(facts: Facts, event: Any, entity: Any) -> bool:
    """Every item that the current response announced is complete: only `response.done` is still to come."""
    response = facts.responses.get(facts.current_response or "")
    return response is not None and bool(response.output) and not response.open_items


def _mcp_item(facts: Facts, event: Any, entity: Any) -> bool:
    return tag_of(field(event, "item")) == "mcp_call"


def _mcp_entity(facts: Facts, event: Any, entity: Any) -> bool:
    """The item is a call of MCP, which may run on; one met half-way may be, unless it has the parts of a message."""
    item = facts.items.get(entity.key[0])
    if item is None:
        return entity.met_halfway() and not any(e.machine.name == "content part" for e in entity.children)
    return item.type == "mcp_call"


def _other_responses_item(facts: Facts, event: Any, entity: Any) -> bool:
    """Another response than the event's announced the item, or was the first to name it."""
    item = facts.items.get(entity.key[0])
    owner = getattr(item, "response_id", None) or response_of(entity)
    response_id = field(event, "response_id")
    return None not in (owner, response_id) and bool(owner != response_id)


def _response_over(facts: Facts, event: Any, entity: Any) -> bool:
    """The response that announced the item is done, and this does not finish a call of MCP, which may run on."""
    item = facts.items.get(entity.key[0])
    response = None if item is None else facts.responses.get(item.response_id or "")
    if item is None or response is None or not response.done:
        return False
    return item.type != "mcp_call" or tag_of(event) != "conversation.item.done"


def _added_before(facts: Facts, event: Any, entity: Any) -> bool:
    """The item has been added, as far as the recording shows its beginning."""
    return entity.adopted or any(input == "added" for _, _, input in entity.history)


def _audio_part(facts: Facts, event: Any, entity: Any) -> bool:
    return tag_of(field(event, "part")) in ("audio", "output_audio")


def _speech_item(facts: Facts, event: Any, entity: Any) -> bool:
    """The event names the item of the turn, or the client has committed while the user spoke, which begins another."""
    item = facts.hearing.item
    return item is None or bool(field(event, "item_id") == item) or facts.committing_by_hand()


def _turn_detection_switched(facts: Facts, event: Any, entity: Any) -> bool:
    """Turn detection is off from now on, or was until now, and what it had heard by then is in the recording."""
    off = facts.turn_detection_of(field(event, "session")) is None or facts.turn_detection_on() is False
    began = facts.session is not None and not facts.mid_session
    return off and (began or facts.hearing.speech_line > 0)


def _speech_cut_off(facts: Facts, event: Any, entity: Any) -> bool:
    """A commit came while the user spoke, which the client asked for, or which took another item than now stops."""
    taken = facts.hearing.cut_off
    return taken is not None and bool(field(event, "item_id") != taken)


def _committed_item(facts: Facts, event: Any, entity: Any) -> bool:
    """The item is the one that the last commit promised."""
    return bool(field(event, "item", "id") == facts.committed_item)


def _spoken_item(facts: Facts, event: Any, entity: Any) -> bool:
    """The item that joins is the user's audio, and no request of the client is known that it could answer."""
    if tag_of(event) == "conversation.item.done":
        return False
    item = field(event, "item")
    parts = listed(item, "content") or ()
    spoken = tag_of(next(iter(parts), None)) == "input_audio"
    return spoken and field(item, "role") == "user" and facts.ledger.unasked(event)


def _commit_asked_for(facts: Facts, event: Any, entity: Any) -> bool:
    """The client has asked for a commit, or may have."""
    return not facts.commits_by_itself(event)


def _turn_in_order(facts: Facts, event: Any, entity: Any) -> bool:
    """Neither the item nor the response of this turn came before its commit."""
    stopped = facts.hearing.stopped
    # Nobody can tell a response that was not asked for where the requests are not in the recording.
    told = "client" in facts.seen and not facts.mid_session
    answered = told and stopped is not None and facts.hearing.unasked_line > stopped.line
    return field(event, "item_id") not in facts.items and not answered


def _item_known(facts: Facts, event: Any, entity: Any) -> bool:
    return field(event, "item_id") in facts.items


def _idle_item(facts: Facts, event: Any, entity: Any) -> bool:
    """The event names the item that the idle timeout announced."""
    named = field(event, "item_id") or field(event, "item", "id")
    return bool(facts.idle_item is None or named == facts.idle_item)


def _turns_answered(facts: Facts, event: Any, entity: Any) -> bool:
    """Turn detection starts responses, as far as the session shows."""
    return facts.answers_by_itself()


def _client_cleared_output(facts: Facts, event: Any, entity: Any) -> bool:
    """The client asked for `output_audio_buffer.clear`, or may have; with nothing playing its answer is not told."""
    return facts.output_clears > 0 or "client" not in facts.seen


def _default_conversation(facts: Facts, event: Any, entity: Any) -> bool:
    """The response writes to the default conversation: an explicit null `conversation_id` marks the others."""
    response = event.response
    known = facts.responses.get(getattr(response, "id", None) or "")
    if known is None:
        return facts.writes_to_default(response)
    if tag_of(event) == "response.created" and (known.done or known.created is not None):
        # An earlier one that is created again is no second one, which RSP002 tells.
        return known.default and known.id == facts.current_response
    return known.default


def _item_in_conversation(facts: Facts, event: Any, entity: Any) -> bool:
    response = facts.responses.get(field(event, "response_id") or "")
    return response is None or response.default


def _call_of_its_own(facts: Facts, event: Any, entity: Any) -> bool:
    """No other item has this call_id, or the client itself puts the call into the history."""
    item_id = field(event, "item", "id") or field(event, "item_id")
    if facts.call_items.get(entity.key[0], item_id) == item_id:
        return True
    return tag_of(event) == "conversation.item.create" or facts.ledger.answered_by(event) is not None


def _call_without_id(facts: Facts, event: Any, entity: Any) -> bool:
    """The item to which the arguments belong was announced as a function call without a call_id."""
    item = facts.items.get(field(event, "item_id") or "")
    return item is not None and item.type == "function_call" and item.call_id is None


def _call_in_conversation(facts: Facts, event: Any, entity: Any) -> bool:
    """Nothing shows that the call is not in the conversation: it was deleted, refused, or made out of band."""
    return not is_lost(facts, entity.key[0])


def _only_output(facts: Facts, event: Any, entity: Any) -> bool:
    """No other output answers this call that is sent, or in the conversation and to stay there."""
    item_id = field(event, "item", "id")
    if tag_of(event) == "conversation.item.create" and any(
        # An error that names no request may have refused the one that waits.
        not facts.ledger.doubts(request) and (item_id is None or request.names != item_id)
        for request in creates(facts, "function_call_output", entity.key[0])
    ):
        return False
    return all(item.id == item_id or facts.ledger.deletes(item.id) for item in facts.answering(entity.key[0]))


def _writes_to_conversation(facts: Facts, event: Any, entity: Any) -> bool:
    return bool(field(event, "response", "conversation") != "none")


ITEM_TYPES: Mapping[str, str] = {
    "function call item": "function_call",
    "function call output item": "function_call_output",
    "mcp approval request item": "mcp_approval_request",
    "mcp approval response item": "mcp_approval_response",
}
"""The guards that ask for nothing but the type of the event's item, and that type."""


def _item_of_type(type: str) -> Guard:
    return lambda facts, event, entity: tag_of(getattr(event, "item", None)) == type


GUARDS: Mapping[str, Guard] = {
    "transcription session": _transcription_session,
    "started before": _started_before,
    "session expired": _session_expired,
    "assistant item": _assistant_item,
    "current response": _current_response,
    "response winding down": _winding_down,
    "mcp item": _mcp_item,
    "mcp entity": _mcp_entity,
    "other response's item": _other_responses_item,
    "response over": _response_over,
    "added before": _added_before,
    "audio part": _audio_part,
    "speech item": _speech_item,
    "turn detection switched": _turn_detection_switched,
    "speech cut off": _speech_cut_off,
    "committed item": _committed_item,
    "spoken item": _spoken_item,
    "commit asked for": _commit_asked_for,
    "turn in order": _turn_in_order,
    "item known": _item_known,
    "idle item": _idle_item,
    "turns answered": _turns_answered,
    "client cleared output": _client_cleared_output,
    "default conversation": _default_conversation,
    "item in the conversation": _item_in_conversation,
    "call of its own": _call_of_its_own,
    "call without its id": _call_without_id,
    "call in the conversation": _call_in_conversation,
    "only output": _only_output,
    "writes to the conversation": _writes_to_conversation,
    **{name: _item_of_type(type) for name, type in ITEM_TYPES.items()},
}

STEADY = frozenset({"other response's item"})
"""Guards whose answer rests on what chooses the event's entities and on what changes only when an entity moves: asked
again at the same place, they answer the same for as long as no entity moves."""
