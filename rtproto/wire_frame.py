"""A frame as callers have it, bytes or text, and its bytes."""

from __future__ import annotations

from typing import TypeAlias

RawFrame: TypeAlias = bytes | bytearray | memoryview | str


def as_bytes(raw: RawFrame) -> bytes:
    """The bytes of a frame, of text those of its UTF-8, half pairs of surrogates included.

    Raises `TypeError` for what is neither bytes nor `str`.
    """
    if isinstance(raw, str):
        return raw.encode("utf-8", "surrogatepass")
    try:
        return memoryview(raw).tobytes()
    except TypeError:
        told = f"a frame is bytes or str, not {type(raw).__name__}: give the JSON text as it came"
        raise TypeError(f"{told}, or msgspec.json.encode() of the object") from None
