"""Conversation items, the same in both dialects: messages, function calls and their outputs, references, MCP items.

What the GA types demand is demanded here for beta too, whose types have one item with every property optional: on the
wire a message has a role and content, a call its name and arguments, and each its `type`, in every recording of OpenAI
and Azure.
"""

from typing import ClassVar, TypeAlias

from msgspec import UNSET, UnsetType

from ..base import ItemObject, ItemPhase, ItemStatus, Role, UnknownVariant, Variant
from .content import ContentPart
from .mcp import McpApprovalRequest, McpApprovalResponse, McpCall, McpListTools


class Message(Variant, frozen=True, kw_only=True, tag="message"):
    """What a user, the assistant or the system said.  `id` may be chosen by the client (at most 32 characters)."""

    id: str | UnsetType = UNSET
    object: ItemObject | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    phase: ItemPhase | UnsetType | None = UNSET
    role: Role
    content: list[ContentPart]


class FunctionCall(Variant, frozen=True, kw_only=True, tag="function_call"):
    """The model wants a function of the application called; `arguments` is JSON text, empty while it is streamed."""

    id: str | UnsetType = UNSET
    object: ItemObject | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    phase: ItemPhase | UnsetType | None = UNSET
    name: str
    call_id: str | UnsetType = UNSET
    arguments: str


class FunctionCallOutput(Variant, frozen=True, kw_only=True, tag="function_call_output"):
    """What the application's function returned, as text; `call_id` names the call."""

    id: str | UnsetType = UNSET
    object: ItemObject | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    call_id: str
    output: str


class ItemReference(Variant, frozen=True, kw_only=True, tag="item_reference"):
    """An item that the conversation already holds, in the `input` of a `response.create`."""

    id: str


class UnknownItem(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """An item of a type nobody has described yet; without any, it is a fault."""

    typeless: ClassVar[bool] = False


ConversationItem: TypeAlias = (
    Message
    | FunctionCall
    | FunctionCallOutput
    | ItemReference
    | McpListTools
    | McpCall
    | McpApprovalRequest
    | McpApprovalResponse
    | UnknownItem
)
