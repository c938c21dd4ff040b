"""What a recording holds of each message, and that it reads back as what was judged."""

from __future__ import annotations

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity
from rtproto.live import journal as journal_module
from rtproto.live.journal import Journal, Syncer
from rtproto.live.session import Body, Keeping, Recording, body
from rtproto.recording import check_file
from rtproto.rules import RULES
from rtproto.rules.sessions import SESSIONS, session
from rtproto.transcripts.jsonl import Close, read
from tests.judging import encode

ALL = Keeping(redact=False)
APPEND = b'{"type":"input_audio_buffer.append","audio":"%s"}'


@pytest.mark.parametrize(
    "data, expected",
    [
        (b'{"type": "x",  "n": 1.0}', Body("event", b'{"type": "x",  "n": 1.0}')),
        ('{"type":"é"}'.encode(), Body("event", '{"type":"é"}'.encode())),
        # On one line, whatever it is.
        (b'{\n"type":"x"\r\n}', Body("event", rb'"{\n\"type\":\"x\"\r\n}"')),
        (b"hello", Body("event", b'"hello"')),
        (b"", Body("event", b'""')),
        (b"[1, 2]", Body("event", b'"[1, 2]"')),
        (b'{"type": NaN}', Body("event", rb'"{\"type\": NaN}"')),
        (b"[" * 5000, Body("event", b'"' + b"[" * 5000 + b'"')),
        (b"\xff\x00", Body("raw", b'"/wA="')),
    ],
)
def test_how_a_message_is_written(data: bytes, expected: Body) -> None:
    assert body(data, ALL) == expected


def test_audio_is_left_out_when_asked() -> None:
    audio = base64.b64encode(bytes(range(100)))
    assert body(APPEND % audio, Keeping(elide_audio=True)) == Body("event", APPEND % b"", 100)
    assert body(APPEND % audio, Keeping()) == Body("event", APPEND % audio)


@pytest.mark.parametrize("payload", [b"", b"no base64!"])
def test_audio_without_a_length_stays(payload: bytes) -> None:
    assert body(APPEND % payload, Keeping(elide_audio=True)) == Body("event", APPEND % payload)


def test_secrets_go_from_everything() -> None:
    key = b"sk-0123456789"
    for data in (
        b'{"a":"%s"}' % key,
        b'{"a":\n"%s"}' % key,
        b"a %s b" % key,
        b'{"a":"%s",}' % key,
        APPEND[:-1] % b"AAAA" + b',"a":"%s"}' % key,
    ):
        assert key not in body(data, Keeping(elide_audio=True)).json
        assert key in body(data, ALL).json
    assert key not in base64.b64decode(body(b"\xff " + key, Keeping()).json)


class Kept:
    """A recording in a folder, and what it told."""

    def __init__(self, folder: Path, **options: Any) -> None:
        rotate = options.pop("rotate_bytes", None)
        self.syncer = Syncer("never")
        self.findings: list[tuple[str, Path, int]] = []
        self.troubles: list[str] = []
        self.recording = Recording(
            Journal(folder, "s", self.syncer, rotate_bytes=rotate),
            options.pop("checker", None) or SessionChecker(),
            on_finding=self._found,
            on_trouble=self.troubles.append,
            **options,
        )
        self.folder = folder

    def _found(self, finding: Finding, path: Path, line: int) -> None:
        self.findings.append((finding.code, path, line))

    def lines(self) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for path in sorted(self.folder.glob("*.jsonl"))
            for line in path.read_bytes().splitlines()
        ]


messages = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(str.encode),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3).map(
        lambda v: json.dumps(v).encode()
    ),
    st.just(b'{"type":"session.update"}'),
)


