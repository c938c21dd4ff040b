"""Conversation items, function calls and MCP tools."""

from __future__ import annotations

from rtproto.protocol.machine import Breach, Machine, When

CONVERSATION_ITEM = Machine(
    name="conversation item",
    about="One item of the conversation, whoever made it.",
    states=("unknown", "announced", "added", "done", "deleted"),
    inputs=("announced", "added", "done", "used", "deleted"),
    moves={
        ("unknown", "announced"): "announced",
        ("unknown", "added"): "added",
        ("announced", "announced"): "announced",
        ("announced", "added"): When("response over", Breach("RSP009", "added"), "added"),
        ("announced", "used"): "announced",
        ("announced", "deleted"): "deleted",
        # An item that was deleted may be announced again before the end of its first life is told.
        ("announced", "done"): When("added before", "announced", Breach("ITM003", "done")),
        ("added", "announced"): "added",
        ("added", "done"): When("response over", Breach("RSP009", "done"), "done"),
        ("added", "used"): "added",
        ("added", "deleted"): "deleted",
        ("done", "announced"): "done",
        ("done", "used"): "done",
        ("done", "deleted"): "deleted",
        # Clients update an item by deleting it and creating it again under its id.
        ("deleted", "announced"): "announced",
        ("deleted", "added"): "added",
        # The two cross on their way; what was never added cannot be done.
        ("deleted", "done"): When("added before", "deleted", Breach("ITM003", "deleted")),
    },
    breaches={
        ("unknown", "done"): Breach("ITM003", "done"),
        ("unknown", "used"): Breach("ITM001", "added"),
        ("unknown", "deleted"): Breach("ITM001", "deleted"),
        ("added", "added"): Breach("ITM002", "added"),
        ("done", "added"): Breach("ITM002", "done"),
        ("done", "done"): Breach("ITM004", "done"),
        ("deleted", "used"): Breach("ITM018", "deleted"),
        ("deleted", "deleted"): Breach("ITM016", "deleted"),
    },
    notes={
        "announced": "announced the item",
        "added": "added the item",
        "done": "finalized the item",
        "deleted": "deleted the item",
        "used": "used the item",
    },
    open=("announced", "added"),
)

FUNCTION_CALL = Machine(
    name="function call",
    about="A function call, by its call_id, and the output that answers it.",
    states=("unknown", "called", "answered"),
    inputs=("call", "output sent", "output"),
    moves={
        ("unknown", "call"): "called",
        # The call's own events repeat it.
        ("called", "call"): When("call of its own", "called", Breach("ITM024", "called")),
        ("called", "output sent"): When(
            "call in the conversation",
            When("only output", "called", Breach("ITM022", "called")),
            Breach("ITM021", "called"),
        ),
        ("called", "output"): When("call in the conversation", "answered", Breach("ITM021", "answered")),
        ("answered", "call"): When("call of its own", "answered", Breach("ITM024", "answered")),
        ("answered", "output sent"): When(
            "call in the conversation",
            When("only output", "answered", Breach("ITM022", "answered")),
            Breach("ITM021", "answered"),
        ),
        ("answered", "output"): When("only output", "answered", Breach("ITM022", "answered")),
    },
    breaches={
        ("unknown", "output sent"): Breach("ITM021", "unknown"),
        ("unknown", "output"): Breach("ITM021", "answered"),
    },
    notes={"call": "made the call", "output": "answered the call"},
    open=("called",),
)

MCP_APPROVAL = Machine(
    name="mcp approval",
    about="The server's request to call a remote tool, and the client's one answer to it.",
    states=("unknown", "requested", "answering", "answered"),
    inputs=("request", "answer sent", "answer"),
    moves={
        ("unknown", "request"): "requested",
        ("requested", "request"): "requested",
        ("requested", "answer sent"): "answering",
        ("requested", "answer"): "answered",
        ("answering", "request"): "answering",
        ("answering", "answer"): "answered",
        ("answered", "request"): "answered",
        # The item of the answer is shown when it is added and when it is done.
        ("answered", "answer"): "answered",
    },
    breaches={
        ("unknown", "answer sent"): Breach("MCP010", "answering"),
        ("unknown", "answer"): Breach("MCP010", "answered"),
        ("answering", "answer sent"): Breach("MCP010", "answering"),
        ("answered", "answer sent"): Breach("MCP010", "answered"),
    },
    notes={
        "request": "asked for approval",
        "answer sent": "answered the request",
        "answer": "took the answer",
    },
)

MCP_LIST = Machine(
    name="mcp tool listing",
    about="The listing of one MCP server's tools.",
    states=("unknown", "in progress", "ended"),
    inputs=("in progress", "completed", "failed"),
    moves={
        ("unknown", "in progress"): "in progress",
        ("in progress", "completed"): "ended",
        ("in progress", "failed"): "ended",
    },
    breaches={
        ("unknown", "completed"): Breach("MCP001", "ended"),
        ("unknown", "failed"): Breach("MCP001", "ended"),
        ("in progress", "in progress"): Breach("MCP001", "in progress"),
        ("ended", "in progress"): Breach("MCP001", "in progress"),
        ("ended", "completed"): Breach("MCP001", "ended"),
        ("ended", "failed"): Breach("MCP001", "ended"),
    },
    notes={
        "in progress": "began the listing",
        "completed": "completed the listing",
        "failed": "ended the listing in failure",
    },
    open=("in progress",),
    unfinished={"in progress": "MCP001"},
)

MCP_CALL = Machine(
    name="mcp call",
    about="The run of one remote MCP tool call; it may go on after its response.",
    states=("called", "running", "ended"),
    inputs=("in progress", "completed", "failed"),
    moves={
        ("called", "in progress"): "running",
        # A refused approval fails the call before it ever ran.
        ("called", "failed"): "ended",
        ("running", "completed"): "ended",
        ("running", "failed"): "ended",
    },
    breaches={
        ("called", "completed"): Breach("MCP004", "ended"),
        ("running", "in progress"): Breach("MCP004", "running"),
        ("ended", "in progress"): Breach("MCP004", "ended"),
        ("ended", "completed"): Breach("MCP004", "ended"),
        ("ended", "failed"): Breach("MCP004", "ended"),
    },
    notes={
        "in progress": "ran the call",
        "completed": "completed the call",
        "failed": "ended the call in failure",
    },
    open=("running",),
    unfinished={"running": "MCP004"},
)
