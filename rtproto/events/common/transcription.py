"""`conversation.item.input_audio_transcription.*` events that both dialects have: what the user said, as text.

Transcription runs beside the conversation: these events come at any time after the speech began.
"""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from ..base import FromServer, Int, Nested, UnknownVariant, Variant


class LogProb(Nested, frozen=True, kw_only=True):
    """A token of a transcript, its UTF-8 bytes, and the natural logarithm of its probability."""

    token: str
    logprob: float
    bytes: list[Int]


class TranscriptionTokenDetails(Nested, frozen=True, kw_only=True):
    """The input tokens of a transcription by kind."""

    text_tokens: Int | UnsetType = UNSET
    audio_tokens: Int | UnsetType = UNSET


class TokenUsage(Variant, frozen=True, kw_only=True, tag="tokens"):
    """What a transcription cost, in tokens."""

    total_tokens: Int
    input_tokens: Int
    output_tokens: Int
    input_token_details: TranscriptionTokenDetails | UnsetType = UNSET


class DurationUsage(Variant, frozen=True, kw_only=True, tag="duration"):
    """What a transcription cost, in seconds of audio."""

    seconds: float


class UnknownTranscriptionUsage(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A transcription's cost in a form nobody has described yet."""


TranscriptionUsage: TypeAlias = TokenUsage | DurationUsage | UnknownTranscriptionUsage


class TranscriptionLanguage(Nested, frozen=True, kw_only=True):
    """A language that was heard, as an ISO-639-1 code."""

    code: str


class ConversationItemInputAudioTranscriptionDelta(
    FromServer, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.delta"
):
    """More of the transcript of a user's audio."""

    item_id: str
    content_index: Int | UnsetType = UNSET
    delta: str | UnsetType = UNSET
    logprobs: list[LogProb] | UnsetType | None = UNSET
    obfuscation: str | UnsetType = UNSET


class ConversationItemInputAudioTranscriptionCompleted(
    FromServer, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.completed"
):
    """The whole transcript of a user's audio.

    `usage` is missing on beta servers before mid-2025 and on Voice Live; `languages` is GA's.
    """

    item_id: str
    content_index: Int
    transcript: str
    logprobs: list[LogProb] | UnsetType | None = UNSET
    usage: TranscriptionUsage | UnsetType = UNSET
    languages: list[TranscriptionLanguage] | UnsetType = UNSET


class TranscriptionError(Nested, frozen=True, kw_only=True):
    """Why a transcription failed."""

    type: str | UnsetType = UNSET
    code: str | UnsetType | None = UNSET
    message: str | UnsetType = UNSET
    param: str | UnsetType | None = UNSET


class ConversationItemInputAudioTranscriptionFailed(
    FromServer, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.failed"
):
    """A user's audio could not be transcribed; the conversation goes on without the text."""

    item_id: str
    content_index: Int
    error: TranscriptionError
