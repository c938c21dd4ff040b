"""What a recorder is told before it starts, and whom it tells what happens."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, SessionReport
from rtproto.live.handshake import Upstream
from rtproto.live.session import Keeping

MAX_MESSAGE_BYTES = 24 * 2**20
"""Longest message that is read: the API takes 15 MiB of audio in one, which are 20 MiB of base64."""
MAX_CONNECTIONS = 500
DELAY_SECONDS = 0.005
"""How long after bytes were forwarded they are read and written: reading takes about as long as a peer needs for its
answer, and would hold it up.  With 0 it is done at once, before anything later is forwarded."""
OPEN_SECONDS = 10.0
"""What a handshake may take, on either side."""
GRACE_SECONDS = 10.0
"""What the peers have to end a session after one of them is gone, or has sent what cannot be read."""


def _checker(from_start: bool) -> SessionChecker:
    return SessionChecker(from_start=from_start)


class Options(Struct, frozen=True):
    """What is recorded, and how."""

    upstream: Upstream
    folder: Path
    tls: ssl.SSLContext | None = None
    """Verifies an upstream of the scheme `wss`."""
    keeping: Keeping = Keeping()
    rotate_bytes: int | None = None
    max_message_bytes: int = MAX_MESSAGE_BYTES
    max_connections: int = MAX_CONNECTIONS
    delay_seconds: float = DELAY_SECONDS
    open_seconds: float = OPEN_SECONDS
    grace_seconds: float = GRACE_SECONDS
    checker: Callable[[bool], SessionChecker] = _checker
    """Makes the judge of a connection; told whether the server has to begin it with `session.created`."""


class Watcher:
    """Is told what happens.  These methods do nothing; none may take long, or raise."""

    def opened(self, name: str, path: str) -> None:
        """A session begins, asked for under that path."""

    def refused(self, name: str, status: int, reason: str, body: str) -> None:
        """The upstream answered the handshake with that status and body."""

    def finding(self, name: str, finding: Finding, path: Path, line: int) -> None:
        """Something was found, at that line of that file."""

    def trouble(self, name: str, told: str) -> None:
        """Something is wrong that is no matter of the protocol."""

    def failed(self, name: str, told: str) -> None:
        """A recording is not whole: it cannot be written, or not be judged, any more."""

    def closed(self, name: str, report: SessionReport, code: int, reason: str) -> None:
        """A session has ended; its path is that of its first file."""
