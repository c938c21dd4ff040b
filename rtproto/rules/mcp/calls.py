"""MCP: the calls of remote tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.common.mcp import McpCall, UnknownMcpError
from rtproto.events.common.tools import McpToolFilter
from rtproto.findings import Severity
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.values import field
from rtproto.rules.base import NOTHING, Context, Rule, Verdict, history
from rtproto.rules.examples import Example, at, change, drop, upto
from rtproto.rules.mcp.ends import unended

_CALL = "mcp call"
_ADDED, _DONE = "response.output_item.added", "response.output_item.done"


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
        "A refused approval fails the call before it runs. The call may end after its response is done. One that runs "
        "when the recording ends is noted, when the connection ends a warning."
    )
    symptoms = ("tools", "silence")
    example = Example(
        "mcp_call",
        drop("response.mcp_call.in_progress"),
        found=at("response.mcp_call.completed"),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        what = {"called": "has not run", "running": "is running already", "ended": "has ended"}[broken.state]
        yield Verdict({"what": what}, entity=broken.entity, broken=broken, witnesses=history(broken))

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        yield unended(entity, cut)


class McpArgumentsDiffer(Rule):
    """The done arguments of a remote call are exactly what their deltas brought.

    What the client logs, or asks its user to approve, is not what the tool is called with.
    """

    code = "MCP005"
    name = "mcp-arguments-differ"
    basis = "schema"
    dialects = ("ga",)
    partial = "seen"
    message = 'the done arguments are "{said}", the deltas gave "{streamed}"'
    evidence = "The types call one the final arguments of the other. No recording has a case."
    exceptions = (
        "Calls that the recording met half-way. The arguments in the item are OUT015, their JSON OUT020."
    )
    on = ("response.mcp_call_arguments.done",)
    symptoms = ("tools", "words")
    example = Example(
        "mcp_call",
        drop("response.mcp_call_arguments.delta"),
        found=at("response.mcp_call_arguments.done"),
        because=(at("response.mcp_call_arguments.delta"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        entity = context.entity
        if entity is not None and not entity.met_halfway():
            said, streamed = event.arguments, "".join(entity.text)
            if said != streamed:
                yield Verdict(
                    {"said": said[:_SHOWN], "streamed": streamed[:_SHOWN]}, witnesses=history(entity)[:1]
                )


_SHOWN = 40


class McpCallResultDisagrees(Rule):
    """The item of a remote call has no error if the call completed, and one of the known errors if it failed.

    Clients decide by either whether to try again.
    """

    code = "MCP006"
    name = "mcp-call-result-disagrees"
    severity = Severity.WARNING
    basis = "schema"
    dialects = ("ga",)
    message = "the call {ended}, but its item has {error}"
    evidence = "The types give the item an error of one of three types. No recording has a case."
    on = (_DONE, "conversation.item.done")
    only = ("item.type", "mcp_call")
    symptoms = ("tools",)
    example = Example(
        "mcp_call",
        change(_DONE, "item.error", {"type": "tool_execution_error", "message": "No such page."}),
        because=(at("response.mcp_call.completed"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = event.item
        return self._judge(context, item) if isinstance(item, McpCall) else NOTHING

    def _judge(self, context: Context, item: McpCall) -> Iterator[Verdict]:
        call = context.engine.find(_CALL, (item.id,))
        ended = call.history[-1][2] if call is not None and call.history else ""
        error = field(item, "error")
        wrong = ""
        if ended == "completed" and error is not None:
            wrong = "an error"
        elif ended == "failed" and error is None:
            wrong = "none"
        elif ended == "failed" and isinstance(error, UnknownMcpError):
            wrong = "one of an unknown type"
        if wrong and call is not None and context.first(self.code, item.id):
            yield Verdict({"ended": ended, "error": wrong}, entity=call, witnesses=history(call, 1))


class McpToolNotAllowed(Rule):
    """A remote tool that is called is one of the `allowed_tools`, where the client named them.

    The client kept a tool from the model, maybe because it writes or costs; it is used all the same.
    """

    code = "MCP008"
    name = "mcp-tool-not-allowed"
    severity = Severity.WARNING
    dialects = ("ga",)
    partial = "seen"
    message = "{tool} is called; of {label} only {allowed} may be"
    evidence = "The types describe allowed_tools as the tools that may be used. No recording has a case."
    exceptions = "Filters that name no tools. Every list that was given for the label counts."
    on = (_ADDED,)
    only = ("item.type", "mcp_call")
    symptoms = ("tools",)
    example = Example(
        "mcp_call",
        change(_ADDED, "item.name", "fetch"),
        because=(at("session.updated"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = event.item
        return self._judge(context, item) if isinstance(item, McpCall) else NOTHING

    def _judge(self, context: Context, item: McpCall) -> Iterator[Verdict]:
        allowed: dict[str, None] = {}
        for tool in context.facts.remote_tools.get(item.server_label, ()):
            names = field(tool, "allowed_tools")
            if isinstance(names, McpToolFilter):
                names = field(names, "tool_names")
            if names is None:
                return
            allowed.update(dict.fromkeys(names))
        if allowed and item.name not in allowed:
            args = {"tool": item.name, "label": item.server_label, "allowed": ", ".join(allowed)}
            yield Verdict(args)


class McpFollowUpMissing(Rule):
    """After a remote call the client asks for the response that uses its result.

    The server calls the tool by itself, but it does not go on by itself: the bot falls silent in the middle of its
    answer.
    """

    code = "MCP012"
    name = "mcp-follow-up-missing"
    severity = Severity.INFO
    dialects = ("ga",)
    needs = "both"
    partial = "open"
    message = "the call has ended, and no response was asked for after it"
    evidence = "The MCP guide: the client sends response.create after the call. No recording has a case."
    exceptions = "A recording that stops right after the call looks the same."
    on = ("response.mcp_call.completed", "response.mcp_call.failed", "response.create", "response.created")
    since = "mcp call"
    ending = True
    symptoms = ("silence", "tools")
    example = Example(
        "mcp_call",
        upto("response.create", 1),
        found=at("response.mcp_call.completed"),
        also=(at("response.done"),),
        noted=True,
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        waiting: list[tuple[int, str]] = context.memory(self.code, list[tuple[int, str]])
        waiting.clear()
        if context.type.startswith("response.mcp_call."):
            waiting.append((context.line, context.type))
        return NOTHING

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        if context.both_directions:
            for line, type in context.memory(self.code, list[tuple[int, str]]):
                yield Verdict(line=line, type=type)
