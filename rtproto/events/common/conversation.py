"""`conversation.*` events that both dialects have: the conversation's list of items, asked for and reported."""

from msgspec import UNSET, UnsetType

from ..base import ConversationObject, FromClient, FromServer, Int, Nested
from .items import ConversationItem


class ConversationItemCreate(FromClient, frozen=True, kw_only=True, tag="conversation.item.create"):
    """Add an item after `previous_item_id`; without it at the end, with `root` at the start."""

    previous_item_id: str | UnsetType | None = UNSET
    item: ConversationItem


class ConversationItemDelete(FromClient, frozen=True, kw_only=True, tag="conversation.item.delete"):
    """Take an item out of the conversation; answered by `conversation.item.deleted`."""

    item_id: str


class ConversationItemRetrieve(FromClient, frozen=True, kw_only=True, tag="conversation.item.retrieve"):
    """Ask for the server's copy of an item, with its audio; answered by `conversation.item.retrieved`."""

    item_id: str


class ConversationItemTruncate(FromClient, frozen=True, kw_only=True, tag="conversation.item.truncate"):
    """Cut an assistant's audio after `audio_end_ms`, because the user has not heard the rest.

    The transcript goes with it.  Answered by `conversation.item.truncated`.
    """

    item_id: str
    content_index: Int
    audio_end_ms: Int


class Conversation(Nested, frozen=True, kw_only=True):
    """The list of items that a session works on."""

    id: str | UnsetType = UNSET
    object: ConversationObject | UnsetType = UNSET


class ConversationCreated(FromServer, frozen=True, kw_only=True, tag="conversation.created"):
    """The session has a conversation now; said once, after `session.created`, by older servers."""

    conversation: Conversation


class ConversationItemCreated(FromServer, frozen=True, kw_only=True, tag="conversation.item.created"):
    """The conversation has a new item, of the client or the model.

    GA declares it too, but its servers send `conversation.item.added` and `.done`.
    """

    previous_item_id: str | UnsetType | None = UNSET
    item: ConversationItem


class ConversationItemDeleted(FromServer, frozen=True, kw_only=True, tag="conversation.item.deleted"):
    """An item left the conversation, as the client asked."""

    item_id: str


class ConversationItemRetrieved(FromServer, frozen=True, kw_only=True, tag="conversation.item.retrieved"):
    """The server's copy of an item, as the client asked."""

    item: ConversationItem


class ConversationItemTruncated(FromServer, frozen=True, kw_only=True, tag="conversation.item.truncated"):
    """An assistant's audio was cut after `audio_end_ms`.

    The client asked for it, or, on WebRTC and SIP, the server did it by itself.
    """

    item_id: str
    content_index: Int
    audio_end_ms: Int


class ConversationItemDone(FromServer, frozen=True, kw_only=True, tag="conversation.item.done"):
    """An item has its final content (the transcript of user audio may still follow).

    GA.  Azure Voice Live, which speaks beta otherwise, sends it for user items.  `previous_item_id` may be null where
    the item's `added` named one.
    """

    previous_item_id: str | UnsetType | None = UNSET
    item: ConversationItem
