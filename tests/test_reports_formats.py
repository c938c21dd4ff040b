"""The formats for other programs: what they say of the sample report, and that the published schemas agree."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from msgspec.structs import replace

import rtproto
from rtproto.findings import Finding, Report, Severity, Unchecked
from rtproto.reports import FORMATS, Options, render, sarif, summary
from tests.report_samples import BROKEN, CLEAN, FOLLOWS, LATE, OPEN, REPORT, UNKNOWN, rules, session

__all__ = ["rules"]
pytestmark = pytest.mark.usefixtures("rules")

SCHEMAS = Path(__file__).parent / "schemas"
SARIF = jsonschema.Draft4Validator(
    json.loads(gzip.decompress((SCHEMAS / "sarif-2.1.0-rtm.5.json.gz").read_bytes())),
    format_checker=jsonschema.FormatChecker(),
)
JUNIT = xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd")
# What GitLab's documentation of "Code quality report format" asks for.
GITLAB = jsonschema.Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,64}$"},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": r"^(?!\./)"},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": {"type": "integer", "minimum": 1}},
                        },
                    },
                },
            },
        },
    }
)


def sarif_errors(text: str) -> list[str]:
    return [error.message for error in SARIF.iter_errors(json.loads(text))]


def junit_errors(text: str) -> list[str]:
    return [str(error.reason) for error in JUNIT.iter_errors(ET.fromstring(text))]


def gitlab_errors(text: str) -> list[str]:
    issues = json.loads(text)
    names = [issue.get("fingerprint") for issue in issues]
    return [error.message for error in GITLAB.iter_errors(issues)] + ["twice"] * (
        len(names) - len(set(names))
    )


def many(count: int, **changes: Any) -> tuple[Finding, ...]:
    """Findings of one rule on as many lines."""
    return tuple(replace(UNKNOWN, line=line, **changes) for line in range(1, count + 1))


def of_rules(count: int, severity: Severity) -> tuple[Finding, ...]:
    """Findings of as many rules."""
    return tuple(replace(UNKNOWN, code=f"XYZ{number:03}", severity=severity) for number in range(count))


REPORTS = [
    REPORT,
    Report(),
    Report((CLEAN, CLEAN)),
    Report((session(OPEN, path="/elsewhere/x.jsonl"), session(LATE, LATE, LATE)), REPORT.unchecked * 2),
    Report((session(Finding("XYZ001", "something-odd", Severity.ERROR, 0), path="<stdin>"),)),
    Report((session(path="a\ud800\x00 b%?#:.jsonl"),), (Unchecked("a\udc80", "\ud800"),)),
]


@pytest.mark.parametrize(
    "format, errors", [("sarif", sarif_errors), ("junit", junit_errors), ("gitlab", gitlab_errors)]
)
@pytest.mark.parametrize("report", REPORTS)
def test_the_published_schema_agrees(format: str, errors: Callable[[str], list[str]], report: Report) -> None:
    if format == "gitlab":
        report = Report(report.sessions, tuple(dict.fromkeys(report.unchecked)))
    assert errors(render(report, format)) == []


def test_the_schemas_refuse_what_is_wrong() -> None:
    assert sarif_errors('{"version": "2.1.0", "runs": [{"results": []}]}') == [
        "'tool' is a required property"
    ]
    assert junit_errors("<testsuites><testsuite/></testsuites>") != []
    assert gitlab_errors('[{"severity": "bad"}]') != []


# concise


def test_concise() -> None:
    assert (
        render(REPORT, "concise")
        == """\
session.jsonl:7: warning[ITM001] item-unknown: item item_7 was never announced, only none
session.jsonl:41: error[OUT016] delta-after-done: a text delta arrived after the part was done (+1 consequence)
notes.txt: not checked: this does not look like a recording
checked 2 files, 195 events: 1 error, 1 warning (1 info not shown; --min-severity info shows it); \
1 path not checked
"""
    )


def test_concise_with_everything() -> None:
    options = Options(
        verbose=True, statistics=True, min_severity=Severity.INFO, color=True, list_unchecked=False
    )
    assert (
        re.sub(r"\x1b\[[\d;]*m", "", render(REPORT, "concise", options))
        == """\
