"""Reading fields of events that may be decoded Structs or the lenient salvage of one that did not decode."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET


def field(value: Any, *path: str) -> Any:
    """The value at that path of attributes, or None where any of it is absent or null."""
    for name in path:
        value = getattr(value, name, None)
        if value is None or value is UNSET:
            return None
    return value


def tag_of(value: Any) -> str | None:
    """The `type` of a decoded Struct or of a salvaged one; None for anything else."""
    if value is None or value is UNSET:
        return None
    config: Any = getattr(value, "__struct_config__", None)
    tag = config.tag if config is not None else None
    if isinstance(tag, str):
        return tag
    kind = getattr(value, "type", None)
    return kind if isinstance(kind, str) else None


def listed(value: Any, *path: str) -> list[Any] | None:
    """The list at that path, or None where there is no list."""
    found = field(value, *path) if path else value
    return found if isinstance(found, list) else None  # pyright: ignore[reportUnknownVariableType]  # of whatever
