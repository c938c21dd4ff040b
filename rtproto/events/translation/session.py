"""All events of the translation dialect but `error`: the session, audio going in, translated audio and text coming out.

There are no items, responses or turns; audio flows both ways until the client closes the session.
"""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from ..base import (
    FromClient,
    FromServer,
    Int,
    Nested,
    NoiseReductionType,
    TranslationAudioFormat,
    UnknownVariant,
    Variant,
)


class NoiseReduction(Nested, frozen=True, kw_only=True):
    """Noise reduction of the input: `near_field` for a headset, `far_field` for a room; more `strength`, more of it."""

    type: NoiseReductionType
    strength: float | UnsetType = UNSET


class Transcription(Nested, frozen=True, kw_only=True):
    """Asks for the text of the source language too, from this transcriber."""

    model: str


class AudioInput(Nested, frozen=True, kw_only=True):
    """What happens to the source audio; `transcription=None` leaves it without text."""

    transcription: Transcription | UnsetType | None = UNSET
    noise_reduction: NoiseReduction | UnsetType | None = UNSET


class AudioOutput(Nested, frozen=True, kw_only=True):
    """The language to translate into."""

    language: str | UnsetType = UNSET


class AudioConfig(Nested, frozen=True, kw_only=True):
    """The audio settings of a translation session, in and out."""

    input: AudioInput | UnsetType = UNSET
    output: AudioOutput | UnsetType = UNSET


class SessionConfig(Nested, frozen=True, kw_only=True):
    """What a client may change of a running translation session."""

    audio: AudioConfig | UnsetType = UNSET


class TranslationSession(Variant, frozen=True, kw_only=True, tag="translation"):
    """What the server tells of a translation session; `expires_at` is in seconds since 1970."""

    id: str
    model: str
    expires_at: Int
    audio: AudioConfig


class UnknownSession(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A session of a type that is not a translation."""


AnySession: TypeAlias = TranslationSession | UnknownSession


class SessionUpdate(FromClient, frozen=True, kw_only=True, tag="session.update"):
    """Change the session's configuration; only the fields given change.  Answered by `session.updated`."""

    session: SessionConfig


class SessionInputAudioBufferAppend(
    FromClient, frozen=True, kw_only=True, tag="session.input_audio_buffer.append"
):
    """Source audio: base64 of 24 kHz mono PCM16 (48 bytes a ms)."""

    audio: str


class SessionClose(FromClient, frozen=True, kw_only=True, tag="session.close"):
    """No more audio comes; the server sends what is left and then `session.closed`."""


class SessionCreated(FromServer, frozen=True, kw_only=True, tag="session.created"):
    """The first event of a connection: the session with its configuration."""

    session: AnySession


class SessionUpdated(FromServer, frozen=True, kw_only=True, tag="session.updated"):
    """The session's whole configuration after a change."""

    session: AnySession


class SessionClosed(FromServer, frozen=True, kw_only=True, tag="session.closed"):
    """The session is over; nothing follows."""


class SessionInputTranscriptDelta(
    FromServer, frozen=True, kw_only=True, tag="session.input_transcript.delta"
):
    """More text of the source language, when a transcriber was asked for.

    `elapsed_ms` aligns it with the audio and may repeat.
    """

    delta: str
    elapsed_ms: Int | UnsetType | None = UNSET


class SessionOutputTranscriptDelta(
    FromServer, frozen=True, kw_only=True, tag="session.output_transcript.delta"
):
    """More text of the translation; `elapsed_ms` aligns it with the audio and may repeat."""

    delta: str
    elapsed_ms: Int | UnsetType | None = UNSET


class SessionOutputAudioDelta(FromServer, frozen=True, kw_only=True, tag="session.output_audio.delta"):
    """More translated speech: base64 of PCM16 of any length, at `sample_rate` samples a second and channel."""

    delta: str
    format: TranslationAudioFormat | UnsetType = UNSET
    sample_rate: Int | UnsetType = UNSET
    channels: Int | UnsetType = UNSET
    elapsed_ms: Int | UnsetType | None = UNSET
