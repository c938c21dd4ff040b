"""What the oracle's rules ask of a recording: its events in order, and plain questions about those before a line."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

Body = dict[str, Any]

GA_NAMES = (
    "conversation.item.added",
    "conversation.item.done",
    "response.output_text.",
    "response.output_audio.",
    "response.output_audio_transcript.",
)
BETA_NAMES = (
    "conversation.item.created",
    "response.text.",
    "response.audio.",
    "response.audio_transcript.",
)
FLAT_FIELDS = (
    "modalities",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "turn_detection",
    "temperature",
    "max_response_output_tokens",
)
NESTED_FIELDS = ("type", "output_modalities", "audio")
OPENING = ("session.created", "transcription_session.created")
SESSIONS = (*OPENING, "session.updated", "transcription_session.updated")
ADDED = ("conversation.item.added", "conversation.item.created")


class Event(NamedTuple):
    """One line of a recording."""

    at: int
    """Ordinal in the recording, from 0."""
    side: str
    type: str
    body: Body

    def get(self, *path: str | int) -> Any:
        """The value at that place, None where there is none."""
        value: Any = self.body
        for step in path:
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            else:
                value = value.get(step) if isinstance(value, dict) else None
        return value

    def has(self, *path: str) -> bool:
        """Whether the field is there, null or not."""
        holder = self.get(*path[:-1])
        return isinstance(holder, dict) and path[-1] in holder

    def named(self, prefixes: Sequence[str]) -> bool:
        """Whether the type is, or begins with, one of these."""
        return self.type.startswith(tuple(prefixes))

    @property
    def server(self) -> bool:
        return self.side == "server"

    @property
    def client(self) -> bool:
        return self.side == "client"

    @property
    def part(self) -> tuple[Any, Any]:
        """Item and content index of an event about one content part."""
        return self.get("item_id"), self.get("content_index")


END = Event(1_000_000_000, "", "", {})
"""Stands behind the last event of every recording."""


class Log:
    """The events of one connection, and whether its recording holds the end."""

    def __init__(self, events: Sequence[Event], *, cut: bool, dialect: str | None = None) -> None:
        self.events = events
        self.cut = cut
        self.told = dialect
        self.by_type: dict[str, list[Event]] = {}
        for e in events:
            self.by_type.setdefault(e.type, []).append(e)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def all(self, *types: str) -> list[Event]:
        """The events of these types, or all of them."""
        if not types:
            return list(self.events)
        found = [e for kind in {*types} for e in self.by_type.get(kind, ())]
        return sorted(found, key=lambda e: e.at)

    def server(self, *types: str) -> list[Event]:
        """The server's events of these types, or all of them."""
        return [e for e in self.all(*types) if e.server]

    def client(self, *types: str) -> list[Event]:
        """The client's events of these types, or all of them."""
        return [e for e in self.all(*types) if e.client]

    def before(self, event: Event, *types: str) -> list[Event]:
        """Everything before that line, from either side, or what is of these types."""
        return [e for e in self.all(*types) if e.at < event.at]

    @property
    def complete(self) -> bool:
        """Capture mode "complete start": the first server event, errors aside, announces the session."""
        return [e.type for e in self.server() if e.type != "error"][:1] in ([kind] for kind in OPENING)

    @property
    def dialect(self) -> str:
        """`ga` or `beta`: as told, from the first session that the server shows, or from a name only one has."""
        if self.told:
            return self.told
        for e in self.server(*SESSIONS):
            if e.type.startswith("transcription_session"):
                return "beta"
            session = e.get("session") or {}
            if any(field in session for field in NESTED_FIELDS):
                return "ga"
            if any(field in session for field in FLAT_FIELDS):
                return "beta"
        for e in self.server():
            if e.named(GA_NAMES):
                return "ga"
            if e.named(BETA_NAMES):
                return "beta"
        return ""

    def session(self, event: Event, *path: str) -> Any:
        """A setting in force: what the last `created` or `updated` before the line showed at that place."""
        shown = [e for e in self.before(event, *SESSIONS) if e.server]
        return shown[-1].get("session", *path) if shown else None

    def transcribes(self, event: Event) -> bool:
        """Whether the session is a transcription session at that line."""
        shown = [e for e in self.before(event, *SESSIONS) if e.server]
        return any(e.type.startswith("transcription_session") for e in shown) or (
            bool(shown) and shown[-1].get("session", "type") == "transcription"
        )

    def created(self, response_id: Any, event: Event) -> Event | None:
        """The `response.created` of a response, if it lies before that line."""
        found = [e for e in self.before(event, "response.created") if e.get("response", "id") == response_id]
        return found[0] if found else None

    def shown(self, response_id: Any, event: Event) -> bool:
        """Whether anything before that line is of a response: its `response.created` begins no other one then."""
        named = (e.get("response", "id") or e.get("response_id") for e in self.before(event) if e.server)
        return response_id in named

    def out_of_band(self, created: Event) -> bool:
        """Whether a response is outside the default conversation.

        Its `conversation_id` is null; where the field is missing, the request it answers said `conversation: none`.
        """
        if created.has("response", "conversation_id"):
            return created.get("response", "conversation_id") is None
        asked = self.before(created, "response.created", "response.create")
        return bool(asked) and asked[-1].get("response", "conversation") == "none"

    def active(self, event: Event) -> list[Event]:
        """The `response.created` of every default response that is in progress just before that line."""
        before = self.before(event, "response.created", "response.done")
        return [
            c
            for c in before
            if c.type == "response.created"
            and not self.out_of_band(c)
            and not any(
                d.type == "response.done"
                and d.at > c.at
                and d.get("response", "id") == c.get("response", "id")
                for d in before
            )
        ]

    def streaming(self, event: Event) -> list[Event]:
        """The first event of each response in progress whose beginning the recording does not hold.

        That a remote call is done shows none, since it may be after its response.
        """
        found: dict[Any, Event] = {}
        for e in self.before(event):
            named = e.get("response_id")
            remote = e.type.endswith("output_item.done") and e.get("item", "type") == "mcp_call"
            shows = e.named(("response.",)) and not remote
            ended = any(d.get("response", "id") == named for d in self.before(event, "response.done"))
            if named is not None and shows and not ended and not self.created(named, event):
                found.setdefault(named, e)
        return list(found.values())

    def adopted(self, event: Event) -> bool:
        """Whether a line is about something that began before the recording, or comes while such a response runs."""
        if self.complete:
            return False
        named = event.get("response_id") or event.get("response", "id")
        item = event.get("item_id") or event.get("item", "id")
        openings = (*ADDED, "response.output_item.added")
        known = {e.get("item", "id") for e in self.before(event, *openings)}
        opens = event.type in (*openings, "response.created")
        unknown = not opens and (
            (named is not None and self.created(named, event) is None)
            or (item is not None and item not in known)
        )
        return unknown or bool(self.streaming(event))

    def output_added(self, response_id: Any, event: Event) -> list[Event]:
        """The `response.output_item.added` of a response before that line."""
        return [
            e for e in self.before(event, "response.output_item.added") if e.get("response_id") == response_id
        ]


def joined(events: Iterable[Event]) -> str:
    """The deltas of events, one after the other."""
    return "".join(e.get("delta") for e in events if isinstance(e.get("delta"), str))


def audio_bytes(payload: Any) -> int:
    """How many bytes of audio a payload holds; -1 where that cannot be read."""
    try:
        return len(base64.b64decode(payload, validate=True))
    except (binascii.Error, TypeError):
        return -1
