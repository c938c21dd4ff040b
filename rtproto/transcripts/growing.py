"""A recording that is still being written, as a stream that waits for more, as `tail -F` does.

A line is handed on when its end has been written.  The stream ends when the file is cut short, or replaced by another
of the same name (then the next `GrowingFile` begins with that one), or when whoever waits is told to stop.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from time import sleep
from typing import BinaryIO

EVERY = 0.2
"""Seconds between two looks at the file."""


def wait_for(path: str, patience: Callable[[], AbstractContextManager[None]]) -> None:
    """Wait until there is a file of that name, or `KeyboardInterrupt` in `patience` ends the wait."""
    with suppress(KeyboardInterrupt):
        while not Path(path).exists():
            with patience():
                sleep(EVERY)


class GrowingFile:
    """Lines of a file, as they are written.  `patience` surrounds each wait; `KeyboardInterrupt` in it ends the stream.

    Raises `OSError` where the file cannot be opened.
    """

    def __init__(
        self,
        path: str,
        patience: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._path = Path(path)
        self._patience = patience
        self._file: BinaryIO = self._path.open("rb")
        self.stopped = False
        """Whether the stream ended because it was told to."""
        self.why = ""
        """Why it ended otherwise: what happened to the file."""
        self.begun = False
        """Whether anything was read."""

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def readline(self, limit: int = -1, /) -> bytes:
        """A whole line, or its first `limit` bytes; what there is at the end of the stream, and at last nothing."""
        line = b""
        while True:
            line += self._file.readline(limit - len(line) if limit >= 0 else -1)
            self.begun = self.begun or bool(line)
            if line.endswith(b"\n") or len(line) == limit:
                return line
            if self.stopped or self.why:
                return b"" if self.stopped else line
            self.why = self._fate()
            if not self.why:
                self._wait()

    def _wait(self) -> None:
        try:
            with self._patience():
                sleep(EVERY)
        except KeyboardInterrupt:
            self.stopped = True

    def _fate(self) -> str:
        """What became of the file; empty while it is the one that is read, or while there is none of its name."""
        mine = os.fstat(self._file.fileno())
        if mine.st_size < self._file.tell():
            return "cut short"
        try:
            named = self._path.stat()
        except OSError:
            return ""
        return "" if (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino) else "replaced"


class GrowingStream:
    """Lines of a pipe, as they come; ends with it, or when told to as a `GrowingFile` does."""

    def __init__(self, stream: BinaryIO, patience: Callable[[], AbstractContextManager[None]]) -> None:
        self._stream = stream
        self._patience = patience
        self.stopped = self.begun = False
        self.why = ""

    def readline(self, limit: int = -1, /) -> bytes:
        """A whole line, or its first `limit` bytes; nothing at the end."""
        if self.stopped:
            return b""
        try:
            with self._patience():
                line = self._stream.readline(limit)
        except KeyboardInterrupt:
            self.stopped = True
            return b""
        self.begun = self.begun or bool(line)
        return line
