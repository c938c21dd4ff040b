"""CLI: what the model sounds like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.base import BetaVoice, VoiceName
from rtproto.events.dialect import SESSION_UPDATES
from rtproto.findings import Severity, Witness
from rtproto.protocol.effective import name_of_voice, voice_of
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.cli.settings import CONFIGURES, asked, setting, values_of
from rtproto.rules.examples import Example, after, change


class VoiceChangeAfterAudio(Rule):
    """The voice stays once the session has spoken.

    The server refuses the whole update (`cannot_update_voice`): the new instructions and tools in it are lost too.
    """

    code = "CLI006"
    name = "voice-change-after-audio"
    needs = "both"
    message = "voice {asked} is asked for after the model spoke with {spoken}"
    evidence = (
        "The types and the guide say that the voice cannot change after the first audio; the refusal is "
        "cannot_update_voice."
    )
    exceptions = "The same voice again; out-of-band responses."
    on = ("session.update", "response.create")
    reads = ("session.voice", "session.audio", "response.voice", "response.audio")
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
        wanted = next((name_of_voice(wish.value) for wish in asked(event, "voice")), None)
        spoken = facts.spoke_voice or voice_of(facts.session)
        if wanted is None or spoken is None or facts.spoke_line is None or wanted == spoken:
            return
        if field(event, "response", "conversation") != "none":
            spoke = Witness(facts.spoke_line, facts.spoke_type, "was the first audio")
            yield Verdict({"asked": wanted, "spoken": spoken}, witnesses=(spoke,))


class SpeedRange(Rule):
    """`speed` is from 0.25 to 1.5.

    The server refuses the whole update, with everything else that is in it.
    """

    code = "CLI011"
    name = "speed-range"
    needs = "client"
    message = "`{path}` is {speed}; it goes from 0.25 to 1.5"
    evidence = "The types name 0.25 and 1.5 as the slowest and the fastest speed."
    on = CONFIGURES
    reads = ("session.speed", "session.audio", "response.speed", "response.audio")
    symptoms = ("config", "refused")
    example = Example(
        "refused_requests", change("session.update", "session.audio", {"output": {"speed": 2.0}})
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for wish in asked(event, "speed"):
            if wish.value is not None and not 0.25 <= wish.value <= 1.5:
                yield Verdict({"path": wish.path, "speed": wish.value})


class SpeedChangeDuringResponse(Rule):
    """`speed` changes between responses, not while one is in progress.

    The change is refused or comes too late for what is being said.
    """

    code = "CLI012"
    name = "speed-change-during-response"
    severity = Severity.WARNING
    needs = "both"
    partial = "seen"
    message = "speed {asked} instead of {current} is asked for while `{active}` is in progress"
    evidence = "The types say that the speed can change only between turns of the model."
    exceptions = "The same speed again."
    on = SESSION_UPDATES
    reads = ("session.speed", "session.audio")
    reads_null = True
    symptoms = ("config", "refused")
    example = Example(
        "text_turn",
        change("session.update", "session.audio.output.speed", 1.5, 1),
        prepare=(
            after(
                "response.content_part.added",
                "server",
                {
                    "type": "error",
                    "event_id": "event_refused",
                    "error": {
                        "type": "server_error",
                        "code": None,
                        "message": "The server had an error while processing your request.",
                        "param": None,
                        "event_id": "evt_speed",
                    },
                },
            ),
            after(
                "response.content_part.added",
                "client",
                {
                    "type": "session.update",
                    "event_id": "evt_speed",
                    "session": {"type": "realtime", "audio": {"output": {"speed": 1.0}}},
                },
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        active = facts.responses.get(facts.current_response or "")
        current = setting(facts.session, "speed")
        for wish in asked(event, "speed"):
            if active is not None and isinstance(current, float) and wish.value != current:
                witness = Witness(active.line, "response.created", "started the response")
                yield Verdict(
                    {"asked": wish.value, "current": current, "active": active.id}, witnesses=(witness,)
                )


_VOICES = {"beta": values_of(BetaVoice), "ga": values_of(VoiceName)}


class VoiceUnknown(Rule):
    """A voice that is asked for by name is one that the dialect has.

    The server refuses the update, and the session goes on in its default voice, without the update's instructions and
    tools.
    """

    code = "CLI013"
    name = "voice-unknown"
    severity = Severity.WARNING
    basis = "schema"
    needs = "client"
    message = "`{path}` is {voice}; {dialect} has {voices}"
    evidence = "The voices that the types of openai 3.54 list: eight in beta, marin and cedar besides in GA."
    exceptions = (
        "Voices given by an object, such as a customer's own or Azure's; new voices come without notice."
    )
    on = CONFIGURES
    reads = ("session.voice", "session.audio", "response.voice", "response.audio")
    symptoms = ("config", "refused")
    example = Example(
        "refused_requests", change("session.update", "session.audio", {"output": {"voice": "siri"}})
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        dialect = context.facts.dialect
        for wish in asked(event, "voice"):
            if isinstance(wish.value, str) and wish.value not in _VOICES[dialect]:
                args = {"path": wish.path, "voice": wish.value, "dialect": dialect}
                yield Verdict({**args, "voices": ", ".join(_VOICES[dialect])})
