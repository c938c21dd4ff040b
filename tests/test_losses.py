"""Recordings that lost what events hold: order is judged by type, and nothing is said that they cannot show."""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

import pytest

from rtproto import SessionChecker
from rtproto.checker_losses import RecordingChecker, off
from rtproto.findings import Severity
from rtproto.recording import check_file, check_stream
from rtproto.transcripts.jsonl import read

TURN = [
    "session.created",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]


def judged(*types: str | dict[str, object], loss: str = "type-only") -> list[tuple[str, int]]:
    """Codes and lines of the findings in a log; a string is a type of which nothing else is known."""
    checker = RecordingChecker(lossy=True)
    for line, event in enumerate(types, 1):
        if isinstance(event, str):
            checker.feed_partial(None, b'{"type":"%s"}' % event.encode(), loss, line=line)
        else:
            checker.feed(None, json.dumps(event).encode(), line=line)
    checker.close()
    return [(finding.code, finding.line) for finding in checker.findings]


def test_a_turn_in_order() -> None:
    assert judged(*TURN) == []
    assert judged(*TURN, *TURN[1:], "output_audio_buffer.started", "response.create") == []


def test_what_comes_after_the_end_is_late() -> None:
    late = TURN.index("response.output_audio.done") + 1
    assert judged(*TURN[:late], "response.output_audio.delta") == [("OUT016", late + 1)]
    part = TURN.index("response.content_part.done") + 1
    assert judged(*TURN[:part], "response.output_audio.delta") == [("OUT016", part + 1)]
    assert judged(*TURN, "response.output_text.delta") == [("RSP009", len(TURN) + 1)]
    assert judged(*TURN, "response.done") == [("RSP005", len(TURN) + 1)]


def test_what_did_not_come_is_missed_once_the_log_has_shown_it() -> None:
    unclosed = [type for type in TURN[1:] if type != "response.content_part.done"]
    assert judged(TURN[0], *unclosed) == []
    assert judged(*TURN, *unclosed) == [
        ("OUT009", len(TURN) + unclosed.index("response.output_item.done") + 1)
    ]
    twice = "input_audio_buffer.speech_started"
    assert judged("session.created", twice, twice) == []
    assert judged(*TURN, twice, twice)[:1] == [("IAB002", len(TURN) + 2)]


def test_a_log_that_prints_some_types_only() -> None:
    some = ["response.output_audio.delta", "response.output_audio.delta", "response.done"]
    assert judged("session.created", *some * 3) == []
    assert judged("session.created", *["response.created", "response.done", "rate_limits.updated"] * 3) == []
    assert judged(*["response.output_item.added", "response.output_item.done"] * 3) == []
    assert judged("response.content_part.done", "response.content_part.done") == []


CREATED = {"type": "session.created", "event_id": "e1", "session": {"type": "realtime"}}
RESPONSE = {
    "type": "response.created",
    "event_id": "e2",
    "response": {"id": "resp_1", "output": [], "status": "in_progress"},
}
DONE = {
    "type": "response.done",
    "event_id": "e9",
    "response": {"id": "resp_1", "output": [], "status": "completed"},
}


def delta(event_id: str, item: str = "item_1") -> dict[str, object]:
    place = {"response_id": "resp_1", "item_id": item, "output_index": 0, "content_index": 0}
    return {"type": "response.output_text.delta", "event_id": event_id, **place, "delta": "a"}


def test_whole_events_among_others() -> None:
    open_part = ["response.output_item.added", "response.content_part.added"]
    # What was met without a name gets the name that a whole event gives it.
    assert judged(CREATED, RESPONSE, *open_part, delta("e3"), delta("e4"), "response.output_text.done") == []
    late = judged(CREATED, RESPONSE, *open_part, delta("e3"), "response.output_text.done", delta("e4"))
    assert late == [("OUT016", 7)]
    # Sums, ids and texts are not judged, the shape of a whole event is.
    assert judged(CREATED, RESPONSE, delta("e2"), DONE) == []
    assert judged(CREATED, {**RESPONSE, "response": 5}) == [("SHP002", 2)]
    assert judged(CREATED, DONE, DONE) == []
    assert judged(CREATED, RESPONSE, "response.done", DONE) == [("RSP005", 4)]


def test_an_event_that_may_be_meant_for_several_accuses_none() -> None:
    two = ["response.output_item.added", "response.content_part.added", "response.output_item.added"]
    assert (
        judged(
            CREATED, RESPONSE, *two, "response.output_item.done", "response.output_item.done", "response.done"
        )
        == []
    )
    assert (
        judged(
            CREATED,
            RESPONSE,
            *two,
            "response.content_part.added",
            "response.output_item.done",
            "response.done",
        )
        == []
    )


def test_a_second_connection_and_other_dialects() -> None:
    findings = judged(*TURN, *TURN)
    assert {line for _, line in findings} <= {len(TURN) + 1}
    assert judged("session.created", "session.input_audio_buffer.append", "session.closed") == []
    assert judged("nobody.knows") == []