session.jsonl:7: warning[ITM001] item-unknown: item item_7 was never announced, only none
session.jsonl:41: error[OUT016] delta-after-done: a text delta arrived after the part was done
session.jsonl:44: error[ITM001] item-unknown: item item_9 was never announced, only item_1, item_2
session.jsonl:52: info[RSP007] response-never-done: response resp_1 is still open
findings by rule:
       1  warning  ITM001 item-unknown
       1  error    OUT016 delta-after-done
       1  info     RSP007 response-never-done
events by type:
      40  response.output_text.delta
       2  response.created
checked 2 files, 195 events: 1 error, 1 warning, 1 info; 1 path not checked
"""
    )


def test_concise_and_quiet() -> None:
    assert render(Report((BROKEN,)), "concise", Options(quiet=True, min_severity=Severity.ERROR)) == (
        "session.jsonl:41: error[OUT016] delta-after-done: "
        "a text delta arrived after the part was done (+1 consequence)\n"
    )


# sarif


def place(line: int, path: str = "session.jsonl") -> dict[str, Any]:
    artifact = {"uri": path, "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}}}


def test_sarif() -> None:
    log = json.loads(render(Report((session(LATE, FOLLOWS),), REPORT.unchecked), "sarif"))
    [run] = log["runs"]
    [result] = run["results"]

    opened = {"text": "response.content_part.added: opened the part"}
    closed = {"text": "response.content_part.done: closed the part"}
    broke = {"text": "a text delta arrived after the part was done"}
    fingerprint = result.pop("partialFingerprints")
    assert result == {
        "ruleId": "OUT016",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "a text delta arrived after the part was done (+1 consequence)"},
        "locations": [place(41)],
        "relatedLocations": [
            {"id": 1, **place(30), "message": opened},
            {"id": 2, **place(36), "message": closed},
        ],
        "codeFlows": [
            {
                "threadFlows": [
                    {
                        "locations": [
                            {"location": {**place(30), "message": opened}, "importance": "important"},
                            {"location": {**place(36), "message": closed}, "importance": "important"},
                            {"location": {**place(41), "message": broke}, "importance": "essential"},
                        ]
                    }
                ]
            }
        ],
        "properties": {
            "eventId": "event_CnHJzkZuBjxDXVTNsT5vu",
            "direction": "server",
            "machine": "content part",
            "state": "done",
            "allowed": ["response.output_item.done"],
            "consequences": 1,
        },
    }
    assert re.fullmatch("[0-9a-f]{32}", fingerprint["rtprotoShape/v1"])
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [
                {
                    "level": "error",
                    "message": {"text": "notes.txt: not checked: this does not look like a recording"},
                    "locations": [place(1, "notes.txt")],
                }
            ],
        }
    ]
    assert log["version"] == "2.1.0"
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("rtproto", rtproto.__version__)
    assert driver["rules"] == [
        {
            "id": "OUT016",
            "name": "delta-after-done",
            "shortDescription": {"text": "Nothing is added to a part after it was closed."},
            "fullDescription": {
                "text": "Nothing is added to a part after it was closed. A client that shows or speaks the text "
                "when the part is done never shows what comes later. A second paragraph of reasons."
            },
            "help": {
                "text": "Nothing is added to a part after it was closed.\n\nA client that shows or speaks the "
                "text when the part is done never shows\nwhat comes later.\n\nA second paragraph of reasons.\n\n"
                "Known from the documentation. The reference says of `done` that the part is done streaming.\n\n"
                "Noticed as: words are missing, doubled, or differ between stream and result; the bot goes silent."
            },
            "defaultConfiguration": {"level": "error"},
            "properties": {"tags": ["realtime", "documented", "OUT"], "precision": "very-high"},
        }
    ]


def test_sarif_shows_a_repetition_once_and_a_clean_run_as_one() -> None:
    repeated = replace(UNKNOWN, count=3, last_line=19)
    [run] = json.loads(render(Report((session(repeated),)), "sarif"))["runs"]
    [result] = run["results"]

    assert result["occurrenceCount"] == 3
    assert result["message"]["text"].endswith(" (3 times, lines 7…19)")
    assert (result["level"], result["properties"]) == ("warning", {"direction": "client", "lastLine": 19})
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_sarif_messages_hold_no_placeholder_and_no_link() -> None:
    odd = replace(UNKNOWN, args={"item_id": "{0} [x](https://example.com)"})
    [run] = json.loads(render(Report((session(odd),)), "sarif"))["runs"]

    assert run["results"][0]["message"]["text"].startswith("item {{0}} [x] (https://example.com) was never")


@pytest.mark.parametrize(
    "path, uri",
    [
        ("a b/c#d%.jsonl", "a%20b/c%23d%25.jsonl"),
        ("./x.jsonl", "x.jsonl"),
        (str(Path.cwd() / "x" / "y.jsonl"), "x/y.jsonl"),
        ("../x.jsonl", "../x.jsonl"),
        ("häß.jsonl", "h%C3%A4%C3%9F.jsonl"),
        ("a\udcff.jsonl", "a%FF.jsonl"),
        ("::x", "%3A%3Ax"),
    ],
)
def test_sarif_names_files_by_uri_references(path: str, uri: str) -> None:
    [run] = json.loads(render(Report((session(UNKNOWN, path=path),)), "sarif"))["runs"]

    assert run["results"][0]["locations"] == [place(7, uri)]


def test_sarif_of_a_file_elsewhere() -> None:
    [run] = json.loads(render(Report((session(UNKNOWN, path="/else where/x"),)), "sarif"))["runs"]

    [location] = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "file:///else%20where/x"}


def test_sarif_keeps_the_worst_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 3)
    monkeypatch.setattr(sarif, "MOST_LOCATIONS", 1)
    log = json.loads(render(Report((session(*many(4), LATE),)), "sarif"))

    [run] = log["runs"]
    assert [
        (r["ruleId"], r["locations"][0]["physicalLocation"]["region"]["startLine"]) for r in run["results"]
    ] == [
        ("OUT016", 41),
        ("ITM001", 1),
        ("ITM001", 2),
    ]
    assert len(run["results"][0]["relatedLocations"]) == 1
    assert [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]] == [
        "2 findings left out: a run has at most 3 results"
    ]
    assert sarif_errors(json.dumps(log)) == []


def test_githubs_limits_of_sarif() -> None:
    # docs.github.com, "SARIF results exceed one or more limits" and "Results exceed the limit".
    assert sarif.MOST_RESULTS == 25_000
    assert sarif.MOST_LOCATIONS <= 1_000


# junit


def test_junit() -> None:
    assert (
        render(REPORT, "junit")
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="rtproto" tests="4" failures="1" errors="1">
  <testsuite name="session.jsonl" tests="2" failures="1" errors="0" skipped="0" time="0">
    <testcase classname="rtproto" name="OUT016 delta-after-done" time="0">
      <failure type="OUT016" message="session.jsonl:41: error: a text delta arrived after the part was done \
(+1 consequence)">session.jsonl:41: error: a text delta arrived after the part was done (+1 consequence)</failure>
    </testcase>
    <testcase classname="rtproto" name="ITM001 item-unknown" time="0">
      <system-out>session.jsonl:7: warning: item item_7 was never announced, only none</system-out>
    </testcase>
  </testsuite>
  <testsuite name="clean.jsonl" tests="1" failures="0" errors="0" skipped="0" time="0">
    <testcase classname="rtproto" name="no findings" time="0" />
  </testsuite>
  <testsuite name="notes.txt" tests="1" failures="0" errors="1" skipped="0" time="0">
    <testcase classname="rtproto" name="not checked" time="0">
      <error type="not-checked" message="this does not look like a recording" />
    </testcase>
  </testsuite>
</testsuites>
"""
    )


