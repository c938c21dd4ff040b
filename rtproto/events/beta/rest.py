"""Bodies of the beta dialect's REST requests, which make a session and a secret for a client to open it.

`POST /v1/realtime/sessions` and `POST /v1/realtime/transcription_sessions`.
"""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from ..base import BetaAudioFormat, BetaVoice, Int, MaxTokensWord, Modality, Nested, SessionObject
from ..common.session import ClientSecret, NoiseReduction, Tracing, TurnDetection
from ..common.tools import Tool, ToolChoice
from .session import InputAudioTranscription, Session, TranscriptionSession, TranscriptionSessionConfig

SessionCreateRequest: TypeAlias = Session
"""The body of `sessions.create` is the session itself; only `client_secret.expires_after` is the client's in it."""


class SessionCreateResponse(Nested, frozen=True, kw_only=True):
    """The answer to `sessions.create`: the session with all defaults, and the secret that opens it within a minute."""

    id: str | UnsetType = UNSET
    object: SessionObject | UnsetType = UNSET
    expires_at: Int | UnsetType = UNSET
    model: str | UnsetType = UNSET
    modalities: list[Modality] | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    voice: BetaVoice | UnsetType = UNSET
    input_audio_format: BetaAudioFormat | UnsetType = UNSET
    output_audio_format: BetaAudioFormat | UnsetType = UNSET
    input_audio_noise_reduction: NoiseReduction | UnsetType | None = UNSET
    input_audio_transcription: InputAudioTranscription | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET
    tools: list[Tool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    temperature: float | UnsetType = UNSET
    max_response_output_tokens: Int | MaxTokensWord | UnsetType = UNSET
    speed: float | UnsetType = UNSET
    tracing: Tracing | UnsetType | None = UNSET
    client_secret: ClientSecret


TranscriptionSessionCreateRequest: TypeAlias = TranscriptionSessionConfig
"""The body of `transcription_sessions.create` is the configuration itself."""

TranscriptionSessionCreateResponse: TypeAlias = TranscriptionSession
"""The answer to `transcription_sessions.create` is the session, with the secret that opens it within ten minutes."""
