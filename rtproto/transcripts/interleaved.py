"""Sessions that one log mixes without naming them, told apart by the ids that their events hold.

Nothing here costs a log of one session anything: a log is surveyed only after a second session began in it, and only
if an event comes back to what an earlier session had begun, it is read once more with each frame under its session's
name.  Sessions one after the other give no such event.

Theory of operation
===================

Events of the server that share a response, an item or a call are of one *group*, and so are items that follow each
other.  A session's conversation is one group as a rule, and what stands outside of the conversation is small ones.
A group is of a session that had begun before it; where there are several, the others are ruled out by what a session
has but once: a first item of its conversation, and the id of that.  Two sessions of which neither has a conversation
yet take their groups in order, if both have the same configuration from there on, so that it makes no difference.
What goes on with something that the log does not show is of no session that began in it.

What cannot be told is left out and judged in no session: what the client sends, which seldom holds an id, and with it
all that would need it; events of the server without ids, such as `error` and `rate_limits.updated`; groups that may be
of several sessions.  `input_audio_buffer.cleared` is for every session whose last speech came to nothing, because what
it does there can be done again.  A line that is broken stays beside the event before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from rtproto.events.dialect import ITEM_ADDED, SESSION_STARTS, direction_of
from rtproto.transcripts.frames import Frame, NotARecording, Unreadable
from rtproto.wire import Salvage, salvage

LOSS = "several sessions interleaved"
"""What a report calls it."""
_CURE = "with a `connection` in each line all would be judged"
EARLIER = "before the first session.created"
"""The name of a session that had begun before the log."""
MOST_IDS = 1_000_000
"""Ids that a survey remembers, at some 200 bytes each."""

_BEGINS = b'session.created"'
_UPDATES = ("session.updated", "transcription_session.updated")
_CLEARED = "input_audio_buffer.cleared"
_COMMITTED = "input_audio_buffer.committed"
_BRINGS = {
    "response.created": 1,
    "input_audio_buffer.speech_started": 1,
    "input_audio_buffer.timeout_triggered": 1,
    _COMMITTED: 2,
    "response.output_item.added": 3,
    "conversation.item.added": 3,
    "conversation.item.created": 3,
}
"""Events that may be the first of a response or an item, by how far that has come."""
_SPEECH = ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped")
_DELETED = "conversation.item.deleted"
_PLACED = (*ITEM_ADDED, _COMMITTED)
"""Events whose `previous_item_id` can be relied on: `conversation.item.done` has null where `added` named an item."""
_OWN = ("id", "expires_at", "client_secret")
"""Members of a session that differ between sessions of the same configuration."""

_Id = tuple[str, str]
"""Of what, and the id."""


class _Start(Struct):
    """A session whose beginning the log shows, or which began before the log."""

    name: str
    at: int
    """The ordinal of the frame."""
    configurations: list[tuple[int, bytes]]
    """What each `session.created` and `.updated` showed, and the ordinal of that frame."""
    rooted: bool = False
    """The first item of its conversation is known."""
    conversation: str | None = None

    def settled(self, at: int) -> bytes | None:
        """Its configuration from a frame on; None where that changes later."""
        if not self.configurations or self.configurations[-1][0] > at:
            return None
        return self.configurations[-1][1]


class _Group(Struct):
    """Ids that belong together."""

    first: int
    """The ordinal of the frame that brought the first of them."""
    last: int
    roots: set[str] = field(default_factory=set[str])
    """Items without one before them."""
    conversations: set[str] = field(default_factory=set[str])
    lives: bool = False
    """It has a response or a turn of the user, so that it is no item that a client put before all others."""

    brought: bool = False
    """An event of it brings up what the others are about: else that began before the log."""
    dangles: bool = False
    """An item of it follows one that the log does not show."""

    items: int = 0
    """Items added to the conversation and not deleted."""

    @property
    def begins(self) -> bool:
        """Whether it is a conversation from its first item on."""
        return self.lives and bool(self.roots)

    def take(self, other: _Group) -> None:
        """Become one with another."""
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        self.roots |= other.roots
        self.conversations |= other.conversations
        self.lives = self.lives or other.lives
        self.items += other.items
        self.brought = self.brought or other.brought
        self.dangles = self.dangles or other.dangles


class Apart:
    """The sessions of a log, and whose the ids in it are."""

    losses = (LOSS,)

    def __init__(
        self, names: Sequence[str], owners: Mapping[_Id, str], abandoned: frozenset[int], why: str = ""
    ) -> None:
        self.names = names
        self.why = why
        """Why the sessions cannot be told apart; empty where they can."""
        self.left_out = 0
        """Events of the server that `frames` has left out so far."""
        self._owners = owners
        self._abandoned = abandoned
        """The ordinals of the last events of speech that was never committed."""

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same log's frames, each under the name of its session, without those of which it cannot be told."""
        name = self.names[0]
        waiting: dict[str, None] = {}
        for at, frame in enumerate(frames, 1):
            if frame.close is not None:
                continue
            event = None if frame.fault is not None else salvage(frame.raw)
            if event is None:
                yield msgspec.structs.replace(frame, session=name)
            elif _sender(frame, event) == "client":
                continue
            elif (owner := self._owner(event)) is not None:
                name = owner
                if at in self._abandoned:
                    waiting[name] = None
                yield msgspec.structs.replace(frame, session=name)
            elif event.type == _CLEARED and waiting:
                yield from (msgspec.structs.replace(frame, session=each) for each in waiting)
                waiting.clear()
            else:
                self.left_out += 1

    def _owner(self, event: Salvage) -> str | None:
        found = (self._owners.get(id) for id in (*_session_id(event), *_ids(event)))
        return next((name for name in found if name is not None), None)

    def limit(self, name: str) -> str:
        """What the report of the session of that name says about it."""
        if self.why:
            return (
                f"several sessions are interleaved in this log, and were not told apart: {self.why}; {_CURE}"
            )
        others = "1 other session" if len(self.names) == 2 else f"{len(self.names) - 1} other sessions"
        return f"{name}: told apart by ids from {others} of the same log; left out: {self._gone()}; {_CURE}"

    def told(self) -> str:
        """What was done, for whoever asked for the frames."""
        return f"{len(self.names)} sessions told apart by ids; left out: {self._gone()}; {_CURE}"

    def _gone(self) -> str:
        """What `frames` has left out."""
        events = "1 event" if self.left_out == 1 else f"{self.left_out:,} events"
        return f"what the client sent, and {events} of the server that may be of several sessions"


