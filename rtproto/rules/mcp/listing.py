"""MCP: the tools that a remote server offers are listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.common.mcp import McpCall
from rtproto.findings import Severity
from rtproto.protocol.engine import Entity
from rtproto.rules.base import NOTHING, Context, Rule, Verdict, history
from rtproto.rules.examples import Example, after, at, change, drop, upto
from rtproto.rules.mcp.ends import unended

_LISTING = "mcp tool listing"


class ListToolsLifecycle(Rule):
    """A listing of tools begins once and ends once, in `completed` or `failed`.

    Clients hold the first question back until the tools are there.
    """

    code = "MCP001"
    name = "list-tools-lifecycle"
    dialects = ("ga",)
    message = "`{type}` of a tool listing that is {state}"
    evidence = (
        "The MCP guide's flow and the three events of the schema, keyed by item_id. No recording has a case."
    )
    exceptions = (
        "A listing that is going on when the recording ends is noted, when the connection ends a warning."
    )
    symptoms = ("tools",)
    example = Example(
        "mcp_call",
        drop("mcp_list_tools.in_progress"),
        found=at("mcp_list_tools.completed"),
    )

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        yield unended(entity, cut)


class ListToolsWithoutConfig(Rule):
    """Tools are listed of a remote server that the session or a response offers.

    A listing that nobody asked for sends the conversation's data to a server that nobody chose.
    """

    code = "MCP002"
    name = "list-tools-without-config"
    severity = Severity.WARNING
    dialects = ("ga",)
    needs = "both"
    partial = "start"
    message = "tools are listed, but no remote server was offered"
    evidence = "The MCP guide: the listing is the answer to an mcp tool in the configuration. No recording has a case."
    exceptions = (
        "It may come before the session.updated. Tools that another writer on the session has offered."
    )
    on = ("mcp_list_tools.in_progress",)
    symptoms = ("tools", "config")
    example = Example(
        "text_turn",
        after(
            "session.updated",
            "server",
            {"type": "mcp_list_tools.in_progress", "event_id": "event_list", "item_id": "item_l1"},
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if not facts.remote_tools and not facts.mid_session and context.both_directions:
            yield Verdict()


class ListToolsItemMissing(Rule):
    """A listing that is complete has its `mcp_list_tools` item, which names the tools.

    Only the item tells a client what the model can call.
    """

    code = "MCP003"
    name = "list-tools-item-missing"
    severity = Severity.WARNING
    dialects = ("ga",)
    partial = "open"
    message = "the tools were listed, but the item {item} that names them never came"
    evidence = "The MCP guide shows the tools in the item. No recording has a case."
    exceptions = "Where the recording simply stops, it is noted only."
    symptoms = ("tools",)
    example = Example(
        "mcp_call",
        upto("conversation.item.added"),
        cut=False,
        found=at("mcp_list_tools.completed"),
    )

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        if context.facts.mid_session:
            return
        for (item_id, *_), entity in context.engine.entities[_LISTING].items():
            line, type, input = entity.history[-1] if entity.history else (0, "", "")
            if input == "completed" and item_id not in context.facts.items:
                yield Verdict(
                    {"item": item_id},
                    severity=Severity.INFO if cut else None,
                    line=line,
                    type=type,
                    entity=entity,
                    witnesses=history(entity),
                )


class McpCallBeforeToolsListed(Rule):
    """A remote tool is called when the tools of its server have been listed.

    The model cannot know a tool that is not listed; the call will fail.
    """

    code = "MCP007"
    name = "mcp-call-before-tools-listed"
    severity = Severity.WARNING
    dialects = ("ga",)
    partial = "start"
    message = "the tools of {label} are {state}"
    evidence = "The MCP guide: tools that are not loaded cannot be called. No recording has a case."
    exceptions = "A listing from earlier in the session serves again."
    on = ("response.output_item.added",)
    only = ("item.type", "mcp_call")
    symptoms = ("tools",)
    example = Example("mcp_call", change("response.output_item.added", "item.server_label", "manuals"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = event.item
        return self._judge(context, item.server_label) if isinstance(item, McpCall) else NOTHING

    def _judge(self, context: Context, label: str) -> Iterator[Verdict]:
        facts = context.facts
        if facts.mid_session:
            return
        listing = context.engine.find(_LISTING, (facts.tool_listings.get(label),))
        if label in facts.tool_listings and (listing is None or not listing.history):
            return
        state = "not listed" if listing is None else listing.history[-1][2]
        if state != "completed" and not _listed(context, label):
            words = {"in progress": "still being listed", "failed": "not known: the listing failed"}
            yield Verdict(
                {"label": label, "state": words.get(state, state)},
                witnesses=() if listing is None else history(listing, 1),
            )


def _listed(context: Context, label: str) -> bool:
    """Whether the tools of that server were ever listed."""
    items = (i for i in context.facts.items.values() if i.type == "mcp_list_tools" and i.label == label)
    listings = (context.engine.find(_LISTING, (item.id,)) for item in items)
    return any(
        found is not None and any(input == "completed" for *_, input in found.history) for found in listings
    )
