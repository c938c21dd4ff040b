"""The guard hands out typed events, judges both directions, and lets nothing that is slow or broken hold it up."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rtproto import beta, ga
from rtproto.checker import SessionChecker
from rtproto.events.base import Event, UnknownEvent
from rtproto.findings import Finding, Severity
from rtproto.live import guard, record
from rtproto.live.guarding import Guard
from rtproto.rules import RULES
from rtproto.rules.sessions import session
from rtproto.wire import Fault
from tests.live_peers import run, server, threaded

import websockets.sync.client  # isort: skip - after the skip in `live_peers`
import websockets.sync.server  # isort: skip
from websockets.asyncio.client import connect  # isort: skip
from websockets.asyncio.server import ServerConnection  # isort: skip
from websockets.exceptions import ConnectionClosedError  # isort: skip

CREATED = session("text_turn")[0][1]
BROKEN = [(side, json.loads(raw)) for side, raw in RULES["OUT016"].example.lines(breaking=True)]


def roots(findings: list[Finding]) -> list[str]:
    return [f.code for f in findings if f.caused_by is None and f.severity > Severity.INFO]


async def play(client: Any, script: Any, side: str = "client") -> None:
    """One side of a script, over a bare connection."""
    for direction, event in script:
        if direction == side:
            await client.send(json.dumps(event))
        else:
            await client.recv()


@pytest.mark.parametrize("side", ["server", "client"])
def test_both_directions_are_judged_on_either_side(side: Any) -> None:
    findings: list[Finding] = []
    heard: list[Any] = []

    async def guarded_play(guarded: Guard) -> None:
        async with guarded:
            for direction, event in BROKEN:
                if direction == side:
                    await guarded.send(event)
                else:
                    heard.append(await guarded.receive())
            await guarded.close()

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            if side == "server":
                await guarded_play(guard(connection, side=side, on_finding=findings.append))
            else:
                await play(connection, BROKEN, "server")
                await connection.wait_closed()

        async with server(handler) as url, connect(url) as client:
            if side == "client":
                await guarded_play(guard(client, side=side, on_finding=findings.append))
            else:
                await play(client, BROKEN)
                await client.wait_closed()

    run(scenario())
    assert roots(findings) == ["OUT016"]
    module = {"server": ga.ClientEvent, "client": ga.ServerEvent}[side]
    assert all(isinstance(event, module) for event in heard)


def test_what_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    """Typed events, events of no known type, and what is no event; findings go to the log."""
    heard: list[Any] = []
    ended = False

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            nonlocal ended
            guarded = guard(connection)
            await guarded.send(CREATED)
            heard.extend([event async for event in guarded])
            ended = True

        async with server(handler) as url, connect(url) as client:
            await client.recv()
            for text in ('{"type":"response.create"}', '{"type":"new.thing"}', "{", '{"type":7}'):
                await client.send(text)
            await client.send(b'{"type":"input_audio_buffer.clear"}')

    with caplog.at_level(logging.DEBUG, "rtproto.live"):
        run(scenario())
    assert ended
    kinds = [type(event) for event in heard]
    assert kinds == [ga.ResponseCreate, UnknownEvent, Fault, Fault, ga.InputAudioBufferClear]
    logged = [entry for entry in caplog.records if entry.name == "rtproto.live"]
    assert {entry.levelno for entry in logged} >= {logging.ERROR}
    assert all(isinstance(entry.finding, Finding) for entry in logged)  # type: ignore[attr-defined]  # set as `extra`


def test_events_are_sent_in_every_form() -> None:
    created = ga.decode_server_event(json.dumps(CREATED).encode())
    sent: list[Any] = [created, CREATED, json.dumps(CREATED), json.dumps(CREATED).encode()]

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            for event in sent:
                await guard(connection, on_finding=lambda finding: None).send(event)

        async with server(handler) as url, connect(url) as client:
            for _ in sent:
                text = await client.recv()
                assert isinstance(text, str)
                assert json.loads(text) == CREATED

    run(scenario())


@pytest.mark.parametrize(
    "headers, path, given, dialect",
    [
        ({}, "/v1/realtime", None, "ga"),
        ({"OpenAI-Beta": "realtime=v1"}, "/v1/realtime", None, "beta"),
        ({"Sec-WebSocket-Protocol": "realtime, openai-beta.realtime-v1"}, "/", None, "beta"),
        ({}, "/v1/realtime/translations?model=m", None, "translation"),
        ({"OpenAI-Beta": "realtime=v1"}, "/v1/realtime", "ga", "ga"),
        ({"OpenAI-Beta": "assistants=v2,realtime=v1 "}, "/v1/realtime", None, "beta"),
        ({"OpenAI-Beta": "realtime=v11"}, "/v1/realtime", None, "ga"),
        ({"Sec-WebSocket-Protocol": "realtime,openai-beta.realtime-v10"}, "/", None, "ga"),
    ],
)
def test_the_dialect_is_in_the_handshake(
    headers: dict[str, str], path: str, given: str | None, dialect: str
) -> None:
    seen: list[str] = []

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            seen.append(guard(connection, dialect=given).dialect)

        async with server(handler) as url, connect(url + path, additional_headers=headers) as client:
            await client.wait_closed()

    run(scenario())
    assert seen == [dialect]


def test_beta_events_are_betas() -> None:
    heard: list[Any] = []

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            heard.extend([event async for event in guard(connection, dialect="beta")])

        async with server(handler) as url, connect(url) as client:
            await client.send('{"type":"session.update","session":{"voice":"alloy"}}')

    run(scenario())
    assert [type(event) for event in heard] == [beta.SessionUpdate]


# Callbacks.


@pytest.mark.parametrize("kind", ["thread", "coroutine"])
def test_a_slow_callback_holds_up_no_event(kind: str) -> None:
    """The callback waits until all events have passed, and only then sees them, one after another."""
    codes: list[str] = []
    places: set[str] = set()

    async def scenario() -> None:
        go, go_thread = asyncio.Event(), threading.Event()

        async def slow(finding: Finding) -> None:
            await go.wait()
            places.add(threading.current_thread().name)
            codes.append(finding.code)

        def slow_thread(finding: Finding) -> None:
            go_thread.wait(30)
            places.add(threading.current_thread().name)
            codes.append(finding.code)

        async def handler(connection: ServerConnection) -> None:
            callback = slow if kind == "coroutine" else slow_thread
            async with guard(connection, on_finding=callback) as guarded:
                for direction, event in BROKEN:
                    if direction == "server":
                        await guarded.send(event)
                    else:
                        await guarded.receive()
                assert codes == []
                go.set()
                go_thread.set()

        async with server(handler) as url, connect(url) as client:
            await play(client, BROKEN)
            await client.wait_closed()

    run(scenario())
    assert codes[0] == "OUT016"
    assert ("MainThread" in places) == (kind == "coroutine")


class Notifier:
    """A callback that is no function and whose calls are coroutines."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self.threads: set[str] = set()

    async def __call__(self, finding: Finding) -> None:
        await asyncio.sleep(0)
        self.codes.append(finding.code)
        self.threads.add(threading.current_thread().name)


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_a_callback_returns_is_awaited(wrapped: bool) -> None:
    notifier = Notifier()

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            callback = functools.partial(notifier) if wrapped else notifier
            async with guard(connection, on_finding=callback) as guarded:
                for _ in range(2):
                    await guarded.receive()

        async with server(handler) as url, connect(url) as client:
            for _ in range(2):
                await client.send("hello")
            await client.wait_closed()

    run(scenario())
    assert notifier.codes[:2] == ["WIR002", "WIR002"]
    assert notifier.threads == {"MainThread"}


