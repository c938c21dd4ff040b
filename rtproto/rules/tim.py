"""TIM: what the recording's clock shows.

Only recordings with times are judged, and only as far as their clock goes: a rule that compares with a date needs one
that counts seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.clock import STALL
from rtproto.protocol.facts import Facts
from rtproto.protocol.values import field
from rtproto.rules.base import BACKWARDS, Context, Rule, Unjudged, Verdict
from rtproto.rules.common import other_format
from rtproto.rules.examples import Example, after, change, fill, later

_LONGEST = {"beta": 30 * 60, "ga": 60 * 60, "translation": 60 * 60}
"""Seconds that a session may last."""
_GRACE = 10.0
"""Seconds that a session may last longer: clocks differ, and the close takes its time."""
_EPOCH = 1e9
"""Seconds since 1970 from which a clock is taken to count from there (September 2001)."""
_SILENCE = STALL
"""Seconds without an event after which a response is called stalled; the checker looks closer from then on."""
_SIGNS = (
    "session.updated",
    "conversation.item.added",
    "conversation.item.created",
    "conversation.item.input_audio_transcription.completed",
    "input_audio_buffer.committed",
    "input_audio_buffer.speech_started",
    "response.created",
    "response.done",
)
"""Server events that show, often enough, that the session lives on."""
_DELTAS = (
    "response.text.delta",
    "response.output_text.delta",
    "response.audio.delta",
    "response.output_audio.delta",
    "response.audio_transcript.delta",
    "response.output_audio_transcript.delta",
    "response.function_call_arguments.delta",
)
_RESPONSE_EVENTS = (
    *_DELTAS,
    *(name.replace(".delta", ".done") for name in _DELTAS),
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.done",
)


def _dated(facts: Facts) -> float | None:
    """The time of the event at hand in seconds since 1970; None where the recording's clock counts otherwise."""
    return facts.time if facts.time is not None and facts.time >= _EPOCH else None


def _expires_at(facts: Facts) -> int | None:
    """When the session expires, in seconds since 1970; None where it is not shown, or shown as 0."""
    return field(facts.session, "expires_at") or None


