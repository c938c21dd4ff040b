"""TRN: what transcription costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rtproto.events.common.transcription import DurationUsage, TokenUsage
from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, change
from rtproto.rules.trn.names import COMPLETED


class TranscriptionUsageArithmetic(Rule):
    """The tokens of a transcription add up, and its seconds are not negative.

    Bills are made from them.
    """

    code = "TRN010"
    name = "transcription-usage-arithmetic"
    basis = "observed"
    message = "{what}"
    evidence = "The two forms of usage in the types; the sums hold in every recording that has tokens."
    exceptions = "Usage is missing on beta servers before mid-2025 and on Azure Voice Live."
    on = (COMPLETED,)
    reads = ("usage",)
    symptoms = ("bill",)
    example = Example(
        "voice_turn",
        change(COMPLETED, "usage.total_tokens", 36),
        prepare=(
            change(
                COMPLETED,
                "usage",
                {
                    "type": "tokens",
                    "total_tokens": 35,
                    "input_tokens": 26,
                    "output_tokens": 9,
                    "input_token_details": {"text_tokens": 0, "audio_tokens": 26},
                },
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        usage = field(event, "usage")
        if isinstance(usage, DurationUsage) and usage.seconds < 0:
            yield Verdict({"what": f"{usage.seconds} seconds"})
        if not isinstance(usage, TokenUsage):
            return
        if usage.total_tokens != usage.input_tokens + usage.output_tokens:
            sum = f"input {usage.input_tokens} and output {usage.output_tokens}"
            yield Verdict({"what": f"total_tokens is {usage.total_tokens}, not the sum of {sum}"})
        details = field(usage, "input_token_details")
        text, audio = field(details, "text_tokens"), field(details, "audio_tokens")
        if None not in (text, audio) and text + audio != usage.input_tokens:
            sum = f"text {text} and audio {audio}"
            yield Verdict({"what": f"input_tokens is {usage.input_tokens}, not the sum of {sum}"})


class _Lengths:
    """How long the turns are that wait for their transcription, in ms."""

    def __init__(self) -> None:
        self.started: dict[str, int] = {}
        self.committed: dict[int, float] = {}
        """Lengths of the buffers that the client committed, by the line of the commit."""
        self.items: dict[str, tuple[float, int, str]] = {}


class TranscriptionDurationImplausible(Rule):
    """The seconds that a transcription costs are the length of its turn, silence included, rounded up.

    Bills are made from them.
    """

    code = "TRN015"
    name = "transcription-duration-implausible"
    severity = Severity.INFO
    basis = "observed"
    partial = "start"
    message = "{seconds} s are counted for a turn of {ms} ms"
    evidence = (
        "In a live probe 5058 ms cost 6 s, 1000 ms 1 s and 304880 ms 305 s; of turns that the server detected, 2796 ms "
        "cost 3 s in 9 of 9 recordings."
    )
    exceptions = (
        "A second more or less. Turns of which no length is known, such as those cut by the recorder."
    )
    on = (
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.commit",
        "input_audio_buffer.committed",
        COMPLETED,
    )
    symptoms = ("bill",)
    example = Example("voice_turn", change(COMPLETED, "usage.seconds", 12))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        lengths: _Lengths = context.memory(self.code, _Lengths)
        item_id = field(event, "item_id") or ""
        if context.type == COMPLETED:
            length = lengths.items.pop(item_id, None)
            usage = field(event, "usage")
            if length is not None and isinstance(usage, DurationUsage) and not facts.mid_session:
                ms, line, type = length
                if abs(usage.seconds - math.ceil(ms / 1000)) > 1:
                    witness = Witness(line, type, "ended the turn")
                    yield Verdict({"seconds": usage.seconds, "ms": round(ms)}, witnesses=(witness,))
        elif context.type == "input_audio_buffer.speech_started":
            lengths.started[item_id] = field(event, "audio_start_ms") or 0
        elif context.type == "input_audio_buffer.speech_stopped":
            start, end = lengths.started.pop(item_id, None), field(event, "audio_end_ms")
            if start is not None and end is not None:
                lengths.items[item_id] = end - start, context.line, context.type
        elif context.type == "input_audio_buffer.commit":
            rate = facts.bytes_per_ms("input")
            held = facts.held()
            if facts.turn_detection_on() is False and rate is not None and held is not None:
                lengths.committed[context.line] = held / rate
        elif (request := facts.ledger.answered_by(event)) is not None and request.line in lengths.committed:
            length = lengths.committed.pop(request.line), context.line, context.type
            lengths.items.setdefault(item_id, length)
