"""What a recorder does to all its lines is told once: it cuts them at a length, or prints objects instead of events."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from rtproto.__main__ import main
from rtproto.findings import SessionReport
from rtproto.recording import check_stream
from rtproto.transcripts.formats import open_recording
from rtproto.transcripts.frames import Frame

LIMIT = 1_000_000
Event = dict[str, Any]


def opened(text: str, *, pipe: bool = False) -> list[Frame]:
    return list(stream(text, pipe=pipe))


def stream(text: str, *, pipe: bool = False) -> Any:
    raw = io.BytesIO(text.encode())
    if pipe:
        raw.seekable = lambda: False  # type: ignore[method-assign]  # as standard input
    return open_recording(raw).frames(LIMIT)


def session(text: str) -> SessionReport:
    (found,) = check_stream(io.BytesIO(text.encode())).sessions
    return found


def codes(text: str) -> list[str]:
    return [finding.code for finding in session(text).findings]


# Lines that are cut.


def append(number: int, text: str = "AAAA") -> Event:
    return {"type": "input_audio_buffer.append", "event_id": f"evt_{number}", "audio": text * 50}


def enveloped(event: Event) -> str:
    return json.dumps({"t": 1781000000.5, "direction": "client", "event": event})


APPENDS = [append(number) for number in range(3)]
CREATED = '{"type": "session.created", "event_id": "event_1"}'


@pytest.mark.parametrize("pipe", [False, True])
@pytest.mark.parametrize("end", ["", "...", "…"])
@pytest.mark.parametrize("write", [json.dumps, enveloped])
def test_lines_that_are_cut_at_a_length(write: Any, end: str, pipe: bool) -> None:
    lines = [CREATED, *(write(event)[:120] + end for event in APPENDS), '{"type": "response.create"}']
    found = opened("\n".join(lines) + "\n", pipe=pipe)
    assert [(frame.line, json.loads(frame.raw), frame.loss) for frame in found[1:4]] == [
        (number + 2, {"type": "input_audio_buffer.append", "event_id": f"evt_{number}"}, "elided")
        for number in range(3)
    ]
    assert [frame.loss for frame in found] == ["", "elided", "elided", "elided", ""]
    if write is enveloped:
        assert [(frame.direction, frame.seconds) for frame in found[1:4]] == [("client", 1781000000.5)] * 3


def test_letters_of_any_size_are_counted() -> None:
    said = [
        {"type": "response.output_text.delta", "event_id": f"e{n}", "delta": "aé…"[n] * 200} for n in range(3)
    ]
    lines = [CREATED, *(json.dumps(event, ensure_ascii=False)[:150] for event in said)]
    assert [frame.loss for frame in opened("\n".join(lines))] == ["", "elided", "elided", "elided"]


def test_an_event_that_was_cut_before_its_envelope() -> None:
    lines = [
        json.dumps({"t": 1781000000.5, "dir": "out", "msg": json.dumps(event)[:120]}) for event in APPENDS
    ]
    found = opened("\n".join([*lines, json.dumps({"dir": "in", "msg": CREATED})]) + "\n")
    assert [(frame.direction, frame.loss) for frame in found] == [("client", "elided")] * 3 + [("server", "")]
    assert json.loads(found[0].raw) == {"type": "input_audio_buffer.append", "event_id": "evt_0"}
    assert found[0].seconds == 1781000000.5


def test_what_is_cut_is_said_once() -> None:
    text = "\n".join([CREATED, *(enveloped(event)[:120] for event in APPENDS)]) + "\n"
    assert not {"WIR007", "WIR002"} & set(codes(text))
    assert "elided" in session(text).losses
    assert session(text).limits[-1].startswith("3 events cut by the recorder: order is judged")


def test_one_of_which_no_type_is_left_is_still_told() -> None:
    late = json.dumps({"delta": "x" * 200, "type": "response.output_text.delta"})[:120]
    text = "\n".join([CREATED, *(enveloped(event)[:120] for event in APPENDS), late]) + "\n"
    assert [finding.line for finding in session(text).findings if finding.code == "WIR007"] == [5]


WHOLE = [json.dumps(event) for event in APPENDS]


@pytest.mark.parametrize(
    "lines",
    [
        [WHOLE[0], WHOLE[1][:120], WHOLE[2]],
        [WHOLE[0][:120], WHOLE[1][:120], WHOLE[2]],
        [WHOLE[0][:120], WHOLE[1][:121], WHOLE[2][:122]],
        [*(line[:120] for line in WHOLE), json.dumps(append(3))],
    ],
    ids=["one", "two", "of different lengths", "one is longer"],
)
def test_damage_is_no_recorder(lines: list[str]) -> None:
    assert "WIR007" in codes("\n".join([CREATED, *lines]) + "\n")


# Objects that were printed.

SESSION = {"id": "sess_1", "type": "realtime", "include": None, "parallel_tool_calls": None}
ITEM = {
    "content": [{"audio": None, "transcript": "a", "type": "input_audio"}],
    "role": "user",
    "type": "message",
}
SEEN: list[Event] = [
    {"event_id": "event_1", "session": SESSION, "type": "session.created"},
    {
        "event_id": "event_2",
        "item": {**ITEM, "id": "item_1", "object": None, "status": "completed"},
        "type": "conversation.item.added",
        "previous_item_id": None,
    },
    {
        "event_id": "event_3",
        "item": {**ITEM, "id": "item_1", "object": None, "status": "completed"},
        "type": "conversation.item.done",
        "previous_item_id": None,
    },
]
UPDATE = {"type": "session.update", "session": {"type": "realtime", "instructions": None}}


def type_first(event: Event) -> Event:
    return {"type": event["type"], **event}


def lines(events: list[Event]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


@pytest.mark.parametrize(
    "write",
    [
        lines,
        lambda events: "".join(
            f"2026-01-02 03:04:05,678 - app - INFO - got {json.dumps(e)}\n" for e in events
        ),
        lambda events: "".join(f"2026-01-02 03:04:05,678 - app - INFO - got {e!r}\n" for e in events),
        lambda events: lines([{"direction": "server", "event": event} for event in events]),
        lambda events: lines(
            [{"ts": 5, "message": json.dumps(event, separators=(",", ":"))} for event in events]
        ),
    ],
    ids=["bare", "log", "dict", "envelope", "string"],
)
def test_nulls_that_an_sdk_wrote_are_said_once(write: Any) -> None:
    text = write(SEEN)
    assert "SHP003" not in codes(text)
    assert [limit for limit in session(text).limits if "model_dump_json(exclude_unset=True)" in limit]
    [created, added, _] = opened(text)
    assert json.loads(created.raw)["session"] == {"id": "sess_1", "type": "realtime", "include": None}
    assert json.loads(added.raw)["previous_item_id"] is None
    assert json.loads(added.raw)["item"] == {
        **ITEM,
        "content": [{"transcript": "a", "type": "input_audio"}],
        "id": "item_1",
        "status": "completed",
    }


def test_convert_leaves_them_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(lines([*SEEN, UPDATE]))
    assert main(["convert", str(source), "-o", str(target)]) == 0
    assert "events were logged as an SDK's objects" in capsys.readouterr().err
    written = [json.loads(line)["event"] for line in target.read_text().splitlines()]
    assert (written[0]["session"], written[3]) == (
        {"id": "sess_1", "type": "realtime", "include": None},
        UPDATE,
    )


def test_what_the_client_sent_keeps_its_nulls() -> None:
    found = opened(lines([*SEEN, UPDATE]))
    assert json.loads(found[-1].raw) == UPDATE
    assert "SHP002" in codes(lines([*SEEN, UPDATE]))


@pytest.mark.parametrize(
    "events",
    [SEEN[:2], [type_first(event) for event in SEEN], [SEEN[0], SEEN[1], type_first(SEEN[2])]],
    ids=["two types", "a server's own", "one of a server's own"],
)
def test_a_server_that_writes_nulls_is_told(events: list[Event]) -> None:
    assert "SHP003" in codes(lines(events))
    assert not [limit for limit in session(lines(events)).limits if "exclude_unset" in limit]


def test_other_findings_stay() -> None:
    """The session is known, so that what is asked of it can be judged."""
    spoken = {
        "content_index": 0,
        "delta": "AAAA",
        "event_id": "event_4",
        "item_id": "item_2",
        "output_index": 0,
    }
    events: list[Event] = [
        {**SEEN[0], "session": {**SESSION, "audio": {"output": {"voice": "alloy"}}}},
        *SEEN[1:],
        {
            "event_id": "event_5",
            "response": {"id": "resp_1", "object": "realtime.response"},
            "type": "response.created",
        },
        {**spoken, "response_id": "resp_1", "type": "response.output_audio.delta"},
        {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}},
    ]
    assert "CLI006" in codes(lines(events))
