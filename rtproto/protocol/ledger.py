"""Requests and their answers: what the client asked for, and which server event settles it.

Successes come in the order of their requests, but a request may never be answered, and out-of-band responses overtake
one another: of several requests of a kind the one whose values the success shows is meant (`rtproto.protocol.fits`),
and among equals the oldest that no later one has overtaken.  Errors may come later than the successes of later
requests, so an error is matched by `error.event_id`, and where that is null by what it says
(`rtproto.protocol.refusals`).

Few requests are open at a time.  Where they become many, they are filed under all that they are looked up by, so that
no event takes longer the more there are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from heapq import merge
from itertools import islice
from typing import Any

from msgspec import UNSET

from rtproto.events.common.content import InputAudio
from rtproto.events.dialect import ITEM_ADDED
from rtproto.protocol import refusals
from rtproto.protocol.fits import FITS, fit
from rtproto.protocol.records import Response
from rtproto.protocol.values import NO_NAMES, field, joined, tag_of

ANSWERS: Mapping[str, tuple[str, ...]] = {
    "session.update": ("session.updated",),
    "transcription_session.update": ("transcription_session.updated",),
    "conversation.item.create": ITEM_ADDED,
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

_CREATE = "conversation.item.create"
_FRESH = 8
"""Open requests that are looked through one by one."""
_FILED = 16_384
"""Those of one type before them of which so many are remembered: the latest."""
_COMPARED = 8
"""Requests of which each might have had the answer, of which so many are compared with it beside the latest."""
_NAMED = 64
"""Requests with an event_id that were granted, of which so many are remembered: the latest."""
_SUSPECTS = 64
"""Events that no answer follows unless they are refused, of which so many are remembered: the latest."""


class Request:
    """A client event that waits for its answer."""

    __slots__ = (
        "active",
        "doubtful",
        "event",
        "id",
        "keys",
        "line",
        "names",
        "number",
        "settled",
        "time",
        "type",
        "winding_down",
    )

    def __init__(self, type: str, event: Any, line: int, number: int, id: str | None) -> None:
        self.type = type
        self.event = event
        self.line = line
        self.number = number
        """Its place among all that the client asked for."""
        self.id = id
        self.names: str | None = field(event, "item", "id")
        """The id that the client gave the item it creates."""
        self.keys = tuple(dict.fromkeys((type, *_wanted(self), *_told(self))))
        """All that it is looked up by."""
        self.settled = False
        self.doubtful = False
        """Whether an answer came that was another's, which the client had asked for before the recording began."""
        self.active: str | None = None
        """For `response.create`: the default response that was in progress when it was sent; for `response.cancel`: the
        response in progress that it was about."""
        self.time: float | None = None
        """Seconds, by the recording's clock, when it was sent."""
        self.winding_down = False
        """… and whether all of its items were complete by then."""


