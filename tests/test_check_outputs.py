"""Reports in files: `-o FORMAT=PATH` beside the report on standard output."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rtproto import check, console
from rtproto.reports import BINARY, FORMATS
from tests.command import BROKEN, Run, here, run

__all__ = ["here", "run"]


def test_the_formats_of_the_command_are_those_there_are() -> None:
    assert (check.FORMATS, check.BINARY) == (FORMATS, BINARY)


def test_every_format_beside_the_one_on_standard_output(here: Path, run: Run) -> None:
    outputs = [part for name in FORMATS for part in ("-o", f"{name}=report.{name}")]
    arguments = ("broken.jsonl", "clean.jsonl", "missing.jsonl")

    status, out, err = run(*arguments, *outputs)
    assert (status, err) == (2, "rtproto: missing.jsonl: not checked: no such file or directory\n")
    assert out == run(*arguments)[1]
    for name in FORMATS:
        written = (here / f"report.{name}").read_text(encoding="utf-8")
        if name in ("full", "concise", "totals"):  # a file has no standard error beside it
            written = written.replace("missing.jsonl: not checked: no such file or directory\n", "")
        assert written == run(*arguments, "-f", name)[1]


def test_a_file_is_not_coloured(here: Path, run: Run) -> None:
    _, out, _ = run("broken.jsonl", "--color", "always", "-o", "full=report.txt")

    assert "\x1b" in out
    assert "\x1b" not in (here / "report.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "argv, told",
    [
        (["-o", "sarif"], "'sarif' is not FORMAT=PATH, such as sarif=report.sarif"),
        (["-o", "sarif="], "'sarif=' is not FORMAT=PATH, such as sarif=report.sarif"),
        (["-o", "serif=x"], "no report format 'serif'; did you mean sarif?"),
        (["-f", "xml"], "no report format 'xml'; there are: full, concise, "),
        (["-o", "json=nowhere/x"], "nowhere/x cannot be written: no such file or directory"),
        (["-o", "json=a\0b"], "cannot be written: embedded null byte"),
        (["-o", "json=clean.jsonl"], "clean.jsonl is to be checked; a report must not take its place"),
        (["-o", "json=./clean.jsonl"], "./clean.jsonl is to be checked; a report must not take its place"),
        (
            ["-o", "json=x", "-o", "sarif=x"],
            "x is the file of another report; a report must not take its place",
        ),
    ],
)
def test_outputs_that_cannot_be(argv: list[str], told: str, here: Path, run: Run) -> None:
    before = (here / "clean.jsonl").read_bytes()

    status, out, err = run("clean.jsonl", *argv)
    assert (status, out) == (2, "")
    assert told in err
    assert (here / "clean.jsonl").read_bytes() == before


def test_a_report_in_the_folder_that_is_checked_is_no_recording_of_this_run(here: Path, run: Run) -> None:
    (here / "all").mkdir()
    (here / "all" / "x.jsonl").write_bytes(BROKEN)

    status, out, _ = run("all", "-f", "json", "-o", "jsonl=all/report.jsonl")
    assert (status, len(json.loads(out)["sessions"])) == (1, 1)
    assert run("all", "-o", "jsonl=all/report.jsonl")[0] == 2  # the second time it is


def test_text_is_still_a_format(run: Run) -> None:
    assert run("broken.jsonl", "--format", "text") == run("broken.jsonl")


def test_the_summary_of_a_step_is_appended_to_what_is_there(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "step").write_text("# before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "step"))

    run("broken.jsonl")
    assert (here / "step").read_text(encoding="utf-8") == "# before\n"
    run("broken.jsonl", "-f", "github")
    run("clean.jsonl", "-f", "github")
    text = (here / "step").read_text(encoding="utf-8")
    assert text.startswith("# before\n### rtproto\n")
    assert text.count("### rtproto") == 2
    assert "<td>OUT016 delta-after-done</td>" in text


def test_a_reader_that_leaves_does_not_cost_the_files(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Left:
        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None:
            raise BrokenPipeError

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(console, "output", lambda format: Left())
    dropped: list[bool] = []
    monkeypatch.setattr(console, "drop_output", lambda: dropped.append(True))

    assert run("clean.jsonl", "broken.jsonl", "-o", "json=report.json")[0] == 1
    document = json.loads((here / "report.json").read_text(encoding="utf-8"))
    assert [session["path"] for session in document["sessions"]] == ["clean.jsonl", "broken.jsonl"]
    assert dropped == [True]


@pytest.mark.skipif(os.name == "nt", reason="a device that is always full")
def test_a_full_disk_under_a_file(run: Run) -> None:
    status, _, err = run("broken.jsonl", "-o", "json=/dev/full")

    assert (status, err) == (2, "rtproto: cannot write the report: No space left on device\n")
