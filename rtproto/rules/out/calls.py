"""Function calls: their ids, names and arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.events.common.items import FunctionCall
from rtproto.events.dialect import ITEM_ADDED
from rtproto.findings import Severity, Witness
from rtproto.protocol.records import Item
from rtproto.protocol.values import field, listed, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.common import comes_again
from rtproto.rules.examples import Example, at, before, change, drop
from rtproto.wire import is_json_object


class ArgumentsNotJson(Rule):
    """The arguments of a completed call are a JSON object.

    The application's parser throws, and the call is neither run nor answered.
    """

    code = "OUT020"
    name = "arguments-not-json"
    severity = Severity.WARNING
    basis = "documented"
    message = "the arguments of the completed call are no JSON object: {arguments}"
    evidence = "The types call the arguments a JSON-encoded string; 13 of 13 completed calls in recordings."
    exceptions = "Calls that were cut. The model, not the server, may be at fault."
    on = ("response.output_item.done",)
    only = ("item.type", "function_call", "mcp_call")
    symptoms = ("tools", "crash")
    example = Example("call_cut_short", change("response.output_item.done", "item.status", "completed"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item = event.item
        if tag_of(item) == "function_call":
            completed = item.status == "completed"
        else:
            completed = field(item, "output") is not None
        if not completed or is_json_object(item.arguments):
            return ()
        cut = item.arguments if len(item.arguments) <= 40 else item.arguments[:40] + "…"
        return (Verdict({"arguments": cut or "nothing"}),)


class CallIdMismatch(Rule):
    """A function call has its call_id from the beginning, and keeps it through all its events.

    The output is sent back under that id; with the wrong one the model never sees it, and without it nobody can answer.
    """

    code = "OUT021"
    name = "call-id-mismatch"
    basis = "observed"
    message = "the call_id is {actual}, announced was {announced}"
    evidence = "144 of 144 events of function calls in OpenAI and Azure recordings, 76 of 76 beta WebRTC."
    exceptions = (
        "A call_id that is missing is told once for each item, and of items of a response only. Another call that "
        "takes the id of an item that was deleted."
    )
    on = (
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.added",
        "response.output_item.done",
        *ITEM_ADDED,
        "conversation.item.done",
    )
    only = ("item.type", "function_call", "function_call_output", None)
    depends = ("call_id",)
    symptoms = ("tools",)
    example = Example(
        "tool_call",
        change("response.function_call_arguments.done", "call_id", "call_2"),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item = getattr(event, "item", None)
        item_id = field(item, "id") if item is not None else event.item_id
        known = context.facts.items.get(item_id or "")
        actual = field(event if item is None else item, "call_id")
        if actual is None and item.__class__ is FunctionCall:
            return self._missing(context, item_id, known)
        if known is None or known.call_id is None or actual is None or actual == known.call_id:
            return ()
        if comes_again(context, known.id):
            return ()
        return (
            Verdict(
                {"actual": actual, "announced": known.call_id},
                witnesses=(Witness(known.line, known.announced_by, "announced the call"),),
                entity=context.engine.find("output item", (item_id,)),
            ),
        )

    def _missing(self, context: Context, item_id: str | None, known: Item | None) -> Iterator[Verdict]:
        generated = context.type == "response.output_item.added" or field(known, "response_id") is not None
        if item_id is not None and generated and context.first(self.code, item_id):
            announced = "none" if known is None or known.call_id is None else known.call_id
            entity = context.engine.find("output item", (item_id,))
            yield Verdict({"actual": "missing", "announced": announced}, entity=entity)


class FunctionNameMismatch(Rule):
    """A function call keeps its name.

    A client that dispatches on the done event runs another function than one that reads the item.
    """

    code = "OUT022"
    name = "function-name-mismatch"
    basis = "schema"
    message = "the arguments are for {actual}, the item calls {announced}"
    evidence = (
        "The schema requires the name with the done arguments; 13 of 13 calls in OpenAI, Azure and beta logs."
    )
    exceptions = "Old beta servers, which send no name."
    on = ("response.function_call_arguments.done",)
    partial = "seen"
    symptoms = ("tools",)
    example = Example(
        "tool_call",
        change("response.function_call_arguments.done", "name", "get_time"),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        known = context.facts.items.get(event.item_id)
        if known is None or not known.name or not event.name or event.name == known.name:
            return ()
        return (
            Verdict(
                {"actual": event.name, "announced": known.name},
                witnesses=(Witness(known.line, known.announced_by, "announced the call"),),
                entity=context.engine.find("output item", (known.id,)),
            ),
        )


class FunctionNotOffered(Rule):
    """The model calls functions that it was offered, by the session or by the request.

    The application has no such function: the call stays without an output, and the model waits.
    """

    code = "OUT023"
    name = "function-not-offered"
    severity = Severity.WARNING
    basis = "documented"
    message = "{name} is called, but offered were {offered}"
    evidence = "The types say that a response uses the session's tools, or those of its own request."
    exceptions = (
        "Stored prompts, which bring tools. Only noted without the client's side: its requests may too."
    )
    on = ("response.output_item.added",)
    only = ("item.type", "function_call")
    partial = "seen"
    symptoms = ("tools", "config")
    example = Example(
        "tool_call",
        change("session.created", "session.tools", []),
        prepare=(drop("session.update"), drop("session.updated")),
        found=at("response.output_item.added"),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        response = facts.responses.get(event.response_id)
        if response is None or response.created is None:
            return ()
        session = response.session
        tools = listed(session, "tools")
        if tools is None or field(session, "prompt") or field(response.asked, "prompt"):
            return ()
        names = [field(tool, "name") for tool in [*tools, *(listed(response.asked, "tools") or ())]]
        if event.item.name in names:
            return ()
        args = {"name": event.item.name, "offered": ", ".join(filter(None, names)) or "none"}
        witness = Witness(facts.session_line, "session.updated", "showed the session's tools")
        severity = None if "client" in facts.seen and not facts.mid_session else Severity.INFO
        item = context.engine.find("output item", (event.item.id,))
        return (Verdict(args, severity=severity, entity=item, witnesses=(witness,)),)


_CALLS = {"function_call_arguments": "function_call", "mcp_call_arguments": "mcp_call"}


class ArgumentsOnWrongItem(Rule):
    """Function arguments stream into function calls, and arguments of MCP calls into those.

    Clients run the call themselves although the server does, or the other way round.
    """

    code = "OUT024"
    name = "arguments-on-wrong-item"
    basis = "schema"
    message = "`{type}` of an item of type {kind}"
    evidence = "The types describe the two by the item that they belong to; 14 of 14 recorded calls."
    exceptions = "Items that were never announced. Told once for each item."
    on = tuple(f"response.{family}.{stream}" for family in _CALLS for stream in ("delta", "done"))
    depends = ("item_id",)
    partial = "seen"
    symptoms = ("tools", "crash")
    example = Example(
        "tool_call",
        before(
            "response.function_call_arguments.delta",
            "server",
            {
                "type": "response.mcp_call_arguments.delta",
                "event_id": "event_mcp",
                "response_id": "resp_1",
                "item_id": "item_c1",
                "output_index": 0,
                "delta": "",
            },
        ),
        because=(at("response.output_item.added"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        item = context.facts.items.get(event.item_id)
        if item is None or item.type == _CALLS[context.type.split(".")[1]] or not item.type:
            return ()
        if not context.first(self.code, item.id):
            return ()
        return (
            Verdict(
                {"kind": item.type},
                entity=context.engine.find("output item", (item.id,)),
                witnesses=(Witness(item.line, item.announced_by, "announced the item"),),
            ),
        )
