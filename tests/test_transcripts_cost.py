"""Files that stand for more work than they look: read, judged right, and within bounds that are told.

That what they cost follows their length no test can hold but by the clock: `python -m tests.growth` measures it.  Here
the same texts are read, some of them so long that the square of their length would take minutes.
"""

from __future__ import annotations

import io
import json

import pytest

from rtproto.findings import Report
from rtproto.recording import check_stream
from rtproto.transcripts import elision, frames
from rtproto.transcripts.formats import is_recording
from tests.growth import CREATED, TEXTS, Input, inputs

LENGTH = 100_000
INPUTS = {name: [each for each in inputs() if each.name.startswith(f"{name}, ")] for name in TEXTS}
BY_LINE = (
    "aiohttp",
    "chrome-console",
    "frame-table",
    "jsonl",
    "labelled",
    "python-log",
    "text",
    "websockets",
)
"""Formats in which a line that is no event takes nothing from the event before it."""


def judged(data: str | bytes, format: str | None = None) -> Report:
    return check_stream(io.BytesIO(data if isinstance(data, bytes) else data.encode()), input_format=format)


def events(data: str | bytes, format: str | None = None) -> list[tuple[str, int]]:
    return [(session.format, session.events) for session in judged(data, format).sessions]


def refusal(data: str | bytes, format: str | None = None) -> str:
    (unchecked,) = judged(data, format).unchecked
    return unchecked.reason


@pytest.mark.parametrize("name", TEXTS)
def test_every_format_reads_a_hostile_text(name: str) -> None:
    def told(each: Input) -> bool:
        report = each.judged(400)
        if each.format in BY_LINE:
            return report.sessions[0].events > 0
        return bool(report.sessions or report.unchecked)

    assert [each.name for each in INPUTS[name] if not told(each)] == []


@pytest.mark.parametrize(
    "text",
    [
        "x" + " " * LENGTH,
        "x" + "\n" * LENGTH + "y",
        "[" + " " * LENGTH + "x",
        "events:\n" + "\n" * LENGTH + "y",
    ],
    ids=["spaces", "blank lines", "an array", "a list"],
)
def test_what_is_empty_is_refused(text: str) -> None:
    assert refusal(text).startswith("this does not look like a Realtime recording; it begins with ")


