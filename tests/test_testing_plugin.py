"""The pytest plugin: what it records, how it judges, and that it costs nothing unasked."""

from __future__ import annotations

import asyncio
import functools
import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Self, cast

import pytest
from openai.resources.realtime.realtime import AsyncRealtimeConnection

from rtproto import ga
from rtproto.rules.sessions import session
from rtproto.testing import Recorder, assert_conforms, generate, transcript

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
INSTALLED = any(entry.value == "rtproto.testing.plugin" for entry in entry_points(group="pytest11"))
LOAD = () if INSTALLED else ("-p", "rtproto.testing.plugin")
LEGAL = session("text_turn")
BROKEN = [pair for pair in LEGAL if pair[1]["type"] != "response.content_part.added"]


# assert_conforms.


@pytest.mark.parametrize("kind", ["path", "bytes", "pairs", "frames", "recorder"])
def test_a_transcript_in_every_form(kind: str, tmp_path: Path) -> None:
    frames = generate(3, dialect="ga")
    recorder = Recorder()
    for frame in frames:
        (recorder.client if frame.direction == "client" else recorder.server)(frame.event)
    path = tmp_path / "session.jsonl"
    path.write_bytes(transcript(frames))
    forms: dict[str, Any] = {
        "path": path,
        "bytes": path.read_bytes(),
        "pairs": [(frame.direction, frame.raw.decode()) for frame in frames],
        "frames": frames,
        "recorder": recorder,
    }

    report = assert_conforms(forms[kind])

    assert [session.events for session in report.sessions] == [len(frames)]


def test_what_is_wrong_is_shown_as_text() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_conforms(BROKEN)

    message = str(raised.value)
    assert message.startswith("the transcript does not conform\n")
    assert "error[OUT007] delta-before-content-part" in message
    assert "checked 1 file" in message


def test_what_is_ignored_does_not_fail() -> None:
    assert_conforms(BROKEN, ignore=["OUT007"])
    assert_conforms(BROKEN, select=["IAB"])


def test_warnings_fail_where_that_is_asked_for() -> None:
    lines = [pair for pair in LEGAL if pair[1]["type"] != "response.output_text.done"]
    assert_conforms(lines)
    with pytest.raises(AssertionError, match="OUT017"):
        assert_conforms(lines, fail_level="warning")
    with pytest.raises(ValueError, match="no severity 'fatal'; there are: error, warning, info"):
        assert_conforms(lines, fail_level="fatal")


def test_a_file_that_cannot_be_read_does_not_conform(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"missing\.jsonl"):
        assert_conforms(tmp_path / "missing.jsonl")


def test_an_event_is_what_can_be_written() -> None:
    with pytest.raises(TypeError, match="not 7"):
        assert_conforms([("client", 7)])


def test_an_event_comes_from_one_side() -> None:
    with pytest.raises(ValueError, match="no direction 'sever', at pair 2; there are: client, server"):
        assert_conforms([LEGAL[0], ("sever", LEGAL[1][1])])


# The recorder.


def test_events_of_every_kind_are_recorded() -> None:
    class Model:
        def model_dump_json(self, *, exclude_unset: bool) -> str:
            return '{"type":"response.cancel"}' if exclude_unset else ""

    recorder = Recorder()
    recorder.client(ga.ResponseCancel())
    recorder.client(Model())
    recorder.client('{"type":"response.cancel"}')
    recorder.client(bytearray(b'{"type":"response.cancel"}'))
    recorder.client({"type": "response.cancel"})

    assert recorder.frames == [("client", b'{"type":"response.cancel"}')] * 5


class Connection:
    """The other end says what it is told to say."""

    def __init__(self, *messages: str) -> None:
        self.messages = list(messages)
        self.sent: list[str] = []
        self.state = "open"

    def send(self, message: str) -> None:
        self.sent.append(message)

    def recv(self) -> str:
        return self.messages.pop(0)

    def __iter__(self) -> Any:
        while self.messages:
            yield self.messages.pop(0)


class AsyncConnection(Connection):
    async def send(self, message: str) -> None:  # type: ignore[override]  # the async twin
        self.sent.append(message)

    async def recv(self) -> str:  # type: ignore[override]  # the async twin
        return self.messages.pop(0)

    async def __aiter__(self) -> Any:
        while self.messages:
            yield self.messages.pop(0)


