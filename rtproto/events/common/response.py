"""`response.*` events that both dialects have, and the objects that both dialects' responses are made of.

The response itself and what it streams (text, audio, transcript) differ: see `response.py` of each dialect.
"""

from msgspec import UNSET, UnsetType

from ..base import FinalStatus, FromClient, FromServer, Int, Nested, StatusReason
from .content import ContentPart
from .items import ConversationItem


class CachedTokensDetails(Nested, frozen=True, kw_only=True):
    """The input tokens that came from the cache, by kind."""

    text_tokens: Int | UnsetType = UNSET
    audio_tokens: Int | UnsetType = UNSET
    image_tokens: Int | UnsetType = UNSET


class InputTokenDetails(Nested, frozen=True, kw_only=True):
    """The input tokens by kind; `cached_tokens` are among them, not beside them."""

    text_tokens: Int | UnsetType = UNSET
    audio_tokens: Int | UnsetType = UNSET
    image_tokens: Int | UnsetType = UNSET
    cached_tokens: Int | UnsetType = UNSET
    cached_tokens_details: CachedTokensDetails | UnsetType | None = UNSET


class OutputTokenDetails(Nested, frozen=True, kw_only=True):
    """The output tokens by kind; `reasoning_tokens` are among the text tokens."""

    text_tokens: Int | UnsetType = UNSET
    audio_tokens: Int | UnsetType = UNSET
    reasoning_tokens: Int | UnsetType = UNSET


class Usage(Nested, frozen=True, kw_only=True):
    """What a response cost, in tokens."""

    total_tokens: Int | UnsetType = UNSET
    input_tokens: Int | UnsetType = UNSET
    output_tokens: Int | UnsetType = UNSET
    input_token_details: InputTokenDetails | UnsetType | None = UNSET
    output_token_details: OutputTokenDetails | UnsetType | None = UNSET


class StatusError(Nested, frozen=True, kw_only=True):
    """Why a response failed."""

    type: str | UnsetType = UNSET
    code: str | UnsetType | None = UNSET
    message: str | UnsetType | None = UNSET


class StatusDetails(Nested, frozen=True, kw_only=True):
    """More about a final status: its name again as `type`, the `reason` for an early end, the `error` of a failure."""

    type: FinalStatus | UnsetType = UNSET
    reason: StatusReason | UnsetType | None = UNSET
    error: StatusError | UnsetType | None = UNSET


class ResponseCancel(FromClient, frozen=True, kw_only=True, tag="response.cancel"):
    """Stop a response: the one that is named, or the active one of the default conversation."""

    response_id: str | UnsetType = UNSET


class ResponseOutputItemAdded(FromServer, frozen=True, kw_only=True, tag="response.output_item.added"):
    """The response begins a new item, still empty."""

    response_id: str
    output_index: Int
    item: ConversationItem


class ResponseOutputItemDone(FromServer, frozen=True, kw_only=True, tag="response.output_item.done"):
    """An item of the response is final, complete or cut short."""

    response_id: str
    output_index: Int
    item: ConversationItem


class ResponseContentPartAdded(FromServer, frozen=True, kw_only=True, tag="response.content_part.added"):
    """A message of the response begins a new part, still empty."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    part: ContentPart


class ResponseContentPartDone(FromServer, frozen=True, kw_only=True, tag="response.content_part.done"):
    """A part is final.  xAI leaves `part` out."""

    response_id: str
    item_id: str
    output_index: Int
    content_index: Int
    part: ContentPart | UnsetType = UNSET


class ResponseFunctionCallArgumentsDelta(
    FromServer, frozen=True, kw_only=True, tag="response.function_call_arguments.delta"
):
    """More of a function call's arguments, as JSON text.  xAI leaves `output_index` out."""

    response_id: str
    item_id: str
    output_index: Int | UnsetType = UNSET
    call_id: str
    delta: str
    obfuscation: str | UnsetType = UNSET
