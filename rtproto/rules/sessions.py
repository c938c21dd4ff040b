"""Small legal sessions, from which the rules' examples are made by one edit.

Each is a list of `(direction, event)` pairs in the order in which OpenAI's servers send them; ids are readable, texts
are short, audio is real silence of the right length.  They are written from the protocol's documents and canonical
sequences, not taken from a recording.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import msgspec

Event = dict[str, Any]
Session = list[tuple[str, Event]]


def silence(ms: int) -> str:
    """Base64 of that many milliseconds of pcm16 silence at 24 kHz: 48 bytes a millisecond, 64 characters."""
    return "AAAA" * (16 * ms)


class _Script:
    """Writes a session, numbering the server's event ids."""

    def __init__(self) -> None:
        self.session: Session = []

    def server(self, type: str, **fields: Any) -> None:
        self.session.append(
            ("server", {"type": type, "event_id": f"event_{len(self.session) + 1:03}", **fields})
        )

    def client(self, type: str, **fields: Any) -> None:
        self.session.append(("client", {"type": type, **fields}))


_VAD = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "create_response": True,
    "interrupt_response": True,
}
_PCM = {"type": "audio/pcm", "rate": 24000}
_USAGE = {
    "total_tokens": 30,
    "input_tokens": 20,
    "output_tokens": 10,
    "input_token_details": {"text_tokens": 20, "audio_tokens": 0, "cached_tokens": 0},
    "output_token_details": {"text_tokens": 10, "audio_tokens": 0},
}


def _ga_session(*, vad: bool, modality: str) -> Event:
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": "sess_1",
        "model": "gpt-realtime",
        "output_modalities": [modality],
        "instructions": "Be brief.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "audio": {
            "input": {"format": _PCM, "transcription": None, "turn_detection": _VAD if vad else None},
            "output": {"format": _PCM, "voice": "marin", "speed": 1.0},
        },
    }


def _beta_session() -> Event:
    return {
        "object": "realtime.session",
        "id": "sess_1",
        "model": "gpt-4o-realtime-preview",
        "modalities": ["audio", "text"],
        "instructions": "Be brief.",
        "voice": "alloy",
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "turn_detection": _VAD,
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
    }


def _response(id: str, status: str, output: list[Event], *, modality: str = "text", **more: Any) -> Event:
    return {
        "object": "realtime.response",
        "id": id,
        "status": status,
        "status_details": None,
        "output": output,
        "conversation_id": "conv_1",
        "output_modalities": [modality],
        "max_output_tokens": "inf",
        "usage": None if status == "in_progress" else _USAGE,
        "metadata": None,
        **more,
    }


def _user(id: str, text: str) -> Event:
    content = [{"type": "input_text", "text": text}]
    return {"id": id, "type": "message", "status": "completed", "role": "user", "content": content}


def _heard(id: str) -> Event:
    content = [{"type": "input_audio", "transcript": None}]
    return {"id": id, "type": "message", "status": "completed", "role": "user", "content": content}


def _said(id: str, status: str, content: list[Event]) -> Event:
    return {"id": id, "type": "message", "status": status, "role": "assistant", "content": content}


def _call(id: str, call_id: str, status: str, arguments: str) -> Event:
    return {
        "id": id,
        "type": "function_call",
        "status": status,
        "name": "get_weather",
        "call_id": call_id,
        "arguments": arguments,
    }


def _start(script: _Script, *, vad: bool = True, modality: str = "text") -> None:
    script.server("session.created", session=_ga_session(vad=True, modality="audio"))
    audio = {"input": {"turn_detection": _VAD if vad else None}}
    update = {
        "type": "realtime",
        "instructions": "Be brief.",
        "output_modalities": [modality],
        "audio": audio,
    }
    script.client("session.update", event_id="evt_update", session=update)
    script.server("session.updated", session=_ga_session(vad=vad, modality=modality))


def _add(script: _Script, item: Event, previous: str | None) -> None:
    script.server("conversation.item.added", previous_item_id=previous, item=item)
    script.server("conversation.item.done", previous_item_id=previous, item=item)


def _ask(script: _Script, id: str, text: str, previous: str | None, response: Event | None = None) -> None:
    script.client("conversation.item.create", event_id=f"evt_{id}", item=_user(id, text))
    script.client("response.create", **({} if response is None else {"response": response}))
    _add(script, _user(id, text), previous)


def _open_item(
    script: _Script, response: str, index: int, item: Event, previous: str | None, *, mirror: bool = True
) -> None:
    script.server("response.output_item.added", response_id=response, output_index=index, item=item)
    if mirror:
        script.server("conversation.item.added", previous_item_id=previous, item=item)


