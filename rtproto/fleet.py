"""Many recordings on the cores of one machine.

Each worker process checks one file at a time and hands its report back as bytes; reports come out in the order of the
files, however many workers there are.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Self

from rtproto.findings import Report, Unchecked
from rtproto.packing import pack, plain, unpack
from rtproto.recording import Settings

AHEAD = 4
"""Files that are given out for each worker before the first of them must be done: memory is bounded by them."""

Check = Callable[[Settings, str], Report]
"""How a worker checks one path; a function of a module, for it must be found there by another process."""

_worker: tuple[Settings, Check]
"""What a worker checks with; set when it begins."""


def _begin(arguments: Mapping[str, Any], check: Check) -> None:
    global _worker  # noqa: PLW0603 - a process has nowhere else to keep it
    _worker = Settings(**arguments), check


def _work(path: str) -> bytes:
    settings, check = _worker
    return pack(plain(check(settings, path)))


class _Pool:
    """Processes that can be ended, whatever they do."""

    def __init__(self, workers: int, *begin: Any) -> None:
        self._others = set(multiprocessing.active_children())
        # A new interpreter for each: what threads hold when this one forks would be held in the copy for ever.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=begin)

    def submit(self, path: str) -> Future[bytes]:
        """Give out a file.  Raises `BrokenProcessPool` where a worker has died."""
        with _without_interrupts():
            return self._pool.submit(_work, path)

    def stop(self) -> None:
        """End the workers at once; one in the middle of a file has nothing to lose."""
        mine = [each for each in multiprocessing.active_children() if each not in self._others]
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in mine:
            process.terminate()
        for process in mine:
            process.join()


@contextmanager
def _without_interrupts() -> Generator[None, None, None]:
    """Hold back Ctrl-C.  A process that is started meanwhile never gets it: it is for the one that gives out work."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Fleet:
    """Worker processes that check files; a context manager, whose end stops them."""

    def __init__(self, workers: int, arguments: Mapping[str, Any], check: Check) -> None:
        self._workers = workers
        self._begin = (arguments, check)
        self._pool = _Pool(workers, *self._begin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool.stop()

    def reports(self, paths: Iterable[str]) -> Iterator[Report]:
        """The report of each path, in their order.  A file that ends its worker costs only itself."""
        rest = iter(paths)
        begun: deque[tuple[str, Future[bytes]]] = deque()
        while True:
            while len(begun) < AHEAD * self._workers and (path := next(rest, None)) is not None:
                begun.append((path, self._submit(path)))
            if not begun:
                return
            path, future = begun.popleft()
            try:
                packed = future.result()
            except BrokenProcessPool:
                yield self._alone(path)
            else:
                yield unpack(packed, path)

    def _submit(self, path: str) -> Future[bytes]:
        try:
            return self._pool.submit(path)
        except BrokenProcessPool:
            self._pool.stop()
            self._pool = _Pool(self._workers, *self._begin)
            return self._pool.submit(path)

    def _alone(self, path: str) -> Report:
        """Check a file that was given out when a worker died, in a process of its own: it may be the one."""
        pool = _Pool(1, *self._begin)
        try:
            return unpack(pool.submit(path).result(), path)
        except BrokenProcessPool:
            return Report(unchecked=(Unchecked(path, "the process that checked it died"),))
        finally:
            pool.stop()
