"""What stays the same from the first session that the server shows to the last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, after, at, change
from rtproto.wire_shape import UNKNOWN_TAG

SHOWN_BY = (
    "session.created",
    "session.updated",
    "transcription_session.created",
    "transcription_session.updated",
)
"""The events that show the session."""


class _Constant(Rule):
    """Not a rule itself: a member of the session that the first one shown decides."""

    code = ""
    dialects: ClassVar[tuple[str, ...]] = ("beta", "ga", "translation")
    message = "session.{member} was {first}, now it is {now}"
    on = SHOWN_BY
    member: ClassVar[str]

    def read(self, session: Any) -> Any:
        """The member's value; None where there is nothing to compare."""
        return field(session, self.member)

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        value = self.read(field(event, "session"))
        if value is None:
            return
        known: dict[str, tuple[Any, int, str]] = context.memory("constants of the session", dict)
        first, line, type = known.setdefault(self.code, (value, context.line, context.type))
        if value != first:
            args = {"member": self.member, "first": first, "now": value}
            yield Verdict(args, witnesses=(Witness(line, type, f"showed {first}"),))
            # Told once for each change, whichever of the two was right.
            known[self.code] = value, context.line, context.type


class SessionIdChanged(_Constant):
    """`session.id` is the same in every event that shows the session.

    Logs and support cases are joined by it. A new one means another session: the history is gone.
    """

    code = "SES003"
    name = "session-id-changed"
    basis = "documented"
    member = "id"
    evidence = (
        "The types call it the unique id of the session; constant in 43 of 43 comparisons of OpenAI and Azure "
        "recordings. xAI changes it (profile compat)."
    )
    exceptions = "Sessions that are shown without an id."
    symptoms = ("history",)
    example = Example(
        "text_turn",
        change("session.updated", "session.id", "sess_2"),
        because=(at("session.created"),),
    )


class SessionModelChanged(_Constant):
    """`session.model` never changes.

    The session is bound to its model when it is created; prices, limits and voices depend on it.
    """

    code = "SES010"
    name = "session-model-changed"
    basis = "documented"
    member = "model"
    evidence = (
        "session.update can change everything but voice and model (openai types); constant in 45 of 45 comparisons, "
        "Azure's deployment names among them."
    )
    exceptions = "Transcription sessions, which show none."
    symptoms = ("bill", "config")
    example = Example(
        "text_turn",
        change("session.updated", "session.model", "gpt-realtime-mini"),
        because=(at("session.created"),),
    )


class SessionTypeChanged(_Constant):
    """`session.type` (realtime, transcription or translation) never changes.

    It decides which events come at all: a client of the one kind waits in vain on the other.
    """

    code = "SES011"
    name = "session-type-changed"
    basis = "documented"
    dialects = ("ga", "translation")
    member = "type"
    evidence = (
        "Set at creation and beyond the reach of session.update, say the types of translation sessions; for the other "
        "kinds servers refuse an update for the other type (see DIA011)."
    )
    exceptions = "Beta sessions have no type."
    symptoms = ("silence",)
    example = Example(
        "text_turn",
        change(
            "session.updated", "session", {"type": "transcription", "id": "sess_1", "audio": {"input": {}}}
        ),
        because=(at("session.created"),),
    )

    def read(self, session: Any) -> Any:
        tag = tag_of(session)
        kind = session.type if tag == UNKNOWN_TAG else tag
        return None if kind == UNKNOWN_TAG else kind


class SessionExpiresAtChanged(_Constant):
    """`session.expires_at` stays what it was when the session was created.

    A client that plans its reconnect by the first one it saw comes too early or too late.
    """

    code = "SES017"
    name = "session-expires-at-changed"
    severity = Severity.INFO
    basis = "observed"
    member = "expires_at"
    evidence = "Constant in 14 of 14 OpenAI and Azure recordings that show the session more than once."
    exceptions = "0, which says that it is not set."
    symptoms = ("silence",)
    example = Example(
        "text_turn",
        change("session.updated", "session.expires_at", 1790000600),
        prepare=(
            change("session.created", "session.expires_at", 1790000000),
            change("session.updated", "session.expires_at", 1790000000),
        ),
        because=(at("session.created"),),
    )

    def read(self, session: Any) -> Any:
        return field(session, "expires_at") or None


