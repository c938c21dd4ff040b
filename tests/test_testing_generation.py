"""Generated sessions are legal, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.rules import RULES
from rtproto.testing import FEATURES, Frame, generate
from rtproto.testing.__main__ import main

NOTED = {"early": {"SES016"}, "hand-commit": {"CLI028"}}
"""Features of which a note cannot be avoided."""
OPEN_END = "CLI029"
"""The note that a session stopped while something waited for a response that nobody had asked for: so some do."""


def found(frames: list[Frame]) -> list[tuple[str, int, str]]:
    checker = SessionChecker()
    for frame in frames:
        checker.feed(frame.direction, frame.raw)
    checker.close(cut=False)
    return [
        (f.code, f.line, RULES[f.code].message.format_map(f.args))
        for f in checker.findings
        if f.code != OPEN_END
    ]


@pytest.mark.parametrize("dialect", ["ga", "beta", "translation"])
@pytest.mark.parametrize("seed", range(25))
def test_what_is_generated_is_legal(dialect: str, seed: int) -> None:
    assert found(generate(seed, dialect=dialect)) == []


@pytest.mark.parametrize("feature", sorted(FEATURES))
def test_each_feature_alone_is_legal(feature: str) -> None:
    for dialect in FEATURES[feature]:
        for seed in range(6):
            codes = {code for code, _, _ in found(generate(seed, dialect=dialect, features=[feature]))}
            assert codes <= NOTED.get(feature, set())


def test_the_same_seed_makes_the_same_session() -> None:
    assert generate(7) == generate(7) != generate(8)


def test_the_bytes_of_a_frame_are_its_event() -> None:
    assert all(msgspec.json.decode(frame.raw) == frame.event for frame in generate(1))


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no dialect 'alpha'; there are: beta, ga, translation"):
        generate(1, dialect="alpha")
    with pytest.raises(ValueError, match="no feature 'mcp' in beta; there are: text, voice"):
        generate(1, dialect="beta", features=["mcp"])


def test_files_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SystemExit):
        main(["generate", str(tmp_path / "file"), "--seeds", "1"])

    assert "File exists" in capsys.readouterr().err
