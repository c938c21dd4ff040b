"""The moves: how each event of each dialect comes about, by family.  Importing this registers them."""

from rtproto.testing.moves import (
    conversation,
    errors,
    hearing,
    output,
    playback,
    remote,
    response,
    session,
    transcription,
    translation,
)

FEATURES: dict[str, tuple[str, ...]] = {
    "text": ("beta", "ga"),
    "voice": ("beta", "ga"),
    "push-to-talk": ("beta", "ga"),
    "barge-in": ("beta", "ga"),
    "idle": ("ga",),
    "functions": ("beta", "ga"),
    "out-of-band": ("beta", "ga"),
    "mcp": ("ga",),
    "approval": ("ga",),
    "input-transcription": ("beta", "ga"),
    "segments": ("ga",),
    "items": ("beta", "ga"),
    "updates": ("beta", "ga"),
    "failures": ("beta", "ga"),
    "clear": ("beta", "ga"),
    "webrtc": ("beta", "ga"),
    "sip": ("ga",),
    "refusals": ("beta", "ga", "translation"),
    "expiry": ("beta", "ga"),
    "hand-commit": ("beta", "ga"),
    "early": ("beta", "ga", "translation"),
    "transcription-session": ("ga",),
}
"""What a session may hold, and the dialects that have it."""

__all__ = [
    "FEATURES",
    "conversation",
    "errors",
    "hearing",
    "output",
    "playback",
    "remote",
    "response",
    "session",
    "transcription",
    "translation",
]
