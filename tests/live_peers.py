"""The peers of live tests: a small Realtime server that follows a script, and a recorder in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("websockets", reason="needs rtproto[live]")

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.sync.server import serve as serve_threaded

from rtproto.findings import Finding, SessionReport
from rtproto.live.handshake import upstream_of
from rtproto.live.journal import Syncer
from rtproto.live.recorder import Recorder
from rtproto.live.settings import Options, Watcher
from rtproto.rules.sessions import Session

PATIENCE = 30.0
"""Seconds after which a test that hangs fails."""
Handler = Callable[[ServerConnection], Awaitable[None]]


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Run a scenario, but not for ever."""

    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await scenario

    asyncio.run(bounded())


def port_of(server: Server | asyncio.Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


@dataclass
class Visit:
    """One connection to a `Scripted` server."""

    path: str
    headers: list[tuple[str, str]]
    received: list[str | bytes] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)


class Scripted:
    """Plays the server's part of a session, and keeps what passed."""

    def __init__(self, script: Session, *, code: int = 1000, reason: str = "") -> None:
        self._script = script
        self._end = code, reason
        self.visits: list[Visit] = []

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        visit = Visit(connection.request.path, list(connection.request.headers.raw_items()))
        self.visits.append(visit)
        for direction, event in self._script:
            if direction == "server":
                visit.sent.append(msgspec.json.encode(event).decode())
                await connection.send(visit.sent[-1])
            else:
                visit.received.append(await connection.recv())
        await connection.close(*self._end)


@contextlib.contextmanager
def threaded(handler: Callable[[Any], None]) -> Iterator[str]:
    """A server with threads."""
    with serve_threaded(handler, "127.0.0.1", 0) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.socket.getsockname()[1]}"
        finally:
            listening.shutdown()
            thread.join()


@contextlib.asynccontextmanager
async def server(
    handler: Handler, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[str]:
    """A WebSocket server on a free port of the loopback; gives its URL."""
    options = {"max_size": None, "compression": None, "ping_interval": None, **options}
    async with serve(handler, "127.0.0.1", 0, ssl=tls, **options) as listening:
        yield f"{'ws' if tls is None else 'wss'}://127.0.0.1:{port_of(listening)}"


class Notes(Watcher):
    """Keeps all that a recorder tells."""

    def __init__(self) -> None:
        self.sessions_opened: list[str] = []
        self.refusals: list[tuple[int, str, str]] = []
        self.findings: list[tuple[Finding, Path, int]] = []
        self.troubles: list[str] = []
        self.failures: list[str] = []
        self.ends: list[tuple[SessionReport, int, str]] = []
        self.ended = asyncio.Event()

    def opened(self, name: str, path: str) -> None:
        self.sessions_opened.append(path)

    def refused(self, name: str, status: int, reason: str, body: str) -> None:
        self.refusals.append((status, reason, body))

    def finding(self, name: str, finding: Finding, path: Path, line: int) -> None:
        self.findings.append((finding, path, line))

    def trouble(self, name: str, told: str) -> None:
        self.troubles.append(told)

    def failed(self, name: str, told: str) -> None:
        self.failures.append(told)

    def closed(self, name: str, report: SessionReport, code: int, reason: str) -> None:
        self.ends.append((report, code, reason))
        self.ended.set()


class Front:
    """A recorder that runs."""

    def __init__(self, recorder: Recorder, notes: Notes, folder: Path, scheme: str, port: int) -> None:
        self.recorder = recorder
        self.notes = notes
        self.folder = folder
        self.port = port
        self.url = f"{scheme}://127.0.0.1:{port}"

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.jsonl"))

    def lines(self) -> list[dict[str, Any]]:
        """All lines of the only session's files."""
        return [json.loads(line) for path in self.files() for line in path.read_bytes().splitlines()]

    def events(self, direction: str) -> list[bytes]:
        """The events of that side as they stand in the files."""
        lines = [line for path in self.files() for line in path.read_bytes().splitlines()]
        return [
            line[line.index(b'"event":') + 8 : -1]
            for line in lines
            if b'"event":' in line and json.loads(line)["direction"] == direction
        ]

    async def over(self) -> None:
        """Wait until a session has ended."""
        await self.notes.ended.wait()


@contextlib.asynccontextmanager
async def recorder(
    upstream: str,
    folder: Path,
    *,
    tls: ssl.SSLContext | None = None,
    trusted: ssl.SSLContext | None = None,
    sync: Any = "never",
    **options: Any,
) -> AsyncIterator[Front]:
    """A recorder on a free port of the loopback, in this event loop; `tls` is for its clients, `trusted` for the
    upstream."""
    notes, syncer = Notes(), Syncer(sync)
    made = Recorder(Options(upstream_of(upstream), folder, trusted, **options), syncer, notes)
    [(_, port)] = await made.listen("127.0.0.1", 0, tls)
    try:
        yield Front(made, notes, folder, "ws" if tls is None else "wss", port)
    finally:
        await made.close()
        syncer.close()
