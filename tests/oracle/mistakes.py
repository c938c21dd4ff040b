"""What a faulty server or client does: the damages that aim at one rule or a few."""

from __future__ import annotations

import random

import msgspec

from rtproto.testing import MUTATORS, Frame, Seeded, mutate

from .edits import PARTS, RENAMED, WORDS, Damage, Lines, copied, found, inserted, places, put
from .reading import Body
from .talk import pcm

SHAPELESS = ("field-missing", "not-json")
"""Mutators that make what is no event at all."""


def explain(rng: random.Random, lines: Lines) -> Lines | None:
    """The end of a response gets other details."""
    at = found(rng, lines, "response.done")
    if at is None:
        return None
    kind = rng.choice(WORDS["status"])
    details = rng.choice((None, {"type": kind}, {"type": kind, "reason": rng.choice(WORDS["reason"])}))
    return [
        *lines[:at],
        (lines[at][0], put(lines[at][1], ("response", "status_details"), details)),
        *lines[at + 1 :],
    ]


def other_dialect(rng: random.Random, lines: Lines) -> Lines | None:
    """One event has its name from the other dialect."""
    new, old = rng.choice(RENAMED)
    odd = [
        (at, a, b)
        for a, b in ((new, old), (old, new))
        for at, (side, event) in enumerate(lines)
        if side == "server"
        and event["type"].startswith(a)
        and (
            not a.startswith("response.")
            or event["type"].removeprefix(a).split("_")[0].split(".")[0] in ("text", "audio")
        )
    ]
    if not odd:
        return None
    at, a, b = rng.choice(odd)
    event = {**lines[at][1], "type": b + lines[at][1]["type"].removeprefix(a)}
    return [*lines[:at], ("server", event), *lines[at + 1 :]]


def strange(rng: random.Random, lines: Lines) -> Lines:
    """The server sends something that nobody documents, once or twice."""
    kind = rng.choice(("response.thought", "conversation.item.liked", "weather.updated"))
    lines = inserted(rng, lines, "server", {"type": kind})
    return inserted(rng, lines, "server", {"type": kind}) if rng.random() < 0.3 else lines


def flat_config(rng: random.Random, lines: Lines) -> Lines:
    """The client sends a configuration: flat, nested, without its type, with any modalities or voice."""
    flat: Body = {
        "modalities": rng.choice((["text"], ["audio", "text"], ["text", "audio"], ["audio"])),
        "voice": rng.choice(("alloy", "echo")),
        "temperature": 0.8,
        "input_audio_format": "pcm16",
        "turn_detection": None,
    }
    nested: Body = {
        "output_modalities": rng.choice((["text"], ["audio"], ["audio", "text"])),
        "audio": {"output": {"voice": rng.choice(("marin", "cedar"))}},
    }
    fields = {**flat, **nested}
    known = nested if any("audio" in (e.get("session") or {}) for _, e in lines) else flat
    pick = rng.sample(sorted(known if rng.random() < 0.6 else fields), rng.choice((1, 1, 2)))
    chosen = {name: fields[name] for name in pick}
    if rng.random() < 0.5:
        mode = {"type": "realtime"} if known is nested or rng.random() < 0.2 else {}
        if rng.random() < 0.8:
            chosen |= mode
        return inserted(rng, lines, "client", {"type": "session.update", "session": chosen})
    if rng.random() < 0.2:
        chosen["conversation"] = "none"
    chosen.pop("input_audio_format", None)
    chosen.pop("turn_detection", None)
    return inserted(rng, lines, "client", {"type": "response.create", "response": chosen})


def asks_again(rng: random.Random, lines: Lines) -> Lines:
    """The client asks for one more response."""
    params = rng.choice(({}, {"response": {"conversation": "none"}}, {"response": {"conversation": "auto"}}))
    at = found(rng, lines, "response.")
    lines = inserted(rng, lines, "client", {"type": "response.create", **params}, at)
    if rng.random() < 0.3:
        named = rng.choice((None, lines[(at or 0) + 1][1].get("event_id")))
        detail = {"type": "invalid_request_error", "message": "no", "param": None, "event_id": named}
        refusal = {"type": "error", "error": {**detail, "code": "conversation_already_has_active_response"}}
        lines = inserted(rng, lines, "server", refusal, min(len(lines) - 1, (at or 0) + 1 + rng.randrange(4)))
    return lines


