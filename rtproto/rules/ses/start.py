"""How a session starts and ends: `session.created`, `conversation.created`, `session_expired`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.dialect import SESSION_STARTS
from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, after, at, repeat, swap


class FirstEventNotSessionCreated(Rule):
    """The first server event of a connection is `session.created`.

    Anything else means that the recording starts after the connection did. The rest is then judged as far as it can
    be: what was begun earlier is taken as given. If `session.created` does come, but late, the recording does hold the
    start, and the server was wrong; clients that wait for it before they configure the session lose what came before.
    The same is so where it is known that nothing came before: in a file of the recorder's, which saw the handshake.
    """

    code = "SES001"
    name = "first-event-not-session-created"
    basis = "documented"
    message = "the {what} starts with `{first}` instead of `session.created`"
    dialects = ("beta", "ga", "translation")
    evidence = (
        "The reference describes session.created as the first server event of every new connection (openai types, "
        "SessionCreatedEvent). It held in 41 of 41 OpenAI and Azure recordings that were not side-band sockets."
    )
    exceptions = (
        "A side-band socket on a WebRTC or SIP call gets no session.created; a refused handshake may begin with an "
        "error. A recording without session.created is only noted as mid-session."
    )
    symptoms = ("recording", "config")
    example = Example(
        "webrtc_turn",
        swap("session.created"),
        found=at("session.created"),
        also=(at("input_audio_buffer.speech_started"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        if broken.state == "awaiting":
            whole = context.facts.from_start
            yield Verdict(
                {"first": context.type, "what": "connection" if whole else "recording"},
                severity=None if whole else Severity.INFO,
                entity=broken.entity,
                broken=broken,
            )
            return
        if context.facts.from_start:
            return  # That it did not come first is told already.
        line, type, _ = broken.entity.history[0]
        yield Verdict(
            {"first": type, "what": "connection"},
            entity=broken.entity,
            broken=broken,
            line=line,
            type=type,
            witnesses=(Witness(context.line, context.type, "started the session"),),
        )


class SessionCreatedRepeated(Rule):
    """A connection has one `session.created`.

    A second one means that two connections were taken for one. Each is judged by itself. Where a file goes on with a
    session of another id, that is a reconnect, and no fault: the report has a session for each.
    """

    code = "SES002"
    name = "session-created-repeated"
    basis = "documented"
    dialects = ("beta", "ga", "translation")
    message = "a second `session.created`: another connection begins here"
    evidence = (
        "One session.created per connection in every recording, and asserted by the vendor's own live tests."
    )
    symptoms = ("recording",)
    example = Example(
        "text_turn",
        repeat("session.created"),
        because=(at("session.created"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict(entity=broken.entity, broken=broken, witnesses=history(broken, 1))


class ConversationCreatedMisplaced(Rule):
    """`conversation.created` comes once at most, before the first item.  That it never comes is normal.

    A client that empties its history on it loses what it has shown so far.
    """

    code = "SES014"
    name = "conversation-created-misplaced"
    severity = Severity.WARNING
    basis = "documented"
    message = "`conversation.created` when the conversation is {state} already"
    evidence = (
        "The types place it right after the session's creation. No recording of OpenAI or Azure has it (0 of 48); xAI "
        "always sends it (22 of 22)."
    )
    symptoms = ("history",)
    example = Example(
        "text_turn",
        after(
            "response.done",
            "server",
            {
                "type": "conversation.created",
                "event_id": "event_conversation",
                "conversation": {"id": "conv_1", "object": "realtime.conversation"},
            },
        ),
    )


class ActivityAfterSessionExpired(Rule):
    """After an `error` with the code `session_expired` the server begins nothing new.

    The connection is about to be closed. A client must open another one instead of waiting for the answer that began.
    """

    code = "SES015"
    name = "activity-after-session-expired"
    severity = Severity.WARNING
    basis = "observed"
    message = "`{type}` although the session has expired"
    evidence = (
        "The error says that the session hit its maximum duration (30 minutes in older reports, 60 in later "
        "ones); that nothing follows is what such a session can do, not what a document says."
    )
    exceptions = "What belongs to a response or item that was in progress may still arrive."
    symptoms = ("silence",)
    example = Example(
        "text_turn",
        after(
            "conversation.item.done",
            "server",
            {
                "type": "error",
                "event_id": "event_expired",
                "error": {
                    "type": "invalid_request_error",
                    "code": "session_expired",
                    "message": "Your session hit the maximum duration of 60 minutes.",
                    "param": None,
                    "event_id": None,
                },
            },
            nth=2,
        ),
        found=at("response.created", 1),
        because=(at("error"),),
    )


class UpdateSentBeforeCreated(Rule):
    """The client may speak before it has read `session.created`; a note that it did.

    Everything sent so early is honoured. But what the client decided then, it decided without knowing the session it
    got: its model, its voice, whether turns are detected.
    """

    code = "SES016"
    name = "update-sent-before-created"
    severity = Severity.INFO
    basis = "observed"
    needs = "both"
    partial = "start"
    message = "the client sent `{first}` before the session was created"
    evidence = (
        "Legal: in both logs of WebRTC clients (beta) session.update, conversation.item.create and response.create "
        "came first, and all three were answered."
    )
    on = SESSION_STARTS
    symptoms = ("config",)
    example = Example(
        "text_turn",
        swap("session.created"),
        found=at("session.update"),
        also=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.facts.session is not None or context.facts.mid_session:
            return
        if early := context.facts.ledger.open:
            witness = Witness(early[0].line, early[0].type, "came before it", direction="client")
            yield Verdict({"first": early[0].type}, witnesses=(witness,))
