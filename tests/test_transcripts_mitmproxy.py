"""Flow files, with stand-ins for mitmproxy's reader: it is no dependency of these tests."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, BinaryIO

import pytest

from rtproto.transcripts.formats import open_recording
from rtproto.transcripts.frames import Close, Frame, NotARecording, Unreadable

FLOWS = b"2105:9:websocket;286:13:timestamp_end;7:version;2:20#"
CREATED = b'{"type":"session.created","event_id":"e1","session":{"type":"realtime"}}'


def message(content: bytes, *, sent: bool = False, text: bool = True) -> SimpleNamespace:
    return SimpleNamespace(content=content, from_client=sent, is_text=text, timestamp=1781000000.5)


def flow(*messages: SimpleNamespace, code: int | None = None) -> SimpleNamespace:
    socket = SimpleNamespace(
        messages=list(messages), close_code=code, close_reason="", timestamp_end=1781000009.0
    )
    return SimpleNamespace(websocket=socket)


class FlowReadError(Exception):
    pass


def install(monkeypatch: pytest.MonkeyPatch, *flows: Any) -> None:
    class FlowReader:
        def __init__(self, stream: BinaryIO) -> None:
            assert stream.read() == FLOWS

        def stream(self) -> Iterator[Any]:
            for each in flows:
                if isinstance(each, Exception):
                    raise each
                yield each

    reader, errors = ModuleType("mitmproxy.io"), ModuleType("mitmproxy.exceptions")
    reader.__dict__["FlowReader"] = FlowReader
    errors.__dict__["FlowReadException"] = FlowReadError
    for name, module in (
        ("mitmproxy", ModuleType("mitmproxy")),
        ("mitmproxy.io", reader),
        ("mitmproxy.exceptions", errors),
    ):
        monkeypatch.setitem(sys.modules, name, module)


def read(limit: int = 1000) -> list[Frame]:
    recording = open_recording(io.BytesIO(FLOWS))
    assert recording.format.name == "mitmproxy"
    return list(recording.frames(limit))


def test_messages_of_realtime_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    other = flow(message(b"ping"))
    ours = flow(
        message(CREATED),
        message(b"\x00", text=False),
        message(b'{"type":"response.create"}', sent=True),
        code=1000,
    )
    install(monkeypatch, SimpleNamespace(), other, ours, flow(message(CREATED)))
    assert read() == [
        Frame(1, "server", CREATED, 1781000000.5, session="socket 1"),
        Frame(2, "client", b'{"type":"response.create"}', 1781000000.5, session="socket 1"),
        Frame(2, None, b"", 1781000009.0, close=Close(1000), session="socket 1"),
        Frame(1, "server", CREATED, 1781000000.5, session="socket 2"),
    ]
    (frame, *_) = read(limit=20)
    assert frame.fault is not None
    assert frame.fault.kind == "too-long"


def test_files_that_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, flow(message(b"ping")))
    with pytest.raises(NotARecording, match="no WebSocket carries Realtime events"):
        read()
    install(monkeypatch, flow(message(CREATED)), FlowReadError("broken"))
    with pytest.raises(Unreadable, match="cannot be read on: broken"):
        read()
    monkeypatch.setitem(sys.modules, "mitmproxy", None)
    monkeypatch.delitem(sys.modules, "mitmproxy.io")
    with pytest.raises(Unreadable, match="pip install mitmproxy"):
        read()
