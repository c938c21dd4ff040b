"""Writing a session event by event: ids, times, audio, and one response from its start to its end.

Key order and nesting are those of the real server's lines, and so is the order of the events of a response.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

import msgspec

from benchmarks import texts

Direction = Literal["client", "server"]
Frame = tuple[Direction, bytes]
Json = dict[str, Any]

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BYTES_PER_MS = 48  # pcm16: 24,000 samples a second, mono, two bytes each
PCM: Json = {"type": "audio/pcm", "rate": 24_000}
MS_PER_INPUT_TOKEN, MS_PER_OUTPUT_TOKEN = 100, 50


@dataclass
class Script:
    """A session as it is being written: events with the moment (ms) at which they cross the socket."""

    rng: Random
    timeline: list[tuple[float, int, Frame]] = field(default_factory=list)
    written: int = 0
    now: float = 0.0
    tail: str | None = None
    """The conversation's last item."""

    def id(self, prefix: str) -> str:
        return f"{prefix}_{''.join(self.rng.choices(ALPHABET, k=21))}"

    def server(self, type: str, **fields: Any) -> None:
        self._put("server", {"type": type, "event_id": self.id("event"), **fields}, self.now)

    def client(self, type: str, *, at: float | None = None, **fields: Any) -> None:
        self._put("client", {"type": type, **fields}, self.now if at is None else at)

    def _put(self, direction: Direction, event: Json, at: float) -> None:
        self.timeline.append((at, self.written, (direction, msgspec.json.encode(event))))
        self.written += 1

    def padding(self, delta: str) -> str:
        """The obfuscation that fills a small delta up to 16 characters."""
        return "".join(self.rng.choices(ALPHABET, k=max(0, 16 - len(delta))))

    def audio(self, ms: int) -> str:
        """That many ms of pcm16 noise, as base64."""
        return b64encode(self.rng.randbytes(ms * BYTES_PER_MS)).decode()

    def frames(self) -> list[Frame]:
        """The lines in the order of their time; events of one moment stay in the order of writing."""
        return [frame for _, _, frame in sorted(self.timeline, key=lambda entry: entry[:2])]

    def take(self, until: float) -> list[Frame]:
        """The lines up to a moment before which nothing will be written any more; they are kept no longer."""
        passed = [entry for entry in self.timeline if entry[0] <= until]
        self.timeline = [entry for entry in self.timeline if entry[0] > until]
        return [frame for _, _, frame in sorted(passed, key=lambda entry: entry[:2])]


@dataclass
class Reply:
    """One response with one message, from `response.created` to `response.done`."""

    script: Script
    conversation: str
    modality: Literal["text", "audio"]
    input_text: int
    """Text tokens of the conversation so far."""
    heard_ms: int = 0
    """Audio of the user's turn."""
    response: str = ""
    item: str = ""
    previous: str | None = None
    """The item before this message."""
    spoken: str = ""
    audio_ms: int = 0

    def __post_init__(self) -> None:
        self.response, self.item = self.script.id("resp"), self.script.id("item")

    def open(self) -> None:
        script = self.script
        script.server("response.created", response=self._response("in_progress", None, [], None))
        item = self._item("in_progress")
        script.server("response.output_item.added", response_id=self.response, output_index=0, item=item)
        script.server("conversation.item.added", previous_item_id=script.tail, item=item)
        self.previous, script.tail = script.tail, self.item
        script.server("response.content_part.added", **self._part_ids(), part=self._part(""))

    def say(self, delta: str) -> None:
        self.spoken += delta
        kind = "output_text" if self.modality == "text" else "output_audio_transcript"
        fields = self._part_ids() | {"delta": delta, "obfuscation": self.script.padding(delta)}
        self.script.server(f"response.{kind}.delta", **fields)

    def sound(self, ms: int) -> None:
        self.audio_ms += ms
        self.script.server("response.output_audio.delta", **self._part_ids(), delta=self.script.audio(ms))

    def close(self, status: Literal["completed", "cancelled"] = "completed") -> None:
        script, ids = self.script, self._part_ids()
        if self.modality == "text":
            script.server("response.output_text.done", **ids, text=self.spoken)
        else:
            script.server("response.output_audio.done", **ids)
            script.server("response.output_audio_transcript.done", **ids, transcript=self.spoken)
        script.server("response.content_part.done", **ids, part=self._part(self.spoken))
        item = self._item("completed" if status == "completed" else "incomplete", self.spoken)
        script.server("conversation.item.done", previous_item_id=self.previous, item=item)
        script.server("response.output_item.done", response_id=self.response, output_index=0, item=item)
        details = None if status == "completed" else {"type": "cancelled", "reason": "turn_detected"}
        script.server("response.done", response=self._response(status, details, [item], self._usage()))
        limits = {"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}
        script.server("rate_limits.updated", rate_limits=[limits])

    def _part_ids(self) -> Json:
        return {"response_id": self.response, "item_id": self.item, "output_index": 0, "content_index": 0}

    def _part(self, words: str) -> Json:
        if self.modality == "text":
            return {"type": "text", "text": words}
        return {"type": "audio", "transcript": words}

    def _item(self, status: str, words: str | None = None) -> Json:
        content: list[Json] = []
        if words is not None:
            content = [{**self._part(words), "type": f"output_{self.modality}"}]
        return {"id": self.item, "type": "message", "status": status, "role": "assistant", "content": content}

    def _response(self, status: str, details: Json | None, output: list[Json], usage: Json | None) -> Json:
        return {
            "object": "realtime.response",
            "id": self.response,
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": self.conversation,
            "output_modalities": [self.modality],
            "max_output_tokens": "inf",
            "audio": {"output": {"format": PCM, "voice": "marin"}},
            "usage": usage,
            "metadata": None,
        }

    def _usage(self) -> Json:
        heard, spoken = self.heard_ms // MS_PER_INPUT_TOKEN, self.audio_ms // MS_PER_OUTPUT_TOKEN
        words = len(texts.split(self.spoken))
        received = {"text_tokens": self.input_text, "audio_tokens": heard, "image_tokens": 0}
        cached = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        return {
            "total_tokens": self.input_text + heard + words + spoken,
            "input_tokens": self.input_text + heard,
            "output_tokens": words + spoken,
            "input_token_details": {**received, "cached_tokens": 0, "cached_tokens_details": cached},
            "output_token_details": {"text_tokens": words, "audio_tokens": spoken},
        }