def second_response(rng: random.Random, lines: Lines) -> Lines | None:
    """A second response is created while another may run."""
    at = found(rng, lines, "response.created")
    if at is None:
        return None
    event = copied(lines[at][1])
    event["response"]["id"] += "_second"
    event["response"]["conversation_id"] = rng.choice((event["response"].get("conversation_id"), None))
    return inserted(rng, lines, "server", event, min(len(lines) - 1, at + rng.randrange(12)))


def speaks_in_transcription(rng: random.Random, lines: Lines) -> Lines:
    """A response, playback or an assistant's item appears where it may not belong."""
    message = {
        "id": "item_extra",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [],
    }
    response = {
        "id": "resp_extra",
        "object": "realtime.response",
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "conversation_id": "conv_1",
        "usage": None,
        "metadata": None,
    }
    event = rng.choice(
        (
            {"type": "response.created", "response": response},
            {"type": "output_audio_buffer.started", "response_id": "resp_extra"},
            {"type": "conversation.item.added", "previous_item_id": None, "item": message},
            {"type": "conversation.item.created", "previous_item_id": None, "item": message},
        )
    )
    return inserted(rng, lines, "server", event)


def complains(rng: random.Random, lines: Lines) -> Lines:
    """The server refuses an event that the client sent, or one that it never sent."""
    sent = [e["event_id"] for side, e in lines if side == "client" and "event_id" in e]
    named = rng.choice([None, "sent_never", *sent[:8]])
    code = rng.choice(("invalid_value", "conversation_already_has_active_response"))
    detail = {
        "type": "invalid_request_error",
        "code": code,
        "message": "no",
        "param": None,
        "event_id": named,
    }
    return inserted(rng, lines, "server", {"type": "error", "error": detail})


def answers_nothing(rng: random.Random, lines: Lines) -> Lines:
    """A function's result for some call, known or not, is given by the client or shown by the server."""
    known = [e["call_id"] for _, e in lines if e.get("call_id")]
    call = rng.choice([*known, "call_never"])
    item = {
        "id": f"item_{rng.randrange(10**6)}",
        "type": "function_call_output",
        "call_id": call,
        "output": "{}",
    }
    if rng.random() < 0.7:
        return inserted(rng, lines, "client", {"type": "conversation.item.create", "item": item})
    kind = (
        "conversation.item.created"
        if any(e["type"] == "conversation.item.created" for _, e in lines)
        else "conversation.item.added"
    )
    return inserted(rng, lines, "server", {"type": kind, "previous_item_id": None, "item": item})


def writes_wrong(rng: random.Random, lines: Lines) -> Lines:
    """The client creates a message of some role with a part of some type."""
    part = rng.choice(PARTS)
    content: Body = {"type": part}
    if part.endswith("text"):
        content["text"] = "x"
    elif part.endswith("audio"):
        content["audio"] = pcm(1)
    item = {"type": "message", "role": rng.choice(WORDS["role"]), "content": [content]}
    return inserted(rng, lines, "client", {"type": "conversation.item.create", "item": item})


def truncates(rng: random.Random, lines: Lines) -> Lines | None:
    """The client cuts an answer at some length, maybe beyond what was streamed."""
    at = found(rng, lines, "response.output_audio.delta", "response.audio.delta")
    if at is None:
        return None
    event = {
        "type": "conversation.item.truncate",
        "item_id": lines[at][1]["item_id"],
        "content_index": 0,
        "audio_end_ms": rng.choice((1, 20, 49, 51, 90, 130, 190, 210, 260, 500, 5000)),
    }
    return inserted(rng, lines, "client", event, rng.choice((at, len(lines) - 1)))


def commits(rng: random.Random, lines: Lines) -> Lines:
    """The client commits, maybe with some audio before, maybe too little."""
    lines = inserted(rng, lines, "client", {"type": "input_audio_buffer.commit"})
    at = next(i for i, (_, e) in enumerate(lines) if str(e.get("event_id")).startswith("fresh_"))
    for _ in range(rng.randrange(3)):
        chunk = {
            "type": "input_audio_buffer.append",
            "audio": pcm(rng.choice((10, 40, 60, 99, 100)), rng.randrange(50)),
        }
        lines = inserted(rng, lines, "client", chunk, at - 1)
    return lines


def plays(rng: random.Random, lines: Lines) -> Lines | None:
    """Playback of a response starts, stops or is cleared at some time."""
    at = found(rng, lines, "response.created", "response.done")
    if at is None:
        return None
    named = lines[at][1]["response"]["id"]
    kind = rng.choice(("started", "stopped", "cleared"))
    event = {"type": f"output_audio_buffer.{kind}", "response_id": named}
    return inserted(rng, lines, "server", event, min(len(lines) - 1, at + rng.randrange(15)))


