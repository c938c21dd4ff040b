"""Mistakes that clients and servers make, and the rule that tells of each."""

from __future__ import annotations

from typing import Any

import msgspec

from rtproto.events.dialect import ITEM_ADDED
from rtproto.testing.chooser import Chooser
from rtproto.testing.damage import (
    Frames,
    Mutation,
    again,
    changed,
    frame,
    inserted,
    mutator,
    pick,
    places,
    replaced,
    value_at,
)
from rtproto.testing.model import Event
from rtproto.testing.stage import Frame

_TEXT = ("response.output_text", "response.text")
_TRANSCRIPT = ("response.output_audio_transcript", "response.audio_transcript")
_REFUSED = "evt_mistake"


def _of(families: tuple[str, ...], what: str) -> tuple[str, ...]:
    return tuple(f"{family}.{what}" for family in families)


def _dialect(frames: Frames) -> str:
    """The dialect of a session, from its first event."""
    session: Event = frames[0].event.get("session", {}) if frames else {}
    if session.get("type") == "translation":
        return "translation"
    return "beta" if "modalities" in session else "ga"


def _ask(frames: Frames, at: int, request: Event, code: str) -> list[Frame]:
    """A request of the client's at that index, and the server's refusal of it."""
    error = {
        "type": "invalid_request_error",
        "code": code,
        "message": "The request cannot be served.",
        "param": None,
        "event_id": _REFUSED,
    }
    return inserted(
        frames,
        at,
        frame("client", {"event_id": _REFUSED, **request}),
        frame("server", {"type": "error", "event_id": "event_mistake", "error": error}),
    )


def _default(frames: Frames, at: int) -> bool:
    """Whether an event shows a response that belongs to the conversation."""
    return frames[at].event["response"].get("conversation_id") is not None


def _altered(
    chooser: Chooser,
    frames: Frames,
    name: str,
    code: str,
    types: tuple[str, ...],
    *path: str | int,
    value: Any,
) -> Mutation | None:
    """Another value at a path of an event of these types that has one there."""
    found = [at for at in places(frames, *types) if value_at(frames[at].event, path) not in (value, ...)]
    at = pick(chooser, found)
    if at is None:
        return None
    what = f"changed {'.'.join(map(str, path))} in `{frames[at].event['type']}`"
    return Mutation(name, what, at + 1, code, replaced(frames, at, changed(frames[at].event, path, value)))


# Clients.


