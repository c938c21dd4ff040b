"""How a recording ends: what a session still waits for, and from when on that is more than a recording that stopped."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from rtproto.checker import SessionChecker
from rtproto.findings import Severity
from rtproto.recording import check_stream
from rtproto.reports import render
from rtproto.rules.examples import Edit, after, change, drop, upto
from rtproto.rules.sessions import session, silence
from tests.judging import edited, judge

DONE = "conversation.item.done"
MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And now?"}]}
APPEND = {"type": "input_audio_buffer.append", "audio": silence(100)}
REFUSAL = {
    "type": "error",
    "event_id": "event_e",
    "error": {"type": "invalid_request_error", "code": "rate_limit_exceeded", "message": "Slow down."},
}


def untriggered(name: str, *edits: Edit) -> list[tuple[int, str]]:
    """What nothing asked a response for, and its line."""
    return [(f.line, f.args["what"]) for f in judge(name, *edits) if f.code == "CLI029"]


def test_the_output_of_a_tool_asks_for_nothing() -> None:
    lines = session("tool_call")
    sent = next(n for n, (_, e) in enumerate(lines, 1) if e.get("item", {}).get("id") == "item_o1")
    unasked = drop("response.create", 1)

    assert untriggered("tool_call", unasked, upto("response.created", 1)) == [
        (sent, "a tool's output was sent")
    ]
    assert untriggered("tool_call", upto("response.created", 1)) == []


def test_nothing_is_asked_for_where_a_function_call_got_no_output() -> None:
    lines = session("tool_call")
    called = next(n for n, (_, e) in enumerate(lines, 1) if e.get("item", {}).get("id") == "item_c1")

    assert untriggered("tool_call", upto("conversation.item.create", 1)) == [
        (called, "the function call call_1 got no output")
    ]


def test_a_message_asks_for_nothing_once_the_server_has_taken_it() -> None:
    create = {"type": "conversation.item.create", "item": {**MESSAGE, "id": "item_u9"}}
    added = {
        "type": "conversation.item.added",
        "event_id": "event_u9",
        "previous_item_id": "item_a1",
        "item": {**MESSAGE, "id": "item_u9", "status": "completed"},
    }
    lines = len(session("text_turn"))
    sent = after("response.done", "client", create, 1)
    taken = after("conversation.item.create", "server", added, 2)

    assert untriggered("text_turn", sent) == []  # that it was never answered is ITM013's
    assert untriggered("text_turn", sent, taken) == [(lines + 1, "a message was sent")]
    system = {**create, "item": {**create["item"], "role": "system"}}
    assert untriggered("text_turn", after("response.done", "client", system, 1), taken) == []


def test_who_asked_and_was_refused_has_asked() -> None:
    refused = after("conversation.item.done", "server", REFUSAL, 2)

    assert untriggered("tool_call", upto("response.created", 1), refused) == []


def test_audio_that_nobody_commits() -> None:
    push = (upto("input_audio_buffer.commit"),)

    assert [what for _, what in untriggered("push_to_talk", *push)] == [
        "audio was appended and never committed, turn detection is off"
    ]
    assert untriggered("push_to_talk") == []


def test_turns_that_the_server_does_not_answer_by_itself() -> None:
    asked = upto("response.create")

    assert [what for _, what in untriggered("answered_on_demand", asked)] == ["the turn was committed"]


def test_a_session_that_transcribes_waits_for_no_response() -> None:
    assert untriggered("transcription") == []


def test_a_recording_of_one_side_does_not_tell() -> None:
    checker = SessionChecker()
    for direction, raw in edited("tool_call", upto("response.create", 1)):
        if direction == "client":
            checker.feed(direction, raw)
    checker.close()

    assert "CLI029" not in {f.code for f in checker.findings}


def timed(name: str, *edits: Edit, later: float, cut: bool = True) -> list[tuple[str, str]]:
    """The findings of a session of which an event takes 0.1 s, and after which that many seconds pass."""
    checker = SessionChecker()
    now = 0.0
    for direction, raw in edited(name, *edits):
        now += 0.1
        checker.feed(direction, raw, time=now)
    checker.close(cut=cut, time=now + later)
    return [(f.code, f.severity.label) for f in checker.findings]


@pytest.mark.parametrize(
    "name, edit, code, severity",
    [
        ("text_turn", upto("response.output_text.done"), "RSP007", "error"),
        ("text_turn", upto("response.created"), "RSP019", "warning"),
        ("text_turn", upto("session.updated"), "SES007", "warning"),
        ("text_turn", upto("conversation.item.added"), "ITM013", "warning"),
    ],
)
def test_what_has_not_come_for_twenty_seconds_is_missing(
    name: str, edit: Edit, code: str, severity: str
) -> None:
    """That is what `PATIENCE` says; before, the recording may simply have stopped."""
    assert (code, "info") in timed(name, edit, later=19.0)
    assert (code, severity) in timed(name, edit, later=21.0)


def test_a_turn_without_an_answer_is_told_once_its_time_is_over() -> None:
    on = change("session.created", "session.audio.input.turn_detection.create_response", True)
    once = upto("input_audio_buffer.speech_started", 1)
    assert "IAB023" not in dict(timed("answered_on_demand", on, once, later=5.0))
    assert "IAB023" in dict(timed("answered_on_demand", on, once, later=25.0))
    assert "IAB023" in dict(timed("answered_on_demand", on, once, later=5.0, cut=False))


def test_speech_of_which_no_end_is_detected() -> None:
    speaking = upto("input_audio_buffer.speech_stopped")

    assert "CLI029" not in dict(timed("voice_turn", speaking, later=5.0))
    assert "CLI029" in dict(timed("voice_turn", speaking, later=25.0))


TURN = [
    {"direction": direction, "event": event}
    for direction, event in Edit("only", "response.output_text.done", 0).apply(session("text_turn"))
]


@pytest.mark.parametrize(
    "close, severity",
    [
        ({"direction": "server", "close": {"code": 1000}}, "error"),
        ({"close": {"code": 1000}}, "error"),
        ({"close": {}}, "error"),
        ({"direction": "client", "close": {"code": 1000}}, "info"),
        ({"direction": "server", "close": {"code": 1011}}, "info"),
        ({"close": {"code": 1006}}, "info"),
    ],
)
def test_who_hangs_up_while_the_bot_speaks_is_not_the_servers_fault(
    close: dict[str, Any], severity: str
) -> None:
    lines = b"".join(json.dumps(line).encode() + b"\n" for line in (*TURN, close))
    (report,) = check_stream(io.BytesIO(lines)).sessions

    assert [f.severity.label for f in report.findings if f.code == "RSP007"] == [severity]


def test_the_report_says_what_is_open_at_the_end() -> None:
    lines = b"".join(json.dumps(line).encode() + b"\n" for line in TURN)
    created = next(n for n, line in enumerate(TURN, 1) if line["event"]["type"] == "response.created")
    report = check_stream(io.BytesIO(lines))

    assert f"  open at the end:\n    line {created}: `resp_1` is never done (RSP007)\nchecked" in render(
        report
    )


@pytest.mark.parametrize("answers", [True, False])
def test_an_idle_turn_is_answered_where_turns_are(answers: bool) -> None:
    """With `create_response: false` nobody says that the server answers the silence."""
    setting = change("session.created", "session.audio.input.turn_detection.create_response", answers)
    over = upto("response.created", 1)
    again = {
        "type": "input_audio_buffer.timeout_triggered",
        "event_id": "event_t9",
        "audio_start_ms": 6300,
        "audio_end_ms": 11300,
        "item_id": "item_u3",
    }
    done = sum(event["type"] == DONE for _, event in over.apply(session("idle_timeout"))) - 1

    ended = [f.code for f in judge("idle_timeout", setting, over, cut=False)]
    later = judge("idle_timeout", setting, over, after(DONE, "server", again, done))
    repeated = [f.code for f in later if f.severity > Severity.INFO]
    assert ("IAB017" in ended, "IAB017" in repeated) == (answers, answers)
