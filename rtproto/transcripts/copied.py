"""A stream that cannot go back, such as a pipe, with a copy of what was read, for who has to read it twice."""

from __future__ import annotations

import io
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

COPIED_BYTES = 256 * 2**20
"""Bytes of a stream that are copied at most: a pipe need not have an end."""
_IN_MEMORY = 4 * 2**20
"""Bytes of a copy that are kept in memory; a longer one goes to a temporary file."""


class Copied(io.RawIOBase):
    """Reads a stream, and copies it.  The stream itself is left open when this is closed, and the copy goes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._read = getattr(stream, "read1", stream.read)
        self._copy = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with this
        self._whole = True
        self._left = COPIED_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # narrower than the stub's Buffer
        data: bytes = self._read(len(buffer))
        buffer[: len(data)] = data
        self._left -= len(data)
        if self._whole:
            self._keep(data)
        return len(data)

    def _keep(self, data: bytes) -> None:
        try:
            if self._left >= 0:
                self._copy.write(data)
                return
        except OSError:  # no room for temporary files
            pass
        self._whole = False
        self._copy.close()

    def copy(self) -> BinaryIO | None:
        """What was read, to be read again while this is open; None where it was too much to copy."""
        return cast("BinaryIO", self._copy) if self._whole else None

    def close(self) -> None:
        self._copy.close()
        super().close()
