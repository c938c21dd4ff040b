"""Which format a file has: the detector, and the formats by name.

JSON lines are recognised first, and without importing the others.  Of those, the first in `_MODULES` that recognises
the beginning of the file is taken; the last, any text with an event in it, takes what is left.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import chain, pairwise
from typing import BinaryIO

from msgspec import Struct

from rtproto.transcripts import jsonl
from rtproto.transcripts.frames import (
    BUFFERED_BYTES,
    HEAD_BYTES,
    Format,
    Frame,
    Head,
    NotARecording,
    Unreadable,
    names_event,
)
from rtproto.wire import MAX_LINE_BYTES

_BOM = b"\xef\xbb\xbf"
_COMMENT = b"//"
LINES = "its lines are JSON objects with a `type`"
"""Why a file is JSON lines."""
_EMPTY = "it is empty"
_FENCE = re.compile(rb"\s*(?:```|~~~)")
_WORD = re.compile(r"[^\W\d_]{2}")
_LETTER = re.compile(r"[^\W\d_]")
_ARCHIVE = re.compile(rb'\s*+\{\s*+"log"\s*+:\s*+\{')
_PROSE_LINES = 2
"""One line of words among the events may be what a damaged line has left."""
_PRINTED = (b'{"event_id"', b"{'event_id'", b'{\\"event_id', b"(event_id=")
"""Of events that begin so it is worth asking whether an SDK's objects were printed."""
_PRINTED_WITHIN = 8192
_INSIDE = b'"{\\"'
"""The beginning of an object in a string, ..."""
_INSIDE_WITHIN = 300
"""... so near to that of its line."""
_FIRST_LINES = 50
_SHOWN_LINES = 3
_SHOWN = 100
"""Characters of a line that a refusal shows."""


def _sniff_lines(head: Head) -> str | None:
    """Most lines are objects, and one of the first is an event of a known type or holds one."""
    if _ARCHIVE.match(head.raw) and import_module("rtproto.transcripts.har").sniff(head):
        return None  # most are written in one line, which may be longer than the head
    lines = [line for line in head.lines(_FIRST_LINES) if not line.lstrip().startswith(_COMMENT)]
    # A row of an array ends with a comma.
    objects = [line for line in lines if line.lstrip().startswith(b"{") and not line.rstrip().endswith(b",")]
    if not head.whole and b"\n" not in head.raw and not names_event(head.raw):
        return None  # one line that was cut: whether the `type` that it begins with is an event's, its end might tell
    if not objects or len(objects) * 2 <= len(lines) or not any(map(jsonl.holds_known_event, objects)):
        return None
    if len(lines) > 1 and objects[0] is lines[0] and objects[0].strip() == b"{":
        return None
    return None if len(objects) < len(lines) and _is_paste(lines) else LINES


def _is_paste(lines: list[bytes]) -> bool:
    """Whether something else was written between the events: a fence of Markdown, or several lines of words.

    Behind an event that is not whole, such lines may be the rest of it, and what was damaged is for the reader of JSON
    lines to tell: they count at the beginning and behind whole objects only.
    """
    whole = True
    prose = 0
    for line in lines:
        if b"{" in line or b"}" in line:
            whole = jsonl.holds_object(line)
        elif whole and _FENCE.match(line):
            return True
        elif whole and _has_words(line.decode("utf-8", "replace")):
            prose += 1
    return prose >= _PROSE_LINES


def _has_words(line: str) -> bool:
    """Whether two words follow each other; what a damaged line leaves of base64 or of a number has none."""
    return any(_WORD.search(first) and _LETTER.search(second) for first, second in pairwise(line.split()))


def _loses_lines(head: Head) -> bool:
    return b'"loss":' in head.raw


JSONL = Format(
    "jsonl", "JSON lines: bare events or envelopes, with // comments", _sniff_lines, jsonl.read, _loses_lines
)

_MODULES = {
    "har": ("har",),
    "documents": ("json",),
    "mitmproxy_flows": ("mitmproxy",),
    "yaml_files": ("yaml",),
    "sockets": ("websockets", "frame-table"),
    "logs": (
        "sdk-repr",
        "aiohttp",
        "console-ui",
        "type-only",
        "chrome-console",
        "python-log",
        "node",
        "labelled",
        "text",
    ),
}
"""The modules of the other formats, in the order in which they are asked."""

NAMES = ("jsonl", *(name for names in _MODULES.values() for name in names))
"""What `--input-format` takes."""


def _others() -> Iterator[Format]:
    for module in _MODULES:
        found: tuple[Format, ...] = import_module(f"rtproto.transcripts.{module}").FORMATS
        yield from found


def formats() -> tuple[Format, ...]:
    """Every format, in the order in which they are asked."""
    return (JSONL, *_others())


def format_named(name: str) -> Format:
    """The format of that name.  Raises `ValueError`, with the names there are, for any other."""
    if name == JSONL.name:
        return JSONL
    for format in _others():
        if format.name == name:
            return format
    raise ValueError(f"no format {name!r}; there are: " + ", ".join(NAMES))


class Recording(Struct):
    """A stream whose format is known."""

    format: Format
    reason: str
    """Why that format, as a sentence without its end; `asked for` where it was forced."""
    stream: BinaryIO
    """At its beginning, and decompressed."""
    lossy: bool
    """Its beginning shows events that have lost something."""
    head: Head = Head(b"", whole=True)
    """The beginning, for a refusal to show."""
    cut: bool = False
    """Its lines are cut at a length."""
    printed: bool = False
    """Its events are printed as an SDK's objects."""

    @property
    def limits(self) -> tuple[str, ...]:
        """What a report says about how it was recorded."""
        if not self.printed:
            return ()
        from rtproto.transcripts.recorders import PRINTED

        return (PRINTED,)

    def frames(self, limit: int) -> Iterator[Frame]:
        """What was recorded.  `limit` is the longest event, in bytes."""
        frames = self.format.read(self.stream, limit)
        if self.cut or self.printed:
            from rtproto.transcripts.recorders import as_sent, salvaged

            frames = salvaged(frames, limit) if self.cut else frames
            frames = as_sent(frames) if self.printed else frames
        try:
            yield from frames
        except NotARecording as why:
            raise NotARecording(str(why) or _refusal(self.head)) from None


