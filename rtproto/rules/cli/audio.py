"""CLI: audio that the client appends and commits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rtproto.events.audio import looks_cut
from rtproto.findings import Severity, Witness
from rtproto.protocol.values import field
from rtproto.rules.base import BAD_AUDIO, LARGE_AUDIO, NOTHING, Context, Rule, Verdict
from rtproto.rules.examples import Example, after, at, change, fill
from rtproto.rules.script import silence


class AppendNotBase64(Rule):
    """Appended audio is valid, padded base64 of the standard alphabet.

    The server refuses it; the user is not heard.
    """

    code = "CLI003"
    name = "append-not-base64"
    dialects = ("beta", "ga", "translation")
    needs = "client"
    message = "the audio is not valid base64"
    evidence = "The types describe the member as base64 audio bytes."
    exceptions = "Payloads that the recorder cut."
    on = (BAD_AUDIO,)
    symptoms = ("silence", "refused")
    example = Example("voice_turn", change("input_audio_buffer.append", "audio", "AAA*" * 60))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        payload = field(event, "audio")
        if context.direction == "client" and isinstance(payload, str) and not looks_cut(payload):
            yield Verdict()


_LARGEST = 15 * 2**20


class AppendTooLarge(Rule):
    """One append holds at most 15 MiB of audio.

    The server refuses the event, and the whole recording that it carried is not heard. Clients that send a file in one
    piece meet the limit after 5.4 minutes of pcm16.
    """

    code = "CLI004"
    name = "append-too-large"
    needs = "client"
    message = "the append holds {size} bytes{encoded}; {largest} are allowed"
    evidence = "The types limit the audio of one event to 15 MiB."
    exceptions = (
        "A warning where only the base64 text is longer: the types do not say which of the two is meant."
    )
    on = (LARGE_AUDIO,)
    symptoms = ("silence", "refused")
    example = Example("push_to_talk", fill("input_audio_buffer.append", "audio", 327_681))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        size, payload = context.audio_bytes, field(event, "audio")
        if context.type != "input_audio_buffer.append" or size is None or len(payload) <= _LARGEST:
            return
        large = size > _LARGEST
        encoded = "" if large else f" in {len(payload)} characters of base64"
        yield Verdict(
            {"size": size, "encoded": encoded, "largest": _LARGEST},
            severity=None if large else Severity.WARNING,
        )


class AppendPartialSample(Rule):
    """The pcm16 audio of a turn is a whole number of samples, two bytes each.

    Half a sample shifts every later one by a byte: what the model hears from there on is noise.
    """

    code = "CLI005"
    name = "append-partial-sample"
    severity = Severity.WARNING
    dialects = ("beta", "ga", "translation")
    needs = "client"
    message = "{size} bytes of pcm16 were appended: the last sample is cut in half"
    evidence = "The types define pcm16 as 16 bits a sample, one channel."
    exceptions = (
        "Single appends may end anywhere, so the sum is judged: at the commit, or at the close of a translation. Not "
        "where the server commits by itself; not where the recorder cut the audio."
    )
    on = ("input_audio_buffer.commit", "session.close")
    symptoms = ("silence", "transcript")
    example = Example(
        "push_to_talk",
        change("input_audio_buffer.append", "audio", silence(100)[4:]),
        found=at("input_audio_buffer.commit"),
        because=(at("input_audio_buffer.append"),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        held = None if facts.mid_session else facts.held()
        if held is not None and held % 2 and facts.bytes_per_ms("input") == 48:
            yield Verdict({"size": held})


class CommitInVadMode(Rule):
    """With turn detection on, the server commits the buffer; the client need not.

    The client's commit races with the server's: one of the two finds an empty buffer and is refused, or the turn is
    cut in two.
    """

    code = "CLI028"
    name = "commit-in-vad-mode"
    severity = Severity.INFO
    needs = "client"
    message = "the client commits although turn detection is on{but}"
    evidence = "The types say that a client need not commit in server VAD mode."
    exceptions = (
        "Legal. Told once a connection. A warning where the client has sent an `audio.input` without members: that is "
        "what is left of `turn_detection: null` when nulls are dropped, and it switches nothing off."
    )
    on = ("session.update", "input_audio_buffer.commit")
    symptoms = ("refused", "overlap")
    example = Example(
        "voice_turn",
        after("input_audio_buffer.speech_started", "client", {"type": "input_audio_buffer.commit"}),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        hollow: list[int] = context.memory(self.code, list[int])
        if context.type == "session.update":
            listening = field(event, "session", "audio", "input")
            if listening is not None and msgspec.to_builtins(listening) == {}:
                hollow[:] = [context.line]
        elif context.facts.turn_detection_on() and context.first(self.code):
            if hollow:
                told = f": `audio.input` of line {hollow[0]} is empty, and only a null switches it off"
                witness = Witness(hollow[0], "session.update", "asked for nothing in audio.input", "client")
                yield Verdict({"but": told}, severity=Severity.WARNING, witnesses=(witness,))
            else:
                yield Verdict({"but": ""})


class PushToTalkWithoutClear(Rule):
    """Without turn detection, the buffer is cleared before a new utterance if unused audio is left in it.

    Otherwise the next commit carries what the microphone picked up in between: the bot's own voice, or the half
    sentence that the user gave up.
    """

    code = "CLI030"
    name = "push-to-talk-without-clear"
    severity = Severity.INFO
    needs = "both"
    message = "the commit also holds {ms} ms that were appended before the last response began"
    evidence = "The guide's push-to-talk procedure clears the buffer when the user begins to speak."
    exceptions = (
        "Clients that keep the microphone open on purpose; responses out of band. Told once a connection."
    )
    on = ("response.created", "input_audio_buffer.commit", "input_audio_buffer.clear")
    since = "append"
    symptoms = ("overlap", "transcript")
    example = Example(
        "push_to_talk_twice",
        after(
            "input_audio_buffer.committed",
            "client",
            {"type": "input_audio_buffer.append", "audio": silence(100)},
        ),
        found=at("input_audio_buffer.append", 3),
        also=(at("input_audio_buffer.commit", 1),),
        because=(at("input_audio_buffer.append", 2),),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        facts = context.facts
        left: dict[int, int] = context.memory(self.code, dict[int, int])
        if context.type == "response.created":
            answers = facts.writes_to_default(event.response)
            if answers and facts.turn_detection_on() is False and facts.appended:
                left[context.line] = facts.appended
            return NOTHING
        before = dict(left)
        left.clear()
        if context.type != "input_audio_buffer.commit" or not before:
            return NOTHING
        return self._judge(context, *next(iter(before.items())))

    def _judge(self, context: Context, line: int, size: int) -> Iterator[Verdict]:
        facts = context.facts
        rate = facts.bytes_per_ms("input")
        if rate is None or facts.appended is None or facts.appended <= size:
            return
        if context.first(self.code):
            witness = Witness(line, "response.created", "began a response while audio was in the buffer")
            yield Verdict({"ms": round(size / rate)}, witnesses=(witness,))
