"""TRN: what transcription events say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from rtproto.findings import Severity
from rtproto.protocol.values import field, listed
from rtproto.rules.base import Context, Rule, Verdict, history
from rtproto.rules.cli.settings import look, setting
from rtproto.rules.examples import Example, after, at, change
from rtproto.rules.trn.names import COMPLETED, DELTA, FAILED, SEGMENT

_SHOWN = 40


class TranscriptDiffersFromDeltas(Rule):
    """The completed transcript is what its deltas brought, but for space at its ends.

    A client that shows the words as they come and one that waits show different ones.
    """

    code = "TRN005"
    name = "transcript-differs-from-deltas"
    severity = Severity.WARNING
    basis = "observed"
    partial = "seen"
    message = 'the transcript is "{said}", the deltas gave "{streamed}"'
    evidence = (
        "10 of 10 turns of gpt-realtime-whisper, whose deltas begin with a space, and 12 of 12 of whisper-1, which "
        "sends the whole text in one delta."
    )
    exceptions = (
        "Transcriptions without deltas. In a recording that starts mid-session only the end is compared."
    )
    on = (COMPLETED,)
    symptoms = ("transcript", "words")
    example = Example(
        "voice_turn",
        change(COMPLETED, "transcript", "High."),
        because=(at("conversation.item.input_audio_transcription.delta"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        entity = context.entity
        said = field(event, "transcript")
        if entity is None or not entity.text or said is None:
            return
        said, streamed = said.strip(), "".join(entity.text).strip()
        if said != streamed and not (context.facts.mid_session and said.endswith(streamed)):
            args = {"said": said[:_SHOWN], "streamed": streamed[:_SHOWN]}
            yield Verdict(args, witnesses=history(entity, 1))


class LogprobsNotRequested(Rule):
    """`logprobs` come only where the session's `include` asks for them.

    They make events several times longer; a client that did not ask has no use for them.
    """

    code = "TRN008"
    name = "logprobs-not-requested"
    severity = Severity.INFO
    partial = "seen"
    message = "logprobs, which the session's `include` does not ask for"
    evidence = "The types name the entry of include that turns them on."
    exceptions = "Sessions that do not show their `include`; null and empty ones. Told once a connection."
    on = (COMPLETED,)
    reads = ("logprobs",)
    symptoms = ("config", "bill")
    example = Example(
        "voice_turn",
        change(COMPLETED, "logprobs", [{"token": "Hi.", "bytes": [72, 105, 46], "logprob": -0.1}]),
        prepare=(change("session.updated", "session.include", None),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        include = look(context.facts.session, "include")
        if not listed(event, "logprobs") or include is UNSET:
            return
        if "item.input_audio_transcription.logprobs" not in (include or ()) and context.first(self.code):
            yield Verdict()


class LogprobsShape(Rule):
    """A logprob is 0 or less, and its `bytes` are from 0 to 255.

    Clients make probabilities and text of them.
    """

    code = "TRN009"
    name = "logprobs-shape"
    basis = "schema"
    message = "`logprobs[{index}].{member}` is {found}; {expected}"
    evidence = "The types call them the logarithm of a probability and the bytes of the token."
    exceptions = "Those of deltas are not looked at."
    on = (COMPLETED,)
    reads = ("logprobs",)
    symptoms = ("transcript", "crash")
    example = Example(
        "voice_turn",
        change(COMPLETED, "logprobs.0.logprob", 0.9),
        prepare=(
            change(COMPLETED, "logprobs", [{"token": "Hi.", "bytes": [72, 105, 46], "logprob": -0.1}]),
            change("session.updated", "session.include", ["item.input_audio_transcription.logprobs"]),
            change("session.update", "session.include", ["item.input_audio_transcription.logprobs"]),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for index, entry in enumerate(listed(event, "logprobs") or ()):
            odd = next((byte for byte in entry.bytes if not 0 <= byte <= 255), None)
            if entry.logprob > 0:
                args = {"member": "logprob", "found": entry.logprob, "expected": "it is 0 or less"}
            elif odd is not None:
                args = {"member": "bytes", "found": odd, "expected": "a byte is from 0 to 255"}
            else:
                continue
            yield Verdict({"index": index, **args})
            return


class TranscriptionFailedShape(Rule):
    """A failed transcription says why: its `error` has a message or a type.

    Without it a client can tell its user nothing, and its operator cannot tell a bad model name from bad audio.
    """

    code = "TRN011"
    name = "transcription-failed-shape"
    basis = "observed"
    message = "the error of the transcription has neither message nor type"
    evidence = "2 of 2 failures recorded from Azure; code and param may be null."
    on = (FAILED,)
    symptoms = ("transcript",)
    example = Example(
        "transcription",
        change(FAILED, "error", {"code": None}),
        prepare=(
            change(COMPLETED, "error", {"type": "server_error", "message": "Input transcription failed."}),
            change(COMPLETED, "transcript", ...),
            change(COMPLETED, "usage", ...),
            change(COMPLETED, "type", FAILED),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        error = field(event, "error")
        if error is not None and not field(error, "message") and not field(error, "type"):
            yield Verdict()


class SegmentModel(Rule):
    """GA: segments come from a model that tells speakers apart; each has an id of its own and a span of time.

    Clients file segments by id and draw them by time.
    """

    code = "TRN013"
    name = "segment-model"
    severity = Severity.WARNING
    basis = "schema"
    dialects = ("ga",)
    message = "the segment {what}"
    evidence = "The types name gpt-4o-transcribe-diarize for speakers, and give each segment an id, a start and an end."
    exceptions = "Sessions that do not show their transcriber. No recording has a case."
    on = (SEGMENT,)
    symptoms = ("transcript",)
    example = Example(
        "transcription",
        change(SEGMENT, "end", 0.1),
        prepare=(
            change("session.created", "session.audio.input.transcription.model", "gpt-4o-transcribe-diarize"),
            after(
                DELTA,
                "server",
                {
                    "type": SEGMENT,
                    "event_id": "event_segment",
                    "item_id": "item_u1",
                    "content_index": 0,
                    "id": "seg_1",
                    "speaker": "A",
                    "start": 0.2,
                    "end": 0.7,
                    "text": "Hi.",
                },
            ),
        ),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        model = field(setting(context.facts.session, "transcription"), "model")
        start, end, id = field(event, "start"), field(event, "end"), field(event, "id")
        ids: set[tuple[str, str]] = context.memory(self.code, set[tuple[str, str]])
        key = (field(event, "item_id") or "", id)
        if start < 0 or end < start:
            yield Verdict({"what": f"goes from {start} to {end} s"})
        elif key in ids:
            yield Verdict({"what": f"has the id {id} of an earlier one"})
        elif model is not None and "diarize" not in model and context.first(self.code):
            yield Verdict({"what": f"comes from {model}, which does not tell speakers apart"})
        ids.add(key)
