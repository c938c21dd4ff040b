"""TRU: truncation of what was not played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Entity
from rtproto.protocol.records import Item
from rtproto.protocol.values import field, listed, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.common import asked_at, blamed, item_entity, unanswered
from rtproto.rules.examples import Example, after, at, before, change, drop

_TOLERANCE_MS = 100
_REQUEST = "conversation.item.truncate"
_CUT_OFF = after(
    "response.done",
    "client",
    {"type": _REQUEST, "item_id": "item_a2", "content_index": 0, "audio_end_ms": 100},
    nth=1,
)
"""The client truncates the second answer of a session, as it may."""


def _part(event: Any) -> tuple[str, int]:
    """The content part that a truncation is about."""
    return field(event, "item_id") or "", field(event, "content_index") or 0


def _cut_item(context: Context, event: Any) -> Entity | None:
    """The entity that a truncation is about: the item, or its audio where that is what broke a rule."""
    stream = context.facts.output_audio.get(_part(event))
    return blamed(item_entity(context, field(event, "item_id")), stream)


class TruncatedDisagreesWithRequest(Rule):
    """`conversation.item.truncated` repeats what the client asked for: the item, the part and the time.

    What the model believes the user heard is not what the user heard.
    """

    code = "TRU001"
    name = "truncated-disagrees-with-request"
    needs = "both"
    message = "{what}"
    evidence = "The types say that truncated answers a successful request, and describe its members alike."
    exceptions = (
        "WebRTC and SIP, where the server truncates by itself; a request that an error may have refused "
        "before the server cut elsewhere, as seen live. An unanswered request is a warning, at the "
        "recording's end a note."
    )
    symptoms = ("history",)
    on = ("conversation.item.truncated",)
    example = Example(
        "barge_in",
        change("conversation.item.truncated", "audio_end_ms", 500),
        because=(at("conversation.item.truncate"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        request = facts.ledger.answered_by(event)
        if request is None or facts.ledger.doubts(request) or facts.playback.on_media_track:
            return
        for name in ("content_index", "audio_end_ms"):
            asked, actual = field(request.event, name), field(event, name)
            if None not in (asked, actual) and asked != actual:
                yield Verdict(
                    {"what": f"{name} is {actual}, the client asked for {asked}"},
                    entity=_cut_item(context, event),
                    witnesses=asked_at(request, "asked for the truncation"),
                )
                return

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        for verdict in unanswered(context, _REQUEST, cut):
            item = _cut_item(context, verdict.event)
            yield Verdict(
                {"what": "the server never answered the request to truncate"},
                severity=verdict.severity,
                line=verdict.line,
                type=verdict.type,
                event=verdict.event,
                direction=verdict.direction,
                entity=item if item is not None and item.root_taint() is not None else None,
            )


class TruncatedWithoutRequest(Rule):
    """On a WebSocket nothing is truncated unless the client asks.

    Only the client knows there what was played; the model forgets words that the user heard.
    """

    code = "TRU002"
    name = "truncated-without-request"
    needs = "both"
    partial = "start"
    message = "the client never asked to truncate the item"
    evidence = "The guide leaves truncation to the client on WebSocket, and to the server on WebRTC and SIP."
    exceptions = "WebRTC and SIP; Azure's auto_truncate; other writers on the session."
    symptoms = ("history",)
    on = ("conversation.item.truncated",)
    example = Example(
        "barge_in",
        drop(_REQUEST),
        found=at("conversation.item.truncated"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if not context.both_directions or facts.mid_session or facts.playback.on_media_track:
            return
        # Audio in the events is what shows the WebSocket.
        if _part(event) in facts.output_audio and facts.ledger.unasked(event):
            yield Verdict(entity=_cut_item(context, event))


class TruncateBeyondAudio(Rule):
    """`conversation.item.truncate` ends within the audio that was streamed.

    The server refuses it ("already shorter than"), so the model believes that the user heard everything. Clients that
    count their own playback clock overshoot steadily.
    """

    code = "TRU003"
    name = "truncate-beyond-audio"
    needs = "both"
    partial = "seen"
    message = "audio_end_ms is {end}, but only {streamed} ms were streamed"
    evidence = (
        "The types say that an audio_end_ms beyond the audio is an error; the server counts about 85 ms less "
        "than the bytes it sent (pipecat issue 2106)."
    )
    exceptions = (
        "Up to 100 ms beyond is a warning. WebRTC has no audio in its events; audio that the recorder cut."
    )
    symptoms = ("refused", "history")
    on = ("conversation.item.truncate",)
    example = Example(
        "barge_in",
        change("conversation.item.truncate", "audio_end_ms", 1600),
        because=(at("response.output_audio.delta", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        stream, rate = facts.output_audio.get(_part(event)), facts.playback.rates.get(_part(event))
        end = field(event, "audio_end_ms")
        if stream is None or stream.size is None or stream.met_halfway() or rate is None or end is None:
            return
        streamed = stream.size / rate
        if end > streamed:
            yield Verdict(
                {"end": end, "streamed": round(streamed)},
                severity=Severity.WARNING if end <= streamed + _TOLERANCE_MS else None,
                entity=stream,
                taints=tuple(filter(None, (item_entity(context, field(event, "item_id")),))),
                witnesses=tuple(
                    Witness(line, type, "began the audio") for line, type, _ in stream.history[:1]
                ),
            )


def _is_written(context: Context, item: Item) -> bool:
    """Whether a message is known to hold nothing but text: as it was created, or once it is done."""
    if not item.parts or not {"text", "output_text"}.issuperset(item.parts):
        return False
    return not any((item.id, index) in context.facts.output_audio for index in range(len(item.parts)))


class TruncateNonAssistant(Rule):
    """Only what the assistant said aloud can be truncated.

    The server refuses it; clients that keep the last item's id truncate the user's own turn.
    """

    code = "TRU004"
    name = "truncate-non-assistant"
    needs = "any"
    partial = "seen"
    message = "{kind} cannot be truncated"
    evidence = (
        "The types say that only assistant messages can be truncated; the refusal, unsupported_content_type, says that "
        "it takes the model's audio."
    )
    exceptions = "A written message is judged once it is done, and where the client asks."
    symptoms = ("refused", "history")
    on = (_REQUEST, "conversation.item.truncated")
    example = Example(
        "voice_turn",
        change(_REQUEST, "item_id", "item_u2"),
        prepare=(_CUT_OFF,),
        because=(at("conversation.item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        known = context.facts.items.get(field(event, "item_id") or "")
        if known is None or not known.type:
            return
        if (known.type, known.role) == ("message", "assistant"):
            if context.direction == "server" or not _is_written(context, known):
                return
            kind = "an assistant message without audio"
        else:
            kind = f"a {known.role} message" if known.type == "message" else f"a {known.type} item"
        yield Verdict(
            {"kind": kind},
            entity=item_entity(context, known.id),
            witnesses=(Witness(known.line, known.announced_by, "announced the item"),),
        )


class TruncateContentIndex(Rule):
    """A truncation names the part that holds the audio, which is the first.

    The server refuses it, or cuts what was not played at all.
    """

    code = "TRU005"
    name = "truncate-content-index"
    severity = Severity.WARNING
    needs = "client"
    message = "content_index {index} is no part that spoke"
    evidence = "The types say to set content_index to 0."
    exceptions = "A later part of which audio was streamed."
    symptoms = ("refused",)
    on = (_REQUEST,)
    example = Example(
        "voice_turn",
        change(_REQUEST, "content_index", 1),
        prepare=(_CUT_OFF,),
        because=(at("response.content_part.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        index = field(event, "content_index")
        if index and _part(event) not in context.facts.output_audio:
            yield Verdict({"index": index}, entity=_cut_item(context, event))


class TruncateBeforeAnyAudio(Rule):
    """An item is truncated when it has streamed audio.

    The server refuses it (`unsupported_content_type`), and the client takes the item for truncated.
    """

    code = "TRU006"
    name = "truncate-before-any-audio"
    severity = Severity.WARNING
    basis = "observed"
    needs = "both"
    partial = "seen"
    message = "the item has streamed no audio yet"
    evidence = "Refused with unsupported_content_type in production (livekit issues 6158 and 6249)."
    exceptions = "WebRTC and SIP, where audio is no event and the server itself may truncate at 0."
    symptoms = ("refused",)
    on = (_REQUEST,)
    example = Example(
        "barge_in",
        before(
            "response.output_audio.delta",
            "client",
            {"type": _REQUEST, "item_id": "item_a1", "content_index": 0, "audio_end_ms": 0},
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        item_id = field(event, "item_id")
        known = facts.items.get(item_id or "")
        if (
            not context.both_directions
            or facts.playback.on_media_track
            or known is None
            or known.role != "assistant"
            or _is_written(context, known)  # which TRU004 tells
        ):
            return
        # Audio in the events, in either direction, is what shows the WebSocket.
        in_events = bool(facts.output_audio) or facts.written() != 0
        generated = context.engine.find("output item", (item_id,))
        if not in_events or field(event, "content_index") or generated is None or generated.met_halfway():
            return
        if _part(event) not in facts.output_audio:
            yield Verdict(
                entity=_cut_item(context, event),
                witnesses=(Witness(known.line, known.announced_by, "announced the item"),),
            )


class TruncateExtends(Rule):
    """A part that was truncated is only ever truncated further.

    What was cut off cannot come back; the server refuses it ("already shorter than").
    """

    code = "TRU007"
    name = "truncate-extends"
    severity = Severity.WARNING
    needs = "any"
    message = "audio_end_ms is {end}, but the part was truncated to {cut} ms before"
    evidence = "The server's refusal says that the audio is already shorter than the end that is asked for."
    symptoms = ("refused",)
    on = (_REQUEST, "conversation.item.truncated")
    example = Example(
        "barge_in",
        after(
            "conversation.item.truncated",
            "client",
            {"type": _REQUEST, "item_id": "item_a1", "content_index": 0, "audio_end_ms": 700},
        ),
        because=(at("conversation.item.truncated"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        earlier = context.facts.playback.cuts.get(_part(event))
        end = field(event, "audio_end_ms")
        if earlier is None or end is None or end <= earlier.ms:
            return
        if context.direction == "server" and earlier.direction == "client":
            # What the server did against what the client asked is TRU001.
            return
        type = _REQUEST if earlier.direction == "client" else "conversation.item.truncated"
        yield Verdict(
            {"end": end, "cut": earlier.ms},
            entity=_cut_item(context, event),
            witnesses=(Witness(earlier.line, type, "truncated the part", earlier.direction),),
        )


class OutputAfterTruncated(Rule):
    """Nothing more is streamed of a part that was truncated.

    The bot says aloud what the model has forgotten.
    """

    code = "TRU008"
    name = "output-after-truncated"
    severity = Severity.WARNING
    basis = "inferred"
    message = "{ms} ms of audio were streamed after the item was truncated"
    evidence = (
        "The types say that truncation removes what follows the cut; in recordings truncated comes after the "
        "audio."
    )
    exceptions = "What was on its way: a second, or ten events."
    symptoms = ("overlap", "words")
    on = ("response.audio.done", "response.output_audio.done")
    example = Example(
        "long_answer",
        after(
            _REQUEST,
            "server",
            {
                "type": "conversation.item.truncated",
                "event_id": "event_cut",
                "item_id": "item_a1",
                "content_index": 0,
                "audio_end_ms": 200,
            },
        ),
        prepare=(drop("conversation.item.truncated"),),
        found=at("response.output_audio.done"),
        also=(
            at("response.output_audio_transcript.delta", 2),
            at("response.output_audio.delta", 2),
        ),
        because=(at("conversation.item.truncated"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        cut, stream = facts.playback.cuts.get(_part(event)), facts.output_audio.get(_part(event))
        rate = facts.playback.rates.get(_part(event))
        if cut is None or cut.direction == "client" or stream is None or rate is None:
            return
        if cut.size is None or stream.size is None or facts.just_changed(context.line, cut.line, cut.time):
            return
        if stream.size > cut.size:
            yield Verdict(
                {"ms": round((stream.size - cut.size) / rate)},
                entity=_cut_item(context, event),
                witnesses=(Witness(cut.line, "conversation.item.truncated", "truncated the item"),),
            )


class BargeInNotTruncated(Rule):
    """On a WebSocket the client truncates an answer that the user cut short.

    The model believes that the user heard all of it.
    """

    code = "TRU009"
    name = "barge-in-not-truncated"
    severity = Severity.INFO
    needs = "both"
    partial = "open"
    message = "the response was cut short after {ms} ms of audio, and {item} was never truncated"
    evidence = "The types recommend the request for interruptions, to cut what was sent but not yet played."
    exceptions = (
        "A client that had played it all; responses out of band; WebRTC and SIP, where the server truncates."
    )
    symptoms = ("history",)
    on = ("response.done", _REQUEST)
    only = ("response.status", "cancelled")
    example = Example(
        "late_interruption",
        drop(_REQUEST),
        prepare=(drop("conversation.item.truncated"),),
        found=at("response.done"),
        because=(at("input_audio_buffer.speech_started", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        cut: dict[str, tuple[int, Any]] = context.memory(self.code, dict)
        if context.type == _REQUEST:
            # Asked for already, also where the response's end comes later.
            cut[event.item_id] = 0, None
            return ()
        spoke = {item_id for item_id, _ in context.facts.output_audio}
        response = context.facts.responses.get(event.response.id)
        outside = response is not None and not response.default
        for item in () if outside else listed(event, "response", "output") or ():
            if field(item, "id") in spoke:
                cut.setdefault(item.id, (context.line, event))
        return ()

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        facts = context.facts
        if not context.both_directions or facts.playback.on_media_track:
            return
        for item_id, (line, event) in context.memory(self.code, dict).items():
            stream, rate = facts.output_audio.get((item_id, 0)), facts.playback.rates.get((item_id, 0))
            if event is not None and stream is not None and stream.size and rate is not None:
                args = {"item": item_id, "ms": round(stream.size / rate)}
                yield Verdict(args, line=line, type="response.done", event=event)


class TranscriptSurvivesTruncation(Rule):
    """An item that was truncated has no transcript any more.

    The text still says what was cut, and so does the model's memory.
    """

    code = "TRU010"
    name = "transcript-survives-truncation"
    severity = Severity.INFO
    message = "the item was truncated, yet its copy has the transcript"
    evidence = "The types say that truncating the audio deletes the transcript on the server."
    symptoms = ("history",)
    on = ("conversation.item.retrieved",)
    example = Example(
        "retrieved_item",
        change("conversation.item.retrieved", "item.content.0.transcript", "Hello there."),
        because=(at("conversation.item.truncated"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item_id = field(event, "item", "id")
        for index, part in enumerate(listed(event, "item", "content") or ()):
            cut = context.facts.playback.cuts.get((item_id, index))
            spoken = tag_of(part) in ("audio", "output_audio")
            if cut is not None and cut.direction == "server" and spoken and field(part, "transcript"):
                witness = Witness(cut.line, "conversation.item.truncated", "truncated the item")
                yield Verdict(entity=item_entity(context, item_id), witnesses=(witness,))
                return
