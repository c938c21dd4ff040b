"""SHP: strings of which the vendor names all values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity
from rtproto.protocol.values import field, id_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.closed_values import Odd, strangers
from rtproto.rules.common import item_entity
from rtproto.rules.examples import Example, change

ENUMERATED = (
    "conversation.created",
    "conversation.item.added",
    "conversation.item.created",
    "conversation.item.done",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.retrieved",
    "response.content_part.added",
    "response.content_part.done",
    "response.created",
    "response.done",
    "response.output_item.added",
    "response.output_item.done",
    "session.created",
    "session.updated",
    "transcription_session.created",
    "transcription_session.updated",
)
"""Server events in which such strings stand, but for the audio of translations, which comes too often."""


_DUPLICATE = "SES004"


def _is_constant(odd: Odd) -> bool:
    return odd.path.rpartition(".")[2] == "object"


class EnumUnknown(Rule):
    """A string of which the vendor names all values has one of these.

    Clients in languages with closed enumerations throw; others fall through their branches.
    """

    code = "SHP005"
    name = "enum-unknown"
    severity = Severity.WARNING
    basis = "schema"
    message = "`{path}` is {found}; known are {known}"
    evidence = "The types of openai 3.54 list the values."
    exceptions = (
        "Strings that are open by declaration or in practice: models, voices, codes, names of rate limits, phases; the "
        "types of Azure's own. Statuses of responses and constants have rules of their own. Each value is "
        "told once a connection and path."
    )
    on = ENUMERATED
    when = ("value of no list",)
    last = True
    symptoms = ("crash",)
    example = Example("text_turn", change("session.created", "session.truncation", "smart"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for told in context.findings[-4:]:
            # The value is wrong in some more telling way, too, unless that one is about the event's id.
            if told.line == context.line and told.severity > Severity.INFO and told.code != _DUPLICATE:
                return
        item = item_entity(context, id_of(field(event, "item")))
        for odd in strangers(event):
            if not _is_constant(odd) and context.first(self.code, f"{context.type} {odd.path} {odd.value}"):
                words = ", ".join(sorted(map(str, odd.known)))
                yield Verdict({"path": odd.path, "found": odd.value, "known": words}, entity=item)


class ObjectConstant(Rule):
    """`object` names the kind of object it stands in: `realtime.item` in an item, and so on.

    Clients tell objects apart by it.
    """

    code = "SHP006"
    name = "object-constant"
    basis = "schema"
    message = "`{path}` is {found}; it is {known}"
    evidence = (
        "The types give each kind its constant; all sessions, responses and beta items in recordings have it."
    )
    exceptions = "It may be missing: no item of 120 in GA recordings has one."
    on = ENUMERATED
    when = ("value of no list",)
    last = True
    symptoms = ("crash",)
    example = Example("text_turn", change("response.created", "response.object", "response"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for odd in strangers(event):
            if _is_constant(odd) and context.first(self.code, f"{context.type} {odd.path} {odd.value}"):
                words = " or ".join(sorted(map(str, odd.known)))
                yield Verdict({"path": odd.path, "found": odd.value, "known": words})
