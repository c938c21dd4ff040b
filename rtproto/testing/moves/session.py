"""The connection: its start, its configuration, errors that are nobody's fault, its end."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import Event
from rtproto.testing.stage import Stage, move


@move("session.created", "session")
def created(stage: Stage, key: Key) -> Iterator[Event]:
    yield {"session": stage.model.session(stage.dialect)}
    stage.expect("conversation announcement")
    stage.expect("conversation")
    stage.expect("input audio buffer")
    stage.expect("lifetime")


@move("conversation.created", "conversation announcement", weight=3)
def conversation_created(stage: Stage, key: Key) -> Iterator[Event]:
    yield {"conversation": {"id": stage.model.conversation, "object": "realtime.conversation"}}


def quiet(stage: Stage) -> bool:
    """Nothing is under way that a change of configuration would fall into."""
    return (
        not any(stage.asked.values())
        and not stage.busy()
        and stage.model.due is None
        and stage.state("input audio buffer") == "silent"
        and stage.state("committed turn") == "settled"
    )


@move("session.update", "session", weight=4, needs="updates", costs="extras")
def update(stage: Stage, key: Key) -> Iterator[Event]:
    model = stage.model
    if stage.state("session") not in ("realtime", "transcription") or not quiet(stage):
        return
    asked: Event = {}
    after: Event = {}
    if not model.transcribes:
        wish = stage.pick(("instructions", "tools", "limit", "modality"))
        if wish == "instructions":
            after["instructions"] = asked["instructions"] = f"Be kind, version {len(stage.frames)}."
        elif wish == "tools":
            after["tools"] = asked["tools"] = model.tools
        elif wish == "limit":
            after["limit"] = 4096
            asked["max_output_tokens" if stage.ga else "max_response_output_tokens"] = 4096
        else:
            after["modality"] = stage.pick(("text", "audio"))
            name = "output_modalities" if stage.ga else "modalities"
            asked[name] = model.modalities(stage.dialect, after["modality"])
    if stage.ga:
        asked = {"type": "transcription" if model.transcribes else "realtime", **asked}
    if model.transcribes:
        asked["audio"] = {"input": {"transcription": model.transcription}}
    yield (request := stage.ask({"session": asked}))
    stage.await_answer("session.update", request | {"after": after})


@move("session.updated", "session")
def updated(stage: Stage, key: Key) -> Iterator[Event]:
    request = stage.first("session.update")
    if request is None:
        return
    before = {name: getattr(stage.model, name) for name in request["after"]}
    for name, value in request["after"].items():
        setattr(stage.model, name, value)
    session = stage.model.session(stage.dialect)
    for name, value in before.items():
        setattr(stage.model, name, value)
    yield {"session": session}
    for name, value in request["after"].items():
        setattr(stage.model, name, value)
    stage.answered("session.update")


@move("rate_limits.updated", "session", weight=40)
def rate_limits(stage: Stage, key: Key) -> Iterator[Event]:
    if not stage.model.limits_due or any(
        r for r in stage.model.responses if stage.state("response", r) == "active"
    ):
        return
    tokens = 40000 - 10 * len(stage.frames)
    yield {
        "rate_limits": [
            {"name": "tokens", "limit": 40000, "remaining": tokens, "reset_seconds": 0.5},
            {"name": "requests", "limit": 100, "remaining": 99, "reset_seconds": 0.25},
        ]
    }
    stage.model.limits_due = False
