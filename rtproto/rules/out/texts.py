"""Texts that are said more than once: in deltas, in done events, in the part and in the item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rtproto.protocol.engine import Entity
from rtproto.protocol.values import field, listed
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, at, change, drop


class _TextDiffers(Rule):
    """Not a rule itself: a done event repeats what the deltas brought."""

    code = ""
    member = ""

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        stream = context.entity
        said = field(event, self.member)
        if stream is None or said is None or agrees(stream, said):
            return ()
        return (Verdict(differing(stream, said), witnesses=history(stream)[:1]),)


def agrees(stream: Entity, said: str) -> bool:
    """Whether a text is what was streamed, as far as the recording holds it."""
    streamed = "".join(stream.text)
    return said == streamed or (stream.met_halfway() and said.endswith(streamed))


def differing(stream: Entity, said: str) -> dict[str, Any]:
    """Where a text and what was streamed part, and how each goes on there."""
    streamed = "".join(stream.text)
    at = next(
        (i for i, (a, b) in enumerate(zip(said, streamed, strict=False)) if a != b),
        min(len(said), len(streamed)),
    )
    return {"at": at, "said": _around(said, at), "streamed": _around(streamed, at)}


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
    example = Example(
        "text_turn",
        drop("response.output_text.delta", 1),
        found=at("response.output_text.done"),
        because=(at("response.output_text.delta"),),
    )


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
    example = Example(
        "voice_turn",
        drop("response.output_audio_transcript.delta"),
        found=at("response.output_audio_transcript.done"),
        because=(at("response.output_audio_transcript.delta"),),
    )


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
    example = Example(
        "tool_call",
        drop("response.function_call_arguments.delta"),
        found=at("response.function_call_arguments.done"),
        because=(at("response.function_call_arguments.delta"),),
    )


class PartDoneDiffersFromStream(Rule):
    """The part in `response.content_part.done` holds the text or transcript that was streamed.

    Clients that render from the part show something else than was heard.
    """

    code = "OUT014"
    name = "part-done-differs-from-stream"
    basis = "observed"
    message = 'from character {at} the part is "{said}", streamed was "{streamed}"'
    evidence = "32 of 32 parts in OpenAI recordings."
    exceptions = "Azure Voice Live sends an empty text, xAI no part. Parts that the recording met half-way."
    on = ("response.content_part.done",)
    partial = "seen"
    symptoms = ("words",)
    example = Example(
        "text_turn",
        change("response.content_part.done", "part.text", "Rain."),
        because=(at("response.output_text.done"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        part: Any = context.entity  # these events always name their part
        for stream in part.children:
            member = "text" if stream.key[2] == "text" else "transcript"
            said = getattr(event.part, member, None)
            if isinstance(said, str) and stream.key[2] != "audio" and not agrees(stream, said):
                return (Verdict(differing(stream, said), entity=stream, witnesses=history(stream)[-1:]),)
        return ()


class ItemDoneContentDiffers(Rule):
    """An item that is done, in its response or in the conversation, holds what was streamed: the text of each part, and
    the arguments of a call.

    Clients that keep the item run the call with other arguments than those that streamed, or remember other words.
    """

    code = "OUT015"
    name = "item-done-content-differs"
    basis = "observed"
    message = 'from character {at} the item\'s {what} is "{said}", streamed was "{streamed}"'
    evidence = (
        "32 of 32 parts in OpenAI recordings, 10 of 10 in beta WebRTC logs; 12 of 12 calls. The conversation ends 16 "
        "of 16 OpenAI and Azure GA items as their responses do."
    )
    exceptions = (
        "Items that the recording met half-way; items without content, as xAI sends. In the conversation: what still "
        "streams, and items that were truncated."
    )
    on = ("response.output_item.done", "conversation.item.done")
    only = ("item.type", "message", "function_call", "mcp_call")
    partial = "seen"
    symptoms = ("words", "tools")
    example = Example(
        "text_turn",
        change("response.output_item.done", "item.content.0.text", "Rain."),
        because=(at("response.content_part.done"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item = context.entity
        mirrored = context.type == "conversation.item.done"
        if mirrored:
            item = context.engine.find("output item", (field(event.item, "id"),))
        if item is None:
            return ()
        for child in item.children:
            for stream in child.children or (child,):
                if mirrored and (stream.state != "done" or stream.key[:2] in context.facts.playback.cuts):
                    continue
                what, said = _said(event.item, stream.key)
                if said is not None and not agrees(stream, said):
                    args = {"what": what, **differing(stream, said)}
                    return (Verdict(args, entity=stream, taints=(item,), witnesses=history(stream)[-1:]),)
        return ()


def _said(item: Any, key: tuple[Any, ...]) -> tuple[str, str | None]:
    """What a finished item says where a stream of that key was: the name of the member, and its text."""
    if key[-1] == "arguments":
        return "arguments", field(item, "arguments")
    content = listed(item, "content")
    if len(key) != 3 or key[2] == "audio" or content is None:
        return "", None
    if key[1] >= len(content):
        return "content", ""
    return key[2], field(content[key[1]], key[2])
