"""The ids of a frame that is no event of its type, so that the order of events can still be followed.

Everything here is optional, and a member of the wrong type costs nothing but itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from .wire_frame import RawFrame, as_bytes
from .wire_scan import repair

_MAX_ITEMS = 10_000
"""Commas in an `output` that is still read item by item."""


class SalvagedItem(Struct, frozen=True, gc=False):
    """What could be read of an `item`, or of one in `response.output`."""

    id: str | None = None
    type: str | None = None
    role: str | None = None
    status: str | None = None
    call_id: str | None = None
    name: str | None = None


class SalvagedPart(Struct, frozen=True, gc=False):
    """What could be read of a `part`."""

    type: str | None = None


class SalvagedStatus(Struct, frozen=True, gc=False):
    """What could be read of `response.status_details`."""

    type: str | None = None
    reason: str | None = None


class SalvagedResponse(Struct, frozen=True):
    """What could be read of a `response`."""

    id: str | None = None
    status: str | None = None
    status_details: SalvagedStatus | None = None
    conversation_id: str | UnsetType | None = UNSET
    output: list[SalvagedItem] | None = None


class SalvagedSession(Struct, frozen=True, gc=False):
    """What could be read of a `session`."""

    id: str | None = None
    type: str | None = None


class SalvagedError(Struct, frozen=True, gc=False):
    """What could be read of an `error`."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    param: str | None = None
    event_id: str | None = None


class Salvage(Struct, frozen=True):
    """What could be read of an event; None where it is missing or not of this type.

    Only of `previous_item_id` and `response.conversation_id` an explicit null (None) is told apart from nothing
    (`UNSET`): the one means the start of the conversation, the other that the response is outside of it.
    """

    type: str | None = None
    event_id: str | None = None
    response_id: str | None = None
    item_id: str | None = None
    previous_item_id: str | UnsetType | None = UNSET
    output_index: int | None = None
    content_index: int | None = None
    call_id: str | None = None
    audio_start_ms: int | None = None
    audio_end_ms: int | None = None
    item: SalvagedItem | None = None
    part: SalvagedPart | None = None
    response: SalvagedResponse | None = None
    session: SalvagedSession | None = None
    error: SalvagedError | None = None


_Reader: TypeAlias = Callable[[Raw], Any]
_T = TypeVar("_T", bound=Struct)

_STR = msgspec.json.Decoder(str)
_INT = msgspec.json.Decoder(int)
_NULLABLE = msgspec.json.Decoder(str | None)


def _salvager(cls: type[_T], **others: _Reader) -> Callable[[bytes | Raw], _T | None]:
    """A reader of that Struct: each field by the reader of its name, or as a string."""
    readers: Mapping[str, _Reader] = {
        field: others.get(field, _STR.decode) for field in cls.__struct_fields__
    }
    fields: list[tuple[str, Any, Any]] = [(name, Raw | UnsetType, UNSET) for name in readers]
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(msgspec.defstruct("Parts", fields, frozen=True))

    def read(raw: bytes | Raw) -> _T | None:
        try:
            parts = decoder.decode(raw)
        except (ValueError, RecursionError):
            return None
        values: dict[str, Any] = {}
        for name, reader in readers.items():
            part = getattr(parts, name)
            if part is not UNSET:
                try:
                    values[name] = reader(part)
                except (ValueError, RecursionError):
                    continue
        return cls(**values)

    return read


@functools.cache
def _reader() -> Callable[[bytes], Salvage | None]:
    """The reader of events.  It is made for the first one, since most sessions have none to salvage."""
    item = _salvager(SalvagedItem)

    def items(raw: Raw) -> list[SalvagedItem]:
        if bytes(raw).count(b",") > _MAX_ITEMS:
            return []
        return [one for one in map(item, msgspec.json.decode(raw, type=list[Raw])) if one is not None]

    return _salvager(
        Salvage,
        previous_item_id=_NULLABLE.decode,
        output_index=_INT.decode,
        content_index=_INT.decode,
        audio_start_ms=_INT.decode,
        audio_end_ms=_INT.decode,
        item=item,
        part=_salvager(SalvagedPart),
        response=_salvager(
            SalvagedResponse,
            conversation_id=_NULLABLE.decode,
            status_details=_salvager(SalvagedStatus),
            output=items,
        ),
        session=_salvager(SalvagedSession),
        error=_salvager(SalvagedError),
    )


def salvage(raw: RawFrame) -> Salvage | None:
    """What can be read of an event in spite of its faults; None if the frame is no JSON object.

    Bad UTF-8, lone surrogates, NaN and Infinity are replaced first, so that they cost no more than their own member.
    Never raises, whatever the bytes (`TypeError` for what is neither bytes nor `str`).
    """
    data, read = as_bytes(raw), _reader()
    try:
        data.decode()
    except UnicodeDecodeError:
        return read(repair(data))
    found = read(data)
    return read(repair(data)) if found is None else found
