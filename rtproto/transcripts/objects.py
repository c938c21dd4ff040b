"""Events as an SDK's objects, on one line each, as Python prints them.

    INFO:agent:event SessionCreatedEvent(event_id='event_1', session=Session(type='realtime'), type='session.created')

The member `type` says what event it is, and where the printer cut that off, the class does: its name is made from the
type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from rtproto.events.dialect import DIALECTS
from rtproto.transcripts.literals import Literal, read_object

_CLASS = re.compile(r"(?<!\w)[A-Z]\w+\Z")
_LONGEST = 100
"""Letters of the name of a class."""
_ARGUMENT = re.compile(r"\w{1,40}=(?!<)")


class Printed(Struct, frozen=True):
    """An object that was printed, and where in its line it begins and ends."""

    literal: Literal | None
    """What it says; None where it cannot be read, and all the rest of the line is taken for it."""
    start: int
    end: int


def find(text: str, start: int, end: int) -> Printed | None:
    """The first object that begins between those places; None where none does."""
    while (bracket := text.find("(", start, end)) >= 0:
        start = bracket + 1
        if _ARGUMENT.match(text, start) is None:
            continue
        name = _CLASS.search(text[max(0, bracket - _LONGEST) : bracket])
        if name is None:
            continue
        begin = bracket - len(name[0])
        found = read_object(text, begin)
        if found is None:
            return Printed(None, begin, len(text))
        literal, over = found
        return Printed(_named(literal, name[0]) if literal.elided else literal, begin, over)
    return None


def _named(literal: Literal, name: str) -> Literal:
    """What is left of an object, with the type that the name of its class says where its own was cut off."""
    members = msgspec.json.decode(literal.raw, type=dict[str, msgspec.Raw])
    if "type" in members or name not in TYPES:
        return literal
    return Literal(msgspec.json.encode({"type": TYPES[name], **members}), elided=True)


def _types() -> Mapping[str, str]:
    """The types of events by the names of their classes; where beta's and GA's classes have one name, GA's."""
    types: dict[str, str] = {}
    for dialect in ("beta", "ga"):
        for type in (*DIALECTS[dialect].client_types, *DIALECTS[dialect].server_types):
            # What GA calls outputs has kept its class.
            words = type.replace(".output_audio", ".audio").replace(".output_text", ".text")
            name = re.sub(r"[._]", " ", words).title().replace(" ", "")
            types[name] = types[name + "Event"] = type
    types["RealtimeErrorEvent"] = "error"
    return types


TYPES = _types()
"""The type of an event by the name of its class, with `Event` behind it and without."""
