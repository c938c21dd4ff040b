"""One WebSocket frame a line: the debug log of Python's `websockets`, and tables of frames.

    DEBUG:websockets.client:> TEXT '{"type": "response.cancel"}' [27 bytes]
    DEBUG:websockets.client:< TEXT '{"type":"response.output_text.delta","event_id":...bfuscation":"Zx0"}' [288 bytes]
    1343.7  S>C  TEXT    429 B  {"type":"session.created","event_id":"event_1"}

`websockets` cuts long frames in the middle: such an event keeps its type, if that much is left, and what stands
before the cut.  What it was is then not judged, only when it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

from rtproto.events.dialect import DIALECTS, direction_of
from rtproto.transcripts.frames import Close, Direction, Format, Frame, Head, seconds_of
from rtproto.transcripts.jsonl import Perspective, holds_object, type_of
from rtproto.transcripts.literals import read_literal, read_string
from rtproto.wire import read_lines

_OPCODE = r"(?P<opcode>TEXT|BINARY|CONT|CLOSE|PING|PONG)"
_LOGGED = re.compile(rf"(?:^|[\s:-])(?P<arrow>[<>]) {_OPCODE}\b ?(?P<rest>.*)$")
_TABLED = re.compile(
    rf"^\s*(?:[\d:.,]+(?:\s?m?s)?\s+)?(?P<arrow>[SC]\s?-?>\s?[SC])\s+{_OPCODE}\b\s*"
    r"(?:\d+ ?B(?:ytes)?\b\s*)?(?P<rest>.*)$"
)
_SIZE = re.compile(r" \[(\d{1,12}) bytes?(?:, continued)?\]\s*$")
_CODE = re.compile(r"\s*(\d{4})\b\s*(?:\(([^)]*)\))?\s*(.*)")
_CUT = "..."
_BEGUN = re.compile(r"^\s*\{\s*\"type\"\s*:\s*\"([a-z_.]+)$")
"""A type that is cut, where it stands first."""
_TYPES = sorted({type for each in DIALECTS.values() for type in (*each.client_types, *each.server_types)})
_ARROWS: dict[str, Direction] = {"S": "server", "C": "client"}


def _matches(head: Head, pattern: re.Pattern[str]) -> int:
    return sum(pattern.search(line[:400].decode("utf-8", "replace")) is not None for line in head.lines())


def _sniff_log(head: Head) -> str | None:
    found = _matches(head, re.compile(rf"(?:^|[\s:-])[<>] {_OPCODE} ('|\d{{4}})"))
    return f"{found} of its first lines are frames that `websockets` logged" if found else None


def _sniff_table(head: Head) -> str | None:
    found = _matches(head, _TABLED)
    return f"{found} of its first lines are rows of a table of frames" if found else None


def _loses(read: Callable[[BinaryIO, int], Iterator[Frame]]) -> Callable[[Head], bool]:
    return lambda head: any(frame.loss for frame in read(BytesIO(head.settled()), len(head.raw)))


def read_log(stream: BinaryIO, limit: int) -> Iterator[Frame]:
    """The events of a debug log of `websockets`."""
    perspective = Perspective()
    for line in read_lines(stream, limit):
        text = line.raw.decode("utf-8", "replace")
        found = _LOGGED.search(text)
        if found is None:
            continue
        sent = "sent" if found["arrow"] == ">" else "received"
        if found["opcode"] == "CLOSE":
            yield Frame(
                line.number,
                perspective.direction(sent, b""),
                line.raw,
                seconds_of(text),
                close=_close(found["rest"]),
            )
        elif found["opcode"] == "TEXT":
            frame = _logged(line.number, found["rest"], seconds_of(text))
            if frame is not None:
                direction = perspective.direction(sent, frame.raw)
                yield Frame(line.number, direction, frame.raw, frame.time, loss=frame.loss)


def _logged(number: int, rest: str, time: float | None) -> Frame | None:
    """The event of a frame's text, which is printed as Python's repr of it; None where not even its type is left."""
    size = _SIZE.search(rest)
    shown = _SIZE.sub("", rest)
    # The middle is cut out of the repr, so that it may not be a literal any more, or may be JSON of something else.
    head, cut, _ = shown.partition(_CUT)
    whole = read_string(shown, 0)
    if whole is not None and not shown[whole[1] :].strip():
        raw = whole[0].encode("utf-8", "replace")
        if holds_object(raw) and not (cut and size is not None and int(size[1]) != len(raw)):
            return Frame(number, None, raw, time)
    if not cut:
        return None
    return cut_event(number, head.removeprefix("'").replace("\\'", "'"), time)


def cut_event(number: int, text: str, time: float | None) -> Frame | None:
    """What stands before the cut in an event's JSON text; the type may be cut too, if only one begins so."""
    begun = _BEGUN.search(text)
    if begun is not None:
        began = [type for type in _TYPES if type.startswith(begun[1])]
        if len(began) != 1:
            return None
        return Frame(number, None, b'{"type":"%s"}' % began[0].encode(), time, loss="elided")
    literal = read_literal(text, cut=True)
    if literal is None or direction_of(type_of(literal.raw)) is None:
        return None
    return Frame(number, None, literal.raw, time, loss="elided")


def _close(rest: str) -> Close:
    found = _CODE.match(rest)
    if found is None:
        return Close()
    return Close(int(found[1]), _SIZE.sub("", found[3]).strip() or found[2])


def read_table(stream: BinaryIO, limit: int) -> Iterator[Frame]:
    """The events of a table of frames."""
    for line in read_lines(stream, limit):
        text = line.raw.decode("utf-8", "surrogateescape")
        found = _TABLED.match(text)
        if found is None:
            continue
        direction = _ARROWS[found["arrow"][0]]
        if found["opcode"] == "CLOSE":
            yield Frame(line.number, direction, line.raw, close=_close(found["rest"]))
        elif found["opcode"] == "TEXT":
            shown = found["rest"].strip()
            raw = shown.encode("utf-8", "surrogateescape")
            if holds_object(raw):
                yield Frame(line.number, direction, raw)
                continue
            clean = raw.decode("utf-8", "replace").rstrip(".… ")
            frame = cut_event(line.number, clean, None)
            if frame is not None:
                yield Frame(line.number, direction, frame.raw, loss="elided")


FORMATS = (
    Format("websockets", "debug logs of Python's websockets", _sniff_log, read_log, _loses(read_log)),
    Format("frame-table", "tables of frames: S>C TEXT …", _sniff_table, read_table, _loses(read_table)),
)
