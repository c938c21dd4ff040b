"""The two streams a command writes to, and the three ways in which writing ends early.

Commands import this module at their head, so it imports nothing that takes time.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self, TextIO

CANNOT_WRITE = 2
INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


def guard(run: Callable[[], int]) -> int:
    """Run a command and return its exit status, without a traceback for Ctrl-C, a closed pipe or a full disk."""
    try:
        status = run()
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        drop_output()
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return 0
    except OSError as error:
        drop_output()
        say(f"cannot write the report: {error.strerror or error}")
        return CANNOT_WRITE


def seconds(text: str) -> float:
    """An option's time, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 86_400:
        raise argparse.ArgumentTypeError("a number of seconds, 0.01 to 86400")
    return value


FOR_PEOPLE = ("full", "concise", "text")
"""Formats that are written in the encoding of the terminal."""


class Interrupts:
    """Ctrl-C, held back while something is written that must not stop in its middle.

    In a thread other than the main one it is not ours to hold, and comes as it comes.
    """

    def __init__(self) -> None:
        self._held = self._came = False
        self._before: Any = None

    def __enter__(self) -> Self:
        import signal

        before = signal.getsignal(signal.SIGINT)
        if before not in (signal.SIG_IGN, None):  # a shell's background job is not to be interrupted
            with suppress(ValueError):  # not in the main thread
                signal.signal(signal.SIGINT, self._interrupt)
                self._before = before
        return self

    def __exit__(self, *raised: object) -> None:
        import signal

        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, *signal: object) -> None:
        if not self._held:
            raise KeyboardInterrupt
        self._came = True

    @contextmanager
    def held(self) -> Generator[None, None, None]:
        """Let no Ctrl-C in; one that came meanwhile raises `KeyboardInterrupt` at the end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            self._came = False
            raise KeyboardInterrupt

    @contextmanager
    def let_in(self) -> Generator[None, None, None]:
        """Let a Ctrl-C in for a while, also one that was held back."""
        held, self._held = self._held, False
        try:
            if self._came:
                self._came = False
                raise KeyboardInterrupt
            yield
        finally:
            self._held = held


def output(format: str = "full") -> TextIO:
    """Standard output, made unable to fail on a character that its encoding lacks; data is always UTF-8."""
    out: TextIO | None = sys.stdout
    if out is None:  # started with the descriptor closed
        return io.StringIO()
    if format in FOR_PEOPLE:
        _reconfigure(out, errors="backslashreplace")
    else:
        _reconfigure(out, encoding="utf-8")
    return out


def _reconfigure(stream: object, *, encoding: str | None = None, errors: str | None = None) -> None:
    if isinstance(stream, io.TextIOWrapper):  # tests and hosts put other things there
        stream.reconfigure(encoding=encoding, errors=errors)


def drop_output() -> None:
    """Let what is still in the buffer of standard output go nowhere, where it cannot fail once more."""
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return  # no real descriptor: there is nothing that Python would flush to it
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def say(text: str) -> None:
    """One line about the run itself, on standard error, safe to print."""
    err: TextIO | None = sys.stderr
    if err is None:
        return
    _reconfigure(err, errors="backslashreplace")
    from rtproto.reports.words import escape

    with suppress(OSError):  # a stream that cannot be written to cannot be told so
        err.write(f"rtproto: {escape(text)}\n")
        err.flush()


def color(wanted: str, out: TextIO) -> bool:
    """Whether to colour: as asked, else as NO_COLOR and FORCE_COLOR say, else on a terminal that can."""
    if wanted != "auto":
        return wanted == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(out) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody sits before that stream, which may be closed, or missing."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def width(out: TextIO | None) -> int:
    """Columns of the terminal; 100 where there is none."""
    if not is_terminal(out):
        return 100
    from shutil import get_terminal_size

    return get_terminal_size((100, 24)).columns


_HELP = {"-h", "--help"}


def help_formatter(argv: Sequence[str]) -> type[argparse.HelpFormatter]:
    """The layout of `--help`: in colours where a terminal is there to show them and `rtproto[cli]` is installed."""
    if _HELP & set(argv) and color("auto", sys.stdout):
        try:
            from rich_argparse import RawDescriptionRichHelpFormatter
        except ImportError:
            pass
        else:
            return RawDescriptionRichHelpFormatter
    return argparse.RawDescriptionHelpFormatter if _HELP & set(argv) else _Usage


class _Usage(argparse.RawDescriptionHelpFormatter):
    """The layout of an error's usage: of a fixed width, for to ask the terminal costs milliseconds at every start."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)
