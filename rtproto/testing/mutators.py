"""Ways to break a session, one at a time, each with a label: what was done, where, and which rule it breaks.

Some change any line (`rtproto.testing.damage`: `delete`, `swap`, `rename` …); what they break, if anything, depends on
the line.  The others (`rtproto.testing.mistakes`) are what clients and servers get wrong, and name the rule that tells.
"""

from __future__ import annotations

from rtproto.testing import mistakes
from rtproto.testing.chooser import Chooser
from rtproto.testing.damage import CODES, MUTATORS, Change, Frames, Mutation

__all__ = ["CODES", "MUTATORS", "Change", "Mutation", "mistakes", "mutate"]


def mutate(chooser: Chooser, frames: Frames, name: str) -> Mutation | None:
    """Break a session in the way of that name; None where it has no place for it.

    Raises `ValueError` for a name that there is not.
    """
    if name not in MUTATORS:
        raise ValueError(f"no mutator {name!r}; there are: " + ", ".join(MUTATORS))
    return MUTATORS[name](chooser, frames)
