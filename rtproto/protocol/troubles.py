"""What the server itself said went wrong: errors, responses that failed or came to an early end, and what else failed.

None of it breaks a rule, and all of it answers the question why a session fell silent.  Memory is bounded: what the
server says again is counted, and of what is too much only the number is kept.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

from msgspec.structs import replace

from rtproto.findings import Trouble
from rtproto.protocol.ids import ID
from rtproto.protocol.values import field, tag_of

MOST = 50
"""Troubles that are kept of one session, repetitions aside."""
_TEXT = 2_000
"""Characters that are kept of a message; reports show fewer."""
_NAME = 400
"""The same of a type or a code."""
# Ids, also of requests and the like, and numbers: what differs when a server says the same again.
_VARIABLE = ID + r"|\b[a-z]+_(?=\w*[0-9A-Z])\w+|[0-9]+"


class Troubles:
    """The troubles of one session, in the order in which they were told."""

    __slots__ = ("_kept", "left_out")

    def __init__(self) -> None:
        self._kept: dict[Hashable, Trouble] = {}
        self.left_out = 0
        """How many more there were than are kept."""

    @property
    def kept(self) -> tuple[Trouble, ...]:
        """The first of each kind, with how often it was told."""
        return tuple(self._kept.values())

    def note_error(self, event: Any, line: int, refused: tuple[int, str] | None) -> None:
        """Keep an `error`; `refused` is the line and the type of the client event that it refuses, where known."""
        asked, request = refused or (None, "")
        error = field(event, "error")
        self._note(Trouble(line, "error", refused_line=asked, refused_type=request), error)

    def note_response(self, event: Any, line: int) -> None:
        """Keep a `response.done`, if it says that the response failed or ended early for want of something."""
        status = field(event, "response", "status")
        if status in ("failed", "incomplete"):
            details = field(event, "response", "status_details")
            reason = _text(field(details, "reason"), _NAME)
            self._note(Trouble(line, "response.done", status=status, reason=reason), field(details, "error"))

    def note_failure(self, event: Any, line: int, error: Any, server_label: str | None = None) -> None:
        """Keep an event that says that a transcription, a remote tool, or a listing of such tools failed."""
        self._note(Trouble(line, tag_of(event) or "", server_label=_text(server_label, _NAME)), error)

    def note_close(self, line: int, code: int, reason: str) -> None:
        """Keep a close of the connection with a code that says that something went wrong."""
        self._keep(Trouble(line, "close", code=str(code), message=reason[:_TEXT]))

    def _note(self, trouble: Trouble, error: Any) -> None:
        code = field(error, "code")
        told = replace(
            trouble,
            type=_text(field(error, "type"), _NAME),
            # Errors of remote tools have a number: that of HTTP, or of JSON-RPC.
            code=str(code) if isinstance(code, int) else _text(code, _NAME),
            message=_text(field(error, "message"), _TEXT),
        )
        self._keep(told)

    def _keep(self, trouble: Trouble) -> None:
        same = (
            (trouble.event, trouble.status, trouble.reason, trouble.refused_type, trouble.server_label),
            (trouble.type, trouble.code, re.sub(_VARIABLE, "*", trouble.message)),
        )
        first = self._kept.get(same)
        if first is not None:
            self._kept[same] = replace(first, count=first.count + 1, last_line=trouble.line)
        elif len(self._kept) < MOST:
            self._kept[same] = trouble
        else:
            self.left_out += 1


def _text(value: Any, limit: int) -> str:
    """What of a value can be said; the empty string for anything but a string."""
    return value[:limit] if isinstance(value, str) else ""
