"""`response.*` of the beta dialect: the response with its flat audio settings, and what it streams."""

from msgspec import UNSET, UnsetType

from ..base import (
    BetaAudioFormat,
    BetaVoice,
    ConversationTarget,
    FromClient,
    FromServer,
    Int,
    MaxTokensWord,
    Modality,
    Nested,
    ResponseObject,
    ResponseStatus,
)
from ..common.items import ConversationItem
from ..common.response import StatusDetails, Usage
from ..common.tools import Tool, ToolChoice
from .session import Voice


class ResponseCreateParams(Nested, frozen=True, kw_only=True):
    """What one response shall do differently from the session.

    With `input` the model sees these items instead of the conversation; with `conversation="none"` the response
    leaves no items behind.
    """

    modalities: list[Modality] | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    voice: BetaVoice | Voice | UnsetType = UNSET
    output_audio_format: BetaAudioFormat | UnsetType = UNSET
    tools: list[Tool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    temperature: float | UnsetType = UNSET
    max_response_output_tokens: Int | MaxTokensWord | UnsetType = UNSET
    conversation: ConversationTarget | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType | None = UNSET
    input: list[ConversationItem] | UnsetType = UNSET


class RealtimeResponse(Nested, frozen=True, kw_only=True):
    """One turn of the model.

    `conversation_id` is null when it belongs to no conversation, `usage` until it is done.
    """

    id: str | UnsetType = UNSET
    object: ResponseObject | UnsetType = UNSET
    status: ResponseStatus | UnsetType = UNSET
    status_details: StatusDetails | UnsetType | None = UNSET
    output: list[ConversationItem] | UnsetType = UNSET
    conversation_id: str | UnsetType | None = UNSET
    modalities: list[Modality] | UnsetType = UNSET
    voice: BetaVoice | Voice | UnsetType | None = UNSET
    output_audio_format: BetaAudioFormat | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    max_output_tokens: Int | MaxTokensWord | UnsetType | None = UNSET
    usage: Usage | UnsetType | None = UNSET
    metadata: dict[str, str] | UnsetType | None = UNSET


class ResponseCreate(FromClient, frozen=True, kw_only=True, tag="response.create"):
    """Let the model answer now; answered by `response.created`."""

    response: ResponseCreateParams | UnsetType = UNSET


class ResponseCreated(FromServer, frozen=True, kw_only=True, tag="response.created"):
    """A response begins: in progress, without output."""

    response: RealtimeResponse


class ResponseDone(FromServer, frozen=True, kw_only=True, tag="response.done"):
    """A response is over, in whatever way; `output` repeats its items, without audio."""

    response: RealtimeResponse


class ResponseTextDelta(FromServer, frozen=True, kw_only=True, tag="response.text.delta"):
    """More of a text part."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    delta: str
    obfuscation: str | UnsetType = UNSET


class ResponseTextDone(FromServer, frozen=True, kw_only=True, tag="response.text.done"):
    """The whole text of a part, also when it was cut short."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    text: str


class ResponseAudioDelta(FromServer, frozen=True, kw_only=True, tag="response.audio.delta"):
    """More of an audio part: base64 in the response's output format."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    delta: str
    obfuscation: str | UnsetType = UNSET


class ResponseAudioDone(FromServer, frozen=True, kw_only=True, tag="response.audio.done"):
    """An audio part has no more audio."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int


class ResponseAudioTranscriptDelta(
    FromServer, frozen=True, kw_only=True, tag="response.audio_transcript.delta"
):
    """More of what the audio part says, as text."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    delta: str
    obfuscation: str | UnsetType = UNSET


class ResponseAudioTranscriptDone(
    FromServer, frozen=True, kw_only=True, tag="response.audio_transcript.done"
):
    """All that the audio part says, also when it was cut short."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    transcript: str


class ResponseFunctionCallArgumentsDone(
    FromServer, frozen=True, kw_only=True, tag="response.function_call_arguments.done"
):
    """A function call's whole arguments, as JSON text.

    `name` came to beta servers late; xAI leaves `output_index` out.
    """

    response_id: str
    item_id: str
    output_index: Int | UnsetType = UNSET
    call_id: str
    name: str | UnsetType = UNSET
    arguments: str
