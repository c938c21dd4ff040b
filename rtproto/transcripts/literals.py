"""Events that were printed instead of encoded: Python's `repr`, node's `util.inspect`, a browser console's preview.

    {'type': 'session.created', 'event_id': 'event_1', 'session': {'tools': [], 'prompt': None}}
    { type: 'response.done', response: { output: [ [Object], ... 2 more items ] } }
    {type: "session.update", session: {…}}
    RealtimeError(message='no', type='invalid_request_error', code=None)

One reader takes all of them, and JSON besides: they differ in their quotes and in what they call nothing.  Nothing is
evaluated.  A value that the printer cut (`[Object]`, `…`) is left out, and the literal is said to be elided.
"""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
from msgspec import Struct

MAX_DEPTH = 100
"""Levels of nesting that are read; real events have a dozen."""
MAX_TOKENS = 300_000
"""Words, values and marks of one literal that are read; a literal of more is no event."""
MAX_NUMERAL = 400
"""Characters of a number."""


class Literal(Struct, frozen=True):
    """A literal as JSON."""

    raw: bytes
    elided: bool
    """The printer left something out, or the text ends too early."""


class _NoLiteral(Exception):  # noqa: N818 - the ordinary end of a guess
    pass


_ELIDED = object()
"""Stands for a value that is not there."""
_ABSENT = object()
"""Stands for JavaScript's `undefined`: a member that is not there, and that nobody cut."""