@pytest.mark.parametrize(
    "level, failures",
    [(Severity.ERROR, ["OUT016"]), (Severity.WARNING, ["OUT016", "ITM001"]), (None, [])],
)
def test_junit_fails_what_fails_the_run(level: Severity | None, failures: list[str]) -> None:
    suites = ET.fromstring(render(REPORT, "junit", Options(fail_level=level)))

    assert [failure.get("type") for failure in suites.iter("failure")] == failures


def test_junit_has_one_case_for_a_rule_in_a_file_of_several_connections() -> None:
    report = Report((session(*many(2)), session(*many(1))))
    [suite] = ET.fromstring(render(report, "junit"))

    [case] = suite
    assert case.get("name") == "ITM001 item-unknown"
    assert (case.findtext("system-out") or "").count("\n") == 2


# github


def test_github() -> None:
    assert (
        render(Report((*REPORT.sessions, session(LATE, path="b.jsonl")), REPORT.unchecked), "github")
        == """\
::error file=notes.txt,title=not checked::not checked: this does not look like a recording
::error file=session.jsonl,line=41,title=OUT016 delta-after-done::a text delta arrived after the part was done \
(+1 consequence); and 1 more in 1 file
::warning file=session.jsonl,line=7,title=ITM001 item-unknown::item item_7 was never announced, only none
checked 3 files, 247 events: 2 errors, 1 warning (1 info not shown; --min-severity info shows it); \
1 path not checked
"""
    )


