"""Starred rules about the session, its dialect, the client's configuration, errors and usage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.events.dialect import BETA, GA, TRANSLATION
from rtproto.findings import Severity

from .reading import BETA_NAMES, FLAT_FIELDS, GA_NAMES, NESTED_FIELDS, OPENING, SESSIONS, Event, Log
from .response import answered

SPEECH = tuple(
    f"response.{prefix}{end}"
    for prefix in ("", "output_")
    for end in ("audio.delta", "audio_transcript.done")
)
Faults = Iterator[tuple[int, Severity]]

KNOWN = {*GA.server_types, *BETA.server_types, *TRANSLATION.server_types, "transcription_session.created"}
CLIENT = {*GA.client_types, *BETA.client_types, *TRANSLATION.client_types}


def ses001(log: Log) -> Faults:
    """The server's first event announces the session, unless it refuses the handshake.

    A recording claims to hold that start where the announcement comes later.
    """
    for e in [e for e in log.server() if e.type != "error"][:1]:
        if e.type not in OPENING:
            yield e.at, Severity.ERROR if log.server(*OPENING) else Severity.INFO


def dia001(log: Log) -> Faults:
    """A connection uses the names of beta or those of GA, never both; its first session says which."""
    for e in log.server():
        before = [b for b in log.before(e) if b.server]
        spoken = log.dialect if log.told or any(b.type in SESSIONS for b in before) else ""
        if e.named(GA_NAMES) and (spoken == "beta" or any(b.named(BETA_NAMES) for b in before)):
            yield e.at, Severity.ERROR
        if e.named(BETA_NAMES) and (spoken == "ga" or any(b.named(GA_NAMES) for b in before)):
            yield e.at, Severity.ERROR


def dia005(log: Log) -> Faults:
    """A GA client gives `session.type` in an update, and no flat beta field in an update or a response.

    What is wholly flat, and sent before the server has said anything but errors, may be for a beta server.
    """
    if log.dialect != "ga":
        return
    unheard = ("modalities", "voice", "output_audio_format", "temperature")
    for e in log.client("session.update", "response.create"):
        update = e.type == "session.update"
        holder, fields = ("session", FLAT_FIELDS) if update else ("response", unheard)
        known = any(b.server and b.type != "error" for b in log.before(e))
        known = known or any(e.has(holder, field) for field in NESTED_FIELDS)
        untyped = update and not e.get("session", "type")
        if known and (untyped or any(e.has(holder, field) for field in fields)):
            yield e.at, Severity.ERROR


def dia009(log: Log) -> Faults:
    """A transcription session has no responses, no assistant items and no output audio buffer."""
    for e in log.server():
        speaks = e.named(("response.", "output_audio_buffer."))
        if (speaks or e.get("item", "role") == "assistant") and log.transcribes(e):
            yield e.at, Severity.ERROR


def dia018(log: Log) -> Faults:
    """An event of a type that OpenAI documents nowhere is told once per type, and harms nothing."""
    for e in log.server():
        if e.type not in KNOWN | CLIENT and not any(b.server for b in log.before(e, e.type)):
            yield e.at, Severity.WARNING


def cli006(log: Log) -> Faults:
    """Once the default conversation holds audio of the model, no request names another voice than it was spoken with.

    Audio shows by its first delta, or, where it travels on a media track, by its transcript when that is whole.
    """
    for e in log.client("session.update", "response.create"):
        if e.get("response", "conversation") == "none":
            continue
        spoken = [
            d
            for d in log.before(e)
            if d.server
            and d.type in SPEECH
            and d.get("transcript") != ""
            and not any(
                log.out_of_band(c)
                for c in log.before(d, "response.created")
                if c.get("response", "id") == d.get("response_id")
            )
        ]
        holder = "session" if e.type == "session.update" else "response"
        other = e.get(holder, *_voice_at(log))
        mine = _voice(log, spoken[0]) or log.session(e, *_voice_at(log)) if spoken else None
        if mine and other and other != mine:
            yield e.at, Severity.ERROR


def _voice_at(log: Log) -> tuple[str, ...]:
    return ("audio", "output", "voice") if log.dialect == "ga" else ("voice",)


def _voice(log: Log, spoken: Event) -> Any:
    """The voice of the response that an event is of: as the server shows it, else as asked for, else the session's."""
    created = log.created(spoken.get("response_id"), spoken)
    if created is None:
        return None
    asked = [e for e in log.client("response.create") if answered(log).get(e.at) == created]
    shown = [e.get("response", *_voice_at(log)) for e in (created, *asked)]
    return next(filter(None, shown), None) or log.session(created, *_voice_at(log))


def cli014(log: Log) -> Faults:
    """Modalities are text alone, or in beta audio and text, in GA audio alone."""
    field, allowed = "modalities", ({"text"}, {"audio", "text"})
    if log.dialect == "ga":
        field, allowed = "output_modalities", ({"text"}, {"audio"})
    for e in log.client("session.update", "response.create"):
        asked = e.get("session" if e.type == "session.update" else "response", field)
        if isinstance(asked, list) and set(asked) not in allowed:
            yield e.at, Severity.ERROR


def err002(log: Log) -> Faults:
    """An error that names an event names one that the client had sent.

    Not judged before the session is announced, since nobody knows then whether the recording holds its start.
    """
    if not log.complete:
        return
    for e in log.server("error"):
        if not log.before(e, *OPENING):
            continue
        named = e.get("error", "event_id")
        sent = [c.get("event_id") for c in log.before(e) if c.client]
        if named is not None and sent and named not in sent:
            yield e.at, Severity.WARNING


def usg001(log: Log) -> Faults:
    """The total of a response's tokens is input plus output."""
    for e in log.server("response.done"):
        total, *parts = (
            e.get("response", "usage", f"{kind}_tokens") for kind in ("total", "input", "output")
        )
        if total is not None and None not in parts and total != sum(parts):
            yield e.at, Severity.ERROR


def itm020(log: Log) -> Faults:
    """What a message may hold follows from its role; the server is only warned about.

    Not judged where the server shows an item again: because the client asked for it, or because its response is done.
    """
    ga = log.dialect == "ga"
    for e in log:
        table = {
            "system": {"input_text"},
            "user": {"input_text", "input_audio"} | ({"input_image"} if ga or e.server else set()),
            "assistant": {"output_text", "output_audio"}
            if ga
            else {"text"} | ({"audio"} if e.server else set()),
        }
        items = [e.get("item")] if e.has("item") and e.type != "conversation.item.retrieved" else []
        for item in items + ((e.get("response", "input") or []) if e.type == "response.create" else []):
            held = {part.get("type") for part in item.get("content") or [] if isinstance(part, dict)}
            if item.get("type") == "message" and item.get("role") in table and held - table[item["role"]]:
                yield e.at, Severity.WARNING if e.server else Severity.ERROR
