"""Our own reading of JSON text, for frames that the decoder refuses: where is it wrong, and in which way?

It runs only after a failure, or on suspicion, so it may be slow (about a microsecond a token), but it must be
bounded: a stack instead of recursion, at most `MAX_TOKENS` tokens, and nothing kept but the keys of the open
objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from .wire_fault import key_path, printable

MAX_TOKENS = 300_000
"""Tokens that are looked at before the scan gives up: half a second's work, and many times the largest real event."""
_MAX_DUPLICATES = 100
_MAX_SPOTS = 1_000
_SHOWN_LEVELS = 12
"""Levels of nesting that a path names."""

# Groups are repeated a bounded number of times, and again by the caller: `re` remembers every repetition, and Python
# 3.11.2 gets possessive ones, which it need not remember, wrong.  What few texts need is compiled for the first.
_PIECES = rb'(?:[^"\\\x00-\x1f]+|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})){1,500}'
"""Some characters of a string."""
_NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    rb'[ \t\r\n]*(?:("[^"\\\x00-\x1f]*"?)|('
    + _NUMBER
    + rb")|(true|false|null)|(NaN|-?Infinity)|([{}\[\],:]))"
)
"""A token; of a string, what stands before its first escape."""
_STRING, _NUMERAL, _WORD, _NOT_FINITE, _MARK = range(1, 6)

_SPACE = re.compile(rb"[ \t\r\n]*")
_ESCAPE_SO_FAR = rb"\\(?:u[0-9A-Fa-f]{0,3})?"
_NUMERAL_SO_FAR = rb"\.|[eE][+-]?"
_WORDS = (b"true", b"false", b"null", b"NaN", b"Infinity", b"-Infinity")
_PAIRED = rb"(?:[^\\]+|\\[^u]|\\u(?:[^dD].|[dD][0-7])..|\\u[dD][89abAB]..\\u[dD][c-fC-F]..){1,500}"
"""Some of a string token, up to the first `\\uXXXX` that is half a surrogate pair."""

_ARRAY: set[str] = set()
"""Stands for an array among the sets of keys."""

# What may come next.
_VALUE, _VALUE_OR_END, _KEY, _KEY_OR_END, _COLON, _NEXT, _NOTHING = range(7)
_EXPECTED = {
    _VALUE: "a JSON value",
    _VALUE_OR_END: 'a JSON value or "]"',
    _KEY: "a key in double quotes",
    _KEY_OR_END: 'a key in double quotes or "}"',
    _COLON: '":"',
    _NEXT: '"," or the closing bracket',
    _NOTHING: "nothing after the first JSON value",
}


class Problem(Struct, frozen=True, gc=False):
    """The first thing that is wrong with a JSON text; fields as in `Fault`."""

    kind: str
    path: str
    expected: str
    found: str
    offset: int


class Scan(Struct):
    """What one pass over a JSON text found."""

    problem: Problem | None = None
    whole: bool = False
    """The text was understood to its end, although lone surrogates, NaN or Infinity may stand in it."""
    depth: int = 0
    """Levels of nesting, as far as the scan came."""
    type: str | None = None
    """The string under the key `type` of the outermost object."""
    spots: list[tuple[int, int]] = []
    """Where lone surrogates, NaN and Infinity begin and end; at most a thousand."""
    members: dict[str, tuple[int, int]] = {}
    """Where the values of the outermost object begin and end; of a repeated key, the last."""
    duplicates: list[str] = []
    """Paths of the keys that occur more than once in their object; at most a hundred."""


def scan(raw: bytes) -> Scan:
    """Read a JSON text of any content; never raises, never recurses.  `raw` must be UTF-8 for keys to be readable."""
    return _Reader(raw).read()


def duplicate_keys(raw: bytes) -> list[str]:
    """Paths (`$.item.id`) of the keys that occur more than once in their object, in order, at most a hundred.

    Decoders keep the last value silently.  This costs twenty times a decode: ask only on suspicion.
    """
    return scan(raw).duplicates


