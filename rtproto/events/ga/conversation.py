"""`conversation.item.added` of the GA dialect; `conversation.item.done`, which Azure's beta has too, is in `common`."""

from msgspec import UNSET, UnsetType

from ..base import FromServer
from ..common.items import ConversationItem


class ConversationItemAdded(FromServer, frozen=True, kw_only=True, tag="conversation.item.added"):
    """The conversation has a new item, of the client or the model; `conversation.item.done` follows."""

    previous_item_id: str | UnsetType | None = UNSET
    item: ConversationItem
