"""What is measured: runs of equal deltas for each size of event, and whole sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from benchmarks import texts
from benchmarks.script import Direction, Frame, Reply, Script
from benchmarks.sessions import SEED, ask, start, stream_microphone, text_session, voice_session


@dataclass(frozen=True)
class Workload:
    """Lines that every contender reads, and the lines that a checker must have seen before them."""

    name: str
    frames: list[Frame]
    before: list[Frame] = field(default_factory=list)
    whole: bool = False
    """Whether the frames are a session from its first line to its last."""

    @property
    def size(self) -> int:
        """Bytes of all lines."""
        return sum(len(raw) for _, raw in self.frames)

    def of(self, direction: Direction) -> Workload:
        """The same session as one end of it saw the other."""
        frames = [frame for frame in self.frames if frame[0] == direction]
        return Workload(f"{self.name}, {direction} lines", frames, self.before, self.whole)


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
    return Workload("text delta", frames[before:], frames[:before])


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
    return Workload(f"{ms} ms audio delta", frames[before:], frames[:before])


def audio_appends(ms: int, count: int) -> Workload:
    """Appends of one length, as a client streams its microphone."""
    script = Script(Random(SEED))
    start(script, "audio")
    before = len(script.timeline)
    stream_microphone(script, script.now, script.now + ms * count, ms)
    frames = script.frames()
    return Workload(f"{ms} ms audio append", frames[before:], frames[:before])


def workloads(*, smoke: bool = False) -> list[Workload]:
    """Everything that is measured, smallest lines first; with `smoke` a few lines of each."""
    counts = (20, 10, 5, 2) if smoke else (2_000, 1_000, 400, 150)
    small, ms20, ms100, ms400 = counts
    text = Workload("text session", text_session(2 if smoke else 12), whole=True)
    voice = Workload("voice session", voice_session(3 if smoke else 6), whole=True)
    return [
        text_deltas(small),
        audio_deltas(20, ms20),
        audio_deltas(100, ms100),
        audio_deltas(400, ms400),
        audio_appends(20, ms20),
        audio_appends(100, ms100),
        text,
        text.of("server"),
        voice,
        voice.of("server"),
    ]
