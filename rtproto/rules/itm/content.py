"""ITM: what an item may hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rtproto.events.common.items import Message
from rtproto.events.dialect import ITEM_ADDED
from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field, kind_of, listed, tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.common import item_entity
from rtproto.rules.examples import Example, after, change

_CONTENT = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio", "input_image", "item_reference"),
}


_ASSISTANT = {"beta": ("text", "audio", "item_reference"), "ga": ("output_text", "output_audio")}


class RoleContentMismatch(Rule):
    """A message, created or given as input of a response, holds the content types of its role: system and user give
    input, the assistant gives output.

    The server refuses anything else with `invalid_value`; history seeding with beta's `text` is the usual way there.
    """

    code = "ITM020"
    name = "role-content-mismatch"
    basis = "documented"
    needs = "any"
    message = "content of type {kind} in a message of role {role}; {dialect} takes {legal}"
    evidence = (
        "The types give each role its content types; live GA answers `text` of an assistant with: value must "
        "be output_text (code invalid_value)."
    )
    exceptions = (
        "A warning when the server does it. Images of the user occur in beta recordings too. What the assistant says "
        "is not judged before the recording has shown its dialect."
    )
    symptoms = ("refused", "history")
    on = (
        "conversation.item.create",
        *ITEM_ADDED,
        "conversation.item.done",
        "response.output_item.done",
        "response.create",
    )
    reads = ("response.input",)
    example = Example("text_turn", change("conversation.item.create", "item.content.0.type", "output_text"))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.type == "response.create":
            given = listed(event, "response", "input") or ()
            return [verdict for item in given for verdict in self._judge(context, item)]
        return self._judge(context, event.item)

    def _judge(self, context: Context, item: Any) -> Iterable[Verdict]:
        if not isinstance(item, Message) or (item.role == "assistant" and not context.facts.dialect_shown):
            return NOTHING
        dialect = "beta" if context.facts.dialect == "beta" else "ga"
        legal = _ASSISTANT[dialect] if item.role == "assistant" else _CONTENT.get(item.role, ())
        for part in item.content:
            if tag_of(part) not in legal and legal and (kind := kind_of(part)) is not None:
                return self._told(context, item, kind, dialect, legal)
        return NOTHING

    def _told(
        self, context: Context, item: Any, kind: str, dialect: str, legal: tuple[str, ...]
    ) -> Iterator[Verdict]:
        created = context.type != "response.create"
        yield Verdict(
            {"kind": kind, "role": item.role, "dialect": dialect, "legal": " and ".join(legal)},
            severity=None if context.direction == "client" else Severity.WARNING,
            entity=item_entity(context, field(item, "id")) if created else None,
        )


class AudioItemWithoutAudioPart(Rule):
    """The item that a commit makes is a completed user message with one part, of type `input_audio`.

    Clients look for the audio part to attach the transcript to.
    """

    code = "ITM026"
    name = "audio-item-without-audio-part"
    basis = "observed"
    message = "the committed item {what}"
    evidence = "28 of 28 committed items: 16 in OpenAI and Azure recordings, 12 in a beta WebRTC log."
    exceptions = "xAI shows the item in progress."
    symptoms = ("transcript",)
    on = ITEM_ADDED
    since = "commit"
    example = Example("voice_turn", change("conversation.item.added", "item.content", []))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        item = field(event, "item")
        item_id = field(item, "id")
        if item_id is None or item_id != context.facts.committed_item:
            return
        kinds = [tag_of(part) for part in listed(item, "content") or ()]
        what = ""
        if tag_of(item) != "message" or field(item, "role") != "user":
            what = "is no message of the user"
        elif kinds != ["input_audio"]:
            what = "holds " + (", ".join(map(str, kinds)) or "nothing") + " instead of one input_audio part"
        elif field(item, "status") not in (None, "completed"):
            what = f"has the status {field(item, 'status')}"
        if what:
            commit = context.facts.hearing.commit_line
            witness = Witness(commit, "input_audio_buffer.committed", "promised the item")
            yield Verdict({"what": what}, entity=item_entity(context, item_id), witnesses=(witness,))


LONGEST_ID = 32


class ClientItemIdTooLong(Rule):
    """An id that the client gives to an item, or a call_id, has at most 32 characters.

    The server refuses the item; a UUID with a prefix is too long already.
    """

    code = "ITM027"
    name = "client-item-id-too-long"
    needs = "client"
    message = "`{what}` has {length} characters, {most} are allowed"
    evidence = (
        "The refusal names the maximum of 32, for item.id and item.call_id alike (public issue reports)."
    )
    exceptions = "A call_id that the server itself gave."
    symptoms = ("refused",)
    on = ("conversation.item.create",)
    reads = ("item.id", "item.call_id")
    example = Example("text_turn", change("conversation.item.create", "item.id", "item_" + "0" * 34))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for name in ("id", "call_id"):
            given = field(event, "item", name)
            if given is not None and len(given) > LONGEST_ID and given not in context.facts.call_items:
                yield Verdict({"what": f"item.{name}", "length": len(given), "most": LONGEST_ID})


class ClientCreatesAssistantAudio(Rule):
    """A client puts no assistant audio into the conversation.

    The server refuses it: past spoken answers can be restored as text only.
    """

    code = "ITM028"
    name = "client-creates-assistant-audio"
    needs = "client"
    message = "an assistant message with {kind} cannot be created"
    evidence = "The types name it as a limitation that assistant audio messages cannot be populated."
    symptoms = ("refused", "history")
    on = ("conversation.item.create",)
    only = ("item.role", "assistant")
    example = Example(
        "text_turn",
        change(
            "conversation.item.create", "item.content.0", {"type": "output_audio", "transcript": "Hi."}, 2
        ),
        prepare=(
            after(
                "response.done",
                "client",
                {
                    "type": "conversation.item.create",
                    "item": {
                        "type": "message",
                        "role": "assistant",
                        "content": [{"type": "output_text", "text": "Hi."}],
                    },
                },
                nth=1,
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        legal = "audio" if context.facts.dialect == "beta" else "output_audio"
        # The other dialect's name is ITM020's business.
        if any(tag_of(part) == legal for part in event.item.content):
            yield Verdict({"kind": legal})
