"""What the conversation holds, as far as the recording shows it: places of items, and which answer which calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from rtproto.protocol.calls import is_outside
from rtproto.protocol.effective import Effective
from rtproto.protocol.records import Item
from rtproto.protocol.values import field


class Conversation(Effective):
    """The memory of one connection, asked for its conversation."""

    __slots__ = ()

    def tail(self) -> str | None:
        """The last item of the conversation, as far as the recording shows it; never one whose place is a guess."""
        for item_id in reversed(self.conversation):
            if item_id != self.misplaced:
                return item_id
        return None

    def inserts(self, event: Any) -> bool:
        """Whether an item that joins answers a request for a place, or stands where an open one wants its item."""
        item_id, place = field(event, "item", "id"), field(event, "previous_item_id") or "root"
        if field(self.ledger.answered_by(event), "event", "previous_item_id") is not None:
            return True
        if item_id in self.ledger.generated:
            return False
        return "conversation.item.create" in self.ledger.guessed or self.ledger.places(place)

    def waits(self, item_id: str | None) -> bool:
        """Whether a response announced the item, and no event of its own has shown it in the conversation."""
        known = self.items.get(item_id or "")
        return known is not None and known.response_id is not None and known.previous is UNSET

    def may_be_placed(self, item_id: str) -> bool:
        """Whether the client may have chosen the place of this item in a request that the recording does not show."""
        return "client" not in self.seen and item_id not in self.ledger.generated

    def note_call(self, item: Item) -> None:
        """Remember whose a call_id is, and which items answer the call; one that is gone gives its call_id up."""
        if item.call_id is None:
            return
        if item.type == "function_call":
            if is_outside(self, self.call_items.setdefault(item.call_id, item.id)):
                self.call_items[item.call_id] = item.id
            self.refused_calls.pop(item.call_id, None)
        else:
            self.call_outputs.setdefault(item.call_id, {})[item.id] = None

    def answering(self, call_id: str) -> Iterator[Item]:
        """The outputs of that call that are in the conversation."""
        for item_id in self.call_outputs.get(call_id, ()):
            item = self.items[item_id]
            # Another item may have taken the id since.
            if item.type == "function_call_output" and item.call_id == call_id:
                yield item
