"""A project's settings: where they are found, what they may say, what goes before what."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rtproto import configuration
from tests.command import BROKEN, Run, here, run

__all__ = ["here", "run"]


def test_nothing_is_said_where_there_is_no_file(here: Path) -> None:
    assert configuration.find(here) == configuration.Found()


@pytest.mark.parametrize(
    "file, text",
    [("rtproto.toml", 'ignore = ["OUT"]'), ("pyproject.toml", '[tool.rtproto]\nignore = ["OUT"]')],
)
def test_both_files_are_found_from_below(
    file: str, text: str, here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / file).write_text(text)
    (here / "below" / "it").mkdir(parents=True)
    monkeypatch.chdir(here / "below" / "it")

    status, _, err = run("../../broken.jsonl", "-v")
    assert (status, err) == (0, f"rtproto: settings from {Path('..', '..', file)}\n")
    assert run("../../broken.jsonl", "--isolated")[0] == 1
    assert run("../../broken.jsonl", "--ignore", "RSP")[0] == 1


def test_the_nearest_file_counts_alone_and_our_own_goes_before_a_shared_one(here: Path, run: Run) -> None:
    (here / "rtproto.toml").write_text('fail-level = "never"')
    assert run("broken.jsonl")[0] == 0
    (here / "pyproject.toml").write_text('[tool.rtproto]\nignore = ["OUT"]')
    assert "OUT016" in run("broken.jsonl")[1]
    (here / "rtproto.toml").unlink()
    assert "OUT016" not in run("broken.jsonl")[1]
    (here / "pyproject.toml").write_text('[tool.other]\nname = "rtproto"')
    assert run("broken.jsonl")[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        '[tool.rtproto]\nignore = ["OUT"]',
        '  [ tool . rtproto ]\nignore = ["OUT"]',
        '["tool".\'rtproto\']\nignore = ["OUT"]',
        'tool.rtproto.ignore = ["OUT"]',
        'tool . "rtproto" = {ignore = ["OUT"]}',
        'tool = {rtproto = {ignore = ["OUT"]}}',
        '[tool]\nrtproto.ignore = ["OUT"]',
        '[project]\nname = "x"\r\n\t[ "tool" ]\r\n"rtproto" = {ignore = ["OUT"]}',
    ],
)
def test_the_table_of_a_shared_file_may_be_written_in_any_way(text: str, here: Path, run: Run) -> None:
    (here / "pyproject.toml").write_text(text)

    assert run("broken.jsonl") == run("broken.jsonl", "--ignore", "OUT", "--isolated")
    assert run("broken.jsonl") != run("broken.jsonl", "--isolated")


@pytest.mark.parametrize(
    "text", ['name = "rtproto"\n[tool.other', '[tool.other]\nuses = "[tool.rtproto"\n= 1']
)
def test_a_shared_file_without_our_table_is_not_read(text: str, here: Path, run: Run) -> None:
    (here / "pyproject.toml").write_text(text)

    assert run("broken.jsonl", "-v") == run("broken.jsonl", "-v", "--isolated")
    (here / "pyproject.toml").write_text("[tool.rtproto]\n= 1")
    assert "pyproject.toml: this is no TOML" in run("broken.jsonl")[2]


def test_every_key(here: Path, run: Run) -> None:
    (here / "acme").mkdir()
    (here / "acme" / "server.toml").write_text('name = "acme"\n')
    (here / "settings.toml").write_text(
        'select = ["OUT", "WIR"]\nignore = ["OUT001"]\nprofile = "acme/server.toml"\ndialect = "ga"\n'
        'fail-level = "never"\nmin-severity = "error"\nmax-line-bytes = 200\nbaseline = "known.toml"\n'
        '[per-file-ignores]\n"clean*" = ["WIR"]\n'
    )
    (here / "known.toml").write_text("version = 1\n")

    status, out, err = run("broken.jsonl", "clean.jsonl", "--config", "settings.toml", "-f", "json")
    broken, clean = json.loads(out)["sessions"]
    assert (status, err) == (0, "")
    assert (broken["profile"], broken["dialect"]) == ("acme", "ga")
    assert {finding["code"][:3] for finding in broken["findings"]} == {"OUT", "WIR"}
    assert "OUT001" not in {finding["code"] for finding in broken["findings"]}
    assert clean["findings"] == []


STRANGE = b'{"type":"response.create","mood":"merry"}\n'
STRICT = ("strange.jsonl", "--select", "SHP004", "--min-severity", "info", "-q")


def test_strict_fields_are_asked_for_by_the_option_or_by_the_file(here: Path, run: Run) -> None:
    (here / "strange.jsonl").write_bytes(STRANGE)
    found = "strange.jsonl:1: info[SHP004] unknown-field: no type of response.create has the member `mood`\n"

    assert run(*STRICT, "--strict-fields") == (0, found, "")
    (here / "rtproto.toml").write_text("strict-fields = true")
    assert run(*STRICT) == (0, found, "")
    assert run(*STRICT, "--no-strict-fields")[1] == ""


@pytest.mark.parametrize(
    "select, sentence",
    [
        ("SHP004", "SHP004 finds nothing without --strict-fields"),
        ("OUT016, unknown-field", "SHP004 finds nothing without --strict-fields"),
        ("WIR010", "WIR010 looks at few lines without --strict-fields"),
        ("SHP,WIR", ""),
        ("OUT016", ""),
    ],
)
def test_who_selects_a_rule_that_is_off_is_told_so(select: str, sentence: str, run: Run) -> None:
    assert run("clean.jsonl", "-q", "--select", select) == (
        0,
        "",
        f"rtproto: {sentence}\n" if sentence else "",
    )
    assert run("clean.jsonl", "-q", "--select", select, "--strict-fields") == (0, "", "")


def test_a_path_is_relative_to_the_file_that_names_it(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "below").mkdir()
    (here / "server.toml").write_text('name = "acme"\n')
    (here / "rtproto.toml").write_text('profile = "server.toml"\nbaseline = "known.toml"\n')
    monkeypatch.chdir(here / "below")

    assert run("../broken.jsonl", "--update-baseline")[0] == 0
    assert 'path = "broken.jsonl"' in (here / "known.toml").read_text()
    monkeypatch.chdir(here)
    assert run("broken.jsonl")[0] == 0


@pytest.mark.parametrize(
    "pattern, matches",
    [
        ("broken.jsonl", True),
        ("*.jsonl", True),
        ("calls/broken.jsonl", True),
        ("./calls/*.jsonl", True),
        ("calls", True),
        ("calls/", True),
        ("c*", True),
        ("**/broken.jsonl", True),
        ("call", False),
        ("Broken.jsonl", False),
        ("other/*", False),
    ],
)
def test_patterns(pattern: str, matches: bool, here: Path, run: Run) -> None:
    (here / "calls").mkdir()
    (here / "calls" / "broken.jsonl").write_bytes(BROKEN)
    (here / "rtproto.toml").write_text(f'[per-file-ignores]\n{json.dumps(pattern)} = ["delta-after-done"]\n')

    assert run("calls/broken.jsonl")[0] == (0 if matches else 1)
    assert run(str(here / "calls" / "broken.jsonl"))[0] == (0 if matches else 1)


def test_a_pattern_may_meet_any_name(here: Path) -> None:
    (here / "rtproto.toml").write_text('[per-file-ignores]\n"*" = ["OUT"]\n')

    assert configuration.find(here).ignored("a\0b") == ("OUT",)


@pytest.mark.parametrize(
    "text, told",
    [
        ("selct = []", "rtproto.toml: selct: there is no such key; did you mean select?"),
        ("fail_level = 'error'", "rtproto.toml: fail_level: there is no such key; did you mean fail-level?"),
        (
            "colour = 1",
            "rtproto.toml: colour: there is no such key; there are: select, ignore, per-file-ignores, ",
        ),
        ("select = 'OUT'", "rtproto.toml: select: Expected `array`, got `str`"),
        ("fail-level = 'fatal'", "rtproto.toml: fail-level: Invalid enum value 'fatal'"),
        ("max-line-bytes = 0", "rtproto.toml: max-line-bytes: Expected `int` >= 1"),
        ("select = ['OUT0160']", "no rule 'OUT0160'; did you mean OUT016 delta-after-done"),
        ("profile = 'nope.toml'", "nope.toml"),
        ("[per-file-ignores]\n'x' = ['NOPE']", "rtproto.toml: per-file-ignores, 'x': no rule 'NOPE'"),
        ("= 1", "rtproto.toml: this is no TOML: "),
        ("baseline = 'nope'", "nope: there is no such baseline; --update-baseline makes one"),
    ],
)
def test_what_a_file_must_not_say(text: str, told: str, here: Path, run: Run) -> None:
    (here / "rtproto.toml").write_text(text)

    status, out, err = run("clean.jsonl")
    assert (status, out) == (2, "")
    assert told in " ".join(err.split())
    assert run("clean.jsonl", "--isolated")[0] == 0


@pytest.mark.parametrize(
    "file, data, told",
    [
        ("none.toml", None, "none.toml: there is no such file"),
        (".", None, ".: is a directory"),
        ("pyproject.toml", b"", "pyproject.toml: it has no table [tool.rtproto]"),
        ("pyproject.toml", b"tool = 'rtproto'", "pyproject.toml: it has no table [tool.rtproto]"),
        ("pyproject.toml", b"[tool]\nrtproto = 1", "pyproject.toml: it has no table [tool.rtproto]"),
        ("x.toml", b"\xff", "x.toml: this is no TOML: "),
    ],
)
def test_a_file_that_was_asked_for(file: str, data: bytes | None, told: str, here: Path, run: Run) -> None:
    if data is not None:
        (here / file).write_bytes(data)

    status, _, err = run("clean.jsonl", "--config", file)
    assert status == 2
    assert told in err
    assert run("clean.jsonl", "--config", file, "--isolated")[0] == 2


def test_a_shared_file_whose_table_is_none_is_told(here: Path, run: Run) -> None:
    (here / "pyproject.toml").write_text("[tool]\nrtproto = 1\n")

    assert "pyproject.toml: it has no table [tool.rtproto]" in run("clean.jsonl")[2]


def test_a_folder_with_the_files_name_is_passed_over(here: Path, run: Run) -> None:
    (here / "rtproto.toml").mkdir()

    assert run("clean.jsonl")[0] == 0


def test_the_examples_of_the_docs(here: Path, run: Run) -> None:
    page = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    settings, known = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (here / "rtproto.toml").write_text(settings, encoding="utf-8")
    (here / "fixtures").mkdir()
    (here / "fixtures" / "known.toml").write_text(known, encoding="utf-8")

    keys = set(configuration.KEYS)
    assert {key for key in keys if re.search(rf"^\[?{key}\b", settings, re.MULTILINE)} == keys
    assert run("clean.jsonl")[::2] == (0, "")
