"""Every rule keeps what it promises: its example breaks it and nothing else, the twin breaks nothing."""

from __future__ import annotations

import re

import pytest

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity
from rtproto.rules import RULES, Rule
from rtproto.rules.base import SYMPTOMS, Unjudged
from rtproto.rules.examples import Edit, Example, at, change, drop, upto
from rtproto.rules.rst import RestRule
from rtproto.rules.sessions import SESSIONS, session
from rtproto.wire import MAX_LINE_BYTES

rules = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
JUDGED = {code: rule for code, rule in RULES.items() if not issubclass(rule, (Unjudged, RestRule))}
judged = pytest.mark.parametrize("rule", JUDGED.values(), ids=list(JUDGED))
NOTES = {code: rule for code, rule in JUDGED.items() if rule.severity is Severity.INFO}
"""Rules that only note something; the others blame."""
noting = pytest.mark.parametrize("rule", NOTES.values(), ids=list(NOTES))
BLAMES = {code: rule for code, rule in JUDGED.items() if code not in NOTES}
blaming = pytest.mark.parametrize("rule", BLAMES.values(), ids=list(BLAMES))
STARRED = [
    "SES001",
    "DIA001",
    "DIA005",
    "DIA009",
    "DIA018",
    "ITM001",
    "ITM003",
    "ITM010",
    "ITM020",
    "ITM021",
    "IAB001",
    "IAB003",
    "IAB008",
    "IAB011",
    "RSP001",
    "RSP004",
    "RSP005",
    "RSP007",
    "RSP009",
    "RSP010",
    "RSP020",
    "RSP024",
    "RSP025",
    "OUT001",
    "OUT002",
    "OUT005",
    "OUT007",
    "OUT009",
    "OUT011",
    "OUT012",
    "OUT013",
    "OUT021",
    "TRN003",
    "USG001",
    "TRU003",
    "OAB003",
    "MCP004",
    "ERR002",
    "CLI006",
    "CLI014",
]


def judge(example: Example, *, breaking: bool) -> list[Finding]:
    """The findings that one twin gives."""
    checker = SessionChecker(max_frame_bytes=example.limit or MAX_LINE_BYTES, strict_fields=example.strict)
    times = example.times(breaking=breaking)
    for (direction, raw), time in zip(example.lines(breaking=breaking), times, strict=True):
        checker.feed(direction, raw, time=time)
    checker.close(cut=example.cut)
    return checker.findings


def roots(findings: list[Finding], *, above: int = Severity.INFO) -> list[str]:
    return [f.code for f in findings if f.caused_by is None and f.severity > above]


def test_the_forty_rules_of_most_value_are_there() -> None:
    assert len(STARRED) == 40
    assert set(STARRED) <= set(RULES)


@blaming
def test_breaking_example_breaks_this_rule_alone(rule: type[Rule]) -> None:
    findings = judge(rule.example, breaking=True)

    assert roots(findings) == [rule.code]
    assert all(f.caused_by is None or f.caused_by < i for i, f in enumerate(findings))


@noting
def test_breaking_example_of_a_note_is_noted_and_nothing_is_blamed(rule: type[Rule]) -> None:
    noted = roots(judge(rule.example, breaking=True), above=0)
    before = roots(judge(rule.example, breaking=False), above=0)

    assert rule.code in noted
    assert rule.code not in before
    assert set(roots(judge(rule.example, breaking=True))) <= set(rule.example.beside)


@judged
def test_passing_twin_breaks_nothing(rule: type[Rule]) -> None:
    assert [f for f in judge(rule.example, breaking=False) if f.severity > Severity.INFO] == []


@rules
def test_rule_is_written_out(rule: type[Rule]) -> None:
    """Codes, names and words have the form that options, docs and reports rely on."""
    assert re.fullmatch(r"[A-Z]{3}\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert rule.__module__.split(".")[2] == rule.code[:3].lower()
    assert set(rule.symptoms) <= set(SYMPTOMS)
    assert rule.__doc__ is not None
    assert rule.__doc__.split("\n\n")[0].rstrip().endswith(".")
    assert rule.evidence.endswith(".")
    assert rule.basis in ("documented", "schema", "observed", "inferred")
    assert not rule.exceptions or rule.exceptions.endswith(".")


@judged
def test_message_is_filled_by_what_the_finding_carries(rule: type[Rule]) -> None:
    for finding in judge(rule.example, breaking=True):
        message = RULES[finding.code].message.format_map(finding.args)
        assert "{" not in message.replace('{"', "")


def test_names_are_unique() -> None:
    names = [rule.name for rule in RULES.values()]

    assert len(set(names)) == len(names)


def test_a_code_is_claimed_once() -> None:
    with pytest.raises(TypeError, match="both claim the code OUT016"):

        class Twin(Rule):
            code = "OUT016"


@pytest.mark.parametrize("name", SESSIONS)
def test_sample_sessions_are_legal(name: str) -> None:
    import msgspec

    checker = SessionChecker()
    for direction, event in session(name):
        checker.feed(direction, msgspec.json.encode(event))
    checker.close(cut=False)

    assert [f for f in checker.findings if f.severity > Severity.INFO] == []
    assert checker.mode == "complete"


@judged
def test_example_says_which_line_breaks_the_rule(rule: type[Rule]) -> None:
    lines = rule.example.lines(breaking=True)

    assert 1 <= rule.example.broken_line() <= len(lines)


def test_an_edit_that_makes_no_line_cannot_say_which_one_breaks_the_rule() -> None:
    with pytest.raises(LookupError, match="drop makes no line"):
        Example("text_turn", drop("response.done")).broken_line()
    assert Example("text_turn", drop("response.done"), found=at("response.done", -1)).broken_line() == 34


def test_edits() -> None:
    lines = session("text_turn")

    assert upto("response.created").apply(lines)[-1][1]["type"] == "conversation.item.done"
    assert "status" not in change("response.done", "response.status", ...).apply(lines)[18][1]["response"]
    with pytest.raises(LookupError, match="no edit of the kind 'invert'"):
        Edit("invert", "response.done").apply(lines)
    with pytest.raises(LookupError):
        change("response.done", "response.status", "failed", nth=7).apply(lines)
