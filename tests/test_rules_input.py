"""Rules about items, audio in, truncation and playback: what they forgive, and when they cannot know."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.findings import Severity
from rtproto.rules.examples import Edit, after, before, change, drop
from rtproto.rules.sessions import SESSIONS, Session, session, silence
from tests.judging import check, encode, said

FAMILIES = ("ITM", "IAB", "TRU", "OAB")
sessions = pytest.mark.parametrize("name", SESSIONS)


def edited(name: str, *edits: Edit) -> Session:
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    return lines


def judged(
    lines: Session,
    *,
    at_least: Severity = Severity.WARNING,
    cut: bool = True,
    times: dict[int, float] | None = None,
) -> list[str]:
    """The codes of the root findings of these families."""
    checker = SessionChecker()
    for line, (direction, event) in enumerate(lines, 1):
        checker.feed(
            direction, msgspec.json.encode(event), time=None if times is None else times.get(line, 0.0)
        )
    checker.close(cut=cut)
    return [
        f.code
        for f in checker.findings
        if f.caused_by is None and f.severity >= at_least and f.code.startswith(FAMILIES)
    ]


def refusal(code: str | None = None, event_id: str | None = None) -> dict[str, Any]:
    error = {
        "type": "invalid_request_error",
        "code": code,
        "message": "Refused.",
        "param": None,
        "event_id": event_id,
    }
    return {"type": "error", "event_id": "event_refusal", "error": error}


# Partial recordings.


@sessions
@pytest.mark.parametrize("side", ["client", "server"])
def test_one_side_of_a_legal_session_is_legal(name: str, side: str) -> None:
    assert judged([line for line in session(name) if line[0] == side]) == []


@sessions
def test_a_legal_session_may_be_met_half_way(name: str) -> None:
    lines = session(name)
    for start in range(1, len(lines)):
        assert judged(lines[start:]) == [], start


@sessions
def test_a_legal_session_may_stop_anywhere(name: str) -> None:
    lines = session(name)
    for end in range(len(lines)):
        assert judged(lines[:end]) == [], end


# Requests and their answers.

LOST = {
    "type": "conversation.item.create",
    "event_id": "evt_lost",
    "item": {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be kind."}]},
}


def test_a_request_that_an_unnamed_error_may_answer_is_not_blamed() -> None:
    """`error.event_id` was null in every refusal that real servers were seen to send."""
    lost = after("session.updated", "client", LOST)
    late = after("response.created", "server", refusal())

    assert judged(edited("text_turn", lost)) == ["ITM013"]
    assert judged(edited("text_turn", lost, late)) == []


def test_an_error_that_names_its_request_answers_that_one_alone() -> None:
    lost = after("session.updated", "client", LOST)
    other = after("response.created", "server", refusal(event_id="evt_item_q1"))
    own = after("response.created", "server", refusal(event_id="evt_lost"))

    assert judged(edited("text_turn", lost, own)) == []
    assert judged(edited("text_turn", lost, other)) == ["ITM013"]


def test_at_the_end_an_open_request_is_noted_unless_the_close_is_recorded() -> None:
    last = after("response.done", "client", LOST, nth=1)

    assert judged(edited("text_turn", last), at_least=Severity.INFO) == ["ITM013"]
    assert judged(edited("text_turn", last)) == []
    assert judged(edited("text_turn", last), cut=False) == ["ITM013"]


def test_a_truncation_elsewhere_than_asked_is_forgiven_after_a_refusal() -> None:
    """Seen live: a refused truncate was followed by `truncated` with another end."""
    elsewhere = change("conversation.item.truncated", "audio_end_ms", 500)
    refused = after("conversation.item.truncate", "server", refusal())

    assert judged(edited("barge_in", elsewhere)) == ["TRU001"]
    assert judged(edited("barge_in", elsewhere, refused)) == []


def test_an_empty_predecessor_asks_for_the_end() -> None:
    asked = change("conversation.item.create", "previous_item_id", "", 1)

    assert judged(edited("text_turn", asked)) == []


def test_an_image_of_a_video_track_needs_no_request() -> None:
    content = [{"type": "input_image"}]
    image = {"id": "item_i1", "type": "message", "role": "user", "status": "completed", "content": content}
    seen = {"previous_item_id": "item_a2", "item": image}
    lines = session("text_turn")
    for type in ("conversation.item.added", "conversation.item.done"):
        lines.append(("server", {"type": type, "event_id": f"event_{type}", **seen}))

    assert judged(lines) == []


# Calls.


def test_an_output_may_replace_one_that_was_deleted() -> None:
    again = {"id": "item_o2", "type": "function_call_output", "call_id": "call_1", "output": "{}"}
    added = {"previous_item_id": "item_a2", "item": again}
    lines = session("tool_call")
    lines += [
        ("client", {"type": "conversation.item.delete", "item_id": "item_o1"}),
        ("server", {"type": "conversation.item.deleted", "event_id": "event_d", "item_id": "item_o1"}),
        ("client", {"type": "conversation.item.create", "item": again}),
        ("server", {"type": "conversation.item.added", "event_id": "event_a", **added}),
        ("server", {"type": "conversation.item.done", "event_id": "event_b", **added}),
    ]

    assert judged(lines) == []
    assert judged([line for line in lines if "delete" not in line[1]["type"]]) == ["ITM022"]


def test_a_call_may_be_answered_before_its_item_is_done() -> None:
    """Most recorded clients answer when the arguments are complete."""
    lines = session("tool_call")
    output = next(
        i for i, (_, e) in enumerate(lines) if e.get("item", {}).get("type") == "function_call_output"
    )
    ready = next(i for i, (_, e) in enumerate(lines) if e["type"] == "response.function_call_arguments.done")
    lines.insert(ready + 1, lines.pop(output))

    assert judged(lines, at_least=Severity.INFO) == []


# Configuration and clocks.

SPEECH = {
    "type": "input_audio_buffer.speech_started",
    "event_id": "event_speech",
    "audio_start_ms": 100,
    "item_id": "item_u9",
}


def test_vad_events_on_their_way_are_forgiven_for_a_second_or_ten_lines() -> None:
    early = edited("push_to_talk", after("session.updated", "server", SPEECH))
    line = 4

    assert judged(early[:line]) == []
    assert judged(early[:line], times={3: 10.0, line: 10.9}) == []
    assert judged(early[:line], times={3: 10.0, line: 11.1}) == ["IAB013"]


@pytest.mark.parametrize("type", ["none", None])
def test_turn_detection_may_be_off_without_being_null(type: str | None) -> None:
    """Azure says it with a type of its own."""
    detection = change("session.updated", "session.audio.input.turn_detection", {"type": type})
    late = after("response.done", "server", SPEECH)

    assert judged(edited("push_to_talk", detection)) == []
    assert judged(edited("push_to_talk", detection, late)) == ["IAB013"]


def test_padding_may_reach_into_the_turn_before() -> None:
    """A recorded turn ended at 44384 ms, the next started at 44180 ms, with 300 ms of padding."""
    assert (
        judged(edited("voice_turn", change("input_audio_buffer.speech_started", "audio_start_ms", 700, 1)))
        == []
    )
    unknown = change("session.updated", "session.audio.input.turn_detection", {"type": "semantic_vad"})
    early = change("input_audio_buffer.speech_started", "audio_start_ms", 500, 1)
    assert judged(edited("voice_turn", unknown, early)) == []


def test_times_of_speech_are_not_held_against_audio_that_was_cut() -> None:
    late = change("input_audio_buffer.speech_stopped", "audio_end_ms", 9000, 1)

    assert judged(edited("voice_turn", late)) == ["IAB014"]
    assert judged(edited("voice_turn", late, change("input_audio_buffer.append", "audio", silence(1)))) == []


@pytest.mark.parametrize(
    "ms, rate",
    [(4500, "PCM at 16 kHz"), (4370, "PCM at 16 kHz"), (9000, "PCM at 8 kHz"), (18000, "G.711")],
)
def test_times_of_speech_that_fit_another_format(ms: int, rate: str) -> None:
    """The session appends 3000 ms of PCM at 24 kHz, 48 bytes a ms."""
    late = change("input_audio_buffer.speech_stopped", "audio_end_ms", ms, 1)

    assert said(check(encode(edited("voice_turn", late))).findings, "IAB014") == [
        (
            "IAB014",
            "warning",
            f"audio_end_ms is {ms} ms, but only 3000 ms were appended so far; as {rate} that audio would last as long",
        )
    ]


@pytest.mark.parametrize("ms", [3051, 3110, 3600, 6000])
def test_times_of_speech_that_fit_no_format(ms: int) -> None:
    late = change("input_audio_buffer.speech_stopped", "audio_end_ms", ms, 1)

    assert said(check(encode(edited("voice_turn", late))).findings, "IAB014") == [
        ("IAB014", "warning", f"audio_end_ms is {ms} ms, but only 3000 ms were appended so far")
    ]


def test_times_of_speech_are_not_held_against_two_rates() -> None:
    late = change("input_audio_buffer.speech_stopped", "audio_end_ms", 9000, 1)
    lines = edited("voice_turn", late)
    updated = next(event for _, event in session("voice_turn") if event["type"] == "session.updated")
    updated["session"]["audio"]["input"]["format"] = {"type": "audio/pcmu"}
    lines = before("input_audio_buffer.speech_started", "server", {**updated, "event_id": "e"}, 1).apply(
        lines
    )

    assert judged(lines) == []


def test_audio_of_earlier_turns_counts_on_the_clock() -> None:
    """The second turn's times lie beyond what was appended since the first commit, and within all of it."""
    assert judged(session("voice_turn")) == []


