"""The lines of a transcript: how a frame of any bytes is written as one line of text, and read back.

The same lines stand in a case file and on the standard input of a checker:

    < {"type":"session.created", …}     sent by the server, as it stands
    > {"type":"response.create"}        sent by the client
    <= eyJ0eXBlIjoicGluZyJ9             the frame's bytes in base64
    <@12.5 {"type": …}                  recorded 12.5 seconds after some moment
    >* {"audio":"<<A*6400>>"}           only in case files: `<<UNIT*COUNT>>` stands for that many units

A frame is written as it stands where no reader of lines can misunderstand it (`is_plain`), else in base64.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64

from msgspec import Struct

_LINE = re.compile(r"([<>])([=*]?)(?:@(-?\d+(?:\.\d+)?))?(?: (.*))?", re.DOTALL)
_REPEAT = re.compile(r"<<(.+?)\*(\d{1,8})>>")
_RUN = re.compile(r"(.{8})\1{7,}")
"""A unit of 1, 2, 4 or 8 characters, again and again for 64 characters or more."""
_LARGEST = 1 << 28
"""Bytes of a frame; more is a mistake in the case."""
_SIDES = {"<": "server", ">": "client"}
_MARKS = {side: mark for mark, side in _SIDES.items()}


class LineError(ValueError):
    """A line that is not a transcript's; the text says why."""


class Line(Struct, frozen=True):
    """One frame of a transcript."""

    direction: str
    """`server` or `client`: who sent it."""
    raw: bytes
    seconds: float | None = None
    """When it was recorded, on a clock with any beginning; None where the transcript has no clock."""


def is_plain(raw: bytes) -> bool:
    """Whether a frame can stand in a line of text as it is: UTF-8 without control characters, separators of lines,
    or whitespace at an end."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    return (
        bool(text)
        and text == text.strip()
        and not text.startswith("\ufeff")
        and (text.isprintable() or not any(c < " " or c in "\x7f\x85\u2028\u2029" for c in text))
    )


def parse(line: str) -> Line:
    """Read one line, without its newline.  Raises `LineError`."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise LineError("a line begins with < or >, and a space before the frame")
    mark, form, seconds, payload = match.groups()
    payload = payload or ""
    if form == "=":
        try:
            raw = b64decode(payload, validate=True)
        except NotBase64:
            raise LineError("what follows <= or >= is base64") from None
    else:
        raw = (_repeated(payload) if form else payload).encode("utf-8", "surrogatepass")
    return Line(_SIDES[mark], raw, None if seconds is None else float(seconds))


def _repeated(text: str) -> str:
    size = sum(len(unit) * int(count) for unit, count in _REPEAT.findall(text))
    if size > _LARGEST:
        raise LineError(f"the repetitions come to {size} characters")
    if not size:
        raise LineError("a line marked * repeats something: <<UNIT*COUNT>>")
    return _REPEAT.sub(lambda match: match[1] * int(match[2]), text)


def written(line: Line, *, compact: bool) -> str:
    """The line that says this; `compact`, as a case file does, with long runs as repetitions."""
    mark = _MARKS[line.direction]
    clock = "" if line.seconds is None else "@" + _seconds(line.seconds)
    if not is_plain(line.raw):
        return f"{mark}={clock} {b64encode(line.raw).decode()}".rstrip()
    text = line.raw.decode()
    if compact:
        shorter = _shortened(text)
        # Not where the text itself has what looks like a repetition, or a < before one.
        if shorter != text and _repeated(shorter) == text:
            return f"{mark}*{clock} {shorter}"
    return f"{mark}{clock} {text}"


def _shortened(text: str) -> str:
    """The text with long runs as repetitions."""
    if not _has_run(text):
        return text
    parts: list[str] = []
    at = 0
    while (run := _RUN.search(text, at)) is not None:
        unit = next(run[1][:size] for size in (1, 2, 4, 8) if run[1][:size] * (8 // size) == run[1])
        end = run.end()
        while text.startswith(unit, end):
            end += len(unit)
        plain = set(unit) & set("<*>")  # where the notation would be in its own way
        count = (end - run.start()) // len(unit)
        parts += (text[at : run.start()], text[run.start() : end] if plain else f"<<{unit}*{count}>>")
        at = end
    return "".join((*parts, text[at:]))


def _has_run(text: str) -> bool:
    """Whether a run may be there; a look at every 32nd character tells much faster than the expression does."""
    return any(text[at : at + 24] == text[at + 8 : at + 32] for at in range(0, len(text) - 31, 32))


def _seconds(seconds: float) -> str:
    text = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
