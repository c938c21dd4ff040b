"""The tables are total, closed, and joined to events and rules that exist."""

from __future__ import annotations

import itertools

import pytest

from rtproto.events.dialect import DIALECTS
from rtproto.protocol.guards import GUARDS
from rtproto.protocol.machine import Breach, Machine, guards, is_legal, outcomes
from rtproto.protocol.routes import allowed_events, routes_of
from rtproto.protocol.tables import MACHINES
from rtproto.rules import RULES

machines = pytest.mark.parametrize("machine", MACHINES.values(), ids=list(MACHINES))
ROUTES = [
    (dialect.name, type, route)
    for dialect in DIALECTS.values()
    for type in (*dialect.server_types, *dialect.client_types)
    for route in routes_of(dialect.name, type)
]


@machines
def test_every_cell_is_in_exactly_one_table(machine: Machine) -> None:
    """A state and an input never seen together by the author would be a hole in the judgement."""
    pairs = set(itertools.product(machine.states, machine.inputs))

    assert pairs == machine.moves.keys() | machine.breaches.keys()
    assert not machine.moves.keys() & machine.breaches.keys()


@machines
def test_cells_lead_to_states_and_name_rules_and_guards(machine: Machine) -> None:
    for key in machine.moves | machine.breaches:
        cell = machine.cell(*key)
        assert set(guards(cell)) <= set(GUARDS)
        for end in outcomes(cell):
            assert (end.then if isinstance(end, Breach) else end) in machine.states
            if isinstance(end, Breach):
                assert end.code in RULES
                assert not end.restart or end.then == machine.states[0]
    assert set(machine.unfinished) <= set(machine.states)
    assert set(machine.unfinished.values()) <= set(RULES)
    assert set(machine.notes) <= set(machine.inputs)
    assert set(machine.open) <= set(machine.states[1:])


@machines
def test_legal_cells_are_moves_and_breaches_always_can_break(machine: Machine) -> None:
    assert all(is_legal(cell) for cell in machine.moves.values())
    assert all(any(isinstance(end, Breach) for end in outcomes(cell)) for cell in machine.breaches.values())


@machines
def test_every_state_is_reached(machine: Machine) -> None:
    """From the first state, by moves and recoveries; a state that nothing reaches is a slip."""
    reached = {machine.states[0]}
    while True:
        more = {
            end.then if isinstance(end, Breach) else end
            for state, input in itertools.product(reached, machine.inputs)
            for end in outcomes(machine.cell(state, input))
        }
        if more <= reached:
            break
        reached |= more

    assert reached == set(machine.states)


@machines
def test_every_input_has_an_event(machine: Machine) -> None:
    assert {route.input for _, _, route in ROUTES if route.machine == machine.name} == set(machine.inputs)


def test_routes_name_machines_inputs_and_guards_that_exist() -> None:
    for _, type, route in ROUTES:
        assert route.input in MACHINES[route.machine].inputs, type
        assert not route.only or route.only in GUARDS, type


def test_every_guard_is_asked() -> None:
    asked = {route.only for _, _, route in ROUTES if route.only}
    for machine in MACHINES.values():
        for key in machine.moves | machine.breaches:
            asked |= set(guards(machine.cell(*key)))

    assert asked == set(GUARDS)


def test_every_server_event_shows_that_the_session_is_up() -> None:
    for dialect in DIALECTS.values():
        for type in dialect.server_types:
            assert routes_of(dialect.name, type)[0].machine in ("session", "translation session"), type


def test_cells_are_found_and_missed() -> None:
    response = MACHINES["response"]

    assert response.cell("active", "done") == "done"
    assert response.cell("done", "done") == Breach("RSP005", "done")
    with pytest.raises(KeyError):
        response.cell("active", "paused")


def test_allowed_events_speak_the_dialect() -> None:
    assert allowed_events("ga", "content part", "text") == (
        "response.content_part.done",
        "response.output_text.delta",
        "response.output_text.done",
    )
    assert allowed_events("beta", "stream", "done") == ()
    assert "response.text.delta" in allowed_events("beta", "stream", "idle")
