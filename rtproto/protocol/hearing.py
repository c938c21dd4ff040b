"""What a session has heard: the client's audio, and the turns that the server found in it.

Part of the facts, kept apart because it has a clock of its own: milliseconds of audio since the session began, the same
clock on which `audio_start_ms` and `audio_end_ms` count.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct

from rtproto.protocol.values import field

COMMIT_MS = 100
"""Audio without which a commit is refused; the refusal says so."""


class Mark(Struct, frozen=True):
    """A point of the audio clock that a VAD event named."""

    ms: int
    line: int
    item: str | None


class Taken(Struct, frozen=True):
    """What a commit of the client's took from the buffer."""

    size: int | None
    """Decoded bytes; None where they cannot be known."""
    emptied_line: int
    """The line of the client's commit or clear before it."""


def total(one: int | None, other: int | None) -> int | None:
    """The sum of two sizes; None where one of them cannot be known."""
    return None if one is None or other is None else one + other


class Hearing:
    """The audio that went in, and where speech began and ended in it."""

    __slots__ = (
        "commit_line",
        "commit_previous",
        "cut_off",
        "emptied",
        "generated",
        "item",
        "left_line",
        "speaking",
        "speech_line",
        "start_line",
        "start_time",
        "started",
        "stop_time",
        "stopped",
        "taken",
        "unasked_line",
    )

    def __init__(self, generated: dict[str, None]) -> None:
        self.generated = generated
        """Items that the server makes by itself, those of the user's turns among them."""
        self.emptied: int | None = 0
        """Decoded bytes that were appended before the last commit or clear; None once they cannot be known."""
        self.started: Mark | None = None
        """The last `speech_started`."""
        self.stopped: Mark | None = None
        """The last `speech_stopped`."""
        self.start_line = 0
        """The line of the last `speech_started`."""
        self.start_time: float | None = None
        """Seconds at that line, by the recording's clock."""
        self.stop_time: float | None = None
        """The same of the last `speech_stopped`."""
        self.speech_line = 0
        """The line of the last VAD event."""
        self.item: str | None = None
        """The item of the turn that is going on: of the speech, or of its end where the start was not recorded."""
        self.speaking = False
        """Speech has started, and neither its end nor a commit nor a clear has come since."""
        self.left_line = 0
        """The line that switched turn detection off in the middle of a turn, until the next turn; 0 where none has."""
        self.cut_off: str | None = None
        """The item of a commit that came while somebody spoke, until that speech stops; empty where the client had
        asked for it."""
        self.commit_previous: Any = UNSET
        """The `previous_item_id` of the last `committed`."""
        self.commit_line = 0
        self.unasked_line = 0
        """The line of the last `response.created` that no request of the client's explains."""
        self.taken: dict[int, Taken] = {}
        """What the client's commits took that wait for their answers, oldest first, by the commit's line."""

    def _announced(self, event: Any) -> str | None:
        item: str | None = field(event, "item_id")
        if item is not None:
            self.generated[item] = None
        return item

    def empty(self, appended: int | None) -> None:
        """The buffer was emptied of that many bytes."""
        self.emptied = total(self.emptied, appended)

    def refusable(self, shortest: int) -> int:
        """Decoded bytes taken by commits that the server has yet to refuse, because they hold less than `shortest`."""
        return sum(
            taken.size for taken in self.taken.values() if taken.size is not None and taken.size < shortest
        )

    def take(self, line: int, taken: Taken, shortest: int) -> None:
        """A commit takes what is in the buffer, and what is `refusable`."""
        self.taken = {
            of: earlier
            for of, earlier in self.taken.items()
            if earlier.size is None or earlier.size >= shortest
        }
        self.taken[line] = taken

    def give_back(self, line: int) -> Taken | None:
        """The commit of that line was refused: what it had taken is in the buffer again, or in the next commit.

        Returns it for the buffer; None where a later commit has it, and for what is no commit that waits.
        """
        taken = self.taken.pop(line, None)
        if taken is None:
            return None
        for later, held in self.taken.items():
            if later > line:
                self.taken[later] = Taken(total(taken.size, held.size), taken.emptied_line)
                return None
        return taken

    def in_speech(self, line: int) -> bool:
        """Whether that line came while the user spoke, now or the last time."""
        return self.start_line < line and (self.speaking or line < self.speech_line)

    def on_started(self, event: Any, line: int, time: float | None) -> None:
        """Note where speech began."""
        self.start_time = time
        ms = field(event, "audio_start_ms")
        self.start_line = self.speech_line = line
        self.item, self.speaking, self.cut_off, self.left_line = self._announced(event), True, None, 0
        if ms is not None:
            self.started = Mark(ms, line, self.item)

    def on_stopped(self, event: Any, line: int, time: float | None) -> None:
        """Note where speech ended."""
        self.stop_time = time
        ms = field(event, "audio_end_ms")
        self.speech_line = line
        item = self._announced(event)
        self.item, self.speaking, self.cut_off = None if self.left_line else self.item or item, False, None
        if ms is not None:
            self.stopped = Mark(ms, line, item)

    def on_committed(self, event: Any, line: int, *, by_hand: bool) -> None:
        """Note what the commit says of the item's place, and what it is of; `by_hand`: the client asked for it while
        somebody spoke."""
        self.commit_line = line
        self.commit_previous = getattr(event, "previous_item_id", UNSET)
        item = self._announced(event)
        if self.speaking:
            self.cut_off = "" if by_hand else item
        self.item, self.speaking, self.left_line = None, False, 0

    def on_cleared(self) -> None:
        """Whoever spoke is not heard any more."""
        self.item, self.speaking, self.cut_off = None, False, None

    def on_switched_off(self, line: int) -> None:
        """Whoever spoke is not heard any more; what was on its way may still come."""
        if self.item is not None:
            self.left_line = line
        self.item, self.speaking = None, False
