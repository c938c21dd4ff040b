"""CLI: audio formats and noise reduction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.base import BetaAudioFormat, NoiseReductionType
from rtproto.events.dialect import SESSION_UPDATES
from rtproto.events.ga.session import AudioPcm, UnknownAudioFormat
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.cli.settings import CONFIGURES, asked, look, other_object, values_of
from rtproto.rules.examples import Example, change

_BETA_FORMATS = values_of(BetaAudioFormat)
_GA_FORMATS = "audio/pcm at rate 24000, audio/pcmu or audio/pcma"


class AudioFormatInvalid(Rule):
    """An audio format is one that the dialect has; PCM is at 24 kHz.

    The server refuses the update, or takes the bytes for what they are not: noise, or speech at half its pitch.
    """

    code = "CLI015"
    name = "audio-format-invalid"
    basis = "schema"
    needs = "client"
    message = "`{path}` is {found}; {dialect} takes {formats}"
    evidence = (
        "The types list three formats in each dialect, and say of the PCM rate that it is always 24000."
    )
    on = CONFIGURES
    reads = (
        "session.input_audio_format",
        "session.output_audio_format",
        "session.audio",
        "response.input_audio_format",
        "response.output_audio_format",
        "response.audio",
    )
    symptoms = ("silence", "config", "refused")
    example = Example(
        "refused_requests",
        change(
            "session.update", "session.audio", {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for name in ("input format", "output format"):
            for wish in asked(event, name):
                found = self._wrong(wish.value)
                if found:
                    formats = ", ".join(_BETA_FORMATS) if isinstance(wish.value, str) else _GA_FORMATS
                    args = {"path": wish.path, "found": found, "formats": formats}
                    yield Verdict({**args, "dialect": context.facts.dialect})

    def _wrong(self, format: Any) -> str:
        """What is wrong with a format, or nothing."""
        if isinstance(format, str):
            return "" if format in _BETA_FORMATS else format
        if isinstance(format, UnknownAudioFormat):
            return other_object(format)
        rate = format.rate if isinstance(format, AudioPcm) else 24000
        return f"at rate {rate}" if isinstance(rate, int) and rate != 24000 else ""


class NoiseReductionInvalid(Rule):
    """Noise reduction is of type `near_field` or `far_field`, or null.

    The server refuses the whole update.
    """

    code = "CLI018"
    name = "noise-reduction-invalid"
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    needs = "client"
    message = "`{path}.type` is {found}; it is {types}"
    evidence = "The types list the two."
    exceptions = "Types of Azure's, which begin with azure_."
    on = SESSION_UPDATES
    reads = ("session.input_audio_noise_reduction", "session.audio")
    symptoms = ("config", "refused")
    example = Example(
        "refused_requests",
        change("session.update", "session.audio", {"input": {"noise_reduction": {"type": "studio"}}}),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        types = values_of(NoiseReductionType)
        for wish in asked(event, "noise reduction"):
            found = look(wish.value, "type")
            if isinstance(found, str) and found not in types and not found.startswith("azure_"):
                yield Verdict({"path": wish.path, "found": found, "types": " or ".join(types)})
