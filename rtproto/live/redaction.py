"""What a recording does not keep: keys and secrets, wherever they stand.

Only what is written is changed, never what the two sides exchange.  In an event no byte changes but those of the
strings that hold a secret, so that a checker finds in the recording what it found on the wire.

Hidden are, in an event: API keys (`sk-…`, `xai-…`), ephemeral keys (`ek_…`), JSON Web Tokens and bearer tokens inside
any string; the whole string under the name of a secret; the `value` of a `client_secret`; the HTTP headers that an MCP
tool is given.  In the handshake: the values of headers and parameters of the query of such names, and keys in a
subprotocol.  `rtproto.credentials` says which names these are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from rtproto.credentials import SIGNS, is_secret, without_keys, without_parameters, without_secrets

REDACTED = "[redacted]"

_SUSPECTS = tuple(sign.encode() for sign in (*SIGNS, 'headers"'))
"""One of these is in an event, in lower case, that holds a secret in plain letters."""
_ESCAPED_LETTER = re.compile(rb"\\u00[2-7]")
_MARK = re.compile(rb'["{}\[\],]')


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
        hidden = without_keys(text, REDACTED) if names is None else _hidden(text, names)
        if hidden != text:
            pieces += event[kept:first], json.dumps(hidden).encode()
            kept = last
    return b"".join([*pieces, event[kept:]])


def _hidden(text: str, names: list[str]) -> str:
    """What is written of a string at that path."""
    secret = (
        is_secret(names[-1], *names[-2:-1])
        or names[-2:] == ["client_secret", "value"]
        or names[-4:-1] == ["tools", "tools", "headers"]
    )
    return REDACTED if secret and text else without_keys(text, REDACTED)


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
    """A text that is no event, with all that may be a secret hidden."""
    return without_secrets(text, REDACTED)


def redacted_bytes(data: bytes) -> bytes:
    """The same for bytes that are no text."""
    return redacted_text(data.decode("latin-1")).encode("latin-1")


def redacted_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers of a handshake without their secrets, in their order."""
    return [(name, REDACTED if is_secret(name) else without_keys(value, REDACTED)) for name, value in headers]


def redacted_subprotocol(name: str | None) -> str | None:
    """The subprotocol that was agreed on; a server may have chosen the one that holds the client's key."""
    return None if name is None else without_keys(name, REDACTED)


def redacted_path(path: str) -> str:
    """The path and query of a request without its secrets."""
    return without_keys(without_parameters(path, REDACTED), REDACTED)
