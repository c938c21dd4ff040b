"""What the rules about sessions, dialects and clocks say beyond their examples."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from rtproto import checker_plan
from rtproto.checker import SessionChecker
from rtproto.findings import Severity
from rtproto.rules.examples import Edit, after, before, change, drop, repeat
from rtproto.rules.sessions import Session, session

Found = list[tuple[str, int]]


def judge(lines: Session, *, cut: bool = True, **options: Any) -> SessionChecker:
    checker = SessionChecker(**options)
    for direction, event in lines:
        checker.feed(direction, msgspec.json.encode(event))
    checker.close(cut=cut)
    return checker


def edited(name: str, *edits: Edit) -> Session:
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    return lines


def roots(checker: SessionChecker) -> Found:
    return [(f.code, f.line) for f in checker.findings if f.caused_by is None]


def error(code: str | None, **detail: Any) -> dict[str, Any]:
    """An `error` event that names no request unless `event_id` says which."""
    details = {
        "type": "invalid_request_error",
        "code": code,
        "message": "No.",
        "param": None,
        "event_id": None,
    }
    return {"type": "error", "event_id": f"event_{code}", "error": {**details, **detail}}


# Ids of events.


def test_a_copied_event_is_one_fault() -> None:
    """A recorder with two taps writes every event twice; what the copy breaks is the copy's fault."""
    lines = session("text_turn")
    lines.insert(13, lines[12])
    checker = judge(lines)

    assert lines[12][1]["type"] == "response.output_text.delta"
    assert roots(checker) == [("SES004", 14)]
    assert checker.findings[0].witnesses[0].line == 13
    assert [(f.code, f.caused_by) for f in checker.findings[1:]] == [("OUT011", 0)]


def test_an_id_that_never_changes_is_told_once_and_hides_nothing() -> None:
    lines = edited("text_turn", drop("response.content_part.added"))
    for direction, event in lines:
        if direction == "server":
            event["event_id"] = "event_same"

    assert roots(judge(lines)) == [("SES004", 3), ("OUT007", 11)]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "session.heartbeat"},
        {"type": "response.output_item.added", "response_id": "resp_1"},
        {"type": "response.text.delta", "delta": 7},
    ],
    ids=["unknown", "fault", "foreign"],
)
def test_events_that_do_not_decode_have_ids_too(event: dict[str, Any]) -> None:
    lines = edited("text_turn", after("session.updated", "server", {**event, "event_id": "event_001"}))

    assert ("SES004", 4) in roots(judge(lines))


def test_ids_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker_plan, "EVENT_IDS", 6)
    side = checker_plan.Side("ga", "server")
    lines = [side.note_id(f"event_{n}", n) for n in range(1, 9)]

    assert lines == [None] * 8
    assert side.note_id("event_5", 9) == 5
    assert side.ids is not None
    assert len(side.ids) + len(side.older_ids) <= 2 * 7
    for n in range(20, 40):
        side.note_id(f"event_{n}", n)
    assert side.note_id("event_5", 41) is None


@pytest.mark.parametrize("value", ["", None, ...])
def test_a_server_event_needs_an_id(value: Any) -> None:
    lines = edited("text_turn", change("response.output_text.delta", "event_id", value))

    assert roots(judge(lines)) == [("SES005", 12)]


def test_errors_may_have_no_id_and_clients_need_none() -> None:
    """Azure sends errors with a null event_id; two of them are no duplicates."""
    nobodys = {**error("server_error"), "event_id": None}
    lines = edited(
        "text_turn", after("session.updated", "server", nobodys), after("error", "server", nobodys)
    )

    assert roots(judge(lines)) == []
    lines = edited("text_turn", change("session.update", "event_id", 7))
    assert ("SHP002", 2) in roots(judge(lines))


# Updates and their answers.


def test_an_update_that_the_recording_ends_on_is_noted() -> None:
    lines = session("text_turn")[:2]
    (finding,) = judge(lines).findings

    assert (finding.code, finding.line, finding.severity) == ("SES007", 2, Severity.INFO)


@pytest.mark.parametrize("refused", [None, "evt_update"])
def test_an_error_is_an_answer(refused: str | None) -> None:
    lines = edited("text_turn", change("session.updated", "type", "session.updated"))
    lines[2] = ("server", error("some_new_code", event_id=refused))

    assert roots(judge(lines, cut=False)) == []


