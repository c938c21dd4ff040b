"""The names of events and content, and who may send them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import FOREIGN, MISDIRECTED, NOTHING, UNKNOWN, Context, Rule, Verdict
from rtproto.rules.examples import Example, after, at, change

GA_ADDITIONS = (
    "conversation.item.input_audio_transcription.segment",
    "input_audio_buffer.dtmf_event_received",
    "input_audio_buffer.timeout_triggered",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
    "mcp_list_tools.in_progress",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
    "response.mcp_call.in_progress",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
)
"""Server events of GA that tell what beta has no event for; its others are beta's by a new name."""


class DialectMixed(Rule):
    """A connection speaks one dialect: beta names and GA names do not occur side by side.

    A client that waits for `response.output_text.delta` never sees `response.text.delta`: the bot goes silent
    although the server answers.
    """

    code = "DIA001"
    name = "dialect-mixed"
    basis = "documented"
    message = "`{type}` belongs to the {other} dialect, this connection speaks {dialect}"
    evidence = (
        "The vendor's beta to GA migration guide renames these events; 30 of 30 OpenAI recordings are pure. Azure "
        "Voice Live mixes on purpose (profile azure-voice-live)."
    )
    exceptions = "Reported once a connection. Events of translation sessions are DIA020."
    on = (FOREIGN, "conversation.item.done")
    symptoms = ("silence", "crash")
    example = Example(
        "text_turn",
        after(
            "response.output_text.delta",
            "server",
            {
                "type": "response.text.delta",
                "event_id": "event_beta",
                "response_id": "resp_1",
                "item_id": "item_a1",
                "output_index": 0,
                "content_index": 0,
                "delta": "",
            },
        ),
        because=(at("response.output_text.delta"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        dialect = context.facts.dialect
        # Voice Live sends beta and this one GA event, so the beta decoder knows it.
        other = "ga" if context.type == "conversation.item.done" else context.other
        return NOTHING if other == dialect else self._judge(context, dialect, other)

    def _judge(self, context: Context, dialect: str, other: str) -> Iterator[Verdict]:
        if context.direction != "server" or "translation" in (other, dialect):
            return
        if dialect == "beta" and context.type in GA_ADDITIONS:
            return  # Nothing that beta has another name for: DIA003.
        if context.first(self.code):
            witness = Witness(
                context.facts.session_line, "session.created", f"showed a session of the {dialect} dialect"
            )
            yield Verdict(
                {"other": other, "dialect": dialect},
                witnesses=(witness,) if context.facts.session_line else (),
            )


class ItemCreatedInGa(Rule):
    """A GA server announces items with `conversation.item.added` and `.done`, not as beta does.

    Clients written for GA wait for `.done` before they use an item; this one stays empty for them.
    """

    code = "DIA002"
    name = "item-created-in-ga"
    severity = Severity.WARNING
    basis = "observed"
    dialects = ("ga",)
    message = "`{type}` is how beta announces items; GA sends `conversation.item.added`, then `.done`"
    evidence = (
        "0 of 26 GA recordings of OpenAI contain it. The published GA union still has it, which the maintainers of the "
        "OpenAPI file called an error in the documents (openai-openapi issue 518)."
    )
    exceptions = "Told once a connection."
    on = ("conversation.item.created",)
    symptoms = ("history",)
    example = Example("text_turn", change("conversation.item.added", "type", "conversation.item.created"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.first(self.code):
            yield Verdict()


class GaOnlyEventInBeta(Rule):
    """A beta server sends none of the events that only GA has: remote tools, idle timeouts, DTMF, segments.

    A beta client has no handler for them. The server is a GA one that speaks beta to please, or half of each.
    """

    code = "DIA003"
    name = "ga-only-event-in-beta"
    severity = Severity.WARNING
    basis = "schema"
    dialects = ("beta",)
    message = "beta has no `{type}`"
    evidence = "The beta union of openai 3.54 (34 events) lacks it, the GA union (46) has it."
    exceptions = (
        "Told once a type. The vendor's OpenAPI file describes beta forms of the MCP events and of segments, which no "
        "recording shows. Renamed events are DIA001."
    )
    on = (FOREIGN,)
    symptoms = ("crash",)
    example = Example(
        "beta_voice_turn",
        after(
            "response.done",
            "server",
            {
                "type": "mcp_list_tools.in_progress",
                "event_id": "event_mcp",
                "item_id": "item_l1",
            },
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if (
            context.direction == "server"
            and context.type in GA_ADDITIONS
            and context.first(self.code, context.type)
        ):
            yield Verdict()


_OTHERS_NAMES = {
    "beta": {"output_text": "text", "output_audio": "audio"},
    "ga": {"text": "output_text", "audio": "output_audio"},
}


class ContentTypeNameForDialect(Rule):
    """What the assistant said is `output_text` and `output_audio` in GA items, `text` and `audio` in beta items.

    The parts of `response.content_part.added` and `.done` are `text` and `audio` in both. A client that looks for its
    dialect's name in the item finds no words in it.
    """

    code = "DIA013"
    name = "content-type-name-for-dialect"
    basis = "documented"
    message = "content of type {kind} in an assistant's item; {dialect} calls it {legal}"
    evidence = (
        "The vendor's beta to GA migration guide renames them. In GA recordings of OpenAI 31 of 31 parts have the "
        "short names, 31 of 31 generated items the long ones."
    )
    exceptions = "Items that the client made: ITM020. Recordings that have not shown their dialect yet."
    on = ("conversation.item.done", "response.output_item.done")
    only = ("item.role", "assistant")
    symptoms = ("words", "history")
    example = Example("text_turn", change("conversation.item.done", "item.content.0.type", "text", 1))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if not context.facts.dialect_shown:
            return NOTHING
        others, item = _OTHERS_NAMES[context.facts.dialect], event.item
        for part in item.content:
            kind = tag_of(part)
            if kind is not None and kind in others:
                return self._told(context, field(item, "id"), kind, others[kind])
        return NOTHING

    def _told(self, context: Context, item_id: str | None, kind: str, legal: str) -> Iterable[Verdict]:
        if not context.first(self.code, item_id or ""):
            return NOTHING
        return (
            Verdict(
                {"kind": kind, "legal": legal, "dialect": context.facts.dialect},
                entity=context.engine.find("conversation item", (item_id,)),
            ),
        )


class UnknownServerEvent(Rule):
    """A server event has a type that is known.

    Unknown events are kept and passed over, and each type is told once. They kill clients that decode strictly.
    """

    code = "DIA018"
    name = "unknown-server-event"
    severity = Severity.WARNING
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    message = "no dialect has a server event `{type}`"
    evidence = (
        "The unions of openai 3.54: 34 beta, 46 GA and 7 translation server events, and the extras seen on "
        "the wire."
    )
    exceptions = "Events that the profile's vendor adds."
    on = (UNKNOWN,)
    symptoms = ("crash",)
    example = Example(
        "text_turn",
        after("session.updated", "server", {"type": "session.heartbeat", "event_id": "event_beat"}),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.direction == "server" and context.first(self.code, context.type):
            yield Verdict()


class EventInWrongDirection(Rule):
    """A client event comes from the client, a server event from the server.

    Usually the recorder swapped its labels; some emulators echo what they are sent.
    """

    code = "DIA019"
    name = "event-in-wrong-direction"
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    needs = "both"
    message = "`{type}` is not the {direction}'s to send"
    evidence = "No type is in both the client and the server union of a dialect (openai 3.54)."
    on = (MISDIRECTED,)
    symptoms = ("refused", "recording")
    example = Example("text_turn", after("session.updated", "server", {"type": "response.create"}))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.first(self.code, context.type):
            yield Verdict({"direction": context.direction})
