"""ITM: the conversation's items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken
from rtproto.protocol.values import field, listed, tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, after, change, drop, repeat


class ItemUnknown(Rule):
    """An item is announced before an event uses its id.

    The reference client throws; others silently drop the event.
    """

    code = "ITM001"
    name = "item-unknown"
    message = "`{type}` names an item that was never announced"
    evidence = "The vendor's reference client treats it as an error; no OpenAI or Azure recording has a case."
    exceptions = "Transcription events may come before their item. Mid-session: the item is adopted."
    symptoms = ("crash", "history")
    example = Example("barge_in", change("conversation.item.truncated", "item_id", "item_ghost"))


class ItemAddedTwice(Rule):
    """An id is added once while its item is in the conversation."""

    code = "ITM002"
    name = "item-added-twice"
    severity = Severity.WARNING
    basis = "observed"
    message = "the item is added a second time"
    evidence = (
        "138 of 138 items in OpenAI and Azure recordings; live OpenAI is known to accept a repeated id of "
        "the client's."
    )
    exceptions = "An item that was deleted may be created again under its id."
    symptoms = ("history",)
    example = Example("text_turn", repeat("conversation.item.added"))


class ItemDoneBeforeAdded(Rule):
    """GA: `conversation.item.done` follows `conversation.item.added` of the same item.

    Clients add to their history on one and finalize on the other.
    """

    code = "ITM003"
    name = "item-done-before-added"
    dialects = ("ga",)
    message = "the item is done without having been added"
    evidence = (
        "The types call item.done the end of an item that was added; 121 of 121 in OpenAI and Azure "
        "recordings."
    )
    exceptions = "Mid-session: the item is adopted."
    symptoms = ("history", "crash")
    example = Example("text_turn", drop("conversation.item.added"))


class ItemDoneTwice(Rule):
    """GA: an item is done once."""

    code = "ITM004"
    name = "item-done-twice"
    basis = "observed"
    dialects = ("ga",)
    message = "a second `conversation.item.done` of the same item"
    evidence = "86 added and 86 done in OpenAI recordings."
    symptoms = ("history",)
    example = Example("text_turn", repeat("conversation.item.done"))


class PreviousItemNotTail(Rule):
    """An item that nobody inserted explicitly follows the conversation's last item.

    Clients rebuild the order from `previous_item_id`; a wrong one puts an answer before its question.
    """

    code = "ITM010"
    name = "previous-item-not-tail"
    severity = Severity.WARNING
    basis = "observed"
    message = "previous_item_id is {actual}, the conversation ends with {tail}"
    evidence = "138 of 138 items in OpenAI and Azure recordings, 25 of 25 beta WebRTC; xAI 66 of 80."
    exceptions = (
        "Items that the client inserted; a predecessor that was deleted; recordings that start mid-session."
    )
    on = ("conversation.item.added", "conversation.item.created")
    symptoms = ("history",)
    example = Example("text_turn", change("conversation.item.added", "previous_item_id", "item_q1", 2))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        item_id = field(event, "item", "id")
        previous = field(event, "previous_item_id")
        if facts.mid_session or item_id is None or item_id in facts.conversation:
            return
        if facts.misplaced is not None or facts.inserts():
            return
        tail = facts.tail()
        if previous == tail or previous in facts.deleted or (previous is None and tail in facts.deleted):
            return
        witnesses = (
            ()
            if tail is None
            else (Witness(facts.items[tail].line, "conversation.item.added", "added the last item"),)
        )
        yield Verdict({"actual": previous or "null", "tail": tail or "nothing"}, witnesses=witnesses)


class DeletedUnknownItem(Rule):
    """An item is deleted once."""

    code = "ITM016"
    name = "deleted-unknown-item"
    message = "the item was deleted before"
    evidence = "The types say that deleting an item which is not there is answered with an error."
    symptoms = ("history", "refused")
    example = Example(
        "text_turn",
        repeat("conversation.item.deleted"),
        prepare=(
            after(
                "response.done",
                "server",
                {"type": "conversation.item.deleted", "event_id": "event_del", "item_id": "item_a1"},
                nth=1,
            ),
        ),
    )


class ItemUsedAfterDelete(Rule):
    """Nothing happens to an item that was deleted."""

    code = "ITM018"
    name = "item-used-after-delete"
    severity = Severity.WARNING
    basis = "observed"
    message = "`{type}` of an item that was deleted"
    evidence = (
        "Against the live server, retrieving or deleting a deleted item is refused (speaches' live tests)."
    )
    exceptions = "Late transcriptions of a deleted item."
    symptoms = ("history",)
    example = Example(
        "barge_in",
        after(
            "conversation.item.done",
            "server",
            {"type": "conversation.item.deleted", "event_id": "event_del", "item_id": "item_a1"},
            nth=2,
        ),
        prepare=(),
    )


_CONTENT = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio", "input_image", "item_reference"),
}
_ASSISTANT = {"beta": ("text", "audio", "item_reference"), "ga": ("output_text", "output_audio")}


class RoleContentMismatch(Rule):
    """A message holds the content types of its role: system and user give input, the assistant gives output.

    The server refuses anything else with `invalid_value`; history seeding with beta's `text` is the usual way there.
    """

    code = "ITM020"
    name = "role-content-mismatch"
    basis = "documented"
    needs = "any"
    message = "content of type {kind} in a message of role {role}; {dialect} takes {legal}"
    evidence = (
        "The types give each role its content types; live GA answers `text` of an assistant with: value must be "
        "output_text (code invalid_value)."
    )
    exceptions = "A warning when the server does it. Images of the user occur in beta recordings too."
    on = ("conversation.item.create", "conversation.item.added", "conversation.item.created")
    symptoms = ("refused", "history")
    example = Example("text_turn", change("conversation.item.create", "item.content.0.type", "output_text"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = field(event, "item")
        role, content = field(item, "role"), listed(item, "content")
        dialect = "beta" if context.facts.dialect == "beta" else "ga"
        legal = _CONTENT.get(role, ()) if role != "assistant" else _ASSISTANT[dialect]
        if tag_of(item) != "message" or not legal or content is None:
            return
        for part in content:
            kind = tag_of(part)
            if kind is not None and kind not in legal:
                args = {"kind": kind, "role": role, "dialect": dialect, "legal": " and ".join(legal)}
                severity = None if context.direction == "client" else Severity.WARNING
                yield Verdict(
                    args,
                    severity=severity,
                    entity=context.engine.find("conversation item", (field(item, "id"),)),
                )
                return


class CallOutputForUnknownCall(Rule):
    """A function_call_output answers a call that is in the conversation.

    The server refuses it (`invalid_tool_call_id`), and the model goes on waiting for the tool.
    """

    code = "ITM021"
    name = "call-output-for-unknown-call"
    needs = "any"
    message = "no function call {call_id} is in the conversation"
    evidence = (
        "The types say that the server checks for a function_call of the same call_id; the refusal is "
        "invalid_tool_call_id."
    )
    exceptions = "Mid-session: the call is adopted. Seeded history may create the call first."
    symptoms = ("tools", "refused", "silence")
    example = Example("tool_call", change("conversation.item.create", "item.call_id", "call_ghost", 1))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict(
            {"call_id": str(broken.entity.key[0])},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken),
        )
