"""Examples of rules: a legal session and the one edit that breaks it.

An example is data, so that tests run it, `--explain` prints it and the docs show it.  The legal twin is the session
itself (or the session after `prepare`, where the rule needs a situation of its own); the breaking one is one edit away.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from rtproto.rules.script import Session, silence

PACE = 0.1
"""Seconds between two events of an example that has a clock."""
CLOCK = "<clock>"
"""Stands in the place of a direction: no event, but seconds that pass (or are taken back)."""
RAW = "<raw>"
"""Stands in an edit for the line whose bytes are `Example.raw`."""


class Edit(Struct, frozen=True):
    """One change at the event number `nth` (from 0) of a type.

    `kind` is `drop`, `repeat` (directly after itself), `swap` (with the next event), `set` (the member at the dotted
    path `path`, where numbers index lists, becomes `value`; the value `...` removes it), `fill` (the member becomes
    `value` ms of silence), `after` or `before` (`value` is the `(direction, event)` pair that is put there), `only`
    (nothing but what comes before the event is kept) or `relabel` (client and server change places in all lines).
    """

    kind: str
    type: str
    nth: int = 0
    path: str = ""
    value: Any = None

    def made(self, lines: Session) -> int | None:
        """The index of the event that the change makes or changes; None where it only takes away or moves."""
        places = [i for i, (_, event) in enumerate(lines) if event.get("type") == self.type]
        offsets = {"repeat": 1, "set": 0, "fill": 0, "after": 1, "before": 0}
        return places[self.nth] + offsets[self.kind] if self.kind in offsets else None

    def apply(self, lines: Session) -> Session:
        """A session with the change made.  Raises `LookupError` when the session has no such event."""
        places = [i for i, (_, event) in enumerate(lines) if event.get("type") == self.type]
        at = places[self.nth]
        edited = _copy(lines)
        direction, event = edited[at]
        if self.kind == "drop":
            del edited[at]
        elif self.kind == "repeat":
            again = {**event}
            if "event_id" in again:
                again["event_id"] += "_again"
            edited.insert(at + 1, (direction, again))
        elif self.kind == "swap":
            edited[at], edited[at + 1] = edited[at + 1], edited[at]
        elif self.kind == "set":
            _set(event, self.path.split("."), self.value)
        elif self.kind == "fill":
            _set(event, self.path.split("."), silence(self.value))
        elif self.kind in ("after", "before"):
            edited.insert(at + (self.kind == "after"), *_copy([self.value]))
        elif self.kind == "only":
            del edited[at:]
        elif self.kind == "relabel":
            other = {"client": "server", "server": "client"}
            edited = [(other[direction], event) for direction, event in edited]
        else:
            raise LookupError(f"no edit of the kind {self.kind!r}")
        return edited


def _copy(lines: Session) -> Session:
    # A session is JSON, and this is several times faster than `copy.deepcopy`.
    return [(direction, msgspec.json.decode(msgspec.json.encode(event))) for direction, event in lines]


def _set(target: Any, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        target = target[int(name) if name.isdigit() else name]
    last = path[-1]
    if value is ...:
        del target[last]
    else:
        target[int(last) if last.isdigit() else last] = value


class Spot(Struct, frozen=True):
    """The event number `nth` (from 0, from the end where it is negative) of a type, in the session that breaks."""

    type: str
    nth: int = 0

    def line(self, lines: Session) -> int:
        """Its line, from 1.  Raises `LookupError` when the session has no such event."""
        places = [i for i, (_, event) in enumerate(_timeless(lines), 1) if event.get("type") == self.type]
        return places[self.nth]


def _timeless(lines: Session) -> Session:
    return [(direction, event) for direction, event in lines if direction != CLOCK]


class Example(Struct, frozen=True):
    """A legal session and how to break the rule in it.

    `session` names one in `rtproto.rules.sessions`.  `prepare` are edits that both twins share.  `cut=False` says that
    the recording holds the connection's close.  `raw` are the bytes of the line that `edit` puts there, for rules about
    bytes (`bytes_before`).
    """

    session: str
    edit: Edit
    prepare: tuple[Edit, ...] = ()
    cut: bool = True
    raw: bytes | None = None
    clock: float | None = None
    """Seconds at the first event, for rules about time; the others follow at `PACE`, or `later`."""
    limit: int | None = None
    """Longest frame in bytes, where the rule is about that."""
    strict: bool = False
    """The checker is asked for `strict_fields`."""
    beside: tuple[str, ...] = ()
    """Codes of other rules that the edit breaks too, where the rule is about what they found."""
    found: Spot | None = None
    """Where the rule is broken, when that is not the line that the edit makes.  Known from what the rule says, not from
    what the checker finds: the conformance suite holds the checker against it."""
    also: tuple[Spot, ...] = ()
    """Where another checker may find it with as much right: what never came can be missed in two places."""
    because: tuple[Spot, ...] = ()
    """The events that make it so."""
    noted: bool = False
    """It is but a note here, because the recording ends before more can be said."""

    def passing(self) -> Session:
        """The legal twin."""
        from rtproto.rules.sessions import session  # which judging does without

        lines = session(self.session)
        for edit in self.prepare:
            lines = edit.apply(lines)
        return lines

    def breaking(self) -> Session:
        """The twin that breaks the rule."""
        return self.edit.apply(self.passing())

    def broken_line(self) -> int:
        """The line of the breaking twin, from 1, that breaks the rule.

        Raises `LookupError` where the edit makes no line and `found` names none.
        """
        return self.made_line() if self.found is None else self.found.line(self.breaking())

    def made_line(self) -> int:
        """The line of the breaking twin, from 1, that the edit makes, or lets time pass before.

        Raises `LookupError` where it makes none.
        """
        made = self.edit.made(self.passing())
        if made is None:
            raise LookupError(f"{self.edit.kind} makes no line; the example has to say what breaks the rule")
        return len(_timeless(self.breaking()[:made])) + 1

    def lines(self, *, breaking: bool) -> list[tuple[str, bytes]]:
        """One of the twins as it would be recorded: direction and the bytes of each frame."""
        return [
            (
                direction,
                self.raw if self.raw is not None and event == {"type": RAW} else msgspec.json.encode(event),
            )
            for direction, event in (self.breaking() if breaking else self.passing())
            if direction != CLOCK
        ]

    def shown(self, *, breaking: bool) -> list[tuple[str, bytes]]:
        """The lines of a twin as a reader sees them: also the time that passes, in words and under `CLOCK`."""
        lines = iter(self.lines(breaking=breaking))
        return [
            (CLOCK, f"({event['seconds']:g} seconds on the clock)".encode())
            if direction == CLOCK
            else next(lines)
            for direction, event in (self.breaking() if breaking else self.passing())
        ]

    def times(self, *, breaking: bool) -> list[float | None]:
        """When each of the lines was recorded, in seconds; None where the example has no clock."""
        times: list[float | None] = []
        now = self.clock
        for direction, event in self.breaking() if breaking else self.passing():
            if direction == CLOCK:
                now = None if now is None else now + event["seconds"]
            else:
                times.append(now)
                now = None if now is None else now + PACE
        return times


class RestExample(Example, frozen=True):
    """A REST call and the one change that breaks the rule in it: `session` names the call, `edit` changes the member at
    its path in the body that its `type` names (`request` or `response`)."""

    request: dict[str, Any] = {}
    response: dict[str, Any] = {}

    def passing(self) -> Session:
        """The bodies of the legal call."""
        return _copy([("client", self.request), ("server", self.response)])

    def breaking(self) -> Session:
        """The bodies of the call that breaks the rule."""
        bodies = self.passing()
        _set(bodies[self.edit.type == "response"][1], self.edit.path.split("."), self.edit.value)
        return bodies


def drop(type: str, nth: int = 0) -> Edit:
    """Leave the event out."""
    return Edit("drop", type, nth)


def repeat(type: str, nth: int = 0) -> Edit:
    """Send the event twice, with an event id of its own."""
    return Edit("repeat", type, nth)


def swap(type: str, nth: int = 0) -> Edit:
    """Exchange the event and the next."""
    return Edit("swap", type, nth)


def change(type: str, path: str, value: Any, nth: int = 0) -> Edit:
    """Give a member another value; `...` removes it."""
    return Edit("set", type, nth, path, value)


def fill(type: str, path: str, ms: int, nth: int = 0) -> Edit:
    """Put that many ms of silence in a member; they are made only when the example is."""
    return Edit("fill", type, nth, path, ms)


def after(type: str, direction: str, event: dict[str, Any], nth: int = 0) -> Edit:
    """Put another event behind the event."""
    return Edit("after", type, nth, "", (direction, event))


def before(type: str, direction: str, event: dict[str, Any], nth: int = 0) -> Edit:
    """Put another event in front of the event."""
    return Edit("before", type, nth, "", (direction, event))


def relabel(type: str) -> Edit:
    """Call the client server and the server client, in all lines of a session that has such an event."""
    return Edit("relabel", type)


def later(type: str, seconds: float, nth: int = 0) -> Edit:
    """Let that time pass before the event; a negative one sets the clock back."""
    return before(type, CLOCK, {"type": CLOCK, "seconds": seconds}, nth)


def bytes_before(type: str, direction: str = "server", nth: int = 0) -> Edit:
    """Put the line `Example.raw` in front of the event."""
    return before(type, direction, {"type": RAW}, nth)


def at(type: str, nth: int = 0) -> Spot:
    """That event of the session that breaks, for `Example.found` and `Example.because`."""
    return Spot(type, nth)


def upto(type: str, nth: int = 0) -> Edit:
    """Stop recording before the event."""
    return Edit("only", type, nth)
