"""Logs and pastes, by what stands around the events.  `rtproto.transcripts.text` reads all of them.

python-log      2025-06-04 18:09:37,971 - bridge - INFO - Sending: {"type":"response.create"}
                INFO:rtc:OpenAI event: {'type': 'session.created', 'event_id': 'event_1', 'prompt': None}
sdk-repr        INFO:app:event ResponseCreatedEvent(event_id='event_1', response=…, type='response.created')
aiohttp         Received message: WSMessage(type=<WSMsgType.TEXT: 1>, data='{"type":"session.updated"}', extra='')
chrome-console  VM786 useRealtime.ts:502 Raw server event received. Type: error Data: {type: 'error', error: {…}}
node            Received event: response.done { type: 'response.done', response: { output: [Array] } }
console-ui      three lines an event, copied from the Realtime console: server / response.audio.delta (2) / 00:01.31
labelled        Raw message from OpenAI:
                {"type":"session.created","event_id":"event_1"}
type-only       backend  | [REALTIME] response.audio.delta: 2668 bytes
text            anything else with an event in it, such as an issue's text
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from io import BytesIO

from rtproto.transcripts.frames import FAMILIES, Format, Frame, Head, Unreadable
from rtproto.transcripts.text import read
from rtproto.wire import MAX_LINE_BYTES

_PYTHON = re.compile(
    rb"^(?:\W{0,2}\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[,.]\d{3}.{0,80}\b(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b"
    rb"|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.\[\]-]+:)",
    re.MULTILINE,
)
_CONSOLE = re.compile(rb"^(?:VM\d+ )?[\w./-]+\.(?:m?[jt]sx?|vue|svelte|html):\d+", re.MULTILINE)
# What repeats is possessive, and stays in its line: a head of spaces must not cost the square of its length.
_NODE = re.compile(rb"(?:^[^\S\n]*+|\{ )type: '[a-z_.]++'", re.MULTILINE)
_ROWS = re.compile(rb"^(?:server|client)\s*\n[a-z_.]+(?: \(\d+\))?\s*\n\d\d:\d\d", re.MULTILINE)
_LABELLED = re.compile(
    rb"^(?![ \t]*+[\"{}\]`~])[^\n]*\w[ )\]]*+:?[ \t]*+(?:\{(?:\"|[ \t]*+$)|\n[ \t]*+\{)", re.MULTILINE
)


@lru_cache(maxsize=1)
def _frames(head: Head) -> tuple[Frame, ...]:
    """The events that end in the head: one that goes on behind it is not cut, as far as anyone can tell."""
    return tuple(_readable(read(BytesIO(head.settled()), MAX_LINE_BYTES, ended=head.whole)))


def _readable(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The frames until there is more than is read, which is told to whoever reads the file."""
    with suppress(Unreadable):
        yield from frames


def _loses(head: Head) -> bool:
    return any(frame.loss for frame in _frames(head))


def _shown(head: Head) -> str | None:
    """How many events were made out, as a clause; None for none."""
    frames = _frames(head)
    if not frames and not head.whole:
        # The first event may be longer than the head.
        frames = tuple(_readable(read(BytesIO(head.raw), MAX_LINE_BYTES)))
    if not frames:
        return None
    count = "there is an event" if len(frames) == 1 else f"there are {len(frames)} events"
    return f"{count} in its first lines, the first in line {frames[0].line}"


def _format(name: str, about: str, mark: re.Pattern[bytes], what: str) -> Format:
    def sniff(head: Head) -> str | None:
        if mark.search(head.raw) is None:
            return None
        shown = _shown(head)
        return None if shown is None else f"{what}, and {shown}"

    return Format(name, about, sniff, read, _loses)


def _sniff_types(head: Head) -> str | None:
    frames = _frames(head)
    if not frames or not all(frame.loss == "type-only" for frame in frames):
        return None
    return f"its lines only name types: {_shown(head)}"


def _sniff_text(head: Head) -> str | None:
    shown = _shown(head)
    return None if shown is None else f"it is no other format, and {shown}"


FORMATS = (
    _format(
        "sdk-repr",
        "objects of an SDK, as Python prints them",
        re.compile(rb"\btype='(?:%s)\." % FAMILIES.encode()),
        "its events are printed as an SDK's objects",
    ),
    _format(
        "aiohttp",
        "aiohttp's WSMessage(…) in a log",
        re.compile(rb"WSMessage\(type="),
        "`WSMessage(` is printed in it",
    ),
    _format(
        "console-ui",
        "rows copied from the Realtime console's page",
        _ROWS,
        "it has the rows of the Realtime console",
    ),
    Format("type-only", "logs that name the types of events and no more", _sniff_types, read, _loses),
    _format(
        "chrome-console",
        "pastes from a browser's console",
        _CONSOLE,
        "its lines begin with places in scripts",
    ),
    _format(
        "python-log",
        "Python logs with JSON or dicts behind a prefix",
        _PYTHON,
        "its lines have the prefix of Python's logging",
    ),
    _format(
        "node",
        "node's console.log of events (util.inspect)",
        _NODE,
        "its objects are printed as node prints them",
    ),
    _format(
        "labelled",
        "labels and Java logs with JSON behind or below",
        _LABELLED,
        "labels stand before its JSON",
    ),
    Format(
        "text",
        "any text with events in it, as JSON, Python or JavaScript literals",
        _sniff_text,
        read,
        _loses,
    ),
)
