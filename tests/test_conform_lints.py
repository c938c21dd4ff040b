"""The lints of the suite see what they are there to see; rtproto as a checker refuses what is no transcript."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rtproto.conform import cli, lints, suite
from rtproto.conform.case import Case, CaseError, dump, load
from rtproto.conform.contract import transcript_text

HOME = Path(__file__).parent.parent / "conformance"


def read(id: str) -> Case:
    return load((HOME / f"cases/{id}.toml").read_text(encoding="utf-8"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A suite of three cases, in which most rules have none."""
    folder = tmp_path / "suite"
    for name in ("wire/plain", "wire/nan", "wire/infinity"):
        path = folder / f"cases/{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HOME / f"cases/{name}.toml", path)
    for name in ("suite.toml", "rules.json"):
        shutil.copy(HOME / name, folder / name)
    return folder


def found(folder: Path) -> list[str]:
    return [problem for problem in lints.problems(folder) if "has no case" not in problem]


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"id": "wire/other"}, "its id is 'wire/other'"),
    ({"title": "It should work."}, "a title is a phrase"),
    ({"origin": msgspec.structs.replace(read("wire/nan").origin, ref="")}, "its origin names nothing"),
    ({"flags": ("dread",)}, "explains no flag 'dread'"),
    ({"flags": ()}, "says what goes wrong for users"),
    ({"twin": ""}, "an invalid case has a twin"),
    ({"twin": "wire/gone"}, "there is no twin 'wire/gone'"),
    ({"twin": "wire/infinity"}, "is not valid"),
    ({"closed": True}, "is 2 edits away"),
    ({"expect": ()}, "expects an error or a warning"),
    ({"verdict": "valid"}, "expects nothing but notes"),
    ({"verdict": "acceptable", "expect": ()}, "says what may be found"),
    ({"reason": "why not"}, "have a reason"),
    ({"forbid": ("WIR",)}, "both expected and forbidden"),
    ({"dialect": "beta"}, "is 2 edits away"),
]


@pytest.mark.parametrize("change, problem", CHANGES, ids=[problem for _, problem in CHANGES])
def test_a_bad_case_is_seen(change: dict[str, Any], problem: str, small: Path) -> None:
    path = small / "cases/wire/nan.toml"
    path.write_text(dump(msgspec.structs.replace(read("wire/nan"), **change)), encoding="utf-8")

    assert any(problem in each for each in found(small))


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"line": 99}, "does not have"),
        ({"because": (99,)}, "does not have"),
        ({"because": (4,)}, "names its own line as another"),
        ({"code": "WIR999"}, "there is no rule WIR999"),
        ({"code": "CLI008"}, "CLI008 is no rule of ga"),
        ({"code": "DIA007"}, "calls DIA007 untested"),
    ],
)
def test_a_bad_label_is_seen(change: dict[str, Any], problem: str, small: Path) -> None:
    case = read("wire/nan")
    expect = (msgspec.structs.replace(case.expect[0], **change),)
    path = small / "cases/wire/nan.toml"
    path.write_text(dump(msgspec.structs.replace(case, expect=expect)), encoding="utf-8")

    assert any(problem in each for each in found(small))


def test_rules_without_a_case_and_wrong_counts_are_seen(small: Path) -> None:
    problems = lints.problems(small)

    assert "OUT016 delta-after-done has no case in beta and suite.toml gives no reason" in problems
    assert "suite.toml: [counts] does not say what there is; run the command `fmt`" in problems
    assert [problem for problem in problems if "WIR003" in problem] == [
        f"WIR003 not-finite has no case in {dialect} and suite.toml gives no reason"
        for dialect in ("beta", "translation")
    ]


