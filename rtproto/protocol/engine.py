"""The small engine that runs the tables.  It knows no event by name.

`Engine.step` takes an event and the routes of its type, moves the entities concerned and returns what broke.  One step
breaks at most one rule: when an outer machine breaks one, the inner ones follow silently, each by its recovery state.

A step in which every cell led back to its own state changes nothing, and neither does its repetition for as long as
no entity moves: `Step.quiet_key` and `Engine.moves` let the caller recognise that without asking the tables again.
That is what makes a delta inside an open part cheap, and it holds for any table, because it only uses that cells are
functions of state and input, and of guards that are `STEADY`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from msgspec import UNSET

from rtproto.protocol.guards import GUARDS, ITEM_TYPES, STEADY
from rtproto.protocol.machine import Breach, Machine, Route, When, guards, outcomes
from rtproto.protocol.tables import MACHINES
from rtproto.protocol.values import tag_of

Key = tuple[Any, ...]
_REMEMBERED_MOVES = 8
_OPEN_AT_MOST = 64
"""Entities of one machine, or below one entity, that are looked at for one that was meant."""
_ABSENT = frozenset((None, UNSET))


class Entity:
    """One instance of a machine: a response, a part, a call."""

    __slots__ = (
        "adopted",
        "children",
        "history",
        "key",
        "machine",
        "parent",
        "size",
        "state",
        "stayed",
        "taint",
        "text",
    )

    def __init__(self, machine: Machine, key: Key, parent: Entity | None) -> None:
        self.machine = machine
        self.key = key
        self.parent = parent
        self.state = machine.states[0]
        self.children: list[Entity] = []
        self.history: list[tuple[int, str, str]] = []
        """Line, event type and input of every change of state."""
        self.adopted = False
        """First seen after its beginning, in a recording that starts mid-session."""
        self.stayed = False
        """A guard has kept it where it was, so it is known although it never moved."""
        self.taint: int | None = None
        """Index of the root finding that broke this entity's order."""
        self.text: list[str] = []
        """What the entity's deltas brought, for streams of text."""
        self.size: int | None = 0
        """Decoded bytes that the entity's deltas brought, for streams of audio; None once it cannot be known."""
        if parent is not None:
            parent.children.append(self)

    @property
    def unseen(self) -> bool:
        """Nothing of this entity has been judged yet."""
        return not self.history and self.state == self.machine.states[0]

    def move(self, state: str, line: int, type: str, input: str) -> None:
        """Change the state, and remember by which line.  What leaves its first state begins anew, without taint."""
        if self.state == self.machine.states[0]:
            self.taint = None
        self.state = state
        self.history.append((line, type, input))
        if len(self.history) > _REMEMBERED_MOVES:
            del self.history[0]

    def met_halfway(self) -> bool:
        """The recording may have missed the beginning of this entity, or of what it belongs to."""
        entity: Entity | None = self
        while entity is not None:
            if entity.adopted:
                return True
            entity = entity.parent
        return False

    def root_taint(self) -> int | None:
        """The finding under which this entity's faults fold: its own, or that of what it belongs to."""
        entity: Entity | None = self
        while entity is not None:
            if entity.taint is not None:
                return entity.taint
            entity = entity.parent
        return None


class Broken:
    """One illegal cell that an event ran into."""

    __slots__ = ("breach", "entity", "event", "history", "input", "machine", "state")

    def __init__(self, breach: Breach, entity: Entity, event: Any, input: str, state: str) -> None:
        self.breach = breach
        self.entity = entity
        self.machine = entity.machine
        self.history = tuple(entity.history)
        """The entity's changes of state before the event."""
        self.event = event
        self.input = input
        self.state = state


class Leg:
    """One route, compiled: the column of its input, and how to find the entity."""

    __slots__ = (
        "asks",
        "cells",
        "each",
        "input",
        "item",
        "literals",
        "loops",
        "machine",
        "name",
        "only",
        "read_key",
        "rest",
        "single",
        "steady",
        "under",
    )

    def __init__(self, route: Route) -> None:
        self.machine = MACHINES[route.machine]
        self.name = route.machine
        self.input = route.input
        self.cells = {state: self.machine.cell(state, route.input) for state in self.machine.states}
        self.rest = self.machine.states[0]
        self.loops = frozenset(state for state, cell in self.cells.items() if cell == state)
        """The states that the input simply leads back to."""
        self.steady = frozenset(
            state
            for state, cell in self.cells.items()
            if state in outcomes(cell) and STEADY.issuperset(guards(cell)) and cell != state
        )
        """The states that it leads back to if guards say so that will say the same again."""
        self.read_key = _key_reader(route.key)
        self.single = not route.key and not route.each
        """A connection has one such entity."""
        self.literals: Key = tuple(part[1:] for part in route.key if part.startswith("="))
        """What the key ends with whatever the event is."""
        self.only = GUARDS[route.only] if route.only else None
        self.item = ITEM_TYPES.get(route.only)
        """The type of item that `only` asks for, where it asks for nothing else."""
        self.asks = None if self.item else self.only
        self.under = route.under
        self.each = route.each


