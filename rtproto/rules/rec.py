"""REC: what is wrong with the recording, and not with the session.

What a recording merely lacks (one direction, audio that was cut) is no finding: the report's limits say it. Where a
recording's fault is at once one of the session or of the bytes, that family tells it: a start in the middle is SES001,
a second connection SES002, two documents on a line WIR008, and a clock that goes backwards TIM003.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity
from rtproto.protocol.values import tag_of
from rtproto.rules.base import SWAPPED, Context, Rule, Verdict
from rtproto.rules.examples import Example, at, relabel


class DirectionsSwapped(Rule):
    """A recording calls the client client and the server server.

    One that begins with the client's sending `session.created` has its labels swapped: the recorder sat in the server
    and named the directions as a client would. The recording is judged the other way round from there on, so that this
    is its only fault.
    """

    code = "REC003"
    name = "directions-swapped"
    severity = Severity.WARNING
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    needs = "any"
    message = "client and server are swapped: `{type}` is the server's to send; judged the other way round"
    evidence = "No type is in both the client and the server union of a dialect (openai 3.54)."
    exceptions = "Later events in the wrong direction, of which some servers echo what they are sent: DIA019."
    on = (SWAPPED,)
    symptoms = ("recording",)
    example = Example(
        "text_turn",
        relabel("session.created"),
        found=at("session.created"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        type = tag_of(event) or ""
        yield Verdict({"type": type}, line=context.line, type=type, direction=context.direction, event=event)
