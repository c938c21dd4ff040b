"""Names that the rules about transcription share."""

from __future__ import annotations

COMPLETED = "conversation.item.input_audio_transcription.completed"
DELTA = "conversation.item.input_audio_transcription.delta"
FAILED = "conversation.item.input_audio_transcription.failed"
SEGMENT = "conversation.item.input_audio_transcription.segment"
SESSIONS = (
    "session.created",
    "session.updated",
    "transcription_session.created",
    "transcription_session.updated",
)
"""Events that show the effective session."""
