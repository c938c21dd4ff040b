"""Which legal cells of the state tables the generated sessions reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rtproto.protocol.machine import is_legal
from rtproto.protocol.tables import MACHINES
from rtproto.protocol.tables.audio import INPUT_AUDIO_BUFFER
from rtproto.testing.chooser import Seeded
from rtproto.testing.generation import prepare
from rtproto.testing.moves import FEATURES
from rtproto.testing.stage import Frame
from rtproto.testing.track import Track
from rtproto.testing.views import VIEWS

Cell = tuple[str, str, str]
"""Machine, state and input."""


UNREACHED: Mapping[Cell, str] = {
    ("conversation item", "announced", "used"): "nothing can be asked about an item before it is shown",
    ("conversation item", "announced", "deleted"): "nothing can be asked about an item before it is shown",
    ("conversation item", "announced", "done"): "a server does not use an id again",
    ("conversation item", "added", "announced"): "a server announces an item before it adds it",
    ("conversation item", "done", "announced"): "a server announces an item before it adds it",
    ("conversation item", "deleted", "announced"): "a server does not use an id again",
    ("conversation", "active", "response created"): "a response is created once",
    ("translation session", "closed", "update"): "nobody would answer it",
    ("input audio buffer", "stopped", "timeout"): "the turn that stopped is committed first",
    **{
        ("input audio buffer", state, input): "turn detection is switched between turns"
        for state, inputs in {
            "speaking": ("detection switched",),
            "stopped": ("detection switched",),
            "left": INPUT_AUDIO_BUFFER.inputs,
        }.items()
        for input in inputs
    },
    ("idle turn", "added", "committed"): "sessions with an idle timeout answer their turns",
    ("idle turn", "added", "timeout"): "sessions with an idle timeout answer their turns",
    ("idle turn", "committed", "speech started"): "the item follows its commit at once",
    ("idle turn", "committed", "response created"): "the committed turn, which misses its item, objects",
}
"""Legal cells that no generated session reaches, and why."""


COMBINATIONS: list[tuple[str, tuple[str, ...]]] = [
    *((dialect, (name,)) for name, dialects in FEATURES.items() for dialect in dialects),
    *[("ga", ("idle",))] * 16,
    *[("ga", ("webrtc", "voice"))] * 24,
    *[("ga", ("text", "functions", "items"))] * 12,
    *[("ga", ("voice", "mcp", "failures"))] * 8,
    *[("ga", ("text", "mcp", "approval"))] * 16,
]
"""Features that are looked at by themselves, more often where what they lead to is rare."""


def legal_cells() -> list[Cell]:
    """Every cell of every table that lets its input pass, whatever its guards must answer for that."""
    return [
        (machine.name, state, input)
        for machine in MACHINES.values()
        for state in machine.states
        for input in machine.inputs
        if is_legal(machine.cell(state, input))
    ]


def cells_of(dialect: str, frames: Iterable[Frame]) -> Counter[Cell]:
    """How often a session runs through each cell."""
    track = Track(dialect)
    counts: Counter[Cell] = Counter()
    for frame in frames:
        cells = track.look(frame.direction, frame.raw)
        counts.update(
            (entity.machine.name, entity.state, input)
            for entity, input, outcome in cells
            if isinstance(outcome, str)
        )
        track.follow()
    return counts


def reached(seeds: Iterable[int]) -> Counter[Cell]:
    """How often the sessions of these seeds run through each cell: whole, in one view, and with few features."""
    counts: Counter[Cell] = Counter()
    views = [*VIEWS.values()]
    for seed in seeds:
        stage = prepare(Seeded(seed))
        frames = stage.run()
        counts += cells_of(stage.dialect, frames)
        counts += cells_of(stage.dialect, views[seed % len(views)](Seeded(seed), frames))
        dialect, features = COMBINATIONS[seed % len(COMBINATIONS)]
        counts += cells_of(dialect, prepare(Seeded(seed), dialect, features).run())
    return counts


def report(seeds: int) -> tuple[str, int]:
    """The table of what the first seeds reach, and how many legal cells they leave out without a reason."""
    counts = reached(range(seeds))
    cells = legal_cells()
    missing = [cell for cell in cells if cell not in counts]
    odd = [cell for cell in missing if cell not in UNREACHED]
    lines = [f"{len(cells) - len(missing)} of {len(cells)} legal cells are reached by {seeds} seeds"]
    lines += [f"  rarely: {', '.join(cell)} ({counts[cell]})" for cell in cells if 0 < counts[cell] < 3]
    lines += [f"  not: {', '.join(cell)}: {UNREACHED.get(cell, 'no reason is known')}" for cell in missing]
    return "\n".join(lines), len(odd)
