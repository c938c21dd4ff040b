"""The recorder's two ends: bytes from one side to the other as they came, and a second reading of them for the record.

A session is a pair of TCP connections.  Once the handshake is over, what one side sends is handed to the other side's
socket at once and unchanged: frames, fragments, compression, pings and close frames are the peers' own affair.  Only
then, some milliseconds later, it is read (`rtproto.live.tee`), written and judged (`rtproto.live.session`), in the
order in which it came.

Memory is bounded by one message for each direction of a session, and by what the sockets' buffers take: a side that
does not read stops the side that writes.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from rtproto.live.handshake import (
    MAX_HEAD_BYTES,
    Refusal,
    answer,
    extensions_of,
    forwarded,
    is_upgrade,
    request_of,
    response_of,
)
from rtproto.live.journal import Journal
from rtproto.live.redaction import redacted_headers, redacted_path, redacted_subprotocol
from rtproto.live.session import ABNORMAL, Recording
from rtproto.live.tee import Closed, Control, Message, Tee, Unreadable

if TYPE_CHECKING:
    from websockets.datastructures import Headers
    from websockets.http11 import Request, Response

    from rtproto.live.recorder import Recorder

_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""A peer that has vanished without a word is found out after two minutes, where neither side sends pings."""


class Half(asyncio.Protocol):
    """One of the two connections of a session; `direction` is who is at its other end."""

    def __init__(self, session: Session, direction: str) -> None:
        self.session = session
        self.direction = direction
        self.transport: asyncio.Transport | None = None
        self.gone = False
        """The connection was made, and is no more."""
        self.tee: Tee | None = None
        """Reads what comes, once the handshake is over."""
        self.forward: Callable[[bytes], None] = lambda data: None
        """Writes to the other half's socket."""
        self.later = session.recorder.read_later
        self._abort: asyncio.TimerHandle | None = None

    @property
    def other(self) -> Half:
        """The other half."""
        return self.session.server if self is self.session.client else self.session.client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        sock = transport.get_extra_info("socket")
        with suppress(OSError, AttributeError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE:
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self.session.made(self)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self.tee is None:
            self.session.shake(self, data)
            return
        self.forward(data)
        self.later(self, data)

    def read(self, data: bytes, moment: float) -> None:
        """Read what was forwarded; it came at that moment of the monotonic clock.  Never raises."""
        if self.tee is None:
            return
        self.session.moment = moment
        try:
            self.tee.feed(data)
        except Exception as bug:  # noqa: BLE001 - a fault of ours must not cost the other sessions their turn
            self.tee = None
            self.session.fail(bug)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self.gone = True
        if self._abort is not None:
            self._abort.cancel()
        self.session.lost(self, exc)

    def pause_writing(self) -> None:
        """Called by the event loop when the peer does not read as fast as the other one writes."""
        transport = self.other.transport
        if transport is not None and not transport.is_closing():
            transport.pause_reading()

    def resume_writing(self) -> None:
        """Called by the event loop when it has caught up."""
        transport = self.other.transport
        if transport is not None and not transport.is_closing():
            transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send, where there is a connection."""
        if self.transport is not None and not self.gone:
            self.transport.write(data)

    def close(self, grace: float) -> None:
        """Close the connection after what is still to be sent, but not later than in `grace` seconds."""
        transport = self.transport
        if transport is not None and not self.gone and self._abort is None:
            transport.close()
            self._abort = asyncio.get_running_loop().call_later(grace, transport.abort)


class Session:
    """One client and the upstream, from the first byte to the end."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        self.name = name
        self.recorder = recorder
        self.moment = 0.0
        """When what is being read came, on the monotonic clock."""
        self._options = recorder.options
        self._watcher = recorder.watcher
        self.client = Half(self, "client")
        self.server = Half(self, "server")
        self._head = b""
        """What has come of the request, and later of the response."""
        self._request: Request | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: Refusal | None = None
        self._recording: Recording | None = None
        self._closed: tuple[str, Closed] | None = None
        """The first close frame, and who sent it."""
        self._over = False

    # The opening handshake

    def made(self, half: Half) -> None:
        """One of the two connections is there."""
        if half is self.server:
            return
        self.recorder.enter(self)
        if len(self.recorder.sessions) > self._options.max_connections:
            told = f"the recorder carries {self._options.max_connections} connections, and no more"
            self._fail(503, "Service Unavailable", told)
            return
        self._wait(
            self._options.open_seconds,
            lambda: self._fail(408, "Request Timeout", "the client sent no whole request"),
        )

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def shake(self, half: Half, data: bytes) -> None:
        """Bytes came before the session was open."""
        if self._over:
            return
        if self._refusal is not None:
            if half is self.server:
                self.client.write(data)
                self._tell_refusal(data)
            return
        if half is self.client and self._request is not None:
            self._fail(400, "Bad Request", "the client sent something before the answer to its request")
            return
        self._head += data
        end = self._head.find(b"\r\n\r\n") + 4
        if end < 4:
            if len(self._head) > MAX_HEAD_BYTES:
                self._fail(
                    431, "Request Header Fields Too Large", f"a head of more than {MAX_HEAD_BYTES} bytes"
                )
            return
        head, rest = self._head[:end], self._head[end:]
        if half is self.client:
            self._ask(head, rest)
        else:
            self._answer(head, rest)

    def _ask(self, head: bytes, rest: bytes) -> None:
        """The client's request is there: connect to the upstream."""
        if rest:
            self._fail(400, "Bad Request", "the client sent something before the answer to its request")
            return
        try:
            request = request_of(head)
        except ValueError as error:
            self._fail(400, "Bad Request", f"no request of HTTP: {error}")
            return
        if not is_upgrade(request):
            told = f"this recorder takes WebSocket connections for {self._options.upstream.url}, nothing else"
            self._fail(426, "Upgrade Required", told)
            return
        self._request = request
        self._connecting = asyncio.get_running_loop().create_task(
            self._connect(forwarded(request, self._options.upstream))
        )

    async def _connect(self, request: bytes) -> None:
        upstream, options = self._options.upstream, self._options
        loop = asyncio.get_running_loop()
        where = f"{upstream.host}:{upstream.port}"
        try:
            async with asyncio.timeout(options.open_seconds):
                await loop.create_connection(
                    lambda: self.server,
                    upstream.host,
                    upstream.port,
                    ssl=options.tls if upstream.scheme == "wss" else None,
                )
        except TimeoutError:
            told = f"the upstream {where} did not answer within {options.open_seconds:g} s"
            self._fail(504, "Gateway Timeout", told)
        except ssl.SSLCertVerificationError as error:
            told = f"the upstream {where} shows a certificate that is not trusted: {error.verify_message}"
            self._fail(502, "Bad Gateway", told)
        except OSError as error:
            told = f"the upstream {where} cannot be reached: {error.strerror or error}"
            self._fail(502, "Bad Gateway", told)
        else:
            self._head = b""
            self.server.write(request)
            self._wait(
                options.open_seconds,
                lambda: self._fail(
                    504, "Gateway Timeout", f"the upstream {where} did not answer the handshake"
                ),
            )

    def _answer(self, head: bytes, rest: bytes) -> None:
        """The upstream's response is there: the session opens, or does not."""
        assert self._request is not None
        try:
            response = response_of(head)
            if response.status_code != 101:
                self.client.write(head + rest)
                self._refusal = Refusal(response)
                self._tell_refusal(head + rest)
                return
            extensions = {side: extensions_of(response, side) for side in ("client", "server")}
        except ValueError as error:
            self._fail(502, "Bad Gateway", f"the upstream's answer to the handshake cannot be read: {error}")
            return
        if self._timer is not None:
            self._timer.cancel()
        self._recording = self._begin(self._request, response)
        for half in (self.client, self.server):
            half.tee = Tee(
                half.direction,
                self._taker(half.direction),
                max_bytes=self._options.max_message_bytes,
                extensions=extensions[half.direction],
            )
            half.forward = half.other.write
        self._watcher.opened(self.name, self._shown_path(self._request.path))
        self.client.write(head)
        if rest:
            self.server.data_received(rest)

    def _shown_path(self, path: str) -> str:
        return redacted_path(path) if self._options.keeping.redact else path

    def _begin(self, request: Request, response: Response) -> Recording:
        options = self._options

        def shown(headers: Headers) -> list[tuple[str, str]]:
            items = list(headers.raw_items())
            return redacted_headers(items) if options.keeping.redact else items

        chosen = response.headers.get("Sec-WebSocket-Protocol")
        journal = Journal(options.folder, self.name, self.recorder.syncer, rotate_bytes=options.rotate_bytes)
        # Who joins a call of WebRTC or SIP by its id is told of no session.
        from_start = "call_id" not in parse_qs(request.path.partition("?")[2])
        return Recording(
            journal,
            options.checker(from_start),
            from_start=from_start,
            about={
                "upstream": options.upstream.url,
                "path": self._shown_path(request.path),
                "subprotocol": redacted_subprotocol(chosen) if options.keeping.redact else chosen,
                "request_headers": shown(request.headers),
                "response_headers": shown(response.headers),
            },
            keeping=options.keeping,
            on_finding=functools.partial(self._watcher.finding, self.name),
            on_trouble=functools.partial(self._watcher.failed, self.name),
        )

    def _fail(self, status: int, reason: str, told: str) -> None:
        """Refuse the client, in the recorder's own name."""
        if self._over:
            return
        self._watcher.trouble(self.name, told)
        self.client.write(answer(status, reason, f"rtproto: {told}"))
        self._finish()

    def _tell_refusal(self, data: bytes) -> None:
        """More of a response that is no 101, which the client has got already."""
        assert self._refusal is not None
        if self._refusal.feed(data):
            self._watcher.refused(self.name, *self._refusal.told)
            self._finish()

    # The open session

    def _taker(self, direction: str) -> Callable[[Message | Control | Closed | Unreadable], None]:
        recording = self._recording
        assert recording is not None
        take_message = recording.message

        def take(what: Message | Control | Closed | Unreadable) -> None:
            if type(what) is Message:
                take_message(direction, what.data, binary=what.binary, moment=self.moment)
            elif isinstance(what, Control):
                recording.note(control=what.opcode, direction=direction, bytes=what.size)
            elif isinstance(what, Closed):
                self._closed = self._closed or (direction, what)
            elif isinstance(what, Unreadable):
                self._unreadable(direction, what.reason)

        return take

    def fail(self, bug: Exception) -> None:
        """Reading has failed for a reason that is no peer's."""
        told = f"not recorded any more: an error in rtproto itself, {type(bug).__name__}: {bug}; please report it"
        self._watcher.failed(self.name, told)
        asyncio.get_running_loop().call_soon(self.end, told)

    def _unreadable(self, direction: str, reason: str) -> None:
        """What a peer sends makes no sense any more.  It was forwarded; the other peer should hang up."""
        told = f"what the {direction} sends cannot be read any more: {reason}"
        self._watcher.trouble(self.name, told)
        if self._recording is not None:
            self._recording.note(unreadable=direction, reason=reason)
        self._wait(self._options.grace_seconds, lambda: self.end(told))

    # The end

    def lost(self, half: Half, error: Exception | None) -> None:
        """One of the two connections is gone, or could not be made."""
        self.recorder.read_now()
        if half is self.server and self._recording is None and not self._over:
            if self._refusal is not None:
                self._refusal.finish()
                self._watcher.refused(self.name, *self._refusal.told)
            else:
                self._fail(502, "Bad Gateway", "the upstream hung up during the handshake")
        why = f"the {half.direction}'s connection ended without a close frame"
        self.end(why if error is None else f"{why}: {getattr(error, 'strerror', None) or error}")
        if self.client.gone and (self.server.gone or self.server.transport is None):
            self.recorder.forget(self)

    def end(self, why: str, grace: float | None = None) -> None:
        """End the session, if it has not ended; `why` is for the record where no side has sent a close frame.

        What is on its way to a peer has `grace` seconds to get there.
        """
        self.recorder.read_now()
        if self._recording is not None and not self._recording.closed:
            direction, closed = self._closed or (None, Closed(ABNORMAL, why))
            self._recording.close(closed.code, closed.reason, direction)
            self._watcher.closed(self.name, self._recording.report(), closed.code, closed.reason)
        self._finish(grace)

    def _finish(self, grace: float | None = None) -> None:
        """Let go of both connections."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._connecting is not None and self.server.transport is None:
            self._connecting.cancel()
        for half in (self.client, self.server):
            half.close(self._options.grace_seconds if grace is None else grace)