@pytest.mark.parametrize(
    "text",
    [
        "x " + '"{' * (LENGTH // 2) + ' type: "session.created"',
        'x "{' + '\\"{' * (LENGTH // 3) + '" type: "session.created"',
        'x {type: "' + '\\"' * (LENGTH // 2),
        "x {type: " + "\u2018" * LENGTH,
        "x {type: " + "\"'`\u2018\u201c" * (LENGTH // 5),
        "{} " * (LENGTH // 3),
        "a" * LENGTH,
        "\n" * (LENGTH - 1),
    ],
    ids=[
        "braces",
        "braces in a string",
        "escapes",
        "curly",
        "all quotes",
        "objects",
        "letters",
        "blank lines",
    ],
)
def test_an_event_is_found_behind_what_is_none(text: str) -> None:
    report = judged(f"{text}\ny {CREATED}\n", "text")
    assert [(session.events, session.findings) for session in report.sessions] == [(1, ())]


@pytest.mark.parametrize("mark", ["'", '"', "`", "\u2018", "\u201c"])
def test_a_mark_that_opens_no_string_hides_no_brace(mark: str) -> None:
    created = CREATED.replace('"', "'") if mark == '"' else CREATED
    assert events(f"a {{tall: 6{mark} or so}} {created}\n", "text") == [("text", 1)]


# Words between events


@pytest.mark.parametrize("line", ["a" * LENGTH, "aaaa " + "1" * LENGTH])
def test_long_lines_beside_events_are_no_words(line: str) -> None:
    report = judged(f"{CREATED}\n{line}\n{line}\n{CREATED}\n{CREATED}\n{CREATED}\n")
    assert report.sessions[0].format == "jsonl"


# Archives in one line


def archive(body: int) -> str:
    messages = [{"type": "receive", "time": 1781000000.5, "opcode": 1, "data": CREATED}]
    entries = [
        {"_initiator": {"type": "other"}, "response": {"content": {"text": "a" * body}}},
        {"_webSocketMessages": messages},
    ]
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "a proxy"}, "entries": entries}})


@pytest.mark.parametrize("body", [10, 2_000_000])
def test_an_archive_in_one_line_may_be_longer_than_what_is_looked_at(body: int) -> None:
    assert events(archive(body)) == [("har", 1)]


@pytest.mark.parametrize("body", [10, 2_000_000])
def test_an_archive_that_was_cut_is_no_line_of_json(body: int) -> None:
    text = archive(body)
    assert "HAR file" in refusal(text[: text.index('"response"')])
    report = judged(text[:-40])
    assert [session.format for session in report.sessions] in ([], ["har"])
    assert "JSON stops in the middle" in report.unchecked[0].reason


def test_one_long_line_of_other_json_is_no_recording() -> None:
    text = json.dumps({"type": "FeatureCollection", "features": "a" * 2_000_000})
    assert refusal(text).startswith("this does not look like a Realtime recording; it begins with ")
    event = json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA" * 500_000})
    assert events(event) == [("jsonl", 1)]


# What a few bytes stand for


def test_folded_rows_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MOST_FOLDED", 10)
    told = (
        "its lines stand for more than 10 events that were folded; check it in parts, or without the counts"
    )
    rows = "[RT] session.created\n" + "[RT] response.output_audio.delta (6)\n" * 2
    assert events(rows) == [("type-only", 13)]
    rows += "[RT] response.output_audio.delta (2)\n" * 2
    assert (events(rows), refusal(rows)) == ([("type-only", 13)], told)
    assert is_recording(io.BytesIO(rows.encode()))

    def table(count: int) -> str:
        first = {"source": "server", "event": json.loads(CREATED)}
        return json.dumps([first, {**first, "count": count}])

    assert events(table(10)) == [("json", 12)]
    assert (events(table(11)), refusal(table(11))) == ([("json", 2)], told)
    assert events(table(-1)) == [("json", 2)]


def test_a_count_in_an_event_folds_nothing() -> None:
    event = {**json.loads(CREATED), "count": 70_000}
    assert events(json.dumps([{"source": "server", "event": event}])) == [("json", 1)]
    assert events(json.dumps([{"source": "server", "event": event, "count": "3"}])) == [("json", 1)]


def test_audio_that_was_left_out_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"type": "input_audio_buffer.append", "audio": ""}
    size = len(json.dumps(event).encode())
    line = json.dumps({"direction": "client", "audio_bytes": 3 * size, "event": event}) + "\n"
    monkeypatch.setattr(elision, "SILENCE_GROWTH", 2)
    monkeypatch.setattr(elision, "FREE_SILENCE", 4 * size)
    assert events(line * 4) == [("jsonl", 4)]
    assert events(line * 5) == [("jsonl", 4)]
    assert refusal(line * 5).startswith("its lines stand for more audio than is put back: ")
    # Where nothing is put back nothing counts.
    whole = line.replace('"audio": ""', '"audio": "AAAA"')
    assert events(whole * 9) == [("jsonl", 9)]


# Numbers that are none


def test_a_size_of_any_length() -> None:
    event = json.dumps({**json.loads(CREATED), "x": "..."})
    text = f"DEBUG:websockets.client:< TEXT '{event}' [{'9' * 5_000} bytes]\n"
    assert events(text) == [("websockets", 1)]


@pytest.mark.parametrize("value", ["1" + ":1" * 300 + ".5", '!!int ""', '!!int "-"', '!!float ""'])
def test_numbers_that_yaml_cannot_make_are_texts(value: str) -> None:
    assert events(f"- {{kind: message, data: {{type: session.created, x: {value}}}}}\n", "yaml") == [
        ("yaml", 1)
    ]
