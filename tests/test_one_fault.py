"""One fault, one finding: an id or index that is wrong in one event has consequences elsewhere, and they fold."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity
from rtproto.rules.examples import Edit, after, change, drop, repeat, swap
from rtproto.rules.sessions import session
from tests import mutations

CASES: list[tuple[str, Edit, str]] = [
    # What the event was meant for lacks it later.
    ("text_turn", change("response.output_text.delta", "content_index", 1), "OUT007"),
    ("text_turn", change("response.output_text.delta", "item_id", "item_other"), "OUT001"),
    ("tool_call", change("response.function_call_arguments.delta", "item_id", "item_other"), "OUT001"),
    ("text_turn", change("response.content_part.added", "item_id", "item_other"), "OUT001"),
    ("text_turn", change("response.output_item.done", "item.id", "item_other"), "OUT004"),
    ("text_turn", change("response.created", "response.id", "resp_other"), "RSP001"),
    ("voice_turn", change("response.done", "response.id", "resp_other"), "RSP006"),
    ("tool_call", change("response.output_item.done", "item.call_id", "call_other"), "OUT021"),
    # The commit under a wrong id promises an item that never comes.
    ("voice_turn", change("input_audio_buffer.committed", "item_id", "item_other"), "IAB003"),
    ("text_turn", change("response.created", "response.conversation_id", "conv_other"), "RSP014"),
    ("text_turn", change("response.created", "response.conversation_id", "conv_other", 1), "RSP016"),
    # Texts that differ once differ from everything that repeats them.
    ("text_turn", change("response.output_text.done", "text", "Rain."), "OUT011"),
    ("text_turn", change("response.content_part.done", "part.text", "Rain."), "OUT014"),
    # A value that nobody knows is wrong in a more telling way.
    ("text_turn", change("conversation.item.done", "item.role", "visitor"), "ITM008"),
    ("text_turn", change("response.output_item.added", "item.status", "wip"), "ITM006"),
    # An item under a wrong id leaves its own, and its request, without an answer.
    ("tool_call", change("response.output_item.added", "item.id", "item_other"), "ITM024"),
    ("tool_call", change("conversation.item.create", "item.call_id", "call_other", 1), "ITM021"),
    ("text_turn", repeat("conversation.item.added"), "ITM002"),
    # The item's place in the conversation is a guess once its `added` is missing.
    ("tool_call", drop("conversation.item.added", 1), "OUT026"),
    ("text_turn", change("conversation.item.done", "item.id", "item_other"), "ITM003"),
    # An inner entity was in disorder before the outer one is.
    ("text_turn", swap("response.output_item.done"), "OUT005"),
    ("out_of_band", swap("response.content_part.done"), "OUT009"),
]


def check(name: str, *edits: Edit) -> list[Finding]:
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    checker = SessionChecker()
    for direction, event in lines:
        checker.feed(direction, msgspec.json.encode(event))
    checker.close()
    return checker.findings


def roots(findings: list[Finding]) -> list[str]:
    return [f.code for f in findings if f.caused_by is None and f.severity > Severity.INFO]


@pytest.mark.parametrize(
    "name, edit, code", CASES, ids=[f"{n} {e.kind} {e.type} {e.path}" for n, e, _ in CASES]
)
def test_a_wrong_name_is_one_finding(name: str, edit: Edit, code: str) -> None:
    assert roots(check(name, edit)) == [code]


def test_two_faults_in_two_responses_are_two_findings() -> None:
    """What folds is what one fault explains; the next response is judged by itself."""
    found = check(
        "text_turn",
        change("response.output_text.delta", "item_id", "item_other"),
        drop("response.content_part.added", 1),
    )
    assert roots(found) == ["OUT001", "OUT007"]


def test_two_faults_in_two_turns_are_two_findings() -> None:
    """The input buffer is at rest between two turns, and its earlier fault explains nothing any more."""
    stop = {"type": "input_audio_buffer.speech_stopped", "event_id": "event_stop", "item_id": "item_u9"}
    found = check(
        "voice_turn",
        repeat("input_audio_buffer.speech_started"),
        after("response.done", "server", stop | {"audio_end_ms": 90_000}),
    )
    assert roots(found)[:2] == ["IAB002", "IAB001"]


# The measure itself.

RECORDINGS = os.environ.get("RTPROTO_RECORDINGS")


@pytest.mark.skipif(not RECORDINGS, reason="RTPROTO_RECORDINGS names no folder of real recordings")
def test_most_single_faults_of_real_recordings_are_one_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutations.main(["--each", "10"]) == 0
    assert "seen by a rule" in capsys.readouterr().out


def samples(folder: Path) -> None:
    for name in ("text_turn", "tool_call", "voice_turn"):
        frames = [{"direction": direction, "event": event} for direction, event in session(name)]
        raw = b"\n".join(map(msgspec.json.encode, [*frames, {"close": {}}]))
        (folder / f"{name}.jsonl").write_bytes(raw)


def test_the_measure_makes_the_same_mutants_of_every_kind(tmp_path: Path) -> None:
    samples(tmp_path)
    made = [
        [
            (mutant.kind, mutant.line, mutant.what)
            for name, lines in mutations.recordings(tmp_path)
            for mutant in mutations.mutants(name, lines, 30)
        ]
        for _ in range(2)
    ]

    assert made[0] == made[1]
    assert {kind for kind, _, _ in made[0]} == set(mutations.KINDS)


def test_every_mutant_differs_from_its_recording(tmp_path: Path) -> None:
    samples(tmp_path)
    for name, lines in mutations.recordings(tmp_path):
        assert all(mutant.lines != lines for mutant in mutations.mutants(name, lines, 40))


def test_the_measure_reports_what_comes_together(tmp_path: Path) -> None:
    samples(tmp_path)
    made, seen = mutations.measure(tmp_path, 20)
    several = [outcome._replace(codes=("OUT001", "OUT011")) for outcome in seen[:3]]
    report = list(mutations.report(made, [*several, *seen[3:]]))

    assert report[0].startswith(f"{made:,} mutants, {len(seen):,} seen by a rule")
    assert "      3  OUT001 + OUT011" in report
    assert len([line for line in report if line.endswith(": OUT001, OUT011")]) == 3
