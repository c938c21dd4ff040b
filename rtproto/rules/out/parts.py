"""Content parts, and that streams stay inside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken
from rtproto.protocol.values import tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, after, at, change, drop


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
    example = Example(
        "text_turn",
        drop("response.content_part.added"),
        found=at("response.output_text.delta"),
        because=(at("response.output_item.added"),),
    )


class ContentIndexNotSequential(Rule):
    """The content_index of an item's parts is 0, 1, 2 … in the order in which they are added.

    Clients put the parts into a list by it; a gap throws, or leaves an empty part.
    """

    code = "OUT008"
    name = "content-index-not-sequential"
    message = "content_index {index} where {expected} was due"
    evidence = "The types call it the part's index in the item's content; 60 of 60 recorded parts."
    exceptions = "Items that the recording met half-way."
    on = ("response.content_part.added",)
    partial = "seen"
    symptoms = ("crash", "words")
    example = Example("text_turn", change("response.content_part.added", "content_index", 1))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        part: Any = context.entity  # these events always name their part
        item = part.parent
        if part is not item.children[-1] or len(part.history) != 1:
            return ()
        expected = len(item.children) - 1
        if event.content_index == expected or item.met_halfway():
            return ()
        args = {"index": event.content_index, "expected": expected}
        return (Verdict(args, entity=item, witnesses=history(item, 1)),)


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
    symptoms = ("silence", "words")
    example = Example(
        "text_turn",
        drop("response.content_part.done"),
        found=at("response.output_item.done"),
        because=(at("response.content_part.added"),),
    )

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


class ContentPartOnNonMessage(Rule):
    """Only messages have content parts; a function call streams its arguments.

    Clients look for the part's place in the content of an item that has none.
    """

    code = "OUT010"
    name = "content-part-on-non-message"
    message = "a content part of an item of type {kind}"
    evidence = "The types speak of an assistant's message; no part on any of 14 recorded function calls."
    on = ("response.content_part.added",)
    symptoms = ("crash",)
    example = Example(
        "tool_call",
        after(
            "conversation.item.added",
            "server",
            {
                "type": "response.content_part.added",
                "event_id": "event_part",
                "response_id": "resp_1",
                "item_id": "item_c1",
                "output_index": 0,
                "content_index": 0,
                "part": {"type": "text", "text": ""},
            },
            nth=1,
        ),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item = context.facts.items.get(event.item_id)
        if item is None or item.type == "message" or not item.type:
            return ()
        return (
            Verdict(
                {"kind": item.type},
                entity=context.engine.find("output item", (item.id,)),
                witnesses=(Witness(item.line, item.announced_by, "announced the item"),),
            ),
        )


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
        because=(at("response.output_text.done"),),
    )


class KindDoneMissing(Rule):
    """What streams is done before what it belongs to: the text of a text part, audio and transcript of an audio part,
    the arguments of a function call.

    Clients that finalize the text at `response.output_text.done` keep it as a draft; those that run the function at
    `response.function_call_arguments.done` never do.
    """

    code = "OUT017"
    name = "kind-done-missing"
    severity = Severity.WARNING
    basis = "observed"
    message = "the {whole} is done, its {missing} not"
    evidence = (
        "48 of 48 parts in OpenAI and Azure recordings, 10 of 10 in beta WebRTC logs, cancelled ones included; 12 of "
        "12 function calls. The types say that the arguments are also done where a response is cut short."
    )
    exceptions = (
        "What the recording met half-way; xAI, which ends the audio after its part; calls cut short before any "
        "arguments. Missing transcripts are OUT028's."
    )
    on = ("response.content_part.done", "response.output_item.done")
    only = ("item.type", "function_call", None)
    partial = "seen"
    symptoms = ("words", "silence")
    example = Example(
        "text_turn",
        drop("response.output_text.done"),
        found=at("response.content_part.done"),
        because=(at("response.output_text.delta"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.type == "response.output_item.done":
            return self._judge_call(context, event)
        part: Any = context.entity  # these events always name their part
        kind = tag_of(event.part)
        if kind not in ("text", "audio"):
            return ()
        missing = kind
        for stream in part.children:
            if stream.state != "done":
                missing = stream.key[2]
                break
            if stream.key[2] == kind:
                missing = ""
        if not missing or part.met_halfway():
            return ()
        return (Verdict({"whole": "part", "missing": missing}, witnesses=history(part)[:1]),)

    def _judge_call(self, context: Context, event: Any) -> Iterable[Verdict]:
        call, response = context.entity, context.facts.responses.get(event.response_id)
        # Of a response that is done the streams are forgotten.
        if call is None or call.met_halfway() or (response is not None and response.done):
            return ()
        streams = [stream.state for stream in call.children if stream.machine.name == "stream"]
        if "done" in streams or (not streams and event.item.status != "completed"):
            return ()
        return (Verdict({"whole": "call", "missing": "arguments"}, witnesses=history(call)[:1]),)


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
    example = Example(
        "text_turn",
        after(
            "response.output_text.delta",
            "server",
            {
                "type": "response.output_audio_transcript.delta",
                "event_id": "event_spoken",
                "response_id": "resp_1",
                "item_id": "item_a1",
                "output_index": 0,
                "content_index": 0,
                "delta": " there",
            },
        ),
        because=(at("response.content_part.added"),),
    )
