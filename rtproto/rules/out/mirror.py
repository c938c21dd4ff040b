"""How the items of a response appear in the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, at, drop


class ConversationMirrorMissing(Rule):
    """An item of a response is added to the conversation after it was announced, and before it is filled.

    Clients that build the history from conversation events have nothing to show the answer in.
    """

    code = "OUT026"
    name = "conversation-mirror-missing"
    severity = Severity.WARNING
    basis = "observed"
    message = "the item {item} is {what}"
    evidence = "The very next event after output_item.added for 60 of 60 OpenAI and Azure items, 11 of 11 beta WebRTC."
    exceptions = "Responses out of band, and items that the recording met half-way."
    on = (
        "response.output_item.added",
        "response.content_part.added",
        "response.function_call_arguments.done",
        "response.mcp_call_arguments.done",
    )
    partial = "seen"
    symptoms = ("history",)
    example = Example(
        "text_turn",
        drop("conversation.item.added", 1),
        found=at("response.content_part.added"),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.type == "response.output_item.added":
            return self._judge_announcement(context, event)
        item_id = event.item_id
        mirror = context.engine.find("conversation item", (item_id,))
        if mirror is None or mirror.state != "announced":
            return ()
        response = context.facts.responses.get(event.response_id)
        item = context.engine.find("output item", (item_id,))
        if response is None or not response.default or item is None or item.met_halfway():
            return ()
        if not context.first(self.code, item_id):
            return ()
        args = {"item": item_id, "what": "not in the conversation yet"}
        return (Verdict(args, entity=item, taints=(mirror,), witnesses=history(item)[:1]),)

    def _judge_announcement(self, context: Context, event: Any) -> Iterable[Verdict]:
        known = context.facts.items.get(field(event.item, "id") or "")
        if known is None or known.response_id is not None:
            return ()
        mirror = context.engine.find("conversation item", (known.id,))
        if mirror is None or mirror.state not in ("added", "done") or mirror.met_halfway():
            return ()
        args = {"item": known.id, "what": "in the conversation before its response announces it"}
        return (Verdict(args, witnesses=(Witness(known.line, known.announced_by, "added the item"),)),)


class ItemDoneMirrorMissing(Rule):
    """GA: an item of a response is also done in the conversation.

    Clients that finalize their history by it keep the answer as a draft.
    """

    code = "OUT027"
    name = "item-done-mirror-missing"
    severity = Severity.WARNING
    basis = "observed"
    dialects = ("ga",)
    message = "the item {item} is done in its response, never in the conversation"
    evidence = "59 of 59 items in OpenAI and Azure GA recordings, each just before its output_item.done."
    exceptions = "The order of the two is not documented: judged when the next response begins. Items of MCP."
    on = ("response.output_item.done", "response.created")
    partial = "open"
    symptoms = ("history",)
    example = Example(
        "text_turn",
        drop("conversation.item.done", 1),
        found=at("response.output_item.done"),
        because=(at("conversation.item.added", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.type == "response.created":
            waiting = context.memory(self.code, dict)
            return self._missing(context, waiting, None) if waiting else ()
        item_id = field(event.item, "id")
        mirror = context.engine.find("conversation item", (item_id,))
        if (
            mirror is not None
            and mirror.state == "added"
            and not (tag_of(event.item) or "").startswith("mcp_")
        ):
            context.memory(self.code, dict)[item_id] = (context.line, event)
        return ()

    def at_close(self, context: Context, cut: bool) -> Iterable[Verdict]:
        return self._missing(context, context.memory(self.code, dict), Severity.INFO if cut else None)

    def _missing(
        self, context: Context, waiting: dict[str, tuple[int, Any]], severity: Severity | None
    ) -> Iterator[Verdict]:
        for item_id, (line, event) in waiting.items():
            mirror = context.engine.find("conversation item", (item_id,))
            if mirror is not None and mirror.state == "added":
                yield Verdict(
                    {"item": item_id},
                    severity=severity,
                    line=line,
                    type="response.output_item.done",
                    event=event,
                    entity=mirror,
                    witnesses=history(mirror, 1),
                )
        waiting.clear()
