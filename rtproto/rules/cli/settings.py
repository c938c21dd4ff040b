"""Where settings stand in a configuration: beta keeps them flat, GA sorts them under `audio`.

Absent and null are two things here (`UNSET` and None): what is absent stays as it is, null turns a feature off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import msgspec
from msgspec import UNSET, Struct

from rtproto.events.base import UnknownVariant
from rtproto.events.dialect import DIALECTS, SESSION_UPDATES
from rtproto.protocol.values import kind_of
from rtproto.wire import AUDIO_FIELDS

CONFIGURES = (*SESSION_UPDATES, "response.create")
"""Client events that carry a `session` or a `response`."""
CLIENT_EVENTS = tuple(
    sorted(
        {type for dialect in DIALECTS.values() for type in dialect.client_types if type not in AUDIO_FIELDS}
    )
)
"""All that clients send, but for appended audio: there is so much of it that a look at each would be felt."""

_PLACES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "voice": (("voice",), ("audio", "output", "voice")),
    "speed": (("speed",), ("audio", "output", "speed")),
    "input format": (("input_audio_format",), ("audio", "input", "format")),
    "output format": (("output_audio_format",), ("audio", "output", "format")),
    "turn detection": (("turn_detection",), ("audio", "input", "turn_detection")),
    "transcription": (("input_audio_transcription",), ("audio", "input", "transcription")),
    "noise reduction": (("input_audio_noise_reduction",), ("audio", "input", "noise_reduction")),
    "output tokens": (("max_response_output_tokens",), ("max_output_tokens",)),
    "modalities": (("modalities",), ("output_modalities",)),
}


class Setting(Struct, frozen=True):
    """One setting that a client event asks for: its path in the event, for example `session.audio.output.voice`."""

    path: str
    value: Any


def look(value: Any, *path: str) -> Any:
    """The value at that path of attributes; `UNSET` where it or what holds it is absent, None where that is null."""
    for name in path:
        value = getattr(value, name, UNSET)
        if value is None or value is UNSET:
            return value
    return value


def setting(config: Any, name: str) -> Any:
    """A setting of a session or response of either dialect, or `UNSET`."""
    for place in _PLACES[name]:
        found = look(config, *place)
        if found is not UNSET:
            return found
    return UNSET


def asked(event: Any, name: str) -> Iterator[Setting]:
    """The settings of that name that a client event asks for, null ones included."""
    for container in ("session", "response"):
        config = getattr(event, container, UNSET)
        if config is UNSET:
            continue
        for place in _PLACES.get(name, ((name,),)):
            value = look(config, *place)
            if value is not UNSET:
                yield Setting(".".join((container, *place)), value)


def values_of(alias: Any) -> tuple[Any, ...]:
    """The known values of one of the named strings in `rtproto.events.base`."""
    return tuple(value for meta in get_args(alias)[1:] for value in meta.examples or ())


def other_object(value: UnknownVariant) -> str:
    """Words for an object of none of the types that may stand in its place."""
    kind = kind_of(value)
    return "an object without a type" if kind is None else f"an object of type {kind}"


class _Input(Struct, frozen=True):
    turn_detection: dict[str, msgspec.Raw] | None = None


class _Audio(Struct, frozen=True):
    input: _Input | None = None


class _Session(Struct, frozen=True):
    turn_detection: dict[str, msgspec.Raw] | None = None
    audio: _Audio | None = None


class _Update(Struct, frozen=True):
    session: _Session


def members_of_turn_detection(raw: bytes) -> tuple[str, ...]:
    """The names of all members of `turn_detection` in an update, also of those that its type does not have."""
    try:
        session = msgspec.json.decode(raw, type=_Update).session
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ()
    nested = None if session.audio is None or session.audio.input is None else session.audio.input
    detection = session.turn_detection if nested is None else nested.turn_detection
    return tuple(detection or ())
