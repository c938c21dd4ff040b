"""Errors that are nobody's fault: the server cannot do what was asked, or the session has lasted too long."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import Event
from rtproto.testing.stage import Stage, move

REFUSABLE = (
    "session.update",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.delete",
    "conversation.item.truncate",
    "response.create",
)


def error(code: str | None, message: str, event_id: str | None = None, type: str = "server_error") -> Event:
    """The body of an `error`."""
    return {"error": {"type": type, "code": code, "message": message, "param": None, "event_id": event_id}}


@move("error", "session", weight=2, needs="refusals")
def refuse(stage: Stage, key: Key) -> Iterator[Event]:
    """Refuse a request that can be named."""
    open = [(type, asks[0]) for type, asks in stage.asked.items() if asks and type in REFUSABLE]
    named = [(type, request) for type, request in open if "event_id" in request]
    if not named:
        return
    type, request = stage.pick(named)
    yield error(None, "The server had an error while processing your request.", request["event_id"])
    stage.answered(type)
    if type == "conversation.item.create":
        stage.forget("conversation item", request["named"])
        del stage.model.items[request["named"]]


@move("error", "session", weight=1, needs="refusals")
def turn_away(stage: Stage, key: Key) -> Iterator[Event]:
    """Refuse the connection: the error is all that it ever shows."""
    if stage.frames:
        return
    yield error("server_error", "The server had an error while starting the session.")
    stage.close()


@move("error", "translation session", weight=1, needs="refusals", dialects=("translation",), costs="extras")
def trouble(stage: Stage, key: Key) -> Iterator[Event]:
    first = not stage.frames
    yield error("server_error", "The server had an error.")
    if first:
        stage.close()


def calling(stage: Stage) -> bool:
    """Whether a remote call is under way, after which the client asks for a response."""
    return any(
        item.shape["type"] == "mcp_call" and stage.state("mcp call", item.id) != "ended"
        for item in stage.model.items.values()
    )


@move("error", "lifetime", weight=1, needs="expiry")
def expire(stage: Stage, key: Key) -> Iterator[Event]:
    """The session has lasted its time: what has begun may end, nothing begins."""
    model = stage.model
    if any(stage.asked.values()) or model.due or stage.state("input audio buffer") != "silent":
        return
    if model.unanswered or (stage.has("mcp") and (stage.busy() or calling(stage))):
        return
    if stage.state("committed turn") != "settled" or stage.state("idle turn") != "none":
        return
    if stage.state("lifetime") == "expired" and not stage.below(2):
        return
    message = "Your session hit the maximum duration of 60 minutes."
    yield error("session_expired", message, type="invalid_request_error")
    stage.close(finish=True)
