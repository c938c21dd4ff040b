"""`python -m rtproto record` as its user meets it: what it says, how it ends, and what is left when it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rtproto import console
from rtproto.live import command
from rtproto.recording import check_file
from rtproto.rules import RULES
from tests.conftest import ROOT
from tests.live_peers import Scripted, run, server

from websockets.asyncio.client import connect  # isort: skip - after the skip in `live_peers`
from websockets.asyncio.server import ServerConnection  # isort: skip
from websockets.exceptions import ConnectionClosed  # isort: skip

RECORD = [sys.executable, "-m", "rtproto", "record"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
BROKEN = [(side, json.loads(raw)) for side, raw in RULES["OUT016"].example.lines(breaking=True)]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


class Running:
    """A recorder in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, said: str) -> None:
        self.process = process
        self.url = url
        self.said = said

    async def stop(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        self.process.send_signal(number)
        out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), self.said + err.decode()


@asynccontextmanager
async def recording(upstream: str, folder: Path, *options: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *RECORD,
        *("--upstream", upstream, "--listen", "127.0.0.1:0", "-o", str(folder)),
        *options,
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = ""
    try:
        while (match := re.search(r"listening on (ws://\S+)", said)) is None:
            line = await process.stderr.readline()
            assert line, f"the recorder ended: {said}"
            said += line.decode()
        yield Running(process, match[1], said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_a_run_from_start_to_summary(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with server(Scripted(BROKEN)) as url, recording(url, tmp_path) as running:
            async with connect(f"{running.url}/v1/realtime?model=m&api-key=secret") as client:
                for direction, event in BROKEN:
                    if direction == "client":
                        await client.send(json.dumps(event))
                    else:
                        await client.recv()
                await client.wait_closed()
            code, out, err = await running.stop()
            [path] = tmp_path.glob("*.jsonl")
            assert code == 1
            first, *_, title, counted, last = out.splitlines()
            assert re.fullmatch(re.escape(str(path)) + r":\d+: error\[OUT016\] delta-after-done: .+", first)
            assert (title, counted.split()) == (
                "findings by rule:",
                ["1", "error", "OUT016", "delta-after-done"],
            )
            assert last.startswith(f"checked 1 file, {len(BROKEN)} events: 1 error")
            name = path.stem
            assert f"{name}: open, /v1/realtime?model=m&api-key=[masked]" in err
            assert f"{name}: closed, 1000: {len(BROKEN)} events, ga, 1 error" in err

    run(scenario())


@pytest.mark.parametrize(
    "options, code", [((), 0), (("--fail-level", "info"), 0), (("--elide-audio", "--fsync", "always"), 0)]
)
def test_an_idle_run_ends_well(options: tuple[str, ...], code: int, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recording("ws://127.0.0.1:9", tmp_path, *options) as running:
            assert await running.stop(signal.SIGTERM) == (
                code,
                "nothing checked\n",
                running.said,
            )

    run(scenario())


def test_a_refusal_is_shown_without_its_secrets_and_escapes(tmp_path: Path) -> None:
    async def scenario() -> None:
        def refuse(connection: ServerConnection, request: Any) -> Any:
            return connection.respond(401, "Incorrect key: sk-proj-0123456789 \x1b[31m\n")

        async with server(echo, process_request=refuse) as url, recording(url, tmp_path) as running:
            with pytest.raises(Exception, match="401"):
                await connect(running.url)
            code, _, err = await running.stop()
            assert code == 0
            assert "the upstream refuses: 401 Unauthorized: Incorrect key: sk-[masked] \\x1b[31m" in err

    run(scenario())


@pytest.mark.parametrize("delay", ["0", "5"])
@pytest.mark.parametrize("after", [1, 173])
def test_killed_it_leaves_whole_lines_in_order(after: int, delay: str, tmp_path: Path) -> None:
    """SIGKILL in the middle of traffic.  Without a delay every message that was answered is in the file."""
    answered: list[bytes] = []

    async def scenario() -> None:
        async with server(echo) as url, recording(url, tmp_path, "--delay", delay) as running:
            client = await connect(running.url)

            async def flood() -> None:
                number = 0
                while True:
                    number += 1
                    await client.send(f'{{"type":"input_audio_buffer.clear","event_id":"c{number}"}}')
                    await asyncio.sleep(0)  # sending alone never lets the others run

            sending = asyncio.create_task(flood())
            try:
                async for message in client:
                    answered.append(message.encode() if isinstance(message, str) else message)
                    if len(answered) == after:
                        running.process.kill()
            except ConnectionClosed:
                pass
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await running.process.wait()

    run(scenario())
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("*.jsonl"))
    assert raw.endswith(b"\n") or not raw
    lines = [json.loads(line) for line in raw.splitlines()]
    sent = [line["event"]["event_id"] for line in lines if line.get("direction") == "client"]
    back = [line["event"]["event_id"] for line in lines if line.get("direction") == "server"]
    wanted = [json.loads(message)["event_id"] for message in answered]
    assert len(wanted) >= after
    assert sent == [f"c{number}" for number in range(1, len(sent) + 1)]
    assert back == sent[: len(back)]
    if delay == "0":
        assert sent[: len(wanted)] == wanted
    sessions = [session for path in tmp_path.glob("*.jsonl") for session in check_file(path).sessions]
    assert sum(session.events for session in sessions) == len(sent) + len(back)


@pytest.mark.parametrize(
    "options, told",
    [
        (("--upstream", "api.openai.com"), "an upstream is a URL like wss://"),
        (("--upstream", "wss://a:b@c"), "no user name"),
        (("--upstream", "ws://[::1"), "not a URL"),
        (("--upstream", "ws://h", "--listen", "8765"), "no HOST:PORT"),
        (("--upstream", "ws://h", "--listen", ":8765"), "no HOST:PORT"),
        (("--upstream", "ws://h", "--select", "NOPE"), "no rule 'NOPE'"),
        (("--upstream", "ws://h", "--profile", "nope"), "no profile 'nope'"),
        (("--upstream", "ws://h", "--rotate", "lots"), "a size such as"),
        (("--upstream", "ws://h", "--max-connections", "0"), "a number, 1 or more"),
        (("--upstream", "ws://h", "--fsync-seconds", "-1"), "a number of seconds"),
        (("--upstream", "ws://h", "--delay", "soon"), "milliseconds, 0 to 999"),
        ((), "the following arguments are required: --upstream"),
    ],
)
def test_wrong_options_are_told(
    options: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(options)
    assert caught.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, told",
    [
        (("--listen", "127.0.0.1:{port}"), "the port is in use"),
        (("-o", "{folder}/file"), "recordings cannot be kept there: file exists"),
        (("--upstream-ca", "{folder}/file"), "no certificates can be read from {folder}/file"),
        (("--tls", "{folder}/missing"), "no such file or directory"),
        (("--listen", "no.such.host.invalid:1"), "cannot listen on no.such.host.invalid:1"),
    ],
)
def test_what_cannot_run_says_why(
    options: tuple[str, str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no certificate")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        values = {"port": taken.getsockname()[1], "folder": tmp_path}
        name, value = options
        arguments = [
            "--upstream",
            "wss://127.0.0.1:9",
            "-o",
            str(tmp_path / "s"),
            name,
            value.format(**values),
        ]
        assert command.main(arguments) == 2
    assert told.format(**values) in capsys.readouterr().err


def test_listening_beyond_the_loopback_is_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recording("ws://127.0.0.1:9", tmp_path, "--listen", "0.0.0.0:0", "--no-redact") as running:
            _, _, err = await running.stop()
            assert "0.0.0.0 is not a loopback address: whoever reaches this machine can connect" in err
            assert "keys and secrets are written" in err

    run(scenario())


@pytest.mark.parametrize(
    "text, size", [("65536", 65536), ("64k", 64000), ("64KiB", 65536), ("1 GB", 10**9), ("2mib", 2**21)]
)
def test_sizes(text: str, size: int) -> None:
    assert command.parser("record", []).parse_args(["--upstream", "x", "--rotate", text]).rotate == size


def test_the_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "websockets", None)
    assert command.main(["--upstream", "ws://h"]) == 2
    assert "pip install 'rtproto[live]'" in capsys.readouterr().err


def test_the_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from rtproto.__main__ import main

    with pytest.raises(SystemExit):
        main(["record", "--help"])
    assert "--upstream" in capsys.readouterr().out
    assert console.INTERRUPTED == 130
