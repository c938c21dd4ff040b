"""Starred rules about the conversation's items, the input buffer, transcription and truncation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity

from .reading import ADDED, Event, Log, audio_bytes

Faults = Iterator[tuple[int, Severity]]

TURN = (
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "input_audio_buffer.commit",
    "input_audio_buffer.cleared",
)

SHOWN = (*ADDED, "conversation.item.done")
"""What shows that an item is there; that it is done before it was added is no matter of the turn."""

COMMIT_MS = 100
TOLERANCE_MS = 100
SHORT = 64
"""Bytes; recorders that trim audio leave about 33 of a chunk."""


def announced(log: Log, event: Event) -> set[Any]:
    """Every item id that the server announced before a line; a create that it has not confirmed announces nothing.

    What names the turn that is to become an item announces it: the start of speech or its end, which after a commit by
    hand is the first to name it, an idle timeout, and the commit.
    """
    whole = (*ADDED, "response.output_item.added")
    known = {e.get("item", "id") for e in log.before(event, *whole)}
    turns = ("speech_started", "speech_stopped", "timeout_triggered", "committed")
    short = [f"input_audio_buffer.{turn}" for turn in turns]
    return known | {e.get("item_id") for e in log.before(event, *short)}


def itm001(log: Log) -> Faults:
    """An item that is streamed, finished, deleted, truncated or retrieved was announced before."""
    if not log.complete:
        return
    for e in log.server():
        if e.type in ("response.output_item.done", "conversation.item.done", "conversation.item.retrieved"):
            used = e.get("item", "id")
        elif e.type in ("conversation.item.deleted", "conversation.item.truncated") or (
            e.type.startswith("response.") and e.type.endswith((".delta", ".done", "content_part.added"))
        ):
            used = e.get("item_id")
        else:
            continue
        if used is not None and used not in announced(log, e):
            yield e.at, Severity.ERROR


def itm003(log: Log) -> Faults:
    """In GA an item is done only after it was added."""
    if log.dialect != "ga":
        return
    for e in log.server("conversation.item.done"):
        added = {a.get("item", "id") for a in log.before(e, "conversation.item.added")}
        item = e.get("item", "id")
        heard = {a.get("item", "id") for a in log.before(e, "response.output_item.added")}
        heard |= {a.get("item_id") for a in log.before(e, *TURN)}
        if item not in added and (log.complete or item in heard):
            yield e.at, Severity.ERROR


def asked_place(log: Log, event: Event) -> bool:
    """Whether the client said where the item goes.

    An item answers the create that named it, or the first unanswered create without an id for such an item; the items
    of a response or of the input buffer answer none.  What stands where an unanswered create wants its item may be that
    item, whatever else is said of it.
    """
    waiting = unanswered(log, event)
    answers = _answered(log, event, waiting)
    place = event.get("previous_item_id") or "root"
    may_be = () if generated(log, event) else waiting
    return any(c.get("previous_item_id") for c in answers) or any(
        c.get("previous_item_id") == place for c in may_be
    )


def unanswered(log: Log, event: Event) -> list[Event]:
    """The client's creates that no item has answered before a line, and no error has refused."""
    waiting: list[Event] = []
    for e in log.before(event):
        if e.type == "conversation.item.create":
            waiting.append(e)
        elif e.type == "error":
            named = e.get("error", "event_id")
            waiting = [c for c in waiting if named is None or c.get("event_id") != named]
        elif e.server and e.type in ADDED:
            answers = _answered(log, e, waiting)
            waiting = [c for c in waiting if c not in answers]
    return waiting


def _answered(log: Log, added: Event, waiting: list[Event]) -> list[Event]:
    """The one of these creates that an item answers, if any: the one that named it before the first that it may be."""
    fitting = [create for create in waiting if _answers(log, added, create)]
    return sorted(fitting, key=lambda create: not create.get("item", "id"))[:1]


def _answers(log: Log, added: Event, create: Event) -> bool:
    made, asked = added.get("item"), create.get("item")
    if asked.get("id"):
        return bool(asked["id"] == made.get("id"))
    return not generated(log, added) and all(
        asked.get(name) == made.get(name) for name in ("type", "role", "call_id")
    )


