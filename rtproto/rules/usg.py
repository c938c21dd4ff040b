"""USG: the arithmetic of usage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, change


class UsageTotal(Rule):
    """total_tokens is the sum of input_tokens and output_tokens.

    Bills are made from it.
    """

    code = "USG001"
    name = "usage-total"
    basis = "observed"
    message = "total_tokens is {total}, input {input} and output {output} make {sum}"
    evidence = "58 of 58 responses in OpenAI and Azure recordings, 13 of 13 beta WebRTC."
    exceptions = "Usage that is missing or empty."
    on = ("response.done",)
    symptoms = ("bill",)
    example = Example("text_turn", change("response.done", "response.usage.total_tokens", 31))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        usage = field(event, "response", "usage")
        total, input, output = (field(usage, name + "_tokens") for name in ("total", "input", "output"))
        if None not in (total, input, output) and total != input + output:
            yield Verdict({"total": total, "input": input, "output": output, "sum": input + output})