def test_a_wrapped_connection_is_recorded() -> None:
    recorder = Recorder()
    connection = Connection("a", "b", "c")
    wrapped = recorder.wrap(connection)
    wrapped.send("x")

    assert (wrapped.recv(), list(wrapped), wrapped.state, connection.sent) == ("a", ["b", "c"], "open", ["x"])
    assert recorder.frames == [("client", b"x"), ("server", b"a"), ("server", b"b"), ("server", b"c")]


def test_an_async_connection_is_recorded_from_the_server_s_end() -> None:
    recorder = Recorder()
    wrapped = recorder.wrap(AsyncConnection("a", "b"), side="server")

    async def talk() -> list[str]:
        await wrapped.send("x")
        return [await wrapped.recv(), *[message async for message in wrapped]]

    assert asyncio.run(talk()) == ["a", "b"]
    assert recorder.frames == [("server", b"x"), ("client", b"a"), ("client", b"b")]
    with pytest.raises(ValueError, match="no side 'left'; there are: client, server"):
        recorder.wrap(None, side="left")


def test_a_connection_can_be_entered_as_before() -> None:
    class Entered(AsyncConnection):
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *error: object) -> None:
            self.state = "closed"

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *error: object) -> None:
            self.state = "closed"

    recorder = Recorder()
    with recorder.wrap(Entered("a")) as wrapped:
        assert asyncio.run(wrapped.recv()) == "a"
    assert wrapped.state == "closed"

    async def talk() -> str:
        async with recorder.wrap(Entered("b")) as wrapped:
            await wrapped.recv()
        return str(wrapped.state)

    assert asyncio.run(talk()) == "closed"
    assert recorder.frames == [("server", b"a"), ("server", b"b")]


def test_the_connection_of_a_test_client_of_starlette_is_recorded() -> None:
    pytest.importorskip("starlette")
    pytest.importorskip("httpx2")
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.testclient import TestClient
    from starlette.websockets import WebSocket

    servers = Recorder()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        wrapped = servers.wrap(websocket, side="server")
        await wrapped.send_json({"type": "one"})
        await wrapped.send_bytes(b'{"type":"two"}')
        assert await wrapped.receive_json() == {"type": "three"}
        await wrapped.send({"type": "websocket.send", "text": "four"})
        async for text in wrapped.iter_text():
            await wrapped.send_text(text)

    clients = Recorder()
    app = Starlette(routes=[WebSocketRoute("/v1/realtime", endpoint)])
    with TestClient(app) as client, client.websocket_connect("/v1/realtime") as socket:
        wrapped = clients.wrap(socket)
        assert wrapped.receive_json() == {"type": "one"}
        assert wrapped.receive_bytes() == b'{"type":"two"}'
        wrapped.send_json({"type": "three"})
        assert wrapped.receive()["text"] == "four"
        wrapped.send_text("five")
        assert wrapped.receive_text() == "five"

    expected = [
        ("server", b'{"type":"one"}'),
        ("server", b'{"type":"two"}'),
        ("client", b'{"type":"three"}'),
        ("server", b"four"),
        ("client", b"five"),
        ("server", b"five"),
    ]
    assert clients.frames == expected
    assert servers.frames == expected


