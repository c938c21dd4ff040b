"""Audio in both directions: the user's turn, its commit and transcription, and playback."""

from __future__ import annotations

from rtproto.protocol.machine import Breach, Machine, When

INPUT_AUDIO_BUFFER = Machine(
    name="input audio buffer",
    about="The user's turn as the server's voice activity detection sees it.",
    states=("silent", "speaking", "stopped", "left"),
    inputs=("speech started", "speech stopped", "committed", "cleared", "timeout", "detection switched"),
    moves={
        ("silent", "speech started"): "speaking",
        ("silent", "committed"): "silent",
        ("silent", "cleared"): "silent",
        ("silent", "timeout"): "silent",
        ("speaking", "speech stopped"): When("speech item", "stopped", Breach("IAB003", "stopped")),
        # A client may commit by hand while the server hears speech: the turn ends without `speech_stopped`, or that
        # comes later and ends another one.
        ("speaking", "committed"): When("commit asked for", "silent", Breach("IAB020", "left")),
        ("silent", "speech stopped"): When("speech cut off", "stopped", Breach("IAB001", "stopped")),
        ("speaking", "cleared"): "silent",
        ("stopped", "committed"): When(
            "speech item",
            When("turn in order", "silent", Breach("IAB020", "silent")),
            Breach("IAB003", "silent"),
        ),
        ("stopped", "cleared"): "silent",
        ("stopped", "timeout"): "stopped",
        # Turn detection that is switched off leaves the turn as it is.  One stop may be on its way, as it may after a
        # commit that nobody asked for.
        ("silent", "detection switched"): "silent",
        ("speaking", "detection switched"): "left",
        ("stopped", "detection switched"): "silent",
        ("left", "speech started"): "speaking",
        ("left", "speech stopped"): "silent",
        ("left", "committed"): "silent",
        ("left", "cleared"): "silent",
        ("left", "timeout"): "left",
        ("left", "detection switched"): "left",
    },
    breaches={
        ("speaking", "speech started"): Breach("IAB002", "speaking"),
        ("stopped", "speech started"): Breach("IAB007", "speaking"),
        ("stopped", "speech stopped"): Breach("IAB001", "stopped"),
        ("speaking", "timeout"): Breach("IAB019", "speaking"),
    },
    notes={
        "speech started": "started the user's turn",
        "speech stopped": "ended the user's speech",
        "committed": "committed the buffer",
        "cleared": "cleared the buffer",
        "detection switched": "switched turn detection off",
    },
    unfinished={"stopped": "IAB007"},
)

COMMITTED_TURN = Machine(
    name="committed turn",
    about="The user item that a commit of the input audio buffer promises.",
    states=("settled", "awaiting item"),
    inputs=("committed", "item", "response created"),
    moves={
        # An item that came before its commit is no item that is missing.
        ("settled", "committed"): When("item known", "settled", "awaiting item"),
        ("settled", "item"): "settled",
        ("settled", "response created"): "settled",
        ("awaiting item", "item"): When(
            "committed item", "settled", When("spoken item", Breach("IAB003", "settled"), "awaiting item")
        ),
    },
    breaches={
        ("awaiting item", "committed"): Breach("IAB008", "awaiting item"),
        ("awaiting item", "response created"): Breach("IAB008", "settled"),
    },
    notes={"committed": "promised the user item", "item": "added the user item"},
    unfinished={"awaiting item": "IAB008"},
)

IDLE_TURN = Machine(
    name="idle turn",
    about="The empty turn that the server makes when nobody has spoken for the idle timeout.",
    states=("none", "triggered", "committed", "added"),
    inputs=("timeout", "speech started", "committed", "item", "response created"),
    moves={
        ("none", "timeout"): "triggered",
        ("none", "speech started"): "none",
        ("none", "committed"): "none",
        ("none", "item"): "none",
        ("none", "response created"): "none",
        # A user who speaks up takes the turn over.
        ("triggered", "speech started"): "none",
        ("triggered", "committed"): When("idle item", "committed", Breach("IAB017", "none")),
        ("triggered", "item"): "triggered",
        ("committed", "speech started"): "none",
        ("committed", "item"): When("idle item", "added", "committed"),
        # A response without the item is the committed turn's fault.
        ("committed", "response created"): "none",
        ("added", "speech started"): "none",
        ("added", "item"): "added",
        ("added", "response created"): "none",
        # Whether the silence is answered although no turn is, nobody says.
        ("added", "timeout"): When("turns answered", Breach("IAB017", "triggered"), "triggered"),
        ("added", "committed"): When("turns answered", Breach("IAB017", "none"), "none"),
    },
    breaches={
        ("triggered", "timeout"): Breach("IAB017", "triggered"),
        ("triggered", "response created"): Breach("IAB017", "none"),
        ("committed", "timeout"): Breach("IAB017", "triggered"),
        ("committed", "committed"): Breach("IAB017", "none"),
    },
    notes={
        "timeout": "found the user idle",
        "committed": "committed the empty turn",
        "item": "added the empty turn's item",
    },
    unfinished={"triggered": "IAB017", "added": "IAB017"},
)

TRANSCRIPTION = Machine(
    name="transcription",
    about="The transcription of one part of user audio.",
    states=("none", "streaming", "ended"),
    inputs=("delta", "segment", "completed", "failed"),
    moves={
        ("none", "delta"): "streaming",
        ("none", "segment"): "streaming",
        ("none", "completed"): "ended",
        ("none", "failed"): "ended",
        ("streaming", "delta"): "streaming",
        ("streaming", "segment"): "streaming",
        ("streaming", "completed"): "ended",
        ("streaming", "failed"): "ended",
        ("ended", "segment"): "ended",
    },
    breaches={
        ("ended", "delta"): Breach("TRN004", "ended"),
        ("ended", "completed"): Breach("TRN003", "ended"),
        ("ended", "failed"): Breach("TRN003", "ended"),
    },
    notes={
        "delta": "began the transcription",
        "completed": "completed the transcription",
        "failed": "ended the transcription in failure",
    },
)

OUTPUT_AUDIO_BUFFER = Machine(
    name="output audio buffer",
    about="Playback of one response's audio on WebRTC or SIP.",
    states=("idle", "playing", "ended"),
    inputs=("started", "stopped", "cleared"),
    moves={
        ("idle", "started"): "playing",
        ("playing", "stopped"): "ended",
        ("playing", "cleared"): "ended",
    },
    breaches={
        ("idle", "stopped"): Breach("OAB003", "ended"),
        ("idle", "cleared"): When("client cleared output", "idle", Breach("OAB003", "ended")),
        ("playing", "started"): Breach("OAB002", "playing"),
        ("ended", "started"): Breach("OAB002", "playing"),
        ("ended", "stopped"): Breach("OAB003", "ended"),
        ("ended", "cleared"): When("client cleared output", "ended", Breach("OAB003", "ended")),
    },
    notes={
        "started": "started playback",
        "stopped": "ended playback",
        "cleared": "cut playback off",
    },
    open=("playing",),
    unfinished={"playing": "OAB008"},
)