def _close_item(
    script: _Script, response: str, index: int, item: Event, previous: str | None, *, mirror: bool = True
) -> None:
    if mirror:
        script.server("conversation.item.done", previous_item_id=previous, item=item)
    script.server("response.output_item.done", response_id=response, output_index=index, item=item)


def _place(response: str, item: str) -> Event:
    return {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}


def _write(script: _Script, response: str, item: str, previous: str | None, *, mirror: bool = True) -> None:
    """A text answer, from `response.created` to `response.done`."""
    conversation: Event = {} if mirror else {"conversation_id": None}
    script.server("response.created", response=_response(response, "in_progress", [], **conversation))
    _open_item(script, response, 0, _said(item, "in_progress", []), previous, mirror=mirror)
    place = _place(response, item)
    script.server("response.content_part.added", **place, part={"type": "text", "text": ""})
    for delta in ("Sunny", " all", " day."):
        script.server("response.output_text.delta", **place, delta=delta)
    script.server("response.output_text.done", **place, text="Sunny all day.")
    script.server("response.content_part.done", **place, part={"type": "text", "text": "Sunny all day."})
    done = _said(item, "completed", [{"type": "output_text", "text": "Sunny all day."}])
    _close_item(script, response, 0, done, previous, mirror=mirror)
    script.server("response.done", response=_response(response, "completed", [done], **conversation))


