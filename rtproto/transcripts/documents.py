"""JSON that is not one text a line: an array of events or envelopes, pretty-printed objects, a list in an object.

    [{"time": "2024-10-18T12:00:00.000Z", "source": "server", "event": {…}, "count": 3}]
    {"events": [{"type": "session.created", …}]}

The list of the Realtime console folds events of one type that follow each other: it keeps the first and counts the
others, of which then nothing but the type is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat
from typing import BinaryIO

import msgspec
from msgspec import Raw, Struct

from rtproto.transcripts.frames import Folded, Format, Frame, Head, names_event
from rtproto.transcripts.jsonl import (
    Perspective,
    frame_of,
    holds_event,
    holds_object,
    records_of_events,
    type_of,
)
from rtproto.transcripts.tape import Tape
from rtproto.wire import Line

_LIST = re.compile(rb'[\s{,]"(?:events|messages|frames|realtime_?[eE]vents|entries|transcript|log)"\s*:\s*\[')
"""The list of events in an object; a quote in a string would have a backslash before it."""


class _Row(Struct, frozen=True):
    """What a row of the console says beside its event."""

    event: Raw
    count: int = 0
    """Events that were folded under it."""


_ROW = msgspec.json.Decoder(_Row)


def _sniff(head: Head) -> str | None:
    start = head.raw.lstrip()[:1]
    if start == b"[" and re.match(rb"\s*+\[\s*+(?:\{|\]?\s*+$)", head.raw):
        what = "it begins with an array of objects"
    elif start == b"{" and _LIST.search(head.raw, 0, 65536):
        what = "a list of events stands in its object"
    elif (
        start == b"{" and b"\n" in head.raw.strip() and not holds_object(head.raw.lstrip().split(b"\n", 1)[0])
    ):
        what = "it begins with an object that goes over several lines"
    else:
        return None
    # A literal of JavaScript has no quotes there.
    return what if re.search(rb'"type\\*"\s*:', head.raw) and names_event(head.raw) else None


def read(stream: BinaryIO, limit: int) -> Iterator[Frame]:
    """The events of all values, in order.

    Raises `NotARecording` before the first frame where none of the first fifty values is an event of a known type or
    holds one.
    """
    perspective = Perspective()
    folded = Folded()
    for element in records_of_events(_elements(stream, limit)):
        yield from _frames(element, limit, perspective, folded)


def _elements(stream: BinaryIO, limit: int) -> Iterator[Line]:
    tape = Tape(stream, limit)
    if tape.enter(b"["):
        yield from tape.elements()
        return
    for element in tape.elements():
        # An event says its type, and an envelope holds one event; anything else may hold a list of them.
        if element.too_long or holds_event(element.raw) or (found := _LIST.search(element.raw)) is None:
            yield element
            continue
        from io import BytesIO

        inner = Tape(BytesIO(element.raw[found.end() - 1 :]), limit)
        inner.line = element.number + element.raw.count(b"\n", 0, found.end() - 1)
        inner.enter(b"[")
        yield from inner.elements()


def _frames(element: Line, limit: int, perspective: Perspective, folded: Folded) -> Iterator[Frame]:
    frame = frame_of(element, limit, perspective)
    if frame is None:
        return
    yield frame
    if frame.fault is None and frame.raw != element.raw and b'"count"' in element.raw:
        try:
            count = max(0, _ROW.decode(element.raw).count)
        except (ValueError, RecursionError):
            return
        folded.take(count)
        raw = b'{"type":"%s"}' % type_of(frame.raw).encode()
        yield from repeat(msgspec.structs.replace(frame, raw=raw, loss="type-only"), count)


FORMATS = (Format("json", "JSON arrays and documents, such as the Realtime console's list", _sniff, read),)
