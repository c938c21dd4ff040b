"""OAB: playback on WebRTC and SIP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.values import field
from rtproto.rules.base import NOTHING, Context, Rule, Verdict, history
from rtproto.rules.common import item_entity, unanswered
from rtproto.rules.examples import Example, at, drop, repeat, swap, upto


class StartedBeforeAudioPart(Rule):
    """Playback of a response starts after its audio part was added.

    Clients that show who is speaking have no message to point at.
    """

    code = "OAB001"
    name = "started-before-audio-part"
    partial = "seen"
    message = "playback starts, but no audio part of `{response}` was added yet"
    evidence = "The types say that it comes after the audio part; 11 of 11 in OpenAI WebRTC recordings."
    exceptions = "Responses that the recording met half-way."
    symptoms = ("crash",)
    on = ("output_audio_buffer.started",)
    example = Example(
        "webrtc_turn",
        swap("response.content_part.added"),
        found=at("output_audio_buffer.started"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        response_id = field(event, "response_id")
        response = context.facts.responses.get(response_id or "")
        entity = context.engine.find("response", (response_id,))
        if entity is not None and entity.met_halfway():
            return
        if response is None and (response_id is None or context.facts.mid_session):
            return
        if response is None or not response.audio_part:
            yield Verdict(
                {"response": response_id},
                # If the part is missing altogether, what streams in its item is the same fault.
                taints=()
                if entity is None
                else tuple(item for item in entity.children if item.state == "open"),
                witnesses=() if entity is None else history(entity, 1),
            )


class StartedTwice(Rule):
    """Playback of a response starts once, and not while another is played."""

    code = "OAB002"
    name = "started-twice"
    basis = "observed"
    message = "playback of this response {what}"
    evidence = (
        "One start a response in 23 of 23 recorded WebRTC responses, each after the end of the one before."
    )
    exceptions = (
        "A warning where another is played: nobody has recorded a response that was asked for during playback. "
        "Responses out of band."
    )
    on = ("output_audio_buffer.started",)
    symptoms = ("overlap",)
    example = Example(
        "webrtc_turn",
        repeat("output_audio_buffer.started"),
        because=(at("output_audio_buffer.started"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        what = "has started before"
        yield Verdict({"what": what}, entity=broken.entity, broken=broken, witnesses=history(broken))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        latest: dict[str, str | None] = context.memory(self.code, dict[str, str | None])
        facts, response_id = context.facts, field(event, "response_id")
        earlier, latest["started"] = latest.get("started"), response_id
        other = context.engine.find("output audio buffer", (earlier,))
        both = [response for id in (earlier, response_id) if (response := facts.responses.get(id or ""))]
        if other is None or other.state != "playing" or earlier == response_id:
            return NOTHING
        if any(response.outside for response in both):
            return NOTHING
        verdict = Verdict(
            {"what": f"starts while `{earlier}` is played"},
            severity=Severity.WARNING,
            entity=context.entity,
            # What is played over may never be told to end.
            taints=(other,),
            witnesses=history(other, 1),
        )
        return (verdict,)


class StopWithoutStart(Rule):
    """Playback that stops or is cleared has started, and ends once.

    Clients move the mouth by these events; an end without a start leaves the state machine of the avatar behind.
    """

    code = "OAB003"
    name = "stop-without-start"
    basis = "observed"
    partial = "seen"
    message = "`{type}` without playback going on"
    evidence = "8 starts made 5 cleared and 3 stopped in a beta WebRTC log, 12 made 6 and 6 in another."
    exceptions = "`cleared` that answers a client's clear with nothing playing. Mid-session."
    symptoms = ("overlap",)
    example = Example(
        "webrtc_turn",
        drop("output_audio_buffer.started"),
        found=at("output_audio_buffer.stopped"),
    )


class StoppedBeforeResponseDone(Rule):
    """Playback that plays out stops after `response.done`.

    Clients that listen again at the stop hear the rest of the answer.
    """

    code = "OAB004"
    name = "stopped-before-response-done"
    partial = "seen"
    message = "playback stops, but `{response}` is not done"
    evidence = (
        "The types say that it comes after the full response data, response.done, was sent; 4 of 4 in OpenAI "
        "WebRTC recordings."
    )
    exceptions = "Playback that is cleared may end before. Responses that the recording met half-way."
    symptoms = ("overlap",)
    on = ("output_audio_buffer.stopped",)
    example = Example(
        "webrtc_turn",
        swap("response.done"),
        found=at("output_audio_buffer.stopped"),
        because=(at("output_audio_buffer.started"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        response_id = field(event, "response_id")
        response = context.facts.responses.get(response_id or "")
        entity = context.engine.find("response", (response_id,))
        if response is not None and not response.done and entity is not None and not entity.met_halfway():
            yield Verdict({"response": response_id}, witnesses=history(entity, 1))


class ClearedWithoutCause(Rule):
    """Playback is cut off because the user speaks, or because the client asks.

    The user misses the rest of an answer that nobody interrupted.
    """

    code = "OAB005"
    name = "cleared-without-cause"
    severity = Severity.WARNING
    needs = "both"
    partial = "seen"
    message = "nobody spoke, and the client asked for no clear"
    evidence = "The types list these two causes; 6 of 6 in a beta WebRTC log follow speech_started."
    exceptions = "Recordings without the client's side, and playback that the recording met half-way."
    symptoms = ("words",)
    on = ("output_audio_buffer.cleared",)
    example = Example(
        "webrtc_hang_up",
        drop("output_audio_buffer.clear"),
        found=at("output_audio_buffer.cleared"),
        because=(at("output_audio_buffer.started"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if not context.both_directions or facts.mid_session:
            return
        if not facts.output_clears and not facts.hears_turn(context.line):
            yield Verdict()


class ClearUnanswered(Rule):
    """A clear of what is playing is answered by `output_audio_buffer.cleared`.

    The bot talks on although the user pressed stop.
    """

    code = "OAB006"
    name = "clear-unanswered"
    severity = Severity.WARNING
    needs = "both"
    partial = "open"
    message = "the server never answered the request to clear the playback"
    evidence = "The types say that the server emits cleared."
    exceptions = "A clear with nothing playing. At the recording's end: noted."
    symptoms = ("overlap",)
    on = ("output_audio_buffer.clear",)
    example = Example(
        "webrtc_hang_up",
        drop("output_audio_buffer.cleared"),
        cut=False,
        found=at("output_audio_buffer.clear"),
        because=(at("output_audio_buffer.started"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if any(_playing(context)):
            context.memory(self.code, set).add(context.line)
        return iter(())

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        while_playing = context.memory(self.code, set)
        for verdict in unanswered(context, "output_audio_buffer.clear", cut):
            if verdict.line in while_playing:
                yield verdict


def _playing(context: Context) -> Iterator[Entity]:
    """The playbacks that are going on."""
    return (
        entity
        for entity in context.engine.entities["output audio buffer"].values()
        if entity.state == "playing"
    )


class ClearWithoutCancel(Rule):
    """A client that clears the playback of a response in progress cancels the response first.

    The model goes on generating, and what it says next plays all the same.
    """

    code = "OAB007"
    name = "clear-without-cancel"
    severity = Severity.WARNING
    needs = "both"
    message = "the playback is cleared while `{response}` goes on"
    evidence = "The types say that response.cancel should come before it."
    exceptions = "A user who speaks: turn detection cancels by itself."
    symptoms = ("overlap",)
    on = ("output_audio_buffer.clear",)
    example = Example(
        "webrtc_hang_up",
        swap("response.cancel"),
        found=at("output_audio_buffer.clear"),
        because=(at("response.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if facts.current_response is None or facts.hears_turn(context.line):
            return
        if next(facts.ledger.pending("response.cancel"), None) is None:
            response = context.engine.find("response", (facts.current_response,))
            yield Verdict(
                {"response": facts.current_response},
                witnesses=history(response, 1) if response is not None else (),
            )


class BufferNeverClosed(Rule):
    """Playback that started is stopped or cleared.

    Clients that wait for the end to listen again stay deaf.
    """

    code = "OAB008"
    name = "buffer-never-closed"
    severity = Severity.INFO
    basis = "observed"
    partial = "open"
    message = "the playback never ends"
    evidence = (
        "8 starts, 8 ends in a beta WebRTC log, 12 and 12 in another; a public dump of a session ends "
        "without."
    )
    exceptions = "A recording that stops while the bot is talking."
    symptoms = ("silence",)
    example = Example(
        "webrtc_turn",
        drop("output_audio_buffer.stopped"),
        found=at("output_audio_buffer.started"),
        noted=True,
    )

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        line, type, _ = entity.history[-1]
        yield Verdict(entity=entity, line=line, type=type)


class TruncatedNotAfterCleared(Rule):
    """On WebRTC the server first clears the playback and then truncates the item.

    Clients that take the time of the cut from the cleared playback compute with the one before.
    """

    code = "OAB009"
    name = "truncated-not-after-cleared"
    severity = Severity.INFO
    basis = "observed"
    message = "the item is truncated, but the playback of `{response}` was not cleared"
    evidence = "6 of 6 interruptions in a beta WebRTC log."
    exceptions = "A truncation that the client asked for."
    symptoms = ("history",)
    on = ("conversation.item.truncated",)
    example = Example(
        "webrtc_barge_in",
        drop("output_audio_buffer.cleared"),
        prepare=(upto("input_audio_buffer.committed"),),
        found=at("conversation.item.truncated"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        known = facts.items.get(field(event, "item_id") or "")
        if known is None or facts.ledger.answered_by(event) is not None:
            return
        playback = context.engine.find("output audio buffer", (known.response_id,))
        if (
            playback is None
            or playback.unseen
            or playback.met_halfway()
            or playback.history[-1][2] == "cleared"
        ):
            return
        line, type, _ = playback.history[-1]
        yield Verdict(
            {"response": known.response_id},
            entity=item_entity(context, known.id),
            witnesses=(Witness(line, type, "was the last of the playback"),),
        )
