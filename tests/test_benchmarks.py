"""The generated sessions are what the benchmarks say they are, and the benchmarks run."""

from __future__ import annotations

import io
import json
import os
from base64 import b64decode
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from benchmarks import __main__ as program
from benchmarks import child, contenders, figures, instructions, load, plots, report, scaling, stream
from benchmarks.figures import Comparison, Contest, Curve, Point, Timing
from benchmarks.sessions import text_session, text_turns, voice_session, voice_turns
from benchmarks.workloads import Workload, audio_deltas, text_deltas, workloads
from rtproto.recording import check_stream

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


def test_a_session_without_an_end_begins_as_one_with_an_end() -> None:
    text = [frame for turn in islice(text_turns(), 4) for frame in turn]
    voice = [frame for turn in islice(voice_turns(), 4) for frame in turn]

    assert text == text_session(4)
    assert voice == voice_session(6)[: len(voice)]


@pytest.mark.parametrize("turns", [text_turns, voice_turns])
def test_a_session_without_an_end_is_legal(turns: scaling.Batches) -> None:
    assert scaling.checked(turns(), 3_000, legal=True) > 0


def test_a_fault_ends_the_measurement_of_a_legal_shape() -> None:
    with pytest.raises(RuntimeError, match="has RSP001 at line 8"):
        scaling.checked(scaling.strangers(), 20, legal=True)


def test_the_sizes_of_events_span_the_classes() -> None:
    sizes = {load.name: load.size / len(load.frames) for load in workloads(smoke=True)}

    assert sizes["text delta"] < 256
    deltas = [sizes[f"{ms:,} ms audio delta"] for ms in (20, 60, 250, 1_000, 4_000)]
    # 48 bytes a ms, four characters for three of them.
    assert [round((size - deltas[0]) / 64) for size in deltas] == [0, 40, 230, 980, 3_980]
    assert 900 < sizes["response.done, 200 characters"] < 1_200
    assert 200_000 < sizes["session.updated, 500 tools"] < 260_000


@pytest.mark.parametrize(
    "text, size", [("10GB", 10_000_000_000), ("500MB", 500_000_000), ("3 kB", 3_000), ("4096", 4_096)]
)
def test_sizes_are_read_as_they_are_written(text: str, size: int) -> None:
    assert stream.size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "1.5GB", "10GiB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        stream.size(text)


@pytest.mark.parametrize(
    "shape, sessions", [(stream.TEXT, 1), (stream.TEXTS, 2), (stream.SESSION, 1), (stream.SESSIONS, 1)]
)
def test_a_stream_is_legal_and_as_long_as_asked_for(shape: str, sessions: int, tmp_path: Path) -> None:
    path = tmp_path / "stream"
    with path.open("wb") as file:
        stream.write(shape, 250_000, file.fileno())

    checked = check_stream(io.BytesIO(path.read_bytes()))

    assert path.stat().st_size >= 250_000
    assert [(session.events > 30, session.findings) for session in checked.sessions] == [
        (True, ())
    ] * sessions


def test_a_stream_that_nobody_reads_ends() -> None:
    source, sink = os.pipe()
    os.close(source)
    try:
        stream.write(stream.SESSION, 10**9, sink)
    finally:
        os.close(sink)


def test_the_slope_is_that_of_the_logarithms() -> None:
    def curve(exponent: float) -> Curve:
        points = [Point(count=n, seconds=[3e-6 * n**exponent] * 3) for n in (10, 100, 1_000)]
        return Curve(shape="", points=points)

    assert curve(1).slope == pytest.approx(1)
    assert curve(2).slope == pytest.approx(2)


def contest(**seconds: list[float]) -> Contest:
    timings = [Timing(name=name, seconds=each) for name, each in seconds.items()]
    return Contest(name="w", family="f", lines=10, bytes=2_000, timings=timings)


def test_ratios_are_taken_within_rounds() -> None:
    # In the third round the machine was five times as slow: for both.
    each = contest(ours=[1e-5, 1e-5, 5e-5], theirs=[3e-5, 4e-5, 15e-5])

    assert each.times("theirs", "ours") == pytest.approx(3)
    assert each.spread("theirs", "ours") == pytest.approx((3, 3.5))
    assert each.microseconds("ours") == pytest.approx(1)
    assert each.events_per_second("ours") == pytest.approx(1_000_000)
    assert each.megabytes_per_second("ours") == pytest.approx(200)
    assert each.size == 200


def test_a_command_tells_what_it_took() -> None:
    told = child.measured(["-c", "print('x' * 3)"])

    assert told["stdout"] == "xxx\n"
    assert told["seconds"] >= told["cpu_seconds"] / (os.cpu_count() or 1) > 0
    # Python alone takes some MiB, and what holds 100 MB holds them too.
    much = child.measured(["-c", "x = b'x' * 100_000_000"])
    assert 1_000 < told["peak_kib"] < 60_000 < 97_000 < much["peak_kib"] < 200_000


def test_a_command_that_fails_ends_the_measurement() -> None:
    with pytest.raises(RuntimeError, match="exit status 3"):
        child.measured(["-c", "raise SystemExit(3)"])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    for part in figures.PARTS:
        assert program.main([part, "--smoke", "--stream", "300kB", "--results", str(folder)]) == 0
    return folder


