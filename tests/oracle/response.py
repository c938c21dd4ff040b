"""Starred rules about responses, their items and parts, the output buffer and remote tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity

from .reading import END, SESSIONS, Event, Log, joined

Faults = Iterator[tuple[int, Severity]]

TEXT = ("response.text.delta", "response.output_text.delta")
AUDIO = ("response.audio.delta", "response.output_audio.delta")
TRANSCRIPT = ("response.audio_transcript.delta", "response.output_audio_transcript.delta")
ARGUMENTS = ("response.function_call_arguments.delta", "response.mcp_call_arguments.delta")
ACTIVE = "conversation_already_has_active_response"
PART = ("response.content_part.added", "response.content_part.done")
STREAMED = (*TEXT, *AUDIO, *TRANSCRIPT, *ARGUMENTS)
FINISHED = tuple(delta.replace(".delta", ".done") for delta in STREAMED)
SPOKEN = (
    *TEXT,
    *AUDIO,
    *TRANSCRIPT,
    *(delta.replace(".delta", ".done") for delta in (*TEXT, *AUDIO, *TRANSCRIPT)),
)
REMOTE = ("response.mcp_call_arguments.delta", "response.mcp_call_arguments.done")
OPENED = ("response.output_item.added", *PART, *STREAMED, *FINISHED)
"""What shows that an item is open: its opening, or, where the recording starts in its middle, what streams into it."""
REASONS = {
    "cancelled": {"turn_detected", "client_cancelled"},
    "incomplete": {"max_output_tokens", "content_filter"},
    "failed": set(),
}


def done_before(log: Log, response_id: Any, event: Event) -> list[Event]:
    """The `response.done` of that response before a line."""
    return [d for d in log.before(event, "response.done") if d.get("response", "id") == response_id]


def rsp001(log: Log) -> Faults:
    """A response is created before anything else speaks of it; a clear that the client asked for may find none."""
    if not log.complete:
        return
    for e in log.server():
        named = e.get("response_id")
        if e.type == "output_audio_buffer.cleared" and clears(log, e):
            continue
        if named is not None and not log.created(named, e):
            yield e.at, Severity.ERROR


def rsp004(log: Log) -> Faults:
    """The default conversation has one response in progress at a time; one that is created again is no second one.

    One that was done before had been created before, also where the recording has missed that.
    """
    for e in log.server("response.created"):
        named = e.get("response", "id")
        others = [c for c in log.active(e) if c.get("response", "id") != named]
        again = log.created(named, e) or done_before(log, named, e)
        if others and not log.out_of_band(e) and not again:
            yield e.at, Severity.ERROR


def rsp005(log: Log) -> Faults:
    """A response is done once."""
    for e in log.server("response.done"):
        if done_before(log, e.get("response", "id"), e):
            yield e.at, Severity.ERROR


def rsp007(log: Log) -> Faults:
    """A response gets done; where the recording is cut that is only told.

    Unless the session went on, which for a response of the default conversation the next one of it shows.
    """
    for e in log.server("response.created"):
        if not done_before(log, e.get("response", "id"), END):
            later = [c for c in log.server("response.created") if c.at > e.at and not log.out_of_band(c)]
            goes_on = bool(later) and not log.out_of_band(e)
            yield -1, Severity.INFO if log.cut and not goes_on else Severity.ERROR
    for _ in () if log.complete else log.streaming(END):
        yield -1, Severity.INFO if log.cut else Severity.ERROR


def rsp009(log: Log) -> Faults:
    """After its done a response streams nothing more, remote calls aside.

    What joins the conversation under the id of an out-of-band item is no item of that response.
    """
    for e in log.server():
        item = e.get("item", "id") or e.get("item_id")
        remote = e.get("item", "type") == "mcp_call"
        if e.type in ("response.output_item.added", "response.output_item.done", *PART, *STREAMED, *FINISHED):
            owner = e.get("response_id")
        elif e.type in ("conversation.item.added", "conversation.item.created", "conversation.item.done"):
            owners = [a for a in log.before(e, "response.output_item.added") if a.get("item", "id") == item]
            if any(d.get("item_id") == item for d in log.before(e, "conversation.item.deleted")):
                continue
            owner = owners[0].get("response_id") if owners else None
            created = log.created(owner, e)
            if created is not None and log.out_of_band(created):
                continue
        else:
            continue
        if remote and e.type in ("response.output_item.done", "conversation.item.done"):
            continue
        if owner is not None and done_before(log, owner, e):
            yield e.at, Severity.ERROR


def rsp010(log: Log) -> Faults:
    """`status_details`, null for a completed response, repeats the status and gives a reason that belongs to it.

    Details of the type `completed` disagree with nothing: the published enumeration has that value.  A cancelled
    response without any is suspicious; one that failed or is incomplete has rules of its own.
    """
    for e in log.server("response.done"):
        status, details = e.get("response", "status"), e.get("response", "status_details")
        if isinstance(details, dict):
            if details.get("type") != status:
                yield e.at, Severity.ERROR
            elif details.get("reason") is not None and details["reason"] not in REASONS.get(status, ()):
                yield e.at, Severity.WARNING
        elif status == "cancelled":
            yield e.at, Severity.WARNING


def rsp020(log: Log) -> Faults:
    """The client asks for no response of the default conversation while one is in progress.

    A race is no fault: the end of the active response may be on its way, which is so when all its items are done, and
    which shows when the server grants the request after that end.  A refusal makes it an error, also where the other
    response began after the request; a warning, where there was no other.
    """
    answers = answered(log)
    for e in log.client("response.create"):
        active = log.active(e)
        answer = answers.get(e.at)
        if e.get("response", "conversation") == "none":
            continue
        as_active = answer is not None and answer.get("error", "code") == ACTIVE
        if answer is not None and as_active:
            others = (active, log.streaming(e), log.active(answer), log.streaming(answer))
            yield e.at, Severity.ERROR if any(others) else Severity.WARNING
        elif all(ending(log, a, e) for a in active):
            continue
        elif answer is None:
            yield -1, Severity.WARNING
        elif answer.type == "error" or any(a in log.active(answer) for a in active):
            yield e.at, Severity.WARNING


def answered(log: Log) -> dict[int, Event]:
    """What the server made of each request for a default response: granted in turn, or refused by its event id.

    An error that names no event answers a request only if its code says so.  Such an error that finds none waiting
    shows that the server began the active response by itself, and not for the request that was thought granted.
    An error that names a request which was thought granted shows that each success was that of the next request.
    """
    waiting: list[Event] = []
    granted: list[tuple[Event, Event]] = []
    refused: dict[int, Event] = {}
    due, contested = False, None
    for e in log:
        if e.server and e.type in ("input_audio_buffer.speech_started", "input_audio_buffer.committed"):
            due = by_itself(log, e)
        elif e.type == "input_audio_buffer.timeout_triggered":
            due = True
        if e.type == "response.create" and e.get("response", "conversation") != "none":
            waiting.append(e)
        elif e.type == "response.created" and not log.out_of_band(e):
            if waiting:
                granted.append((waiting.pop(0), e))
                contested = e if due and not log.shown(e.get("response", "id"), e) else contested
            else:
                due = False
        elif e.type == "error":
            named, as_active = e.get("error", "event_id"), e.get("error", "code") == ACTIVE
            told = named is not None or as_active
            meant = [w for w in waiting if told and named in (None, w.get("event_id"))]
            own = [w for w, begun in granted if begun is contested and named in (None, w.get("event_id"))]
            if meant:
                refused[meant[0].at] = e
                waiting.remove(meant[0])
            elif own and as_active and contested in log.active(e):
                refused[own[0].at] = e
                granted = [(w, begun) for w, begun in granted if w is not own[0]]
                due, contested = False, None
            elif named is not None:
                refused |= {w.at: e for w in handed_on(granted, waiting, named)}
    return refused | {w.at: begun for w, begun in granted}


def handed_on(granted: list[tuple[Event, Event]], waiting: list[Event], named: str) -> list[Event]:
    """The request of that name, of which the success, and each after it, was that of the request behind.

    None where one of these had not been sent by then.
    """
    names = [w.get("event_id") for w, _ in granted]
    if named not in names or not waiting:
        return []
    since = granted[names.index(named) :]
    heirs = [*(w for w, _ in since[1:]), waiting[0]]
    if any(heir.at > begun.at for heir, (_, begun) in zip(heirs, since, strict=True)):
        return []
    granted[-len(since) :] = [(heir, begun) for heir, (_, begun) in zip(heirs, since, strict=True)]
    del waiting[0]
    return [since[0][0]]


def by_itself(log: Log, event: Event) -> bool:
    """Whether the server may answer the user's turns unasked, by the session in force."""
    shown = log.before(event, *SESSIONS)
    holder = ("session",) if log.dialect == "beta" else ("session", "audio", "input")
    if not shown or not shown[-1].has(*holder, "turn_detection"):
        return True
    detection = shown[-1].get(*holder, "turn_detection")
    return detection is not None and shown[-1].get(*holder, "turn_detection", "create_response") is not False


