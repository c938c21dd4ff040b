"""SHP: events that do not have the shape of their type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from msgspec import UNSET

from rtproto.findings import Severity
from rtproto.protocol.values import kind_of
from rtproto.rules.base import FAULT, NOTHING, Context, Needs, Rule, Verdict
from rtproto.rules.examples import Example, bytes_before, change
from rtproto.wire import Fault


def lacks_id(context: Context, fault: Fault) -> bool:
    """Whether the fault is that a server event has no event_id, an empty one, or null."""
    absent = fault.kind == "missing-field" or (fault.kind == "wrong-type" and fault.found == "null")
    return absent and fault.path == "$.event_id" and context.direction == "server"


class FaultRule(Rule):
    """Not a rule itself: reports faults of the kinds in `kinds`."""

    code = ""
    kinds: tuple[str, ...] = ()
    dialects = ("beta", "ga", "translation")
    needs: ClassVar[Needs] = "any"
    on: ClassVar[tuple[str, ...]] = (FAULT,)

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        fault = context.fault
        if fault is not None and self.concerns(context, fault):
            at = "" if fault.offset is None else f" at byte {fault.offset}"
            args = {"path": fault.path, "expected": fault.expected, "found": fault.found, "at": at}
            yield Verdict({**args, "type": fault.type or "the line"})

    def concerns(self, context: Context, fault: Fault) -> bool:
        """Whether the fault is this rule's to report; a server event without its id is SES005's."""
        return fault.kind in self.kinds and not lacks_id(context, fault)


def _unexpected_null(context: Context, fault: Fault) -> bool:
    return fault.kind == "wrong-type" and fault.found == "null" and context.direction == "server"


_LEFT_OUT: Mapping[str, tuple[str, str]] = {
    "session.created": ("session.type", "a string"),
    "session.updated": ("session.type", "a string"),
    "response.created": ("response.id", "a string"),
    "response.done": ("response.id", "a string"),
    "response.content_part.done": ("part", "an object"),
    "response.function_call_arguments.delta": ("output_index", "an integer"),
    "response.function_call_arguments.done": ("output_index", "an integer"),
}
"""Members that events decode without, because some server leaves them out or the types of openai let it, and that every
recording of OpenAI has; and what is expected there."""


_TESTS: Mapping[str, Callable[[Any], bool]] = {
    "session.type": lambda event: kind_of(event.session) is not None,
    "response.id": lambda event: event.response.id is not UNSET,
    "part": lambda event: event.part is not UNSET,
    "output_index": lambda event: event.output_index is not UNSET,
}
_HAS: Mapping[str, Callable[[Any], bool]] = {type: _TESTS[path] for type, (path, _) in _LEFT_OUT.items()}
"""Whether an event of that type has that member."""


class RequiredFieldMissing(FaultRule):
    """An event has the members that its type requires.

    Typed clients refuse the event, untyped ones fail later, where they use what is missing.
    """

    code = "SHP001"
    name = "required-field-missing"
    basis = "schema"
    kinds = ("missing-field",)
    message = "{type} lacks `{path}`: {expected} is required"
    evidence = (
        "The types of openai 3.54, without the members that OpenAI's servers are known to leave out; and the id of a "
        "response, which 73 of 73 in OpenAI and Azure recordings have."
    )
    on = (FAULT, *_LEFT_OUT)
    depends = ("output_index",)
    symptoms = ("crash",)
    example = Example("text_turn", change("response.output_text.delta", "item_id", ...))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.fault is not None:
            return super().check(context, event)
        if _HAS[context.type](event):
            return NOTHING
        path, expected = _LEFT_OUT[context.type]
        if path == "session.type" and context.facts.dialect != "ga":
            return NOTHING  # Only GA tells sessions apart by it.
        return self._missing(context, path, expected)

    def _missing(self, context: Context, path: str, expected: str) -> Iterator[Verdict]:
        # What ends without an id can only be the response that is going on.
        current = context.facts.current_response if context.type == "response.done" else None
        yield Verdict(
            {"path": f"$.{path}", "expected": expected},
            entity=context.engine.find("response", (current,)),
        )


class FieldTypeWrong(FaultRule):
    """A member has the JSON type that the event's type gives it.

    Typed clients refuse the event; untyped ones concatenate numbers and count strings.
    """

    code = "SHP002"
    name = "field-type-wrong"
    basis = "schema"
    kinds = ("wrong-type",)
    message = "{type}: `{path}` should be {expected}, it is {found}"
    evidence = "The types of openai 3.54, with null and other liberties that real servers are known to take."
    exceptions = "A null from the server is SHP003."
    symptoms = ("crash",)
    example = Example("text_turn", change("response.output_text.delta", "output_index", "0"))

    def concerns(self, context: Context, fault: Fault) -> bool:
        return super().concerns(context, fault) and not _unexpected_null(context, fault)


class UnexpectedNull(FaultRule):
    """A member is null only where its type allows it, or where real servers are known to send it.

    Typed clients refuse the event; others fail later, where they use the value. Servers that write every member of
    their own records, filled or not, send it.
    """

    code = "SHP003"
    name = "unexpected-null"
    severity = Severity.WARNING
    basis = "schema"
    needs = "server"
    message = "{type}: `{path}` is null; it should be {expected}"
    evidence = "The types of openai 3.54, without the nulls that 28 OpenAI and 16 Azure recordings have against them."
    exceptions = "A null from the client is SHP002: servers refuse it."
    symptoms = ("crash",)
    example = Example("text_turn", change("response.output_text.delta", "delta", None))

    def concerns(self, context: Context, fault: Fault) -> bool:
        return _unexpected_null(context, fault) and not lacks_id(context, fault)


class NotAnEvent(FaultRule):
    """A frame is a JSON object with a string `type`.

    Nothing else is ever sent on this connection.
    """

    code = "SHP007"
    name = "not-an-event"
    basis = "schema"
    kinds = ("not-an-object", "type-missing", "empty")
    message = "not an event: {what}"
    evidence = "Every event of the published unions is an object told apart by its type."
    symptoms = ("crash", "recording")
    example = Example("text_turn", bytes_before("response.created"), raw=b'["response.created"]')

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for verdict in super().check(context, event):
            path, expected, found = (str(verdict.args[name]) for name in ("path", "expected", "found"))
            if path != "$.type":
                what = f"expected {expected}, found {found}"
            elif found == "nothing":
                what = "`type` is missing"
            else:
                what = f"`type` should be {expected}, it is {found}"
            yield Verdict({**verdict.args, "what": what})
