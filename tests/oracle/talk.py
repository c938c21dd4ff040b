"""Small legal sessions, told step by step, in either dialect: what the oracle's own tests and its campaign damage.

    talk = Talk("ga")
    talk.opens()
    talk.says("Hello")
    talk.asks()
    talk.speaks("Hi there")
    talk.lines  # direction and event, in order

Every step appends what a client and a server send for it, in the order of the catalogue's canonical sequences.
"""

from __future__ import annotations

import base64
from typing import Any

Body = dict[str, Any]
Lines = list[tuple[str, Body]]

MS = 48
"""Bytes of pcm16 in a millisecond."""


def pcm(ms: int, seed: int = 0) -> str:
    """That much audio, base64; a different wave for each seed."""
    return base64.b64encode(bytes((seed * 7 + i * (seed + 3)) % 251 for i in range(ms * MS))).decode()


class Talk:
    """A conversation in the making."""

    def __init__(self, dialect: str = "ga", *, vad: bool = False, webrtc: bool = False) -> None:
        self.ga = dialect == "ga"
        self.vad = vad
        self.webrtc = webrtc
        self.lines: Lines = []
        self.count = 0
        self.tail: str | None = None
        self.clock = 0
        self.response = ""
        self.written = False
        self.items: list[Body] = []

    def server(self, type: str, **fields: Any) -> None:
        self.count += 1
        self.lines.append(("server", {"type": type, "event_id": f"event_{self.count}", **fields}))

    def client(self, type: str, **fields: Any) -> None:
        self.count += 1
        self.lines.append(("client", {"type": type, "event_id": f"sent_{self.count}", **fields}))

    def fresh(self, kind: str) -> str:
        """An id nobody has used."""
        self.count += 1
        return f"{kind}_{self.count}"

    def config(self, **more: Any) -> Body:
        """The session as the server shows it."""
        detection = (
            {"type": "server_vad", "create_response": True, "interrupt_response": True} if self.vad else None
        )
        if self.ga:
            pcm24 = {"type": "audio/pcm", "rate": 24000}
            return {
                "type": "realtime",
                "object": "realtime.session",
                "id": "sess_1",
                "model": "gpt-realtime",
                "output_modalities": ["audio"],
                "audio": {
                    "input": {
                        "format": pcm24,
                        "turn_detection": detection,
                        "transcription": {"model": "gpt-4o-transcribe"},
                    },
                    "output": {"format": pcm24, "voice": "marin", "speed": 1.0},
                },
                **more,
            }
        return {
            "object": "realtime.session",
            "id": "sess_1",
            "model": "gpt-4o-realtime-preview",
            "modalities": ["audio", "text"],
            "voice": "alloy",
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm16",
            "input_audio_transcription": {"model": "whisper-1"},
            "turn_detection": detection,
            **more,
        }

    def opens(self) -> None:
        """The server announces the session."""
        self.server("session.created", session=self.config())

    def opens_transcription(self) -> None:
        """The server announces a session that only transcribes."""
        if self.ga:
            audio = {"input": {"turn_detection": None, "transcription": {"model": "gpt-4o-transcribe"}}}
            session = {
                "type": "transcription",
                "object": "realtime.transcription_session",
                "id": "sess_1",
                "audio": audio,
            }
            self.server("session.created", session=session)
        else:
            session = {
                "object": "realtime.transcription_session",
                "id": "sess_1",
                "input_audio_format": "pcm16",
                "input_audio_transcription": {"model": "gpt-4o-transcribe"},
                "turn_detection": None,
            }
            self.server("transcription_session.created", session=session)

    def configures(self, asked: Body, shown: Body) -> None:
        """The client changes the configuration, and the server shows what is in force."""
        self.client("session.update", session=({"type": "realtime"} if self.ga else {}) | asked)
        self.server("session.updated", session=self.config(**shown))

    def joins(self, item: Body, *, after: str | None = "") -> None:
        """An item takes its place in the conversation, at the end unless another place is told."""
        previous = self.tail if after == "" else after
        self.server(
            "conversation.item.added" if self.ga else "conversation.item.created",
            previous_item_id=previous,
            item=item,
        )
        if self.ga and item.get("status") != "in_progress":
            self.server("conversation.item.done", previous_item_id=previous, item=item)
        if after == "":
            self.tail = item["id"]

    def creates(self, item: Body, **place: Any) -> None:
        """The client adds an item; the server takes it."""
        self.client("conversation.item.create", item=item, **place)
        after = None if place.get("previous_item_id") == "root" else place.get("previous_item_id", "")
        self.joins({"status": "completed", **item}, after=after)

    def says(self, text: str, role: str = "user", **place: Any) -> str:
        """The client writes a message."""
        item = self.fresh("item")
        content = [{"type": "input_text", "text": text}]
        self.creates({"id": item, "type": "message", "role": role, "content": content}, **place)
        return item

    def returns(self, call_id: str, output: str = "{}") -> None:
        """The client gives the result of a function call."""
        item = {
            "id": self.fresh("item"),
            "type": "function_call_output",
            "call_id": call_id,
            "output": output,
        }
        self.creates(item)

    def asks(self, **params: Any) -> None:
        """The client asks for a response."""
        self.client("response.create", **({"response": params} if params else {}))

    def begins(self, conversation: str | None = "conv_1", *, written: bool = False) -> str:
        """A response is created, in speech or in writing."""
        self.response = self.fresh("resp")
        self.written = written
        self.items = []
        self.server("response.created", response=self._response("in_progress", conversation))
        return self.response

    def _response(self, status: str, conversation: str | None) -> Body:
        spoken = ["audio"] if self.ga else ["audio", "text"]
        field = "output_modalities" if self.ga else "modalities"
        return {
            "object": "realtime.response",
            "id": self.response,
            "status": status,
            "status_details": None,
            "output": [],
            "conversation_id": conversation,
            "usage": None,
            "metadata": None,
            field: ["text"] if self.written else spoken,
        }

    def ends(
        self, status: str = "completed", reason: str | None = None, conversation: str | None = "conv_1"
    ) -> None:
        """The response is done, with all items that it has."""
        response = self._response(status, conversation)
        response["output"] = [dict(item) for item in self.items]
        if status != "completed":
            response["status_details"] = {"type": status, "reason": reason}
        audio = any(part["type"].endswith("audio") for item in self.items for part in item.get("content", []))
        tokens = 10 * len(self.items)
        response["usage"] = {
            "total_tokens": 20 + tokens,
            "input_tokens": 20,
            "output_tokens": tokens,
            "input_token_details": {"text_tokens": 20, "audio_tokens": 0, "cached_tokens": 0},
            "output_token_details": {
                "text_tokens": 4 * len(self.items) if audio else tokens,
                "audio_tokens": 6 * len(self.items) if audio else 0,
            },
        }
        self.server("response.done", response=response)

    def opens_item(self, item: Body, *, mirrored: bool = True) -> Body:
        """An item of the response begins; in the default conversation it joins it at once."""
        item = {"id": self.fresh("item"), "status": "in_progress", **item}
        self.server(
            "response.output_item.added",
            response_id=self.response,
            output_index=len(self.items),
            item=dict(item),
        )
        self.items.append(item)
        if mirrored:
            self.joins(dict(item))
        return item

    def closes_item(self, item: Body, *, mirrored: bool = True) -> None:
        """The item is done, as it stands."""
        if item["status"] == "in_progress":
            item["status"] = "completed"
        if self.ga and mirrored:
            self.server("conversation.item.done", previous_item_id=None, item=dict(item))
        index = self.items.index(item)
        self.server(
            "response.output_item.done", response_id=self.response, output_index=index, item=dict(item)
        )

    def about(self, item: Body) -> Body:
        """The fields of every event about that item's first part."""
        index = self.items.index(item)
        return {
            "response_id": self.response,
            "item_id": item["id"],
            "output_index": index,
            "content_index": 0,
        }

    def message(
        self,
        words: list[str],
        *,
        audio: bool,
        ms: int = 100,
        status: str = "completed",
        mirrored: bool = True,
    ) -> Body:
        """A message of one part, streamed word by word."""
        item = self.opens_item({"type": "message", "role": "assistant", "content": []}, mirrored=mirrored)
        about = self.about(item)
        text = "".join(words)
        prefix = "response.output_" if self.ga else "response."
        field, kind = ("transcript", "audio_transcript") if audio else ("text", "text")
        empty = {"type": "audio" if audio else "text", field: ""}
        self.server("response.content_part.added", **about, part=empty)
        for seed, word in enumerate(words):
            self.server(f"{prefix}{kind}.delta", **about, delta=word)
            if audio and not self.webrtc:
                self.server(f"{prefix}audio.delta", **about, delta=pcm(ms // len(words), seed))
        if audio:
            self.server(f"{prefix}audio.done", **about)
        self.server(f"{prefix}{kind}.done", **about, **{field: text})
        self.server("response.content_part.done", **about, part={**empty, field: text})
        item["content"] = [{"type": ("output_" if self.ga else "") + empty["type"], field: text}]
        item["status"] = status
        self.closes_item(item, mirrored=mirrored)
        return item

    def speaks(self, *words: str, **how: Any) -> Body:
        """A whole spoken response."""
        self.begins()
        item = self.message(list(words), audio=True, **how)
        self.ends()
        return item

    def writes(self, *words: str, **how: Any) -> Body:
        """A whole written response."""
        self.begins(written=True)
        item = self.message(list(words), audio=False, **how)
        self.ends()
        return item

    def call(self, name: str, pieces: list[str]) -> str:
        """A function call inside the response; returns its `call_id`."""
        call_id = self.fresh("call")
        item = self.opens_item({"type": "function_call", "name": name, "call_id": call_id, "arguments": ""})
        about = {key: value for key, value in self.about(item).items() if key != "content_index"}
        for piece in pieces:
            self.server("response.function_call_arguments.delta", **about, call_id=call_id, delta=piece)
        item["arguments"] = "".join(pieces)
        self.server(
            "response.function_call_arguments.done",
            **about,
            call_id=call_id,
            name=name,
            arguments=item["arguments"],
        )
        self.closes_item(item)
        return call_id

    def calls(self, *pieces: str) -> str:
        """A whole response that calls a function."""
        self.begins()
        call_id = self.call("look_up", list(pieces))
        self.ends()
        return call_id

    def appends(self, *ms: int) -> None:
        """The client sends audio, a chunk for each length."""
        for length in ms:
            self.clock += length
            self.client("input_audio_buffer.append", audio=pcm(length, self.count))

    def hears(self, ms: int = 300) -> str:
        """A spoken turn: found by the server, or committed by the client."""
        item = self.fresh("item")
        start = self.clock
        self.appends(ms // 2, ms - ms // 2)
        if self.vad:
            self.server("input_audio_buffer.speech_started", audio_start_ms=start, item_id=item)
            self.server("input_audio_buffer.speech_stopped", audio_end_ms=self.clock, item_id=item)
        else:
            self.client("input_audio_buffer.commit")
        self.commits(item)
        return item

    def commits(self, item: str) -> None:
        """The server commits what was heard; it becomes a message of the user's."""
        self.server("input_audio_buffer.committed", previous_item_id=self.tail, item_id=item)
        content = [{"type": "input_audio", "transcript": None}]
        self.joins({"id": item, "type": "message", "role": "user", "status": "completed", "content": content})

    def hears_in_two(self, ms: int = 300) -> tuple[str, str]:
        """A spoken turn of which the client commits the first half by hand, while the user speaks on."""
        first, second = self.fresh("item"), self.fresh("item")
        start = self.clock
        self.appends(ms // 2)
        self.server("input_audio_buffer.speech_started", audio_start_ms=start, item_id=first)
        self.client("input_audio_buffer.commit")
        self.commits(first)
        self.appends(ms - ms // 2)
        self.server("input_audio_buffer.speech_stopped", audio_end_ms=self.clock, item_id=second)
        self.commits(second)
        return first, second

    def transcribes(self, item: str, text: str) -> None:
        """What was heard arrives as text."""
        about = {"item_id": item, "content_index": 0}
        kind = "conversation.item.input_audio_transcription"
        self.server(f"{kind}.delta", **about, delta=text)
        usage = {"type": "duration", "seconds": 1}
        self.server(f"{kind}.completed", **about, transcript=text, usage=usage)

    def plays(self, kind: str) -> None:
        """The output buffer of WebRTC starts, stops or is cleared."""
        self.server(f"output_audio_buffer.{kind}", response_id=self.response)

    def lists_tools(self) -> None:
        """A remote server is configured, and tells its tools."""
        tools = [{"type": "mcp", "server_label": "docs", "server_url": "https://docs.example"}]
        self.configures({"tools": tools}, {"tools": tools})
        item = {"id": self.fresh("item"), "type": "mcp_list_tools", "server_label": "docs", "tools": []}
        self.server("conversation.item.added", previous_item_id=self.tail, item=item)
        self.server("mcp_list_tools.in_progress", item_id=item["id"])
        self.server("mcp_list_tools.completed", item_id=item["id"])
        item = {**item, "tools": [{"name": "search", "input_schema": {"type": "object"}}]}
        self.server("conversation.item.done", previous_item_id=self.tail, item=item)
        self.tail = item["id"]

    def remote(self, *pieces: str, outcome: str = "completed") -> Body:
        """A call of a remote tool inside the response, with its outcome."""
        self.begins()
        item = self.opens_item(
            {"type": "mcp_call", "server_label": "docs", "name": "search", "arguments": ""}
        )
        about = {key: value for key, value in self.about(item).items() if key != "content_index"}
        for piece in pieces:
            self.server("response.mcp_call_arguments.delta", **about, delta=piece)
        item["arguments"] = "".join(pieces)
        self.server("response.mcp_call_arguments.done", **about, arguments=item["arguments"])
        place = {"item_id": item["id"], "output_index": about["output_index"]}
        self.server("response.mcp_call.in_progress", **place)
        self.server(f"response.mcp_call.{outcome}", **place)
        self.closes_item(item)
        self.ends()
        return item

    def cuts(self, item: Body, ms: int) -> None:
        """The client truncates what was not heard; the server agrees."""
        about = {"item_id": item["id"], "content_index": 0, "audio_end_ms": ms}
        self.client("conversation.item.truncate", **about)
        self.server("conversation.item.truncated", **about)

    def fails(self, event_id: str | None, code: str = "invalid_value") -> None:
        """The server refuses something."""
        detail = {
            "type": "invalid_request_error",
            "code": code,
            "message": "no",
            "param": None,
            "event_id": event_id,
        }
        self.server("error", error=detail)
