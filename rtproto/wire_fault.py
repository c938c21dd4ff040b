"""What is wrong with a frame: a `Fault` as data, `DecodeError` for those who prefer an exception.

Both are made from our own look at the bytes, never from the text of a decoder's exception, which may change with any
release of the decoder.
"""

from __future__ import annotations

from msgspec import Struct

_SHOWN = 40
"""Characters of a value that `found` shows."""


class Fault(Struct, frozen=True, gc=False):
    """Why a frame is not an event.  Which rule that breaks is decided in `rtproto.rules`.

    Kinds: `empty` (nothing but whitespace), `not-utf8`, `not-json`, `not-finite` (NaN or Infinity stands where
    a value should), `number-range` (a number that no 64-bit type holds), `too-deep`, `too-long`, `truncated`,
    `trailing-data` (something follows the first JSON value), `lone-surrogate` (half of a `\\uXXXX` pair),
    `not-an-object`, `type-missing` (no string `type`), `missing-field`, `wrong-type`.
    """

    kind: str
    path: str = ""
    """Where in the JSON text, for example `$.session.audio.input.format.rate`; empty where there is no such place."""
    expected: str = ""
    """What should be there, in words: `an integer`."""
    found: str = ""
    """What is there: the JSON text of a scalar, cut to be shown, or words."""
    offset: int | None = None
    """Bytes from the start of the frame to the fault, where it has such a place."""
    type: str | None = None
    """The event's `type`, when it could be read in spite of the fault."""


_ADVICE = {
    "empty": "pass one event as a JSON object",
    "not-utf8": "a WebSocket text message is UTF-8: encode the text as such",
    "not-json": "write events with a JSON encoder",
    "not-finite": "JSON has no NaN and no Infinity: write null",
    "number-range": "write a number that fits into 64 bits",
    "too-deep": "no event of the protocol is nested like this",
    "too-long": "split the audio into shorter pieces",
    "truncated": "pass the whole message at once; it ends too early",
    "trailing-data": "pass one event at a time",
    "lone-surrogate": "keep the two halves of a pair such as \\ud83d\\ude00 together when text is cut",
    "not-an-object": "pass one event as a JSON object",
    "type-missing": "every event names itself in a string `type`",
    "missing-field": "rtproto.wire.salvage reads the ids of an event without its full shape",
    "wrong-type": "rtproto.wire.salvage reads the ids of an event without its full shape",
}


class DecodeError(ValueError):
    """A frame that is not an event of its dialect and direction.

    `kind`, `path`, `expected`, `found`, `offset` and `type` are those of the `Fault`, which is in `fault`; the
    message says the same in one line and what to do about it.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.kind = fault.kind
        self.path = fault.path
        self.expected = fault.expected
        self.found = fault.found
        self.offset = fault.offset
        self.type = fault.type
        super().__init__(_message(fault))

    def __reduce__(self) -> tuple[type[DecodeError], tuple[Fault]]:
        return type(self), (self.fault,)


def _message(fault: Fault) -> str:
    where = [printable(fault.type)] if fault.type else []
    if fault.path:
        where.append(fault.path)
    if fault.offset is not None:
        where.append(f"byte {fault.offset}")
    parts = [*where, f"expected {fault.expected}, found {fault.found}"]
    return f"{': '.join(parts)} ({fault.kind}); {_ADVICE[fault.kind]}"


def printable(text: str, limit: int = _SHOWN) -> str:
    """The beginning of a text, safe to print: what is no printable character is escaped."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:limit])
    return shown if len(text) <= limit else f"{shown}…"


def describe(raw: bytes | bytearray | memoryview) -> str:
    """What a JSON value is, in few characters: scalars as they stand, containers as `an object` and `an array`.

    `raw` is one valid JSON value without whitespace around it; only its first bytes are looked at.
    """
    first = bytes(raw[:1])
    if first == b"{":
        return "an object"
    if first == b"[":
        return "an array"
    # A character is at most six bytes, as an escape.
    text = bytes(raw[: 6 * _SHOWN]).decode("utf-8", "replace")
    if first == b'"':
        if len(raw) <= _SHOWN:
            return printable(text)
        return f'{printable(text[:_SHOWN])}…" ({len(raw) - 2} bytes)'
    if len(raw) > _SHOWN:
        return f"a number of {len(raw)} digits"
    return text


def key_path(path: str, key: str) -> str:
    """The path of a member of the object at `path`."""
    shown = printable(key)
    return f"{path}.{shown}" if shown.isidentifier() else f'{path}["{shown}"]'
