"""Bytes to `Event | UnknownEvent | Fault`, and back.  The only module that catches a decoder's exceptions.

`Decoder.decode` never raises, whatever the bytes.  An event in order takes one call of msgspec, and an audio
event of some length a good deal less: nine tenths of its bytes are base64, which pybase64 validates several
times faster than any JSON parser reads them.  So the payload is taken out of the line, checked on its own, and
put into the decoded event.

What msgspec refuses is looked at again, in `_diagnose`: is it bad text (`rtproto.wire_scan` says where), an
unknown type, an object of an unknown variant inside a known event, or a wrong shape (`rtproto.wire_shape` says
where)?  The decoder's own messages are not read: they are no interface.

The names of the other `wire_*` modules can be imported from here.
"""

from __future__ import annotations

import codecs
import functools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, cast

import msgspec
import pybase64
from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.structs import force_setattr

from .events.base import Event, UnknownEvent, UnknownVariant
from .events.dialect import Dialect, event_type, typed_decoder
from .wire_fault import DecodeError, Fault, describe
from .wire_frame import RawFrame, as_bytes
from .wire_lines import MAX_LINE_BYTES, Line, read_lines
from .wire_salvage import Salvage, salvage
from .wire_scan import Problem, duplicate_keys, scan
from .wire_shape import UNKNOWN_TAG, Misfit, mend

__all__ = [
    "AUDIO_FIELDS",
    "MAX_LINE_BYTES",
    "DecodeError",
    "Decoder",
    "Fault",
    "Line",
    "RawFrame",
    "Salvage",
    "as_bytes",
    "decode_body",
    "decode_or_raise",
    "duplicate_keys",
    "encode",
    "read_lines",
    "salvage",
]

AUDIO_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "input_audio_buffer.append": "audio",
        "session.input_audio_buffer.append": "audio",
        "response.audio.delta": "delta",
        "response.output_audio.delta": "delta",
        "session.output_audio.delta": "delta",
    }
)
"""The events whose payload is base64 audio, and the field it is in."""

SPLICED_FROM = 2800
"""Bytes of a line from which taking the audio out is the faster way, validation included (40 ms of pcm16)."""

_UNKNOWN_BYTES = UNKNOWN_TAG.encode()

_OPENINGS = {
    field: re.compile(rb'"%b"[ \t\r\n]*:[ \t\r\n]*"' % field.encode()) for field in ("audio", "delta")
}
"""What stands before the text of the audio: its key, its colon and its quote."""
_OPENED_WITHIN = 600
"""Bytes from the start of a line in which that is looked for; its neighbours are ids and indexes."""
_TAIL_WITHIN = 1000
"""Bytes after the audio that are still remembered as the usual tail; much less than `SPLICED_FROM`."""

_TRIES = 3
"""Appends of which the audio is looked for, to recognise those that follow, before that is given up."""

_HOLE = os.urandom(8).hex()
_HOLE_BYTES = _HOLE.encode()
"""Stands where the audio was.  Nobody can have written it into a frame, so the field that holds it afterwards
is the field whose value was taken out: not a namesake in a nested object, nor a key that only ends like it."""


