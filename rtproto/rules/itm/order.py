"""ITM: the order of the conversation's items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET

from rtproto.events.dialect import ITEM_ADDED
from rtproto.findings import Severity, Witness
from rtproto.protocol.fits import in_place, keeps_words
from rtproto.protocol.values import field
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.common import asked_at, blamed, item_entity
from rtproto.rules.examples import Example, at, change


class PreviousItemUnknown(Rule):
    """`previous_item_id` names an item of the conversation.

    Clients that insert after it drop the item, or throw.
    """

    code = "ITM009"
    name = "previous-item-unknown"
    partial = "seen"
    message = "previous_item_id is {actual}, an item that was never shown"
    evidence = (
        "The types say that it lets the client understand the conversation's order; 138 of 138 items in "
        "OpenAI and Azure recordings."
    )
    exceptions = "Mid-session; an item that names itself, as for a repeated id; deleted items; xAI."
    symptoms = ("history",)
    on = (*ITEM_ADDED, "input_audio_buffer.committed")
    reads = ("previous_item_id",)
    unless = ("at the tail",)
    example = Example(
        "voice_turn", change("input_audio_buffer.committed", "previous_item_id", "item_ghost", 1)
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        previous = field(event, "previous_item_id")
        item_id = field(event, "item", "id") or field(event, "item_id")
        if previous is None or previous == item_id or context.facts.mid_session:
            return
        if item_entity(context, previous) is None and previous not in context.facts.items:
            yield Verdict({"actual": previous}, entity=item_entity(context, item_id))


class PreviousItemNotTail(Rule):
    """An item that nobody inserted explicitly follows the conversation's last item.

    Clients rebuild the order from `previous_item_id`; a wrong one puts an answer before its question.
    """

    code = "ITM010"
    name = "previous-item-not-tail"
    severity = Severity.WARNING
    basis = "observed"
    partial = "start"
    message = "previous_item_id is {actual}, the conversation ends with {tail}"
    evidence = "138 of 138 items in OpenAI and Azure recordings, 25 of 25 beta WebRTC; xAI 66 of 80."
    exceptions = (
        "Items that the client inserted; a predecessor that was deleted; recordings that start mid-session."
    )
    symptoms = ("history",)
    on = ITEM_ADDED
    unless = ("at the tail",)
    example = Example(
        "text_turn",
        change("conversation.item.added", "previous_item_id", "item_q1", 2),
        because=(at("conversation.item.added", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        item_id = field(event, "item", "id")
        previous = field(event, "previous_item_id")
        joined = item_id in facts.conversation and not facts.waits(item_id)
        if facts.mid_session or item_id is None or joined:
            return
        if facts.inserts(event) or facts.may_be_placed(item_id):
            return
        if facts.misplaced is not None and previous == facts.misplaced:
            return
        tail = facts.tail()
        if previous == tail or (previous is not None and previous not in facts.conversation):
            # Of a predecessor that is not there, ITM009 and ITM025 speak; one that was deleted is a race.
            return
        if facts.waits(previous):
            return  # It never joined, which OUT026 tells.
        witnesses = (
            ()
            if tail is None
            else (Witness(facts.items[tail].line, "conversation.item.added", "added the last item"),)
        )
        yield Verdict(
            {"actual": previous or "null", "tail": tail or "nothing"},
            entity=blamed(*(item_entity(context, named) for named in (item_id, previous, tail))),
            witnesses=witnesses,
        )


class PreviousItemDisagreesWithRequest(Rule):
    """An item lands where the client asked: after `previous_item_id`, or at the start for `root`.

    History that was put in order by the client is out of order for the model.
    """

    code = "ITM011"
    name = "previous-item-disagrees-with-request"
    needs = "both"
    message = "previous_item_id is {actual}, the client asked for {asked}"
    evidence = "The types describe the member: root for the beginning, else the item to insert after."
    exceptions = (
        "An empty string, which the live server takes for the end. An item that may be the answer to another request: "
        "an error that names none came between, or the recording starts midway."
    )
    symptoms = ("history",)
    on = ITEM_ADDED
    when = ("asked for",)
    example = Example(
        "placed_items",
        change("conversation.item.create", "previous_item_id", "item_q0", 2),
        found=at("conversation.item.added", 2),
        because=(at("conversation.item.create", 2),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        ledger = context.facts.ledger
        request: Any = ledger.answered_by(event)
        if in_place(request.event, event) or ledger.doubts(request):
            return NOTHING
        if "conversation.item.create" in ledger.guessed and not keeps_words(request.event.item, event.item):
            return NOTHING
        verdict = Verdict(
            {"actual": event.previous_item_id or "null", "asked": request.event.previous_item_id},
            entity=item_entity(context, field(event, "item", "id")),
            witnesses=asked_at(request, "asked for the item"),
        )
        return (verdict,)


class DonePreviousItemDiffers(Rule):
    """GA: the predecessor that `conversation.item.done` names is the one that `conversation.item.added` named.

    Clients that rebuild the order on one event see another conversation than those that use the other.
    """

    code = "ITM012"
    name = "done-previous-item-differs"
    severity = Severity.WARNING
    basis = "observed"
    dialects = ("ga",)
    partial = "seen"
    message = "previous_item_id is {actual}, the item was added after {added}"
    evidence = "93 of 93 in OpenAI and Azure recordings where done names a predecessor at all."
    exceptions = "Null in done, which 28 of 121 have although added named one."
    symptoms = ("history",)
    on = ("conversation.item.done",)
    reads = ("previous_item_id",)
    example = Example(
        "text_turn",
        change("conversation.item.done", "previous_item_id", "item_q1", 2),
        because=(at("conversation.item.added", 2),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        actual = event.previous_item_id
        known = context.facts.items.get(field(event.item, "id") or "")
        if known is None or actual == known.previous or known.previous is UNSET:
            return NOTHING
        verdict = Verdict(
            {"actual": actual, "added": known.previous or "nothing"},
            entity=item_entity(context, known.id),
            witnesses=(Witness(known.line, known.announced_by, "announced the item"),),
        )
        return (verdict,)