def open_recording(stream: BinaryIO, name: str | None = None) -> Recording:
    """Find out what a stream holds; with `name`, take it for that format.

    Raises `NotARecording` for a file of no known format, `Unreadable` for one whose compression cannot be read,
    `ValueError` for a format that there is not, and what the stream raises.
    """
    head, stream = _peek(stream)
    reason = ""
    if head.raw.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        from rtproto.transcripts.compressed import decompressed

        reason, inner = decompressed(stream, head.raw)
        head, stream = _peek(inner)
    if name is not None:
        return _recording(format_named(name), reason + "asked for", stream, head)
    for format in chain((JSONL,), _others()):
        why = format.sniff(head)
        if why is not None:
            return _recording(format, reason + why, stream, head)
    if not head.raw.strip():
        return Recording(JSONL, _EMPTY, stream, lossy=False, head=head)
    raise NotARecording(_refusal(head))


def looks_like_recording(path: str | os.PathLike[str]) -> bool:
    """Whether the beginning of a file is of a known format; false for a file that cannot be read."""
    try:
        with open(path, "rb") as stream:
            return is_recording(stream)
    except OSError:
        return False


def is_recording(stream: BinaryIO) -> bool:
    """The same of a stream; raises what the stream raises."""
    try:
        return open_recording(stream).reason != _EMPTY
    except (NotARecording, Unreadable):
        return False


def _recording(format: Format, reason: str, stream: BinaryIO, head: Head) -> Recording:
    """The recording, with what its beginning says of how all of it was recorded."""
    cut = printed = False
    begun = head.raw[:_PRINTED_WITHIN]
    if format is JSONL and _may_be_cut(head):
        from rtproto.transcripts.recorders import cut_at_a_length

        cut = cut_at_a_length(_first_frames(format, head))
    if format.name == "sdk-repr" or any(mark in begun for mark in _PRINTED):
        from rtproto.transcripts.recorders import printed_by_an_sdk

        printed = format.name == "sdk-repr" or printed_by_an_sdk(_first_frames(format, head))
    lossy = cut or (format.loses is not None and format.loses(head))
    return Recording(format, reason, stream, lossy, head, cut, printed)


def _may_be_cut(head: Head) -> bool:
    """Whether one of the first lines ends without a brace, or holds a text that may."""
    at = 0
    for _ in range(_FIRST_LINES):
        end = head.raw.find(b"\n", at)
        if end < 0:
            return False
        last = head.raw[max(at, end - 8) : end].rstrip()
        if last and not last.endswith(b"}"):
            return True
        if head.raw.find(_INSIDE, at, min(end, at + _INSIDE_WITHIN)) >= 0:
            return True
        at = end + 1
    return False


def _first_frames(format: Format, head: Head) -> Iterator[Frame]:
    try:
        yield from format.read(io.BytesIO(head.settled()), MAX_LINE_BYTES)
    except (NotARecording, Unreadable):
        return


def _peek(stream: BinaryIO) -> tuple[Head, BinaryIO]:
    """The beginning of a stream, and the stream at its beginning again.

    From a pipe no more is waited for than it takes to recognise JSON lines.
    """
    if stream.seekable():
        start = stream.tell()
        raw = stream.read(HEAD_BYTES + 1)
        stream.seek(start)
        return Head(raw[:HEAD_BYTES].removeprefix(_BOM), len(raw) <= HEAD_BYTES), stream
    pieces: list[bytes] = []
    size = 0
    ends = 0
    whole = False
    read = getattr(stream, "read1", stream.read)
    while size < HEAD_BYTES:
        piece: bytes = read(HEAD_BYTES - size)
        if not piece:
            whole = True
            break
        pieces.append(piece)
        size += len(piece)
        # What stands behind the first lines changes nothing: it is not joined and looked at piece by piece.
        if b"\n" in piece and ends <= _FIRST_LINES:
            ends += piece.count(b"\n")
            if _sniff_lines(Head(b"".join(pieces).removeprefix(_BOM), whole=False)):
                break
    raw = b"".join(pieces)
    return Head(raw.removeprefix(_BOM), whole), io.BufferedReader(_Rewound(raw, stream), BUFFERED_BYTES)


class _Rewound(io.RawIOBase):
    """A stream behind the part of it that was already read."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest
        self._read = getattr(rest, "read1", rest.read)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # narrower than the stub's Buffer
        if self._head:
            data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            data = self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _refusal(head: Head) -> str:
    """What a file that is no recording holds, how it begins, and what would be read."""
    from rtproto.reports.words import show

    first = head.raw[:1000]
    lines = head.lines(_FIRST_LINES)
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        begins = "UTF-16 text (save it as UTF-8)"
    elif re.search(rb"[\x00-\x08\x0e-\x1a]", first):
        begins = "binary data"
    else:
        shown = " / ".join(show(line.decode("utf-8", "replace"), _SHOWN) for line in lines[:_SHOWN_LINES])
        begins = f"{shown}{' / …' if len(lines) > _SHOWN_LINES else ''}"
    return (
        f"this does not look like a Realtime recording; it begins with {begins}; rtproto reads "
        + ", ".join(NAMES)
        + " (--input-format forces one; `python -m rtproto docs inputs` shows each)"
    )
