"""ITM: the life of an item: announced, added, done, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.events.common.items import Message
from rtproto.events.dialect import ITEM_ADDED
from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken
from rtproto.protocol.records import IDENTITY, Identity, Item, identity
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict, history
from rtproto.rules.common import blamed, comes_again, item_entity
from rtproto.rules.examples import Example, after, at, before, change, drop, repeat


class ItemUnknown(Rule):
    """An item is announced before an event uses its id.

    The reference client throws; others silently drop the event.
    """

    code = "ITM001"
    name = "item-unknown"
    partial = "seen"
    message = "`{type}` names an item that was never announced"
    evidence = "The vendor's reference client treats it as an error; no OpenAI or Azure recording has a case."
    exceptions = (
        "Transcription events may come before their item. Mid-session: the item is adopted. Items of responses out of "
        "band, of which ITM025 speaks."
    )
    symptoms = ("history", "crash")
    example = Example("barge_in", change("conversation.item.truncated", "item_id", "item_ghost"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        known = context.facts.items.get(broken.entity.key[0])
        response = context.facts.responses.get(getattr(known, "response_id", None) or "")
        if response is None or not response.outside:
            yield Verdict(entity=broken.entity, broken=broken, witnesses=history(broken))


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
    example = Example(
        "text_turn",
        repeat("conversation.item.added"),
        because=(at("conversation.item.added"),),
    )


class ItemDoneBeforeAdded(Rule):
    """GA: `conversation.item.done` follows `conversation.item.added` of the same item.

    Clients add to their history on one and finalize on the other.
    """

    code = "ITM003"
    name = "item-done-before-added"
    dialects = ("ga",)
    partial = "seen"
    message = "the item is done without having been added"
    evidence = (
        "The types call item.done the end of an item that was added; 121 of 121 in OpenAI and Azure "
        "recordings."
    )
    exceptions = "Mid-session: the item is adopted."
    symptoms = ("history",)
    example = Example(
        "text_turn",
        drop("conversation.item.added"),
        found=at("conversation.item.done"),
    )


class ItemDoneTwice(Rule):
    """GA: an item is done once."""

    code = "ITM004"
    name = "item-done-twice"
    basis = "observed"
    dialects = ("ga",)
    message = "a second `conversation.item.done` of the same item"
    evidence = "86 added and 86 done in OpenAI recordings."
    symptoms = ("history",)
    example = Example(
        "text_turn",
        repeat("conversation.item.done"),
        because=(at("conversation.item.done"),),
    )


class ItemNeverDone(Rule):
    """GA: an item that nobody has to generate is done as soon as it was added, at the latest when the next one comes.

    Clients that render an item when it is final never show the user's message.
    """

    code = "ITM005"
    name = "item-never-done"
    severity = Severity.WARNING
    basis = "observed"
    dialects = ("ga",)
    partial = "open"
    message = "the item {item} was added and never done"
    evidence = (
        "The guide lists added and done together, and the vendor's live tests count two of each a turn; done "
        "is the very next event for 18 of 18 such items in OpenAI and Azure recordings."
    )
    exceptions = (
        "Items of a response (OUT027 speaks of them) and of MCP, which finish later. At the recording's end: "
        "noted."
    )
    symptoms = ("history",)
    on = ("conversation.item.added",)
    only = ("item.role", "user", "system", None)
    example = Example(
        "text_turn",
        drop("conversation.item.done"),
        found=at("conversation.item.added", 2),
        also=(at("conversation.item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item_id = field(event.item, "id")
        if not _finished_at_once(event.item) or _of_response(context, item_id):
            return NOTHING
        waiting: dict[str | None, int] = context.memory(self.code, dict)
        late = [
            self._verdict(context, known, line)
            for known, line in waiting.items()
            if known != item_id and _still_added(context, known)
        ]
        waiting.clear()
        waiting[item_id] = context.line
        return late

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        for item_id, line in context.memory(self.code, dict).items():
            if _still_added(context, item_id):
                yield self._verdict(context, item_id, line, Severity.INFO if cut else None)

    def _verdict(
        self, context: Context, item_id: str | None, line: int, severity: Severity | None = None
    ) -> Verdict:
        entity = item_entity(context, item_id)
        type = "conversation.item.added"
        return Verdict({"item": item_id}, severity=severity, line=line, type=type, entity=entity)


def _still_added(context: Context, item_id: str | None) -> bool:
    entity = item_entity(context, item_id)
    return entity is not None and entity.state == "added"


def _finished_at_once(item: Any) -> bool:
    return field(item, "role") in ("user", "system") or tag_of(item) == "function_call_output"


def _of_response(context: Context, item_id: str | None) -> bool:
    known = context.facts.items.get(item_id or "")
    return known is not None and known.response_id is not None


class GeneratedItemNotEmptyAtStart(Rule):
    """An item that the model generates begins empty: `in_progress`, without content or arguments.

    Clients that append the deltas to what the announcement held show the beginning twice.
    """

    code = "ITM006"
    name = "generated-item-not-empty-at-start"
    severity = Severity.WARNING
    message = "the generated item begins with {what}"
    evidence = (
        "The types say that it has no content yet and the status in_progress; 60 of 60 in OpenAI and Azure "
        "recordings."
    )
    exceptions = "A function call has its name and call_id from the start. xAI leaves the content out."
    symptoms = ("words",)
    on = ("response.output_item.added", *ITEM_ADDED)
    only = ("item.type", "message", "function_call")
    example = Example("text_turn", change("response.output_item.added", "item.status", "completed"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item = event.item
        status = field(item, "status")
        if status is not None and status != "in_progress":
            what = f"status {status}"
        elif item.__class__ is Message:
            what = "content" if item.content else ""
        else:
            what = "arguments" if item.arguments else ""
        return self._judge(context, item, what) if what else NOTHING

    def _judge(self, context: Context, item: Any, what: str) -> Iterator[Verdict]:
        item_id = field(item, "id")
        generated = context.type == "response.output_item.added" or _of_response(context, item_id)
        if generated and context.first(self.code, str(item_id)):
            own = context.engine.find("output item", (item_id,))
            yield Verdict({"what": what}, entity=blamed(own, item_entity(context, item_id)))


class DoneItemStillInProgress(Rule):
    """GA: an item that is done is `completed` or `incomplete`, not in progress.

    Clients that wait for a final status never take the item as finished.
    """

    code = "ITM007"
    name = "done-item-still-in-progress"
    severity = Severity.WARNING
    dialects = ("ga",)
    message = "the item is done with status in_progress"
    evidence = (
        "The types say the event means that the item is final; 121 of 121 in OpenAI and Azure recordings."
    )
    exceptions = "No status at all, as in function_call_output, MCP and system items."
    symptoms = ("history",)
    on = ("conversation.item.done",)
    only = ("item.status", "in_progress")
    example = Example(
        "text_turn",
        change("conversation.item.done", "item.status", "in_progress"),
        because=(at("conversation.item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        return (Verdict(entity=item_entity(context, field(event, "item", "id"))),)


class ItemIdentityChanged(Rule):
    """An item keeps its type, role and name from the first event that shows it to the last.

    Clients choose by them where an item goes: a role that changes puts the model's words into the user's mouth.
    """

    code = "ITM008"
    name = "item-identity-changed"
    basis = "observed"
    partial = "seen"
    message = "{what} is {actual}, but the item was announced with {announced}"
    evidence = (
        "All of the events show the same item; 121 of 121 conversation items and 59 of 59 output items agree."
    )
    exceptions = (
        "A call_id that changes is OUT021; response.done against output_item.done is RSP025, and a retrieved "
        "item ITM019. Another item that takes the id of one that was deleted. xAI changes roles."
    )
    symptoms = ("history",)
    on = (
        *ITEM_ADDED,
        "conversation.item.done",
        "response.output_item.done",
    )
    when = ("known item",)
    example = Example(
        "text_turn",
        change("conversation.item.done", "item.role", "system"),
        because=(at("conversation.item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        known = context.facts.items[event.item.id]
        now = identity(event.item)
        if known.identity == now or not known.type or comes_again(context, known.id):
            return NOTHING
        return self._judge(context, known, now)

    def _judge(self, context: Context, known: Item, now: Identity) -> Iterator[Verdict]:
        for what, announced, actual in zip(IDENTITY, known.identity, now, strict=True):
            if announced is not None and actual is not None and announced != actual:
                both = (item_entity(context, known.id), context.engine.find("output item", (known.id,)))
                yield Verdict(
                    {"what": what, "announced": announced, "actual": actual},
                    entity=blamed(*both),
                    taints=tuple(filter(None, both)),
                    witnesses=(Witness(known.line, known.announced_by, "announced the item"),),
                )
                return


class DeletedUnknownItem(Rule):
    """An item is deleted once."""

    code = "ITM016"
    name = "deleted-unknown-item"
    partial = "seen"
    message = "the item was deleted before"
    evidence = "The types say that deleting an item which is not there is answered with an error."
    symptoms = ("history",)
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
            after(
                "response.done", "client", {"type": "conversation.item.delete", "item_id": "item_a1"}, nth=1
            ),
        ),
        because=(at("conversation.item.deleted"),),
    )


class ItemUsedAfterDelete(Rule):
    """Nothing happens to an item that was deleted, and none is put after it."""

    code = "ITM018"
    name = "item-used-after-delete"
    severity = Severity.WARNING
    basis = "observed"
    message = "`{type}` {how} an item that was deleted"
    evidence = (
        "Against the live server, retrieving or deleting a deleted item is refused (speaches' live tests)."
    )
    exceptions = (
        "Late transcriptions of a deleted item. An item after a deleted one, unless the client asked for it when the "
        "deletion was told: before, the two cross."
    )
    on = ITEM_ADDED
    reads = ("previous_item_id",)
    when = ("asked for",)
    unless = ("at the tail",)
    symptoms = ("history",)
    example = Example(
        "barge_in",
        after(
            "conversation.item.done",
            "server",
            {"type": "conversation.item.deleted", "event_id": "event_del", "item_id": "item_a1"},
            nth=2,
        ),
        prepare=(
            before(
                "conversation.item.truncate",
                "client",
                {"type": "conversation.item.delete", "item_id": "item_a1"},
            ),
        ),
        found=at("conversation.item.truncated"),
        because=(at("conversation.item.deleted"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict({"how": "of"}, entity=broken.entity, broken=broken, witnesses=history(broken))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        request = context.facts.ledger.answered_by(event)
        before = item_entity(context, event.previous_item_id)
        if request is None or before is None or before.state != "deleted":
            return NOTHING
        if request.line < before.history[-1][0]:
            return NOTHING
        joined = item_entity(context, field(event.item, "id"))
        return (Verdict({"how": "after"}, entity=joined, witnesses=history(before, 1)),)


class OutOfBandItemInConversation(Rule):
    """What an out-of-band response generates stays out of the conversation.

    The next answer would be based on it, and clients show a line that was meant for the program.
    """

    code = "ITM025"
    name = "out-of-band-item-in-conversation"
    partial = "seen"
    message = "{item} was generated out of band, by `{response}`"
    evidence = (
        "The types say that a response with conversation none adds no items to the default conversation; an "
        "emulator that repeats live captures sends no conversation.item events for it."
    )
    exceptions = "Responses without a conversation_id, which only null marks as out of band."
    symptoms = ("history",)
    on = (
        *ITEM_ADDED,
        "conversation.item.done",
        "conversation.item.truncated",
        "conversation.item.deleted",
        "conversation.item.retrieved",
        "input_audio_buffer.committed",
    )
    since = "outside"
    example = Example(
        "out_of_band",
        after(
            "response.output_item.added",
            "server",
            {
                "type": "conversation.item.added",
                "event_id": "event_leak",
                "previous_item_id": None,
                "item": {
                    "id": "item_a1",
                    "type": "message",
                    "status": "in_progress",
                    "role": "assistant",
                    "content": [],
                },
            },
        ),
        because=(at("response.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        item_id = field(event, "item", "id") or field(event, "item_id")
        for named in (item_id, field(event, "previous_item_id")):
            known = facts.items.get(named or "")
            response = facts.responses.get(known.response_id or "") if known is not None else None
            if response is None or not response.outside or not context.first(self.code, str(named)):
                continue
            own = context.engine.find("response", (response.id,))
            yield Verdict(
                {"item": named, "response": response.id},
                entity=own if own is not None and own.taint is not None else item_entity(context, item_id),
                witnesses=(Witness(response.line, "response.created", "started the response"),),
            )