class Course:
    """The routes of one event type, compiled once for all connections: whom the event moves, and how they are found.

    A course without a type serves many, of which each event says its own.
    """

    __slots__ = ("by_item", "key", "legs", "others", "repeatable", "type")

    def __init__(
        self, type: str, routes: Sequence[Route], also: Sequence[str] = (), *, repeatable: bool = True
    ) -> None:
        self.type = type
        self.legs = tuple(map(Leg, routes))
        self.others = tuple(leg for leg in self.legs if leg.item is None)
        """The legs that ask for no type of item, for an event with any other."""
        self.by_item = {
            item: tuple(leg for leg in self.legs if leg.item in (None, item))
            for item in {leg.item for leg in self.legs if leg.item}
        }
        paths = [part for route in routes for part in route.key if not part.startswith("=")] + list(also)
        self.repeatable = repeatable and not any(route.only or route.each for route in routes)
        """Whether a step of this type can be quiet."""
        self.key: Callable[[Any], Any] | None = attrgetter(*dict.fromkeys(paths)) if paths else None
        """Everything in the event that chooses its entities, and the fields that the caller asked for beside them;
        None where all events of this type are in the same place."""


class Step:
    """A course on one connection: where its last step led, and whether that one was quiet."""

    __slots__ = ("course", "entity", "key", "quiet_key", "quiet_moves", "reached")

    def __init__(self, course: Course) -> None:
        self.course = course
        self.key = course.key
        self.quiet_key: Any = None
        self.quiet_moves = -1
        self.entity: Entity | None = None
        """The innermost entity of the last step; None where the event did not name it."""
        self.reached: Entity | None = None
        """The innermost entity of the last step that could be found."""


def _key_reader(paths: tuple[str, ...]) -> Callable[[Any], Key | None]:
    """A function that reads a route's key out of an event, or None where a part of it is missing."""
    if not paths:
        return lambda event: ()
    literals = tuple(path[1:] for path in paths if path.startswith("="))
    names = tuple(path for path in paths if not path.startswith("="))
    if len(names) == 1 and not literals:
        get_one = attrgetter(names[0])

        def read_one(event: Any) -> Key | None:
            try:
                found = get_one(event)
            except AttributeError:
                # The item, or whatever holds the id, is missing or of an unknown kind.
                return None
            return None if found is None or found is UNSET else (found,)

        return read_one
    get = attrgetter(*names)
    single = len(names) == 1

    def read(event: Any) -> Key | None:
        found = get(event)
        key: Key = (found,) if single else found
        if not _ABSENT.isdisjoint(key):
            # An absent content_index is the first part's: it is optional on transcription deltas.
            key = tuple(
                0 if name == "content_index" and (value is None or value is UNSET) else value
                for name, value in zip(names, key, strict=True)
            )
            if not _ABSENT.isdisjoint(key):
                return None
        return key + literals

    return read


