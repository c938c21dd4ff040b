"""What is remembered of an item and of a response: small records, no payloads."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import UNSET

from rtproto.protocol.values import tag_of

Identity: TypeAlias = tuple[str | None, str | None, str | None, str | None]
IDENTITY = ("type", "role", "name", "server_label")
"""The members of an item that stay as they were announced."""


def wants_answer(item: Any) -> bool:
    """Whether a client gives an item of that kind to have a response to it."""
    return tag_of(item) == "function_call_output" or getattr(item, "role", None) == "user"


def identity(item: Any) -> Identity:
    """The values of those members, each None where there is none."""
    role, name = getattr(item, "role", None), getattr(item, "name", None)
    label = getattr(item, "server_label", None)
    return (
        tag_of(item),
        None if role is UNSET else role,
        None if name is UNSET else name,
        None if label is UNSET else label,
    )


def kinds(item: Any) -> tuple[str | None, ...]:
    """The types of an item's content parts."""
    return tuple(map(tag_of, getattr(item, "content", None) or ()))


CLIENT_IDS = 16_384
"""Ids of the client's events that are remembered at most; errors refer to the latest."""


class Item:
    """What is remembered of a conversation item."""

    __slots__ = (
        "announced_by",
        "call_id",
        "id",
        "identity",
        "label",
        "line",
        "name",
        "parts",
        "previous",
        "response_id",
        "role",
        "type",
    )

    def __init__(self, item: Any, event: Any, line: int, response_id: str | None) -> None:
        self.id: str = getattr(item, "id", None) or ""
        self.identity = identity(item)
        type, self.role, self.name, self.label = self.identity
        self.type: str = type or ""
        call_id = getattr(item, "call_id", None)
        self.call_id: str | None = None if call_id is UNSET else call_id
        self.previous: Any = UNSET
        """The `previous_item_id` with which it was added to the conversation."""
        self.parts = kinds(item)
        """The types of its content parts, as it was announced; of a generated item that is done, as it was then."""
        self.line = line
        self.announced_by = tag_of(event) or ""
        self.response_id = response_id


class Response:
    """What is remembered of a response."""

    __slots__ = (
        "asked",
        "audio_part",
        "cause",
        "created",
        "default",
        "done",
        "done_items",
        "id",
        "line",
        "open_items",
        "output",
        "outside",
        "session",
        "turn",
    )

    def __init__(self, id: str, line: int, default: bool) -> None:
        self.id = id
        self.line = line
        self.default = default
        """Whether it writes to the default conversation."""
        self.output: dict[int, str] = {}
        """Item ids by output_index, as `response.output_item.added` announced them."""
        self.open_items: set[str] = set()
        """Items of which something is still to be streamed."""
        self.done_items: dict[str, Any] = {}
        """The items as `response.output_item.done` showed them, until the response is done."""
        self.created: Any = None
        """The response as `response.created` showed it, until it is done; None where that was not recorded."""
        self.asked: Any = None
        """The `response` of the `response.create` that it answers, until it is done."""
        self.session: Any = None
        """The effective session when it was created, until it is done."""
        self.cause: tuple[int, str] | None = None
        """What it answers, a request or a turn of the user's: line and type of the event; None where none is known."""
        self.turn: tuple[int, str] | None = None
        """The turn that it may answer instead of the request."""
        self.done = False
        self.outside = False
        """Its `conversation_id` is an explicit null: its items belong to no conversation."""
        self.audio_part = False
        """A content part of audio was added to it."""


def response_of(entity: Any) -> Any:
    """The id of the response in which the engine found that entity first; None where it is in none."""
    while entity is not None and entity.machine.name != "response":
        entity = entity.parent
    return None if entity is None else entity.key[0]


def settle(stream: Any, said: Any) -> None:
    """The done event has the last word on a stream: what comes after is compared with it."""
    if stream is not None and isinstance(said, str):
        stream.text[:] = [said]
