"""Damage to what judges: one cell of a state table, one answer of a guard, one rule.

A mutant is applied to the running program and taken back.  The tables are data, so most mutants are other data; what
was compiled from them is thrown away each time (`forget`).
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from rtproto.protocol import routes
from rtproto.protocol.guards import GUARDS
from rtproto.protocol.machine import Breach, Cell, Machine, Route, When, is_legal, outcomes
from rtproto.protocol.tables import MACHINES
from rtproto.rules import RULES
from rtproto.rules.base import Rule, Unjudged
from rtproto.rules.rst import RestRule

Apply = Callable[[], "contextlib.AbstractContextManager[None]"]

_MACHINES = cast("MutableMapping[str, Machine]", MACHINES)
_GUARDS = cast("MutableMapping[str, Any]", GUARDS)
_ROUTES = tuple(
    cast("MutableMapping[str, tuple[Route, ...]]", table)
    for table in (routes.SERVER_ROUTES, routes.CLIENT_ROUTES, routes.TRANSLATION_ROUTES)
)
_WAYS = ("check", "breach", "at_end", "at_close")
"""The ways in which a rule is asked."""
_FOREIGN_CODE = "RSP009"
"""What a legal cell reports once it is made illegal: a rule that reports any cell that names it."""


class Mutant(Struct, frozen=True):
    """One damage."""

    kind: str
    """`cell`, `guard`, `end`, `rule`: what the figures are counted by."""
    place: str
    """What is damaged: a cell `machine: state / input`, a route `event type > machine`, a machine, a rule's code."""
    what: str
    """How."""
    apply: Apply

    @property
    def name(self) -> str:
        """The place and the damage; unique."""
        return f"{self.place} → {self.what}"

    @property
    def machine(self) -> str:
        """The machine that the place belongs to; a rule's code where it is a rule."""
        if " > " in self.place:
            return self.place.partition(" > ")[2]
        return self.place.partition(": ")[0]


def all_mutants() -> Iterator[Mutant]:
    """Every mutant, table by table, then the routes and the rules."""
    for machine in list(MACHINES.values()):
        for state in machine.states:
            for input in machine.inputs:
                yield from _of_cell(machine, state, input)
        yield from _of_ends(machine)
    for table in _ROUTES:
        for type, legs in list(table.items()):
            yield from _of_routes(table, type, legs)
    for code, rule in RULES.items():
        if not issubclass(rule, (Unjudged, RestRule)):
            yield Mutant("rule", code, "off", functools.partial(_silenced, rule))


def cell_place(machine: str, state: str, input: str) -> str:
    """How a cell is called."""
    return f"{machine}: {state} / {input}"


def _of_cell(machine: Machine, state: str, input: str) -> Iterator[Mutant]:
    place = cell_place(machine.name, state, input)
    cell = machine.cell(state, input)
    for what, other in _other_cells(machine, cell):
        yield Mutant("cell", place, what, functools.partial(_with_cell, machine, (state, input), other))
    for what, other in _forced(cell):
        yield Mutant("guard", place, what, functools.partial(_with_cell, machine, (state, input), other))


def _other_cells(machine: Machine, cell: Cell) -> Iterator[tuple[str, Cell]]:
    """The cell with one of its ends changed: to every other state, to illegal, to legal."""
    if isinstance(cell, When):
        for what, other in _other_cells(machine, cell.then):
            yield f"{what} (if {cell.guard})", msgspec.structs.replace(cell, then=other)
        for what, other in _other_cells(machine, cell.otherwise):
            yield f"{what} (unless {cell.guard})", msgspec.structs.replace(cell, otherwise=other)
    elif isinstance(cell, Breach):
        for state in machine.states:
            yield f"legal, {state}", state
            if state != cell.then and not cell.restart:
                yield f"{cell.code}, then {state}", msgspec.structs.replace(cell, then=state)
        for flag in ("restart", "midway"):
            if getattr(cell, flag):
                yield f"without {flag}", msgspec.structs.replace(cell, **{flag: False})
    else:
        for state in machine.states:
            if state != cell:
                yield state, state
        yield "illegal", Breach(_FOREIGN_CODE, cell)


def _forced(cell: Cell) -> Iterator[tuple[str, Cell]]:
    """The cell with one guard's answer fixed."""
    if isinstance(cell, When):
        yield f"{cell.guard}: always", cell.then
        yield f"{cell.guard}: never", cell.otherwise
        for what, other in _forced(cell.then):
            yield what, msgspec.structs.replace(cell, then=other)
        for what, other in _forced(cell.otherwise):
            yield what, msgspec.structs.replace(cell, otherwise=other)


