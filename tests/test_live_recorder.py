"""The recorder between two peers: nothing is changed, whoever misbehaves is told, and the others go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rtproto.recording import check_file
from rtproto.rules import RULES
from rtproto.rules.sessions import Session, session
from tests.live_peers import Front, Scripted, recorder, run, server

from websockets.asyncio.client import connect  # isort: skip - after the skip in `live_peers`
from websockets.asyncio.server import ServerConnection  # isort: skip
from websockets.exceptions import ConnectionClosed, InvalidStatus  # isort: skip
from websockets.frames import Close, Frame, Opcode  # isort: skip

APPEND = '{"type":"input_audio_buffer.append","audio":"%s"}'
ASK = (
    b"GET /v1/realtime?model=m HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
AGREE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def crumbs(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write byte by byte, and let the others see each."""
    for at in range(len(data)):
        writer.write(data[at : at + 1])
        for _ in range(3):
            await asyncio.sleep(0)


Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def raw_server(peer: Peer) -> tuple[asyncio.Server, str]:
    """A server below WebSocket: what it reads and writes are bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    return listening, f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


@contextlib.asynccontextmanager
async def raw_client(
    front: Front, request: bytes = ASK
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    try:
        writer.write(request)
        yield reader, writer
    finally:
        writer.transport.abort()


def test_bytes_pass_unchanged_both_ways(tmp_path: Path) -> None:
    """Fragments, pings, masks and close frames are the peers' own."""
    text = b'{"type":"response.create"}'
    from_client = b"".join(
        frame.serialize(mask=True)
        for frame in (
            Frame(Opcode.TEXT, text[:5], False),
            Frame(Opcode.PING, b"are you there"),
            Frame(Opcode.CONT, text[5:]),
            Frame(Opcode.BINARY, b"\x00\xff"),
            Frame(Opcode.CLOSE, Close(4000, "enough").serialize()),
        )
    )
    from_server = b"".join(
        frame.serialize(mask=False)
        for frame in (
            Frame(Opcode.PONG, b"are you there"),
            Frame(Opcode.TEXT, b'{"type":"x"}', False),
            Frame(Opcode.CONT, b"", True),
            Frame(Opcode.CLOSE, Close(4000, "enough").serialize()),
        )
    )
    arrived: dict[str, bytes] = {}

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived["request"] = await reader.readuntil(b"\r\n\r\n")
        # The first frames come with the end of the handshake, and in crumbs.
        writer.write(AGREE + from_server[:3])
        arrived["client"] = await reader.readexactly(len(from_client))
        await crumbs(writer, from_server[3:])

    async def scenario() -> None:
        listening, url = await raw_server(peer)
        async with listening, recorder(url, tmp_path) as front:
            async with raw_client(front) as (reader, writer):
                assert await reader.readexactly(len(AGREE)) == AGREE
                writer.write(from_client)
                assert await reader.read(-1) == from_server
            await front.over()
            [(_, code, reason)] = front.notes.ends
            assert (code, reason) == (4000, "enough")
            assert front.events("client") == [text]
            assert front.events("server") == [b'{"type":"x"}']
            controls = [line["recording"] for line in front.lines() if "control" in line.get("recording", {})]
            assert [(each["control"], each["direction"], each["bytes"]) for each in controls] == [
                ("ping", "client", 13),
                ("pong", "server", 13),
            ]
            assert front.lines()[-1]["direction"] == "client"

    run(scenario())
    assert arrived["client"] == from_client
    assert arrived["request"] == ASK.replace(
        b"Host: here", b"Host: 127.0.0.1:%d" % port_in(arrived["request"])
    )


def port_in(request: bytes) -> int:
    return int(request.partition(b"Host: 127.0.0.1:")[2].partition(b"\r\n")[0])


