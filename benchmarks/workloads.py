"""What is measured: whole sessions, and runs of one event in several sizes."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field, replace
from random import Random

import msgspec

from benchmarks import texts
from benchmarks.script import Direction, Frame, Json, Reply, Script
from benchmarks.sessions import SEED, ask, start, stream_microphone, text_session, voice_session


@dataclass(frozen=True)
class Workload:
    """Lines that every contender reads, and the lines that a checker must have seen before them."""

    name: str
    family: str
    """Workloads of one family differ in the size of their events."""
    frames: list[Frame]
    before: list[Frame] = field(default_factory=list)
    whole: bool = False
    """Whether the frames are a session from its first line to its last."""
    apart: bool = False
    """Whether each line is the next one of a session of its own, which has seen `before`."""

    @property
    def size(self) -> int:
        """Bytes of all lines."""
        return sum(len(raw) for _, raw in self.frames)

    def of(self, direction: Direction) -> Workload:
        """The same session as one end of it saw the other."""
        frames = [frame for frame in self.frames if frame[0] == direction]
        return replace(self, name=f"{self.name}, {direction} lines", frames=frames)


def text_deltas(count: int) -> Workload:
    """Small text deltas of one long reply."""
    script = Script(Random(SEED))
    conversation = start(script, "text")
    ask(script, texts.question(script.rng))
    reply = Reply(script, conversation, "text", input_text=120)
    reply.open()
    before = len(script.timeline)
    for delta in texts.reply(script.rng, count)[:count]:
        reply.say(delta)
    frames = script.frames()
    return Workload("text delta", "delta", frames[before:], frames[:before])


def audio_deltas(ms: int, count: int) -> Workload:
    """Audio deltas of one length, of one long spoken reply."""
    script = Script(Random(SEED))
    conversation = start(script, "audio")
    ask(script, texts.question(script.rng))
    reply = Reply(script, conversation, "audio", input_text=120)
    reply.open()
    before = len(script.timeline)
    for _ in range(count):
        reply.sound(ms)
    frames = script.frames()
    return Workload(f"{ms:,} ms audio delta", "delta", frames[before:], frames[:before])


def audio_appends(ms: int, count: int) -> Workload:
    """Appends of one length, as a client streams its microphone."""
    script = Script(Random(SEED))
    start(script, "audio")
    before = len(script.timeline)
    stream_microphone(script, script.now, script.now + ms * count, ms)
    frames = script.frames()
    return Workload(f"{ms:,} ms audio append", "append", frames[before:], frames[:before])


def response_done(characters: int, count: int) -> Workload:
    """The `response.done` of a reply of about so long a text, in sessions of their own."""
    script = Script(Random(SEED))
    conversation = start(script, "text")
    ask(script, texts.question(script.rng))
    reply = Reply(script, conversation, "text", input_text=120)
    reply.open()
    reply.say("".join(texts.reply(script.rng, characters // 4))[:characters])
    reply.close()
    return last_of_each(f"response.done, {characters:,} characters", "response.done", script, count)


def session_updated(tools: int, count: int) -> Workload:
    """The `session.updated` that grants so many functions with their schemas, in sessions of their own."""
    script = Script(Random(SEED))
    start(script, "audio")
    _, (_, updated) = script.frames()[1:]
    session = msgspec.json.decode(updated)["session"]
    session["tools"] = [function(number) for number in range(tools)]
    script.client("session.update", session={"type": "realtime", "tools": session["tools"]})
    script.server("session.updated", session=session)
    return last_of_each(f"session.updated, {tools:,} tools", "session.updated", script, count)


def image_item(kilobytes: int, count: int) -> Workload:
    """The `conversation.item.create` of a picture of so many kB, in sessions of their own."""
    script = Script(Random(SEED))
    start(script, "text")
    url = "data:image/png;base64," + b64encode(script.rng.randbytes(kilobytes * 1_000)).decode()
    content = [{"type": "input_image", "image_url": url}]
    script.client("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    return last_of_each(f"image of {kilobytes} kB", "conversation.item.create", script, count)


def function(number: int) -> Json:
    """A tool as they are: a description of a line or two, and a few parameters."""
    word = ("departures", "arrivals", "prices", "weather", "connections")[number % 5]
    text = {"type": "string", "description": f"Which {word} are meant, as the visitor put it"}
    when = {
        "type": "string",
        "description": "A day, or a part of one",
        "enum": ["today", "tomorrow", "weekend"],
    }
    schema = {
        "type": "object",
        "properties": {"query": text, "when": when, "limit": {"type": "integer", "minimum": 1}},
        "required": ["query"],
    }
    told = f"Looks up {word} by the timetable on the wall and says since when they hold."
    return {"type": "function", "name": f"{word}_{number}", "description": told, "parameters": schema}


def last_of_each(name: str, type: str, script: Script, count: int) -> Workload:
    """The last event of that type, as often as that, each time from other memory."""
    frames = script.frames()
    place = max(at for at, (_, raw) in enumerate(frames) if raw.startswith(b'{"type":"%s"' % type.encode()))
    direction, raw = frames[place]
    copies = [(direction, bytes(bytearray(raw))) for _ in range(count)]
    return Workload(name, type, copies, frames[:place], apart=True)


TOGETHER = 1_000_000
"""Bytes of the lines of one size, about."""
APART = 100
"""Sessions that are begun for as many events, at most: each pass needs new ones."""


def workloads(*, smoke: bool = False) -> list[Workload]:
    """Everything that is measured, by family and size; with `smoke` a few lines of each."""

    def count(size: int, most: int = 1_000) -> int:
        return 2 if smoke else max(10, min(most, TOGETHER // size))

    text = Workload("text session", "session", text_session(2 if smoke else 12), whole=True)
    voice = Workload("voice session", "session", voice_session(3 if smoke else 6), whole=True)
    return [
        text,
        text.of("server"),
        voice,
        voice.of("server"),
        text_deltas(20 if smoke else 2_000),
        *(audio_deltas(ms, count(ms * 64)) for ms in (20, 60, 250, 1_000, 4_000)),
        *(audio_appends(ms, count(ms * 64)) for ms in (20, 100)),
        *(response_done(characters, count(characters + 1_000, APART)) for characters in (200, 3_000, 15_000)),
        *(image_item(kilobytes, count(kilobytes * 1_333, APART)) for kilobytes in (12, 48, 192)),
        *(session_updated(tools, count(tools * 500, APART)) for tools in (6, 30, 120, 500)),
    ]
