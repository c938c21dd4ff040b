"""IAB: the input audio buffer and the user's turns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, change, drop, repeat
from rtproto.rules.sessions import silence


class SpeechStoppedWithoutStart(Rule):
    """`speech_stopped` ends a speech that `speech_started` began.

    Clients stop playback and open a turn on the start; without it the bot talks over the user.
    """

    code = "IAB001"
    name = "speech-stopped-without-start"
    message = "speech stops that never started"
    evidence = (
        "The types say that the item_id of speech_started comes again in speech_stopped; 33 of 33 recorded "
        "turns."
    )
    exceptions = "The first stop of a recording that starts mid-session."
    symptoms = ("overlap",)
    example = Example("voice_turn", drop("input_audio_buffer.speech_started", 1))


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
    example = Example("voice_turn", repeat("input_audio_buffer.speech_started"))


class SpeechItemIdMismatch(Rule):
    """One turn has one item id: in `speech_started`, `speech_stopped`, `committed` and the user item.

    Clients that prepare the user's bubble at the start never fill it.
    """

    code = "IAB003"
    name = "speech-item-id-mismatch"
    message = "`{type}` names {actual}, the speech started as {started}"
    evidence = (
        "The types say that the item_id of speech_started comes again in speech_stopped; 33 of 33 recorded "
        "turns."
    )
    exceptions = "A commit by the client during the speech."
    symptoms = ("transcript", "history")
    example = Example("voice_turn", change("input_audio_buffer.speech_stopped", "item_id", "item_other"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict(
            {"actual": field(broken.event, "item_id"), "started": context.facts.speech_item},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1),
            # The commit under a wrong id promises an item that never comes.
            taints=tuple(filter(None, (context.engine.find("committed turn"),))),
        )


class SpeechStoppedNotCommitted(Rule):
    """With turn detection the end of speech is followed by the commit of the same item, before speech starts again.

    The user's words are lost.
    """

    code = "IAB007"
    name = "speech-stopped-not-committed"
    severity = Severity.WARNING
    message = "speech starts again, but the last speech was never committed"
    evidence = "The types say that speech_stopped is followed by the user item; 33 of 33 recorded turns."
    exceptions = "The client cleared the buffer."
    symptoms = ("silence", "transcript")
    example = Example("voice_turn", drop("input_audio_buffer.committed"))


class CommittedWithoutItem(Rule):
    """`input_audio_buffer.committed` is followed by the user item with its id.

    Without the item the turn is in nobody's history, and its transcript has nowhere to go.
    """

    code = "IAB008"
    name = "committed-without-item"
    message = "the committed item {item} was never added"
    evidence = (
        "The types say that an item of that id will be created; the very next event in 33 of 33 recorded "
        "turns."
    )
    exceptions = "At the end of a recording that simply stops: noted."
    symptoms = ("history", "transcript")
    example = Example("beta_voice_turn", drop("conversation.item.created"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        args = {"item": context.facts.committed_item or "?"}
        yield Verdict(args, entity=broken.entity, broken=broken, witnesses=history(broken, 1))

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        line, type, _ = entity.history[-1]
        yield Verdict(
            {"item": context.facts.committed_item or "?"},
            severity=Severity.INFO if cut else None,
            entity=entity,
            line=line,
            type=type,
        )


_MINIMUM_MS = 100


class CommitTooShort(Rule):
    """A commit needs at least 100 ms of audio appended since the last commit or clear.

    The server refuses it with `input_audio_buffer_commit_empty`; push-to-talk bots that commit on a short press, or
    twice, get no answer.
    """

    code = "IAB011"
    name = "commit-too-short"
    needs = "both"
    message = "the commit has {ms} ms of audio, {minimum} ms are needed"
    evidence = "The refusal names the 100 ms; 50 ms were refused and pure silence accepted in a live probe."
    exceptions = (
        "Server VAD commits by itself; WebRTC audio is not in the events; audio that the recorder cut."
    )
    on = ("input_audio_buffer.commit",)
    symptoms = ("refused", "silence")
    example = Example(
        "push_to_talk",
        change("input_audio_buffer.append", "audio", silence(20)),
        prepare=(drop("input_audio_buffer.append"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        rate = facts.bytes_per_ms("input")
        if (
            facts.mid_session
            or facts.turn_detection_on() is not False
            or facts.appended is None
            or rate is None
        ):
            return
        ms = facts.appended / rate
        if ms < _MINIMUM_MS:
            witnesses = (
                (Witness(facts.emptied_line, "input_audio_buffer.commit", "emptied the buffer", "client"),)
                if facts.emptied_line
                else ()
            )
            yield Verdict({"ms": round(ms), "minimum": _MINIMUM_MS}, witnesses=witnesses)