def test_a_connection_of_aiohttp_is_recorded() -> None:
    pytest.importorskip("aiohttp")
    from aiohttp import ClientSession, web

    recorder = Recorder()

    async def endpoint(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for message in websocket:
            await websocket.send_str(message.data)
            if message.data == "bye":
                await websocket.close()
        return websocket

    async def talk() -> list[Any]:
        app = web.Application()
        app.router.add_get("/v1/realtime", endpoint)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            async with (
                ClientSession() as client,
                client.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/v1/realtime") as socket,
            ):
                wrapped = recorder.wrap(socket)
                await wrapped.send_json({"type": "one"})
                heard = [await wrapped.receive_json()]
                await wrapped.send_str("two")
                heard.append((await wrapped.receive()).data)
                await wrapped.send_str("bye")
                heard += [message.data async for message in wrapped]
                await wrapped.receive()  # that it is closed
                return heard
        finally:
            await runner.cleanup()

    assert asyncio.run(talk()) == [{"type": "one"}, "two", "bye"]
    types = [(who, json.loads(raw)["type"] if raw[:1] == b"{" else raw) for who, raw in recorder.frames]
    assert types == [(who, what) for what in ("one", b"two", b"bye") for who in ("client", "server")]


@pytest.mark.parametrize("module", ["tests", "openai.resources"])
def test_what_cannot_be_recorded_is_refused(module: str) -> None:
    """A connection that is not open yet, as `websockets.connect()` gives it, would be recorded as silence."""
    kind = type("Connecting", (), {"__module__": module})

    with pytest.raises(
        TypeError, match=rf"takes an open connection, .*, not {module}.Connecting; recorder.client"
    ):
        Recorder().wrap(kind())


@pytest.mark.parametrize("side", ["client", "server"])
def test_what_the_helpers_of_openai_send_is_recorded(side: str) -> None:
    recorder = Recorder()
    websocket = AsyncConnection('{"type":"response.created"}')
    websocket.recv = functools.partial(said, websocket)  # type: ignore[method-assign]  # takes `decode`
    connection = recorder.wrap(AsyncRealtimeConnection(cast("Any", websocket)), side)

    async def talk() -> Any:
        await connection.response.create()
        return await connection.recv()

    assert asyncio.run(talk()).type == "response.created"
    other = "server" if side == "client" else "client"
    assert [(who, json.loads(raw)["type"]) for who, raw in recorder.frames] == [
        (side, "response.create"),
        (other, "response.created"),
    ]


async def said(websocket: AsyncConnection, *, decode: bool) -> bytes:
    assert decode is False
    return websocket.messages.pop(0).encode()


# The fixture and the option, in test runs of their own.


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makefile(".json", lines=json.dumps([LEGAL, BROKEN]))
    pytester.makepyfile(
        """
        import json, pathlib
        import pytest

        LEGAL, BROKEN = json.loads(pathlib.Path("lines.json").read_text())

        def play(recorder, lines):
            for direction, event in lines:
                getattr(recorder, direction)(event)

        def test_legal(realtime_recorder):
            play(realtime_recorder, LEGAL)

        def test_broken(realtime_recorder):
            play(realtime_recorder, BROKEN)

        def test_broken_on_purpose(realtime_recorder):
            realtime_recorder.judged = False
            play(realtime_recorder, BROKEN)

        def test_that_fails_by_itself(realtime_recorder):
            play(realtime_recorder, BROKEN)
            assert realtime_recorder is None

        def test_never_done(realtime_recorder):
            play(realtime_recorder, [line for line in LEGAL if line[1]["type"] != "session.updated"])
            realtime_recorder.fail_level = "warning"
            realtime_recorder.close()

        def test_without():
            pass
        """
    )
    return pytester


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["one", "xdist"])
def test_tests_fail_by_what_they_recorded(project: pytest.Pytester, workers: list[str]) -> None:
    ran = project.runpytest_subprocess(
        *LOAD, *workers, "--rtproto-report", "report.json", "-p", "no:cacheprovider"
    )

    ran.assert_outcomes(passed=3, failed=3)
    ran.stdout.fnmatch_lines_random(
        ["*error?OUT007? delta-before-content-part*", "*warning?SES007? session-update-unanswered*"]
    )
    report = json.loads((project.path / "report.json").read_text())
    found = {one["path"].rpartition("::")[2]: len(one["findings"]) > 0 for one in report["sessions"]}
    assert found == {
        "test_broken": True,
        "test_broken_on_purpose": True,
        "test_legal": False,
        "test_never_done": True,
        "test_that_fails_by_itself": True,
    }


def test_the_plugin_imports_nothing_before_it_is_used() -> None:
    program = (
        "import sys, pytest, rtproto.testing.plugin;"
        "print(*sorted(m for m in sys.modules if m.startswith(('rtproto', 'msgspec', 'hypothesis'))))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)

    assert (ran.stdout.split(), ran.stderr) == (["rtproto", "rtproto.testing", "rtproto.testing.plugin"], "")


def test_without_hypothesis_the_strategies_say_what_to_install() -> None:
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import rtproto.testing; rtproto.testing.generate(1)\n"
        "import rtproto.testing.strategies"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)

    assert ran.stderr.endswith("strategies needs hypothesis: pip install 'rtproto[testing]'\n")