@mutator("create-while-active", "RSP020")
def create_while_active(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The client asks for a response while one is in progress, and is refused."""
    at = pick(chooser, [at for at in places(frames, "response.created") if _default(frames, at)])
    if at is None:
        return None
    asked = _ask(frames, at + 1, {"type": "response.create"}, "conversation_already_has_active_response")
    return Mutation(
        "create-while-active", "sent `response.create` while one is active", at + 2, "RSP020", asked
    )


@mutator("commit-empty", "IAB011")
def commit_empty(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The client commits a buffer that it has just committed."""
    found = [
        at
        for at in places(frames, "input_audio_buffer.committed")
        if any(f.event["type"] == "input_audio_buffer.commit" for f in frames[:at]) and not _hears(frames, at)
    ]
    at = pick(chooser, found)
    if at is None:
        return None
    # The item of the commit comes right after it.
    while at + 1 < len(frames) and frames[at + 1].event["type"].startswith("conversation.item."):
        at += 1
    asked = _ask(frames, at + 1, {"type": "input_audio_buffer.commit"}, "input_audio_buffer_commit_empty")
    return Mutation("commit-empty", "committed an empty buffer", at + 2, "IAB011", asked)


def _hears(frames: Frames, before: int) -> bool:
    """Whether the server detects turns."""
    shown = [f.event["session"] for f in frames[:before] if f.direction == "server" and "session" in f.event]
    session: Event = shown[-1] if shown else {}
    audio: Event = session.get("audio", {})
    input: Event = audio.get("input", session)
    return bool(input.get("turn_detection"))


@mutator("beta-shaped-config", "DIA005")
def beta_shaped_config(chooser: Chooser, frames: Frames) -> Mutation | None:
    """A client that was written for beta configures a GA session."""
    if _dialect(frames) != "ga" or not places(frames, "session.created"):
        return None
    at = places(frames, "session.created")[0]
    request = {"type": "session.update", "session": {"modalities": ["text"], "voice": "alloy"}}
    asked = _ask(frames, at + 1, request, "unknown_parameter")
    return Mutation("beta-shaped-config", "configured a GA session as in beta", at + 2, "DIA005", asked)


@mutator("truncate-beyond-audio", "TRU003")
def truncate_beyond_audio(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The client counts its playback, and counts more than there was."""
    found = [
        at
        for at in places(frames, "conversation.item.truncate")
        if frames[at].event["audio_end_ms"] != 60_000
        and any(f.event["type"] in ("response.output_audio.delta", "response.audio.delta") for f in frames)
    ]
    at = pick(chooser, found)
    if at is None:
        return None
    item = frames[at].event["item_id"]
    longer = [
        frame(one.direction, {**one.event, "audio_end_ms": 60_000})
        if one.event["type"].startswith("conversation.item.truncate") and one.event["item_id"] == item
        else one
        for one in frames
    ]
    return Mutation("truncate-beyond-audio", f"truncated {item} at 60000 ms", at + 1, "TRU003", longer)


@mutator("output-for-unknown-call", "ITM021")
def output_for_unknown_call(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The client answers a call that the model never made."""
    if _dialect(frames) == "translation":
        return None
    at = pick(chooser, places(frames, "response.done"))
    if at is None:
        return None
    output = {"type": "function_call_output", "call_id": "call_ghost", "output": "{}"}
    asked = _ask(frames, at + 1, {"type": "conversation.item.create", "item": output}, "invalid_tool_call_id")
    return Mutation("output-for-unknown-call", "answered a call that nobody made", at + 2, "ITM021", asked)


@mutator("cancel-unknown-response", "RSP023")
def cancel_unknown_response(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The client cancels a response that there is not."""
    at = pick(chooser, places(frames, "response.created"))
    if at is None:
        return None
    request = {"type": "response.cancel", "response_id": "resp_ghost"}
    asked = _ask(frames, at + 1, request, "response_cancel_not_active")
    return Mutation("cancel-unknown-response", "cancelled a response that is not", at + 2, "RSP023", asked)


# Servers: what comes when.


@mutator("delta-after-done", "OUT016")
def delta_after_done(chooser: Chooser, frames: Frames) -> Mutation | None:
    """More text after the text is done."""
    at = pick(chooser, places(frames, *_of(_TEXT, "done"), *_of(_TRANSCRIPT, "done")))
    if at is None:
        return None
    done = frames[at].event
    part = {name: done[name] for name in ("response_id", "item_id", "output_index", "content_index")}
    delta = {"type": done["type"].replace(".done", ".delta"), "event_id": "event_late", **part, "delta": "x"}
    late = inserted(frames, at + 1, frame("server", delta))
    return Mutation("delta-after-done", f"sent `{delta['type']}` after its end", at + 2, "OUT016", late)


@mutator("part-not-added", "OUT007")
def part_not_added(chooser: Chooser, frames: Frames) -> Mutation | None:
    """Deltas of a part that was never announced."""
    deltas = {
        f.event["item_id"]
        for f in frames
        if f.event["type"] in (*_of(_TEXT, "delta"), *_of(_TRANSCRIPT, "delta"))
    }
    added = [
        at for at in places(frames, "response.content_part.added") if frames[at].event["item_id"] in deltas
    ]
    at = pick(chooser, added)
    if at is None or places(frames, "output_audio_buffer.started"):
        # Playback would begin without a part, too.
        return None
    return Mutation(
        "part-not-added", "announced no content part", at + 1, "OUT007", [*frames[:at], *frames[at + 1 :]]
    )


@mutator("done-twice", "RSP005")
def done_twice(chooser: Chooser, frames: Frames) -> Mutation | None:
    """A response ends twice."""
    at = pick(chooser, places(frames, "response.done"))
    if at is None:
        return None
    twice = inserted(frames, at + 1, frame("server", again(frames[at].event)))
    return Mutation("done-twice", "sent `response.done` twice", at + 2, "RSP005", twice)


@mutator("never-done", "RSP007")
def never_done(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The last response never ends."""
    found = places(frames, "response.done")
    after = ("response.created", "response.output_item.done", "output_audio_buffer.stopped")
    if not found or places(frames[found[-1] :], *after):
        return None
    at = found[-1]
    return Mutation(
        "never-done", "left out `response.done`", at + 1, "RSP007", [*frames[:at], *frames[at + 1 :]]
    )


@mutator("speech-not-started", "IAB001")
def speech_not_started(chooser: Chooser, frames: Frames) -> Mutation | None:
    """Speech stops that never started."""
    found = [
        at
        for at in places(frames, "input_audio_buffer.speech_started")
        if frames[at].event["item_id"]
        in {f.event["item_id"] for f in frames if f.event["type"] == "input_audio_buffer.speech_stopped"}
    ]
    at = pick(chooser, found)
    if at is None or places(frames, "input_audio_buffer.timeout_triggered", "input_audio_buffer.clear"):
        return None
    if any(_reason(f.event) == "turn_detected" for f in frames):
        # The response that it interrupted would have been interrupted by nothing.
        return None
    return Mutation(
        "speech-not-started", "left out `speech_started`", at + 1, "IAB001", [*frames[:at], *frames[at + 1 :]]
    )


def _reason(event: Event) -> str | None:
    response: Event = event.get("response") or {}
    details: Event = response.get("status_details") or {}
    return details.get("reason")


@mutator("item-added-twice", "ITM002")
def item_added_twice(chooser: Chooser, frames: Frames) -> Mutation | None:
    """An item is added to the conversation twice."""
    at = pick(chooser, places(frames, *ITEM_ADDED))
    if at is None:
        return None
    twice = inserted(frames, at + 1, frame("server", again(frames[at].event)))
    return Mutation("item-added-twice", "added an item twice", at + 2, "ITM002", twice)


@mutator("item-done-twice", "ITM004")
def item_done_twice(chooser: Chooser, frames: Frames) -> Mutation | None:
    """An item is done twice."""
    deleted = {f.event["item_id"] for f in frames if f.event["type"] == "conversation.item.deleted"}
    done = places(frames, "conversation.item.done")
    at = pick(chooser, [at for at in done if frames[at].event["item"]["id"] not in deleted])
    if at is None:
        return None
    twice = inserted(frames, at + 1, frame("server", again(frames[at].event)))
    return Mutation("item-done-twice", "sent `conversation.item.done` twice", at + 2, "ITM004", twice)


@mutator("created-twice", "SES002")
def created_twice(chooser: Chooser, frames: Frames) -> Mutation | None:
    """A second connection begins in the same recording."""
    if not frames or frames[0].event["type"] != "session.created":
        return None
    event = again(frames[0].event)
    twice = [*frames, frame("server", event)]
    return Mutation("created-twice", "sent `session.created` at the end", len(twice), "SES002", twice)


@mutator("output-after-closed", "DIA021")
def output_after_closed(chooser: Chooser, frames: Frames) -> Mutation | None:
    """A translation goes on after its session was closed."""
    found = places(frames, "session.closed")
    if not found:
        return None
    at = found[0]
    delta = {
        "type": "session.output_transcript.delta",
        "event_id": "event_late",
        "delta": "x",
        "elapsed_ms": 1_000_000,
    }
    late = inserted(frames, at + 1, frame("server", delta))
    return Mutation("output-after-closed", "sent output after `session.closed`", at + 2, "DIA021", late)


# Servers: what events say.


@mutator("text-differs", "OUT011")
def text_differs(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The done text is another than was streamed."""
    return _altered(chooser, frames, "text-differs", "OUT011", _of(_TEXT, "done"), "text", value="Other.")


@mutator("transcript-differs", "OUT012")
def transcript_differs(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The done transcript is another than was streamed."""
    types = _of(_TRANSCRIPT, "done")
    return _altered(chooser, frames, "transcript-differs", "OUT012", types, "transcript", value="Other.")


@mutator("arguments-differ", "OUT013")
def arguments_differ(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The done arguments are others than were streamed."""
    types = ("response.function_call_arguments.done",)
    return _altered(chooser, frames, "arguments-differ", "OUT013", types, "arguments", value="{}")


@mutator("usage-differs", "USG001")
def usage_differs(chooser: Chooser, frames: Frames) -> Mutation | None:
    """The tokens of a response do not add up."""
    path = ("response", "usage", "total_tokens")
    return _altered(chooser, frames, "usage-differs", "USG001", ("response.done",), *path, value=1)


@mutator("event-id-twice", "SES004")
def event_id_twice(chooser: Chooser, frames: Frames) -> Mutation | None:
    """Two events of the server have one id."""
    server = [at for at, frame in enumerate(frames) if frame.direction == "server"]
    ids = [frames[at].event["event_id"] for at in server]
    at = pick(chooser, [at for at, own in zip(server, ids, strict=True) if own != ids[0]])
    if at is None:
        return None
    event = changed(frames[at].event, ("event_id",), ids[0])
    return Mutation("event-id-twice", "used an event_id again", at + 1, "SES004", replaced(frames, at, event))


@mutator("unknown-event", "DIA018")
def unknown_event(chooser: Chooser, frames: Frames) -> Mutation | None:
    """An event that nobody knows."""
    if not places(frames, "session.created") or places(frames, "session.closed"):
        return None
    at = len(frames)
    event = {"type": "response.hologram.delta", "event_id": "event_odd"}
    return Mutation(
        "unknown-event", "sent an unknown event", at + 1, "DIA018", [*frames, frame("server", event)]
    )


@mutator("field-missing", "SHP001")
def field_missing(chooser: Chooser, frames: Frames) -> Mutation | None:
    """An event lacks a member that its type requires."""
    return _altered(
        chooser, frames, "field-missing", "SHP001", ("rate_limits.updated",), "rate_limits", value=...
    )


@mutator("not-json", "WIR002")
def not_json(chooser: Chooser, frames: Frames) -> Mutation | None:
    """A frame that is no JSON; its `event` is what it would have been."""
    if not places(frames, "session.created"):
        return None
    event: Event = {"type": "rate_limits.updated", "event_id": "event_odd", "rate_limits": []}
    raw = msgspec.json.encode(event).replace(b":", b"=", 1)
    return Mutation(
        "not-json", "sent what is no JSON", len(frames) + 1, "WIR002", [*frames, Frame("server", event, raw)]
    )
