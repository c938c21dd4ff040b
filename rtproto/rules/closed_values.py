"""Strings of which the vendor names all values: whether those of an event are among them.

`rtproto.events.base` keeps the values beside the types, as data; the `type` of an object that comes in several shapes
has those of the shapes.  `in_order` answers for the bytes of an event, at the cost of decoding a part of it once more:
from each class of events a Struct is made that has only the fields with such strings, and these as literals, so that
msgspec itself refuses any other value.  `strangers` walks an event that it refused, and tells which values are odd.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Meta, Struct

from rtproto.events import base
from rtproto.events.base import UnknownVariant
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


def is_azures(kind: str) -> bool:
    """Whether a `type` is one of Azure's own: `none` for what is switched off, and those that begin with its name."""
    return kind == "none" or kind.startswith("azure_")


def _metas(hint: Any) -> Iterator[Meta]:
    """What is said about the values of a type, wherever in it."""
    for part in get_args(hint):
        if isinstance(part, Meta):
            yield part
        else:
            yield from _metas(part)


def _classes(hint: Any) -> Iterator[type[Struct]]:
    """The Structs that a value of the type may be or hold."""
    if _is_a(hint, Struct):
        yield hint
    for part in get_args(hint):
        yield from _classes(part)


def _closed(hint: Any) -> frozenset[Any]:
    """The values of the closed sets among what is said about a type."""
    closed = (
        meta.examples or ()
        for meta in _metas(hint)
        if meta.extra is not None and meta.extra.get("closed") and id(meta) not in _JUDGED_ELSEWHERE
    )
    return frozenset(value for values in closed for value in values)


def _shapes(hint: Any) -> frozenset[Any]:
    """The values of `type` of the objects that the type may hold, where one that nobody has described may be there."""
    classes = [*_classes(hint)]
    if not any(issubclass(cls, UnknownVariant) for cls in classes):
        return frozenset()
    return frozenset(cls.__struct_config__.tag for cls in classes if not issubclass(cls, UnknownVariant))


@functools.cache
def _fields(cls: type[Struct]) -> dict[str, tuple[Any, frozenset[Any], frozenset[Any]]]:
    """The fields of a class to look at: the type of each, the values that it may have, and the types of objects."""
    found: dict[str, tuple[Any, frozenset[Any], frozenset[Any]]] = {}
    for name, hint in get_type_hints(cls, include_extras=True).items():
        values, shapes = _closed(hint), _shapes(hint)
        if (cls, name) in _SAID_BY_NOBODY or name not in cls.__struct_fields__:
            continue
        if values or shapes or any(map(enumerated, _classes(hint))):
            found[name] = hint, values, shapes
    return found


@functools.cache
def enumerated(cls: type[Struct]) -> bool:
    """Whether a value of the class holds such a string, at any depth."""
    return bool(_fields(cls))


# The quick answer.


def in_order(cls: type[Struct], raw: bytes) -> bool:
    """Whether all such strings in an event of that class are as they should be, and none of its objects is unknown.

    `raw` is the frame that the event was decoded from.
    """
    try:
        _decoder(cls)(raw)
    except msgspec.DecodeError:
        return False
    return True


_WALKED = 16
"""Events of a class that are walked.  To make what answers quickly takes as long as to walk a hundred."""
_met: Counter[type[Struct]] = Counter()


def may_be_odd(event: Struct, raw: bytes) -> bool:
    """Whether `strangers` may find something in an event; what it tells by itself, or by `in_order` where many come."""
    cls = event.__class__
    if _met[cls] < _WALKED:
        _met[cls] += 1
        return next(strangers(event), None) is not None
    return not in_order(cls, raw)


@functools.cache
def _decoder(cls: type[Struct]) -> Callable[[bytes], object]:
    return msgspec.json.Decoder(_strict(cls)).decode


@functools.cache
def _strict(cls: type[Struct]) -> Any:
    """The same Struct with only the fields to look at, which decodes what is in order."""
    config = cls.__struct_config__
    fields = [(name, _narrowed(hint), UNSET) for name, (hint, *_) in _fields(cls).items()]
    return msgspec.defstruct(
        cls.__name__, fields, tag_field=config.tag_field, tag=config.tag, kw_only=True, gc=False
    )


_LIST: Any = list
_UNION: Any = Union
_LITERAL: Any = Literal
"""Types of which others are made at run time, which type checkers cannot follow."""


def _narrowed(hint: Any) -> Any:
    """A type that has only the closed values, wherever there are any."""
    origin, parts = get_origin(hint), get_args(hint)
    if _is_a(hint, Struct):
        return _strict(hint)
    if origin is list:
        return _LIST[_narrowed(parts[0])]
    if origin in (Union, UnionType):
        return _UNION[tuple(_narrowed(part) for part in parts if not _is_a(part, UnknownVariant))]
    closed = sorted(_closed(hint), key=str)
    return _LITERAL[tuple(closed)] if closed else hint


def _is_a(hint: Any, base: type) -> bool:
    return isinstance(hint, type) and issubclass(hint, base)


# The long one.


class Odd(Struct, frozen=True):
    """A value that is in none of the closed sets it should be in, and its path."""

    path: str
    value: Any
    known: frozenset[Any]


def strangers(value: Struct) -> Iterator[Odd]:
    """The strings and numbers in an object that are in none of the closed sets they should be in."""
    for name, (_, known, shapes) in _fields(value.__class__).items():
        part: Any = getattr(value, name)
        if part.__class__ is list:
            for index, entry in enumerate(part):
                yield from _odd(f"{name}[{index}]", entry, known, shapes)
        else:
            yield from _odd(name, part, known, shapes)


def _odd(path: str, value: Any, known: frozenset[Any], shapes: frozenset[Any]) -> Iterator[Odd]:
    """What is odd about a value that an object holds."""
    if isinstance(value, UnknownVariant):
        kind = kind_of(value)
        if kind is not None and not is_azures(kind):
            yield Odd(f"{path}.type", kind, shapes)
    elif isinstance(value, Struct):
        for odd in strangers(value):
            yield Odd(f"{path}.{odd.path}", odd.value, odd.known)
    elif any(value.__class__ is one.__class__ for one in known) and value not in known:
        # In a union with other types, such as a number or "inf", only what is of the set's own type is judged.
        yield Odd(path, value, known)
