"""CLI: turn detection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.base import Eagerness
from rtproto.events.common.session import SemanticVad, ServerVad, UnknownTurnDetection
from rtproto.events.dialect import SESSION_UPDATES
from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field, kind_of, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.cli.settings import Setting, asked, look, members_of_turn_detection, values_of
from rtproto.rules.closed_values import is_azures
from rtproto.rules.common import at_request
from rtproto.rules.examples import Example, change

_OF_SERVER_VAD = ("threshold", "prefix_padding_ms", "silence_duration_ms", "idle_timeout_ms")
_EAGERNESS = values_of(Eagerness)


class TurnDetectionInvalid(Rule):
    """Turn detection is `server_vad` or `semantic_vad` with settings of its own, within their limits, or null.

    The server refuses the whole update and keeps its default: bots that wanted it off, or slower, are interrupted by
    every cough.
    """

    code = "CLI016"
    name = "turn-detection-invalid"
    basis = "schema"
    needs = "client"
    message = "`{path}` {what}"
    evidence = (
        "The types list both kinds and their settings; the vendor's OpenAPI file limits the idle timeout."
    )
    exceptions = (
        "A setting of the other kind is a warning. Azure's own types, none and those that begin with azure_, are "
        "wrong only where the server refuses them: who serves a session, its events do not tell."
    )
    on = (*SESSION_UPDATES, "error")
    reads = ("session.turn_detection", "session.audio")
    symptoms = ("config", "refused", "overlap")
    example = Example(
        "refused_requests",
        change(
            "session.update",
            "session.audio",
            {"input": {"turn_detection": {"type": "server_vad", "threshold": 50}}},
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if context.type == "error":
            return _refused(context, event)
        return self._judge(context, event)

    def _judge(self, context: Context, event: Any) -> Iterator[Verdict]:
        for wish in asked(event, "turn detection"):
            for name, what, severity in _faults(wish, context):
                yield Verdict({"path": f"{wish.path}{name}", "what": what}, severity=severity)


def _refused(context: Context, error: Any) -> Iterator[Verdict]:
    """What a server that is not Azure's refuses of what only Azure takes."""
    request = context.facts.ledger.answered_by(error)
    about = f"{field(error, 'error', 'param')} {field(error, 'error', 'message')}"
    if request is None or request.type not in SESSION_UPDATES or "turn_detection" not in about:
        return
    for wish in asked(request.event, "turn detection"):
        kind = kind_of(wish.value) if isinstance(wish.value, UnknownTurnDetection) else None
        if kind is not None and is_azures(kind):
            what = f"is of type {kind}, which only Azure takes"
            instead = "; null turns detection off" if kind == "none" else ""
            witness = Witness(context.line, context.type, "refused it")
            yield at_request(request, {"path": wish.path, "what": what + instead}, witnesses=(witness,))


def _faults(wish: Setting, context: Context) -> Iterator[tuple[str, str, Severity | None]]:
    """What is wrong with a turn detection: the member, the words, and how bad it is."""
    detection = wish.value
    if isinstance(detection, UnknownTurnDetection):
        kind = kind_of(detection)
        if kind is None:
            # Beta's types let it be left out, and Azure takes null.
            nested = wish.path.startswith("session.audio.")
            if nested and "type" not in members_of_turn_detection(context.raw):
                yield ".type", "is missing; there are server_vad and semantic_vad", None
        elif not is_azures(kind):
            yield "", f"is of type {kind}; there are server_vad and semantic_vad", None
    elif isinstance(detection, ServerVad):
        threshold, idle = field(detection, "threshold"), field(detection, "idle_timeout_ms")
        if threshold is not None and not 0 <= threshold <= 1:
            yield ".threshold", f"is {threshold}; it goes from 0 to 1", None
        for name in ("prefix_padding_ms", "silence_duration_ms"):
            value = field(detection, name)
            if value is not None and value < 0:
                yield f".{name}", f"is {value}; it is 0 or more", None
        if idle is not None and not 5000 <= idle <= 30000:
            yield ".idle_timeout_ms", f"is {idle}; it goes from 5000 to 30000", None
        if "eagerness" in members_of_turn_detection(context.raw):
            yield ".eagerness", "belongs to semantic_vad, not to server_vad", Severity.WARNING
    elif isinstance(detection, SemanticVad):
        eagerness = field(detection, "eagerness")
        if eagerness is not None and eagerness not in _EAGERNESS:
            yield ".eagerness", f"is {eagerness}; it is one of {', '.join(_EAGERNESS)}", None
        members = members_of_turn_detection(context.raw)
        for name in _OF_SERVER_VAD:
            if name in members:
                yield f".{name}", "belongs to server_vad, not to semantic_vad", Severity.WARNING


class VadResponseFlagsInTranscription(Rule):
    """A transcription session has no `create_response` and no `interrupt_response`.

    Nothing answers there, so they do nothing; who sets them expects a conversation.
    """

    code = "CLI017"
    name = "vad-response-flags-in-transcription"
    severity = Severity.WARNING
    needs = "client"
    message = "`{path}` is set for a transcription session"
    evidence = "The types call both unavailable for transcription sessions."
    on = SESSION_UPDATES
    reads = ("session.turn_detection", "session.audio")
    symptoms = ("config", "refused", "silence")
    example = Example(
        "refused_transcription",
        change(
            "session.update",
            "session.audio.input.turn_detection",
            {"type": "server_vad", "create_response": True},
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if (
            context.type != "transcription_session.update"
            and tag_of(field(event, "session")) != "transcription"
        ):
            return
        for wish in asked(event, "turn detection"):
            for name in ("create_response", "interrupt_response"):
                if look(wish.value, name) is True:
                    yield Verdict({"path": f"{wish.path}.{name}"})
