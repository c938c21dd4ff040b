"""What a session that is being written is about: its configuration, its items, its clocks.

Nothing here says what may follow what; that is asked of the tables.
"""

from __future__ import annotations

import json
from typing import Any

from rtproto.testing.chooser import Chooser

Event = dict[str, Any]

WORDS = ("yes", " rain", " Oslo", " 7°", " two", " tram", " café", " 雨", " ok", ", so", ".")
CITIES = ("Oslo", "Lima", "São Paulo", "東京")
IDLE_MS = 5000
"""Milliseconds of silence after which the server takes the turn, where it is set to."""
FUNCTIONS = ("get_weather", "book_table")
REMOTE = ("search", "fetch")
LABEL = "docs"


class Item:
    """An item of the conversation."""

    def __init__(self, shape: Event, response: str | None = None) -> None:
        self.id: str = shape["id"]
        self.shape = shape
        """As it was announced."""
        self.final: Event | None = None
        """As it ends; None while something of it is to come."""
        self.response = response
        self.outside = False
        """It belongs to no conversation."""
        self.previous: str | None = None
        """The predecessor under which it was added."""
        self.is_done = False
        """Its `conversation.item.done` was sent."""
        self.cut: int | None = None
        """Milliseconds after which its audio was truncated."""
        self.part: Part | None = None
        self.args: list[str] = []
        """Pieces of a call's arguments that are still to be streamed."""
        self.ready = False
        """A call's arguments are complete."""


class Part:
    """A content part of a message of the model."""

    def __init__(self, item: Item, kind: str, text: list[str], audio: list[int]) -> None:
        self.item = item
        self.kind = kind
        self.text = text
        """Pieces of text or transcript that are still to be streamed."""
        self.audio = audio
        """Milliseconds of the audio deltas that are still to be streamed."""
        self.said = ""
        self.ms = 0


class Response:
    """A response in progress."""

    def __init__(self, id: str, asked: Event, modality: str, limit: int | str, *, outside: bool) -> None:
        self.id = id
        self.asked = asked
        self.modality = modality
        self.outside = outside
        self.created: Event = {}
        self.items: list[Item] = []
        self.wanted: list[str] = []
        """What is still to be generated: `message`, `function_call`, `mcp_call`, `mcp_approval_request`."""
        self.limit: int | str = asked.get("limit", limit)
        self.ending: tuple[str, Event | None] = ("completed", None)
        """Its final status, and the details of that."""
        self.stopped = False
        """Nothing more is streamed of it."""
        self.approval: str | None = None
        """The request for approval that its call has the answer to."""

    def reason(self) -> str | None:
        """Why it ends otherwise than complete."""
        details = self.ending[1]
        return None if details is None else details.get("reason")


class Hearing:
    """The user's audio, in milliseconds since the session began."""

    def __init__(self) -> None:
        self.appended = 0
        self.emptied = 0
        """Where the buffer was committed or cleared last."""
        self.asked = 0
        """Where the client asked for its last commit: what is appended later is the next turn's."""
        self.start = 0
        self.end = 0
        self.item: str | None = None
        """The item of the speech that is going on, or stopped last."""
        self.cut_off = False
        """The client has committed while the user spoke, who speaks on."""
        self.length: dict[str, int] = {}
        """Milliseconds of each turn by its item."""


