"""SES: the session's life."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, repeat, swap


class FirstEventNotSessionCreated(Rule):
    """The first server event of a connection is `session.created`.

    Anything else means that the recording starts after the connection did. The rest is then judged as far as it can
    be: what was begun earlier is taken as given. If `session.created` does come, but late, the recording does hold the
    start, and the server was wrong; clients that wait for it before they configure the session lose what came before.
    """

    code = "SES001"
    name = "first-event-not-session-created"
    basis = "documented"
    message = "the recording starts with `{first}` instead of `session.created`"
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
    example = Example("webrtc_turn", swap("session.created"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        if broken.state == "awaiting":
            yield Verdict(
                {"first": context.type}, severity=Severity.INFO, entity=broken.entity, broken=broken
            )
            return
        line, type, _ = broken.entity.history[0]
        yield Verdict(
            {"first": type},
            entity=broken.entity,
            broken=broken,
            line=line,
            type=type,
            witnesses=(Witness(context.line, context.type, "started the session"),),
        )


class SessionCreatedRepeated(Rule):
    """A connection has one `session.created`.

    A second one means that two connections were written into one file. Each is judged by itself.
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
    example = Example("text_turn", repeat("session.created"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict(entity=broken.entity, broken=broken, witnesses=history(broken, 1))
