"""Requests and their answers: what the client asked for, and which server event settles it.

Successes come in the order of their requests; errors may come later than the successes of later requests, so an error
is matched by `error.event_id`, and only where that is null by what its code can be about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rtproto.events.common.content import InputAudio
from rtproto.protocol.values import NO_NAMES, field, joined, tag_of

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "session.update": ("session.updated",),
    "transcription_session.update": ("transcription_session.updated",),
    "conversation.item.create": ("conversation.item.created", "conversation.item.added"),
    "conversation.item.delete": ("conversation.item.deleted",),
    "conversation.item.retrieve": ("conversation.item.retrieved",),
    "conversation.item.truncate": ("conversation.item.truncated",),
    "input_audio_buffer.commit": ("input_audio_buffer.committed",),
    "input_audio_buffer.clear": ("input_audio_buffer.cleared",),
    "output_audio_buffer.clear": ("output_audio_buffer.cleared",),
    "response.create": ("response.created",),
    "response.cancel": ("response.done",),
}
"""Request types and the event types that say yes to them.  An `error` says no to any."""

QUESTIONS: Mapping[str, str] = {answer: request for request, answers in ANSWERS.items() for answer in answers}
"""Event types that say yes to a request, and the type of that request."""

ACTIVE = "conversation_already_has_active_response"
"""The code of an `error` that refuses a response because another one of the conversation is in progress."""

ERROR_CODES: Mapping[str, tuple[str, ...]] = {
    ACTIVE: ("response.create",),
    "response_cancel_not_active": ("response.cancel",),
    "input_audio_buffer_commit_empty": ("input_audio_buffer.commit",),
    "cannot_update_voice": ("session.update", "response.create"),
    "item_delete_invalid_item_id": ("conversation.item.delete",),
    "item_retrieve_invalid_item_id": ("conversation.item.retrieve",),
    "item_truncate_invalid_item_id": ("conversation.item.truncate",),
    "unsupported_content_type": ("conversation.item.truncate",),
    "invalid_tool_call_id": ("conversation.item.create",),
    "invalid_value": ("conversation.item.create", "session.update", "response.create"),
    "missing_required_parameter": ("session.update", "response.create", "conversation.item.create"),
    "unknown_parameter": ("session.update", "response.create", "conversation.item.create"),
    "invalid_parameter": ("session.update", "transcription_session.update"),
}
"""Error codes seen on the wire, and the requests they can be about."""


class Request:
    """A client event that waits for its answer."""

    __slots__ = (
        "active",
        "doubtful",
        "event",
        "id",
        "line",
        "names",
        "settled",
        "time",
        "type",
        "winding_down",
    )

    def __init__(self, type: str, event: Any, line: int) -> None:
        self.type = type
        self.event = event
        self.line = line
        self.id: str | None = field(event, "event_id")
        self.names: str | None = field(event, "item", "id")
        """The id that the client gave the item it creates."""
        self.settled = False
        self.doubtful = False
        """An `error` that names no request came after it, so it may have been refused."""
        self.active: str | None = None
        """For `response.create`: the default response that was in progress when it was sent; for `response.cancel`: the
        response in progress that it was about."""
        self.time: float | None = None
        """Seconds, by the recording's clock, when it was sent."""
        self.winding_down = False
        """… and whether all of its items were complete by then."""