def repair(raw: bytes) -> bytes:
    """The text with `null` for NaN and Infinity and U+FFFD for lone surrogates and for what is no UTF-8.

    For reading ids out of a faulty frame; other faults, and those after the first thousand, stay as they are.
    """
    text = raw.decode("utf-8", "replace").encode()
    pieces: list[bytes] = []
    end = 0
    for start, stop in scan(text).spots:
        pieces += text[end:start], b"\\ufffd" if text[start] == 0x5C else b"null"
        end = stop
    return b"".join([*pieces, text[end:]])


def _lone_surrogates(raw: bytes, start: int, end: int) -> Iterator[int]:
    """Offsets of the `\\uXXXX` in a string token that are half a pair."""
    if raw.find(b"\\u", start, end) < 0:
        return
    pattern = re.compile(_PAIRED)
    while start < end:
        paired = pattern.match(raw, start, end)
        if paired is not None:
            start = paired.end()
        else:
            yield start
            start += 6


def _rest_of_string(raw: bytes, end: int) -> int:
    """Where the characters of a string stop that is open at `end`: at its closing quote, if all is well."""
    pattern = re.compile(_PIECES)
    while pieces := pattern.match(raw, end):
        end = pieces.end()
    return end


def _text(token: bytes) -> str:
    """The text of a string token, with question marks for lone surrogates, which nobody could print."""
    if b"\\" not in token:
        return token[1:-1].decode("utf-8", "replace")
    import json  # msgspec's decoder refuses what these strings may have: half a surrogate pair

    text: Any = json.loads(token.decode("utf-8", "replace"))
    return str(text).encode("utf-8", "replace").decode()


