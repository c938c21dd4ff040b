"""CLI: the client's event as such, whatever it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rtproto.events.dialect import direction_of
from rtproto.findings import Severity
from rtproto.protocol.values import field
from rtproto.rules.base import FOREIGN, NOTHING, UNKNOWN, Context, Rule, Verdict
from rtproto.rules.cli.settings import CLIENT_EVENTS
from rtproto.rules.examples import Example, after, change

_INSTEAD: Mapping[tuple[str, str], str] = {
    ("ga", "transcription_session.update"): "; send `session.update` with a session of type transcription",
    ("ga", "response.interrupt"): "; `response.cancel` stops a response",
    ("beta", "response.interrupt"): "; `response.cancel` stops a response",
}
"""What to send instead of names that clients are known to send, by dialect."""


class UnknownClientEvent(Rule):
    """A client sends events of the types that its dialect has.

    The server refuses any other (`invalid_value`, with the list of what it takes), and what the client wanted does not
    happen. Misspelled names and events of another vendor's API end here.
    """

    code = "CLI001"
    name = "unknown-client-event"
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    needs = "client"
    message = "the {dialect} dialect has no client event `{type}`{instead}"
    evidence = (
        "The client unions of openai 3.54: 12 beta, 11 GA and 3 translation events; a GA server refuses others with "
        "the list of legal types (live probe of Azure's GA endpoint)."
    )
    exceptions = (
        "`transcription_session.update` in GA is a warning: Azure's GA servers still list it. Events of translation "
        "sessions elsewhere are DIA020."
    )
    on = (UNKNOWN, FOREIGN)
    symptoms = ("refused", "config")
    example = Example(
        "text_turn", after("session.updated", "client", {"type": "session.configure", "event_id": "evt_odd"})
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.direction != "client":
            return
        dialect = context.facts.dialect
        args = {"dialect": dialect, "instead": _INSTEAD.get((dialect, context.type), "")}
        if direction_of(context.type) is None:
            yield Verdict(args)
        elif (dialect, context.type) == ("ga", "transcription_session.update"):
            yield Verdict(args, severity=Severity.WARNING)


_LONGEST_ID = 512


class ClientEventIdTooLong(Rule):
    """An `event_id` of the client's has at most 512 characters.

    The server refuses the event, whatever it asks for.
    """

    code = "CLI002"
    name = "client-event-id-too-long"
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    needs = "client"
    message = "the event_id has {length} characters, {longest} are allowed"
    evidence = "The vendor's OpenAPI file limits the event_id of every client event."
    exceptions = "Appended audio is not looked at."
    on = CLIENT_EVENTS
    reads = ("event_id",)
    symptoms = ("refused",)
    example = Example("text_turn", change("session.update", "event_id", "e" * 513))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        event_id = field(event, "event_id")
        if event_id is None or len(event_id) <= _LONGEST_ID:
            return NOTHING
        return iter((Verdict({"length": len(event_id), "longest": _LONGEST_ID}),))
