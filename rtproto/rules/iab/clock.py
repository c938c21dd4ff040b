"""IAB: the audio clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.hearing import Mark
from rtproto.protocol.values import field
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.common import other_format
from rtproto.rules.examples import Example, at, change


def _witness(mark: Mark, type: str, note: str) -> tuple[Witness, ...]:
    return (Witness(mark.line, f"input_audio_buffer.{type}", f"{note} at {mark.ms} ms"),)


class SpeechEndsBeforeStart(Rule):
    """Speech ends after it began, both at points of one audio clock that starts at 0.

    Clients cut the user's recording by these times and get nothing.
    """

    code = "IAB004"
    name = "speech-ends-before-start"
    message = "{what} is {ms} ms, but {bound}"
    evidence = (
        "The types count both times in milliseconds of audio since the session began; 28 of 28 turns in "
        "OpenAI and Azure recordings and a beta WebRTC log."
    )
    symptoms = ("transcript",)
    on = ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped")
    example = Example(
        "voice_turn",
        change("input_audio_buffer.speech_stopped", "audio_end_ms", 50),
        because=(at("input_audio_buffer.speech_started"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        what = "audio_start_ms" if context.type.endswith("started") else "audio_end_ms"
        ms: int = getattr(event, what)
        if ms < 0:
            yield Verdict({"what": what, "ms": ms, "bound": "the clock starts at 0"})
        elif what == "audio_end_ms" and (start := _start_of(context, event)) is not None and ms < start.ms:
            bound = f"the speech began at {start.ms} ms"
            yield Verdict(
                {"what": what, "ms": ms, "bound": bound},
                witnesses=_witness(start, "speech_started", "began the speech"),
            )


def _start_of(context: Context, event: Any) -> Mark | None:
    """Where the speech began that this event ends."""
    start = context.facts.hearing.started
    return start if start is not None and start.item == field(event, "item_id") else None


_UNKNOWN_PADDING_MS = 1000


class SpeechStartRegresses(Rule):
    """A turn starts no earlier than the one before it, and before that one's end only by the padding.

    Two turns would hold the same words.
    """

    code = "IAB005"
    name = "speech-start-regresses"
    severity = Severity.WARNING
    basis = "observed"
    message = "the speech starts at {ms} ms, before {bound}"
    evidence = (
        "The types count audio_start_ms on one clock and include prefix_padding_ms in it; 14 of 14 turns "
        "that follow another in OpenAI recordings, 3 of them within the padding."
    )
    exceptions = "Without a known prefix_padding_ms 1000 ms are allowed."
    symptoms = ("transcript",)
    on = ("input_audio_buffer.speech_started",)
    example = Example(
        "voice_turn",
        change("input_audio_buffer.speech_started", "audio_start_ms", 500, 1),
        because=(at("input_audio_buffer.speech_stopped"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        hearing, ms = context.facts.hearing, event.audio_start_ms
        if ms < 0:
            return
        padding = field(context.facts.detection, "prefix_padding_ms")
        allowed = _UNKNOWN_PADDING_MS if padding is None else padding
        if hearing.started is not None and ms < hearing.started.ms:
            yield Verdict(
                {"ms": ms, "bound": f"the last start at {hearing.started.ms} ms"},
                witnesses=_witness(hearing.started, "speech_started", "began the last speech"),
            )
        elif hearing.stopped is not None and ms < hearing.stopped.ms - allowed:
            bound = f"the last end at {hearing.stopped.ms} ms less {allowed} ms of padding"
            yield Verdict(
                {"ms": ms, "bound": bound},
                witnesses=_witness(hearing.stopped, "speech_stopped", "ended the last speech"),
            )


class SpeechEndRegresses(Rule):
    """Each turn ends later than the one before it.

    The clock of the turns cannot be trusted to cut audio or to place captions.
    """

    code = "IAB006"
    name = "speech-end-regresses"
    basis = "observed"
    message = "the speech ends at {ms} ms, the one before it at {last} ms"
    evidence = (
        "One clock counts all audio of the session; 14 of 14 turns that follow another in OpenAI recordings."
    )
    symptoms = ("transcript",)
    on = ("input_audio_buffer.speech_stopped",)
    example = Example(
        "voice_turn",
        change("input_audio_buffer.speech_stopped", "audio_end_ms", 880, 1),
        prepare=(change("input_audio_buffer.speech_started", "audio_start_ms", 850, 1),),
        because=(at("input_audio_buffer.speech_stopped"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        last, ms = context.facts.hearing.stopped, field(event, "audio_end_ms")
        start = _start_of(context, event)
        if last is None or ms is None or ms > last.ms or (start is not None and ms < start.ms):
            return
        yield Verdict(
            {"ms": ms, "last": last.ms}, witnesses=_witness(last, "speech_stopped", "ended the last speech")
        )


_LAG_MS = 50


class SpeechBeyondAppendedAudio(Rule):
    """Speech is heard in audio that was sent: its times lie within what was appended.

    The server hears another clock than the client's: a wrong sample rate, or audio appended twice. Where the times fit
    another format than the session shows, the finding names it.
    """

    code = "IAB014"
    name = "speech-beyond-appended-audio"
    severity = Severity.WARNING
    needs = "both"
    partial = "start"
    message = "{what} is {ms} ms, but only {written} ms were appended so far{likely}"
    evidence = (
        "The types count the times in the audio written to the buffer; 4256 of 5488 ms in a recorded turn."
    )
    exceptions = (
        "50 ms of tolerance. WebRTC and SIP, where audio is no event; audio that the recorder cut; an input "
        "format that changed."
    )
    symptoms = ("transcript", "recording")
    on = ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped")
    example = Example(
        "voice_turn",
        change("input_audio_buffer.speech_stopped", "audio_end_ms", 9000, 1),
        because=(at("input_audio_buffer.append", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        appended = facts.written()
        if not appended or facts.mid_session or facts.playback.on_media_track:
            return NOTHING
        what = "audio_start_ms" if context.type == "input_audio_buffer.speech_started" else "audio_end_ms"
        ms, rate = getattr(event, what), facts.bytes_per_ms("input")
        if rate is None or ms <= appended / rate + _LAG_MS:
            return NOTHING
        format = other_format(appended, ms, rate)
        likely = "" if format is None else f"; as {format} that audio would last as long"
        return (Verdict({"what": what, "ms": ms, "written": round(appended / rate), "likely": likely}),)