def _speak(script: _Script, response: str, item: str, previous: str | None, *, ms: int = 400) -> None:
    """A spoken answer."""
    script.server("response.created", response=_response(response, "in_progress", [], modality="audio"))
    _open_item(script, response, 0, _said(item, "in_progress", []), previous)
    place = _place(response, item)
    script.server("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
    for delta in ("Hello", " there."):
        script.server("response.output_audio_transcript.delta", **place, delta=delta)
        script.server("response.output_audio.delta", **place, delta=silence(ms // 2))
    script.server("response.output_audio.done", **place)
    script.server("response.output_audio_transcript.done", **place, transcript="Hello there.")
    script.server("response.content_part.done", **place, part={"type": "audio", "transcript": "Hello there."})
    done = _said(item, "completed", [{"type": "output_audio", "transcript": "Hello there."}])
    _close_item(script, response, 0, done, previous)
    script.server("response.done", response=_response(response, "completed", [done], modality="audio"))


def _listen(script: _Script, item: str, previous: str | None, start: int, end: int) -> None:
    """A user turn that server VAD hears, commits and has transcribed."""
    script.client("input_audio_buffer.append", audio=silence(100))
    script.server("input_audio_buffer.speech_started", audio_start_ms=start, item_id=item)
    script.server("input_audio_buffer.speech_stopped", audio_end_ms=end, item_id=item)
    script.server("input_audio_buffer.committed", previous_item_id=previous, item_id=item)
    _add(script, _heard(item), previous)


def text_turn() -> Session:
    """GA: a typed question and a written answer, twice."""
    script = _Script()
    _start(script)
    _ask(script, "item_q1", "How is the weather?", None)
    _write(script, "resp_1", "item_a1", "item_q1")
    _ask(script, "item_q2", "And tomorrow?", "item_a1")
    _write(script, "resp_2", "item_a2", "item_q2")
    return script.session


def voice_turn() -> Session:
    """GA: two spoken turns with server VAD and transcription."""
    script = _Script()
    _start(script, modality="audio")
    _listen(script, "item_u1", None, 100, 900)
    _speak(script, "resp_1", "item_a1", "item_u1")
    transcription = {"item_id": "item_u1", "content_index": 0}
    usage = {"type": "duration", "seconds": 1}
    script.server("conversation.item.input_audio_transcription.delta", **transcription, delta="Hi.")
    script.server(
        "conversation.item.input_audio_transcription.completed",
        **transcription,
        transcript="Hi.",
        usage=usage,
    )
    _listen(script, "item_u2", "item_a1", 2000, 2800)
    _speak(script, "resp_2", "item_a2", "item_u2")
    return script.session


def push_to_talk() -> Session:
    """GA: turn detection off; the client commits and asks for the response itself."""
    script = _Script()
    _start(script, vad=False, modality="audio")
    for _ in range(2):
        script.client("input_audio_buffer.append", audio=silence(100))
    script.client("input_audio_buffer.commit", event_id="evt_commit")
    script.server("input_audio_buffer.committed", previous_item_id=None, item_id="item_u1")
    _add(script, _heard("item_u1"), None)
    script.client("response.create")
    _speak(script, "resp_1", "item_a1", "item_u1")
    return script.session


def barge_in() -> Session:
    """GA: the user interrupts; the client truncates what was not played."""
    script = _Script()
    _start(script, modality="audio")
    _listen(script, "item_u1", None, 100, 900)
    script.server("response.created", response=_response("resp_1", "in_progress", [], modality="audio"))
    _open_item(script, "resp_1", 0, _said("item_a1", "in_progress", []), "item_u1")
    place = _place("resp_1", "item_a1")
    script.server("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
    script.server("response.output_audio_transcript.delta", **place, delta="Once upon")
    for _ in range(2):
        script.server("response.output_audio.delta", **place, delta=silence(400))
    script.server("input_audio_buffer.speech_started", audio_start_ms=2000, item_id="item_u2")
    script.client(
        "conversation.item.truncate", event_id="evt_cut", item_id="item_a1", content_index=0, audio_end_ms=600
    )
    script.server("response.output_audio.done", **place)
    script.server("response.output_audio_transcript.done", **place, transcript="Once upon")
    script.server("response.content_part.done", **place, part={"type": "audio", "transcript": "Once upon"})
    done = _said("item_a1", "incomplete", [{"type": "output_audio", "transcript": "Once upon"}])
    _close_item(script, "resp_1", 0, done, "item_u1")
    details = {"type": "cancelled", "reason": "turn_detected"}
    cancelled = _response("resp_1", "cancelled", [done], modality="audio", status_details=details)
    script.server("response.done", response=cancelled)
    script.server("input_audio_buffer.speech_stopped", audio_end_ms=2800, item_id="item_u2")
    script.server("input_audio_buffer.committed", previous_item_id="item_a1", item_id="item_u2")
    _add(script, _heard("item_u2"), "item_a1")
    script.server("conversation.item.truncated", item_id="item_a1", content_index=0, audio_end_ms=600)
    _speak(script, "resp_2", "item_a2", "item_u2")
    return script.session


def tool_call() -> Session:
    """GA: a function call, its output, and the answer that uses it."""
    script = _Script()
    _start(script)
    _ask(script, "item_q1", "How is the weather?", None)
    script.server("response.created", response=_response("resp_1", "in_progress", []))
    _open_item(script, "resp_1", 0, _call("item_c1", "call_1", "in_progress", ""), "item_q1")
    place = {"response_id": "resp_1", "item_id": "item_c1", "output_index": 0, "call_id": "call_1"}
    for delta in ('{"city":', ' "Oslo"}'):
        script.server("response.function_call_arguments.delta", **place, delta=delta)
    arguments = '{"city": "Oslo"}'
    script.server("response.function_call_arguments.done", **place, name="get_weather", arguments=arguments)
    done = _call("item_c1", "call_1", "completed", arguments)
    _close_item(script, "resp_1", 0, done, "item_q1")
    script.server("response.done", response=_response("resp_1", "completed", [done]))
    output = {
        "id": "item_o1",
        "type": "function_call_output",
        "call_id": "call_1",
        "output": '{"sky": "clear"}',
    }
    script.client("conversation.item.create", item=output)
    script.client("response.create")
    _add(script, output, "item_c1")
    _write(script, "resp_2", "item_a2", "item_o1")
    return script.session


def out_of_band() -> Session:
    """GA: a response outside the conversation, and one inside after it."""
    script = _Script()
    _start(script)
    script.client("response.create", response={"conversation": "none", "input": []})
    _write(script, "resp_1", "item_a1", None, mirror=False)
    _ask(script, "item_q2", "And tomorrow?", None)
    _write(script, "resp_2", "item_a2", "item_q2")
    return script.session


def webrtc_turn() -> Session:
    """GA: a spoken turn on WebRTC, where the audio itself travels on the media track."""
    script = _Script()
    script.server("session.created", session=_ga_session(vad=True, modality="audio"))
    _listen(script, "item_u1", None, 100, 900)
    spoken = _Script()
    _speak(spoken, "resp_1", "item_a1", "item_u1")
    for _, event in spoken.session:
        type = event.pop("type")
        del event["event_id"]
        if type == "response.output_audio.delta":
            continue
        script.server(type, **event)
        if type == "response.content_part.added":
            script.server("output_audio_buffer.started", response_id="resp_1")
    script.server("output_audio_buffer.stopped", response_id="resp_1")
    return [(direction, event) for direction, event in script.session if direction == "server"]


def mcp_call() -> Session:
    """GA: the tools of an MCP server are listed and one is called."""
    script = _Script()
    _start(script)
    script.server("mcp_list_tools.in_progress", item_id="item_l1")
    tools = [{"name": "search", "input_schema": {"type": "object"}}]
    listing = {"id": "item_l1", "type": "mcp_list_tools", "server_label": "docs", "tools": tools}
    script.server("mcp_list_tools.completed", item_id="item_l1")
    _add(script, listing, None)
    _ask(script, "item_q1", "Look it up.", "item_l1")
    script.server("response.created", response=_response("resp_1", "in_progress", []))
    call = {"id": "item_m1", "type": "mcp_call", "server_label": "docs", "name": "search", "arguments": ""}
    _open_item(script, "resp_1", 0, call, "item_q1")
    place = {"response_id": "resp_1", "item_id": "item_m1", "output_index": 0}
    script.server("response.mcp_call_arguments.delta", **place, delta="{}")
    script.server("response.mcp_call_arguments.done", **place, arguments="{}")
    script.server("response.mcp_call.in_progress", item_id="item_m1", output_index=0)
    script.server("response.mcp_call.completed", item_id="item_m1", output_index=0)
    done = {**call, "arguments": "{}", "output": "found"}
    _close_item(script, "resp_1", 0, done, "item_q1")
    script.server("response.done", response=_response("resp_1", "completed", [done]))
    return script.session


def transcription() -> Session:
    """GA: a transcription session; nothing answers."""
    script = _Script()
    session = {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": "sess_1",
        "audio": {"input": {"format": _PCM, "transcription": {"model": "whisper-1"}, "turn_detection": _VAD}},
    }
    script.server("session.created", session=session)
    _listen(script, "item_u1", None, 100, 900)
    place = {"item_id": "item_u1", "content_index": 0}
    usage = {"type": "duration", "seconds": 1}
    script.server("conversation.item.input_audio_transcription.delta", **place, delta="Hi.")
    script.server(
        "conversation.item.input_audio_transcription.completed", **place, transcript="Hi.", usage=usage
    )
    return script.session


def beta_voice_turn() -> Session:
    """Beta: two spoken turns with server VAD."""
    script = _Script()
    script.server("session.created", session=_beta_session())
    script.client("session.update", event_id="evt_update", session={"instructions": "Be brief."})
    script.server("session.updated", session=_beta_session())
    spoken = _Script()
    _listen(spoken, "item_u1", None, 100, 900)
    _speak(spoken, "resp_1", "item_a1", "item_u1")
    _listen(spoken, "item_u2", "item_a1", 2000, 2800)
    _speak(spoken, "resp_2", "item_a2", "item_u2")
    for direction, event in spoken.session:
        type = event.pop("type").replace("response.output_audio", "response.audio")
        event.pop("event_id", None)
        if type == "conversation.item.done":
            continue
        if "response" in event:
            flat = {
                "modalities": ["audio", "text"],
                "voice": "alloy",
                "temperature": 0.8,
                **event["response"],
            }
            del flat["output_modalities"]
            event["response"] = flat
        if direction == "client":
            script.client(type, **event)
        else:
            script.server(type.replace("conversation.item.added", "conversation.item.created"), **event)
    return [(direction, _beta_names(event)) for direction, event in script.session]


def _beta_names(value: Any) -> Any:
    """The same value with beta's names for what an assistant says."""
    if isinstance(value, dict):
        renamed = {key: _beta_names(member) for key, member in value.items()}
        if renamed.get("type") == "output_audio":
            renamed["type"] = "audio"
        return renamed
    return [_beta_names(member) for member in value] if isinstance(value, list) else value


def translation() -> Session:
    """Translation: audio in, audio and transcripts out, a clean close."""
    script = _Script()
    session = {
        "id": "sess_1",
        "type": "translation",
        "model": "gpt-realtime-translate",
        "expires_at": 1790000000,
        "audio": {"output": {"language": "es"}},
    }
    script.server("session.created", session=session)
    script.client("session.input_audio_buffer.append", audio=silence(100))
    script.server("session.input_transcript.delta", delta="Good morning.", elapsed_ms=200)
    script.server("session.output_transcript.delta", delta="Buenos días.", elapsed_ms=400)
    script.server("session.output_audio.delta", delta=silence(200), elapsed_ms=400)
    script.client("session.close")
    script.server("session.closed")
    return script.session


SESSIONS: dict[str, Callable[[], Session]] = {
    function.__name__: function
    for function in (
        text_turn,
        voice_turn,
        push_to_talk,
        barge_in,
        tool_call,
        out_of_band,
        webrtc_turn,
        mcp_call,
        transcription,
        beta_voice_turn,
        translation,
    )
}


@functools.cache
def _recorded(name: str) -> list[tuple[str, bytes]]:
    return [(direction, msgspec.json.encode(event)) for direction, event in SESSIONS[name]()]


def session(name: str) -> Session:
    """A fresh copy of the session of that name, in which no two events share a part."""
    return [(direction, msgspec.json.decode(raw)) for direction, raw in _recorded(name)]
