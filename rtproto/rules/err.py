"""ERR: errors and what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, after, change


class ErrorEventIdUnknown(Rule):
    """A non-null `error.event_id` is the event_id of something the client sent.

    Clients look the failed request up by it.
    """

    code = "ERR002"
    name = "error-event-id-unknown"
    severity = Severity.WARNING
    needs = "both"
    message = "the error answers {refused}, which the client never sent"
    evidence = (
        "The types call it the event_id of the client event that caused the error; the vendor's live tests "
        "confirm the echo."
    )
    exceptions = "Null, as in most errors seen. Recordings without the client's side, or without their start."
    on = ("error",)
    symptoms = ("refused",)
    example = Example(
        "text_turn",
        change("error", "error.event_id", "evt_ghost"),
        prepare=(
            after(
                "session.updated",
                "server",
                {
                    "type": "error",
                    "event_id": "event_error",
                    "error": {
                        "type": "invalid_request_error",
                        "code": "unknown_parameter",
                        "message": "Unknown parameter: 'session.mood'.",
                        "param": "session.mood",
                        "event_id": "evt_update",
                    },
                },
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        refused = field(event, "error", "event_id")
        facts = context.facts
        if refused is None or facts.mid_session or "client" not in facts.seen:
            return
        if refused not in facts.client_ids:
            yield Verdict({"refused": refused})
