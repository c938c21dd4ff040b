"""RSP: the life of a response.

By theme: its order (`life`), how it ends (`outcome`), what it was asked to be (`settings`), the requests that start and
stop it (`requests`), and what its `response.done` lists (`output`).
"""

from rtproto.rules.rsp import life, outcome, output, requests, settings

__all__ = ["life", "outcome", "output", "requests", "settings"]
