"""`record`: a connection that a program has open, with a recording of all that passes on it.

The wrappers add nothing but the recording: what they do not know they hand on to the connection they wrap.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar, cast

from rtproto.checker import SessionChecker
from rtproto.checker_profile import AnyProfile
from rtproto.findings import Finding, SessionReport
from rtproto.live.journal import Journal, Syncer, session_name
from rtproto.live.redaction import redacted_headers, redacted_path, redacted_subprotocol
from rtproto.live.session import ABNORMAL, EVENT_IDS, Keeping, Recording
from rtproto.live.tidings import LOGGER, log
from rtproto.wire import as_bytes

C = TypeVar("C")

_syncer = Syncer("interval")
"""Serves all recordings of the process."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_syncer.forked)


def record(
    connection: C,
    folder: str | os.PathLike[str] = "sessions",
    *,
    redact: bool = True,
    elide_audio: bool = False,
    rotate_bytes: int | None = None,
    dialect: str | None = None,
    profile: AnyProfile | None = None,
    on_finding: Callable[[Finding], object] | None = None,
) -> C:
    """Record what passes on a connection from now on, into a file of its own in `folder`; returns what to use instead.

    `connection` is one of `websockets` (asyncio or threads, of a client or a server), or one that `realtime.connect()`
    of `openai` gives, which is returned itself and goes on being recorded when it connects again.  The file is as
    `python -m rtproto record` writes it; lines reach the disk within five seconds.

    `on_finding` is called for each finding, from where messages are sent and received; it must not block, and what it
    raises is logged.  Without it, findings go to the logger `rtproto.live`, with file and line.

    Raises `TypeError` for a connection that it does not know and for a coroutine function, which nothing would await,
    `ValueError` for a dialect or profile that there is not, and `OSError` where the folder is not there and cannot be
    made: nothing would be recorded.  What fails later, a full disk or a folder that may not be written to, is logged,
    and stops no message and no new connection.
    """
    if inspect.iscoroutinefunction(on_finding):
        raise TypeError(
            "record() calls on_finding between messages; it must be a plain function, not a coroutine's"
        )
    folder = Path(folder)
    keeping = Keeping(redact=redact, elide_audio=elide_audio)

    def told(finding: Finding, path: Path, line: int) -> None:
        if on_finding is None:
            log(finding, place=f"{path}:{line}")
            return
        try:
            on_finding(finding)
        except Exception:  # noqa: BLE001 - the callback is not ours, and the session is not its business
            LOGGER.exception("on_finding failed on %s", finding.code)

    def wrapped(websocket: Any) -> Any:
        with contextlib.suppress(OSError):  # of which the journal tells when it opens its file
            folder.mkdir(parents=True, exist_ok=True)
        recording = Recording(
            Journal(folder, session_name(), _syncer, rotate_bytes=rotate_bytes),
            SessionChecker(dialect=dialect, profile=profile, event_ids=EVENT_IDS),
            about=_about(websocket, redact=redact),
            keeping=keeping,
            on_finding=told,
            on_trouble=LOGGER.error,
        )
        return (RecordedAsync if _is_async(websocket) else RecordedSync)(websocket, recording)

    if not _is_websocket(connection):
        # The connections of openai keep the WebSocket under this name, and hand its messages on.
        holder = cast("Any", connection)
        if not _is_websocket(getattr(holder, "_connection", None)):
            raise TypeError(
                f"record() takes a connection of websockets or openai, not {type(connection).__name__}"
            )
        _make(folder)
        holder._connection = wrapped(holder._connection)
        _record_reconnections(holder, wrapped)
        return connection
    _make(folder)
    recorded: C = wrapped(connection)
    return recorded


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        told = f"record() cannot make the folder for its files: {error.strerror}"
        raise OSError(error.errno, told, str(folder)) from None


def _is_websocket(connection: object) -> bool:
    from websockets.asyncio.connection import Connection as AsyncConnection
    from websockets.sync.connection import Connection as SyncConnection

    return isinstance(connection, (AsyncConnection, SyncConnection))


def _is_async(websocket: object) -> bool:
    from websockets.asyncio.connection import Connection

    return isinstance(websocket, Connection)


def _record_reconnections(holder: Any, wrapped: Callable[[Any], Any]) -> None:
    connect_again = getattr(holder, "_make_ws", None)
    if connect_again is None:
        return
    if _is_async(holder._connection.wrapped):

        async def connect_async(*arguments: Any) -> Any:
            return wrapped(await connect_again(*arguments))

        holder._make_ws = connect_async
    else:

        def connect_sync(*arguments: Any) -> Any:
            return wrapped(connect_again(*arguments))

        holder._make_ws = connect_sync


def _about(websocket: Any, *, redact: bool) -> dict[str, Any]:
    """What the head says of the handshake."""
    chosen = websocket.subprotocol
    about: dict[str, Any] = {"subprotocol": redacted_subprotocol(chosen) if redact else chosen}
    request, response = websocket.request, websocket.response
    if request is not None:
        about["path"] = redacted_path(request.path) if redact else request.path
    for name, message in (("request_headers", request), ("response_headers", response)):
        if message is not None:
            items = list(message.headers.raw_items())
            about[name] = redacted_headers(items) if redact else items
    return about