def ending(log: Log, created: Event, event: Event) -> bool:
    """Whether all items that a response has so far are done, or the arguments of its open call are."""
    named = created.get("response", "id")
    added = {a.get("item", "id") for a in log.output_added(named, event)}
    done = {d.get("item", "id") for d in log.before(event, "response.output_item.done")}
    done |= {d.get("item_id") for d in log.before(event, "response.function_call_arguments.done")}
    return bool(added) and added <= done


def rsp024(log: Log) -> Faults:
    """A finished response lists the items that it streamed, in the order of their index."""
    for e in log.server("response.done"):
        named = e.get("response", "id")
        listed = e.get("response", "output")
        if not log.created(named, e) or not isinstance(listed, list):
            continue
        added = log.output_added(named, e)
        streamed = [a.get("item", "id") for a in sorted(added, key=lambda a: a.get("output_index"))]
        if [item.get("id") for item in listed] != streamed:
            yield e.at, Severity.ERROR


def rsp025(log: Log) -> Faults:
    """A finished response shows each item, remote calls aside, as the item was when it was done."""
    for e in log.server("response.done"):
        done = {
            d.get("item", "id"): d.get("item")
            for d in log.before(e, "response.output_item.done")
            if d.get("response_id") == e.get("response", "id")
        }
        for item in e.get("response", "output") or []:
            if item.get("type") != "mcp_call" and done.get(item.get("id"), item) != item:
                yield e.at, Severity.ERROR