class _Reader:
    """One pass over a text: a pushdown automaton whose stack is the keys and positions on the way to the value
    at hand."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.result = Scan()
        self.keys: list[set[str]] = []
        """For each open container: the keys seen in an object, `_ARRAY` for an array."""
        self.way: list[str | int | None] = []
        """For each open container: the key or index of the value at hand; None between the members of an object."""

    def read(self) -> Scan:
        raw, result, keys, way = self.raw, self.result, self.keys, self.way
        state = _VALUE
        end = 0
        group = 0
        member = 0
        for _ in range(MAX_TOKENS):
            token = _TOKEN.match(raw, end)
            if token is None:
                self._stop(state, end, group)
                return result
            group = token.lastindex or 0
            start, end = token.span(group)
            if group == _STRING and (end == start + 1 or raw[end - 1] != 0x22):
                end = _rest_of_string(raw, end) + 1
                if raw[end - 1 : end] != b'"':
                    if state < _COLON:
                        self._stop_in_string(end - 1)
                    else:
                        self._refuse(state, start)
                    return result
            mark = raw[start] if group == _MARK else 0
            if state in (_VALUE, _VALUE_OR_END) and (group != _MARK or mark in b"{["):
                if len(keys) == 1:
                    member = start
                if group == _MARK:
                    keys.append(set() if mark == 0x7B else _ARRAY)
                    way.append(None if mark == 0x7B else 0)
                    result.depth = max(result.depth, len(keys))
                    state = _KEY_OR_END if mark == 0x7B else _VALUE_OR_END
                    continue
                self._look_at(group, start, end)
            elif state in (_KEY, _KEY_OR_END) and group == _STRING:
                self._open_member(start, end)
                state = _COLON
                continue
            elif state == _COLON and mark == 0x3A:
                state = _VALUE
                continue
            elif state == _NEXT and mark == 0x2C:
                index = way[-1]
                way[-1] = index + 1 if isinstance(index, int) else None
                state = _VALUE if keys[-1] is _ARRAY else _KEY
                continue
            elif (state == _VALUE_OR_END and mark == 0x5D) or (
                state in (_NEXT, _KEY_OR_END) and mark == (0x5D if keys[-1] is _ARRAY else 0x7D)
            ):
                keys.pop()
                way.pop()
            else:
                self._refuse(state, start)
                return result
            # A value ends here.
            if len(keys) == 1 and isinstance(way[0], str):
                result.members[way[0]] = (member, end)
            state = _NEXT if keys else _NOTHING
        self._problem("not-json", end, "JSON", f"a mistake beyond the first {MAX_TOKENS} tokens")
        return result

    def _open_member(self, start: int, end: int) -> None:
        self._look_at(_STRING, start, end)
        key = _text(self.raw[start:end])
        self.way[-1] = key
        if key in self.keys[-1] and len(self.result.duplicates) < _MAX_DUPLICATES:
            self.result.duplicates.append(self._path())
        self.keys[-1].add(key)

    def _look_at(self, group: int, start: int, end: int) -> None:
        """Note what is wrong with a scalar that has the form of JSON, or nearly."""
        if group == _STRING:
            if self.way == ["type"]:
                self.result.type = _text(self.raw[start:end])
            for offset in _lone_surrogates(self.raw, start, end):
                found = self.raw[offset : offset + 6].decode()
                self._problem("lone-surrogate", offset, "both halves of a surrogate pair", found)
                if not self._note(offset, offset + 6):
                    break
        elif group == _NOT_FINITE:
            self._problem("not-finite", start, "a number or null", self.raw[start:end].decode())
            self._note(start, end)

    def _note(self, start: int, end: int) -> bool:
        """Remember a spot, if there is room."""
        room = len(self.result.spots) < _MAX_SPOTS
        if room:
            self.result.spots.append((start, end))
        return room

    def _stop(self, state: int, end: int, group: int) -> None:
        """There is no token: the text ends here, or there is something that JSON does not have."""
        raw = self.raw
        space = _SPACE.match(raw, end)
        start = space.end() if space else end
        if start == len(raw):
            if state == _NOTHING:
                self.result.whole = True
            elif not end:
                self._problem("empty", 0, "a JSON object", "nothing")
            else:
                self._truncated()
            return
        rest = raw[start : start + 10]
        if start + len(rest) == len(raw) and (
            (state <= _VALUE_OR_END and any(word.startswith(rest) for word in _WORDS))
            or (start == end and group == _NUMERAL and re.fullmatch(_NUMERAL_SO_FAR, rest))
        ):
            self._truncated()
        else:
            self._refuse(state, start)

    def _stop_in_string(self, offset: int) -> None:
        rest = self.raw[offset : offset + 6]
        if not rest or (offset + len(rest) == len(self.raw) and re.fullmatch(_ESCAPE_SO_FAR, rest)):
            self._truncated()
        elif rest.startswith(b"\\"):
            found = printable(rest[: 6 if rest.startswith(b"\\u") else 2].decode("utf-8", "replace"))
            self._problem("not-json", offset, "one of the escapes that JSON has", found)
        else:
            self._problem("not-json", offset, "an escape for a control character", _byte(rest))

    def _truncated(self) -> None:
        self._problem("truncated", len(self.raw), "the rest of the JSON text", "its end")

    def _refuse(self, state: int, start: int) -> None:
        rest = self.raw[start : start + 40]
        if state == _NOTHING:
            found = printable(rest.decode("utf-8", "replace"), 24)
            self._problem("trailing-data", start, _EXPECTED[state], found)
        else:
            self._problem("not-json", start, _EXPECTED[state], _byte(rest))

    def _problem(self, kind: str, offset: int, expected: str, found: str) -> None:
        if self.result.problem is None:
            self.result.problem = Problem(kind, self._path(), expected, found, offset)

    def _path(self) -> str:
        path = "$"
        for step in self.way[:_SHOWN_LEVELS]:
            if step is not None:
                path = key_path(path, step) if isinstance(step, str) else f"{path}[{step}]"
        return path if len(self.way) <= _SHOWN_LEVELS else f"{path}…"


def _byte(rest: bytes) -> str:
    """A name for the first byte of what is no JSON."""
    if rest.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark"
    if 0x20 < rest[0] < 0x7F:
        return repr(chr(rest[0]))
    return f"the byte 0x{rest[0]:02x}"
