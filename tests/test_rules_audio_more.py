"""Rules of the input buffer, of truncation and of clocks, where their examples do not lead."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.checker import SessionChecker
from rtproto.rules.examples import Edit, after, change, drop
from rtproto.rules.sessions import silence
from tests.judging import check, edited, encode, found, judge, said, session

STARTED = "input_audio_buffer.speech_started"
STOPPED = "input_audio_buffer.speech_stopped"
CLEARED = {"type": "input_audio_buffer.cleared", "event_id": "event_cleared"}
DETECTION = "session.audio.input.turn_detection"
TRUNCATE = "conversation.item.truncate"


@pytest.mark.parametrize("type, member", [(STARTED, "audio_start_ms"), (STOPPED, "audio_end_ms")])
def test_iab004_the_clock_of_the_audio_starts_at_zero(type: str, member: str) -> None:
    findings = judge("voice_turn", change(type, member, -5))

    assert said(findings, "IAB004") == [("IAB004", "error", f"{member} is -5 ms, but the clock starts at 0")]
    assert not said(findings, "IAB005")


def test_iab005_a_turn_starts_after_the_one_before_it() -> None:
    findings = judge("voice_turn", change(STARTED, "audio_start_ms", 50, 1))

    assert said(findings, "IAB005") == [
        ("IAB005", "warning", "the speech starts at 50 ms, before the last start at 100 ms")
    ]


@pytest.mark.parametrize("type, member", [(STARTED, "audio_start_ms"), (STOPPED, "audio_end_ms")])
def test_an_event_without_its_time_is_told_once(type: str, member: str) -> None:
    """What is missing is not compared with anything, now or at the next turn."""
    assert found(check(edited("voice_turn", change(type, member, ...)))) == [
        ("SHP001", next(n for n, (_, e) in enumerate(session("voice_turn"), 1) if e["type"] == type))
    ]


def test_iab015_is_not_judged_without_the_clients_side() -> None:
    lines = edited("push_to_talk", after("response.done", "server", CLEARED))
    server = [(direction, raw) for direction, raw in lines if direction == "server"]

    assert "IAB015" in [f.code for f in check(lines).findings]
    assert "IAB015" not in [f.code for f in check(server).findings]


def test_iab016_the_idle_timeout_is_for_server_vad_only() -> None:
    findings = judge("idle_timeout", change("session.created", DETECTION, {"type": "semantic_vad"}))

    assert said(findings, "IAB016") == [
        ("IAB016", "error", "the idle timeout fires although turn detection is semantic_vad")
    ]


def test_iab022_without_turn_detection_no_speech_interrupts() -> None:
    edits = change("session.created", DETECTION, None), drop("session.update"), drop("session.updated")
    findings = judge("barge_in", *edits)

    assert said(findings, "IAB022") == [
        ("IAB022", "error", "the response was cut by the user's speech although turn detection is off")
    ]


def test_tru007_is_silent_where_the_server_cuts_later_than_it_was_asked() -> None:
    """That is one fault: the server's answer is not what the client asked for (TRU001)."""
    findings = judge("barge_in", change("conversation.item.truncated", "audio_end_ms", 900))

    assert "TRU007" not in [f.code for f in findings]
    assert [f.code for f in findings if f.caused_by is None] == ["TRU001"]


def _cut_by_another(*edits: Edit) -> list[str]:
    """A long answer that another writer on the session has the server cut."""
    cut = {
        "type": "conversation.item.truncated",
        "event_id": "event_cut",
        "item_id": "item_a1",
        "content_index": 0,
        "audio_end_ms": 200,
    }
    asked = after(TRUNCATE, "server", cut), drop("conversation.item.truncated")
    return [f.code for f in judge("long_answer", asked[1], asked[0], *edits)]


def test_tru008_audio_that_the_recording_leaves_out_is_not_counted() -> None:
    """Elided payloads are shorter than any audio, so nothing is known of what was streamed."""
    assert "TRU008" in _cut_by_another()
    assert "TRU008" not in _cut_by_another(change("response.output_audio.delta", "delta", ""))


def test_tru008_what_was_streamed_before_the_cut_is_not_counted() -> None:
    lines = session("long_answer")
    kinds = [event["type"] for _, event in lines]
    cut = kinds.index("conversation.item.truncated")
    last = max(n for n, kind in enumerate(kinds) if kind == "response.output_audio.delta")
    truncated = (
        "server",
        {
            "type": "conversation.item.truncated",
            "event_id": "event_cut",
            "item_id": "item_a1",
            "content_index": 0,
            "audio_end_ms": 200,
        },
    )
    limits = [
        ("server", {"type": "rate_limits.updated", "event_id": f"event_limits_{n}", "rate_limits": []})
        for n in range(12)
    ]
    moved = [*lines[: last + 1], truncated, *limits, *lines[last + 1 :]]
    del moved[cut if cut <= last else cut + 13]

    assert "TRU008" not in [f.code for f in check(encode(moved)).findings]


def test_tim003_is_told_once() -> None:
    """One clock that was set back, or two that were merged, put many lines out of order."""
    checker = SessionChecker()
    lines = encode(session("text_turn"))
    times = [100.0, 101.0, 90.0, 91.0, 80.0, *(81.0 + n for n in range(len(lines)))]
    for (direction, raw), time in zip(lines, times, strict=False):
        checker.feed(direction, raw, time=time)

    assert said(checker.findings, "TIM003") == [("TIM003", "warning", "the clock goes back by 11.0 seconds")]


def test_a_clock_that_runs_backwards_is_noticed_among_a_thousand_appends_in_order() -> None:
    checker = SessionChecker()
    *begun, (_, append) = encode(
        [
            *session("push_to_talk")[:3],
            ("client", {"type": "input_audio_buffer.append", "audio": silence(20)}),
        ]
    )
    for direction, raw in begun:
        checker.feed(direction, raw, time=10.0)
    for number in range(1_000):
        checker.feed("client", append, time=10.0 + number * 0.02, line=100 + number)
    checker.feed("client", append, time=20.0, line=2_000)

    assert [(f.code, f.line) for f in checker.findings] == [("TIM003", 2_000)]


def test_a_turn_may_be_followed_by_many() -> None:
    """However many turns there are, the buffer's order is judged at each: the last stop has no start."""
    turn: list[Any] = []
    for n in range(12):
        start = 5000 + 1000 * n
        for type, member, ms in (
            (STARTED, "audio_start_ms", start),
            (STOPPED, "audio_end_ms", start + 500),
        ):
            turn.append(
                ("server", {"type": type, "event_id": f"{type}{n}", "item_id": f"item_t{n}", member: ms})
            )
        turn.append(
            (
                "server",
                {
                    "type": "input_audio_buffer.committed",
                    "event_id": f"event_c{n}",
                    "item_id": f"item_t{n}",
                },
            )
        )
    lines = [*session("voice_turn"), ("client", _append(20_000)), *turn]
    once_more = ("server", {**turn[-2][1], "event_id": "event_again", "audio_end_ms": 17_000})

    assert "IAB001" not in [f.code for f in check(encode(lines)).findings]
    last = check(encode([*lines, once_more])).findings
    assert [f.line for f in last if f.code == "IAB001"] == [len(lines) + 1]


def _append(ms: int) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": silence(ms)}
