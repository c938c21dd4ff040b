"""What a recording does not show is nobody's fault: one side, a late start, responses out of band."""

from __future__ import annotations

from typing import Any

from rtproto.rules.sessions import Session, session
from tests.judging import check, encode


def codes(lines: Session, **options: Any) -> set[str]:
    return {finding.code for finding in check(encode(lines), **options).findings}


def at(lines: Session, type: str, nth: int = 0) -> int:
    return [place for place, (_, event) in enumerate(lines) if event["type"] == type][nth]


def test_rsp007_a_response_out_of_band_may_outlast_a_later_one() -> None:
    lines = session("out_of_band")
    del lines[at(lines, "response.done")]

    stopped, closed = check(encode(lines)), check(encode(lines), cut=False)

    assert [f.severity.label for f in stopped.findings if f.code == "RSP007"] == ["info"]
    assert [f.severity.label for f in closed.findings if f.code == "RSP007"] == ["error"]


def test_rsp007_a_remote_call_that_outlasts_its_response_may_be_all_that_is_seen_of_it() -> None:
    lines = session("mcp_call")
    closed = lines[at(lines, "response.output_item.done")]
    assert closed[1]["item"]["type"] == "mcp_call"
    later = lines[at(lines, "response.done") + 1 :]

    assert "RSP007" not in codes([closed, *later])
    said = session("text_turn")
    del said[at(said, "response.done")], said[: at(said, "response.output_item.done")]
    assert "RSP007" in codes(said)


def test_out005_an_item_that_was_met_halfway_may_be_a_remote_call() -> None:
    lines = session("mcp_call")
    lines = lines[at(lines, "response.mcp_call_arguments.done") :]
    closed = lines.pop(at(lines, "response.output_item.done"))
    lines.insert(at(lines, "response.done") + 1, closed)

    assert "OUT005" not in codes(lines)


def test_out005_an_item_with_parts_is_a_message() -> None:
    lines = session("text_turn")
    lines = lines[at(lines, "response.output_text.delta") :]
    del lines[at(lines, "response.content_part.done") : at(lines, "response.done")]

    assert "OUT005" in codes(lines)


def test_rsp017_a_request_from_before_the_recording_may_be_what_is_answered() -> None:
    lines = session("text_turn")
    outside = ("client", {"type": "response.create", "response": {"conversation": "none", "input": []}})
    lines[at(lines, "response.create")] = outside

    assert "RSP017" in codes(lines)
    assert "RSP017" not in codes(lines[at(lines, "response.create") - 1 :])


def test_rsp020_a_response_that_was_met_halfway_may_be_out_of_band() -> None:
    lines = session("out_of_band")
    begun = lines[at(lines, "response.content_part.added") : at(lines, "response.output_text.done")]
    rest = lines[at(lines, "conversation.item.create") :]

    assert "RSP020" not in codes([*begun, *rest])


def test_iab020_without_the_requests_a_response_may_have_been_asked_for() -> None:
    lines = session("voice_turn")
    stopped = at(lines, "input_audio_buffer.speech_stopped", 1)
    committed = at(lines, "input_audio_buffer.committed", 1)
    created = lines.pop(at(lines, "response.created", 1))
    lines[committed:committed] = [created]
    assert stopped < committed

    assert "IAB020" in codes(lines)
    assert "IAB020" not in codes([line for line in lines if line[0] == "server"])


def test_mcp010_without_the_server_s_side_an_approval_answers_what_is_not_seen() -> None:
    lines = session("mcp_approval")
    client = [line for line in lines if line[0] == "client"]
    answer = next(
        event for _, event in client if event.get("item", {}).get("type") == "mcp_approval_response"
    )

    assert "MCP010" not in codes(client, dialect="ga")
    # That it is answered twice shows all the same.
    assert "MCP010" in codes([*client, ("client", answer)], dialect="ga")


def test_itm023_the_output_of_a_call_may_have_come_before_the_recording() -> None:
    lines = session("tool_call")
    closed = at(lines, "response.output_item.done")

    assert "ITM023" in codes([line for line in lines if line[1].get("item", {}).get("id") != "item_o1"])
    assert "ITM023" not in codes([lines[closed], *lines[at(lines, "response.create", 1) :]])


def test_itm011_what_a_response_generates_is_no_answer_to_a_request() -> None:
    """An assistant's message that the client puts into the history, while the model writes one."""
    lines = session("text_turn")
    text = [{"type": "output_text", "text": "Before."}]
    item = {"type": "message", "role": "assistant", "content": text}
    asked = {"type": "conversation.item.create", "previous_item_id": "root", "item": item}
    lines.insert(at(lines, "response.created"), ("client", asked))
    given = {"previous_item_id": None, "item": {**item, "id": "item_h", "status": "completed"}}
    done = at(lines, "response.done")
    for name in ("done", "added"):
        event = {"type": f"conversation.item.{name}", "event_id": f"event_{name}", **given}
        lines.insert(done + 1, ("server", event))

    assert not codes(lines) & {"ITM010", "ITM011", "ITM013", "ITM015"}


def test_itm014_another_item_is_not_the_one_that_was_asked_for() -> None:
    lines = session("text_turn")
    text = [{"type": "input_text", "text": "Something else."}]
    item = {"id": "item_x", "type": "message", "role": "user", "status": "completed", "content": text}
    event = {"type": "conversation.item.added", "event_id": "event_x", "previous_item_id": None, "item": item}
    lines.insert(at(lines, "conversation.item.added"), ("server", event))

    found = codes(lines)
    assert "ITM015" in found
    assert "ITM014" not in found
