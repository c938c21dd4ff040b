"""IAB: the user's turns, as turn detection sees them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict, history
from rtproto.rules.common import item_entity
from rtproto.rules.examples import Example, at, change, drop, repeat, swap


class SpeechStoppedWithoutStart(Rule):
    """`speech_stopped` ends a speech that `speech_started` began.

    Clients stop playback and open a turn on the start; without it the bot talks over the user.
    """

    code = "IAB001"
    name = "speech-stopped-without-start"
    partial = "seen"
    message = "speech stops that never started"
    evidence = (
        "The types say that the item_id of speech_started comes again in speech_stopped; 33 of 33 recorded "
        "turns."
    )
    exceptions = (
        "The first stop of a recording that starts mid-session. A user who speaks on after the client committed by "
        "hand."
    )
    symptoms = ("overlap",)
    example = Example(
        "voice_turn",
        drop("input_audio_buffer.speech_started", 1),
        found=at("input_audio_buffer.speech_stopped", 1),
    )


class SpeechStartedNested(Rule):
    """Speech starts only when none is going on."""

    code = "IAB002"
    name = "speech-started-nested"
    message = "speech starts while speech is going on"
    evidence = (
        "The types say it can start at any time unless speech is already detected; 33 of 33 recorded turns."
    )
    exceptions = "A commit by the client or a clear ends the speech."
    symptoms = ("overlap",)
    example = Example(
        "voice_turn",
        repeat("input_audio_buffer.speech_started"),
        because=(at("input_audio_buffer.speech_started"),),
    )


class SpeechItemIdMismatch(Rule):
    """One turn has one item id: in `speech_started`, `speech_stopped`, `committed` and the user item.

    Clients that prepare the user's bubble at the start never fill it.
    """

    code = "IAB003"
    name = "speech-item-id-mismatch"
    message = "`{type}` names {actual}, the turn is {started}"
    evidence = (
        "The types say that the item_id of speech_started comes again in speech_stopped; 33 of 33 recorded "
        "turns."
    )
    exceptions = "A commit by the client during the speech."
    symptoms = ("transcript", "history")
    example = Example(
        "voice_turn",
        change("input_audio_buffer.speech_stopped", "item_id", "item_other"),
        because=(at("input_audio_buffer.speech_started"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        added = field(broken.event, "item", "id")
        promised = context.facts.committed_item if added else context.facts.hearing.item
        yield Verdict(
            {"actual": added or field(broken.event, "item_id"), "started": promised},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1),
            # The commit under a wrong id promises an item that never comes, and nobody asked for the one that came.
            taints=tuple(
                filter(
                    None,
                    (context.engine.find("committed turn"), item_entity(context, added) if added else None),
                )
            ),
        )


class SpeechStoppedNotCommitted(Rule):
    """With turn detection the end of speech is followed by the commit of the same item, before speech starts again.

    The user's words are lost, or clients that open the turn at the commit wait for ever.
    """

    code = "IAB007"
    name = "speech-stopped-not-committed"
    severity = Severity.WARNING
    partial = "open"
    message = "{what}"
    evidence = "The types say that speech_stopped is followed by the user item; 33 of 33 recorded turns."
    exceptions = (
        "The client cleared the buffer. At the recording's end: noted, unless a response has streamed since, or 20 "
        "seconds have gone by."
    )
    ending = True
    symptoms = ("transcript", "silence")
    example = Example(
        "voice_turn",
        drop("input_audio_buffer.committed"),
        found=at("input_audio_buffer.speech_started", 1),
        because=(at("input_audio_buffer.speech_stopped"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        what = "speech starts again, but the last speech was never committed"
        yield Verdict({"what": what}, entity=broken.entity, broken=broken, witnesses=history(broken))

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        facts = context.facts
        line, type, _ = entity.history[-1]
        later = [r for r in facts.responses.values() if r.line > line and r.output]
        certain = later or not cut or facts.waited(facts.hearing.stop_time)
        yield Verdict(
            {"what": "the speech was never committed"},
            severity=None if certain else Severity.INFO,
            entity=entity,
            line=line,
            type=type,
            witnesses=tuple(Witness(r.line, "response.created", "started a response") for r in later[:1]),
        )


class VadTurnOrder(Rule):
    """A turn that the server detects goes its way in order: stopped, committed, item, response.

    Clients that attach the answer to the turn, or the item to the commit, attach it to the turn before.
    """

    code = "IAB020"
    name = "vad-turn-order"
    severity = Severity.WARNING
    basis = "observed"
    partial = "seen"
    message = "the commit comes {what}"
    evidence = "Azure documents the order; 16 of 16 turns in OpenAI and Azure recordings."
    exceptions = (
        "Transcription runs beside it; emulators and xAI start the response first. A commit that the client asked for, "
        "or may have; one of a turn that the client cleared, or that an idle timeout made."
    )
    on = ("input_audio_buffer.committed",)
    symptoms = ("history",)
    example = Example(
        "voice_turn",
        swap("input_audio_buffer.committed"),
        found=at("conversation.item.added"),
        also=(at("input_audio_buffer.committed"),),
        because=(at("input_audio_buffer.speech_stopped"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        if broken.state == "speaking":
            what = "before the speech has stopped"
            yield Verdict({"what": what}, entity=broken.entity, broken=broken, witnesses=history(broken, 1))
            return
        item = context.facts.items.get(field(broken.event, "item_id") or "")
        yield Verdict(
            {"what": f"after the {'response' if item is None else 'item'} of its turn"},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1)
            if item is None
            else (Witness(item.line, item.announced_by, "added the item"),),
        )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts, buffer = context.facts, context.engine.find("input audio buffer")
        line, _, moved = buffer.history[-1] if buffer is not None and buffer.history else (0, "", "")
        # It ends a turn, or one that was cleared or left meanwhile, or comes again before the item of the last one.
        if (
            line == context.line
            or moved in ("cleared", "detection switched")
            or facts.committed_item is not None
        ):
            return NOTHING
        if not facts.turn_detection_on() or facts.idle_item is not None or not facts.commits_by_itself(event):
            return NOTHING
        return (Verdict({"what": "without any speech"}, entity=buffer),)


class InterruptIgnored(Rule):
    """With `interrupt_response` a response ends when the user starts to speak.

    The bot goes on talking over the user.
    """

    code = "IAB021"
    name = "interrupt-ignored"
    severity = Severity.WARNING
    partial = "open"
    message = "`{response}` is still in progress, a whole turn after the user interrupted it"
    evidence = "The types say that with interrupt_response the response is cancelled when speech starts."
    exceptions = (
        "A response that completes before the turn is over; out-of-band responses; a changed configuration."
    )
    symptoms = ("overlap",)
    on = ("input_audio_buffer.speech_started", "input_audio_buffer.committed")
    example = Example(
        "late_interruption",
        swap("response.output_item.done"),
        found=at("input_audio_buffer.committed", 1),
        because=(
            at("response.created"),
            at("input_audio_buffer.speech_started", 1),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        interrupted: dict[str, tuple[str, int]] = context.memory(self.code, dict)
        item_id = field(event, "item_id")
        if context.type.endswith("speech_started"):
            interrupted.clear()
            if facts.current_response and field(facts.detection, "interrupt_response") is True:
                interrupted[item_id] = facts.current_response, context.line
            return
        response_id, line = interrupted.pop(item_id, ("", 0))
        response = facts.responses.get(response_id)
        # Where all items are complete, nothing is said any more, and only `response.done` is late.
        if response is None or response_id != facts.current_response or not response.open_items:
            return
        # A second response that starts now is the same fault.
        conversation = context.engine.find("conversation")
        yield Verdict(
            {"response": response_id},
            entity=context.engine.find("response", (response_id,)),
            taints=() if conversation is None else (conversation,),
            witnesses=(Witness(line, "input_audio_buffer.speech_started", "interrupted the response"),),
        )


_AT_ONCE_MS = 1000
_Turn = tuple[int, int, float | None]
"""A turn that was committed: its line, the end of its speech in ms of audio, and the second at that line."""


class VadResponseMissing(Rule):
    """With `create_response` a turn that the server detects gets a response before the next turn is committed.

    The bot leaves the user without an answer.
    """

    code = "IAB023"
    name = "vad-response-missing"
    severity = Severity.INFO
    partial = "open"
    message = "the turn {item} got no response"
    evidence = "The types say that with create_response a response starts when turn detection ends the turn."
    exceptions = (
        "A user who speaks on within a second; a response that was in progress; an error in between; "
        "transcription sessions."
    )
    ending = True
    symptoms = ("silence",)
    on = ("input_audio_buffer.speech_started", "input_audio_buffer.committed", "response.created", "error")
    since = "commit"
    example = Example(
        "answered_on_demand",
        change("session.created", "session.audio.input.turn_detection.create_response", True),
        found=at("input_audio_buffer.committed", 1),
        also=(at("input_audio_buffer.committed"),),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        waiting: dict[str, _Turn] = context.memory(self.code, dict)
        if context.type == "input_audio_buffer.committed":
            yield from self._verdicts(waiting)
            item_id = field(event, "item_id")
            stopped = facts.hearing.stopped
            if (
                stopped is not None
                and stopped.item == item_id
                and facts.current_response is None
                and tag_of(facts.session) != "transcription"
                and field(facts.detection, "create_response") is True
            ):
                waiting[item_id] = context.line, stopped.ms, facts.time
        elif context.type == "input_audio_buffer.speech_started":
            ms = field(event, "audio_start_ms")
            if ms is None or any(ms - ended < _AT_ONCE_MS for _, ended, _ in waiting.values()):
                waiting.clear()
        else:
            waiting.clear()

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        waiting: dict[str, _Turn] = context.memory(self.code, dict)
        if not cut or any(context.facts.waited(since) for _, _, since in waiting.values()):
            yield from self._verdicts(waiting)

    def _verdicts(self, waiting: dict[str, _Turn]) -> Iterator[Verdict]:
        for item_id, (line, _, _) in waiting.items():
            yield Verdict({"item": item_id}, line=line, type="input_audio_buffer.committed")
        waiting.clear()
