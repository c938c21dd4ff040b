"""Records of loggers as envelopes: where the event and its time stand, and which records are of something else."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from rtproto.transcripts.formats import open_recording
from rtproto.transcripts.frames import Frame, NotARecording

CREATED = {"type": "session.created", "event_id": "event_1", "session": {"type": "realtime"}}
ASKED = {"type": "response.create"}
TIMES = [1781000000.25, 1781000000.5]
EVENTS = list(zip(TIMES, (CREATED, ASKED), strict=True))


def read(text: str) -> tuple[str, list[Frame]]:
    recording = open_recording(io.BytesIO(text.encode()))
    return recording.format.name, list(recording.frames(1_000_000))


def lines(records: Sequence[Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.mark.parametrize(
    "records",
    [
        [{"level": 30, "time": t * 1000, "pid": 1, "msg": "realtime", "evt": e} for t, e in EVENTS],
        [{"ts": t, "event_type": e["type"], "body": e} for t, e in EVENTS],
        [{"timestamp": t * 1000, "message": f"[IN] {json.dumps(e)}", "ingestionTime": 7} for t, e in EVENTS],
        [{"timestamp": t * 1e9, "msg": "recv: " + json.dumps(e, separators=(",", ":"))} for t, e in EVENTS],
        [{"time": t, "severity": "INFO", "message": f"got\n\t{json.dumps(e)}\n"} for t, e in EVENTS],
    ],
    ids=["pino", "body", "CloudWatch", "compact", "GCP"],
)
def test_a_record_has_its_event_and_its_time(records: Sequence[Any]) -> None:
    format, frames = read(lines(records))
    assert format == "jsonl"
    assert [json.loads(frame.raw) for frame in frames] == [CREATED, ASKED]
    assert [frame.seconds for frame in frames] == pytest.approx(TIMES)


def test_a_list_of_records_in_an_object() -> None:
    call = {"call_id": "c", "log": [{"t": t, "side": "server", "msg": event} for t, event in EVENTS]}
    format, frames = read(json.dumps(call))
    assert format == "json"
    assert [json.loads(frame.raw) for frame in frames] == [CREATED, ASKED]
    assert [(frame.seconds, frame.direction) for frame in frames] == [(time, "server") for time in TIMES]


@pytest.mark.parametrize(
    "remark",
    [
        {"level": "info", "event": "connected", "timestamp": "2026-01-02T03:04:05Z"},
        {"level": 30, "msg": "user {id} is here"},
        {"timestamp": 1781000000000, "message": "START RequestId: 1"},
    ],
)
def test_what_a_logger_says_in_words_is_no_event(remark: dict[str, Any]) -> None:
    _, frames = read(lines([remark, {"time": 1, "event": CREATED}, remark, {"time": 2, "event": ASKED}]))
    assert [frame.line for frame in frames] == [2, 4]


@pytest.mark.parametrize(
    "line",
    [
        '{"message": "Internal server error"}',
        '{"type": "vendor.event", "message": "send {\\"type\\": \\"response.create\\"}"}',
        '{"time": 1, "event": "no JSON"}',
        '{"time": 1, "level": "info"}',
    ],
)
def test_what_may_have_been_sent_is_kept(line: str) -> None:
    _, frames = read(lines([CREATED, ASKED]) + line)
    assert (frames[2].line, frames[2].raw) == (3, line.encode())


def test_words_before_an_event_are_short() -> None:
    """A text that speaks of an event at length does not hold one."""
    [kept] = read(lines([{"message": "x" * 200 + json.dumps(CREATED)}]))[1]
    assert json.loads(kept.raw) == CREATED
    with pytest.raises(NotARecording):
        read(lines([{"message": "x" * 201 + json.dumps(CREATED)}]))


def test_what_is_around_an_event() -> None:
    record = json.dumps({"call_sid": "CA1", "event": CREATED})
    close = '{"call_sid": "CA1", "close": {"code": 1000}}'
    _, frames = read("\n".join([record, json.dumps(ASKED), close]))
    assert [frame.around.decode() for frame in frames] == [record, "", close]
