"""MCP: how the client offers remote tools."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, change
from rtproto.rules.mcp.offers import addresses, remote_tools

_TUNNEL = re.compile(r"tunnel_[a-z0-9]{32}")


class McpConfigInvalid(Rule):
    """A remote server is given by one address, under a label of its own, with its credentials in one place.

    The server refuses the whole update: the session goes on without this tool and without all others.
    """

    code = "MCP011"
    name = "mcp-config-invalid"
    dialects = ("ga",)
    needs = "client"
    message = "`{path}` {what}"
    evidence = (
        "The types demand one of server_url, connector_id and tunnel_id, and a label; the vendor's OpenAPI file gives "
        "the form of a tunnel_id. No recording has a case."
    )
    exceptions = (
        "A label alone, where an earlier configuration gave the address. Recordings that start mid-session."
    )
    on = ("session.update", "response.create")
    reads = ("session.tools", "response.tools")
    symptoms = ("tools", "config", "refused")
    example = Example(
        "refused_requests",
        change(
            "session.update",
            "session.tools",
            [{"type": "mcp", "server_label": "docs", "server_description": "The manuals."}],
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        labels: set[str] = set()
        for path, tool in remote_tools(event):
            what = self._wrong(context, tool)
            if tool.server_label in labels:
                what = f"has the label {tool.server_label} of another one"
            labels.add(tool.server_label)
            if what:
                yield Verdict({"path": path, "what": what})

    def _wrong(self, context: Context, tool: Any) -> str:
        """What is wrong with a remote server by itself, or nothing."""
        given = addresses(tool)
        if len(given) > 1:
            return f"has {' and '.join(given)}, which are two addresses"
        facts = context.facts
        earlier = facts.remote_tools.get(tool.server_label, [])
        if not given and not any(map(addresses, earlier)) and not facts.mid_session:
            return "has no server_url, connector_id or tunnel_id"
        tunnel = field(tool, "tunnel_id")
        if tunnel is not None and not _TUNNEL.fullmatch(tunnel):
            return "has a tunnel_id that is not tunnel_ and 32 small letters and digits"
        headers: dict[str, str] = field(tool, "headers") or {}
        if field(tool, "authorization") is not None and "authorization" in map(str.lower, headers):
            return "has an authorization twice: as a member and among the headers"
        return ""
