"""Items of remote tools (MCP): the list of a server's tools, a call, and the request and answer for its approval.

GA only.  The events of their lifecycle are in `ga/mcp.py`; the tool's configuration is in `tools.py`.
"""

from typing import TypeAlias

from msgspec import UNSET, Raw, UnsetType

from ..base import Int, ItemObject, ItemStatus, Nested, UnknownVariant, Variant


class McpToolInfo(Nested, frozen=True, kw_only=True):
    """One tool that a remote server offers; `input_schema` is the JSON Schema of its arguments."""

    name: str
    description: str | UnsetType | None = UNSET
    input_schema: Raw
    annotations: Raw | UnsetType = UNSET


class McpProtocolError(Variant, frozen=True, kw_only=True, tag="protocol_error"):
    """The remote server answered with an error of the MCP protocol."""

    code: Int
    message: str


class McpToolExecutionError(Variant, frozen=True, kw_only=True, tag="tool_execution_error"):
    """The remote tool ran and failed."""

    message: str


class McpHttpError(Variant, frozen=True, kw_only=True, tag="http_error"):
    """The remote server could not be reached; `code` is the HTTP status."""

    code: Int
    message: str


class UnknownMcpError(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """An error of a remote call, of a type nobody has described yet."""


McpError: TypeAlias = McpProtocolError | McpToolExecutionError | McpHttpError | UnknownMcpError


class McpListTools(Variant, frozen=True, kw_only=True, tag="mcp_list_tools"):
    """The tools that one remote server offers, imported by the session."""

    id: str | UnsetType = UNSET
    object: ItemObject | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    server_label: str
    tools: list[McpToolInfo]


class McpCall(Variant, frozen=True, kw_only=True, tag="mcp_call"):
    """A call of a remote tool; `arguments` is JSON text, and `output` or `error` is filled when it is over."""

    id: str
    object: ItemObject | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    server_label: str
    name: str
    arguments: str
    approval_request_id: str | UnsetType | None = UNSET
    output: str | UnsetType | None = UNSET
    error: McpError | UnsetType | None = UNSET


class McpApprovalRequest(Variant, frozen=True, kw_only=True, tag="mcp_approval_request"):
    """The server asks the application whether this remote call may be made."""

    id: str
    object: ItemObject | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    server_label: str
    name: str
    arguments: str


class McpApprovalResponse(Variant, frozen=True, kw_only=True, tag="mcp_approval_response"):
    """The application's answer to an approval request, added as an item of the conversation.

    The published type demands `id`; the vendor's own client for JavaScript sends none, as for any item that it creates.
    """

    id: str | UnsetType = UNSET
    object: ItemObject | UnsetType = UNSET
    status: ItemStatus | UnsetType = UNSET
    approval_request_id: str
    approve: bool
    reason: str | UnsetType | None = UNSET
