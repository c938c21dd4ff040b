"""MCP: remote tools.

`config` is about what the client offers, `listing` about the tools that are found there, `calls` about their use, and
`approval` about asking first.  `offers` remembers which remote servers were offered, and how.
"""

from rtproto.rules.mcp import approval, calls, config, listing, offers

__all__ = ["approval", "calls", "config", "listing", "offers"]
