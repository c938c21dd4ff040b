"""The shape of configurations: flat in beta, nested in GA."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from rtproto.protocol.recognition import shown
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.examples import Example, change


def _members(raw: bytes) -> tuple[dict[str, Raw], dict[str, Raw]]:
    """The members of an event's `session` and of its `response`; empty where there is no such object."""
    found = shown(raw)
    return found.members(), found.response if isinstance(found.response, dict) else {}


_FLAT_SESSION = (
    "modalities",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "turn_detection",
    "temperature",
    "max_response_output_tokens",
    "speed",
)
_FLAT_RESPONSE = ("modalities", "voice", "output_audio_format", "temperature", "max_response_output_tokens")
_NESTED_SESSION = ("output_modalities", "audio")
_NESTED_RESPONSE = ("output_modalities", "audio")


def _reader(names: Iterable[str]) -> tuple[msgspec.json.Decoder[Any], Struct]:
    """What reads these members of an event's `response`, and what it gives where there are none."""
    response = msgspec.defstruct("Response", [(name, Raw | UnsetType, UNSET) for name in names])
    event = msgspec.defstruct("Event", [("response", response)])
    return msgspec.json.Decoder(event), event(response())


_FOREIGN = {"beta": _reader(_NESTED_RESPONSE), "ga": _reader(_FLAT_RESPONSE)}
"""The other shape's members of a response.  They are looked for before the response is taken apart: there are many."""

_RESPONSES = ("response.created", "response.done")


class SessionShapeContradictsDialect(Rule):
    """Sessions and responses that the server shows have the shape of its dialect: flat in beta, nested in GA.

    A client reads the voice, the formats and the turn detection where its dialect keeps them, and finds nothing.
    """

    code = "DIA004"
    name = "session-shape-contradicts-dialect"
    basis = "documented"
    message = "{where} has {what}, which {dialect} does not have"
    evidence = (
        "The migration guide moves these members; no OpenAI or Azure recording shows them in the other shape (0 of "
        "89). xAI mixes the two (profile compat)."
    )
    exceptions = (
        "Told once a connection, and not where the names of events have shown already that dialects are mixed "
        "(DIA001). Members of both shapes: speed, tracing, prompt, truncation, include."
    )
    on = ("session.created", "session.updated", "response.created", "response.done")
    reads_raw = True
    symptoms = ("config",)
    example = Example("text_turn", change("response.done", "response.modalities", ["text"]))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        if context.type not in _RESPONSES:
            return self._judge(context)
        reader, nothing_foreign = _FOREIGN[context.facts.dialect]
        try:
            return NOTHING if reader.decode(context.raw) == nothing_foreign else self._judge(context)
        except (ValueError, RecursionError):
            return self._judge(context)

    def _judge(self, context: Context) -> Iterator[Verdict]:
        session, response = _members(context.raw)
        if context.facts.dialect == "beta":
            wrong = [
                *_wrong("session", session, _NESTED_SESSION),
                *_wrong("response", response, _NESTED_RESPONSE),
            ]
        else:
            wrong = [
                *_wrong("session", session, _FLAT_SESSION[:-1]),
                *_wrong("response", response, _FLAT_RESPONSE),
            ]
        if not wrong or any(finding.code == "DIA001" for finding in context.findings):
            return
        if context.first(self.code):
            where = "the session" if session else "the response"
            yield Verdict({"where": where, "what": ", ".join(wrong), "dialect": context.facts.dialect})


def _wrong(container: str, members: dict[str, Raw], names: tuple[str, ...]) -> list[str]:
    return [f"`{container}.{name}`" for name in names if name in members]


_GA_SHAPE = ("type", "audio", "output_modalities")


class BetaShapedClientConfigInGa(Rule):
    """Configuration sent to a GA server has the GA shape: `session.type` is there, and no flat beta member is.

    The server refuses the whole update (`missing_required_parameter`, `unknown_parameter`), so the session goes on with
    its defaults: another voice, no tools, no instructions.
    """

    code = "DIA005"
    name = "beta-shaped-client-config-in-ga"
    basis = "documented"
    dialects = ("ga",)
    needs = "client"
    message = "this configuration has the beta shape: {what}"
    evidence = (
        "A GA server answers with missing_required_parameter for session.type and unknown_parameter for the flat "
        "members (live probe of Azure's GA endpoint); the GA request types have none of them."
    )
    exceptions = (
        "Azure Voice Live takes flat sessions (profile azure-voice-live). A client that speaks before the server has "
        "said anything but errors, and wholly in the beta shape, may be on a beta connection."
    )
    on = ("session.update", "response.create")
    reads = ("session", "response")
    reads_raw = True
    symptoms = ("config", "refused")
    example = Example("text_turn", change("session.update", "session.type", ...))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        session, response = _members(context.raw)
        wrong = [*_wrong("session", session, _FLAT_SESSION), *_wrong("response", response, _FLAT_RESPONSE)]
        if session and "type" not in session:
            wrong.insert(0, "`session.type` is missing")
        nested = any(name in members for members in (session, response) for name in _GA_SHAPE)
        if wrong and (nested or context.begun):
            yield Verdict({"what": ", ".join(wrong)})


class GaShapedClientConfigInBeta(Rule):
    """Configuration sent to a beta server has the beta shape: no `type`, `output_modalities` or `audio`.

    A server that does not know them cannot apply them: the session keeps its defaults.
    """

    code = "DIA006"
    name = "ga-shaped-client-config-in-beta"
    basis = "schema"
    dialects = ("beta",)
    needs = "client"
    message = "this configuration has the GA shape: {what}"
    evidence = (
        "The beta types of session.update and response.create have none of these members (openai 3.54)."
    )
    on = ("session.update", "response.create")
    reads = ("session", "response")
    reads_raw = True
    symptoms = ("config", "refused")
    example = Example("beta_voice_turn", change("session.update", "session.output_modalities", ["audio"]))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        session, response = _members(context.raw)
        wrong = [
            *_wrong("session", session, ("type", *_NESTED_SESSION)),
            *_wrong("response", response, _NESTED_RESPONSE),
        ]
        if wrong:
            yield Verdict({"what": ", ".join(wrong)})