class Decoder:
    """Decodes what one side of a connection says in one dialect.

    With `leave_audio`, the text of long audio is left out of the event until `fill` puts it in: for callers to whom its
    length is enough.  Threads may share one, except for its `audio_bytes`.
    """

    __slots__ = (
        "_audio",
        "_last",
        "_plain",
        "decode",
        "dialect",
        "direction",
        "leave_audio",
        "repeated_audio",
    )

    dialect: Dialect
    direction: str
    decode: Callable[[RawFrame], Event | UnknownEvent | Fault]
    """The event of a frame; an `UnknownEvent` for a `type` that is none of this dialect's and direction's; a
    `Fault` for anything else.  Never raises, whatever the bytes (`TypeError` for what is neither bytes nor
    `str`).

    A function and not a method: every event passes here, and the lookup of a method takes a tenth of the time.
    """

    def __init__(self, dialect: Dialect, *, direction: str, leave_audio: bool = False) -> None:
        if direction not in ("client", "server"):
            raise ValueError(f"no direction {direction!r}; there are: client, server")
        self.dialect = dialect
        self.direction = direction
        self.leave_audio = leave_audio
        decoder = dialect.client_decoder if direction == "client" else dialect.server_decoder
        self._plain: Callable[[bytes], Any] = decoder.decode
        types, self._audio = _types(dialect, direction)
        self._last: object = None
        """The last event, as long as nobody has asked for the length of its audio, and that length afterwards."""
        self.repeated_audio: Callable[[bytes], int] = _no_repetition
        """Bytes of audio in a client's line that differs from the last append in nothing but valid audio, 0 for any
        other line.  For callers that want no event, only its audio's length; `audio_bytes` does not tell of it."""
        self.decode = self._compile(types)

    @property
    def audio_bytes(self) -> int | None:
        """Bytes of audio in the event that was decoded last; None if it carries none, or if its base64 is not
        valid."""
        last = self._last
        if type(last) is int:
            return last
        field = self._audio.get(type(last))
        length = None if field is None else _audio_length(getattr(last, field))
        self._last = length
        return length

    def fill(self, event: Event, raw: bytes) -> None:
        """Put the audio of a line into its event, if it was left out."""
        field = self._audio.get(type(event))
        if field is not None and getattr(event, field) == _HOLE:
            force_setattr(event, field, getattr(self._plain(raw), field))

    def _compile(
        self, types: Mapping[str, type[Event]]
    ) -> Callable[[RawFrame], Event | UnknownEvent | Fault]:
        plain = self._plain
        audio, leave_audio = self._audio, self.leave_audio
        field = "audio" if self.direction == "client" else "delta"
        splice = _splicer(self.dialect, self.direction)

        def decode(raw: RawFrame) -> Event | UnknownEvent | Fault:
            if type(raw) is not bytes:
                raw = as_bytes(raw)
            event: Event | UnknownEvent | Fault
            try:
                if len(raw) >= SPLICED_FROM:
                    spliced = splice(raw)
                    if spliced is not None:
                        event, payload, self._last = spliced
                        if not leave_audio:
                            force_setattr(event, field, str(payload, "ascii"))
                        return event
                # msgspec looks at no bytes of strings that it skips.
                if not raw.isascii():
                    raw.decode()
                event = self._last = plain(raw)
            except (ValueError, RecursionError):
                event = self._last = _diagnose(raw, types)
            return event

        if self.direction == "server":
            return decode

        # A client's appends differ in nothing but their audio.  Where the bytes around it are those of the last one,
        # the event is a copy of that one, and there is no JSON left to read.
        b64decode, put = pybase64.b64decode, force_setattr
        # What stands before and after the audio, where it is, and what copies the event.  It is made as a whole and
        # read as a whole: another thread may decode with the same decoder in between.
        known: tuple[bytes, bytes, slice, Callable[[], Any]] | None = None
        tries = _TRIES

        def decode_or_repeat(raw: RawFrame) -> Event | UnknownEvent | Fault:
            nonlocal known, tries
            if known is not None and type(raw) is bytes:
                head, foot, between, twin = known
                if raw.startswith(head) and raw.endswith(foot):
                    payload = raw[between]
                    try:
                        length = len(b64decode(payload, None, True))
                    except ValueError:
                        length = 0
                    # Without a payload, head and foot may share a quote.
                    if length:
                        repeated: Event = twin()
                        put(repeated, field, payload.decode())
                        self._last = length
                        return repeated
            event = decode(raw)
            if known is None and tries > 0 and type(raw) is bytes and type(event) in audio:
                tries -= 1
                opening = _OPENINGS[field].search(raw, 0, _OPENED_WITHIN)
                if opening is not None:
                    last = self._last
                    first, after = opening.end(), raw.find(b'"', opening.end()) - len(raw)
                    head, foot = raw[:first], raw[after:]
                    hollow = decode(head + _HOLE_BYTES + foot)
                    # Whether it is the audio that stands between the two, and not a namesake of its key.
                    if getattr(hollow, field, None) == _HOLE:
                        # The copy is what copy.copy calls, four times as fast.
                        known = head, foot, slice(first, after), cast("Any", event).__copy__
                    self._last = last
            return event

        def repeated_audio(raw: bytes) -> int:
            if known is None:
                return 0
            head, foot, between, _ = known
            if not (raw.startswith(head) and raw.endswith(foot)):
                return 0
            try:
                return len(b64decode(raw[between], None, True))
            except ValueError:
                return 0

        self.repeated_audio = repeated_audio
        return decode_or_repeat


