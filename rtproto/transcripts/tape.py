"""JSON documents of any length, cut into their elements with their lines, in the memory of a few chunks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from rtproto.transcripts.frames import Unreadable
from rtproto.wire import Line

_CHUNK = 256 * 1024
"""Bytes that are read at once, at first."""
_KEPT = 4096
"""Bytes that are kept of an element that is too long."""
_SPACE = re.compile(rb"[\s,]*")
# Bounded repetitions, for `re` remembers each of them.
_IN_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*){0,1000}', re.DOTALL)
_BETWEEN = re.compile(rb'[^"{}\[\],]*')


class Tape:
    """A stream of JSON text with a place in it.  `limit` is the longest element that is kept whole, in bytes."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._buffer = b""
        self._at = 0
        self._chunk = _CHUNK
        self.line = 1
        """1-based line of the place."""

    def _fill(self) -> bool:
        """Read on, forgetting what was passed; false at the end of the stream."""
        more = self._stream.read(self._chunk)
        if not more:
            return False
        self._buffer = self._buffer[self._at :] + more
        self._at = 0
        return True

    def _pass(self, to: int) -> None:
        """Move the place forward within the buffer."""
        self.line += self._buffer.count(b"\n", self._at, to)
        self._at = to

    def skip_to(self, mark: re.Pattern[bytes], longest: int) -> re.Match[bytes] | None:
        """Go behind the next match of a pattern that matches at most `longest` bytes; None at the stream's end."""
        while True:
            found = mark.search(self._buffer, self._at)
            if found is not None:
                self._pass(found.end())
                return found
            self._pass(max(self._at, len(self._buffer) - longest))
            if not self._fill():
                return None

    def _space(self) -> int | None:
        """Skip white space and commas; the byte that comes next, or None at the end of the stream."""
        while True:
            found = _SPACE.match(self._buffer, self._at)
            assert found is not None
            self._pass(found.end())
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._fill():
                return None

    def enter(self, opener: bytes) -> bool:
        """Go into the array or object that comes next; false where something else does."""
        if self._space() != opener[0]:
            return False
        self._pass(self._at + 1)
        return True

    def elements(self) -> Iterator[Line]:
        """The values up to the closing bracket or the end of the stream, each with the line on which it begins.

        Raises `Unreadable` where the text stops in the middle of one.
        """
        while (following := self._space()) is not None:
            if following in b"]}":
                self._pass(self._at + 1)
                return
            yield self._element()

    def _element(self) -> Line:
        begun = self.line
        kept: bytes | None = None
        start = self._at  # what is before it in the buffer is passed; moves to 0 when the buffer is filled
        at, depth, in_string = start, 0, False
        self._chunk = _CHUNK
        while True:
            buffer = self._buffer
            if in_string:
                found = _IN_STRING.match(buffer, at)
                assert found is not None
                at = found.end()
                if at < len(buffer) and buffer[at] == 0x22:
                    at += 1
                    in_string = False
                    if depth == 0:
                        break
                    continue
                if at < len(buffer) - 1:
                    continue  # more escapes than are looked at in one go
            else:
                found = _BETWEEN.match(buffer, at)
                assert found is not None
                at = found.end()
                if at < len(buffer):
                    mark = buffer[at]
                    if depth == 0 and mark in b",]}":
                        break
                    at += 1
                    if mark == 0x22:
                        in_string = True
                    elif mark in b"{[":
                        depth += 1
                    elif mark in b"]}":
                        depth -= 1
                        if depth == 0:
                            break
                    continue
            if at - start > self._limit:
                kept = buffer[start : start + min(self._limit, _KEPT)] if kept is None else kept
                self._pass(at)
            passed = self._at
            self._chunk = min(max(_CHUNK, len(buffer) - passed), 16 * 2**20)
            if not self._fill():
                if depth or in_string:
                    raise Unreadable(f"the JSON stops in the middle of the value that begins at line {begun}")
                break
            at -= passed
            start = 0
        raw = self._buffer[start:at]
        self._pass(at)
        self._chunk = _CHUNK
        if kept is not None or len(raw) > self._limit:
            return Line(begun, kept if kept is not None else raw[:_KEPT], too_long=True)
        return Line(begun, raw.rstrip())
