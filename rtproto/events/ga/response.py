"""`response.*` of the GA dialect: the response with its nested audio settings, and what it streams."""

from msgspec import UNSET, UnsetType

from ..base import (
    ConversationTarget,
    FromClient,
    FromServer,
    Int,
    MaxTokensWord,
    Modality,
    Nested,
    ResponseObject,
    ResponseStatus,
    VoiceName,
)
from ..common.items import ConversationItem
from ..common.response import StatusDetails, Usage
from ..common.session import Prompt
from ..common.tools import Tool, ToolChoice
from .session import AudioFormat, Reasoning, VoiceId


class ResponseAudioOutput(Nested, frozen=True, kw_only=True):
    """How the model speaks in one response."""

    format: AudioFormat | UnsetType = UNSET
    voice: VoiceName | VoiceId | UnsetType = UNSET


class ResponseAudio(Nested, frozen=True, kw_only=True):
    """The audio settings of one response."""

    output: ResponseAudioOutput | UnsetType = UNSET


class ResponseCreateParams(Nested, frozen=True, kw_only=True):
    """What one response shall do differently from the session.

    With `input` the model sees these items instead of the conversation; with `conversation="none"` the response
    leaves no items behind.
    """

    output_modalities: list[Modality] | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    audio: ResponseAudio | UnsetType = UNSET
    tools: list[Tool] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    max_output_tokens: Int | MaxTokensWord | UnsetType = UNSET
    reasoning: Reasoning | UnsetType = UNSET
    conversation: ConversationTarget | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType | None = UNSET
    prompt: Prompt | UnsetType | None = UNSET
    input: list[ConversationItem] | UnsetType = UNSET


class RealtimeResponse(Nested, frozen=True, kw_only=True):
    """One turn of the model.

    `conversation_id` is null when it belongs to no conversation, `usage` until it is done.
    """

    object: ResponseObject | UnsetType = UNSET
    id: str | UnsetType = UNSET
    status: ResponseStatus | UnsetType = UNSET
    status_details: StatusDetails | UnsetType | None = UNSET
    output: list[ConversationItem] | UnsetType = UNSET
    conversation_id: str | UnsetType | None = UNSET
    output_modalities: list[Modality] | UnsetType = UNSET
    max_output_tokens: Int | MaxTokensWord | UnsetType | None = UNSET
    audio: ResponseAudio | UnsetType | None = UNSET
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


class ResponseOutputTextDelta(FromServer, frozen=True, kw_only=True, tag="response.output_text.delta"):
    """More of a text part."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    delta: str
    obfuscation: str | UnsetType = UNSET


class ResponseOutputTextDone(FromServer, frozen=True, kw_only=True, tag="response.output_text.done"):
    """The whole text of a part, also when it was cut short."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    text: str


class ResponseOutputAudioDelta(FromServer, frozen=True, kw_only=True, tag="response.output_audio.delta"):
    """More of an audio part: base64 in the response's output format."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    delta: str
    obfuscation: str | UnsetType = UNSET


class ResponseOutputAudioDone(FromServer, frozen=True, kw_only=True, tag="response.output_audio.done"):
    """An audio part has no more audio."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int


class ResponseOutputAudioTranscriptDelta(
    FromServer, frozen=True, kw_only=True, tag="response.output_audio_transcript.delta"
):
    """More of what the audio part says, as text."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    delta: str
    obfuscation: str | UnsetType = UNSET


class ResponseOutputAudioTranscriptDone(
    FromServer, frozen=True, kw_only=True, tag="response.output_audio_transcript.done"
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
    """A function call's whole arguments, as JSON text.  xAI leaves `output_index` out."""

    response_id: str
    item_id: str
    output_index: Int | UnsetType = UNSET
    call_id: str
    name: str
    arguments: str
