"""Rules of items, dialects and sessions, where their examples do not lead."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.rules.examples import after, change, drop
from rtproto.rules.rst import Exchange, RestRule
from tests.judging import check, edited, encode, found, judge, said, session

COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"


@pytest.mark.parametrize(
    "name, path, value, what",
    [
        ("text_turn", "item.content", [{"type": "output_text", "text": "Sun"}], "content"),
        ("tool_call", "item.arguments", '{"city"', "arguments"),
    ],
)
def test_itm006_a_generated_item_begins_empty(name: str, path: str, value: Any, what: str) -> None:
    findings = judge(name, change("response.output_item.added", path, value))

    assert said(findings, "ITM006") == [("ITM006", "warning", f"the generated item begins with {what}")]


def test_itm017_and_itm019_need_both_sides() -> None:
    deleted = {"type": "conversation.item.deleted", "event_id": "event_del", "item_id": "item_q1"}
    lines = edited("retrieved_item", after("conversation.item.retrieved", "server", deleted))
    server = [(direction, raw) for direction, raw in lines if direction == "server"]

    assert "ITM017" in [f.code for f in check(lines).findings]
    assert not {"ITM017", "ITM019"} & {f.code for f in check(server).findings}


def test_itm019_an_item_that_nobody_asked_for() -> None:
    findings = judge("retrieved_item", drop("conversation.item.retrieve"))

    assert [(code, level) for code, level, _ in said(findings, "ITM019")] == [("ITM019", "warning")]
    assert "never asked for" in said(findings, "ITM019")[0][2]


def test_an_error_about_the_buffer_is_about_the_commit() -> None:
    """Servers that give the refusal no code name the buffer in its message."""
    error = {
        "type": "error",
        "event_id": "event_error",
        "error": {
            "type": "invalid_request_error",
            "code": None,
            "message": "Error committing input audio buffer: buffer too small.",
            "param": None,
            "event_id": None,
        },
    }
    lines = session("push_to_talk")
    commit = next(n for n, (_, e) in enumerate(lines) if e["type"] == "input_audio_buffer.commit")
    refused = [*lines[: commit + 1], ("server", error)]
    unanswered = [*lines[: commit + 1]]

    def open_commits(lines: Any) -> list[str]:
        return [f.code for f in check(encode(lines), cut=False).findings if f.line == commit + 1]

    assert open_commits(unanswered)
    assert not open_commits(refused)


def test_dia001_is_told_once() -> None:
    findings = judge(
        "beta_voice_turn",
        change("response.audio_transcript.done", "type", "response.output_audio_transcript.done"),
        change("response.audio.done", "type", "response.output_audio.done"),
    )

    assert len(said(findings, "DIA001")) == 1


@pytest.mark.parametrize("shown, told", [("inf", []), (4096, ["SES008"])])
def test_ses008_a_limit_for_none(shown: object, told: list[str]) -> None:
    findings = judge(
        "text_turn",
        change("session.update", "session.max_output_tokens", "inf"),
        change("session.updated", "session.max_output_tokens", shown),
    )

    assert [code for code, *_ in said(findings, "SES008")] == told


@pytest.mark.parametrize("type", [COMPLETED, DELTA])
def test_a_transcription_without_its_item_is_told_once(type: str) -> None:
    lines = session("transcription")
    line = next(n for n, (_, e) in enumerate(lines, 1) if e["type"] == type)

    assert found(check(edited("transcription", change(type, "item_id", ...)))) == [("SHP001", line)]


def test_rst005_a_session_that_is_no_object_has_no_secret() -> None:
    findings = judge("text_turn", change("session.updated", "session", 5))

    assert [f.code for f in findings if f.caused_by is None and f.line == 3] == ["SHP002"]
    assert "RST005" not in [f.code for f in findings]


def test_a_rule_about_rest_that_says_nothing() -> None:
    assert list(RestRule().judge(Exchange("client_secrets"))) == []


@pytest.mark.parametrize(
    "path, value, what",
    [
        ("item.role", "assistant", "is no message of the user"),
        ("item.status", "in_progress", "has the status"),
    ],
)
def test_itm026_a_committed_item_is_a_message_of_the_user(path: str, value: str, what: str) -> None:
    findings = judge("voice_turn", change("conversation.item.added", path, value))

    assert [text[: len("the committed item ") + len(what)] for _, _, text in said(findings, "ITM026")] == [
        f"the committed item {what}"
    ]
