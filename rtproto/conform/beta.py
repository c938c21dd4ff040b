"""A GA session as a beta server would have it: other names, flat configurations, and items that are only created.

With it, an example of a rule that holds in both dialects is a case in both.  What beta has no words for stays as it
is: an example about that is kept out of beta in `rtproto.conform.rule_cases`.
"""

from __future__ import annotations

from collections.abc import Mapping

from rtproto.rules.sessions import Event, Session

_NAMES = (
    ("response.output_text.", "response.text."),
    ("response.output_audio.", "response.audio."),
    ("response.output_audio_transcript.", "response.audio_transcript."),
    ("conversation.item.added", "conversation.item.created"),
)
_PARTS = {"output_text": "text", "output_audio": "audio"}
_FORMATS = {"audio/pcm": "pcm16", "audio/pcmu": "g711_ulaw", "audio/pcma": "g711_alaw"}
_VOICES = {"marin": "alloy", "cedar": "sage"}
_MODEL, _TEMPERATURE = "gpt-4o-realtime-preview", 0.8


def in_beta(lines: Session) -> list[tuple[int, str, Event]]:
    """The events that beta has, each with the index that it has among the GA ones."""
    return [
        (index, direction, event_in_beta(event))
        for index, (direction, event) in enumerate(lines)
        if event.get("type") != "conversation.item.done"
    ]


def event_in_beta(event: Event) -> Event:
    """One event in beta's words."""
    type = event.get("type", "")
    for name, beta in _NAMES:
        if type.startswith(name):
            type = type.replace(name, beta)
    made: Event = {**event, "type": type} if "type" in event else {**event}
    if isinstance(event.get("item"), dict):
        made["item"] = _item(event["item"])
    if isinstance(event.get("session"), dict):
        made["session"] = _session(event["session"], whole=type != "session.update")
    if isinstance(event.get("response"), dict):
        made["response"] = _response(event["response"], whole=type != "response.create")
    return made


def _item(item: Event) -> Event:
    content: list[Event] = item.get("content") or []
    if not content:
        return item
    return {**item, "content": [{**part, "type": _PARTS.get(part["type"], part["type"])} for part in content]}


def _session(session: Event, *, whole: bool) -> Event:
    made: Event = {name: value for name, value in session.items() if name not in ("type", "audio")}
    _rename(made, "max_output_tokens", "max_response_output_tokens")
    _flatten(made, session)
    if whole:
        made |= {"model": _MODEL, "temperature": _TEMPERATURE}
    return made


def _response(response: Event, *, whole: bool) -> Event:
    made: Event = {name: value for name, value in response.items() if name != "audio"}
    _flatten(made, response)
    output: list[Event] = made.get("output") or []
    if output:
        made["output"] = [_item(item) for item in output]
    if whole:
        made |= {"voice": "alloy", "output_audio_format": "pcm16", "temperature": _TEMPERATURE}
    return made


def _flatten(made: Event, of: Event) -> None:
    """Put what `audio.input` and `audio.output` say beside the other members."""
    _rename(made, "output_modalities", "modalities")
    if made.get("modalities") == ["audio"]:
        made["modalities"] = ["audio", "text"]
    audio: Mapping[str, Event] = of.get("audio") or {}
    for side in ("input", "output"):
        for name, value in audio.get(side, {}).items():
            if name == "format":
                made[f"{side}_audio_format"] = _FORMATS.get(value.get("type"), value)
            elif name in ("transcription", "noise_reduction"):
                made[f"input_audio_{name}"] = value
            else:
                made[name] = _VOICES.get(value, value) if name == "voice" else value


def _rename(made: Event, name: str, beta: str) -> None:
    if name in made:
        made[beta] = made.pop(name)
