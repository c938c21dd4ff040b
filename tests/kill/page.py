"""The kill matrix as text: the figures, and a page with a table a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rtproto.protocol.tables import MACHINES
from tests.kill.excuses import EXCUSED
from tests.kill.matrix import Killed, Suite
from tests.kill.mutants import cell_place

PAGE = "docs/kill-matrix.md"
_KINDS = {
    "cell": "a cell leads elsewhere, becomes illegal, or becomes legal",
    "guard": "a guard always says yes, or always no",
    "route": "an event is no input of a machine any more",
    "end": "what a machine says of its states at the recording's end, and in recordings that start late",
    "rule": "a rule is silent",
}


def summary(suite: Suite, killed: Sequence[Killed]) -> str:
    """The figures, a line each."""
    cells = sum(len(machine.states) * len(machine.inputs) for machine in MACHINES.values())
    lines = [
        f"{len(suite.subjects)} cases; {len(suite.visits)} of {cells} cells of the tables asked by a case"
    ]
    lines += [f"{kind}: {_figures([each for each in killed if each.kind == kind])}" for kind in _KINDS]
    lines.append(f"all: {_figures(killed)}")
    return "\n".join(lines) + "\n"


def _figures(killed: Sequence[Killed]) -> str:
    dead = sum(bool(each.by) for each in killed)
    excused = sum(each.name in EXCUSED and not each.by for each in killed)
    told = f"{dead} of {len(killed)} killed"
    return f"{told}, {excused} that nothing can tell" if excused else told


def page(suite: Suite, killed: Sequence[Killed]) -> str:
    """docs/kill-matrix.md."""
    return "\n".join(_page(suite, killed)) + "\n"


def _page(suite: Suite, killed: Sequence[Killed]) -> Iterator[str]:
    yield "# The kill matrix"
    yield ""
    yield "Made by `python -m tests.kill --write`; `--check` holds it true."
    yield ""
    yield (
        "The checker is damaged in every way that its tables and rules allow. A mutant is killed by a case of the "
        "conformance suite whose label the damaged checker no longer meets, line and code included."
    )
    yield ""
    yield "| damage | mutants | killed | survive |"
    yield "|---|--:|--:|--:|"
    for kind, about in _KINDS.items():
        some = [each for each in killed if each.kind == kind]
        dead = sum(bool(each.by) for each in some)
        yield f"| {about} | {len(some)} | {dead} | {len(some) - dead} |"
    dead = sum(bool(each.by) for each in killed)
    yield f"| all | {len(killed)} | {dead} | {len(killed) - dead} |"
    survivors = [each for each in killed if not each.by]
    if survivors:
        yield ""
        yield "## Survivors"
        yield ""
        yield "| mutant | why no case can tell it |"
        yield "|---|---|"
        for each in survivors:
            yield f"| {_cell(each.name)} | {_cell(EXCUSED.get(each.name, ''))} |"
    yield ""
    yield "## Cells and what kills their mutants"
    yield ""
    yield "In each cell: mutants killed of mutants made, and the cases that do it."
    for machine in MACHINES.values():
        yield ""
        yield f"### {machine.name}"
        yield ""
        yield f"| | {' | '.join(machine.inputs)} |"
        yield f"|---|{'---|' * len(machine.inputs)}"
        for state in machine.states:
            row = [_tally(killed, cell_place(machine.name, state, input)) for input in machine.inputs]
            yield f"| **{state}** | {' | '.join(row)} |"
    yield ""
    yield "## Rules, routes and ends"
    yield ""
    yield "| what is damaged | how | killed by |"
    yield "|---|---|---|"
    for each in killed:
        if ": " not in each.place:
            yield f"| {_cell(each.place)} | {_cell(each.name.partition(' → ')[2])} | {each.by or '–'} |"


def _tally(killed: Sequence[Killed], place: str) -> str:
    here = [each for each in killed if each.place == place]
    killers = Counter(each.by for each in here if each.by)
    return f"{killers.total()}/{len(here)} {', '.join(killers)}".strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
