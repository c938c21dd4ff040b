"""What a response consists of: items, parts, and the streams that fill them."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.engine import Key
from rtproto.testing.model import (
    CITIES,
    FUNCTIONS,
    LABEL,
    REMOTE,
    WORDS,
    Event,
    Item,
    Part,
    arguments,
)
from rtproto.testing.stage import Stage, move


@move("response.output_item.added", "response", weight=20)
def item_added(stage: Stage, key: Key) -> Iterator[Event]:
    response = stage.model.responses[key[0]]
    if response.stopped or not response.wanted:
        return
    if any(stage.state("output item", item.id) == "open" for item in response.items):
        return
    kind = response.wanted[0]
    id = stage.name("item_a")
    item = Item(shape(stage, kind, id), response.id)
    item.outside = response.outside
    yield {"response_id": response.id, "output_index": len(response.items), "item": item.shape}
    del response.wanted[0]
    response.items.append(item)
    stage.model.items[id] = item
    stage.expect("output item", id)
    if not response.outside:
        stage.expect("conversation item", id)
    if kind in ("function_call", "mcp_call"):
        whole = arguments(stage.pick(CITIES))
        half = stage.below(len(whole))
        item.args = [piece for piece in (whole[:half], whole[half:]) if piece]
        stage.expect("stream", id, "0", "arguments")
    if kind == "function_call":
        stage.expect("function call", item.shape["call_id"])
    elif kind == "mcp_call":
        stage.expect("mcp call", id)
    elif kind == "mcp_approval_request":
        item.final = item.shape
        stage.expect("mcp approval", id)


def shape(stage: Stage, kind: str, id: str) -> Event:
    """An item as it is announced: empty."""
    base: Event = {"id": id, "object": "realtime.item", "type": kind}
    if kind == "message":
        return {**base, "status": "in_progress", "role": "assistant", "content": []}
    if kind == "function_call":
        name = stage.pick(FUNCTIONS)
        return {**base, "status": "in_progress", "name": name, "call_id": stage.name("call"), "arguments": ""}
    called = {"id": id, "type": kind, "server_label": LABEL, "name": stage.pick(REMOTE)}
    whole = arguments(stage.pick(CITIES)) if kind == "mcp_approval_request" else ""
    return {**called, "arguments": whole}


@move("response.content_part.added", "output item", weight=20)
def part_added(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items[key[0]]
    response = stage.model.responses[item.response or ""]
    if stage.state("conversation item", item.id) == "announced":
        return
    if (
        item.shape["type"] != "message"
        or item.part is not None
        or (response.stopped and len(response.items) > 1)
    ):
        return
    spoken = response.modality == "audio"
    kind = "audio" if spoken else "text"
    text = [stage.pick(WORDS) for _ in range(1 + stage.below(4))]
    pieces = 1 + stage.below(3) if spoken and not stage.model.media_track else 0
    part = Part(item, kind, text, [stage.pick((60, 120, 30)) for _ in range(pieces)])
    empty = {"type": "audio", "transcript": ""} if spoken else {"type": "text", "text": ""}
    yield {**where(stage, item), "content_index": 0, "part": empty}
    item.part = part
    stage.expect("content part", item.id, 0)
    if spoken:
        stage.expect("stream", item.id, 0, "transcript")
        stage.expect("stream", item.id, 0, "audio")
        if stage.model.media_track:
            stage.expect("output audio buffer", response.id)
    else:
        stage.expect("stream", item.id, 0, "text")


def where(stage: Stage, item: Item) -> Event:
    """Where an item of a response is."""
    response = stage.model.responses[item.response or ""]
    return {"response_id": response.id, "item_id": item.id, "output_index": response.items.index(item)}


def stopped(stage: Stage, item: Item) -> bool:
    return stage.model.responses[item.response or ""].stopped


def speak(stage: Stage, key: Key, kind: str) -> Iterator[Event]:
    """A delta of text."""
    item = stage.model.items[key[0]]
    part = item.part
    if part is None or not part.text or stopped(stage, item):
        return
    piece = part.text[0]
    yield {**where(stage, item), "content_index": 0, "delta": piece}
    del part.text[0]
    part.said += piece
    ending_reached(stage, item)


def ending_reached(stage: Stage, item: Item) -> None:
    """A response that will not be complete stops somewhere."""
    response = stage.model.responses[item.response or ""]
    if response.ending[0] in ("incomplete", "failed") and stage.chance(3):
        response.stopped = True


def finish(stage: Stage, key: Key, name: str) -> Iterator[Event]:
    """The end of a stream of text."""
    item = stage.model.items[key[0]]
    part = item.part
    if part is None or (part.text and not stopped(stage, item)):
        return
    yield {**where(stage, item), "content_index": 0, name: part.said}


@move("response.output_text.delta", "stream:text")
def text_delta(stage: Stage, key: Key) -> Iterator[Event]:
    yield from speak(stage, key, "text")


@move("response.output_text.done", "stream:text")
def text_done(stage: Stage, key: Key) -> Iterator[Event]:
    yield from finish(stage, key, "text")


@move("response.output_audio_transcript.delta", "stream:transcript")
def transcript_delta(stage: Stage, key: Key) -> Iterator[Event]:
    yield from speak(stage, key, "transcript")


@move("response.output_audio_transcript.done", "stream:transcript")
def transcript_done(stage: Stage, key: Key) -> Iterator[Event]:
    yield from finish(stage, key, "transcript")


@move("response.output_audio.delta", "stream:audio")
def audio_delta(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items[key[0]]
    part = item.part
    if part is None or not part.audio or stopped(stage, item) or item.cut is not None:
        return
    yield {**where(stage, item), "content_index": 0, "delta": stage.model.audio(part.audio[0])}
    part.ms += part.audio.pop(0)
    ending_reached(stage, item)


@move("response.output_audio.done", "stream:audio")
def audio_done(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items[key[0]]
    part = item.part
    if part is None or (part.audio and not stopped(stage, item) and item.cut is None):
        return
    yield {**where(stage, item), "content_index": 0}


@move("response.content_part.done", "content part", weight=20)
def part_done(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items[key[0]]
    part = item.part
    kinds = ("text",) if part is None or part.kind == "text" else ("transcript", "audio")
    if part is None or any(stage.state("stream", item.id, 0, kind) != "done" for kind in kinds):
        return
    said = (
        {"type": "text", "text": part.said}
        if part.kind == "text"
        else {"type": "audio", "transcript": part.said}
    )
    yield {**where(stage, item), "content_index": 0, "part": said}
    name = part.kind if not stage.ga else f"output_{part.kind}"
    cut = bool(part.text or part.audio) or (stopped(stage, item) and not completed(stage, item))
    status = "incomplete" if cut else "completed"
    item.final = {**item.shape, "status": status, "content": [{**said, "type": name}]}


def completed(stage: Stage, item: Item) -> bool:
    """Whether the item was complete before its response was stopped, or might have been."""
    response = stage.model.responses[item.response or ""]
    return response.ending[0] not in ("incomplete", "failed")


@move("response.function_call_arguments.delta", "stream:arguments")
def arguments_delta(stage: Stage, key: Key) -> Iterator[Event]:
    yield from argue(stage, key, "function_call")


@move("response.function_call_arguments.done", "stream:arguments")
def arguments_done(stage: Stage, key: Key) -> Iterator[Event]:
    yield from argued(stage, key, "function_call")


def argue(stage: Stage, key: Key, kind: str) -> Iterator[Event]:
    """A piece of a call's arguments."""
    item = stage.model.items[key[0]]
    if item.shape["type"] != kind or not item.args or (stopped(stage, item) and kind == "function_call"):
        return
    call = {"call_id": item.shape["call_id"]} if kind == "function_call" else {}
    yield {**where(stage, item), **call, "delta": item.args[0]}
    del item.args[0]
    ending_reached(stage, item)


