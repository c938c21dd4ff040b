"""DIA: dialects, session types and directions that do not belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from rtproto.findings import Severity, Witness
from rtproto.rules.base import FOREIGN, MISDIRECTED, UNKNOWN, Context, Rule, Verdict
from rtproto.rules.examples import Example, after, change


class DialectMixed(Rule):
    """A connection speaks one dialect: beta names and GA names do not occur side by side.

    A client that waits for `response.output_text.delta` never sees `response.text.delta`: the bot goes silent
    although the server answers.
    """

    code = "DIA001"
    name = "dialect-mixed"
    basis = "documented"
    message = "`{type}` belongs to the {other} dialect, this connection speaks {dialect}"
    evidence = (
        "The vendor's beta to GA migration guide renames these events; 30 of 30 OpenAI recordings are pure. Azure "
        "Voice Live mixes on purpose (profile azure-voice-live)."
    )
    exceptions = "Reported once a connection. Events of translation sessions are DIA020."
    on = (FOREIGN, "conversation.item.done")
    symptoms = ("silence", "crash")
    example = Example(
        "text_turn",
        after(
            "response.output_text.delta",
            "server",
            {
                "type": "response.text.delta",
                "event_id": "event_beta",
                "response_id": "resp_1",
                "item_id": "item_a1",
                "output_index": 0,
                "content_index": 0,
                "delta": "",
            },
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        dialect = context.facts.dialect
        # Voice Live sends beta and this one GA event, so the beta decoder knows it.
        other = "ga" if context.type == "conversation.item.done" else context.other
        if context.direction != "server" or "translation" in (other, dialect) or other == dialect:
            return
        if context.first(self.code):
            witness = Witness(
                context.facts.session_line, "session.created", f"showed a session of the {dialect} dialect"
            )
            yield Verdict(
                {"other": other, "dialect": dialect},
                witnesses=(witness,) if context.facts.session_line else (),
            )


class _Config(Struct, frozen=True):
    session: dict[str, Raw] | UnsetType | None = UNSET
    response: dict[str, Raw] | UnsetType | None = UNSET


_CONFIG = msgspec.json.Decoder(_Config)
_FLAT_SESSION = (
    "modalities",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "turn_detection",
    "temperature",
    "max_response_output_tokens",
    "speed",
)
_FLAT_RESPONSE = ("modalities", "voice", "output_audio_format", "temperature", "max_response_output_tokens")


class BetaShapedClientConfigInGa(Rule):
    """Configuration sent to a GA server has the GA shape: `session.type` is there, and no flat beta member is.

    The server refuses the whole update (`missing_required_parameter`, `unknown_parameter`), so the session goes on with
    its defaults: another voice, no tools, no instructions.
    """

    code = "DIA005"
    name = "beta-shaped-client-config-in-ga"
    basis = "documented"
    dialects = ("ga",)
    needs = "client"
    message = "this configuration has the beta shape: {what}"
    evidence = (
        "A GA server answers with missing_required_parameter for session.type and unknown_parameter for the flat "
        "members (live probe of Azure's GA endpoint); the GA request types have none of them."
    )
    exceptions = "Azure Voice Live takes flat sessions (profile azure-voice-live)."
    on = ("session.update", "response.create")
    reads_raw = True
    symptoms = ("config", "refused")
    example = Example("text_turn", change("session.update", "session.type", ...))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        try:
            config = _CONFIG.decode(context.raw)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return
        wrong: list[str] = []
        if isinstance(config.session, dict):
            wrong = [f"`session.{name}`" for name in _FLAT_SESSION if name in config.session]
            if "type" not in config.session:
                wrong.insert(0, "`session.type` is missing")
        if isinstance(config.response, dict):
            wrong += [f"`response.{name}`" for name in _FLAT_RESPONSE if name in config.response]
        if wrong:
            yield Verdict({"what": ", ".join(wrong)})


class ResponseInTranscriptionSession(Rule):
    """A transcription session generates nothing: no responses, no assistant items, no output buffer.

    The client asked for transcripts only; a server that answers here runs the wrong kind of session, and bills for it.
    """

    code = "DIA009"
    name = "response-in-transcription-session"
    basis = "documented"
    message = "`{type}` in a transcription session"
    evidence = (
        "The transcription guide: such a session generates no responses; the types call create_response "
        "unavailable."
    )
    symptoms = ("crash",)
    example = Example(
        "transcription",
        after(
            "conversation.item.done",
            "server",
            {
                "type": "response.created",
                "event_id": "event_resp",
                "response": {
                    "id": "resp_1",
                    "object": "realtime.response",
                    "status": "in_progress",
                    "output": [],
                },
            },
        ),
    )


class UnknownServerEvent(Rule):
    """A server event has a type that is known.

    Unknown events are kept and passed over, and each type is told once. They kill clients that decode strictly.
    """

    code = "DIA018"
    name = "unknown-server-event"
    severity = Severity.WARNING
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    message = "no dialect has a server event `{type}`"
    evidence = (
        "The unions of openai 3.54: 34 beta, 46 GA and 7 translation server events, and the extras seen on "
        "the wire."
    )
    exceptions = "Events that the profile's vendor adds."
    on = (UNKNOWN,)
    symptoms = ("crash",)
    example = Example(
        "text_turn",
        after("session.updated", "server", {"type": "session.heartbeat", "event_id": "event_beat"}),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.direction == "server" and context.first(self.code, context.type):
            yield Verdict()


class EventInWrongDirection(Rule):
    """A client event comes from the client, a server event from the server.

    Usually the recorder swapped its labels; some emulators echo what they are sent.
    """

    code = "DIA019"
    name = "event-in-wrong-direction"
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    needs = "both"
    message = "`{type}` is not the {direction}'s to send"
    evidence = "No type is in both the client and the server union of a dialect (openai 3.54)."
    on = (MISDIRECTED,)
    symptoms = ("refused", "recording")
    example = Example("text_turn", after("session.updated", "server", {"type": "response.create"}))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.first(self.code, context.type):
            yield Verdict({"direction": context.direction})


class TranslationEventFamily(Rule):
    """Events of translation sessions occur only there, and those of conversations only elsewhere.

    Translation is another endpoint with other events; a client built for one hears nothing from the other.
    """

    code = "DIA020"
    name = "translation-event-family"
    basis = "schema"
    dialects = ("ga", "translation")
    needs = "any"
    message = "`{type}` belongs to {other} sessions, this is a {dialect} session"
    evidence = "Translation has unions of its own in openai 3.54 (3 client and 7 server events)."
    on = (FOREIGN,)
    symptoms = ("silence", "crash")
    example = Example(
        "translation",
        after(
            "session.output_transcript.delta",
            "server",
            {"type": "rate_limits.updated", "event_id": "event_limits", "rate_limits": []},
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        dialect = context.facts.dialect
        if "translation" in (context.other, dialect) and context.first(self.code, context.type):
            yield Verdict({"other": context.other, "dialect": dialect})


class TranslationEventAfterClosed(Rule):
    """Nothing follows `session.closed`.

    The server flushes its remaining output before it; what comes later is lost on a client that has hung up.
    """

    code = "DIA021"
    name = "translation-event-after-closed"
    basis = "documented"
    dialects = ("translation",)
    message = "`{type}` after the session was closed"
    evidence = (
        "The types describe session.closed as the end, sent after pending audio was flushed (openai types)."
    )
    symptoms = ("words", "transcript")
    example = Example(
        "translation",
        after(
            "session.closed",
            "server",
            {"type": "session.output_transcript.delta", "event_id": "event_late", "delta": "Adiós."},
        ),
    )
