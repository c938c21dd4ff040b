"""CLI: how the model shall answer: modalities, tokens, temperature, truncation and the rest of a session's settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rtproto.events.base import Model, TruncationWord
from rtproto.events.common.session import RetentionRatio, UnknownTruncation
from rtproto.events.dialect import SESSION_UPDATES
from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.cli.settings import CONFIGURES, asked, look, other_object, values_of
from rtproto.rules.examples import Example, change

_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


class ModelChange(Rule):
    """A session keeps the model that it was opened with.

    The server refuses the whole update; another model needs another connection.
    """

    code = "CLI007"
    name = "model-change"
    needs = "client"
    partial = "start"
    message = "the update asks for the model {asked}, the session has {current}"
    evidence = "The types say that everything in a session can be updated but the model, and the voice once it spoke."
    exceptions = (
        "The same model again, by its dated or undated name. Azure shows deployments by names of their own."
    )
    on = ("session.update",)
    reads = ("session.model",)
    symptoms = ("config", "refused")
    example = Example("refused_requests", change("session.update", "session.model", "gpt-realtime-mini"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        wanted, current = field(event, "session", "model"), field(facts.session, "model")
        # A deployment of Azure's may have any name, so only models that are known to be others are.
        if wanted is None or wanted == current or current not in _MODELS or wanted not in _MODELS:
            return
        if _DATED.sub("", wanted) != _DATED.sub("", current):
            witness = Witness(facts.session_line, "session.created", "showed the session's model")
            yield Verdict({"asked": wanted, "current": current}, witnesses=(witness,))


_MODELS = frozenset(values_of(Model))


_OF_THE_SERVER = ("id", "object", "expires_at")


class ServerMemberInUpdate(Rule):
    """An update holds what a client configures: `id`, `object` and `expires_at` are the server's.

    Who sends back the session that the server showed, with a change in it, sends them too. The server refuses the whole
    update (`unknown_parameter`), and the change with it.
    """

    code = "CLI033"
    name = "server-member-in-update"
    severity = Severity.WARNING
    basis = "schema"
    needs = "client"
    message = "the update sends back what the server sets: {members}"
    evidence = (
        "The request types of openai 3.54 have none of them, unlike the session that servers show; a GA server "
        "answers members that it does not take with unknown_parameter (live probe of Azure's GA endpoint)."
    )
    on = SESSION_UPDATES
    reads = tuple(f"session.{name}" for name in _OF_THE_SERVER)
    symptoms = ("config", "refused")
    example = Example("refused_requests", change("session.update", "session.id", "sess_1"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        names = [name for name in _OF_THE_SERVER if field(event, "session", name) is not None]
        if names:
            yield Verdict({"members": ", ".join(f"`session.{name}`" for name in names)})


class TemperatureRange(Rule):
    """Beta: `temperature` is from 0.6 to 1.2.

    The server refuses the whole update; values that suit other APIs, 0 above all, are refused here.
    """

    code = "CLI008"
    name = "temperature-range"
    dialects = ("beta",)
    needs = "client"
    message = "`{path}` is {temperature}; it goes from 0.6 to 1.2"
    evidence = "The types name the range, and a refusal of the server repeats its lower end."
    exceptions = "GA has no temperature at all: DIA005."
    on = CONFIGURES
    reads = ("session.temperature", "response.temperature")
    symptoms = ("config", "refused")
    example = Example("beta_refused_requests", change("session.update", "session.temperature", 0.3))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for wish in asked(event, "temperature"):
            if wish.value is not None and not 0.6 <= wish.value <= 1.2:
                yield Verdict({"path": wish.path, "temperature": wish.value})


_MOST_TOKENS = 4096


class MaxTokensRange(Rule):
    """The limit of output tokens is a number from 1 to 4096, or `inf`.

    The server refuses the event. As `max_tokens` of other APIs, the limit counts audio too: about 20 tokens a second.
    """

    code = "CLI009"
    name = "max-tokens-range"
    needs = "client"
    message = '`{path}` is {limit}; it is a number from 1 to 4096, or "inf"'
    evidence = "The types name both ends of the range and the word."
    exceptions = "In GA, more than 4096 is a warning: newer models may allow it."
    on = CONFIGURES
    reads = (
        "session.max_response_output_tokens",
        "session.max_output_tokens",
        "response.max_response_output_tokens",
        "response.max_output_tokens",
    )
    reads_null = True
    symptoms = ("config", "refused", "words")
    example = Example("refused_requests", change("session.update", "session.max_output_tokens", 0))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for wish in asked(event, "output tokens"):
            limit = wish.value
            severity = None
            if isinstance(limit, int):
                if 1 <= limit <= _MOST_TOKENS:
                    continue
                if limit > _MOST_TOKENS and context.facts.dialect == "ga":
                    severity = Severity.WARNING
            elif limit == "inf":
                continue
            yield Verdict({"path": wish.path, "limit": str(limit)}, severity=severity)


_LEGAL = {"beta": (["text"], ["audio", "text"]), "ga": (["text"], ["audio"])}


class ModalitiesCombination(Rule):
    """Modalities are one of the combinations that the dialect knows.

    Beta takes `["text"]` or `["audio", "text"]`, GA `["text"]` or `["audio"]`; the server refuses the rest, and code
    that was carried over from beta asks for both.
    """

    code = "CLI014"
    name = "modalities-combination"
    needs = "client"
    message = "modalities {asked}; {dialect} takes {legal}"
    evidence = "The server's refusals name the supported combinations of each dialect."
    on = ("session.update", "response.create")
    reads = (
        "session.modalities",
        "session.output_modalities",
        "response.modalities",
        "response.output_modalities",
    )
    symptoms = ("config", "refused", "silence")
    example = Example(
        "refused_requests", change("session.update", "session.output_modalities", ["audio", "text"])
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        dialect = context.facts.dialect
        for wish in asked(event, "modalities"):
            if sorted(wish.value) not in _LEGAL[dialect]:
                legal = " or ".join(map(str, _LEGAL[dialect]))
                yield Verdict({"asked": str(wish.value), "dialect": dialect, "legal": legal})


class TruncationConfigInvalid(Rule):
    """GA: `truncation` is `auto`, `disabled`, or a retention ratio from 0 to 1 with a token limit of 0 or more.

    The server refuses the update; the conversation is cut by the default when it outgrows the context.
    """

    code = "CLI026"
    name = "truncation-config-invalid"
    basis = "schema"
    dialects = ("ga",)
    needs = "client"
    message = "`{path}` is {found}; {expected}"
    evidence = (
        "The types list the words and the object; the vendor's OpenAPI file gives the limits of its numbers."
    )
    on = ("session.update",)
    reads = ("session.truncation",)
    symptoms = ("config", "refused", "history")
    example = Example("refused_requests", change("session.update", "session.truncation", "always"))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        path = "session.truncation"
        value = look(event, "session", "truncation")
        words = values_of(TruncationWord)
        if isinstance(value, UnknownTruncation) or (isinstance(value, str) and value not in words):
            found = value if isinstance(value, str) else other_object(value)
            expected = f"it is {', '.join(words)} or an object of type retention_ratio"
            yield Verdict({"path": path, "found": found, "expected": expected})
        elif isinstance(value, RetentionRatio):
            if not 0 <= value.retention_ratio <= 1:
                args = {"path": f"{path}.retention_ratio", "found": value.retention_ratio}
                yield Verdict({**args, "expected": "it goes from 0 to 1"})
            tokens = field(value, "token_limits", "post_instructions")
            if tokens is not None and tokens < 0:
                args = {"path": f"{path}.token_limits.post_instructions", "found": tokens}
                yield Verdict({**args, "expected": "it is 0 or more"})


_REASONS = re.compile(r"gpt-realtime-2(?![0-9])")


class ReasoningOnNonReasoningModel(Rule):
    """GA: `reasoning` and `parallel_tool_calls` are for models that reason, gpt-realtime-2 and later.

    Other models refuse the setting, or go on as before without a word.
    """

    code = "CLI027"
    name = "reasoning-on-non-reasoning-model"
    severity = Severity.WARNING
    dialects = ("ga",)
    needs = "client"
    message = "`{path}` is set, but {model} does not reason"
    evidence = "The types say of both that only reasoning models support them, and name gpt-realtime-2."
    exceptions = "Models that are not known; `parallel_tool_calls: false`."
    on = CONFIGURES
    reads = (
        "session.reasoning",
        "session.parallel_tool_calls",
        "response.reasoning",
        "response.parallel_tool_calls",
    )
    symptoms = ("config", "refused", "tools")
    example = Example("refused_requests", change("session.update", "session.reasoning", {"effort": "low"}))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        model = field(context.facts.session, "model") or field(event, "session", "model")
        if model not in _MODELS or _REASONS.match(model):
            return
        for name in ("reasoning", "parallel_tool_calls"):
            for wish in asked(event, name):
                if wish.value not in (None, False):
                    yield Verdict({"path": wish.path, "model": model})
