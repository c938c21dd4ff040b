"""ERR: errors and what they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rtproto.findings import Finding, Severity, Witness
from rtproto.protocol.ledger import ANSWERS, Request
from rtproto.protocol.refusals import ACTIVE, ERROR_CODES
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.cli.settings import CLIENT_EVENTS
from rtproto.rules.examples import Example, after, at, change
from rtproto.rules.script import silence


def _error(event_id: str | None, **more: Any) -> dict[str, Any]:
    """An `error` event for examples."""
    error = {
        "type": "invalid_request_error",
        "code": "unknown_parameter",
        "message": "Unknown parameter: 'session.mood'.",
        "param": "session.mood",
        "event_id": event_id,
    }
    return {"type": "error", "event_id": "event_error", "error": {**error, **more}}


class ErrorShape(Rule):
    """An error has a type and a message, and neither is empty.

    They are all that a client can log or show; the code is often null.
    """

    code = "ERR001"
    name = "error-shape"
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    message = "`error.{member}` is empty"
    evidence = "Both are required strings in the types; every recorded error has them filled."
    exceptions = "Missing members are SHP001, members of another type SHP002."
    on = ("error",)
    symptoms = ("refused", "crash")
    example = Example(
        "text_turn",
        change("error", "error.message", ""),
        prepare=(after("session.updated", "server", _error(None)),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for member in ("type", "message"):
            if field(event, "error", member) == "":
                yield Verdict({"member": member})
                return


class ErrorEventIdUnknown(Rule):
    """A non-null `error.event_id` is the event_id of something the client sent.

    Clients look the failed request up by it.
    """

    code = "ERR002"
    name = "error-event-id-unknown"
    severity = Severity.WARNING
    needs = "both"
    message = "the error answers {refused}, which the client never sent"
    evidence = (
        "The types call it the event_id of the client event that caused the error; the vendor's live tests "
        "confirm the echo."
    )
    exceptions = (
        "Null, as in most errors seen. Recordings without the client's side, or without their start. Errors before the "
        "session is announced, when nobody knows yet whether the recording holds its start."
    )
    on = ("error",)
    symptoms = ("refused",)
    example = Example(
        "text_turn",
        change("error", "error.event_id", "evt_ghost"),
        prepare=(
            after("session.updated", "server", _error("evt_audio")),
            after(
                "session.updated",
                "client",
                {"type": "input_audio_buffer.append", "event_id": "evt_audio", "audio": silence(100)},
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        refused = field(event, "error", "event_id")
        facts = context.facts
        if refused is None or facts.session is None or facts.mid_session or "client" not in facts.seen:
            return
        if refused not in facts.client_ids:
            yield Verdict({"refused": refused})


class ClientEventIdReused(Rule):
    """Each event of the client's has an `event_id` of its own, if any.

    An error names the event it refuses by this id; of two with the same, nobody knows which one was refused.
    """

    code = "ERR003"
    name = "client-event-id-reused"
    severity = Severity.WARNING
    basis = "inferred"
    dialects = ("beta", "ga", "translation")
    needs = "client"
    message = "the event_id {event_id} was used at line {line} before"
    evidence = "The types call it the id by which an error refers to the client's event."
    exceptions = "Appended audio is not looked at."
    on = CLIENT_EVENTS
    reads = ("event_id",)
    symptoms = ("refused",)
    example = Example("text_turn", change("conversation.item.create", "event_id", "evt_update"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        event_id = field(event, "event_id")
        line = context.facts.client_ids.get(event_id) if event_id is not None else None
        if line is None:
            return NOTHING
        return iter((Verdict({"event_id": event_id, "line": line}),))


class _Index:
    """The findings by line.  The list only grows, so each finding is filed once."""

    def __init__(self) -> None:
        self._filed = 0
        self._by_line: dict[int, list[Finding]] = {}

    def at(self, context: Context, line: int) -> list[Finding]:
        """What has been found so far on a client event of that line."""
        for finding in context.findings[self._filed :]:
            if finding.event is not None and finding.event.direction == "client":
                self._by_line.setdefault(finding.line, []).append(finding)
        self._filed = len(context.findings)
        return self._by_line.get(line, [])


def _found(context: Context, line: int) -> list[Finding]:
    index: _Index = context.memory("ERR", _Index)
    return index.at(context, line)


def _told_here(context: Context, findings: list[Finding]) -> bool:
    """A finding already joins the request to the event at hand."""
    return any(witness.line == context.line for finding in findings for witness in finding.witnesses)


_BY_CODE: Mapping[str, tuple[str, ...]] = {
    ACTIVE: ("RSP004", "RSP020"),
    "response_cancel_not_active": ("RSP021", "RSP023"),
    "input_audio_buffer_commit_empty": ("IAB011",),
    "cannot_update_voice": ("CLI006",),
    "item_delete_invalid_item_id": ("CLI032", "ITM001", "ITM016", "ITM018"),
    "item_retrieve_invalid_item_id": ("CLI032", "ITM001", "ITM018"),
    "item_truncate_invalid_item_id": ("ITM001", "ITM018", "TRU"),
    "unsupported_content_type": ("TRU",),
    "invalid_tool_call_id": ("ITM021", "ITM022"),
}
"""Codes that are about one matter, and the rules (or the beginnings of their codes) that judge it."""
_BY_VALUE = frozenset(
    {
        "api_version_mismatch",
        "beta_api_shape_disabled",
        "invalid_event",
        "invalid_json",
        "invalid_parameter",
        "invalid_type",
        "invalid_value",
        "missing_required_parameter",
        "unknown_parameter",
    }
)
"""Codes that are about what the request holds, whatever it is."""


def _may_foretell(finding: Finding, code: str | None) -> bool:
    """Whether an error of that code can be about what was found on the request."""
    if (rules := _BY_CODE.get(code or "")) is not None:
        return finding.code.startswith(rules)
    if code in KNOWN_CODES and code not in _BY_VALUE:
        return False  # About the account or the session, which no event of the client's shows.
    return finding.severity > Severity.INFO


def _article(request: Request) -> str:
    return "an" if request.type[0] in "aeiou" else "a"


class ErrorExplained(Rule):
    """An `error` is joined to the client event that it refuses, and to the rule that foretold it.

    Most errors on the wire name no event; the line of the request is what one looks for first.
    """

    code = "ERR004"
    name = "error-explained"
    severity = Severity.INFO
    basis = "inferred"
    needs = "both"
    message = "this refuses line {asked}{request}{rule}{code}{text}"
    evidence = (
        "The event_id that the error names; where it is null, what its code, its parameter, and the words and values "
        "of its message can be about: the oldest open request of those that fit best."
    )
    exceptions = (
        "Errors of the server's own (server_error), and those that another rule has joined already. A rule is named "
        "only where the error's code can be about what it judges."
    )
    on = ("error",)
    last = True
    symptoms = ("refused",)
    example = Example(
        "text_turn",
        after("session.update", "server", _error("evt_update")),
        because=(at("session.update"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if field(event, "error", "type") == "server_error":
            return
        request = context.facts.ledger.answered_by(event)
        line = request.line if request is not None else self._named(context, event)
        if line is None or _told_here(context, found := _found(context, line)):
            return
        code, text = field(event, "error", "code"), field(event, "error", "message")
        rules = ", ".join(
            dict.fromkeys(f.code for f in found if f.caused_by is None and _may_foretell(f, code))
        )
        yield Verdict(
            {
                "asked": line,
                "request": "" if request is None else f", {_article(request)} `{request.type}`",
                "rule": f", as {rules} foretold" if rules else "",
                "code": f": {code}" if code and not rules else "",
                "text": f": {text}" if text and not rules else "",
            },
            witnesses=() if request is None else (Witness(line, request.type, "was refused", "client"),),
        )

    def _named(self, context: Context, event: Any) -> int | None:
        """The line of the client event that the error names, where it is none that waits for an answer."""
        refused = field(event, "error", "event_id")
        return None if refused is None else context.facts.client_ids.get(refused)


KNOWN_CODES = frozenset(
    {
        *ERROR_CODES,
        "account_deactivated",
        "api_version_mismatch",
        "beta_api_shape_disabled",
        "billing_hard_limit_reached",
        "inference_rate_limit_exceeded",
        "insufficient_quota",
        "invalid_api_key",
        "invalid_event",
        "invalid_json",
        "invalid_model",
        "invalid_type",
        "missing_model",
        "model_not_found",
        "rate_limit_exceeded",
        "server_error",
        "session_expired",
    }
)
"""Codes of `error` events that recordings, live tests or clients of the API are known for."""


class ErrorCodeUnknown(Rule):
    """The code of an error is one that has been seen before.

    Clients that sort errors by code meet one that they do not know.
    """

    code = "ERR005"
    name = "error-code-unknown"
    severity = Severity.INFO
    basis = "observed"
    message = "the code {found} has not been seen before"
    evidence = "The codes in recordings, and those that clients of the API and its live tests name."
    exceptions = "The set is open; null says nothing. Each code is told once."
    on = ("error",)
    symptoms = ("refused",)
    example = Example(
        "text_turn",
        change("error", "error.code", "mood_unavailable"),
        prepare=(after("session.updated", "server", _error(None)),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        found = field(event, "error", "code")
        if found is not None and found not in KNOWN_CODES and context.first(self.code, found):
            yield Verdict({"found": found})


_BY_ITEM = tuple(f"conversation.item.{verb}" for verb in ("create", "delete", "retrieve", "truncate"))
_BY_TURN = ("input_audio_buffer.commit", "response.create")
_YES = tuple(sorted({answer for answers in ANSWERS.values() for answer in answers} - {"response.done"}))
"""Events that say yes to one request; `response.done` comes whether it was cancelled or not."""


def _certain(context: Context, request: Request) -> bool:
    """Whether the server's success can only be the answer to this very request.

    Requests about an item name it.  Others are told apart by their order alone, and with turn detection on the server
    commits and responds by itself.
    """
    if request.type in _BY_ITEM:
        return request.type != "conversation.item.create" or field(request.event, "item", "id") is not None
    pending = list(context.facts.ledger.pending(request.type))
    return len(pending) == 1 and (request.type not in _BY_TURN or context.facts.turn_detection_on() is False)


class _Settled:
    """Requests that were answered for certain, by the event_id that an error could name."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[Request, int, str]] = {}
        self.refused_items: dict[str, tuple[Request, int]] = {}
        """Items that were refused, by the id that the client chose."""


