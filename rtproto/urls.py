"""Recordings that are kept elsewhere: which names are URLs, and how one is written without its password."""

from __future__ import annotations

import re

from rtproto.credentials import parameters, without_parameters
from rtproto.reports.words import MASKED

# Two letters at least, for `C://` is a drive.  Links of a chain (`simplecache::s3://…`) are fsspec's.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::.*://)")
_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/?#\s]*)@")
_NO_PASSWORD = frozenset({"github"})
"""Schemes in which what stands before the @ is part of the name: `github://org:repo@main/…`."""


def is_url(name: str) -> bool:
    """Whether that argument is the URL of something, and not the path of a file."""
    return _URL.match(name) is not None


def public(text: str) -> str:
    """A URL, or a text with URLs in it, without passwords, keys and signatures."""
    return without_parameters(_USER.sub(_without_password, text), MASKED)


def _without_password(match: re.Match[str]) -> str:
    scheme, user = match["scheme"], match["user"]
    name, colon, _ = user.partition(":")
    if scheme.lower() in _NO_PASSWORD:
        return match[0]
    if colon:
        return f"{scheme}://{name}:{MASKED}@"
    # Alone it is a container (`abfs://logs@account…`), but on the web a token.
    return f"{scheme}://{MASKED}@" if scheme.lower() in ("http", "https") else match[0]


def secrets(url: str) -> list[str]:
    """The passwords, keys and signatures in a URL: what a library's message must not repeat."""
    users = [
        match["user"].partition(":")[2] or match["user"]
        for match in _USER.finditer(url)
        if _without_password(match) != match[0]
    ]
    return [each for each in (*users, *parameters(url)) if each]
