"""`guard`: the events of a connection, typed and judged, for a program that serves or uses one.

    async for event in guard(websocket, side="server"):
        match event:
            case ga.ResponseCreate(): ...

What is judged is what passes: events that arrive when they are handed out, events that are sent before they are sent.
Judging takes microseconds and does no I/O.  Findings are handed on by a task of their own, in order, so that neither a
slow callback nor a slow handler of `logging` holds up an event.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeAlias, cast

import msgspec

from rtproto.checker import SessionChecker
from rtproto.checker_profile import AnyProfile
from rtproto.events.base import Event, UnknownEvent
from rtproto.events.dialect import DIALECTS
from rtproto.findings import Finding, SessionReport
from rtproto.live.outlet import OnFinding, Outlet
from rtproto.live.session import EVENT_IDS, MAX_FINDINGS
from rtproto.live.tidings import LOGGER, log, prefix
from rtproto.transcripts.frames import Close
from rtproto.wire import Decoder, Fault, encode

if TYPE_CHECKING:
    from rtproto.live.metrics import Metrics

Heard: TypeAlias = Event | UnknownEvent | Fault
"""What a peer has sent: an event of the dialect, one of a type that it does not have, or what is no event."""
Headers: TypeAlias = Callable[[str], list[str]]
"""The values of the headers of a name, which may be in any case."""

PATIENCE = 10.0
"""Seconds that the end of a connection waits for its callback, unless told otherwise."""


class Wire(Protocol):
    """What the guard asks of a connection."""

    async def receive(self) -> bytes | None:
        """The next message, or None after a normal end.  Raises what the connection raises."""
        ...

    async def send(self, text: str) -> None:
        """Send a text message."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Close the connection."""
        ...

    @property
    def ended(self) -> int | None:
        """The code that the connection was closed with, by whichever side; None while it is open."""
        ...


