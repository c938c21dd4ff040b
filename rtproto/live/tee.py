"""Messages read out of bytes that are passed on: what one side of a WebSocket connection says.

The bytes themselves are forwarded as they are.  Here `websockets` reads them a second time, after they have left, with
its parser that does no I/O: fragments are joined, compressed messages inflated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from websockets.extensions import Extension
    from websockets.frames import Frame
    from websockets.protocol import Protocol

_SILENT = logging.Logger("rtproto.live.tee", logging.CRITICAL)
"""The parser answers nobody here: what it says about pings and closing is no news."""


class Message(Struct, frozen=True, gc=False):
    """A whole message."""

    data: bytes
    """The text as UTF-8, or the bytes."""
    binary: bool


class Control(Struct, frozen=True, gc=False):
    """A ping or a pong."""

    opcode: str
    size: int


class Closed(Struct, frozen=True, gc=False):
    """A close frame."""

    code: int
    """1005 where it had none."""
    reason: str


class Unreadable(Struct, frozen=True, gc=False):
    """Nothing that follows can be read: the bytes are no WebSocket frames, or the message is too long."""

    reason: str


class Tee:
    """Reads one direction of a connection that is open; `direction` is who sends."""

    __slots__ = ("_ended", "_extensions", "_fragments", "_is_binary", "_kinds", "_protocol", "_take")

    def __init__(
        self,
        direction: str,
        take: Callable[[Message | Control | Closed | Unreadable], None],
        *,
        max_bytes: int,
        extensions: list[Extension],
    ) -> None:
        from websockets.frames import Opcode
        from websockets.protocol import CLIENT, SERVER, Protocol

        # A server reads what a client says, and the other way round.
        self._protocol: Protocol = Protocol(
            SERVER if direction == "client" else CLIENT, max_size=max_bytes, logger=_SILENT
        )
        self._protocol.extensions = extensions
        self._kinds = Opcode
        self._take = take
        self._fragments: list[bytes] = []
        self._is_binary = False
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Read what was forwarded, and hand on what it completes."""
        if self._ended:
            return
        protocol = self._protocol
        protocol.receive_data(data)
        for frame in protocol.events_received():
            self._frame(frame)  # type: ignore[arg-type]  # an open connection has no other events than frames
        # Its answers to pings and to closing are the other side's to give.
        protocol.data_to_send()
        if protocol.parser_exc is not None and not self._ended:
            self._ended = True
            self._take(Unreadable(str(protocol.parser_exc) or type(protocol.parser_exc).__name__))

    def _frame(self, frame: Frame) -> None:
        kinds, opcode = self._kinds, frame.opcode
        if opcode is kinds.TEXT or opcode is kinds.BINARY:
            self._is_binary = opcode is kinds.BINARY
        elif opcode is kinds.CLOSE:
            self._ended = True
            self._take(_closed(bytes(frame.data)))
            return
        elif opcode is not kinds.CONT:
            self._take(Control(opcode.name.lower(), len(frame.data)))
            return
        data = bytes(frame.data)
        if not frame.fin or self._fragments:
            self._fragments.append(data)
            if not frame.fin:
                return
            data = b"".join(self._fragments)
            self._fragments = []
        self._take(Message(data, self._is_binary))


def _closed(data: bytes) -> Closed:
    from websockets.frames import Close

    close = Close.parse(data)
    return Closed(int(close.code), close.reason)
