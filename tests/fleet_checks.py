"""What workers of the tests do with a path; another process imports this module by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rtproto.check_targets import Target
from rtproto.findings import Report
from rtproto.fleet_dask import work
from rtproto.recording import Settings


def dies(settings: Settings, targets: Sequence[Target]) -> Iterator[Report]:
    """Check the files, unless the name of one says that the process ends with it."""
    for target in targets:
        if "deadly" in Path(target.path).name:
            os._exit(9)
        yield settings.check_file(target.path)


def raises(settings: Settings, targets: Sequence[Target]) -> Iterator[Report]:
    """What comes out where a worker itself fails."""
    raise MemoryError("no room")


def stumbles(wanted: str, prepared: bytes, batch: Sequence[Target]) -> list[bytes] | str:
    """The work on a batch, which fails for no fault of the recordings when it is tried for the first time."""
    tried = Path(f"{batch[0].path}.tried")
    if not tried.exists():
        tried.touch()
        raise UnboundLocalError("the worker is about to go")
    return work(wanted, prepared, batch)


def always_stumbles(wanted: str, prepared: bytes, batch: Sequence[Target]) -> list[bytes] | str:
    """The same at each try."""
    raise UnboundLocalError("the worker is about to go")
