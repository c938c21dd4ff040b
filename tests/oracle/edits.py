"""What damages are made of: places in the lines of a session, and lines with one change."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from rtproto.testing.damage import Place, kind_of, leaves

from .reading import Body

Lines = list[tuple[str, Body]]
Damage = Callable[[random.Random, Lines], Lines | None]

WORDS = {
    "status": ("completed", "incomplete", "cancelled", "failed"),
    "reason": ("turn_detected", "client_cancelled", "max_output_tokens", "content_filter"),
    "role": ("user", "assistant", "system"),
}
PARTS = ("input_text", "input_audio", "output_text", "output_audio", "text", "audio")
RENAMED = (("response.output_", "response."), ("conversation.item.added", "conversation.item.created"))


def copied(event: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(event))


def put(event: Body, place: Place, value: Any) -> Body:
    copy = copied(event)
    holder = copy
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    return copy


def renewed(rng: random.Random, event: Body) -> Body:
    return {**event, "event_id": f"fresh_{rng.randrange(10**9)}"} if "event_id" in event else event


def found(rng: random.Random, lines: Lines, *types: str, side: str = "server") -> int | None:
    at = [i for i, (s, e) in enumerate(lines) if s == side and str(e.get("type")).startswith(types)]
    return rng.choice(at) if at else None


def inserted(rng: random.Random, lines: Lines, side: str, event: Body, after: int | None = None) -> Lines:
    at = rng.randrange(1, len(lines) + 1) if after is None else after + 1
    return [*lines[:at], (side, renewed(rng, {"event_id": "", **event})), *lines[at:]]


def places(lines: Lines, kind: str) -> Iterator[tuple[int, Place, Any]]:
    for at, (_, event) in enumerate(lines):
        for place, value in leaves(event):
            if kind_of(place, value) == kind and place != ("event_id",):
                yield at, place, value
