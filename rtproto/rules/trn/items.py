"""TRN: the item whose audio is transcribed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.dialect import ITEM_ADDED
from rtproto.findings import Severity, Witness
from rtproto.protocol.records import Item
from rtproto.protocol.values import field, listed, tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.examples import Example, at, change
from rtproto.rules.trn.names import COMPLETED, FAILED


def _announced(item: Item, note: str) -> Witness:
    return Witness(item.line, item.announced_by, note)


class TranscriptionForUnknownItem(Rule):
    """What is transcribed is an item of the user's, that the session shows before or after.

    A transcript without its item is shown nowhere, and the user's turn stays without words.
    """

    code = "TRN002"
    name = "transcription-for-unknown-item"
    severity = Severity.WARNING
    partial = "open"
    message = "{item} is transcribed, but {why}"
    evidence = "30 of 63 deltas in OpenAI recordings came before their item and named it; each item came."
    exceptions = "The item may come later. Where the recording simply stops, its absence is noted only."
    on = (COMPLETED, FAILED)
    symptoms = ("transcript", "history")
    example = Example("voice_turn", change(COMPLETED, "item_id", "item_a2", 1), prepare=())

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = context.facts.items.get(field(event, "item_id") or "")
        if item is None or item.role == "user" or item.type not in ("message", "function_call"):
            return
        why = f"it is a {item.type}" if item.role is None else f"its role is {item.role}"
        yield Verdict({"item": item.id, "why": why}, witnesses=(_announced(item, "showed the item"),))

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        facts = context.facts
        if facts.mid_session:
            return
        for (item_id, *_), entity in context.engine.entities["transcription"].items():
            if item_id not in facts.items and entity.history:
                line, type, _ = entity.history[0]
                yield Verdict(
                    {"item": item_id, "why": "no such item was added"},
                    severity=Severity.INFO if cut else None,
                    line=line,
                    type=type,
                    entity=entity,
                )


class TranscriptionContentIndex(Rule):
    """The `content_index` of a transcription is that of an `input_audio` part.

    Clients put the words in the part of that index.
    """

    code = "TRN012"
    name = "transcription-content-index"
    basis = "schema"
    partial = "seen"
    message = "content_index {index} is {what}"
    evidence = "The types call it the index of the content part that holds the audio; 27 of 27 recorded ones."
    exceptions = "Items that were not seen, or without content."
    on = (COMPLETED, FAILED)
    symptoms = ("transcript", "crash")
    example = Example(
        "transcription",
        change(COMPLETED, "content_index", 1),
        prepare=(),
        because=(at("conversation.item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = context.facts.items.get(field(event, "item_id") or "")
        index: int | None = field(event, "content_index")
        if item is None or item.role != "user" or not item.parts or index is None:
            return
        parts = item.parts
        kind = parts[index] if 0 <= index < len(parts) else None
        if kind != "input_audio":
            what = f"a part of type {kind}" if kind else f"no part of an item with {len(item.parts)}"
            yield Verdict({"index": index, "what": what}, witnesses=(_announced(item, "showed the parts"),))


class UserItemTranscriptEarly(Rule):
    """The `transcript` of the user's audio is null when its item is added.

    Transcription runs later; a client that reads the words from here finds them once, by luck.
    """

    code = "TRN014"
    name = "user-item-transcript-early"
    severity = Severity.INFO
    basis = "observed"
    message = "the item is added with its transcript"
    evidence = "Null in 28 of 28 recorded user items with audio."
    exceptions = "Items that the client created."
    on = ITEM_ADDED
    only = ("item.role", "user")
    unless = ("asked for",)
    symptoms = ("transcript",)
    example = Example("voice_turn", change("conversation.item.added", "item.content.0.transcript", "Hi."))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if field(event, "item", "role") != "user" or context.facts.ledger.answered_by(event) is not None:
            return NOTHING
        return self._judge(event)

    def _judge(self, event: Any) -> Iterator[Verdict]:
        for part in listed(event, "item", "content") or ():
            if tag_of(part) == "input_audio" and field(part, "transcript"):
                yield Verdict()
                return