def survey(frames: Iterable[Frame]) -> Apart | None:
    """Whose the ids of a log are; None for a log that names its connections, or whose sessions follow each other."""
    found = _Survey()
    try:
        for frame in frames:
            if frame.session or not found.note(frame):
                return None
    except (NotARecording, OSError, Unreadable):
        pass  # whoever judges it will say so
    return found.result()


def began_again(frames: Iterable[Frame]) -> bool:
    """Whether a second session begins in a log, by a quick look at it: only then is it worth a survey."""
    count = 0
    try:
        for frame in frames:
            count += _BEGINS in frame.raw
            if count > 1:
                return True
    except (NotARecording, OSError, Unreadable):
        pass
    return False


class _Survey:
    """What is remembered of a log while it is read for the first time."""

    def __init__(self) -> None:
        self.mixed = False
        """An event went on with what was begun before another session was."""
        self._at = 0
        self._starts: dict[str, _Start] = {}
        self._since: dict[_Id, tuple[int, int]] = {}
        """How many sessions had begun when an event brought up the id, and how far that event takes it."""
        self._parents: dict[_Id, _Id] = {}
        self._groups: dict[_Id, _Group] = {}
        self._again: set[str] = set()
        """Responses that were created twice."""
        self._anonymous = False
        """A configuration does not say whose it is."""
        self._emptied: int | None = None
        """The ordinal of the first event that deleted all there was of a conversation, which may then begin anew."""
        self._speech: dict[str, int] = {}
        """The last event of speech that was not committed, by its item."""

    def note(self, frame: Frame) -> bool:
        """Take note of a frame; false where the log is none that can be told apart."""
        self._at += 1
        if frame.close is not None or frame.fault is not None or (event := salvage(frame.raw)) is None:
            return True
        if event.type in SESSION_STARTS and frame.direction == "client":
            return False  # the recorder took the client for the server
        if _sender(frame, event) == "client" or len(self._parents) > MOST_IDS:
            return True
        if event.type in SESSION_STARTS or event.type in _UPDATES:
            self._note_session(frame, event)
        elif ids := list(_ids(event)):
            self._note_event(event, ids)
        return True

    def _note_event(self, event: Salvage, ids: Sequence[_Id]) -> None:
        """Take note of what an event says of the group of its ids."""
        if not self._starts:
            self._starts[EARLIER] = _Start(EARLIER, 0, [], rooted=True)
        before = self._before(event)
        self._note_ids(event, ids, before)
        group = self._group([*ids, *before])
        group.last = self._at
        if event.type in ("response.created", _COMMITTED):
            group.lives = True
        group.items += (event.type in ITEM_ADDED) - (event.type == _DELETED)
        if event.type == _DELETED and group.items <= 0 and self._emptied is None:
            self._emptied = self._at
        group.brought = group.brought or event.type in _BRINGS
        group.dangles = group.dangles or (
            event.type in _PLACED and isinstance(event.previous_item_id, str) and not before
        )
        if event.item_id and event.type in _SPEECH:
            self._speech[event.item_id] = self._at
        if event.item_id and event.type == _COMMITTED:
            self._speech.pop(event.item_id, None)
        if event.type in _PLACED and event.previous_item_id is None and (item := _item(event)):
            group.roots.add(item)
        if event.response is not None and isinstance(event.response.conversation_id, str):
            group.conversations.add(event.response.conversation_id)

    def _note_session(self, frame: Frame, event: Salvage) -> None:
        name = "" if event.session is None else event.session.id or ""
        if name not in self._starts:
            if not name or event.type in _UPDATES:
                self._anonymous = True
                return
            self._starts[name] = _Start(name, self._at, [])
        self._starts[name].configurations.append((self._at, _configuration(frame.raw)))

    def _before(self, event: Salvage) -> list[_Id]:
        """The item before, where it is one that the log has shown: some servers write a constant."""
        before = ("item", event.previous_item_id)
        if event.type in _PLACED and isinstance(before[1], str) and before in self._parents:
            return [("item", before[1])]
        return []

    def _note_ids(self, event: Salvage, ids: Sequence[_Id], before: Sequence[_Id]) -> None:
        """Whether the event goes on with what began when there were fewer sessions."""
        now = len(self._starts)
        step = _BRINGS.get(event.type or "", 0)
        brought = "response" if event.type == "response.created" else "item"
        for id in (*ids, *before):
            since, reached = self._since.get(id, (now, 0))
            if step and id[0] == brought and id not in before:
                if brought == "response" and reached:
                    self._again.add(id[1])
                # What comes once more, or from its beginning, is another of the same name.
                if step > reached and since < now:
                    self.mixed = True
                self._since[id] = (since if step > reached else now, step)
            else:
                self._since[id] = (since, reached)
                # A call is brought up with its item.
                self.mixed = self.mixed or (since < now and id[0] != "call")

    def _root(self, id: _Id) -> _Id:
        parents = self._parents
        while (parent := parents[id]) != id:
            parents[id] = id = parents[parent]
        return id

    def _group(self, ids: Sequence[_Id]) -> _Group:
        """The one group of all these ids."""
        for id in ids:
            if id not in self._parents:
                self._parents[id] = id
                self._groups[id] = _Group(self._at, self._at)
        top, *others = dict.fromkeys(map(self._root, ids))
        group = self._groups[top]
        for root in others:
            group.take(self._groups.pop(root))
            self._parents[root] = top
        return group

    def result(self) -> Apart | None:
        """Whose everything is; None where the sessions follow each other."""
        names = list(self._starts)
        if len(names) < 2 or not (self.mixed or self._side_by_side()):
            return None
        none: frozenset[int] = frozenset()
        if len(self._parents) > MOST_IDS:
            return Apart(names, {}, none, f"it has more than {MOST_IDS:,} ids")
        if len(self._again) > 1:
            return Apart(names, {}, none, "they use the same ids")
        if self._anonymous:
            return Apart(names, {}, none, "a `session.updated` does not say which session it is of")
        assigned = self._assigned()
        owners = {("session", name): name for name in names}
        for id in self._parents:
            name = assigned.get(self._root(id))
            if name is not None:
                owners[id] = name
        return Apart(names, owners, frozenset(self._speech.values()))

    def _side_by_side(self) -> bool:
        """Whether two conversations go on at once."""
        if not self._rooted():
            return False
        last = 0
        for group in sorted(self._groups.values(), key=lambda group: group.first):
            if group.begins:
                if group.first < last:
                    return True
                last = group.last
        return False

    def _rooted(self) -> bool:
        """Whether the log says where a conversation begins: some servers name no item before any other."""
        return sum(len(group.roots) for group in self._groups.values()) <= len(self._starts)

    def _assigned(self) -> dict[_Id, str]:
        """The session of each group, by the id that stands for the group."""
        groups = sorted(self._groups.items(), key=lambda entry: entry[1].first)
        rooted = self._rooted()
        named = [name for _, group in groups if group.begins for name in group.conversations]
        # A name that every conversation has says nothing.
        told = len(named) == len(set(named))
        assigned: dict[_Id, str] = {}
        for id, group in groups:
            start = self._start(group, rooted=rooted, told=told)
            if start is not None:
                start.rooted = start.rooted or group.begins
                start.conversation = next(iter(group.conversations), start.conversation)
                assigned[id] = start.name
        before = [self._groups[id] for id, name in assigned.items() if name == EARLIER]
        names = {name for group in before for name in group.conversations}
        if len(names) > 1 or sum(group.lives for group in before) > 1:
            # There may have been several sessions before the log.
            return {id: name for id, name in assigned.items() if name != EARLIER}
        return assigned

    def _start(self, group: _Group, *, rooted: bool, told: bool) -> _Start | None:
        """The session that a group is of; None where there are several that it may be of, or none."""
        possible = [start for start in self._starts.values() if start.at <= group.first]
        anew = self._emptied is not None and group.first > self._emptied
        begins = rooted and group.begins and not anew
        if begins:
            possible = [start for start in possible if not start.rooted]
        if told and group.conversations:
            mine = [start for start in possible if start.conversation in group.conversations]
            if mine:
                return mine[0]
            possible = [start for start in possible if start.conversation is None]
        if not group.brought or (group.dangles and not group.roots):
            possible = [start for start in possible if start.name == EARLIER]
        if len(possible) > 1:
            # Which of them is which makes no difference.
            alike = {start.settled(group.first) for start in possible}
            if not begins or len(alike) > 1 or None in alike:
                return None
        return next(iter(possible), None)


def _sender(frame: Frame, event: Salvage) -> str:
    return direction_of(event.type or "") or frame.direction or "server"


def _session_id(event: Salvage) -> Iterator[_Id]:
    if event.session is not None and event.session.id:
        yield "session", event.session.id


def _item(event: Salvage) -> str | None:
    return event.item_id or (None if event.item is None else event.item.id)


def _ids(event: Salvage) -> Iterator[_Id]:
    """What the event is about, but not the item before that."""
    response = event.response_id or (None if event.response is None else event.response.id)
    if response:
        yield "response", response
    if item := _item(event):
        yield "item", item
    if call := event.call_id or (None if event.item is None else event.item.call_id):
        yield "call", call


class _Configured(Struct):
    session: dict[str, msgspec.Raw]


def _configuration(raw: bytes) -> bytes:
    """The members of an event's session in which sessions are alike if they are."""
    try:
        session = msgspec.json.decode(raw, type=_Configured).session
    except (ValueError, RecursionError):
        return raw
    return msgspec.json.encode({name: value for name, value in sorted(session.items()) if name not in _OWN})
