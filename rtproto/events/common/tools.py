"""Tools a model may use, and how it is told to choose between them."""

from typing import TypeAlias

from msgspec import UNSET, Raw, UnsetType

from ..base import Approval, Caller, ConnectorId, Nested, Secretive, ToolChoiceWord, UnknownVariant, Variant


class FunctionTool(Variant, frozen=True, kw_only=True, tag="function"):
    """A function of the application; `parameters` is the JSON Schema of its arguments (see `opaque`)."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    parameters: Raw | UnsetType = UNSET


class McpToolFilter(Nested, frozen=True, kw_only=True):
    """A choice among a remote server's tools, by name or by whether they only read."""

    tool_names: list[str] | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET


class McpApprovalFilter(Nested, frozen=True, kw_only=True):
    """Which remote tools need the application's approval at each call, and which never do."""

    always: McpToolFilter | UnsetType = UNSET
    never: McpToolFilter | UnsetType = UNSET


class McpTool(Secretive, Variant, frozen=True, kw_only=True, tag="mcp"):
    """A remote server of tools (GA), given by `server_url`, `connector_id` or `tunnel_id`.

    `authorization` and `headers` hold credentials, which the server does not echo.
    """

    masked = ("authorization", "headers")

    server_label: str
    server_url: str | UnsetType = UNSET
    server_description: str | UnsetType = UNSET
    connector_id: ConnectorId | UnsetType = UNSET
    tunnel_id: str | UnsetType = UNSET
    authorization: str | UnsetType = UNSET
    headers: dict[str, str] | UnsetType | None = UNSET
    allowed_callers: list[Caller] | UnsetType | None = UNSET
    allowed_tools: list[str] | McpToolFilter | UnsetType | None = UNSET
    require_approval: Approval | McpApprovalFilter | UnsetType | None = UNSET
    defer_loading: bool | UnsetType = UNSET


class UnknownTool(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A tool of a type nobody has described yet."""


Tool: TypeAlias = FunctionTool | McpTool | UnknownTool


class ToolChoiceFunction(Variant, frozen=True, kw_only=True, tag="function"):
    """The model must call this function."""

    name: str


class ToolChoiceMcp(Variant, frozen=True, kw_only=True, tag="mcp"):
    """The model must call a tool of this remote server, or this very tool."""

    server_label: str
    name: str | UnsetType | None = UNSET


class UnknownToolChoice(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A forced choice of a type nobody has described yet."""


ToolChoice: TypeAlias = ToolChoiceWord | ToolChoiceFunction | ToolChoiceMcp | UnknownToolChoice
