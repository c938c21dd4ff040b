"""Which rules an event concerns, by the members that it has and by what the connection has shown before.

Most rules on an event type are about members that most events of that type leave out: `response.create` has two dozen
rules, and often no member at all.  A rule declares what it needs (`Rule.reads`, `only`, `when`, `unless`, `since`), and
an event without that is not shown to it.  `concerns` says what the declarations mean.  A `Sieve` gives the same answer
for all rules of an event type at once: events of one shape concern the same rules, and sessions have few shapes, so
that it comes to one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from msgspec import UNSET, Struct

from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.conditions import CONDITIONS

Check: TypeAlias = tuple[Rule, Callable[[Context, Any], Iterable[Verdict]]]
"""A rule, and what is called to ask it."""

_SHAPES = 256
"""Shapes of one event type that are remembered.  They are few, unless somebody makes them up."""


def concerns(rule: Rule, event: Any, context: Context) -> bool:
    """Whether the event has what the rule needs to have anything to say.

    What a rule needs of an object that events of this type do not have at all is not asked of them.
    """
    if rule.since is not None and rule.since not in context.facts.happened:
        return False
    path = str(rule.only[0]) if rule.only else ""
    reads = [_value(event, path) for path in rule.reads if _has(event, path)]
    if reads and all(value is UNSET or (value is None and not rule.reads_null) for value in reads):
        return False
    return (
        (not rule.only or not _has(event, path) or _string(event, path) in rule.only[1:])
        and all(CONDITIONS[name](context, event) for name in rule.when)
        and not any(CONDITIONS[name](context, event) for name in rule.unless)
    )


def _has(event: Any, path: str) -> bool:
    return path.partition(".")[0] in event.__struct_fields__


def _value(event: Any, path: str) -> Any:
    """The member of the event, or of an object in it; `UNSET` where there is none."""
    holder, _, name = path.rpartition(".")
    return getattr(getattr(event, holder) if holder else event, name, UNSET)


def _string(event: Any, path: str) -> str | None:
    """The same of a string, of which `type` is the tag; None where there is none."""
    holder, _, name = path.rpartition(".")
    return tag_of(getattr(event, holder)) if name == "type" else field(event, holder, name)


class Sieve:
    """The rules on one event type, sorted by the shapes of events that they concern."""

    __slots__ = ("_conditions", "_found", "_paths", "_readers", "_values", "checks")

    def __init__(self, checks: Sequence[Check]) -> None:
        self.checks = tuple(checks)
        self._values = {str(rule.only[0]) for rule, _ in checks if rule.only}
        self._paths = sorted(self._values.union(*(rule.reads for rule, _ in checks)))
        names = sorted({name for rule, _ in checks for name in (*rule.when, *rule.unless)})
        self._conditions = [(1 << bit, CONDITIONS[name]) for bit, name in enumerate(names)]
        self._readers: dict[type, _Reader] = {}
        self._found: dict[Any, tuple[Check, ...]] = {}

    @property
    def sorts(self) -> bool:
        """Whether any of the rules declares what it needs."""
        return bool(self._paths or self._conditions or any(rule.since for rule, _ in self.checks))

    def concerned(self, event: Any, context: Context) -> tuple[Check, ...]:
        """The rules that an event concerns, in the order in which they are asked."""
        cls = event.__class__
        reader = self._readers.get(cls)
        if reader is None:
            reader = self._readers[cls] = _Reader(cls, self._paths, self._values)
        holding = 0
        for bit, condition in self._conditions:
            if condition(context, event):
                holding |= bit
        held = reader.hold(event)
        kind = held.__class__
        read = reader.parts.get(kind) or reader.part(kind)
        shape = context.facts.happened, holding, cls, reader.own(event), kind, read(held)
        found = self._found.get(shape)
        if found is None:
            if len(self._found) >= _SHAPES:
                self._found.clear()
            found = tuple(check for check in self.checks if concerns(check[0], event, context))
            self._found[shape] = found
        return found


class _Reader:
    """What reads the shape of events of one class: all that `concerns` looks at, for every rule.

    That is members of the event, and members of the one object in it that rules speak of.
    """

    __slots__ = ("_names", "hold", "own", "parts")

    def __init__(self, cls: type[Struct], paths: Iterable[str], values: Container[str]) -> None:
        names: dict[str, list[str]] = {"": []}
        for path in paths:
            holder, _, name = path.rpartition(".")
            if (holder or name) in cls.__struct_fields__:
                names.setdefault(holder, []).append(name if path in values else f"{name}.__class__")
        self.own = _getter(cls, names.pop(""))
        (holder, self._names) = names.popitem() if names else ("__class__", [])
        if names:
            raise TypeError(f"rules on {cls.__name__} speak of members of {holder} and of {', '.join(names)}")
        self.hold: Callable[[Any], Any] = attrgetter(holder)
        self.parts: dict[type, Callable[[Any], Any]] = {}
        """Readers of that object, by its class."""

    def part(self, cls: type) -> Callable[[Any], Any]:
        return self.parts.setdefault(cls, _getter(cls, self._names))


def _getter(cls: type, names: Iterable[str]) -> Callable[[Any], Any]:
    """What reads those of the members that the class has; its own name stands for none."""
    fields = getattr(cls, "__struct_fields__", ())
    there = [name for name in names if name.partition(".")[0] in fields]
    return attrgetter(*there or ["__class__"])
