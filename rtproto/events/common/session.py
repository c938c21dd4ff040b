"""Objects that session configurations of both dialects are made of: turn detection, tracing, prompt, lifetimes."""

from typing import TypeAlias

from msgspec import UNSET, Raw, UnsetType

from ..base import (
    Anchor,
    CacheMode,
    CacheTtl,
    Eagerness,
    ImageDetail,
    Int,
    Nested,
    NoiseReductionType,
    PromptImageDetail,
    Secretive,
    TracingWord,
    TruncationWord,
    UnknownVariant,
    Variant,
)


class ServerVad(Variant, frozen=True, kw_only=True, tag="server_vad"):
    """Turns are found by the loudness of the input.

    `threshold` is 0 to 1; `prefix_padding_ms` of audio before the start of speech belong to the turn, and
    `silence_duration_ms` of silence end it.  After `idle_timeout_ms` without speech the server starts a turn by itself.
    """

    threshold: float | UnsetType = UNSET
    prefix_padding_ms: Int | UnsetType = UNSET
    silence_duration_ms: Int | UnsetType = UNSET
    idle_timeout_ms: Int | UnsetType | None = UNSET
    create_response: bool | UnsetType = UNSET
    interrupt_response: bool | UnsetType = UNSET


class SemanticVad(Variant, frozen=True, kw_only=True, tag="semantic_vad"):
    """Turns are found by a model that judges whether the user has finished; `eagerness` is how soon it decides."""

    eagerness: Eagerness | UnsetType = UNSET
    create_response: bool | UnsetType = UNSET
    interrupt_response: bool | UnsetType = UNSET


class UnknownTurnDetection(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """Turn detection of a type nobody has described; Azure and xAI also send `none` and null as the type."""


TurnDetection: TypeAlias = ServerVad | SemanticVad | UnknownTurnDetection


class NoiseReduction(Nested, frozen=True, kw_only=True):
    """Noise reduction of the input before VAD and model: `near_field` for a headset, `far_field` for a room.

    `strength` is GA only.
    """

    type: NoiseReductionType | UnsetType = UNSET
    strength: float | UnsetType = UNSET


class TracingConfiguration(Nested, frozen=True, kw_only=True):
    """How the session is filed in the vendor's trace dashboard."""

    workflow_name: str | UnsetType = UNSET
    group_id: str | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET


Tracing: TypeAlias = TracingWord | TracingConfiguration


class TokenLimits(Nested, frozen=True, kw_only=True):
    """The most tokens of conversation, after the instructions, that are kept when truncating."""

    post_instructions: Int | UnsetType = UNSET


class RetentionRatio(Variant, frozen=True, kw_only=True, tag="retention_ratio"):
    """When the conversation outgrows the context, keep this part of it (0 to 1)."""

    retention_ratio: float
    token_limits: TokenLimits | UnsetType = UNSET


class UnknownTruncation(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A truncation of a type nobody has described yet."""


Truncation: TypeAlias = TruncationWord | RetentionRatio | UnknownTruncation


class CacheBreakpoint(Nested, frozen=True, kw_only=True):
    """A mark up to which the prompt is cached, for `ttl`."""

    mode: CacheMode
    ttl: CacheTtl | UnsetType = UNSET


class PromptInputText(Variant, frozen=True, kw_only=True, tag="input_text"):
    """Text put in the place of a prompt's variable."""

    text: str
    prompt_cache_breakpoint: CacheBreakpoint | UnsetType = UNSET


class PromptInputImage(Variant, frozen=True, kw_only=True, tag="input_image"):
    """A picture put in the place of a prompt's variable."""

    detail: PromptImageDetail
    file_id: str | UnsetType | None = UNSET
    image_url: str | UnsetType | None = UNSET
    prompt_cache_breakpoint: CacheBreakpoint | UnsetType = UNSET


class PromptInputFile(Variant, frozen=True, kw_only=True, tag="input_file"):
    """A file put in the place of a prompt's variable."""

    detail: ImageDetail | UnsetType = UNSET
    file_data: str | UnsetType = UNSET
    file_id: str | UnsetType | None = UNSET
    file_url: str | UnsetType = UNSET
    filename: str | UnsetType = UNSET
    prompt_cache_breakpoint: CacheBreakpoint | UnsetType = UNSET


class UnknownPromptInput(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A prompt's variable of a type nobody has described yet."""


PromptInput: TypeAlias = PromptInputText | PromptInputImage | PromptInputFile | UnknownPromptInput


class Prompt(Nested, frozen=True, kw_only=True):
    """A prompt kept at the vendor, by id and version, with values for its variables."""

    id: str
    version: str | UnsetType | None = UNSET
    variables: dict[str, str | PromptInput] | UnsetType | None = UNSET


class ExpiresAfter(Nested, frozen=True, kw_only=True):
    """How long a client secret lives: `seconds` (10 to 7200) after the `anchor`, its creation."""

    anchor: Anchor | UnsetType = UNSET
    seconds: Int | UnsetType = UNSET


class ClientSecret(Secretive, frozen=True, kw_only=True):
    """A short-lived key for one client; `expires_at` is in seconds since 1970."""

    masked = ("value",)

    value: str
    expires_at: Int
