"""IAB: turn detection does what the session is set to, and the idle timeout and the keys what they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.common import item_entity
from rtproto.rules.examples import Example, after, at, change, drop, swap


class VadEventWhileVadOff(Rule):
    """With turn detection off the server reports no speech.

    Clients stop playback and open turns although the user has not pressed the key.
    """

    code = "IAB013"
    name = "vad-event-while-vad-off"
    message = "`{type}` although turn detection is off"
    evidence = "The types tie these events to turn detection; the vendor's live tests see none without it."
    exceptions = (
        "What was on its way when it was switched off: a second, or ten events, after session.updated."
    )
    symptoms = ("overlap", "config")
    on = (
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.timeout_triggered",
    )
    example = Example(
        "push_to_talk",
        after(
            "response.done",
            "server",
            {
                "type": "input_audio_buffer.speech_started",
                "event_id": "event_speech",
                "audio_start_ms": 100,
                "item_id": "item_u2",
            },
        ),
        because=(at("session.updated"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if facts.turn_detection_on() is False and not facts.just_changed(context.line):
            yield Verdict(witnesses=_configured(context, "switched turn detection off"))


def _configured(context: Context, note: str) -> tuple[Witness, ...]:
    return (Witness(context.facts.session_line, context.facts.session_type, note),)


class TimeoutWithoutConfig(Rule):
    """GA: the idle timeout fires only with `server_vad` and an `idle_timeout_ms`.

    The bot starts talking into a silence that it was told to bear.
    """

    code = "IAB016"
    name = "timeout-without-config"
    dialects = ("ga",)
    message = "the idle timeout fires although {what}"
    evidence = "The types say that the idle timeout is supported for server_vad only."
    exceptions = "A configuration that has only just changed. With turn detection off it is IAB013."
    symptoms = ("overlap", "config")
    on = ("input_audio_buffer.timeout_triggered",)
    example = Example(
        "idle_timeout",
        change("session.created", "session.audio.input.turn_detection.idle_timeout_ms", None),
        found=at("input_audio_buffer.timeout_triggered"),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        detection = facts.detection
        if detection is None or detection is UNSET or facts.just_changed(context.line):
            return
        what = ""
        if tag_of(detection) != "server_vad":
            what = "turn detection is semantic_vad" if tag_of(detection) == "semantic_vad" else ""
        elif field(detection, "idle_timeout_ms") is None:
            what = "no idle_timeout_ms is set"
        if what:
            yield Verdict({"what": what}, witnesses=_configured(context, "showed the configuration"))


class TimeoutNotFollowedByTurn(Rule):
    """GA: after `timeout_triggered` the empty turn is committed, becomes an item and is responded to.

    Clients that prepare for the bot's nudge wait for ever.
    """

    code = "IAB017"
    name = "timeout-not-followed-by-turn"
    severity = Severity.WARNING
    dialects = ("ga",)
    partial = "open"
    message = "the idle timeout {what}"
    evidence = (
        "The types say that the empty audio is committed as an item and that the model is prompted to "
        "respond."
    )
    exceptions = (
        "A user who speaks up. Whether create_response false holds the response back is not documented. At "
        "the recording's end: noted."
    )
    symptoms = ("silence",)
    example = Example(
        "idle_timeout",
        drop("input_audio_buffer.committed", 1),
        found=at("response.created", 1),
        because=(at("input_audio_buffer.timeout_triggered"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict(
            {"what": _MISSING[broken.state]},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1),
        )

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        if entity.state == "added" and not context.facts.answers_by_itself():
            return
        line, type, _ = entity.history[-1]
        yield Verdict(
            {"what": _MISSING[entity.state]},
            severity=Severity.INFO if cut else None,
            entity=entity,
            line=line,
            type=type,
        )


_MISSING = {
    "triggered": "was not followed by the commit of its empty turn",
    "committed": "was followed by a commit without an item",
    "added": "was not followed by a response",
}


_SPREAD = 0.25


class TimeoutSpanImplausible(Rule):
    """GA: the silence that an idle timeout reports is about as long as the configured timeout.

    The timeout that was asked for is not the one that is applied.
    """

    code = "IAB018"
    name = "timeout-span-implausible"
    severity = Severity.INFO
    dialects = ("ga",)
    message = "the silence lasts {span} ms, the timeout is {timeout} ms"
    evidence = (
        "The types say that the span roughly matches the configured timeout; 25 % are taken for roughly."
    )
    exceptions = "A configuration that has only just changed."
    symptoms = ("config",)
    on = ("input_audio_buffer.timeout_triggered",)
    example = Example("idle_timeout", change("input_audio_buffer.timeout_triggered", "audio_end_ms", 3000))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        start, end = field(event, "audio_start_ms"), field(event, "audio_end_ms")
        timeout = field(context.facts.detection, "idle_timeout_ms")
        if None in (start, end, timeout) or context.facts.just_changed(context.line):
            return
        span = end - start
        if span < 0 or abs(span - timeout) > _SPREAD * timeout:
            yield Verdict({"span": span, "timeout": timeout})


class TimeoutDuringSpeechOrResponse(Rule):
    """GA: the idle timeout fires in silence: nobody speaks and no response is in progress.

    The bot interrupts its user, or itself, to ask whether anyone is there.
    """

    code = "IAB019"
    name = "timeout-during-speech-or-response"
    severity = Severity.WARNING
    dialects = ("ga",)
    message = "the idle timeout fires while {what}"
    evidence = "The types say that the timeout runs from the end of the last response's playback."
    symptoms = ("overlap",)
    example = Example(
        "idle_timeout",
        swap("response.done"),
        found=at("input_audio_buffer.timeout_triggered"),
        because=(at("response.created"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        what = (
            "a response is in progress" if broken.machine.name == "conversation" else "the user is speaking"
        )
        yield Verdict(
            {"what": what},
            entity=item_entity(context, field(broken.event, "item_id")),
            broken=broken,
            witnesses=history(broken, 1),
            # Where the response's end is what is missing, the next response is the same fault.
            taints=(broken.entity,),
        )


class InterruptedAlthoughDisabled(Rule):
    """Without `interrupt_response`, or without turn detection, no response is cut by the user's speech.

    A cough ends the announcement that was to be read out in full.
    """

    code = "IAB022"
    name = "interrupted-although-disabled"
    message = "the response was cut by the user's speech although {what}"
    evidence = "The types say that without interrupt_response the response continues until it is complete."
    exceptions = "A configuration that has only just changed."
    symptoms = ("config", "words")
    on = ("response.done",)
    reads = ("response.status_details",)
    example = Example(
        "barge_in",
        change("session.created", "session.audio.input.turn_detection.interrupt_response", False),
        prepare=(drop("session.update"), drop("session.updated")),
        found=at("response.done"),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if field(event, "response", "status_details", "reason") != "turn_detected":
            return
        if facts.just_changed(context.line):
            return
        what = ""
        if facts.turn_detection_on() is False:
            what = "turn detection is off"
        elif field(facts.detection, "interrupt_response") is False:
            what = "interrupt_response is false"
        if what:
            yield Verdict({"what": what}, witnesses=_configured(context, "showed the configuration"))


_KEY = re.compile("[0-9*#A-D]")


class DtmfValue(Rule):
    """GA: a key of the telephone is one of 0 to 9, `*`, `#` and A to D, pressed at a time since 1970.

    Menus that are driven by keys take the wrong branch.
    """

    code = "IAB024"
    name = "dtmf-value"
    dialects = ("ga",)
    message = "{what}"
    evidence = "The types list the keys and call received_at a Unix timestamp."
    symptoms = ("crash",)
    on = ("input_audio_buffer.dtmf_event_received",)
    example = Example(
        "webrtc_turn",
        change("input_audio_buffer.dtmf_event_received", "event", "10"),
        prepare=(
            after(
                "response.done",
                "server",
                {
                    "type": "input_audio_buffer.dtmf_event_received",
                    "event": "9",
                    "received_at": 1763805142,
                },
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        key, at = field(event, "event"), field(event, "received_at")
        if key is not None and _KEY.fullmatch(key) is None:
            yield Verdict({"what": f"there is no key {key!r}"})
        elif at is not None and at <= 0:
            yield Verdict({"what": f"received_at is {at}, no time since 1970"})
