"""Streams of a command: what they can stand, and how a command ends when they cannot."""

from __future__ import annotations

import io
import signal
import sys
import threading
from pathlib import Path

import pytest

from rtproto import console


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "wanted, environment, terminal, colored",
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_when_to_colour(
    wanted: str, environment: dict[str, str], terminal: bool, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert console.color(wanted, Terminal() if terminal else io.StringIO()) is colored


def test_the_width_is_the_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")

    assert console.width(Terminal()) == 72
    assert console.width(io.StringIO()) == 100


@pytest.mark.parametrize(
    "error, status, said",
    [
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 0, ""),
        (
            OSError(28, "No space left on device"),
            2,
            "rtproto: cannot write the report: No space left on device\n",
        ),
        (OSError("no number"), 2, "rtproto: cannot write the report: no number\n"),
    ],
)
def test_ways_to_end(
    error: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dropped: list[bool] = []
    monkeypatch.setattr(console, "drop_output", lambda: dropped.append(True))

    def run() -> int:
        raise error

    assert console.guard(run) == status
    assert capsys.readouterr() == ("", said)
    assert dropped == [True]


def test_a_command_that_ends_as_it_should() -> None:
    assert console.guard(lambda: 1) == 1


@pytest.mark.parametrize(
    "format, written", [("text", b"h\\xe4\\u2026"), ("json", "hä…".encode()), ("jsonl", "hä…".encode())]
)
def test_characters_that_the_encoding_lacks(
    format: str, written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)

    console.output(format).write("hä…")
    stream.flush()
    assert data.getvalue() == written


def test_streams_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)

    assert console.output().write("x") == 1
    console.drop_output()
    console.say("x")
    assert console.guard(lambda: 0) == 0


def test_standard_error_may_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Full())

    console.say("x")


def test_what_is_said_is_safe_to_print(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("\x1b[2J\n::error::")

    assert capsys.readouterr().err == "rtproto: \\x1b[2J\\n::error::\n"


def test_output_that_is_dropped_goes_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        stream.write("before")
        console.drop_output()

    assert (tmp_path / "out").read_text() == ""


def test_help_is_plain_unless_a_terminal_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import argparse

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    rich = console.help_formatter(["--help"])

    assert rich.__module__.startswith("rich_argparse")
    assert console.help_formatter([])("x").format_help() == ""
    assert console.help_formatter([]) is not argparse.RawDescriptionHelpFormatter  # it asks no terminal
    monkeypatch.setitem(sys.modules, "rich_argparse", None)
    assert console.help_formatter(["-h"]) is argparse.RawDescriptionHelpFormatter


def test_ctrl_c_is_held_back_let_in_and_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with console.Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        reached: list[str] = []

        def write() -> None:
            with interrupts.held():
                signal.raise_signal(signal.SIGINT)
                reached.append("the end")

        with pytest.raises(KeyboardInterrupt):
            write()
        with interrupts.held():
            with pytest.raises(KeyboardInterrupt), interrupts.let_in():
                signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt), interrupts.let_in():
                reached.append("nothing: it came before")
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_stays_ignored_where_it_was_and_is_left_alone_in_another_thread() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with console.Interrupts():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)

    def elsewhere() -> None:
        with console.Interrupts() as interrupts, interrupts.held():
            seen.append(signal.getsignal(signal.SIGINT))

    seen: list[object] = []
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [before]
