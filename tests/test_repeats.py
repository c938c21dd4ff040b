"""What a session does wrong again and again is one finding."""

from __future__ import annotations

import re

import msgspec

from rtproto.checker import SessionChecker
from rtproto.checker_repeats import collapse
from rtproto.findings import Excerpt, Finding, SessionReport, Severity
from rtproto.reports import Options, render
from rtproto.reports.words import times
from rtproto.rules.examples import change, drop
from rtproto.rules.sessions import Session, session
from tests.report_samples import REPORT


def finding(line: int, **changes: object) -> Finding:
    values: dict[str, object] = {
        "code": "SHP001",
        "name": "required-field-missing",
        "severity": Severity.ERROR,
        "line": line,
        "event": Excerpt(line, "server", "response.output_item.added", (("item.id", f"my-{line}"),)),
        "args": {
            "path": "$.item.content",
            "item": f"my-{line}",
            "listed": [f"item_{line}", None],
            "more": {1},
        },
    }
    return Finding(**(values | changes))  # type: ignore[arg-type]  # as the members are


def check(lines: Session) -> tuple[SessionChecker, SessionReport]:
    checker = SessionChecker()
    for direction, event in lines:
        checker.feed(direction, msgspec.json.encode(event))
    checker.close()
    return checker, checker.report()


def without_output_index(lines: Session) -> Session:
    """Every text delta lacks its output_index."""
    for nth, (_, event) in enumerate(lines):
        if event["type"] == "response.output_text.delta":
            lines[nth] = ("server", {k: v for k, v in event.items() if k != "output_index"})
    return lines


def test_repetitions_are_counted_in_the_report_only() -> None:
    checker, report = check(without_output_index(session("text_turn")))

    each = [f for f in checker.findings if f.caused_by is None]
    assert [f.code for f in each] == ["SHP001"] * len(each)
    assert len(each) == 6
    assert {f.count for f in each} == {1}
    told, follows = report.findings
    assert (follows.code, follows.caused_by, follows.count) == ("OUT011", 0, 2)
    assert (told.count, told.line, told.last_line) == (6, each[0].line, each[-1].line)


def test_ids_aside() -> None:
    assert [f.count for f in collapse([finding(1), finding(2), finding(9), finding(5)])] == [4]
    assert collapse([finding(1), finding(2), finding(9), finding(5)])[0].last_line == 9


def test_what_differs_stays_apart() -> None:
    other = [
        finding(2, code="SHP002"),
        finding(2, severity=Severity.INFO),
        finding(2, machine="stream"),
        finding(2, machine="stream", state="done"),
        finding(2, event=None),
        finding(2, args={"path": "$.item_id"}),
        finding(2, args={"path": "$.event_id"}),
        finding(2, args={"index": 1}),
        finding(2, args={"index": 2}),
        finding(2, args={"index": None}),
    ]
    together = collapse([finding(1), *other])

    assert together == (finding(1), *other)


def test_uuids_and_long_words_with_digits_are_ids() -> None:
    named = [
        finding(n, args={"actual": f"not {name}"})
        for n, name in enumerate(
            (
                "939d83ab-9b98-4839-87aa-1fe2b76b65ef",
                "939d83ab-9b98-4839-87aa-1fe2b76b65e0",
                "CnHJyLq2vlzqQEUVHLCBz",
                "item_CnHJzbWxmXzEp",
            )
        )
    ]
    assert [f.count for f in collapse(named)] == [4]


def test_consequences_keep_their_cause() -> None:
    """Root, its consequence, a root of another kind, then the first again with a consequence like the first's."""
    findings = [
        finding(1),
        finding(2, code="ITM001", caused_by=0),
        finding(3, code="OUT001"),
        finding(4),
        finding(5, code="ITM001", caused_by=3),
        finding(6, code="OUT002", caused_by=2),
        finding(7, code="OUT002", caused_by=3),
    ]

    assert [(f.code, f.line, f.count, f.caused_by) for f in collapse(findings)] == [
        ("SHP001", 1, 2, None),
        ("ITM001", 2, 2, 0),
        ("OUT001", 3, 1, None),
        ("OUT002", 6, 1, 2),
        ("OUT002", 7, 1, 0),
    ]


def test_the_text_tells_how_often_and_where() -> None:
    repeated = msgspec.structs.replace(
        REPORT, sessions=(check(without_output_index(session("text_turn")))[1],)
    )

    assert re.search(r"is required \(6 times, lines \d+…\d+\)", " ".join(render(repeated).split()))
    quiet = render(repeated, options=Options(quiet=True))
    assert re.search(r"is required \(6 times, lines \d+…\d+\)\n", quiet)


def test_times() -> None:
    assert times(finding(1)) == ""
    assert times(finding(1, count=37, last_line=480)) == " (37 times, lines 1…480)"
    assert times(finding(0, count=2, last_line=0)) == " (2 times)"


def test_a_single_fault_is_not_counted() -> None:
    _, report = check(drop("response.created").apply(session("text_turn")))
    assert [(f.code, f.count, f.last_line) for f in report.roots()] == [("RSP001", 1, None)]
    _, report = check(change("response.done", "response.usage.total_tokens", 31).apply(session("text_turn")))
    assert [f.count for f in report.findings] == [1]
