"""What becomes of the model's audio: the client cuts what was not played, a media track plays the rest."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import Event
from rtproto.testing.stage import Stage, move


@move("conversation.item.truncate", "conversation item", weight=30, needs="barge-in failures")
def truncate(stage: Stage, key: Key) -> Iterator[Event]:
    """Cut an answer that was interrupted to what the user has heard of it."""
    model = stage.model
    item = model.items.get(key[0])
    if item is None or item.response is None or item.cut is not None or model.media_track:
        return
    response = model.responses[item.response]
    if response.outside or not response.stopped or item.part is None or not item.part.ms:
        return
    end = stage.below(item.part.ms + 1)
    yield (request := stage.ask({"item_id": item.id, "content_index": 0, "audio_end_ms": end}))
    item.cut = end
    stage.await_answer("conversation.item.truncate", request)


@move("conversation.item.truncated", "conversation item", weight=20)
def truncated(stage: Stage, key: Key) -> Iterator[Event]:
    asked = stage.first("conversation.item.truncate")
    if asked is None or asked["item_id"] != key[0] or stage.state("output item", key[0]) != "done":
        return
    yield {"item_id": key[0], "content_index": 0, "audio_end_ms": asked["audio_end_ms"]}
    stage.answered("conversation.item.truncate")


@move("output_audio_buffer.started", "output audio buffer", needs="webrtc")
def started(stage: Stage, key: Key) -> Iterator[Event]:
    if not any(stage.state("output audio buffer", other) == "playing" for other in stage.model.responses):
        yield {"response_id": key[0]}


def interrupted(stage: Stage, key: Key) -> bool:
    """Whether the user's speech has ended the response, and its playback with it."""
    reason = stage.model.responses[key[0]].reason()
    return reason == "turn_detected" and stage.state("input audio buffer") == "speaking"


@move("output_audio_buffer.stopped", "output audio buffer", needs="webrtc")
def stopped(stage: Stage, key: Key) -> Iterator[Event]:
    if stage.state("response", key[0]) != "done" or stage.waiting("output_audio_buffer.clear"):
        return
    if interrupted(stage, key):
        return
    yield {"response_id": key[0]}


@move("output_audio_buffer.clear", "output audio buffer", weight=20, needs="webrtc")
def clear(stage: Stage, key: Key) -> Iterator[Event]:
    """The client falls silent: it cancels the response, and clears what is left of it."""
    response = stage.model.responses[key[0]]
    if stage.state("output audio buffer", *key) != "playing":
        # There is nothing to clear; the server says so all the same.
        if stage.busy() or not stage.model.extras or stage.waiting("output_audio_buffer.clear"):
            return
        yield (request := stage.ask({}))
        stage.model.extras -= 1
        stage.await_answer("output_audio_buffer.clear", request)
        return
    if not response.stopped:
        return
    if response.reason() != "client_cancelled":
        return
    if stage.waiting("output_audio_buffer.clear") or stage.busy():
        return
    yield (request := stage.ask({}))
    stage.await_answer("output_audio_buffer.clear", request)


@move("output_audio_buffer.cleared", "output audio buffer", weight=20, needs="webrtc")
def cleared(stage: Stage, key: Key) -> Iterator[Event]:
    asked = stage.waiting("output_audio_buffer.clear")
    playing = stage.state("output audio buffer", *key) == "playing"
    if not asked and not (playing and interrupted(stage, key)):
        return
    yield {"response_id": key[0]}
    if asked:
        stage.answered("output_audio_buffer.clear")
