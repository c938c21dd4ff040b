"""MCP: remote tools."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Broken
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, drop


class ListToolsLifecycle(Rule):
    """A listing of tools begins once and ends once, in `completed` or `failed`."""

    code = "MCP001"
    name = "list-tools-lifecycle"
    dialects = ("ga",)
    message = "`{type}` of a tool listing that is {state}"
    evidence = (
        "The MCP guide's flow and the three events of the schema, keyed by item_id. No recording has a case."
    )
    symptoms = ("tools",)
    example = Example("mcp_call", drop("mcp_list_tools.in_progress"))


class McpCallLifecycle(Rule):
    """An MCP call runs once: `in_progress`, then `completed` or `failed`.

    The client asks for the follow-up response when the call ends; an end without a run, or two, makes it ask wrongly.
    """

    code = "MCP004"
    name = "mcp-call-lifecycle"
    dialects = ("ga",)
    message = "`{type}` of a call that {what}"
    evidence = "The MCP guide's flow. No recording has a case, so only the ends are judged, not every step."
    exceptions = (
        "A refused approval fails the call before it runs. The call may end after its response is done."
    )
    symptoms = ("tools",)
    example = Example("mcp_call", drop("response.mcp_call.in_progress"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        what = {"called": "has not run", "running": "is running already", "ended": "has ended"}[broken.state]
        yield Verdict({"what": what}, entity=broken.entity, broken=broken, witnesses=history(broken))
