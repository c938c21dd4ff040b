"""Conditions of rules that their one example does not show: exceptions, severities, other ways to break them."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.findings import Severity
from rtproto.rules.examples import Edit, after, before, change, drop
from rtproto.rules.sessions import session
from tests.judging import check, encode, found


def judged(name: str, *edits: Edit, **options: Any) -> list[tuple[str, str, int]]:
    """Code, severity and line of each root finding, infos included."""
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    checker = check(encode(lines), **options)
    return [(f.code, f.severity.label, f.line) for f in checker.findings if f.caused_by is None]


def test_rsp010_a_reason_that_does_not_belong_to_the_status_is_a_warning() -> None:
    reason = change("response.done", "response.status_details.reason", "content_filter")

    assert judged("barge_in", reason) == [("RSP010", "warning", 25)]


def test_rsp020_a_create_that_was_taken_all_the_same_folds_under_the_second_response() -> None:
    hasty = after(
        "response.content_part.added", "client", {"type": "response.create", "event_id": "evt_hasty"}
    )
    lines = session("voice_turn")
    for edit in (hasty, drop("response.done")):
        lines = edit.apply(lines)
    root, hasty_finding, *_ = check(encode(lines)).findings

    assert (root.code, root.line) == ("RSP004", 32)
    assert (hasty_finding.code, hasty_finding.severity, hasty_finding.caused_by) == (
        "RSP020",
        Severity.WARNING,
        0,
    )


def test_rsp020_a_create_without_an_answer_is_a_warning() -> None:
    hasty = after("response.content_part.added", "client", {"type": "response.create"}, nth=1)

    assert judged("voice_turn", hasty) == [("RSP020", "warning", 36)]


def test_rsp020_a_request_refused_for_another_reason_was_hasty_all_the_same() -> None:
    error = {
        "type": "error",
        "event_id": "event_error",
        "error": {
            "type": "invalid_request_error",
            "code": "invalid_value",
            "message": "No.",
            "event_id": "evt_hasty",
        },
    }
    hasty = after(
        "response.content_part.added", "client", {"type": "response.create", "event_id": "evt_hasty"}
    )
    refused = after("response.create", "server", error)

    assert [(code, severity) for code, severity, _ in judged("voice_turn", hasty, refused)] == [
        ("RSP020", "warning")
    ]


def test_iab008_a_recording_that_ends_after_the_commit_is_noted() -> None:
    lines = session("voice_turn")
    at = next(i for i, (_, event) in enumerate(lines) if event["type"] == "input_audio_buffer.committed")
    cut = encode(lines[: at + 1])

    assert [(f.code, f.severity) for f in check(cut).findings] == [("IAB008", Severity.INFO)]
    assert found(check(cut, cut=False)) == [("IAB008", at + 1)]


def test_cli006_an_out_of_band_response_may_have_another_voice() -> None:
    outside = {
        "type": "response.create",
        "response": {"conversation": "none", "audio": {"output": {"voice": "cedar"}}},
    }

    # That nothing answers it is another matter.
    assert judged("voice_turn", after("response.done", "client", outside)) == [("RSP019", "info", 24)]


def test_dia019_is_told_once_a_type() -> None:
    create = {"type": "response.create"}
    twice = after("session.updated", "server", create), after("response.done", "server", create)

    assert judged("text_turn", *twice) == [("DIA019", "error", 4)]


@pytest.mark.parametrize(
    "raw", [b'{"type":"session.update","session":7}', b'{"type":"session.update","session"']
)
def test_dia005_survives_what_it_cannot_read(raw: bytes) -> None:
    lines = encode(session("text_turn"))
    checker = check([lines[0], ("client", raw), *lines[2:]])

    assert checker.findings[0].code in ("SHP002", "WIR007")


def test_cli030_a_response_out_of_band_is_no_answer_to_what_was_said() -> None:
    append = {"type": "input_audio_buffer.append", "audio": "AAAA" * 1600}
    left = after("input_audio_buffer.committed", "client", append)
    outside = [
        *(
            change("response.create", "response", {"conversation": "none", "input": []}, nth)
            for nth in (0, 1)
        ),
        *(change("response.created", "response.conversation_id", None, nth) for nth in (0, 1)),
    ]

    assert "CLI030" in {code for code, _, _ in judged("push_to_talk_twice", left)}
    assert "CLI030" not in {code for code, _, _ in judged("push_to_talk_twice", left, *outside)}


def test_tru009_a_response_out_of_band_cannot_be_truncated() -> None:
    cut = drop("conversation.item.truncate"), drop("conversation.item.truncated")
    outside = [change(f"response.{name}", "response.conversation_id", None) for name in ("created", "done")]

    assert "TRU009" in {code for code, _, _ in judged("late_interruption", *cut)}
    assert "TRU009" not in {code for code, _, _ in judged("late_interruption", *cut, *outside)}


def test_items_that_were_done_unannounced_have_no_beginning_to_point_to() -> None:
    """OUT003 and RSP022 speak of where an item was announced."""
    place = {"response_id": "resp_1", "output_index": 3}
    item = {"id": "item_lost", "type": "message", "status": "completed", "role": "assistant", "content": []}
    text = {"item_id": "item_lost", "content_index": 0, "text": "", **place, "output_index": 7}
    lost = after(
        "response.content_part.done",
        "server",
        {"type": "response.output_item.done", "event_id": "event_lost", "item": item, **place},
    )
    elsewhere = before(
        "conversation.item.done",
        "server",
        {"type": "response.output_text.done", "event_id": "event_elsewhere", **text},
        nth=1,
    )
    cancelled = after("response.output_text.delta", "client", {"type": "response.cancel"})
    codes = {code for code, _, _ in judged("text_turn", cancelled, lost, elsewhere)}

    assert "OUT004" in codes or "OUT001" in codes
    assert not codes & {"OUT003", "RSP022"}


def test_itm008_what_an_announcement_does_not_tell_cannot_change() -> None:
    """An announcement that did not decode has no role that could be read."""
    codes = [code for code, _, _ in judged("text_turn", change("conversation.item.added", "item.role", 7))]

    assert codes[0] == "SHP002"
    assert "ITM008" not in codes


def test_dia013_is_told_once_an_item() -> None:
    mixed = (
        change("conversation.item.done", "item.content.0.type", "text", 1),
        change("response.output_item.done", "item.content.0.type", "text"),
    )

    assert [code for code, _, _ in judged("text_turn", *mixed)].count("DIA013") == 1