def test_a_callback_that_fails_is_logged_and_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Any] = []

    async def scenario() -> None:
        def fail(finding: Finding) -> None:
            raise ZeroDivisionError

        async def handler(connection: ServerConnection) -> None:
            heard.extend([event async for event in guard(connection, on_finding=fail)])

        async with server(handler) as url, connect(url) as client:
            for _ in range(3):
                await client.send("{")

    run(scenario())
    assert len(heard) == 3
    assert [entry for entry in caplog.records if "on_finding failed" in entry.message]


def test_what_waits_for_a_callback_is_bounded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("rtproto.live.outlet.WAITING", 2)

    async def scenario() -> None:
        go = asyncio.Event()

        async def slow(finding: Finding) -> None:
            await go.wait()

        async def handler(connection: ServerConnection) -> None:
            async with guard(connection, on_finding=slow) as guarded:
                for _ in range(10):
                    await guarded.receive()
                assert guarded.dropped > 0
                go.set()

        async with server(handler) as url, connect(url) as client:
            for _ in range(10):
                await client.send("{")
            await client.wait_closed()

    run(scenario())
    assert [entry for entry in caplog.records if "findings were dropped" in entry.message]


def test_a_peer_cannot_fill_the_memory_with_findings(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("rtproto.live.guarding.MAX_FINDINGS", 3)
    kept: list[int] = []

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            guarded = guard(connection, on_finding=lambda finding: None)
            assert len([event async for event in guarded]) == 50
            kept.append(len(guarded.report().findings))

        async with server(handler) as url, connect(url) as client:
            for _ in range(50):
                await client.send("{")

    run(scenario())
    assert kept
    assert len([entry for entry in caplog.records if "not judged any more" in entry.message]) == 1


def test_a_fault_of_ours_costs_no_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*arguments: Any, **options: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(SessionChecker, "feed", broken)
    heard: list[Any] = []

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            heard.extend([event async for event in guard(connection)])

        async with server(handler) as url, connect(url) as client:
            await client.send('{"type":"response.create"}')
            await client.send('{"type":"response.create"}')

    run(scenario())
    assert len(heard) == 2
    assert len([entry for entry in caplog.records if "an error in rtproto itself" in entry.message]) == 1


def test_a_connection_that_breaks_is_raised_as_before() -> None:
    raised: list[BaseException] = []

    async def scenario() -> None:
        over = asyncio.Event()

        async def handler(connection: ServerConnection) -> None:
            try:
                async for _ in guard(connection):
                    pass
            except ConnectionClosedError as error:
                raised.append(error)
            over.set()

        async with server(handler) as url:
            client = await connect(url)
            client.transport.abort()
            await over.wait()

    run(scenario())
    assert len(raised) == 1


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(TypeError, match="takes a connection of"):
        guard(object())


@pytest.mark.parametrize("recorded", [False, True])
def test_a_connection_for_threads_is_refused(recorded: bool, tmp_path: Path) -> None:
    def handler(connection: websockets.sync.server.ServerConnection) -> None:
        connection.recv()

    with threaded(handler) as url, websockets.sync.client.connect(url) as client:
        connection = record(client, tmp_path) if recorded else client
        with pytest.raises(TypeError, match=r"takes a connection of websockets.asyncio .*, not .*[Ss]ync"):
            guard(connection, side="client")
        client.send("{}")


def sent(act: Callable[[Guard], Awaitable[object]]) -> tuple[list[Any], list[Finding]]:
    """What reaches a server of what a guarded client does, and what was found, once the client has closed."""
    got: list[Any] = []
    found: list[Finding] = []

    async def scenario() -> None:
        over = asyncio.Event()

        async def handler(connection: ServerConnection) -> None:
            got.extend([message async for message in connection])
            over.set()

        async with server(handler) as url:
            async with guard(await connect(url), side="client", on_finding=found.append) as guarded:
                await act(guarded)
                await guarded.close()
            await over.wait()

    run(scenario())
    return got, found


@pytest.mark.parametrize("what", [None, 42, True, [1], ga.Error, Fault("empty"), bytearray(b"{}")])
def test_only_events_are_sent(what: Any) -> None:
    async def act(guarded: Guard) -> None:
        with pytest.raises(TypeError, match="takes an event of rtproto, a dict or JSON text, not"):
            await guarded.send(what)
        await guarded.send(b'{"type":"response.create"}')

    got, found = sent(act)
    assert got == ['{"type":"response.create"}']
    assert "WIR" not in {finding.code[:3] for finding in found}


@pytest.mark.parametrize("what", [b"\xff", "\ud800", {"type": "\ud800"}])
def test_what_no_text_message_can_carry_is_neither_judged_nor_sent(what: Any) -> None:
    got: list[Any] = []
    found: list[Finding] = []

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            got.extend([message async for message in connection])

        async with (
            server(handler) as url,
            connect(url) as client,
            guard(client, side="client", on_finding=found.append) as guarded,
        ):
            with pytest.raises(UnicodeError):
                await guarded.send(what)
            assert guarded.report().events == 0

    run(scenario())
    assert (got, found) == ([], [])


def test_a_text_that_is_no_event_is_reported_and_sent() -> None:
    got, found = sent(lambda guarded: guarded.send("hello"))
    assert got == ["hello"]
    assert "WIR002" in {finding.code for finding in found}


# Starlette.


def test_starlette() -> None:
    pytest.importorskip("starlette")
    pytest.importorskip("httpx2")
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.testclient import TestClient
    from starlette.websockets import WebSocket

    findings: list[Finding] = []
    heard: list[Any] = []
    done = threading.Event()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol="realtime")
        async with guard(websocket, on_finding=findings.append) as guarded:
            await guarded.send(CREATED)
            async for event in guarded:
                heard.append(event)
                if len(heard) == 3:
                    await guarded.close(4000, "enough")
                    break
        done.set()

    app = Starlette(routes=[WebSocketRoute("/v1/realtime", endpoint)])
    with (
        TestClient(app) as client,
        client.websocket_connect("/v1/realtime", subprotocols=["realtime"]) as socket,
    ):
        assert socket.receive_json() == CREATED
        socket.send_text('{"type":"response.create"}')
        socket.send_bytes(b"\xff")
        socket.send_text("{}")
        assert socket.receive()["code"] == 4000
        assert done.wait(30)  # leaving cancels what still runs
    assert [type(event) for event in heard] == [ga.ResponseCreate, Fault, Fault]
    assert "WIR" in {code[:3] for code in roots(findings)}

    heard.clear()
    done.clear()
    with TestClient(app) as client, client.websocket_connect("/v1/realtime") as socket:
        socket.receive_json()
        socket.send_text('{"type":"response.create"}')
        socket.close()
        assert done.wait(30)
    assert len(heard) == 1


