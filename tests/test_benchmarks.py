"""The generated sessions are what the benchmarks say they are, and the benchmarks run."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import contenders, instructions, load
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


def test_the_load_of_many_sessions_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert load.main(["--sessions", "2", "--turns", "1", "--longest", "2"]) == 0

    told = capsys.readouterr().out
    assert "text, 2 turns" in told
    assert "µs of feed, 2 sessions" in told


def test_quantiles_are_told_in_microseconds() -> None:
    times = [number / 1e6 for number in range(1, 1_001)]

    assert load.quantiles(times).split() == ["501.0", "991.0", "1000.0"]


def test_more_instructions_than_a_tenth_above_the_known_are_told() -> None:
    known = {"text": 1_000, "voice": 2_000}

    assert instructions.exceeded({"text": 1_100, "voice": 1_500}, known) == []
    assert instructions.exceeded({"text": 1_101, "voice": 2_600}, known) == [
        "text: 1,101k instructions, +10.1% of 1,000k",
        "voice: 2,600k instructions, +30.0% of 2,000k",
    ]


def test_what_is_counted_is_judged_to_the_end() -> None:
    assert instructions.main(["--pass", "text", "1"]) == 0


def test_without_valgrind_nothing_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)

    assert instructions.main(["--check"]) == 0
    assert "apt-get install valgrind" in capsys.readouterr().out


def test_growth_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    figures = tmp_path / "instructions.json"
    figures.write_text(json.dumps({instructions.VERSION: {"text": 1_000, "voice": 2_000}}))
    monkeypatch.setattr(instructions, "FIGURES", figures)
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setattr(instructions, "measured", lambda: {"text": 1_500, "voice": 2_000})

    assert instructions.main(["--check"]) == 1
    assert "+50.0%" in capsys.readouterr().out
    assert instructions.main(["--write"]) == 0
    assert instructions.main(["--check"]) == 0
