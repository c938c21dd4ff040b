"""Many recordings, checked by many workers: processes of this machine, or those of a Dask cluster.

Recordings are given out in small batches, and each batch comes back as bytes.  Reports come out in the order of the
recordings, however many workers there are and whatever becomes of them: only so many batches are out at once, so that
memory does not grow with the run, and what a worker takes down with it is checked again by itself.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, Self

from rtproto.check_targets import Target
from rtproto.check_work import unchecked
from rtproto.findings import Report
from rtproto.packing import pack, unpack

AHEAD = 4
"""Batches that are given out for each worker before the first of them must be done: memory is bounded by them."""
BATCH_BYTES = 2**20
"""A batch has one recording, or several that are not larger than this together."""
BATCH_FILES = 32
"""The most recordings of a batch: a small one is checked in the time that it takes to hand it over."""
_SHARES = 8
"""Batches that each worker gets at least where there are few recordings, for all to be busy until the end."""


class Died(Exception):  # noqa: N818 - the name says what happened
    """The process that worked on a batch has died."""


class Refused(Exception):  # noqa: N818 - the name says what happened
    """A worker has not checked a batch.  The message says why."""


class Lost(Exception):  # noqa: N818 - the name says what happened
    """There is nobody any more to give work to.  The message says why."""


class Workers(Protocol):
    """Those who check batches."""

    @property
    def count(self) -> int:
        """How many batches they work on at once."""
        ...

    def submit(self, batch: Sequence[Target]) -> Any:
        """Give out a batch, and return what `result` takes."""
        ...

    def result(self, given: Any) -> list[bytes]:
        """The packed reports of a batch.  Raises `Died`, `Refused` or `Lost`."""
        ...

    def alone(self, target: Target) -> bytes:
        """The packed report of one recording, while nothing else is worked on: if a worker dies then, it is the one.

        Raises `Died`, `Refused` or `Lost`.
        """
        ...

    def stop(self) -> None:
        """End what they are doing; one in the middle of a file has nothing to lose."""
        ...


class Fleet:
    """Gives recordings to workers and gathers the reports; a context manager, whose end stops them."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._workers.stop()

    def reports(self, targets: Iterable[Target], total: int) -> Iterator[Report]:
        """The report of each of about `total` recordings, in their order.  One that ends its worker costs only itself.

        Raises `Lost`.
        """
        workers = self._workers
        rest = batches(targets, total // (_SHARES * workers.count))
        begun: deque[tuple[list[Target], Any]] = deque()
        while True:
            while len(begun) < AHEAD * workers.count and (batch := next(rest, None)) is not None:
                begun.append((batch, workers.submit(batch)))
            if not begun:
                return
            batch, given = begun.popleft()
            try:
                packed = workers.result(given)
            except Died:
                yield from map(self._alone, batch)
            except Refused as why:
                yield from (unchecked(target.path, str(why)) for target in batch)
            else:
                for target, each in zip(batch, packed, strict=True):
                    yield unpack(each, target.path)

    def _alone(self, target: Target) -> Report:
        """Check again what was given out when a worker died: it may be the one."""
        try:
            return unpack(self._workers.alone(target), target.path)
        except Died:
            return unchecked(target.path, "the process that checked it died")
        except Refused as why:
            return unchecked(target.path, str(why))


def batches(targets: Iterable[Target], most: int) -> Iterator[list[Target]]:
    """The recordings in batches, in order; at most so many in one, and at least one."""
    most = max(1, min(most, BATCH_FILES))
    batch: list[Target] = []
    size = 0
    for target in targets:
        more = size_of(target) if most > 1 else 0
        if batch and (len(batch) >= most or size + more > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(target)
        size += more
    if batch:
        yield batch


def size_of(target: Target) -> int:
    """Bytes of a recording; 0 where nobody knows."""
    if target.size >= 0 or target.source:
        return max(target.size, 0)
    try:
        return os.stat(target.path).st_size
    except (OSError, ValueError):
        return 0


def packed(reports: Iterable[Report]) -> list[bytes]:
    """Reports as a worker hands them back."""
    return list(map(pack, reports))


@contextmanager
def without_interrupts(*, spawning: bool) -> Generator[None, None, None]:
    """Hold back Ctrl-C.  A process that is started meanwhile never gets it: it is for the one that gives out work."""
    import signal  # which takes a millisecond of every start

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    if spawning:
        # A new interpreter comes with a tracker of its resources, whose start would let Ctrl-C in again.
        from multiprocessing.resource_tracker import ensure_running

        ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
