"""The data that findings are."""

from __future__ import annotations

import pytest
from msgspec import structs

from rtproto.findings import Finding, Report, SessionReport, Severity, Unchecked


def test_severities_are_named_and_ordered() -> None:
    assert Severity.parse("warning") is Severity.WARNING
    assert Severity.ERROR > Severity.WARNING > Severity.INFO
    with pytest.raises(ValueError, match="no severity 'fatal'; there are: error, warning, info"):
        Severity.parse("fatal")


def test_roots_are_the_findings_that_are_nobodys_consequence() -> None:
    root = Finding(code="OUT016", name="delta-after-done", severity=Severity.ERROR, line=3)
    note = Finding(code="SES001", name="first-event-not-session-created", severity=Severity.INFO, line=1)
    consequence = Finding(
        code="OUT009", name="content-part-unpaired", severity=Severity.ERROR, line=4, caused_by=1
    )
    session = SessionReport(
        path="a.jsonl",
        dialect="ga",
        profile="openai",
        mode="complete",
        events=4,
        findings=(note, root, consequence),
    )
    report = Report(sessions=(session, session), unchecked=(Unchecked("b.jsonl", "it is empty"),))

    assert session.roots() == (note, root)
    assert report.roots(Severity.WARNING) == (root, root)


def test_a_root_counts_as_grave_as_the_worst_of_its_consequences() -> None:
    root = Finding(code="OUT026", name="conversation-mirror-missing", severity=Severity.WARNING, line=3)
    consequence = Finding(
        code="ITM003", name="item-done-before-added", severity=Severity.ERROR, line=4, caused_by=0
    )
    alone = SessionReport(
        path="a.jsonl", dialect="ga", profile="openai", mode="complete", events=4, findings=(root,)
    )
    both = structs.replace(alone, findings=(root, consequence))

    assert alone.roots(Severity.ERROR) == ()
    assert both.roots(Severity.ERROR) == both.roots() == (root,)
