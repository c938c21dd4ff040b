"""Recordings of all formats as JSON lines: by the schema, and the same when they are read back."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from rtproto.__main__ import main
from rtproto.convert import lines
from rtproto.transcripts.formats import open_recording
from rtproto.transcripts.frames import Close, Frame
from tests.test_transcripts_formats import SESSION
from tests.transcript_writers import WRITERS

SCHEMA = json.loads(
    files("rtproto.transcripts").joinpath("schema/rtproto-recording-1.schema.json").read_text("utf-8")
)


def converted(*frames: Frame, **options: bool) -> list[dict[str, Any]]:
    made = [json.loads(line) for line in lines(iter(frames), **options)]
    for line in made:
        jsonschema.validate(line, SCHEMA)
    return made


def test_members() -> None:
    created = b'{"type":"session.created",\n "event_id":"e"}'
    assert converted(
        Frame(1, None, created, 1781000000.5),
        Frame(2, "client", b"no JSON", 3.5, session="socket 1"),
        Frame(3, None, b'{"type":"response.done"}', loss="type-only"),
        Frame(4, "server", b"", close=Close(1000, "bye")),
    ) == [
        {"time": 1781000000.5, "direction": "server", "event": {"type": "session.created", "event_id": "e"}},
        {"connection": "socket 1", "direction": "client", "event": "no JSON"},
        {"direction": "server", "loss": "type-only", "event": {"type": "response.done"}},
        {"direction": "server", "close": {"code": 1000, "reason": "bye"}},
    ]


def test_secrets_in_what_is_no_event() -> None:
    text = b"authorization: Bearer abc123"
    assert converted(Frame(1, "client", text), redact=True) == [
        {"direction": "client", "event": "authorization: [redacted]"}
    ]
    event = b'{"type":"session.update","session":{"instructions":"authorization: Bearer abc123, or else"}}'
    [line] = converted(Frame(1, "client", event), redact=True)
    assert line["event"]["session"]["instructions"] == "authorization: Bearer [redacted], or else"


def test_secrets_and_audio() -> None:
    secret = b'{"type":"session.update","session":{"instructions":"key sk-abcdefghijklmnop"}}'
    audio = b'{"type":"input_audio_buffer.append","audio":"%s"}' % (b"AAAA" * 1200)
    assert converted(Frame(1, None, secret), Frame(2, None, audio), redact=True, elide_audio=True) == [
        {
            "direction": "client",
            "event": {"type": "session.update", "session": {"instructions": "key sk-[redacted]"}},
        },
        {
            "direction": "client",
            "audio_bytes": 3600,
            "event": {"type": "input_audio_buffer.append", "audio": ""},
        },
    ]


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_read_back(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    format, write = WRITERS[name]
    source, target = tmp_path / "in", tmp_path / "out.jsonl"
    source.write_text(write(SESSION)[0], encoding="utf-8")
    assert main(["convert", str(source), "-o", str(target)]) == 0
    assert f"read as {format}" in capsys.readouterr().err
    for line in target.read_bytes().splitlines():
        jsonschema.validate(json.loads(line), SCHEMA)
    back = open_recording(io.BytesIO(target.read_bytes()))
    assert back.format.name == "jsonl"
    assert [(frame.direction, json.loads(frame.raw)) for frame in back.frames(10**6)] == SESSION


def test_losses_and_connections_are_read_back() -> None:
    frames = [
        Frame(1, "server", b'{"type":"response.done"}', 1781000000.5, loss="type-only", session="a"),
        Frame(2, "server", b'{"type":"error"}', loss="elided"),
        Frame(3, "client", b'{"type":"response.create"}', session="b"),
    ]
    back = open_recording(io.BytesIO(b"".join(lines(iter(frames)))))
    assert back.lossy
    assert [msgspec.structs.replace(frame, around=b"") for frame in back.frames(10**6)] == frames


def test_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in", tmp_path / "out.jsonl"
    source.write_text("Dear diary\n")
    assert main(["convert", str(source), "-o", str(target)]) == 2
    assert "not converted: this does not look like" in capsys.readouterr().err
    assert not target.exists()
    source.write_text('{"type":"error"}\n')
    target.write_text("mine")
    for arguments in (["-o", str(target)], ["-o", "x", "--input-format", "csv"]):
        with pytest.raises(SystemExit):
            main(["convert", str(source), *arguments])
    assert target.read_text() == "mine"
    assert main(["convert", str(tmp_path / "none"), "-o", "-"]) == 2
    assert "none: not converted: no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "why, damage",
    [
        ("the JSON stops in the middle of the value that begins at line 2", lambda raw: raw[:-20]),
        ("the compressed data is broken", lambda raw: gzip.compress(raw * 9)[:-20]),
    ],
)
def test_a_source_that_fails_midway_leaves_nothing(
    why: str, damage: Callable[[bytes], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in", tmp_path / "out.jsonl"
    whole = b'[{"type":"error"},\n{"type":"response.create","response":{}}]'
    source.write_bytes(damage(whole))
    assert main(["convert", str(source), "-o", str(target)]) == 2
    assert f"in: not converted: {why}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    source.write_bytes(whole)
    assert main(["convert", str(source), "-o", str(target)]) == 0
    assert len(target.read_bytes().splitlines()) == 2


def test_a_disk_that_is_full(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "in", tmp_path / "out.jsonl"
    source.write_text('{"type":"error"}\n')

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "replace", full)
    assert main(["convert", str(source), "-o", str(target)]) == 2
    assert f"{target}: not converted: no space left on device" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
