"""What the checker says: frozen data, no formatted text.

A finding is a witness in Elle's sense: the line that broke a rule, the earlier lines that make it so, the state the
entity was in and what that state would have allowed.  Words are made from it in `rtproto.reports`, and nowhere else.
This module imports nothing of ours, so that every layer may speak of findings.
"""

from __future__ import annotations

import enum
from typing import Any

from msgspec import Struct


class Severity(enum.IntEnum):
    """How sure a finding is that something is wrong; larger is worse.

    `ERROR` contradicts the documented protocol or an invariant without a known counter-example, `WARNING` is a likely
    bug or a rule that live servers are known to bend, `INFO` is worth telling.
    """

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The name as options, reports and JSON write it: `error`, `warning` or `info`."""
        return self.name.lower()

    @classmethod
    def parse(cls, label: str) -> Severity:
        """The severity of that label.  Raises `ValueError`, with the labels there are, for any other text."""
        for severity in cls:
            if severity.label == label:
                return severity
        raise ValueError(f"no severity {label!r}; there are: " + ", ".join(s.label for s in reversed(cls)))


class Excerpt(Struct, frozen=True):
    """One event, cut down to what a report may show of it."""

    line: int
    """1-based line of the recording (or ordinal of the frame on a live connection)."""
    direction: str
    """`client` or `server`: who sent it."""
    type: str
    """The event's `type`, or an empty string where it could not be read."""
    fields: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    """Names and values of the ids and small scalars, in the protocol's order; long text and audio are cut."""


class Witness(Struct, frozen=True):
    """An earlier (or later) line that makes the finding so."""

    line: int
    type: str
    """The event's type; empty where only the line is known."""
    note: str
    """What that line did, in the third person after "line N": `opened the part`, `announced the item`."""
    direction: str = "server"


class Finding(Struct, frozen=True):
    """One broken rule at one line."""

    code: str
    name: str
    severity: Severity
    line: int
    event: Excerpt | None = None
    args: dict[str, Any] = {}
    """Values for the rule's message template; plain strings, numbers and lists of them."""
    witnesses: tuple[Witness, ...] = ()
    machine: str = ""
    """The state machine that judged, where a table did: `content part`."""
    state: str = ""
    """The state that machine was in."""
    allowed: tuple[str, ...] = ()
    """Event types which that state would have allowed on this machine, sorted."""
    caused_by: int | None = None
    """Index in the session's findings of the root of which this is a consequence; None for a root."""
    count: int = 1
    """How often the session does the same, ids aside; more than 1 only in a report, where `line` is the first."""
    last_line: int | None = None
    """The line of the last repetition; None where there is none."""


class Trouble(Struct, frozen=True):
    """What the server said went wrong, which breaks no rule: an `error`, a response that failed or is incomplete, or a
    transcription, a call of a remote tool or a listing of them that failed, or the close of a connection that broke."""

    line: int
    event: str
    """Its type: `error`, `response.done`, `conversation.item.input_audio_transcription.failed`,
    `mcp_list_tools.failed`, `response.mcp_call.failed`, `response.output_item.done` with a call's error, or `close`,
    which is no event: the connection was closed with that `code` of WebSocket, and `message` is the reason."""
    status: str = ""
    """Of a response: `failed` or `incomplete`."""
    reason: str = ""
    """Why a response is incomplete: `max_output_tokens`."""
    type: str = ""
    """The error's type, code and message, as the server wrote them (cut where they are long); empty for none."""
    code: str = ""
    message: str = ""
    refused_line: int | None = None
    """The line of the client event that an error refuses; None where that is not known."""
    refused_type: str = ""
    """The type of that event; empty where it is not known."""
    server_label: str = ""
    """The remote tool server that failed, by the label that the session gives it; empty where it is none's failure."""
    count: int = 1
    """How often the session says the same, ids and numbers aside; `line` is the first."""
    last_line: int | None = None
    """The line of the last repetition; None where there is none."""


class SessionReport(Struct, frozen=True):
    """The judgement of one recorded connection."""

    path: str
    dialect: str
    profile: str
    mode: str
    """`complete` or `mid-session`: whether the recording holds the start of the connection."""
    events: int
    findings: tuple[Finding, ...] = ()
    limits: tuple[str, ...] = ()
    """What the recording does not show, and what was therefore not judged; a sentence each."""
    profile_reason: str = ""
    counts: dict[str, int] = {}
    """Events by type."""
    format: str = ""
    """The name of the format that the recording was read as; empty for a live connection."""
    format_reason: str = ""
    """Why that one."""
    losses: tuple[str, ...] = ()
    """What the recording lacks, by name: `type-only`, `elided`, `one direction`, `no times`, `several sessions
    interleaved`."""
    off: tuple[str, ...] = ()
    """Codes of the rules that were off because events have lost something."""
    troubles: tuple[Trouble, ...] = ()
    """What the server said went wrong, in the order of the lines; no findings, for it breaks no rule."""
    troubles_left_out: int = 0
    """How many troubles there were beyond those."""

    def roots(self, at_least: Severity = Severity.INFO) -> tuple[Finding, ...]:
        """The findings that are nobody's consequence, and of that severity or worse, or with a consequence that is."""
        grave = {f.caused_by for f in self.findings if f.severity >= at_least}
        return tuple(
            f
            for n, f in enumerate(self.findings)
            if f.caused_by is None and (f.severity >= at_least or n in grave)
        )


class Unchecked(Struct, frozen=True):
    """A path that could not be checked at all."""

    path: str
    reason: str


class Report(Struct, frozen=True):
    """The judgement of everything that was named on one command line, or of one file."""

    sessions: tuple[SessionReport, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()

    def roots(self, at_least: Severity = Severity.INFO) -> tuple[Finding, ...]:
        """The root findings of all sessions, of that severity or worse, or with a consequence that is."""
        return tuple(f for session in self.sessions for f in session.roots(at_least))
