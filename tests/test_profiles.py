"""Profiles: the shipped files, users' own, and what each does to a report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from rtproto import check
from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity
from rtproto.protocol.profiles import (
    LEVELS,
    MAX_FILE_BYTES,
    NAMES,
    OPENAI,
    Profile,
    ProfileError,
    Relaxation,
    parse,
    read,
    shipped,
)
from rtproto.recording import check_file
from rtproto.rules import RULES
from rtproto.rules.examples import Edit, after, change
from rtproto.rules.sessions import session

REPEATED_INDEX = change("response.output_item.added", "output_index", 3)
BEAT = after("session.updated", "server", {"type": "server.beat", "event_id": "event_beat"})


def findings(edit: Edit, profile: str | Path | Profile | None) -> list[Finding]:
    checker = SessionChecker(profile=profile)
    for direction, event in edit.apply(session("text_turn")):
        checker.feed(direction, msgspec.json.encode(event))
    checker.close()
    return checker.findings


# The shipped ones.


@pytest.mark.parametrize("name", NAMES)
def test_shipped_profiles_name_rules_and_give_reasons(name: str) -> None:
    profile = shipped(name)

    assert profile.name == name
    assert profile.about.endswith(".")
    for code, relaxation in profile.relax.items():
        assert any(known.startswith(code) for known in RULES), code
        assert relaxation.severity in LEVELS
        assert (
            relaxation.why[:1].isupper() or relaxation.why.startswith("`") or relaxation.why[:6] == "output"
        )
        assert relaxation.why.endswith("."), code
        assert relaxation.profile == name


@pytest.mark.parametrize("name", NAMES)
def test_what_a_shipped_profile_relaxes_it_relaxes(name: str) -> None:
    """A relaxation that leaves a rule its severity is a mistake."""
    for code, relaxation in shipped(name).relax.items():
        for known, rule in RULES.items():
            if known.startswith(code):
                assert relaxation.caps(Severity.ERROR) != Severity.ERROR, (name, code)
                assert relaxation.severity != rule.severity.label, (name, code)


def test_nothing_is_forgiven_to_openai() -> None:
    assert shipped("openai") is OPENAI
    assert OPENAI.relax == {}
    assert OPENAI.events == frozenset()


def test_an_ordinary_session_reads_no_profile_file() -> None:
    """Start-up: the TOML reader costs more than judging a short session."""
    script = (
        "import sys, msgspec\n"
        "from rtproto import SessionChecker\n"
        "checker = SessionChecker()\n"
        'checker.feed("server", b\'{"type":"session.created","session":{"type":"realtime","model":"gpt"}}\')\n'
        "assert checker.profile == 'openai'\n"
        "assert 'tomli' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# Asking.


def test_the_longest_fitting_code_counts_and_then_the_base() -> None:
    profile = Profile(
        "mine",
        "Ours.",
        relax={"OUT": Relaxation("info", "all"), "OUT00": Relaxation("warning", "some")},
        base=shipped("xai"),
    )

    assert profile.relaxation("OUT002") == Relaxation("warning", "some")
    assert profile.relaxation("OUT016") == Relaxation("info", "all")
    assert profile.relaxation("RSP010") == shipped("xai").relax["RSP010"]
    assert profile.relaxation("DIA001") == shipped("compat").relax["DIA001"]
    assert profile.relaxation("RSP001") is None


@pytest.mark.parametrize(
    "level, left",
    [("off", None), ("info", Severity.INFO), ("warning", Severity.WARNING), ("error", Severity.WARNING)],
)
def test_a_relaxation_caps(level: str, left: Severity | None) -> None:
    assert Relaxation(level, "why").caps(Severity.WARNING) == left  # type: ignore[arg-type]  # one of LEVELS


# Users' own.

MINE = """\
name = "acme-voice"
about = "Our gateway."
extends = "compat"
events = ["server.beat"]

[relax]
OUT = { severity = "info", why = "the gateway numbers items per connection" }
DIA001.severity = "error"
DIA001.why = "the gateway speaks GA only"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "acme.toml"
    path.write_text(MINE, encoding="utf-8")
    return path


def worst(edit: Edit, profile: Path | str | Profile) -> tuple[str, Severity]:
    """The first of the worst findings."""
    first = max(findings(edit, profile), key=lambda finding: finding.severity)
    return first.code, first.severity


