"""`mcp_list_tools.*` and `response.mcp_call*` events: the server lists and calls remote tools by itself.

The items they speak of are in `common/mcp.py`.
"""

from msgspec import UNSET, UnsetType

from ..base import FromServer, Int


class McpListToolsInProgress(FromServer, frozen=True, kw_only=True, tag="mcp_list_tools.in_progress"):
    """The server asks a remote server for its tools."""

    item_id: str


class McpListToolsCompleted(FromServer, frozen=True, kw_only=True, tag="mcp_list_tools.completed"):
    """The remote server's tools are known and in the item."""

    item_id: str


class McpListToolsFailed(FromServer, frozen=True, kw_only=True, tag="mcp_list_tools.failed"):
    """The remote server's tools could not be listed."""

    item_id: str


class ResponseMcpCallArgumentsDelta(
    FromServer, frozen=True, kw_only=True, tag="response.mcp_call_arguments.delta"
):
    """More of a remote call's arguments, as JSON text."""

    response_id: str
    item_id: str
    output_index: Int
    delta: str
    obfuscation: str | UnsetType | None = UNSET


class ResponseMcpCallArgumentsDone(
    FromServer, frozen=True, kw_only=True, tag="response.mcp_call_arguments.done"
):
    """A remote call's whole arguments, as JSON text."""

    response_id: str
    item_id: str
    output_index: Int
    arguments: str


class ResponseMcpCallInProgress(FromServer, frozen=True, kw_only=True, tag="response.mcp_call.in_progress"):
    """The remote tool is being called, after the approval where one is needed.  Names no response."""

    item_id: str
    output_index: Int


class ResponseMcpCallCompleted(FromServer, frozen=True, kw_only=True, tag="response.mcp_call.completed"):
    """The remote tool returned; may follow the `response.done`."""

    item_id: str
    output_index: Int


class ResponseMcpCallFailed(FromServer, frozen=True, kw_only=True, tag="response.mcp_call.failed"):
    """The remote tool failed; may follow the `response.done`."""

    item_id: str
    output_index: Int