def generated(log: Log, added: Event) -> bool:
    """Whether an item was made by a response or from the input buffer.

    What was deleted and comes again under its id is the client's.
    """
    item = added.get("item", "id")
    gone = [d.at for d in log.before(added, "conversation.item.deleted") if d.get("item_id") == item]
    return any(
        item in (e.get("item_id"), e.get("item", "id")) and e.at > max(gone, default=-1)
        for e in log.before(added, "response.output_item.added", *TURN)
    )


def conversation(log: Log, event: Event) -> list[Any]:
    """The ids of the conversation in order, as the events before a line build it."""
    chain: list[Any] = []
    for e in log.before(event, *ADDED, "conversation.item.deleted"):
        if e.type == "conversation.item.deleted":
            chain = [i for i in chain if i != e.get("item_id")]
        elif e.get("item", "id") not in chain:
            previous = e.get("previous_item_id")
            at = len(chain)
            if previous in chain:
                at = chain.index(previous) + 1
            elif previous is None and (asked_place(log, e) or not any(c.client for c in log.before(e))):
                at = 0
            chain.insert(at, e.get("item", "id"))
    return chain


def itm010(log: Log) -> Faults:
    """An item whose place nobody asked for comes after the last item of the conversation."""
    if not log.complete:
        return
    for e in log.server(*ADDED):
        chain = conversation(log, e)
        if not any(c.client for c in log.before(e)) and not generated(log, e):
            continue
        if not e.has("previous_item_id") or asked_place(log, e) or e.get("item", "id") in chain:
            continue
        if e.get("previous_item_id") == e.get("item", "id"):
            continue
        coming = announced(log, e) - {*chain, None}
        if e.get("previous_item_id") not in coming | {chain[-1] if chain else None}:
            yield e.at, Severity.WARNING


def itm021(log: Log) -> Faults:
    """The output of a call belongs to a function call that is in the conversation.

    One is not that was deleted, that was refused by name, or that a response out of band made.  Not judged before the
    server has said anything but errors, since nobody knows then what the recording holds.
    """
    if not log.complete:
        return
    for e in (*log.client("conversation.item.create"), *log.server(*SHOWN)):
        begun = any(b.server and b.type != "error" for b in log.before(e))
        if e.get("item", "type") != "function_call_output" or not begun:
            continue
        calls = [b for b in log.before(e) if b.get("item", "type") == "function_call"]
        calls = [b for b in calls if b.get("item", "call_id") == e.get("item", "call_id")]
        shown = any(b.get("item", "id") == e.get("item", "id") for b in log.before(e, *SHOWN))
        if not any(_is_there(log, call, e) for call in calls) and not (calls and e.server and shown):
            yield e.at, Severity.ERROR


def _is_there(log: Log, call: Event, event: Event) -> bool:
    """Whether what an event puts into the conversation is still on its way, or in it."""
    item = call.get("item", "id")
    joined = [b.at for b in log.before(event, *SHOWN) if b.get("item", "id") == item]
    gone = [b.at for b in log.before(event, "conversation.item.deleted") if b.get("item_id") == item]
    if call.client and call.at > max(joined + gone, default=-1):
        refusals = [r for r in log.before(event, "error") if r.get("error", "type") != "server_error"]
        return call.get("event_id") not in {r.get("error", "event_id") for r in refusals} - {None}
    if joined or gone:
        return max(joined, default=-1) > max(gone, default=-1)
    made = log.created(call.get("response_id"), event)
    told = made is not None and made.has("response", "conversation_id")
    return made is None or not told or made.get("response", "conversation_id") is not None


def turn(log: Log, event: Event) -> list[Event]:
    """What moved the speech turn before a line: starts, stops, commits, clearings and the end of detection.

    A commit that was refused moved nothing; an error before it refused another.
    """
    moved = [e for e in log.before(event, *TURN, "session.updated") if e.type in TURN or _vad_off(e)]
    refused = {r.get("error", "event_id"): r.at for r in log.before(event, "error")}
    refused.pop(None, None)
    return [
        e
        for e in moved
        if e.client == (e.type == "input_audio_buffer.commit")
        and not (e.client and refused.get(e.get("event_id"), -1) > e.at)
    ]


def _vad_off(updated: Event) -> bool:
    paths = (("session", "turn_detection"), ("session", "audio", "input", "turn_detection"))
    return any(updated.has(*path) and updated.get(*path) is None for path in paths)