def test_a_session_is_judged_as_it_passes(tmp_path: Path) -> None:
    example = RULES["OUT016"].example
    script = [(direction, json.loads(raw)) for direction, raw in example.lines(breaking=True)]

    async def scenario() -> None:
        async with server(Scripted(script)) as url, recorder(url, tmp_path) as front:
            async with connect(front.url) as client:
                for direction, event in script:
                    if direction == "client":
                        await client.send(json.dumps(event))
                    else:
                        assert json.loads(await client.recv()) == event
            await front.over()
            [(finding, path, line)] = [each for each in front.notes.findings if each[0].code == "OUT016"]
            assert json.loads(path.read_bytes().splitlines()[line - 1])["event"]["type"] == finding.event.type
            [(report, _, _)] = front.notes.ends
            [again] = check_file(path).sessions
            assert again.findings == report.findings

    run(scenario())


@pytest.mark.parametrize("query, from_start", [("model=m", True), ("call_id=rtc_1", False)])
def test_a_server_that_does_not_begin_its_session(query: str, from_start: bool, tmp_path: Path) -> None:
    """Who joins a call by its id is told of no session."""
    script: Session = [("server", {"type": "input_audio_buffer.cleared", "event_id": "event_1"})]

    async def scenario() -> None:
        async with server(Scripted(script)) as url, recorder(url, tmp_path) as front:
            async with connect(f"{front.url}/v1/realtime?{query}") as client:
                await client.wait_closed()
            await front.over()
            [(report, _, _)] = front.notes.ends
            [again] = check_file(front.files()[0]).sessions
            assert again.findings == report.findings
            assert [(f.code, f.severity.label) for f in again.findings] == [
                ("SES001", "error" if from_start else "info")
            ]
            assert ("from_start" in front.lines()[0]["recording"]) is from_start

    run(scenario())