def test_the_benchmarks_run_and_keep_their_figures(results: Path) -> None:
    kept = figures.read(results)

    assert [contest.name for contest in kept.comparison.workloads] == [load.name for load in WORKLOADS]
    names = {name for contest in kept.comparison.workloads for name in contest.names()}
    assert names == {contender.name for contender in contenders.contenders()}
    assert set(contenders.absent()) == set(kept.comparison.absent)
    assert kept.comparison.measured.command == "python -m benchmarks comparison --smoke --stream 300000"
    assert [point.count for point in kept.scaling.lengths[0].points] == [100, 300]
    assert all(stream.events > 100 and stream.peak_kib > 5_000 for stream in kept.scaling.streams)


@pytest.mark.parametrize("folder", ["measured now", "committed"])
def test_figures_are_as_their_schema_says(folder: str, results: Path) -> None:
    chosen = results if folder == "measured now" else figures.RESULTS
    validator = Draft202012Validator(json.loads(figures.schema()))

    for part in figures.PARTS:
        document = json.loads((chosen / f"{part}.json").read_text(encoding="utf-8"))
        assert document["part"] == part
        assert list(validator.iter_errors(document)) == []


def test_the_page_and_its_plots_are_what_the_committed_figures_give(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report.main(["--check"]) == 0, capsys.readouterr().out


def test_a_figure_that_was_typed_by_hand_is_told(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="the plots come with the extra `bench`")
    for name in figures.PARTS:
        (tmp_path / f"{name}.json").write_bytes((results / f"{name}.json").read_bytes())
    places = ["--results", str(tmp_path), "--docs", str(tmp_path / "docs")]

    assert report.main(["--write", *places]) == 0
    assert report.main(["--check", *places]) == 0
    page, figure = tmp_path / "docs" / "performance.md", tmp_path / "scaling.json"
    assert "{{" not in page.read_text(encoding="utf-8")
    page.write_text(page.read_text(encoding="utf-8").replace("µs an event", "0.01 µs an event", 1))
    figure.write_bytes(figure.read_bytes().replace(b'"seed": 20250828', b'"seed": 20250829'))
    assert report.main(["--check", *places]) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told] == ["performance.md", "performance/scaling.svg"]


def test_plots_are_the_same_bytes_from_the_same_figures(results: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plots come with the extra `bench`")
    kept = figures.read(results)

    first, second = (plots.svg(kept.comparison, plots.sizes, (6, 3), "0" * 64) for _ in range(2))

    assert first == second
    assert plots.drawn_from(first) == "0" * 64
    assert "<dc:date>" not in first


def test_without_figures_there_is_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["--check", "--results", str(tmp_path)]) == 2
    assert "python -m benchmarks --write makes them" in capsys.readouterr().err


def test_the_template_asks_for_figures(results: Path) -> None:
    each = contest(**{contenders.DECODE: [2e-5], contenders.PYDANTIC: [1.5e-5], "orjson.loads": [4e-5]})
    kept = figures.read(results)
    compared = Comparison(measured=kept.comparison.measured, workloads=[each], absent=[])
    page = report.Page(kept._replace(comparison=compared))

    text = report.filled("{{us: w | decode}} µs, {{times: w | decode | orjson}} of it, {{lost}}", page)

    assert text == "2.00 µs, 0.50 of it, 1 of 1"
    assert page.losses().splitlines()[-1] == "| w | 200 | pydantic, discriminated 0.75 |  |"
    for call in ("{{us: no such workload | decode}}", "{{us: w | sdk}}", "{{targets}}"):
        with pytest.raises(KeyError):
            report.filled(call, page)


@pytest.mark.parametrize(
    "value, shown",
    [(0.123, "0.12"), (9.994, "9.99"), (12.34, "12.3"), (99.94, "99.9"), (123.4, "123"), (1234.5, "1,234")],
)
def test_figures_have_three_digits(value: float, shown: str) -> None:
    assert report.figure(value) == shown


def test_goals_are_reached_or_missed() -> None:
    assert report.Goal("", most=2, least=None, value=2).reached
    assert not report.Goal("", most=2, least=None, value=2.01).reached
    assert report.Goal("", most=None, least=40, value=41).reached
    assert not report.Goal("", most=None, least=40, value=39).reached


def test_samples_are_kept_with_five_digits() -> None:
    assert figures.rounded({"a": [1.2345678e-05, 3], "b": "x"}) == {"a": [1.2346e-05, 3], "b": "x"}


@pytest.mark.parametrize("arguments", [["nothing"], ["--smoke", "--write"], ["--stream", "much"]])
def test_wrong_options_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m benchmarks" in capsys.readouterr().err


def test_what_holds_other_members_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"count": 1, "seconds": [], "second": 1}', type=Point)


def test_quantiles_are_told_in_microseconds() -> None:
    times = [number / 1e6 for number in range(1, 1_001)]

    assert load.quantiles(times) == pytest.approx({"0.5": 501.0, "0.99": 991.0, "0.999": 1000.0})


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
