"""Translation sessions: audio in, audio and transcripts out, a clean close."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import WORDS, Event, silence
from rtproto.testing.stage import Stage, move

ONLY = ("translation",)


def session(stage: Stage) -> Event:
    return {
        "id": "sess_1",
        "type": "translation",
        "model": "gpt-realtime-translate",
        "expires_at": 1790000000,
        "audio": {"output": {"language": stage.model.instructions}},
    }


@move("session.created", "translation session", weight=20, dialects=ONLY)
def created(stage: Stage, key: Key) -> Iterator[Event]:
    stage.model.instructions = "es"
    yield {"session": session(stage)}


def too_soon(stage: Stage) -> bool:
    """Whether the client waits for `session.created` before it speaks."""
    return stage.state("translation session") == "awaiting" and not stage.has("early")


@move("session.update", "translation session", weight=2, dialects=ONLY, costs="extras")
def update(stage: Stage, key: Key) -> Iterator[Event]:
    if stage.waiting("session.update") or too_soon(stage):
        return
    if stage.state("translation session") == "closed":
        # Nobody would answer it.
        return
    language = stage.pick(("fr", "de"))
    yield (request := stage.ask({"session": {"audio": {"output": {"language": language}}}}))
    stage.await_answer("session.update", request | {"language": language})


@move("session.updated", "translation session", weight=20, dialects=ONLY)
def updated(stage: Stage, key: Key) -> Iterator[Event]:
    asked = stage.first("session.update")
    if asked is None:
        return
    stage.model.instructions = asked["language"]
    yield {"session": session(stage)}
    stage.answered("session.update")


@move("session.input_audio_buffer.append", "translation session", dialects=ONLY, costs="turns")
def append(stage: Stage, key: Key) -> Iterator[Event]:
    if too_soon(stage):
        return
    yield {"audio": silence(stage.pick((60, 120)))}
    stage.model.hearing.appended += 3


def elapsed(stage: Stage) -> int | None:
    """Milliseconds since the session began; None where there is nothing to translate."""
    hearing = stage.model.hearing
    if not hearing.appended:
        return None
    hearing.end += 200
    hearing.appended -= 1
    return hearing.end


@move("session.input_transcript.delta", "translation session", dialects=ONLY)
def heard(stage: Stage, key: Key) -> Iterator[Event]:
    at = elapsed(stage)
    if at is not None:
        yield {"delta": stage.pick(WORDS), "elapsed_ms": at}


@move("session.output_transcript.delta", "translation session", dialects=ONLY)
def translated(stage: Stage, key: Key) -> Iterator[Event]:
    at = elapsed(stage)
    if at is not None:
        yield {"delta": stage.pick(WORDS), "elapsed_ms": at}


@move("session.output_audio.delta", "translation session", dialects=ONLY)
def spoken(stage: Stage, key: Key) -> Iterator[Event]:
    at = elapsed(stage)
    if at is not None:
        yield {"delta": silence(200 // 3 * 3), "elapsed_ms": at}


@move("session.close", "translation session", weight=1, dialects=ONLY)
def close(stage: Stage, key: Key) -> Iterator[Event]:
    again = stage.state("translation session") != "open"
    if again and (not stage.model.extras or too_soon(stage)):
        return
    yield {}
    stage.model.extras -= again


@move("session.closed", "translation session", weight=1, dialects=ONLY)
def closed(stage: Stage, key: Key) -> Iterator[Event]:
    if stage.state("translation session") == "closing" and not stage.waiting("session.update"):
        yield {}
