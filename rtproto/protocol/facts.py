"""What a session has shown so far: the memory that guards and rules ask.

`Facts` is written after an event was judged, by one handler an event type, and never judges itself.  Memory follows the
conversation: ids and small records of items and responses, no payloads of finished ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from rtproto.events.audio import BYTES_PER_MS
from rtproto.protocol.ledger import Ledger
from rtproto.protocol.values import field, tag_of

if TYPE_CHECKING:
    from rtproto.protocol.engine import Entity

ELIDED_BELOW = 64
"""Decoded bytes under which an audio payload is taken for one that the recorder cut (1.3 ms of pcm16 at 24 kHz; the
cassettes in circulation keep 24 bytes)."""


STALL = 30.0
"""Seconds without a sign of life after which a response in progress is called stalled."""


class Item:
    """What is remembered of a conversation item."""

    __slots__ = ("announced_by", "call_id", "id", "line", "name", "response_id", "role", "type")

    def __init__(self, item: Any, event: Any, line: int, response_id: str | None) -> None:
        self.id: str = field(item, "id") or ""
        self.type: str = tag_of(item) or ""
        self.role: str | None = field(item, "role")
        self.call_id: str | None = field(item, "call_id")
        self.name: str | None = field(item, "name")
        self.line = line
        self.announced_by = tag_of(event) or ""
        self.response_id = response_id


class Response:
    """What is remembered of a response."""

    __slots__ = ("default", "done", "done_items", "id", "line", "open_items", "output", "turn")

    def __init__(self, id: str, line: int, default: bool, turn: int) -> None:
        self.id = id
        self.line = line
        self.default = default
        """Whether it writes to the default conversation."""
        self.turn = turn
        """User turns that were committed before it."""
        self.output: dict[int, str] = {}
        """Item ids by output_index, as `response.output_item.added` announced them."""
        self.open_items: set[str] = set()
        """Items of which something is still to be streamed."""
        self.done_items: dict[str, Any] = {}
        """The items as `response.output_item.done` showed them, until the response is done."""
        self.done = False


class Facts:
    """Everything remembered about one connection."""

    def __init__(self, *, dialect: str = "ga") -> None:
        self.dialect = dialect
        self.mid_session = False
        self.seen: set[str] = set()
        """The directions of which the recording has shown an event."""
        self.session: Any = None
        """The effective session of the last `session.created` or `.updated`; None before the first."""
        self.session_line = 0
        self.session_type = "session.created"
        self.conversation: list[str] = []
        """Item ids in the conversation's order, as far as the recording shows it."""
        self.deleted: set[str] = set()
        self.items: dict[str, Item] = {}
        self.responses: dict[str, Response] = {}
        self.turns = 0
        """User turns committed so far."""
        self.current_response: str | None = None
        """The response that writes to the default conversation now."""
        self.speech_item: str | None = None
        self.committed_item: str | None = None
        self.output_clears = 0
        """`output_audio_buffer.clear` requests that no `cleared` has answered yet."""
        self.ledger = Ledger()
        """The client's requests that wait for an answer."""
        self.time: float | None = None
        """Seconds, by the recording's clock, at the event that is being judged; None where it has no times."""
        self.first_time: float | None = None
        """Seconds, by the same clock, at the first event that had a time."""
        self.heard: float | None = None
        """Seconds at the last sign of life of a response in progress; None where there is none, or no clock."""
        self.response_done_time: float | None = None
        """Seconds at the last `response.done`."""
        self.append_line = 0
        """The line of the first audio that the client appended; 0 before it."""
        self.append_time: float | None = None
        """Seconds at that line."""
        self.client_ids: dict[str, int] = {}
        """Line of each client event that carried an `event_id`."""
        self.appended: int | None = 0
        """Decoded bytes appended since the last commit or clear; None once they cannot be known."""
        self.emptied_line = 0
        """The line of the client's last commit or clear."""
        self.elided = {"client": False, "server": False}
        """Audio payloads were cut by the recorder."""
        self.output_audio: dict[tuple[str, int], Entity] = {}
        """The audio stream of each content part that spoke."""
        self.audio_delta = (0, "")
        """Line and type of the first audio that came in an event; 0 before it."""
        self.spoke_type = ""
        self.spoke_line: int | None = None
        """The line of the first audio output in the default conversation."""

    def writes_to_default(self, response: Any) -> bool:
        """Whether a response object belongs to the default conversation.

        An explicit null `conversation_id` says no (`conversation: "none"` was asked for); an absent one says nothing,
        so the oldest request without an answer is asked instead.
        """
        conversation_id = getattr(response, "conversation_id", UNSET)
        if conversation_id is None:
            return False
        oldest = next(self.ledger.pending("response.create"), None)
        if conversation_id is UNSET and oldest is not None:
            return bool(field(oldest.event, "response", "conversation") != "none")
        return True

    def stalled(self, time: float) -> bool:
        """Whether a response in progress has given no sign of life for too long."""
        return self.heard is not None and time - self.heard > STALL

    def tail(self) -> str | None:
        """The last item of the conversation, as far as the recording shows it."""
        return self.conversation[-1] if self.conversation else None

    def inserts(self) -> bool:
        """Whether an item that the client wants at a place of its choice is on its way."""
        creates = self.ledger.pending("conversation.item.create")
        return any(field(request.event, "previous_item_id") is not None for request in creates)

    def turn_detection_on(self) -> bool | None:
        """Whether the server detects turns, by the effective session; None when no session has shown it."""
        if self.session is None:
            return None
        holder = self.session if self.dialect == "beta" else field(self.session, "audio", "input")
        detection = getattr(holder, "turn_detection", UNSET)
        return None if detection is UNSET else detection is not None

    def bytes_per_ms(self, side: str) -> int | None:
        """Bytes of a millisecond of `input` or `output` audio in the effective session; None when it is not known."""
        if self.session is None:
            return None
        if self.dialect == "beta":
            format = field(self.session, f"{side}_audio_format")
        else:
            format = tag_of(field(self.session, "audio", side, "format"))
        return BYTES_PER_MS.get(format or "pcm16")

    def note_client(self, type: str, event: Any, line: int) -> None:
        """Remember a client event: its id, to which an error may refer, and that it waits for an answer."""
        event_id = field(event, "event_id")
        if event_id is not None:
            self.client_ids[event_id] = line
        request = self.ledger.ask(type, event, line)
        if (
            request is not None
            and type == "response.create"
            and field(event, "response", "conversation") != "none"
        ):
            current = self.responses.get(self.current_response or "")
            if current is not None:
                request.active = current.id
                request.winding_down = bool(current.output) and not current.open_items

    # Handlers: one an event type, called after the event was judged.

    def on_session(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.session = field(event, "session")
        self.session_line = line
        self.session_type = tag_of(event) or self.session_type

    def on_item_added(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item", "id")
        if item_id is None:
            return
        known = self.items.get(item_id)
        if known is None:
            self.items[item_id] = Item(event.item, event, line, None)
        self.deleted.discard(item_id)
        if item_id == self.committed_item:
            self.committed_item = None
        if item_id in self.conversation:
            self.conversation.remove(item_id)
        previous = field(event, "previous_item_id")
        if previous in self.conversation:
            self.conversation.insert(self.conversation.index(previous) + 1, item_id)
        else:
            self.conversation.append(item_id)

    def on_item_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item", "id")
        if item_id is not None and item_id not in self.items:
            self.on_item_added(event, line, entity, size)

    def on_item_deleted(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item_id")
        if item_id in self.conversation:
            self.conversation.remove(item_id)
        if item_id is not None:
            self.deleted.add(item_id)

    def on_speech_started(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.speech_item = field(event, "item_id")

    def on_committed(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.speech_item = None
        self.committed_item = field(event, "item_id")
        self.appended = 0
        self.turns += 1

    def on_cleared(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.speech_item = None

    def on_response_created(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        response_id = field(event, "response", "id")
        if response_id is None:
            return
        self.heard = self.time
        default = self.writes_to_default(event.response)
        if response_id not in self.responses:
            self.responses[response_id] = Response(response_id, line, default, self.turns)
        if default:
            self.current_response = response_id

    def on_output_item_added(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item", "id")
        response = self.adopt_response(field(event, "response_id"), line)
        if item_id is None or response is None:
            return
        self.heard = self.time
        index = field(event, "output_index")
        response.output[len(response.output) if index is None else index] = item_id
        response.open_items.add(item_id)
        self.items[item_id] = Item(event.item, event, line, response.id)

    def adopt_response(self, response_id: str | None, line: int) -> Response | None:
        """The response of that id, remembered from now on when its `response.created` was not recorded."""
        if response_id is None:
            return None
        response = self.responses.get(response_id)
        if response is None:
            response = self.responses[response_id] = Response(response_id, line, True, self.turns)
            if self.current_response is None:
                self.current_response = response_id
        return response

    def on_arguments_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        response = self.responses.get(field(event, "response_id") or "")
        if response is not None:
            response.open_items.discard(field(event, "item_id") or "")

    def on_output_item_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item", "id")
        response = self.adopt_response(field(event, "response_id"), line)
        if item_id is None or response is None:
            return
        if item_id not in response.output.values():
            index = field(event, "output_index")
            response.output[len(response.output) if index is None else index] = item_id
        self.heard = self.time
        response.open_items.discard(item_id)
        response.done_items[item_id] = event.item

    def on_response_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        response = self.responses.get(field(event, "response", "id") or "")
        if response is None:
            return
        self.heard = None
        self.response_done_time = self.time
        response.done = True
        response.open_items.clear()
        response.done_items.clear()
        if self.current_response == response.id:
            self.current_response = None

    def on_text_delta(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.heard = self.time
        delta = getattr(event, "delta", None)
        if entity is not None and delta is not None:
            entity.text.append(delta)

    def on_transcript_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        """What was said is proof of audio also where the audio itself goes over a media track."""
        self.heard = self.time
        response = self.responses.get(field(event, "response_id") or "")
        if self.spoke_line is None and field(event, "transcript") and (response is None or response.default):
            self.spoke_line, self.spoke_type = line, tag_of(event) or ""

    def on_audio_delta(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.heard = self.time
        if entity is None:
            return
        if entity.size and size is not None and size >= ELIDED_BELOW:
            entity.size += size
            return
        if size is None or size < ELIDED_BELOW:
            self.elided["server"] = True
            entity.size = None
        elif entity.size is not None:
            entity.size += size
        if not self.output_audio:
            self.audio_delta = (line, tag_of(event) or "")
        self.output_audio[event.item_id, event.content_index] = entity
        if self.spoke_line is None:
            self.spoke_type = tag_of(event) or ""
            response = self.responses.get(field(event, "response_id") or "")
            if response is None or response.default:
                self.spoke_line = line

    def on_output_cleared(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.output_clears = max(0, self.output_clears - 1)

    def on_client_append(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        event_id = field(event, "event_id")
        if event_id is not None:
            self.client_ids[event_id] = line
        if not self.append_line:
            self.append_line, self.append_time = line, self.time
        if size is None or size < ELIDED_BELOW:
            self.elided["client"] = True
            self.appended = None
        elif self.appended is not None:
            self.appended += size

    def on_client_commit(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.appended = None if self.elided["client"] else 0
        self.emptied_line = line

    def on_client_output_clear(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.output_clears += 1


Handler = Callable[[Facts, Any, int, "Entity | None", int | None], None]
"""Given the facts, the event, its line, the innermost entity, and the decoded size of its audio (None: none, or not
valid base64)."""

SERVER_HANDLERS: Mapping[str, Handler] = {
    "session.created": Facts.on_session,
    "session.updated": Facts.on_session,
    "transcription_session.created": Facts.on_session,
    "transcription_session.updated": Facts.on_session,
    "conversation.item.created": Facts.on_item_added,
    "conversation.item.added": Facts.on_item_added,
    "conversation.item.done": Facts.on_item_done,
    "conversation.item.deleted": Facts.on_item_deleted,
    "input_audio_buffer.speech_started": Facts.on_speech_started,
    "input_audio_buffer.committed": Facts.on_committed,
    "input_audio_buffer.cleared": Facts.on_cleared,
    "response.created": Facts.on_response_created,
    "response.output_item.added": Facts.on_output_item_added,
    "response.function_call_arguments.done": Facts.on_arguments_done,
    "response.output_item.done": Facts.on_output_item_done,
    "response.done": Facts.on_response_done,
    "output_audio_buffer.cleared": Facts.on_output_cleared,
    "response.audio_transcript.done": Facts.on_transcript_done,
    "response.output_audio_transcript.done": Facts.on_transcript_done,
    "response.audio.delta": Facts.on_audio_delta,
    "response.output_audio.delta": Facts.on_audio_delta,
    **{
        f"response.{name}.delta": Facts.on_text_delta
        for name in (
            "text",
            "output_text",
            "audio_transcript",
            "output_audio_transcript",
            "function_call_arguments",
            "mcp_call_arguments",
        )
    },
}
CLIENT_HANDLERS: Mapping[str, Handler] = {
    "input_audio_buffer.append": Facts.on_client_append,
    "input_audio_buffer.commit": Facts.on_client_commit,
    "input_audio_buffer.clear": Facts.on_client_commit,
    "output_audio_buffer.clear": Facts.on_client_output_clear,
}