class Ledger:
    """The requests of one connection that no answer has settled yet."""

    __slots__ = (
        "_answer",
        "_answered",
        "_asked_about",
        "_count",
        "_doubted",
        "_filed",
        "_fresh",
        "_named",
        "_suspects",
        "contested",
        "generated",
        "granted",
        "guessed",
        "midway",
    )

    def __init__(self) -> None:
        self._fresh: dict[Request, None] = {}
        """The latest open requests, oldest first."""
        self._filed: dict[Hashable, OrderedDict[Request, None]] = {}
        """Those before them, by everything that they are looked up by."""
        self._suspects: OrderedDict[Request, None] = OrderedDict()
        """Those among them that can only be refused."""
        self._named: OrderedDict[str, Request] = OrderedDict()
        """Those that were granted while others waited, by their event_id: an `error` may come later that shows it was
        another's success."""
        self._count = 0
        """How many requests there were."""
        self._doubted: dict[str, int] = {}
        """And how many when an `error` came last that names none: by the type that it is about, "" for any."""
        self._asked_about: Any = None
        """The event that was last asked about, and the answer: several rules ask about the same one."""
        self._answer: Request | None = None
        self.midway = False
        """Whether the recording starts in the middle: the first answers may be those of requests before it."""
        self._answered = NO_NAMES
        """Types of requests of which one was answered since then."""
        self.contested: tuple[Request, Response] | None = None
        """The last `response.create` that was taken for answered by a response which the server may as well have begun
        by itself, and that response, until it is done."""
        self.granted: dict[str, int] = {}
        """Line of the latest request that was granted, by type."""
        self.guessed = NO_NAMES
        """Types of requests of which one was struck out by an error that did not name it, or for their number."""
        self.generated: dict[str, None] = {}
        """Items that a response or a turn of the user's announced: no client asked for them."""

    def ask(self, type: str, event: Any, line: int) -> Request | None:
        """Enter a client event; returns the request, or None for an event that is never answered."""
        if type not in ANSWERS:
            return None
        return self._enter(type, event, line, field(event, "event_id"))

    def suspect(self, type: str, line: int, event_id: str | None) -> None:
        """Enter a client event that is never answered, and whose refusal is to be expected: it was no valid one."""
        if len(self._suspects) >= _SUSPECTS:
            self._strike(next(iter(self._suspects)))
        self._suspects[self._enter(type, None, line, event_id)] = None

    def _enter(self, type: str, event: Any, line: int, event_id: str | None) -> Request:
        self._count += 1
        self._asked_about = None
        request = Request(type, event, line, self._count, event_id)
        if len(self._fresh) == _FRESH:
            for older in self._fresh:
                for key in older.keys:
                    self._filed.setdefault(key, OrderedDict())[older] = None
            kinds = {older.type for older in self._fresh}
            self._fresh.clear()
            for kind in kinds:
                while len(alike := self._filed[kind]) > _FILED:
                    self._strike(next(iter(alike)))
                    self.guessed = joined(self.guessed, kind)
        self._fresh[request] = None
        return request

    def forget(self, request: Request) -> None:
        """Strike out an open request that was another connection's."""
        self._strike(request)

    def _strike(self, request: Request) -> None:
        request.settled = True
        if request in self._fresh:
            del self._fresh[request]
        else:
            for key in request.keys:
                filed = self._filed[key]
                del filed[request]
                if not filed:
                    del self._filed[key]
        self._suspects.pop(request, None)
        self._asked_about = self._answer = None

    @property
    def open(self) -> list[Request]:
        """All requests without an answer, oldest first."""
        return sorted((r for type in ANSWERS for r in self.pending(type)), key=lambda request: request.number)

    def pending(self, type: str) -> Iterator[Request]:
        """The open requests of that type, oldest first."""
        if type in self._filed:
            yield from self._filed[type]
        for request in self._fresh:
            if request.type == type:
                yield request

    def latest(self, key: Hashable) -> Iterator[Request]:
        """The open requests of that type, or that are looked up by that key, latest first."""
        for request in reversed(self._fresh):
            if key in request.keys:
                yield request
        yield from reversed(self._filed.get(key, ()))

    def creates(self, item_id: str) -> bool:
        """Whether an open request creates an item of that id."""
        return self._first((_CREATE, item_id)) is not None

    def deletes(self, item_id: str) -> bool:
        """Whether an open request deletes that item."""
        return self._first(("conversation.item.delete", item_id)) is not None

    def places(self, previous_item_id: str) -> bool:
        """Whether an open request wants its item behind that one."""
        return self._first(("place", previous_item_id)) is not None

    def named(self, event_id: str) -> Request | None:
        """The oldest open request, or refusable event, to which the client gave that id."""
        return self._first(("id", event_id))

    def holding(self, type: str, value: str) -> tuple[int, Request | None]:
        """How many open requests of that type hold that id or time, and the oldest of them."""
        key = ("value", type, value)
        fresh = sum(key in request.keys for request in self._fresh)
        return len(self._filed.get(key, ())) + fresh, self._first(key)

    def default_response(self) -> Request | None:
        """The oldest open request for a response of the default conversation."""
        return self._first(("response.create", False))

    def _first(self, *keys: Hashable) -> Request | None:
        """The oldest open request that is looked up by one of these."""
        if self._filed:
            heads = [next(iter(self._filed[key])) for key in keys if key in self._filed]
            if heads:
                return min(heads, key=lambda request: request.number)
        for request in self._fresh:
            for key in keys:
                if key in request.keys:
                    return request
        return None

    def answered_by(self, event: Any) -> Request | None:
        """The open request that this server event settles, if any; changes nothing."""
        if event is not self._asked_about:
            # Several rules ask, and then the ledger itself.
            self._asked_about, self._answer = event, self._find(event)
        return self._answer

    def unasked(self, event: Any) -> bool:
        """Whether no open request explains this answer, nor one that an `error` may have struck out by mistake."""
        return QUESTIONS[tag_of(event) or ""] not in self.guessed and self.answered_by(event) is None

    def doubts(self, request: Request) -> bool:
        """Whether an `error` that names no request came after this one, so that it may have been refused; or another's
        answer, where the recording starts midway."""
        if not self._doubted:
            return request.doubtful
        doubted = max(self._doubted.get(request.type, 0), self._doubted.get("", 0))
        return request.number <= doubted or request.doubtful

    def _find(self, event: Any) -> Request | None:
        type = tag_of(event) or ""
        if type == "error":
            return refusals.refused(self, event)
        question = QUESTIONS.get(type)
        return None if question is None else self._granted_by(question, event)

    def _granted_by(self, question: str, event: Any) -> Request | None:
        """The oldest request of that type of which the event can be the success."""
        if not self._fresh and not self._filed:
            return None
        if question == _CREATE:
            item_id = field(event, "item", "id")
            if item_id in self.generated:
                return None
            # A request that names the item goes before an older one that leaves the id to the server.
            named = self._first((question, item_id))
            if named is not None:
                return named
        keys = _offered(question, event)
        oldest = self._first(*keys)
        if oldest is None or not (self.midway or self._filed or len(self._fresh) > 1):
            return oldest
        return self._fitting(question, event, keys, oldest)

    def _fitting(
        self, question: str, event: Any, keys: tuple[Hashable, ...], oldest: Request
    ) -> Request | None:
        """Of the requests that are looked up by one of these, the one that the success fits best."""
        late = self._late(question)
        fresh = [request for request in self._fresh if request.type == question]
        if not late and question not in self._filed and len(fresh) == 1:
            return oldest
        filed = merge(*(self._filed.get(key, ()) for key in set(keys)), key=lambda request: request.number)
        candidates = [*islice(filed, _COMPARED), *(r for r in fresh if not set(keys).isdisjoint(r.keys))]
        if not late and len(candidates) == 1:
            return oldest
        fits = [(fit(question, r.event, event), not r.doubtful, not self._overtaken(r)) for r in candidates]
        best = max(fits)
        return None if late and best[0] < FITS else candidates[fits.index(best)]

    def _overtaken(self, request: Request) -> bool:
        """Whether a later request of the type was granted, where that tells anything: a response of the conversation
        may wait for the end of another one, and those out of band pass it by."""
        waits = request.type == "response.create" and not _outside(request.event)
        return not waits and request.line < self.granted.get(request.type, 0)

    def _late(self, question: str) -> bool:
        """Whether an answer to such a request may be that of one before the recording began."""
        return self.midway and question not in self._answered

    def grant(self, type: str, event: Any) -> None:
        """Strike out the request of that type which an event grants that is not the usual answer."""
        request = self._granted_by(type, event)
        if request is not None:
            self._strike(request)

    def settle(self, event: Any) -> Request | None:
        """Strike out the request that this server event settles; returns it."""
        request = self.answered_by(event)
        self._asked_about = None
        if request is not None:
            if not request.settled:
                self._strike(request)
            elif self.unasked_for(event, request) is not None:
                self.contested = None
            else:
                self._hand_on(request)
        if tag_of(event) != "error":
            if request is not None:
                self.granted[request.type] = max(request.line, self.granted.get(request.type, 0))
                self._remember(request)
            if self.midway:
                self._note_answer(QUESTIONS.get(tag_of(event) or ""), request)
            return request
        named: str | None = field(event, "error", "event_id")
        if named is None:
            if request is not None:
                self.guessed = joined(self.guessed, request.type)
            for type in refusals.told_by_code(event) or ("",):
                self._doubted[type] = self._count
        return request

    def unasked_for(self, error: Any, request: Request) -> Response | None:
        """The response that was taken for the answer, where an `error` shows that it is the server's own."""
        if self.contested is None or self.contested[0] is not request:
            return None
        return self.contested[1] if refusals.refused_as_active(error) else None

    def mistaken(self, event_id: str) -> Request | None:
        """The request of that id that was granted by what may have been another one's success, which still waits."""
        granted = self._named.get(event_id)
        last = None if granted is None else next(self.latest(_lane(granted)), None)
        return None if granted is None or last is None or last.number < granted.number else granted

    def _remember(self, granted: Request) -> None:
        """Keep a request that was granted for as long as the success may have been that of another one which waits."""
        if granted.id is None and not self._named:
            return
        lane = _lane(granted)
        if self._first(lane) is None:
            for event_id in [id for id, request in self._named.items() if _lane(request) == lane]:
                del self._named[event_id]
        elif granted.id is not None:
            self._named[granted.id] = granted
            if len(self._named) > _NAMED:
                self._named.popitem(last=False)

    def _hand_on(self, refused: Request) -> None:
        """The success that was taken for that of a request which is refused now was the next one's."""
        self._named.pop(refused.id or "", None)
        lane = _lane(refused)
        behind = (r for r in self.pending(refused.type) if r.number > refused.number and _lane(r) == lane)
        for heir in islice(behind, 1):
            self._strike(heir)
            self.granted[heir.type] = max(heir.line, self.granted[heir.type])
            self._remember(heir)
            if self.contested is not None and self.contested[0] is refused:
                self.contested = heir, self.contested[1]

    def _note_answer(self, question: str | None, request: Request | None) -> None:
        """The first answer after a start midway leaves the requests that it did not fit in doubt."""
        if question is None or not self._late(question):
            return
        waiting = [] if request is not None else list(self.pending(question))
        for other in waiting:
            other.doubtful = True
        if request is not None or waiting:
            self._answered = joined(self._answered, question)