def iab001(log: Log) -> Faults:
    """Speech stops only for an item whose speech has started, unless the client committed meanwhile.

    Its commit takes the turn's item, so a commit of another item than now stops was by hand also where nobody saw it.
    """
    for e in log.server("input_audio_buffer.speech_stopped"):
        moved = turn(log, e)
        heard = [m for m in moved if not m.type.endswith(("commit", "committed"))]
        since = moved[len(moved) if not heard else moved.index(heard[-1]) + 1 :]
        by_hand = not since or since[0].client or since[0].get("item_id") != e.get("item_id")
        if heard and heard[-1].type == "session.updated" and not moved[-1].type.startswith("input"):
            heard = heard[:-1]  # The stop was on its way: that it comes too late is IAB013's matter.
        if heard and heard[-1].type.endswith("speech_started") and by_hand:
            continue
        if log.complete or any(m.type.endswith(("started", "stopped")) for m in moved):
            yield e.at, Severity.ERROR


def iab003(log: Log) -> Faults:
    """The start of speech, its stop, the commit and the item of a turn have one id.

    A commit while somebody speaks is the client's, by whatever channel, and begins another item.  An item that may be
    what the client itself creates, a spoken one, is none of the turn.
    """
    turns = {"speech_started": "speech_stopped", "speech_stopped": "committed"}
    for e in log.server("input_audio_buffer.speech_stopped", "input_audio_buffer.committed"):
        moved = turn(log, e)
        server = [m for m in moved if m.server]
        last = server[-1].type.rpartition(".")[2] if server else ""
        if any(m.type == "session.updated" for m in server[-2:]):
            continue
        if not e.type.endswith(turns.get(last, " ")) or server[-1].get("item_id") == e.get("item_id"):
            continue
        started, stopped = (server[-1:], e) if last == "speech_started" else (server[-2:-1], server[-1])
        since = started[0].at if started else -1
        if not any(m.client and since < m.at < stopped.at for m in moved):
            yield e.at, Severity.ERROR
    for e in log.server(*ADDED):
        shown = log.before(e, *SHOWN, "conversation.item.create")
        known = {a.get("item", "id") for a in shown}
        gone = {d.get("item_id"): d.at for d in log.before(e, "conversation.item.deleted")}
        # That it is done may come after it was deleted, and brings it back no more.
        back = [a for a in shown if a.type != "conversation.item.done"]
        there = known - {
            i for i, at in gone.items() if all(a.at < at or a.get("item", "id") != i for a in back)
        }
        waiting = [
            c.get("item_id")
            for c in log.before(e, "input_audio_buffer.committed")
            if c.get("item_id") not in known
        ]
        if not _spoken(e) or not waiting or e.get("item", "id") in {*waiting, *there}:
            continue
        if not any(_spoken(c) and _answers(log, e, c) for c in unanswered(log, e)):
            yield e.at, Severity.ERROR


def _spoken(event: Event) -> bool:
    return event.get("item", "role") == "user" and event.get("item", "content", 0, "type") == "input_audio"


def iab008(log: Log) -> Faults:
    """What was committed becomes an item of that id, before the conversation goes on: what is out of band does not.

    Nor does a response that begins again, or that was seen before it was created.
    """
    for e in log.server("input_audio_buffer.committed"):
        begun = [
            b
            for b in log.server("response.created")
            if not log.out_of_band(b) and not log.shown(b.get("response", "id"), b)
        ]
        bounds = [b for b in log.server("input_audio_buffer.committed") + begun if b.at > e.at]
        bounds.sort(key=lambda b: b.at)
        bound = bounds[0].at if bounds else len(log.events)
        if any(a.at < bound and a.get("item", "id") == e.get("item_id") for a in log.server(*SHOWN)):
            continue
        if bounds:
            yield bound, Severity.ERROR
        else:
            yield -1, Severity.INFO if log.cut else Severity.ERROR


