"""Other checkers: scored at three depths, held to the contract, and unable to break a report by what they write."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from rtproto.conform import cli
from rtproto.conform.case import Case, Expected, Origin
from rtproto.conform.contract import Answer, Reported, read_answer, read_answers
from rtproto.conform.score import score

HOME = Path(__file__).parent.parent / "conformance"
HOSTILE = "\x1b[31m<script>::error::&\u202e"


def case(verdict: Any, *expect: Expected, forbid: tuple[str, ...] = ()) -> Case:
    transcript = '< {"type":"a"}\n' * 9
    origin = Origin("document", "none")
    return Case("a/b", "a title", "ga", verdict, origin, transcript, expect=expect, forbid=forbid)


WRONG = Expected(5, "OUT016", also=(3,))
NOTE = Expected(5, "CLI028", "info")
ALL = ("verdict", "line", "code")


@pytest.mark.parametrize(
    "case, answer, reached",
    [
        (case("valid"), Answer(0), ALL),
        (case("valid"), Answer(0, (Reported(2, "CLI028", "info"),)), ALL),
        (case("valid"), Answer(1, (Reported(2, "OUT016"),)), ()),
        (case("valid"), Answer(2), ()),
        (case("valid"), Answer(0, (Reported(2),)), ("verdict",)),
        (case("valid", forbid=("CLI",)), Answer(0, (Reported(2, "CLI028", "info"),)), ("verdict", "line")),
        (case("invalid", WRONG), Answer(1, (Reported(5, "OUT016"),)), ALL),
        (case("invalid", WRONG), Answer(1, (Reported(3, "OUT016", "warning"),)), ALL),
        (case("invalid", WRONG), Answer(1, (Reported(5, "OUT007"),)), ("verdict", "line")),
        (
            case("invalid", WRONG),
            Answer(1, (Reported(5, "OUT016"), Reported(7, "RSP025"))),
            ("verdict", "line"),
        ),
        (case("invalid", WRONG), Answer(1, (Reported(5),)), ("verdict", "line")),
        (case("invalid", WRONG), Answer(1, (Reported(4, "OUT016"),)), ("verdict",)),
        (case("invalid", WRONG), Answer(1, (Reported(5, "OUT016", "info"),)), ("verdict",)),
        (case("invalid", WRONG), Answer(1), ("verdict",)),
        (case("invalid", WRONG), Answer(0), ()),
        (case("acceptable", NOTE), Answer(1, (Reported(5, "CLI028"),)), ALL),
        (case("acceptable", NOTE), Answer(0, (Reported(5, "CLI028", "info"),)), ALL),
        (case("acceptable", NOTE), Answer(0), ("verdict", "line")),
        (case("acceptable", Expected(5, "WIR005", optional=True)), Answer(0), ALL),
        (case("acceptable", NOTE), Answer(2), ()),
        (case("indeterminate"), Answer(0), ALL),
        (case("indeterminate"), Answer(2), ALL),
        (case("indeterminate"), Answer(1, (Reported(5),)), ()),
        (case("valid"), Answer(None, problem="it crashed"), ()),
    ],
)
def test_depths(case: Case, answer: Answer, reached: tuple[str, ...]) -> None:
    made = score(case, answer)

    assert made.passed == reached
    assert bool(made.why) == (reached != ALL)


def test_answers_are_read() -> None:
    assert read_answer('\n{"line":3,"code":"OUT016","severity":"info","more":1}\n', 1) == Answer(
        1, (Reported(3, "OUT016", "info"),)
    )
    assert read_answer('{"line":3}', 1) == Answer(1, (Reported(3, "", "error"),))


@pytest.mark.parametrize("output", ["line 3 is wrong", '{"line":"3"}', "[]", '{"line":3,"severity":"fatal"}'])
def test_output_that_is_no_finding_is_a_problem(output: str) -> None:
    assert read_answer(output, 1).problem.startswith("wrote a line that is no finding")


def test_answers_of_a_batch_are_told_apart() -> None:
    output = '{"line":3}\n{"id":"a/b","exit":1}\n{"id":"a/c","exit":0}\nnonsense\n{"id":"a/d","exit":7}\n{"line":1}\n'

    answers = read_answers(output)

    assert answers["a/b"] == Answer(1, (Reported(3),))
    assert answers["a/c"] == Answer(0)
    assert answers["a/d"].problem
    assert len(answers) == 3


def checker(tmp_path: Path, code: str) -> str:
    """A checker that runs this Python code, as a command line."""
    script = tmp_path / "checker.py"
    script.write_text(f"import json, sys, threading\n{code}\n", encoding="utf-8")
    return shlex.join([sys.executable, "-I", "-S", str(script)])


def run(*options: str) -> int:
    return cli.main(["cases", "--filter", "wire/nan", "--filter", "wire/plain", *options])


@pytest.mark.parametrize(
    "code, batch, why",
    [
        ("print('hello')", False, "wrote a line that is no finding"),
        ("sys.exit('no idea')", False, "exit status 1, and reported nothing; it said: no idea"),
        ("sys.exit(3)", False, "ended with exit status 3"),
        ("sys.stderr.write('out of luck'); sys.exit(9)", False, "it said: out of luck"),
        ("sys.exit(2)", False, "(3 of them not checked)"),
        ("sys.exit(sys.stderr.write('no such file') and 2)", False, "; it said: no such file"),
        ("print('hello')", False, "wrote a line that is no finding (hello)"),
        ("", True, "no answer; the process ended with exit status 0"),
        ('print(\'{"id":"wire/nan","exit":1}\'); sys.exit(5)', True, "ended with exit status 5"),
        ("threading.Event().wait()", False, "no end after 0.2 seconds"),
    ],
)
def test_checkers_that_do_not_keep_to_the_contract(
    code: str, batch: bool, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--batch"] if batch else []
    more += ["--timeout", "0.2"] if "wait" in code else []

    assert run("--checker", checker(tmp_path, code), *more) == 1
    assert why in capsys.readouterr().out


def test_a_crash_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Python and node end with 1 after an exception, which would be right for each invalid case."""
    crash = checker(tmp_path, "raise KeyError('type')")

    assert run("--checker", crash, "--depth", "verdict", "--report", "json") == 1

    assert json.loads(capsys.readouterr().out)["total"]["verdict"] == 0


