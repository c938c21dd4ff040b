"""What a session has heard: the client's audio, and the turns that the server found in it.

Part of the facts, kept apart because it has a clock of its own: milliseconds of audio since the session began, the same
clock on which `audio_start_ms` and `audio_end_ms` count.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct

from rtproto.protocol.values import field


class Mark(Struct, frozen=True):
    """A point of the audio clock that a VAD event named."""

    ms: int
    line: int
    item: str | None


class Hearing:
    """The audio that went in, and where speech began and ended in it."""

    def __init__(self) -> None:
        self.emptied: int | None = 0
        """Decoded bytes that were appended before the last commit or clear; None once they cannot be known."""
        self.started: Mark | None = None
        """The last `speech_started`."""
        self.stopped: Mark | None = None
        """The last `speech_stopped`."""
        self.speech_line = 0
        """The line of the last VAD event."""
        self.commit_previous: Any = UNSET
        """The `previous_item_id` of the last `committed`."""
        self.commit_line = 0
        self.unasked_line = 0
        """The line of the last `response.created` that no request of the client's explains."""

    def empty(self, appended: int | None) -> None:
        """The buffer was emptied of that many bytes."""
        self.emptied = None if self.emptied is None or appended is None else self.emptied + appended

    def on_started(self, event: Any, line: int) -> None:
        """Note where speech began."""
        ms = field(event, "audio_start_ms")
        self.speech_line = line
        if ms is not None:
            self.started = Mark(ms, line, field(event, "item_id"))

    def on_stopped(self, event: Any, line: int) -> None:
        """Note where speech ended."""
        ms = field(event, "audio_end_ms")
        self.speech_line = line
        if ms is not None:
            self.stopped = Mark(ms, line, field(event, "item_id"))

    def on_committed(self, event: Any, line: int) -> None:
        """Note what the commit says of the item's place."""
        self.commit_line = line
        self.commit_previous = getattr(event, "previous_item_id", UNSET)
