"""The recorder: it listens, and gives each client a session of its own with the upstream."""

from __future__ import annotations

import asyncio
import ssl
import time

from rtproto.live.journal import Syncer, session_name
from rtproto.live.proxy import Half, Session
from rtproto.live.settings import Options, Watcher

BACKLOG_BYTES = 2**18
"""Bytes that were forwarded and not read yet at most, in all sessions together."""
STOP_SECONDS = 1.0
"""What is still on its way to a peer has that long when the recorder is stopped."""


class Recorder:
    """Listens, and connects each client to the upstream.  To be used in one event loop."""

    def __init__(self, options: Options, syncer: Syncer, watcher: Watcher | None = None) -> None:
        self.options = options
        self.syncer = syncer
        self.watcher = watcher or Watcher()
        self.sessions: set[Session] = set()
        self._server: asyncio.Server | None = None
        self._backlog: list[tuple[Half, bytes, float]] = []
        self._backlog_bytes = 0
        self._reading: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> list[tuple[str, int]]:
        """Begin to take clients; returns the addresses.  Raises `OSError` where that is not possible."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, host, port, backlog=512, ssl=tls)
        return [sock.getsockname()[:2] for sock in self._server.sockets]

    def _accept(self) -> asyncio.Protocol:
        return Session(self, session_name()).client

    def enter(self, session: Session) -> None:
        """A client is connected; one that fails in TLS already never is."""
        self._idle.clear()
        self.sessions.add(session)

    def forget(self, session: Session) -> None:
        """A session is over."""
        self.sessions.discard(session)
        if not self.sessions:
            self._idle.set()

    def read_later(self, half: Half, data: bytes) -> None:
        """Take what was just forwarded; it is read soon, in the order in which it came."""
        self._backlog.append((half, data, time.monotonic()))
        self._backlog_bytes += len(data)
        if not self.options.delay_seconds or self._backlog_bytes > BACKLOG_BYTES:
            self.read_now()
        elif self._reading is None:
            loop = asyncio.get_running_loop()
            self._reading = loop.call_later(self.options.delay_seconds, self.read_now)

    def read_now(self) -> None:
        """Read all that was forwarded."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        backlog, self._backlog, self._backlog_bytes = self._backlog, [], 0
        for half, data, moment in backlog:
            half.read(data, moment)

    async def close(self) -> None:
        """Take no more clients and end all sessions."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self.sessions):
            session.end("the recorder was stopped", STOP_SECONDS)
        while self.sessions:
            await self._idle.wait()
