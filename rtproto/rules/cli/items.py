"""CLI: the items that a client creates or refers to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.events.common.content import InputImage
from rtproto.events.common.items import ItemReference
from rtproto.findings import Witness
from rtproto.protocol.values import field, listed
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, change


def _known(context: Context, item_id: str) -> bool:
    """Whether the session has shown an item of that id, or the client is about to create it."""
    facts = context.facts
    if item_id in facts.items:
        return True
    entity = context.engine.find("conversation item", (item_id,))
    return (entity is not None and not entity.unseen) or _created(context, item_id)


def _created(context: Context, item_id: str) -> bool:
    """Whether the client is about to create an item of that id."""
    return context.facts.ledger.creates(item_id)


class ItemReferenceUnknown(Rule):
    """An `item_reference` in the `input` of a response names an item that the session has shown.

    The server refuses the response.
    """

    code = "CLI024"
    name = "item-reference-unknown"
    needs = "both"
    partial = "seen"
    message = "`response.input[{index}]` refers to {item}, which the session has not shown"
    evidence = "The types allow references to items that appeared in the session before."
    exceptions = "Items of responses outside the conversation count too. Recordings that start mid-session."
    on = ("response.create",)
    reads = ("response.input",)
    symptoms = ("refused", "silence")
    example = Example(
        "refused_requests",
        change("response.create", "response.input", [{"type": "item_reference", "id": "item_ghost"}]),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.facts.mid_session or not context.begun:
            return
        for index, item in enumerate(listed(event, "response", "input") or ()):
            if isinstance(item, ItemReference) and not _known(context, item.id):
                yield Verdict({"index": index, "item": item.id})


_DATA_URI = re.compile(r"data:image/(?:png|jpe?g);base64,", re.IGNORECASE)
_SHOWN = 32


def _pictures(at: str, item: Any) -> list[Verdict]:
    """A verdict for each picture in an item, found at that path, that is not what the API takes."""
    found: list[Verdict] = []
    for index, part in enumerate(listed(item, "content") or ()):
        url = field(part, "image_url") if isinstance(part, InputImage) else None
        if url is not None and not _DATA_URI.match(url):
            path = f"{at}.content[{index}]"
            found.append(Verdict({"path": path, "found": url[:_SHOWN] or "nothing"}))
    return found


class ImageNotDataUri(Rule):
    """GA: an image is sent as a `data:` URI, PNG or JPEG in base64.

    The server fetches nothing from the web; it refuses the item, and the model answers without having seen the picture.
    """

    code = "CLI025"
    name = "image-not-data-uri"
    dialects = ("ga",)
    needs = "client"
    message = (
        "`{path}.image_url` begins with {found}; it is data:image/png;base64, or data:image/jpeg;base64,"
    )
    evidence = "The types describe a data URI and name PNG and JPEG as the formats."
    on = ("conversation.item.create", "response.create")
    reads = ("response.input",)
    symptoms = ("refused", "history")
    example = Example(
        "refused_requests",
        change(
            "conversation.item.create",
            "item.content",
            [{"type": "input_image", "image_url": "https://pictures.example/cat.png"}],
        ),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.type == "conversation.item.create":
            return _pictures("item", event.item)
        items = listed(event, "response", "input") or ()
        return [found for i, item in enumerate(items) for found in _pictures(f"response.input[{i}]", item)]


class RetrieveOrDeleteUnknown(Rule):
    """An item that the client retrieves, deletes or truncates is in the conversation.

    The server refuses it (`item_delete_invalid_item_id` and the like). With a truncation, the model goes on believing
    that the user heard everything.
    """

    code = "CLI032"
    name = "retrieve-or-delete-unknown"
    needs = "both"
    partial = "seen"
    message = "`{type}` of {item}, which {why}"
    evidence = (
        "The refusals have codes of their own; live tests of other projects against the server show them."
    )
    exceptions = "Items of responses outside the conversation. Recordings that start mid-session."
    on = ("conversation.item.retrieve", "conversation.item.delete", "conversation.item.truncate")
    symptoms = ("refused", "history")
    example = Example("refused_requests", change("conversation.item.retrieve", "item_id", "item_ghost"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        item_id = field(event, "item_id")
        if facts.mid_session or not context.begun or item_id is None:
            return
        entity = context.engine.find("conversation item", (item_id,))
        if item_id in facts.deleted and entity is not None and not _created(context, item_id):
            yield Verdict({"item": item_id, "why": "was deleted"}, witnesses=history(entity, 1))
        elif not _known(context, item_id):
            last = facts.tail()
            witnesses = (
                (
                    Witness(
                        facts.items[last].line,
                        facts.items[last].announced_by,
                        f"showed {last}, the last item",
                    ),
                )
                if last in facts.items
                else ()
            )
            yield Verdict({"item": item_id, "why": "the session has not shown"}, witnesses=witnesses)
