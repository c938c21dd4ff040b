"""TRN: when transcription comes, and that it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import UNSET

from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field
from rtproto.rules.base import NOTHING, Context, Rule, Unjudged, Verdict
from rtproto.rules.cli.settings import setting
from rtproto.rules.examples import Example, after, at, change, drop, repeat
from rtproto.rules.trn.names import COMPLETED, DELTA, FAILED, SEGMENT, SESSIONS


class TranscriptionNotConfigured(Rule):
    """Transcription events come only where the session asks for transcription.

    Otherwise the server runs another configuration than it shows, and bills for what nobody wanted.
    """

    code = "TRN001"
    name = "transcription-not-configured"
    partial = "seen"
    message = "`{type}`, but {what}"
    evidence = (
        "The types say that these events come when transcription is configured; 100 of 100 events in OpenAI and Azure "
        "recordings."
    )
    exceptions = (
        "After transcription was turned off, the transcripts of turns that were spoken before, or soon after, are in "
        "order. Nothing is said where the session does not show its transcription, or where the recording misses its "
        "start. Deltas are not judged, their end is."
    )
    on = (*SESSIONS, COMPLETED, FAILED, SEGMENT, "input_audio_buffer.committed")
    symptoms = ("transcript", "config", "bill")
    example = Example(
        "transcription",
        change("session.created", "session.audio.input.transcription", None),
        found=at("conversation.item.input_audio_transcription.delta"),
        also=(at("conversation.item.input_audio_transcription.completed"),),
        because=(at("session.created"),),
    )

    def check(self, context: Context, event: Any) -> Iterable[Verdict]:
        known: _Asked = context.memory(self.code, _Asked)
        facts = context.facts
        if context.type in SESSIONS:
            config = setting(event.session, "transcription")
            # What the session does not show may be on.
            known.shown.add(config is not None)
            return NOTHING
        item_id = field(event, "item_id") or ""
        off = False in known.shown and not facts.mid_session
        if context.type == "input_audio_buffer.committed":
            if off and True in known.shown and _was_off(context, item_id):
                known.off.add(item_id)
            return NOTHING
        if True not in known.shown:
            what = "no session so far has asked for transcription"
        elif item_id in known.off and setting(facts.session, "transcription") is None:
            what = "transcription was off when the turn was committed"
        else:
            return NOTHING
        if not off or not context.first(self.code, item_id):
            return NOTHING
        witness = Witness(facts.session_line, facts.session_type, "showed a session without transcription")
        return (Verdict({"what": what}, witnesses=(witness,)),)


class _Asked:
    """What the session has shown of transcription, and the turns that it was not on for."""

    def __init__(self) -> None:
        self.shown: set[bool] = set()
        """Whether it may be on, for every session so far."""
        self.off: set[str] = set()
        """The items of turns that were committed long after it was turned off."""


def _was_off(context: Context, item_id: str) -> bool:
    """Whether transcription was off, and not only just, when this turn began and when it is committed."""
    facts = context.facts
    begun = facts.hearing.start_line if facts.hearing.item == item_id else context.line
    off = setting(facts.session, "transcription") is None
    return off and facts.changed_line < begun and not facts.just_changed(context.line)


class TranscriptionTerminalRepeated(Rule):
    """A part of user audio is transcribed once: one `completed` or one `failed`.

    Clients show the user's words twice, or answer twice.
    """

    code = "TRN003"
    name = "transcription-terminal-repeated"
    message = "the transcription of this part was over already"
    evidence = "15 of 15 transcriptions in OpenAI and Azure recordings, 12 of 12 beta WebRTC."
    exceptions = "xAI and Azure may send cumulative snapshots (profile compat)."
    symptoms = ("transcript",)
    example = Example(
        "voice_turn",
        repeat(COMPLETED),
        because=(at("conversation.item.input_audio_transcription.completed"),),
    )


class TranscriptionDeltaAfterTerminal(Rule):
    """No transcription delta follows the end of its transcription.

    Clients have shown the final text by then; the delta is appended to it, or opens a new bubble.
    """

    code = "TRN004"
    name = "transcription-delta-after-terminal"
    message = "a transcription delta after the transcription was over"
    evidence = "The types call completed the final text; 85 of 85 deltas in OpenAI and Azure recordings."
    symptoms = ("transcript",)
    example = Example(
        "voice_turn",
        after(
            COMPLETED,
            "server",
            {
                "type": DELTA,
                "event_id": "event_late",
                "item_id": "item_u1",
                "content_index": 0,
                "delta": " there",
            },
        ),
        because=(at("conversation.item.input_audio_transcription.completed"),),
    )


class TranscriptionNeverTerminated(Rule):
    """With transcription on, each turn that was committed gets its `completed` or `failed`.

    A client that waits for the words before it shows or stores the turn waits forever.
    """

    code = "TRN006"
    name = "transcription-never-terminated"
    severity = Severity.INFO
    partial = "open"
    message = "the transcription of {item} is never completed"
    evidence = "Each of 27 turns in recordings got its end, in any order."
    exceptions = (
        "Transcription may take many turns. Where the recording simply stops, only turns are told that at least two "
        "others followed."
    )
    on = ("input_audio_buffer.committed", COMPLETED, FAILED)
    symptoms = ("transcript",)
    example = Example(
        "voice_turn",
        drop(COMPLETED),
        cut=False,
        found=at("input_audio_buffer.committed"),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        waiting: dict[str, tuple[int, int]] = context.memory(self.code, dict[str, tuple[int, int]])
        item_id = field(event, "item_id")
        if context.type != "input_audio_buffer.committed":
            waiting.pop(item_id, None)
        elif item_id is not None and setting(context.facts.session, "transcription") not in (None, UNSET):
            waiting[item_id] = context.line, context.facts.turns
        return NOTHING

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        waiting: dict[str, tuple[int, int]] = context.memory(self.code, dict[str, tuple[int, int]])
        for item_id, (line, turn) in waiting.items():
            if not cut or context.facts.turns - turn > 2:
                yield Verdict({"item": item_id}, line=line, type="input_audio_buffer.committed")


class TranscriptionOrder(Unjudged):
    """Transcripts come in any order, among each other and beside the responses.

    Clients that take the last transcript for the last turn mix the turns up.
    """

    code = "TRN007"
    name = "transcription-order"
    partial = "any"
    evidence = (
        "The transcription guide says so; in a beta WebRTC log the third turn is complete before the second."
    )
    reason = "It forbids nothing: whatever order a transcript of a session shows is in order."