# Metrics.


def test_metrics() -> None:
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            guarded = guard(connection, metrics=provider.get_meter("test"), on_finding=lambda finding: None)
            await guarded.send(CREATED)
            await guarded.send(ga.decode_server_event(json.dumps({**CREATED, "event_id": "e2"}).encode()))
            await guarded.send('{"type":"made.up"}')
            await guarded.send(b"[]")
            async for _ in guarded:
                pass

        async with server(handler) as url, connect(url) as client:
            await client.send('{"type":"response.create"}')
            await client.send('{"type":"made.up"}')
            await client.send("{")

    run(scenario())
    data = reader.get_metrics_data()
    assert data is not None
    [scope] = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
    points = {metric.name: metric.data.data_points for metric in scope.metrics}
    events = {
        (point.attributes["direction"], point.attributes["type"]): point.value
        for point in points["rtproto.events"]
    }
    assert events == {
        ("server", "session.created"): 2,
        ("server", "unknown"): 2,
        ("client", "response.create"): 1,
        ("client", "unknown"): 1,
        ("client", "fault"): 1,
    }
    assert {point.attributes["severity"] for point in points["rtproto.findings"]} <= {
        "error",
        "warning",
        "info",
    }
    assert sum(point.count for point in points["rtproto.judge.duration"]) == 7


