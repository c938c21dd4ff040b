"""What comes after a refused item is not its success: another turn, another try with the same id."""

from __future__ import annotations

from typing import Any

from rtproto.rules.examples import after, before, repeat
from tests.judging import judge, said

CREATE = "conversation.item.create"
ADDED = "conversation.item.added"


def item(event_id: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": "How is the weather?"}]
    message = {"id": "item_q1", "type": "message", "role": "user", "content": content}
    return {"type": CREATE, "event_id": event_id, "item": message}


def refusal(event_id: str) -> dict[str, Any]:
    detail = {
        "type": "invalid_request_error",
        "code": None,
        "message": "No.",
        "param": None,
        "event_id": event_id,
    }
    return {"type": "error", "event_id": f"event_{event_id}", "error": detail}


# A first try in front of the session's own request for the item, and its refusal.
REFUSED = (before(CREATE, "client", item("evt_first")), after(CREATE, "server", refusal("evt_first")))


def test_turns_that_the_server_takes_after_a_refusal() -> None:
    start = "input_audio_buffer.speech_started"
    findings = judge(
        "voice_turn",
        before(start, "client", item("evt_item")),
        before(start, "server", refusal("evt_item")),
    )

    assert [(f.code, f.severity.label) for f in findings] == [("ERR004", "info")]


def test_a_refused_item_is_created_again_under_its_id() -> None:
    findings = judge("text_turn", *REFUSED)

    assert [f.code for f in findings] == ["ERR004"]


def test_an_item_that_is_added_twice_is_not_one_that_was_refused_before() -> None:
    findings = judge("text_turn", *REFUSED, repeat(ADDED))

    assert said(findings, "ERR006") == []
    assert "ITM002" in {f.code for f in findings}