_QUOTED = (
    r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"|'[^'\\]*(?:\\.[^'\\]*)*'|`[^`\\]*(?:\\.[^`\\]*)*`"
    r"|[‘’][^’‘]*(?:’(?!\s*[,:}\])])[^’‘]*)*’|[“”][^”“]*[”“]"
)
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<string>(?:[bBuUrR]{{1,2}})?(?:{_QUOTED}))
    | (?P<more>(?:\.\.\.|…)\s*\d+\s+more\s+(?P<what>items?|characters?|properties|property))
    | (?P<elided>\[(?:Object|Array|Circular|Getter|Setter|Function|Class|Symbol|native)\b[^\]\n]*\]|\.\.\.|…)
    | (?P<angle><ref\s\*\d+>|<[^<>\n]{{0,200}}>)
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)n?)
    | (?P<name>[+-]?[A-Za-z_$][\w$.]*)
    | (?P<mark>[{{}}\[\]():,=+])
    )""",
    re.VERBOSE | re.DOTALL,
)
_WORDS: dict[str, Any] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "None": None,
    "nil": None,
    "undefined": _ABSENT,
    "Ellipsis": _ELIDED,
}
_ESCAPE = re.compile(
    r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|[0-7]{1,3}|.)", re.DOTALL
)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "\n": ""}
_CLOSERS = {"{": "}", "[": "]", "(": ")"}


def read_literal(text: str, *, cut: bool = False) -> Literal | None:
    """The object that `text` consists of, as JSON; None for anything else.

    With `cut` the text may end anywhere: what was complete until then is read.  Never raises; memory is bounded by
    about a hundred bytes a token of at most `MAX_TOKENS`, and the text itself.
    """
    reader = _Reader(text, cut)
    try:
        value = reader.value()
        reader.end()
        if not isinstance(value, dict):
            return None
        return Literal(msgspec.json.encode(value), reader.elided)
    except (_NoLiteral, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None


def read_object(text: str, start: int) -> tuple[Literal, int] | None:
    """The object that begins at that place, as JSON, and where it ends; None where none does.

    One that goes on where the text ends is elided.  Bounds as for `read_literal`.
    """
    for cut in (False, True):
        reader = _Reader(text, cut, start)
        try:
            value = reader.value()
            if isinstance(value, dict):
                return Literal(msgspec.json.encode(value), reader.elided), reader.at
        except (_NoLiteral, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
            continue
    return None


def read_string(text: str, start: int) -> tuple[str, int] | None:
    """The string literal that begins at that place, and where it ends; None where none does."""
    found = _TOKEN.match(text, start)
    if found is None or found.lastgroup != "string":
        return None
    try:
        return _unquote(found["string"]), found.end()
    except (ValueError, OverflowError):
        return None


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        return chr(int(code[1:].strip("{}"), 16))
    if code[0] in "01234567":
        return chr(int(code, 8))
    return _SIMPLE.get(code, code)


def _unquote(token: str) -> str:
    """The text of a string token: its prefix, quotes and escapes resolved."""
    body = token.lstrip("bBuUrR")
    prefix = token[: len(token) - len(body)].lower()
    text = body[1:-1]
    if "r" not in prefix and "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
        # Halves of a pair, as JSON writes what lies beyond the first plane.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "b" in prefix:
        text = text.encode("latin-1").decode("utf-8", "replace")
    return text


class _Reader:
    """Reads one literal from its first character on."""

    def __init__(self, text: str, cut: bool, start: int = 0) -> None:
        self._text = text
        self._cut = cut
        self.at = start
        self._tokens = 0
        self._depth = 0
        self.elided = False

    def _token(self) -> re.Match[str] | None:
        """The next token, taken; None at the end of a text that was cut."""
        self._tokens += 1
        if self._tokens > MAX_TOKENS:
            raise _NoLiteral
        found = _TOKEN.match(self._text, self.at)
        if found is None:
            if not self._cut:
                raise _NoLiteral
            self.at = len(self._text)
            return None
        self.at = found.end()
        return found

    def _peek(self) -> str:
        """The next mark, not taken; empty where anything else comes next."""
        found = _TOKEN.match(self._text, self.at)
        return found["mark"] or "" if found is not None else ""

    def end(self) -> None:
        """Raises unless nothing follows."""
        if self._text[self.at :].strip():
            raise _NoLiteral

    def value(self) -> Any:
        """One value; `_ELIDED` where the printer put none."""
        token = self._token()
        if token is None:
            return _ELIDED
        if token["more"] is not None or token["elided"] is not None:
            return self._elision()
        if token["string"] is not None:
            return self._string(token["string"])
        if token["number"] is not None:
            return _number(token["number"])
        if token["name"] is not None:
            return self._name(token["name"])
        if token["angle"] is not None:
            return self._angle(token["angle"])
        if token["mark"] in _CLOSERS:
            value = self._container(token["mark"])
            if token["mark"] == "(" and (mark := self._peek()) and mark in "[{":
                # `(2) [a, b]` is how a browser says how long the array is.
                self._token()
                return self._container(mark)
            return value
        raise _NoLiteral

    def _elision(self) -> Any:
        self.elided = True
        return _ELIDED

    def _string(self, token: str) -> str:
        text = _unquote(token)
        while True:
            found = _TOKEN.match(self._text, self.at)
            if found is None:
                return text
            if found["more"] is not None and found["what"].startswith("char"):
                self.at, self.elided = found.end(), True
                return text
            if found["mark"] == "+":
                self.at = found.end()
                continue
            if found["string"] is None:
                return text
            # Long strings are printed in pieces, with or without a plus between them.
            self.at = found.end()
            text += _unquote(found["string"])

    def _name(self, name: str) -> Any:
        bare = name.lstrip("+-")
        if bare in _WORDS:
            return _WORDS[bare]
        mark = self._peek()
        arguments: Any = None
        if mark == "(":
            self._token()
            arguments = self._container(mark)
            if isinstance(arguments, dict):
                return cast("dict[str, Any]", arguments)
            if arguments is _ELIDED:
                return self._elision()
            mark = self._peek()
        if mark and mark in "{[":
            # A class before its members, or the length of an array before its elements: `Session {`, `Array(2) [`.
            self._token()
            return self._container(mark)
        inside: list[Any] = arguments or []
        if len(inside) == 1 and not isinstance(inside[0], int | float):
            return inside[0]  # as in `Decimal('0.8')`
        # A word of another language, or NaN, which no event has and JSON cannot say.
        return self._elision()

    def _angle(self, token: str) -> Any:
        if token.startswith("<ref "):
            # A mark of `util.inspect` before an object that holds itself.
            return self.value()
        # An enumeration's member is printed with its value: `<Status.DONE: 'done'>`.
        inner = re.search(r":\s*('[^']*'|\d+)>$", token)
        if inner is None:
            return self._elision()
        return _number(inner[1]) if inner[1].isdigit() else inner[1][1:-1]

    def _container(self, opener: str) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _NoLiteral
        closer = _CLOSERS[opener]
        members: dict[str, Any] = {}
        elements: list[Any] = []
        elided = False
        while True:
            found = _TOKEN.match(self._text, self.at)
            if found is None:
                if not self._cut:
                    raise _NoLiteral
                self.at, self.elided = len(self._text), True
                break
            if found["mark"] == closer:
                self.at = found.end()
                break
            if found["mark"] == ",":
                self._token()
                continue
            if found["mark"] and found["mark"] in "}])":
                raise _NoLiteral
            key = self._key(opener)
            value = self.value()
            if self._cut and self.at >= len(self._text):
                self.elided = True
                if isinstance(value, int | float) or (key is None and opener == "{"):
                    continue  # a number that may go on, or a name without its value
            if value is _ELIDED:
                elided = True
            elif key is not None and value is not _ABSENT:
                members[key] = value
            elif opener == "{" and key is None:
                raise _NoLiteral
            elif key is None:
                elements.append(None if value is _ABSENT else value)
        self._depth -= 1
        if elided and self._depth and not members and not elements:
            return _ELIDED
        return members if opener == "{" or members else elements

    _KEY = re.compile(
        rf"\s*(?:(?P<quoted>{_QUOTED})|(?P<bare>[A-Za-z_$][\w$-]*|\d+)|(?P<symbol>\[[^\]\n]*\]))\s*:(?!:)"
        r"|\s*(?P<argument>[A-Za-z_]\w*)=(?!=)",
        re.DOTALL,
    )

    def _key(self, opener: str) -> str | None:
        """The name of the member that comes next, taken with its mark; None for an element."""
        if opener == "[":
            return None
        found = self._KEY.match(self._text, self.at)
        if found is None or (found["argument"] is None) == (opener == "("):
            return None
        self.at = found.end()
        if found["quoted"] is not None:
            return _unquote(found["quoted"])
        return found["bare"] or found["argument"] or found["symbol"]


def _number(token: str) -> int | float:
    text = token.rstrip("n").replace("_", "")
    if len(text) > MAX_NUMERAL:
        raise _NoLiteral
    if text.lstrip("+-").lower().startswith("0x"):
        return int(text, 16)
    return float(text) if any(mark in text for mark in ".eE") else int(text)