@functools.cache
def _splicer(dialect: Dialect, direction: str) -> Callable[[bytes], tuple[Event, memoryview, int] | None]:
    """What decodes a line with long audio: the event without it, the audio, and its bytes once decoded.

    It serves all connections, for their lines are alike.
    """
    decoder = dialect.client_decoder if direction == "client" else dialect.server_decoder
    plain: Callable[[bytes], Any] = decoder.decode
    _, audio = _types(dialect, direction)
    field = "audio" if direction == "client" else "delta"
    search = _OPENINGS[field].search
    # Where the audio began and ended in the last line, counted from either end, and what stood before it:
    # lines of one stream are alike.  A wrong guess, also one that two threads have made together, is found out by the
    # bytes before the audio, the quote after it, and the field that is hollow then; all that it costs is the search.
    begin, tail, before = 0, 1, b"?"

    def splice(raw: bytes) -> tuple[Event, memoryview, int] | None:
        """None for anything unexpected, which is left to the decoder."""
        nonlocal begin, tail, before
        start, rest = begin, tail
        if raw[start - len(before) : start] != before:
            opening = search(raw, 0, _OPENED_WITHIN)
            if opening is None:
                return None
            begin = start = opening.end()
            before = opening[0]
        whole = memoryview(raw)
        payload = whole[start:-rest]
        length = _audio_length(payload) if raw[-rest] == 0x22 else None
        if length is None:
            end = raw.find(b'"', start)
            if end < 0 or end == len(raw) - rest:
                return None
            rest = len(raw) - end
            payload = whole[start:end]
            length = _audio_length(payload)
            if length is None:
                return None
            if rest < _TAIL_WITHIN:
                tail = rest
        # The payload has nothing but letters of base64: what may be wrong with the line is in the other bytes.
        others = raw[:start] + _HOLE_BYTES + raw[-rest:]
        try:
            if not others.isascii():
                others.decode()
            event: Event = plain(others)
        except (ValueError, RecursionError):
            return None
        if type(event) not in audio or getattr(event, field) != _HOLE:
            return None
        return event, payload, length

    return splice


@functools.cache
def _types(dialect: Dialect, direction: str) -> tuple[Mapping[str, type[Event]], Mapping[type, str]]:
    """The classes of one side by their tags, and the field with the audio for those that have some."""
    classes = dialect.client if direction == "client" else dialect.server + dialect.extras
    types = {event_type(cls): cls for cls in classes}
    return types, {types[name]: field for name, field in AUDIO_FIELDS.items() if name in types}


def _no_repetition(raw: bytes) -> int:
    return 0


def _audio_length(audio: str | bytes | memoryview) -> int | None:
    """Bytes of the audio in a base64 text; None if it is not base64 by the rules of `events.audio.is_valid`."""
    try:
        return len(pybase64.b64decode(audio, None, True))
    except ValueError:
        return None


class _Head(Struct):
    type: Raw | UnsetType = UNSET


_HEAD = msgspec.json.Decoder(_Head)
_VALUE = msgspec.json.Decoder(Raw)
_TEXT = msgspec.json.Decoder(str)


def _diagnose(raw: bytes, types: Mapping[str, type[Event]]) -> Event | UnknownEvent | Fault:
    """A second look at a frame that msgspec has refused."""
    try:
        return _not_utf8(raw) or _not_json(raw) or _not_plain(raw, types)
    except RecursionError:
        found = scan(raw)
        levels = f"at least {found.depth} levels of nesting"
        return Fault("too-deep", "", "an event of the protocol", levels, type=found.type)


def _not_utf8(raw: bytes) -> Fault | None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        offset = error.start
    else:
        return None
    try:
        # A character may be cut at the end, but nothing else is wrong.
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        kind, expected = "not-utf8", "UTF-8"
    else:
        kind, expected = "truncated", "the rest of a UTF-8 character"
    return Fault(kind, "", expected, f"the byte 0x{raw[offset]:02x}", offset, scan(raw).type)


def _is_json(raw: bytes) -> bool:
    try:
        _VALUE.decode(raw)
    except ValueError:
        return False
    return True


