"""The ids of server events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Witness
from rtproto.protocol.values import field
from rtproto.rules.base import DUPLICATE_ID, Context, Rule, Verdict
from rtproto.rules.examples import Example, change
from rtproto.rules.shp.faults import FaultRule, lacks_id
from rtproto.wire import Fault


class EventIdDuplicate(Rule):
    """No two events of the server on one connection have the same `event_id`.

    Clients that drop what they have seen drop the second event, and with it words or a whole tool call. Where the
    recorder tapped a call twice (data channel and side-band socket), every event comes twice: keep one of the taps.
    The last 65,536 ids are remembered, or as many as the checker is told.

    What a copied event breaks is the copy's fault. An id that comes a third time is nobody's copy, and hides nothing.
    """

    code = "SES004"
    name = "event-id-duplicate"
    dialects = ("beta", "ga", "translation")
    basis = "documented"
    message = "event_id {event_id} was line {earlier}'s already"
    evidence = (
        "The types call it the unique id of the server event; no duplicate among 2,421 server events of OpenAI and "
        "Azure recordings."
    )
    exceptions = "Events without an id."
    on = (DUPLICATE_ID,)
    one = True
    symptoms = ("words", "recording")
    example = Example("text_turn", change("response.output_text.delta", "event_id", "event_001"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        event_id = field(event, "event_id")
        witness = Witness(context.earlier, "", "had the id first")
        copied = context.first(self.code, event_id)
        yield Verdict({"event_id": event_id, "earlier": context.earlier}, witnesses=(witness,), folds=copied)


class EventIdMissing(FaultRule):
    """Every server event has an `event_id`: a string that is not empty, of any form.

    Clients use it as a key; the vendor's own reference client throws without it.
    """

    code = "SES005"
    name = "event-id-missing"
    basis = "schema"
    message = "{type} has no event_id"
    evidence = "Required in every server event of openai 3.54; the vendor's reference client throws when it is missing."
    exceptions = (
        "`input_audio_buffer.dtmf_event_received` has none by its schema, and Azure sends errors with null. The "
        "form is not judged: compatible servers use UUIDs."
    )
    symptoms = ("crash",)
    example = Example("text_turn", change("response.output_item.added", "event_id", ""))

    def concerns(self, context: Context, fault: Fault) -> bool:
        return lacks_id(context, fault)
