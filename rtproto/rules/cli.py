"""CLI: what a client may send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Witness
from rtproto.protocol.values import field, listed
from rtproto.rules.base import BAD_AUDIO, Context, Rule, Verdict
from rtproto.rules.examples import Example, after, change
from rtproto.rules.out import looks_cut


class AppendNotBase64(Rule):
    """Appended audio is valid, padded base64 of the standard alphabet.

    The server refuses it; the user is not heard.
    """

    code = "CLI003"
    name = "append-not-base64"
    dialects = ("beta", "ga", "translation")
    needs = "client"
    message = "the audio is not valid base64"
    evidence = "The types describe the member as base64 audio bytes."
    exceptions = "Payloads that the recorder cut."
    on = (BAD_AUDIO,)
    symptoms = ("refused", "crash")
    example = Example("voice_turn", change("input_audio_buffer.append", "audio", "AAA*" * 60))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        payload = field(event, "audio")
        if context.direction == "client" and isinstance(payload, str) and not looks_cut(payload):
            yield Verdict()


def _voice(value: Any) -> str | None:
    """A voice by its name or id: a string, or an object that names one."""
    return value if isinstance(value, str) else field(value, "id") or field(value, "name")


def _asked_voice(event: Any, container: str) -> str | None:
    config = field(event, container)
    return _voice(field(config, "voice") or field(config, "audio", "output", "voice"))


class VoiceChangeAfterAudio(Rule):
    """The voice stays once the session has spoken.

    The server refuses the whole update (`cannot_update_voice`): the new instructions and tools in it are lost too.
    """

    code = "CLI006"
    name = "voice-change-after-audio"
    needs = "both"
    message = "voice {asked} is asked for after the session spoke with {spoken}"
    evidence = (
        "The types and the guide say that the voice cannot change after the first audio; the refusal is "
        "cannot_update_voice."
    )
    exceptions = "The same voice again; out-of-band responses."
    on = ("session.update", "response.create")
    symptoms = ("config", "refused")
    example = Example(
        "voice_turn",
        change("session.update", "session.audio.output.voice", "cedar", 1),
        prepare=(
            after(
                "response.done",
                "client",
                {
                    "type": "session.update",
                    "session": {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
                },
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        container = "session" if context.type == "session.update" else "response"
        asked = _asked_voice(event, container)
        spoken = _voice(field(facts.session, "voice") or field(facts.session, "audio", "output", "voice"))
        if asked is None or spoken is None or facts.spoke_line is None or asked == spoken:
            return
        if field(event, "response", "conversation") != "none":
            spoke = Witness(facts.spoke_line, facts.spoke_type, "was the first audio")
            yield Verdict({"asked": asked, "spoken": spoken}, witnesses=(spoke,))


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
    symptoms = ("config", "refused", "silence")
    example = Example("text_turn", change("session.update", "session.output_modalities", ["audio", "text"]))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        dialect = context.facts.dialect
        name = "modalities" if dialect == "beta" else "output_modalities"
        for container in ("session", "response"):
            asked = listed(event, container, name)
            if asked is not None and sorted(asked) not in _LEGAL[dialect]:
                legal = " or ".join(map(str, _LEGAL[dialect]))
                yield Verdict({"asked": str(asked), "dialect": dialect, "legal": legal})
