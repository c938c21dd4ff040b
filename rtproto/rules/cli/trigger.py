"""CLI: what waits for a response that nothing asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity
from rtproto.protocol.records import Item, Response
from rtproto.protocol.values import tag_of
from rtproto.rules.base import NOTHING, Context, Rule, Verdict
from rtproto.rules.examples import Example, at, upto


class NoResponseTrigger(Rule):
    """What the bot shall answer is followed by a `response.create`: a tool's output, a message, a turn that the server
    does not answer by itself.

    Each is added to the conversation and does nothing more: the bot stays silent until it is asked, or until the user
    speaks and turn detection asks for the client.
    """

    code = "CLI029"
    name = "no-response-trigger"
    severity = Severity.INFO
    needs = "both"
    partial = "open"
    message = "{what}, and nothing asked for a response"
    evidence = (
        "The types say that a commit does not create a response; the guide sends the output of each tool, and then "
        "response.create."
    )
    exceptions = (
        "Transcription sessions. A recording that stops right there looks the same, and so does a message that shall "
        "only be known when the user speaks next."
    )
    on = ("input_audio_buffer.committed", "response.create", "response.created")
    since = "commit"
    ending = True
    symptoms = ("silence", "tools")
    example = Example(
        "push_to_talk",
        upto("response.create"),
        found=at("input_audio_buffer.committed"),
        also=(at("input_audio_buffer.commit"),),
        noted=True,
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        waiting: list[int] = context.memory(self.code, list[int])
        waiting.clear()
        facts = context.facts
        if (
            context.type == "input_audio_buffer.committed"
            and (facts.turn_detection_on() is False or not facts.answers_by_itself())
            and context.both_directions
            and next(facts.ledger.pending("response.create"), None) is None
        ):
            waiting.append(context.line)
        return NOTHING

    def at_close(self, context: Context, cut: bool) -> Iterator[Verdict]:
        facts = context.facts
        if not context.both_directions or tag_of(facts.session) == "transcription":
            return
        if any(not response.done for response in facts.responses.values()):
            return
        for line in context.memory(self.code, list[int]):
            yield _untriggered("the turn was committed", line, "input_audio_buffer.committed", "server")
            return
        last = max((r for r in facts.responses.values() if r.default), key=lambda r: r.line, default=None)
        since = 0 if last is None else last.line
        line, kind = facts.offered
        if facts.asked_line > max(since, line):
            return
        if line > since:
            if all(request.line != line for request in facts.ledger.open):
                what = "a tool's output was sent" if kind == "function_call_output" else "a message was sent"
                yield _untriggered(what, line, "conversation.item.create", "client")
        elif last is not None and (calls := _unanswered_calls(context, last)):
            what = f"the function call {calls[0].call_id} got no output"
            yield _untriggered(what, calls[0].line, calls[0].announced_by, "server")
        elif (
            last is None and facts.appended and not facts.emptied_line and facts.turn_detection_on() is False
        ):
            what = "audio was appended and never committed, turn detection is off"
            yield _untriggered(what, facts.append_line, "input_audio_buffer.append", "client")
        elif (
            facts.hearing.speaking
            and facts.hearing.start_line > since
            and facts.waited(facts.hearing.start_time)
        ):
            what = "speech began, its end was not detected"
            yield _untriggered(what, facts.hearing.start_line, "input_audio_buffer.speech_started", "server")


def _untriggered(what: str, line: int, type: str, direction: str) -> Verdict:
    return Verdict({"what": what}, line=line, type=type, direction=direction)


def _unanswered_calls(context: Context, response: Response) -> list[Item]:
    """The function calls of a finished response that are in the conversation, and to which no output was sent."""
    items = map(context.facts.items.get, response.output.values())
    calls = [item for item in items if item is not None and item.type == "function_call"]
    return [
        item
        for item in calls
        if (call := context.engine.find("function call", (item.call_id,))) and call.state == "called"
    ]
