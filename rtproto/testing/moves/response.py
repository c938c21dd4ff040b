"""Responses: asked for, begun, cancelled, ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.protocol.engine import Key
from rtproto.testing.model import (
    BETA_FORMATS,
    CITIES,
    FORMATS,
    Event,
    Response,
)
from rtproto.testing.moves.conversation import sentence
from rtproto.testing.stage import Stage, move

LIMIT = 60
"""Output tokens that a client allows a response that shall not be long; more than any of them takes."""


def response_object(stage: Stage, response: Response, status: str, **more: Any) -> Event:
    """The response as `response.created` and `response.done` show it."""
    model = stage.model
    modality = response.modality
    shared: Event = {
        "object": "realtime.response",
        "id": response.id,
        "status": status,
        "status_details": None,
        "output": [],
        "conversation_id": None if response.outside else model.conversation,
        "max_output_tokens": response.limit,
        "metadata": response.asked.get("metadata"),
        "usage": None,
    }
    if stage.ga:
        voice = {"format": FORMATS[model.format], "voice": model.voice}
        own: Event = {"output_modalities": [modality], "audio": {"output": voice}}
    else:
        own = {
            "modalities": model.modalities("beta", modality),
            "voice": model.voice,
            "output_audio_format": BETA_FORMATS[model.format],
            "temperature": 0.8,
        }
    return {**shared, **own, **more}


def usage(response: Response) -> Event:
    """What the response cost: the kinds make up the sums."""
    parts = [item.part for item in response.items if item.part is not None and item.part.kind == "audio"]
    spoken = sum(1 + part.ms // 50 for part in parts)
    text = 2 + 3 * len(response.items)
    if response.reason() == "max_output_tokens":
        text = LIMIT - spoken
    input = 20 + len(response.items)
    return {
        "total_tokens": input + text + spoken,
        "input_tokens": input,
        "output_tokens": text + spoken,
        "input_token_details": {
            "text_tokens": input,
            "audio_tokens": 0,
            "cached_tokens": 8,
            "cached_tokens_details": {"text_tokens": 8, "audio_tokens": 0},
        },
        "output_token_details": {"text_tokens": text, "audio_tokens": spoken},
    }


@move("response.create", "conversation", weight=12)
def create(stage: Stage, key: Key) -> Iterator[Event]:
    """Ask for a response in the conversation, to what was said or done."""
    model = stage.model
    if (
        not model.unanswered
        or model.due
        or stage.waiting("response.create", "session.update", "input_audio_buffer.commit")
    ):
        return
    if model.over or (not stage.facts.conversation and not stage.waiting("conversation.item.create")):
        return
    if model.vad is None and model.turns and model.hearing.appended > model.hearing.emptied:
        return
    if any(
        item.ready and stage.state("function call", item.shape["call_id"]) == "called"
        for item in model.items.values()
        if item.shape["type"] == "function_call"
    ):
        return
    if stage.state("input audio buffer") == "stopped" or stage.state("idle turn") != "none":
        return
    wish, told = wishes(stage)
    yield (request := stage.ask({"response": wish} if wish else {}))
    model.unanswered = False
    stage.await_answer("response.create", request | {"told": told})


@move("response.create", "session", weight=3, needs="out-of-band", costs="extras")
def create_outside(stage: Stage, key: Key) -> Iterator[Event]:
    """Ask for a response that belongs to no conversation."""
    model = stage.model
    if stage.state("session") != "realtime" or stage.waiting("session.update"):
        return
    wish, told = wishes(stage)
    if stage.chance(5):
        text = {"type": "input_text", "text": sentence(stage)}
        wish["input"] = [{"type": "message", "role": "user", "content": [text]}]
    else:
        wish["instructions"] = sentence(stage)
    if model.media_track:
        # Two responses are not played over each other.
        wish["output_modalities" if stage.ga else "modalities"] = ["text"]
    yield (request := stage.ask({"response": {"conversation": "none", **wish}}))
    stage.await_answer("response.create", request | {"told": {**told, "outside": True}})


def wishes(stage: Stage) -> tuple[Event, Event]:
    """What a client wants of one response: as it says it, and in our own terms."""
    wish: Event = {}
    told: Event = {}
    if stage.chance(2):
        told["metadata"] = wish["metadata"] = {"topic": stage.pick(CITIES)}
    if stage.has("failures") and stage.chance(2):
        name = "max_output_tokens" if stage.ga else "max_response_output_tokens"
        told["limit"] = wish[name] = LIMIT
    if stage.chance(1):
        told["modality"] = "text"
        wish["output_modalities" if stage.ga else "modalities"] = ["text"]
    return wish, told


@move("response.created", "conversation", weight=20)
def created(stage: Stage, key: Key) -> Iterator[Event]:
    """Answer a request, or a turn that the server detected."""
    model = stage.model
    asked = stage.first("response.create")
    told: Event = {}
    if asked is not None:
        told = asked["told"]
        if told.get("outside"):
            return
    elif model.due is None or stage.state("conversation item", model.due) in ("unknown", "announced"):
        return
    if stage.waiting("session.update"):
        return
    response = Response(
        stage.name("resp"), told, told.get("modality") or model.modality, model.limit, outside=False
    )
    yield begin(stage, response)
    if asked is not None:
        stage.answered("response.create")
    else:
        model.due = None


@move("response.created", "session", weight=20, needs="out-of-band")
def created_outside(stage: Stage, key: Key) -> Iterator[Event]:
    asked = stage.first("response.create")
    if asked is None or not asked["told"].get("outside"):
        return
    told = asked["told"]
    # Two responses are not played over each other.
    modality = "text" if stage.model.media_track else told.get("modality") or stage.model.modality
    response = Response(stage.name("resp"), told, modality, stage.model.limit, outside=True)
    yield begin(stage, response)
    stage.answered("response.create")


def begin(stage: Stage, response: Response) -> Event:
    """Decide what the response will be, and show it as it begins."""
    model = stage.model
    if stage.has("failures") and stage.chance(3):
        response.ending = ending(stage, response)
    kinds = ["message"]
    if stage.has("functions") and not response.outside:
        kinds = stage.pick(
            (["message"], ["function_call"], ["message", "function_call"], ["function_call"] * 2)
        )
    if stage.has("mcp") and not response.outside and remote_ready(stage):
        kinds = stage.pick((kinds, ["mcp_call"]))
        approve = model.tools[-1]["require_approval"] == "always"
        if approve and kinds == ["mcp_call"]:
            kinds = ["mcp_approval_request"]
    if response.ending[0] == "failed" and stage.chance(5):
        kinds = []
    if response.ending[0] != "completed":
        kinds = [kind for kind in kinds if not kind.startswith("mcp")]
        if not kinds and response.ending[0] == "incomplete":
            kinds = ["message"]
    response.wanted = kinds
    response.created = response_object(stage, response, "in_progress")
    model.responses[response.id] = response
    stage.expect("response", response.id)
    return {"response": response.created}


def remote_ready(stage: Stage) -> bool:
    """Whether the tools of the remote server are known."""
    return any(
        item.shape["type"] == "mcp_list_tools" and stage.state("conversation item", item.id) == "done"
        for item in stage.model.items.values()
    )


def ending(stage: Stage, response: Response) -> tuple[str, Any]:
    """An end other than the good one."""
    status = stage.pick(("incomplete", "failed"))
    if status == "failed":
        error = {"type": "server_error", "code": None, "message": "Something went wrong."}
        return status, {"type": status, "error": error}
    reason = "max_output_tokens" if response.asked.get("limit") == LIMIT else "content_filter"
    return status, {"type": status, "reason": reason}


@move("response.cancel", "response", weight=2, needs="failures", costs="extras")
def cancel(stage: Stage, key: Key) -> Iterator[Event]:
    response = stage.model.responses[key[0]]
    if (
        stage.state("response", *key) != "active"
        or response.stopped
        or not response.items
        or stage.waiting("response.cancel")
    ):
        return
    if any(item.shape["type"].startswith("mcp") for item in response.items):
        return
    named = {"response_id": response.id} if response.outside or stage.below(2) else {}
    yield (request := stage.ask(named))
    response.stopped = True
    response.ending = ("cancelled", {"type": "cancelled", "reason": "client_cancelled"})
    stage.await_answer("response.cancel", request)


@move("response.done", "response", weight=20)
def done(stage: Stage, key: Key) -> Iterator[Event]:
    response = stage.model.responses[key[0]]
    status, details = response.ending
    if response.wanted and not response.stopped:
        return
    running = [item for item in response.items if item.shape["type"] == "mcp_call" and item.ready]
    if any(stage.state("output item", item.id) == "open" for item in response.items if item not in running):
        return
    mirrored = ("done", "deleted") if stage.ga else ("added", "deleted")
    if any(
        not item.outside and stage.state("conversation item", item.id) not in mirrored
        for item in response.items
        if item not in running
    ):
        return
    output = [item.final or item.shape for item in response.items]
    cost = None if status == "failed" else usage(response)
    shown = response_object(stage, response, status, status_details=details, output=output, usage=cost)
    yield {"response": shown}
    stage.model.limits_due = True
    if stage.waiting("response.cancel"):
        stage.answered("response.cancel")
