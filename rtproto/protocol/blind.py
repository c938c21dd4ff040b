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
from typing import Any

from rtproto.protocol.engine import Broken, Engine, Entity, Key, Leg, Step
from rtproto.protocol.machine import Breach, Machine, outcomes
from rtproto.protocol.tables import MACHINES

_ANONYMOUS = object()
"""Opens the key of an entity that no event has named yet."""


@cache
def _legal(machine: str, state: str, input: str) -> frozenset[str]:
    """The states to which an input may lead in good order, whatever the guards answer."""
    return frozenset(end for end in outcomes(MACHINES[machine].cell(state, input)) if isinstance(end, str))


@cache
def _breach(machine: str, state: str, input: str) -> Breach:
    """What an input breaks that no guard lets pass."""
    return next(end for end in outcomes(MACHINES[machine].cell(state, input)) if isinstance(end, Breach))


@cache
def _is_end(machine: str, state: str) -> bool:
    """Whether no input leads out of a state in good order."""
    return all(_legal(machine, state, input) <= {state} for input in MACHINES[machine].inputs)


def table_codes() -> frozenset[str]:
    """The rules that tables name for illegal cells: all that this engine can find broken."""
    cells = [cell for machine in MACHINES.values() for cell in machine.breaches.values()]
    return frozenset(end.code for cell in cells for end in outcomes(cell) if isinstance(end, Breach))


class BlindEngine(Engine):
    """Takes over from the engine of a connection, with what that has seen so far."""

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
        self._made = 0

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

    def prune(self, entity: Entity) -> None:
        """As the engine's."""
        super().prune(entity)
        living = {e for entities in self.entities.values() for e in entities.values()}
        self._possible = {e: states for e, states in self._possible.items() if e in living}
        self._doubtful &= living

    def _states(self, entity: Entity) -> frozenset[str]:
        return self._possible.get(entity) or frozenset((entity.state,))

    def _after(self, entity: Entity, input: str) -> frozenset[str]:
        """Where the input may have led the entity in good order."""
        name = entity.machine.name
        return frozenset(end for state in self._states(entity) for end in _legal(name, state, input))

    def _find(self, leg: Leg, key: Key | None, previous: Entity | None) -> Entity:
        """The entity that an event is for."""
        machine = leg.machine
        entities = self.entities[machine.name]
        if key is not None and (named := entities.get(key)) is not None:
            return named
        around = previous.children if leg.under and previous is not None else entities.values()
        alike = [e for e in around if e.machine is machine and _has(e, leg.literals)]
        if key is not None:
            # What an event names may have been met before, by events that did not.
            alike = [e for e in alike if e.key[:1] == (_ANONYMOUS,)]
        takers = [e for e in alike if self._after(e, leg.input)]
        if takers:
            if len({self._states(e) for e in takers}) > 1:
                self._doubtful.update(takers)
            return self._called(takers[-1], key)
        if leg.literals and key is None and alike:
            return alike[-1]  # a part has one stream of each kind
        may_begin = bool(_legal(machine.name, machine.states[0], leg.input))
        if not may_begin and key is None and alike and not alike[-1].adopted:
            return alike[-1]
        made = self._make(leg, key, previous if leg.under else None)
        made.adopted = not may_begin
        return made

    def _make(self, leg: Leg, key: Key | None, parent: Entity | None) -> Entity:
        if key is None:
            self._made += 1
            key = (_ANONYMOUS, self._made, *leg.literals)
        made = self.entities[leg.machine.name][key] = Entity(leg.machine, key, parent)
        return made

    def _called(self, entity: Entity, key: Key | None) -> Entity:
        """The entity, by the name that an event gave it at last."""
        if key is not None:
            entities = self.entities[entity.machine.name]
            del entities[entity.key]
            entity.key = key
            entities[key] = entity
        return entity

    def _move(self, entity: Entity, leg: Leg, event: Any, line: int, type: str) -> Broken | None:
        machine = entity.machine
        before = self._states(entity)
        after = self._after(entity, leg.input)
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
        if entity.state not in after:
            entity.move(min(after), line, type, leg.input)
            self.moves += 1
            self._note_way(entity, machine)
        return broken

    def _is_told(self, entity: Entity) -> bool:
        """Whether a breach shows more than that the log does not print every type."""
        if entity.adopted or entity in self._doubtful:
            return False
        return _is_end(entity.machine.name, entity.state) or entity.machine.name in self._shown

    def _note_way(self, entity: Entity, machine: Machine) -> None:
        """Remember the machine when an entity is at its end, or at rest again, after a way in good order."""
        if entity.adopted or entity in self._doubtful:
            return
        if entity.state in (machine.states[0], machine.states[-1]) or _is_end(machine.name, entity.state):
            self._shown.add(machine.name)


def _has(entity: Entity, literals: Key) -> bool:
    """Whether the entity's key ends with these."""
    return not literals or entity.key[-len(literals) :] == literals