def test_headers_subprotocols_path_and_query_reach_the_server_and_secrets_no_file(tmp_path: Path) -> None:
    key = "openai-insecure-api-key.ek_0123456789abcdef"
    peer = Scripted([])

    async def scenario() -> None:
        async with (
            server(peer, subprotocols=["realtime"]) as url,
            recorder(f"{url}?api-version=1", tmp_path) as front,
        ):
            async with connect(
                f"{front.url}/v1/realtime?model=m&api-key=0123456789abcdef",
                subprotocols=["realtime", key],
                additional_headers={
                    "Authorization": "Bearer sk-0123456789abcdef",
                    "OpenAI-Beta": "realtime=v1",
                },
            ) as client:
                assert client.subprotocol == "realtime"
                await client.wait_closed()
            await front.over()
            [path] = front.files()
            assert b"0123456789abcdef" not in path.read_bytes()
            head = front.lines()[0]["recording"]
            assert head["path"] == "/v1/realtime?model=m&api-key=[redacted]"
            assert head["subprotocol"] == "realtime"
            assert ["OpenAI-Beta", "realtime=v1"] in head["request_headers"]

    run(scenario())
    [visit] = peer.visits
    assert visit.path == "/v1/realtime?api-version=1&model=m&api-key=0123456789abcdef"
    assert (
        dict(visit.headers).items()
        >= {
            "Authorization": "Bearer sk-0123456789abcdef",
            "OpenAI-Beta": "realtime=v1",
            "Sec-WebSocket-Protocol": f"realtime, {key}",
        }.items()
    )


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_large_messages_and_slow_readers(compression: str | None, tmp_path: Path) -> None:
    """15 MiB each way, through a client that does not read before it has sent everything."""
    large = APPEND % ("AAAA" * (15 * 2**20 // 4))

    async def scenario() -> None:
        async with server(echo, compression=compression) as url, recorder(url, tmp_path) as front:
            async with connect(front.url, max_size=None, max_queue=1, compression=compression) as client:
                await client.send(large)
                for number in range(50):
                    await client.send(f'{{"type":"n{number}"}}')
                assert await client.recv() == large
                for number in range(50):
                    assert await client.recv() == f'{{"type":"n{number}"}}'
            await front.over()
            assert len(front.events("client")[0]) == len(large)
            assert front.events("client") == front.events("server")

    run(scenario())


def test_a_reader_that_has_stopped_stops_the_writer(tmp_path: Path) -> None:
    """What does not fit into the sockets waits with the one who sends it, not in the recorder."""
    chunk = Frame(Opcode.TEXT, (APPEND % ("AAAA" * 16_000)).encode()).serialize(mask=False)
    stuck = asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(AGREE)
        while not stuck.is_set():
            writer.write(chunk)
            await writer.drain()

    async def scenario() -> None:
        listening, url = await raw_server(peer)
        async with listening, recorder(url, tmp_path) as front, raw_client(front) as (reader, writer):
            await reader.readexactly(len(AGREE))
            writer.transport.pause_reading()
            [active] = front.recorder.sessions
            transport = active.server.transport
            assert transport is not None
            while transport.is_reading():
                await asyncio.sleep(0)
            assert active.client.transport is not None
            assert active.client.transport.get_write_buffer_size() < 2**20
            writer.transport.resume_reading()
            while not transport.is_reading():
                assert await reader.read(2**16)
            stuck.set()
            writer.transport.abort()
            await front.over()

    run(scenario())


# Who vanishes, and who does not answer.


@pytest.mark.parametrize("who", ["client", "server"])
def test_who_vanishes_is_told_and_nothing_that_was_said_is_lost(who: str, tmp_path: Path) -> None:
    gone = asyncio.Event()

    async def peer(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())
        if who == "server":
            connection.transport.abort()
        await gone.wait()

    async def scenario() -> None:
        async with server(peer) as url, recorder(url, tmp_path) as front:
            client = await connect(front.url)
            await client.send('{"type":"response.create"}')
            await client.recv()
            if who == "client":
                client.transport.abort()
            await front.over()
            gone.set()
            assert len(front.events("client")) == len(front.events("server")) == 1
            [(_, code, reason)] = front.notes.ends
            assert code == 1006
            assert reason.startswith(f"the {who}'s connection ended without a close frame")
            assert front.lines()[-1]["close"] == {"code": code, "reason": reason}
            if who == "server":
                with pytest.raises(ConnectionClosed):
                    await client.recv()

    run(scenario())


def test_an_upstream_that_refuses_is_heard_and_told(tmp_path: Path) -> None:
    body = b'{"error": {"code": "invalid_api_key"}}'

    async def scenario() -> None:
        def refuse(connection: ServerConnection, request: Any) -> Any:
            return connection.respond(401, body.decode())

        async with server(echo, process_request=refuse) as url, recorder(url, tmp_path) as front:
            with pytest.raises(InvalidStatus) as caught:
                await connect(front.url)
            assert caught.value.response.status_code == 401
            assert caught.value.response.body == body
            assert front.notes.refusals == [(401, "Unauthorized", body.decode())]
            assert front.files() == []

    run(scenario())


@pytest.mark.parametrize(
    "response, told",
    [
        (
            b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwhat\r\n0\r\n\r\n",
            (403, "Forbidden", "what"),
        ),
        (b"HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\nto the end", (500, "Oops", "to the end")),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 9\r\n\r\ncut", (302, "Found", "")),
    ],
)
def test_refusals_of_every_form(response: bytes, told: tuple[int, str, str], tmp_path: Path) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await crumbs(writer, response)

    async def scenario() -> None:
        listening, url = await raw_server(peer)
        async with listening, recorder(url, tmp_path) as front:
            assert await answer_to(front, ASK) == response
            assert front.notes.refusals == [told]

    run(scenario())


async def answer_to(front: Front, request: bytes) -> bytes:
    async with raw_client(front, request) as (reader, _):
        return await reader.read(-1)


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"426 Upgrade Required"),
        (ASK.replace(b"GET", b"POST"), b"426 Upgrade Required"),
        (b"\x16\x03\x01\r\n\r\n", b"400 Bad Request"),
        (ASK + b"early", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, b"431 Request Header Fields Too Large"),
    ],
)
def test_what_is_no_websocket_client_is_told_so(request_bytes: bytes, status: bytes, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with server(echo) as url, recorder(url, tmp_path) as front:
            answer = await answer_to(front, request_bytes)
            assert answer.startswith(b"HTTP/1.1 " + status)
            assert b"\r\n\r\nrtproto: " in answer
            assert len(front.notes.troubles) == 1
            async with connect(front.url) as client:
                await client.send("still here")
                assert await client.recv() == "still here"

    run(scenario())


def test_who_keeps_silent_in_the_handshake_is_let_go(tmp_path: Path) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    async def scenario() -> None:
        listening, url = await raw_server(peer)
        async with listening, recorder(url, tmp_path, open_seconds=0.05) as front:
            assert (await answer_to(front, b"GET / HT")).startswith(b"HTTP/1.1 408 ")
            assert (await answer_to(front, ASK)).startswith(b"HTTP/1.1 504 ")
            assert len(front.notes.troubles) == 2

    run(scenario())


def test_who_speaks_before_the_answer_is_told_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        asked = asyncio.Event()

        async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await reader.read(-1)

        listening, url = await raw_server(peer)
        async with listening, recorder(url, tmp_path) as front, raw_client(front) as (reader, writer):
            await asked.wait()
            writer.write(b"early")
            assert (await reader.read(-1)).startswith(b"HTTP/1.1 400 Bad Request")

    run(scenario())


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/2 101 \r\n\r\n", AGREE[:-2] + b"Sec-WebSocket-Extensions: x-other\r\n\r\n"]
)
def test_an_upstream_that_makes_no_sense(answer: bytes, tmp_path: Path) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async def scenario() -> None:
        listening, url = await raw_server(peer)
        async with listening, recorder(url, tmp_path) as front:
            assert (await answer_to(front, ASK)).startswith(b"HTTP/1.1 502 Bad Gateway")
            assert len(front.notes.troubles) == 1

    run(scenario())


