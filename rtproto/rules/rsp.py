"""RSP: the life of a response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.ledger import Request
from rtproto.protocol.values import field, listed, tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, after, change, drop, repeat


class ResponseEventBeforeCreated(Rule):
    """`response.created` comes before every other event of its response.

    Clients build their record of the response from it and drop what they cannot place.
    """

    code = "RSP001"
    name = "response-event-before-created"
    message = "`{type}` of a response that was never created"
    evidence = (
        "The types call response.created the first event of a response; 1,646 of 1,646 events in OpenAI and "
        "Azure recordings."
    )
    exceptions = "Mid-session: the response is adopted. response.mcp_call.* carry no response_id."
    symptoms = ("silence", "crash")
    example = Example("text_turn", drop("response.created", 1))


class ResponseCreatedTwice(Rule):
    """A response is created once."""

    code = "RSP002"
    name = "response-created-twice"
    message = "a second `response.created` of the same response"
    evidence = (
        "The types call response.created the first event of a response; 73 of 73 in OpenAI and Azure "
        "recordings."
    )
    symptoms = ("overlap",)
    example = Example(
        "out_of_band",
        after(
            "response.output_item.added",
            "server",
            {
                "type": "response.created",
                "event_id": "event_again",
                "response": {
                    "id": "resp_1",
                    "object": "realtime.response",
                    "status": "in_progress",
                    "output": [],
                    "conversation_id": None,
                },
            },
        ),
    )


class SecondActiveDefaultResponse(Rule):
    """One response at a time writes to the default conversation.

    Two at once mean that two voices talk over each other, or that the server forgot the `response.done` of the first.
    """

    code = "RSP004"
    name = "second-active-default-response"
    message = "a second response starts while `{active}` is in progress"
    evidence = (
        "The types say that only one response can write to the default conversation at a time; 73 of 73 in "
        "recordings."
    )
    exceptions = "Out-of-band responses (`conversation_id` null) run beside it."
    symptoms = ("overlap",)
    example = Example("voice_turn", drop("response.done"))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        active = context.facts.current_response
        superseded = context.engine.find("response", (active,))
        in_disorder = superseded is not None and superseded.root_taint() is not None
        yield Verdict(
            {"active": active},
            entity=superseded if in_disorder else broken.entity,
            broken=broken,
            witnesses=history(broken, 1),
            taints=() if superseded is None else (superseded,),
        )


class ResponseDoneTwice(Rule):
    """A response is done once."""

    code = "RSP005"
    name = "response-done-twice"
    message = "a second `response.done` of the same response"
    evidence = (
        "The types say response.done is always emitted, whatever the final state; once in 71 of 71 recorded "
        "responses."
    )
    symptoms = ("crash",)
    example = Example("text_turn", repeat("response.done"))


class ResponseDoneWithoutCreated(Rule):
    """`response.done` is about a response that was created.

    Client libraries have been seen to crash on it.
    """

    code = "RSP006"
    name = "response-done-without-created"
    severity = Severity.WARNING
    basis = "documented"
    message = "`response.done` of a response that was never created"
    evidence = (
        "Contradicts the reference, yet is reported from production during interruptions (livekit/agents "
        "source)."
    )
    symptoms = ("crash",)
    example = Example(
        "text_turn",
        after(
            "response.done",
            "server",
            {
                "type": "response.done",
                "event_id": "event_ghost",
                "response": {
                    "id": "resp_ghost",
                    "object": "realtime.response",
                    "status": "cancelled",
                    "status_details": {"type": "cancelled", "reason": "turn_detected"},
                    "output": [],
                },
            },
        ),
    )


class ResponseNeverDone(Rule):
    """Every response that was created reaches `response.done`.

    A client that waits for it never asks for the next response: the session falls silent.
    """

    code = "RSP007"
    name = "response-never-done"
    message = "`{response}` is never done"
    evidence = (
        "The types say response.done is always emitted; the only open responses in recordings are cut off by "
        "the recording's end."
    )
    exceptions = "A recording that simply stops: noted, not blamed."
    symptoms = ("silence",)
    example = Example("out_of_band", drop("response.done"))

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        response = context.facts.responses.get(entity.key[0])
        later = [
            r for r in context.facts.responses.values() if response is not None and r.line > response.line
        ]
        went_on = bool(later) or (response is not None and context.facts.turns > response.turn + 1)
        line, type, _ = entity.history[0]
        yield Verdict(
            {"response": str(entity.key[0])},
            severity=None if went_on or not cut else Severity.INFO,
            entity=entity,
            line=line,
            type=type,
            witnesses=tuple(
                Witness(r.line, "response.created", "started a later response") for r in later[:1]
            ),
        )


class EventAfterResponseDone(Rule):
    """Nothing of a response streams after its `response.done`.

    Clients have thrown the response away by then; a late delta is lost or lands in the next answer.
    """

    code = "RSP009"
    name = "event-after-response-done"
    message = "`{type}` of a response that is done"
    evidence = "1,646 of 1,646 events in OpenAI and Azure recordings came before their response.done."
    exceptions = (
        "MCP calls may finish later, with their output_item.done; playback, truncation and transcription go "
        "on."
    )
    symptoms = ("words", "overlap")
    example = Example(
        "text_turn",
        after(
            "response.done",
            "server",
            {
                "type": "response.output_text.delta",
                "event_id": "event_late",
                "response_id": "resp_1",
                "item_id": "item_a1",
                "output_index": 0,
                "content_index": 0,
                "delta": "!",
            },
        ),
    )


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
    exceptions = "The beta of October 2024 used incomplete with the reason interruption."
    on = ("response.done",)
    symptoms = ("crash",)
    example = Example("barge_in", change("response.done", "response.status_details.type", "failed"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        status = field(event, "response", "status")
        details = field(event, "response", "status_details")
        kind, reason = field(details, "type"), field(details, "reason")
        if status is None or details is None:
            return
        if kind is not None and kind != status:
            yield Verdict({"status": status, "details": f"`type` {kind}"})
        elif reason is not None and reason not in _REASONS.get(status, ()):
            yield Verdict({"status": status, "details": f"`reason` {reason}"}, severity=Severity.WARNING)


_ACTIVE_CODE = "conversation_already_has_active_response"
_ACTIVE_TEXT = "already has an active response"


class ResponseCreateWhileActive(Rule):
    """`response.create` is sent when no response writes to the default conversation.

    The server refuses it with `conversation_already_has_active_response`, and the answer that the client waits for
    never comes. Typical: the client asks by hand although server VAD has already started a response.
    """

    code = "RSP020"
    name = "response-create-while-active"
    severity = Severity.WARNING
    basis = "documented"
    needs = "both"
    message = "`response.create` while `{active}` was in progress; {outcome}"
    evidence = "The server's own words in the refusal name the active response and ask to wait for its end."
    exceptions = (
        "Out-of-band responses. A create sent when every output item was complete, as most recorded tool calls do, and "
        "one that the server took in the end."
    )
    on = ("error", "response.created")
    symptoms = ("refused", "silence", "overlap")
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
                        "code": _ACTIVE_CODE,
                        "message": "Conversation already has an active response in progress: resp_1.",
                        "param": None,
                        "event_id": None,
                    },
                },
            ),
        ),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        # Whether it was a mistake or a race that was won is only known from the answer.
        return iter(())

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        request = context.facts.ledger.answered_by(event)
        if request is None or request.type != "response.create" or request.active is None:
            return
        if context.type == "error":
            if _refused_as_active(event):
                witness = Witness(context.line, "error", "refused it")
                yield self._verdict(context, request, "the server refused it", Severity.ERROR, witness)
        elif not request.winding_down and not context.facts.responses[request.active].done:
            witness = Witness(context.line, "response.created", "started the second response")
            yield self._verdict(
                context, request, "the server took it all the same", Severity.WARNING, witness
            )

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        for request in context.facts.ledger.pending("response.create"):
            if request.active is not None and not request.winding_down:
                yield self._verdict(context, request, "no answer to it was recorded", Severity.WARNING)

    def _verdict(
        self, context: Context, request: Request, outcome: str, severity: Severity, *answer: Witness
    ) -> Verdict:
        active = context.facts.responses[request.active or ""]
        opened = (Witness(active.line, "response.created", "started the active response"),)
        return Verdict(
            {"active": active.id, "outcome": outcome},
            severity=severity,
            line=request.line,
            type="response.create",
            event=request.event,
            direction="client",
            witnesses=opened + answer,
        )


def _refused_as_active(event: Any) -> bool:
    code = field(event, "error", "code")
    # Until January 2025 the code was null and only the message told.
    return code == _ACTIVE_CODE or (code is None and _ACTIVE_TEXT in (field(event, "error", "message") or ""))


class DoneOutputDiffersFromStream(Rule):
    """`response.done` lists the items that were streamed, in the order of their output_index.

    Clients that keep only `response.done` lose an answer, or act on a call that never streamed.
    """

    code = "RSP024"
    name = "done-output-differs-from-stream"
    message = "response.done lists {listed}, streamed were {streamed}"
    evidence = (
        "The types say the response contains all output items that were generated; 71 of 71 recorded "
        "responses."
    )
    exceptions = "Responses that the recording met half-way."
    on = ("response.done",)
    symptoms = ("history", "tools")
    example = Example("text_turn", change("response.done", "response.output", []))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        response = context.facts.responses.get(field(event, "response", "id") or "")
        entity = context.entity
        output = listed(event, "response", "output")
        if response is None or entity is None or entity.adopted or output is None:
            return
        ids = [field(item, "id") for item in output]
        streamed = [item_id for _, item_id in sorted(response.output.items())]
        if None not in ids and ids != streamed:
            yield Verdict({"listed": _ids(ids), "streamed": _ids(streamed)}, witnesses=history(entity, 1))


def _ids(ids: list[Any]) -> str:
    return ", ".join(map(str, ids)) or "nothing"


class DoneItemDiffersFromItemDone(Rule):
    """Each item in `response.done` equals the item of its `response.output_item.done`.

    Which of the two a client keeps decides what it believes was said.
    """

    code = "RSP025"
    name = "done-item-differs-from-item-done"
    basis = "observed"
    message = "item {item} in response.done differs from its output_item.done in {what}"
    evidence = (
        "Deeply equal in 58 of 58 OpenAI and Azure responses and 13 of 13 of a beta WebRTC log; xAI 0 of 30."
    )
    exceptions = "MCP calls that finish later; servers of the compat and azure-voice-live profiles."
    on = ("response.done",)
    symptoms = ("words", "history")
    example = Example(
        "text_turn", change("response.done", "response.output.0.content.0.text", "Rain all day.")
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        response = context.facts.responses.get(field(event, "response", "id") or "")
        output = listed(event, "response", "output")
        if response is None or output is None:
            return
        for item in output:
            done = response.done_items.get(field(item, "id") or "")
            if done is None or (tag_of(item) or "").startswith("mcp_"):
                continue
            differing = [name for name in _COMPARED if field(item, name) != field(done, name)]
            if differing:
                yield Verdict(
                    {"item": field(item, "id"), "what": ", ".join(differing)},
                    entity=context.engine.find("output item", (field(item, "id"),)),
                )


_COMPARED = ("type", "role", "status", "name", "call_id", "arguments", "content")
