"""The published models that the Structs are compared with: the `openai` package's, found in its unions."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin

from openai.types.beta.realtime import SessionCreateResponse
from openai.types.beta.realtime import TranscriptionSession as BetaTranscriptionSession
from openai.types.beta.realtime.realtime_client_event import RealtimeClientEvent as BetaClient
from openai.types.beta.realtime.realtime_server_event import RealtimeServerEvent as BetaServer
from openai.types.beta.realtime.session_create_params import SessionCreateParams
from openai.types.beta.realtime.transcription_session_create_params import TranscriptionSessionCreateParams
from openai.types.realtime import ClientSecretCreateResponse, RealtimeTranslationClientSecretCreateResponse
from openai.types.realtime.call_accept_params import CallAcceptParams
from openai.types.realtime.call_create_params import CallCreateParams
from openai.types.realtime.call_refer_params import CallReferParams
from openai.types.realtime.call_reject_params import CallRejectParams
from openai.types.realtime.client_secret_create_params import ClientSecretCreateParams
from openai.types.realtime.realtime_client_event import RealtimeClientEvent as GaClient
from openai.types.realtime.realtime_server_event import RealtimeServerEvent as GaServer
from openai.types.realtime.realtime_translation_client_event import RealtimeTranslationClientEvent
from openai.types.realtime.realtime_translation_server_event import RealtimeTranslationServerEvent
from openai.types.realtime.translations.client_secret_create_params import (
    ClientSecretCreateParams as TranslationClientSecretCreateParams,
)
from pydantic import BaseModel

from rtproto.events import beta, ga, translation


def members(union: Any) -> list[type[BaseModel]]:
    """The models of a published union, `Annotated` peeled off."""
    if get_origin(union) is Annotated:
        return members(get_args(union)[0])
    return [one for one in get_args(union) if isinstance(one, type)]


def tag(model: type[BaseModel]) -> str:
    """The event's name on the wire, from the only value its `type` may have."""
    annotation = model.model_fields["type"].annotation
    assert get_origin(annotation) is Literal
    (value,) = get_args(annotation)
    return str(value)


UNIONS: dict[tuple[str, str], list[type[BaseModel]]] = {
    ("beta", "client"): members(BetaClient),
    ("beta", "server"): members(BetaServer),
    ("ga", "client"): members(GaClient),
    ("ga", "server"): members(GaServer),
    ("translation", "client"): members(RealtimeTranslationClientEvent),
    ("translation", "server"): members(RealtimeTranslationServerEvent),
}

# Structs of REST bodies, by dialect and a name, and the published model or TypedDict of the same body.
BODIES: dict[tuple[str, str], tuple[Any, Any]] = {
    ("beta", "sessions.create request"): (beta.SessionCreateRequest, SessionCreateParams),
    ("beta", "sessions.create response"): (beta.SessionCreateResponse, SessionCreateResponse),
    ("beta", "transcription_sessions.create request"): (
        beta.TranscriptionSessionCreateRequest,
        TranscriptionSessionCreateParams,
    ),
    ("beta", "transcription_sessions.create response"): (
        beta.TranscriptionSessionCreateResponse,
        BetaTranscriptionSession,
    ),
    ("ga", "client_secrets.create request"): (ga.ClientSecretCreateRequest, ClientSecretCreateParams),
    ("ga", "client_secrets.create response"): (ga.ClientSecretCreateResponse, ClientSecretCreateResponse),
    ("ga", "calls.create request"): (ga.CallCreateRequest, CallCreateParams),
    ("ga", "calls.accept request"): (ga.CallAcceptRequest, CallAcceptParams),
    ("ga", "calls.refer request"): (ga.CallReferRequest, CallReferParams),
    ("ga", "calls.reject request"): (ga.CallRejectRequest, CallRejectParams),
    ("translation", "client_secrets.create request"): (
        translation.ClientSecretCreateRequest,
        TranslationClientSecretCreateParams,
    ),
    ("translation", "client_secrets.create response"): (
        translation.ClientSecretCreateResponse,
        RealtimeTranslationClientSecretCreateResponse,
    ),
}
