"""Strings of which the vendor names all values: whether those of an event are among them.

`rtproto.events.base` keeps the values beside the types, as data; the `type` of an object that comes in several shapes
has those of the shapes.  For each class that has any, the fields to look at are found out once; an event is then walked
without a look at anything else, and a combination of values that was in order once is not taken apart again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct, UnsetType

from rtproto.events import base
from rtproto.events.base import Event, UnknownVariant
from rtproto.events.common.mcp import McpApprovalRequest, McpApprovalResponse, McpCall, McpListTools
from rtproto.protocol.values import kind_of

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

_OFF, _AZURE = "none", "azure_"
"""The `type` with which Azure shows what is switched off, and how the names of its own types begin."""


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


def _shapes(hint: Any) -> frozenset[Any]:
    """The values of `type` of the objects that the type may hold, where one that nobody has described may be there."""
    classes = [*_classes(hint)]
    if not any(issubclass(cls, UnknownVariant) for cls in classes):
        return frozenset()
    return frozenset(cls.__struct_config__.tag for cls in classes if not issubclass(cls, UnknownVariant))


@functools.cache
def enumerated(cls: type[Struct]) -> bool:
    """Whether a value of the class holds such a string, at any depth."""
    hints = get_type_hints(cls, include_extras=True).values()
    return bool(_values(cls)) or any(
        issubclass(inner, UnknownVariant) or enumerated(inner) for hint in hints for inner in _classes(hint)
    )


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
        self.read: Callable[[Any], Any] = attrgetter(*self.scalars or ["__class__"])
        self.fine: set[Any] = set()
        """What `read` gave for objects that were in order: there are few combinations, and they come again."""
        shapes = {name: _shapes(hint) for name, hint in hints.items()}
        self.inner = [
            (name, values.get(name, frozenset[Any]()), shapes[name])
            for name in cls.__struct_fields__
            if name not in self.scalars
            and (name in values or shapes[name] or any(map(enumerated, _classes(hints[name]))))
        ]
        """All other fields, with the values that they may have themselves, and the types of objects in them."""
        self.recurs = not issubclass(cls, Event)


def _holds_more(hint: Any) -> bool:
    """Whether a value of the type may be more than a string."""
    if get_origin(hint) in (list, dict):
        return True
    parts = [part for part in get_args(hint) if not isinstance(part, Meta)]
    return any(map(_holds_more, parts)) if parts else hint not in (str, type(None), UnsetType)


_PLANS: dict[type, _Plan] = {}
_BARE: set[type] = {UnsetType, type(None)}
"""Classes whose values have nothing to look at."""


def _plan(cls: type[Struct]) -> _Plan | None:
    """What to look at in values of a class, found out when the first one comes."""
    if not enumerated(cls):
        _BARE.add(cls)
        return None
    return _PLANS.setdefault(cls, _Plan(cls))


def strangers(value: Struct, last: dict[type, Any]) -> list[Odd] | None:
    """The strings and numbers in an object that are in none of the closed sets they should be in; None if all are.

    `last` is the last object of each class that was in order.  The server shows settings with each response, and an
    item four times.
    """
    cls = value.__class__
    plan = _PLANS.get(cls) or _plan(cls)
    if plan is None:
        return None
    found: list[Odd] = []
    if plan.scalars and (read := plan.read(value)) not in plan.fine:
        for name in plan.scalars:
            found += _stranger(name, getattr(value, name), _values(cls)[name])
        if not found:
            plan.fine.add(read)
    for name, known, shapes in plan.inner:
        part = getattr(value, name)
        kind = part.__class__
        if kind is list:
            for index, entry in enumerate(part):
                if entry.__class__ not in _BARE:
                    found += _below(f"{name}[{index}]", entry, known, shapes, last)
        elif kind not in _BARE:
            found += _below(name, part, known, shapes, last)
    if found:
        return found
    if plan.recurs:
        last[cls] = value
    return None


def _below(
    path: str, value: Any, known: frozenset[Any], shapes: frozenset[Any], last: dict[type, Any]
) -> Sequence[Odd]:
    """What is odd about a value that an object holds."""
    cls = value.__class__
    if cls is str or not isinstance(value, Struct):
        return () if cls is str and value in known else _stranger(path, value, known)
    if isinstance(value, UnknownVariant):
        kind = kind_of(value)
        if kind is None or kind == _OFF or kind.startswith(_AZURE):
            return ()
        return (Odd(f"{path}.type", kind, shapes),)
    if cls in last and last[cls] == value:
        # The later one is as good, and likely to be kept anyway.
        last[cls] = value
        return ()
    below = strangers(value, last)
    return () if below is None else _under(path, below)


def _under(path: str, found: list[Odd]) -> list[Odd]:
    return [Odd(f"{path}.{odd.path}", odd.value, odd.known) for odd in found]


def _stranger(path: str, value: Any, known: frozenset[Any]) -> list[Odd]:
    # A union with other types, such as a number or "inf": only what is of the set's own type is judged.
    if not any(value.__class__ is one.__class__ for one in known) or value in known:
        return []
    return [Odd(path, value, known)]
