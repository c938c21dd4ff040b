"""The kinds of session: realtime, transcription, translation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.dialect import SESSION_UPDATES
from rtproto.findings import Witness
from rtproto.protocol.recognition import shown
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import FOREIGN, Context, Rule, Verdict
from rtproto.rules.examples import Example, after, at, change


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
        because=(at("session.created"),),
    )


class ResponseCreateInTranscriptionSession(Rule):
    """In a transcription session the client asks for no response, and cancels, truncates or clears none.

    The server refuses it: there is no model that could answer.
    """

    code = "DIA010"
    name = "response-create-in-transcription-session"
    basis = "documented"
    needs = "client"
    message = "`{type}` in a transcription session"
    evidence = "The transcription guide: such a session generates no responses (see DIA009)."
    exceptions = "A client that has not been shown the session yet."
    symptoms = ("refused", "silence")
    example = Example(
        "transcription",
        after("conversation.item.done", "client", {"type": "response.create"}),
        because=(at("session.created"),),
    )


class UpdateForOtherSessionType(Rule):
    """An update is for the kind of session that is open.

    Beta has an event for each kind, GA a `session.type`; the server refuses what is for the other kind.
    """

    code = "DIA011"
    name = "update-for-other-session-type"
    basis = "documented"
    needs = "client"
    message = "an update for a {asked} session; this is a {kind} session"
    evidence = (
        "Live servers refuse it in either direction: a transcription session update to a realtime session is not "
        "allowed, nor the reverse (code invalid_parameter)."
    )
    exceptions = "A client that has not been shown the session yet. GA updates without a type: DIA005."
    on = SESSION_UPDATES
    symptoms = ("config", "refused")
    example = Example(
        "transcription",
        after("session.created", "client", {"type": "session.update", "session": {"type": "realtime"}}),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        session = context.engine.find("session")
        if facts.session is None or session is None:
            return
        kind = "transcription" if session.state == "transcription" else "realtime"
        if context.type == "transcription_session.update":
            asked = "transcription"
        else:
            asked = "realtime" if facts.dialect == "beta" else tag_of(field(event, "session")) or ""
        if asked in ("realtime", "transcription") and asked != kind:
            shown = Witness(facts.session_line, facts.session_type, f"showed a {kind} session")
            yield Verdict({"asked": asked, "kind": kind}, witnesses=(shown,))


class ModelGivenForTranscriptionSession(Rule):
    """A transcription session is given no `model`: its transcriber stands in the configuration of its input.

    The server refuses the whole configuration, so nothing is transcribed.
    """

    code = "DIA012"
    name = "model-given-for-transcription-session"
    basis = "documented"
    needs = "client"
    message = "`session.model` in the configuration of a transcription session"
    evidence = (
        "A live handshake with a model parameter was refused with invalid_model: none may be given for transcription "
        "sessions. The types of both dialects have no such member."
    )
    exceptions = "A model in the URL of the handshake, which a recording of events does not hold."
    on = SESSION_UPDATES
    reads_raw = True
    symptoms = ("refused", "transcript")
    example = Example(
        "transcription",
        change("session.update", "session.model", "gpt-realtime"),
        prepare=(
            after(
                "session.created",
                "client",
                {"type": "session.update", "session": {"type": "transcription"}},
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        session = shown(context.raw).members()
        if "model" not in session:
            return
        if context.type != "session.update" or bytes(session.get("type", b"")) == b'"transcription"':
            yield Verdict()


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
        because=(at("session.closed"),),
    )
