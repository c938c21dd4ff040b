"""The items of a response: announced once, in order, and done before it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken
from rtproto.protocol.records import response_of
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.examples import Example, at, change, drop, repeat, swap


class ItemEventBeforeOutputItemAdded(Rule):
    """An item's parts, deltas and arguments come after its `response.output_item.added`.

    Clients create the item when it is announced; the reference client throws on parts of an item it does not know.
    """

    code = "OUT001"
    name = "item-event-before-output-item-added"
    message = "`{type}` of an item that the response never announced"
    evidence = "The guide's order of events; 1,194 of 1,194 events in OpenAI and Azure recordings."
    exceptions = "Mid-session: the item is adopted."
    symptoms = ("crash", "words")
    example = Example(
        "text_turn",
        drop("response.output_item.added"),
        found=at("response.content_part.added"),
        because=(at("response.created"),),
    )


class OutputIndexNotSequential(Rule):
    """The output_index of a response's items is 0, 1, 2 … in the order in which they are announced.

    Clients file items by it; a repeated index overwrites an item, a gap leaves a hole that is waited for.
    """

    code = "OUT002"
    name = "output-index-not-sequential"
    basis = "observed"
    message = "output_index {index} where {expected} was due"
    evidence = (
        "The types call it the item's index in the response; 60 of 60 OpenAI and Azure items, 11 of 11 beta "
        "WebRTC."
    )
    exceptions = "Responses that the recording met half-way; xAI repeats 0."
    on = ("response.output_item.added",)
    symptoms = ("crash", "words")
    example = Example("text_turn", change("response.output_item.added", "output_index", 1))

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        parent = broken.entity.parent
        response = context.facts.responses.get(parent.key[0]) if parent is not None else None
        expected = 0 if response is None else len(response.output)
        yield Verdict(
            {"index": "of an item that was announced before", "expected": expected},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken),
        )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = context.facts.responses.get(event.response_id)
        expected = 0 if response is None else len(response.output)
        index, item_id = event.output_index, field(event, "item", "id")
        if index == expected or item_id is None:
            return ()
        entity = context.engine.find("response", (event.response_id,))
        if entity is None or entity.adopted or (response is not None and item_id in response.output.values()):
            return ()
        item = context.engine.find("output item", (item_id,))
        return (Verdict({"index": index, "expected": expected}, entity=item, witnesses=history(entity, 1)),)


class OutputIndexItemMismatch(Rule):
    """An output_index of a response names the same item in all its events.

    Clients that file what streams by the index write into another item.
    """

    code = "OUT003"
    name = "output-index-item-mismatch"
    message = "output_index {index} of item {item}, which was announced with {announced}"
    evidence = "The types call it the item's index in the response; 1,505 of 1,505 events in recordings."
    exceptions = (
        "Items that were never announced, which OUT001 reports. Events without an index, as xAI sends."
    )
    on = (
        "response.content_part.added",
        "response.content_part.done",
        "response.output_item.done",
        *(
            f"response.{family}.{stream}"
            for family in (
                "text",
                "output_text",
                "audio",
                "output_audio",
                "audio_transcript",
                "output_audio_transcript",
                "function_call_arguments",
                "mcp_call_arguments",
            )
            for stream in ("delta", "done")
        ),
    )
    depends = ("output_index",)
    partial = "seen"
    symptoms = ("words", "tools")
    example = Example(
        "text_turn",
        change("response.content_part.done", "output_index", 1),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = context.facts.responses.get(event.response_id)
        if response is None:
            return ()
        item_id = field(event.item, "id") if context.type == "response.output_item.done" else event.item_id
        index = event.output_index
        if response.output.get(index) == item_id or item_id is None or not isinstance(index, int):
            return ()
        announced = [at for at, known in response.output.items() if known == item_id]
        if not announced:
            return ()
        item = context.facts.items.get(item_id)
        if item is None:
            return ()  # It was done without having been announced: OUT004.
        return (
            Verdict(
                {"index": index, "item": item_id, "announced": announced[0]},
                witnesses=(Witness(item.line, item.announced_by, "announced the item"),),
            ),
        )


class OutputItemDoneUnpaired(Rule):
    """Each output item is done once, after it was added."""

    code = "OUT004"
    name = "output-item-done-unpaired"
    message = "`response.output_item.done` without an open item"
    evidence = (
        "The types say output_item.done is also sent for interrupted and cancelled responses; 59 of 59 "
        "recorded items."
    )
    symptoms = ("words", "tools")
    example = Example(
        "text_turn",
        repeat("response.output_item.done"),
        because=(at("response.output_item.done"),),
    )


class OutputItemOpenAtResponseDone(Rule):
    """Every output item is done before its response is, also when the response is cancelled.

    A client that finalizes an item at `response.output_item.done`, say to run its function call, never does.
    """

    code = "OUT005"
    name = "output-item-open-at-response-done"
    message = "the response is done, its item {item} is not"
    evidence = (
        "The types say output_item.done is also sent for interrupted and cancelled responses; 71 of 71 "
        "recorded responses."
    )
    exceptions = "MCP calls run on after their response. A warning where the response was not completed."
    symptoms = ("tools", "silence")
    example = Example(
        "text_turn",
        drop("response.output_item.done"),
        found=at("response.done"),
        because=(at("response.output_item.added"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        yield Verdict(
            {"item": str(broken.entity.key[0])},
            severity=self.severity
            if field(broken.event, "response", "status") == "completed"
            else Severity.WARNING,
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1),
        )


class OutputItemDoneInProgress(Rule):
    """An item that is done is completed or incomplete.

    Clients that wait for a final status never act on it: the call does not run.
    """

    code = "OUT006"
    name = "output-item-done-in-progress"
    basis = "documented"
    message = "the item is done with the status {status}"
    evidence = (
        "The types list completed and incomplete beside in_progress, which is for items that still stream; 70 of 70 "
        "recorded items."
    )
    exceptions = "Items of MCP, and items without a status."
    on = ("response.output_item.done",)
    reads = ("item.status",)
    symptoms = ("tools", "silence")
    example = Example("text_turn", change("response.output_item.done", "item.status", "in_progress"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        status = getattr(event.item, "status", None)
        if status == "completed" or status == "incomplete" or not status:
            return ()
        return () if (tag_of(event.item) or "").startswith("mcp_") else (Verdict({"status": status}),)


class ItemInTwoResponses(Rule):
    """An item belongs to one response.

    Clients overwrite what the first response said, and cancel or truncate the wrong one.
    """

    code = "OUT025"
    name = "item-in-two-responses"
    message = "the item was announced by the response {other} before"
    evidence = "The types call response_id the id of the response to which the item belongs; 71 of 71 recorded items."
    symptoms = ("history", "words")
    example = Example(
        "text_turn",
        change("response.output_item.added", "item.id", "item_a1", 1),
        because=(at("response.output_item.added"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        item = context.facts.items.get(broken.entity.key[0])
        response = context.engine.find("response", (field(broken.event, "response_id"),))
        yield Verdict(
            {"other": getattr(item, "response_id", None) or response_of(broken.entity)},
            entity=broken.entity,
            broken=broken,
            witnesses=history(broken, 1)
            if item is None
            else (Witness(item.line, item.announced_by, "announced the item"),),
            taints=tuple(
                filter(None, (response, context.engine.find("conversation item", broken.entity.key)))
            ),
        )


class ItemsOverlap(Rule):
    """The items of a response stream one after the other.

    Legal, and usual with gpt-realtime-2: clients that keep one current item mix the two up.
    """

    code = "OUT030"
    name = "items-overlap"
    severity = Severity.INFO
    basis = "observed"
    message = "the item begins while {open} is still open"
    evidence = (
        "Seen with gpt-realtime-2.1, a message and a function call; strictly one by one with earlier models."
    )
    exceptions = "Told once in a response. Items of MCP, which run on."
    on = ("response.output_item.added",)
    symptoms = ("words", "tools")
    example = Example(
        "message_and_call",
        swap("response.output_item.done"),
        found=at("response.output_item.added", 1),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = context.facts.responses.get(event.response_id)
        if response is None or not response.output:
            return ()
        items = context.facts.items
        for item_id in response.output.values():
            entity = context.engine.find("output item", (item_id,))
            if (
                entity is not None
                and entity.state == "open"
                and item_id != field(event, "item", "id")
                and not items[item_id].type.startswith("mcp_")
                and context.first(self.code, event.response_id)
            ):
                witness = Witness(items[item_id].line, items[item_id].announced_by, "announced the open item")
                return (Verdict({"open": item_id}, witnesses=(witness,)),)
        return ()


_PHASES = ("commentary", "final_answer")


class PhaseUnknown(Rule):
    """The phase of a message is commentary or final_answer.

    Clients that speak only the final answer drop what they do not know.
    """

    code = "OUT031"
    name = "phase-unknown"
    severity = Severity.INFO
    basis = "observed"
    dialects = ("ga",)
    message = "the phase {phase} is neither commentary nor final_answer"
    evidence = "The two phases that recordings of gpt-realtime-2.1 and Azure's documents of its models know."
    exceptions = "Told once for each phase."
    on = ("response.output_item.added",)
    reads = ("item.phase",)
    symptoms = ("words",)
    example = Example("commentary", change("response.output_item.added", "item.phase", "musing"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        phase = field(event.item, "phase")
        if phase is None or phase in _PHASES or not context.first(self.code, phase):
            return ()
        return (Verdict({"phase": phase}),)
