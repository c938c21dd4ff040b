"""MCP: remote tools that may be called only after the client has approved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.common.mcp import McpApprovalRequest, McpApprovalResponse, McpCall
from rtproto.findings import Severity
from rtproto.protocol.engine import Broken
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, at, change


class _Calls:
    """The approvals of one connection, and the calls that need them."""

    def __init__(self) -> None:
        self.calls: dict[str, tuple[str, str, str | None]] = {}
        """Server label, tool and request of each call that has not begun, by its item."""
        self.requests: dict[str, tuple[str, str]] = {}
        """Server label and tool of each request for approval."""
        self.answers: dict[str, bool] = {}
        """Whether a request was approved: by the client's own word, else by the item that shows another writer's."""
        self.used: set[str] = set()
        """Requests whose approval a call has used."""

    def approved(self, label: str, tool: str, named: str | None) -> bool:
        """Whether a request for this call was approved: the one that it names, else one that no other has used."""
        asked = (label, tool)
        requests = [id for id, what in self.requests.items() if what == asked and id not in self.used]
        if named in self.requests:
            requests = [named]
        approved = next((id for id in requests if self.answers.get(id)), None)
        self.used.update(() if approved is None else (approved,))
        return approved is not None


class ApprovalSkipped(Rule):
    """A remote tool for which `require_approval` is `always` is called only after the client has approved, and each
    approval is for one call.

    Somebody wanted to be asked before data leaves, or something is written; nobody was.
    """

    code = "MCP009"
    name = "approval-skipped"
    severity = Severity.WARNING
    dialects = ("ga",)
    needs = "both"
    partial = "start"
    message = "{tool} of {label} is called without approval"
    evidence = "The types describe require_approval as the tools that need one. No recording has a case."
    exceptions = (
        "Filters, and labels that were offered with other settings too. A call that does not name its request may have "
        "any approval of its tool that no other call has used."
    )
    on = (
        "conversation.item.create",
        "conversation.item.added",
        "response.output_item.added",
        "response.mcp_call.in_progress",
    )
    only = ("item.type", "mcp_call", "mcp_approval_request", "mcp_approval_response")
    symptoms = ("tools",)
    example = Example(
        "mcp_approval",
        change("conversation.item.create", "item.approve", False, 1),
        found=at("response.mcp_call.in_progress"),
        because=(at("conversation.item.create", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = None if context.type == "response.mcp_call.in_progress" else event.item
        known: _Calls = context.memory(self.code, _Calls)
        if isinstance(item, McpCall):
            known.calls[item.id] = item.server_label, item.name, field(item, "approval_request_id")
        elif isinstance(item, McpApprovalRequest):
            known.requests[item.id] = item.server_label, item.name
        elif isinstance(item, McpApprovalResponse):
            known.answers.setdefault(item.approval_request_id, item.approve)
        else:
            call = known.calls.pop(field(event, "item_id"), None)
            facts = context.facts
            if call is None or known.approved(*call) or facts.mid_session or not context.both_directions:
                return
            offers = facts.remote_tools.get(call[0], [])
            if offers and all(field(tool, "require_approval") == "always" for tool in offers):
                yield Verdict({"label": call[0], "tool": call[1]})


class ApprovalResponseUnknown(Rule):
    """An approval answers a request that the server made, once.

    The server refuses it, and the call waits on; a second answer cannot take the first one back.
    """

    code = "MCP010"
    name = "approval-response-unknown"
    basis = "schema"
    dialects = ("ga",)
    needs = "any"
    partial = "seen"
    message = "the approval request {request} {what}"
    evidence = (
        "The types call approval_request_id the id of the request that is answered. No recording has a case."
    )
    exceptions = (
        "Requests from before the recording. An answer that is sent again after an error is told too."
    )
    symptoms = ("tools", "refused")
    example = Example(
        "mcp_approval",
        change("conversation.item.create", "item.approval_request_id", "item_ghost", 1),
        because=(at("conversation.item.added", 2),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        if broken.state == "unknown" and not context.begun:
            return
        what = "was never made" if broken.state == "unknown" else "has been answered"
        yield Verdict(
            {"request": str(broken.entity.key[0]), "what": what},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken),
        )
