"""Lines get to the terminal in their order, and a terminal that is stopped stops nobody."""

from __future__ import annotations

import threading

import pytest

from rtproto.live import printer as module
from rtproto.live.printer import Printer


def test_lines_of_several_places_keep_their_order() -> None:
    lines: list[str] = []
    printer = Printer()
    first, second = printer.to(lambda line: lines.append("1" + line)), printer.to(lines.append)
    for number in range(50):
        (first if number % 2 else second)(str(number))
    printer.close()
    assert lines == [f"1{number}" if number % 2 else str(number) for number in range(50)]
    assert printer.dropped == 0


def test_a_terminal_that_is_stopped_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 5)
    go, lines = threading.Event(), []

    def write(line: str) -> None:
        go.wait(30)
        lines.append(line)

    printer = Printer()
    put = printer.to(write)
    for number in range(50):
        put(str(number))
    assert printer.dropped >= 44
    go.set()
    printer.close()
    assert len(lines) + printer.dropped == 50


def test_a_pipe_that_is_closed_is_told_at_the_end() -> None:
    def write(line: str) -> None:
        raise BrokenPipeError

    printer = Printer()
    printer.to(write)("a line")
    printer.to(write)("another")
    with pytest.raises(BrokenPipeError):
        printer.close()
    assert printer.dropped == 2
