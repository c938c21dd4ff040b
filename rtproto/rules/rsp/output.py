"""What `response.done` lists, against what was streamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity
from rtproto.protocol.values import field, id_of, kind_of, listed, tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, at, change


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
    symptoms = ("history", "words")
    example = Example(
        "text_turn",
        change("response.done", "response.output", []),
        because=(at("response.output_item.done"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = context.facts.responses.get(event.response.id)
        entity = context.entity
        if response is None or entity is None or entity.adopted:
            return ()
        ids = [id_of(item) for item in listed(event.response, "output") or ()]
        streamed = list(response.output.values())
        if len(streamed) > 1:
            streamed = [item_id for _, item_id in sorted(response.output.items())]
        if ids == streamed or not all(ids):
            return ()
        return (Verdict({"listed": _ids(ids), "streamed": _ids(streamed)}, witnesses=history(entity, 1)),)


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
    symptoms = ("words", "tools")
    example = Example(
        "text_turn",
        change("response.done", "response.output.0.content.0.text", "Rain all day."),
        because=(at("response.output_item.done"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = context.facts.responses.get(event.response.id)
        if response is None or not event.response.output:
            return ()
        done = response.done_items
        for item in event.response.output:
            if done.get(getattr(item, "id", "")) != item:
                return self._differing(context, event, done)
        return ()

    def _differing(self, context: Context, event: Any, done_items: dict[str, Any]) -> Iterator[Verdict]:
        for item in event.response.output:
            item_id = id_of(item)
            done = done_items.get(item_id or "")
            if done is None or tag_of(item) == "mcp_call":
                continue
            differing = ["type"]
            if kind_of(item) == kind_of(done):
                differing = [name for name in _COMPARED if field(item, name) != field(done, name)]
            if differing:
                yield Verdict(
                    {"item": item_id, "what": ", ".join(differing)},
                    entity=context.engine.find("output item", (item_id,)),
                )


_COMPARED = ("role", "status", "name", "call_id", "arguments", "content")


class UnusualOutputCount(Rule):
    """A response says one thing: one message, and perhaps function calls after it.

    Clients that were written for one message per response show or speak only the first, or the last.
    """

    code = "RSP027"
    name = "unusual-output-count"
    severity = Severity.INFO
    basis = "observed"
    message = "{messages} messages in one response"
    evidence = (
        "The types speak of one item, and a function call as the second; long replies of gpt-realtime-2 have more "
        "(pipecat source)."
    )
    exceptions = "Messages that name their phase, parallel calls, and MCP."
    on = ("response.done",)
    symptoms = ("words",)
    example = Example("commentary", change("response.done", "response.output.0.phase", ...))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        output = event.response.output
        if not output or len(output) < 2:
            return ()
        messages = [item for item in output if tag_of(item) == "message"]
        if len(messages) < 2 or all(field(item, "phase") for item in messages):
            return ()
        return (Verdict({"messages": len(messages)}),)
