"""The state tables for reading, Markdown with Mermaid diagrams of what is legal, and as JSON for others.

Everything is read from `rtproto.protocol`, so that the pages cannot say anything else than the checker does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rtproto.events.dialect import DIALECTS
from rtproto.protocol.machine import Breach, Cell, Machine, When
from rtproto.protocol.routes import CLIENT_ROUTES, SERVER_ROUTES, TRANSLATION_ROUTES, routes_of
from rtproto.protocol.tables import MACHINES

_HOW_TO_READ = """\
# State tables

Made by `python -m rtproto tables --write`; change the tables in `rtproto/protocol/tables`, not this page.

One table an entity. A row is a state, a column an input; a cell says to which state the input leads. A cell with a
code is illegal: it breaks that rule, and the entity is judged on from the state after the code. `a ? b : c` asks: `b`
where `a` holds, else `c`. `all anew` says that the event begins another connection, and is judged again as the first of
that one. The diagrams show the legal part.
"""


def tables(names: list[str] | None = None) -> str:
    """The page of those machines, or of all.  Raises `ValueError` for a machine that there is not."""
    for name in names or ():
        if name not in MACHINES:
            raise ValueError(f"no machine {name!r}; there are: " + ", ".join(MACHINES))
    chosen = [MACHINES[name] for name in names] if names else list(MACHINES.values())
    return "\n".join([_HOW_TO_READ, *(line for machine in chosen for line in _machine(machine))])


def _machine(machine: Machine) -> Iterator[str]:
    yield f"## {machine.name}"
    yield ""
    yield machine.about
    yield ""
    yield "| state | " + " | ".join(machine.inputs) + " |"
    yield "|---" * (len(machine.inputs) + 1) + "|"
    for state in machine.states:
        cells = (_cell(machine.cell(state, each)) for each in machine.inputs)
        unfinished = machine.unfinished.get(state)
        ends = f" (at the end: {unfinished})" if unfinished else ""
        yield f"| **{state}**{ends} | " + " | ".join(cells) + " |"
    yield ""
    yield "| input | events |"
    yield "|---|---|"
    for each in machine.inputs:
        yield f"| {each} | " + ", ".join(f"`{kind}`" for kind in _events(machine.name, each)) + " |"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield from _diagram(machine)
    yield "```"
    yield ""


def _cell(cell: Cell) -> str:
    if isinstance(cell, Breach):
        return f"{cell.code}, all anew" if cell.restart else f"{cell.code} → {cell.then}"
    if isinstance(cell, When):
        return f"{cell.guard} ? {_nested(cell.then)} : {_nested(cell.otherwise)}"
    return cell


def _nested(cell: Cell) -> str:
    return f"({_cell(cell)})" if isinstance(cell, When) else _cell(cell)


def _events(machine: str, input: str) -> list[str]:
    """The event types that are this input of this machine, in any dialect."""
    routes = (SERVER_ROUTES, CLIENT_ROUTES, TRANSLATION_ROUTES)
    return sorted(
        {
            kind
            for each in routes
            for kind, ways in each.items()
            for route in ways
            if (route.machine, route.input) == (machine, input)
        }
    )


def _diagram(machine: Machine) -> Iterator[str]:
    ids: Mapping[str, str] = {state: f"s{number}" for number, state in enumerate(machine.states)}
    for state, name in ids.items():
        yield f'    state "{state}" as {name}'
    yield f"    [*] --> {ids[machine.states[0]]}"
    labels: dict[tuple[str, str], list[str]] = {}
    for state in machine.states:
        for each in machine.inputs:
            for condition, then in _moves(machine.cell(state, each)):
                label = f"{each} [{condition}]" if condition else each
                labels.setdefault((state, then), []).append(label)
    for (state, then), inputs in labels.items():
        yield f"    {ids[state]} --> {ids[then]}: {', '.join(inputs)}"


def _moves(cell: Cell, condition: str = "") -> Iterator[tuple[str, str]]:
    """Every legal end of a cell, with the answers of the guards that lead to it."""
    if isinstance(cell, When):
        before = f"{condition}, " if condition else ""
        yield from _moves(cell.then, before + cell.guard)
        yield from _moves(cell.otherwise, f"{before}not {cell.guard}")
    elif isinstance(cell, str):
        yield condition, cell


def export() -> str:
    """The tables and the events behind their inputs as JSON (`rtproto-tables/1`)."""
    machines = {
        machine.name: {
            "about": machine.about,
            "states": machine.states,
            "inputs": machine.inputs,
            "cells": [
                {"state": state, "input": each, **_exported(machine.cell(state, each))}
                for state in machine.states
                for each in machine.inputs
            ],
            "unfinished": machine.unfinished,
            "open": machine.open,
        }
        for machine in MACHINES.values()
    }
    routes = {
        dialect.name: {
            kind: [
                {
                    "machine": r.machine,
                    "input": r.input,
                    "key": r.key,
                    "under": r.under,
                    "each": r.each,
                    "only": r.only,
                }
                for r in routes_of(dialect.name, kind)
            ]
            for kind in sorted((*dialect.server_types, *dialect.client_types))
        }
        for dialect in DIALECTS.values()
    }
    return json.dumps({"schema": "rtproto-tables/1", "machines": machines, "routes": routes}, indent=1) + "\n"


def _exported(cell: Cell) -> dict[str, Any]:
    if isinstance(cell, When):
        return {"when": cell.guard, "then": _exported(cell.then), "otherwise": _exported(cell.otherwise)}
    if isinstance(cell, Breach):
        return {"breaks": cell.code, "to": cell.then, "restart": cell.restart, "midway": cell.midway}
    return {"to": cell}


FILES: Mapping[str, Callable[[], str]] = {"docs/tables.md": tables, "conformance/tables.json": export}
"""What is kept in the source tree, relative to its top."""