def test_losses_begin_with_the_first_event_that_lost_something() -> None:
    checker = RecordingChecker()
    assert checker.report().losses == ()
    checker.feed("server", json.dumps(CREATED).encode(), line=1, time=5.0)
    checker.feed("server", json.dumps({**CREATED, "type": "session.updated"}).encode(), line=2, time=6.0)
    assert [finding.code for finding in checker.findings] == ["SES004"]
    assert checker.report().off == ()
    checker.feed_partial("server", b'{"type":"response.created"}', "elided", line=3, time=7.0)
    checker.feed_partial("server", b"[]", "elided", line=4)
    checker.feed("server", json.dumps({**CREATED, "type": "session.updated"}).encode(), line=5)
    assert [finding.code for finding in checker.findings] == ["SES004"]
    report = checker.report()
    assert report.losses == ("elided", "one direction")
    assert report.off == off()
    assert report.events == 4
    assert report.limits[-1].startswith("1 event cut by the recorder: order is judged")
    for _ in range(2):
        checker.feed_partial("client", b'{"type":"response.create"}', "type-only")
    assert checker.report().losses == ("type-only", "elided")
    assert "2 events recorded by type only and 1 event cut by the recorder" in checker.report().limits[-1]
    assert "events are recorded in part" in RecordingChecker(lossy=True).report().limits[-1]


def test_rules_that_are_off_need_what_events_hold() -> None:
    assert "USG001" in off()
    assert not {"OUT016", "RSP009", "SHP001", "IAB002"} & set(off())


@pytest.mark.parametrize(
    "raw, twin",
    [
        ("pydantic-ai-cassette.yaml", "openai-ga/tool-call-1.jsonl"),
        ("python-repr-log.txt", "openai-beta/webrtc-video-barge-ins.jsonl"),
    ],
)
def test_a_recording_says_the_same_in_both_of_its_formats(raw: str, twin: str, recordings: Path) -> None:
    (first,) = check_file(recordings / "raw" / raw).sessions
    (second,) = check_file(recordings / twin).sessions
    assert [(f.code, f.args, f.severity) for f in first.findings] == [
        (f.code, f.args, f.severity) for f in second.findings
    ]
    assert (first.events, first.dialect, first.mode, first.profile) == (
        second.events,
        second.dialect,
        second.mode,
        second.profile,
    )


def test_a_log_of_types_and_literals(recordings: Path) -> None:
    (session,) = check_file(recordings / "raw" / "python-json-log.txt").sessions
    assert (session.format, session.losses) == ("python-log", ("type-only",))
    # Also the `event_id: null` that this client sends: the server took it six times.
    assert session.findings == ()


@pytest.mark.recordings("openai-ga", "openai-beta", "azure-ga", "azure-voice-live")
def test_a_recording_reduced_to_its_types_is_in_order(recording: Path) -> None:
    with recording.open("rb") as stream:
        types = [json.loads(frame.raw)["type"] for frame in read(stream) if frame.close is None]
    assert judged(*types) == []


def calls(*types: str) -> int:
    """Functions that are called to judge a log, those of C among them."""
    count = Counter[str]()

    def note(_frame: FrameType, event: str, _what: object) -> None:
        count[event] += 1

    sys.setprofile(note)
    try:
        judged(*types)
    finally:
        sys.setprofile(None)
    return count["call"] + count["c_call"]


@pytest.mark.parametrize(
    "repeated",
    [TURN[1:], ["conversation.item.added"], ["response.created"], ["conversation.item.deleted"]],
    ids=["turns", "items", "responses", "deletions"],
)
def test_an_event_costs_the_same_in_a_longer_log(repeated: list[str]) -> None:
    times = 400 // len(repeated)
    few, many = (calls(TURN[0], *TURN[1:] * 2, *repeated * times * n) for n in (1, 4))
    assert many < 5 * few


def test_a_deletion_that_names_nothing_is_of_any_item() -> None:
    items = ["conversation.item.added", "conversation.item.done"]
    assert judged(TURN[0], *items * 100, *["conversation.item.deleted"] * 100) == []


def test_tools_that_are_listed_without_a_name() -> None:
    steps = ["mcp_list_tools.in_progress", "mcp_list_tools.completed"]
    assert judged("session.created", *steps) == []
    assert judged("session.created", *steps, *steps) == []


def test_the_plain_checker_takes_whole_events_only() -> None:
    assert not hasattr(SessionChecker(), "feed_partial")


def test_connections_that_a_recording_names_are_judged_apart() -> None:
    def line(connection: str, event: dict[str, object]) -> str:
        return json.dumps({"connection": connection, "direction": "server", "event": event}) + "\n"

    text = (
        line("a", CREATED) + line("b", CREATED) + line("a", RESPONSE) + line("b", RESPONSE) + line("a", DONE)
    )
    report = check_stream(io.BytesIO(text.encode()))
    assert [(session.events, session.mode) for session in report.sessions] == [
        (3, "complete"),
        (2, "complete"),
    ]
    # One after the other they would repeat ids and run two responses at once; only that the response is empty is odd.
    assert [finding.code for finding in report.roots(Severity.WARNING)] == ["RSP026"]
