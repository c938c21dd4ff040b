"""Audio parts: their payload, and the transcript that goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.events.audio import looks_cut
from rtproto.findings import Severity
from rtproto.protocol.values import field
from rtproto.rules.base import BAD_AUDIO, Context, Rule, Verdict, history
from rtproto.rules.examples import Example, at, change, drop


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
        "Payloads that the recorder cut: under 88 characters of base64, or with an ellipsis, a bracket or a word in "
        "them that says so."
    )
    on = (BAD_AUDIO,)
    symptoms = ("crash",)
    example = Example("voice_turn", change("response.output_audio.delta", "delta", "AAA*" * 60))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        payload = field(event, "delta")
        if context.direction == "server" and isinstance(payload, str) and not looks_cut(payload):
            yield Verdict()


class AudioPartWithoutTranscript(Rule):
    """A part that speaks has a transcript: deltas, or at least its end.

    Captions and history stay empty, and the model's words cannot be logged.
    """

    code = "OUT028"
    name = "audio-part-without-transcript"
    severity = Severity.WARNING
    basis = "documented"
    message = "the part {part} has audio and no transcript"
    evidence = "The types say that audio output always includes a transcript; 36 of 36 recorded audio parts."
    exceptions = "Items that were cut; parts that the recording met half-way."
    on = ("response.output_item.done",)
    only = ("item.status", "completed")
    symptoms = ("words", "history")
    example = Example(
        "voice_turn",
        drop("response.output_audio_transcript.done"),
        prepare=(
            drop("response.output_audio_transcript.delta"),
            drop("response.output_audio_transcript.delta"),
            change("response.output_audio_transcript.done", "transcript", ""),
            change("response.content_part.done", "part.transcript", ""),
            change("conversation.item.done", "item.content.0.transcript", "", 1),
            change("response.output_item.done", "item.content.0.transcript", ""),
            change("response.done", "response.output.0.content.0.transcript", ""),
        ),
        found=at("response.output_item.done"),
        also=(at("response.content_part.done"),),
        because=(at("response.output_audio.delta"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        for part in () if context.entity is None else context.entity.children:
            kinds = [stream.key[2] for stream in part.children]
            if "audio" in kinds and "transcript" not in kinds and not part.met_halfway():
                return (Verdict({"part": part.key[1]}, entity=part, witnesses=history(part)[:1]),)
        return ()


class AudioDoneWithoutAudio(Rule):
    """On a WebSocket, a completed part that ends its audio has brought some.

    The user hears nothing, although every event says that the bot spoke.
    """

    code = "OUT029"
    name = "audio-done-without-audio"
    severity = Severity.WARNING
    basis = "observed"
    message = "the audio of part {part} is done, but there was none"
    evidence = "28 of 28 completed audio parts in OpenAI and Azure WebSocket recordings."
    exceptions = (
        "WebRTC, SIP and side-band sockets have no audio in their events: judged once some was there."
    )
    on = ("response.output_item.done",)
    only = ("item.status", "completed")
    partial = "seen"
    symptoms = ("silence",)
    example = Example(
        "voice_turn",
        drop("response.output_audio.delta", 2),
        prepare=(drop("response.output_audio.delta", 3),),
        found=at("response.output_item.done", 1),
        also=(at("response.output_audio.done", 1),),
        because=(at("response.content_part.added", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item = context.entity
        if (
            item is None
            or not context.facts.output_audio
            or getattr(event.item, "status", None) != "completed"
        ):
            return ()
        for part in item.children:
            for stream in part.children:
                # Zero, not None: a size that the recorder hid is not known.
                if stream.key[2] == "audio" and stream.size == 0 and not part.met_halfway():
                    return (Verdict({"part": part.key[1]}, entity=part, witnesses=history(stream, 1)),)
        return ()
