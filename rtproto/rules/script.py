"""How the small legal sessions of `rtproto.rules.sessions` are written; rules take parts for their examples from here.

A session is a list of `(direction, event)` pairs in the order in which OpenAI's servers send them; ids are readable,
texts are short, audio is real silence of the right length.  They are written from the protocol's documents and
canonical sequences, not taken from a recording.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

Event = dict[str, Any]
Session = list[tuple[str, Event]]


def silence(ms: int) -> str:
    """Base64 of that many milliseconds of pcm16 silence at 24 kHz: 48 bytes a millisecond, 64 characters."""
    return "AAAA" * (16 * ms)


SESSIONS: dict[str, Callable[[], Session]] = {}
"""Every sample session by its name.  Filled by importing `rtproto.rules.sessions`."""


def sample(function: Callable[[], Session]) -> Callable[[], Session]:
    """Register a function as a sample session, under its own name."""
    SESSIONS[function.__name__] = function
    return function


class Script:
    """Writes a session, numbering the server's event ids."""

    def __init__(self) -> None:
        self.session: Session = []

    def server(self, type: str, **fields: Any) -> None:
        self.session.append(
            ("server", {"type": type, "event_id": f"event_{len(self.session) + 1:03}", **fields})
        )

    def client(self, type: str, **fields: Any) -> None:
        self.session.append(("client", {"type": type, **fields}))


VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "create_response": True,
    "interrupt_response": True,
}
PCM = {"type": "audio/pcm", "rate": 24000}
USAGE = {
    "total_tokens": 30,
    "input_tokens": 20,
    "output_tokens": 10,
    "input_token_details": {"text_tokens": 20, "audio_tokens": 0, "cached_tokens": 0},
    "output_token_details": {"text_tokens": 10, "audio_tokens": 0},
}


SPOKEN_USAGE = {**USAGE, "output_token_details": {"text_tokens": 2, "audio_tokens": 8}}
GET_WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def ga_session(
    *, vad: bool, modality: str, transcription: Event | None = None, tools: Sequence[Event] = (GET_WEATHER,)
) -> Event:
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": "sess_1",
        "model": "gpt-realtime",
        "output_modalities": [modality],
        "instructions": "Be brief.",
        "tools": [*tools],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "audio": {
            "input": {
                "format": PCM,
                "transcription": transcription,
                "turn_detection": VAD if vad else None,
            },
            "output": {"format": PCM, "voice": "marin", "speed": 1.0},
        },
    }


def beta_session() -> Event:
    return {
        "object": "realtime.session",
        "id": "sess_1",
        "model": "gpt-4o-realtime-preview",
        "modalities": ["audio", "text"],
        "instructions": "Be brief.",
        "voice": "alloy",
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "turn_detection": VAD,
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
    }


def response_object(
    id: str, status: str, output: list[Event], *, modality: str = "text", **more: Any
) -> Event:
    usage = SPOKEN_USAGE if modality == "audio" else USAGE
    return {
        "object": "realtime.response",
        "id": id,
        "status": status,
        "status_details": None,
        "output": output,
        "conversation_id": "conv_1",
        "output_modalities": [modality],
        "max_output_tokens": "inf",
        "usage": None if status == "in_progress" else usage,
        "metadata": None,
        **more,
    }


def user_message(id: str, text: str) -> Event:
    content = [{"type": "input_text", "text": text}]
    return {"id": id, "type": "message", "status": "completed", "role": "user", "content": content}


def heard_message(id: str) -> Event:
    content = [{"type": "input_audio", "transcript": None}]
    return {"id": id, "type": "message", "status": "completed", "role": "user", "content": content}


def said_message(id: str, status: str, content: list[Event]) -> Event:
    return {"id": id, "type": "message", "status": status, "role": "assistant", "content": content}


def call_item(id: str, call_id: str, status: str, arguments: str) -> Event:
    return {
        "id": id,
        "type": "function_call",
        "status": status,
        "name": "get_weather",
        "call_id": call_id,
        "arguments": arguments,
    }


def start(
    script: Script,
    *,
    vad: bool = True,
    modality: str = "text",
    transcription: Event | None = None,
    tools: Sequence[Event] = (GET_WEATHER,),
) -> None:
    script.server("session.created", session=ga_session(vad=True, modality="audio"))
    input: Event = {"turn_detection": VAD if vad else None}
    update: Event = {
        "type": "realtime",
        "instructions": "Be brief.",
        "output_modalities": [modality],
        "audio": {"input": input},
    }
    if transcription is not None:
        input["transcription"] = transcription
    if tools != (GET_WEATHER,):
        update["tools"] = [*tools]
    script.client("session.update", event_id="evt_update", session=update)
    effective = ga_session(vad=vad, modality=modality, transcription=transcription, tools=tools)
    script.server("session.updated", session=effective)


def add_item(script: Script, item: Event, previous: str | None) -> None:
    script.server("conversation.item.added", previous_item_id=previous, item=item)
    script.server("conversation.item.done", previous_item_id=previous, item=item)