def voice_of(session: Any) -> Any:
    """A session's voice by its name or id, in either dialect; None where it shows none."""
    voice = field(session, "voice") or field(session, "audio", "output", "voice")
    return voice if isinstance(voice, str) else field(voice, "id") or field(voice, "name")


class VoiceChangedAfterAudio(Rule):
    """Once the session has spoken in its conversation, the voice that the server shows stays the same.

    Otherwise the bot speaks with two voices, or the client believes in one that is not heard.
    """

    code = "SES012"
    name = "voice-changed-after-audio"
    basis = "documented"
    partial = "seen"
    message = "the session's voice is {now}; it spoke as {first}"
    evidence = "The types and the guide say that the voice cannot change after the first audio of the model."
    exceptions = (
        "Audio outside the conversation. A change that the client asked for is its own fault (CLI006)."
    )
    on = ("session.updated",)
    symptoms = ("config",)
    example = Example(
        "voice_turn",
        change("session.updated", "session.audio.output.voice", "cedar", 1),
        prepare=(
            after(
                "response.done",
                "server",
                {
                    "type": "session.updated",
                    "event_id": "event_later",
                    "session": {
                        "type": "realtime",
                        "id": "sess_1",
                        "audio": {"output": {"voice": "marin", "speed": 1.1}},
                    },
                },
            ),
            after(
                "response.done",
                "client",
                {
                    "type": "session.update",
                    "session": {"type": "realtime", "audio": {"output": {"speed": 1.1}}},
                },
            ),
        ),
        because=(
            at("session.created"),
            at("response.output_audio.delta"),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        first, now = voice_of(facts.session), voice_of(field(event, "session"))
        if first is None or now is None or first == now or facts.spoke_line is None:
            return
        request = facts.ledger.answered_by(event)
        if request is not None and any(
            f.code == "CLI006" and f.line == request.line for f in context.findings
        ):
            return
        witness = Witness(facts.spoke_line, facts.spoke_type, "was the first audio")
        yield Verdict({"first": first, "now": now}, witnesses=(witness,))


class TracingReconfigured(Rule):
    """Tracing, once it is on, stays configured as it is.

    What changes later is filed under two names in the vendor's dashboard, or not at all.
    """

    code = "SES013"
    name = "tracing-reconfigured"
    basis = "documented"
    message = "tracing was {first}, now it is {now}"
    evidence = "The types: once tracing is enabled for a session, its configuration cannot be modified."
    exceptions = "Turning it on. Turning it off is a warning: the types allow it and forbid it."
    on = SHOWN_BY
    symptoms = ("config",)
    example = Example(
        "text_turn",
        change("session.updated", "session.tracing", {"workflow_name": "support"}),
        prepare=(
            change("session.created", "session.tracing", "auto"),
            change("session.updated", "session.tracing", "auto"),
        ),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        tracing = getattr(field(event, "session"), "tracing", UNSET)
        if tracing is UNSET:
            return
        now: Any = msgspec.json.decode(msgspec.json.encode(tracing))
        known: dict[str, Any] = context.memory(self.code, dict)
        if known and known["value"] != now:
            witness = Witness(known["line"], known["type"], "showed tracing on")
            severity = Severity.WARNING if now is None else None
            args = {"first": _shown(known["value"]), "now": _shown(now)}
            yield Verdict(args, severity=severity, witnesses=(witness,))
        known.clear()
        if now is not None:
            known |= {"value": now, "line": context.line, "type": context.type}


def _shown(value: Any) -> str:
    return "off" if value is None else msgspec.json.encode(value).decode()
