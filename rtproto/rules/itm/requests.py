"""ITM: items that the client asks for, and what it gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import structs

from rtproto.events.dialect import ITEM_ADDED
from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Entity
from rtproto.protocol.fits import keeps_words
from rtproto.protocol.ledger import Request, alike
from rtproto.protocol.values import field, listed, tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.common import asked_at, blamed, item_entity, unanswered
from rtproto.rules.examples import Example, after, at, change, drop
from rtproto.rules.itm.content import LONGEST_ID


class ItemCreateUnanswered(Rule):
    """Each `conversation.item.create` is answered, by the item as it was asked for or by an error.

    The client believes that the model knows what it never got.
    """

    code = "ITM013"
    name = "item-create-unanswered"
    severity = Severity.WARNING
    needs = "both"
    partial = "open"
    message = "{what}"
    evidence = (
        "The types say that the item's announcement follows, or else an error; its texts are those of the request in "
        "23 of 23 recorded items, of every vendor."
    )
    exceptions = (
        "At the recording's end: noted. An error that names no request, as most do, may have been the "
        "answer. An item that came under another id is ITM014. Space around a text; texts that one side leaves out."
    )
    symptoms = ("history", "silence")
    on = ITEM_ADDED
    when = ("asked for",)
    example = Example(
        "text_turn",
        after(
            "session.updated",
            "client",
            {
                "type": "conversation.item.create",
                "event_id": "evt_lost",
                "item": {
                    "type": "message",
                    "role": "system",
                    "content": [{"type": "input_text", "text": "Be kind."}],
                },
            },
        ),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        request = context.facts.ledger.answered_by(event)
        if (
            request is None
            or context.facts.ledger.doubts(request)
            or keeps_words(request.event.item, event.item)
        ):
            return NOTHING
        verdict = Verdict(
            {"what": "the item has another text than the client gave it"},
            entity=item_entity(context, field(event.item, "id")),
            witnesses=asked_at(request, "asked for the item"),
        )
        return (verdict,)

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        renamed = context.memory(ClientItemIdNotKept.code, set)
        for verdict in unanswered(context, "conversation.item.create", cut):
            came_before = field(verdict.event, "item", "id") in context.facts.items
            if verdict.line not in renamed and not came_before:
                what = "the server never answered the request for this item"
                place = _in_its_place(context, verdict.line or 0)
                yield structs.replace(verdict, args={"what": what}, entity=place)


def _in_its_place(context: Context, line: int) -> Entity | None:
    """An item that came after that line and is in disorder: it may be what the request asked for."""
    items = context.engine.entities["conversation item"].values()
    late = (item for item in items if item.history and item.history[0][0] > line)
    return next((item for item in late if item.root_taint() is not None), None)


def _renamed(context: Context, event: Any) -> Request | None:
    """The open request for an item that has the id of the client's choice and came under another."""
    ledger, item = context.facts.ledger, field(event, "item")
    if (
        next(ledger.pending("conversation.item.create"), None) is None
        or ledger.answered_by(event) is not None
    ):
        return None
    if item_entity_seen(context, field(item, "id")):
        return None
    for request in context.facts.ledger.pending("conversation.item.create"):
        asked = field(request.event, "item")
        if field(asked, "id") is not None and alike(asked, item) and _texts(asked) == _texts(item):
            return request
    return None


def item_entity_seen(context: Context, item_id: str | None) -> bool:
    """Whether something else explains the item: it was announced as speech, as a commit, or by a response."""
    entity = item_entity(context, item_id)
    return (entity is not None and any(input == "announced" for _, _, input in entity.history)) or (
        item_id in context.facts.items
    )


def _texts(item: Any) -> list[Any]:
    own = [field(item, name) for name in ("output", "name", "arguments")]
    return own + [field(part, "text") for part in listed(item, "content") or ()]


