"""The counts behind `docs/calibration.md`."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import msgspec
import pytest

from benchmarks import calibration
from rtproto.rules import RULES
from rtproto.rules.base import Unjudged
from rtproto.rules.examples import change, repeat
from rtproto.rules.sessions import Session, session
from tests.conftest import ROOT

DAY = dt.date(2026, 11, 22)


def record(path: Path, lines: Session) -> None:
    path.parent.mkdir(exist_ok=True)
    frames = [{"direction": direction, "event": event} for direction, event in lines]
    path.write_bytes(b"\n".join(map(msgspec.json.encode, [*frames, {"close": {}}])))


@pytest.fixture
def vendors(tmp_path: Path) -> list[calibration.Vendor]:
    record(tmp_path / "acme" / "text.jsonl", session("text_turn"))
    record(tmp_path / "acme" / "voice.jsonl", repeat("response.done").apply(session("voice_turn")))
    record(
        tmp_path / "zeta" / "text.jsonl",
        change("response.done", "response.usage.total_tokens", 31).apply(session("text_turn")),
    )
    (tmp_path / "empty").mkdir()
    return calibration.calibrate(tmp_path)


def cells(vendors: list[calibration.Vendor], code: str) -> list[str]:
    (row,) = [line for line in calibration.page(vendors, DAY) if line.startswith(f"| {code} ")]
    return row.split(" | ")[2:]


def test_occasions_and_violations_are_counted(vendors: list[calibration.Vendor]) -> None:
    responses = [
        sum(event["type"] == "response.done" for name in names for _, event in session(name))
        for names in (("text_turn", "voice_turn"), ("text_turn",))
    ]

    assert [vendor.name for vendor in vendors] == ["acme", "zeta"]
    # A rule that is code, one that is a cell, one about what is left unfinished, one about bytes.
    assert cells(vendors, "USG001")[:2] == [f"0/{responses[0] + 1}", f"1/{responses[1]}"]
    assert cells(vendors, "RSP005")[:2] == [f"1/{responses[0] + 1}", f"0/{responses[1]}"]
    assert cells(vendors, "RSP007")[:2] == [f"0/{responses[0]}", f"0/{responses[1]}"]
    assert cells(vendors, "WIR002")[1] == f"0/{len(session('text_turn'))}"


def test_audio_is_an_occasion_of_its_side(vendors: list[calibration.Vendor]) -> None:
    types = [event["type"] for _, event in session("voice_turn")]

    assert cells(vendors, "CLI003")[0] == f"0/{types.count('input_audio_buffer.append')}"
    assert cells(vendors, "OUT019")[:2] == [f"0/{types.count('response.output_audio.delta')}", "-"]


def test_rules_without_an_occasion_are_marked(vendors: list[calibration.Vendor]) -> None:
    assert cells(vendors, "MCP004") == ["-", "-", "no occasion |"]


def test_every_judged_rule_has_a_row(vendors: list[calibration.Vendor]) -> None:
    page = "\n".join(calibration.page(vendors, DAY))

    rows = re.findall(r"^\| ([A-Z]{3}\d{3}) \|", page, re.MULTILINE)
    assert rows == sorted(code for code, rule in RULES.items() if not issubclass(rule, Unjudged))
    assert "Made on 2026-11-22 from 3 recordings" in page
    assert "| acme | 2 |" in page
    assert "| openai (2) | 1 | 0 | 0 |" in page


def test_violations_are_never_more_than_occasions(vendors: list[calibration.Vendor]) -> None:
    for vendor in vendors:
        for code, count in vendor.occasions.broken.items():
            assert count <= vendor.occasions.of(RULES[code])


def test_the_command_writes_the_page(
    vendors: list[calibration.Vendor],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    del vendors
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RTPROTO_RECORDINGS", str(tmp_path))
    assert calibration.main([]) == 0
    printed = capsys.readouterr().out
    assert calibration.main(["--write"]) == 0
    assert (tmp_path / calibration.PAGE).read_text(encoding="utf-8") == printed
    monkeypatch.delenv("RTPROTO_RECORDINGS")
    with pytest.raises(SystemExit):
        calibration.main([])


def test_the_page_of_the_tree_holds_only_counts() -> None:
    page = (ROOT / calibration.PAGE).read_text(encoding="utf-8")

    assert re.search(r"\b(item|resp|sess|event|call)_\w", page) is None
    assert re.search(r"Made on \d{4}-\d\d-\d\d from \d+ recordings", page)
