"""What a transcriber makes of the user's audio: beside everything else, at its own pace."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import WORDS, Event
from rtproto.testing.stage import Stage, move

_NAME = "conversation.item.input_audio_transcription."


def place(stage: Stage, key: Key) -> Event | None:
    """Where the transcription belongs, once the item is there."""
    if stage.state("conversation item", key[0]) in ("unknown", "announced"):
        return None
    return {"item_id": key[0], "content_index": key[1]}


@move(_NAME + "delta", "transcription", weight=4)
def delta(stage: Stage, key: Key) -> Iterator[Event]:
    where = place(stage, key)
    entity = stage.engine.find("transcription", key)
    if where is None or (entity is not None and len(entity.text) > 3):
        return
    yield {**where, "delta": stage.pick(WORDS)}


@move(_NAME + "segment", "transcription", weight=4, needs="segments", dialects=("ga",), costs="extras")
def segment(stage: Stage, key: Key) -> Iterator[Event]:
    where = place(stage, key)
    model = stage.model
    if where is None or model.transcription is None or "diarize" not in model.transcription["model"]:
        return
    start = len(stage.frames) / 10
    yield {
        **where,
        "id": stage.name("seg"),
        "speaker": stage.pick("AB"),
        "start": start,
        "end": start + 0.5,
        "text": stage.pick(WORDS),
    }


@move(_NAME + "completed", "transcription", weight=4)
def completed(stage: Stage, key: Key) -> Iterator[Event]:
    where = place(stage, key)
    model = stage.model
    if where is None or model.transcription is None:
        return
    entity = stage.engine.find("transcription", key)
    text = "".join(entity.text) if entity is not None else ""
    if model.transcription["model"] == "whisper-1":
        usage: Event = {"type": "duration", "seconds": math.ceil(model.hearing.length.get(key[0], 0) / 1000)}
    else:
        usage = {
            "type": "tokens",
            "total_tokens": 14,
            "input_tokens": 10,
            "output_tokens": 4,
            "input_token_details": {"text_tokens": 0, "audio_tokens": 10},
        }
    yield {**where, "transcript": text or stage.pick(WORDS), "usage": usage}


@move(_NAME + "failed", "transcription", weight=1, needs="failures")
def failed(stage: Stage, key: Key) -> Iterator[Event]:
    where = place(stage, key)
    if where is None:
        return
    error = {"type": "server_error", "code": None, "message": "Input transcription failed.", "param": None}
    yield {**where, "error": error}
