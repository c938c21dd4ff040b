"""Lines of a recording, in bounded memory: one line of 512 MiB costs no more than the longest that is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

MAX_LINE_BYTES = 32 * 1024 * 1024
"""Longest line that is read by default, in bytes: the most audio one append may carry, 15 MiB, is 20 MiB of
base64."""

_KEPT = 4096
"""Bytes that are kept of a line that is too long."""
_SKIPPED = 64 * 1024
"""Bytes that are read at once to find the end of such a line."""
_BOM = b"\xef\xbb\xbf"


class Line(Struct, frozen=True, gc=False):
    """One line of a recording."""

    number: int
    """1-based."""
    raw: bytes
    """The line without its LF or CRLF, and without the byte order mark that may open a file.  Of a line that is
    too long only the first 4,096 bytes (`limit`, if that is less)."""
    too_long: bool = False
    terminated: bool = True
    """Whether the line ends with LF; false only for the last one, when it may have been cut."""


def read_lines(stream: BinaryIO, limit: int = MAX_LINE_BYTES) -> Iterator[Line]:
    """The lines of a stream, the blank ones too, in memory of about twice `limit` bytes.

    `limit` is the longest line that is kept whole, in bytes without its line end.  Raises what the stream raises.
    """
    number = 0
    while read := stream.readline(limit + 2):
        number += 1
        terminated = read.endswith(b"\n")
        raw = read.removesuffix(b"\n").removesuffix(b"\r") if terminated else read
        too_long = len(raw) > limit
        if too_long:
            raw = raw[: min(limit, _KEPT)]
            while not terminated and (read := stream.readline(_SKIPPED)):
                terminated = read.endswith(b"\n")
        if number == 1:
            raw = raw.removeprefix(_BOM)
        line = Line(number, raw, too_long, terminated)
        # Nothing of a line may be held here while it is looked at, and while the next one is read.
        del read, raw
        yield line
        del line
