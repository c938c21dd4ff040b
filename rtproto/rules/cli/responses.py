"""CLI: the responses that a client asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET

from rtproto.events.base import ConversationTarget
from rtproto.findings import Severity
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.cli.settings import look, values_of
from rtproto.rules.examples import Example, change

_MOST_PAIRS, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512


class MetadataLimits(Rule):
    """The `metadata` of a response are at most 16 pairs, keys of at most 64 and values of at most 512 characters.

    The server refuses the response.
    """

    code = "CLI010"
    name = "metadata-limits"
    needs = "client"
    message = "`response.metadata` has {what}"
    evidence = "The types name the three limits."
    on = ("response.create",)
    reads = ("response.metadata",)
    symptoms = ("refused", "silence")
    example = Example("refused_requests", change("response.create", "response.metadata", {"note": "n" * 513}))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        metadata: dict[str, str] = field(event, "response", "metadata") or {}
        if len(metadata) > _MOST_PAIRS:
            yield Verdict({"what": f"{len(metadata)} pairs; {_MOST_PAIRS} are allowed"})
        for key, value in metadata.items():
            for what, length, longest in (
                ("a key", len(key), _LONGEST_KEY),
                ("a value", len(value), _LONGEST_VALUE),
            ):
                if length > longest:
                    yield Verdict({"what": f"{what} of {length} characters; {longest} are allowed"})
                    return


class ConversationValueInvalid(Rule):
    """`response.conversation` is `auto` or `none`.

    The server refuses the response; ids of conversations are not taken.
    """

    code = "CLI023"
    name = "conversation-value-invalid"
    needs = "client"
    message = "`response.conversation` is {found}; it is {words}"
    evidence = "The types say that only the two values are supported."
    on = ("response.create",)
    reads = ("response.conversation",)
    symptoms = ("refused", "silence")
    example = Example("refused_requests", change("response.create", "response.conversation", "conv_1"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        found = field(event, "response", "conversation")
        words = values_of(ConversationTarget)
        if found is not None and found not in words:
            yield Verdict({"found": found, "words": " or ".join(words)})


class ResponseCreateWithoutInput(Rule):
    """A response is asked for when there is something to answer: an item, or instructions of its own.

    With nothing but the session's instructions the model makes a start of its own. That is a way to greet the user; it
    is also what happens when the user's item was forgotten.
    """

    code = "CLI031"
    name = "response-create-without-input"
    severity = Severity.INFO
    basis = "inferred"
    needs = "both"
    partial = "start"
    message = "a response is asked for while the conversation is empty"
    evidence = "Common sense: the model has nothing to answer."
    exceptions = "Greetings; responses outside the conversation. Told once a connection."
    on = ("response.create",)
    symptoms = ("silence", "words")
    example = Example("refused_requests", change("response.create", "response", ...))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        if facts.conversation or facts.turns or facts.mid_session or not context.begun:
            return ()
        if field(event, "response", "conversation") == "none" or any(
            look(event, "response", name) not in (UNSET, None, "")
            for name in ("instructions", "input", "prompt")
        ):
            return ()
        for type in ("conversation.item.create", "input_audio_buffer.commit"):
            if next(facts.ledger.pending(type), None) is not None:
                return ()
        return (Verdict(),) if context.first(self.code) else ()
