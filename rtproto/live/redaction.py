"""What a recording does not keep: keys and secrets, wherever they stand.

Only what is written is changed, never what the two sides exchange.  In an event no byte changes but those of the
strings that hold a secret, so that a checker finds in the recording what it found on the wire.

Hidden are, in an event: API keys (`sk-…`, `xai-…`), ephemeral keys (`ek_…`), JSON Web Tokens and bearer tokens inside
any string; the whole string under a name of `SECRET_NAMES`; the `value` of a `client_secret`; the HTTP headers that an
MCP tool is given.  In the handshake: the values of headers of those names, and keys in a subprotocol or in the query.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from rtproto.reports.words import MASKED, mask

REDACTED = "[redacted]"

SECRET_NAMES = frozenset(
    {
        "access_token",
        "api-key",
        "api_key",
        "apikey",
        "authorization",
        "client_secret",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
    }
)
"""Members of events, headers and parameters of the query whose text is never written, in lower case."""

_KEY = re.compile(
    r"""
      (?<![A-Za-z0-9]) (?P<key>sk-|ek_|xai-) [A-Za-z0-9_-]{8,}
    | (?<![A-Za-z0-9]) (?P<jwt>eyJ) [A-Za-z0-9_-]{8,} (?:\.[A-Za-z0-9_-]*)+
    | \b (?P<scheme>(?i:bearer)) [ ]+ [A-Za-z0-9._~+/-]{16,}=*
    """,
    re.VERBOSE,
)
_SUSPECTS = tuple(
    word.encode()
    for word in ("sk-", "ek_", "xai-", "eyj", "bearer", "headers", *sorted(SECRET_NAMES))
    if not any(other in word for other in SECRET_NAMES - {word})
)
"""One of these is in an event, in lower case, that holds a secret in plain letters."""
_ESCAPED_LETTER = re.compile(rb"\\u00[2-7]")
_MARK = re.compile(rb'["{}\[\],]')
_PARAMETER = re.compile(r"(?<=[?&])(?P<name>[^=&#]*)=[^&#]*")


def without_keys(text: str) -> str:
    """The text with the secret part of every key and token in it replaced by `[redacted]`."""
    return _KEY.sub(_replaced, text)


def _replaced(match: re.Match[str]) -> str:
    if scheme := match["scheme"]:
        return f"{scheme} {REDACTED}"
    return f"{match['key'] or match['jwt']}{REDACTED}"


def redacted(event: bytes, span: tuple[int, int] | None = None) -> bytes:
    """The JSON text of an event without its secrets; nothing is looked for in its audio, at `span`.

    The event must be an object that a decoder accepts.
    """
    start, end = span or (0, 0)
    around = (event[:start] + event[end:]).lower()
    if not any(suspect in around for suspect in _SUSPECTS) and _ESCAPED_LETTER.search(around) is None:
        return event
    pieces: list[bytes] = []
    kept = 0
    for first, last, names in _strings(event):
        if first == start - 1:
            continue
        text: str = json.loads(event[first:last])
        hidden = without_keys(text) if names is None else _hidden(text, names)
        if hidden != text:
            pieces += event[kept:first], json.dumps(hidden).encode()
            kept = last
    return b"".join([*pieces, event[kept:]])


def _hidden(text: str, names: list[str]) -> str:
    """What is written of a string at that path."""
    secret = (
        names[-1] in SECRET_NAMES
        or names[-2:] == ["client_secret", "value"]
        or names[-4:-1] == ["tools", "tools", "headers"]
    )
    return REDACTED if secret and text else without_keys(text)


def _strings(event: bytes) -> Iterator[tuple[int, int, list[str] | None]]:
    """Where each string begins and ends, quotes included, and the names that lead to it in lower case; None for a name.

    An element of an array has the array's name.  The list is the same one, changed between the steps.
    """
    names: list[str] = []
    objects: list[bool] = []
    is_key = False
    at = 0
    while (mark := _MARK.search(event, at)) is not None:
        at = mark.end()
        match mark[0]:
            case b'"':
                first = mark.start()
                at = _string_end(event, at)
                if is_key:
                    names[-1] = json.loads(event[first:at]).lower()
                    is_key = False
                    yield first, at, None
                else:
                    yield first, at, names
            case b"{" | b"[":
                is_key = mark[0] == b"{"
                names.append(names[-1] if names else "")
                objects.append(is_key)
            case b"}" | b"]":
                names.pop()
                objects.pop()
                is_key = False
            case _:
                is_key = objects[-1]


def _string_end(event: bytes, at: int) -> int:
    """Where the string ends that begins before `at`: behind the next quote that no backslash escapes."""
    while True:
        quote = escape = event.index(b'"', at)
        while event[escape - 1] == 0x5C:
            escape -= 1
        at = quote + 1
        if (quote - escape) % 2 == 0:
            return at


def redacted_text(text: str) -> str:
    """A text that is no event, with all that looks like a secret hidden: what reports mask."""
    return mask(text).replace(MASKED, REDACTED)


def redacted_bytes(data: bytes) -> bytes:
    """The same for bytes that are no text."""
    return redacted_text(data.decode("latin-1")).encode("latin-1")


def redacted_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers of a handshake without their secrets, in their order."""
    return [
        (name, REDACTED if name.lower() in SECRET_NAMES else without_keys(value)) for name, value in headers
    ]


def redacted_path(path: str) -> str:
    """The path and query of a request without its secrets."""

    def parameter(match: re.Match[str]) -> str:
        secret = match["name"].lower() in SECRET_NAMES
        return f"{match['name']}={REDACTED}" if secret else match[0]

    return without_keys(_PARAMETER.sub(parameter, path))
