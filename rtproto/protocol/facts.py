"""What a session has shown so far: the memory that guards and rules ask.

`Facts` is written after an event was judged, by one handler an event type, and never judges itself.  Memory follows the
conversation: ids and small records of items and responses, no payloads of finished ones.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from rtproto.events.audio import looks_cut
from rtproto.protocol.calls import note_refusal
from rtproto.protocol.conversation import Conversation
from rtproto.protocol.effective import voice_of
from rtproto.protocol.happenings import Happening
from rtproto.protocol.hearing import COMMIT_MS, Taken, total
from rtproto.protocol.records import CLIENT_IDS, Item, Response, kinds, response_of, settle, wants_answer
from rtproto.protocol.values import field, joined, tag_of

if TYPE_CHECKING:
    from rtproto.protocol.engine import Entity

ELIDED_BELOW = 64
"""Decoded bytes (1.3 ms of pcm16) under which audio is taken for cut by the recorder; cassettes around keep 24."""


class Facts(Conversation):
    """Everything remembered about one connection, and what follows from it."""

    __slots__ = ()

    def speaks(self, dialect: str) -> bool:
        """An event has shown the dialect; returns whether that is another one than was taken for granted."""
        guessed, self.dialect, self.dialect_shown = self.dialect, dialect, True
        self.configure(self.session)
        return guessed != dialect

    def see(self, direction: str) -> None:
        """The recording has shown an event of that side."""
        self.seen = joined(self.seen, direction)

    def meet(self, direction: str, time: float | None) -> None:
        """An event of that side comes, at that time of the recording's clock where it has one."""
        if direction not in self.seen:
            self.see(direction)
        self.time = time
        if self.first_time is None and time is not None:
            self.first_time = time
            self.happen("clock")

    def happen(self, happening: Happening) -> None:
        """It has happened on the connection."""
        self.happened = joined(self.happened, happening)

    def writes_to_default(self, response: Any) -> bool:
        """Whether a response object belongs to the default conversation.

        An explicit null `conversation_id` says no (`conversation: "none"` was asked for); an absent one says nothing,
        so the oldest request without an answer is asked instead.
        """
        conversation_id = getattr(response, "conversation_id", UNSET)
        if conversation_id is not UNSET:
            # GA says it of every response.
            return conversation_id is not None
        oldest = next(self.ledger.pending("response.create"), None)
        return oldest is None or bool(field(oldest.event, "response", "conversation") != "none")

    def hears_turn(self, line: int) -> bool:
        """Whether a turn of the user's is going on, or was when turn detection was switched off just now."""
        left = 0 < self.hearing.left_line == self.changed_line
        return self.hearing.item is not None or (left and self.just_changed(line))

    def committing_by_hand(self) -> bool:
        """Whether the client has committed while the user spoke, and waits for the answer."""
        asked = self.ledger.latest("input_audio_buffer.commit")
        since = takewhile(lambda request: request.line > self.hearing.start_line, asked)
        return any(self.hearing.in_speech(request.line) for request in since)

    def written(self) -> int | None:
        """Decoded bytes of audio appended since the session began; None once they cannot be known."""
        emptied = self.hearing.emptied
        return None if emptied is None or self.appended is None else emptied + self.appended

    def held(self) -> int | None:
        """Decoded bytes that a commit takes now, which those that earlier ones failed to take are among; None once
        they cannot be known."""
        return total(self.appended, self.hearing.refusable(self._shortest()))

    def note_client(self, type: str, event: Any, line: int) -> None:
        """Remember a client event: its id, to which an error may refer, and that it waits for an answer."""
        event_id = field(event, "event_id")
        if event_id is not None:
            self.note_client_id(event_id, line)
        if type in ("session.update", "response.create"):
            self._note_remote_tools(field(event, "session") or field(event, "response"))
        if type == "response.create":
            self.asked_line = line
        elif type == "conversation.item.create" and wants_answer(event.item):
            self.offered = (line, tag_of(event.item) or "")
        request = self.ledger.ask(type, event, line)
        if request is None:
            return
        request.time = self.time
        if type == "response.cancel":
            named = self.responses.get(field(event, "response_id") or self.current_response or "")
            request.active = None if named is None or named.done else named.id
        elif type == "response.create" and field(event, "response", "conversation") != "none":
            current = self.responses.get(self.current_response or "")
            if current is not None:
                request.active = current.id
                request.winding_down = bool(current.output) and not current.open_items

    def note_unknown(self, type: str, event_id: str | None, line: int) -> None:
        """Remember a client event of a type that nobody knows, which the server may refuse."""
        if event_id:
            self.note_client_id(event_id, line)
        self.ledger.suspect(type, line, event_id)

    def note_client_id(self, event_id: str, line: int) -> None:
        """Remember the id that the client gave an event: an error may refer to it."""
        self.client_ids[event_id] = line
        if len(self.client_ids) > CLIENT_IDS:
            self.client_ids = dict([*self.client_ids.items()][CLIENT_IDS // 2 :])
        self.happen("client id")

    def _note_remote_tools(self, config: Any) -> None:
        for tool in field(config, "tools") or ():
            label = field(tool, "server_label")
            if label is not None and tool not in self.remote_tools.setdefault(label, []):
                self.remote_tools[label].append(tool)

    # Handlers: one an event type, called after the event was judged.

    def on_session(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        rate, was_off = self.bytes_per_ms("input"), self.detection is None
        self.configure(field(event, "session"))
        self.session_line, self.session_type = line, tag_of(event) or ""
        if self.session_type.endswith(".updated"):
            self.changed_line, self.changed_time = line, self.time
            if was_off or self.detection is None:
                self.hearing.on_switched_off(line)
        if self.written() and rate is not None and rate != self.bytes_per_ms("input"):
            # What was appended at two rates is no number of bytes any more.
            self.hearing.emptied = None
        self._note_remote_tools(self.session)

    def on_item_added(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = getattr(event.item, "id", None)
        if item_id is None or item_id is UNSET:
            return
        place = getattr(event, "previous_item_id", UNSET)
        # Before anything is noted of the item.
        in_front = place is None and (self.may_be_placed(item_id) or self.inserts(event))
        known = self.items.get(item_id)
        if known is None or item_id in self.deleted:
            known = self.items[item_id] = Item(event.item, event, line, None)
        known.previous = place
        self.note_call(known)
        if known.type == "mcp_list_tools" and known.label is not None:
            self.tool_listings[known.label] = item_id
        self.deleted.pop(item_id, None)
        if item_id == self.committed_item:
            self.committed_item = None
        self.conversation.pop(item_id, None)
        previous = None if place is UNSET else place
        if self.misplaced is not None and self.misplaced != previous:
            self.conversation.pop(self.misplaced, None)
        self.misplaced = None
        if previous in self.conversation and previous != self.tail() and not self.waits(previous):
            order = list(self.conversation)
            order.insert(order.index(previous) + 1, item_id)
            self.conversation = dict.fromkeys(order)
        elif in_front:
            self.conversation = {item_id: None, **self.conversation}
        else:
            self.conversation[item_id] = None

    def on_item_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item", "id")
        if item_id is not None and item_id not in self.conversation and item_id not in self.deleted:
            self.on_item_added(event, line, entity, size)
            self.misplaced = item_id
            self.ledger.grant("conversation.item.create", event)

    def on_item_deleted(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item_id")
        if item_id is not None:
            self.conversation.pop(item_id, None)
            self.deleted[item_id] = None
            known = self.items.get(item_id)
            if known is not None and known.call_id is not None:
                self.call_outputs.get(known.call_id, {}).pop(item_id, None)
            self.ledger.generated.pop(item_id, None)

    def on_speech_started(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self._due(event, line)
        self.hearing.on_started(event, line, self.time)

    def on_speech_stopped(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.hearing.on_stopped(event, line, self.time)

    def _due(self, event: Any, line: int) -> None:
        self.turn_due = (line, tag_of(event) or "") if self.answers_by_itself() else None

    def on_timeout(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.turn_due = (line, tag_of(event) or "")
        self.idle_item = field(event, "item_id")

    def on_committed(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.committed_item = field(event, "item_id")
        request = self.ledger.answered_by(event)
        if request is None:
            self.hearing.empty(self.appended)
            self.appended = 0
        else:
            # What was appended since the client asked is the next turn's.
            self.hearing.taken.pop(request.line, None)
        self.turns += 1
        self._due(event, line)
        self.hearing.on_committed(event, line, by_hand=self.committing_by_hand())
        if self.committed_item in self.items:
            self.committed_item = None

    def on_cleared(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.hearing.on_cleared()

    def on_response_created(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        response_id = field(event, "response", "id")
        if response_id is None:
            return
        self.heard = self.time
        default = self.writes_to_default(event.response)
        response = self.responses.get(response_id)
        if response is None:
            response = self.responses[response_id] = Response(response_id, line, default)
            request = self.ledger.answered_by(event)
            if request is None:
                response.cause, self.turn_due = self.turn_due, None
            else:
                response.cause, response.turn = (request.line, request.type), self.turn_due
                response.asked = field(request.event, "response")
                if self.turn_due is not None and default:
                    self.ledger.contested = request, response
            response.created = event.response
            response.session = self.session
            response.outside = getattr(event.response, "conversation_id", UNSET) is None
            if response.outside:
                self.happen("outside")
        if default:
            if self.ledger.answered_by(event) is None:
                self.hearing.unasked_line = line
            self.current_response = response_id

    def on_output_item_added(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = getattr(event.item, "id", None)
        response = self.adopt_response(event.response_id, line)
        if item_id is None or item_id is UNSET or response is None:
            return
        self.heard = self.time
        index = field(event, "output_index")
        response.output[len(response.output) if index is None else index] = item_id
        response.open_items.add(item_id)
        self.items[item_id] = item = Item(event.item, event, line, response.id)
        self.ledger.generated[item_id] = None
        self.note_call(item)

    def on_part_added(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        response = self.responses.get(field(event, "response_id") or "")
        if response is not None and tag_of(field(event, "part")) in ("audio", "output_audio"):
            response.audio_part = True

    def adopt_response(self, response_id: str | None, line: int) -> Response | None:
        """The response of that id, remembered from now on when its `response.created` was not recorded."""
        if response_id is None:
            return None
        response = self.responses.get(response_id)
        if response is None:
            response = self.responses[response_id] = Response(response_id, line, True)
            if self.current_response is None:
                self.current_response = response_id
        return response

    def on_arguments_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        response = self.responses.get(field(event, "response_id") or "")
        if response is not None:
            response.open_items.discard(field(event, "item_id") or "")
        call = self.items.get(field(event, "item_id") or "")
        if call is not None and call.type == "function_call" and call.call_id is None:
            call.call_id = field(event, "call_id")
            self.note_call(call)
        settle(entity, field(event, "arguments"))

    def on_output_item_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item_id = field(event, "item", "id")
        response = self.adopt_response(field(event, "response_id"), line)
        if item_id is None or response is None:
            return
        if item_id not in response.output.values():
            # An item belongs to the response that named it first, whichever names it at its end.
            if response_of(entity) in (None, response.id):
                index = field(event, "output_index")
                response.output[len(response.output) if index is None else index] = item_id
        elif response.default and item_id not in self.conversation and item_id not in self.deleted:
            # It was announced and never added, which OUT026 reports; what comes next follows it all the same.
            self.items.setdefault(item_id, Item(event.item, event, line, response.id))
            self.conversation[item_id] = None
            self.misplaced = item_id
        self.heard = self.time
        response.open_items.discard(item_id)
        response.done_items[item_id] = event.item
        if (known := self.items.get(item_id)) is not None:
            known.parts = kinds(event.item)
        if tag_of(event.item) == "mcp_call" and (error := field(event.item, "error")) is not None:
            self.troubles.note_failure(event, line, error, field(event.item, "server_label"))

    def on_error(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        refused = self._refused(event)
        self.troubles.note_error(event, line, refused)
        if refused is not None and refused[1] == "conversation.item.create":
            note_refusal(self, event, line)
        request = self.ledger.answered_by(event)
        if request is None:
            return
        response = self.ledger.unasked_for(event, request)
        if response is not None:
            response.asked, response.cause = None, response.turn
            if self.turn_due == response.turn:
                self.turn_due = None
        self.playback.on_refusal(request.event, request.line)
        back = self.hearing.give_back(request.line)
        if back is not None and request.line == self.emptied_line:
            self.appended, self.emptied_line = total(self.appended, back.size), back.emptied_line
            self.hearing.empty(-(back.size or 0))

    def _refused(self, event: Any) -> tuple[int, str] | None:
        """Line and type of the client event that an `error` refuses, as far as that is known."""
        if field(event, "error", "type") == "server_error":
            return None
        request = self.ledger.answered_by(event)
        if request is not None:
            return request.line, request.type
        line = self.client_ids.get(field(event, "error", "event_id") or "")
        return None if line is None else (line, "")

    def on_response_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.troubles.note_response(event, line)
        self.response_done_line = line
        response_id = field(event, "response", "id")
        if response_id is None and self.writes_to_default(field(event, "response")):
            response_id = self.current_response
        response = self.responses.get(response_id or "")
        if response is None and self.mid_session:
            response = self.adopt_response(response_id, line)  # it may not be created any more
        if response is None:
            return
        self.heard = None
        self.response_done_time = self.time
        response.done = True
        response.open_items.clear()
        response.done_items.clear()
        response.created = response.asked = response.session = None
        if self.ledger.contested is not None and self.ledger.contested[1] is response:
            self.ledger.contested = None
        if self.current_response == response.id:
            self.current_response = None

    def on_text_delta(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.heard = self.time
        delta = getattr(event, "delta", None)
        if entity is not None and delta is not None:
            entity.text.append(delta)

    def on_text_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        settle(entity, field(event, "text"))

    def on_transcript_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        """The transcript has the last word; it proves audio also where that goes over a media track."""
        settle(entity, field(event, "transcript"))
        self.heard = self.time
        response = self.responses.get(field(event, "response_id") or "")
        if field(event, "transcript"):
            self._speak(event, line, response)

    def _speak(self, event: Any, line: int, response: Response | None) -> None:
        """Remember the first audio of the default conversation, and in which voice it is."""
        if self.spoke_line is not None or (response is not None and not response.default):
            return
        self.spoke_line, self.spoke_type = line, tag_of(event) or ""
        if response is not None:
            configs = (response.created, response.asked, response.session)
            self.spoke_voice = next(filter(None, map(voice_of, configs)), None)

    def on_mcp_arguments_done(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        settle(entity, field(event, "arguments"))

    def on_transcription_delta(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        # Some servers send the first deltas without a text.
        delta = field(event, "delta")
        if entity is not None and isinstance(delta, str):
            entity.text.append(delta)

    def on_transcription_ended(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        if entity is not None:
            entity.text.clear()

    def on_transcription_failed(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.on_transcription_ended(event, line, entity, size)
        self.troubles.note_failure(event, line, field(event, "error"))

    def on_listing_failed(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item = self.items.get(field(event, "item_id") or "")
        self.troubles.note_failure(event, line, None, None if item is None else item.label)

    def on_mcp_call_failed(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        item = self.items.get(field(event, "item_id") or "")
        response = self.responses.get("" if item is None else item.response_id or "")
        if response is None or response.done:
            # Else the end of the item follows, which says why.
            self.troubles.note_failure(event, line, None, None if item is None else item.label)

    def on_audio_delta(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.heard = self.time
        if entity is None:
            return
        if entity.size and size is not None and size >= ELIDED_BELOW:
            entity.size += size
            return
        if size is None or size < ELIDED_BELOW:
            if size is not None or looks_cut(field(event, "delta") or ""):
                self.elided = joined(self.elided, "server")
            entity.size = None
        elif entity.size is not None:
            entity.size += size
        if not self.output_audio:
            self.audio_delta = (line, tag_of(event) or "")
        self.output_audio[event.item_id, event.content_index] = entity
        self.playback.rates.setdefault((event.item_id, event.content_index), self.bytes_per_ms("output"))
        self._speak(event, line, self.responses.get(field(event, "response_id") or ""))

    def on_truncated(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        place = field(event, "item_id") or "", field(event, "content_index") or 0
        stream = self.output_audio.get(place)
        self.playback.on_truncation(event, line, self.time, None if stream is None else stream.size)

    def on_playback(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.playback.on_media_track = True

    def on_output_cleared(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.playback.on_media_track = True
        self.output_clears = max(0, self.output_clears - 1)

    def on_client_append(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        event_id = event.event_id
        if event_id is not UNSET and event_id is not None:
            self.note_client_id(event_id, line)
        if not self.append_line:
            self.append_line, self.append_time = line, self.time
        if size is None:
            self.ledger.suspect(tag_of(event) or "", line, field(event, "event_id"))
        if size is None or size < ELIDED_BELOW:
            # What never was base64 is the client's fault (CLI003), and no cut of the recorder's.
            if size is not None or looks_cut(field(event, "audio") or ""):
                self.elided = joined(self.elided, "client")
            self.appended = self.hearing.emptied = None
        elif self.appended is not None:
            self.appended += size

    def on_client_commit(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.hearing.take(line, Taken(self.held(), self.emptied_line), self._shortest())
        self._empty(line)

    def on_client_clear(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.hearing.taken.clear()
        self._empty(line)

    def _empty(self, line: int) -> None:
        self.hearing.empty(self.appended)
        self.appended = None if "client" in self.elided else 0
        self.emptied_line = line

    def _shortest(self) -> int:
        """Decoded bytes of audio without which a commit is refused; 0 where the format is not known."""
        return COMMIT_MS * (self.bytes_per_ms("input") or 0)

    def on_client_output_clear(self, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
        self.output_clears += 1
