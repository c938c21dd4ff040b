"""Ways to damage a session so that starred rules break: what a faulty server, client or recorder would do.

Every damage takes a random generator and the lines, and returns other lines, or None where it finds nothing to damage.
None makes an event whose shape is wrong: the two opinions are about order and agreement, not about decoding.
"""

from __future__ import annotations

import random

from .edits import PARTS, WORDS, Damage, Lines, places, put, renewed
from .mistakes import SPECIAL, asks_again, complains


def delete(rng: random.Random, lines: Lines) -> Lines:
    """A line is lost."""
    at = rng.randrange(len(lines))
    return lines[:at] + lines[at + 1 :]


def duplicate(rng: random.Random, lines: Lines) -> Lines:
    """A line comes again, at once or some lines later, as an event of its own."""
    at = rng.randrange(len(lines))
    to = min(at + rng.choice((1, 1, 2, 5, 20)), len(lines))
    return [*lines[:to], (lines[at][0], renewed(rng, lines[at][1])), *lines[to:]]


def swap(rng: random.Random, lines: Lines) -> Lines | None:
    """Two neighbours change spots."""
    if len(lines) < 2:
        return None
    at = rng.randrange(len(lines) - 1)
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def move(rng: random.Random, lines: Lines) -> Lines:
    """A line comes earlier or later."""
    at = rng.randrange(len(lines))
    rest = lines[:at] + lines[at + 1 :]
    to = max(0, min(len(rest), at + rng.choice((-12, -5, -3, -2, 2, 3, 5, 12))))
    return [*rest[:to], lines[at], *rest[to:]]


def rename(rng: random.Random, lines: Lines) -> Lines | None:
    """An id becomes another one: of nothing, or of something else of that kind."""
    spots = list(places(lines, "rename"))
    if not spots:
        return None
    at, place, value = rng.choice(spots)
    same = sorted({v for _, p, v in spots if p[-1] == place[-1] and v != value})
    other = rng.choice(same) if same and rng.random() < 0.5 else f"{value}_x"
    return [*lines[:at], (lines[at][0], put(lines[at][1], place, other)), *lines[at + 1 :]]


def retell(rng: random.Random, lines: Lines) -> Lines | None:
    """A text differs from what was streamed."""
    names = ("delta", "text", "transcript", "arguments")
    spots = [
        p
        for p in places(lines, "reword")
        if p[1][-1] in names and "audio.delta" not in lines[p[0]][1]["type"]
    ]
    if not spots:
        return None
    at, place, value = rng.choice(spots)
    other = rng.choice((f"{value} x", value[:-1], value.upper(), ""))
    return [*lines[:at], (lines[at][0], put(lines[at][1], place, other)), *lines[at + 1 :]]


def recount(rng: random.Random, lines: Lines) -> Lines | None:
    """A number is off."""
    names = ("output_index", "content_index", "total_tokens", "input_tokens", "output_tokens", "audio_end_ms")
    spots = [p for p in places(lines, "renumber") if p[1][-1] in names]
    if not spots:
        return None
    at, place, value = rng.choice(spots)
    other = value + rng.choice((1, 1, 50, 1000)) if value < 1 or rng.random() < 0.7 else value - 1
    return [*lines[:at], (lines[at][0], put(lines[at][1], place, other)), *lines[at + 1 :]]


def reword(rng: random.Random, lines: Lines) -> Lines | None:
    """A status, reason or role is another one, or a part of another type."""
    spots = [p for p in places(lines, "reword") if p[1][-1] in WORDS]
    for at, (_, event) in enumerate(lines):
        content = (event.get("item") or {}).get("content")
        spots += [(at, ("item", "content", i, "type"), part["type"]) for i, part in enumerate(content or [])]
    if not spots:
        return None
    at, place, value = rng.choice(spots)
    other = rng.choice([word for word in WORDS.get(str(place[-1]), PARTS) if word != value])
    return [*lines[:at], (lines[at][0], put(lines[at][1], place, other)), *lines[at + 1 :]]


def behead(rng: random.Random, lines: Lines) -> Lines:
    """The recording starts in the middle."""
    return lines[rng.randrange(1, max(2, len(lines) // 2)) :]


def deafen(rng: random.Random, lines: Lines) -> Lines | None:
    """What the client sent was not recorded."""
    return [line for line in lines if line[0] == "server"] or None


def cut(rng: random.Random, lines: Lines) -> Lines:
    """The recording stops early."""
    return lines[: rng.randrange(1, len(lines) + 1)]


def mistimed(rng: random.Random, lines: Lines) -> Lines | None:
    """A line about requests for responses and their answers is lost, comes at another time, or once more."""
    kinds = (
        "response.create",
        "response.done",
        "response.output_item.done",
        "error",
        "input_audio_buffer.committed",
    )
    spots = [at for at, (_, event) in enumerate(lines) if event["type"].startswith(kinds)]
    if not spots:
        return None
    at = rng.choice(spots)
    rest = lines[:at] + lines[at + 1 :]
    to = max(0, min(len(rest), at + rng.choice((-12, -5, -3, -2, -1, 1, 2, 3, 5, 12))))
    again = (lines[at][0], renewed(rng, lines[at][1]))
    return rng.choice(
        (rest, [*rest[:to], lines[at], *rest[to:]], [*lines[: to + 1], again, *lines[to + 1 :]])
    )


GENERAL: tuple[Damage, ...] = (delete, duplicate, swap, move, rename, retell, recount, reword)
WINDOWS: tuple[Damage, ...] = (behead, deafen, cut)
REQUESTS: tuple[Damage, ...] = (asks_again, complains, mistimed, mistimed)


def damaged(rng: random.Random, lines: Lines, *, requests: bool = False) -> tuple[Lines, list[str]]:
    """The lines with a fault or two, and which; at times only a part of the session, which is no fault.

    `requests`: with up to four, all of them about requests for responses, so that what answers which is in doubt.
    """
    done: list[str] = []
    if rng.random() < 0.25:
        window = rng.choice(WINDOWS)
        lines = window(rng, lines) or lines
        done.append(window.__name__)
    kinds, faults = (GENERAL, SPECIAL), (0, 1, 1, 1, 1, 1, 1, 2, 2, 3)
    if requests:
        kinds, faults = (REQUESTS,), (1, 2, 2, 3, 3, 4)
    for _ in range(rng.choice(faults)):
        damage = rng.choice(rng.choice(kinds))
        after = damage(rng, lines) if lines else None
        if after:
            lines = after
            done.append(damage.__name__)
    return lines, done