def test_metrics_of_the_global_meter_cost_nothing_where_nobody_collects() -> None:
    pytest.importorskip("opentelemetry")

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            assert guard(connection, metrics=True).report().events == 0
            assert guard(connection, metrics=False).report().events == 0

        async with server(handler) as url, connect(url) as client:
            await client.wait_closed()

    run(scenario())


def test_the_names_are_there() -> None:
    from rtproto import live

    assert live.guard is guard
    assert live.Guard is Guard
    assert set(live.Heard.__args__) == {Event, UnknownEvent, Fault}
    assert not hasattr(live, "nothing")
    assert Path(live.__file__ or "").name == "__init__.py"


@pytest.mark.parametrize("who, severity", [("client", Severity.INFO), ("server", Severity.ERROR)])
def test_a_user_who_hangs_up_is_not_held_against_the_server(who: str, severity: Severity) -> None:
    """A response in progress when the connection closes: the types say that every response is done."""
    findings: list[Finding] = []
    created = {
        "type": "response.created",
        "event_id": "event_r",
        "response": {
            "object": "realtime.response",
            "id": "resp_1",
            "status": "in_progress",
            "status_details": None,
            "output": [],
        },
    }

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            async with guard(connection, on_finding=findings.append) as guarded:
                await guarded.send(CREATED)
                await guarded.send(created)
                if who == "server":
                    await guarded.close()
                else:
                    assert await guarded.receive() is None

        async with server(handler) as url, connect(url) as client:
            await client.recv()
            await client.recv()
            if who == "client":
                await client.close()
            await client.wait_closed()

    run(scenario())
    assert [f.severity for f in findings if f.code == "RSP007"] == [severity]
