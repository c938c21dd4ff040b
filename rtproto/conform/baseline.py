"""Known failures of a checker, each with its reason, so that a run fails only for what is new, or no longer true."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import tomli
from msgspec import Struct

from rtproto.conform.results import Result


class Known(Struct, frozen=True, forbid_unknown_fields=True):
    """One case, or with a slash at the end all cases under it, and why the checker fails there."""

    case: str
    reason: str

    def names(self, id: str) -> bool:
        """The case is meant."""
        return id.startswith(self.case) if self.case.endswith("/") else id == self.case


class Baseline(Struct, frozen=True, forbid_unknown_fields=True):
    """A baseline file."""

    format: Literal["rtproto-baseline/1"]
    known: tuple[Known, ...] = ()

    def reason(self, id: str) -> str:
        """Why that case is known to fail; empty where it is not."""
        return next((each.reason for each in self.known if each.names(id)), "")

    def stale(self, failed: Sequence[Result], ran: Sequence[str]) -> tuple[str, ...]:
        """The entries that name cases which ran, and no failure."""
        return tuple(
            each.case
            for each in self.known
            if any(map(each.names, ran)) and not any(each.names(result.case.id) for result in failed)
        )

    def unknown(self, ids: Sequence[str]) -> tuple[str, ...]:
        """The entries that name none of the suite's cases."""
        return tuple(each.case for each in self.known if not any(map(each.names, ids)))


def read(path: Path) -> Baseline:
    """Read a baseline file.  Raises `ValueError`, and names the file."""
    try:
        return msgspec.convert(tomli.loads(path.read_text(encoding="utf-8")), Baseline)
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError, msgspec.ValidationError) as why:
        raise ValueError(f"{path}: {why}") from None
