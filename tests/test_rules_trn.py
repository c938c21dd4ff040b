"""What the rules about transcription say beyond their own examples."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.rules.examples import after, change, drop
from rtproto.rules.sessions import session
from tests.judging import judge, said

COMPLETED = "conversation.item.input_audio_transcription.completed"
SEGMENT = "conversation.item.input_audio_transcription.segment"


def test_transcripts_of_items_that_never_come() -> None:
    edit = change(COMPLETED, "item_id", "item_ghost")

    for cut, severity in ((True, "info"), (False, "warning")):
        assert ("TRN002", severity, "item_ghost is transcribed, but no such item was added") in said(
            judge("transcription", edit, cut=cut)
        )


def test_the_end_of_a_transcript_is_compared_mid_session() -> None:
    lines = session("voice_turn")
    at = next(i for i, (_, event) in enumerate(lines) if event["type"].endswith("transcription.delta"))

    def rest(transcript: str) -> set[str]:
        lines[at + 1][1]["transcript"] = transcript
        checker = SessionChecker(dialect="ga")
        for direction, event in lines[at:]:
            checker.feed(direction, msgspec.json.encode(event))
        return {finding.code for finding in checker.findings}

    assert "TRN005" not in rest("Oh. Hi.")
    assert "TRN005" in rest("Oh. High.")


def test_logprobs_are_bytes_and_logarithms() -> None:
    entry = {"token": "Hi.", "bytes": [72, 300], "logprob": -0.1}

    assert ("TRN009", "error", "`logprobs[0].bytes` is 300; a byte is from 0 to 255") in said(
        judge("voice_turn", change(COMPLETED, "logprobs", [entry]))
    )


@pytest.mark.parametrize(
    "usage, message",
    [
        ({"type": "duration", "seconds": -1}, "-1.0 seconds"),
        (
            {
                "type": "tokens",
                "total_tokens": 9,
                "input_tokens": 6,
                "output_tokens": 3,
                "input_token_details": {"text_tokens": 1, "audio_tokens": 4},
            },
            "input_tokens is 6, not the sum of text 1 and audio 4",
        ),
    ],
)
def test_what_a_transcription_costs(usage: Any, message: str) -> None:
    assert said(judge("voice_turn", change(COMPLETED, "usage", usage)), "TRN010") == [
        ("TRN010", "error", message)
    ]


def test_the_length_of_a_turn_that_the_client_committed() -> None:
    done = {
        "type": COMPLETED,
        "event_id": "event_done",
        "item_id": "item_u1",
        "content_index": 0,
        "transcript": "Hi.",
        "usage": {"type": "duration", "seconds": 9},
    }
    on = change("session.updated", "session.audio.input.transcription", {"model": "whisper-1"})
    findings = judge("push_to_talk", on, after("response.done", "server", done))

    assert said(findings, "TRN015") == [("TRN015", "info", "9.0 s are counted for a turn of 200 ms")]


def test_segments() -> None:
    def segment(id: str) -> dict[str, Any]:
        return {
            "type": SEGMENT,
            "event_id": f"event_{id}",
            "item_id": "item_u1",
            "content_index": 0,
            "id": id,
            "speaker": "A",
            "start": 0.0,
            "end": 0.5,
            "text": "Hi.",
        }

    delta = "conversation.item.input_audio_transcription.delta"
    findings = judge(
        "transcription",
        after(delta, "server", segment("seg_1")),
        after(delta, "server", {**segment("seg_1"), "event_id": "event_again"}),
    )

    assert said(findings) == [
        ("TRN013", "warning", "the segment comes from whisper-1, which does not tell speakers apart"),
        ("TRN013", "warning", "the segment has the id seg_1 of an earlier one"),
    ]


def test_a_part_of_another_type_is_not_transcribed() -> None:
    text = {"type": "input_text", "text": "Look."}
    findings = judge(
        "transcription",
        change("conversation.item.added", "item.content", [text]),
        change("conversation.item.done", "item.content", [text]),
    )

    assert ("TRN012", "error", "content_index 0 is a part of type input_text") in said(findings)


def test_turns_without_transcript_in_a_recording_that_stops() -> None:
    assert judge("voice_turn", drop(COMPLETED)) == []