def out001(log: Log) -> Faults:
    """Parts, deltas and arguments belong to an item that their response has announced, not another one."""
    for e in log.server(*PART, *STREAMED, *FINISHED):
        named = e.get("response_id")
        added = log.before(e, "response.output_item.added")
        mine = [a.get("response_id") for a in added if a.get("item", "id") == e.get("item_id")]
        if (log.complete or log.created(named, e) or mine) and named not in mine:
            yield e.at, Severity.ERROR


def out002(log: Log) -> Faults:
    """The items of a response are numbered 0, 1, 2 … in the order they come, each of them once."""
    for e in log.server("response.output_item.added"):
        named, item = e.get("response_id"), e.get("item", "id")
        added = log.output_added(named, e)
        again = any(item in (o.get("item", "id"), o.get("item_id")) for o in log.before(e, *OPENED))
        off = e.get("output_index") != len(added) and (log.complete or log.created(named, e))
        if off or again:
            yield e.at, Severity.ERROR


def out005(log: Log) -> Faults:
    """All items of a response, remote calls aside, are done when the response is."""
    for e in log.server("response.done"):
        finished = {d.get("item", "id") for d in log.before(e, "response.output_item.done")}
        shown = [s for s in log.before(e, *OPENED) if s.get("response_id") == e.get("response", "id")]
        remote = {s.get("item_id") for s in shown if s.type in REMOTE}
        remote |= {s.get("item", "id") for s in shown if s.get("item", "type") == "mcp_call"}
        for _ in {s.get("item_id") or s.get("item", "id") for s in shown} - finished - remote:
            completed = e.get("response", "status") == "completed"
            yield e.at, Severity.ERROR if completed else Severity.WARNING


def out007(log: Log) -> Faults:
    """Text, audio and transcript are streamed into a part that was added."""
    for e in log.server(*SPOKEN):
        added = {a.get("item", "id") for a in log.before(e, "response.output_item.added")}
        seen = log.complete or log.created(e.get("response_id"), e) or e.get("item_id") in added
        if seen and not any(p.part == e.part for p in log.before(e, "response.content_part.added")):
            yield e.at, Severity.ERROR


def out009(log: Log) -> Faults:
    """Every part that is added is done once, before its item is."""
    for e in log.server(*PART):
        adopted = () if log.complete else SPOKEN
        earlier = [p.type for p in log.before(e, *PART, *adopted) if p.part == e.part]
        over = any(
            d.get("item", "id") == e.get("item_id") for d in log.before(e, "response.output_item.done")
        )
        if e.type.endswith("added"):
            wrong = bool(earlier) or over
        else:
            seen = log.complete or log.output_added(e.get("response_id"), e)
            closed = not earlier or "response.content_part.done" in earlier
            wrong = closed and bool(earlier or seen)
        if wrong:
            yield e.at, Severity.ERROR
    for e in log.server("response.output_item.done"):
        done = [p.part for p in log.before(e, "response.content_part.done")]
        for p in log.before(e, "response.content_part.added", *SPOKEN):
            if p.get("item_id") == e.get("item", "id") and p.part not in done:
                yield e.at, Severity.ERROR


