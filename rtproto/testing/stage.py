"""A session that is being written: the tables say what may come next, a chooser takes one of it.

Theory of operation
===================

A `Stage` holds the same engine and facts as the checker, and a list of *subjects*: the entities that something may
happen to, by machine and key.  In each step it asks the tables which event types are a legal input of each subject in
its present state.  To each of them belongs a *move* (`rtproto.testing.moves`): a function that writes the event for
that subject, or declines, because something that no table speaks of is missing (there is no more text to stream,
nobody has asked).  The chooser picks one of the moves; before its event is said, the engine foresees what all machines
on its route make of it, and an event that any of them would call a breach is dropped.  So what may follow what stands
in the tables alone; moves know only what must agree: texts, ids, clocks, configuration.

Everything that was begun ends, because the session goes on for as long as any move is left, and what begins something
new is paid for from a budget.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from rtproto.events.dialect import DIALECTS, direction_of
from rtproto.protocol.engine import Key
from rtproto.protocol.ledger import QUESTIONS
from rtproto.protocol.machine import Breach
from rtproto.protocol.routes import allowed_events, routes_of
from rtproto.protocol.tables import MACHINES
from rtproto.testing.chooser import Chooser
from rtproto.testing.model import Event, Model
from rtproto.testing.track import Track

T = TypeVar("T")
Write = Callable[["Stage", Key], Iterator[Event]]
LONGEST = 2000
"""Events after which a session ends wherever it is; none comes near it."""

_BETA = (
    ("response.output_text.", "response.text."),
    ("response.output_audio.", "response.audio."),
    ("response.output_audio_transcript.", "response.audio_transcript."),
)


def named(type: str, dialect: str) -> str:
    """The name that a dialect has for the GA event type."""
    if dialect == "beta":
        if type == "conversation.item.added":
            return "conversation.item.created"
        for ga, beta in _BETA:
            if type.startswith(ga):
                return beta + type.removeprefix(ga)
    return type


class Frame(NamedTuple):
    """One event of a session, as it is sent."""

    direction: str
    event: Event
    raw: bytes


class Move(NamedTuple):
    """How an event of a type comes about.

    `write` yields the event, or nothing where it declines; what it does after that it does once the event is said.
    """

    type: str
    write: Write
    weight: int
    needs: frozenset[str]
    """Any of these features allows it; none: it is always allowed."""
    dialects: tuple[str, ...]
    costs: str
    """The budget that pays for it, `turns` or `extras`; empty for what goes on with something that has begun."""


ALWAYS_ASKED = (
    "session.updated",
    "conversation.item.retrieved",
    "conversation.item.deleted",
    "conversation.item.truncated",
    "input_audio_buffer.cleared",
)
"""Events of the server that only ever answer a request."""

MOVES: dict[str, list[Move]] = {}
"""The moves by the machine of their subject; of streams by machine and kind, as in `stream text`."""


def move(
    type: str,
    of: str,
    *,
    weight: int = 10,
    needs: str = "",
    dialects: Sequence[str] = ("beta", "ga"),
    costs: str = "",
) -> Callable[[Write], Write]:
    """Register the function that writes events of a type (in GA's name) for the subjects of a machine."""

    def register(write: Write) -> Write:
        entry = Move(type, write, weight, frozenset(needs.split()), tuple(dialects), costs)
        MOVES.setdefault(of, []).append(entry)
        return write

    return register


class Option(NamedTuple):
    """A move as one dialect has it."""

    type: str
    direction: str
    write: Write
    weight: int
    costs: str
    request: str
    """The type of the request that it always answers, if there is one."""


@functools.cache
def options(dialect: str, features: frozenset[str], kind: str, state: str) -> tuple[Option, ...]:
    """The moves that the table leaves to a subject in that state."""
    machine = kind.partition(":")[0]
    allowed = allowed_events(dialect, machine, state)
    spoken = DIALECTS[dialect]
    found: list[Option] = []
    for entry in MOVES.get(kind, ()):
        type = named(entry.type, dialect)
        if dialect not in entry.dialects or not (type in spoken.server_types or type in spoken.client_types):
            continue
        if entry.needs and not entry.needs & features:
            continue
        # Of what is no input of the machine its table says nothing.
        concerned = any(route.machine == machine for route in routes_of(dialect, type))
        if type in allowed or not concerned:
            request = QUESTIONS[type] if type in ALWAYS_ASKED else ""
            direction = direction_of(type) or "server"
            found.append(Option(type, direction, entry.write, entry.weight, entry.costs, request))
    return tuple(found)


class Subject(NamedTuple):
    """An entity that something may happen to."""

    machine: str
    key: Key
    kind: str


class Stage:
    """A session that is being written."""

    def __init__(self, chooser: Chooser, dialect: str, features: frozenset[str]) -> None:
        self.below = chooser.below
        self.dialect = dialect
        self.ga = dialect != "beta"
        self.features = features
        self.frames: list[Frame] = []
        self.track = Track(dialect)
        self.facts, self.engine = self.track.facts, self.track.engine
        self.model = Model(chooser, dialect, features)
        self._subjects: dict[tuple[str, Key], Subject] = {}
        self._numbers: dict[str, int] = {}
        self.asked: dict[str, deque[Event]] = {}
        """The client's requests that are to be answered, by type."""

    # Decisions.

    def pick(self, values: Sequence[T]) -> T:
        """One of the values; the first is the simplest."""
        return values[self.below(len(values))]

    def chance(self, of_ten: int) -> bool:
        """Yes in that many of ten cases; no is the simplest."""
        return self.below(10) >= 10 - of_ten

    def has(self, *features: str) -> bool:
        """Whether any of the features is wanted."""
        return not self.features.isdisjoint(features)

    # Names.

    def name(self, prefix: str) -> str:
        """A new id: `item_1`, `item_2`."""
        number = self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}_{number}"

    # Subjects.

    def expect(self, machine: str, *key: Any) -> None:
        """Something may happen to this entity from now on."""
        kind = f"{machine}:{key[-1]}" if machine == "stream" else machine
        self._subjects.setdefault((machine, key), Subject(machine, key, kind))

    def forget(self, machine: str, *key: Any) -> None:
        """Nothing happens to this entity any more."""
        self._subjects.pop((machine, key), None)

    def close(self, *, finish: bool = False) -> None:
        """Nothing begins any more; with `finish`, what has begun goes on to its end."""
        self.model.turns = self.model.extras = 0
        self.model.over = True
        if not finish:
            self._subjects.clear()

    def state(self, machine: str, *key: Any) -> str:
        """The state of an entity."""
        entity = self.engine.find(machine, key)
        return MACHINES[machine].states[0] if entity is None else entity.state

    def busy(self) -> bool:
        """Whether a response writes to the default conversation."""
        return self.state("conversation") == "active"

    def waiting(self, *types: str) -> bool:
        """Whether a request of any of these types is to be answered."""
        return any(self.asked.get(type) for type in types)

    # Steps.

    def run(self) -> list[Frame]:
        """Write the session to its end."""
        while len(self.frames) < LONGEST and self._step():
            pass
        return self.frames

    def _step(self) -> bool:
        left: list[tuple[Option, Key]] = []
        total = 0
        entities = self.engine.entities
        over: list[Subject] = []
        budget = {"turns": self.model.turns, "extras": self.model.extras}
        for subject in reversed(self._subjects.values()):
            entity = entities[subject.machine].get(subject.key)
            state = MACHINES[subject.machine].states[0] if entity is None else entity.state
            found = options(self.dialect, self.features, subject.kind, state)
            if not found and entity is not None and subject.key:
                over.append(subject)
            for option in found:
                if (option.costs and not budget[option.costs]) or (
                    option.request and not self.asked.get(option.request)
                ):
                    continue
                left.append((option, subject.key))
                total += option.weight
        for subject in over:
            del self._subjects[subject.machine, subject.key]
        while left:
            at, mark = 0, self.below(total)
            while mark >= left[at][0].weight:
                mark -= left[at][0].weight
                at += 1
            option, key = left[at]
            if self._take(option, key):
                if option.costs:
                    setattr(self.model, option.costs, max(0, getattr(self.model, option.costs) - 1))
                return True
            total -= option.weight
            del left[at]
        return False

    def _take(self, option: Option, key: Key) -> bool:
        """Let a move write its event and say it; no, where the move declines or a table objects."""
        written = option.write(self, key)
        event = next(written, None)
        if event is None:
            return False
        event = {"type": option.type, **event}
        if option.direction == "server":
            event = {"event_id": f"event_{len(self.frames) + 1:03}", **event}
        if not self._say(option.direction, event):
            return False
        for _ in written:
            raise AssertionError(f"a move says one event: {option.type}")
        return True

    def _say(self, direction: str, event: Event) -> bool:
        raw = msgspec.json.encode(event)
        if any(isinstance(outcome, Breach) for _, _, outcome in self.track.look(direction, raw)):
            return False
        self.frames.append(Frame(direction, event, raw))
        self.track.follow()
        return True

    def ask(self, event: Event) -> Event:
        """A request of the client: with an id, perhaps, and remembered until it is answered."""
        return {"event_id": self.name("evt"), **event} if self.below(2) else event

    def await_answer(self, type: str, request: Event) -> None:
        """Remember a request that was sent."""
        self.asked.setdefault(type, deque()).append(request)

    def first(self, type: str) -> Event | None:
        """The oldest request of that type that waits for its answer."""
        waiting = self.asked.get(type)
        return waiting[0] if waiting else None

    def answered(self, type: str) -> Event:
        """Strike out the oldest request of that type."""
        return self.asked[type].popleft()
