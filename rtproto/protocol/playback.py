"""What became of the audio that a session said: what was cut from it, and over what it is played.

Part of the facts, written by their handlers.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rtproto.protocol.values import field, tag_of


class Cut(Struct, frozen=True):
    """The last truncation of a content part: as the server did it or, before that is known, as the client asked."""

    ms: int
    line: int
    time: float | None
    direction: str
    size: int | None
    """Decoded bytes of the part's audio that had been streamed by then."""
    before: Cut | None = None
    """For what the client asked: the last that the server had done, which counts again if this is refused."""


class Playback:
    """Truncations, and whether audio travels on a media track."""

    __slots__ = ("cuts", "on_media_track", "rates")

    def __init__(self) -> None:
        self.cuts: dict[tuple[str, int], Cut] = {}
        """The last truncation by item id and content_index."""
        self.rates: dict[tuple[str, int], int | None] = {}
        """Bytes of a millisecond of a part's audio, by the session at its beginning; None where that was not shown."""
        self.on_media_track = False
        """Playback events were seen: WebRTC or SIP, where audio is no event."""

    def on_truncation(self, event: Any, line: int, time: float | None, streamed: int | None) -> None:
        """Note a truncation, asked for or done, of a part of which that many bytes have been streamed."""
        item_id, ms = field(event, "item_id"), field(event, "audio_end_ms")
        if item_id is not None and ms is not None:
            direction = "client" if tag_of(event) == "conversation.item.truncate" else "server"
            place = item_id, field(event, "content_index") or 0
            before = self.cuts.get(place) if direction == "client" else None
            if before is not None and before.direction == "client":
                before = before.before
            self.cuts[place] = Cut(ms, line, time, direction, streamed, before)

    def on_refusal(self, event: Any, line: int) -> None:
        """Forget the truncation that was asked for in that line: it was refused."""
        place = field(event, "item_id") or "", field(event, "content_index") or 0
        cut = self.cuts.get(place)
        if cut is not None and cut.line == line:
            del self.cuts[place]
            if cut.before is not None:
                self.cuts[place] = cut.before
