"""Which of the client's open requests an `error` refuses, where it does not name it.

`error.event_id` was null in every error of real servers that was seen, so what the error says has to tell, in this
order of weight: its code, where few requests can get it; the parameter that it is about; words that only errors about
one kind of request use; values of the request that the message quotes.  The server takes events in their order, so of
several requests that fit equally well the oldest is meant; requests of different types that merely share a quoted
value fit equally well too, and none is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from rtproto.events.dialect import SESSION_UPDATES
from rtproto.protocol.values import field

if TYPE_CHECKING:
    from rtproto.protocol.ledger import Ledger, Request

ACTIVE = "conversation_already_has_active_response"
"""The code of an `error` that refuses a response because another one of the conversation is in progress."""

NOT_ACTIVE = "response_cancel_not_active"
"""The code of an `error` that refuses a cancel because no response is in progress."""

ERROR_CODES: Mapping[str, tuple[str, ...]] = {
    ACTIVE: ("response.create",),
    NOT_ACTIVE: ("response.cancel",),
    "input_audio_buffer_commit_empty": ("input_audio_buffer.commit",),
    "cannot_update_voice": ("session.update", "response.create"),
    "item_delete_invalid_item_id": ("conversation.item.delete",),
    "item_retrieve_invalid_item_id": ("conversation.item.retrieve",),
    "item_truncate_invalid_item_id": ("conversation.item.truncate",),
    "unsupported_content_type": ("conversation.item.truncate",),
    "invalid_tool_call_id": ("conversation.item.create",),
    "invalid_value": ("conversation.item.create", "session.update", "response.create"),
    "missing_required_parameter": ("session.update", "response.create", "conversation.item.create"),
    "unknown_parameter": ("session.update", "response.create", "conversation.item.create"),
    "invalid_parameter": SESSION_UPDATES,
}
"""Error codes seen on the wire, and the requests they can be about."""

_VAGUE = frozenset({"invalid_value", "missing_required_parameter", "unknown_parameter"})
"""Those that any request can get: the ones in the table are the most likely, where nothing else tells."""

_ITEMS = tuple(f"conversation.item.{verb}" for verb in ("delete", "retrieve", "truncate"))
_APPENDS = ("input_audio_buffer.append", "session.input_audio_buffer.append")

_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "session": SESSION_UPDATES,
    "response": ("response.create",),
    "item": ("conversation.item.create",),
    "previous_item_id": ("conversation.item.create",),
    "item_id": _ITEMS,
    "content_index": ("conversation.item.truncate",),
    "audio_end_ms": ("conversation.item.truncate",),
    "response_id": ("response.cancel",),
    "audio": _APPENDS,
}
"""The members of client events, by which the first part of a parameter's path tells the events that have it."""

# The patterns are compiled when the first error needs them: most sessions have none.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "(?i)cancellation failed": ("response.cancel",),
    "(?i)can be truncated|already shorter than|content index": ("conversation.item.truncate",),
    "(?i)tool call id": ("conversation.item.create",),
    "(?i)buffer": ("input_audio_buffer.commit",),
}
"""Words of messages that only errors about those requests use."""

_ACTIVE_WORDS = "already has an active response"
_ACTIVE_RESPONSE = r"in progress: ([\w-]+)"
_QUOTED = r"""['"`]([^'"`]+)['"`]"""
_QUOTED_PARAMETER = r"""(?i)(?:parameter:?|invalid|type for) ['"`](\w+)"""
_TOKEN = r"\w[\w.:-]*"
_TOKENS = 100
"""Words of a message that are looked up."""
_LONGEST = 2_000
"""Characters of a message that are read."""


def refused_as_active(event: Any) -> bool:
    """Whether an `error` refuses a response because another one of the conversation is in progress."""
    code = field(event, "error", "code")
    # Until January 2025 the code was null and only the message told.
    return bool(
        code == ACTIVE or (code is None and _ACTIVE_WORDS in (field(event, "error", "message") or ""))
    )


