"""IAB: commits and clears of the buffer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, structs

from rtproto.events.dialect import ITEM_ADDED, SESSION_UPDATES
from rtproto.findings import Severity, Witness
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.hearing import COMMIT_MS
from rtproto.protocol.values import field
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.common import item_entity, unanswered
from rtproto.rules.examples import Example, after, at, change, drop
from rtproto.rules.script import silence


class CommittedWithoutItem(Rule):
    """`input_audio_buffer.committed` is followed by the user item with its id.

    Without the item the turn is in nobody's history, and its transcript has nowhere to go.
    """

    code = "IAB008"
    name = "committed-without-item"
    partial = "open"
    message = "the committed item {item} was never added"
    evidence = (
        "The types say that an item of that id will be created; the very next event in 33 of 33 recorded "
        "turns."
    )
    exceptions = "At the end of a recording that simply stops: noted."
    symptoms = ("transcript", "history")
    example = Example(
        "beta_voice_turn",
        drop("conversation.item.created"),
        found=at("response.created"),
        because=(at("input_audio_buffer.committed"),),
    )

    def breach(self, context: Context, broken: Broken) -> Iterator[Verdict]:
        args = {"item": context.facts.committed_item or "?"}
        yield Verdict(args, entity=broken.entity, broken=broken, witnesses=history(broken, 1))

    def at_end(self, context: Context, entity: Entity, cut: bool) -> Iterator[Verdict]:
        line, type, _ = entity.history[-1]
        yield Verdict(
            {"item": context.facts.committed_item or "?"},
            severity=Severity.INFO if cut else None,
            entity=entity,
            line=line,
            type=type,
        )


class CommittedPreviousDisagrees(Rule):
    """The commit and its item name the same predecessor.

    Clients that place the user's turn at the commit have it elsewhere than those that wait for the item.
    """

    code = "IAB009"
    name = "committed-previous-disagrees"
    basis = "observed"
    message = "previous_item_id is {actual}, the commit said {promised}"
    evidence = "28 of 28 commits: 16 in OpenAI and Azure recordings, 12 in a beta WebRTC log."
    exceptions = "xAI sends no predecessor."
    symptoms = ("history",)
    on = ITEM_ADDED
    since = "commit"
    example = Example(
        "voice_turn",
        change("input_audio_buffer.committed", "previous_item_id", "item_u1", 1),
        found=at("conversation.item.added", 2),
        because=(at("input_audio_buffer.committed", 1),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        item_id = field(event, "item", "id")
        promised, actual = facts.hearing.commit_previous, getattr(event, "previous_item_id", UNSET)
        if item_id is None or item_id != facts.committed_item or UNSET in (promised, actual):
            return
        if promised != actual:
            line = facts.hearing.commit_line
            yield Verdict(
                {"actual": actual or "null", "promised": promised or "null"},
                entity=item_entity(context, item_id),
                witnesses=(Witness(line, "input_audio_buffer.committed", "promised the item"),),
            )


class CommitUnanswered(Rule):
    """Each `input_audio_buffer.commit` is answered, by `committed` or by an error.

    The push-to-talk turn is lost, and nobody says so.
    """

    code = "IAB010"
    name = "commit-unanswered"
    severity = Severity.WARNING
    needs = "both"
    partial = "open"
    message = "the server never answered the commit"
    evidence = "The types say that committed follows; a refusal came 0.8 to 1 s later in a live probe."
    exceptions = (
        "At the recording's end: noted. Turn detection may have committed first; an error that names no "
        "request may have been the answer, also after later commits."
    )
    symptoms = ("silence", "transcript")
    example = Example(
        "push_to_talk",
        after("input_audio_buffer.append", "client", {"type": "input_audio_buffer.commit"}, nth=2),
        prepare=(
            after(
                "response.done",
                "client",
                {"type": "input_audio_buffer.append", "audio": silence(200)},
            ),
        ),
        cut=False,
    )

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        yield from unanswered(context, "input_audio_buffer.commit", cut)


class CommitTooShort(Rule):
    """A commit needs at least 100 ms of audio appended since the last commit or clear.

    The server refuses it with `input_audio_buffer_commit_empty`; push-to-talk bots that commit on a short press, or
    twice, get no answer.
    """

    code = "IAB011"
    name = "commit-too-short"
    needs = "both"
    partial = "start"
    message = "the commit has {ms} ms of audio, {minimum} ms are needed"
    evidence = "The refusal names the 100 ms; 50 ms were refused and pure silence accepted in a live probe."
    exceptions = (
        "Server VAD commits by itself; audio that the recorder cut; a client that never appends, since WebRTC audio is "
        "not in the events. What a refused commit held is in the buffer still."
    )
    symptoms = ("refused", "silence")
    on = ("input_audio_buffer.commit",)
    example = Example(
        "push_to_talk",
        change("input_audio_buffer.append", "audio", silence(20)),
        prepare=(drop("input_audio_buffer.append"),),
        found=at("input_audio_buffer.commit"),
        because=(at("input_audio_buffer.append"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        rate = facts.bytes_per_ms("input")
        if (
            facts.mid_session
            or facts.turn_detection_on() is not False
            or not facts.append_line
            or (held := facts.held()) is None
            or rate is None
        ):
            return
        ms = held / rate
        if ms < COMMIT_MS:
            witnesses = (
                (Witness(facts.emptied_line, "input_audio_buffer.commit", "emptied the buffer", "client"),)
                if facts.emptied_line
                else ()
            )
            yield Verdict({"ms": round(ms), "minimum": COMMIT_MS}, witnesses=witnesses)


class CommittedWithoutCause(Rule):
    """Without turn detection nothing is committed unless the client asks.

    Half of a push-to-talk turn becomes a turn of its own.
    """

    code = "IAB012"
    name = "committed-without-cause"
    needs = "both"
    partial = "start"
    message = "turn detection is off and the client asked for no commit"
    evidence = "The types say that without server VAD the client must commit the buffer itself."
    exceptions = (
        "Other writers on the session; a change of turn detection that is under way; speech that had begun."
    )
    symptoms = ("transcript",)
    on = ("input_audio_buffer.committed",)
    example = Example(
        "push_to_talk",
        drop("input_audio_buffer.commit"),
        found=at("input_audio_buffer.committed"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if not context.both_directions or facts.mid_session or facts.turn_detection_on() is not False:
            return
        if facts.hears_turn(context.line) or _reconfiguring(context):
            return
        if facts.ledger.unasked(event):
            yield Verdict()


def _reconfiguring(context: Context) -> bool:
    """Whether a change of the session is on its way: which configuration is in force cannot be told."""
    ledger = context.facts.ledger
    return any(True for type in SESSION_UPDATES for _ in ledger.pending(type))


class ClearedWithoutClear(Rule):
    """`input_audio_buffer.cleared` answers the client's clear, and every clear is answered.

    Audio is gone that the client believes to be in the buffer, or the other way round.
    """

    code = "IAB015"
    name = "cleared-without-clear"
    severity = Severity.WARNING
    needs = "both"
    partial = "start"
    message = "{what}"
    evidence = "The types say that the event answers input_audio_buffer.clear."
    exceptions = "Clearing an empty buffer is no error. At the recording's end an open request is noted."
    symptoms = ("transcript",)
    on = ("input_audio_buffer.cleared",)
    example = Example(
        "push_to_talk",
        drop("input_audio_buffer.clear"),
        prepare=(
            after(
                "response.done", "server", {"type": "input_audio_buffer.cleared", "event_id": "event_cleared"}
            ),
            after("response.done", "client", {"type": "input_audio_buffer.clear"}),
        ),
        found=at("input_audio_buffer.cleared"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        if context.both_directions and not facts.mid_session and facts.ledger.unasked(event):
            yield Verdict({"what": "the client never asked to clear the buffer"})

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        for verdict in unanswered(context, "input_audio_buffer.clear", cut):
            yield structs.replace(verdict, args={"what": "the server never answered the request to clear"})