@pytest.mark.parametrize(
    "option", [("--jobs", "-1"), ("--jobs", "x"), ("--timeout", "0"), ("--timeout", "nan")]
)
def test_numbers_that_are_none(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(*option)

    assert "a number of" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, why",
    [
        (["--checker", " "], "an empty command"),
        (["--checker", "'"], "No closing quotation"),
        (["--checker", "/nowhere/checker"], "/nowhere/checker is no command here"),
        (["--filter", "no/such", "--suite", str(HOME)], "no case has such an id"),
        (["--suite", "/nowhere"], "suite.toml"),
        (["--baseline", "/nowhere.toml"], "nowhere.toml"),
    ],
)
def test_what_cannot_be_run_is_2(options: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cases", "--filter", "zzz", *options]) == 2
    assert why in capsys.readouterr().err


BASELINE = 'format = "rtproto-baseline/1"\n[[known]]\ncase = "{}"\nreason = "We read NaN."\n'
SAYS_YES = "sys.exit(0)"


@pytest.mark.parametrize(
    "known, status",
    [("wire/nan", 1), ("wire/", 0), ("wire/plain", 1), ("wire/bare-fraction", 1), ("wire/n", 1)],
)
def test_baseline(known: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Known failures pass, others do not, and what no longer fails is stale."""
    file = tmp_path / "known.toml"
    file.write_text(BASELINE.format(known), encoding="utf-8")

    assert run("--checker", checker(tmp_path, SAYS_YES), "--baseline", str(file)) == status

    out = capsys.readouterr().out
    assert ("stale: the baseline names wire/plain" in out) == (known == "wire/plain")
    assert ("2 cases of 3 failed" in out) is True
    assert ("the baseline names wire/n, and there is no such case" in out) == (known == "wire/n")


def test_a_baseline_with_a_case_that_there_is_not_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where only a part of the suite is run; those of other parts are not looked at."""
    file = tmp_path / "known.toml"
    more = '[[known]]\ncase = "{}"\nreason = "Of late."\n'
    file.write_text(BASELINE.format("wire/") + more.format("rules/OUT016/"), encoding="utf-8")
    options = ("--checker", checker(tmp_path, SAYS_YES), "--baseline", str(file), "--report", "junit")
    assert run(*options) == 0

    file.write_text(BASELINE.format("wire/") + more.format("rules/OUT999/"), encoding="utf-8")
    capsys.readouterr()
    assert run(*options) == 1
    assert "named by the baseline, and there is no such case" in capsys.readouterr().out


def test_a_checker_that_always_crashes_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crash = checker(tmp_path, "def parse():\n    raise KeyError('type')\nparse()")

    assert cli.main(["cases", "--filter", "wire/", "--checker", crash, "--jobs", "4"]) == 1

    out = capsys.readouterr().out
    told = out[out.index("failed at the depth") :].splitlines()
    cases = int(told[-1].split()[0])
    assert told[1] == (
        f"  wire/array, wire/array-of-an-event, wire/as-long-as-the-limit and {cases - 3} more cases: "
        "ended with exit status 1, and reported nothing; it said:"
    )
    assert told[2] == "    | Traceback (most recent call last):"
    assert told[-3] == "    | KeyError: 'type'"


def test_failures_that_are_left_out_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    says_yes = checker(tmp_path, SAYS_YES)

    assert cli.main(["cases", "--filter", "wire/", "--checker", says_yes, "--jobs", "4"]) == 1

    out = capsys.readouterr().out
    failed = int(out.splitlines()[-1].split()[0])
    assert out.count(": exit status 0, where 1 is right") == 50
    assert f"  and {failed - 50} more; --report json lists all\n" in out


def test_a_baseline_is_true_to_its_schema() -> None:
    import tomllib

    schema = json.loads((HOME / "schema/rtproto-baseline-1.schema.json").read_text(encoding="utf-8"))

    Draft202012Validator(schema).validate(tomllib.loads(BASELINE.format("wire/")))


LIAR = f"""
print(json.dumps({{"line": 2, "code": {HOSTILE!r}, "severity": "error"}}))
sys.exit(0)
"""


def test_the_json_report_is_true_to_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads((HOME / "schema/rtproto-conform-report-1.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)

    assert run("--checker", checker(tmp_path, LIAR), "--report", "json") == 1

    report = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema).validate(report)
    assert (report["cases"], report["failed"], report["good"]) == (3, 3, False)
    assert report["total"] == {"cases": 3, "verdict": 1, "line": 0, "code": 0}
    assert report["by"]["verdict"]["valid"] == {"cases": 1, "verdict": 1, "line": 0, "code": 0}


@pytest.mark.parametrize("format", ["text", "json", "junit", "html"])
def test_what_a_checker_writes_is_made_safe(
    format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = f"{LIAR.replace('sys.exit(0)', f'sys.stderr.write({HOSTILE!r}); sys.exit(8)')}"

    assert run("--checker", checker(tmp_path, code), "--report", format) == 1

    out = capsys.readouterr().out
    assert not {"\x1b", "\u202e"} & set(out)
    if format in ("html", "junit"):
        assert "<script" not in out


def test_junit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "known.toml"
    file.write_text(BASELINE.format("wire/nan"), encoding="utf-8")

    run("--checker", checker(tmp_path, SAYS_YES), "--baseline", str(file), "--report", "junit")

    root = ET.fromstring(capsys.readouterr().out)
    results = {test.get("name"): [child.tag for child in test] for test in root.iter("testcase")}
    assert results == {
        "wire/nan": ["skipped"],
        "wire/nan-in-an-unknown-member": ["failure"],
        "wire/plain": [],
    }
    assert (root.get("tests"), root.get("failures")) == ("3", "1")


def test_html_shows_what_was_expected_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("--checker", checker(tmp_path, SAYS_YES), "--report", "html")

    out = capsys.readouterr().out
    assert '<b class="bad">2 of 3 cases failed</b>' in out
    assert "</mark>  expected: WIR003\n" in out
    assert "src=" not in out
    assert "href=" not in out


@pytest.mark.skipif(
    shutil.which("node") is None, reason="the example of a checker is JavaScript, and there is no node"
)
def test_the_example_in_javascript(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"node {shlex.quote(str(HOME / 'examples/checker.mjs'))}"
    picked = [
        "sessions/text",
        "sessions/cancelled",
        "samples/out",
        "wire/latin-1",
        "wire/two",
        "rules/RSP005",
    ]
    filters = [word for prefix in picked for word in ("--filter", prefix)]

    assert cli.main(["cases", "--checker", command, "--depth", "verdict", *filters]) == 0, (
        capsys.readouterr().out
    )
