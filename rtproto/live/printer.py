"""Lines for the terminal, written by a thread of their own: a terminal that is stopped must stop no session."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

WAITING = 10_000
"""Lines that wait for the terminal at most; further ones are dropped, and counted."""


class Printer:
    """Hands lines on in their order.  `close` waits until all are written."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[Callable[[str], object], str] | None] = queue.Queue(WAITING)
        self._error: BaseException | None = None
        self.dropped = 0
        """Lines that were not written."""
        self._thread = threading.Thread(target=self._run, name="rtproto-printer", daemon=True)
        self._thread.start()

    def to(self, write: Callable[[str], object]) -> Callable[[str], None]:
        """What writes there, later."""

        def put(line: str) -> None:
            try:
                self._lines.put_nowait((write, line))
            except queue.Full:
                self.dropped += 1

        return put

    def _run(self) -> None:
        while (entry := self._lines.get()) is not None:
            write, line = entry
            try:
                write(line)
            except (OSError, ValueError) as error:
                # A closed pipe: nobody reads any more, and recording goes on.
                self._error = self._error or error
                self.dropped += 1

    def close(self) -> None:
        """Write what still waits.  Raises what writing raised first."""
        self._lines.put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
