"""Helpers for audio as the protocol carries it: base64 text of raw samples.

Lengths come from the text itself; nothing is decoded to learn them.  Base64 is the standard alphabet of RFC 4648,
padded, without line breaks; the unused bits before the padding are not looked at, as in every common decoder.

| format | samples | bytes a ms |
|---|---|---|
| `pcm16`, `audio/pcm` | 24 kHz, mono, 16 bit little-endian | 48 |
| `g711_ulaw`, `audio/pcmu` | 8 kHz, mono, 8 bit | 8 |
| `g711_alaw`, `audio/pcma` | 8 kHz, mono, 8 bit | 8 |
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

import pybase64

BYTES_PER_MS: Mapping[str, int] = MappingProxyType(
    {
        "pcm16": 48,
        "audio/pcm": 48,
        "g711_ulaw": 8,
        "audio/pcmu": 8,
        "g711_alaw": 8,
        "audio/pcma": 8,
    }
)
"""Bytes of one millisecond, by the name of the format in beta and in GA."""


def byte_length(audio: str) -> int:
    """The number of bytes that the base64 text stands for, by its length and padding alone.

    The text is taken to be valid; ask `is_valid` first where it may not be.
    """
    padding = 2 if audio.endswith("==") else 1 if audio.endswith("=") else 0
    return len(audio) // 4 * 3 - padding


def duration_ms(audio: str | int, format: str = "pcm16") -> float:
    """How long the audio sounds, in ms, from its base64 text or from its number of bytes.

    `format` is a name of the beta dialect or a type of the GA dialect.  Raises `ValueError` for any other.
    """
    per_ms = BYTES_PER_MS.get(format)
    if per_ms is None:
        raise ValueError(f"no audio format {format!r}; there are: " + ", ".join(BYTES_PER_MS))
    return (audio if isinstance(audio, int) else byte_length(audio)) / per_ms


def is_valid(audio: str) -> bool:
    """Whether the text is base64 of the standard alphabet, padded, with nothing else in it."""
    try:
        pybase64.b64decode(audio, validate=True)
    except ValueError:
        return False
    return True


def decode(audio: str) -> bytes:
    """The bytes of the base64 text.  Raises `ValueError` where `is_valid` would be false."""
    return pybase64.b64decode(audio, validate=True)


# What recorders write in the place of audio.  The patterns are for short texts only, and most sessions have none.
_MARKS = ("<", "…", "...")
_OBJECT = "[object "
"""Of JavaScript, which writes it for want of a text: no mark, unlike any other bracket."""
_WORDS = r"(?i)\b(?:audio|base64|bytes|binary|chars|cut|data|elided|omitted|redacted|removed|trimmed)\b"
_NEVER_BASE64 = r"[^\w+/=*-]"
"""What is in no base64, however it was cut, nor in a mask: spaces, quotes, stops."""


def looks_cut(payload: str) -> bool:
    """Whether an audio payload was shortened or replaced by whoever recorded it."""
    if any(mark in payload for mark in _MARKS) or "[" in payload.replace(_OBJECT, ""):
        return True
    if len(payload) >= 88 or payload == "undefined":
        return False
    return re.search(_WORDS, payload) is not None or re.search(_NEVER_BASE64, payload.strip()) is None
