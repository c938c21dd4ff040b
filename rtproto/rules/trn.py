"""TRN: transcription of the user's audio."""

from __future__ import annotations

from rtproto.rules.base import Rule
from rtproto.rules.examples import Example, after, repeat


class TranscriptionTerminalRepeated(Rule):
    """A part of user audio is transcribed once: one `completed` or one `failed`.

    Clients show the user's words twice, or answer twice.
    """

    code = "TRN003"
    name = "transcription-terminal-repeated"
    message = "the transcription of this part was over already"
    evidence = "15 of 15 transcriptions in OpenAI and Azure recordings, 12 of 12 beta WebRTC."
    exceptions = "xAI and Azure may send cumulative snapshots (profile compat)."
    symptoms = ("transcript",)
    example = Example("voice_turn", repeat("conversation.item.input_audio_transcription.completed"))


class TranscriptionDeltaAfterTerminal(Rule):
    """No transcription delta follows the end of its transcription."""

    code = "TRN004"
    name = "transcription-delta-after-terminal"
    message = "a transcription delta after the transcription was over"
    evidence = "The types call completed the final text; 85 of 85 deltas in OpenAI and Azure recordings."
    symptoms = ("transcript",)
    example = Example(
        "voice_turn",
        after(
            "conversation.item.input_audio_transcription.completed",
            "server",
            {
                "type": "conversation.item.input_audio_transcription.delta",
                "event_id": "event_late",
                "item_id": "item_u1",
                "content_index": 0,
                "delta": " there",
            },
        ),
    )
