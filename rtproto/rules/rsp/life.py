"""The order of a response's events: created once, first; done once, last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.records import Response
from rtproto.protocol.values import tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, after, at, change, drop, repeat


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
    symptoms = ("crash", "words")
    example = Example(
        "text_turn",
        drop("response.created", 1),
        found=at("response.output_item.added", 1),
    )


class ResponseCreatedTwice(Rule):
    """A response is created once."""

    code = "RSP002"
    name = "response-created-twice"
    message = "a second `response.created` of the same response"
    evidence = (
        "The types call response.created the first event of a response; 73 of 73 in OpenAI and Azure "
        "recordings."
    )
    symptoms = ("overlap", "crash")
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
        because=(at("response.created"),),
    )


class ResponseCreatedNotInitial(Rule):
    """A new response is in progress and empty: no output, no usage, no details of its status.

    Clients copy the object into their state; one that looks finished is never streamed.
    """

    code = "RSP003"
    name = "response-created-not-initial"
    basis = "documented"
    message = "the new response has {what}"
    evidence = (
        "The types call response.created the initial state, in progress; 59 of 59 in OpenAI and Azure recordings and "
        "14 of 14 in beta WebRTC logs."
    )
    exceptions = "An error for the status, a warning for the rest. xAI fills usage and status_details."
    on = ("response.created",)
    symptoms = ("crash",)
    example = Example("text_turn", change("response.created", "response.status", "completed"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = event.response
        started = not response.status or response.status == "in_progress"
        if started and not response.output and not response.usage and not response.status_details:
            return ()
        what = [f"the status {response.status}"] if not started else []
        what += [name for name in ("output", "usage", "status_details") if getattr(response, name)]
        return (Verdict({"what": ", ".join(what)}, severity=Severity.WARNING if started else Severity.ERROR),)


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
    example = Example(
        "voice_turn",
        drop("response.done"),
        found=at("response.created", 1),
        because=(at("response.created"),),
    )

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
    symptoms = ("overlap",)
    example = Example(
        "text_turn",
        repeat("response.done"),
        because=(at("response.done"),),
    )


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


def _of_mcp(context: Context, response: Entity) -> bool:
    """Whether all that was seen of a response are MCP calls, which may run on after it."""
    known = context.facts.responses.get(response.key[0])
    done = {} if known is None else known.done_items
    return all((tag_of(done.get(item.key[0])) or "").startswith("mcp_") for item in response.children)


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
    exceptions = (
        "A recording that simply stops, a client that hangs up, a connection that breaks: noted, not blamed, unless "
        "the conversation has gone on to its next response, or 20 seconds have gone by."
    )
    ending = True
    symptoms = ("silence",)
    example = Example(
        "out_of_band",
        drop("response.done"),
        cut=False,
        found=at("response.created"),
    )

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        response = context.facts.responses.get(entity.key[0])
        if entity.met_halfway() and _of_mcp(context, entity):
            return  # Its end may have come before the recording.
        # Beside a response out of band the conversation goes on, and beside the conversation's a response out of band.
        later: list[Response] = []
        if response is not None and response.default:
            later = [r for r in context.facts.responses.values() if r.default and r.line > response.line]
        line, type, _ = entity.history[0]
        yield Verdict(
            {"response": str(entity.key[0])},
            severity=None if later or not cut or context.facts.waited(context.facts.heard) else Severity.INFO,
            entity=entity,
            line=line,
            type=type,
            witnesses=tuple(
                Witness(r.line, "response.created", "started a later response") for r in later[:1]
            ),
        )


_FINAL = frozenset(("completed", "cancelled", "failed", "incomplete"))


class TerminalStatusInvalid(Rule):
    """`response.done` has a final status: completed, cancelled, failed or incomplete.

    Clients that branch on the status do nothing at all, and the turn hangs.
    """

    code = "RSP008"
    name = "terminal-status-invalid"
    basis = "documented"
    message = "the response is done {what}"
    evidence = "The types list the four final statuses beside in_progress; 71 of 71 recorded responses."
    on = ("response.done",)
    symptoms = ("silence",)
    example = Example("text_turn", change("response.done", "response.status", "in_progress"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        status = event.response.status
        if status in _FINAL:
            return ()
        return (Verdict({"what": f"with the status {status}" if status else "without a status"}),)


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
    symptoms = ("words",)
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
        because=(at("response.done"),),
    )
