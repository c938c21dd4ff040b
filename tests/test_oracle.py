"""The oracle says what the sentences say, and rtproto says the same on sessions that nobody wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rtproto.findings import Severity
from tests.oracle import LAST, RULES, judge
from tests.oracle.compare import TOLD, compare
from tests.oracle.edits import copied
from tests.oracle.scripts import scripts
from tests.oracle.talk import Lines, Talk, pcm
from tests.oracle_campaign import judged, main, told

SCRIPTS = scripts()
Edit = Callable[[Lines], Lines]


def nth(lines: Lines, type: str, n: int = 0) -> int:
    """Where the n-th event of that type is."""
    return [at for at, (_, event) in enumerate(lines) if event["type"] == type][n]


def put(type: str, place: str, value: Any, n: int = 0) -> Edit:
    """Another value at a place of the n-th event of that type."""

    def edit(lines: Lines) -> Lines:
        holder: Any = lines[nth(lines, type, n)][1]
        *steps, last = (int(step) if step.isdigit() else step for step in place.split("."))
        for step in steps:
            holder = holder[step]
        holder[last] = value
        return lines

    return edit


def lost(type: str, n: int = 0) -> Edit:
    """Without the n-th event of that type."""

    def edit(lines: Lines) -> Lines:
        at = nth(lines, type, n)
        return lines[:at] + lines[at + 1 :]

    return edit


def again(type: str, n: int = 0, after: str | None = None) -> Edit:
    """The n-th event of that type once more, at once or after the first of another type."""

    def edit(lines: Lines) -> Lines:
        at = nth(lines, type, n)
        to = at if after is None else nth(lines, after)
        return [*lines[: to + 1], (lines[at][0], {**lines[at][1], "event_id": "again"}), *lines[to + 1 :]]

    return edit


def said(side: str, type: str, after: str, n: int = 0, **fields: Any) -> Edit:
    """One more event, after the n-th of a type."""

    def edit(lines: Lines) -> Lines:
        at = nth(lines, after, n) + 1
        return [*lines[:at], (side, {"type": type, "event_id": "said", **fields}), *lines[at:]]

    return edit


def client(type: str, after: str, n: int = 0, **fields: Any) -> Edit:
    return said("client", type, after, n, **fields)


def server(type: str, after: str, n: int = 0, **fields: Any) -> Edit:
    return said("server", type, after, n, **fields)


OTHER = {"id": "resp_other", "status": "in_progress", "conversation_id": "conv_1", "output": []}
MESSAGE = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]}
RESULT = {"type": "function_call_output", "call_id": "call_never", "output": "{}"}
REFUSAL = {
    "type": "invalid_request_error",
    "code": None,
    "message": "no",
    "param": None,
    "event_id": "sent_never",
}
CEDAR = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
MARIN = {"type": "realtime", "audio": {"output": {"voice": "marin"}}}
VAD = "input_audio_buffer.speech_stopped"
SHORT_FIRST = put("input_audio_buffer.append", "audio", pcm(90), 1)

CASES: dict[str, tuple[str, Edit, str | None, Edit | None]] = {
    # code: script, the edit that breaks it, the type of the event it breaks at (None for the end), and an edit of the
    # kind that breaks nothing
    "CLI006": (
        "ga-chat",
        client("session.update", "response.done", session=CEDAR),
        "session.update",
        client("session.update", "response.done", session=MARIN),
    ),
    "CLI014": (
        "beta-chat",
        client("session.update", "session.created", session={"modalities": ["audio"]}),
        "session.update",
        client("session.update", "session.created", session={"modalities": ["text", "audio"]}),
    ),
    "DIA001": (
        "beta-chat",
        put("response.text.done", "type", "response.output_text.done"),
        "response.output_text.done",
        put("response.text.done", "text", "Yes, sir"),
    ),
    "DIA005": (
        "ga-chat",
        client("session.update", "session.created", session={"type": "realtime", "voice": "alloy"}),
        "session.update",
        client("session.update", "session.created", session={"type": "realtime", "instructions": "Hi"}),
    ),
    "DIA009": (
        "beta-transcription",
        server("response.created", "conversation.item.created", response=OTHER),
        "response.created",
        server("rate_limits.updated", "conversation.item.created", rate_limits=[]),
    ),
    "DIA018": (
        "ga-chat",
        server("weather.updated", "session.created"),
        "weather.updated",
        server("conversation.created", "session.created"),
    ),
    "ERR002": (
        "ga-chat",
        server("error", "response.done", error=REFUSAL),
        "error",
        server("error", "response.done", error={**REFUSAL, "event_id": None}),
    ),
    "IAB001": ("ga-voice", lost("input_audio_buffer.speech_started"), VAD, None),
    "IAB003": ("ga-voice", put(VAD, "item_id", "item_other"), VAD, None),
    "IAB008": ("beta-voice", lost("conversation.item.created"), "response.created", None),
    "IAB011": (
        "ga-call",
        lambda lines: lost("input_audio_buffer.append")(SHORT_FIRST(lines)),
        "input_audio_buffer.commit",
        SHORT_FIRST,
    ),
    "ITM001": (
        "ga-truncation",
        put("conversation.item.truncated", "item_id", "item_never"),
        "conversation.item.truncated",
        None,
    ),
    "ITM003": ("ga-chat", lost("conversation.item.added"), "conversation.item.done", None),
    "ITM010": (
        "beta-chat",
        put("conversation.item.created", "previous_item_id", None, 2),
        "conversation.item.created",
        client("conversation.item.create", "session.created", item=MESSAGE, previous_item_id="root"),
    ),
    "ITM020": (
        "ga-chat",
        put("conversation.item.create", "item.role", "assistant"),
        "conversation.item.create",
        put("conversation.item.create", "item.role", "system"),
    ),
    "ITM021": (
        "ga-call",
        client("conversation.item.create", "response.done", item=RESULT),
        "conversation.item.create",
        client("conversation.item.create", "response.done", item=MESSAGE),
    ),
    "MCP004": ("ga-remote", lost("response.mcp_call.in_progress"), "response.mcp_call.completed", None),
    "OAB003": ("ga-webrtc", again("output_audio_buffer.stopped"), "output_audio_buffer.stopped", None),
    "OUT001": ("ga-chat", lost("response.output_item.added"), "response.content_part.added", None),
    "OUT002": (
        "ga-chat",
        put("response.output_item.added", "output_index", 1),
        "response.output_item.added",
        None,
    ),
    "OUT005": ("ga-chat", lost("response.output_item.done"), "response.done", None),
    "OUT007": ("beta-chat", lost("response.content_part.added"), "response.audio_transcript.delta", None),
    "OUT009": ("beta-chat", lost("response.content_part.done"), "response.output_item.done", None),
    "OUT011": ("ga-chat", lost("response.output_text.delta"), "response.output_text.done", None),
    "OUT012": (
        "ga-voice",
        put("response.output_audio_transcript.done", "transcript", "Good"),
        "response.output_audio_transcript.done",
        None,
    ),
    "OUT013": (
        "beta-call",
        again("response.function_call_arguments.delta"),
        "response.function_call_arguments.done",
        None,
    ),
    "OUT021": (
        "ga-call",
        put("response.function_call_arguments.done", "call_id", "call_other"),
        "response.function_call_arguments.done",
        None,
    ),
    "RSP001": ("ga-chat", lost("response.created"), "response.output_item.added", None),
    "RSP004": (
        "ga-chat",
        server("response.created", "response.content_part.added", response=OTHER),
        "response.created",
        server(
            "response.created", "response.content_part.added", response={**OTHER, "conversation_id": None}
        ),
    ),
    "RSP005": ("ga-chat", again("response.done"), "response.done", None),
    "RSP007": ("ga-chat", lost("response.done", -1), None, None),
    "RSP009": (
        "ga-chat",
        again("response.output_audio.done", after="response.done"),
        "response.output_audio.done",
        server("output_audio_buffer.started", "response.done", response_id="resp_7"),
    ),
    "RSP010": (
        "ga-chat",
        put("response.done", "response.status_details", {"type": "failed"}),
        "response.done",
        put("response.done", "response.status_details", None),
    ),
    "RSP020": (
        "ga-chat",
        client("response.create", "response.content_part.added", -1),
        None,
        client("response.create", "response.output_item.done", -1),
    ),
    "RSP024": (
        "ga-chat",
        put("response.done", "response.output", []),
        "response.done",
        None,
    ),
    "RSP025": (
        "ga-chat",
        put("response.done", "response.output.0.content.0.transcript", "Bye"),
        "response.done",
        None,
    ),
    "SES001": (
        "ga-chat",
        lambda lines: [lines[1], lines[2], lines[0], *lines[3:]],
        "conversation.item.added",
        None,
    ),
    "TRN003": (
        "ga-transcription",
        again("conversation.item.input_audio_transcription.completed"),
        "conversation.item.input_audio_transcription.completed",
        None,
    ),
    "TRU003": (
        "ga-truncation",
        put("conversation.item.truncate", "audio_end_ms", 501),
        "conversation.item.truncate",
        put("conversation.item.truncate", "audio_end_ms", 400),
    ),
    "USG001": (
        "ga-chat",
        put("response.done", "response.usage.total_tokens", 31),
        "response.done",
        put("response.done", "response.usage.total_tokens", 30),
    ),
}


def edited(script: str, edit: Edit | None) -> Lines:
    lines: Lines = [
        (side, msgspec.json.decode(msgspec.json.encode(event))) for side, event in SCRIPTS[script]
    ]
    return lines if edit is None else edit(lines)


def codes(lines: Lines, **how: Any) -> set[str]:
    return {fault.code for fault in judge(lines, **how)}


def test_every_rule_has_its_sentence_and_its_sessions() -> None:
    assert len(RULES) == 40
    assert set(CASES) == set(RULES)
    assert all(rule.__doc__ for rule in RULES.values())
    assert set(TOLD) <= set(RULES)


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_told_by_hand_is_legal_to_both(name: str) -> None:
    verdict = compare(SCRIPTS[name], cut=False, dialect=name.partition("-")[0])
    assert (verdict.outcome, verdict.line) == ("clean", LAST), told(verdict)


@pytest.mark.parametrize("code", CASES)
def test_a_sentence_is_broken_where_it_says(code: str) -> None:
    script, breaking, at, _ = CASES[code]
    lines = edited(script, breaking)
    faults = [fault for fault in judge(lines, cut=False) if fault.code == code]
    assert faults, judge(lines)
    assert faults[0].severity > Severity.INFO
    if at is None:
        assert faults[0].line == LAST
    else:
        assert lines[faults[0].line - 1][1]["type"] == at


@pytest.mark.parametrize("code", CASES)
def test_a_sentence_is_kept_by_its_twin(code: str) -> None:
    script, _, _, passing = CASES[code]
    assert code not in codes(edited(script, passing), cut=False)


@pytest.mark.parametrize("code", CASES)
def test_rtproto_says_so_too(code: str) -> None:
    script, breaking, _, passing = CASES[code]
    for edit in (breaking, passing):
        verdict = compare(edited(script, edit), cut=False, dialect=script.partition("-")[0])
        assert verdict.outcome in ("same", "clean"), told(verdict)


def test_the_end_of_a_recording_is_no_fault() -> None:
    lines = edited("ga-chat", lost("response.done", -1))
    assert [(f.code, f.severity) for f in judge(lines, cut=True)] == [("RSP007", Severity.INFO)]
    assert [(f.code, f.severity) for f in judge(lines, cut=False)] == [("RSP007", Severity.ERROR)]


def test_a_recording_may_begin_anywhere() -> None:
    for name, lines in SCRIPTS.items():
        for start in range(1, len(lines)):
            faults = judge(lines[start:], cut=True, dialect=name.partition("-")[0])
            assert {fault.code for fault in faults} <= {"SES001"}, (name, start)


def test_a_second_announcement_begins_anew() -> None:
    lines = SCRIPTS["ga-chat"]
    assert codes([*lines, *lines], cut=False) == set()


def test_audio_that_was_taken_out_has_no_length() -> None:
    def elided(lines: Lines) -> Lines:
        for _, event in lines:
            if event["type"] == "input_audio_buffer.append":
                event["audio"] = "AAAA"
        return lines

    assert "IAB011" not in codes(edited("ga-call", elided))


@pytest.mark.parametrize("reason", ["turn_detected", "content_filter"])
def test_a_reason_belongs_to_its_status(reason: str) -> None:
    talk = Talk("beta", vad=True)
    talk.opens()
    talk.hears()
    talk.begins()
    talk.message(["Well"], audio=True, status="incomplete")
    talk.ends("cancelled", reason)
    assert codes(talk.lines, cut=False) == (set() if reason == "turn_detected" else {"RSP010"})


def refused_as_active(lines: Lines, at: int) -> Lines:
    """With a refusal at that place that names no request."""
    refusal = {**REFUSAL, "code": "conversation_already_has_active_response", "event_id": None}
    return [*lines[:at], ("server", {"type": "error", "event_id": "refused", "error": refusal}), *lines[at:]]


def test_a_refused_request_is_an_error_and_a_granted_one_a_race() -> None:
    asked = edited("ga-chat", client("response.create", "response.content_part.added"))
    assert codes(asked) == set()
    at = nth(asked, "response.create", 1) + 1
    assert [(f.code, f.line) for f in judge(refused_as_active(asked, at))] == [("RSP020", at)]


def test_a_response_whose_beginning_was_lost_is_in_progress_all_the_same() -> None:
    lines = edited("ga-chat", lost("response.created"))
    begun = nth(lines, "response.output_item.added")
    severities = []
    for at in (begun, begun + 1):
        refused = refused_as_active(lines, at)
        severities += [f.severity for f in judge(refused) if f.code == "RSP020"]
    assert severities == [Severity.WARNING, Severity.ERROR]


@pytest.mark.parametrize("early", [True, False])
def test_a_request_that_is_refused_by_name_was_not_granted(early: bool) -> None:
    """The response that seemed to be its answer was that of the next request, if that was sent by then."""
    lines = edited("ga-chat", client("response.create", "response.content_part.added"))
    at = nth(lines, "response.create", 1)
    lines[at][1]["event_id"] = "hasty"
    done, begun = nth(lines, "response.done"), copied(lines[nth(lines, "response.created")][1])
    begun["response"]["id"] = "resp_next"
    more: Lines = [("client", {"type": "response.create", "event_id": "next"}), ("server", begun)]
    refusal = {"type": "error", "event_id": "refused", "error": {**REFUSAL, "event_id": "hasty"}}
    lines[done + 1 :] = [*(more if early else reversed(more)), ("server", refusal)]
    told = [(f.code, f.line) for f in judge(lines) if f.severity > Severity.INFO]
    assert told == [("RSP020", at + 1 if early else LAST)]


@pytest.mark.parametrize("id, broken", [("resp_next", {"IAB008"}), (None, set())])
def test_a_response_that_is_created_again_is_not_the_next_one(id: str | None, broken: set[str]) -> None:
    talk = Talk("ga", vad=True)
    talk.opens()
    for _ in range(2):
        talk.hears()
        talk.begins()
        talk.ends()
    begun = copied(talk.lines[nth(talk.lines, "response.created")][1])
    begun["response"]["id"] = id or begun["response"]["id"]
    at = nth(talk.lines, "input_audio_buffer.committed", 1) + 1
    assert codes([*talk.lines[:at], ("server", begun), *talk.lines[at:]]) & {"IAB008"} == broken


@pytest.mark.parametrize("again", [True, False])
def test_an_item_that_was_deleted_and_made_again_is_in_the_conversation(again: bool) -> None:
    """To give a turn's item its id is then ITM002's; where it is gone, the turn has another item than was committed."""
    talk = Talk("ga", vad=True)
    talk.opens()
    old = talk.hears()
    item = {"item": copied(talk.lines[-1][1]["item"])}
    late = talk.lines.pop()
    talk.server("conversation.item.deleted", item_id=old)
    talk.lines.append(late)  # its `done` was on the way
    if again:
        talk.client("conversation.item.create", **item)
        talk.server("conversation.item.added", previous_item_id=None, **item)
        talk.server("conversation.item.done", previous_item_id=None, **item)
    talk.hears()
    at = nth(talk.lines, "conversation.item.added", -1)
    talk.lines[at][1]["item"]["id"] = old
    told = [f.line for f in judge(talk.lines) if f.code == "IAB003"]
    assert told == ([] if again else [at + 1])


@pytest.mark.parametrize("early", [True, False])
def test_an_error_refuses_no_commit_that_is_sent_after_it(early: bool) -> None:
    talk = Talk("ga", vad=True)
    talk.opens()
    talk.hears_in_two()
    del talk.lines[nth(talk.lines, "input_audio_buffer.committed")]
    at = nth(talk.lines, "input_audio_buffer.commit")
    talk.lines[at][1]["event_id"] = "commit"
    refusal = {"type": "error", "event_id": "refused", "error": {**REFUSAL, "event_id": "commit"}}
    talk.lines.insert(at if early else at + 1, ("server", refusal))
    assert ("IAB003" in codes(talk.lines)) is not early


def test_a_response_out_of_band_is_no_answer_to_the_users_turn() -> None:
    talk = Talk("ga", vad=True)
    talk.opens()
    talk.hears()
    talk.asks(conversation="none")
    talk.begins(conversation=None)
    talk.asks()
    at = len(talk.lines)
    talk.begins()
    refused = refused_as_active(talk.lines, len(talk.lines))
    assert ("RSP020", at) in {(f.code, f.line) for f in judge(refused)}


@pytest.mark.parametrize("seed, requests", [(101, False), (102, False), (103, True)])
def test_rtproto_and_the_oracle_agree(seed: int, requests: bool) -> None:
    verdicts = [judged(seed, number, requests)[1] for number in range(240)]
    assert [told(verdict) for verdict in verdicts if verdict.outcome == "differ"] == []
    outcomes = [verdict.outcome for verdict in verdicts]
    assert outcomes.count("same") > 80
    assert outcomes.count("clean") > 40


def test_the_campaign_counts_and_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sessions", "32", "--seed", "5", "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert "32 sessions" in out
    assert "disagreements 0" in out
    assert main(["--seed", "5", "--session", "3"]) == 0
    assert "the oracle says" in capsys.readouterr().out
    assert main(["--seed", "5", "--session", "3", "--requests"]) == 0
    assert "mistimed" in capsys.readouterr().out
