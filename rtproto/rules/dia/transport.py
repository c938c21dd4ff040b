"""The handshake, and the transport that it opened: WebSocket, WebRTC or SIP.

A recording of events does not name its transport; what travels on it does.  On a WebSocket the model's audio comes in
deltas.  On WebRTC and SIP it goes over the media track, and `output_audio_buffer.*` says when it is played; a side-band
WebSocket on such a call is told the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Unjudged, Verdict
from rtproto.rules.examples import Example, after, at, change
from rtproto.rules.script import silence

_MEDIA = "media"
"""Key of the memory that the rules below share: the line that showed a media track, 0 for none."""


def _media(context: Context) -> dict[str, Any]:
    memory: dict[str, Any] = context.memory("DIA014", dict)
    return memory


class BetaHeaderDisagrees(Unjudged):
    """The header `OpenAI-Beta: realtime=v1` (or its subprotocol) asks for beta events; without it, they are GA's."""

    code = "DIA007"
    name = "beta-header-disagrees"
    basis = "documented"
    needs = "any"
    evidence = "The migration guide: the header is to be removed for the GA interface. Azure goes by the URL."
    reason = "The header is part of the handshake, and a transcript begins with the first event after it."


class ApiVersionMismatch(Rule):
    """The handshake asked for the API version that the client's secret, or the server, is for.

    The connection is closed right after this error: beta's header with a GA secret, the reverse, or beta on a server
    that no longer speaks it.
    """

    code = "DIA008"
    name = "api-version-mismatch"
    basis = "observed"
    dialects = ("beta", "ga", "translation")
    message = "the handshake was for another version of the API ({error}): {remedy}"
    evidence = (
        "Seen as an error, then the close (code 4000), on live sockets: a beta session cannot be started with a GA "
        "secret; api.openai.com refuses the beta shape since September 2026."
    )
    on = ("error",)
    symptoms = ("refused",)
    example = Example(
        "text_turn",
        change("error", "error.code", "beta_api_shape_disabled"),
        prepare=(
            after(
                "session.updated",
                "server",
                {
                    "type": "error",
                    "event_id": "event_error",
                    "error": {
                        "type": "invalid_request_error",
                        "code": "server_error",
                        "message": "The server had an error.",
                        "param": None,
                        "event_id": None,
                    },
                },
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        remedies = {
            "api_version_mismatch": "make the secret with the version that the connection is opened with",
            "beta_api_shape_disabled": "leave out the header OpenAI-Beta and send GA events",
        }
        code = field(event, "error", "code")
        if code in remedies:
            yield Verdict({"error": code, "remedy": remedies[code]})


class WebrtcEventOnWebsocket(Rule):
    """`output_audio_buffer.*` belongs to WebRTC and SIP, where the server plays the audio, not to a WebSocket.

    On a WebSocket the client plays the audio and is the only one to know when it stops: one that relies on these
    events cuts the user or itself off.
    """

    code = "DIA014"
    name = "webrtc-event-on-websocket"
    basis = "documented"
    needs = "any"
    message = "`{type}` on a connection that carries its audio in events"
    evidence = (
        "The types mark these events as WebRTC and SIP only; 0 of 6 recordings with audio in events have one."
    )
    exceptions = (
        "Told once a connection. A side-band WebSocket of a WebRTC call gets them, and no audio deltas: only a "
        "connection that has shown such deltas first is taken for a plain WebSocket."
    )
    on = (
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
        "output_audio_buffer.cleared",
        "output_audio_buffer.clear",
    )
    symptoms = ("overlap",)
    example = Example(
        "voice_turn",
        after(
            "response.output_audio.done",
            "server",
            {"type": "output_audio_buffer.started", "event_id": "event_playing", "response_id": "resp_1"},
        ),
        because=(at("response.output_audio.delta"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts, media = context.facts, _media(context)
        if _MEDIA not in media:
            media[_MEDIA] = 0 if facts.output_audio else context.line
        if media[_MEDIA] == 0 and context.first(self.code):
            line, type = facts.audio_delta
            yield Verdict(witnesses=(Witness(line, type, "brought audio in an event"),))


class AudioDeltaOnWebrtc(Rule):
    """On WebRTC and SIP the model's audio comes over the media track, not in deltas.

    A client that plays both hears everything twice.
    """

    code = "DIA015"
    name = "audio-delta-on-webrtc"
    severity = Severity.WARNING
    basis = "observed"
    message = "audio came in events although the server plays it on a media track"
    evidence = (
        "Logs of WebRTC sessions (beta) and a GA side-band socket have audio.done and transcripts, and not "
        "one audio delta."
    )
    exceptions = "Told once a connection, when the part's audio is done."
    on = ("response.audio.done", "response.output_audio.done")
    symptoms = ("overlap",)
    example = Example(
        "webrtc_turn",
        after(
            "response.output_audio_transcript.delta",
            "server",
            {
                "type": "response.output_audio.delta",
                "event_id": "event_audio",
                "response_id": "resp_1",
                "item_id": "item_a1",
                "output_index": 0,
                "content_index": 0,
                "delta": silence(200),
            },
        ),
        also=(at("response.output_audio.done"),),
        because=(at("output_audio_buffer.started"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        playing = _media(context).get(_MEDIA, 0)
        streamed = (field(event, "item_id"), field(event, "content_index")) in context.facts.output_audio
        if playing and streamed and context.first(self.code):
            yield Verdict(witnesses=(Witness(playing, "", "told of audio on a media track"),))


class AudioAppendOnWebrtc(Rule):
    """On WebRTC and SIP the user's audio goes over the media track, not in `input_audio_buffer.append`.

    The user is heard twice, or the server mixes the two: turns are detected where nobody spoke.
    """

    code = "DIA016"
    name = "audio-append-on-webrtc"
    severity = Severity.WARNING
    basis = "inferred"
    needs = "both"
    message = "audio was appended on a connection whose audio goes over a media track"
    evidence = (
        "The vendor does not say. The WebRTC logs at hand have none, and servers that copy the protocol "
        "refuse it as an invalid event for the transport."
    )
    exceptions = "Told once a connection, when the server tells of the media track."
    on = ("output_audio_buffer.started",)
    symptoms = ("overlap", "transcript")
    example = Example(
        "webrtc_turn",
        after("session.created", "client", {"type": "input_audio_buffer.append", "audio": silence(1000)}),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if facts.append_line and not facts.output_audio and context.first(self.code):
            yield Verdict(
                line=facts.append_line,
                type="input_audio_buffer.append",
                direction="client",
                witnesses=(Witness(context.line, context.type, "told of audio on a media track"),),
            )


class SipEventOffSip(Rule):
    """A key press on a telephone (`input_audio_buffer.dtmf_event_received`) is told of on SIP calls only.

    A connection whose audio travels in events is a WebSocket: nobody can have pressed a key on it.
    """

    code = "DIA017"
    name = "sip-event-off-sip"
    severity = Severity.WARNING
    basis = "documented"
    dialects = ("ga",)
    message = "`{type}` on a connection that carries its audio in events"
    evidence = "The types mark the event as SIP only."
    exceptions = (
        "Connections that have shown no audio in events may be the side-band of a SIP call. Told once."
    )
    on = ("input_audio_buffer.dtmf_event_received",)
    symptoms = ("crash",)
    example = Example(
        "voice_turn",
        after(
            "response.done",
            "server",
            {"type": "input_audio_buffer.dtmf_event_received", "event": "5", "received_at": 1790000000},
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if (facts.output_audio or facts.append_line) and context.first(self.code):
            line, type = (
                facts.audio_delta if facts.output_audio else (facts.append_line, "input_audio_buffer.append")
            )
            direction = "server" if facts.output_audio else "client"
            yield Verdict(witnesses=(Witness(line, type, "brought audio in an event", direction=direction),))