def test_a_file_relaxes_rules_and_adds_events(mine: Path) -> None:
    assert [f.code for f in findings(BEAT, None)] == ["DIA018"]
    assert findings(BEAT, mine) == []
    assert worst(REPEATED_INDEX, mine) == ("OUT002", Severity.INFO)
    assert worst(REPEATED_INDEX, str(mine)) == ("OUT002", Severity.INFO)
    assert worst(REPEATED_INDEX, read(mine)) == ("OUT002", Severity.INFO)


def test_error_takes_back_what_the_base_relaxes(mine: Path) -> None:
    beta = after(
        "response.output_text.delta",
        "server",
        {"type": "response.text.delta", "event_id": "event_beta", "delta": ""}
        | {"response_id": "resp_1", "item_id": "item_a1", "output_index": 0, "content_index": 0},
    )

    assert findings(beta, "compat") == []
    assert [(f.code, f.severity) for f in findings(beta, mine)] == [("DIA001", Severity.ERROR)]


def test_a_file_needs_nothing_and_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "plain.toml"
    path.write_bytes(b"")

    assert read(path) == Profile("plain", "", base=OPENAI)


def test_the_report_names_the_profile(mine: Path) -> None:
    lines = b"\n".join(msgspec.json.encode(event) for _, event in session("text_turn"))
    recording = mine.with_suffix(".jsonl")
    recording.write_bytes(lines)

    (report,) = check_file(recording, profile=mine).sessions
    assert (report.profile, report.profile_reason) == ("acme-voice", "asked for")


BAD = [
    (b"name = ", "not TOML: Invalid value (at end of document)"),
    (b"\xff", "not UTF-8 at byte 0"),
    (b"a=" + b"[" * 100_000, "not TOML: "),
    (b"#" * (MAX_FILE_BYTES + 1), "too long for a profile: more than 1 MiB"),
    (b"event = []", "a profile has no member 'event'; did you mean 'events'"),
    (b"zzz = []", "a profile has no member 'zzz'; there are: name, about, extends, events, relax"),
    (b"events = [1]", "Expected `str`, got `int` - at `$.events[0]`"),
    (b'extends = "acme"', "no profile 'acme'; there are: openai, azure, azure-voice-live, xai, compat"),
    (b"relax = 1", "Expected `object`, got `int` - at `$.relax`"),
    (b"[relax]\nOUT002 = 1", "[relax] OUT002: Expected `object`, got `int`"),
    (b'[relax]\nOUT002 = {severity = "info"}', "[relax] OUT002: Object missing required field `why`"),
    (b'[relax]\nOUT002 = {severity = "info", why = " "}', "[relax] OUT002: `why` must say what justifies it"),
    (b'[relax]\nOUT002 = {severity = "low", why = "x"}', "(severity is one of off, info, warning, error)"),
    (b'[relax]\nOUT002 = {why = "x", level = "off", severity = "off"}', "unknown field `level`"),
    (b'[relax]\nout2 = {severity = "off", why = "x"}', "[relax] 'out2' is neither a rule's code (OUT002)"),
]


@pytest.mark.parametrize("raw, told", BAD, ids=[told[:40] for _, told in BAD])
def test_a_bad_file_is_told_clearly(tmp_path: Path, raw: bytes, told: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(raw)

    with pytest.raises(ProfileError) as raised:
        SessionChecker(profile=path)
    assert str(raised.value).startswith(f"{path}: ")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    "code, hint", [("OUT201", "did you mean OUT"), ("ZZZ", "`python -m rtproto rules` prints them all")]
)
def test_a_rule_that_there_is_not(tmp_path: Path, code: str, hint: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(f'[relax]\n{code} = {{severity = "off", why = "x"}}', encoding="utf-8")

    with pytest.raises(ProfileError) as raised:
        SessionChecker(profile=path)
    assert f"{path}: [relax] there is no rule {code}; {hint}" in str(raised.value)
    with pytest.raises(ProfileError, match=f"profile mine: \\[relax\\] there is no rule {code}"):
        SessionChecker(profile=Profile("mine", "", relax={code: Relaxation("off", "x")}))


@pytest.mark.parametrize("name", ["missing.toml", "a\0b.toml"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProfileError, match=r"no such file or directory|no file can have such a name"):
        SessionChecker(profile=tmp_path / name)


@pytest.mark.parametrize("asked", ["acme", "missing.toml"])
def test_the_command_refuses_a_bad_profile(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        check.main(["--profile", asked, "session.jsonl"])
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert "missing.toml: no such file" in told or "no profile 'acme'; there are: openai" in told


def test_a_name_is_not_looked_for_as_a_file() -> None:
    with pytest.raises(ProfileError, match="no profile 'server'"):
        parse(b'extends = "server"', "mine")