def _same_text(log: Log, types: tuple[str, ...], field: str) -> Faults:
    for e in log.server(*(delta.replace(".delta", ".done") for delta in types)):
        deltas = [d for d in log.before(e, *types) if d.part == e.part]
        whole, streamed = e.get(field), joined(deltas)
        if not isinstance(whole, str):
            continue
        seen = log.complete or log.created(e.get("response_id"), e) is not None
        seen |= any(
            a.get("item", "id") == e.get("item_id") for a in log.before(e, "response.output_item.added")
        )
        if whole != streamed if seen else not whole.endswith(streamed):
            yield e.at, Severity.ERROR


def out011(log: Log) -> Faults:
    """The finished text is its deltas, one after the other."""
    return _same_text(log, TEXT, "text")


def out012(log: Log) -> Faults:
    """The finished transcript is its deltas, one after the other, also when it was cut short."""
    return _same_text(log, TRANSCRIPT, "transcript")


def out013(log: Log) -> Faults:
    """The finished arguments of a function call are their deltas, one after the other."""
    return _same_text(log, ARGUMENTS[:1], "arguments")


def out021(log: Log) -> Faults:
    """A function call keeps its `call_id` in all that is said of its item, from where the recording sees it begin.

    An item that is added after one of its id was deleted is another.
    """
    whole = (
        "response.output_item.added",
        "response.output_item.done",
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.done",
    )
    short = ("response.function_call_arguments.delta", "response.function_call_arguments.done")

    def call(e: Event) -> tuple[Any, Any]:
        if e.type in short:
            return e.get("item_id"), e.get("call_id")
        return e.get("item", "id"), e.get("item", "call_id")

    for e in log.server(*whole, *short):
        item, called = call(e)
        opened = [w.at for w in log.before(e, *whole[:1], *whole[2:4]) if item == w.get("item", "id")]
        if called is None or not (log.complete or opened):
            continue
        since = 0 if log.complete else opened[0]
        gone = [d.at for d in log.before(e, "conversation.item.deleted") if d.get("item_id") == item]
        opened += [e.at] if e.type in (*whole[:1], *whole[2:4]) else []
        since = max([since, *(at for at in gone if opened and opened[-1] > at)])
        earlier = [call(b) for b in log.before(e, *whole, *short) if b.server and b.at >= since]
        if any(other == item and told not in (None, called) for other, told in earlier):
            yield e.at, Severity.ERROR


def oab003(log: Log) -> Faults:
    """Playback stops or is cleared once after it has started; a clear that the client asked for may find nothing."""
    closing = ("output_audio_buffer.stopped", "output_audio_buffer.cleared")
    for e in log.server(*closing):
        moved = [
            m
            for m in log.before(e, "output_audio_buffer.started", *closing)
            if m.get("response_id") == e.get("response_id")
        ]
        if moved and moved[-1].type == "output_audio_buffer.started":
            continue
        asked = e.type == closing[1] and clears(log, e)
        if (log.complete or moved) and not asked:
            yield e.at, Severity.ERROR


def clears(log: Log, event: Event) -> bool:
    """Whether the client asked for a clear that nothing has answered; where it was not recorded it may have."""
    waiting = 0
    for e in log.before(event, "output_audio_buffer.clear", "output_audio_buffer.cleared"):
        waiting = waiting + 1 if e.client else max(0, waiting - 1)
    return waiting > 0 or not any(c.client for c in log.before(event))


def mcp004(log: Log) -> Faults:
    """A remote call is once in progress, then completed or failed once; a refused one fails without having begun.

    Its arguments are not judged here: that they come first is only told by a guide.  A call that never ends is a
    warning, since nobody has recorded how long one may take.
    """
    ends = ("response.mcp_call.completed", "response.mcp_call.failed")
    for e in log.server(*ends):
        mine = [b for b in log.before(e) if b.get("item_id") == e.get("item_id")]
        begun = any(b.type == "response.mcp_call.in_progress" for b in mine)
        ended = any(b.type in ends for b in mine)
        if ended or (e.type == ends[0] and not begun and log.complete):
            yield e.at, Severity.ERROR
    for e in log.server("response.mcp_call.in_progress"):
        mine = [b for b in log.server() if b.get("item_id") == e.get("item_id")]
        if any(b.at < e.at and b.type in (e.type, *ends) for b in mine):
            yield e.at, Severity.ERROR
        elif not any(b.type in ends for b in mine):
            yield -1, Severity.INFO if log.cut else Severity.WARNING
