"""USG: the arithmetic of usage.

Counts are compared only where they are there: a member that is missing says nothing, or counts as zero in a sum.  A
negative count is USG006's, and no other rule makes more of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Entity
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, change

_KINDS = ("text_tokens", "audio_tokens", "image_tokens")


def _sum(details: Any) -> int | None:
    """The tokens of all kinds; None where no kind is named, or a count is negative."""
    counts = [count for name in _KINDS if (count := field(details, name)) is not None]
    return sum(counts) if counts and min(counts) >= 0 else None


def _adds_up(details: Any, whole: Any) -> bool:
    """Whether the kinds make up the whole, in the common case that all counts are there: at once, or not at all."""
    made = (details.text_tokens or 0) + (details.audio_tokens or 0)
    return bool(made + (getattr(details, "image_tokens", 0) or 0) == whole)


class UsageTotal(Rule):
    """total_tokens is the sum of input_tokens and output_tokens.

    Bills are made from it.
    """

    code = "USG001"
    name = "usage-total"
    taints = False
    basis = "observed"
    message = "total_tokens is {total}, input {input} and output {output} make {sum}"
    evidence = "58 of 58 responses in OpenAI and Azure recordings, 13 of 13 beta WebRTC."
    exceptions = "Usage that is missing or empty."
    on = ("response.done",)
    reads = ("response.usage",)
    symptoms = ("bill",)
    example = Example("text_turn", change("response.done", "response.usage.total_tokens", 31))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        usage = event.response.usage
        if not usage or usage.total_tokens == (usage.input_tokens or 0) + (usage.output_tokens or 0):
            return ()
        total, input, output = (
            field(usage, name) for name in ("total_tokens", "input_tokens", "output_tokens")
        )
        if None in (total, input, output) or min(total, input, output) < 0:
            return ()
        return (Verdict({"total": total, "input": input, "output": output, "sum": input + output}),)


class UsageInputDetails(Rule):
    """The kinds of input tokens, text, audio and images, make up input_tokens.

    They cost differently by kind; a bill that is split wrongly is wrong.
    """

    code = "USG002"
    name = "usage-input-details"
    taints = False
    basis = "observed"
    message = "input_tokens is {input}, its kinds make {sum}"
    evidence = "58 of 58 responses in OpenAI and Azure recordings, 13 of 13 beta WebRTC."
    exceptions = "Usage without details; a kind that is missing counts as zero."
    on = ("response.done",)
    reads = ("response.usage",)
    symptoms = ("bill",)
    example = Example(
        "text_turn", change("response.done", "response.usage.input_token_details.text_tokens", 21)
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        usage = event.response.usage
        if not usage or not usage.input_token_details:
            return ()
        if _adds_up(usage.input_token_details, usage.input_tokens):
            return ()
        made = _sum(usage.input_token_details)
        if made is None or not isinstance(usage.input_tokens, int) or usage.input_tokens < 0:
            return ()
        return (Verdict({"input": usage.input_tokens, "sum": made}),)


class UsageOutputDetails(Rule):
    """The kinds of output tokens, text and audio, make up output_tokens; reasoning is among the text.

    They cost differently by kind; who adds the reasoning bills it twice.
    """

    code = "USG003"
    name = "usage-output-details"
    taints = False
    basis = "observed"
    message = "{what}"
    evidence = (
        "58 of 58 responses in OpenAI and Azure recordings, 13 of 13 beta WebRTC; with gpt-realtime-2.1 the reasoning "
        "tokens are part of the text tokens."
    )
    exceptions = "Usage without details; a kind that is missing counts as zero."
    on = ("response.done",)
    reads = ("response.usage",)
    symptoms = ("bill",)
    example = Example(
        "text_turn", change("response.done", "response.usage.output_token_details.text_tokens", 9)
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        usage = event.response.usage
        if not usage or not usage.output_token_details:
            return ()
        details, output = usage.output_token_details, usage.output_tokens
        if not _adds_up(details, output):
            made = _sum(details)
            if made is None or not isinstance(output, int) or output < 0:
                return ()
            return (Verdict({"what": f"output_tokens is {output}, its kinds make {made}"}),)
        text, reasoning = details.text_tokens, details.reasoning_tokens
        if not reasoning or not isinstance(text, int) or text < 0 or reasoning <= text:
            return ()
        return (Verdict({"what": f"{reasoning} reasoning tokens are more than the {text} text tokens"}),)


class UsageCachedExceedsInput(Rule):
    """Cached tokens are among the input tokens, so they are no more than those.

    A discount for more than was used makes a negative bill.
    """

    code = "USG004"
    name = "usage-cached-exceeds-input"
    taints = False
    basis = "documented"
    message = "{cached} cached tokens of {input} input tokens"
    evidence = "The types count cached tokens as a subset of the input tokens; 71 of 71 recorded responses."
    exceptions = "The published example of beta's response.done breaks it."
    on = ("response.done",)
    reads = ("response.usage",)
    symptoms = ("bill",)
    example = Example(
        "text_turn", change("response.done", "response.usage.input_token_details.cached_tokens", 21)
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        usage = event.response.usage
        if not usage or not usage.input_token_details:
            return ()
        cached, input = usage.input_token_details.cached_tokens, usage.input_tokens
        if not isinstance(cached, int) or not isinstance(input, int) or cached <= input or input < 0:
            return ()
        return (Verdict({"cached": cached, "input": input}),)


class UsageCachedDetails(Rule):
    """The kinds of cached tokens make up cached_tokens, and none is more than its kind of input.

    The discount differs by kind.
    """

    code = "USG005"
    name = "usage-cached-details"
    taints = False
    basis = "observed"
    message = "{what}"
    evidence = "58 of 58 responses in OpenAI and Azure recordings, 13 of 13 beta WebRTC."
    exceptions = "Old beta servers, which send no details of the cached tokens."
    on = ("response.done",)
    reads = ("response.usage",)
    symptoms = ("bill",)
    example = Example(
        "text_turn",
        change("response.done", "response.usage.input_token_details.cached_tokens_details.text_tokens", 3),
        prepare=(
            change("response.done", "response.usage.input_token_details.cached_tokens", 4),
            change(
                "response.done",
                "response.usage.input_token_details.cached_tokens_details",
                {"text_tokens": 4, "audio_tokens": 0},
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        usage = event.response.usage
        details = usage.input_token_details
        if not details:
            return ()
        kinds, cached = details.cached_tokens_details, details.cached_tokens
        if not kinds or not isinstance(cached, int) or cached < 0:
            return ()
        if not _adds_up(kinds, cached):
            made = _sum(kinds)
            what = f"cached_tokens is {cached}, its kinds make {made}"
            return () if made is None else (Verdict({"what": what}),)
        if not cached or cached > (usage.input_tokens or 0):
            # Nothing is cached, or too much, which is USG004's.
            return ()
        for name in _KINDS:
            part, whole = field(kinds, name), field(details, name)
            if part is not None and whole is not None and part > whole >= 0:
                return (Verdict({"what": f"{part} of {whole} {name} are cached"}),)
        return ()


_TOTALS = attrgetter("total_tokens", "input_tokens", "output_tokens")
_CACHED = attrgetter(*_KINDS)
_INPUT = attrgetter(*_KINDS, "cached_tokens")
_OUTPUT = attrgetter("text_tokens", "audio_tokens", "reasoning_tokens")


class UsageNegative(Rule):
    """Counts of tokens are not negative.

    Whoever adds them up subtracts.
    """

    code = "USG006"
    name = "usage-negative"
    taints = False
    basis = "schema"
    message = "a count of tokens is {count}"
    evidence = "The schema makes them counts; none is negative in 71 recorded responses."
    on = ("response.done",)
    reads = ("response.usage",)
    symptoms = ("bill",)
    example = Example("text_turn", change("response.done", "response.usage.total_tokens", -30))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        usage = event.response.usage
        details, output = usage.input_token_details, usage.output_token_details
        counts = [*_TOTALS(usage)]
        if details:
            counts += _INPUT(details)
            if details.cached_tokens_details:
                counts += _CACHED(details.cached_tokens_details)
        if output:
            counts += _OUTPUT(output)
        least = min([count or 0 for count in counts])
        return () if least >= 0 else (Verdict({"count": least}),)


class UsageMissing(Rule):
    """A response that is completed or incomplete says what it cost.

    Costs are counted from it; the response is missing in them.
    """

    code = "USG007"
    name = "usage-missing"
    taints = False
    severity = Severity.WARNING
    basis = "observed"
    message = "the response is {status}, without usage"
    evidence = "37 of 37 responses in OpenAI recordings."
    exceptions = "Servers of the compat profile: emulators have none, xAI puts it beside the response."
    on = ("response.done",)
    only = ("response.status", "completed", "incomplete")
    symptoms = ("bill",)
    example = Example("text_turn", change("response.done", "response.usage", None))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        response = event.response
        if response.usage or response.status not in ("completed", "incomplete"):
            return ()
        return (Verdict({"status": response.status}),)


class UsageAudioWithoutAudio(Rule):
    """Audio tokens are billed for responses that speak, and only for those.

    Audio costs several times what text does.
    """

    code = "USG008"
    name = "usage-audio-without-audio"
    taints = False
    severity = Severity.WARNING
    basis = "observed"
    partial = "seen"
    message = "{count} audio tokens of output for a response {what}"
    evidence = "Consistent in 37 of 37 OpenAI, 21 of 21 Azure and 5 of 5 beta WebRTC responses."
    exceptions = "Responses that were not completed may have spoken unheard, or not at all."
    on = ("response.done",)
    reads = ("response.usage",)
    only = ("response.status", "completed")
    symptoms = ("bill",)
    example = Example(
        "text_turn",
        change("response.done", "response.usage.output_token_details", {"text_tokens": 4, "audio_tokens": 6}),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        usage, entity = event.response.usage, context.entity
        if (
            not usage
            or not usage.output_token_details
            or event.response.status != "completed"
            or entity is None
        ):
            return ()
        count = usage.output_token_details.audio_tokens
        if not isinstance(count, int) or count < 0:
            return ()
        spoke = _spoke(entity)
        if spoke == (count > 0) or entity.met_halfway():
            return ()
        return (Verdict({"count": count, "what": "that spoke" if spoke else "without audio"}),)


def _spoke(response: Entity) -> bool:
    """Whether a part of the response had audio."""
    for item in response.children:
        for part in item.children:
            kinds = {stream.key[-1] for stream in part.children}
            # On WebRTC the audio goes over the media track, and only its transcript is in the events.
            if "audio" in kinds or ("transcript" in kinds and "text" not in kinds):
                return True
    return False


class UsageExceedsLimit(Rule):
    """A response costs no more output tokens than its max_output_tokens.

    The limit is there to bound the bill, and the length of what is said.
    """

    code = "USG009"
    name = "usage-exceeds-limit"
    taints = False
    severity = Severity.WARNING
    basis = "documented"
    message = "{output} output tokens, the limit was {limit}"
    evidence = "The types call it the maximum of output tokens of one response, tool calls included."
    on = ("response.done",)
    reads = ("response.usage",)
    symptoms = ("bill", "config")
    example = Example(
        "text_turn",
        change(
            "response.done",
            "response.usage",
            {
                "total_tokens": 40,
                "input_tokens": 20,
                "output_tokens": 20,
                "input_token_details": {"text_tokens": 20},
                "output_token_details": {"text_tokens": 20},
            },
        ),
        prepare=(
            change("response.created", "response.max_output_tokens", 10),
            change("response.done", "response.max_output_tokens", 10),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        limit = event.response.max_output_tokens
        if not isinstance(limit, int):
            return ()
        output = field(event.response, "usage", "output_tokens")
        if output is None or output <= limit:
            return ()
        known = context.facts.responses.get(event.response.id)
        witnesses = (Witness(known.line, "response.created", "set the limit"),) if known is not None else ()
        return (Verdict({"output": output, "limit": limit}, witnesses=witnesses),)