class Guard:
    """A connection whose events are typed and judged.  Made by `guard`.

    Iterate over it, or call `receive`; one task may receive while others send.  An iteration that was left or cancelled
    can be taken up again.  `async with` makes sure that the end is judged and all findings are handed on, also where
    that does not happen; a finished iteration has done so.
    """

    def __init__(
        self,
        wire: Wire,
        checker: SessionChecker,
        *,
        side: Literal["server", "client"],
        on_finding: OnFinding | None,
        metrics: Metrics | None,
        patience: float,
    ) -> None:
        self.raw = b""
        """The message that `receive` or the iteration read last, as it came: with all that its type does not know."""
        self._wire = wire
        self._checker = checker
        self._sent, self._heard = (side, "client" if side == "server" else "server")
        self._decode = Decoder(DIALECTS[checker.dialect], direction=self._heard).decode
        self._metrics = metrics
        self._name = checker.path
        self._outlet = Outlet(on_finding or functools.partial(log, connection=self._name), self._name)
        self._patience = patience
        self._judging = True
        self._finished = False
        self._hung_up = False
        """This side has closed the connection, before the other did."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.finish()

    def __aiter__(self) -> Self:
        """The peer's events until the connection ends.  Raises what the connection raises when it ends badly."""
        return self

    async def __anext__(self) -> Heard:
        try:
            event = await self.receive()
        except Exception:
            await self.finish()
            raise
        if event is None:
            await self.finish()
            raise StopAsyncIteration
        return event

    @property
    def dialect(self) -> str:
        """The dialect in which events are read."""
        return self._checker.dialect

    @property
    def dropped(self) -> int:
        """Findings that the callback was too slow for, and never got."""
        return self._outlet.dropped

    async def receive(self) -> Heard | None:
        """The peer's next event; None after a normal end.  Raises what the connection raises when it ends badly."""
        raw = await self._wire.receive()
        if raw is None:
            return None
        self.raw = raw
        event = self._decode(raw)
        self._judge(self._heard, raw, event)
        return event

    async def send(self, event: Event | UnknownEvent | dict[str, Any] | str | bytes) -> None:
        """Send an event, or its JSON text.  What breaks a rule is reported and sent all the same, also a text that is
        no event: a gateway hands on what it got.

        Raises `TypeError` for anything else and `ValueError` for what is no UTF-8, which no text message can carry;
        such a thing is neither judged nor sent.
        """
        raw = _json(event)
        text = raw.decode()
        self._judge(self._sent, raw, event)
        await self._wire.send(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        self._hung_up = self._wire.ended is None
        await self._wire.close(code, reason)
        await self.finish()

    async def finish(self) -> None:
        """Judge the end, once, and wait until all findings are handed on, or for as long as `patience` says."""
        if not self._finished:
            self._finished = True
            if self._judging:
                code = self._wire.ended
                sender = self._sent if self._hung_up else self._heard
                self._hand_on(self._checker.close(cut=code is None or Close(code).breaks_off(sender)))
        await self._outlet.finish(self._patience)

    def report(self) -> SessionReport:
        """The judgement so far."""
        return self._checker.report()

    def _judge(self, direction: str, raw: bytes, event: object) -> None:
        findings: list[Finding] = []
        started = time.perf_counter()
        if self._judging:
            try:
                findings = self._checker.feed(direction, raw, time=time.time())
            except Exception:  # noqa: BLE001 - a fault of ours must cost no session its connection
                LOGGER.exception(
                    "%san error in rtproto itself; this connection is not judged any more", prefix(self._name)
                )
                self._judging = False
        if self._metrics is not None:
            self._metrics.event(direction, event, time.perf_counter() - started)
        if findings:
            self._hand_on(findings)
            if len(self._checker.findings) > MAX_FINDINGS:
                told = "%smore than %d findings; this connection is not judged any more"
                LOGGER.error(told, prefix(self._name), MAX_FINDINGS)
                self._judging = False

    def _hand_on(self, findings: list[Finding]) -> None:
        for finding in findings:
            if self._metrics is not None:
                self._metrics.finding(finding)
            self._outlet.put(finding)


def _json(event: object) -> bytes:
    match event:
        case Event() | UnknownEvent():
            return encode(event)
        case str():
            return event.encode()
        case bytes():
            return event
        case dict():
            return msgspec.json.encode(event)
        case _:
            raise TypeError(
                f"send() takes an event of rtproto, a dict or JSON text, not {type(event).__name__}"
            )


def guard(
    connection: Any,
    *,
    side: Literal["server", "client"] = "server",
    dialect: str | None = None,
    profile: AnyProfile | None = None,
    on_finding: OnFinding | None = None,
    metrics: Any = None,
    strict_fields: bool = False,
    name: str = "",
    patience: float = PATIENCE,
) -> Guard:
    """Type and judge the events of a connection.

    `connection` is one of `websockets.asyncio`, or a `WebSocket` of Starlette or FastAPI that was accepted.  `side`
    says whose end of it this is.  The dialect is told by the handshake, unless it is given: beta by the header
    `OpenAI-Beta: realtime=v1` or the subprotocol that stands for it, translation by the path, else GA.

    `on_finding` gets each finding: a function, which is called in a thread, or a coroutine function.  What a function
    returns to be awaited, such as a coroutine, is awaited in the loop.  What either raises is logged.  Without it,
    findings go to the logger `rtproto.live`.  `metrics` is an OpenTelemetry `Meter`, or True for the global one.

    `name` is what the log calls the connection, and the `path` of its report: the id of a call, say.  `patience` is how
    many seconds the end of the connection waits for `on_finding`; a callback that takes longer is cancelled, and what
    still waits for it is dropped.

    Raises `TypeError` for a connection that it does not know, `ValueError` for a dialect or profile that there is not,
    `ImportError` for metrics without `rtproto[otel]`.
    """
    wire, headers, path = _wire(connection)
    checker = SessionChecker(
        dialect=dialect or _dialect(headers, path),
        profile=profile,
        path=name,
        strict_fields=strict_fields,
        event_ids=EVENT_IDS,
    )
    return Guard(
        wire, checker, side=side, on_finding=on_finding, metrics=_metrics(metrics), patience=patience
    )


def _metrics(wanted: Any) -> Metrics | None:
    if wanted is None or wanted is False:
        return None
    from rtproto.live.metrics import Metrics

    return Metrics(None if wanted is True else wanted)


def _dialect(headers: Headers, path: str) -> str:
    def values(name: str) -> set[str]:
        return {value.strip() for line in headers(name) for value in line.split(",")}

    subprotocols = values("sec-websocket-protocol")
    if "realtime=v1" in values("openai-beta") or "openai-beta.realtime-v1" in subprotocols:
        return "beta"
    return "translation" if "/translations" in path else "ga"


def _wire(connection: Any) -> tuple[Wire, Headers, str]:
    """The connection as the guard uses it, the headers of its request and the path."""
    if hasattr(connection, "scope") and hasattr(connection, "receive"):
        return _Starlette(connection), connection.headers.getlist, connection.url.path
    request = getattr(connection, "request", None)
    if request is None or not hasattr(connection, "recv") or _blocks(connection):
        kind = cast("type[object]", type(connection))
        raise TypeError(
            f"guard() takes a connection of websockets.asyncio or an accepted WebSocket of Starlette, not "
            f"{kind.__module__}.{kind.__qualname__}"
        )
    return _Websockets(connection), request.headers.get_all, request.path


def _blocks(connection: Any) -> bool:
    """Whether it is a connection for threads, by itself or recorded: its methods cannot be awaited."""
    from websockets.sync.connection import Connection

    return isinstance(getattr(connection, "wrapped", connection), Connection)


class _Websockets:
    """A connection of `websockets.asyncio`."""

    def __init__(self, connection: Any) -> None:
        from websockets.exceptions import ConnectionClosedOK

        self._connection = connection
        self._closed_well = ConnectionClosedOK

    async def receive(self) -> bytes | None:
        try:
            return cast("bytes", await self._connection.recv(decode=False))
        except self._closed_well:
            return None

    async def send(self, text: str) -> None:
        await self._connection.send(text)

    async def close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)

    @property
    def ended(self) -> int | None:
        return cast("int | None", self._connection.close_code)


class _Starlette:
    """A `WebSocket` of Starlette or FastAPI."""

    def __init__(self, websocket: Any) -> None:
        self._websocket = websocket
        self.ended: int | None = None

    async def receive(self) -> bytes | None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.connect":
            raise RuntimeError(
                "the WebSocket is not accepted yet: await websocket.accept() before its events"
            )
        if message["type"] == "websocket.disconnect":
            self.ended = message.get("code") or 1005
            return None
        text: str | None = message.get("text")
        return text.encode() if text is not None else bytes(message["bytes"])

    async def send(self, text: str) -> None:
        await self._websocket.send_text(text)

    async def close(self, code: int, reason: str) -> None:
        self.ended = code
        await self._websocket.close(code, reason)