def is_json_object(text: str) -> bool:
    """Whether a text inside an event, such as a function call's arguments, is a JSON object.  Never raises."""
    try:
        value = _VALUE.decode(text)
    except (ValueError, RecursionError):
        return False
    return memoryview(value)[0] == 0x7B


def _not_json(raw: bytes) -> Fault | None:
    if _is_json(raw):
        return None
    found = scan(raw)
    problem = found.problem or Problem("not-json", "", "JSON", "something else", 0)
    return Fault(problem.kind, problem.path, problem.expected, problem.found, problem.offset, found.type)


def _not_plain(raw: bytes, types: Mapping[str, type[Event]]) -> Event | UnknownEvent | Fault:
    """Of a frame that is JSON: an event all the same, once unknown variants are wrapped, or where its shape is
    wrong."""
    value = memoryview(_VALUE.decode(raw))
    if value[0] != 0x7B:
        return Fault("not-an-object", "$", "an object", describe(value), 0)
    tag = _HEAD.decode(raw).type
    found = "nothing" if isinstance(tag, UnsetType) else describe(memoryview(tag))
    if isinstance(tag, UnsetType) or not found.startswith('"'):
        return Fault("type-missing", "$.type", "a string", found)
    name = _TEXT.decode(tag)
    cls = types.get(name)
    if cls is None:
        return UnknownEvent(name, raw)
    try:
        event: Event = typed_decoder(cls).decode(mend(raw, cls))
    except Misfit as misfit:
        return misfit.fault(name)
    except ValueError:
        return Fault("wrong-type", "$", "what the type of the event demands", "something else", type=name)
    return event


@functools.cache
def _decoder(dialect: Dialect, direction: str) -> Decoder:
    return Decoder(dialect, direction=direction)


def decode_or_raise(dialect: Dialect, direction: str, raw: RawFrame) -> Event | UnknownEvent:
    """As `Decoder.decode`, for those who prefer an exception: raises `DecodeError` for a `Fault`."""
    event = _decoder(dialect, direction).decode(raw)
    if isinstance(event, Fault):
        raise DecodeError(event)
    return event


_Body = TypeVar("_Body", bound=Struct)


def decode_body(raw: RawFrame, cls: type[_Body]) -> _Body | Fault:
    """A body of a REST call as that Struct, with objects of unknown variants kept as in events.

    Never raises, whatever the bytes (`TypeError` for what is neither bytes nor `str`).
    """
    data = as_bytes(raw)
    try:
        fault = _not_utf8(data) or _not_json(data)
        if fault is not None:
            return fault
        value = memoryview(_VALUE.decode(data))
        if value[0] != 0x7B:
            return Fault("not-an-object", "$", "an object", describe(value), 0)
        return msgspec.json.decode(mend(data, cls), type=cls)
    except Misfit as misfit:
        return Fault(misfit.kind, misfit.path, misfit.expected, misfit.found)
    except RecursionError:
        return Fault("too-deep", "", "a body of the protocol", "too many levels of nesting")
    except ValueError:
        return Fault("wrong-type", "$", "what the type of the body demands", "something else")


def encode(event: Event | UnknownEvent) -> bytes:
    """The JSON text of an event, UTF-8 without spaces; fields that are `UNSET` are left out.

    An `UnknownEvent` and the objects of unknown variants are written as they were received.
    """
    if isinstance(event, UnknownEvent):
        return event.raw
    data = msgspec.json.encode(event)
    return msgspec.json.encode(_unwrap(event)) if _UNKNOWN_BYTES in data else data


def _unwrap(value: Any) -> Any:
    """The same value with the JSON text of each unknown variant in its place."""
    if isinstance(value, UnknownVariant):
        text = value.raw.encode()
        # Anyone may send the wrapping itself, with something else in it: that goes back as it came.
        return Raw(text) if text.startswith(b"{") and _is_json(text) else value
    if isinstance(value, Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **{name: _unwrap(field) for name, field in fields.items()})
    if isinstance(value, list | tuple):
        return [_unwrap(member) for member in cast("Sequence[Any]", value)]
    if isinstance(value, dict):
        return {key: _unwrap(member) for key, member in cast("Mapping[str, Any]", value).items()}
    return value
