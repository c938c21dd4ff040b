"""Where a generator's decisions come from: a seed, or hypothesis."""

from __future__ import annotations

import random
from typing import Protocol


class Chooser(Protocol):
    """Makes one decision after the other."""

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1, where 0 is the simplest choice; `limit` is 1 or more."""
        ...


class Seeded:
    """Decisions from a seed: the same seed makes the same decisions, on every machine."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed).random

    def below(self, limit: int) -> int:
        return int(self._random() * limit)