class _Recorded:
    """What both kinds of connection have in common.

    A message that is sent is recorded before it is sent: its answer may be there before `send` returns.  One that could
    not be sent any more is therefore in the file too, before the end.
    """

    def __init__(self, wrapped: Any, recording: Recording) -> None:
        from websockets.protocol import CLIENT

        self.wrapped = wrapped
        """The connection itself."""
        self.recording = recording
        self._lock = threading.Lock()
        is_client = wrapped.protocol.side is CLIENT
        self._sent, self._received = ("client", "server") if is_client else ("server", "client")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.wrapped, name)

    def report(self) -> SessionReport:
        """The judgement so far."""
        with self._lock:
            return self.recording.report()

    def _note(self, direction: str, message: Any, text: bool | None) -> None:
        """Record a whole message: a string, bytes, or a list of such fragments."""
        if isinstance(message, list):
            fragments = cast("list[str | bytes]", message)
            is_text = bool(fragments) and isinstance(fragments[0], str) if text is None else text
            data = b"".join(map(as_bytes, fragments))
        else:
            is_text = isinstance(message, str) if text is None else text
            data = as_bytes(message)
        with self._lock:
            self.recording.message(direction, data, binary=not is_text)

    def _ended(self) -> None:
        """Record the end, if there is one."""
        code, reason = self.wrapped.close_code, self.wrapped.close_reason
        if code is None:
            return
        began = {True: self._received, False: self._sent}.get(self.wrapped.protocol.close_rcvd_then_sent)
        with self._lock:
            self.recording.close(code, reason or "", None if code == ABNORMAL else began)


def _is_whole(message: Any) -> bool:
    return isinstance(message, (str, bytes, bytearray, memoryview))


class RecordedSync(_Recorded):
    """A connection of `websockets.sync`, recorded."""

    def __enter__(self) -> Self:
        self.wrapped.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.wrapped.__exit__(*error)
        self._ended()

    def __iter__(self) -> Iterator[Any]:
        from websockets.exceptions import ConnectionClosedOK

        try:
            while True:
                yield self.recv()
        except ConnectionClosedOK:
            return

    def recv(self, timeout: float | None = None, decode: bool | None = None) -> Any:
        """As of the connection."""
        from websockets.exceptions import ConnectionClosed

        try:
            message = self.wrapped.recv(timeout, decode)
        except ConnectionClosed:
            self._ended()
            raise
        self._note(self._received, message, None if decode is None else True)
        return message

    def recv_streaming(self, decode: bool | None = None) -> Iterator[Any]:
        """As of the connection; recorded when the last fragment is there."""
        fragments: list[Any] = []
        for fragment in self.wrapped.recv_streaming(decode):
            fragments.append(fragment)
            yield fragment
        self._note(self._received, fragments, None if decode is None else True)

    def send(self, message: Any, text: bool | None = None) -> None:
        """As of the connection."""
        options = {} if text is None else {"text": text}
        if _is_whole(message):
            self._note(self._sent, message, text)
            self.wrapped.send(message, **options)
            return
        if isinstance(message, dict):
            self.wrapped.send(message, **options)  # which refuses it in its own words
            return
        fragments: list[Any] = []

        def passing() -> Iterator[Any]:
            for fragment in message:
                fragments.append(fragment)
                yield fragment
            self._note(self._sent, fragments, text)

        self.wrapped.send(passing(), **options)

    def close(self, *arguments: Any, **options: Any) -> None:
        """As of the connection."""
        self.wrapped.close(*arguments, **options)
        self._ended()


class RecordedAsync(_Recorded):
    """A connection of `websockets.asyncio`, recorded."""

    async def __aenter__(self) -> Self:
        await self.wrapped.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.wrapped.__aexit__(*error)
        self._ended()

    async def __aiter__(self) -> AsyncIterator[Any]:
        from websockets.exceptions import ConnectionClosedOK

        try:
            while True:
                yield await self.recv()
        except ConnectionClosedOK:
            return

    async def recv(self, decode: bool | None = None) -> Any:
        """As of the connection."""
        from websockets.exceptions import ConnectionClosed

        try:
            message = await self.wrapped.recv(decode)
        except ConnectionClosed:
            self._ended()
            raise
        self._note(self._received, message, None if decode is None else True)
        return message

    async def recv_streaming(self, decode: bool | None = None) -> AsyncIterator[Any]:
        """As of the connection; recorded when the last fragment is there."""
        fragments: list[Any] = []
        async for fragment in self.wrapped.recv_streaming(decode):
            fragments.append(fragment)
            yield fragment
        self._note(self._received, fragments, None if decode is None else True)

    async def send(self, message: Any, text: bool | None = None) -> None:
        """As of the connection."""
        options = {} if text is None else {"text": text}
        if _is_whole(message):
            self._note(self._sent, message, text)
            await self.wrapped.send(message, **options)
            return
        if isinstance(message, dict):
            await self.wrapped.send(message, **options)  # which refuses it in its own words
            return
        fragments: list[Any] = []

        async def passing() -> AsyncIterator[Any]:
            if hasattr(message, "__aiter__"):
                async for fragment in message:
                    fragments.append(fragment)
                    yield fragment
            else:
                for fragment in message:
                    fragments.append(fragment)
                    yield fragment
            self._note(self._sent, fragments, text)

        await self.wrapped.send(passing(), **options)

    async def close(self, *arguments: Any, **options: Any) -> None:
        """As of the connection."""
        await self.wrapped.close(*arguments, **options)
        self._ended()
