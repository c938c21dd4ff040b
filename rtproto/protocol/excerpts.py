"""Cutting an event down to what a finding may show of it."""

from __future__ import annotations

from typing import Any

from rtproto.events.audio import is_valid
from rtproto.findings import Excerpt
from rtproto.protocol.values import field
from rtproto.wire_shape import UNKNOWN_TAG

_SHOWN = 48
"""Characters of a text that are kept."""
_NAME = 120
"""Characters of an event's type that are kept, twice what the protocol's longest has: peers make up longer ones, and
findings are kept as long as their connection."""

_IDS = (
    ("event_id",),
    ("response_id",),
    ("response", "id"),
    ("item_id",),
    ("item", "id"),
    ("previous_item_id",),
    ("call_id",),
    ("item", "call_id"),
    ("output_index",),
    ("content_index",),
    ("item", "type"),
    ("item", "role"),
    ("item", "status"),
    ("part", "type"),
    ("response", "status"),
    ("response", "conversation_id"),
    ("response", "status_details", "type"),
    ("response", "status_details", "reason"),
    ("session", "id"),
    ("session", "type"),
    ("audio_start_ms",),
    ("audio_end_ms",),
    ("error", "type"),
    ("error", "code"),
    ("error", "event_id"),
    ("error", "message"),
)
_TEXTS = ("delta", "text", "transcript", "arguments", "audio")


def excerpt(event: Any, type: str, direction: str, line: int) -> Excerpt:
    """The ids and small scalars of an event, in the order a reader looks for them; texts are cut, audio is counted."""
    fields: list[tuple[str, str | int | float | bool | None]] = []
    for path in _IDS:
        value = field(event, *path)
        if isinstance(value, (str, int, float, bool)) and value != UNKNOWN_TAG:
            fields.append((".".join(path), cut(value) if isinstance(value, str) else value))
    for name in _TEXTS:
        value = field(event, name)
        if isinstance(value, str):
            audio = (name == "audio" or "audio.delta" in type) and is_valid(value)
            fields.append((name, f"<{len(value)} characters of base64>" if audio else cut(value)))
    return Excerpt(line=line, direction=direction, type=cut(type, _NAME), fields=tuple(fields))


def cut(text: str, limit: int = _SHOWN) -> str:
    """The beginning of a text, marked where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
