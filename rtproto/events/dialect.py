"""The three dialects as values: their event types by direction, and decoders for them.

`extras` are events that real servers of a dialect send although no published union of it has them; a dialect's decoder
knows them, its counted types do not.  Decoders are built when first asked for, since a union of fifty Structs takes
some milliseconds.
"""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import msgspec

from . import beta, ga, translation
from .base import Event

Direction: TypeAlias = Literal["client", "server"]


def event_type(event: Event | type[Event]) -> str:
    """The name on the wire of an event, or of a class of events: `response.done` of `ResponseDone`."""
    return str(event.__struct_config__.tag)


@functools.cache
def typed_decoder(cls: type[Event]) -> msgspec.json.Decoder[Any]:
    """The decoder of one class of events.  It is made once; it raises `msgspec.DecodeError` as msgspec does."""
    return msgspec.json.Decoder(cls)


def _any_of(classes: tuple[type[Event], ...]) -> Any:
    """The union of the classes; type checkers cannot follow one that is made at run time."""
    union: Any = classes[0]
    for cls in classes[1:]:
        union |= cls
    return union


class Dialect:
    """A way to speak the Realtime protocol: its name, and the events that each side may send."""

    def __init__(
        self,
        name: str,
        *,
        client: tuple[type[Event], ...],
        server: tuple[type[Event], ...],
        extras: tuple[type[Event], ...] = (),
    ) -> None:
        self.name = name
        self.client = client
        self.server = server
        self.extras = extras
        self.client_types: Mapping[str, type[Event]] = MappingProxyType(
            {event_type(cls): cls for cls in client}
        )
        self.server_types: Mapping[str, type[Event]] = MappingProxyType(
            {event_type(cls): cls for cls in server}
        )

    def __repr__(self) -> str:
        return f"<Dialect {self.name}: {len(self.client)} client and {len(self.server)} server events>"

    @functools.cached_property
    def client_decoder(self) -> msgspec.json.Decoder[Any]:
        """Decodes any event of this dialect's client, by its `type`."""
        return msgspec.json.Decoder(_any_of(self.client))

    @functools.cached_property
    def server_decoder(self) -> msgspec.json.Decoder[Any]:
        """Decodes any event of this dialect's server, extras among them, by its `type`."""
        return msgspec.json.Decoder(_any_of(self.server + self.extras))

    def typed_decoder(self, cls: type[Event]) -> msgspec.json.Decoder[Any]:
        """The decoder of one class of events; the same for all dialects."""
        return typed_decoder(cls)


BETA = Dialect(
    "beta",
    client=beta.CLIENT_EVENTS,
    server=beta.SERVER_EVENTS,
    extras=(beta.TranscriptionSessionCreated, beta.ConversationItemDone),
)
GA = Dialect("ga", client=ga.CLIENT_EVENTS, server=ga.SERVER_EVENTS)
TRANSLATION = Dialect("translation", client=translation.CLIENT_EVENTS, server=translation.SERVER_EVENTS)

DIALECTS: Mapping[str, Dialect] = MappingProxyType({d.name: d for d in (BETA, GA, TRANSLATION)})


SESSION_STARTS = ("session.created", "transcription_session.created")
"""What a server begins with, and no client ever sends."""
ITEM_ADDED = ("conversation.item.added", "conversation.item.created")
"""With what a server puts an item into the conversation: GA, and beta."""
SESSION_UPDATES = ("session.update", "transcription_session.update")
"""What a client configures its session with."""

_DIRECTION_OF: Mapping[str, Direction] = {
    **{name: "client" for dialect in DIALECTS.values() for name in dialect.client_types},
    **{event_type(cls): "server" for dialect in DIALECTS.values() for cls in dialect.server + dialect.extras},
}

_CLASSES_OF: dict[str, list[type[Event]]] = {}
for _dialect in DIALECTS.values():
    for _cls in _dialect.client + _dialect.server + _dialect.extras:
        _known = _CLASSES_OF.setdefault(event_type(_cls), [])
        if _cls not in _known:
            _known.append(_cls)


def direction_of(type: str) -> Direction | None:
    """Who sends events of this type, over all dialects; None for a type that no dialect has.

    No type is sent by both sides, in one dialect or across them.
    """
    return _DIRECTION_OF.get(type)


def class_for(type: str) -> list[type[Event]]:
    """The classes of events of this type, over all dialects; one where the dialects share it."""
    return list(_CLASSES_OF.get(type, ()))
