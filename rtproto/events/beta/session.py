"""`session.*` and `transcription_session.*` of the beta dialect, with their flat session objects."""

from msgspec import UNSET, UnsetType

from ..base import (
    BetaAudioFormat,
    BetaModel,
    BetaTranscriptionModel,
    BetaVoice,
    FromClient,
    FromServer,
    Include,
    Int,
    MaxTokensWord,
    Modality,
    Nested,
    Secretive,
    SessionObject,
    TranscriptionSessionObject,
)
from ..common.session import (
    ClientSecret,
    ExpiresAfter,
    NoiseReduction,
    Prompt,
    Tracing,
    Truncation,
    TurnDetection,
)
from ..common.tools import Tool, ToolChoice


class Voice(Nested, frozen=True, kw_only=True):
    """A voice as Azure Voice Live names it, in the place of the plain name."""

    name: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class InputAudioTranscription(Nested, frozen=True, kw_only=True):
    """How user audio is transcribed: `language` as an ISO-639-1 code, `prompt` to guide the transcriber."""

    model: BetaTranscriptionModel | UnsetType = UNSET
    language: str | UnsetType | None = UNSET
    prompt: str | UnsetType | None = UNSET


class SessionClientSecret(Secretive, frozen=True, kw_only=True):
    """The lifetime a client wants for its secret, or the server's secret (`expires_at` in seconds since 1970)."""

    masked = ("value",)

    expires_after: ExpiresAfter | UnsetType = UNSET
    value: str | UnsetType = UNSET
    expires_at: Int | UnsetType = UNSET


class Session(Nested, frozen=True, kw_only=True):
    """A beta session: what the client configures and what the server tells of it.

    `turn_detection=None` turns VAD off; leaving it out keeps it as it is.  `id`, `object` and `expires_at` (seconds
    since 1970) are the server's.  `speed` is 0.25 to 1.5, `temperature` 0.6 to 1.2.
    """

    id: str | UnsetType = UNSET
    object: SessionObject | UnsetType = UNSET
    expires_at: Int | UnsetType = UNSET
    model: BetaModel | UnsetType = UNSET
    modalities: list[Modality] | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    voice: BetaVoice | Voice | UnsetType | None = UNSET
    input_audio_format: BetaAudioFormat | UnsetType = UNSET
    output_audio_format: BetaAudioFormat | UnsetType | None = UNSET
    input_audio_noise_reduction: NoiseReduction | UnsetType | None = UNSET
    input_audio_transcription: InputAudioTranscription | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET
    tools: list[Tool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    temperature: float | UnsetType | None = UNSET
    max_response_output_tokens: Int | MaxTokensWord | UnsetType = UNSET
    speed: float | UnsetType = UNSET
    tracing: Tracing | UnsetType | None = UNSET
    prompt: Prompt | UnsetType | None = UNSET
    truncation: Truncation | UnsetType | None = UNSET
    include: list[Include] | UnsetType | None = UNSET
    client_secret: SessionClientSecret | UnsetType | None = UNSET


class SecretLifetime(Nested, frozen=True, kw_only=True):
    """The lifetime a client wants for the secret of a transcription session; beta calls it `expires_at` there."""

    expires_at: ExpiresAfter | UnsetType = UNSET


class TranscriptionSessionConfig(Nested, frozen=True, kw_only=True):
    """What a client configures of a session that only transcribes."""

    input_audio_format: BetaAudioFormat | UnsetType = UNSET
    input_audio_noise_reduction: NoiseReduction | UnsetType | None = UNSET
    input_audio_transcription: InputAudioTranscription | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET
    modalities: list[Modality] | UnsetType = UNSET
    include: list[str] | UnsetType | None = UNSET
    client_secret: SecretLifetime | UnsetType = UNSET


class TranscriptionSession(Nested, frozen=True, kw_only=True):
    """What the server tells of a session that only transcribes.

    `client_secret` comes in the answer to the REST request only; on a socket it is missing or null.
    """

    id: str | UnsetType = UNSET
    object: TranscriptionSessionObject | UnsetType = UNSET
    expires_at: Int | UnsetType = UNSET
    input_audio_format: BetaAudioFormat | UnsetType = UNSET
    input_audio_noise_reduction: NoiseReduction | UnsetType | None = UNSET
    input_audio_transcription: InputAudioTranscription | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET
    modalities: list[Modality] | UnsetType = UNSET
    include: list[str] | UnsetType | None = UNSET
    client_secret: ClientSecret | UnsetType | None = UNSET


class SessionUpdate(FromClient, frozen=True, kw_only=True, tag="session.update"):
    """Change the session's configuration; only the fields given change.  Answered by `session.updated`."""

    session: Session


class TranscriptionSessionUpdate(FromClient, frozen=True, kw_only=True, tag="transcription_session.update"):
    """Change a transcription session's configuration; answered by `transcription_session.updated`."""

    session: TranscriptionSessionConfig


class SessionCreated(FromServer, frozen=True, kw_only=True, tag="session.created"):
    """The first event of a connection: the session with its default configuration."""

    session: Session


class SessionUpdated(FromServer, frozen=True, kw_only=True, tag="session.updated"):
    """The session's whole configuration after a change."""

    session: Session


class TranscriptionSessionUpdated(FromServer, frozen=True, kw_only=True, tag="transcription_session.updated"):
    """The transcription session's whole configuration after a change."""

    session: TranscriptionSession


class TranscriptionSessionCreated(FromServer, frozen=True, kw_only=True, tag="transcription_session.created"):
    """The first event of a connection opened with `intent=transcription`.

    In no union of the published packages, but in the vendor's OpenAPI file.
    """

    session: TranscriptionSession
