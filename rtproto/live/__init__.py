"""Live connections: a recorder between a client and a server, and the checker inside a program.

    from rtproto.live import guard, record

`python -m rtproto record` is the recorder; `record` writes the same file from inside a program, and `guard` hands a
program the events of its connections, typed and judged: a `Guard`, which yields what it has `Heard`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtproto.live.connections import record
    from rtproto.live.guarding import Guard, Heard, guard

__all__ = ["Guard", "Heard", "guard", "record"]

_HOMES = {
    "Guard": "rtproto.live.guarding",
    "Heard": "rtproto.live.guarding",
    "guard": "rtproto.live.guarding",
    "record": "rtproto.live.connections",
}


def __getattr__(name: str) -> object:
    """A public name, imported on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
