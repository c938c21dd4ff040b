"""Reports for runs of any size: one line a file and a rule, and findings as Parquet."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet
import pytest

from rtproto.findings import Excerpt, Finding, Report, Severity, Unchecked, Witness
from rtproto.reports import Options, binary_reporter, parquet, render
from tests.command import BROKEN, Run, here, run
from tests.report_samples import session
from tests.test_reports_hostile import HOSTILE, LIVE, hostile_session

__all__ = ["here", "run"]


def finding(code: str = "XYZ001", line: int = 1, **more: Any) -> Finding:
    return Finding(code, "odd-thing", **({"severity": Severity.ERROR, "line": line} | more))


def at(path: str, *findings: Finding) -> Any:
    import msgspec

    return msgspec.structs.replace(session(*findings), path=path, events=7)


# Totals


def test_a_line_for_each_file_and_for_each_rule() -> None:
    warning = Severity.WARNING
    report = Report(
        (
            at("a", finding(line=4), finding("XYZ002", 5, severity=warning), finding(line=9)),
            at("a", finding("XYZ002", 2, severity=warning), finding("XYZ003", 3, caused_by=0)),
            at("b"),
            at("c", finding("XYZ002", 0), finding("XYZ004", 1, severity=Severity.INFO)),
        ),
        (Unchecked("d", "it is empty"),),
    )

    assert render(report, "totals") == (
        "a: 14 events: 2 errors, 2 warnings: XYZ001×2 XYZ002×2\n"
        "b: 7 events: no findings\n"
        "c: 7 events: 1 error: XYZ002\n"
        "d: not checked: it is empty\n"
        "error[XYZ002] odd-thing: 3 in 2 files, first a:5\n"
        "error[XYZ001] odd-thing: 2 in 1 file, first a:4\n"
        "checked 3 files, 4 sessions, 28 events: 3 errors, 2 warnings "
        "(1 info not shown; --min-severity info shows it); 1 path not checked\n"
    )
    quiet = render(report, "totals", Options(quiet=True))
    assert "b: 7" not in quiet
    assert "checked 3" not in quiet


def test_nothing_at_all() -> None:
    assert render(Report(), "totals") == "nothing checked\n"


# Parquet


def table(report: Report, options: Options | None = None) -> Any:
    file = io.BytesIO()
    writer = binary_reporter("parquet", file, options)
    for each in report.sessions:
        writer.session(each)
    for unchecked in report.unchecked:
        writer.unchecked(unchecked)
    writer.finish()
    return pyarrow.parquet.ParquetFile(io.BytesIO(file.getvalue()))


def test_the_columns_have_their_types() -> None:
    names = {
        "path": "string",
        "session": "int64",
        "line": "int64",
        "rule": "string",
        "name": "string",
        "severity": "string",
        "message": "string",
        "caused_by": "int64",
        "count": "int64",
        "last_line": "int64",
        "event_type": "string",
        "event_id": "string",
        "direction": "string",
        "machine": "string",
        "state": "string",
        "allowed": "list<element: string>",
        "witnesses": "list<element: struct<line: int64, type: string, direction: string, note: string>>",
        "dialect": "string",
        "profile": "string",
    }
    schema = table(Report()).schema_arrow

    assert {name: str(schema.field(name).type) for name in schema.names} == names


def test_a_row_for_each_finding_and_for_each_path_that_was_not_checked() -> None:
    first = finding(
        line=41,
        event=Excerpt(41, "server", "response.done", (("event_id", "event_9"),)),
        witnesses=(Witness(36, "response.created", "opened it"),),
        allowed=("error",),
        machine="response",
        state="done",
        count=3,
        last_line=80,
    )
    second = finding("XYZ002", 42, caused_by=0)
    file = table(Report((at("a"), at("b", first, second)), (Unchecked("c", "it is empty"),)))

    rows = file.read().to_pylist()
    assert rows[0] == {
        "path": "b",
        "session": 1,
        "line": 41,
        "rule": "XYZ001",
        "name": "odd-thing",
        "severity": "error",
        "message": "odd thing",
        "caused_by": None,
        "count": 3,
        "last_line": 80,
        "event_type": "response.done",
        "event_id": "event_9",
        "direction": "server",
        "machine": "response",
        "state": "done",
        "allowed": ["error"],
        "witnesses": [{"line": 36, "type": "response.created", "direction": "server", "note": "opened it"}],
        "dialect": "ga",
        "profile": "openai",
    }
    assert [rows[1][name] for name in ("rule", "caused_by", "event_type", "direction")] == [
        "XYZ002",
        0,
        None,
        None,
    ]
    assert {name: value for name, value in rows[2].items() if value is not None} == {
        "path": "c",
        "message": "it is empty",
    }
    kept = json.loads(file.metadata.metadata[b"rtproto"])
    assert kept["schema"] == "rtproto-report/1"
    assert (kept["summary"]["sessions"], kept["summary"]["by_code"]) == (2, {"XYZ001": 1})


def test_rows_are_written_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP", 4)
    file = table(Report((at("a", *(finding(line=line) for line in range(10))),)))

    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [4, 4, 2]
    assert file.read().column("line").to_pylist() == list(range(10))


def test_severities_that_are_not_wanted_have_no_row() -> None:
    low = finding("XYZ002", severity=Severity.INFO)

    assert table(Report((at("a", low),))).metadata.num_rows == 1
    assert table(Report((at("a", low),)), Options(min_severity=Severity.WARNING)).metadata.num_rows == 0


def test_hostile_content_is_harmless_in_parquet_too() -> None:
    rows = table(Report((hostile_session(HOSTILE),), (Unchecked(HOSTILE[:60], HOSTILE),))).read().to_pylist()

    assert [
        value for row in rows for value in row.values() if isinstance(value, str) and not value.isprintable()
    ] == []
    assert [part for part in LIVE if part in json.dumps(rows, ensure_ascii=False)] == []


# The command


def test_parquet_is_written_to_a_file_only(run: Run) -> None:
    assert (
        "parquet is no text: -o parquet=PATH writes it to a file" in run("broken.jsonl", "-f", "parquet")[2]
    )


def test_parquet_holds_what_jsonl_does(run: Run, here: Path) -> None:
    (here / "odd.jsonl").write_bytes(BROKEN * 3)
    status, out, _ = run(
        "broken.jsonl", "odd.jsonl", "none", "-f", "jsonl", "-o", "parquet=x.parquet", "-j", "2"
    )

    file = pyarrow.parquet.ParquetFile(here / "x.parquet")
    *lines, summary = map(json.loads, out.splitlines())
    rows = file.read().to_pylist()
    assert status == 2
    assert [(row["path"], row["line"], row["rule"], row["caused_by"]) for row in rows] == [
        (line["path"], line.get("line"), line.get("code"), line.get("caused_by")) for line in lines
    ]
    assert json.loads(file.metadata.metadata[b"rtproto"]) == summary


def test_without_pyarrow(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert "parquet needs pyarrow: pip install 'rtproto[fleet]'" in run("broken.jsonl", "-o", "parquet=x")[2]


def test_reports_may_be_written_to_urls(run: Run, here: Path) -> None:
    run("broken.jsonl", "-o", "parquet=memory://out/x.parquet", "-o", "jsonl=memory://out/x.jsonl")

    files = fsspec.filesystem("memory")
    with files.open("/out/x.parquet") as file:
        assert pyarrow.parquet.read_table(file).num_rows == 1
    assert files.cat_file("/out/x.jsonl").decode() == run("broken.jsonl", "-f", "jsonl")[1]
    files.rm("/out", recursive=True)
    err = run("broken.jsonl", "-o", "json=nothing://me:hidden@host/x")[2]
    assert "nothing://me:[masked]@host/x cannot be written: " in err
    assert "hidden" not in err


@pytest.mark.parametrize("failing", ["write", "close"])
def test_a_store_that_takes_no_more(failing: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from rtproto import remote

    class Full(io.BytesIO):
        def fails(self, *_: object) -> int:
            raise RuntimeError("quota")

    setattr(Full, failing, Full.fails)
    monkeypatch.setattr(
        remote, "_open_system", lambda url: (type("Files", (), {"open": lambda *_: Full()})(), "x")
    )

    status, _, err = run("broken.jsonl", "-o", "json=s3://bucket/x")
    assert (status, err) == (2, "rtproto: cannot write the report: its store says RuntimeError: quota\n")
