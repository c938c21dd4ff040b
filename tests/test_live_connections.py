"""`record` in a program: the connection behaves as before, and the file holds what passed."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from rtproto.findings import Finding, Severity
from rtproto.live import record
from rtproto.recording import check_file
from rtproto.rules import RULES
from rtproto.rules.sessions import session
from tests.live_peers import Scripted, run, server, threaded

import websockets.sync.client  # isort: skip - after the skip in `live_peers`
import websockets.sync.server  # isort: skip
from websockets.asyncio.client import connect  # isort: skip
from websockets.asyncio.server import ServerConnection  # isort: skip
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK  # isort: skip

TEXT = '{"type":"response.create"}'
SCRIPT = session("tool_call")
BROKEN = [(side, json.loads(raw)) for side, raw in RULES["OUT016"].example.lines(breaking=True)]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def echo_threaded(connection: Any) -> None:
    for message in connection:
        connection.send(message)


def lines(folder: Path) -> list[dict[str, Any]]:
    [path] = folder.glob("*.jsonl")
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def passed(folder: Path) -> list[tuple[str, Any]]:
    """Direction and content of each message in the only file."""
    return [
        (line["direction"], line.get("event", line.get("raw")))
        for line in lines(folder)
        if "event" in line or "raw" in line
    ]


def test_asyncio(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with server(echo) as url, connect(f"{url}/v1/realtime?api-key=x") as connection:
            recorded = record(connection, tmp_path / "new" / "folder")
            assert recorded.remote_address == connection.remote_address
            await recorded.send(TEXT)
            assert await recorded.recv() == TEXT
            await recorded.send(TEXT.encode(), text=True)
            assert await recorded.recv(decode=False) == TEXT.encode()
            await recorded.send(b"\xff")
            assert await recorded.recv() == b"\xff"
            await recorded.send(["{", "}"])
            assert [part async for part in recorded.recv_streaming()] == ["{}"]

            async def pieces() -> Any:
                yield b"\xfe"
                yield b"\xff"

            await recorded.send(pieces())
            assert await anext(aiter(recorded)) == b"\xfe\xff"
            with pytest.raises(TypeError):
                await recorded.send({})  # type: ignore[arg-type]  # what is refused must still be refused
            await recorded.close(4000, "enough")
            with pytest.raises(ConnectionClosedError):
                await recorded.recv()

    run(scenario())
    folder = tmp_path / "new" / "folder"
    event = {"type": "response.create"}
    twice = [("client", event), ("server", event)]
    raw = [("client", "/w=="), ("server", "/w==")]
    two = [("client", "/v8="), ("server", "/v8=")]
    assert passed(folder) == [*twice, *twice, *raw, ("client", {}), ("server", {}), *two]
    head, *_, last = lines(folder)
    assert head["recording"]["path"] == "/v1/realtime?api-key=[redacted]"
    assert (last["direction"], last["close"]) == ("client", {"code": 4000, "reason": "enough"})
    binary = [line.get("binary") for line in lines(folder)[1:-1]]
    assert binary == [None] * 4 + [True] * 2 + [None] * 2 + [True] * 2


def test_threads(tmp_path: Path) -> None:
    with threaded(echo_threaded) as url, websockets.sync.client.connect(url) as connection:
        recorded = record(connection, tmp_path)
        with recorded:
            recorded.send(TEXT)
            assert recorded.recv(timeout=30) == TEXT
            recorded.send(iter(["{", "}"]))
            assert list(recorded.recv_streaming()) == ["{}"]
            recorded.send(b"\xff")
            assert next(iter(recorded)) == b"\xff"
            with pytest.raises(TypeError):
                recorded.send({})  # type: ignore[arg-type]  # what is refused must still be refused
            with pytest.raises(TimeoutError):
                recorded.recv(timeout=0)
            recorded.close()
            assert list(recorded) == []
            with pytest.raises(ConnectionClosedOK):
                recorded.recv()
    event = {"type": "response.create"}
    assert passed(tmp_path) == [
        *(("client", event), ("server", event)),
        *(("client", {}), ("server", {})),
        *(("client", "/w=="), ("server", "/w==")),
    ]
    assert lines(tmp_path)[-1]["close"]["code"] == 1000


def test_a_server_records_its_side(tmp_path: Path) -> None:
    done = asyncio.Event

    async def scenario() -> None:
        ended = done()
        scripted = Scripted(BROKEN)
        findings: list[Finding] = []

        async def handler(connection: ServerConnection) -> None:
            recorded = record(connection, tmp_path, on_finding=findings.append)
            await scripted(recorded)
            ended.set()

        async with server(handler) as url, connect(url) as client:
            for direction, event in BROKEN:
                if direction == "client":
                    await client.send(json.dumps(event))
                else:
                    await client.recv()
            await ended.wait()
        assert "OUT016" in {finding.code for finding in findings}

    run(scenario())
    assert passed(tmp_path) == BROKEN
    assert lines(tmp_path)[-1]["direction"] == "server"
    [path] = tmp_path.glob("*.jsonl")
    [report] = check_file(path).sessions
    assert [f.code for f in report.roots(Severity.WARNING)] == ["OUT016"]


def test_a_block_ends_a_recording(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with server(echo) as url, connect(url) as connection:
            async with record(connection, tmp_path) as recorded:
                await recorded.send(TEXT)
                assert [await anext(aiter(recorded))] == [TEXT]
            assert recorded.report().events == 2  # type: ignore[attr-defined]  # what record adds to a connection

    run(scenario())
    assert lines(tmp_path)[-1]["close"] == {"code": 1000, "reason": ""}


def test_who_ended_it_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async def bye(connection: ServerConnection) -> None:
            await connection.close(4001, "bye")

        async with server(bye) as url, connect(url) as connection:
            with pytest.raises(ConnectionClosedError):
                await record(connection, tmp_path).recv()

    run(scenario())
    last = lines(tmp_path)[-1]
    assert (last["direction"], last["close"]) == ("server", {"code": 4001, "reason": "bye"})


def test_findings_are_logged_unless_asked_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with server(echo) as url:
            async with connect(url) as connection:
                await record(connection, tmp_path / "a").send('{"type":"nonsense"}')
            async with connect(url) as connection:

                def fail(finding: Finding) -> None:
                    raise ZeroDivisionError

                await record(connection, tmp_path / "b", on_finding=fail).send('{"type":"nonsense"}')

    with caplog.at_level(logging.DEBUG, "rtproto.live"):
        run(scenario())
    ours = [entry for entry in caplog.records if entry.name == "rtproto.live"]
    assert any(getattr(entry, "finding", None) is not None for entry in ours)
    [file] = (tmp_path / "a").iterdir()
    assert any(entry.message.endswith(f" ({file}:2)") for entry in ours)
    assert any(entry.exc_info and "on_finding failed" in entry.message for entry in ours)


def test_a_callback_that_nobody_would_await_is_refused(tmp_path: Path) -> None:
    async def notify(finding: Finding) -> None: ...

    with pytest.raises(TypeError, match="must be a plain function"):
        record(object(), tmp_path, on_finding=notify)


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(TypeError, match="takes a connection of websockets or openai, not str"):
        record("ws://127.0.0.1")


@pytest.mark.parametrize("below", ["", "more"])
def test_a_folder_that_cannot_be_made_is_told_at_once(below: str, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_bytes(b"")

    def handler(connection: Any) -> None:
        connection.recv()

    with threaded(handler) as url, websockets.sync.client.connect(url) as connection:
        with pytest.raises(OSError, match=r"cannot make the folder for its files: .*taken"):
            record(connection, taken / below)
        connection.send(TEXT)


def test_a_folder_that_goes_stops_no_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "sessions"
    with threaded(echo_threaded) as url, websockets.sync.client.connect(url) as connection:
        recorded = record(connection, folder)
        folder.rmdir()
        with caplog.at_level(logging.ERROR, "rtproto.live"):
            recorded.send(TEXT)
            assert recorded.recv() == TEXT
    assert ["cannot be written" in entry.message for entry in caplog.records].count(True) == 1


# The client of openai calls `connect` of websockets 17 in the old way.
@pytest.mark.filterwarnings("ignore:connect\\(\\) must be used as a context manager:DeprecationWarning")
@pytest.mark.parametrize("namespace", ["realtime", "beta.realtime"])
def test_connections_of_openai(namespace: str, tmp_path: Path) -> None:
    openai = pytest.importorskip("openai")
    script = session("tool_call" if namespace == "realtime" else "beta_voice_turn")
    options = {"api_key": "sk-0123456789"}

    def resource(client: Any) -> Any:
        for name in namespace.split("."):
            client = getattr(client, name)
        return client

    def handler(connection: Any) -> None:
        for direction, event in script:
            if direction == "server":
                connection.send(json.dumps(event))
            else:
                connection.recv()

    with threaded(handler) as url:
        client = openai.OpenAI(websocket_base_url=url, **options)
        with resource(client).connect(model="m") as connection:
            assert record(connection, tmp_path / "sync") is connection
            for direction, event in script:
                if direction == "server":
                    assert connection.recv().type == event["type"]
                else:
                    connection.send(event)

    async def scenario() -> None:
        async with server(Scripted(script)) as url:
            client = openai.AsyncOpenAI(websocket_base_url=url, **options)
            async with resource(client).connect(model="m") as connection:
                record(connection, tmp_path / "async")
                for direction, event in script:
                    if direction == "server":
                        assert (await connection.recv()).type == event["type"]
                    else:
                        await connection.send(event)
                assert [event async for event in connection] == []

    run(scenario())
    for kind in ("sync", "async"):
        assert passed(tmp_path / kind) == script
        assert lines(tmp_path / kind)[-1]["close"]["code"] == 1000
        [path] = (tmp_path / kind).glob("*.jsonl")
        assert b"0123456789" not in path.read_bytes()


def test_a_new_connection_of_openai_is_recorded_too(tmp_path: Path) -> None:
    openai = pytest.importorskip("openai")
    visits = 0

    async def scenario() -> None:
        async def handler(connection: ServerConnection) -> None:
            nonlocal visits
            visits += 1
            await connection.send(json.dumps(SCRIPT[0][1]))
            await connection.close(1012 if visits == 1 else 1000)

        async with server(handler) as url:
            client = openai.AsyncOpenAI(websocket_base_url=url, api_key="sk-0123456789")
            manager = client.realtime.connect(
                model="m", on_reconnecting=lambda event: None, initial_delay=0.01, max_delay=0.01
            )
            async with manager as connection:
                record(connection, tmp_path)
                assert [event.type async for event in connection] == ["session.created"] * 2

    run(scenario())
    assert len(list(tmp_path.glob("*.jsonl"))) == 2
