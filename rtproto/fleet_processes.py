"""Workers that are processes of this machine, each at the other end of a pipe.

There is no thread in this: the process that gives out work looks after its pipes when it wants a report, and so it can
be copied (forked) for a new worker at any time.  A pipe that ends tells at once which batch its worker had.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from rtproto.check_targets import Target
from rtproto.check_work import Check
from rtproto.fleet import Died, packed, without_interrupts
from rtproto.recording import Settings

_SMALL = 4_096
"""Bytes of a batch that a pipe surely takes while its worker is busy: that long it may be given before its turn."""


class _Given:
    """A batch that was given out, as a message, and what became of it."""

    def __init__(self, batch: Sequence[Target]) -> None:
        self.message = pickle.dumps(batch)
        self.answer: bytes | None = None
        self.died = False

    @property
    def is_done(self) -> bool:
        return self.died or self.answer is not None

    def reports(self) -> list[bytes]:
        """The packed reports.  Raises `Died`."""
        if self.answer is None:
            raise Died
        answer, self.answer = self.answer, b""
        reports: list[bytes] = pickle.loads(answer)
        return reports


class Processes:
    """So many processes, begun at once; see `rtproto.fleet.Workers`."""

    def __init__(self, count: int, arguments: Mapping[str, Any], check: Check) -> None:
        self.count = count
        self._begin = (arguments, check)
        self._waiting: deque[_Given] = deque()
        self._lone: _Worker | None = None
        self._workers: list[_Worker] = []
        for _ in range(count):
            self._workers.append(self._another())

    def _another(self) -> _Worker:
        others = [*self._workers, *([self._lone] if self._lone else [])]
        return _Worker([worker.pipe for worker in others], self._begin)

    def submit(self, batch: Sequence[Target]) -> _Given:
        """Give out a batch."""
        given = _Given(batch)
        self._waiting.append(given)
        self._look_after(0)
        return given

    def result(self, given: _Given) -> list[bytes]:
        """The packed reports of a batch.  Raises `Died`."""
        while not given.is_done:
            self._look_after(None)
        return given.reports()

    def _look_after(self, seconds: float | None) -> None:
        """Take what workers have done, waiting so long for the first, and give them more."""
        self._hand_out()
        by_pipe = {worker.pipe: worker for worker in self._workers if worker.has}
        for pipe in wait(list(by_pipe), seconds):
            worker = by_pipe[pipe]
            if not worker.take():
                self._bury(worker)
        self._hand_out()

    def _hand_out(self) -> None:
        for turn in range(2):
            for worker in self._workers:
                if self._waiting and len(worker.has) == turn and worker.has_room(self._waiting[0]):
                    worker.give(self._waiting.popleft())

    def _bury(self, worker: _Worker) -> None:
        """Only what a worker had in hand when it died is in doubt; the rest is given to others."""
        at_hand, *rest = worker.has
        at_hand.died = True
        self._waiting.extendleft(reversed(rest))
        worker.stop()
        self._workers.remove(worker)
        self._workers.append(self._another())

    def alone(self, target: Target) -> bytes:
        """The packed report of one recording, by a process that has nothing else to do.  Raises `Died`."""
        worker = self._lone = self._lone or self._another()
        given = _Given([target])
        worker.give(given)
        if not worker.take():
            worker.stop()
            self._lone = None
            raise Died
        return given.reports()[0]

    def stop(self) -> None:
        """End the processes at once."""
        workers = [*self._workers, *([self._lone] if self._lone else [])]
        for worker in workers:
            worker.end()
        for worker in workers:
            worker.stop()


class _Worker:
    """A process that is working, and the batches that it has."""

    def __init__(self, others: Sequence[Connection], begin: tuple[Mapping[str, Any], Check]) -> None:
        context = _context()
        self.pipe, far_end = context.Pipe()
        self.has: deque[_Given] = deque()
        forked = context.get_start_method() == "fork"
        # A copy has the pipes of the others too, and would keep them open for ever.
        inherited = [*others, self.pipe] if forked else []
        self._process = context.Process(target=_work, args=(far_end, inherited, *begin), daemon=True)
        with without_interrupts(spawning=not forked):
            self._process.start()
        far_end.close()

    def has_room(self, given: _Given) -> bool:
        """Whether the batch can be given now: the pipe must take it even if nobody reads."""
        return not self.has or len(given.message) <= _SMALL

    def give(self, given: _Given) -> None:
        """Give it a batch.  That the process is dead is found out when an answer is wanted."""
        self.has.append(given)
        with suppress(OSError):
            self.pipe.send_bytes(given.message)

    def take(self) -> bool:
        """Wait for the answer to the oldest batch; false where the process has died."""
        try:
            answer = self.pipe.recv_bytes()
        except (EOFError, OSError):
            return False
        self.has.popleft().answer = answer
        return True

    def end(self) -> None:
        """Make it end, whatever it does."""
        self._process.terminate()

    def stop(self) -> None:
        """Make it end, and wait until it has."""
        self.end()
        self._process.join()
        self.pipe.close()


def _work(
    pipe: Connection, inherited: Sequence[Connection], arguments: Mapping[str, Any], check: Check
) -> None:
    """What a worker does until there is nobody any more who gives it work."""
    for each in inherited:
        each.close()
    settings = Settings(**arguments)
    try:
        while True:
            pipe.send_bytes(pickle.dumps(packed(check(settings, pickle.loads(pipe.recv_bytes())))))
    except (EOFError, ConnectionError):
        pass


def _context() -> Any:
    """How a process is begun: as a copy of this one where it has no second thread, else as a new interpreter.

    A copy is there at once, with all that was imported.  But what threads hold when it is made is held in it for ever.
    """
    try:
        threads = os.listdir("/proc/self/task")  # noqa: PTH208 - also those that Python does not know of
    except OSError:  # not Linux; elsewhere the system's own libraries have threads
        threads = []
    return multiprocessing.get_context("fork" if len(threads) == 1 else "spawn")
