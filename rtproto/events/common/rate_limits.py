"""`rate_limits.updated`: what the account may still spend."""

from msgspec import UNSET, UnsetType

from ..base import FromServer, Int, Nested, RateLimitName


class RateLimit(Nested, frozen=True, kw_only=True):
    """One limit: `remaining` of `limit` are left, and all of it again in `reset_seconds`."""

    name: RateLimitName | UnsetType = UNSET
    limit: Int | UnsetType = UNSET
    remaining: Int | UnsetType = UNSET
    reset_seconds: float | UnsetType = UNSET


class RateLimitsUpdated(FromServer, frozen=True, kw_only=True, tag="rate_limits.updated"):
    """The limits after a response took its share: near its start on old servers, after its end on newer ones."""

    rate_limits: list[RateLimit]