def active_response(event: Any) -> str | None:
    """The id of the response in progress, as far as the message of such an error tells it."""
    found = re.search(_ACTIVE_RESPONSE, (field(event, "error", "message") or "")[:_LONGEST])
    return None if found is None else found[1]


def told_by_code(event: Any) -> tuple[str, ...]:
    """The only requests that an `error` can be about, by its code; none where the code does not tell."""
    code: str | None = field(event, "error", "code")
    return () if code in _VAGUE else ERROR_CODES.get(code or "", ())


def refused(ledger: Ledger, event: Any) -> Request | None:
    """The open request that an `error` refuses, as far as that can be told.

    Also the one that was taken for answered by a response of the server's own, or by the success of another request,
    where the error shows that it was not.
    """
    named: str | None = field(event, "error", "event_id")
    request = None if named is None else ledger.named(named)
    if request is None and refused_as_active(event):
        request = _hindered(ledger, event, named)
    elif named is None:
        request = _by_what_it_says(ledger, event)
    return ledger.mistaken(named) if request is None and named is not None else request


def _hindered(ledger: Ledger, event: Any, named: str | None) -> Request | None:
    request = ledger.default_response() if named is None else None
    if request is not None or ledger.contested is None:
        return request
    contested, response = ledger.contested
    same = named in (None, contested.id) and active_response(event) in (None, response.id)
    return contested if same else None


def _by_what_it_says(ledger: Ledger, event: Any) -> Request | None:
    code: str | None = field(event, "error", "code")
    message = (field(event, "error", "message") or "")[:_LONGEST]
    types = told_by_code(event)
    told = _by_parameter(event, message)
    types = tuple(type for type in types if type in told) or types or told
    if not types:
        types = next((about for words, about in _WORDS.items() if re.search(words, message)), ())
    if code == NOT_ACTIVE and (latest := next(ledger.latest("response.cancel"), None)) is not None:
        # Those before it may have had their effect, and the end of their response is on its way.
        return _holder(ledger, types, message) or latest
    if types:
        return _holder(ledger, types, message) or _oldest(ledger, types)
    quoted = re.search(_QUOTED, message)
    if quoted is not None and (request := next(ledger.pending(quoted[1]), None)) is not None:
        return request  # The message quotes the type of the event.
    return _holder(ledger, QUOTING, message) or _oldest(ledger, ERROR_CODES.get(code or "", ()))


QUOTING = ("conversation.item.create", *_ITEMS, "response.cancel")
"""Requests that hold ids, or a time, which a message can quote."""


def _by_parameter(event: Any, message: str) -> tuple[str, ...]:
    """The types of events that have the parameter which the error is about."""
    path: str | None = field(event, "error", "param")
    if path is None and (quoted := re.search(_QUOTED_PARAMETER, message)) is not None:
        path = quoted[1]
    if path == "type":
        value = re.search(_QUOTED, message)
        return () if value is None else (value[1],)
    return _PARAMETERS.get(re.split(r"[.\[]", path or "", maxsplit=1)[0], ())


def _tokens(message: str) -> Iterator[str]:
    return (found[0].rstrip(".:-") for found in islice(re.finditer(_TOKEN, message), _TOKENS))


def _holder(ledger: Ledger, types: Iterable[str], message: str) -> Request | None:
    """The request of these types that holds a value which the message quotes, the rarest such value if there are
    several; None where requests of different types hold it."""
    fewest = 0
    found: dict[str, Request] = {}
    for token in _tokens(message):
        for type in types:
            count, request = ledger.holding(type, token)
            if request is None or (found and count > fewest):
                continue
            if count < fewest:
                found.clear()
            fewest, found[type] = count, request
    return next(iter(found.values())) if len(found) == 1 else None


def _oldest(ledger: Ledger, types: Iterable[str]) -> Request | None:
    heads = [request for type in types for request in islice(ledger.pending(type), 1)]
    return min(heads, key=lambda request: request.number, default=None)
