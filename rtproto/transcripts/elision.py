"""Audio that a recorder left out, and put back: an empty string, and beside the event how many bytes there were.

`{"audio_bytes": 4800, "event": {"type": "input_audio_buffer.append", "audio": ""}}` stands for 4,800 bytes of audio,
100 ms of pcm16.  It is read back as that much silence, so that everything that counts audio counts the same.
"""

from __future__ import annotations

import msgspec
import pybase64
from msgspec import UNSET, Raw, Struct, UnsetType

from rtproto.transcripts.frames import Unreadable
from rtproto.wire import AUDIO_FIELDS
from rtproto.wire_scan import scan


class _Payloads(Struct):
    """The members of an event that say whether it carries audio, and where."""

    type: Raw | UnsetType = UNSET
    audio: Raw | UnsetType = UNSET
    delta: Raw | UnsetType = UNSET


FREE_SILENCE = 256 * 2**20
"""Bytes of silence that are put back into the events of one file at most ..."""
SILENCE_GROWTH = 2_000
"""... beside so many for each byte of those events: two seconds of pcm16 for one of fifty bytes."""
_SOUGHT = 64
"""Bytes of the payload by which it is found in the event."""
_PAYLOADS = msgspec.json.Decoder(_Payloads)
_FIELDS = {f'"{type}"'.encode(): field for type, field in AUDIO_FIELDS.items()}


def audio_span(event: bytes) -> tuple[int, int] | None:
    """Where the base64 text of an event's audio begins and ends; None where there is none, or not for certain.

    Raises `ValueError` or `RecursionError` for what is no JSON object.
    """
    members = _PAYLOADS.decode(event)
    field = None if members.type is UNSET else _FIELDS.get(bytes(members.type))
    token: Raw | UnsetType = UNSET if field is None else getattr(members, field)
    if isinstance(token, UnsetType):
        return None
    text = bytes(token)
    if len(text) < 2 or not text.startswith(b'"'):
        return None
    # Looking for all of it would cost ten times as much as looking for its beginning.
    start = event.find(text[:_SOUGHT]) + 1
    end = start + len(text) - 2
    if event[start - 1 : end + 1] != text:
        return None
    # The same text may stand elsewhere, and the member may be repeated.  Then what is left is not an empty member.
    rest = _PAYLOADS.decode(event[:start] + event[end:])
    return (start, end) if bytes(getattr(rest, field or "")) == b'""' else None


def audio_size(event: bytes, span: tuple[int, int]) -> int | None:
    """Decoded bytes of the audio at that place; None if it is no base64."""
    try:
        return len(pybase64.b64decode(event[slice(*span)], None, True))
    except ValueError:
        return None


class Silence:
    """What was left out of the events of one file, as far as they may stand for more than they hold."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = FREE_SILENCE

    def restore(self, event: bytes, size: int) -> bytes:
        """As `restored`.  Raises `Unreadable` where a few lines would cost what a long recording does."""
        whole = restored(event, size)
        if whole is not event:
            self._left += SILENCE_GROWTH * len(event) - size
            if self._left < 0:
                raise Unreadable(
                    f"its lines stand for more audio than is put back: {FREE_SILENCE >> 20} MiB and "
                    f"{SILENCE_GROWTH:,} times their events' size; check it in parts, or without `audio_bytes`"
                )
        return whole


def restored(event: bytes, size: int) -> bytes:
    """The event with `size` bytes of silence in place of audio that was left out; as it is, where none was."""
    found = scan(event)
    field = AUDIO_FIELDS.get(found.type or "")
    start, end = found.members.get(field or "", (0, 0))
    if event[start:end] != b'""':
        return event
    return event[: start + 1] + pybase64.b64encode(bytes(size)) + event[end - 1 :]
