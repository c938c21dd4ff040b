"""How a configuration offers remote servers of tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.common.tools import McpTool
from rtproto.protocol.values import field, listed


def remote_tools(event: Any) -> Iterator[tuple[str, McpTool]]:
    """The remote servers in the configuration of an event, each with its path."""
    for container in ("session", "response"):
        for index, tool in enumerate(listed(event, container, "tools") or ()):
            if isinstance(tool, McpTool):
                yield f"{container}.tools[{index}]", tool


def addresses(tool: McpTool) -> list[str]:
    """The members by which a configuration says where the remote server is."""
    return [name for name in ("server_url", "connector_id", "tunnel_id") if field(tool, name) is not None]
