"""HTTP archives with the messages of WebSockets, as Chrome, Playwright, mitmproxy and HTTP Toolkit write them.

    "_webSocketMessages": [
      {"type": "send", "time": 1781000000.123, "opcode": 1, "data": "{\\"type\\":\\"response.create\\"}"},

Each socket is a connection of its own; sockets that carry no Realtime event are passed over.  The file is read as a
stream: what is not a message (pages, bodies of responses) costs neither time nor memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
from msgspec import UNSET, Struct, UnsetType

from rtproto.events.dialect import direction_of
from rtproto.transcripts.frames import Direction, Format, Frame, Head, NotARecording
from rtproto.transcripts.jsonl import type_of
from rtproto.transcripts.tape import Tape
from rtproto.wire import Fault

_MESSAGES = re.compile(rb'[\s{,]"_webSocketMessages"\s{0,64}:\s{0,64}\[')
"""Where the messages of a socket begin; in a string, the quote would have a backslash before it."""
_LONGEST = 192
_LOOKED_AT = 50
"""Messages among which a Realtime event must be."""
_LOOKED_AT_BYTES = 4 * 1024 * 1024
_SIDES: dict[str, Direction] = {
    "send": "client",
    "receive": "server",
    "request": "client",
    "response": "server",
}
_NONE = (
    "a HAR file in which no WebSocket carries Realtime events; export it from Chrome's network panel after the session "
    "(Firefox and Safari do not write messages)"
)


class _Message(Struct, frozen=True):
    type: str = ""
    time: float | str | None = None
    opcode: int | None = 1
    data: str | UnsetType | None = UNSET


_MESSAGE = msgspec.json.Decoder(_Message)


def sniff(head: Head) -> str | None:
    """Why it is an archive; None where it is none."""
    if not head.raw.lstrip().startswith(b"{"):
        return None
    if _MESSAGES.search(head.raw):
        return "it holds `_webSocketMessages`"
    if re.match(rb'\s*\{\s*"log"\s*:\s*\{', head.raw) and re.search(rb'"(?:creator|entries)"\s*:', head.raw):
        return "its object begins with the `log` of an HTTP archive"
    return None


def read(stream: BinaryIO, limit: int) -> Iterator[Frame]:
    """The messages of all Realtime sockets, one connection after the other.

    Raises `NotARecording` at the end where there was none.
    """
    tape = Tape(stream, 2 * limit)  # every quote of an event is written as two characters
    number = 0
    while tape.skip_to(_MESSAGES, _LONGEST) is not None:
        held: list[Frame] = []
        size = 0
        known = False
        name = f"socket {number + 1}"
        for element in tape.elements():
            frame = _frame(element.number, element.raw, element.too_long, name, limit)
            if frame is None:
                continue
            if known:
                yield frame
                continue
            held.append(frame)
            size += len(frame.raw)
            if direction_of(type_of(frame.raw)) is not None:
                known = True
                number += 1
                yield from held
                held = []
            elif len(held) >= _LOOKED_AT or size > _LOOKED_AT_BYTES:
                break  # not ours; the search goes on behind what was read of it
    if not number:
        raise NotARecording(_NONE)


def _frame(line: int, raw: bytes, too_long: bool, session: str, limit: int) -> Frame | None:
    """The event of a message; None for a message that holds no text."""
    if too_long:
        fault = Fault("too-long", "", f"an event of at most {limit} bytes", "a longer one")
        return Frame(line, None, raw, fault=fault, session=session)
    try:
        message = _MESSAGE.decode(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message.data, str) or message.opcode not in (1, None):
        return None
    time = message.time if isinstance(message.time, float) else None
    data = message.data.encode("utf-8", "surrogatepass")
    return Frame(line, _SIDES.get(message.type), data, time, session=session)


FORMATS = (Format("har", "HTTP archives (HAR) with WebSocket messages", sniff, read),)