def test_an_upstream_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}"

        async def scenario() -> None:
            async with recorder(url, tmp_path) as front:
                answer = await answer_to(front, ASK)
                assert answer.startswith(b"HTTP/1.1 502 Bad Gateway")
                [told] = front.notes.troubles
                assert "cannot be reached" in told
                assert told.encode() in answer

        run(scenario())


def test_certificates_are_verified_and_wss_works_on_both_ends(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def scenario() -> None:
        async with server(echo, tls=ours) as url:
            async with recorder(url, tmp_path, trusted=ssl.create_default_context()) as front:
                answer = await answer_to(front, ASK)
                assert answer.startswith(b"HTTP/1.1 502 Bad Gateway")
                [told] = front.notes.troubles
                assert "a certificate that is not trusted" in told
            async with (
                recorder(url, tmp_path, trusted=trusting, tls=ours) as front,
                connect(front.url, ssl=trusting) as client,
            ):
                assert b"HTTP" not in await answer_to(front, ASK)  # a client that speaks no TLS
                assert len(front.recorder.sessions) == 1
                await client.send("hello")
                assert await client.recv() == "hello"
        # TLS to a server that speaks none.
        async with (
            server(echo) as url,
            recorder(url.replace("ws:", "wss:"), tmp_path, trusted=trusting) as front,
        ):
            assert (await answer_to(front, ASK)).startswith(b"HTTP/1.1 502 Bad Gateway")
            assert "cannot be reached" in front.notes.troubles[0]

    run(scenario())


# What cannot be read, and too much of everything.


@pytest.mark.parametrize(
    "bad, told",
    ids=["no frame", "too long"],  # a mask is random, and a test's name must not be
    argvalues=[
        (b"\xff\xff\xff\xff", "invalid opcode"),
        (Frame(Opcode.TEXT, b"x" * 5000).serialize(mask=True), "exceeds limit"),
    ],
)
def test_what_cannot_be_read_is_forwarded_told_and_ended(bad: bytes, told: str, tmp_path: Path) -> None:
    """The server here does not mind; then the recorder ends the session, and no other."""

    async def scenario() -> None:
        arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(AGREE)
            came = await reader.read(-1)
            if came:
                arrived.set_result(came)

        listening, url = await raw_server(peer)
        options: Any = {"max_message_bytes": 4096, "grace_seconds": 0.05}
        async with (
            listening,
            recorder(url, tmp_path, **options) as front,
            raw_client(front) as (reader, writer),
            raw_client(front) as (other, _),
        ):
            await reader.readexactly(len(AGREE))
            await other.readexactly(len(AGREE))
            good = Frame(Opcode.TEXT, b'{"type":"x"}').serialize(mask=True)
            writer.write(good + bad)
            assert await reader.read(-1) == b""
            assert await arrived == good + bad
            await front.over()
            [trouble] = front.notes.troubles
            assert "what the client sends cannot be read any more" in trouble
            assert told in trouble
            [(_, code, reason)] = front.notes.ends
            assert (code, reason) == (1006, trouble)
            assert len(front.recorder.sessions) == 1
            notes = [line["recording"] for line in front.lines() if "unreadable" in line.get("recording", {})]
            assert [note["unreadable"] for note in notes] == ["client"]

    run(scenario())


def test_more_connections_than_allowed_are_refused_and_the_others_go_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with server(echo) as url, recorder(url, tmp_path, max_connections=2) as front:
            clients = [await connect(front.url) for _ in range(2)]
            flood = await asyncio.gather(*(connect(front.url) for _ in range(50)), return_exceptions=True)
            statuses = {error.response.status_code for error in flood if isinstance(error, InvalidStatus)}
            assert (len([1 for error in flood if isinstance(error, InvalidStatus)]), statuses) == (50, {503})
            for number, client in enumerate(clients):
                await client.send(str(number))
                assert await client.recv() == str(number)
            await clients[0].close()
            await front.over()
            async with connect(front.url) as client:
                await client.send("room again")
                assert await client.recv() == "room again"
            await clients[1].close()

    run(scenario())


def test_stopping_the_recorder_ends_what_is_open_and_keeps_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with server(echo) as url:
            async with recorder(url, tmp_path) as front:
                client = await connect(front.url)
                await client.send('{"type":"x"}')
                await client.recv()
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert front.lines()[-1]["close"] == {"code": 1006, "reason": "the recorder was stopped"}
            assert len(front.events("client")) == 1

    run(scenario())


def test_a_recording_that_cannot_be_kept_is_told_and_the_session_goes_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with server(echo) as url, recorder(url, tmp_path / "missing") as front:
            async with connect(front.url) as client:
                await client.send('{"type":"x"}')
                assert await client.recv() == '{"type":"x"}'
            await front.over()
            [told] = front.notes.failures
            assert "cannot be written any more: No such file or directory" in told

    run(scenario())


def test_many_sessions_at_once_are_kept_apart_and_in_order(tmp_path: Path) -> None:
    script = session("text_turn")

    async def one(url: str) -> None:
        async with connect(url) as client:
            for direction, event in script:
                if direction == "client":
                    await client.send(json.dumps(event))
                else:
                    assert json.loads(await client.recv()) == event

    async def scenario() -> None:
        async with server(Scripted(script)) as url, recorder(url, tmp_path) as front:
            await asyncio.gather(*(one(front.url) for _ in range(20)))
            while len(front.notes.ends) < 20:
                await asyncio.sleep(0)
            assert front.notes.findings == [] == front.notes.troubles
            assert len(front.files()) == 20

    run(scenario())
    for path in tmp_path.glob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        assert [(line["direction"], line["event"]) for line in lines if "event" in line] == [*script]
