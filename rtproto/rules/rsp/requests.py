"""The requests that start and stop responses, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.ledger import Request
from rtproto.protocol.records import Response
from rtproto.protocol.refusals import ACTIVE, active_response, refused_as_active
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.common import at_request
from rtproto.rules.examples import Example, after, at, change, drop, upto


class ResponseWithoutCause(Rule):
    """A response has a cause: the client's `response.create`, a turn of the user that the server answers by itself, or
    an idle timeout.

    Otherwise somebody else writes to the session, or the bot answers its own echo.
    """

    code = "RSP018"
    name = "response-without-cause"
    severity = Severity.WARNING
    basis = "documented"
    needs = "both"
    partial = "start"
    message = "nobody asked for this response"
    evidence = (
        "The guide on costs names the two ways a response begins: by hand, or by voice activity detection."
    )
    exceptions = (
        "Side-band writers and SIP, whose requests are not in the recording. A response between the end of the user's "
        "speech and its commit is IAB020."
    )
    on = ("response.created",)
    unless = ("asked for",)
    symptoms = ("overlap",)
    example = Example(
        "text_turn",
        drop("response.create", 1),
        found=at("response.created", 1),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts, hearing = context.facts, context.facts.hearing
        # Speech that goes on is no turn yet: what is answered meanwhile is one that was committed before.
        too_early = hearing.speaking and hearing.commit_line <= hearing.unasked_line
        if facts.ledger.answered_by(event) is not None or (facts.turn_due and not too_early):
            return ()
        if (
            facts.mid_session
            or not context.both_directions
            or next(facts.ledger.pending("response.create"), None)
        ):
            return ()
        begun = Witness(hearing.start_line, "input_audio_buffer.speech_started", "began the user's turn")
        return (Verdict(witnesses=(begun,) if too_early else ()),)


_LOOKED_AT = 64
"""Responses that are looked through for one that is in progress: the latest."""

_EXPLAINED = ("RSP001", "RSP006", "RSP017")
"""Findings beside which a request without an answer is no news: the answer was lost, or was not recognised."""


class ResponseCreateUnanswered(Rule):
    """Each `response.create` is answered: by `response.created`, or by an error.

    A client that waits for the answer falls silent, and one that does not never learns that its request was lost.
    """

    code = "RSP019"
    name = "response-create-unanswered"
    severity = Severity.WARNING
    needs = "both"
    partial = "open"
    message = "`response.create` is never answered"
    evidence = (
        "The types say that the server answers with response.created; every other request in recordings was."
    )
    exceptions = (
        "A recording that simply stops within 20 seconds: noted, not blamed. An error that names no request may be "
        "the answer."
    )
    on = ("error",)
    ending = True
    symptoms = ("silence",)
    example = Example(
        "text_turn",
        upto("response.created", 1),
        cut=False,
        found=at("response.create", 1),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.facts.ledger.answered_by(event) is None:
            context.memory(self.code, dict)["error"] = context.line
        return ()

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        facts = context.facts
        unclear: int = context.memory(self.code, dict).get("error", 0)
        if not context.both_directions or any(f.code in _EXPLAINED for f in context.findings):
            return
        for request in facts.ledger.pending("response.create"):
            # One that was sent beside an active response is RSP020's.
            if request.line > unclear and (request.active is None or request.winding_down):
                yield Verdict(
                    severity=Severity.INFO if cut and not facts.waited(request.time) else None,
                    line=request.line,
                    type="response.create",
                    event=request.event,
                    direction="client",
                )


class ResponseCreateWhileActive(Rule):
    """`response.create` is sent when no response writes to the default conversation.

    The server refuses it with `conversation_already_has_active_response`, and the answer that the client waits for
    never comes. Typical: the client asks by hand although server VAD starts a response for the turn, or once for each
    of several function calls.

    A refusal is an error however close the race was: also where the other response began after the request was sent,
    for which the client had asked before, or which it lets the server begin by itself. Only a warning is one for which
    no response in progress is recorded.
    """

    code = "RSP020"
    name = "response-create-while-active"
    severity = Severity.WARNING
    basis = "documented"
    needs = "both"
    message = "`response.create` {when}; {outcome}"
    evidence = "The server's own words in the refusal name the active response and ask to wait for its end."
    exceptions = (
        "Out-of-band responses. A create sent when every output item was complete, as most recorded tool calls do, and "
        "one that the server took in the end."
    )
    on = ("error", "response.created")
    symptoms = ("refused", "silence")
    example = Example(
        "voice_turn",
        after("response.content_part.added", "client", {"type": "response.create", "event_id": "evt_hasty"}),
        prepare=(
            after(
                "response.done",
                "server",
                {
                    "type": "error",
                    "event_id": "event_refused",
                    "error": {
                        "type": "invalid_request_error",
                        "code": ACTIVE,
                        "message": "Conversation already has an active response in progress: resp_1.",
                        "param": None,
                        "event_id": None,
                    },
                },
            ),
        ),
        because=(at("response.created"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        # Whether it was a mistake or a race that was won is only known from the answer.
        return iter(())

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        request = context.facts.ledger.answered_by(event)
        unclear = context.memory(self.code, list[Request])
        if context.type == "error":
            named = field(event, "error", "event_id")
            for guessed in [r for r in unclear if named is not None and r.id == named]:
                # The error that named none was about something else.
                unclear.remove(guessed)
                request = guessed
            if unclear and named is None and refused_as_active(event):
                # So it was: this one can be about nothing but a request for a response, of which the oldest is meant.
                unclear.extend(() if request is None or request.settled else (request,))
                request = unclear.pop(0)
            if request is not None and request.type == "response.create":
                yield from self._refused(context, event, request)
            return
        if unclear and context.facts.writes_to_default(event.response):
            unclear.extend(() if request is None else (request,))
            request = unclear.pop(0)
        if request is None or request.active is None or request.winding_down:
            return
        # Done by now, it was a race that was won; met half-way, it may be out of band.
        if context.facts.responses[request.active].created is not None:
            witness = Witness(context.line, "response.created", "started the second response")
            yield self._verdict(
                context, request, "the server took it all the same", Severity.WARNING, witness
            )

    def _known(self, context: Context, response_id: str) -> bool:
        """Whether the response began in the recording: met half-way, it may be out of band."""
        response = context.facts.responses[response_id]
        return response.done or response.created is not None

    def _refused(self, context: Context, event: Any, request: Request) -> Iterator[Verdict]:
        witness = Witness(context.line, "error", "refused it")
        if field(request.event, "response", "conversation") == "none":
            return  # No other response hinders it.
        if refused_as_active(event):
            yield self._as_active(context, event, request)
        elif field(event, "error", "event_id") is None:
            # It may be about something else, and the next response the answer.
            context.memory(self.code, list[Request]).append(request)
        elif request.active is not None and not request.winding_down and self._known(context, request.active):
            yield self._verdict(
                context, request, "the server refused it for another reason", Severity.WARNING, witness
            )

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        unclear = context.memory(self.code, list[Request])
        for request in (*unclear, *context.facts.ledger.pending("response.create")):
            if request.active is not None and not request.winding_down:
                yield self._verdict(context, request, "no answer to it was recorded", Severity.WARNING)

    def _as_active(self, context: Context, event: Any, request: Request) -> Verdict:
        """The server refused the request because of another response, whichever of the two came first."""
        facts, contested = context.facts, context.facts.ledger.contested
        refusal = Witness(context.line, "error", "refused it")
        outcome = "the server refused it"
        active: Response | None
        if contested is not None and contested[0] is request:
            active, cause = contested[1], contested[1].turn
        else:
            named = request.active or facts.current_response or active_response(event) or ""
            active = facts.responses.get(named)
            cause = None if active is None else active.cause
        if active is None:
            return _beside_unknown(context, request, outcome, refusal)
        when = f"while `{active.id}` was in progress"
        severity = Severity.ERROR
        if active.line > request.line:
            when = f"just before `{active.id}` began"
        elif active.done and request.active is None:
            when, severity = f"after `{active.id}` was done", Severity.WARNING
        return _hasty(request, when, outcome, severity, *_beginning(context, active, cause), refusal)

    def _verdict(
        self, context: Context, request: Request, outcome: str, severity: Severity, *answer: Witness
    ) -> Verdict:
        active = context.facts.responses[request.active or ""]
        when = f"while `{active.id}` was in progress"
        return _hasty(request, when, outcome, severity, *_beginning(context, active, None), *answer)


def _hasty(request: Request, when: str, outcome: str, severity: Severity, *witnesses: Witness) -> Verdict:
    return at_request(request, {"when": when, "outcome": outcome}, severity=severity, witnesses=witnesses)


def _beside_unknown(context: Context, request: Request, outcome: str, refusal: Witness) -> Verdict:
    """What a recording from mid-session shows of the active response may only stream into its items."""
    latest = islice(reversed(context.engine.entities["response"].values()), _LOOKED_AT)
    unknown = [r for r in latest if r.state == "active" and r.key[0] not in context.facts.responses]
    if not unknown:
        return _hasty(
            request, "while no response in progress is recorded", outcome, Severity.WARNING, refusal
        )
    when = f"while `{unknown[0].key[0]}` was in progress"
    return _hasty(request, when, outcome, Severity.ERROR, _first_seen(unknown[0]), refusal)


def _first_seen(response: Entity) -> Witness:
    line, type, _ = response.history[0]
    started = type == "response.created"
    return Witness(line, type, "started the active response" if started else "is of the active response")


def _beginning(context: Context, active: Response, cause: tuple[int, str] | None) -> tuple[Witness, ...]:
    """Where the active response began, and what it answers where that is known."""
    entity = context.engine.find("response", (active.id,))
    began = () if entity is None or not entity.history else (_first_seen(entity),)
    if cause is None:
        return began
    line, type = cause
    if type == "response.create":
        return (Witness(line, type, "asked for the active response", "client"), *began)
    return (Witness(line, type, "is the turn that the active response answers"), *began)


class CancelWithoutActiveResponse(Rule):
    """`response.cancel` is sent while a response is in progress.

    It is safe, and answered with an error. A client that does it at every turn fills its log with errors, and hides
    those that matter.
    """

    code = "RSP021"
    name = "cancel-without-active-response"
    severity = Severity.INFO
    basis = "documented"
    needs = "both"
    partial = "seen"
    message = "`response.cancel`, but no response is in progress{again}"
    evidence = (
        "The types call it safe and say that an error is returned; its code is response_cancel_not_active."
    )
    exceptions = (
        "A warning from the second time on. A response that was asked for may be about to start. One that is out of "
        "band is cancelled by its id only."
    )
    on = ("response.cancel",)
    symptoms = ("refused",)
    example = Example(
        "text_turn",
        after("response.done", "client", {"type": "response.cancel"}, nth=1),
        because=(at("response.done", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        if facts.mid_session or not context.both_directions or field(event, "response_id") is not None:
            return ()
        if facts.turn_due or next(facts.ledger.pending("response.create"), None):
            return ()
        if not all(response.done or response.outside for response in facts.responses.values()):
            return ()
        if context.first(self.code):
            return (Verdict({"again": ""}),)
        if context.first(self.code, "again"):
            return (Verdict({"again": ", again"}, severity=Severity.WARNING),)
        return ()


_PATIENCE = 2.0
"""Seconds that a cancel may take, by the recording's clock."""


