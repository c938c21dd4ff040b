"""What the checker knows before it sees an event: rules by what they look at, and what is done with each event type.

Made once for all connections; `Side` alone belongs to one of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any

from msgspec import UNSET

from rtproto.checker_sieve import Sieve
from rtproto.events.dialect import DIALECTS
from rtproto.protocol.engine import Course, Step
from rtproto.protocol.facts import Facts
from rtproto.protocol.handlers import CLIENT_HANDLERS, SERVER_HANDLERS, no_fact
from rtproto.protocol.happenings import HAPPENINGS, Happening
from rtproto.protocol.ledger import QUESTIONS
from rtproto.protocol.routes import routes_of
from rtproto.rules import RULES
from rtproto.rules.base import Rule
from rtproto.wire import AUDIO_FIELDS, Decoder

CLOCK_SLACK = 0.01
"""Seconds by which a recording's clock may run backwards: two taps of one connection are not written in one go."""
LARGE_BYTES = 15 * 2**20
"""Bytes of a frame above which its audio is asked for its size; the API takes 15 MiB of audio in one event."""
EVENT_IDS = 65_536
"""Server event ids that are remembered unless something else is asked for."""
NO_IDS: dict[Any, int] = {"": 0, None: 0, UNSET: 0}
"""What stands where an event has no id: found among the ids, it leads to a closer look."""

CHECKS: dict[str, tuple[Rule, ...]] = {}
INSTANCES: dict[str, Rule] = {
    code: rule() for code, rule in sorted(RULES.items(), key=lambda entry: (entry[1].last, entry[0]))
}
for _rule in INSTANCES.values():
    for _type in _rule.on:
        CHECKS[_type] = (*CHECKS.get(_type, ()), _rule)

CLOSING = tuple(rule for rule in INSTANCES.values() if type(rule).at_close is not Rule.at_close)
"""The rules that judge what can only be judged when the recording is over."""

_CONFIGURED = ("session.created", "session.updated", "transcription_session.updated")


class Plan:
    """What is done with the events of one type in one dialect: the tables they move, the rules that look, the fact they
    become.  Made once for all connections.

    Types that no dialect has share the plans of the type "", since they are without number.
    """

    __slots__ = (
        "answers",
        "audio",
        "checks",
        "collects",
        "concerned",
        "configures",
        "course",
        "ends",
        "handler",
        "happening",
        "raw_checks",
        "type",
    )

    def __init__(self, type: str, direction: str, dialect: str) -> None:
        self.type = type
        rules = [rule for rule in CHECKS.get(type, ()) if dialect in rule.dialects]
        sieve = Sieve([(rule, rule.check) for rule in rules])
        self.checks = sieve.checks
        self.concerned = sieve.concerned if sieve.sorts else None
        """Chooses the rules that an event concerns; None where every event concerns them all."""
        self.raw_checks = tuple(rule for rule in rules if rule.reads_raw)
        """Rules that judge the bytes, also of an event that did not decode."""
        depends = [name for rule in rules for name in rule.depends]
        # A rule that does not say on what its answer depends must be asked every time.
        repeatable = all(rule.depends for rule in rules)
        self.course = Course(type, routes_of(dialect, type), depends, repeatable=repeatable)
        self.handler = (CLIENT_HANDLERS if direction == "client" else SERVER_HANDLERS).get(type, no_fact)
        self.audio = type in AUDIO_FIELDS
        self.collects = self.handler is Facts.on_text_delta
        self.configures = type in _CONFIGURED
        """It shows a session, by which a profile may be known."""
        self.ends = type == "response.done"
        self.happening: Happening | None = HAPPENINGS.get(type)
        self.answers = direction == "server" and (type == "error" or type in QUESTIONS)


plan_of = functools.cache(Plan)


def no_direction(direction: object) -> ValueError:
    """What to raise for a direction that there is not."""
    return ValueError(f"no direction {direction!r}; there are: client, server, and None for unknown")


def refuse_unknown(direction: str | None) -> None:
    """Raise `ValueError` for a direction that there is not."""
    if direction not in ("client", "server", None):
        raise no_direction(direction)


class Place(Step):
    """A plan on one connection."""

    __slots__ = ("audio", "collect", "handler", "plan")

    def __init__(self, plan: Plan, facts: Facts) -> None:
        super().__init__(plan.course)
        self.plan = plan
        self.audio = plan.audio
        self.collect: Callable[[str], None] | None = None
        """Takes the text of the next delta in the same place: all that `Facts.on_text_delta` does with one."""
        self.handler = MethodType(plan.handler, facts)


class Side:
    """One direction of a connection."""

    __slots__ = (
        "appends",
        "decode",
        "decoder",
        "events",
        "ids",
        "measure",
        "most_ids",
        "older_ids",
        "places",
    )

    def __init__(self, dialect: str, direction: str, most_ids: int = EVENT_IDS) -> None:
        self.decoder = Decoder(DIALECTS[dialect], direction=direction, leave_audio=True)
        self.decode = self.decoder.decode
        self.measure = self.decoder.repeated_audio
        self.appends: Place | None = None
        """Where the user's audio goes, once some has come."""
        self.events = 0
        self.places: dict[type, Place] = {}
        """By class of event, so that the common event needs one look-up."""
        self.ids: dict[Any, int] | None = None if direction == "client" else dict(NO_IDS)
        """Event ids of this side and their lines, the latest `most_ids` at most; None where they need not differ."""
        self.most_ids = most_ids + len(NO_IDS)
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
        if len(ids) > self.most_ids:
            self.turn_over()
        return None

    def turn_over(self) -> None:
        """Begin a new generation of ids, so that their number stays bounded."""
        self.older_ids, self.ids = self.ids or {}, dict(NO_IDS)