class Model:
    """One session."""

    def __init__(self, chooser: Chooser, dialect: str, features: frozenset[str]) -> None:
        def draw(*values: Any) -> Any:
            return values[chooser.below(len(values))]

        def has(*names: str) -> bool:
            return not features.isdisjoint(names)

        self.transcribes = has("transcription-session")
        """The session has no responses."""
        self.media_track = has("webrtc")
        spoken = has("voice", "push-to-talk", "barge-in", "idle", "webrtc")
        self.modality: str = draw("audio", "text") if spoken else draw("text", "audio")
        if has("barge-in", "webrtc"):
            self.modality = "audio"
        detects = has("voice", "barge-in", "idle", "hand-commit")
        if has("push-to-talk"):
            detects = detects and draw(True, False)
        self.vad: Event | None = self.detection(draw, has) if detects else None
        self.transcription: Event | None = None
        if has("input-transcription", "transcription-session"):
            self.transcription = {"model": draw("whisper-1", "gpt-4o-transcribe")}
            if dialect == "ga" and has("segments"):
                self.transcription = {"model": "gpt-4o-transcribe-diarize"}
        self.voice = draw("marin", "cedar") if dialect == "ga" else draw("alloy", "echo")
        self.instructions = "Be brief."
        self.limit: int | str = "inf"
        # Five seconds of silence are many bytes of pcm16.
        self.format = "audio/pcmu" if has("idle") else draw("audio/pcm", "audio/pcmu")
        self.speed = 1.0
        self.tools: list[Event] = []
        if has("functions"):
            self.tools += [function(name) for name in FUNCTIONS]
        if has("mcp"):
            self.tools.append(remote("always" if has("approval") and draw(True, False) else "never"))
        self.conversation = "conv_1"
        self.turns = 1 + chooser.below(3)
        """User turns that may still begin."""
        self.extras = chooser.below(7 if has("items") else 4)
        """Requests beside the turns that may still be made."""
        self.items: dict[str, Item] = {}
        self.responses: dict[str, Response] = {}
        self.hearing = Hearing()
        self.due: str | None = None
        """The item of a turn that the server is to answer by itself."""
        self.unanswered = False
        """Something was said or done that the client may ask to have answered."""
        self.over = False
        """Nothing begins any more."""
        self.limits_due = False
        """The rate limits after a response are still to be told."""

    @staticmethod
    def detection(draw: Any, has: Any) -> Event:
        if not has("idle", "barge-in", "hand-commit") and draw(False, False, True):
            return {
                "type": "semantic_vad",
                "eagerness": draw("auto", "high"),
                "create_response": True,
                "interrupt_response": True,
            }
        vad = {
            "type": "server_vad",
            "threshold": 0.5,
            "prefix_padding_ms": 300,
            "silence_duration_ms": draw(500, 200),
            "create_response": draw(True, True, False),
            "interrupt_response": True if has("barge-in") else draw(True, False),
        }
        if has("hand-commit"):
            # Whether the server answers such a turn by itself is not documented.
            vad["create_response"] = False
        if has("idle"):
            vad["create_response"] = True
            vad["idle_timeout_ms"] = IDLE_MS
        return vad

    def rate(self) -> int:
        """Bytes of a millisecond of audio."""
        return 48 if self.format == "audio/pcm" else 8

    def audio(self, ms: int) -> str:
        """Base64 of that much silence; a multiple of three milliseconds has no padding."""
        return silence(ms, self.format)

    def session(self, dialect: str) -> Event:
        """The effective session, as the server shows it."""
        if dialect == "beta":
            return {
                "object": "realtime.session",
                "id": "sess_1",
                "model": "gpt-4o-realtime-preview",
                "expires_at": 1790000000,
                "modalities": self.modalities(dialect),
                "instructions": self.instructions,
                "voice": self.voice,
                "input_audio_format": BETA_FORMATS[self.format],
                "output_audio_format": BETA_FORMATS[self.format],
                "input_audio_transcription": self.transcription,
                "turn_detection": self.vad,
                "tools": self.tools,
                "tool_choice": "auto",
                "temperature": 0.8,
                "max_response_output_tokens": self.limit,
            }
        format = FORMATS[self.format]
        input = {
            "format": format,
            "transcription": self.transcription,
            "noise_reduction": None,
            "turn_detection": self.vad,
        }
        if self.transcribes:
            return {
                "type": "transcription",
                "object": "realtime.transcription_session",
                "id": "sess_1",
                "expires_at": 1790000000,
                "audio": {"input": input},
                "include": None,
            }
        return {
            "type": "realtime",
            "object": "realtime.session",
            "id": "sess_1",
            "model": "gpt-realtime",
            "expires_at": 1790000000,
            "output_modalities": [self.modality],
            "instructions": self.instructions,
            "tools": self.tools,
            "tool_choice": "auto",
            "max_output_tokens": self.limit,
            "tracing": None,
            "prompt": None,
            "truncation": "auto",
            "include": None,
            "audio": {
                "input": input,
                "output": {"format": format, "voice": self.voice, "speed": self.speed},
            },
        }

    def modalities(self, dialect: str, modality: str | None = None) -> list[str]:
        """How a dialect writes the modality."""
        modality = self.modality if modality is None else modality
        return ["audio", "text"] if dialect == "beta" and modality == "audio" else [modality]


BETA_FORMATS = {"audio/pcm": "pcm16", "audio/pcmu": "g711_ulaw"}
FORMATS: dict[str, Event] = {
    "audio/pcm": {"type": "audio/pcm", "rate": 24000},
    "audio/pcmu": {"type": "audio/pcmu"},
}


def silence(ms: int, format: str = "audio/pcm") -> str:
    """Base64 of silence, whose length in milliseconds is a multiple of three."""
    return "AAAA" * (16 * ms) if format == "audio/pcm" else "////" * (8 * ms // 3)


def function(name: str) -> Event:
    """The definition of a function."""
    return {
        "type": "function",
        "name": name,
        "description": f"Calls {name}.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    }


def remote(approval: str) -> Event:
    """The configuration of a remote server of tools."""
    return {
        "type": "mcp",
        "server_label": LABEL,
        "server_url": "https://docs.example/mcp",
        "allowed_tools": [*REMOTE],
        "require_approval": approval,
    }


def arguments(city: str) -> str:
    """The arguments of a call."""
    return json.dumps({"city": city}, ensure_ascii=False)
