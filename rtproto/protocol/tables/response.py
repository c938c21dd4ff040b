"""What the model says: the default conversation's slot, and the tree below a response."""

from __future__ import annotations

from rtproto.protocol.machine import Breach, Machine, When

CONVERSATION = Machine(
    name="conversation",
    about="The default conversation: at most one response writes to it.",
    states=("idle", "active"),
    inputs=("response created", "response done", "response create", "timeout"),
    moves={
        ("idle", "response created"): "active",
        ("idle", "response done"): "idle",
        ("idle", "response create"): "idle",
        ("idle", "timeout"): "idle",
        ("active", "response done"): When("current response", "idle", "active"),
        # The active response once more is no second one: that it was created twice is the response's fault.
        ("active", "response created"): When("current response", "active", Breach("RSP004", "active")),
    },
    breaches={
        ("active", "timeout"): Breach("IAB019", "active"),
        # A client that saw the call's arguments complete may answer before `response.done` arrives: seen in most
        # recorded tool calls, and the server queues it.
        ("active", "response create"): When("response winding down", "active", Breach("RSP020", "active")),
    },
    notes={
        "response created": "started the active response",
        "response done": "ended the response",
        "response create": "asked for a response",
    },
)

RESPONSE = Machine(
    name="response",
    about="One response of the model, in the default conversation or out of band.",
    states=("unknown", "active", "done"),
    inputs=("created", "activity", "item done", "done"),
    moves={
        ("unknown", "created"): "active",
        ("active", "activity"): "active",
        ("active", "item done"): "active",
        ("active", "done"): "done",
    },
    breaches={
        ("unknown", "activity"): Breach("RSP001", "active"),
        ("unknown", "item done"): Breach("RSP001", "active"),
        ("unknown", "done"): Breach("RSP006", "done"),
        ("active", "created"): Breach("RSP002", "active"),
        ("done", "created"): Breach("RSP002", "done"),
        ("done", "activity"): Breach("RSP009", "done"),
        # An MCP call may run on after its response.
        ("done", "item done"): When("mcp item", "done", Breach("RSP009", "done")),
        ("done", "done"): Breach("RSP005", "done"),
    },
    notes={"created": "created the response", "done": "ended the response"},
    unfinished={"active": "RSP007"},
    open=("active",),
)

OUTPUT_ITEM = Machine(
    name="output item",
    about="One item that a response generates.",
    states=("absent", "open", "done"),
    inputs=("added", "part", "delta", "done", "response done"),
    moves={
        ("absent", "added"): "open",
        ("open", "part"): When("other response's item", Breach("OUT001", "open"), "open"),
        ("open", "delta"): When("other response's item", Breach("OUT001", "open"), "open"),
        ("open", "done"): "done",
        ("done", "response done"): "done",
    },
    breaches={
        ("absent", "part"): Breach("OUT001", "open"),
        ("absent", "delta"): Breach("OUT001", "open"),
        ("absent", "done"): Breach("OUT004", "done"),
        # Children of a response are never in their first state; the cell keeps the table total.
        ("absent", "response done"): Breach("OUT005", "done"),
        ("open", "added"): When("other response's item", Breach("OUT025", "open"), Breach("OUT002", "open")),
        ("open", "response done"): When("mcp entity", "open", Breach("OUT005", "done")),
        ("done", "added"): When("other response's item", Breach("OUT025", "open"), Breach("OUT002", "done")),
        ("done", "part"): Breach("OUT009", "done"),
        ("done", "delta"): Breach("OUT016", "done"),
        ("done", "done"): Breach("OUT004", "done"),
    },
    notes={
        "added": "announced the output item",
        "done": "closed the output item",
        "response done": "ended the response",
    },
    open=("open",),
)

CONTENT_PART = Machine(
    name="content part",
    about="One content part of a message that a response generates: text, or audio with its transcript.",
    states=("absent", "text", "audio", "done"),
    inputs=("added", "text", "audio", "done", "item done"),
    moves={
        ("absent", "added"): When("audio part", "audio", "text"),
        ("text", "text"): "text",
        ("text", "done"): "done",
        ("audio", "audio"): "audio",
        ("audio", "done"): "done",
        ("done", "item done"): "done",
    },
    breaches={
        ("absent", "text"): Breach("OUT007", "text"),
        ("absent", "audio"): Breach("OUT007", "audio"),
        ("absent", "done"): Breach("OUT009", "done"),
        ("absent", "item done"): Breach("OUT009", "done"),
        ("text", "added"): Breach("OUT009", "text"),
        ("text", "audio"): Breach("OUT018", "text"),
        ("text", "item done"): Breach("OUT009", "done"),
        ("audio", "added"): Breach("OUT009", "audio"),
        ("audio", "text"): Breach("OUT018", "audio"),
        ("audio", "item done"): Breach("OUT009", "done"),
        ("done", "added"): Breach("OUT009", "done"),
        ("done", "text"): Breach("OUT016", "done"),
        ("done", "audio"): Breach("OUT016", "done"),
        ("done", "done"): Breach("OUT009", "done"),
    },
    notes={
        "added": "opened the part",
        "done": "closed the part",
        "item done": "closed the part's item",
    },
    open=("text", "audio"),
)

STREAM = Machine(
    name="stream",
    about="The deltas of one kind: a part's text, audio or transcript, or a call's arguments.",
    states=("idle", "streaming", "done"),
    inputs=("delta", "done"),
    moves={
        ("idle", "delta"): "streaming",
        ("idle", "done"): "done",
        ("streaming", "delta"): "streaming",
        ("streaming", "done"): "done",
    },
    breaches={
        ("done", "delta"): Breach("OUT016", "done"),
        ("done", "done"): Breach("OUT016", "done"),
    },
    notes={"delta": "began the stream", "done": "ended the stream"},
)
