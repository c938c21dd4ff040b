"""One line about a run that takes longer than a second, on a terminal's standard error, gone when the run is over.

It is drawn by a thread of its own, so that one long file moves it too, and taken away before anything else is written.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from rtproto.findings import Report
from rtproto.reports.words import plural

if TYPE_CHECKING:
    import threading

AFTER = 1.0
"""Seconds before the line is shown."""
EVERY = 0.2
"""Seconds between two drawings."""
_ERASE = "\r\x1b[K"


class Progress:
    """Counts what is done of a run, and shows it where `err` is a terminal.

    `sizes` are the bytes of each path; `reading` tells how many bytes of the file at hand were read.  Where `err` is
    None, nothing is shown.
    """

    def __init__(
        self,
        err: TextIO | None,
        sizes: dict[str, int],
        *,
        width: int = 100,
        reading: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._err = err
        self._width = width
        self._sizes = sizes
        self._total = sum(sizes.values())
        self._reading = reading
        self._clock = clock
        self._begun = clock()
        self._files = self._events = self._findings = self._bytes = 0
        self._lock: AbstractContextManager[object] = nullcontext()
        self._over: threading.Event | None = None
        self._thread: threading.Thread | None = None
        self._drawn = False

    def __enter__(self) -> Self:
        if self._err is not None:
            import threading  # which most runs, without a terminal, can do without

            self._lock, self._over = threading.Lock(), threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._over,), name="progress", daemon=True
            )
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over is not None and self._thread is not None:
            self._over.set()
            self._thread.join()
        self._erase()

    def _run(self, over: threading.Event) -> None:
        wait = AFTER
        while not over.wait(wait):
            wait = EVERY
            self.draw()

    def done(self, path: str, report: Report) -> None:
        """Count one path that was checked."""
        self._files += 1
        self._bytes += self._sizes.get(path, 0)
        self._events += sum(session.events for session in report.sessions)
        self._findings += len(report.roots())

    @contextmanager
    def away(self) -> Generator[None, None, None]:
        """Take the line away, and draw none while something else is written."""
        with self._lock:
            self._erase()
            yield

    def draw(self) -> None:
        """Write the line over the last one."""
        text = self.text(max(self._width - 1, 0))
        with self._lock:
            self._drawn = True
            self._write(_ERASE + text)

    def _erase(self) -> None:
        if self._drawn:
            self._drawn = False
            self._write(_ERASE)

    def _write(self, text: str) -> None:
        assert self._err is not None
        try:
            self._err.write(text)
            self._err.flush()
        except (OSError, ValueError):  # the terminal has gone
            if self._over is not None:
                self._over.set()

    def text(self, room: int = 1_000) -> str:
        """`12 of 40 files (31%), 0:12 left, 3 findings, 1,204,000 events (230,000/s)`, as much of it as has room."""
        elapsed = max(self._clock() - self._begun, 1e-9)
        parts = [f"{self._files:,} of {plural(len(self._sizes), 'file')}"]
        read = self._bytes + self._reading()
        if self._total:
            parts[0] += f" ({min(read / self._total, 1):.0%})"
        if 0 < read < self._total:
            left = round(elapsed * (self._total - read) / read)
            parts.append(f"{left // 60}:{left % 60:02} left")
        parts.append(plural(self._findings, "finding"))
        if self._events:
            parts.append(f"{plural(self._events, 'event')} ({self._events / elapsed:,.0f}/s)")
        while len(", ".join(parts)) > room and len(parts) > 1:
            parts.pop()
        return ", ".join(parts)[:room]
