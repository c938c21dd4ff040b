"""`conversation.item.input_audio_transcription.segment`, which only the GA dialect has."""

from ..base import FromServer, Int


class ConversationItemInputAudioTranscriptionSegment(
    FromServer, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.segment"
):
    """What one speaker said between `start` and `end` (seconds into the item's audio); from diarising transcribers."""

    item_id: str
    content_index: Int
    id: str
    speaker: str
    start: float
    end: float
    text: str