class CancelHasNoEffect(Rule):
    """`response.cancel` ends the response: with the status cancelled, or with an error.

    The bot goes on talking over the user, who has asked it to stop.
    """

    code = "RSP022"
    name = "cancel-has-no-effect"
    severity = Severity.WARNING
    needs = "both"
    partial = "seen"
    message = "the response completed although it was cancelled before; {how}"
    evidence = (
        "The types say that the answer to response.cancel is a response.done with the status cancelled."
    )
    exceptions = (
        "A response that was about to complete: within two seconds, or, without times, without a new item."
    )
    on = ("response.done",)
    only = ("response.status", "completed")
    when = ("asked for",)
    symptoms = ("overlap",)
    example = Example(
        "message_and_call",
        after("response.output_text.delta", "client", {"type": "response.cancel"}),
        found=at("response.done"),
        because=(at("response.cancel"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        request = facts.ledger.answered_by(event)
        response = facts.responses.get(event.response.id)
        if request is None or response is None or request.active != response.id:
            return ()
        if facts.time is not None and request.time is not None:
            waited = facts.time - request.time
            how = f"it went on for {waited:.1f} s" if waited > _PATIENCE else ""
        else:
            # An item that was done without having been announced (OUT004) did not begin anywhere.
            shown = [facts.items[id] for id in response.output.values() if id in facts.items]
            began = [item.id for item in shown if item.line > request.line]
            how = f"it went on to begin the item {began[0]}" if began else ""
        if not how:
            return ()
        witness = Witness(request.line, "response.cancel", "cancelled the response", "client")
        return (Verdict({"how": how}, witnesses=(witness,)),)


class CancelUnknownResponse(Rule):
    """`response.cancel` names a response that is in progress.

    The server refuses it, and the response that was meant goes on.
    """

    code = "RSP023"
    name = "cancel-unknown-response"
    severity = Severity.WARNING
    needs = "both"
    partial = "seen"
    message = "`response.cancel` names {response}, which {what}"
    evidence = "The types call the member the id of the response to cancel."
    exceptions = "Only noted where the response is done already: the two may have crossed."
    on = ("response.cancel",)
    symptoms = ("overlap", "refused")
    example = Example(
        "cancelled_turn",
        change("response.cancel", "response_id", "resp_ghost"),
        because=(at("response.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        named = field(event, "response_id")
        if named is None or facts.mid_session or not context.both_directions:
            return ()
        response = facts.responses.get(named)
        if response is None:
            return (Verdict({"response": named, "what": "no event has announced"}),)
        if response.done:
            witnesses = (Witness(response.line, "response.created", "created the response"),)
            args = {"response": named, "what": "is done already"}
            return (Verdict(args, severity=Severity.INFO, witnesses=witnesses),)
        return ()
