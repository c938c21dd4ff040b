"""gzip and Zstandard, read as a stream and with a bound on what they grow to."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from rtproto.transcripts.frames import BUFFERED_BYTES, Unreadable

ZSTD = b"\x28\xb5\x2f\xfd"
GROWTH = 200
"""Times its size that a file may grow to, beyond `FREE_BYTES`.  Logs of voice grow tenfold, silence a hundredfold."""
FREE_BYTES = 256 * 2**20
_WINDOW = 128 * 2**20
"""Largest window of Zstandard that is taken; its tool needs `--long` for more."""


def decompressed(stream: BinaryIO, begin: bytes) -> tuple[str, BinaryIO]:
    """What the compressed stream, which begins with those bytes, holds, and words that say so.

    Raises `Unreadable` without the library that it takes; reading from the result does where the data is broken, or
    grows beyond `GROWTH`.
    """
    if begin.startswith(ZSTD):
        try:
            import zstandard
        except ImportError:
            raise Unreadable(
                "reading Zstandard needs zstandard: pip install 'rtproto[formats]'; or decompress the file first"
            ) from None
        compressed = _Counted(stream)
        source: Any = compressed  # it has the one method that is called
        reader: Any = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
            source, read_across_frames=True, closefd=False
        )
        return "decompressed from Zstandard; ", io.BufferedReader(
            _Bounded(reader, compressed), BUFFERED_BYTES
        )
    import gzip

    counted = _Counted(stream)
    return "decompressed from gzip; ", io.BufferedReader(
        _Bounded(gzip.GzipFile(fileobj=counted), counted), BUFFERED_BYTES
    )


class _Counted(io.RawIOBase):
    """A stream that knows how much was read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.count = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        return data


class _Bounded(io.RawIOBase):
    """What a decompressor makes, until it is too much."""

    def __init__(self, source: Any, compressed: _Counted) -> None:
        self._source = source
        self._compressed = compressed
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # narrower than the stub's Buffer
        import zlib

        try:
            data: bytes = self._source.read(len(buffer))
        except (EOFError, zlib.error, OSError) as error:
            raise Unreadable(f"the compressed data is broken: {error}") from None
        except Exception as error:
            # zstandard has an exception of its own, which cannot be named without importing it.
            if type(error).__name__ == "ZstdError":
                raise Unreadable(f"the compressed data is broken: {error}") from None
            raise
        self._count += len(data)
        if self._count > FREE_BYTES + GROWTH * self._compressed.count:
            raise Unreadable(
                f"the file grows to more than {GROWTH} times its size; decompress it yourself if you trust it"
            )
        buffer[: len(data)] = data
        return len(data)
