"""SHP: strings of which the vendor names all values.

`rtproto.events.base` keeps the values beside the types, as data.  For each class that has any, the fields to look at
are found out once; an event is then walked without a look at anything else, and a combination of values that was in
order once is not taken apart again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, TypeAlias, get_args, get_origin, get_type_hints

from msgspec import UNSET, Meta, Struct, UnsetType

from rtproto.events import base
from rtproto.events.base import Event
from rtproto.events.common.mcp import McpApprovalRequest, McpApprovalResponse, McpCall, McpListTools
from rtproto.findings import Severity
from rtproto.protocol.engine import Entity
from rtproto.protocol.values import field
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.common import item_entity
from rtproto.rules.examples import Example, change

_JUDGED_ELSEWHERE = {
    id(meta)
    for alias in (base.ResponseStatus, base.FinalStatus, base.StatusReason)
    for meta in get_args(alias)[1:]
}
"""Statuses of responses have rules of their own: RSP008 and RSP010."""

_SAID_BY_NOBODY = {
    (cls, "status") for cls in (McpApprovalRequest, McpApprovalResponse, McpCall, McpListTools)
}
"""The published items of remote tools have no status; what servers put there is theirs to choose."""

ENUMERATED = (
    "conversation.created",
    "conversation.item.added",
    "conversation.item.created",
    "conversation.item.done",
    "conversation.item.retrieved",
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
        if closed and (cls, name) not in _SAID_BY_NOBODY:
            found[name] = frozenset(value for values in closed for value in values)
    return found


@functools.cache
def enumerated(cls: type[Struct]) -> bool:
    """Whether a value of the class holds such a string, at any depth."""
    hints = get_type_hints(cls, include_extras=True).values()
    return bool(_values(cls)) or any(enumerated(inner) for hint in hints for inner in _classes(hint))


class Odd(Struct, frozen=True):
    """A value that is in none of the closed sets it should be in, and its path."""

    path: str
    value: Any
    known: frozenset[Any]


class _Plan:
    """The fields of one class to look at."""

    __slots__ = ("fine", "inner", "read", "recurs", "scalars")

    def __init__(self, cls: type[Struct]) -> None:
        values = _values(cls)
        hints = get_type_hints(cls, include_extras=True)
        self.scalars = [name for name in values if not _holds_more(hints[name])]
        """Fields that are a string and nothing else."""
        self.read: Callable[[Any], Any] = attrgetter(*self.scalars) if self.scalars else type
        self.fine: set[Any] = set()
        """What `read` gave for objects that were in order: there are few combinations, and they come again."""
        self.inner = [
            (name, values.get(name, frozenset[Any]()))
            for name in cls.__struct_fields__
            if name not in self.scalars
            and (name in values or any(enumerated(inner) for inner in _classes(hints[name])))
        ]
        """All other fields, with the values that they may have themselves."""
        self.recurs = not issubclass(cls, Event)


def _holds_more(hint: Any) -> bool:
    """Whether a value of the type may be more than a string."""
    if get_origin(hint) in (list, dict):
        return True
    parts = [part for part in get_args(hint) if not isinstance(part, Meta)]
    return any(map(_holds_more, parts)) if parts else hint not in (str, type(None), UnsetType)


_PLANS: dict[type[Struct], _Plan | None] = {}
"""None for a class without anything to look at."""
_Last: TypeAlias = dict[type, Struct]
"""The last object of each class that was in order.  The server shows settings with each response, and an item four
times."""


def _plan(cls: type[Struct]) -> _Plan | None:
    """The plan of a class, made when its first value comes."""
    return _PLANS.setdefault(cls, _Plan(cls) if enumerated(cls) else None)


def strangers(value: Struct, last: _Last) -> list[Odd] | None:
    """The strings and numbers in an object that are in none of the closed sets they should be in; None if all are."""
    cls = value.__class__
    plan = _PLANS[cls] if cls in _PLANS else _plan(cls)
    if plan is None:
        return None
    found: list[Odd] = []
    if (read := plan.read(value)) not in plan.fine:
        for name in plan.scalars:
            found += _stranger(name, getattr(value, name), _values(cls)[name])
        if not found:
            plan.fine.add(read)
    for name, known in plan.inner:
        part = getattr(value, name)
        kind = part.__class__
        if kind is list:
            for index, entry in enumerate(part):
                if not (entry in known if entry.__class__ is str else _plain(entry, last)):
                    found += _below(f"{name}[{index}]", entry, known, last)
        elif part is UNSET or part is None or (kind is str and part in known):
            continue
        elif kind is str or not _plain(part, last):
            found += _below(name, part, known, last)
    if found:
        return found
    if plan.recurs:
        last[cls] = value
    return None


def _plain(value: Any, last: _Last) -> bool:
    """Whether it is plain that an object is in order: nothing to look at, or the last one again."""
    cls = value.__class__
    return (cls in last and last[cls] == value) or (cls in _PLANS and _PLANS[cls] is None)


def _below(path: str, value: Any, known: frozenset[Any], last: _Last) -> list[Odd]:
    if not isinstance(value, Struct):
        return _stranger(path, value, known)
    below = strangers(value, last)
    return [] if below is None else _under(path, below)


def _under(path: str, found: list[Odd]) -> list[Odd]:
    return [Odd(f"{path}.{odd.path}", odd.value, odd.known) for odd in found]


def _stranger(path: str, value: Any, known: frozenset[Any]) -> list[Odd]:
    # A union with other types, such as a number or "inf": only what is of the set's own type is judged.
    if not any(value.__class__ is one.__class__ for one in known) or value in known:
        return []
    return [Odd(path, value, known)]


def _found(context: Context) -> list[Odd]:
    """What is odd about the event at hand: left by the one rule that looks for the other that has a part in it."""
    found: list[Odd] = context.memory("SHP", list[Odd])
    return found


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
        "Strings that are open by declaration or in practice: models, voices, codes, names of rate limits, phases. "
        "Statuses of responses and constants have rules of their own. Each value is told once a connection and path."
    )
    on = ENUMERATED
    last = True
    symptoms = ("crash",)
    example = Example("text_turn", change("session.created", "session.truncation", "smart"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        last: _Last = context.memory(self.code, dict)
        found = strangers(event, last)
        if found is None:
            return NOTHING
        _found(context)[:] = found
        if any(told.line == context.line and told.severity > Severity.INFO for told in context.findings[-4:]):
            # The value is wrong in some more telling way, too.
            return NOTHING
        return self._told(context, found, item_entity(context, field(event, "item", "id")))

    def _told(self, context: Context, found: list[Odd], item: Entity | None) -> Iterator[Verdict]:
        for odd in found:
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
    last = True
    symptoms = ("crash",)
    example = Example("text_turn", change("response.created", "response.object", "response"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        found = _found(context)
        return self._told(context, found) if found else NOTHING

    def _told(self, context: Context, found: list[Odd]) -> Iterator[Verdict]:
        for odd in found:
            if _is_constant(odd) and context.first(self.code, f"{context.type} {odd.path} {odd.value}"):
                words = " or ".join(sorted(map(str, odd.known)))
                yield Verdict({"path": odd.path, "found": odd.value, "known": words})
        found.clear()
