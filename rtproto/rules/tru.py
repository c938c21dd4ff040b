"""TRU: truncation of what was not played."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, change

_TOLERANCE_MS = 100


class TruncateBeyondAudio(Rule):
    """`conversation.item.truncate` ends within the audio that was streamed.

    The server refuses it ("already shorter than"), so the model believes that the user heard everything. Clients that
    count their own playback clock overshoot steadily.
    """

    code = "TRU003"
    name = "truncate-beyond-audio"
    needs = "both"
    message = "audio_end_ms is {end}, but only {streamed} ms were streamed"
    evidence = (
        "The types say that an audio_end_ms beyond the audio is an error; the server counts about 85 ms less than the "
        "bytes it sent (pipecat issue 2106)."
    )
    exceptions = (
        "Up to 100 ms beyond is a warning. WebRTC has no audio in its events; audio that the recorder cut."
    )
    on = ("conversation.item.truncate",)
    symptoms = ("refused", "history")
    example = Example("barge_in", change("conversation.item.truncate", "audio_end_ms", 1600))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        stream = facts.output_audio.get((field(event, "item_id") or "", field(event, "content_index") or 0))
        end = field(event, "audio_end_ms")
        rate = facts.bytes_per_ms("output")
        if stream is None or stream.size is None or stream.met_halfway() or rate is None or end is None:
            return
        streamed = stream.size / rate
        if end > streamed:
            yield Verdict(
                {"end": end, "streamed": round(streamed)},
                severity=Severity.WARNING if end <= streamed + _TOLERANCE_MS else None,
                entity=stream,
                witnesses=tuple(
                    Witness(line, type, "began the audio") for line, type, _ in stream.history[:1]
                ),
            )