class SessionTooLong(Rule):
    """A session lasts 60 minutes at most in GA, 30 in beta.

    Either several sessions were recorded as one, or the clock of the recording runs otherwise than it says.
    """

    code = "TIM001"
    name = "session-too-long"
    severity = Severity.WARNING
    basis = "documented"
    partial = "start"
    message = "{minutes} minutes after the session began; the longest session lasts {longest}"
    evidence = (
        "The conversations guide: 60 minutes. Beta: expires_at lay 1,804 seconds after the start; Azure's how-to says "
        "30 minutes as well. A GA transcription session: 3,600."
    )
    exceptions = "Told once. Where the session shows when it expires and the clock has a date: TIM002."
    on = _SIGNS
    since = "clock"
    symptoms = ("recording",)
    example = Example("text_turn", later("response.created", 3700.0, 1), clock=0.0)

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        return () if context.facts.time is None else self._judge(context)

    def _judge(self, context: Context) -> Iterator[Verdict]:
        facts = context.facts
        if facts.time is None or facts.first_time is None or facts.mid_session:
            return
        if _dated(facts) is not None and _expires_at(facts) is not None:
            return
        elapsed, longest = facts.time - facts.first_time, _LONGEST[facts.dialect]
        if elapsed > longest + _GRACE and context.first(self.code):
            yield Verdict({"minutes": int(elapsed // 60), "longest": longest // 60})


class ActivityAfterExpiresAt(Rule):
    """The server sends nothing after `session.expires_at`.

    A client that reconnects by that time would leave too early; or the recorder's clock is wrong.
    """

    code = "TIM002"
    name = "activity-after-expires-at"
    severity = Severity.WARNING
    basis = "schema"
    message = "{seconds} seconds after the session expired"
    evidence = "The types call expires_at the expiration time of the session, in seconds since the epoch."
    exceptions = "Told once. 10 seconds of grace; sessions that show 0; clocks without a date."
    on = _SIGNS
    since = "clock"
    symptoms = ("recording",)
    example = Example(
        "text_turn",
        later("response.created", 3700.0, 1),
        prepare=(
            change("session.created", "session.expires_at", 1790003600),
            change("session.updated", "session.expires_at", 1790003600),
        ),
        clock=1790000000.0,
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        return () if context.facts.time is None else self._judge(context)

    def _judge(self, context: Context) -> Iterator[Verdict]:
        now, expires_at = _dated(context.facts), _expires_at(context.facts)
        if now is None or expires_at is None or now <= expires_at + _GRACE:
            return
        if context.first(self.code):
            shown = Witness(context.facts.session_line, context.facts.session_type, "showed when it expires")
            yield Verdict({"seconds": round(now - expires_at)}, witnesses=(shown,))


class TimeGoesBackwards(Rule):
    """The times of a recording do not go backwards.

    Lines from two clocks were merged, or sorted by something else: what seems to follow may have come before, and every
    rule about order is in doubt.
    """

    code = "TIM003"
    name = "time-goes-backwards"
    severity = Severity.WARNING
    basis = "inferred"
    dialects = ("beta", "ga", "translation")
    needs = "any"
    message = "the clock goes back by {seconds} seconds"
    evidence = (
        "By design: lines are taken to stand in the order in which they were sent and received. No "
        "recording with times was at hand."
    )
    exceptions = "Told once a connection. Up to 10 ms: two tasks that write one file."
    on = (BACKWARDS,)
    symptoms = ("recording",)
    example = Example("text_turn", later("response.created", -5.0), clock=100.0)

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.first(self.code):
            yield Verdict({"seconds": round(context.lag, 3)})


class SpeechClockAheadOfWallClock(Rule):
    """The server hears no more audio than there was time to speak.

    `audio_end_ms` is the end of the audio that arrived. Where it runs ahead, the audio was sent faster than it was
    spoken: fine for a file, but turns are then detected at other places than in a live call. From a microphone, it has
    another sample rate than the session shows: the finding names the one that fits.
    """

    code = "TIM004"
    name = "speech-clock-ahead-of-wall-clock"
    severity = Severity.INFO
    basis = "inferred"
    partial = "start"
    message = "{heard} ms of audio were heard within {elapsed} ms{likely}"
    evidence = (
        "The types: audio_end_ms counts milliseconds from the start of the session. That it cannot outrun "
        "the clock holds for live speech only."
    )
    exceptions = "Told once. One second of grace; a file that is sent as fast as possible."
    on = ("input_audio_buffer.speech_stopped",)
    since = "clock"
    symptoms = ("transcript",)
    example = Example(
        "voice_turn",
        change("input_audio_buffer.speech_stopped", "audio_end_ms", 5000, 1),
        prepare=(fill("input_audio_buffer.append", "audio", 5000),),
        clock=0.0,
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        start = facts.append_time if facts.append_line else facts.first_time
        heard = field(event, "audio_end_ms")
        if facts.time is None or start is None or heard is None or facts.mid_session:
            return
        elapsed = round((facts.time - start) * 1000)
        if heard > elapsed + 1000 and context.first(self.code):
            written, rate = facts.written(), facts.bytes_per_ms("input")
            format = other_format(written, elapsed, rate) if written and rate else None
            likely = "" if format is None else f"; as {format} the audio sent by then would last as long"
            yield Verdict({"heard": heard, "elapsed": elapsed, "likely": likely})


class IdleTimeoutEarly(Rule):
    """`input_audio_buffer.timeout_triggered` waits for `idle_timeout_ms` after the last response.

    The bot asks whether anybody is there while the user still thinks, or even while its own answer is being played.
    """

    code = "TIM005"
    name = "idle-timeout-early"
    severity = Severity.INFO
    basis = "documented"
    dialects = ("ga",)
    message = "{waited} ms after the last response; idle_timeout_ms is {timeout}"
    evidence = (
        "The types: the timeout is counted from response.done plus the time that its audio takes to play."
    )
    exceptions = "Half a second of grace."
    on = ("input_audio_buffer.timeout_triggered",)
    since = "clock"
    symptoms = ("overlap",)
    example = Example(
        "voice_turn",
        later("input_audio_buffer.timeout_triggered", -7.0),
        prepare=(
            change("session.updated", "session.audio.input.turn_detection.idle_timeout_ms", 6000),
            after(
                "response.done",
                "server",
                {
                    "type": "input_audio_buffer.timeout_triggered",
                    "event_id": "event_idle",
                    "audio_start_ms": 2800,
                    "audio_end_ms": 9000,
                    "item_id": "item_u3",
                },
                nth=1,
            ),
            later("input_audio_buffer.timeout_triggered", 8.0),
        ),
        clock=0.0,
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        timeout = field(facts.session, "audio", "input", "turn_detection", "idle_timeout_ms")
        if timeout is None or facts.time is None or facts.response_done_time is None:
            return
        waited = round((facts.time - facts.response_done_time) * 1000)
        if waited < timeout - 500:
            yield Verdict({"waited": waited, "timeout": timeout})


class EphemeralKeyExpired(Unjudged):
    """A client secret is used before it expires."""

    code = "TIM006"
    name = "ephemeral-key-expired"
    basis = "documented"
    needs = "any"
    evidence = "The types give the secret an expires_at of its own; the session may go on after it."
    reason = (
        "The secret is part of the handshake, and its expiry of a REST answer; neither is in a transcript."
    )


class ResponseStalled(Rule):
    """A response in progress gives a sign of life at least every 30 seconds.

    The user hears nothing, and most clients have no timeout for it. Reasoning models may think that long.
    """

    code = "TIM007"
    name = "response-stalled"
    severity = Severity.INFO
    basis = "inferred"
    message = "{seconds} seconds without an event of the response in progress"
    evidence = "From practice; the vendor names no limit, and no recording with times was at hand."
    exceptions = "Responses that wait for a remote tool (MCP)."
    on = _RESPONSE_EVENTS
    since = "clock"
    depends = ("response_id",)
    symptoms = ("silence",)
    example = Example("text_turn", later("response.output_text.done", 40.0), clock=0.0)

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        return () if context.facts.time is None else self._judge(context, event, context.facts.time)

    def _judge(self, context: Context, event: Any, now: float) -> Iterator[Verdict]:
        facts = context.facts
        heard: dict[str, float] = context.memory(self.code, dict)
        since = max(facts.heard or 0.0, heard.get("time", 0.0)) if facts.heard is not None else None
        heard["time"] = now
        if since is None or now - since <= _SILENCE:
            return
        response = facts.responses.get(field(event, "response_id") or field(event, "response", "id") or "")
        items = response.output.values() if response is not None else ()
        if not any(id in facts.items and facts.items[id].type.startswith("mcp_") for id in items):
            yield Verdict({"seconds": round(now - since)})
