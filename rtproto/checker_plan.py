"""What the checker knows before it sees an event: rules by what they look at, and what is done with each event type.

Made once for all connections; `Side` alone belongs to one of them.
"""

from __future__ import annotations

import functools
from typing import Any

from msgspec import UNSET

from rtproto.events.dialect import DIALECTS
from rtproto.protocol.engine import Course, Step
from rtproto.protocol.facts import CLIENT_HANDLERS, SERVER_HANDLERS
from rtproto.protocol.ledger import ANSWERS
from rtproto.protocol.routes import routes_of
from rtproto.rules import RULES
from rtproto.rules.base import Rule
from rtproto.wire import AUDIO_FIELDS, Decoder

EVENT_IDS = 65_536
"""Server event ids that are remembered at least, to tell when one comes again; at most twice as many are."""
NO_IDS: dict[Any, int] = {"": 0, None: 0, UNSET: 0}
"""What stands where an event has no id: found among the ids, it leads to a closer look."""

CHECKS: dict[str, tuple[Rule, ...]] = {}
INSTANCES: dict[str, Rule] = {
    code: rule() for code, rule in sorted(RULES.items(), key=lambda entry: (entry[1].last, entry[0]))
}
for _rule in INSTANCES.values():
    for _type in _rule.on:
        CHECKS[_type] = (*CHECKS.get(_type, ()), _rule)


class Plan:
    """What is done with the events of one type in one dialect: the tables they move, the rules that look, the fact they
    become.  Made once for all connections."""

    __slots__ = ("answers", "audio", "checks", "course", "handler", "key", "raw_checks", "type")

    def __init__(self, type: str, direction: str, dialect: str) -> None:
        self.type = type
        rules = [rule for rule in CHECKS.get(type, ()) if dialect in rule.dialects]
        self.checks = tuple(rule for rule in rules if not rule.reads_raw)
        self.raw_checks = tuple(rule for rule in rules if rule.reads_raw)
        """Rules that judge the bytes, also of an event that did not decode."""
        self.course = Course(
            type, routes_of(dialect, type), [name for rule in rules for name in rule.depends]
        )
        self.key = self.course.key if all(rule.depends for rule in rules) else None
        """Reads all that the tables and rules look at in an event; None where a repetition must be judged again."""
        self.handler = (CLIENT_HANDLERS if direction == "client" else SERVER_HANDLERS).get(type)
        self.audio = type in AUDIO_FIELDS
        self.answers = direction == "server" and (
            type == "error" or any(type in each for each in ANSWERS.values())
        )


plan_of = functools.cache(Plan)


class Side:
    """One direction of a connection."""

    __slots__ = ("decoder", "events", "ids", "older_ids", "steps")

    def __init__(self, dialect: str, direction: str) -> None:
        self.decoder = Decoder(DIALECTS[dialect], direction=direction)
        self.events = 0
        self.steps: dict[type, tuple[Plan, Step]] = {}
        """By class of event, so that the common event needs one look-up."""
        self.ids: dict[Any, int] | None = None if direction == "client" else dict(NO_IDS)
        """Event ids of this side and their lines, the latest `EVENT_IDS` at most; None where they need not differ."""
        self.older_ids: dict[Any, int] = {}
        """The generation of ids before that."""

    def note_id(self, event_id: Any, line: int) -> int | None:
        """Remember an event's id; returns the line of the event that had it before (0: it is no id at all)."""
        ids = self.ids
        if ids is None:
            return None
        if event_id in ids or event_id in self.older_ids:
            return ids.get(event_id) or self.older_ids.get(event_id, 0)
        ids[event_id] = line
        if len(ids) > EVENT_IDS:
            self.turn_over()
        return None

    def turn_over(self) -> None:
        """Begin a new generation of ids, so that their number stays bounded."""
        self.older_ids, self.ids = self.ids or {}, dict(NO_IDS)
