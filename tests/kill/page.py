"""The kill matrix as text: the figures, and a page with a table a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rtproto.protocol.tables import MACHINES
from tests.kill.excuses import excuse
from tests.kill.matrix import Killed, Suite, ends
from tests.kill.mutants import cell_place

PAGE = "docs/kill-matrix.md"
_KINDS = {
    "cell": "a cell leads elsewhere, becomes illegal, or becomes legal",
    "guard": "a guard always says yes, or always no",
    "route": "an event is no input of a machine any more",
    "end": "what a machine says of its states at the recording's end, and in recordings that start late",
    "rule": "a rule is silent",
}
_HOW = """\
The checker is damaged in every way that its tables and rules allow, one mutant at a time, and every case of the
conformance suite that may tell is asked. A mutant is

- **killed** by a case whose label the damaged checker no longer meets, line and code included;
- **shown** by a case whose label still holds, although the report on it changes: a note, the state that it names, or
  what folds under the finding that the label expects;
- told by a **second fault**: no report changes, but that on a case which goes on with a line of its neighbours, or
  with the connection's end. After a fault only another fault shows the state from which the checker goes on,
  and cases have one;
- **excused** where nothing can tell it, with the reason below."""


def summary(suite: Suite, killed: Sequence[Killed]) -> str:
    """The figures, a line each."""
    unasked = list(suite.unasked())
    lines = [
        f"{len(suite.subjects)} cases",
        f"{ends() - len(unasked)} of {ends()} ends of cells asked: legal ones by a valid case, others by their code",
        *(f"not asked: {place}, {end}" for place, end in unasked),
    ]
    for kind in (*_KINDS, ""):
        told = ", ".join(f"{number} {how}" for how, number in zip(_COLUMNS, _row(killed, kind), strict=True))
        lines.append(f"{kind or 'all'}: {told}")
    return "\n".join(lines) + "\n"


_COLUMNS = ("mutants", "killed", "shown", "by a second fault", "excused", "survive")


def _row(killed: Sequence[Killed], kind: str) -> tuple[int, ...]:
    some = [each for each in killed if kind in ("", each.kind)]
    untold = [each for each in some if each.untold]
    excused = sum(bool(excuse(each.name)) for each in untold)
    return (
        len(some),
        sum(bool(each.by) for each in some),
        sum(bool(each.shown) for each in some),
        sum(bool(each.second) for each in some),
        excused,
        len(untold) - excused,
    )


def page(suite: Suite, killed: Sequence[Killed]) -> str:
    """docs/kill-matrix.md."""
    return "\n".join(_page(suite, killed)) + "\n"


def _page(suite: Suite, killed: Sequence[Killed]) -> Iterator[str]:
    yield "# The kill matrix"
    yield ""
    yield "Made by `python -m tests.kill --write`; `--check` holds it true."
    yield ""
    yield _HOW
    yield ""
    yield f"| damage | {' | '.join(_COLUMNS)} |"
    yield f"|---|{'--:|' * len(_COLUMNS)}"
    for kind, about in (*_KINDS.items(), ("", "all")):
        yield f"| {about} | {' | '.join(map(str, _row(killed, kind)))} |"
    yield ""
    unasked = list(suite.unasked())
    yield (
        f"Of the {ends()} ends that cells have (one, or more where a guard is asked), {ends() - len(unasked)} are "
        "asked: a legal one by a valid case, an illegal one by a case that expects its code."
    )
    if unasked:
        yield ""
        yield "| not asked | end |"
        yield "|---|---|"
        yield from (f"| {place} | {end} |" for place, end in unasked)
    reasons: dict[str, list[str]] = {}
    for each in killed:
        if each.untold:
            reasons.setdefault(excuse(each.name) or "No case tells it yet.", []).append(each.name)
    if reasons:
        yield ""
        yield "## What nothing tells"
        for why, names in reasons.items():
            yield ""
            yield why
            yield ""
            yield from (f"- {name}" for name in names)
    yield ""
    yield "## Cells and what kills their mutants"
    yield ""
    yield "In each cell: mutants killed of mutants made, and the cases that kill most (those of `cells` without that)."
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
    yield "| what is damaged | how | told by |"
    yield "|---|---|---|"
    for each in killed:
        if ": " not in each.place:
            how = each.name.partition(" → ")[2]
            yield f"| {_cell(each.place)} | {_cell(how)} | {each.by or each.shown or each.second or '–'} |"


_NAMED = 3
"""Cases that a cell of the page names."""


def _tally(killed: Sequence[Killed], place: str) -> str:
    here = [each for each in killed if each.place == place]
    killers = Counter(each.by for each in here if each.by)
    names = ", ".join(name.removeprefix("cells/") for name, _ in killers.most_common(_NAMED))
    return f"{killers.total()}/{len(here)} {names}".strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
