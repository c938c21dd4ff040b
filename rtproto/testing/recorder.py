"""Recording what a test sends and receives."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from typing import Any

from rtproto.checker_profile import AnyProfile
from rtproto.findings import Report
from rtproto.testing.conforming import as_bytes, judge, require

_OTHER = {"client": "server", "server": "client"}


class Recorder:
    """The events of one connection, in the order in which a test saw them.

    The attributes say how it is judged: `dialect`, `profile`, `select`, `ignore` and `fail_level` are those of
    `assert_conforms`; `judged = False` for a test that breaks the protocol on purpose.
    """

    def __init__(self, name: str = "recorder") -> None:
        self.name = name
        """What reports call it."""
        self.frames: list[tuple[str, bytes]] = []
        """Direction and bytes of each event."""
        self.closed = False
        """The connection's end was seen: what is missing now will not come."""
        self.judged = True
        self.dialect: str | None = None
        self.profile: AnyProfile | None = None
        self.select: Iterable[str] | str = ()
        self.ignore: Iterable[str] | str = ()
        self.fail_level = "error"

    def client(self, event: Any) -> None:
        """Record an event of the client's: bytes, text, a dict, an event of rtproto or a pydantic model."""
        self.frames.append(("client", as_bytes(event)))

    def server(self, event: Any) -> None:
        """Record an event of the server's."""
        self.frames.append(("server", as_bytes(event)))

    def close(self) -> None:
        """Record that the connection was closed."""
        self.closed = True

    def wrap(self, connection: Any, side: str = "client") -> Any:
        """A connection like this one whose `send`, `recv` and iteration are recorded; it may be async.

        `side` is the side that this end of the connection is: what it sends is the client's or the server's.  One of
        `openai` is returned itself, so that what its helpers send (`connection.response.create()`) is recorded, too.
        """
        if side not in _OTHER:
            raise ValueError(f"no side {side!r}; there are: client, server")
        if type(connection).__module__.startswith("openai."):
            # Its helpers hold on to it, and it keeps the WebSocket under this name.
            connection._connection = _Recorded(self, connection._connection, side)
            return connection
        return _Recorded(self, connection, side)

    def report(self) -> Report:
        """The judgement on what was recorded."""
        return judge(self, dialect=self.dialect, profile=self.profile, select=self.select, ignore=self.ignore)

    def verify(self) -> None:
        """Raise `AssertionError` as `assert_conforms` does; not where nothing was recorded or `judged` is false."""
        __tracebackhide__ = True
        if self.judged and self.frames:
            require(self.report(), self.fail_level)


class _Recorded:
    """A connection that is recorded; all but its messages is the connection's own."""

    def __init__(self, recorder: Recorder, connection: Any, side: str) -> None:
        self._connection = connection
        self._sent = recorder.client if side == "client" else recorder.server
        self._received = recorder.server if side == "client" else recorder.client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def send(self, message: Any, *args: Any, **options: Any) -> Any:
        self._sent(message)
        return self._connection.send(message, *args, **options)

    def recv(self, *args: Any, **options: Any) -> Any:
        message = self._connection.recv(*args, **options)
        if inspect.isawaitable(message):
            return self._later(message)
        self._received(message)
        return message

    async def _later(self, message: Awaitable[Any]) -> Any:
        received = await message
        self._received(received)
        return received

    def __iter__(self) -> Iterator[Any]:
        for message in self._connection:
            self._received(message)
            yield message

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for message in self._connection:
            self._received(message)
            yield message
