"""How well an answer fits a request of its kind: what tells the pending requests of a type apart."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from rtproto.events.base import Event
from rtproto.events.dialect import SESSION_UPDATES
from rtproto.protocol.echo import ignored, plain
from rtproto.protocol.values import field, listed, tag_of

WRONG, MISPLACED, FITS = range(3)
"""The answer shows other values than were asked for; the same, in another place; nothing else than was asked for."""


def fit(question: str, asked: Any, answer: Any) -> int:
    """How well a success answers an event of that type that the client sent."""
    if question == "conversation.item.create":
        return _item(asked, answer)
    if question == "conversation.item.truncate":
        return (
            FITS if all(_same(asked, answer, name) for name in ("content_index", "audio_end_ms")) else WRONG
        )
    if question == "response.create" and field(asked, "response", "conversation") == "none":
        # Those of the conversation are begun one after another, in the order in which they were asked for.
        given = getattr(field(answer, "response"), "metadata", UNSET)
        wanted = field(asked, "response", "metadata")
        return FITS if given is UNSET or (given or None) == (wanted or None) else WRONG
    if question in SESSION_UPDATES:
        return FITS if _shown(asked, answer) else WRONG
    return FITS


def keeps_words(asked: Any, item: Any) -> bool:
    """Whether an item has the texts with which it was asked for, as far as both tell them."""
    content = getattr(item, "content", None)
    if content is not None and content == getattr(asked, "content", None):
        return True
    pairs = zip(_words(asked), _words(item), strict=False)
    return all(None in (wanted, shown) or wanted.strip() == shown.strip() for wanted, shown in pairs)


def in_place(asked: Any, answer: Any) -> bool:
    """Whether an item came where the client wanted it; an empty string asks for nothing."""
    wanted = field(asked, "previous_item_id")
    if not wanted:
        return True
    actual = getattr(answer, "previous_item_id", UNSET)
    return actual is UNSET or actual == (None if wanted == "root" else wanted)


def _item(asked: Any, answer: Any) -> int:
    if not keeps_words(field(asked, "item"), field(answer, "item")):
        return WRONG
    return FITS if in_place(asked, answer) else MISPLACED


def _words(item: Any) -> list[Any]:
    return [field(item, "output"), *(field(part, "text") for part in listed(item, "content") or ())]


def _same(asked: Any, answer: Any, name: str) -> bool:
    wanted, actual = field(asked, name), field(answer, name)
    return None in (wanted, actual) or wanted == actual


def _shown(asked: Any, answer: Any) -> bool:
    if not isinstance(asked, Event) or not isinstance(answer, Event):
        return True
    session: Any = field(asked, "session")
    kind = tag_of(session)
    if kind is not None and kind != tag_of(field(answer, "session")):
        return True  # Another kind of session: nothing of it compares.
    return next(ignored(plain(session), plain(field(answer, "session"))), None) is None
