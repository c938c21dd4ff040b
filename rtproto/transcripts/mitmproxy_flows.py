"""Flow files of mitmproxy (`mitmdump -w session.flows`), read by mitmproxy's own reader.

    9876:9:websocket;4321:8:messages;4280:37:1:1;33:{"type":"session.created",…

The files are binary and have no lines: a frame's number is that of the message in its connection.  Needs mitmproxy
in the same environment (`pip install mitmproxy`); without it, let mitmproxy write a HAR:
`mitmdump -nr session.flows --set hardump=session.har`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from rtproto.events.dialect import direction_of
from rtproto.transcripts.frames import Close, Direction, Format, Frame, Head, NotARecording, Unreadable
from rtproto.transcripts.jsonl import type_of
from rtproto.wire import Fault

_MISSING = (
    "reading flow files needs mitmproxy: pip install mitmproxy; or let it write a HAR: "
    "mitmdump -nr FILE --set hardump=session.har"
)
_LOOKED_AT = 50


def _sniff(head: Head) -> str | None:
    # A flow is one netstring, of a dictionary whose keys are netstrings too.
    if re.match(rb"\d{1,12}:\d{1,4}:[a-z_]{2,20};", head.raw) and b"version;" in head.raw:
        return "it begins with a flow of mitmproxy"
    return None


def read(stream: BinaryIO, limit: int) -> Iterator[Frame]:
    """The events of every WebSocket that carries some.  Raises `Unreadable` without mitmproxy or for a broken file, and
    `NotARecording` where no WebSocket carries Realtime events."""
    try:
        # Installed by whoever has such files; too large, and too particular about its neighbours, for an extra.
        from importlib import import_module

        flows: Any = import_module("mitmproxy.io")
        errors: Any = import_module("mitmproxy.exceptions")
    except ImportError:
        raise Unreadable(_MISSING) from None
    number = 0
    try:
        for flow in flows.FlowReader(stream).stream():
            socket = getattr(flow, "websocket", None)
            if socket is None or not _is_ours(socket.messages[:_LOOKED_AT]):
                continue
            number += 1
            yield from _messages(socket, f"socket {number}", limit)
    except (errors.FlowReadException, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"the flow file cannot be read on: {error}") from None
    if not number:
        raise NotARecording("a flow file of mitmproxy in which no WebSocket carries Realtime events")


def _is_ours(messages: Any) -> bool:
    return any(direction_of(type_of(bytes(message.content))) is not None for message in messages)


def _messages(socket: Any, session: str, limit: int) -> Iterator[Frame]:
    number = 0
    for message in socket.messages:
        if not message.is_text:
            continue
        number += 1
        direction: Direction = "client" if message.from_client else "server"
        raw = bytes(message.content)
        fault: Fault | None = None
        if len(raw) > limit:
            fault = Fault("too-long", "", f"an event of at most {limit} bytes", f"{len(raw)} bytes")
            raw = raw[:4096]
        yield Frame(number, direction, raw, message.timestamp, fault, session=session)
    if socket.close_code is not None:
        close = Close(socket.close_code, socket.close_reason or None)
        yield Frame(number, None, b"", socket.timestamp_end, close=close, session=session)


FORMATS = (Format("mitmproxy", "mitmproxy's flow files, where mitmproxy is installed", _sniff, read),)