class Engine:
    """All entities of one connection, and the facts that guards ask for."""

    def __init__(self, facts: Any) -> None:
        self.facts = facts
        self.entities: defaultdict[str, dict[Key, Entity]] = defaultdict(dict)
        self.moves = 0
        """How many times any entity has changed its state; unchanged means that a quiet step is still quiet."""
        self.mid_session = False
        """The recording starts after the connection did: entities may be met half-way."""
        self._singles: dict[str, Entity] = {}
        """The entities of which there is one each, by their machines, once they were met."""

    def find(self, machine: str, key: Key = ()) -> Entity | None:
        """The entity of that key, if the session has shown one."""
        return self.entities[machine].get(key)

    def states(self) -> dict[str, dict[str, str]]:
        """Machine name to key to state; keys of several parts are joined by a slash."""
        return {
            name: {"/".join(map(str, key)): entity.state for key, entity in entities.items()}
            for name, entities in self.entities.items()
            if entities
        }

    def step(self, step: Step, event: Any, line: int) -> Broken | None:
        """Move every entity that the event is an input of; return the outermost illegal cell, if there is one."""
        broken: Broken | None = None
        quiet = True
        previous: Entity | None = None
        step.reached = None
        course = step.course
        legs = course.others
        if course.by_item:
            legs = course.by_item.get(tag_of(event.item) or "", legs)
        for leg in legs:
            if leg.asks is not None and not leg.asks(self.facts, event, previous):
                continue
            if leg.each:
                quiet = False
                for child in previous.children if previous is not None else ():
                    if child.machine is leg.machine and child.state not in leg.loops:
                        goal = self._outcome(child, leg, event)
                        broken = self._enter(child, leg, goal, event, line, course.type or event.type, broken)
                continue
            found = self._singles.get(leg.name) if leg.single else None
            if found is None:
                key = leg.read_key(event)
                if key is None:
                    # Without its key the event says nothing about this entity, nor about those inside it.
                    quiet = False
                    previous = None
                    continue
                entities = self.entities[leg.name]
                found = entities.get(key)
                if found is None:
                    found = entities[key] = Entity(leg.machine, key, previous if leg.under else None)
                if leg.single:
                    self._singles[leg.name] = found
            previous = step.reached = found
            state = found.state
            if state in leg.loops:
                continue
            cell = leg.cells[state]
            goal = self._outcome(found, leg, event) if isinstance(cell, When) else cell
            if goal == state and state in leg.steady:
                continue
            quiet = False
            if isinstance(goal, str) and state != goal != leg.rest:
                # The common case of `_enter`.
                found.move(goal, line, course.type or event.type, leg.input)
                self.moves += 1
                continue
            broken = self._enter(found, leg, goal, event, line, course.type or event.type, broken)
            if broken is not None and broken.breach.restart:
                return broken
        step.entity = previous
        if quiet and course.repeatable:
            if step.key is not None:
                step.quiet_key = step.key(event)
            step.quiet_moves = self.moves
        return broken

    def _enter(
        self,
        entity: Entity,
        leg: Leg,
        goal: str | Breach,
        event: Any,
        line: int,
        type: str,
        broken: Broken | None,
    ) -> Broken | None:
        """Go where a cell leads, of whatever kind it is; returns the step's first illegal cell so far."""
        state = entity.state
        if not isinstance(goal, str):
            self.mid_session = self.mid_session or (goal.midway and not self.facts.from_start)
            if self._adopts(entity):
                entity.adopted = True
            elif broken is None:
                broken = Broken(goal, entity, event, leg.input, state)
                # What comes after a fault is looked at again, also where no entity has moved.
                self.moves += 1
            if goal.restart:
                return broken
            goal = goal.then
        elif goal == leg.rest:
            # Back at rest in good order, as between two turns: what breaks from here on is a fault of its own.
            entity.taint = None
            entity.stayed = True
        if goal != state:
            entity.move(goal, line, type, leg.input)
            self.moves += 1
        return broken

    def _outcome(self, entity: Entity, leg: Leg, event: Any) -> str | Breach:
        """Where the input leads from the entity's state, once its guards are answered."""
        cell = leg.cells[entity.state]
        while isinstance(cell, When):
            cell = cell.then if GUARDS[cell.guard](self.facts, event, entity) else cell.otherwise
        return cell

    def foresee(self, course: Course, event: Any) -> Iterator[tuple[Entity, str, str | Breach]]:
        """The entities that an event would be an input of, outermost first, with the input and where it would lead.

        Nothing moves.  An entity that no event has shown yet is made for the answer alone.
        """
        previous: Entity | None = None
        for leg in course.legs:
            if leg.only is not None and not leg.only(self.facts, event, previous):
                continue
            if leg.each:
                concerned = [e for e in previous.children if e.machine is leg.machine] if previous else []
            else:
                key = leg.read_key(event)
                previous = None if key is None else self.find(leg.machine.name, key)
                if key is not None and previous is None:
                    previous = Entity(leg.machine, key, None)
                concerned = [] if previous is None else [previous]
            for entity in concerned:
                yield entity, leg.input, self._outcome(entity, leg, event)

    def meant(self, entity: Entity) -> list[Entity]:
        """The entities that an event can have been meant for which named this one, never seen before, instead.

        Only the latest are looked at, as many as a session could have open: a stream of wrong names must not take
        longer the longer it is.
        """
        machine, parent = entity.machine, entity.parent
        alike = self.entities[machine.name].values() if parent is None else parent.children
        latest = [*islice(reversed(alike), _OPEN_AT_MOST)][::-1]
        return [e for e in latest if e.machine is machine and e.state in machine.open and e is not entity]

    def _adopts(self, entity: Entity) -> bool:
        """Whether a breach only shows that the recording missed the entity's beginning."""
        return (
            self.mid_session
            and entity.machine.adoptable
            and entity.unseen
            and not entity.stayed
            and (entity.parent is None or entity.parent.adopted)
        )

    def prune(self, entity: Entity) -> None:
        """Forget what lies two levels below an entity that is over, so that memory follows live entities only."""
        for child in entity.children:
            if child.state == child.machine.states[-1]:
                for below in child.children:
                    for deepest in below.children:
                        self._drop(deepest)
                    self._drop(below)
                child.children = []
        self.moves += 1

    def _drop(self, entity: Entity) -> None:
        self.entities[entity.machine.name].pop(entity.key, None)

    def unfinished(self) -> list[tuple[Entity, str]]:
        """Entities that the recording leaves in a state it should not end in, with the rule that says so."""
        found: list[tuple[Entity, str]] = []
        for machine in MACHINES.values():
            for state, code in machine.unfinished.items():
                found += [(e, code) for e in self.entities[machine.name].values() if e.state == state]
        return found