class ClientItemIdNotKept(Rule):
    """An item has the id that the client gave it.

    The client truncates, deletes and inserts by an id that the server does not know.
    """

    code = "ITM014"
    name = "client-item-id-not-kept"
    needs = "both"
    message = "the client named the item {asked}, the server calls it {actual}"
    evidence = "The types let the client assign the item's id; a beta WebRTC log echoes it unchanged."
    exceptions = "Ids of more than 32 characters, which are refused (ITM027)."
    symptoms = ("history",)
    on = ITEM_ADDED
    unless = ("asked for", "known item")
    example = Example(
        "text_turn",
        change("conversation.item.create", "item.id", "item_mine"),
        found=at("conversation.item.added"),
        because=(at("conversation.item.create"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        request = _renamed(context, event)
        if request is None:
            return
        context.memory(self.code, set).add(request.line)
        asked, actual = field(request.event, "item", "id"), field(event, "item", "id")
        if len(asked) <= LONGEST_ID:
            yield Verdict(
                {"asked": asked, "actual": actual},
                entity=item_entity(context, actual),
                witnesses=asked_at(request, "named the item"),
            )


class ItemWithoutCause(Rule):
    """Every user, system or function output item has a cause: the client's request, or a commit of audio.

    Somebody else writes to the conversation, or the client loses track of what it sends.
    """

    code = "ITM015"
    name = "item-without-cause"
    severity = Severity.WARNING
    needs = "both"
    partial = "start"
    message = "nothing in the recording asked for this {kind}"
    evidence = "The types list the causes of an item: a response, a commit, and the client's request."
    exceptions = (
        "Other writers (side-band connections, SIP), which the recording does not show; images that the "
        "server takes from a video track."
    )
    symptoms = ("history",)
    on = ITEM_ADDED
    only = ("item.role", "user", "system", None)
    unless = ("asked for", "known item")
    example = Example(
        "text_turn",
        drop("conversation.item.create"),
        found=at("conversation.item.added"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts, item = context.facts, field(event, "item")
        item_id = field(item, "id")
        if not context.both_directions or facts.mid_session:
            return
        if field(item, "role") not in ("user", "system") and tag_of(item) != "function_call_output":
            return
        parts = {tag_of(part) for part in listed(item, "content") or ()}
        if parts == {"input_image"} or item_id == facts.committed_item or item_entity_seen(context, item_id):
            return
        if facts.ledger.unasked(event) and _renamed(context, event) is None:
            kind = "function call output" if tag_of(item) == "function_call_output" else f"{item.role} item"
            call = context.engine.find("function call", (field(item, "call_id"),))
            yield Verdict({"kind": kind}, entity=blamed(item_entity(context, item_id), call))


class DeletedWithoutRequest(Rule):
    """An item is deleted because the client asked, and every such request is answered.

    The conversation of the model and that of the application drift apart.
    """

    code = "ITM017"
    name = "deleted-without-request"
    severity = Severity.WARNING
    needs = "both"
    partial = "start"
    message = "{what}"
    evidence = (
        "The types say that the event answers a conversation.item.delete; a refusal is "
        "item_delete_invalid_item_id."
    )
    exceptions = "Other writers on the session. At the recording's end an open request is noted."
    symptoms = ("history",)
    on = ("conversation.item.deleted",)
    example = Example(
        "text_turn",
        drop("conversation.item.delete"),
        prepare=(
            after(
                "response.done",
                "server",
                {"type": "conversation.item.deleted", "event_id": "event_del", "item_id": "item_a1"},
                nth=1,
            ),
            after(
                "response.done",
                "client",
                {"type": "conversation.item.delete", "item_id": "item_a1"},
                nth=1,
            ),
        ),
        found=at("conversation.item.deleted"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if not context.both_directions or context.facts.mid_session:
            return
        if context.facts.ledger.unasked(event):
            entity = item_entity(context, field(event, "item_id"))
            yield Verdict({"what": "the client never asked to delete the item"}, entity=entity)

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        for verdict in unanswered(context, "conversation.item.delete", cut):
            yield structs.replace(verdict, args={"what": "the server never answered the request to delete"})


class RetrievedMismatch(Rule):
    """`conversation.item.retrieved` brings the item that the client asked for, as it was announced.

    The client files the copy, with its audio, under another item.
    """

    code = "ITM019"
    name = "retrieved-mismatch"
    severity = Severity.WARNING
    needs = "both"
    partial = "seen"
    message = "{what}"
    evidence = "The types say that it returns the full item that conversation.item.retrieve names."
    exceptions = "Audio may be in it now, and the transcript gone after a truncation."
    symptoms = ("history",)
    on = ("conversation.item.retrieved",)
    example = Example(
        "retrieved_item",
        change("conversation.item.retrieved", "item.role", "user"),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts, item = context.facts, field(event, "item")
        if not context.both_directions:
            return
        item_id = field(item, "id")
        entity = item_entity(context, item_id)
        if not facts.mid_session and facts.ledger.unasked(event):
            yield Verdict({"what": f"the client never asked for {item_id}"}, entity=entity)
            return
        known = facts.items.get(item_id or "")
        if known is None:
            return
        for name, before, now in (
            ("type", known.type, tag_of(item)),
            ("role", known.role, field(item, "role")),
            ("call_id", known.call_id, field(item, "call_id")),
        ):
            if before and now is not None and before != now:
                witness = Witness(known.line, known.announced_by, "announced the item")
                what = f"{name} is {now}, but the item was announced with {before}"
                yield Verdict({"what": what}, entity=entity, witnesses=(witness,))
                return
