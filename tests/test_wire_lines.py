"""Lines of any length in bounded memory."""

from __future__ import annotations

import io
import tracemalloc
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.wire_lines import MAX_LINE_BYTES, Line, read_lines


def lines(raw: bytes, limit: int = MAX_LINE_BYTES) -> list[Line]:
    return list(read_lines(io.BytesIO(raw), limit))


@pytest.mark.parametrize(
    "raw,expected",
    [
        (b"", []),
        (b"a\nb\n", [Line(1, b"a"), Line(2, b"b")]),
        (b"a\r\n\r\nb\r\n", [Line(1, b"a"), Line(2, b""), Line(3, b"b")]),
        (b"\n \n", [Line(1, b""), Line(2, b" ")]),
        (b"a\nb", [Line(1, b"a"), Line(2, b"b", terminated=False)]),
        (b"a\nb\r", [Line(1, b"a"), Line(2, b"b\r", terminated=False)]),
        (b"a\rb\n", [Line(1, b"a\rb")]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", [Line(1, b"a"), Line(2, b"\xef\xbb\xbfb")]),
        (b"\xef\xbb\xbf", [Line(1, b"", terminated=False)]),
    ],
)
def test_line_ends(raw: bytes, expected: list[Line]) -> None:
    assert lines(raw) == expected


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_the_limit(end: bytes) -> None:
    terminated = bool(end)
    assert lines(b"12345" + end, limit=5) == [Line(1, b"12345", False, terminated)]
    for long in (b"123456", b"1234567", b"12345" * 40_000):
        after = [Line(2, b"x", terminated=False)] if end else []
        assert lines(long + end + b"x" * terminated, limit=5) == [
            Line(1, long[:5], True, terminated),
            *after,
        ]


@given(st.lists(st.binary(max_size=12)), st.integers(1, 10))
def test_every_byte_is_in_its_line(parts: list[bytes], limit: int) -> None:
    raw = b"\n".join([b"", *parts])
    expected = raw.split(b"\n")
    found = lines(raw, limit)
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    assert len(found) == len(expected) - (not expected[-1])
    for line, text in zip(found, expected, strict=False):
        text = text.removesuffix(b"\r") if line.terminated else text
        assert line.too_long == (len(text) > limit)
        assert line.raw == (text[:limit] if line.too_long else text)


class Endless(io.RawIOBase):
    """So many bytes without a line end, made as they are read."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = cast("memoryview", buffer)
        size = min(len(view), self.left)
        view[:size] = bytes(size)
        self.left -= size
        return size


def test_one_endless_line() -> None:
    mib = 2**20
    stream = cast("BinaryIO", io.BufferedReader(Endless(512 * mib), mib))
    tracemalloc.start()
    try:
        found = list(read_lines(stream, 4 * mib))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(line.number, len(line.raw), line.too_long, line.terminated) for line in found] == [
        (1, 4096, True, False)
    ]
    assert peak < 16 * mib


def test_a_line_is_let_go_before_the_next_is_read() -> None:
    mib = 2**20
    stream = io.BytesIO((b"x" * mib + b"\n") * 8)
    tracemalloc.start()
    try:
        for line in read_lines(stream):
            assert len(line.raw) == mib
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4.5 * mib
