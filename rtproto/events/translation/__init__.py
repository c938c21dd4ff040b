"""The translation dialect: every event, object and REST body of it, and the two unions."""

from typing import TypeAlias, get_args

from msgspec import UNSET, UnsetType

from ..base import Event, UnknownEvent, opaque
from ..common.errors import Error, ErrorDetail
from ..common.session import ExpiresAfter
from .rest import ClientSecretCreateRequest, ClientSecretCreateResponse, SessionCreateRequest
from .session import (
    AnySession,
    AudioConfig,
    AudioInput,
    AudioOutput,
    NoiseReduction,
    SessionClose,
    SessionClosed,
    SessionConfig,
    SessionCreated,
    SessionInputAudioBufferAppend,
    SessionInputTranscriptDelta,
    SessionOutputAudioDelta,
    SessionOutputTranscriptDelta,
    SessionUpdate,
    SessionUpdated,
    Transcription,
    TranslationSession,
    UnknownSession,
)

ClientEvent: TypeAlias = SessionUpdate | SessionInputAudioBufferAppend | SessionClose
"""What a client of this dialect may send: 3 events."""

ServerEvent: TypeAlias = (
    Error
    | SessionCreated
    | SessionUpdated
    | SessionClosed
    | SessionInputTranscriptDelta
    | SessionOutputTranscriptDelta
    | SessionOutputAudioDelta
)
"""What a server of this dialect sends: 7 events."""

CLIENT_EVENTS: tuple[type[Event], ...] = get_args(ClientEvent)
SERVER_EVENTS: tuple[type[Event], ...] = get_args(ServerEvent)

__all__ = [
    "CLIENT_EVENTS",
    "SERVER_EVENTS",
    "UNSET",
    "AnySession",
    "AudioConfig",
    "AudioInput",
    "AudioOutput",
    "ClientEvent",
    "ClientSecretCreateRequest",
    "ClientSecretCreateResponse",
    "Error",
    "ErrorDetail",
    "ExpiresAfter",
    "NoiseReduction",
    "ServerEvent",
    "SessionClose",
    "SessionClosed",
    "SessionConfig",
    "SessionCreateRequest",
    "SessionCreated",
    "SessionInputAudioBufferAppend",
    "SessionInputTranscriptDelta",
    "SessionOutputAudioDelta",
    "SessionOutputTranscriptDelta",
    "SessionUpdate",
    "SessionUpdated",
    "Transcription",
    "TranslationSession",
    "UnknownEvent",
    "UnknownSession",
    "UnsetType",
    "opaque",
]
