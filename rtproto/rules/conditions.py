"""The named conditions on which rules are asked at all: what an event is to the session so far.

Several rules speak of the same few situations, and most of them of one that seldom comes.  A rule names the conditions
that must hold (`Rule.when`) or must not (`Rule.unless`) for it to have anything to say; each is looked into once an
event, whatever the number of rules.  A condition changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec import UNSET

from rtproto.rules.base import Context
from rtproto.rules.closed_values import may_be_odd

Condition: TypeAlias = Callable[[Context, Any], bool]


def _asked_for(context: Context, event: Any) -> bool:
    """It answers an open request of the client's."""
    return context.facts.ledger.answered_by(event) is not None


def _known_item(context: Context, event: Any) -> bool:
    """Its item has been shown before."""
    return getattr(event.item, "id", None) in context.facts.items


def _at_the_tail(context: Context, event: Any) -> bool:
    """Its item follows the conversation's last one, as far as the recording shows it."""
    previous = event.previous_item_id
    return bool((None if previous is UNSET else previous) == context.facts.tail())


def _of_no_list(context: Context, event: Any) -> bool:
    """A string of which the vendor names all values has another one, or an object is of an unknown type."""
    return may_be_odd(event, context.raw)


CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "asked for": _asked_for,
        "known item": _known_item,
        "at the tail": _at_the_tail,
        "value of no list": _of_no_list,
    }
)
