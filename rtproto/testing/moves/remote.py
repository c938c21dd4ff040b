"""Remote tools (MCP): their listing, calls, and approvals before them."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import LABEL, REMOTE, Event, Item
from rtproto.testing.moves.conversation import create
from rtproto.testing.moves.output import argue, argued
from rtproto.testing.stage import Stage, move


@move("mcp_list_tools.in_progress", "session", needs="mcp", dialects=("ga",))
def listing(stage: Stage, key: Key) -> Iterator[Event]:
    model = stage.model
    if stage.state("session") != "realtime" or any(
        i.shape["type"] == "mcp_list_tools" for i in model.items.values()
    ):
        return
    id = stage.name("item_l")
    yield {"item_id": id}
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in REMOTE]
    item = Item({"id": id, "type": "mcp_list_tools", "server_label": LABEL, "tools": tools})
    item.final = item.shape
    model.items[id] = item
    stage.expect("mcp tool listing", id)


@move("mcp_list_tools.completed", "mcp tool listing", dialects=("ga",))
def listed(stage: Stage, key: Key) -> Iterator[Event]:
    yield {"item_id": key[0]}
    stage.expect("conversation item", key[0])


@move("mcp_list_tools.failed", "mcp tool listing", weight=1, needs="failures", dialects=("ga",))
def listing_failed(stage: Stage, key: Key) -> Iterator[Event]:
    yield {"item_id": key[0]}


@move("response.mcp_call_arguments.delta", "stream:arguments", dialects=("ga",))
def remote_arguments_delta(stage: Stage, key: Key) -> Iterator[Event]:
    yield from argue(stage, key, "mcp_call")


@move("response.mcp_call_arguments.done", "stream:arguments", dialects=("ga",))
def remote_arguments_done(stage: Stage, key: Key) -> Iterator[Event]:
    yield from argued(stage, key, "mcp_call")


def running(stage: Stage, key: Key) -> Event | None:
    """Where the call is, once its arguments are complete."""
    item = stage.model.items[key[0]]
    if not item.ready:
        return None
    response = stage.model.responses[item.response or ""]
    return {"item_id": item.id, "output_index": response.items.index(item)}


@move("response.mcp_call.in_progress", "mcp call", dialects=("ga",))
def called(stage: Stage, key: Key) -> Iterator[Event]:
    place = running(stage, key)
    if place is not None:
        yield place


@move("response.mcp_call.completed", "mcp call", dialects=("ga",))
def call_completed(stage: Stage, key: Key) -> Iterator[Event]:
    place = running(stage, key)
    if place is None:
        return
    yield place
    item = stage.model.items[key[0]]
    item.final = {**item.shape, "output": "found"}
    stage.model.unanswered = True


@move("response.mcp_call.failed", "mcp call", weight=3, needs="failures", dialects=("ga",))
def call_failed(stage: Stage, key: Key) -> Iterator[Event]:
    place = running(stage, key)
    if place is None:
        return
    yield place
    item = stage.model.items[key[0]]
    item.final = {**item.shape, "error": {"type": "tool_execution_error", "message": "No such page."}}
    stage.model.unanswered = True


@move("conversation.item.create", "mcp approval", weight=20, needs="mcp", dialects=("ga",))
def approve(stage: Stage, key: Key) -> Iterator[Event]:
    known = stage.state("conversation item", *key) in ("added", "done")
    if stage.state("mcp approval", *key) != "requested" or not known or stage.model.over:
        return
    item = {"type": "mcp_approval_response", "approval_request_id": key[0], "approve": True}
    yield from create(stage, item)
    stage.model.unanswered = True
