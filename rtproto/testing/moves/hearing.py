"""The user's audio: pieces of it, speech that the server detects, turns that the client commits."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import IDLE_MS, Event, Item
from rtproto.testing.stage import Stage, move

SHORTEST_MS = 150
"""Milliseconds of the shortest turn; the server wants 100."""


def listening(stage: Stage) -> bool:
    """The session hears the user, and nothing changes about that."""
    return stage.state("session") in ("realtime", "transcription") and not stage.waiting("session.update")


@move("input_audio_buffer.append", "input audio buffer", weight=6)
def append(stage: Stage, key: Key) -> Iterator[Event]:
    model, hearing = stage.model, stage.model.hearing
    speaking = stage.state("input audio buffer") == "speaking" or hearing.cut_off
    held = hearing.appended - hearing.emptied
    if model.media_track or not listening(stage) or held > 900 + 600 * speaking:
        return
    if not speaking and not model.turns:
        return
    if stage.waiting("input_audio_buffer.clear"):
        return
    if model.vad is None:
        if not stage.has("push-to-talk", "transcription-session") or held > 300:
            return
        # What the user says before the bot has begun to answer would be committed with what comes after it.
        if stage.busy() or stage.waiting("response.create"):
            return
    ms = stage.pick((60, 120, 30))
    if model.vad is not None and model.vad.get("idle_timeout_ms") and not speaking and stage.chance(4):
        ms = IDLE_MS + 121
    yield {"audio": model.audio(ms)}
    hearing.appended += ms


@move("input_audio_buffer.speech_started", "input audio buffer", costs="turns")
def speech_started(stage: Stage, key: Key) -> Iterator[Event]:
    model, hearing = stage.model, stage.model.hearing
    if model.vad is None or not listening(stage) or hearing.cut_off:
        return
    if model.due and stage.state("idle turn") != "added":
        return
    if stage.waiting("conversation.item.delete", "conversation.item.create"):
        return
    if stage.busy() and not stage.has("barge-in"):
        return
    if model.media_track:
        hearing.appended = max(hearing.appended, hearing.end + 600)
    start = hearing.end + 3 * stage.below(20)
    if hearing.appended < start + 60:
        return
    item = stage.name("item_u")
    yield {"audio_start_ms": start, "item_id": item}
    # Who speaks up after an idle timeout takes the turn over.
    model.due = None
    hearing.start, hearing.item = start, item
    if model.vad["interrupt_response"]:
        for response in model.responses.values():
            if not response.outside and response.items and stage.state("response", response.id) == "active":
                response.stopped = True
                response.ending = ("cancelled", {"type": "cancelled", "reason": "turn_detected"})


@move("input_audio_buffer.speech_stopped", "input audio buffer")
def speech_stopped(stage: Stage, key: Key) -> Iterator[Event]:
    hearing = stage.model.hearing
    if stage.state("input audio buffer") != "speaking" and not hearing.cut_off:
        return
    if stage.model.media_track:
        hearing.appended = max(hearing.appended, hearing.start + 900)
    if hearing.appended < hearing.start + SHORTEST_MS or stage.waiting("input_audio_buffer.commit"):
        return
    end = hearing.start + SHORTEST_MS + stage.below(hearing.appended - hearing.start - SHORTEST_MS + 1)
    yield {"audio_end_ms": end, "item_id": hearing.item}
    hearing.end = end
    hearing.cut_off = False
    hearing.length[hearing.item or ""] = end - hearing.start


def user_item(stage: Stage, id: str) -> Item:
    """The user's turn as an item: its transcript is not known yet."""
    shape = {
        "id": id,
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }
    item = Item(shape)
    item.final = shape
    return item


def commit_item(stage: Stage, id: str, previous: str | None, until: int) -> None:
    """The buffer is empty of what was appended until then, and its item is to come."""
    model, hearing = stage.model, stage.model.hearing
    hearing.emptied = until
    item = model.items[id] = user_item(stage, id)
    item.previous = previous
    stage.expect("conversation item", id)
    if model.transcription is not None:
        stage.expect("transcription", id, 0)


def free(stage: Stage) -> bool:
    """The conversation's end is known: no other item is on its way to it."""
    return not stage.waiting("conversation.item.create") and all(
        stage.state("conversation item", item.id) != "announced"
        for item in stage.model.items.values()
        if item.response is not None and not item.outside
    )


def saying(stage: Stage) -> bool:
    """Whether the response in the conversation has still something to say."""
    current = stage.model.responses.get(stage.facts.current_response or "")
    if current is None:
        return False
    return bool(stage.facts.responses[current.id].open_items) or (
        bool(current.wanted) and not current.stopped
    )


