"""`error`: the server refuses a client event, or has a problem of its own.  All dialects share it."""

from msgspec import UNSET, UnsetType

from ..base import Event, Nested


class ErrorDetail(Nested, frozen=True, kw_only=True):
    """What went wrong.  `event_id` names the client event that caused it; real servers mostly leave it null."""

    type: str
    code: str | UnsetType | None = UNSET
    message: str
    param: str | UnsetType | None = UNSET
    event_id: str | UnsetType | None = UNSET


class Error(Event, frozen=True, kw_only=True, tag="error"):
    """Something failed; the session goes on unless the connection is closed right after.

    Azure sends it with a null `event_id`.
    """

    event_id: str | UnsetType | None = UNSET
    error: ErrorDetail