def _of_ends(machine: Machine) -> Iterator[Mutant]:
    """What a machine says beside its cells: which states may not be the last, and which still expect something."""
    for state in machine.unfinished:
        rest = {each: code for each, code in machine.unfinished.items() if each != state}
        yield Mutant(
            "end",
            machine.name,
            f"{state} may be the last state",
            functools.partial(_with_machine, msgspec.structs.replace(machine, unfinished=rest)),
        )
    for state in machine.open:
        kept = tuple(each for each in machine.open if each != state)
        yield Mutant(
            "end",
            machine.name,
            f"{state} expects nothing more",
            functools.partial(_with_machine, msgspec.structs.replace(machine, open=kept)),
        )
    if any(not is_legal(machine.cell(machine.states[0], input)) for input in machine.inputs):
        # Where nothing is illegal at the start, there is nothing to be taken for a recording that starts late.
        yield Mutant(
            "end",
            machine.name,
            "not adoptable" if machine.adoptable else "adoptable",
            functools.partial(
                _with_machine, msgspec.structs.replace(machine, adoptable=not machine.adoptable)
            ),
        )


def _of_routes(
    table: MutableMapping[str, tuple[Route, ...]], type: str, legs: tuple[Route, ...]
) -> Iterator[Mutant]:
    for at, leg in enumerate(legs):
        place = f"{type} > {leg.machine}"
        before, after = legs[:at], legs[at + 1 :]
        yield Mutant("route", place, f"no {leg.input}", functools.partial(_with, table, type, before + after))
        if leg.only:
            always = msgspec.structs.replace(leg, only="")
            yield Mutant(
                "guard",
                place,
                f"{leg.only}: always",
                functools.partial(_with, table, type, (*before, always, *after)),
            )


def forget() -> None:
    """Throw away everything that was compiled from the tables and the rules (the decoders stay: they cost most)."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("rtproto.protocol.", "rtproto.checker")):
            for made in list(vars(module).values()):
                clear = getattr(made, "cache_clear", None)
                if callable(clear) and getattr(made, "__wrapped__", None) is not None:
                    clear()


@contextlib.contextmanager
def _with(table: MutableMapping[str, Any], name: str, value: Any) -> Iterator[None]:
    kept = table[name]
    table[name] = value
    forget()
    try:
        yield
    finally:
        table[name] = kept
        forget()


def _with_machine(machine: Machine) -> contextlib.AbstractContextManager[None]:
    return _with(_MACHINES, machine.name, machine)


def _with_cell(machine: Machine, key: tuple[str, str], cell: Cell) -> contextlib.AbstractContextManager[None]:
    return _with_machine(_changed(machine, {key: cell}))


def _changed(machine: Machine, cells: Mapping[tuple[str, str], Cell]) -> Machine:
    """The machine with other cells, each in the table where it belongs."""
    moves, breaches = dict(machine.moves), dict(machine.breaches)
    for key, cell in cells.items():
        moves.pop(key, None)
        breaches.pop(key, None)
        if any(isinstance(end, str) for end in outcomes(cell)):
            moves[key] = cast("str | When", cell)
        else:
            breaches[key] = cast("Breach | When", cell)
    return msgspec.structs.replace(machine, moves=moves, breaches=breaches)


@contextlib.contextmanager
def _silenced(rule: type[Rule]) -> Iterator[None]:
    kept = {way: vars(rule).get(way) for way in _WAYS}
    for way in _WAYS:
        setattr(rule, way, _nothing)
    forget()
    try:
        yield
    finally:
        for way, method in kept.items():
            if method is None:
                delattr(rule, way)
            else:
                setattr(rule, way, method)
        forget()


def _nothing(*_: Any) -> tuple[()]:
    return ()


@contextlib.contextmanager
def traced() -> Iterator[set[str]]:
    """Collect the place of every cell that is asked: each asks a guard that only takes note."""
    machines, guards = dict(MACHINES), dict(GUARDS)
    asked: set[str] = set()
    for machine in machines.values():
        cells: dict[tuple[str, str], Cell] = {}
        for state in machine.states:
            for input in machine.inputs:
                place = cell_place(machine.name, state, input)
                cell = machine.cell(state, input)
                cells[state, input] = When(place, cell, cell)
                _GUARDS[place] = functools.partial(_noting, asked, place)
        _MACHINES[machine.name] = _changed(machine, cells)
    forget()
    try:
        yield asked
    finally:
        _MACHINES.update(machines)
        for place in GUARDS.keys() - guards:
            del _GUARDS[place]
        forget()


def _noting(asked: set[str], place: str, *_: Any) -> bool:
    asked.add(place)
    return True
