"""Items of the conversation: who asks for them, how they are announced, what else clients do with them."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.protocol.calls import is_lost
from rtproto.protocol.engine import Key
from rtproto.testing.model import WORDS, Event, Item
from rtproto.testing.stage import Stage, move


def sentence(stage: Stage) -> str:
    """A short text."""
    return "".join(stage.pick(WORDS) for _ in range(1 + stage.below(3)))


def create(stage: Stage, item: Event, previous: str | None = None) -> Iterator[Event]:
    """Ask for an item; the server announces it under the client's id, or under one of its own."""
    # The types want an approval to come under the client's id.
    approval = item["type"] == "mcp_approval_response"
    prefix = "item_c" if approval else stage.pick(("item_c", "item_s"))
    named = stage.name(prefix)
    asked = {"id": named, **item} if prefix == "item_c" else item
    request: Event = {"item": asked}
    if previous is not None:
        request["previous_item_id"] = previous
    yield (request := stage.ask(request))
    status = {} if approval else {"status": "completed"}
    shape = {"object": "realtime.item", **status, **item, "id": named}
    made = Item(shape)
    made.final = shape
    stage.model.items[named] = made
    stage.await_answer("conversation.item.create", request | {"named": named})
    stage.expect("conversation item", named)


def calm(stage: Stage) -> bool:
    """The session takes new input: nothing else of the user's is under way."""
    return stage.state("input audio buffer") == "silent" and not stage.waiting(
        "session.update", "input_audio_buffer.commit"
    )


@move("conversation.item.create", "session", needs="text", costs="turns")
def write(stage: Stage, key: Key) -> Iterator[Event]:
    model = stage.model
    if model.transcribes or not calm(stage) or model.due:
        return
    if stage.state("session") == "awaiting" and not stage.has("early"):
        return
    content: Event = {"type": "input_text", "text": sentence(stage)}
    yield from create(stage, {"type": "message", "role": "user", "content": [content]})
    model.unanswered = True


@move("conversation.item.create", "session", weight=4, needs="items", costs="extras")
def recall(stage: Stage, key: Key) -> Iterator[Event]:
    """Put something into the history: what a system says, or what the assistant said before; anywhere."""
    model = stage.model
    if model.transcribes or not calm(stage) or stage.state("session") == "awaiting":
        return
    role = stage.pick(("system", "assistant"))
    kind = "input_text" if role == "system" else "output_text" if stage.ga else "text"
    item = {"type": "message", "role": role, "content": [{"type": kind, "text": sentence(stage)}]}
    placed = stage.pick((None, "root", *stage.facts.conversation))
    if placed is not None and (
        stage.waiting("conversation.item.create", "conversation.item.delete") or stage.busy()
    ):
        return
    yield from create(stage, item, placed)


def unanswered(stage: Stage, call_id: str) -> bool:
    """Whether no output that answers the call is in the conversation any more."""
    return not any(
        item.shape.get("output") is not None
        and item.shape.get("call_id") == call_id
        and stage.state("conversation item", item.id) != "deleted"
        for item in stage.model.items.values()
    )


@move("conversation.item.create", "function call", weight=20, needs="functions")
def answer_call(stage: Stage, key: Key) -> Iterator[Event]:
    """Send the output of a call."""
    item = stage.model.items.get(stage.facts.call_items.get(key[0], ""))
    if item is None or not item.ready or stage.model.over or is_lost(stage.facts, key[0]):
        return
    if stage.state("function call", *key) != "called" and not unanswered(stage, key[0]):
        return
    if any(ask["item"].get("call_id") == key[0] for ask in stage.asked.get("conversation.item.create", ())):
        return
    output = stage.pick(('{"sky":"clear"}', "", "7°"))
    yield from create(stage, {"type": "function_call_output", "call_id": key[0], "output": output})
    stage.model.unanswered = True


