"""What mutations are made of, and those that change any line: what they break, if anything, depends on the line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from rtproto.testing.chooser import Chooser
from rtproto.testing.model import Event
from rtproto.testing.stage import Frame

Frames = Sequence[Frame]
Place = tuple[str | int, ...]
Change = Callable[[Chooser, Frames], "Mutation | None"]


class Mutation(NamedTuple):
    """A session with one change."""

    name: str
    what: str
    """What was done, in words."""
    line: int
    """The line of the session, from 1, at which it differs first."""
    code: str | None
    """The rule that it breaks; None where that depends on the line."""
    frames: list[Frame]


MUTATORS: dict[str, Change] = {}
"""Every way to break a session, by its name."""
CODES: dict[str, str | None] = {}
"""The code of the rule that each of them breaks."""


def mutator(name: str, code: str | None = None) -> Callable[[Change], Change]:
    """Register a way to break a session."""

    def register(change: Change) -> Change:
        MUTATORS[name] = change
        CODES[name] = code
        return change

    return register


# Building blocks.


def frame(direction: str, event: Event) -> Frame:
    """A frame of an event."""
    return Frame(direction, event, msgspec.json.encode(event))


def changed(event: Event, place: Place, value: Any) -> Event:
    """A copy of the event with another value at that place; `...` removes it."""
    copy: Event = msgspec.json.decode(msgspec.json.encode(event))
    holder: Any = copy
    for part in place[:-1]:
        holder = holder[part]
    if value is ...:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return copy


def value_at(event: Event, place: Place) -> Any:
    """The value at that place, and `...` where there is none."""
    value: Any = event
    for part in place:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return ...
    return value


def replaced(frames: Frames, at: int, event: Event) -> list[Frame]:
    """The session with another event at that index."""
    return [*frames[:at], frame(frames[at].direction, event), *frames[at + 1 :]]


def inserted(frames: Frames, at: int, *more: Frame) -> list[Frame]:
    """The session with more frames before that index."""
    return [*frames[:at], *more, *frames[at:]]


def again(event: Event) -> Event:
    """The same event of the server's, sent once more."""
    return {**event, "event_id": event["event_id"] + "_again"}


def places(frames: Frames, *types: str) -> list[int]:
    """The indexes of the events of these types."""
    return [at for at, frame in enumerate(frames) if frame.event["type"] in types]


def pick(chooser: Chooser, found: Sequence[int]) -> int | None:
    """One of the indexes; None where there is none."""
    return found[chooser.below(len(found))] if found else None


def leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every scalar in a JSON value, with its place; tool schemas and configuration are passed over."""
    holder: Any = value  # so that its members are of any type, and not of none that is known
    if isinstance(value, dict):
        for name, member in holder.items():
            if name not in ("tools", "parameters", "instructions", "obfuscation"):
                yield from leaves(member, (*place, name))
    elif isinstance(value, list):
        for index, member in enumerate(holder):
            yield from leaves(member, (*place, index))
    else:
        yield place, value


def kind_of(place: Place, value: Any) -> str | None:
    """Which of `rename`, `reword` and `renumber` a scalar is for, if any."""
    name = next((part for part in reversed(place) if isinstance(part, str)), "")
    if name in ("type", "object", "model") or isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return "rename" if name == "id" or name.endswith("_id") else "reword"
    return "renumber" if isinstance(value, (int, float)) else None


# Any line.


@mutator("delete")
def delete(chooser: Chooser, frames: Frames) -> Mutation | None:
    at = pick(chooser, range(len(frames)))
    if at is None:
        return None
    return Mutation(
        "delete", f"left out `{frames[at].event['type']}`", at + 1, None, [*frames[:at], *frames[at + 1 :]]
    )


@mutator("duplicate")
def duplicate(chooser: Chooser, frames: Frames) -> Mutation | None:
    at = pick(chooser, range(len(frames)))
    if at is None:
        return None
    twice = inserted(frames, at, frames[at])
    return Mutation("duplicate", f"sent `{frames[at].event['type']}` twice", at + 2, None, twice)


@mutator("swap")
def swap(chooser: Chooser, frames: Frames) -> Mutation | None:
    at = pick(chooser, [at for at in range(len(frames) - 1) if frames[at] != frames[at + 1]])
    if at is None:
        return None
    first, second = frames[at], frames[at + 1]
    what = f"sent `{second.event['type']}` before `{first.event['type']}`"
    return Mutation("swap", what, at + 1, None, [*frames[:at], second, first, *frames[at + 2 :]])


def _alter(chooser: Chooser, frames: Frames, kind: str, other: Callable[[Any], Any]) -> Mutation | None:
    at = pick(chooser, range(len(frames)))
    if at is None:
        return None
    event = frames[at].event
    found = [(place, value) for place, value in leaves(event) if kind_of(place, value) == kind]
    if not found:
        return None
    place, value = found[chooser.below(len(found))]
    what = f"changed {'.'.join(map(str, place))} in `{event['type']}`"
    return Mutation(kind, what, at + 1, None, replaced(frames, at, changed(event, place, other(value))))


@mutator("rename")
def rename(chooser: Chooser, frames: Frames) -> Mutation | None:
    """Another id."""
    return _alter(chooser, frames, "rename", lambda value: value + "_other")


@mutator("reword")
def reword(chooser: Chooser, frames: Frames) -> Mutation | None:
    """Another text."""
    return _alter(chooser, frames, "reword", lambda value: value + " other")


@mutator("renumber")
def renumber(chooser: Chooser, frames: Frames) -> Mutation | None:
    """Another number."""
    return _alter(chooser, frames, "renumber", lambda value: value + 1)
