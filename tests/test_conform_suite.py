"""The conformance suite: sound, canonical, true to its schemas, and passed by rtproto through its own contract."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rtproto.conform import cli, lints, suite
from rtproto.conform.case import load
from rtproto.conform.contract import transcript_text

HOME = Path(__file__).parent.parent / "conformance"


def schema(name: str) -> Any:
    found = json.loads((HOME / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def test_the_suite_is_found_in_the_source_tree() -> None:
    assert suite.home() == HOME


def test_every_case_is_true_to_its_schema() -> None:
    validator = schema("rtproto-case-1")
    for path in suite.files(HOME):
        errors = list(validator.iter_errors(tomllib.loads(path.read_text(encoding="utf-8"))))
        assert not errors, f"{path}: {errors[0].json_path}: {errors[0].message}"


def test_the_index_is_true_to_its_schema() -> None:
    index = tomllib.loads((HOME / "suite.toml").read_text(encoding="utf-8"))

    assert list(schema("rtproto-suite-1").iter_errors(index)) == []


@pytest.mark.parametrize("name", ["rules", "tables"])
def test_what_is_made_from_the_code_is_true_to_its_schema(name: str) -> None:
    document = json.loads((HOME / f"{name}.json").read_text(encoding="utf-8"))

    assert list(schema(f"rtproto-{name}-1").iter_errors(document)) == []


@pytest.mark.parametrize("id", ["wire/latin-1", "wire/too-long", "dialects/translation/clock-backwards"])
def test_what_a_checker_reads_and_writes_is_true_to_its_schemas(id: str) -> None:
    text = transcript_text(load((HOME / f"cases/{id}.toml").read_text(encoding="utf-8")))
    own = [sys.executable, "-m", "rtproto", "conform", "check", "--batch"]
    done = subprocess.run(own, input=text.encode(), capture_output=True)
    head, *lines = text.splitlines()
    answers = [json.loads(line) for line in done.stdout.splitlines()]

    assert head.startswith("! ")
    schema("rtproto-transcript-1").validate(json.loads(head[2:]))
    assert all(re.fullmatch(r"([<>])(=?)(?:@(-?\d+(?:\.\d+)?))?(?: (.*))?", line) for line in lines)
    assert answers[-1] == {"id": id, "exit": 1}
    assert len(answers) > 1
    for answer in answers:
        schema("rtproto-answer-1").validate(answer)


def test_every_file_is_in_canonical_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fmt", "--check"]) == 0, capsys.readouterr().err


def test_the_suite_is_sound() -> None:
    assert lints.problems(HOME) == []


def test_the_cases_of_the_rules_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "--check"]) == 0, capsys.readouterr().err


def test_rtproto_passes_every_case_through_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cases"]) == 0, capsys.readouterr().out
    cases = suite.index(HOME).counts.cases
    assert capsys.readouterr().out.endswith(f"all {cases:,} cases passed\n")


def test_one_case_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    """The base contract, without batch mode."""
    own = f"{sys.executable} -m rtproto conform check"

    assert (
        cli.main(["cases", "--filter", "sessions/text-turn", "--filter", "wire/nan", "--checker", own]) == 0
    )
    assert "all 4 cases passed" in capsys.readouterr().out


def test_the_door_at_the_top_of_the_tree() -> None:
    command = [sys.executable, "-m", "conformance", "cases", "--filter", "wire/infinity"]
    done = subprocess.run(command, capture_output=True, cwd=HOME.parent, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert "all 1 case passed" in done.stdout


def test_ids_are_paths() -> None:
    assert load((HOME / "cases/wire/nan.toml").read_text(encoding="utf-8")).id == "wire/nan"
