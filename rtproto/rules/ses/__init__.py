"""SES: the session's life, from its first event to its expiry."""

from rtproto.rules.ses import constant, ids, start, updates

__all__ = ["constant", "ids", "start", "updates"]
