"""What every reader yields, and what a reader is: a name, how its format is recognised, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Literal, TypeAlias

from msgspec import Struct

from rtproto.wire import Fault

Direction: TypeAlias = Literal["client", "server"]
Loss: TypeAlias = Literal["", "elided", "type-only"]
"""What a frame lacks of its event: nothing; some members or the end of texts; everything but the type."""

HEAD_BYTES = 1024 * 1024
"""Bytes of a file that detection looks at."""
MOST_FOLDED = 100_000
"""Events that the lines of one file may stand for beside their own."""
BUFFERED_BYTES = 256 * 1024
"""Bytes that are read from a file at once.  A line of audio is often longer than Python's own buffers, and is then put
together from pieces, which takes longer than to judge it."""

_EARLIEST, _LATEST = 1e9, 1e11
"""Seconds since 1970 between which a number is taken for a date: 2001, and the year 5138.  Milliseconds, microseconds
and nanoseconds of such dates are larger by so much that they cannot be confused."""

_STAMP = re.compile(
    r"(?<!\d)(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?(?!\d)"
)
_STAMP_WITHIN = 120
"""Characters of a line in which its time is looked for."""

FAMILIES = "session|response|conversation|(?:in|out)put_audio_buffer|transcription_session|rate_limits|mcp_list_tools"
"""What types of events begin with, all but `error`, as a pattern."""
_NAMES_EVENT = rf"""\btype[\\"']*\s*:\s*[\\"']*(?:(?:{FAMILIES})\.[a-z]|error\b)""".encode()


class Close(Struct, frozen=True, gc=False):
    """The end of a connection, from a line `{"close": {"code": 1000, "reason": ""}}` or its like."""

    code: int | None = None
    """The status code of the WebSocket, where the line has it."""
    reason: str | None = None

    def breaks_off(self, sender: str | None) -> bool:
        """Whether it came in the middle of things, so that what was pending is not to be held against the server.

        A client hangs up when it likes; 1006 stands for a connection that broke, and a server that closes with anything
        but 1000 (or without a code, 1005) says itself that something went wrong.
        """
        return sender == "client" or self.code not in (None, 1000, 1005)

    def trouble(self, sender: str | None) -> int | None:
        """The code, where it says that something went wrong: the server, or nobody, ended the connection with it."""
        return None if sender == "client" or self.code in (1000, 1001, 1005) else self.code


class Frame(Struct, frozen=True, gc=False):
    """One message of a recorded connection, or its end."""

    line: int
    """1-based line of the file; the ordinal of the message in a file that has no lines."""
    direction: Direction | None
    """Who sent it; None where the line does not say."""
    raw: bytes
    """The event's JSON text, as it stands in the file where that is JSON; the whole line where no event can be made
    out in it."""
    time: float | None = None
    """The envelope's time, if it is a number, in the recorder's unit; `at_ms` is turned into seconds, a written date
    into seconds since 1970.  Where the head of the recording says when it started, `t` counts from then, and this is a
    date."""
    fault: Fault | None = None
    """Why the line has no event, where that is not for the event's decoder to say; `raw` is then the line, or
    its start."""
    close: Close | None = None
    """Set where the connection ends: there is no event then."""
    loss: Loss = ""
    """What the recording lost of the event."""
    session: str = ""
    """Which connection the frame belongs to, where the recording tells connections apart."""
    around: bytes = b""
    """The JSON object in which the event stands, where it stands in one."""
    begins: bool = False
    """The recording says that nothing passed on the connection before it."""

    @property
    def seconds(self) -> float | None:
        """The time as seconds since 1970, where it is a date in seconds or in thousandths, millionths or billionths.

        A number that is too small for a date may be seconds or milliseconds since any moment, and is left alone.
        """
        if self.time is None:
            return None
        for unit in (1.0, 1e3, 1e6, 1e9):
            if _EARLIEST <= self.time / unit <= _LATEST:
                return self.time / unit
        return None


class NotARecording(ValueError):  # noqa: N818 - nothing is wrong with the file
    """The beginning of the file holds no Realtime event.  The message says what it holds, and what would be read; a
    reader that cannot say more than that gives none."""


class Unreadable(Exception):  # noqa: N818 - of the file, not of the program
    """The file is of a known format and cannot be read on; the message says why, and what to do."""


class Folded:
    """Counts the events of a file that stand in it as a number, beside the one that the number stands behind."""

    def __init__(self) -> None:
        self._left = MOST_FOLDED

    def take(self, count: int) -> None:
        """Note so many more.  Raises `Unreadable` where a few lines would cost what a long recording does."""
        self._left -= count
        if self._left < 0:
            raise Unreadable(
                f"its lines stand for more than {MOST_FOLDED:,} events that were folded; "
                "check it in parts, or without the counts"
            )


class Head(Struct, frozen=True):
    """The beginning of a file, for detection."""

    raw: bytes
    """At most `HEAD_BYTES`, without a byte order mark."""
    whole: bool
    """The file ends here."""

    def settled(self) -> bytes:
        """What later bytes cannot change: without a last line that was cut."""
        return self.raw if self.whole else self.raw[: self.raw.rfind(b"\n") + 1]

    def lines(self, most: int = -1) -> list[bytes]:
        """Its first lines that are not blank, without a last one that was cut."""
        lines = self.raw.split(b"\n", most)
        if len(lines) > 1 and (len(lines) == most + 1 or not self.whole):
            lines.pop()
        return [line for line in lines if line.strip()]


def names_event(raw: bytes) -> bool:
    """Whether some JSON or YAML in it has the type of an event: other files have a member `type` too."""
    return re.search(_NAMES_EVENT, raw) is not None


class Format(Struct, frozen=True):
    """One format that recordings come in."""

    name: str
    about: str
    """What it is, in a few words."""
    sniff: Callable[[Head], str | None]
    """Why the head is of this format, as the end of a sentence; None where it is not."""
    read: Callable[[BinaryIO, int], Iterator[Frame]]
    """The frames of a stream; the number is the longest event that is read, in bytes."""
    loses: Callable[[Head], bool] | None = None
    """Whether the head shows events that have lost something; None for formats that keep all."""


def seconds_of(text: str) -> float | None:
    """The time since 1970 that a written date near the beginning of a line says; without a zone it is UTC."""
    found = _STAMP.search(text, 0, _STAMP_WITHIN)
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        made = datetime.fromisoformat(f"{day}T{clock}{zone or ''}")
    except ValueError:
        return None
    made = made if made.tzinfo is not None else made.replace(tzinfo=UTC)
    return made.timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
