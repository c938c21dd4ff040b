"""Legal sessions, ways to break them, and a pytest plugin: for testing clients and servers of the Realtime protocol.

    from rtproto.testing import generate, mutate, Seeded
    frames = generate(seed=1, dialect="ga", features=["voice", "barge-in"])
    broken = mutate(Seeded(1), frames, "delta-after-done")

`rtproto.testing.strategies` are the same for hypothesis.  Nothing is imported before it is asked for, so the plugin
costs nothing in test runs that do not use it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtproto.testing.chooser import Chooser, Seeded
    from rtproto.testing.conforming import assert_conforms
    from rtproto.testing.generation import compose, generate, transcript
    from rtproto.testing.moves import FEATURES
    from rtproto.testing.mutators import CODES, MUTATORS, Mutation, mutate
    from rtproto.testing.recorder import Recorder
    from rtproto.testing.stage import Frame
    from rtproto.testing.views import VIEWS

__all__ = [
    "CODES",
    "FEATURES",
    "MUTATORS",
    "VIEWS",
    "Chooser",
    "Frame",
    "Mutation",
    "Recorder",
    "Seeded",
    "assert_conforms",
    "compose",
    "generate",
    "mutate",
    "transcript",
]

_HOMES = {
    "CODES": "mutators",
    "FEATURES": "moves",
    "MUTATORS": "mutators",
    "VIEWS": "views",
    "Chooser": "chooser",
    "Frame": "stage",
    "Mutation": "mutators",
    "Recorder": "recorder",
    "Seeded": "chooser",
    "assert_conforms": "conforming",
    "compose": "generation",
    "generate": "generation",
    "mutate": "mutators",
    "transcript": "generation",
}


def __getattr__(name: str) -> object:
    """A public name, imported on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