def test_a_user_who_speaks_on_at_once_gets_one_answer() -> None:
    on = change("session.created", "session.audio.input.turn_detection.create_response", True)
    at_once = change("input_audio_buffer.speech_started", "audio_start_ms", 1500, 1)

    assert judged(edited("answered_on_demand", on), at_least=Severity.INFO) == ["IAB023"]
    assert judged(edited("answered_on_demand", on, at_once), at_least=Severity.INFO) == []


def test_an_error_excuses_a_missing_response() -> None:
    on = change("session.created", "session.audio.input.turn_detection.create_response", True)
    error = after("conversation.item.done", "server", refusal("rate_limit_exceeded"))

    assert judged(edited("answered_on_demand", on, error), at_least=Severity.INFO) == []


def test_a_user_who_speaks_up_takes_the_idle_turn_over() -> None:
    lines = session("idle_timeout")
    end = next(i for i, (_, e) in enumerate(lines) if e["type"] == "input_audio_buffer.timeout_triggered")
    speech = {**SPEECH, "audio_start_ms": 6350}

    assert judged([*lines[: end + 1], ("server", speech)], cut=False) == []
    assert judged(lines[: end + 1], cut=False) == ["IAB017"]


@pytest.mark.parametrize(
    "path, value", [("event", "E"), ("event", "b"), ("received_at", 0)], ids=["key", "small", "time"]
)
def test_keys_of_the_telephone(path: str, value: Any) -> None:
    key = {"type": "input_audio_buffer.dtmf_event_received", "event": "#", "received_at": 1763805142}
    lines = edited("webrtc_turn", after("response.done", "server", key))

    assert judged(lines) == []
    lines = change("input_audio_buffer.dtmf_event_received", path, value).apply(lines)
    assert judged(lines) == ["IAB024"]


