"""The line about a run that takes long."""

from __future__ import annotations

import io
import sys
import threading
from typing import Any

import pytest

from rtproto import progress
from rtproto.findings import Report
from rtproto.progress import Progress
from tests.command import Run, here, run
from tests.report_samples import BROKEN, CLEAN

__all__ = ["here", "run"]


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_it_says() -> None:
    clock, read = Clock(), [0]
    told = Progress(None, {"a": 1_000, "b": 3_000, "c": 0}, reading=lambda: read[0], clock=clock)

    assert told.text() == "0 of 3 files (0%), 0 findings"
    clock.now += 2
    told.done("a", Report((BROKEN, CLEAN)))
    assert told.text() == "1 of 3 files (25%), 0:06 left, 3 findings, 195 events (98/s)"
    read[0] = 1_000
    clock.now += 100
    assert told.text() == "1 of 3 files (50%), 1:42 left, 3 findings, 195 events (2/s)"
    assert told.text(59) == "1 of 3 files (50%), 1:42 left, 3 findings, 195 events (2/s)"
    assert told.text(58) == "1 of 3 files (50%), 1:42 left, 3 findings"
    assert told.text(25) == "1 of 3 files (50%)"
    assert told.text(8) == "1 of 3 f"
    told.done("b", Report((CLEAN,)))
    told.done("c", Report())
    read[0] = 0
    assert told.text() == "3 of 3 files (100%), 3 findings, 338 events (3/s)"
    assert Progress(None, {"-": 0}, clock=clock).text() == "0 of 1 file, 0 findings"


def test_it_is_drawn_over_itself_and_goes_away_while_others_write() -> None:
    err = io.StringIO()
    told = Progress(err, {"a": 1}, width=20)

    told.draw()
    with told.away():
        err.write("a finding\n")
    with told.away():
        pass
    assert err.getvalue() == "\r\x1b[K0 of 1 file (0%)\r\x1b[Ka finding\n"


def test_it_ends_when_the_terminal_goes_away() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise OSError

    told = Progress(Gone(), {"a": 1})
    told.draw()
    with told:
        pass
    assert threading.active_count() == 1 or not any(t.name == "progress" for t in threading.enumerate())


class Terminal(io.StringIO):
    """Standard error on a terminal; it tells when something was drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if "of 1 file" in text:
            self.drawn.set()
        return super().write(text)


def test_a_long_run_on_a_terminal_shows_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from rtproto.recording import Settings

    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(progress, "AFTER", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    checks = Settings.check_stream

    def slow(self: Settings, *args: Any) -> Report:
        assert err.drawn.wait(10)
        return checks(self, *args)

    monkeypatch.setattr(Settings, "check_stream", slow)

    assert run("clean.jsonl")[0] == 0
    assert err.getvalue().endswith("\r\x1b[K")


def test_a_short_run_and_one_without_a_terminal_show_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("clean.jsonl")[2] == ""
    monkeypatch.setattr(sys, "stderr", err := Terminal())
    assert run("clean.jsonl")[0] == 0
    assert err.getvalue() == ""


def test_the_position_in_the_file_at_hand(here: Any) -> None:
    from rtproto.recording import Settings

    settings = Settings()
    assert settings.position() == 0
    stream = io.BytesIO((here / "clean.jsonl").read_bytes())
    settings.check_stream(stream, "x")
    assert settings.position() == len(stream.getvalue())
    stream.close()
    assert settings.position() == 0
