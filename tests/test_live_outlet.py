"""What a guard does with its findings, and with an iteration, when things end otherwise than planned."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rtproto import ga
from rtproto.events.base import UnknownEvent
from rtproto.findings import Finding
from rtproto.live import Guard, guard
from rtproto.wire import Fault
from tests.live_peers import run, server

from websockets.asyncio.client import ClientConnection, connect  # isort: skip - after the skip in `live_peers`
from websockets.asyncio.server import ServerConnection  # isort: skip

UNKNOWN = '{"type":"new.thing"}'


@asynccontextmanager
async def guarded_server(
    act: Callable[[Guard], Awaitable[None]], **options: Any
) -> AsyncIterator[ClientConnection]:
    """A client of a server that does this with its guarded connection, until it has done it."""
    over = asyncio.Event()
    failed: list[BaseException] = []

    async def handler(connection: ServerConnection) -> None:
        try:
            await act(guard(connection, **options))
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            over.set()

    async with server(handler) as url, connect(url) as client:
        yield client
        await over.wait()
        assert not failed


def test_an_iteration_that_was_left_is_taken_up_again() -> None:
    """Nothing ends with `break`: what comes after it is judged and told as before."""
    heard: list[type] = []
    found: list[str] = []

    async def act(guarded: Guard) -> None:
        async with guarded:
            async for event in guarded:
                heard.append(type(event))
                break
            while not found:
                await asyncio.sleep(0)
            assert found == ["CLI001"]
            heard.extend([type(event) async for event in guarded])

    async def scenario() -> None:
        async with guarded_server(act, on_finding=lambda finding: found.append(finding.code)) as client:
            await client.send(UNKNOWN)
            await client.send('{"type":"response.create"}')
            await client.send("{")
            await client.close()

    run(scenario())
    assert heard == [UnknownEvent, ga.ResponseCreate, Fault]
    assert found[:1] == ["CLI001"]
    assert found.count("WIR007") == 1


def test_a_gateway_hands_on_what_its_types_do_not_know() -> None:
    texts = ['{"type": "response.create", "new": {"a": 1.0}}', UNKNOWN, "hello"]
    raws: list[bytes] = []

    async def act(guarded: Guard) -> None:
        async for _ in guarded:
            raws.append(guarded.raw)
            await guarded.send(guarded.raw)

    async def scenario() -> None:
        async with guarded_server(act) as client:
            for text in texts:
                await client.send(text)
                assert await client.recv() == text
            await client.close()

    run(scenario())
    assert raws == [text.encode() for text in texts]


async def never(finding: Finding) -> None:
    await asyncio.Event().wait()


def test_a_callback_that_never_returns_does_not_keep_a_connection(caplog: pytest.LogCaptureFixture) -> None:
    dropped: list[int] = []

    async def act(guarded: Guard) -> None:
        async with guarded:
            for _ in range(3):
                await guarded.receive()
        dropped.append(guarded.dropped)
        await guarded.finish()  # and has no more to wait for
        dropped.append(guarded.dropped)

    async def scenario() -> None:
        async with guarded_server(act, on_finding=never, patience=0.01, name="call-1") as client:
            for _ in range(3):
                await client.send("{")

    run(scenario())
    assert dropped[0] >= 3
    assert dropped[1] == dropped[0]
    told = [entry.message for entry in caplog.records if entry.name == "rtproto.live"]
    assert told == [f"call-1: {dropped[0]} findings were dropped: on_finding was too slow"]


def test_a_thread_that_never_returns_does_not_keep_a_connection() -> None:
    go = threading.Event()
    names: list[str] = []

    def hang(finding: Finding) -> None:
        names.append(threading.current_thread().name)
        go.wait(30)

    async def act(guarded: Guard) -> None:
        async with guarded:
            await guarded.receive()

    async def scenario() -> None:
        async with guarded_server(act, on_finding=hang, patience=0.01) as client:
            await client.send("{")
            await client.wait_closed()

    try:
        run(scenario())
    finally:
        go.set()
    # Not one of the threads in which the loop looks up addresses.
    assert [name.split("_")[0] for name in names] == ["rtproto-findings"]


@pytest.mark.parametrize("patience, cancellations", [(0.01, 1), (3600.0, 2)])
def test_a_connection_can_be_cancelled_whatever_its_callback_does(
    patience: float, cancellations: int
) -> None:
    left: set[str] = set()

    async def scenario() -> None:
        before = asyncio.all_tasks()
        begun = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []

        async def called(finding: Finding) -> None:
            begun.set()
            await never(finding)

        async def gateway(connection: ServerConnection) -> None:
            async with guard(connection, on_finding=called, patience=patience) as guarded:
                async for _ in guarded:
                    pass

        async def handler(connection: ServerConnection) -> None:
            tasks.append(asyncio.create_task(gateway(connection)))
            await asyncio.wait(tasks)

        async with server(handler) as url, connect(url) as client:
            await client.send("{")
            await begun.wait()
            for _ in range(cancellations):
                tasks[0].cancel()
                for _ in range(20):  # until it waits for the callback
                    await asyncio.sleep(0)
            await client.wait_closed()
            assert tasks[0].cancelled()
        left.update(str(task.get_coro()) for task in asyncio.all_tasks() - before if "Outlet" in str(task))

    run(scenario())
    assert left == set()


def test_the_log_says_whose_finding_it_is(caplog: pytest.LogCaptureFixture) -> None:
    paths: list[str] = []

    async def act(guarded: Guard) -> None:
        async with guarded:
            await guarded.receive()
        paths.append(guarded.report().path)

    async def scenario() -> None:
        async with guarded_server(act, name="call-17") as client:
            await client.send("{")
        async with guarded_server(act) as client:
            await client.send("{")

    with caplog.at_level(logging.WARNING, "rtproto.live"):
        run(scenario())
    told = [entry for entry in caplog.records if entry.name == "rtproto.live"]
    assert [entry.message.partition("WIR007")[0] for entry in told] == ["call-17: ", ""]
    assert [entry.connection for entry in told] == ["call-17", ""]  # type: ignore[attr-defined]  # set as `extra`
    assert all(entry.message.endswith("(event 1)") for entry in told)
    assert paths == ["call-17", ""]


def test_a_websocket_that_was_not_accepted_is_told_as_such() -> None:
    pytest.importorskip("starlette")
    pytest.importorskip("httpx2")
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.testclient import TestClient
    from starlette.websockets import WebSocket

    async def endpoint(websocket: WebSocket) -> None:
        async for _ in guard(websocket):
            pass

    app = Starlette(routes=[WebSocketRoute("/v1/realtime", endpoint)])
    with (
        TestClient(app) as client,
        pytest.raises(RuntimeError, match=r"await websocket.accept\(\)"),
        client.websocket_connect("/v1/realtime"),
    ):
        pass
