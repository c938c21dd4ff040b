"""ITM: the conversation's items."""

from rtproto.rules.itm import calls, content, life, order, requests

__all__ = ["calls", "content", "life", "order", "requests"]