class Ledger:
    """The requests of one connection that no answer has settled yet, oldest first."""

    __slots__ = ("_answer", "_asked_about", "generated", "granted", "guessed", "open")

    def __init__(self) -> None:
        self.open: list[Request] = []
        self._asked_about: Any = None
        """The event that was last asked about, and the answer: several rules ask about the same one."""
        self._answer: Request | None = None
        self.granted: dict[str, int] = {}
        """Line of the latest request that was granted, by type."""
        self.guessed = NO_NAMES
        """Types of requests of which one was struck out by an error that did not name it."""
        self.generated: dict[str, None] = {}
        """Items that a response or a turn of the user's announced: no client asked for them."""

    def ask(self, type: str, event: Any, line: int) -> Request | None:
        """Enter a client event; returns the request, or None for an event that is never answered."""
        if type not in ANSWERS:
            return None
        request = Request(type, event, line)
        self.open.append(request)
        self._asked_about = None
        return request

    def pending(self, type: str) -> Iterator[Request]:
        """The open requests of that type, oldest first."""
        return (request for request in self.open if request.type == type)

    def answered_by(self, event: Any) -> Request | None:
        """The open request that this server event settles, if any; changes nothing."""
        if event is not self._asked_about:
            # Several rules ask, and then the ledger itself.
            self._asked_about, self._answer = event, self._find(event)
        return self._answer

    def unasked(self, event: Any) -> bool:
        """Whether no open request explains this answer, nor one that an `error` may have struck out by mistake."""
        return QUESTIONS[tag_of(event) or ""] not in self.guessed and self.answered_by(event) is None

    def _find(self, event: Any) -> Request | None:
        if not self.open:
            return None
        type = tag_of(event) or ""
        if type == "error":
            return self._refused_by(event)
        question = QUESTIONS.get(type)
        if question == "conversation.item.create" and field(event, "item", "id") in self.generated:
            return None
        answered: Request | None = None
        for request in self.open:
            if request.type == question and _fits(request, event):
                if request.names:
                    # A request that names the item goes before an older one that leaves the id to the server.
                    return request
                answered = answered or request
        return answered

    def _refused_by(self, event: Any) -> Request | None:
        refused = field(event, "error", "event_id")
        if refused is not None:
            return next((request for request in self.open if request.id == refused), None)
        code = field(event, "error", "code") or ""
        about = ERROR_CODES.get(code, ())
        if not about and "active response" in (field(event, "error", "message") or ""):
            code, about = ACTIVE, ("response.create",)
        if not about and "buffer" in (field(event, "error", "message") or ""):
            about = ("input_audio_buffer.commit",)
        return next(
            (r for r in self.open if r.type in about and not (code == ACTIVE and _outside(r))),
            None,
        )

    def grant(self, type: str, event: Any) -> None:
        """Strike out the request of that type which an event grants that is not the usual answer."""
        request = next((request for request in self.pending(type) if _fits(request, event)), None)
        if request is not None:
            self._strike(request)

    def _strike(self, request: Request) -> None:
        request.settled = True
        self.open.remove(request)
        self._asked_about = self._answer = None

    def settle(self, event: Any) -> Request | None:
        """Strike out the request that this server event settles; returns it."""
        request = self.answered_by(event)
        self._asked_about = None
        if request is not None:
            self._strike(request)
        if tag_of(event) != "error":
            if request is not None:
                self.granted[request.type] = max(request.line, self.granted.get(request.type, 0))
        elif field(event, "error", "event_id") is None:
            if request is not None:
                self.guessed = joined(self.guessed, request.type)
            for other in self.open:
                other.doubtful = True
        return request


def alike(asked: Any, item: Any) -> bool:
    """Whether an item may be the one that was asked for: the same type and role, and spoken where that is spoken."""
    if tag_of(asked) != tag_of(item) or getattr(asked, "role", None) != getattr(item, "role", None):
        return False
    call_id = field(asked, "call_id")
    return (call_id is None or call_id == field(item, "call_id")) and _spoken(asked) == _spoken(item)


def _spoken(item: Any) -> bool:
    return InputAudio in map(type, getattr(item, "content", None) or ())


def _outside(request: Request) -> bool:
    """Whether a response was asked for that writes to no conversation: another in progress does not hinder it."""
    return bool(field(request.event, "response", "conversation") == "none")


def _fits(request: Request, event: Any) -> bool:
    """Whether the event can be the success of the request: the same item, the same kind of response."""
    asked = request.event
    if request.type == "conversation.item.create":
        if request.names is not None:
            return bool(request.names == field(event, "item", "id"))
        return alike(asked.item, event.item)
    if request.type in ("conversation.item.delete", "conversation.item.truncate"):
        return bool(field(asked, "item_id") == field(event, "item_id"))
    if request.type == "conversation.item.retrieve":
        return bool(field(asked, "item_id") == field(event, "item", "id"))
    if request.type == "response.create":
        conversation = getattr(field(event, "response"), "conversation_id", "")
        told = conversation is None or isinstance(conversation, str)
        return not told or (conversation is None) == _outside(request)
    if request.type == "response.cancel":
        wanted = field(asked, "response_id")
        return wanted is None or bool(wanted == field(event, "response", "id"))
    return True