class RejectedYetApplied(Rule):
    """A request is answered once: with its success or with an error.

    After an error, clients undo or repeat what they asked for; here it happened all the same, and will happen twice.
    """

    code = "ERR006"
    name = "rejected-yet-applied"
    severity = Severity.WARNING
    needs = "both"
    message = "line {asked}, {a} `{request}`, was both done and refused"
    evidence = "The types say that an error is sent otherwise, that is, where the success is not."
    exceptions = (
        "Requests without an event_id. Requests that only their order tells apart from others, and turns that the "
        "server may have taken by itself."
    )
    on = ("error", *_YES)
    since = "client id"
    symptoms = ("refused", "history")
    example = Example(
        "text_turn",
        after("conversation.item.done", "server", _error("evt_item_q1", code=None, param=None)),
        because=(
            at("conversation.item.create"),
            at("conversation.item.added"),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        request = context.facts.ledger.answered_by(event)
        settled: _Settled = context.memory(self.code, _Settled)
        if context.type != "error":
            if request is not None:
                # What is done from here on is done for this request, also where it repeats one that was refused.
                settled.refused_items.pop(field(event, "item", "id"), None)
                if request.id is not None and _certain(context, request):
                    settled.taken[request.id] = request, context.line, context.type
                return NOTHING
            if not settled.refused_items:
                return NOTHING
        return self._judge(context, event, request, settled)

    def _judge(
        self, context: Context, event: Any, request: Request | None, settled: _Settled
    ) -> Iterator[Verdict]:
        if context.type == "error":
            refused = field(event, "error", "event_id")
            if request is not None and request.id is not None and request.id == refused:
                item_id = field(request.event, "item", "id")
                if request.type == "conversation.item.create" and item_id is not None:
                    settled.refused_items[item_id] = request, context.line
            elif refused in settled.taken:
                request, line, type = settled.taken.pop(refused)
                yield self._verdict(request, Witness(line, type, "said that it was done"))
        elif tag_of(event) in ANSWERS["conversation.item.create"]:
            item_id = field(event, "item", "id")
            if item_id in settled.refused_items:
                request, line = settled.refused_items.pop(item_id)
                yield self._verdict(request, Witness(line, "error", "refused it"))

    def _verdict(self, request: Request, answer: Witness) -> Verdict:
        asked = Witness(request.line, request.type, "asked for it", "client")
        args = {"asked": request.line, "a": _article(request), "request": request.type}
        return Verdict(args, witnesses=(asked, answer))


class IllegalYetAccepted(Rule):
    """What a rule calls an error of the client's, the server refuses.

    Where it does not, either this server is more lenient than the protocol, or the rule is too strict: worth a report.
    """

    code = "ERR007"
    name = "illegal-yet-accepted"
    severity = Severity.INFO
    basis = "inferred"
    needs = "both"
    message = "the server took line {asked}, {a} `{request}`, although {rules} calls it an error"
    evidence = "The rule that is named says how it is known."
    exceptions = "Requests that only their order tells apart from others."
    on = _YES
    when = ("asked for",)
    since = "finding"
    last = True
    symptoms = ("recording",)
    example = Example(
        "text_turn",
        change("conversation.item.create", "item.content.0.type", "output_text"),
        beside=("ITM020",),
        found=at("conversation.item.added"),
        because=(at("conversation.item.create"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        request = context.facts.ledger.answered_by(event) if context.findings else None
        if request is None or not _certain(context, request):
            return NOTHING
        return self._judge(context, request)

    def _judge(self, context: Context, request: Request) -> Iterator[Verdict]:
        found = _found(context, request.line)
        rules = dict.fromkeys(f.code for f in found if f.severity is Severity.ERROR and f.caused_by is None)
        if rules and not _told_here(context, found):
            witness = Witness(request.line, request.type, "asked for it", "client")
            args = {"asked": request.line, "a": _article(request), "request": request.type}
            yield Verdict({**args, "rules": ", ".join(rules)}, witnesses=(witness,))


_FATAL = frozenset(
    {
        "account_deactivated",
        "api_version_mismatch",
        "beta_api_shape_disabled",
        "billing_hard_limit_reached",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
    }
)


class FatalErrorButContinues(Rule):
    """After an error that concerns the account or the key, the session does not go on.

    Clients give up at such an error; a session that goes on is lost to them, and is billed.
    """

    code = "ERR008"
    name = "fatal-error-but-continues"
    severity = Severity.INFO
    basis = "inferred"
    message = "the session goes on after the error {fatal}"
    evidence = (
        "The set of codes at which livekit's client gives up; the types call most other errors recoverable."
    )
    exceptions = "session_expired is SES015. Told once a connection."
    on = (
        "error",
        "session.updated",
        "response.created",
        "input_audio_buffer.committed",
        *ANSWERS["conversation.item.create"],
    )
    since = "error"
    symptoms = ("refused", "bill")
    example = Example(
        "text_turn",
        change("error", "error.code", "insufficient_quota"),
        prepare=(after("session.updated", "server", _error(None)),),
        found=at("conversation.item.added"),
        because=(at("error"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        fatal: dict[str, int] = context.memory(self.code, dict[str, int])
        if context.type == "error":
            code = field(event, "error", "code")
            if code in _FATAL:
                fatal.setdefault(code, context.line)
        elif fatal and context.first(self.code):
            code, line = next(iter(fatal.items()))
            witness = Witness(line, "error", "was the error")
            return iter((Verdict({"fatal": code}, witnesses=(witness,)),))
        return NOTHING
