"""Ids, labels and places that are used again after what had them is gone, refused or listed once more."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.findings import Finding, Severity
from tests.oracle import RULES, judge
from tests.oracle.compare import checked
from tests.oracle.talk import Body, Talk

TRUNCATE = "conversation.item.truncate"


def findings(talk: Talk) -> list[Finding]:
    """The roots above a note; of the first of them the oracle has to say the same, where it knows the rule."""
    fed, _ = checked(talk.lines, cut=True)
    roots = [f for f in fed if f.caused_by is None and f.severity > Severity.INFO]
    starred = [(f.line, f.code) for f in roots if f.code in RULES]
    assert starred == [(f.line, f.code) for f in judge(talk.lines) if f.severity > Severity.INFO]
    return roots


def told(talk: Talk) -> list[tuple[str, int]]:
    return [(f.code, f.line) for f in findings(talk)]


def talking(dialect: str = "ga") -> Talk:
    talk = Talk(dialect)
    talk.opens()
    return talk


def deletes(talk: Talk, item: str) -> None:
    talk.client("conversation.item.delete", item_id=item)
    talk.server("conversation.item.deleted", item_id=item)
    talk.tail = None


MESSAGE = {"id": "item_x", "type": "message", "content": [{"type": "input_text", "text": "Hi"}]}
CALL = {"id": "item_x", "type": "function_call", "name": "look_up", "arguments": "{}"}


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize(
    "first, second, code",
    [
        ({**MESSAGE, "role": "user"}, {**MESSAGE, "role": "system"}, "ITM008"),
        ({**CALL, "call_id": "call_1"}, {**CALL, "call_id": "call_2"}, "OUT021"),
    ],
)
def test_an_id_that_was_deleted_is_free_for_another_item(
    dialect: str, first: Body, second: Body, code: str
) -> None:
    talk = talking(dialect)
    talk.creates(first)
    deletes(talk, "item_x")
    talk.creates(second)
    assert told(talk) == []

    # The item that is there now is held to what was said of it.
    talk.server("conversation.item.done", previous_item_id=None, item={"status": "completed", **first})
    assert [(f.code, f.line) for f in checked(talk.lines, cut=True)[0] if f.code == code] == [
        (code, len(talk.lines))
    ]


@pytest.mark.parametrize("type", ["retrieve", "delete"])
@pytest.mark.parametrize("created", [True, False])
def test_an_item_that_is_being_created_again_may_be_named(type: str, created: bool) -> None:
    talk = talking()
    item = talk.says("Hello")
    deletes(talk, item)
    if created:
        content = [{"type": "input_text", "text": "Hello again"}]
        talk.client(
            "conversation.item.create",
            item={"id": item, "type": "message", "role": "user", "content": content},
        )
    talk.client(f"conversation.item.{type}", item_id=item)
    assert told(talk) == ([] if created else [("CLI032", len(talk.lines))])


def spoken(talk: Talk) -> Body:
    talk.asks()
    item = talk.speaks("Good day to you", ms=900)
    return {"item_id": item["id"], "content_index": 0}


@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize("refused", [True, False])
def test_a_truncation_that_was_refused_has_cut_nothing(refused: bool, by_id: bool) -> None:
    talk = talking()
    place = spoken(talk)
    talk.client(TRUNCATE, **place, audio_end_ms=100)
    if refused:
        sent = talk.lines[-1][1]["event_id"] if by_id else None
        talk.fails(sent, "item_truncate_invalid_item_id")
    talk.client(TRUNCATE, **place, audio_end_ms=200)
    assert "TRU007" in [code for code, _ in told(talk)] or refused
    assert [f.line for f in findings(talk) if f.code == "TRU007"] == ([] if refused else [len(talk.lines)])


def test_a_refused_truncation_leaves_the_one_that_was_done() -> None:
    for end in (290, 310):
        talk = talking()
        place = spoken(talk)
        talk.cuts({"id": place["item_id"]}, 300)
        for _ in range(2):
            talk.client(TRUNCATE, **place, audio_end_ms=100)
            talk.fails(talk.lines[-1][1]["event_id"])
        talk.client(TRUNCATE, **place, audio_end_ms=end)
        assert [f.args["cut"] for f in findings(talk) if f.code == "TRU007"] == ([300] if end > 300 else [])


def test_a_refusal_of_an_earlier_truncation_leaves_the_later_one() -> None:
    talk = talking()
    place = spoken(talk)
    talk.client(TRUNCATE, **place, audio_end_ms=200)
    refused = talk.lines[-1][1]["event_id"]
    talk.client(TRUNCATE, **place, audio_end_ms=100)
    talk.fails(refused)
    talk.client(TRUNCATE, **place, audio_end_ms=150)
    assert [f.args["cut"] for f in findings(talk) if f.code == "TRU007"] == [100]


@pytest.mark.parametrize("ended", ["", "completed", "failed"])
@pytest.mark.parametrize("listed", [True, False])
def test_tools_that_were_listed_may_be_called_while_they_are_listed_again(listed: bool, ended: str) -> None:
    talk = talking()
    if listed:
        talk.lists_tools()
    else:
        tools = [{"type": "mcp", "server_label": "docs", "server_url": "https://docs.example"}]
        talk.configures({"tools": tools}, {"tools": tools})
    item: Body = {"id": "item_again", "type": "mcp_list_tools", "server_label": "docs", "tools": []}
    talk.server("conversation.item.added", previous_item_id=talk.tail, item=item)
    talk.tail = "item_again"
    talk.server("mcp_list_tools.in_progress", item_id="item_again")
    if ended:
        talk.server(f"mcp_list_tools.{ended}", item_id="item_again")
    talk.asks()
    talk.remote("{}")
    silent = listed or ended == "completed"
    assert [f.code for f in findings(talk) if f.code == "MCP007"] == ([] if silent else ["MCP007"])


def test_the_listing_of_another_server_is_none_of_this() -> None:
    talk = talking()
    talk.lists_tools()
    for _, event in talk.lines:
        for item in filter(None, (event.get("item"), *event.get("session", {}).get("tools", ()))):
            item["server_label"] = "manuals"
    talk.asks()
    talk.remote("{}")
    assert [f.args["label"] for f in findings(talk) if f.code == "MCP007"] == ["docs"]


def test_an_item_of_two_responses_is_one_fault() -> None:
    for again in (True, False):
        talk = talking()
        talk.asks()
        first = talk.writes("Hello")
        before = talk.lines[:]
        talk.asks()
        talk.begins(written=True)
        talk.opens_item({"type": "message", "role": "assistant", "content": []})
        if again:
            named = talk.items[0]["id"]
            for _, event in talk.lines[len(before) :]:
                if event.get("item", {}).get("id") == named:
                    event["item"]["id"] = first["id"]
        fed, _ = checked(talk.lines, cut=True)
        roots = [f.code for f in fed if f.caused_by is None and f.severity > Severity.INFO]
        assert roots == (["OUT025"] if again else [])


FORCED: dict[str, Any] = {"type": "function", "name": "from_prompt"}


@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("where", ["response", "session", "shown", "pending"])
def test_a_stored_prompt_brings_tools(where: str, prompt: bool) -> None:
    stored: Body = {"prompt": {"id": "pmpt_1"}} if prompt else {}
    talk = talking()
    if where == "shown":
        talk.configures(stored, {"tools": [], **stored})
    else:
        talk.lines[0][1]["session"]["tools"] = []
    if where == "pending":
        talk.client("session.update", session={"type": "realtime", **stored})
    if where == "session":
        talk.client("session.update", session={"type": "realtime", "tool_choice": FORCED, **stored})
    else:
        talk.asks(tool_choice=FORCED, **(stored if where == "response" else {}))
    assert told(talk) == ([] if prompt else [("CLI022", len(talk.lines))])


def test_tools_that_a_request_lists_itself_are_all_that_it_offers() -> None:
    talk = talking()
    tools = [{"type": "function", "name": "look_up"}]
    talk.asks(tool_choice=FORCED, tools=tools, prompt={"id": "pmpt_1"})
    assert told(talk) == [("CLI022", 2)]
