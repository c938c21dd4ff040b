"""What a recorder does to all that it writes: it cuts its lines at a length, or it prints objects instead of events.

Both are told by the beginning of a file, and once.  A single line that is cut is damage, and remains the checker's to
report, as is a null that a server sends now and then.

    {"direction": "server", "event": {"type": "session.created", "event_id": "event_1", "sess
    {"event_id":"event_1","session":{"type":"realtime","parallel_tool_calls":null},"type":"session.created"}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from rtproto.events.dialect import class_for, direction_of
from rtproto.transcripts.frames import Frame
from rtproto.transcripts.jsonl import Perspective, frame_of, type_of
from rtproto.transcripts.literals import read_literal
from rtproto.wire import Line
from rtproto.wire_shape import without_nulls

PRINTED = (
    "events were logged as an SDK's objects, which have null also where the server sent nothing: "
    "it is read as nothing where the event's type has no null; "
    "`event.model_dump_json(exclude_unset=True)` logs what was sent"
)
"""What the report of a file of objects says."""
_ENOUGH = 3
"""Lines that are cut at one length, or types of events with nulls that they cannot have."""
_LOOKED_AT = 200
"""Frames of the beginning that are looked at."""
_TYPE_FIRST = re.compile(rb'\s*\{\s*"type"')


def cut_at_a_length(frames: Iterable[Frame]) -> bool:
    """Whether several events are cut, all at the same length, and none is longer."""
    first = list(islice(frames, _LOOKED_AT))
    cut = [frame.raw for frame in first if _is_cut(frame)]
    if len(cut) < _ENOUGH:
        return False
    # An envelope that is whole holds an event that was cut, or counts itself.
    inside = any(frame.around for frame in first if _is_cut(frame))
    whole = [frame.raw if inside else frame.around or frame.raw for frame in first if not _is_cut(frame)]
    return any(
        len({measure(raw) for raw in cut}) == 1 and all(measure(raw) <= measure(cut[0]) for raw in whole)
        for measure in (len, _letters)
    )


def _letters(raw: bytes) -> int:
    return len(raw.decode("utf-8", "replace"))


def _is_cut(frame: Frame) -> bool:
    return (
        frame.fault is None
        and frame.close is None
        and frame.raw.lstrip().startswith(b"{")
        and not frame.raw.rstrip().endswith(b"}")
    )


def salvaged(frames: Iterable[Frame], limit: int) -> Iterator[Frame]:
    """The frames, with what is left of those that were cut; one of which not even the type is left stays as it is."""
    perspective = Perspective()
    for frame in frames:
        if not _is_cut(frame):
            yield frame
            continue
        literal = read_literal(frame.raw.decode("utf-8", "replace"), cut=True)
        left = None if literal is None else _left(frame, literal.raw, limit, perspective)
        if left is None or direction_of(type_of(left.raw)) is None:
            yield frame
        else:
            yield msgspec.structs.replace(left, loss="elided")


def _left(frame: Frame, raw: bytes, limit: int, perspective: Perspective) -> Frame | None:
    if frame.around:
        return msgspec.structs.replace(frame, raw=raw)  # the event is cut, and its envelope is not
    return frame_of(Line(frame.line, raw), limit, perspective)


def printed_by_an_sdk(frames: Iterable[Frame]) -> bool:
    """Whether events of several types have nulls that they cannot have, and their `type` not first, as of a class."""
    types: set[str] = set()
    for frame in islice(frames, _LOOKED_AT):
        type = type_of(frame.raw)
        if direction_of(type) == "server" and without_nulls(frame.raw, class_for(type)) is not frame.raw:
            if _TYPE_FIRST.match(frame.raw):
                return False
            types.add(type)
    return len(types) >= _ENOUGH


def as_sent(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames, without the nulls that only an SDK's objects have.  What the client sends keeps all of its own."""
    for frame in frames:
        if b"null" in frame.raw and direction_of(type := type_of(frame.raw)) == "server":
            yield msgspec.structs.replace(frame, raw=without_nulls(frame.raw, class_for(type)))
        else:
            yield frame
