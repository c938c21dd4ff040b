"""Sessions of one log, told apart by what its envelopes call them: `{"call_sid": "CA1", "event": {…}}`.

Loggers write such members for reasons of their own: one may stay the same, or come on some lines only.  So a member is
believed only if it tells the sessions of this log apart: every event stands under a value of it, two values or more
have a `session.created`, none has nothing but what a client sent, and either events under one value come between those
of another, or each value has one `session.created`.  Members inside of events, such as the `call_id` of a function
call, are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

import msgspec
from msgspec import Raw, Struct

from rtproto.events.dialect import SESSION_STARTS, direction_of
from rtproto.transcripts import interleaved
from rtproto.transcripts.frames import Frame, NotARecording, Unreadable
from rtproto.transcripts.interleaved import Apart
from rtproto.transcripts.jsonl import type_of

NAMES = (
    "connection_id",
    "connectionId",
    "conn_id",
    "call_sid",
    "callSid",
    "stream_sid",
    "streamSid",
    "call_id",
    "callId",
    "session_id",
    "sessionId",
    "socket_id",
    "socketId",
    "ws_id",
    "client_id",
    "clientId",
    "conversation_id",
    "conversationId",
    "room_id",
    "roomId",
)
"""Members that are tried, the likeliest first."""
MOST_VALUES = 100_000
"""Sessions of one log that are told apart so."""
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_VALUE = msgspec.json.Decoder(str | int)


class _Session(Struct):
    """What came under one value."""

    created: int = 0
    """How often the session began."""
    server: bool = False


class _Candidate:
    """A member that may tell the sessions apart."""

    def __init__(self) -> None:
        self.sessions: dict[str, _Session] = {}
        self._last = ""
        self._mixed = False
        """A session went on after an event of another."""

    def note(self, value: str, type: str, sender: str) -> None:
        """Take note of an event under that value."""
        self._mixed = self._mixed or (value != self._last and value in self.sessions)
        self._last = value
        session = self.sessions.setdefault(value, _Session())
        session.created += type in SESSION_STARTS
        session.server = session.server or sender == "server"

    def tells(self) -> bool:
        """Whether it tells sessions apart."""
        sessions = self.sessions.values()
        return (
            sum(session.created > 0 for session in sessions) > 1
            and all(session.server for session in sessions)
            and (self._mixed or all(session.created == 1 for session in sessions))
        )


class Named(Struct, frozen=True):
    """The member that names the session of each event; what it offers is what `Apart` does."""

    why: ClassVar[str] = ""
    losses: ClassVar[tuple[str, ...]] = ()

    member: str
    count: int
    """The sessions that there are."""

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same log's frames, each under the name of its session; a broken line stays beside the one before it."""
        name = ""
        for frame in frames:
            name = _values(frame, (self.member,)).get(self.member) or name
            yield msgspec.structs.replace(frame, session=name)

    def limit(self, name: str) -> str:
        """What the report of the session of that name says about it."""
        return f"{name}: one of {self.told()}"

    def told(self) -> str:
        """What was done, for whoever asked for the frames."""
        return f"{self.count:,} sessions told apart by `{self.member}`"


def told_apart(frames: Callable[[], Iterable[Frame]]) -> Named | Apart | None:
    """The sessions of a log, by their names or else by ids; None where they follow each other.  `frames` reads the log
    from its beginning, each time."""
    return survey(frames()) or interleaved.survey(frames())


def survey(frames: Iterable[Frame]) -> Named | None:
    """What names the sessions of a log; None where nothing does."""
    candidates: dict[str, _Candidate] | None = None
    try:
        for frame in frames:
            if frame.session:
                return None
            type = type_of(frame.raw)
            if frame.close is None and not type:
                continue
            values = _values(frame, NAMES if candidates is None else candidates)
            if candidates is None:
                candidates = {name: _Candidate() for name in values}
            for name in [*candidates]:
                if name not in values or len(candidates[name].sessions) > MOST_VALUES:
                    del candidates[name]
                elif frame.close is None:
                    candidates[name].note(values[name], type, direction_of(type) or frame.direction or "")
            if not candidates:
                return None
    except (NotARecording, OSError, Unreadable):
        pass  # whoever judges it will say so
    telling = {name: len(found.sessions) for name, found in (candidates or {}).items() if found.tells()}
    member = max(telling, key=telling.__getitem__, default=None)
    return None if member is None else Named(member, telling[member])


def _values(frame: Frame, names: Iterable[str]) -> dict[str, str]:
    """The values of those members of a frame's envelope that may be names."""
    if not frame.around:
        return {}
    try:
        members = _MEMBERS.decode(frame.around)
    except (ValueError, RecursionError):
        return {}
    values: dict[str, str] = {}
    for name in names:
        if name in members:
            try:
                values[name] = str(_VALUE.decode(members[name]))
            except ValueError:
                continue
    return {name: value for name, value in values.items() if value}
