"""Recording what a test sends and receives."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from typing import Any, Self, cast

import msgspec

from rtproto.checker_profile import AnyProfile
from rtproto.findings import Report
from rtproto.testing.conforming import as_bytes, judge, require

_OTHER = {"client": "server", "server": "client"}
_SENDING = frozenset({"send_text", "send_str", "send_bytes", "send_json", "send_json_bytes"})
_RECEIVING = frozenset({"receive", "receive_text", "receive_str", "receive_bytes", "receive_json"})
_ITERATING = frozenset({"iter_text", "iter_bytes", "iter_json"})
"""What connections of Starlette and aiohttp call `send`, `recv` and iteration."""
_MESSAGES = (1, 2)
"""The types of aiohttp's messages that are text or bytes."""


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

        So are the methods of their own that connections of aiohttp, of Starlette and of its `TestClient` have for that.
        `side` is the side that this end of the connection is: what it sends is the client's or the server's.  One of
        `openai` is returned itself, so that what its helpers send (`connection.response.create()`) is recorded, too.

        Raises `TypeError` for what has none of these methods: nothing would be recorded, and the test would pass.
        """
        if side not in _OTHER:
            raise ValueError(f"no side {side!r}; there are: client, server")
        kind = cast("type[object]", type(connection))
        of_openai = kind.__module__.startswith("openai.")
        messages = getattr(connection, "_connection", None) if of_openai else connection
        if not any(hasattr(messages, name) for name in ("send", "recv", *_SENDING, *_RECEIVING)):
            raise TypeError(
                f"wrap() takes an open connection, with send() and recv() or the like, not {kind.__module__}."
                f"{kind.__qualname__}; recorder.client(event) and recorder.server(event) take any event"
            )
        if of_openai:
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
        value = getattr(self._connection, name)
        if name in _SENDING:
            return functools.partial(self._send, value, is_json="json" in name)
        if name in _RECEIVING:
            return functools.partial(self._receive, value, is_json="json" in name)
        if name in _ITERATING:
            return functools.partial(self._iterate, value, is_json="json" in name)
        return value

    def __enter__(self) -> Self:
        self._connection.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self._connection.__exit__(*error)

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> Any:
        return await self._connection.__aexit__(*error)

    def _send(self, send: Any, message: Any, *args: Any, is_json: bool = False, **options: Any) -> Any:
        for payload in _payloads(message, is_json=is_json):
            self._sent(payload)
        return send(message, *args, **options)

    def _receive(self, receive: Any, *args: Any, is_json: bool = False, **options: Any) -> Any:
        message = receive(*args, **options)
        if inspect.isawaitable(message):
            return self._later(message, is_json=is_json)
        self._heard(message, is_json=is_json)
        return message

    async def _later(self, message: Awaitable[Any], *, is_json: bool) -> Any:
        received = await message
        self._heard(received, is_json=is_json)
        return received

    async def _iterate(self, iterate: Any, *args: Any, is_json: bool = False) -> AsyncIterator[Any]:
        async for message in iterate(*args):
            self._heard(message, is_json=is_json)
            yield message

    def _heard(self, message: Any, *, is_json: bool = False) -> None:
        for payload in _payloads(message, is_json=is_json):
            self._received(payload)

    def send(self, message: Any, *args: Any, **options: Any) -> Any:
        return self._send(self._connection.send, message, *args, **options)

    def recv(self, *args: Any, **options: Any) -> Any:
        return self._receive(self._connection.recv, *args, **options)

    def __iter__(self) -> Iterator[Any]:
        for message in self._connection:
            self._heard(message)
            yield message

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._iterate(self._connection.__aiter__)


def _payloads(message: Any, *, is_json: bool) -> list[Any]:
    """What of a message there is to record: one payload, or none where it tells that the connection ends."""
    if is_json:
        return [msgspec.json.encode(message)]
    if isinstance(message, dict):
        asgi = cast("dict[str, Any]", message)
        if not str(asgi.get("type")).startswith("websocket."):
            return [asgi]
        return [asgi[name] for name in ("text", "bytes") if asgi.get(name) is not None]
    if hasattr(message, "data") and hasattr(message, "extra"):  # of aiohttp
        return [message.data] if message.type in _MESSAGES else []
    return [message]