def test_github_keeps_within_ten_of_a_kind() -> None:
    findings = (
        *of_rules(12, Severity.INFO),
        *(replace(f, code=f"W{f.code}") for f in of_rules(11, Severity.WARNING)),
        *(replace(f, code=f"E{f.code}") for f in of_rules(13, Severity.ERROR)),
    )
    lines = render(Report((session(*findings),)), "github", Options(min_severity=Severity.INFO)).splitlines()

    kinds = [line.split(" ")[0] for line in lines]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10 + ["checked"]
    assert lines[-2] == "::notice title=rtproto::7 more not shown here: GitHub keeps 10 annotations of a kind"


def test_github_escapes_what_would_end_a_value() -> None:
    odd = replace(UNKNOWN, args={"item_id": "50%\n::error::x ##[error]y"})

    first, _ = render(Report((session(odd, path="a:b,c%.jsonl"),)), "github").splitlines()
    assert first == (
        "::warning file=a%3Ab%2Cc%25.jsonl,line=7,title=ITM001 item-unknown"
        "::item 50%25\\n::error::x # #[error]y was never announced, only ?"
    )


def test_github_points_at_a_file_where_there_is_no_line() -> None:
    whole = replace(UNKNOWN, line=0)

    assert render(Report((session(whole),)), "github").startswith("::warning file=session.jsonl,title=ITM001")


# gitlab


def test_gitlab() -> None:
    issues = json.loads(render(REPORT, "gitlab"))

    names = [issue.pop("fingerprint") for issue in issues]
    assert len(set(names)) == 4
    assert issues == [
        {
            "check_name": "not-checked",
            "severity": "blocker",
            "description": "not checked: this does not look like a recording",
            "location": {"path": "notes.txt", "lines": {"begin": 1}},
        },
        {
            "check_name": "OUT016",
            "severity": "major",
            "description": "delta-after-done: a text delta arrived after the part was done (+1 consequence)",
            "location": {"path": "session.jsonl", "lines": {"begin": 41}},
        },
        {
            "check_name": "ITM001",
            "severity": "minor",
            "description": "item-unknown: item item_7 was never announced, only none",
            "location": {"path": "session.jsonl", "lines": {"begin": 7}},
        },
        {
            "check_name": "RSP007",
            "severity": "info",
            "description": "response-never-done: response resp_1 is still open",
            "location": {"path": "session.jsonl", "lines": {"begin": 52}},
        },
    ]


# summary


def test_summary() -> None:
    assert (
        render(REPORT, "summary")
        == """\
### rtproto

<p>checked 2 files, 195 events: 1 error, 1 warning (1 info not shown; --min-severity info shows it); \
1 path not checked</p>

<table>
<tr><th></th><th>rule</th><th>where</th><th>what</th></tr>
<tr><td>not checked</td><td></td><td>notes.txt</td><td>this does not look like a recording</td></tr>
<tr><td>error</td><td>OUT016 delta-after-done</td><td>session.jsonl:41</td>\
<td>a text delta arrived after the part was done (+1 consequence)</td></tr>
<tr><td>warning</td><td>ITM001 item-unknown</td><td>session.jsonl:7</td>\
<td>item item_7 was never announced, only none</td></tr>
</table>
"""
    )


def test_summary_of_a_clean_run_and_of_a_finding_without_a_line() -> None:
    assert render(Report((CLEAN,)), "summary") == (
        "### rtproto\n\n<p>checked 1 file, 143 events: no findings</p>\n"
    )
    assert "<td>session.jsonl</td>" in render(Report((session(replace(UNKNOWN, line=0)),)), "summary")


def test_summary_stays_below_what_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary.MOST_BYTES < 1024 * 1024
    monkeypatch.setattr(summary, "MOST_BYTES", 1_000)
    written = render(Report((session(*many(100)),)), "summary")

    shown = written.count("<td>warning</td>")
    assert 0 < shown < 10
    assert f'<tr><td colspan="4">… and {100 - shown} more</td></tr>\n</table>\n' in written


def test_every_format_is_tested_here_or_by_its_own_file() -> None:
    assert FORMATS == (
        "full",
        "concise",
        "json",
        "jsonl",
        "sarif",
        "junit",
        "github",
        "gitlab",
        "summary",
        "totals",
    )
