"""The pages of the docs, their index and the ledger are the rules' own words, and are kept in step with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rtproto.__main__ import main
from rtproto.reports.pages import rule_page, unjudged
from rtproto.reports.rule_docs import FOLDER, LEDGER, PAGE, family_title, files, page
from rtproto.rules import RULES
from rtproto.rules.base import SYMPTOMS
from tests.conftest import ROOT

FILES = files()


def test_there_is_a_page_for_each_rule_and_an_index_and_a_ledger() -> None:
    pages = {name for name in FILES if PAGE.fullmatch(Path(name).name)}

    assert pages == {f"{FOLDER}/{code}.md" for code in RULES}
    assert FILES.keys() - pages == {f"{FOLDER}/README.md", LEDGER}


@pytest.mark.parametrize("code", sorted(RULES))
def test_a_page_says_what_the_command_says(code: str) -> None:
    """The words of `--explain`, all of them and in the same order; the example may be cut elsewhere."""
    said, _, _ = rule_page(RULES[code]).partition("\nExample: ")
    written, _, example = page(RULES[code]).partition("\n## Example")
    marks = re.compile(r"[#|`*-]|&lt;|<!--.*?-->|\\", re.DOTALL)
    told = re.sub(r"\s+", "", marks.sub("", said.replace("<", "")))
    shown = re.sub(r"\s+", "", marks.sub("", written))

    assert told == shown
    assert bool(example) != bool(unjudged(RULES[code]))
    assert not example or re.search(r"^[+-] ", example, re.MULTILINE)


def test_the_index_leads_to_every_page() -> None:
    index = FILES[f"{FOLDER}/README.md"]()
    links = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \|", index, re.MULTILINE)

    assert links == [(code, code) for code in sorted(RULES)]
    assert set(re.findall(r'<a id="([a-z]+)">', index)) == {*SYMPTOMS, *(code[:3].lower() for code in RULES)}
    assert re.search(r"## .*The bot goes silent\n\n(- .*\n)*- \[RSP007\]\(RSP007\.md\) error: ", index)


@pytest.mark.parametrize("family", sorted({code[:3] for code in RULES}))
def test_every_family_has_a_title(family: str) -> None:
    assert family_title(family)


@pytest.mark.parametrize("key", SYMPTOMS)
def test_every_symptom_leads_to_rules(key: str) -> None:
    assert [code for code, rule in RULES.items() if key in rule.symptoms and not unjudged(rule)]


def test_judged_rules_name_what_users_notice() -> None:
    silent = [code for code, rule in RULES.items() if not rule.symptoms and not unjudged(rule)]
    assert silent == []


def test_the_ledger_holds_every_rule() -> None:
    ledger = json.loads(FILES[LEDGER]())

    assert ledger["schema"] == "rtproto-rules/1"
    assert [rule["code"] for rule in ledger["rules"]] == sorted(RULES)
    for rule in ledger["rules"]:
        assert (rule["unjudged"] is None) == bool(rule["message"])
    relaxed = {rule["code"]: rule["relaxed"] for rule in ledger["rules"]}
    assert ["xai", "compat"] in [each["profiles"] for each in relaxed["DIA001"]]


def test_the_files_of_the_tree_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["rules", "--check"]) == 1
    assert capsys.readouterr().err.count("is out of date") == len(FILES)
    assert main(["rules", "--write"]) == 0
    assert main(["rules", "--check"]) == 0
    stale = tmp_path / FOLDER / "OUT999.md"
    stale.write_text("a rule of old", encoding="utf-8")
    assert main(["rules", "--check"]) == 1
    assert "OUT999.md is made from nothing any more" in capsys.readouterr().err
    assert main(["rules", "--write"]) == 0
    assert not stale.exists()


def test_the_tree_is_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["rules", "--check"]) == 0