def ask(script: Script, id: str, text: str, previous: str | None, response: Event | None = None) -> None:
    script.client("conversation.item.create", event_id=f"evt_{id}", item=user_message(id, text))
    script.client("response.create", **({} if response is None else {"response": response}))
    add_item(script, user_message(id, text), previous)


def open_item(
    script: Script, response: str, index: int, item: Event, previous: str | None, *, mirror: bool = True
) -> None:
    script.server("response.output_item.added", response_id=response, output_index=index, item=item)
    if mirror:
        script.server("conversation.item.added", previous_item_id=previous, item=item)


def close_item(
    script: Script, response: str, index: int, item: Event, previous: str | None, *, mirror: bool = True
) -> None:
    if mirror:
        script.server("conversation.item.done", previous_item_id=previous, item=item)
    script.server("response.output_item.done", response_id=response, output_index=index, item=item)


def place_of(response: str, item: str) -> Event:
    return {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}


def write(script: Script, response: str, item: str, previous: str | None, *, mirror: bool = True) -> None:
    """A text answer, from `response.created` to `response.done`."""
    conversation: Event = {} if mirror else {"conversation_id": None}
    script.server("response.created", response=response_object(response, "in_progress", [], **conversation))
    open_item(script, response, 0, said_message(item, "in_progress", []), previous, mirror=mirror)
    place = place_of(response, item)
    script.server("response.content_part.added", **place, part={"type": "text", "text": ""})
    for delta in ("Sunny", " all", " day."):
        script.server("response.output_text.delta", **place, delta=delta)
    script.server("response.output_text.done", **place, text="Sunny all day.")
    script.server("response.content_part.done", **place, part={"type": "text", "text": "Sunny all day."})
    done = said_message(item, "completed", [{"type": "output_text", "text": "Sunny all day."}])
    close_item(script, response, 0, done, previous, mirror=mirror)
    script.server("response.done", response=response_object(response, "completed", [done], **conversation))


def speak(script: Script, response: str, item: str, previous: str | None, *, ms: int = 400) -> None:
    """A spoken answer."""
    script.server("response.created", response=response_object(response, "in_progress", [], modality="audio"))
    open_item(script, response, 0, said_message(item, "in_progress", []), previous)
    place = place_of(response, item)
    script.server("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
    for delta in ("Hello", " there."):
        script.server("response.output_audio_transcript.delta", **place, delta=delta)
        script.server("response.output_audio.delta", **place, delta=silence(ms // 2))
    script.server("response.output_audio.done", **place)
    script.server("response.output_audio_transcript.done", **place, transcript="Hello there.")
    script.server("response.content_part.done", **place, part={"type": "audio", "transcript": "Hello there."})
    done = said_message(item, "completed", [{"type": "output_audio", "transcript": "Hello there."}])
    close_item(script, response, 0, done, previous)
    script.server("response.done", response=response_object(response, "completed", [done], modality="audio"))


def record(script: Script, until: int) -> None:
    """Append silence until that many milliseconds of audio were appended in the session."""
    appended = sum(
        len(event["audio"]) // 64
        for _, event in script.session
        if event["type"] == "input_audio_buffer.append"
    )
    script.client("input_audio_buffer.append", audio=silence(until - appended))


def listen(script: Script, item: str, previous: str | None, start: int, end: int) -> None:
    """A user turn that server VAD hears, commits and has transcribed."""
    record(script, end + 200)
    script.server("input_audio_buffer.speech_started", audio_start_ms=start, item_id=item)
    script.server("input_audio_buffer.speech_stopped", audio_end_ms=end, item_id=item)
    script.server("input_audio_buffer.committed", previous_item_id=previous, item_id=item)
    add_item(script, heard_message(item), previous)


def hear(script: Script, item: str, text: str) -> None:
    """What a transcriber makes of a user turn."""
    part = {"item_id": item, "content_index": 0}
    script.server("conversation.item.input_audio_transcription.delta", **part, delta=text)
    script.server(
        "conversation.item.input_audio_transcription.completed",
        **part,
        transcript=text,
        usage={"type": "duration", "seconds": 1},
    )


def refuse(script: Script, event_id: str) -> None:
    """The server cannot do what was asked, through no fault of the client's."""
    error = {
        "type": "server_error",
        "code": None,
        "message": "The server had an error while processing your request.",
        "param": None,
        "event_id": event_id,
    }
    script.server("error", error=error)


def beta_names(event: Event) -> Event:
    """The same event with beta's name for what an assistant says."""
    text = msgspec.json.encode(event).replace(b'"type":"output_audio"', b'"type":"audio"')
    return msgspec.json.decode(text, type=dict[str, Any])


@functools.cache
def _recorded(name: str) -> list[tuple[str, bytes]]:
    return [(direction, msgspec.json.encode(event)) for direction, event in SESSIONS[name]()]


def session(name: str) -> Session:
    """A fresh copy of the session of that name, in which no two events share a part."""
    return [(direction, msgspec.json.decode(raw)) for direction, raw in _recorded(name)]
