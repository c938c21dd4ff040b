"""The JSON and JSONL reports, and the schema that describes them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from rtproto.findings import Report, Severity, Unchecked
from rtproto.reports import Options, render, schema
from tests.report_samples import BROKEN, CLEAN, FOLLOWS, LATE, OPEN, REPORT, UNKNOWN, rules, session

__all__ = ["rules"]
pytestmark = pytest.mark.usefixtures("rules")

SCHEMA: dict[str, Any] = json.loads(schema.text())
DOCUMENT = jsonschema.Draft202012Validator(SCHEMA)
LINE = jsonschema.Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": "#/$defs/jsonl_line"})


def document(report: Report, **options: Any) -> Any:
    return json.loads(render(report, "json", Options(**options)))


def lines(report: Report, **options: Any) -> list[Any]:
    return [json.loads(line) for line in render(report, "jsonl", Options(**options)).splitlines()]


LATE_OBJECT = {
    "code": "OUT016",
    "name": "delta-after-done",
    "severity": "error",
    "line": 41,
    "message": "a text delta arrived after the part was done",
    "event_id": "event_CnHJzkZuBjxDXVTNsT5vu",
    "event": {
        "line": 41,
        "direction": "server",
        "type": "response.output_text.delta",
        "fields": {
            "event_id": "event_CnHJzkZuBjxDXVTNsT5vu",
            "response_id": "resp_CnHJyLq2vlzqQEUVHLCBz",
            "item_id": "item_CnHJzbWxmXzEpJ9uQk8w8",
            "output_index": 0,
            "content_index": 0,
            "delta": "Hello",
        },
    },
    "witnesses": [
        {"line": 30, "type": "response.content_part.added", "direction": "server", "note": "opened the part"},
        {"line": 36, "type": "response.content_part.done", "direction": "server", "note": "closed the part"},
    ],
    "state": "done",
    "machine": "content part",
    "allowed": ["response.output_item.done"],
    "caused_by": None,
    "count": 1,
    "last_line": None,
}
FOLLOWS_OBJECT = {
    "code": "ITM001",
    "name": "item-unknown",
    "severity": "error",
    "line": 44,
    "message": "item item_9 was never announced, only item_1, item_2",
    "event_id": None,
    "event": None,
    "witnesses": [],
    "state": "",
    "machine": "",
    "allowed": [],
    "caused_by": 0,
    "count": 1,
    "last_line": None,
}
SUMMARY = {
    "files": 2,
    "files_not_checked": 1,
    "sessions": 2,
    "events": 195,
    "by_severity": {"error": 1, "warning": 0, "info": 0},
    "by_code": {"OUT016": 1},
    "follow_on": 1,
}


def test_the_document() -> None:
    report = Report((session(LATE, FOLLOWS), CLEAN), REPORT.unchecked)

    assert document(report) == {
        "schema": "rtproto-report/1",
        "sessions": [
            {
                "path": "session.jsonl",
                "dialect": "ga",
                "profile": "openai",
                "profile_reason": "the session looks like OpenAI's",
                "mode": "complete",
                "events": 52,
                "format": "",
                "format_reason": "",
                "limits": [],
                "losses": [],
                "off": [],
                "troubles": [],
                "troubles_left_out": 0,
                "findings": [LATE_OBJECT, FOLLOWS_OBJECT],
            },
            {
                "path": "clean.jsonl",
                "dialect": "ga",
                "profile": "openai",
                "profile_reason": "the session looks like OpenAI's",
                "mode": "complete",
                "events": 143,
                "format": "",
                "format_reason": "",
                "limits": [],
                "losses": [],
                "off": [],
                "troubles": [],
                "troubles_left_out": 0,
                "findings": [],
            },
        ],
        "unchecked": [{"path": "notes.txt", "reason": "this does not look like a recording"}],
        "summary": SUMMARY,
    }


def test_the_lines() -> None:
    report = Report((CLEAN, session(LATE, FOLLOWS)), REPORT.unchecked)

    place = {"path": "session.jsonl", "session": 1}
    assert lines(report) == [
        place | LATE_OBJECT,
        place | FOLLOWS_OBJECT,
        {"path": "notes.txt", "reason": "this does not look like a recording"},
        {"schema": "rtproto-report/1", "summary": SUMMARY},
    ]


def test_everything_is_shown_unless_asked_otherwise() -> None:
    (whole,) = document(Report((BROKEN,)))["sessions"]
    (worse,) = document(Report((BROKEN,)), min_severity=Severity.WARNING)["sessions"]

    assert [f["severity"] for f in whole["findings"]] == ["error", "error", "warning", "info"]
    assert [f["severity"] for f in worse["findings"]] == ["error", "error", "warning"]
    assert len(lines(Report((BROKEN,)), min_severity=Severity.ERROR)) == 3


def test_causes_are_counted_in_the_array_that_is_written() -> None:
    (shown,) = document(Report((session(OPEN, LATE, msgspec.structs.replace(FOLLOWS, caused_by=1)),)))[
        "sessions"
    ]
    (fewer,) = document(
        Report((session(OPEN, LATE, msgspec.structs.replace(FOLLOWS, caused_by=1)),)),
        min_severity=Severity.WARNING,
    )["sessions"]

    assert [f["caused_by"] for f in shown["findings"]] == [None, None, 1]
    assert [f["caused_by"] for f in fewer["findings"]] == [None, 0]


def test_the_summary_counts_what_is_not_shown_too() -> None:
    summary = document(Report((BROKEN,)), min_severity=Severity.ERROR)["summary"]

    assert summary["by_severity"] == {"error": 1, "warning": 1, "info": 1}
    assert summary["by_code"] == {"ITM001": 1, "OUT016": 1, "RSP007": 1}


def test_an_event_without_an_id() -> None:
    (shown,) = document(Report((session(UNKNOWN),)))["sessions"]

    assert shown["findings"][0]["event_id"] is None


@pytest.mark.parametrize(
    "report",
    [
        REPORT,
        Report(),
        Report((CLEAN,)),
        Report(unchecked=(Unchecked("a\ud800", "\ud800"),)),
        schema.sample(),
    ],
)
def test_documents_and_lines_fit_the_schema(report: Report) -> None:
    assert [error.message for error in DOCUMENT.iter_errors(document(report))] == []
    assert [error.message for line in lines(report) for error in LINE.iter_errors(line)] == []


def test_the_schema_is_one_and_in_step() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert schema.problems() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(more=1),
        lambda d: d["sessions"][0].pop("mode"),
        lambda d: d["sessions"][0]["findings"][0].update(more=1),
        lambda d: d["sessions"][0]["findings"][0].update(code="delta-after-done"),
        lambda d: d["sessions"][0]["findings"][0].update(severity="fatal"),
        lambda d: d["sessions"][0]["findings"][0]["witnesses"][0].pop("note"),
        lambda d: d["sessions"][0]["findings"][0]["event"].update(direction="both"),
        lambda d: d["summary"]["by_severity"].update(fatal=1),
        lambda d: d.update(schema="rtproto-report/2"),
    ],
)
def test_the_schema_refuses(change: Any) -> None:
    changed = document(REPORT)
    change(changed)

    assert not DOCUMENT.is_valid(changed)


def test_problems_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = json.loads(schema.text())
    wrong["$defs"]["witness"]["properties"]["colour"] = {"type": "string"}
    del wrong["$defs"]["witness"]["properties"]["note"]
    monkeypatch.setattr(schema, "text", lambda: json.dumps(wrong))

    found = schema.problems()
    assert "the writer emits 'note', which the schema does not describe" in found
    assert "the schema describes 'colour', which the writer does not emit" in found
    assert any("'note' was unexpected" in problem for problem in found)


def test_without_jsonschema_the_keys_are_still_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "find_spec", lambda name: None)

    assert schema.problems() == []
