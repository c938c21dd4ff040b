"""SHP: strings of which the vendor names all values.

`rtproto.events.base` keeps the values beside the types, as data.  For each class that has any, the fields to look at
are found out once; an event is then walked without a look at anything else.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

from msgspec import UNSET, Meta, Struct

from rtproto.events import base
from rtproto.findings import Severity
from rtproto.protocol.values import field, listed
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, change

_JUDGED_ELSEWHERE = {
    id(meta)
    for alias in (
        base.ResponseStatus,
        base.FinalStatus,
        base.StatusReason,
        base.ConversationObject,
        base.ItemObject,
        base.ResponseObject,
        base.SessionObject,
        base.TranscriptionSessionObject,
    )
    for meta in get_args(alias)[1:]
}
"""Statuses have rules of their own (RSP008, RSP010), and so have the `object` constants (SHP006)."""

ENUMERATED = (
    "conversation.item.added",
    "conversation.item.created",
    "conversation.item.done",
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


def _metas(hint: Any) -> Iterator[Meta]:
    """What is said about the values of a type, wherever in it."""
    for part in get_args(hint):
        if isinstance(part, Meta):
            yield part
        else:
            yield from _metas(part)


def _classes(hint: Any) -> Iterator[type[Struct]]:
    """The Structs that a value of the type may be or hold."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint
    for part in get_args(hint):
        yield from _classes(part)


@functools.cache
def _values(cls: type[Struct]) -> dict[str, frozenset[Any]]:
    """The closed sets of values of a class, by the field's name."""
    found: dict[str, frozenset[Any]] = {}
    for name, hint in get_type_hints(cls, include_extras=True).items():
        closed = [
            meta.examples or ()
            for meta in _metas(hint)
            if meta.extra is not None and meta.extra.get("closed") and id(meta) not in _JUDGED_ELSEWHERE
        ]
        if closed:
            found[name] = frozenset(value for values in closed for value in values)
    return found


@functools.cache
def enumerated(cls: type[Struct]) -> bool:
    """Whether a value of the class holds such a string, at any depth."""
    hints = get_type_hints(cls, include_extras=True).values()
    return bool(_values(cls)) or any(enumerated(inner) for hint in hints for inner in _classes(hint))


@functools.cache
def _plan(cls: type[Struct]) -> tuple[tuple[str, frozenset[Any] | None], ...]:
    """The fields to look at: those with a set of values, and (None) those that hold others with one."""
    values = _values(cls)
    hints = get_type_hints(cls, include_extras=True)
    return tuple(
        (name, values.get(name))
        for name in cls.__struct_fields__
        if name in values or any(enumerated(inner) for inner in _classes(hints[name]))
    )


Odd = tuple[str, Any, frozenset[Any]]
"""The path of a value, the value, and those it should be one of."""


def strangers(value: Struct) -> list[Odd]:
    """The strings and numbers in an object that are in none of the closed sets they should be in."""
    found: list[Odd] = []
    for name, known in _plan(value.__class__):
        part = getattr(value, name)
        if part is UNSET or part is None or (known is not None and part.__class__ is str and part in known):
            continue
        if part.__class__ is list:
            for index, entry in enumerate(part):
                found += _stranger(f"{name}[{index}]", entry, known)
        elif part.__class__ is dict:
            for key, entry in part.items():
                found += _stranger(f"{name}.{key}", entry, known)
        else:
            found += _stranger(name, part, known)
    return found


def _stranger(path: str, value: Any, known: frozenset[Any] | None) -> list[Odd]:
    if isinstance(value, Struct):
        return [(f"{path}.{inner}", odd, of) for inner, odd, of in strangers(value)]
    if known is None or value in known or not any(value.__class__ is one.__class__ for one in known):
        return []
    return [(path, value, known)]


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
        "Strings that are open by declaration or in practice: models, voices, codes, names of rate limits, phases. "
        "Statuses of responses and constants have rules of their own. Each value is told once a connection and path."
    )
    on = ENUMERATED
    symptoms = ("crash",)
    example = Example("text_turn", change("session.created", "session.truncation", "smart"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for path, found, known in strangers(event):
            if context.first(self.code, f"{context.type} {path} {found}"):
                words = ", ".join(sorted(map(str, known)))
                yield Verdict({"path": path, "found": found, "known": words})


@functools.cache
def _constants(cls: type[Struct]) -> tuple[str, ...]:
    """What the `object` of a class may be; nothing where it has none."""
    hint = get_type_hints(cls, include_extras=True).get("object")
    return tuple(value for meta in _metas(hint) for value in meta.examples or ())


class ObjectConstant(Rule):
    """`object` names the kind of object it stands in: `realtime.item` in an item, and so on.

    Clients tell objects apart by it.
    """

    code = "SHP006"
    name = "object-constant"
    basis = "schema"
    message = "`{path}.object` is {found}; it is {known}"
    evidence = (
        "The types give each kind its constant; all sessions, responses and beta items in recordings have it."
    )
    exceptions = "It may be missing: no item of 120 in GA recordings has one."
    on = (*ENUMERATED, "conversation.created")
    symptoms = ("crash",)
    example = Example("text_turn", change("response.created", "response.object", "response"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for path in ("session", "item", "response", "conversation"):
            holder = field(event, path)
            if holder is None:
                continue
            yield from self._judge(context, path, holder)
            for index, item in enumerate(listed(holder, "output") or ()):
                yield from self._judge(context, f"{path}.output[{index}]", item)

    def _judge(self, context: Context, path: str, holder: Struct) -> Iterator[Verdict]:
        found = field(holder, "object")
        if found is None:
            return
        known = _constants(holder.__class__)
        if known and found not in known and context.first(self.code, f"{context.type} {path} {found}"):
            yield Verdict({"path": path, "found": found, "known": " or ".join(known)})
