"""The generated sessions are what the benchmarks say they are, and the benchmarks run."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import contenders
from benchmarks.sessions import text_session, voice_session
from benchmarks.workloads import Workload, audio_deltas, text_deltas, workloads

WORKLOADS = workloads(smoke=True)


def test_sessions_are_the_same_bytes_on_every_run() -> None:
    assert text_session() == text_session()
    assert voice_session() == voice_session()


@pytest.mark.parametrize("load", WORKLOADS, ids=lambda load: load.name)
def test_every_contender_reads_every_line(load: Workload) -> None:
    assert contenders.misread(load) == []


@pytest.mark.parametrize("load", WORKLOADS, ids=lambda load: load.name)
def test_sessions_are_legal(load: Workload) -> None:
    assert contenders.findings(load) == []


def test_sizes_are_those_of_the_wire() -> None:
    """200 to 280 bytes a text delta; 400 ms of pcm16 at 24 kHz are 19,200 bytes, in base64 25,600 characters."""
    assert all(200 <= len(raw) <= 280 for _, raw in text_deltas(500).frames)
    [(direction, raw)] = audio_deltas(400, 1).frames
    assert direction == "server"
    delta = json.loads(raw)["delta"]
    assert (len(delta), len(b64decode(delta, validate=True))) == (25_600, 19_200)


def test_the_voice_session_has_what_a_call_has() -> None:
    events = [json.loads(raw) for _, raw in voice_session()]
    types = {event["type"] for event in events}
    statuses = {event["response"]["status"] for event in events if event["type"] == "response.done"}
    assert {
        "input_audio_buffer.append",
        "input_audio_buffer.committed",
        "conversation.item.truncated",
    } <= types
    assert "conversation.item.input_audio_transcription.completed" in types
    assert statuses == {"completed", "cancelled"}


def test_the_benchmarks_run_and_write_their_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "figures.json"
    assert program.main(["--smoke", "--json", str(target)]) == 0
    figures = json.loads(target.read_text(encoding="utf-8"))
    assert [load["name"] for load in figures["workloads"]] == [load.name for load in WORKLOADS]
    names = {contender["name"] for load in figures["workloads"] for contender in load["contenders"]}
    assert names == {contender.name for contender in contenders.contenders()}
    assert "orjson" in capsys.readouterr().out
