"""The tables and the facts, moved by one event after the other, without the rules."""

from __future__ import annotations

from typing import Any

from rtproto.checker_plan import Place, plan_of
from rtproto.events.base import UnknownEvent
from rtproto.events.dialect import DIALECTS, event_type
from rtproto.protocol.engine import Engine, Entity
from rtproto.protocol.facts import Facts
from rtproto.protocol.machine import Breach
from rtproto.wire import Decoder, Fault

Cells = list[tuple[Entity, str, str | Breach]]
"""The entities that an event is an input of, outermost first: with the input, and where it leads."""


class Track:
    """What a connection has shown so far."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.facts = Facts(dialect=dialect)
        self.engine = Engine(self.facts)
        self.line = 0
        self._decoders = {side: Decoder(DIALECTS[dialect], direction=side) for side in ("client", "server")}
        self._places: dict[type, Place] = {}
        self._next: tuple[str, Place, Any, int | None] | None = None

    def look(self, direction: str, raw: bytes) -> Cells:
        """What the tables make of an event.  Raises `ValueError` for bytes that are no event of the dialect."""
        decoder = self._decoders[direction]
        event: Any = decoder.decode(raw)
        if isinstance(event, (Fault, UnknownEvent)):
            raise ValueError(f"no event of a {self.dialect} {direction}: {event}")
        place = self._places.get(event.__class__)
        if place is None:
            plan = plan_of(event_type(event), direction, self.dialect)
            place = self._places[event.__class__] = Place(plan, self.facts)
        self._next = direction, place, event, decoder.audio_bytes
        return list(self.engine.foresee(place.course, event))

    def follow(self) -> None:
        """Let the event that was looked at last happen."""
        if self._next is None:
            raise ValueError("no event was looked at")
        (direction, place, event, size), self._next = self._next, None
        self.line += 1
        self.facts.see(direction)
        self.engine.step(place, event, self.line)
        self.facts.mid_session = self.facts.ledger.midway = self.engine.mid_session
        if direction == "client":
            self.facts.note_client(place.plan.type, event, self.line)
        place.handler(event, self.line, place.entity, size)
        if place.plan.answers:
            self.facts.ledger.settle(event)
