"""Where the reports of a run go: standard output, and a file for each `-o FORMAT=PATH`."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import IO, Any, BinaryIO, Literal, TextIO, cast

from msgspec.structs import replace

from rtproto import console
from rtproto.check_targets import identity
from rtproto.findings import Finding, SessionReport, Unchecked
from rtproto.reports import BINARY, LiveReporter, Options, Reporter, binary_reporter, reporter
from rtproto.urls import is_url, public

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable that names the file of a step's summary where GitHub runs the command."""


class CannotOpen(Exception):  # noqa: N818 - the name says what went wrong
    """A report cannot be written where it was asked for.  The message says why."""


class Outputs:
    """All reports of a run, fed at once.

    A file is opened before anything is checked, so that a wrong name does not cost a long run, and is written as the
    format allows: lines at once, documents at the end.
    """

    def __init__(self, out: TextIO, format: str, options: Options, *, live: bool = False) -> None:
        self._out = out
        self._options = options
        self._first = reporter(format, out.write, options)
        self._live = cast("LiveReporter", self._first) if live else None
        self._reporters: list[Reporter] = [self._first]
        self._files: list[IO[Any]] = []

    def open(self, files: Iterable[tuple[str, str]], inputs: Iterable[str], summary: str | None) -> None:
        """Open the files, given by format and path; `summary` is one to which a summary is appended.

        Raises `CannotOpen`, also for one of the `inputs`, and for a file that was named before.
        """
        taken: dict[int | str, str] = {}
        for format, path in files:
            taken = taken or {identity(path): "is to be checked" for path in inputs}
            if (why := taken.get(identity(path))) is not None:
                self.close()
                raise CannotOpen(f"{public(path)} {why}; a report must not take its place")
            self._add(format, path, "w")
            taken[identity(path)] = "is the file of another report"
        if summary:
            self._add("summary", summary, "a")

    def _add(self, format: str, path: str, mode: Literal["w", "a"]) -> None:
        options = replace(self._options, color=False, width=100, list_unchecked=True)
        try:
            file = _opened(path, mode)
            self._files.append(file)
            if format in BINARY:
                self._reporters.append(binary_reporter(format, file, options))
                return
        except (OSError, ValueError) as error:
            self.close()
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CannotOpen(f"{public(path)} cannot be written: {why.lower()}") from error
        except ImportError:
            self.close()
            raise CannotOpen(f"{format} needs pyarrow: pip install 'rtproto[fleet]'") from None
        text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
        self._files[-1] = text
        self._reporters.append(reporter(format, text.write, options))

    def _each(self, tell: Callable[[Reporter], None]) -> None:
        for each in list(self._reporters):
            try:
                tell(each)
            except BrokenPipeError:
                self._leave(each)

    def _leave(self, reporter: Reporter) -> None:
        """Nobody reads that report any more; the others go on, if there are any."""
        self._reporters.remove(reporter)
        if not self._reporters:
            raise BrokenPipeError
        if reporter is self._first:
            console.drop_output()

    def session(self, session: SessionReport) -> None:
        """Report one session; standard output only its end, where its findings were told before."""
        live = self._live

        def tell(each: Reporter) -> None:
            if live is not None and each is self._first:
                live.ended(session)
            else:
                each.session(session)

        self._each(tell)

    def finding(self, finding: Finding, path: str) -> None:
        """Tell on standard output of one finding of a session that goes on."""
        assert self._live is not None
        if self._first in self._reporters:
            try:
                self._live.finding(finding, path)
            except BrokenPipeError:
                self._leave(self._first)
            self.flush()

    def unchecked(self, unchecked: Unchecked) -> None:
        """Report one path that could not be checked."""
        self._each(lambda each: each.unchecked(unchecked))

    def flush(self) -> None:
        """Show on standard output what was written until now."""
        if self._first in self._reporters:
            try:
                self._out.flush()
            except BrokenPipeError:
                self._leave(self._first)

    def finish(self) -> None:
        """Write what comes last, and close the files."""
        self._each(lambda each: each.finish())
        self.flush()
        for file in self._files:
            file.close()

    def close(self) -> None:
        """Close the files, also those that cannot hold any more."""
        for file in self._files:
            with suppress(OSError):
                file.close()


def _opened(path: str, mode: Literal["w", "a"]) -> BinaryIO:
    """The file, or the object at that URL, to be written.  Raises `OSError` or `ValueError`."""
    if not is_url(path):
        return open(path, "wb" if mode == "w" else "ab")
    from rtproto.remote import create

    return create(path)


def step_summary() -> str | None:
    """The file of the step's summary, where GitHub runs the command."""
    return os.environ.get(SUMMARY) or None
