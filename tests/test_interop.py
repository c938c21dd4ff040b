"""Stock clients through the recorder: what they and the server get is what they get without it, byte for byte.

The Node clients run where `RTPROTO_NODE_MODULES` names a folder with the packages `openai` and `ws`; `.ci/run` installs
them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rtproto.findings import Severity
from rtproto.recording import check_file
from rtproto.rules.sessions import session
from tests.conftest import ROOT
from tests.live_peers import Front, Scripted, recorder, run, server

FOLDER = ROOT / "tests" / "interop"
NODE_MODULES = os.environ.get("RTPROTO_NODE_MODULES", "")
NODE = shutil.which("node")
SESSIONS = {"ga": "tool_call", "beta": "beta_voice_turn"}


async def client(
    command: Sequence[str], runs: Sequence[Mapping[str, Any]], environment: Mapping[str, str]
) -> list[list[str]]:
    """What a client got in each of these runs."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(json.dumps(runs).encode())
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()]


async def compare(
    command: Sequence[str],
    kinds: Sequence[str],
    folder: Path,
    *,
    tls: ssl.SSLContext | None = None,
    trusted: ssl.SSLContext | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run a client, of each kind and in each namespace, at the server itself and then at the recorder."""
    runs: list[dict[str, Any]] = []
    places: list[tuple[Scripted, Front]] = []
    async with contextlib.AsyncExitStack() as stack:
        for kind in kinds:
            for namespace, name in SESSIONS.items():
                script = session(name)
                peer = Scripted(script)
                subprotocols = ["realtime"] if kind == "browser" else None
                url = await stack.enter_async_context(server(peer, tls=tls, subprotocols=subprotocols))
                own = folder / kind / namespace
                own.mkdir(parents=True)
                front = await stack.enter_async_context(recorder(url, own, tls=tls, trusted=trusted))
                places.append((peer, front))
                steps = [event if side == "client" else None for side, event in script]
                runs += [
                    {"kind": kind, "namespace": namespace, "url": f"{place}/v1", "steps": steps}
                    for place in (url, front.url)
                ]
        came = await client(command, runs, environment or {})
        for number, (peer, front) in enumerate(places):
            await front.over()
            same(came[2 * number], came[2 * number + 1], peer, front)


def same(alone: list[str], through: list[str], peer: Scripted, front: Front) -> None:
    """What passed without the recorder and through it, and what the recording holds."""
    first, second = peer.visits
    assert alone == through == second.sent
    assert second.received == first.received
    assert second.path == first.path
    assert without_what_differs(second.headers) == without_what_differs(first.headers)
    assert front.events("server") == [text.encode() for text in second.sent]
    assert front.events("client") == [as_bytes(message) for message in second.received]
    assert front.notes.troubles == front.notes.failures == []
    [(report, code, _)] = front.notes.ends
    assert (report.roots(Severity.WARNING), code) == ((), 1000)
    [file] = front.files()
    [again] = check_file(file).sessions
    assert (again.findings, again.events) == (report.findings, len(second.sent) + len(second.received))
    assert b"0123456789abcdef" not in file.read_bytes()


def as_bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def without_what_differs(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The key of a handshake is random."""
    return [(name, value) for name, value in headers if name.lower() not in ("sec-websocket-key", "host")]


def test_openai_python(tmp_path: Path) -> None:
    pytest.importorskip("openai")
    run(compare([sys.executable, str(FOLDER / "openai_python.py")], ["sync", "async"], tmp_path))


@pytest.mark.skipif(not NODE or not NODE_MODULES, reason="RTPROTO_NODE_MODULES names no packages of Node")
def test_openai_node(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    root = tmp_path / "root.pem"
    authority.cert_pem.write_to_path(str(root))
    # Node looks for packages beside the script.
    script = Path(NODE_MODULES).parent / "openai_node.mjs"
    shutil.copyfile(FOLDER / "openai_node.mjs", script)
    environment = {"NODE_EXTRA_CA_CERTS": str(root)}
    command = [NODE or "node", str(script)]
    run(compare(command, ["ws", "browser"], tmp_path, tls=ours, trusted=theirs, environment=environment))
