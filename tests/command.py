"""What the tests of the check command share: a folder with recordings in it, and the command run there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rtproto import check
from rtproto.rules import RULES


def example(code: str, *, breaking: bool) -> bytes:
    """A rule's own example, as a recorder writes it."""
    lines = RULES[code].example.lines(breaking=breaking)
    return b"".join(b'{"direction": "%s", "event": %s}\n' % (side.encode(), raw) for side, raw in lines)


CLEAN = example("OUT016", breaking=False)
BROKEN = example("OUT016", breaking=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a clean, a broken and an empty recording, and no colours from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "clean.jsonl").write_bytes(CLEAN)
    (tmp_path / "broken.jsonl").write_bytes(BROKEN)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in that folder; exit status, standard output, standard error."""

    def go(*argv: str, main: Callable[..., int] = check.main) -> tuple[int, str, str]:
        try:
            status = main(list(argv))
        except SystemExit as end:
            status = int(str(end.code))
        out, err = capsys.readouterr()
        return status, out, err

    return go