@given(data=st.lists(messages, max_size=5))
def test_every_message_reads_back_as_it_came(
    data: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = Kept(tmp_path_factory.mktemp("kept"), keeping=ALL)
    for message in data:
        kept.recording.message("client", message)
    kept.recording.close(1000)
    kept.syncer.close()
    frames = list(read(io.BytesIO(kept.recording.path.read_bytes())))
    assert [(frame.direction, frame.raw) for frame in frames[:-1]] == [("client", each) for each in data]
    assert [frame.line for frame in frames] == [*range(2, len(data) + 3)]


@pytest.mark.parametrize("elide", [False, True])
@pytest.mark.parametrize("name", SESSIONS)
def test_a_recording_is_judged_as_its_connection_was(name: str, elide: bool, tmp_path: Path) -> None:
    kept = Kept(tmp_path, keeping=Keeping(elide_audio=elide))
    for direction, raw in encode(session(name)):
        assert direction is not None
        kept.recording.message(direction, raw)
    kept.recording.close(1000, "bye", "server")
    kept.syncer.close()
    live = kept.recording.report()
    [again] = check_file(kept.recording.path).sessions
    # What a file is, and what it lacks, is only said of files.
    assert msgspec.structs.replace(again, format="", format_reason="", losses=()) == live
    assert live.roots(Severity.WARNING) == ()


@pytest.mark.parametrize("elide", [False, True])
@pytest.mark.parametrize("code", ["OUT016", "CLI005", "IAB017", "RSP004"])
def test_findings_are_the_same_live_and_from_the_file(code: str, elide: bool, tmp_path: Path) -> None:
    kept = Kept(tmp_path, keeping=Keeping(elide_audio=elide))
    for direction, raw in RULES[code].example.lines(breaking=True):
        kept.recording.message(direction, raw)
    kept.recording.close(1000)
    kept.syncer.close()
    [again] = check_file(kept.recording.path).sessions
    assert code in {found for found, _, _ in kept.findings}
    assert again.findings == kept.recording.report().findings


def test_the_head_and_the_end(tmp_path: Path) -> None:
    kept = Kept(tmp_path, about={"upstream": "wss://a.example"})
    kept.recording.message("server", b"\xff", binary=True)
    kept.recording.note(control="ping", direction="server", bytes=4)
    kept.recording.close(4001, "key sk-0123456789", "server")
    kept.recording.close(1000)
    kept.syncer.close()
    head, message, note, end = kept.lines()
    assert (
        head["recording"].items()
        >= {
            "version": 1,
            "part": 1,
            "redacted": True,
            "audio_elided": False,
            "upstream": "wss://a.example",
            "started": kept.recording.started,
        }.items()
    )
    assert head["recording"]["date"].endswith("+00:00")
    assert {**message, "t": 0} == {"t": 0, "direction": "server", "binary": True, "raw": "/w=="}
    assert note["recording"] == {"control": "ping", "direction": "server", "bytes": 4}
    assert end["direction"] == "server"
    assert end["close"] == {"code": 4001, "reason": "key sk-[redacted]"}
    assert 0 <= message["t"] <= note["t"] <= end["t"]


def test_parts_lead_to_each_other_and_lines_count_in_their_own(tmp_path: Path) -> None:
    kept = Kept(tmp_path, rotate_bytes=2000, from_start=True)
    for direction, raw in RULES["OUT016"].example.lines(breaking=True):
        kept.recording.message(direction, raw)
    kept.recording.close(1000)
    kept.syncer.close()
    first, second = tmp_path / "s.jsonl", tmp_path / "s.2.jsonl"
    assert json.loads(first.read_bytes().splitlines()[-1]) == {"recording": {"continues_in": "s.2.jsonl"}}
    head = json.loads(second.read_bytes().splitlines()[0])["recording"]
    assert (head["part"], head["continues"], head["started"]) == (2, "s.jsonl", kept.recording.started)
    assert "from_start" not in head
    assert json.loads(first.read_bytes().splitlines()[0])["recording"]["from_start"] is True
    for code, path, line in kept.findings:
        named = json.loads(path.read_bytes().splitlines()[line - 1])
        assert code != "OUT016" or named["event"]["type"].endswith(".delta")
    assert "OUT016" in {code for code, _, _ in kept.findings}
    # All parts one after another are the whole session.
    whole = tmp_path / "whole.jsonl"
    parts = sorted(tmp_path.glob("s*.jsonl"), key=lambda path: (len(path.name), path.name))
    whole.write_bytes(b"".join(path.read_bytes() for path in parts))
    [again] = check_file(whole).sessions
    assert again.findings == kept.recording.report().findings


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_full_disk_stops_the_recording_and_nothing_else(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    whole = os.write

    def write(descriptor: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls >= at:
            raise OSError(28, "No space left on device")
        return whole(descriptor, data)

    monkeypatch.setattr(journal_module.os, "write", write)
    kept = Kept(tmp_path)
    for direction, raw in RULES["OUT016"].example.lines(breaking=True):
        kept.recording.message(direction, raw)
    kept.recording.close(1000)
    kept.syncer.close()
    assert kept.troubles == [f"{tmp_path / 's.jsonl'}: cannot be written any more: No space left on device"]
    assert len(kept.lines()) == at - 1
    assert "OUT016" in {code for code, _, _ in kept.findings}


def test_a_fault_of_ours_stops_the_judging_and_nothing_else(tmp_path: Path) -> None:
    class Broken(SessionChecker):
        def feed(self, *arguments: Any, **options: Any) -> list[Finding]:
            raise ZeroDivisionError("oops")

    kept = Kept(tmp_path, checker=Broken())
    for _ in range(3):
        kept.recording.message("client", b'{"type":"response.create"}')
    kept.recording.close(1000)
    kept.syncer.close()
    assert len(kept.lines()) == 5
    [told] = kept.troubles
    assert "an error in rtproto itself, ZeroDivisionError: oops" in told


def test_a_peer_cannot_fill_the_memory_with_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtproto.live.session.MAX_FINDINGS", 5)
    kept = Kept(tmp_path)
    for _ in range(50):
        kept.recording.message("client", b"{")
    kept.recording.close(1000)
    kept.syncer.close()
    assert kept.troubles == [f"{tmp_path / 's.jsonl'}: not judged any more: more than 5 findings"]
    assert len(kept.lines()) == 52
    assert 5 < len(kept.findings) < 50


def test_a_broken_connection_reads_back_as_one(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.recording.close(1006, "gone")
    kept.syncer.close()
    [frame] = read(io.BytesIO(kept.recording.path.read_bytes()))
    assert frame.close == Close(1006, "gone")
    assert msgspec.json.decode(kept.recording.path.read_bytes().splitlines()[0])["recording"]["part"] == 1


@pytest.mark.parametrize("who, severity", [("client", Severity.INFO), ("server", Severity.WARNING)])
def test_who_hangs_up_while_something_is_pending(tmp_path: Path, who: str, severity: Severity) -> None:
    created = {"type": "session.created", "event_id": "e", "session": {"type": "realtime", "id": "sess_1"}}
    kept = Kept(tmp_path)
    kept.recording.message("server", json.dumps(created).encode())
    kept.recording.message("client", b'{"type":"response.create"}')
    kept.recording.close(1000, direction=who)

    findings = kept.recording.report().findings
    assert [f.severity for f in findings if f.code == "RSP019"] == [severity]
