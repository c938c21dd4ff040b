"""Real recordings: every event of OpenAI and Azure becomes the Struct of its type, and loses only what is listed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rtproto import beta, ga
from rtproto.events.base import UnknownEvent
from rtproto.events.dialect import event_type

# One folder of beta, Azure's Voice Live, and one Voice Live session that is filed under Azure's GA service.
BETA = ("openai-beta/", "azure-voice-live/", "azure-ga/server-vad-turn")

# Fields that no published schema has, of one vendor each, by the end of their path.
LOST = {
    # Azure GA repeats `part` under another name.
    "content",
    # Azure Voice Live: its own settings of a session, its turn detection and its transcriber.
    "session.animation",
    "session.avatar",
    "session.greeting",
    "session.handoff",
    "session.input_audio_echo_cancellation",
    "session.input_audio_sampling_rate",
    "session.output_audio_timestamp_types",
    "session.truncation_strategy",
    "session.input_audio_transcription.custom_speech",
    "session.input_audio_transcription.phrase_list",
    "session.turn_detection.appended_text_after_truncation",
    "session.turn_detection.auto_truncate",
    "session.turn_detection.end_of_utterance_detection",
    "session.turn_detection.speech_duration_ms",
}


def lost(sent: Any, kept: Any, path: str = "") -> Iterator[str]:
    """Paths of fields that were sent and are not kept; a value that is kept must be the same."""
    if isinstance(sent, dict):
        for name, value in sent.items():
            inside = f"{path}.{name}" if path else name
            if name in kept:
                yield from lost(value, kept[name], inside)
            else:
                yield inside
    elif isinstance(sent, list):
        for one, two in zip(sent, kept, strict=True):
            yield from lost(one, two, path)
    else:
        assert sent == kept, path


@pytest.mark.recordings("openai-ga", "openai-beta", "azure-ga", "azure-voice-live")
def test_every_event_decodes_and_loses_only_what_is_listed(recording: Path) -> None:
    name = "/".join(recording.parts[-2:])
    dialect: Any = beta if name.startswith(BETA) else ga
    for line in recording.read_bytes().splitlines():
        frame = json.loads(line)
        if "event" not in frame:
            continue
        decode = (
            dialect.decode_client_event if frame["direction"] == "client" else dialect.decode_server_event
        )
        event = decode(json.dumps(frame["event"]))
        assert not isinstance(event, UnknownEvent)
        assert event_type(event) == frame["event"]["type"]
        assert set(lost(frame["event"], json.loads(dialect.encode(event)))) <= LOST
