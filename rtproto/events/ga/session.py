"""`session.*` of the GA dialect, with its two kinds of session and their nested audio settings."""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from ..base import (
    Effort,
    FromClient,
    FromServer,
    Include,
    Int,
    MaxTokensWord,
    Modality,
    Model,
    Nested,
    PcmRate,
    SessionObject,
    TranscriptionModel,
    TranscriptionSessionObject,
    UnknownVariant,
    Variant,
    VoiceName,
)
from ..common.session import NoiseReduction, Prompt, Tracing, Truncation, TurnDetection
from ..common.tools import Tool, ToolChoice


class AudioPcm(Variant, frozen=True, kw_only=True, tag="audio/pcm"):
    """Mono 16 bit little-endian PCM at `rate` samples a second, which is always 24000 (48 bytes a ms)."""

    rate: PcmRate | UnsetType = UNSET


class AudioPcmu(Variant, frozen=True, kw_only=True, tag="audio/pcmu"):
    """G.711 μ-law at 8 kHz (8 bytes a ms)."""


class AudioPcma(Variant, frozen=True, kw_only=True, tag="audio/pcma"):
    """G.711 A-law at 8 kHz (8 bytes a ms)."""


class UnknownAudioFormat(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """An audio format nobody has described yet."""


AudioFormat: TypeAlias = AudioPcm | AudioPcmu | AudioPcma | UnknownAudioFormat


class VoiceId(Nested, frozen=True, kw_only=True):
    """A voice made for one customer, by id."""

    id: str


class AudioTranscription(Nested, frozen=True, kw_only=True):
    """How user audio is transcribed: `language` as an ISO-639-1 code, `prompt` or `keywords` to guide the transcriber.

    `delay` is how long a streaming transcriber waits for context; servers accept it and do not echo it.
    """

    model: TranscriptionModel | UnsetType = UNSET
    language: str | UnsetType | None = UNSET
    languages: list[str] | UnsetType = UNSET
    prompt: str | UnsetType | None = UNSET
    keywords: list[str] | UnsetType = UNSET
    delay: Effort | UnsetType = UNSET


class AudioInput(Nested, frozen=True, kw_only=True):
    """What happens to the user's audio.  `turn_detection=None` turns VAD off; leaving it out keeps it as it is."""

    format: AudioFormat | UnsetType = UNSET
    transcription: AudioTranscription | UnsetType | None = UNSET
    noise_reduction: NoiseReduction | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET


class AudioOutput(Nested, frozen=True, kw_only=True):
    """How the model speaks; `speed` is 0.25 to 1.5."""

    format: AudioFormat | UnsetType = UNSET
    voice: VoiceName | VoiceId | UnsetType = UNSET
    speed: float | UnsetType = UNSET


class AudioConfig(Nested, frozen=True, kw_only=True):
    """The audio settings of a session, in and out."""

    input: AudioInput | UnsetType = UNSET
    output: AudioOutput | UnsetType = UNSET


class Reasoning(Nested, frozen=True, kw_only=True):
    """How much a reasoning model thinks before it speaks."""

    effort: Effort | UnsetType = UNSET


class SessionFields(Variant, frozen=True, kw_only=True):
    """What a session with a model that talks has on the socket and in REST bodies alike."""

    model: Model | UnsetType = UNSET
    output_modalities: list[Modality] | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    tools: list[Tool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    max_output_tokens: Int | MaxTokensWord | UnsetType = UNSET
    reasoning: Reasoning | UnsetType = UNSET
    tracing: Tracing | UnsetType | None = UNSET
    truncation: Truncation | UnsetType = UNSET
    prompt: Prompt | UnsetType | None = UNSET
    expires_at: Int | UnsetType = UNSET
    audio: AudioConfig | UnsetType = UNSET
    include: list[Include] | UnsetType | None = UNSET


class Session(SessionFields, frozen=True, kw_only=True, tag="realtime"):
    """A session with a model that talks: what the client configures and what the server tells of it.

    `id`, `object` and `expires_at` (seconds since 1970) are the server's; the published event types do not have them,
    every recorded server sends them.
    """

    object: SessionObject | UnsetType = UNSET
    id: str | UnsetType = UNSET


class TranscriptionAudio(Nested, frozen=True, kw_only=True):
    """The audio settings of a session that only transcribes."""

    input: AudioInput | UnsetType = UNSET


class TranscriptionSessionFields(Variant, frozen=True, kw_only=True):
    """What a session that only transcribes has on the socket and in REST bodies alike."""

    expires_at: Int | UnsetType = UNSET
    audio: TranscriptionAudio | UnsetType = UNSET
    include: list[Include] | UnsetType | None = UNSET


class TranscriptionSession(TranscriptionSessionFields, frozen=True, kw_only=True, tag="transcription"):
    """A session that only transcribes: what the client configures and what the server tells of it."""

    object: TranscriptionSessionObject | UnsetType = UNSET
    id: str | UnsetType = UNSET


class UnknownSession(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A session of a type nobody has described yet."""


AnySession: TypeAlias = Session | TranscriptionSession | UnknownSession


class SessionUpdate(FromClient, frozen=True, kw_only=True, tag="session.update"):
    """Change the session's configuration; only the fields given change.  Answered by `session.updated`."""

    session: AnySession


class SessionCreated(FromServer, frozen=True, kw_only=True, tag="session.created"):
    """The first event of a connection: the session with its default configuration."""

    session: AnySession


class SessionUpdated(FromServer, frozen=True, kw_only=True, tag="session.updated"):
    """The session's whole configuration after a change."""

    session: AnySession
