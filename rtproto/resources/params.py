"""What the methods take by keyword: the fields of the Structs in `rtproto.events`, and options for the one call.

An object is given as its Struct or as a mapping, as in the vendor's client.  A field that is left out is not sent, None
is sent as null: `turn_detection=None` turns VAD off.  Values are checked when the request is, against the Struct.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from rtproto.events.beta.session import (
    InputAudioTranscription,
    SecretLifetime,
    SessionClientSecret,
    Voice,
)
from rtproto.events.common.session import (
    NoiseReduction,
    Prompt,
    TracingConfiguration,
    Truncation,
    TurnDetection,
)
from rtproto.events.common.tools import Tool, ToolChoice
from rtproto.events.ga.session import AudioConfig, Reasoning

if TYPE_CHECKING:
    import httpx2

Json: TypeAlias = Mapping[str, Any]
"""A JSON object, in the place of its Struct."""


class Options(TypedDict, total=False):
    """Options of one call; they win over those of the client."""

    timeout: float | httpx2.Timeout | None
    """Seconds for each of connecting, sending and receiving; None waits for ever."""
    extra_headers: Mapping[str, str | None]
    """Headers to add or to replace; None leaves one out that would be sent."""
    extra_query: Mapping[str, str | int | float | bool]
    """Parameters to add to the URL."""
    validate: bool
    """False sends what was given without judging it; the server may know more than this version does."""


class SessionCreateParams(Options, total=False):
    """A beta session, as in `rtproto.beta.Session`."""

    model: str
    modalities: Sequence[str]
    instructions: str
    voice: str | Voice | Json | None
    input_audio_format: str
    output_audio_format: str | None
    input_audio_noise_reduction: NoiseReduction | Json | None
    input_audio_transcription: InputAudioTranscription | Json | None
    turn_detection: TurnDetection | Json | None
    tools: Sequence[Tool | Json]
    tool_choice: ToolChoice | Json
    temperature: float | None
    max_response_output_tokens: int | str
    speed: float
    tracing: str | TracingConfiguration | Json | None
    prompt: Prompt | Json | None
    truncation: Truncation | Json | None
    include: Sequence[str] | None
    client_secret: SessionClientSecret | Json | None


class TranscriptionSessionCreateParams(Options, total=False):
    """A beta session that only transcribes, as in `rtproto.beta.TranscriptionSessionConfig`."""

    input_audio_format: str
    input_audio_noise_reduction: NoiseReduction | Json | None
    input_audio_transcription: InputAudioTranscription | Json | None
    turn_detection: TurnDetection | Json | None
    modalities: Sequence[str]
    include: Sequence[str] | None
    client_secret: SecretLifetime | Json


class CallAcceptParams(Options, total=False):
    """The session that takes a call, as in `rtproto.ga.Session`."""

    type: Literal["realtime"]
    """The only type there is; sent also when left out."""
    model: str
    output_modalities: Sequence[str]
    instructions: str
    tools: Sequence[Tool | Json]
    tool_choice: ToolChoice | Json
    parallel_tool_calls: bool
    max_output_tokens: int | str
    reasoning: Reasoning | Json
    tracing: str | TracingConfiguration | Json | None
    truncation: Truncation | Json
    prompt: Prompt | Json | None
    audio: AudioConfig | Json
    include: Sequence[str] | None
