"""The connection itself."""

from __future__ import annotations

from rtproto.protocol.machine import Breach, Machine, When

SESSION = Machine(
    name="session",
    about="A realtime or transcription session: one connection.",
    states=("awaiting", "unannounced", "realtime", "transcription"),
    inputs=("created", "updated", "activity", "item", "response", "error", "ask"),
    moves={
        ("awaiting", "created"): When("transcription session", "transcription", "realtime"),
        # A refused handshake: the upgrade succeeds, then an `error` comes, then the close.
        ("awaiting", "error"): "awaiting",
        # Clients may speak before they have read `session.created`.
        ("awaiting", "ask"): "awaiting",
        ("unannounced", "ask"): "unannounced",
        ("realtime", "ask"): "realtime",
        ("unannounced", "updated"): When("transcription session", "transcription", "unannounced"),
        ("unannounced", "activity"): "unannounced",
        ("unannounced", "item"): "unannounced",
        ("unannounced", "response"): "unannounced",
        ("unannounced", "error"): "unannounced",
        ("realtime", "updated"): "realtime",
        ("realtime", "activity"): "realtime",
        ("realtime", "item"): "realtime",
        ("realtime", "response"): "realtime",
        ("realtime", "error"): "realtime",
        ("transcription", "updated"): "transcription",
        ("transcription", "activity"): "transcription",
        ("transcription", "error"): "transcription",
    },
    breaches={
        ("awaiting", "updated"): When(
            "transcription session",
            Breach("SES001", "transcription", midway=True),
            Breach("SES001", "unannounced", midway=True),
        ),
        ("awaiting", "activity"): Breach("SES001", "unannounced", midway=True),
        ("awaiting", "item"): Breach("SES001", "unannounced", midway=True),
        ("awaiting", "response"): Breach("SES001", "unannounced", midway=True),
        ("unannounced", "created"): When(
            "transcription session", Breach("SES001", "transcription"), Breach("SES001", "realtime")
        ),
        ("realtime", "created"): Breach("SES002", "awaiting", restart=True),
        # A configuration shows a transcription session also where the recording missed its start.
        ("transcription", "created"): When(
            "started before",
            Breach("SES002", "awaiting", restart=True),
            When("transcription session", Breach("SES001", "transcription"), Breach("SES001", "realtime")),
        ),
        ("transcription", "item"): When("assistant item", Breach("DIA009", "transcription"), "transcription"),
        ("transcription", "response"): Breach("DIA009", "transcription"),
        ("transcription", "ask"): Breach("DIA010", "transcription"),
    },
    notes={"created": "started the session", "updated": "showed the session's configuration"},
    adoptable=False,
)

LIFETIME = Machine(
    name="lifetime",
    about="How long the session lives: after `session_expired` nothing new begins.",
    states=("running", "expired"),
    inputs=("begun", "expired"),
    moves={
        ("running", "begun"): "running",
        ("running", "expired"): "expired",
        ("expired", "expired"): "expired",
    },
    # What was in flight may still arrive; only what begins afterwards is an input.
    breaches={("expired", "begun"): Breach("SES015", "expired")},
    notes={"expired": "said that the session has expired"},
    adoptable=False,
)

ANNOUNCEMENT = Machine(
    name="conversation announcement",
    about="`conversation.created`, which few servers send: once, before the first item.",
    states=("silent", "announced", "begun"),
    inputs=("created", "item"),
    moves={
        ("silent", "created"): "announced",
        ("silent", "item"): "begun",
        ("announced", "item"): "announced",
        ("begun", "item"): "begun",
    },
    breaches={
        ("announced", "created"): Breach("SES014", "announced"),
        ("begun", "created"): Breach("SES014", "announced"),
    },
    notes={"created": "created the conversation", "item": "put an item into the conversation"},
    adoptable=False,
)

TRANSLATION = Machine(
    name="translation session",
    about="A translation session: audio in, audio and transcripts out, no turns.",
    states=("awaiting", "open", "closing", "closed"),
    inputs=("created", "updated", "output", "error", "append", "update", "close", "closed"),
    moves={
        ("awaiting", "created"): "open",
        ("awaiting", "error"): "awaiting",
        # Clients may speak before they have read `session.created`.
        ("awaiting", "append"): "awaiting",
        ("awaiting", "update"): "awaiting",
        ("awaiting", "close"): "awaiting",
        ("open", "updated"): "open",
        ("open", "output"): "open",
        ("open", "error"): "open",
        ("open", "append"): "open",
        ("open", "update"): "open",
        ("open", "close"): "closing",
        ("open", "closed"): "closed",
        # The server flushes what it still has to say between `session.close` and `session.closed`.
        ("closing", "updated"): "closing",
        ("closing", "output"): "closing",
        ("closing", "error"): "closing",
        ("closing", "append"): "closing",
        ("closing", "update"): "closing",
        ("closing", "close"): "closing",
        ("closing", "closed"): "closed",
        ("closed", "append"): "closed",
        ("closed", "update"): "closed",
        ("closed", "close"): "closed",
    },
    breaches={
        ("awaiting", "updated"): Breach("SES001", "open", midway=True),
        ("awaiting", "output"): Breach("SES001", "open", midway=True),
        ("awaiting", "closed"): Breach("SES001", "closed", midway=True),
        ("open", "created"): Breach("SES002", "awaiting", restart=True),
        ("closing", "created"): Breach("SES002", "awaiting", restart=True),
        ("closed", "created"): Breach("SES002", "awaiting", restart=True),
        ("closed", "updated"): Breach("DIA021", "closed"),
        ("closed", "output"): Breach("DIA021", "closed"),
        ("closed", "error"): Breach("DIA021", "closed"),
        ("closed", "closed"): Breach("DIA021", "closed"),
    },
    notes={
        "created": "started the session",
        "close": "asked for the close",
        "closed": "closed the session",
    },
    adoptable=False,
)
