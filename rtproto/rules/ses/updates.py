"""`session.update` and its answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, Struct

from rtproto.events.base import Event
from rtproto.events.dialect import SESSION_UPDATES
from rtproto.findings import Finding, Severity, Witness
from rtproto.protocol.echo import FIXED, agree, ignored, plain, settings
from rtproto.protocol.ledger import Request
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.common import overdue
from rtproto.rules.examples import Example, at, change, drop, repeat

_ANSWERS = ("session.updated", "transcription_session.updated")
_PATHS = 4
"""Paths that a message names."""


def _paths(paths: list[str]) -> str:
    more = f" and {len(paths) - _PATHS} more" if len(paths) > _PATHS else ""
    return ", ".join(f"`{path}`" for path in paths[:_PATHS]) + more


def _asked_for(context: Context, event: Any) -> Request | None:
    """The update that this event answers, where both were decoded in full and nothing else was wrong with it."""
    request = context.facts.ledger.answered_by(event)
    if request is None or request.doubtful or not isinstance(request.event, Event):
        return None
    if _at_fault(context, request):
        return None
    asked = tag_of(field(request.event, "session"))
    if asked is not None and asked != tag_of(field(event, "session")):
        return (
            None  # Another kind of session: SES011, DIA011.  Only GA's updates say which kind they are for.
        )
    return request


def _unreadable(finding: Finding) -> bool:
    """Whether a line of the client could not be read at all: it may have been anything."""
    return finding.event is not None and finding.event.direction == "client" and not finding.event.type


def _at_fault(context: Context, request: Request) -> bool:
    """Whether another rule has told already what is wrong with a request."""
    return any(f.line == request.line and f.severity > Severity.INFO for f in context.findings)


class SessionUpdatedWithoutUpdate(Rule):
    """`session.updated` answers a `session.update`: there are never more of them than were asked for.

    Somebody else changes the session, or the server does so by itself; the client's picture of it is out of date.
    """

    code = "SES006"
    name = "session-updated-without-update"
    severity = Severity.WARNING
    basis = "documented"
    dialects = ("beta", "ga", "translation")
    needs = "both"
    partial = "start"
    message = "`{type}` number {answers} after {requests} updates of the client"
    evidence = "The types: returned when a session is updated with session.update, unless there is an error."
    exceptions = (
        "Told once a connection: another writer (a side-band socket, the backend that accepted a SIP call) goes on "
        "writing. Recordings without the client's side, or without their start."
    )
    on = SESSION_UPDATES + _ANSWERS
    reads_raw = True  # so that updates which do not decode are counted too
    symptoms = ("config",)
    example = Example(
        "text_turn",
        repeat("session.updated"),
        because=(at("session.updated"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        counts: dict[str, int] = context.memory(self.code, dict)
        asked = context.type.removesuffix("d")
        counts[context.type] = counts.get(context.type, 0) + 1
        if context.direction == "client" or not context.both_directions or context.facts.mid_session:
            return
        requests, answers = counts.get(asked, 0), counts[context.type]
        if answers <= requests or any(map(_unreadable, context.findings)):
            return
        if context.first(self.code):
            yield Verdict({"requests": requests, "answers": answers})


class SessionUpdateUnanswered(Rule):
    """Every `session.update` is answered: by one `session.updated`, or by an `error`.

    The client cannot know which configuration is in force, and one that waits for the answer waits forever.
    """

    code = "SES007"
    name = "session-update-unanswered"
    severity = Severity.WARNING
    basis = "documented"
    dialects = ("beta", "ga", "translation")
    needs = "both"
    partial = "open"
    message = "`{type}` got no answer"
    evidence = "The types: the server responds with session.updated, which shows the effective configuration."
    exceptions = (
        "A recording that merely stops within 20 seconds, before a later update was answered: a note. An error that "
        "names no request may be the answer, and so may the fault that another rule found in the update."
    )
    on = ("error",)
    ending = True
    symptoms = ("config", "silence")
    example = Example(
        "text_turn",
        drop("session.updated"),
        cut=False,
        found=at("session.update"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if field(event, "error", "event_id") is None and context.facts.ledger.answered_by(event) is None:
            context.memory(self.code, dict)["error"] = context.line
        return iter(())

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        if not context.both_directions:
            return
        last_error: int = context.memory(self.code, dict).get("error", 0)
        for request in context.facts.ledger.open:
            if request.type not in SESSION_UPDATES or request.doubtful:
                continue
            if request.line > last_error and not _at_fault(context, request):
                yield overdue(context, request, cut)


class SessionUpdatedIgnoresRequest(Rule):
    """The answer to a `session.update` shows the values that were asked for.

    The server took the update and left part of it out: the bot has another voice, other tools, other instructions than
    its developer believes.
    """

    code = "SES008"
    name = "session-updated-ignores-request"
    severity = Severity.WARNING
    basis = "documented"
    dialects = ("beta", "ga", "translation")
    needs = "both"
    message = "asked for in line {line}, and not what the session shows: {paths}"
    evidence = (
        "The types: session.updated shows the full, effective configuration. 15 of 15 updates in OpenAI and "
        "Azure recordings."
    )
    exceptions = (
        "Members that the answer leaves out, `transcription.delay`, expanded prompts and hidden credentials; 1 for "
        "1.0, a voice's object for its name, nothing for an empty text, and defaults that the server adds. Tools are "
        "compared by type and name."
    )
    on = _ANSWERS
    symptoms = ("config",)
    example = Example(
        "text_turn",
        change("session.updated", "session.instructions", "Be verbose."),
        because=(at("session.update"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        request = _asked_for(context, event)
        if request is None:
            return
        paths = list(ignored(plain(request.event.session), plain(event.session)))
        if paths:
            witness = Witness(request.line, request.type, "asked for it", direction="client")
            yield Verdict({"paths": _paths(paths), "line": request.line}, witnesses=(witness,))


def _changed(before: Struct, now: Struct) -> set[str]:
    """The members of a session that differ from those of the one before."""
    names = now.__struct_fields__
    return {name for name in names if getattr(before, name, UNSET) != getattr(now, name)} - FIXED


def _named(asked: Struct) -> set[str]:
    """The members of which an update asks for another value as a whole: what holds other settings is not among them."""
    return {name for name in asked.__struct_fields__ if getattr(asked, name) is not UNSET} - {"audio"}


class SessionUpdatedChangesUnrequestedField(Rule):
    """What a `session.update` does not mention stays as it was.

    A server that resets it to a default undoes an earlier update without a word.
    """

    code = "SES009"
    name = "session-updated-changes-unrequested-field"
    severity = Severity.WARNING
    basis = "documented"
    dialects = ("beta", "ga", "translation")
    needs = "both"
    message = "changed although line {line} did not ask for it: {paths}"
    evidence = (
        "The types: only the fields that are present in session.update are updated. 14 of 14 updates in "
        "OpenAI and Azure recordings."
    )
    exceptions = (
        "Neighbours in `audio.input` or `audio.output` of what was asked for; instructions and tools of a prompt; "
        "what either session leaves out; what an update asked for that is not answered yet; another writer on the same "
        "session (SES006)."
    )
    on = _ANSWERS
    symptoms = ("config",)
    example = Example(
        "text_turn",
        change("session.updated", "session.tool_choice", "none"),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        request = _asked_for(context, event)
        if request is None or context.facts.session is None:
            return
        if _changed(context.facts.session, event.session) <= _named(request.event.session):
            return
        session = plain(request.event.session)
        asked = settings(session)
        before, now = settings(plain(context.facts.session)), settings(plain(event.session))
        touched = {path.rpartition(".")[0] for path in asked if "." in path}
        paths = [
            path
            for path in now.keys() & before.keys()
            if path not in asked
            and path.rpartition(".")[0] not in touched
            and not (session.get("prompt") and path in ("instructions", "tools", "tool_choice"))
            and path != "tracing"
            and not (context.facts.spoke_line and path in ("voice", "audio.output.voice"))
            and not agree(before[path], now[path])
        ]
        if paths:
            # An update that is not answered yet may have had its effect.
            pending = [r for r in context.facts.ledger.pending(request.type) if r is not request]
            others = [
                settings(plain(field(r.event, "session"))) for r in pending if isinstance(r.event, Event)
            ]
            paths = [p for p in paths if not any(p in other and agree(other[p], now[p]) for other in others)]
        if paths:
            witnesses = (
                Witness(context.facts.session_line, "", "showed the session before"),
                Witness(request.line, request.type, "did not ask for it", direction="client"),
            )
            named = [f"session.{path}" for path in sorted(paths)]
            yield Verdict({"paths": _paths(named), "line": request.line}, witnesses=witnesses)