def iab011(log: Log) -> Faults:
    """A commit of the client needs 100 ms of audio since the buffer was last emptied.

    Not judged while the server detects turns, since it keeps what came after the turn it committed, nor where nothing
    was ever appended and audio travels on a media track, nor where the audio was taken out of the recording.
    """
    if not log.complete:
        return
    for e in log.client("input_audio_buffer.commit"):
        appends = [a for a in log.before(e, "input_audio_buffer.append") if a.client]
        if (
            not appends
            or not log.session(e)
            or detects(log, e)
            or redacted([a.get("audio") for a in appends])
        ):
            continue
        if held(log, e) < COMMIT_MS * rate(log, e, "input"):
            yield e.at, Severity.ERROR


def held(log: Log, event: Event) -> int:
    """Bytes in the input buffer before a line.

    A clear empties it, a commit that the server makes by itself, and a commit of the client's when it is asked for: but
    not one that is refused, nor one that is bound to be because it holds too little, as long as the server has not
    granted it.
    """
    emptied, waiting = [-1], list[Event]()
    for b in log.before(event):
        if b.client and b.type == "input_audio_buffer.clear":
            emptied, waiting = [b.at], []
        elif b.client and b.type == "input_audio_buffer.commit":
            waiting.append(b)
            if _appended(log, b, emptied[-1]) >= COMMIT_MS * rate(log, b, "input"):
                emptied.append(b.at)
        elif b.server and b.type == "input_audio_buffer.committed":
            granted = waiting.pop(0) if waiting else b
            emptied = sorted({*emptied, granted.at})
        elif b.server and b.type == "error" and (refused := _refused(waiting, b)):
            waiting.remove(refused)
            emptied = [at for at in emptied if at != refused.at]
    return _appended(log, event, emptied[-1])


def _appended(log: Log, event: Event, since: int) -> int:
    appends = [a for a in log.before(event, "input_audio_buffer.append") if a.client and a.at > since]
    return sum(audio_bytes(a.get("audio")) for a in appends)


def _refused(waiting: list[Event], error: Event) -> Event | None:
    """The commit that an error refuses: that which it names; the oldest where it names none but an empty buffer."""
    named = error.get("error", "event_id")
    if named is None:
        empty = error.get("error", "code") == "input_audio_buffer_commit_empty"
        return waiting[0] if waiting and empty else None
    return next((c for c in waiting if c.get("event_id") == named), None)


def detects(log: Log, event: Event) -> bool:
    """Whether the server finds the turns itself."""
    place = ("audio", "input", "turn_detection") if log.dialect == "ga" else ("turn_detection",)
    return bool(log.session(event, *place))


def redacted(payloads: list[Any]) -> bool:
    """Whether audio was taken out of the recording: a payload that is unreadable, or shorter than anybody sends.

    That all payloads are equal is no sign: silence is.
    """
    return any(audio_bytes(p) < SHORT for p in payloads)


def rate(log: Log, event: Event, way: str) -> int:
    """Bytes per millisecond of the `input` or `output` format in force."""
    nested = ("audio", way, "format", "type")
    name = log.session(event, *(nested if log.dialect == "ga" else (f"{way}_audio_format",)))
    return 8 if name in ("g711_ulaw", "g711_alaw", "audio/pcmu", "audio/pcma") else 48


def trn003(log: Log) -> Faults:
    """A part is transcribed to its end once."""
    ends = tuple(f"conversation.item.input_audio_transcription.{end}" for end in ("completed", "failed"))
    for e in log.server(*ends):
        if e.part in [b.part for b in log.before(e, *ends)]:
            yield e.at, Severity.ERROR


def tru003(log: Log) -> Faults:
    """No truncation beyond the audio that was streamed for the part; 100 ms more are only a warning.

    Not judged where nothing had shown the audio's format when it was streamed.
    """
    for e in log.client("conversation.item.truncate"):
        streamed = [
            d
            for d in log.before(e, "response.audio.delta", "response.output_audio.delta")
            if d.part == e.part
        ]
        if not streamed or not log.session(streamed[0]) or redacted([d.get("delta") for d in streamed]):
            continue
        if not any(p.part == e.part for p in log.before(e, "response.content_part.added")):
            continue
        place = ("audio", "output", "speed") if log.dialect == "ga" else ("speed",)
        if log.session(e, *place) not in (None, 1):
            continue
        held = sum(audio_bytes(d.get("delta")) for d in streamed)
        over = e.get("audio_end_ms") - held / rate(log, streamed[0], "output")
        if over > 0:
            yield e.at, Severity.ERROR if over > TOLERANCE_MS else Severity.WARNING