def alike(asked: Any, item: Any) -> bool:
    """Whether an item may be the one that was asked for: the same type and role, and spoken where that is spoken."""
    return _kind(asked) == _kind(item) and field(asked, "call_id") in (None, field(item, "call_id"))


def _kind(item: Any) -> tuple[Hashable, ...]:
    spoken = InputAudio in map(type, getattr(item, "content", None) or ())
    return tag_of(item), getattr(item, "role", None), spoken


def _outside(request: Any) -> bool:
    """Whether a response was asked for that writes to no conversation: another in progress does not hinder it."""
    return bool(field(request, "response", "conversation") == "none")


def _wanted(request: Request) -> tuple[Hashable, ...]:
    """What the success of a request must offer: the same item, the same kind of response."""
    type, asked = request.type, request.event
    if type == "response.create":
        return ((type, _outside(asked)),)
    if type == _CREATE:
        if request.names is not None:
            return ((type, request.names),)
        return ((type, *_kind(asked.item), field(asked, "item", "call_id")),)
    if type.startswith("conversation.item."):
        return ((type, field(asked, "item_id")),)
    return ((type, field(asked, "response_id")),) if type == "response.cancel" else ()


def _lane(request: Request) -> Hashable:
    """What the requests have in common of which any success can be that of another one."""
    return next(iter(_wanted(request)), request.type)


