"""Recordings with one JSON text a line: bare events, or envelopes that say who sent the event, and when.

An envelope is an object with an event under one of seven names (`event` …): an object, or a string that holds
one, also behind some words, as in a record of CloudWatch or Datadog.  A bare event does not say who sent it, and need
not: no type is sent by both sides.  Events are handed on as the bytes that stand in the file, and nothing in them is
decoded here.

`python -m rtproto record` writes such envelopes.  Its lines with a member `recording` tell about the recording and hold
no event; `audio_bytes` and `raw` beside or in place of an event stand for what cannot be written as JSON, or was left
out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import BinaryIO

import msgspec
import pybase64
from msgspec import UNSET, Raw, Struct, UnsetType

from rtproto.events.dialect import direction_of
from rtproto.transcripts.elision import Silence
from rtproto.transcripts.frames import Close, Direction, Frame, Loss, NotARecording, seconds_of
from rtproto.wire import MAX_LINE_BYTES, Fault, Line, read_lines
from rtproto.wire_scan import scan

_SIDES: dict[str, Direction] = {"client": "client", "server": "server", "c2s": "client", "s2c": "server"}
"""What recorders call the two sides, in lower case."""
_RELATIVE: dict[str, Direction] = {
    "sent": "client",
    "send": "client",
    "out": "client",
    "outgoing": "client",
    "outbound": "client",
    "received": "server",
    "receive": "server",
    "recv": "server",
    "in": "server",
    "incoming": "server",
    "inbound": "server",
}
"""What recorders in the client call the two directions.  In a server's recorder they mean the opposite, which the
first event of a known type gives away."""

_LOOKED_AT = 50
"""Lines, blank ones aside, among which an event must be for a file to be taken for a recording."""
_LOOKED_AT_BYTES = 4 * 1024 * 1024
"""Bytes of such lines that are held back at most, a last long one aside."""


class _Envelope(Struct, frozen=True):
    """What may stand around an event, or tell that nothing does."""

    type: Raw | UnsetType = UNSET
    direction: Raw | UnsetType = UNSET
    dir: Raw | UnsetType = UNSET
    source: Raw | UnsetType = UNSET
    sender: Raw | UnsetType = UNSET
    side: Raw | UnsetType = UNSET
    event: Raw | UnsetType = UNSET
    data: Raw | UnsetType = UNSET
    payload: Raw | UnsetType = UNSET
    message: Raw | UnsetType = UNSET
    msg: Raw | UnsetType = UNSET
    body: Raw | UnsetType = UNSET
    evt: Raw | UnsetType = UNSET
    level: Raw | UnsetType = UNSET
    t: Raw | UnsetType = UNSET
    time: Raw | UnsetType = UNSET
    ts: Raw | UnsetType = UNSET
    timestamp: Raw | UnsetType = UNSET
    at: Raw | UnsetType = UNSET
    at_ms: Raw | UnsetType = UNSET
    close: Raw | UnsetType = UNSET
    recording: Raw | UnsetType = UNSET
    audio_bytes: Raw | UnsetType = UNSET
    raw: Raw | UnsetType = UNSET
    event_id: Raw | UnsetType = UNSET
    loss: Raw | UnsetType = UNSET
    connection: Raw | UnsetType = UNSET

    def texts(self, *names: str) -> Iterator[bytes]:
        """The JSON texts of those members that are there."""
        for name in names:
            text: Raw | UnsetType = getattr(self, name)
            if not isinstance(text, UnsetType):
                yield bytes(text)


class _Head(Struct, frozen=True):
    """What the first line of a recording of ours says that is needed to read the others."""

    started: float | None = None
    from_start: bool = False


_CONTENTS = ("event", "data", "payload", "message", "msg", "body", "evt")
"""Where the event of an envelope may be, the likeliest first."""
_SENDERS = ("direction", "dir", "source", "sender", "side")
_WORDS = re.compile(rb"\A[^{\"]{1,200}(?=\{\s*\"[\w$.-]+\"\s*:)")
"""What a logger puts before an event in a string."""
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_STRING = msgspec.json.Decoder(str)
_NUMBER = msgspec.json.Decoder(float)
_CLOSE = msgspec.json.Decoder(Close)
_SIZE = msgspec.json.Decoder(int)
_HEAD = msgspec.json.Decoder(_Head)
_DIRECTIONS: Mapping[bytes, Direction] = {b'"client"': "client", b'"server"': "server"}
_TIMES = ("t", "time", "ts", "timestamp", "at", "at_ms")
_times = attrgetter(*_TIMES)
_NO_TIMES = (UNSET,) * len(_TIMES)
_TYPE = re.compile(rb'\s*+\{[^\x00]*?"type"\s*+:\s*+"')
_TYPE_WITHIN = 256
_COMMENT = b"//"


def read(stream: BinaryIO, limit: int = MAX_LINE_BYTES) -> Iterator[Frame]:
    """The messages of a recording, in order; blank lines and a byte order mark are passed over.

    A line that is no JSON becomes a frame as it stands, for the event's decoder to judge; one of more than
    `limit` bytes becomes a frame with a `too-long` fault.  Memory is bounded by a few times `limit`.  Raises
    `NotARecording` before the first frame if none of the first fifty lines holds an event; a file without any
    line gives no frame.  Raises what the stream raises.
    """
    lines = (line for line in read_lines(stream, limit) if line.raw and not line.raw.isspace())
    begun: list[Line] = []
    for line in lines:
        begun.append(line)
        if holds_event(line.raw):
            break
        if len(begun) == _LOOKED_AT or sum(len(one.raw) for one in begun) > _LOOKED_AT_BYTES:
            raise NotARecording(_teach([one.raw for one in begun]))
    else:
        if begun:
            raise NotARecording(_teach([one.raw for one in begun]))
    perspective = Perspective()
    for line in chain(_drained(begun), lines):
        frame = frame_of(line, limit, perspective)
        if frame is None:
            continue
        if perspective.begins:
            perspective.begins = False
            frame = msgspec.structs.replace(frame, begins=True)
        yield frame


def _drained(lines: list[Line]) -> Iterator[Line]:
    """Each of them, forgotten when it is handed out: any may be as long as a line can be."""
    while lines:
        yield lines.pop(0)


def holds_event(raw: bytes) -> bool:
    """Whether a line holds an object with a string `type`, directly or in an envelope."""
    envelope = _open(raw)
    if envelope is None:
        # It may have been cut, or be faulty in another way that deserves a finding; an element of an array is not.
        return _TYPE.match(raw[:4096]) is not None and not raw.rstrip().endswith((b",", b"]"))
    if _has_type(envelope) or _about_the_recording(envelope):
        return True
    return any(map(_is_event, _contents(envelope)))


def holds_known_event(raw: bytes) -> bool:
    """Whether it is an event of a known type, an envelope of one, or the head of a recording.

    JSON that is broken is taken for an event, as by `holds_event`.
    """
    envelope = _open(raw)
    if envelope is None:
        return holds_event(raw)
    if _about_the_recording(envelope):
        return True
    return any(direction_of(type_of(text)) is not None for text in (raw, *_contents(envelope)))


def records_of_events(records: Iterator[Line]) -> Iterator[Line]:
    """All records, if one of the first fifty is an event of a known type or holds one; else raises `NotARecording`."""
    begun: list[Line] = []
    for record in records:
        begun.append(record)
        if not record.too_long and holds_known_event(record.raw):
            break
        if len(begun) == _LOOKED_AT:
            raise NotARecording
    else:
        raise NotARecording
    yield from begun
    yield from records


def _is_event(text: bytes) -> bool:
    event = _open(text)
    return event is not None and _has_type(event)


def _has_type(envelope: _Envelope) -> bool:
    return any(text.startswith(b'"') for text in envelope.texts("type"))


def _about_the_recording(envelope: _Envelope) -> bool:
    return any(text.startswith(b"{") for text in envelope.texts("recording"))


def type_of(event: bytes) -> str:
    """The `type` of an event, empty where it has none."""
    envelope = _open(event)
    return "" if envelope is None else next(map(_text, envelope.texts("type")), "")


def member(event: bytes, name: str) -> bytes:
    """The JSON text of one of those members that this module knows; empty where it is not there."""
    envelope = _open(event)
    return b"" if envelope is None else next(envelope.texts(name), b"")


def _marked(frame: Frame, envelope: _Envelope) -> Frame:
    """The frame with the connection that the line names, and with what it says that was lost."""
    losses: dict[str, Loss] = {"elided": "elided", "type-only": "type-only"}
    loss = next((losses.get(_text(text), "") for text in envelope.texts("loss")), frame.loss)
    session = next(map(_text, envelope.texts("connection")), "")
    return msgspec.structs.replace(frame, loss=loss, session=session)


def holds_object(raw: bytes) -> bool:
    """Whether the bytes are one JSON object, as strict readers take it."""
    try:
        _ENVELOPE.decode(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _open(raw: bytes) -> _Envelope | None:
    """The members of an object that this module knows, also if a value in it is none of JSON's; None for
    anything else."""
    try:
        return _ENVELOPE.decode(raw)
    except (ValueError, RecursionError):
        found = scan(raw)
    if not found.whole or not raw.lstrip().startswith(b"{"):
        return None
    names = found.members.keys() & set(_Envelope.__struct_fields__)
    return _Envelope(**{name: Raw(raw[slice(*found.members[name])]) for name in names})


def _unquoted(text: bytes) -> bytes:
    """The text in a JSON string, where it is one that can be read; else the text itself."""
    if text.startswith(b'"'):
        try:
            return _STRING.decode(text).encode()
        except ValueError:
            return text
    return text


def _contents(envelope: _Envelope) -> list[bytes]:
    """The texts that may be the event; where the envelope is none itself, without what a logger wrote before it."""
    texts = [_unquoted(text) for text in envelope.texts(*_CONTENTS)]
    return texts if _has_type(envelope) else [_WORDS.sub(b"", text, 1) for text in texts]


def _is_remark(envelope: _Envelope) -> bool:
    """Whether it is a record of a log that says something in words, beside those that hold events."""
    if not any(text.startswith(b'"') for text in envelope.texts("message", "msg", "event")):
        return False
    return envelope.level is not UNSET or (envelope.event is UNSET and _times(envelope) != _NO_TIMES)


class Perspective:
    """What the lines of one file say together: where the recorder sat, in the client or in the server, once an event
    has shown it; when it started; and how much audio it left out."""

    __slots__ = ("_from_server", "begins", "silence", "started")

    def __init__(self) -> None:
        self._from_server: bool | None = None
        self.silence = Silence()
        self.started: float | None = None
        """Seconds since 1970, from the head of the recording."""
        self.begins = False
        """The head says that the next message is the first of its connection."""

    def time(self, envelope: _Envelope) -> float | None:
        """The time that an envelope tells."""
        time = _time(envelope)
        if self.started is None or time is None or envelope.t is UNSET:
            return time
        return self.started + time

    def note_head(self, text: bytes) -> None:
        """Take from the head of a recording what the lines below it are counted from."""
        try:
            head = _HEAD.decode(text)
        except ValueError:
            return
        self.started = head.started or self.started
        self.begins = self.begins or head.from_start

    def direction(self, name: str, event: bytes) -> Direction | None:
        """Who sent the event that the recorder gave that name of a direction; None for a name that nobody uses."""
        name = name.strip().lower()
        relative = _RELATIVE.get(name)
        if relative is None:
            return _SIDES.get(name)
        if self._from_server is None:
            sender = direction_of(type_of(event))
            if sender is not None:
                self._from_server = sender != relative
        if not self._from_server:
            return relative
        return "server" if relative == "client" else "client"


def _text(raw: bytes) -> str:
    """The text of a JSON string, and nothing for any other value."""
    try:
        return _STRING.decode(raw)
    except ValueError:
        return ""


def frame_of(line: Line, limit: int, perspective: Perspective) -> Frame | None:
    """The message of a line; None for a comment, and for a line that tells about the recording."""
    raw = line.raw
    if line.too_long:
        fault = Fault("too-long", "", f"a line of at most {limit} bytes", "a longer one")
        return Frame(line.number, None, raw, fault=fault)
    # What has a type, but no second brace and no backslash, has no event inside.  Most deltas end here.
    if raw.find(b'"type"', 0, _TYPE_WITHIN) > 0 and raw.find(b"{", 1) < 0 and b"\\" not in raw:
        return Frame(line.number, None, raw)
    envelope = _open(raw)
    if envelope is None:
        return None if raw.lstrip().startswith(_COMMENT) else Frame(line.number, None, raw)
    if envelope.event is not UNSET and envelope.direction is not UNSET:
        # As in nearly every file of envelopes.
        direction = _DIRECTIONS.get(bytes(envelope.direction))
        event = bytes(envelope.event)
        if direction is not None and event.startswith(b"{"):
            event = _whole(event, envelope, limit, perspective)
            frame = Frame(line.number, direction, event, perspective.time(envelope), around=raw)
            return frame if envelope.loss is envelope.connection else _marked(frame, envelope)
    unpacked = _unpacked(line, envelope, perspective, limit)
    if envelope.loss is envelope.connection or unpacked is None:
        return unpacked
    return _marked(unpacked, envelope)


def _whole(event: bytes, envelope: _Envelope, limit: int, perspective: Perspective) -> bytes:
    """The event, with silence where the recorder left audio out."""
    if envelope.audio_bytes is UNSET:
        return event
    try:
        size = _SIZE.decode(envelope.audio_bytes)
    except ValueError:
        return event
    return perspective.silence.restore(event, size) if 0 < size <= limit else event


def _unpacked(line: Line, envelope: _Envelope, perspective: Perspective, limit: int) -> Frame | None:
    contents = _contents(envelope)
    event = next((text for text in contents if text.lstrip().startswith(b"{")), None)
    bare = _has_type(envelope)
    time = perspective.time(envelope)
    direction: Direction | None = None
    for text in envelope.texts(*_SENDERS):
        direction = direction or perspective.direction(_text(text), event or b"")
    if event is None and not bare:
        for text in envelope.texts("close"):
            close = _closing(text)
            return Frame(line.number, direction, line.raw, time, close=close, around=line.raw)
        if _about_the_recording(envelope):
            perspective.note_head(*envelope.texts("recording"))
            return None
        if direction is not None:
            for content in (*contents, *map(_decoded, envelope.texts("raw"))):
                return Frame(line.number, direction, content, time, around=line.raw)
            fault = Fault(
                "missing-field", "$.event", "the event, as an object or as a string of JSON", "nothing"
            )
            return Frame(line.number, direction, line.raw, time, fault)
        if _is_remark(envelope):
            return None
    if event is None or (bare and direction is None and not _is_event(event)):
        return Frame(line.number, None, line.raw)
    whole = _whole(event, envelope, limit, perspective)
    return Frame(line.number, direction, whole, time, around=line.raw)


def _decoded(text: bytes) -> bytes:
    """The bytes of a JSON string of base64; the text itself, if it is none."""
    try:
        return pybase64.b64decode(_text(text), None, True)
    except ValueError:
        return text


def _closing(text: bytes) -> Close:
    try:
        return _CLOSE.decode(text)
    except ValueError:
        return Close()


def _time(envelope: _Envelope) -> float | None:
    """The first time that is a number, else the first that is a written date."""
    texts: tuple[Raw | UnsetType, ...] = _times(envelope)
    if texts == _NO_TIMES:
        return None
    written: float | None = None
    for name, text in zip(_TIMES, texts, strict=True):
        if text is not UNSET:
            try:
                time = _NUMBER.decode(text)
            except ValueError:
                written = seconds_of(_text(bytes(text))) if written is None else written
                continue
            return time / 1000 if name == "at_ms" else time
    return written


def _teach(lines: Sequence[bytes]) -> str:
    """What a file that is no recording holds.  None of its text is shown: it may be anything, a secret too."""
    first = lines[0][:1000]
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        holds = "UTF-16 text (save it as UTF-8)"
    elif re.search(rb"[\x00-\x08\x0e-\x1a]", first):
        holds = "binary data"
    elif first.lstrip().startswith(b"["):
        holds = "a JSON array (write its elements one a line)"
    elif _open(lines[0]) is not None:
        holds = 'JSON objects without a string "type"'
    elif first.lstrip().startswith(b"{"):
        holds = "JSON that goes over several lines (write each event on one)"
    elif any(b"{" in line for line in lines):
        holds = "text with braces in it, which may be a log (leave only the JSON in each line)"
    else:
        holds = "text that is no JSON"
    return (
        f"this does not look like a Realtime recording: the first lines hold {holds}; "
        'rtproto reads JSONL: one event a line, or {"direction": "client" or "server", "event": {…}}'
    )
