"""Legal sessions, and ways to break them: for testing clients and servers of the Realtime protocol.

`generate` makes a legal session from a seed.
"""

from rtproto.testing.chooser import Chooser, Seeded
from rtproto.testing.generation import compose, generate
from rtproto.testing.moves import FEATURES
from rtproto.testing.stage import Frame

__all__ = ["FEATURES", "Chooser", "Frame", "Seeded", "compose", "generate"]
