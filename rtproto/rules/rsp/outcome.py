"""How a response ends: its final status, the details of it, and the items that it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, at, change, drop
from rtproto.rules.script import response_object, said_message

_REASONS = {
    "cancelled": ("turn_detected", "client_cancelled"),
    "incomplete": ("max_output_tokens", "content_filter", "interruption"),
}


class StatusDetailsDisagree(Rule):
    """`status_details` speak of the response's own status: same type, and a reason that belongs to it.

    Clients decide from them whether to apologise, to retry or to stay quiet.
    """

    code = "RSP010"
    name = "status-details-disagree"
    message = "the status is {status}, but status_details say {details}"
    evidence = "The types list the reasons by status; 71 of 71 OpenAI and Azure responses agree."
    exceptions = (
        "The beta of October 2024 used incomplete with the reason interruption. Without any details, a failed response "
        "is RSP012's and an incomplete one RSP013's."
    )
    on = ("response.done",)
    symptoms = ("silence",)
    example = Example("barge_in", change("response.done", "response.status_details.type", "failed"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        status, details = event.response.status, event.response.status_details
        if not details:
            if status != "cancelled":
                return ()
            return (Verdict({"status": status, "details": "nothing"}, severity=Severity.WARNING),)
        if not status:
            return ()
        if details.type and details.type != status:
            return (Verdict({"status": status, "details": f"`type` {details.type}"}),)
        if details.reason and details.reason not in _REASONS.get(status, ()):
            args = {"status": status, "details": f"`reason` {details.reason}"}
            return (Verdict(args, severity=Severity.WARNING),)
        return ()


_RACE = 5
"""Events within which the cause of a cancellation may follow it: some servers tell of the speech afterwards."""


class CancelReasonWithoutCause(Rule):
    """A cancelled response says why, and the cause is in the recording: speech of the user, or the client's cancel.

    A reply that stops although nobody interrupted it is usually an echo of the bot's own voice, or a second client.
    """

    code = "RSP011"
    name = "cancel-reason-without-cause"
    severity = Severity.WARNING
    basis = "documented"
    partial = "start"
    message = "cancelled for `{reason}`, but {missing}"
    evidence = (
        "The types explain the two reasons: voice activity, or a cancel of the client; 8 of 8 turn_detected in beta "
        "WebRTC logs follow a speech_started."
    )
    exceptions = (
        "A cancel through a side-band socket. Without the client's side, client_cancelled is not judged. The speech "
        "may follow within five events."
    )
    on = (
        "response.done",
        "response.created",
        "response.cancel",
        "output_audio_buffer.clear",
        "input_audio_buffer.speech_started",
    )
    symptoms = ("silence", "words")
    example = Example(
        "cancelled_turn",
        drop("response.cancel"),
        found=at("response.done"),
        because=(at("response.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.type == "response.done":
            return () if event.response.status != "cancelled" else self._cancelled(context, event)
        known = context.memory(self.code, dict)
        if context.direction == "client":
            named = field(event, "response_id")
            # One that names a response that nobody has seen is RSP023's.
            known[("asked", named if named in context.facts.responses else None)] = context.line
            return ()
        held = known.get("held")
        if held is None:
            return ()
        if context.type == "response.created":
            return self._release(context)
        if context.line <= held[0] + _RACE:
            del known["held"]
        return ()

    def _cancelled(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        known = context.memory(self.code, dict)
        reason = field(event, "response", "status_details", "reason")
        response = facts.responses.get(event.response.id)
        if facts.mid_session or response is None:
            return
        if reason == "client_cancelled":
            asked = max(known.get(("asked", None), 0), known.get(("asked", response.id), 0)) > response.line
            asked = asked or facts.ledger.answered_by(event) is not None
            if context.both_directions and not asked:
                yield Verdict({"reason": reason, "missing": "the client asked for no such thing"})
        elif (
            reason == "turn_detected"
            and not facts.hears_turn(context.line)
            and facts.hearing.start_line < response.line
        ):
            # The speech may still be told of: judged when it has not been by the next response.
            known["held"] = (context.line, event)

    def _release(self, context: Context) -> Iterator[Verdict]:
        line, event = context.memory(self.code, dict).pop("held")
        yield Verdict(
            {"reason": "turn_detected", "missing": "the user did not start to speak"},
            line=line,
            type="response.done",
            event=event,
            entity=context.engine.find("response", (event.response.id,)),
        )

    def at_close(self, context: Context, cut: bool) -> Iterable[Verdict]:
        held = context.memory(self.code, dict).get("held")
        return () if held is None or context.line <= held[0] + _RACE else self._release(context)


class FailedWithoutError(Rule):
    """A failed response says what went wrong: `status_details.error` with a type or a code.

    Without it nobody can tell a rate limit, worth a retry, from a refusal.
    """

    code = "RSP012"
    name = "failed-without-error"
    severity = Severity.WARNING
    basis = "documented"
    message = "the response failed without saying why"
    evidence = "The types say that the error is there when the status is failed; 1 of 1 in recordings."
    on = ("response.done",)
    only = ("response.status", "failed")
    symptoms = ("silence", "refused")
    example = Example("failed_turn", change("response.done", "response.status_details", {"type": "failed"}))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        details = event.response.status_details
        error = field(details, "error")
        if field(error, "type") or field(error, "code") or field(details, "type") not in (None, "failed"):
            return ()
        return (Verdict(),)


class IncompleteWithoutReason(Rule):
    """An incomplete response names the reason, and one that ran out of tokens has used them.

    Without the reason nobody can tell a limit that is set too low from the content filter.
    """

    code = "RSP013"
    name = "incomplete-without-reason"
    severity = Severity.WARNING
    basis = "documented"
    message = "the response is incomplete, {what}"
    evidence = "The types give an incomplete response one of two reasons. No recording has a case."
    exceptions = (
        "Only noted when fewer than half of the tokens are used: the server's own limits are not known."
    )
    on = ("response.done",)
    only = ("response.status", "incomplete")
    symptoms = ("words", "bill")
    example = Example(
        "call_cut_short", change("response.done", "response.status_details", {"type": "incomplete"})
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = event.response
        details = response.status_details
        reason = field(details, "reason")
        if reason is None:
            if field(details, "type") in (None, "incomplete"):
                return (Verdict({"what": "but names no reason"}),)
            return ()
        limit, used = response.max_output_tokens, field(response, "usage", "output_tokens")
        if (
            reason == "max_output_tokens"
            and isinstance(limit, int)
            and used is not None
            and used < limit // 2
        ):
            what = f"for max_output_tokens, but used only {used} of {limit}"
            return (Verdict({"what": what}, severity=Severity.INFO),)
        return ()


class CompletedWithoutOutput(Rule):
    """A completed response has at least one item.

    The model had its turn and nothing is to be heard or shown: the user waits.
    """

    code = "RSP026"
    name = "completed-without-output"
    severity = Severity.WARNING
    basis = "documented"
    message = "the response is completed, but nothing came of it"
    evidence = "The types say that a response includes at least one item; 71 of 71 in recordings."
    exceptions = "Items that streamed and are not listed are RSP024's."
    on = ("response.done",)
    only = ("response.status", "completed")
    symptoms = ("silence",)
    example = Example(
        "failed_turn", change("response.done", "response", response_object("resp_1", "completed", []))
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = event.response
        if response.output or response.status != "completed" or response.output != []:
            return ()
        known = context.facts.responses.get(response.id)
        return () if known is not None and known.output else (Verdict(),)


_CUT = said_message("item_a1", "incomplete", [{"type": "output_text", "text": "Sunny"}])


class ItemStatusVsResponseStatus(Rule):
    """A completed response consists of completed items.

    A client that trusts the response keeps half a sentence, or runs a call with half its arguments.
    """

    code = "RSP028"
    name = "item-status-vs-response-status"
    basis = "observed"
    message = "the response is completed, but its item {item} is {status}"
    evidence = (
        "71 of 71 responses in OpenAI, Azure and beta WebRTC recordings. The converse does not hold: a cancelled "
        "response may keep a completed item."
    )
    exceptions = "Items of MCP, and items without a status."
    on = ("response.done",)
    only = ("response.status", "completed")
    symptoms = ("words", "tools")
    example = Example(
        "cancelled_turn", change("response.done", "response", response_object("resp_1", "completed", [_CUT]))
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if event.response.status != "completed" or not event.response.output:
            return ()
        unfinished = [
            item for item in event.response.output if field(item, "status") not in (None, "completed")
        ]
        return self._differing(context, event, unfinished) if unfinished else ()

    def _differing(self, context: Context, event: Any, unfinished: list[Any]) -> Iterator[Verdict]:
        response = context.facts.responses.get(event.response.id)
        for item in unfinished:
            done = None if response is None else response.done_items.get(item.id)
            # An item that ended with another status is RSP025's.
            if done is None or field(done, "status") == item.status:
                yield Verdict(
                    {"item": item.id or "?", "status": item.status},
                    entity=context.engine.find("output item", (item.id,)),
                )


class CancelledBeforeOutput(Rule):
    """A response that is cancelled at once has no output.

    Normal when the user goes on speaking; worth knowing where the bot seems to skip turns.
    """

    code = "RSP030"
    name = "cancelled-before-output"
    severity = Severity.INFO
    basis = "observed"
    message = "the response was cancelled before anything came of it"
    evidence = "4 of 8 cancellations in beta WebRTC logs: no output, no usage, no rate limits."
    exceptions = "Told once."
    on = ("response.done",)
    only = ("response.status", "cancelled")
    symptoms = ("silence",)
    example = Example(
        "failed_turn",
        change(
            "response.done",
            "response",
            response_object("resp_1", "cancelled", [], status_details={"type": "cancelled"}),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = event.response
        if response.status != "cancelled" or response.output != []:
            return ()
        known = context.facts.responses.get(response.id)
        if known is None or known.output or not context.first(self.code):
            return ()
        return (Verdict(witnesses=(Witness(known.line, "response.created", "created the response"),)),)