def remote(rng: random.Random, lines: Lines) -> Lines | None:
    """A remote call goes on, or ends, at some time."""
    at = found(rng, lines, "response.mcp_call.")
    if at is None:
        return None
    event = {
        **lines[at][1],
        "type": "response.mcp_call." + rng.choice(("in_progress", "completed", "failed")),
    }
    return inserted(rng, lines, "server", event, max(0, min(len(lines) - 1, at + rng.randrange(-6, 6))))


def transcribes(rng: random.Random, lines: Lines) -> Lines | None:
    """A transcription ends again, as it did or by failing."""
    kind = "conversation.item.input_audio_transcription."
    at = found(rng, lines, f"{kind}completed")
    if at is None:
        return None
    event = copied(lines[at][1])
    if rng.random() < 0.4:
        event = {
            "type": f"{kind}failed",
            "item_id": event["item_id"],
            "content_index": event["content_index"],
        }
        event["error"] = {"type": "server_error", "code": None, "message": "no", "param": None}
    elif rng.random() < 0.3:
        event["status"] = "in_progress"
    return inserted(rng, lines, "server", event, min(len(lines) - 1, at + rng.randrange(8)))


def recall(rng: random.Random, lines: Lines) -> Lines | None:
    """A function call has another id in one place."""
    spots = [p for p in places(lines, "rename") if p[1][-1] == "call_id"]
    if not spots:
        return None
    at, place, value = rng.choice(spots)
    return [*lines[:at], (lines[at][0], put(lines[at][1], place, f"{value}_x")), *lines[at + 1 :]]


def relist(rng: random.Random, lines: Lines) -> Lines | None:
    """A finished response lists other items than it streamed."""
    at = found(rng, lines, "response.done")
    if at is None or not lines[at][1]["response"].get("output"):
        return None
    event = copied(lines[at][1])
    output = event["response"]["output"]
    if rng.random() < 0.5:
        output.pop(rng.randrange(len(output)))
    else:
        output.append({**output[0], "id": "item_listed"})
    return [*lines[:at], ("server", event), *lines[at + 1 :]]


def changes_voice(rng: random.Random, lines: Lines) -> Lines | None:
    """The client asks for another voice late, in the shape of its dialect."""
    at = found(rng, lines, "response.done")
    if at is None:
        return None
    nested = any("audio" in (e.get("session") or {}) for _, e in lines)
    wish: Body = {"audio": {"output": {"voice": "cedar"}}} if nested else {"voice": "sage"}
    if rng.random() < 0.5:
        event = {"type": "session.update", "session": wish | ({"type": "realtime"} if nested else {})}
    else:
        event = {"type": "response.create", "response": wish}
    return inserted(rng, lines, "client", event, at)


def unheard(rng: random.Random, lines: Lines) -> Lines:
    """The server deletes, truncates or shows an item that nobody knows."""
    item = {"id": "item_unheard", "type": "message", "role": "user", "status": "completed", "content": []}
    event = rng.choice(
        (
            {"type": "conversation.item.deleted", "item_id": "item_unheard"},
            {
                "type": "conversation.item.truncated",
                "item_id": "item_unheard",
                "content_index": 0,
                "audio_end_ms": 1,
            },
            {"type": "conversation.item.retrieved", "item": item},
        )
    )
    return inserted(rng, lines, "server", event)


def ends_again(rng: random.Random, lines: Lines) -> Lines | None:
    """A response is done once more, some lines later."""
    at = found(rng, lines, "response.done")
    if at is None:
        return None
    return inserted(rng, lines, "server", lines[at][1], min(len(lines) - 1, at + rng.randrange(6)))


def by_name(rng: random.Random, lines: Lines) -> Lines | None:
    """One of the ways in which `rtproto.testing` breaks a session."""
    frames = [Frame(side, event, msgspec.json.encode(event)) for side, event in lines]
    name = rng.choice([name for name in MUTATORS if name not in SHAPELESS])
    mutation = mutate(Seeded(rng.randrange(10**9)), frames, name)
    return None if mutation is None else [(frame.direction, frame.event) for frame in mutation.frames]


SPECIAL: tuple[Damage, ...] = (
    explain,
    other_dialect,
    strange,
    flat_config,
    asks_again,
    second_response,
    speaks_in_transcription,
    complains,
    answers_nothing,
    writes_wrong,
    truncates,
    commits,
    plays,
    remote,
    transcribes,
    recall,
    relist,
    changes_voice,
    unheard,
    ends_again,
    by_name,
    by_name,
    by_name,
)
