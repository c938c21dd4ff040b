"""Sessions with remote tools: an MCP server's tools are listed, called, and approved before they run."""

from __future__ import annotations

from rtproto.rules.script import (
    Event,
    Script,
    Session,
    add_item,
    ask,
    close_item,
    open_item,
    response_object,
    sample,
    start,
    write,
)


def _docs(**more: object) -> Event:
    """The configuration of a remote server of tools."""
    return {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example/mcp", **more}


def _list_tools(script: Script) -> None:
    script.server("mcp_list_tools.in_progress", item_id="item_l1")
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in ("search", "fetch")]
    script.server("mcp_list_tools.completed", item_id="item_l1")
    add_item(
        script, {"id": "item_l1", "type": "mcp_list_tools", "server_label": "docs", "tools": tools}, None
    )


def _call(script: Script, response: str, item: str, previous: str, **more: object) -> None:
    """A response that calls the remote tool, from `response.created` to `response.done`."""
    script.server("response.created", response=response_object(response, "in_progress", []))
    call = {"id": item, "type": "mcp_call", "server_label": "docs", "name": "search", "arguments": "", **more}
    open_item(script, response, 0, call, previous)
    place = {"response_id": response, "item_id": item, "output_index": 0}
    for delta in ('{"q":', ' "rain"}'):
        script.server("response.mcp_call_arguments.delta", **place, delta=delta)
    script.server("response.mcp_call_arguments.done", **place, arguments='{"q": "rain"}')
    script.server("response.mcp_call.in_progress", item_id=item, output_index=0)
    script.server("response.mcp_call.completed", item_id=item, output_index=0)
    done = {**call, "arguments": '{"q": "rain"}', "output": "found"}
    close_item(script, response, 0, done, previous)
    script.server("response.done", response=response_object(response, "completed", [done]))


@sample
def mcp_call() -> Session:
    """GA: the tools of an MCP server are listed, one is called, and its result answered with."""
    script = Script()
    start(script, tools=[_docs(allowed_tools=["search"], require_approval="never")])
    _list_tools(script)
    ask(script, "item_q1", "Look it up.", "item_l1")
    _call(script, "resp_1", "item_m1", "item_q1")
    script.client("response.create")
    write(script, "resp_2", "item_a2", "item_m1")
    return script.session


@sample
def mcp_approval() -> Session:
    """GA: a remote tool that may be called only after the client has approved."""
    script = Script()
    start(script, tools=[_docs(require_approval="always")])
    _list_tools(script)
    ask(script, "item_q1", "Look it up.", "item_l1")
    script.server("response.created", response=response_object("resp_1", "in_progress", []))
    request = {
        "id": "item_p1",
        "type": "mcp_approval_request",
        "server_label": "docs",
        "name": "search",
        "arguments": '{"q": "rain"}',
    }
    open_item(script, "resp_1", 0, request, "item_q1")
    close_item(script, "resp_1", 0, request, "item_q1")
    script.server("response.done", response=response_object("resp_1", "completed", [request]))
    answer = {
        "id": "item_y1",
        "type": "mcp_approval_response",
        "approval_request_id": "item_p1",
        "approve": True,
    }
    script.client("conversation.item.create", item=answer)
    add_item(script, answer, "item_p1")
    script.client("response.create")
    _call(script, "resp_2", "item_m1", "item_y1", approval_request_id="item_p1")
    script.client("response.create")
    write(script, "resp_3", "item_a3", "item_m1")
    return script.session
