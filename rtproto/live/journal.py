"""Lines on their way to the disk, and how far along it they are when who dies.

Each line is handed to the operating system by one `write` to a file that is opened for appending.  What `Journal.write`
has returned from is therefore in the file, whole, however the process ends: SIGKILL loses nothing.  Against a loss of
power a line must also be brought to the disk, which is what the policy says:

- `interval` (the default): within so many seconds, and when the session ends; in a thread, so that nobody waits.
- `always`: before `write` returns.  The writer waits for the disk, line by line.
- `never`: when the operating system pleases.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Literal, TypeAlias

Sync: TypeAlias = Literal["always", "interval", "never"]
SYNC_SECONDS = 5.0
"""Seconds after which a line is on the disk at the latest, where the policy is `interval`."""
_PRIVATE = 0o600
_sync = getattr(os, "fdatasync", os.fsync)
_numbers = count(1)


def session_name() -> str:
    """What a session's files are named after: when it began, the process, and its number in the process."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}Z-{os.getpid()}-{next(_numbers):04}"


class Syncer:
    """Brings files to the disk every so often, and closes them, in a thread of its own.

    One serves any number of journals.  `close` waits until everything is on the disk.
    """

    def __init__(self, sync: Sync = "interval", seconds: float = SYNC_SECONDS) -> None:
        self.always = sync == "always"
        self._never = sync == "never"
        self._seconds = seconds
        self._dirty: set[int] = set()
        """Descriptors that were written to since the thread last looked."""
        self._ended: list[int] = []
        """Descriptors to be closed."""
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.errors: list[OSError] = []
        """What the disk refused; a line of which `write` returned may be lost with the power then."""

    def written(self, descriptor: int) -> None:
        """Take note that there is something to bring to the disk."""
        if not self._never:
            self._dirty.add(descriptor)
            if self._thread is None:
                self._start()

    def ended(self, descriptor: int) -> None:
        """Take over a descriptor to which nothing more is written."""
        with self._wake:
            self._ended.append(descriptor)
            self._wake.notify()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._wake:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="rtproto-syncer", daemon=True)
                thread.start()
                self._thread = thread

    def forked(self) -> None:
        """Begin anew in the child of a fork, which has the descriptors and not the thread, and a lock that it may have
        held.  What was written before is the parent's to bring to the disk.
        """
        self._wake = threading.Condition()
        self._thread = None
        self._dirty = set()

    def close(self) -> None:
        """Bring everything to the disk and end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        due = time.monotonic() + self._seconds
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._stopping or self._ended, due - time.monotonic())
                stopping, ended = self._stopping, self._ended
                self._ended = []
            everything = stopping or time.monotonic() >= due
            for descriptor in tuple(self._dirty) if everything else ended:
                if descriptor in self._dirty:
                    # Taken out first: what is written from now on makes it dirty again.
                    self._dirty.discard(descriptor)
                    self._bring(descriptor)
            if everything:
                due = time.monotonic() + self._seconds
            for descriptor in ended:
                os.close(descriptor)
            if stopping:
                return

    def _bring(self, descriptor: int) -> None:
        try:
            _sync(descriptor)
        except OSError as error:
            self.errors.append(error)


class Journal:
    """The files of one session: `NAME.jsonl`, and where they are rotated `NAME.2.jsonl`, `NAME.3.jsonl` and so on.

    Files can be read by their owner alone, and no file that is there already is written to: where there is one of that
    name, as of a recorder with the same process id in another container, the name is `NAME-2`.  Every method may raise
    `OSError`; a journal that has raised holds what was written before, and is not to be written to again.
    """

    def __init__(self, folder: Path, name: str, syncer: Syncer, *, rotate_bytes: int | None = None) -> None:
        self._folder = folder
        self._name = name
        self._syncer = syncer
        self._rotate_bytes = rotate_bytes
        self._descriptor: int | None = None
        self._size = 0
        self.part = 0
        """The number of the file that is written to; 0 before the first."""
        self.line = 0
        """The number of its last line."""

    @property
    def path(self) -> Path:
        """The file that is written to, or that will be."""
        return self._file(max(self.part, 1))

    @property
    def following(self) -> Path:
        """The file after that one."""
        return self._file(self.part + 1)

    def _file(self, part: int) -> Path:
        return self._folder / (f"{self._name}.jsonl" if part == 1 else f"{self._name}.{part}.jsonl")

    @property
    def full(self) -> bool:
        """Whether the next line belongs into another file, the first one included."""
        return self._descriptor is None or (
            self._rotate_bytes is not None and self._size >= self._rotate_bytes
        )

    def turn(self) -> None:
        """Begin the next file."""
        self.close()
        self.part += 1
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        name, numbers = self._name, count(2)
        while self._descriptor is None:
            try:
                self._descriptor = os.open(self.path, flags, _PRIVATE)
            except FileExistsError:
                if self.part > 1:  # which the files before it have named
                    raise
                self._name = f"{name}-{next(numbers)}"
        self._size = self.line = 0

    def write(self, line: bytes) -> int:
        """Write a line, its line end included, and return its number in the file."""
        descriptor = self._descriptor
        if descriptor is None:
            raise ValueError("the journal has no file: turn() comes first")
        written = os.write(descriptor, line)
        while written < len(line):
            # A disk that is filling up takes a part, and says why with the next.
            written += os.write(descriptor, line[written:])
        if self._syncer.always:
            _sync(descriptor)
        else:
            self._syncer.written(descriptor)
        self._size += len(line)
        self.line += 1
        return self.line

    def close(self) -> None:
        """Write no more.  The file is brought to the disk and closed by the syncer."""
        if self._descriptor is not None:
            self._syncer.ended(self._descriptor)
            self._descriptor = None
