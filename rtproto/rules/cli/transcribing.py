"""CLI: how the user's audio shall be transcribed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from rtproto.events.base import TranscriptionModel
from rtproto.events.dialect import SESSION_UPDATES
from rtproto.findings import Severity
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.cli.settings import asked, setting, values_of
from rtproto.rules.examples import Example, change

_MODELS = values_of(TranscriptionModel)
_WITH_KEYWORDS = ("gpt-transcribe", "gpt-live-transcribe")


def _faults(config: Any) -> Iterator[tuple[str, str]]:
    """The members of a transcription that its model does not take, each with the reason."""
    model = field(config, "model")
    given = {
        name: value
        for name in ("prompt", "delay", "keywords", "languages")
        if (value := field(config, name)) is not None
    }
    if model is None:
        return
    if model not in _MODELS:
        yield ".model", f"is {model}, which is not known"
        return
    if given.get("prompt") and (model == "gpt-realtime-whisper" or "diarize" in model):
        yield ".prompt", f"is not for {model}"
    if "delay" in given and model != "gpt-realtime-whisper":
        yield ".delay", f"is for gpt-realtime-whisper, not for {model}"
    for name in ("keywords", "languages"):
        if name in given and model not in _WITH_KEYWORDS:
            yield f".{name}", f"is for {' and '.join(_WITH_KEYWORDS)}, not for {model}"
    if given.get("languages") == []:
        yield ".languages", "is empty; it names at least one"


class TranscriptionConfigInvalid(Rule):
    """A transcriber that is known is asked for, with the settings that it takes.

    The server refuses the update, or drops the setting: names stay misspelled, and nothing says why.
    """

    code = "CLI019"
    name = "transcription-config-invalid"
    severity = Severity.WARNING
    needs = "client"
    message = "`{path}` {what}"
    evidence = "The types list the models and name for each setting the models that take it."
    exceptions = "New models come without notice; Azure's and other vendors' are not known."
    on = SESSION_UPDATES
    reads = ("session.input_audio_transcription", "session.audio")
    symptoms = ("transcript", "config", "refused")
    example = Example(
        "refused_transcription",
        change("session.update", "session.audio.input.transcription.keywords", ["rtproto"]),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for wish in asked(event, "transcription"):
            for name, what in _faults(wish.value):
                yield Verdict({"path": f"{wish.path}{name}", "what": what})


_STREAMING = ("gpt-realtime-whisper", "gpt-live-transcribe")


class WhisperStreamNeedsNoVad(Rule):
    """GA: a transcription session with a streaming transcriber has turn detection off.

    The server refuses the update ("Turn detection is not supported for this transcription model"). Turns are committed
    by the client there.
    """

    code = "CLI020"
    name = "whisper-stream-needs-no-vad"
    dialects = ("ga",)
    needs = "client"
    message = "{model} in a transcription session, with turn detection on"
    evidence = "The types demand a null turn_detection for gpt-realtime-whisper in transcription sessions."
    exceptions = "As the transcriber of a conversation it works with server_vad: 9 of 9 recorded turns."
    on = ("session.update",)
    reads = ("session.audio",)
    symptoms = ("transcript", "refused")
    example = Example(
        "refused_transcription",
        change(
            "session.update",
            "session.audio.input",
            {
                "transcription": {"model": "gpt-realtime-whisper"},
                "turn_detection": {"type": "server_vad"},
            },
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        wanted, effective = field(event, "session"), context.facts.session
        if tag_of(wanted) != "transcription":
            return
        detection, model = setting(wanted, "turn detection"), field(setting(wanted, "transcription"), "model")
        if model is None:
            model = field(setting(effective, "transcription"), "model")
        if model in _STREAMING and detection is not None and detection is not UNSET:
            yield Verdict({"model": model})
