"""Many sessions at audio rates, with peers so light that the recorder is what the load is on.

Frames are made once, of one size, and only their number and the time of sending are written into their audio: no JSON,
no masking (a mask of zeros is a mask) and no parsing of frames.  Each side checks that every number comes, in order.

Run as a process: `python -m benchmarks.live_load server PORT` or `client PORT SESSIONS SECONDS MS`.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any, cast

from rtproto.rules.sessions import session

SCRIPT = "long_answer"
"""The sample session whose beginning leads to the audio of a response."""
BYTES_PER_MS = 48
STAMP = "stmp{:08}{:016}"
"""Number and monotonic nanoseconds at the beginning of the audio: a multiple of four letters of base64."""
STAMP_BYTES = 28
EVENT_ID = "event_load_{:08}"
_KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ASK = (
    b"GET /v1/realtime?model=m HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: " + _KEY + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
AGREE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
BYE = struct.pack("!H", 1000)


def audio(ms: int) -> str:
    """Base64 of so much noise: it must not be easier to handle than speech."""
    size = ms * BYTES_PER_MS
    return b64encode(bytes((at * 7919 + at // 251) % 256 for at in range(size))).decode()


def frame(payload: bytes, opcode: int = 1, *, mask: bool) -> bytes:
    """A whole frame; `mask` as a client must, with a key that changes nothing."""
    size, flag = len(payload), 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, flag | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, flag | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, flag | 127, size)
    return head + (b"\0\0\0\0" if mask else b"") + payload


def opening() -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    """What server and client say before the audio of the response begins, and its first delta."""
    said: dict[str, list[dict[str, Any]]] = {"server": [], "client": []}
    for direction, event in session(SCRIPT):
        if event["type"] == "response.output_audio.delta":
            return said["server"], said["client"], event
        said[direction].append(event)
    raise ValueError(f"{SCRIPT} has no audio")


def template(event: dict[str, Any], field: str, ms: int, *, mask: bool) -> tuple[bytes, int]:
    """The frame of an event with audio whose stamp is to be filled in, and where."""
    stamp = STAMP.format(0, 0)
    payload = stamp + audio(ms)[STAMP_BYTES:]
    whole = frame(json.dumps({**event, field: payload}).encode(), mask=mask)
    return whole, whole.index(stamp.encode())


class Peer(asyncio.Protocol):
    """One end of a session: sends an event every so often, and checks what the other end sends."""

    def __init__(self, ms: int, *, is_client: bool, ended: Callable[[Peer], None]) -> None:
        server, client, delta = opening()
        append = {"type": "input_audio_buffer.append", "audio": ""}
        # Server events have ids that differ; clients' need none.
        delta = {**delta, "event_id": EVENT_ID.format(0)}
        self._ms = ms
        self._is_client = is_client
        self._ended = ended
        own, theirs = (client, server) if is_client else (server, client)
        self._prelude = b"".join(frame(json.dumps(event).encode(), mask=is_client) for event in own)
        skipped = b"".join(frame(json.dumps(event).encode(), mask=not is_client) for event in theirs)
        self._skip = len(AGREE if is_client else ASK) + len(skipped)
        """Bytes before the first numbered event of the other end: all but the client's request as it was sent."""
        events = [(append, "audio"), (delta, "delta")]
        (own_event, own_field), (other_event, other_field) = events if is_client else events[::-1]
        self._own, self._own_at = template(own_event, own_field, ms, mask=is_client)
        self._id_at = self._own.find(EVENT_ID.format(0).encode())
        other, self._other_at = template(other_event, other_field, ms, mask=not is_client)
        self._size = len(other)
        self._goodbye = frame(BYE, 8, mask=not is_client)
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._asked = is_client
        self._said_goodbye = False
        self.sent = self.received = 0
        self.wrong = ""
        self.delays: list[float] = []
        """Milliseconds from sending to receiving, of every tenth event."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._is_client:
            self._transport.write(ASK)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._asked:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            # The recorder names another host, so that only here the length is known.
            self._skip += end + 4 - len(ASK)
            self._asked = True
            self._begin(AGREE)
        elif self._is_client and not self._due:
            self._begin(b"")
        if self._skip:
            taken = min(self._skip, len(buffer))
            del buffer[:taken]
            self._skip -= taken
        while len(buffer) >= self._size:
            stamp = bytes(buffer[self._other_at : self._other_at + STAMP_BYTES])
            del buffer[: self._size]
            number, sent = stamp[4:12], stamp[12:]
            self.received += 1
            if not number.isdigit() or int(number) != self.received:
                self.wrong = self.wrong or f"event {self.received} is {stamp!r}"
            elif self.received % 10 == 0:
                self.delays.append((time.monotonic_ns() - int(sent)) / 1e6)
        if buffer == self._goodbye:
            self.stop()
            assert self._transport is not None
            self._transport.close()

    def _begin(self, first: bytes) -> None:
        assert self._transport is not None
        self._transport.write(first + self._prelude)
        loop = asyncio.get_running_loop()
        self._due = loop.time() + self._ms / 1000
        self._timer = loop.call_at(self._due, self._send)

    def _send(self) -> None:
        assert self._transport is not None
        self.sent += 1
        stamp = STAMP.format(self.sent, time.monotonic_ns()).encode()
        at = self._own_at
        head = self._own[:at]
        if self._id_at >= 0:
            head = head.replace(EVENT_ID.format(0).encode(), EVENT_ID.format(self.sent).encode())
        self._transport.write(b"".join((head, stamp, self._own[at + STAMP_BYTES :])))
        self._due += self._ms / 1000
        self._timer = asyncio.get_running_loop().call_at(self._due, self._send)

    def stop(self) -> None:
        """Send no more, and say goodbye."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None and not self._said_goodbye:
            self._said_goodbye = True
            self._transport.write(frame(BYE, 8, mask=self._is_client))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if exc is not None:
            self.wrong = self.wrong or f"the connection broke: {exc}"
        self._ended(self)


