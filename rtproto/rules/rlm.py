"""RLM: the account's rate limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rtproto.findings import Severity
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, after, at, before, change, repeat

_NAMES = ("requests", "tokens")
_LIMITS = {
    "type": "rate_limits.updated",
    "event_id": "event_limits",
    "rate_limits": [{"name": "tokens", "limit": 40000, "remaining": 39970, "reset_seconds": 0.045}],
}


class RateLimitShape(Rule):
    """Each limit is named once, requests or tokens, with 0 <= remaining <= limit and a reset that is not past.

    Clients that wait for the reset wait for ever, or not at all.
    """

    code = "RLM001"
    name = "rate-limit-shape"
    severity = Severity.WARNING
    basis = "observed"
    message = "the rate limit {name} {what}"
    evidence = "14 of 14 events in GA recordings name tokens alone, 10 of 10 in beta WebRTC logs requests and tokens."
    exceptions = "An empty list, as beta sent in January 2025."
    on = ("rate_limits.updated",)
    symptoms = ("bill",)
    example = Example(
        "text_turn",
        change("rate_limits.updated", "rate_limits.0.remaining", 50000),
        prepare=(after("response.done", "server", _LIMITS),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        limits: Sequence[Any] = event.rate_limits
        names: list[str] = []
        for limit in limits:
            name = limit.name or None
            what = _wrong(limit, name, names)
            if what:
                return (Verdict({"name": name or "?", "what": what}),)
            names.append(name or "")
        return ()


def _wrong(limit: Any, name: str | None, before: list[str]) -> str:
    """What is wrong with a limit, after those names; empty when nothing is."""
    whole, left, reset = limit.limit, limit.remaining or 0, limit.reset_seconds or 0
    if name is not None and name not in _NAMES:
        return "is neither requests nor tokens"
    if name in before:
        return "is there twice"
    if left < 0 or (isinstance(whole, int) and left > whole):
        return f"has {left} left of {whole or 0}"
    if reset < 0:
        return f"resets in {reset} s"
    return ""


class RateLimitPosition(Rule):
    """Rate limits come right after a response: after its end, or, from older servers, before its first item.

    Clients that take them for the beginning of a response, as the types say, count the wrong one.
    """

    code = "RLM002"
    name = "rate-limit-position"
    severity = Severity.INFO
    basis = "observed"
    message = "rate limits {where}"
    evidence = (
        "After response.done in 14 of 14 GA recordings, before the first item in 10 of 10 beta WebRTC responses; the "
        "types speak of the beginning."
    )
    exceptions = (
        "Recordings that start mid-session. Cancelled responses and Azure have no rate limits at all."
    )
    on = ("rate_limits.updated",)
    symptoms = ("bill",)
    example = Example("text_turn", before("response.output_text.done", "server", _LIMITS))

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        facts = context.facts
        if not facts.responses and not facts.mid_session:
            return (Verdict({"where": "before any response"}),)
        current = facts.responses.get(facts.current_response or "")
        if current is None or (context.facts.dialect == "beta" and not current.output):
            return ()
        return (Verdict({"where": f"while {current.id} is in progress"}),)


class RateLimitRepeated(Rule):
    """Rate limits are told once for each response.

    Clients that count responses by them count one too many.
    """

    code = "RLM003"
    name = "rate-limit-repeated"
    severity = Severity.INFO
    basis = "observed"
    message = "rate limits again, with no response in between"
    evidence = "Once a response in 14 of 14 GA and 10 of 10 beta WebRTC responses that had them."
    on = ("rate_limits.updated",)
    symptoms = ("bill",)
    example = Example(
        "text_turn",
        repeat("rate_limits.updated"),
        prepare=(after("response.done", "server", _LIMITS),),
        because=(at("rate_limits.updated"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        last = next(reversed(context.facts.responses.values()), None)
        place = (None if last is None else last.id, context.facts.response_done_line)
        known = context.memory(self.code, dict)
        again = known.get("place") == place
        known["place"] = place
        return (Verdict(),) if again else ()