def _offered(question: str, event: Any) -> tuple[Hashable, ...]:
    """All that a request of that type can have wanted of which the event is the success."""
    if question == _CREATE:
        kind = (question, *_kind(event.item))
        return (*kind, None), (*kind, field(event, "item", "call_id"))
    if question == "conversation.item.retrieve":
        return ((question, field(event, "item", "id")),)
    if question.startswith("conversation.item."):
        return ((question, field(event, "item_id")),)
    if question == "response.create":
        conversation = getattr(field(event, "response"), "conversation_id", "")
        if conversation is None or isinstance(conversation, str):
            return ((question, conversation is None),)
        return (question, False), (question, True)
    if question == "response.cancel":
        named = (question, field(event, "response", "id"))
        # A cancel that names no response is about the default conversation's.
        outside = getattr(field(event, "response"), "conversation_id", UNSET) is None
        return (named,) if outside else ((question, None), named)
    return (question,)


def _told(request: Request) -> list[Hashable]:
    """All else by which a request is looked up: its event_id, the place that it wants, the values that errors quote."""
    type, event = request.type, request.event
    told: list[Hashable] = [] if request.id is None else [("id", request.id)]
    if type.startswith("conversation.item."):
        previous, ms = field(event, "previous_item_id"), field(event, "audio_end_ms")
        values = [request.names, previous, field(event, "item", "call_id"), field(event, "item_id")]
        if previous is not None:
            told.append(("place", previous))
        if ms is not None:
            values.append(f"{ms}ms")
    else:
        values = [field(event, "response_id")]
    return told + [("value", type, value) for value in values if value is not None]