async def serve(port: int, ms: int) -> None:
    """Serve until the standard input ends, then print what was seen, as JSON."""
    peers: list[Peer] = []

    def made() -> Peer:
        peers.append(Peer(ms, is_client=False, ended=lambda peer: None))
        return peers[-1]

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(made, "127.0.0.1", port, backlog=1024)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(summary(peers)), flush=True)


async def load(port: int, sessions: int, seconds: float, ms: int) -> None:
    """Open the sessions one after another, keep them up, and print what was seen, as JSON."""
    peers: list[Peer] = []
    over = asyncio.Event()
    left = sessions

    def ended(peer: Peer) -> None:
        nonlocal left
        left -= 1
        if not left:
            over.set()

    loop = asyncio.get_running_loop()
    for _ in range(sessions):
        _, peer = await loop.create_connection(
            lambda: Peer(ms, is_client=True, ended=ended), "127.0.0.1", port
        )
        peers.append(peer)
        # Clients do not begin at the same moment.
        await asyncio.sleep(ms / 1000 / sessions)
    await asyncio.sleep(seconds)
    for peer in peers:
        peer.stop()
        await asyncio.sleep(0.001)
    try:
        async with asyncio.timeout(30):
            await over.wait()
    except TimeoutError:
        peers[0].wrong = f"{left} connections did not end"
    print(json.dumps(summary(peers)), flush=True)


def summary(peers: list[Peer]) -> dict[str, Any]:
    delays = sorted(delay for peer in peers for delay in peer.delays)
    return {
        "sessions": len(peers),
        "sent": sum(peer.sent for peer in peers),
        "received": sum(peer.received for peer in peers),
        "wrong": [peer.wrong for peer in peers if peer.wrong],
        "delay_ms": [delays[int(len(delays) * part)] for part in (0.5, 0.99)] if delays else [],
    }


if __name__ == "__main__":
    kind, *numbers = sys.argv[1:]
    if kind == "server":
        asyncio.run(serve(int(numbers[0]), int(numbers[1])))
    else:
        asyncio.run(load(int(numbers[0]), int(numbers[1]), float(numbers[2]), int(numbers[3])))
