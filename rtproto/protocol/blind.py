"""The engine for recordings that lost what events hold: the same tables, without ids and without guards.

An event that does not name its entity goes to one that its input can be for: of those of its machine (under the entity
of the route before) whose table takes it, the latest; else to a new one, if that may begin so; else it is out of
order, and the latest is the one it came too late for.  A guard asks about what was lost, so a cell that asks one has
all its legal ends at once, and an entity is in a set of states instead of one.  An event is out of order when no
state of the set takes it.

A log may also print only some types.  So nothing is said about what did not come, until one entity of the machine
has gone all its way in good order, which shows that the log prints every step of it; what comes after an entity's end
is told at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from heapq import heapify, heappop, heappush
from typing import Any

from rtproto.protocol.engine import Broken, Engine, Entity, Key, Leg, Step
from rtproto.protocol.machine import Breach, Machine, outcomes
from rtproto.protocol.routes import SERVER_ROUTES
from rtproto.protocol.tables import MACHINES

_ANONYMOUS = object()
"""Opens the key of an entity that no event has named yet."""
_LEFT_OVER = 16
"""Entities that have gone on to other states, beyond as many as have not, that are remembered in these."""
_OF_KINDS = frozenset(
    route.machine
    for routes in SERVER_ROUTES.values()
    for route in routes
    if any(part.startswith("=") for part in route.key)
)
"""Machines whose entities are of a kind, which is the last part of their keys."""


@cache
def _legal(machine: str, state: str, input: str) -> frozenset[str]:
    """The states to which an input may lead in good order, whatever the guards answer."""
    return frozenset(end for end in outcomes(MACHINES[machine].cell(state, input)) if isinstance(end, str))


@cache
def _breach(machine: str, state: str, input: str) -> Breach:
    """What an input breaks that no guard lets pass."""
    return next(end for end in outcomes(MACHINES[machine].cell(state, input)) if isinstance(end, Breach))


@cache
def _after(machine: str, states: frozenset[str], input: str) -> frozenset[str]:
    """Where an input may lead from any of these states in good order."""
    return frozenset(end for state in states for end in _legal(machine, state, input))


@cache
def _is_end(machine: str, state: str) -> bool:
    """Whether no input leads out of a state in good order."""
    return all(_legal(machine, state, input) <= {state} for input in MACHINES[machine].inputs)


def table_codes() -> frozenset[str]:
    """The rules that tables name for illegal cells: all that this engine can find broken."""
    cells = [cell for machine in MACHINES.values() for cell in machine.breaches.values()]
    return frozenset(end.code for cell in cells for end in outcomes(cell) if isinstance(end, Breach))


class _Alike:
    """Entities that may be in the same states: to the tables one is as good as another."""

    __slots__ = ("_latest", "doubted", "since")

    def __init__(self) -> None:
        self.since: dict[Entity, int] = {}
        """When each came to be in them."""
        self.doubted = 0
        """When all of them were last in doubt."""
        self._latest: list[tuple[int, Entity]] = []
        """A heap of those that are here and of some that were, the latest on top."""

    def add(self, entity: Entity, place: int, now: int) -> None:
        """Take in an entity; those in later places go first."""
        self.since[entity] = now
        heappush(self._latest, (-place, entity))
        if len(self._latest) > 2 * len(self.since) + _LEFT_OVER:
            self._latest = list({entry for entry in self._latest if entry[1] in self.since})
            heapify(self._latest)

    def latest(self) -> tuple[int, Entity]:
        """The entity in the last place, behind its place as a negative number; there is one."""
        while (top := self._latest[0])[1] not in self.since:
            heappop(self._latest)
        return top


_Family = tuple[str, Key, bool]
"""A machine, of what kind its entity is where there are kinds, and whether no event has named the entity yet."""


class BlindEngine(Engine):
    """Takes over from the engine of a connection, with what that has seen so far.

    Entities are filed by what decides whether an input can be for them, so that finding one takes no longer the more
    there have been.
    """

    def __init__(self, before: Engine) -> None:
        super().__init__(before.facts)
        self.entities = before.entities
        self.mid_session = before.mid_session
        # What was quiet before is looked at again.
        self.moves = before.moves + 1
        self._possible: dict[Entity, frozenset[str]] = {}
        """The states that an entity may be in; only its own where it is not here."""
        self._doubtful: set[Entity] = set()
        """Entities that an event may have meant that went to another."""
        self._shown: set[str] = set()
        """Machines of which one entity has gone all its way in good order."""
        self._now = 0
        """Counts what is made, filed and doubted."""
        self._made: dict[Entity, int] = {}
        """The order in which entities were made ..."""
        self._met: dict[Entity, int] = {}
        """... and in which they were, or were named at last: an event that names nothing goes to the last of these."""
        self._files: dict[Entity | None, dict[_Family, dict[frozenset[str], _Alike]]] = {}
        """All entities, by states, below None; and those below each entity."""
        self._filed: dict[Entity, list[_Alike]] = {}
        for entities in self.entities.values():
            for entity in entities.values():
                self._file(entity)

    def step(self, step: Step, event: Any, line: int) -> Broken | None:
        """As the engine's; never quiet."""
        broken: Broken | None = None
        previous: Entity | None = None
        step.reached = None
        type = step.course.type or event.type
        for leg in step.course.legs:
            if leg.each:
                children = previous.children if previous is not None else ()
                affected: Iterable[Entity] = [child for child in children if child.machine is leg.machine]
            else:
                previous = self._find(leg, leg.read_key(event), previous)
                step.reached = previous
                affected = (previous,)
            for entity in affected:
                found = self._move(entity, leg, event, line, type)
                broken = found if broken is None else broken
                if broken is not None and broken.breach.restart:
                    return broken
        step.entity = previous
        return broken

    def _drop(self, entity: Entity) -> None:
        super()._drop(entity)
        self._take_out(entity)
        self._made.pop(entity, None)
        self._met.pop(entity, None)
        self._possible.pop(entity, None)
        self._doubtful.discard(entity)
        self._files.pop(entity, None)

    def _states(self, entity: Entity) -> frozenset[str]:
        return self._possible.get(entity) or frozenset((entity.state,))

    def _file(self, entity: Entity) -> None:
        """Put an entity among those of its states."""
        self._take_out(entity)
        self._now += 1
        key = entity.key
        family = entity.machine.name, key[-1:] if entity.machine.name in _OF_KINDS else (), _is_anonymous(key)
        states = self._states(entity)
        made = self._made.setdefault(entity, self._now)
        met = self._met.setdefault(entity, self._now)
        for around, place in {entity.parent: made, None: met}.items():
            alike = self._files.setdefault(around, {}).setdefault(family, {}).setdefault(states, _Alike())
            alike.add(entity, place, self._now)
            self._filed.setdefault(entity, []).append(alike)

    def _take_out(self, entity: Entity) -> None:
        for alike in self._filed.pop(entity, ()):
            if alike.since.pop(entity) <= alike.doubted:
                self._doubtful.add(entity)

    def _is_doubtful(self, entity: Entity) -> bool:
        return entity in self._doubtful or any(
            alike.since[entity] <= alike.doubted for alike in self._filed[entity]
        )

    def _find(self, leg: Leg, key: Key | None, previous: Entity | None) -> Entity:
        """The entity that an event is for."""
        machine = leg.machine
        if key is not None and (named := self.entities[machine.name].get(key)) is not None:
            return named
        files = self._files.get(previous if leg.under else None, {})
        found = [
            (states, alike)
            # What an event names may have been met before, by events that did not.
            for anonymous in ((True,) if key is not None else (True, False))
            for states, alike in files.get((machine.name, leg.literals[-1:], anonymous), {}).items()
            if alike.since
        ]
        takers = [(states, alike) for states, alike in found if _after(machine.name, states, leg.input)]
        if takers:
            if len({states for states, _ in takers}) > 1:
                self._now += 1
                for _, alike in takers:
                    alike.doubted = self._now
            return self._called(_latest(takers), key)
        latest = _latest(found) if found and key is None else None
        if leg.literals and latest is not None:
            return latest  # a part has one stream of each kind
        may_begin = bool(_legal(machine.name, machine.states[0], leg.input))
        if not may_begin and latest is not None and not latest.adopted:
            return latest
        made = self._make(leg, key, previous if leg.under else None)
        made.adopted = not may_begin
        return made

    def _make(self, leg: Leg, key: Key | None, parent: Entity | None) -> Entity:
        if key is None:
            key = (_ANONYMOUS, self._now, *leg.literals)
        made = self.entities[leg.machine.name][key] = Entity(leg.machine, key, parent)
        self._file(made)
        return made

    def _called(self, entity: Entity, key: Key | None) -> Entity:
        """The entity, by the name that an event gave it at last."""
        if key is not None:
            entities = self.entities[entity.machine.name]
            del entities[entity.key]
            entity.key = key
            entities[key] = entity
            self._met.pop(entity)
            self._file(entity)
        return entity

    def _move(self, entity: Entity, leg: Leg, event: Any, line: int, type: str) -> Broken | None:
        machine = entity.machine
        before = self._states(entity)
        after = _after(machine.name, before, leg.input)
        if leg.only is not None:
            # Whether the event is this input at all is asked of what was lost.
            after |= before
        broken: Broken | None = None
        if not after:
            breach = _breach(machine.name, entity.state, leg.input)
            if breach.restart:
                return Broken(breach, entity, event, leg.input, entity.state)
            self.mid_session = self.mid_session or breach.midway
            if self._adopts(entity):
                entity.adopted = True
            elif self._is_told(entity):
                broken = Broken(breach, entity, event, leg.input, entity.state)
            after = frozenset(_breach(machine.name, state, leg.input).then for state in before)
            self._doubtful.add(entity)
        self._possible[entity] = after
        if after != before:
            self._file(entity)
        if entity.state not in after:
            entity.move(min(after), line, type, leg.input)
            self.moves += 1
            self._note_way(entity, machine)
        return broken

    def _is_told(self, entity: Entity) -> bool:
        """Whether a breach shows more than that the log does not print every type."""
        if entity.adopted or self._is_doubtful(entity):
            return False
        return _is_end(entity.machine.name, entity.state) or entity.machine.name in self._shown

    def _note_way(self, entity: Entity, machine: Machine) -> None:
        """Remember the machine when an entity is at its end, or at rest again, after a way in good order."""
        if entity.adopted or self._is_doubtful(entity):
            return
        if entity.state in (machine.states[0], machine.states[-1]) or _is_end(machine.name, entity.state):
            self._shown.add(machine.name)


def _is_anonymous(key: Key) -> bool:
    return key[:1] == (_ANONYMOUS,)


def _latest(found: Iterable[tuple[frozenset[str], _Alike]]) -> Entity:
    """The entity in the last place of all."""
    return min(alike.latest() for _, alike in found)[1]
