"""Findings that are known: what an entry stands for, and what keeps it from being met."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rtproto import baseline
from rtproto.baseline import Baseline, BaselineError
from rtproto.findings import Excerpt, Finding, Severity
from rtproto.reports.places import Fingerprints, shape
from tests.command import BROKEN, CLEAN, Run, here, run
from tests.report_samples import BROKEN as SESSION
from tests.report_samples import FOLLOWS, LATE, OPEN, UNKNOWN, session

__all__ = ["here", "run"]

KNOWN = """\
# Findings that are known and accepted.  `--update-baseline` keeps this file up to date, and each `reason` in it.
version = 1

[[known]]
path = "broken.jsonl"
rule = "OUT016"
name = "delta-after-done"
"""


def read(path: Path) -> list[dict[str, object]]:
    return tomli.loads(path.read_text(encoding="utf-8")).get("known", [])


def test_a_baseline_is_made_and_holds_what_was_found(here: Path, run: Run) -> None:
    status, out, err = run("broken.jsonl", "clean.jsonl", "--baseline", "known.toml", "--update-baseline")

    assert (status, err) == (0, "rtproto: known.toml: 1 entry written\n")
    assert "checked 2 files" in out
    assert "no findings" in out
    text = (here / "known.toml").read_text(encoding="utf-8")
    assert text.startswith(KNOWN)
    [entry] = read(here / "known.toml")
    assert (entry["count"], "reason" in entry) == (1, False)
    assert entry["shape"] == "response.output_text.delta; stream: done"

    assert run("broken.jsonl", "--baseline", "known.toml") == (
        0,
        run("broken.jsonl", "--ignore", "OUT016", "--min-severity", "warning")[1],
        "rtproto: 1 finding not shown, known from known.toml\n",
    )
    assert run("broken.jsonl", "--baseline", "known.toml", "-q") == (0, "", "")


def test_other_lines_and_ids_are_the_same_finding(here: Path, run: Run) -> None:
    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline")
    lines = BROKEN.splitlines(keepends=True)
    recorded_again = re.sub(rb'"(item|resp|event)_(?!id)', rb'"\1_other', b"\n\n".join([b"", *lines]))
    (here / "broken.jsonl").write_bytes(recorded_again)

    assert run("broken.jsonl", "--baseline", "known.toml")[0] == 0


def test_another_file_and_one_more_are_not_known(here: Path, run: Run) -> None:
    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline")
    (here / "copy.jsonl").write_bytes(BROKEN)
    (here / "broken.jsonl").write_bytes(BROKEN + b'{"close": {}}\n' + BROKEN)

    assert run("copy.jsonl", "--baseline", "known.toml")[0] == 1
    status, out, _ = run("broken.jsonl", "--baseline", "known.toml", "-f", "concise")
    assert (status, out.count("OUT016")) == (1, 1)
    assert int(out.split(":")[1]) > BROKEN.count(b"\n"), "the first is the known one"


def test_reasons_are_kept_and_entries_that_cannot_be_met(here: Path, run: Run) -> None:
    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline")
    known = here / "known.toml"
    reason = 'the "emulator" does it; \\ #12 \u202e'
    text = known.read_text(encoding="utf-8") + 'reason = "the \\"emulator\\" does it; \\\\ #12 \\u202e"\n'
    text += '\n[[known]]\npath = "clean.jsonl"\nrule = "RSP001"\ncount = 2\nreason = "not run"\n'
    text += '\n[[known]]\npath = "broken.jsonl"\nrule = "RSP001"\n'
    text += '\n[[known]]\npath = "gone.jsonl"\nrule = "RSP001"\n'
    known.write_text(text, encoding="utf-8")

    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline", "--select", "OUT")
    assert [(e["path"], e["rule"], e.get("reason")) for e in read(known)] == [
        ("broken.jsonl", "OUT016", reason),
        ("broken.jsonl", "RSP001", None),
        ("clean.jsonl", "RSP001", "not run"),
    ]
    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline")
    assert [(e["path"], e["rule"]) for e in read(known)] == [
        ("broken.jsonl", "OUT016"),
        ("clean.jsonl", "RSP001"),
    ]
    assert "\u202e" not in known.read_text(encoding="utf-8")
    before = known.read_bytes()
    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline")
    assert known.read_bytes() == before


def test_what_is_found_no_more_is_told(here: Path, run: Run) -> None:
    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline")
    (here / "broken.jsonl").write_bytes(CLEAN)

    told = "rtproto: known.toml: found no more: OUT016 of broken.jsonl; --update-baseline takes them out\n"
    assert run("broken.jsonl", "--baseline", "known.toml")[::2] == (0, told)
    assert run("broken.jsonl", "--baseline", "known.toml", "--fail-on-stale")[::2] == (1, told)
    # It was not looked for, or its file was not checked.
    assert run("broken.jsonl", "--baseline", "known.toml", "--fail-on-stale", "--ignore", "OUT")[::2] == (
        0,
        "",
    )
    assert run("clean.jsonl", "--baseline", "known.toml", "--fail-on-stale")[::2] == (0, "")
    run("broken.jsonl", "--baseline", "known.toml", "--update-baseline")
    assert read(here / "known.toml") == []


def test_many_that_are_found_no_more(here: Path, run: Run) -> None:
    entries = "".join(f'[[known]]\npath = "clean.jsonl"\nrule = "OUT0{number}"\n' for number in range(10, 18))
    (here / "known.toml").write_text("version = 1\n" + entries)

    err = run("clean.jsonl", "--baseline", "known.toml")[2]
    assert "OUT014 of clean.jsonl and 3 more; --update" in err


def test_what_is_not_shown_is_not_made_known_but_stays_known(here: Path, run: Run) -> None:
    (here / "cut.jsonl").write_bytes(b"".join(CLEAN.splitlines(keepends=True)[:-3]))
    known = here / "known.toml"

    run("cut.jsonl", "--baseline", "known.toml", "--update-baseline")
    assert read(known) == []
    run("cut.jsonl", "--baseline", "known.toml", "--update-baseline", "--fail-level", "info")
    noted = read(known)
    assert noted
    run("cut.jsonl", "--baseline", "known.toml", "--update-baseline")
    assert read(known) == noted


def test_a_baseline_elsewhere_names_files_from_where_it_is(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "ci").mkdir()
    run("broken.jsonl", "--baseline", "ci/known.toml", "--update-baseline")

    assert [entry["path"] for entry in read(here / "ci" / "known.toml")] == ["../broken.jsonl"]
    monkeypatch.chdir(here / "ci")
    assert run("../broken.jsonl", "--baseline", "known.toml")[0] == 0
    assert run(str(here / "broken.jsonl"), "--baseline", "known.toml")[0] == 0


@pytest.mark.parametrize(
    "text, told",
    [
        (None, "known.toml: there is no such baseline; --update-baseline makes one"),
        ("version = 2\n", "known.toml: a baseline of version 2; this rtproto reads version 1"),
        ("", "known.toml: this is no baseline: Object missing required field `version`"),
        ("version = 1\nknow = []\n", "known.toml: this is no baseline: Object contains unknown field `know`"),
        (
            "version = 1\n[[known]]\npath = 'x'\nrule = 'y'\ncount = 0\n",
            "Expected `int` >= 1 - at `$.known[0].count`",
        ),
        ("version = \n", "known.toml: this is no TOML: "),
    ],
)
def test_what_is_no_baseline(text: str | None, told: str, here: Path, run: Run) -> None:
    if text is not None:
        (here / "known.toml").write_text(text)

    status, out, err = run("clean.jsonl", "--baseline", "known.toml")
    assert (status, out) == (2, "")
    assert told in err


def test_what_cannot_be_read_or_written(here: Path, run: Run) -> None:
    assert "error: .: is a directory\n" in run("clean.jsonl", "--baseline", ".")[2]
    status, _, err = run("clean.jsonl", "--baseline", "nowhere/known.toml", "--update-baseline")
    assert (status, err) == (2, "rtproto: cannot write nowhere/known.toml: No such file or directory\n")
    assert "--update-baseline needs --baseline FILE" in run("clean.jsonl", "--update-baseline")[2]
    assert "--fail-on-stale needs --baseline FILE" in run("clean.jsonl", "--fail-on-stale")[2]
    with pytest.raises(BaselineError, match="embedded null byte"):
        Baseline("a\0b")


def test_an_entry_twice_stands_for_both(here: Path, run: Run) -> None:
    (here / "two.jsonl").write_bytes(BROKEN + b'{"close": {}}\n' + BROKEN)
    run("two.jsonl", "--baseline", "known.toml", "--update-baseline")
    text = (here / "known.toml").read_text(encoding="utf-8")
    assert "count = 2\n" in text
    head, entry = text.split("[[known]]")
    entry = "[[known]]" + entry.replace("count = 2", "count = 1")
    (here / "known.toml").write_text(head + entry + entry, encoding="utf-8")

    assert run("two.jsonl", "--baseline", "known.toml")[::2] == (
        0,
        "rtproto: 2 findings not shown, known from known.toml\n",
    )


def test_what_follows_from_a_known_finding_is_known_too(tmp_path: Path) -> None:
    known = Baseline(str(tmp_path / "x.toml"), update=Severity.ERROR)

    kept = known.accept(SESSION)
    assert kept.findings == (UNKNOWN, OPEN)
    assert FOLLOWS in SESSION.findings


# Shapes


def test_a_shape_has_no_ids_and_no_numbers() -> None:
    assert shape(LATE) == "response.output_text.delta; content part: done; subject=the part; what=text"
    numbers = Finding(
        "XYZ001",
        "x",
        Severity.ERROR,
        3,
        args={"type": "a", "n": 3, "x": "3 of 12.5", "ids": ["item_1", "b"], "rule": "OUT016", "on": True},
    )
    assert shape(numbers) == "ids=b; on=true; rule=OUT016; x=* of *"


def test_a_shape_shows_no_secret_and_no_control() -> None:
    odd = replace(
        UNKNOWN,
        event=Excerpt(7, "client", "x\x1bsk-abcdefghijkl0123"),
        args={"found": "ek_68af296e8e408191", "client_secret": "hidden"},
    )
    assert shape(odd) == "x\\x1bsk-[masked]; client_secret=[masked]; found=ek_[masked]"


def test_fingerprints_tell_files_rules_shapes_and_repetitions_apart() -> None:
    named = Fingerprints()
    first = [named.of("a", LATE), named.of("a", LATE), named.of("b", LATE), named.of("a", UNKNOWN)]

    assert len(set(first)) == 4
    again = Fingerprints()
    moved = replace(LATE, line=999, event=replace(LATE.event, line=999, fields=()))
    assert [again.of("./a", moved), again.of("a", LATE)] == first[:2]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_text_survives_the_file(text: str) -> None:
    written = baseline._text([baseline.Entry(path=text, rule="OUT016", reason=text)])

    assert not [c for c in written if not c.isprintable() and c != "\n"]
    [entry] = tomli.loads(written)["known"]
    assert (entry["path"], entry.get("reason", "")) == (text, text) if text else "path" not in entry


def test_a_name_that_is_no_text_has_one_all_the_same(tmp_path: Path) -> None:
    known = Baseline(str(tmp_path / "known.toml"), update=Severity.INFO)
    known.accept(session(LATE, path=str(tmp_path / "a\udcff")))
    known.write(lambda path, code: True)

    assert [entry["path"] for entry in read(tmp_path / "known.toml")] == ["a\\udcff"]


def test_standard_input_has_entries_too(here: Path) -> None:
    known = Baseline("known.toml", update=Severity.INFO)
    known.accept(session(LATE, path="<stdin>"))
    known.write(lambda path, code: True)
    again = Baseline("known.toml")

    assert again.accept(session(LATE, path="<stdin>")).findings == ()
