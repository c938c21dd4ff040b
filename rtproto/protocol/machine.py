"""The form in which the protocol's order is written down: machines, cells, routes.

Two rules govern everything here (they are h11's, carried over to a checker):

1. What may follow what stands in the tables of `rtproto.protocol.tables` and nowhere else.
2. The engine that runs the tables knows no event by name; which event is which input of which machine stands in
   `rtproto.protocol.routes`.

A `Machine` is one kind of entity (a response, a content part …).  Its table says, for every state and input, what
happens: a *move* to another state, or a *breach* of a rule together with the state from which to go on as if nothing
had happened.  A cell may ask a *guard*, a named question about the event and what the session has shown so far, where
the answer needs more than state and input.  Everything is data, so that the same table serves the checker, the
generator of legal sessions, the diagrams and the export for other languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct


class Breach(Struct, frozen=True):
    """An illegal cell: the rule it breaks, and the state from which the entity is judged on."""

    code: str
    then: str
    restart: bool = False
    """The event starts a new connection: after the finding all entities are forgotten, `then` is their first state, and
    the event is judged once more, as the first of the new connection."""
    midway: bool = False
    """The recording starts after the connection did: from here on entities may be met half-way."""


class When(Struct, frozen=True):
    """A cell that asks a guard (a name in `rtproto.protocol.guards`)."""

    guard: str
    then: str | Breach | When
    otherwise: str | Breach | When


Cell = str | Breach | When


class Machine(Struct, frozen=True):
    """One kind of entity and its whole table.

    `states[0]` is the state before anything of the entity was seen.  Every pair of a state and an input is either in
    `moves` or in `breaches`, never in both, never in neither; `tests/test_tables.py` holds that.
    """

    name: str
    about: str
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    moves: Mapping[tuple[str, str], str | When]
    breaches: Mapping[tuple[str, str], Breach | When]
    notes: Mapping[str, str] = {}
    """What an input did to the entity, for witnesses: `{"done": "closed the part"}`."""
    unfinished: Mapping[str, str] = {}
    """Rule broken by an entity that is in this state when the recording ends."""
    open: tuple[str, ...] = ()
    """States in which something is still to come: an event that names an entity never seen may have been meant for an
    entity in one of these, so what that one lacks later is a consequence."""
    adoptable: bool = True
    """Whether a breach out of the first state may mean no more than that the recording starts too late."""

    def cell(self, state: str, input: str) -> Cell:
        """What the table says.  Raises `KeyError` for a state or input the machine does not have."""
        key = (state, input)
        return self.moves[key] if key in self.moves else self.breaches[key]


class Route(Struct, frozen=True):
    """One event as an input of one machine."""

    machine: str
    input: str
    key: tuple[str, ...] = ()
    """Where the entity's key stands in the event: dotted paths; a part that starts with `=` is a literal.

    The route is left out for an event in which a part of the key is absent or null, except that an absent
    `content_index` reads as 0 (it is optional on transcription deltas)."""
    under: bool = False
    """The entity belongs to the entity of the previous route."""
    each: bool = False
    """Not one entity by key, but every entity of this machine that belongs to the previous route's entity."""
    only: str = ""
    """A guard: the event is this input only where it holds."""


def outcomes(cell: Cell) -> Iterator[str | Breach]:
    """Every end a cell can come to, whatever its guards answer."""
    if isinstance(cell, When):
        yield from outcomes(cell.then)
        yield from outcomes(cell.otherwise)
    else:
        yield cell


def guards(cell: Cell) -> Iterator[str]:
    """The guards a cell asks, outermost first."""
    if isinstance(cell, When):
        yield cell.guard
        yield from guards(cell.then)
        yield from guards(cell.otherwise)


def is_legal(cell: Cell) -> bool:
    """Whether some answer of the guards lets the input pass."""
    return any(isinstance(end, str) for end in outcomes(cell))