def test_answers_may_say_the_same_in_other_words() -> None:
    """Defaults, an order of modalities, 1 for 1.0, the voice's object, an unset text; and what is not shown."""
    lines = session("beta_voice_turn")
    lines[1][1]["session"] = {
        "instructions": "Be brief.\n",
        "modalities": ["text", "audio"],
        "temperature": 0.80000001,
        "speed": 1,
        "voice": "alloy",
        "input_audio_transcription": None,
        "tools": [{"type": "function", "name": "f", "parameters": {}}],
        "turn_detection": {"type": "server_vad"},
    }
    lines[2][1]["session"] |= {
        "voice": {"name": "alloy", "type": "standard"},
        "tools": [{"type": "function", "name": "f", "description": "", "parameters": {"type": "object"}}],
    }

    assert roots(judge(lines)) == []


@pytest.mark.parametrize(
    "path, value, told",
    [
        (
            "session.audio.input.turn_detection.type",
            "semantic_vad",
            "`session.audio.input.turn_detection.type`",
        ),
        ("session.audio.input.turn_detection", None, "`session.audio.input.turn_detection`"),
        ("session.output_modalities", ["audio"], "`session.output_modalities`"),
    ],
)
def test_what_an_answer_ignores_is_named(path: str, value: Any, told: str) -> None:
    (finding,) = judge(edited("text_turn", change("session.updated", path, value))).findings

    assert (finding.code, finding.args["paths"]) == ("SES008", told)


def test_many_ignored_members_are_counted() -> None:
    lines = session("beta_voice_turn")
    names = ("instructions", "voice", "tool_choice", "input_audio_format", "output_audio_format")
    lines[1][1]["session"] = dict.fromkeys(names, "other")
    (finding,) = judge(lines).findings

    assert finding.args["paths"].endswith("`session.output_audio_format` and 1 more")


def test_neighbours_of_what_was_asked_for_may_be_reset() -> None:
    """The update gives `audio.input.turn_detection`, so the rest of `audio.input` is not held against the server."""
    lines = edited(
        "text_turn", change("session.updated", "session.audio.input.transcription", {"model": "whisper-1"})
    )
    assert roots(judge(lines)) == []
    lines = edited("text_turn", change("session.updated", "session.audio.output.speed", 1.5))
    assert roots(judge(lines)) == [("SES009", 3)]


def test_updates_of_another_writer_are_told_once() -> None:
    lines = edited("text_turn", repeat("session.updated"), repeat("session.updated", 1))
    lines[4][1]["event_id"] += "_third"

    assert roots(judge(lines)) == [("SES006", 4)]
    assert roots(judge([line for line in lines if line[0] == "server"])) == []


# What stays the same.


def test_turning_tracing_off_is_only_a_warning() -> None:
    on, off = (
        change("session.created", "session.tracing", "auto"),
        change("session.updated", "session.tracing", None),
    )
    (finding,) = judge(edited("text_turn", on, off)).findings

    assert (finding.code, finding.severity, finding.args["now"]) == ("SES013", Severity.WARNING, "off")


def test_a_voice_that_the_client_changed_is_the_clients_fault() -> None:
    asked = {
        "type": "session.update",
        "session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
    }
    lines = edited("voice_turn", after("response.done", "client", asked))
    shown = {**copy.deepcopy(lines[2][1]), "event_id": "event_later"}
    at = next(i for i, line in enumerate(lines) if line[1] == asked)
    lines.insert(at + 1, ("server", shown))
    lines = change("session.updated", "session.audio.output.voice", "cedar", 1).apply(lines)

    assert roots(judge(lines)) == [("CLI006", at + 1)]


def test_a_conversation_is_created_once() -> None:
    conversation = {"type": "conversation.created", "conversation": {"id": "conv_1"}}
    once = after("session.created", "server", {**conversation, "event_id": "event_c1"})

    assert roots(judge(edited("text_turn", once))) == []
    assert roots(judge(edited("text_turn", once, repeat("conversation.created")))) == [("SES014", 3)]


def test_what_was_in_flight_may_outlive_the_session() -> None:
    expired = before("response.done", "server", error("session_expired"))
    lines = edited("text_turn", expired)

    assert roots(judge(lines[:20])) == []
    assert roots(judge(lines)) == [("SES015", 25)]