# Truncation and playback.


def test_a_later_part_that_spoke_may_be_truncated() -> None:
    first = change("conversation.item.truncate", "content_index", 1)

    assert judged(edited("long_answer", first))[:1] == ["TRU005"]


def test_the_same_truncation_twice_extends_nothing() -> None:
    again = {"item_id": "item_a1", "content_index": 0, "audio_end_ms": 600}
    lines = [
        *session("barge_in"),
        ("client", {"type": "conversation.item.truncate", **again}),
        ("server", {"type": "conversation.item.truncated", "event_id": "event_again", **again}),
    ]

    assert judged(lines) == []


def test_a_clear_with_nothing_playing_needs_no_answer() -> None:
    idle = after("session.updated", "client", {"type": "output_audio_buffer.clear"})

    assert judged(edited("webrtc_barge_in", idle, drop("output_audio_buffer.started")), cut=False) == []


def test_a_response_without_conversation_id_may_mirror_its_items() -> None:
    """Only null marks a response as out of band; compatible servers leave the member out."""
    absent = [change("response.created", "response.conversation_id", ..., nth) for nth in range(2)]

    assert judged(edited("text_turn", *absent)) == []
    null = change("response.created", "response.conversation_id", None)
    root, mirrored, *_ = check(encode(edited("text_turn", null))).findings
    assert (root.code, mirrored.code, mirrored.caused_by) == ("RSP017", "ITM025", 0)