def test_fmt_writes_what_its_check_asks_for(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = small / "cases/wire/nan.toml"
    canonical = path.read_text(encoding="utf-8")
    path.write_text(canonical.replace('verdict = "invalid"\n', "") + "\n", encoding="utf-8")
    broken = small / "cases/wire/infinity.toml"
    broken.write_text("id = 3\n", encoding="utf-8")

    assert cli.main(["fmt", "--check", "--suite", str(small)]) == 1
    broken.unlink()
    path.write_text(canonical + "\n", encoding="utf-8")
    assert cli.main(["fmt", "--check", "--suite", str(small)]) == 1
    assert cli.main(["fmt", "--suite", str(small)]) == 0
    assert cli.main(["fmt", "--check", "--suite", str(small)]) == 0

    assert path.read_text(encoding="utf-8") == canonical
    assert suite.index(small).counts.cases == 2
    err = capsys.readouterr().err
    assert "is not in canonical form" in err
    assert "Expected `str`, got `int`" in err
    assert "[counts] is out of date" in err


TEXTS = ["'''", 'a "quoted" back\\slash', "'''\\u0000\\", "é ☃ 😀 \x7f"]


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_survives_the_canonical_form(text: str) -> None:
    case = msgspec.structs.replace(read("wire/plain"), comment=text, transcript=f"< {text}\n")

    assert load(dump(case)).comment == text
    assert [line.raw for line in load(dump(case)).lines()] == [text.encode()]


@pytest.mark.parametrize("text", ["id = ", "id = 1", 'id = "a"\nmood = "good"'])
def test_what_is_no_case_is_refused(text: str) -> None:
    with pytest.raises(CaseError):
        load(text)


def distance(before: str, after: str) -> int:
    case = read("wire/plain")
    lines = ["".join(f"< {name}\n" for name in word) for word in (before, after)]
    one, two = (msgspec.structs.replace(case, transcript=transcript) for transcript in lines)
    return lints.distance(one, two)


@pytest.mark.parametrize(
    "before, after, edits",
    [
        ("abcdef", "abcdef", 0),
        ("abcdef", "abXdef", 1),
        ("abcdef", "abdef", 1),
        ("abcdef", "abXcdef", 1),
        ("abcdef", "bacdef", 1),
        ("abcdef", "abc", 1),
        ("abcdef", "abcdefX", 1),
        ("abcdef", "aXcdeX", 2),
        ("abcdef", "af", 4),
        ("abcdef", "cdef", 2),
        ("abcdef", "abcdefXY", 2),
    ],
)
def test_edits_are_counted(before: str, after: str, edits: int) -> None:
    assert distance(before, after) == edits


def check(monkeypatch: pytest.MonkeyPatch, stdin: bytes, *options: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    return cli.main(["check", *options])


def test_rtproto_answers_one_transcript(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(monkeypatch, transcript_text(read("wire/nan")).encode()) == 1
    assert capsys.readouterr().out == '{"line":4,"code":"WIR003","severity":"error"}\n'


def test_rtproto_answers_many_in_batch_mode(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stdin = transcript_text(read("sessions/text-turn-ga")) + transcript_text(read("wire/nan"))

    assert check(monkeypatch, stdin.encode(), "--batch") == 0
    assert capsys.readouterr().out.splitlines() == [
        '{"id":"sessions/text-turn-ga","exit":0}',
        '{"line":4,"code":"WIR003","severity":"error"}',
        '{"id":"wire/nan","exit":1}',
    ]
    assert check(monkeypatch, stdin.encode()) == 2


@pytest.mark.parametrize(
    "stdin, why",
    [
        (b"", "no transcript"),
        (b"< {}\n", "a transcript begins with"),
        (b"! {}\n", "line 1: "),
        (b"\xff\n", "line 1: "),
        (transcript_text(read("wire/plain")).encode() + b"hello\n", "begins with < or >"),
        (transcript_text(read("wire/plain")).replace('"openai"', '"nobody"').encode(), "nobody"),
    ],
)
def test_what_is_no_transcript_is_not_checked(
    stdin: bytes, why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(monkeypatch, stdin) == 2
    assert why in capsys.readouterr().err