def argued(stage: Stage, key: Key, kind: str) -> Iterator[Event]:
    """The end of a call's arguments."""
    item = stage.model.items[key[0]]
    if item.shape["type"] != kind or (item.args and not (stopped(stage, item) and kind == "function_call")):
        return
    if stage.state("conversation item", item.id) == "announced":
        return
    entity = stage.engine.find("stream", key)
    said = "".join(entity.text) if entity is not None else ""
    call = {"call_id": item.shape["call_id"], "name": item.shape["name"]} if kind == "function_call" else {}
    yield {**where(stage, item), **call, "arguments": said}
    if kind == "function_call":
        cut = bool(item.args) or stage.model.responses[item.response or ""].ending[0] in (
            "incomplete",
            "failed",
        )
        item.final = {**item.shape, "status": "incomplete" if cut else "completed", "arguments": said}
        item.ready = not cut
    else:
        item.shape = {**item.shape, "arguments": said}
        item.ready = True


@move("response.output_item.done", "output item", weight=20)
def item_done(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items[key[0]]
    response = stage.model.responses[item.response or ""]
    if item.final is None and response.stopped and item.part is None and item.shape["type"] == "message":
        item.final = {**item.shape, "status": "incomplete"}
    if item.final is None:
        return
    if item.part is not None and stage.state("content part", item.id, 0) != "done":
        return
    if stage.ga and not item.outside and stage.state("conversation item", item.id) != "done":
        return
    yield {"response_id": response.id, "output_index": response.items.index(item), "item": item.final}