@move("conversation.item.added", "conversation item", weight=60)
def added(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items.get(key[0])
    if item is None or item.outside:
        return
    asked = stage.first("conversation.item.create")
    by_client = item.response is None and any(
        ask["named"] == item.id for ask in stage.asked.get("conversation.item.create", ())
    )
    previous = stage.facts.tail()
    if by_client and asked is not None:
        if asked["named"] != item.id:
            return
        wanted = asked.get("previous_item_id")
        if wanted == "root":
            previous = None
        elif wanted in stage.facts.conversation:
            previous = wanted
    elif stage.facts.committed_item == item.id:
        previous = item.previous
    elif item.response is None and item.shape["type"] != "mcp_list_tools":
        return
    if stage.facts.committed_item not in (None, item.id):
        # The item of a commit is the very next one.
        return
    if item.response is None and any(unfinished(stage, other) for other in stage.model.items.values()):
        return
    yield {"previous_item_id": previous, "item": item.shape}
    item.previous = previous
    if by_client:
        stage.answered("conversation.item.create")


def unfinished(stage: Stage, item: Item) -> bool:
    """Whether an item that nobody has to generate is still to be done, which it is before the next one comes."""
    return (
        stage.ga
        and item.response is None
        and item.shape["type"] != "mcp_list_tools"
        and stage.state("conversation item", item.id) == "added"
    )


@move("conversation.item.done", "conversation item", weight=60, dialects=("ga",))
def done(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items.get(key[0])
    if item is None or item.final is None or item.is_done:
        return
    if any(ask["named"] == item.id for ask in stage.asked.get("conversation.item.create", ())):
        return
    yield {"previous_item_id": item.previous, "item": item.final}
    item.is_done = True


@move("conversation.item.create", "conversation item", weight=2, needs="items", costs="extras")
def replace(stage: Stage, key: Key) -> Iterator[Event]:
    """Put an item that was deleted back under its id, with another text."""
    model, item = stage.model, stage.model.items.get(key[0])
    if item is None or stage.state("conversation item", *key) != "deleted" or not calm(stage):
        return
    if item.shape.get("role") not in ("user", "system") or item.shape["content"][0]["type"] != "input_text":
        return
    if any(stage.asked.values()) or stage.busy() or model.due:
        return
    content = [{"type": "input_text", "text": sentence(stage)}]
    shape = {**item.shape, "content": content}
    asked = {"id": item.id, "type": "message", "role": shape["role"], "content": content}
    yield (request := stage.ask({"item": asked}))
    model.items[item.id] = again = Item(shape)
    again.final = shape
    stage.await_answer("conversation.item.create", request | {"named": item.id})


def settled(stage: Stage, id: str) -> bool:
    """Whether an item is in the conversation, complete, and nothing is asked about it."""
    item = stage.model.items.get(id)
    state = stage.state("conversation item", id)
    if item is None or item.final is None or state not in ("added", "done"):
        return False
    if item.response is not None and stage.state("output item", id) != "done":
        return False
    about = (ask.get("item_id") for queue in stage.asked.values() for ask in queue)
    placed = (ask.get("previous_item_id") for ask in stage.asked.get("conversation.item.create", ()))
    return id not in about and id not in placed


@move("conversation.item.retrieve", "conversation item", weight=1, needs="items", costs="extras")
def retrieve(stage: Stage, key: Key) -> Iterator[Event]:
    if not settled(stage, key[0]):
        return
    yield (request := stage.ask({"item_id": key[0]}))
    stage.await_answer("conversation.item.retrieve", request)


@move("conversation.item.retrieved", "conversation item", weight=20)
def retrieved(stage: Stage, key: Key) -> Iterator[Event]:
    asked = stage.first("conversation.item.retrieve")
    if asked is None or asked["item_id"] != key[0]:
        return
    item = stage.model.items[key[0]]
    shown = item.final or {}
    if item.cut is not None:
        # What was heard of it is not known as text.
        shown = {**shown, "content": [{"type": part["type"]} for part in shown["content"]]}
    yield {"item": shown}
    stage.answered("conversation.item.retrieve")


@move("conversation.item.delete", "conversation item", weight=6, needs="items", costs="extras")
def delete(stage: Stage, key: Key) -> Iterator[Event]:
    item = stage.model.items.get(key[0])
    if item is not None and item.shape["type"] == "message" and at_rest(stage, key[0]):
        yield from ask_to_delete(stage, key[0])


@move("conversation.item.delete", "conversation item", weight=60, needs="items", costs="extras")
def delete_at_once(stage: Stage, key: Key) -> Iterator[Event]:
    """Delete an item that has joined and is still to be done: the two cross on their way."""
    if stage.state("conversation item", *key) == "added":
        yield from delete(stage, key)


@move("conversation.item.delete", "function call", weight=20, needs="items", costs="extras")
def delete_output(stage: Stage, key: Key) -> Iterator[Event]:
    """Take the output of a call back, to send another."""
    for item in stage.model.items.values():
        given = item.shape["type"] == "function_call_output" and item.shape["call_id"] == key[0]
        if given and at_rest(stage, item.id):
            yield from ask_to_delete(stage, item.id)
            return


def ask_to_delete(stage: Stage, id: str) -> Iterator[Event]:
    yield (request := stage.ask({"item_id": id}))
    stage.await_answer("conversation.item.delete", request)


def at_rest(stage: Stage, id: str) -> bool:
    """Whether an item can be deleted without anything else being about it, or following it."""
    if not settled(stage, id) or stage.busy() or any(stage.asked.values()):
        return False
    if stage.model.due or (stage.model.unanswered and stage.model.items[id].shape["type"] == "message"):
        return False
    heard = stage.state("transcription", id, 0) == "streaming"
    return not heard and stage.state("input audio buffer") == "silent"


@move("conversation.item.deleted", "conversation item", weight=20)
def deleted(stage: Stage, key: Key) -> Iterator[Event]:
    asked = stage.first("conversation.item.delete")
    if asked is None or asked["item_id"] != key[0]:
        return
    yield {"item_id": key[0]}
    stage.answered("conversation.item.delete")
