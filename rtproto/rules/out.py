"""OUT: output items, content parts and what streams in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken
from rtproto.protocol.values import field
from rtproto.rules.base import BAD_AUDIO, Context, Rule, Verdict, history
from rtproto.rules.examples import Example, after, change, drop, repeat


class ItemEventBeforeOutputItemAdded(Rule):
    """An item's parts, deltas and arguments come after its `response.output_item.added`.

    Clients create the item when it is announced; the reference client throws on parts of an item it does not know.
    """

    code = "OUT001"
    name = "item-event-before-output-item-added"
    message = "`{type}` of an item that the response never announced"
    evidence = "The guide's order of events; 1,194 of 1,194 events in OpenAI and Azure recordings."
    exceptions = "Mid-session: the item is adopted."
    symptoms = ("words", "crash")
    example = Example("text_turn", drop("response.output_item.added"))


class OutputIndexNotSequential(Rule):
    """The output_index of a response's items is 0, 1, 2 … in the order in which they are announced.

    Clients file items by it; a repeated index overwrites an item, a gap leaves a hole that is waited for.
    """

    code = "OUT002"
    name = "output-index-not-sequential"
    basis = "observed"
    message = "output_index {index} where {expected} was due"
    evidence = (
        "The types call it the item's index in the response; 60 of 60 OpenAI and Azure items, 11 of 11 beta "
        "WebRTC."
    )
    exceptions = "Responses that the recording met half-way; xAI repeats 0."
    on = ("response.output_item.added",)
    symptoms = ("words", "crash")
    example = Example("text_turn", change("response.output_item.added", "output_index", 1))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        parent = broken.entity.parent
        response = context.facts.responses.get(parent.key[0]) if parent is not None else None
        expected = 0 if response is None else len(response.output)
        yield Verdict(
            {"index": "of an item that was announced before", "expected": expected},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken),
        )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        response = context.facts.responses.get(field(event, "response_id") or "")
        entity = context.engine.find("response", (field(event, "response_id"),))
        index = field(event, "output_index")
        if entity is None or entity.adopted or index is None or field(event, "item", "id") is None:
            return
        if response is not None and field(event, "item", "id") in response.output.values():
            return
        expected = 0 if response is None else len(response.output)
        if index != expected:
            yield Verdict({"index": index, "expected": expected}, witnesses=history(entity, 1))


class OutputItemDoneUnpaired(Rule):
    """Each output item is done once, after it was added."""

    code = "OUT004"
    name = "output-item-done-unpaired"
    message = "`response.output_item.done` without an open item"
    evidence = (
        "The types say output_item.done is also sent for interrupted and cancelled responses; 59 of 59 "
        "recorded items."
    )
    symptoms = ("history",)
    example = Example("text_turn", repeat("response.output_item.done"))


class OutputItemOpenAtResponseDone(Rule):
    """Every output item is done before its response is, also when the response is cancelled.

    A client that finalizes an item at `response.output_item.done`, say to run its function call, never does.
    """

    code = "OUT005"
    name = "output-item-open-at-response-done"
    message = "the response is done, its item {item} is not"
    evidence = (
        "The types say output_item.done is also sent for interrupted and cancelled responses; 71 of 71 "
        "recorded responses."
    )
    exceptions = "MCP calls run on after their response. A warning where the response was not completed."
    symptoms = ("silence", "history")
    example = Example("text_turn", drop("response.output_item.done"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict(
            {"item": str(broken.entity.key[0])},
            severity=self.severity
            if field(broken.event, "response", "status") == "completed"
            else Severity.WARNING,
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1),
        )


class DeltaBeforeContentPart(Rule):
    """Deltas come only inside a content part that was added.

    Clients append deltas to the part they opened; without one the words are dropped.
    """

    code = "OUT007"
    name = "delta-before-content-part"
    message = "`{type}` before its content part was added"
    evidence = (
        "The guide's order of events; 1,002 of 1,002 deltas in OpenAI and Azure recordings, 225 of 225 beta "
        "WebRTC."
    )
    exceptions = "Items that the recording met half-way."
    symptoms = ("words", "crash")
    example = Example("text_turn", drop("response.content_part.added"))


class ContentPartUnpaired(Rule):
    """Each content part is added once and done once, inside its item.

    A part that is never done is an answer that never ends for clients that render part by part.
    """

    code = "OUT009"
    name = "content-part-unpaired"
    message = "the content part {what}"
    evidence = (
        "The types say content_part.done is also sent for interrupted and cancelled responses; 48 of 48 "
        "recorded parts."
    )
    symptoms = ("words", "crash")
    example = Example("text_turn", drop("response.content_part.done"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        what = {
            ("added", False): "is added again",
            ("added", True): "is added again after it was done",
            ("done", False): "is done without having been added",
            ("done", True): "is done a second time",
            ("item done", False): "is still open when its item is done",
            ("part", True): "comes after its item was done",
        }.get((broken.input, broken.state == "done"), "is out of place")
        yield Verdict({"what": what}, entity=broken.entity, broken=broken, witnesses=history(broken))


class _TextDiffers(Rule):
    """Not a rule itself: a done event repeats what the deltas brought."""

    code = ""
    member = ""

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        stream: Any = context.entity  # these events always name their stream
        said: str = getattr(event, self.member)
        streamed = "".join(stream.text)
        if said == streamed or (stream.met_halfway() and said.endswith(streamed)):
            return
        at = next(
            (i for i, (a, b) in enumerate(zip(said, streamed, strict=False)) if a != b),
            min(len(said), len(streamed)),
        )
        began = history(stream)[:1]
        yield Verdict(
            {"at": at, "said": _around(said, at), "streamed": _around(streamed, at)}, witnesses=began
        )


def _around(text: str, at: int) -> str:
    start = max(0, at - 8)
    return ("…" if start else "") + text[start : at + 16] + ("…" if at + 16 < len(text) else "")


class TextDoneDiffersFromDeltas(_TextDiffers):
    """`response.output_text.done` holds exactly the text that its deltas brought.

    What was shown while streaming and what is kept would differ.
    """

    code = "OUT011"
    name = "text-done-differs-from-deltas"
    basis = "observed"
    message = 'from character {at} the done text is "{said}", the deltas gave "{streamed}"'
    evidence = "22 of 22 text parts in OpenAI and Azure recordings."
    exceptions = "Parts that the recording met half-way: the deltas must be the end of the text."
    on = ("response.text.done", "response.output_text.done")
    member = "text"
    symptoms = ("words",)
    example = Example("text_turn", drop("response.output_text.delta", 1))


class TranscriptDoneDiffersFromDeltas(_TextDiffers):
    """The done transcript holds exactly the text that its deltas brought, also when the response was cut.

    Captions and history would differ.
    """

    code = "OUT012"
    name = "transcript-done-differs-from-deltas"
    basis = "observed"
    message = 'from character {at} the done transcript is "{said}", the deltas gave "{streamed}"'
    evidence = (
        "26 of 26 audio parts in OpenAI and Azure recordings and 10 of 10 beta WebRTC, cancelled ones "
        "included."
    )
    exceptions = "Parts that the recording met half-way."
    on = ("response.audio_transcript.done", "response.output_audio_transcript.done")
    member = "transcript"
    symptoms = ("words",)
    example = Example("voice_turn", drop("response.output_audio_transcript.delta"))


class ArgumentsDoneDiffersFromDeltas(_TextDiffers):
    """The done arguments of a function call are exactly what their deltas brought.

    A client that parses as it streams calls the function with other arguments than one that waits.
    """

    code = "OUT013"
    name = "arguments-done-differs-from-deltas"
    basis = "observed"
    message = 'from character {at} the done arguments are "{said}", the deltas gave "{streamed}"'
    evidence = "12 of 12 function calls in OpenAI and Azure recordings."
    exceptions = "Calls that the recording met half-way."
    on = ("response.function_call_arguments.done",)
    member = "arguments"
    symptoms = ("tools",)
    example = Example("tool_call", drop("response.function_call_arguments.delta"))


class DeltaAfterDone(Rule):
    """Nothing streams into a stream, part or item that is done.

    Clients have handed the text on by then; what comes later is lost.
    """

    code = "OUT016"
    name = "delta-after-done"
    message = "`{type}` after the {machine} was done"
    evidence = (
        "The types call each done event the end of streaming; 1,012 of 1,012 deltas in OpenAI and Azure "
        "recordings."
    )
    symptoms = ("words",)
    example = Example(
        "text_turn",
        after(
            "response.output_text.done",
            "server",
            {
                "type": "response.output_text.delta",
                "event_id": "event_late",
                "response_id": "resp_1",
                "item_id": "item_a1",
                "output_index": 0,
                "content_index": 0,
                "delta": "",
            },
        ),
    )


class DeltaKindVsPartType(Rule):
    """Text streams in text parts, audio and transcripts in audio parts."""

    code = "OUT018"
    name = "delta-kind-vs-part-type"
    message = "`{type}` in a content part of type {state}"
    evidence = (
        "The types describe each part's type by what streams in it; 954 of 954 deltas in OpenAI and Azure "
        "recordings."
    )
    symptoms = ("words", "crash")
    example = Example("text_turn", change("response.content_part.added", "part.type", "audio"))


class AudioDeltaNotBase64(Rule):
    """Audio deltas are valid, padded base64 of the standard alphabet.

    Decoders raise or play noise.
    """

    code = "OUT019"
    name = "audio-delta-not-base64"
    basis = "documented"
    message = "the audio is not valid base64"
    evidence = "The types describe the delta as base64 audio; every recording that kept its audio agrees."
    exceptions = (
        "Payloads that the recorder cut (under 88 characters, or with an ellipsis or angle bracket in them)."
    )
    on = (BAD_AUDIO,)
    symptoms = ("crash", "silence")
    example = Example("voice_turn", change("response.output_audio.delta", "delta", "AAA*" * 60))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        payload = field(event, "delta")
        if context.direction == "server" and isinstance(payload, str) and not looks_cut(payload):
            yield Verdict()


def looks_cut(payload: str) -> bool:
    """Whether an audio payload was shortened or replaced by whoever recorded it."""
    return len(payload) < 88 or any(mark in payload for mark in "<[…") or "..." in payload


class CallIdMismatch(Rule):
    """A function call keeps its call_id through all its events.

    The output is sent back under that id; with the wrong one the model never sees it.
    """

    code = "OUT021"
    name = "call-id-mismatch"
    basis = "observed"
    message = "call_id {actual}, but the item was announced with {announced}"
    evidence = "144 of 144 events of function calls in OpenAI and Azure recordings, 76 of 76 beta WebRTC."
    on = (
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.done",
    )
    depends = ("call_id",)
    symptoms = ("tools", "silence")
    example = Example("tool_call", change("response.function_call_arguments.done", "call_id", "call_2"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item_id = field(event, "item_id") or field(event, "item", "id")
        known = context.facts.items.get(item_id) if item_id is not None else None
        actual = field(event, "call_id") or field(event, "item", "call_id")
        if known is not None and known.call_id is not None and actual is not None and actual != known.call_id:
            witness = Witness(known.line, known.announced_by, "announced the call")
            yield Verdict(
                {"actual": actual, "announced": known.call_id},
                witnesses=(witness,),
                entity=context.engine.find("output item", (item_id,)),
            )