@move("input_audio_buffer.committed", "input audio buffer", weight=20)
def committed(stage: Stage, key: Key) -> Iterator[Event]:
    """The turn that the server detected."""
    model, hearing = stage.model, stage.model.hearing
    id = hearing.item
    if stage.state("input audio buffer") != "stopped" or id is None or not free(stage):
        return
    if model.vad is not None and model.vad["interrupt_response"] and saying(stage):
        return
    answers = not model.transcribes and model.vad is not None and model.vad["create_response"]
    if stage.busy() and answers:
        return
    previous = stage.facts.tail()
    yield {"previous_item_id": previous, "item_id": id}
    commit_item(stage, id, previous, hearing.appended)
    if answers:
        model.due = id
    elif not model.transcribes:
        model.unanswered = True


@move(
    "input_audio_buffer.commit", "input audio buffer", needs="push-to-talk transcription-session hand-commit"
)
def commit(stage: Stage, key: Key) -> Iterator[Event]:
    model, hearing = stage.model, stage.model.hearing
    if not listening(stage) or any(stage.asked.values()):
        return
    speaking = stage.state("input audio buffer") == "speaking"
    if model.vad is not None and not (speaking and stage.has("hand-commit")):
        return
    if not model.turns and not speaking:
        return
    if stage.busy() or hearing.appended - hearing.emptied < SHORTEST_MS:
        return
    yield (request := stage.ask({}))
    hearing.asked = hearing.appended
    model.turns -= not speaking
    stage.await_answer("input_audio_buffer.commit", request)


@move("input_audio_buffer.committed", "input audio buffer", weight=20)
def commit_answered(stage: Stage, key: Key) -> Iterator[Event]:
    if not stage.waiting("input_audio_buffer.commit") or not free(stage):
        return
    hearing = stage.model.hearing
    speaking = stage.state("input audio buffer") == "speaking"
    speaks_on = speaking and stage.chance(5)
    id = hearing.item if speaking and hearing.item is not None else stage.name("item_u")
    hearing.end = hearing.start if speaking else hearing.end
    hearing.length[id] = hearing.asked - hearing.emptied
    previous = stage.facts.tail()
    yield {"previous_item_id": previous, "item_id": id}
    stage.answered("input_audio_buffer.commit")
    commit_item(stage, id, previous, hearing.asked)
    stage.model.unanswered = not stage.model.transcribes
    if speaks_on:
        # What is said from here on is another item, which the end of the speech is the first to name.
        hearing.item, hearing.start, hearing.cut_off = stage.name("item_u"), hearing.appended, True


@move("input_audio_buffer.clear", "input audio buffer", weight=2, needs="clear", costs="extras")
def clear(stage: Stage, key: Key) -> Iterator[Event]:
    model = stage.model
    if not listening(stage) or stage.waiting("input_audio_buffer.commit"):
        return
    if model.media_track:
        return
    yield (request := stage.ask({}))
    stage.await_answer("input_audio_buffer.clear", request)


@move("input_audio_buffer.cleared", "input audio buffer", weight=20)
def cleared(stage: Stage, key: Key) -> Iterator[Event]:
    if not stage.waiting("input_audio_buffer.clear"):
        return
    yield {}
    stage.answered("input_audio_buffer.clear")
    hearing = stage.model.hearing
    hearing.emptied = hearing.appended
    hearing.end = max(hearing.end, hearing.start)
    hearing.cut_off = False


@move(
    "input_audio_buffer.timeout_triggered",
    "idle turn",
    weight=20,
    needs="idle",
    dialects=("ga",),
    costs="turns",
)
def timeout(stage: Stage, key: Key) -> Iterator[Event]:
    model, hearing = stage.model, stage.model.hearing
    if model.due or any(stage.asked.values()) or not model.items or not free(stage):
        return
    if stage.state("input audio buffer") == "stopped":
        return
    start = hearing.end
    if hearing.appended < start + IDLE_MS:
        return
    item = stage.name("item_u")
    yield {"audio_start_ms": start, "audio_end_ms": start + IDLE_MS, "item_id": item}
    hearing.item = item
    hearing.end = start + IDLE_MS


@move("input_audio_buffer.committed", "idle turn", weight=20, needs="idle", dialects=("ga",))
def timeout_committed(stage: Stage, key: Key) -> Iterator[Event]:
    id = stage.model.hearing.item
    if stage.state("idle turn") != "triggered" or id is None:
        return
    previous = stage.facts.tail()
    yield {"previous_item_id": previous, "item_id": id}
    commit_item(stage, id, previous, stage.model.hearing.appended)
    stage.model.due = id


@move(
    "input_audio_buffer.dtmf_event_received",
    "session",
    weight=1,
    needs="sip",
    dialects=("ga",),
    costs="extras",
)
def key_pressed(stage: Stage, key: Key) -> Iterator[Event]:
    if stage.state("session") == "awaiting":
        return
    yield {"event": stage.pick("0123456789*#"), "received_at": 1763805142 + len(stage.frames)}
