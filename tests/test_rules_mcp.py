"""What the rules about remote tools say beyond their own examples."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity
from rtproto.rules.examples import after, change, drop, upto
from rtproto.rules.sessions import session
from tests.judging import judge, said


def asked(**wish: Any) -> list[Finding]:
    """What a GA update that the server does not serve gives rise to."""
    return judge("refused_requests", change("session.update", "session", {"type": "realtime", **wish}))


@pytest.mark.parametrize(
    "tools, message",
    [
        (
            [{"server_label": "a", "server_url": "https://a.example", "connector_id": "connector_gmail"}],
            "`session.tools[0]` has server_url and connector_id, which are two addresses",
        ),
        (
            [{"server_label": "a", "server_url": "https://a.example"}] * 2,
            "`session.tools[1]` has the label a of another one",
        ),
        (
            [{"server_label": "a", "tunnel_id": "tunnel_1"}],
            "`session.tools[0]` has a tunnel_id that is not tunnel_ and 32 small letters and digits",
        ),
        (
            [
                {
                    "server_label": "a",
                    "server_url": "https://a.example",
                    "authorization": "x",
                    "headers": {"Authorization": "y"},
                }
            ],
            "`session.tools[0]` has an authorization twice: as a member and among the headers",
        ),
    ],
)
def test_remote_servers(tools: list[dict[str, Any]], message: str) -> None:
    findings = asked(tools=[{"type": "mcp", **tool} for tool in tools])

    assert said(findings) == [("MCP011", "error", message)]


def test_a_label_stands_for_the_server_that_was_given() -> None:
    again = {"tools": [{"type": "mcp", "server_label": "docs"}]}

    assert said(judge("mcp_call", change("response.create", "response", again, 1)), "MCP011") == []


def test_what_is_going_on_at_the_end() -> None:
    for cut, severity in ((True, "info"), (False, "warning")):
        listing = judge("mcp_call", upto("mcp_list_tools.completed"), cut=cut)
        call = judge("mcp_call", upto("response.mcp_call.completed"), cut=cut)

        assert ("MCP001", severity) in [(f.code, f.severity.label) for f in listing]
        assert ("MCP004", severity) in [(f.code, f.severity.label) for f in call]


@pytest.mark.parametrize(
    "result, message",
    [
        (None, "the call failed, but its item has none"),
        ({"type": "gremlins", "message": "Boo."}, "the call failed, but its item has one of an unknown type"),
    ],
)
def test_the_result_of_a_call_that_failed(result: Any, message: str) -> None:
    findings = judge(
        "mcp_call",
        change("response.mcp_call.completed", "type", "response.mcp_call.failed"),
        change("response.output_item.done", "item.error", result),
        change(
            "conversation.item.done", "item.error", {"type": "http_error", "code": 500, "message": "Oh."}, 2
        ),
    )

    assert said(findings, "MCP006") == [("MCP006", "warning", message)]


def test_tools_that_are_still_being_listed() -> None:
    listed = change("mcp_list_tools.completed", "type", "mcp_list_tools.failed")

    assert said(judge("mcp_call", listed), "MCP007") == [
        ("MCP007", "warning", "the tools of docs are not known: the listing failed")
    ]
    assert said(judge("mcp_call", drop("mcp_list_tools.completed")), "MCP007") == [
        ("MCP007", "warning", "the tools of docs are still being listed")
    ]


def test_tools_that_a_filter_names() -> None:
    def filtered(filter: dict[str, Any]) -> list[Finding]:
        path = "session.tools.0.allowed_tools"
        edits = [change(type, path, filter) for type in ("session.update", "session.updated")]
        return judge("mcp_call", *edits)

    assert [f.code for f in filtered({"tool_names": ["fetch"]})] == ["MCP008"]
    assert filtered({"read_only": True}) == []


def test_an_approval_is_answered_once() -> None:
    answer = {
        "type": "mcp_approval_response",
        "id": "item_y2",
        "approval_request_id": "item_p1",
        "approve": True,
    }
    again = after(
        "conversation.item.create", "client", {"type": "conversation.item.create", "item": answer}, 1
    )

    assert ("MCP010", "error", "the approval request item_p1 has been answered") in said(
        judge("mcp_approval", again)
    )


def test_a_listing_without_its_events_serves() -> None:
    findings = judge("mcp_call", drop("mcp_list_tools.in_progress"), drop("mcp_list_tools.completed"))

    assert findings == []


def test_calls_in_a_recording_that_starts_late_are_not_judged() -> None:
    lines = session("mcp_call")
    at = next(i for i, (_, event) in enumerate(lines) if event["type"] == "response.created")
    checker = SessionChecker(dialect="ga")
    for direction, event in lines[at:]:
        checker.feed(direction, msgspec.json.encode(event))

    assert [f for f in checker.findings if f.severity > Severity.INFO] == []
