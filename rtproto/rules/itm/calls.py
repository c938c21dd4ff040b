"""ITM: function calls and their outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.calls import creates
from rtproto.protocol.engine import Broken
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict, history
from rtproto.rules.common import asked_at, item_entity
from rtproto.rules.examples import Example, after, at, change, swap


class CallOutputForUnknownCall(Rule):
    """A function_call_output answers a call that is in the conversation: not one that was deleted, refused, or made out
    of band.

    The server refuses it (`invalid_tool_call_id`), and the model goes on waiting for the tool.
    """

    code = "ITM021"
    name = "call-output-for-unknown-call"
    needs = "any"
    partial = "seen"
    message = "no function call {call_id} is in the conversation{why}"
    evidence = (
        "The types say that the server checks for a function_call of the same call_id; the refusal is "
        "invalid_tool_call_id."
    )
    exceptions = (
        "Mid-session: the call is adopted. Recordings of the client alone. Before the server has said anything but "
        "errors, when nobody knows yet whether the recording holds its start. Seeded history may create the call "
        "first. A call of a response without a conversation_id, which only null marks as out of band, and one that "
        "may have been refused by an error that names no request."
    )
    symptoms = ("refused", "tools")
    example = Example(
        "tool_call",
        change("conversation.item.create", "item.call_id", "call_ghost", 1),
        because=(at("response.output_item.added"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        if not context.begun:
            return
        call_id = broken.entity.key[0]
        why, witnesses = _lost(context, call_id)
        yield Verdict(
            {"call_id": str(call_id), "why": why},
            entity=broken.entity,
            broken=broken,
            witnesses=witnesses or history(broken),
        )


def _lost(context: Context, call_id: Any) -> tuple[str, tuple[Witness, ...]]:
    """Why a call is not in the conversation, as far as that is known, and what shows it."""
    facts = context.facts
    refused = facts.refused_calls.get(call_id)
    if refused is not None:
        return "; it was refused", (Witness(refused, "error", "refused the call"),)
    misnamed = facts.items.get(call_id)
    if misnamed is not None and misnamed.call_id is not None:
        made = Witness(misnamed.line, misnamed.announced_by, "announced the call")
        return f"; that is the id of the call's item, whose call_id is {misnamed.call_id}", (made,)
    item_id = facts.call_items.get(call_id, "")
    entity = item_entity(context, item_id)
    if item_id in facts.deleted and entity is not None:
        return "; it was deleted", history(entity, 1)
    item = facts.items.get(item_id)
    response = None if item is None else facts.responses.get(item.response_id or "")
    if response is None:
        return "", ()
    return f"; {response.id} made it out of band", (
        Witness(response.line, "response.created", "started the response"),
    )


class CallOutputDuplicate(Rule):
    """A function call is answered once.

    Nothing says which output counts; the model reads both.
    """

    code = "ITM022"
    name = "call-output-duplicate"
    severity = Severity.WARNING
    basis = "inferred"
    needs = "any"
    message = "the function call {call_id} has its output already"
    evidence = "No document says how two outputs are merged; the conversation would hold both."
    exceptions = (
        "An output that was deleted or refused before the new one was sent; an error that names no request may have "
        "refused it."
    )
    symptoms = ("tools",)
    example = Example(
        "tool_call",
        after(
            "conversation.item.done",
            "client",
            {
                "type": "conversation.item.create",
                "item": {"type": "function_call_output", "call_id": "call_1", "output": "{}"},
            },
            nth=2,
        ),
        because=(at("conversation.item.create", 1),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        call_id = broken.entity.key[0]
        sent = [asked_at(r, "sent it") for r in creates(context.facts, "function_call_output", call_id)]
        yield Verdict(
            {"call_id": str(call_id)},
            entity=broken.entity,
            broken=broken,
            witnesses=sent[0] if sent and context.direction == "client" else history(broken),
        )


class CallUnanswered(Rule):
    """A function call has its output before the next response of the conversation is asked for.

    The model answers without the result, or calls the function again.
    """

    code = "ITM023"
    name = "call-unanswered"
    severity = Severity.INFO
    needs = "both"
    partial = "open"
    message = "a response is asked for while the function call {call_id} has no output"
    evidence = "The guide's order: create the function_call_output, then ask for a response."
    exceptions = "Tools that nobody waits for; out-of-band responses; calls that were cut off."
    symptoms = ("tools",)
    on = ("response.output_item.done", "conversation.item.create", "response.create")
    reads = ("item.call_id",)
    example = Example(
        "tool_call",
        swap("conversation.item.create", 1),
        found=at("response.create", 1),
        because=(at("response.output_item.done"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        waiting: dict[str, int | None] = context.memory(self.code, dict)
        if context.type != "response.create":
            self._note(context, event, waiting)
        elif waiting and field(event, "response", "conversation") != "none":
            return self._left(waiting)
        return NOTHING

    def _note(self, context: Context, event: Any, waiting: dict[str, int | None]) -> None:
        item, call_id = event.item, field(event.item, "call_id")
        if context.type == "conversation.item.create":
            # Clients that answer when the arguments are complete are ahead of output_item.done.
            waiting[call_id] = None
            return
        response = context.facts.responses.get(field(event, "response_id") or "")
        inside = response is None or response.default
        whole = context.entity is None or not context.entity.met_halfway()
        completed = tag_of(item) == "function_call" and field(item, "status") == "completed"
        if completed and call_id and inside and whole:
            waiting.setdefault(call_id, context.line)

    def _left(self, waiting: dict[str, int | None]) -> Iterator[Verdict]:
        for call, line in waiting.items():
            if line is not None:
                made = Witness(line, "response.output_item.done", "completed the call")
                yield Verdict({"call_id": call}, witnesses=(made,))
                waiting[call] = None


class CallIdReused(Rule):
    """Every function call has a call_id of its own.

    The output of one call answers the other.
    """

    code = "ITM024"
    name = "call-id-reused"
    message = "the call_id {call_id} belongs to the item {other} already"
    evidence = "The types call it the id of the function call; no recording has it twice."
    exceptions = "Calls that the client puts into the history."
    symptoms = ("tools",)
    example = Example(
        "tool_call",
        after(
            "response.done",
            "server",
            {
                "type": "conversation.item.added",
                "event_id": "event_second",
                "previous_item_id": "item_a2",
                "item": {
                    "id": "item_c2",
                    "type": "function_call",
                    "status": "completed",
                    "name": "get_weather",
                    "call_id": "call_1",
                    "arguments": "{}",
                },
            },
            nth=1,
        ),
        because=(at("response.output_item.added"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        call_id = str(broken.entity.key[0])
        other = context.facts.call_items.get(call_id, "?")
        owner = (context.engine.find("output item", (other,)), item_entity(context, other))
        yield Verdict(
            {"call_id": call_id, "other": other},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1),
            # Which of the two items goes by a wrong id is not known.
            taints=tuple(filter(None, owner)),
        )
