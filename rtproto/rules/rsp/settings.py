"""What a response was asked to be: its conversation, metadata, modalities and limits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from msgspec import UNSET, Struct

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, at, change

_KEPT = (
    "conversation_id",
    "metadata",
    "output_modalities",
    "modalities",
    "audio",
    "voice",
    "output_audio_format",
    "max_output_tokens",
)


class ResponseFieldsChanged(Rule):
    """A response keeps its settings from `response.created` to `response.done`.

    Clients route the result by metadata and conversation; one that changed is filed under another request.
    """

    code = "RSP014"
    name = "response-fields-changed"
    severity = Severity.WARNING
    basis = "observed"
    message = "{what} differ from response.created"
    evidence = "Equal in 71 of 71 responses of OpenAI, Azure and beta WebRTC recordings."
    exceptions = "Members that one of the two leaves out."
    on = ("response.done",)
    symptoms = ("config",)
    example = Example(
        "text_turn",
        change("response.done", "response.max_output_tokens", 100),
        because=(at("response.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        done = event.response
        known = context.facts.responses.get(done.id)
        created = None if known is None else known.created
        cls: type[Struct] = done.__class__
        if known is None or created is None or created.__class__ is not cls:
            # Never created, or in another dialect, which is DIA001's.
            return ()
        read = _settings(cls)
        before, after = read(created), read(done)
        if before == after:
            return ()
        names = [name for name in _KEPT if name in cls.__struct_fields__]
        what = [
            name
            for name, was, now in zip(names, before, after, strict=True)
            if was != now and UNSET not in (was, now)
        ]
        witness = Witness(known.line, "response.created", "created the response")
        return (Verdict({"what": ", ".join(what)}, witnesses=(witness,)),) if what else ()


@functools.cache
def _settings(cls: type[Struct]) -> Callable[[Any], tuple[Any, ...]]:
    """Reads those settings of a response that its dialect has."""
    return attrgetter(*(name for name in _KEPT if name in cls.__struct_fields__))


class MetadataNotEchoed(Rule):
    """The metadata of a `response.create` comes back in its response.

    It is how clients tell parallel responses apart; without it a result cannot be attributed.
    """

    code = "RSP015"
    name = "metadata-not-echoed"
    severity = Severity.WARNING
    needs = "both"
    message = "the request's metadata did not come back: {lost}"
    evidence = "The types recommend metadata for telling simultaneous responses apart."
    exceptions = (
        "Where turn detection may have started the response instead. A request that an error which names none may have "
        "refused; the first response after a start midway."
    )
    on = ("response.created",)
    when = ("asked for",)
    symptoms = ("config",)
    example = Example(
        "text_turn",
        change("response.created", "response.metadata", None),
        prepare=(
            change("response.create", "response", {"metadata": {"topic": "weather"}}),
            change("response.created", "response.metadata", {"topic": "weather"}),
            change("response.done", "response.metadata", {"topic": "weather"}),
        ),
        because=(at("response.create"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        request = facts.ledger.answered_by(event)
        if request is None or facts.turn_due:
            return ()
        asked = field(request.event, "response", "metadata")
        given = event.response.metadata
        if not asked or given == asked or facts.ledger.doubts(request):
            return ()
        if any(
            given == field(r.event, "response", "metadata") for r in facts.ledger.pending("response.create")
        ):
            return ()
        witness = Witness(request.line, "response.create", "asked for the response", "client")
        lost = [key for key, value in asked.items() if not given or given.get(key) != value]
        return (Verdict({"lost": ", ".join(lost) or "there is more of it"}, witnesses=(witness,)),)


class ConversationIdChanged(Rule):
    """A connection has one conversation: all ids of it are the same.

    Clients that keep a history per conversation split it in two.
    """

    code = "RSP016"
    name = "conversation-id-changed"
    basis = "documented"
    message = "conversation {actual}, so far it was {known}"
    evidence = "A session has one default conversation, by the reference; 14 of 14 responses in beta WebRTC logs agree."
    exceptions = "Null, for responses out of band."
    on = ("conversation.created", "response.created", "response.done")
    reads = ("response.conversation_id",)
    symptoms = ("history",)
    example = Example(
        "text_turn",
        change("response.created", "response.conversation_id", "conv_2", 1),
        because=(at("response.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        started = context.type == "conversation.created"
        actual = event.conversation.id if started else event.response.conversation_id
        known: dict[str, Any] = context.memory(self.code, dict)
        if known.get("id") == actual or not actual:
            return ()
        if not known:
            known |= {"id": actual, "line": context.line, "type": context.type}
            return ()
        if not context.first(self.code, actual) or context.type == "response.done":
            # A response that ends under another id than it began with is RSP014's.
            return ()
        witness = Witness(known["line"], known["type"], "named the conversation")
        return (Verdict({"actual": actual, "known": known["id"]}, witnesses=(witness,)),)


class OutOfBandConversationId(Rule):
    """A response out of band has a null `conversation_id`, any other has the conversation's id.

    Clients keep a result that was not meant for the conversation, or drop one that was.
    """

    code = "RSP017"
    name = "out-of-band-conversation-id"
    needs = "both"
    message = "the conversation_id is {actual}, but the response was asked for {where}"
    evidence = "The types say that `none` adds the response to no conversation and makes the id null."
    exceptions = "Servers that leave the member out. A turn that turn detection answers may come in between."
    on = ("response.created",)
    unless = ("asked for",)
    symptoms = ("history",)
    example = Example("text_turn", change("response.created", "response.conversation_id", None))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        actual = event.response.conversation_id
        if actual is UNSET or facts.turn_due or facts.ledger.answered_by(event) is not None:
            return ()
        if facts.mid_session:
            return ()  # It may answer a request from before the recording.
        # The ledger matches requests and responses by this very member, so a request that is left over tells.
        request = next(facts.ledger.pending("response.create"), None)
        if request is None:
            return ()
        where = "out of band" if actual else "in the conversation"
        witness = Witness(request.line, "response.create", "asked for the response", "client")
        return (Verdict({"actual": actual or "null", "where": where}, witnesses=(witness,)),)


class ModalityNotRequested(Rule):
    """A response answers in the modality it was created with: `["text"]` brings no audio.

    A text client drops the audio and shows nothing; a voice client that gets text stays silent.
    """

    code = "RSP029"
    name = "modality-not-requested"
    message = "a part of type {kind} in a response with the modalities {modalities}"
    evidence = (
        "The types say that the mode text disables audio output. Text in an audio response is a known fault of the "
        "model (livekit/agents source warns of it)."
    )
    exceptions = (
        'A warning for text where only audio was asked for. Beta\'s ["audio", "text"] may answer in either.'
    )
    on = ("response.content_part.added",)
    partial = "seen"
    symptoms = ("silence", "config")
    example = Example(
        "voice_turn",
        change("response.created", "response.output_modalities", ["text"]),
        found=at("response.content_part.added"),
        because=(at("response.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = context.facts.responses.get(event.response_id)
        created = None if response is None else response.created
        name = "modalities" if context.facts.dialect == "beta" else "output_modalities"
        modalities = getattr(created, name, None)
        kind = tag_of(event.part)
        if not modalities or kind in modalities or kind not in ("text", "audio"):
            return ()
        return (
            Verdict(
                {"kind": kind, "modalities": str(modalities)},
                severity=None if kind == "audio" else Severity.WARNING,
                entity=context.engine.find("response", (event.response_id,)),
            ),
        )
