"""Reading fields of events that may be decoded Structs or the lenient salvage of one that did not; shared sets."""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from rtproto.events.base import UnknownVariant
from rtproto.wire_shape import UNKNOWN_TAG


def field(value: Any, name: str, *path: str) -> Any:
    """The value at that path of attributes, or None where any of it is absent or null."""
    value = getattr(value, name, None)
    for name in path:
        value = getattr(value, name, None)
    return None if value is UNSET else value


_TAGS: dict[type[Any], str | None] = {}
"""The tag of each class that was asked for; there are as many as there are event and variant types."""


def tag_of(value: Any) -> str | None:
    """The `type` of a decoded Struct or of a salvaged one; None for anything else."""
    tag = _TAGS.get(value.__class__)
    return tag if tag is not None else _untagged(value)


def _untagged(value: Any) -> str | None:
    """The same of a value whose class has no tag that is known by now."""
    cls: type[Any] = value.__class__
    if cls not in _TAGS:
        config: Any = getattr(cls, "__struct_config__", None)
        tag = config.tag if config is not None and isinstance(config.tag, str) else None
        _TAGS[cls] = tag
        if tag is not None:
            return tag
    kind = getattr(value, "type", None)
    return kind if isinstance(kind, str) else None


class _Identified(Struct, frozen=True):
    """The `id` of any object."""

    id: str | None = None


def kind_of(value: Any) -> str | None:
    """The `type` as it is on the wire, also where nobody has described it; None where it has none."""
    kind = value.type if isinstance(value, UnknownVariant) else tag_of(value)
    return None if kind == UNKNOWN_TAG else kind


def id_of(item: Any) -> str | None:
    """The `id` of an item, also of one whose type nobody has described; None where it has none."""
    if not isinstance(item, UnknownVariant):
        named: str | None = field(item, "id")
        return named
    try:
        return msgspec.json.decode(item.raw, type=_Identified).id
    except (ValueError, RecursionError):
        return None


def listed(value: Any, *path: str) -> list[Any] | None:
    """The list at that path, or None where there is no list."""
    found = field(value, *path) if path else value
    return found if isinstance(found, list) else None  # pyright: ignore[reportUnknownVariableType]  # of whatever


NO_NAMES: frozenset[str] = frozenset()


@functools.cache
def joined(names: frozenset[str], name: str) -> frozenset[str]:
    """The set with one name more; of the few sets that there are, the same object for every connection."""
    return names | {name}
