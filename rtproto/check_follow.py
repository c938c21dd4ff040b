"""`--follow`: judge a recording while it is written, and tell each finding as soon as its line is complete.

What is told at once is what a report would tell, in the order of the file: a repetition of the same fault only for the
first time, consequences only where they are asked for.  The closing report has the sums, and the reports in files
everything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec.structs import replace

from rtproto import console
from rtproto.check_targets import Target
from rtproto.checker import SessionChecker
from rtproto.checker_repeats import sameness
from rtproto.findings import Finding, Report, Severity, Unchecked
from rtproto.recording import Settings, reason
from rtproto.selection import Selection
from rtproto.transcripts.formats import JSONL, LINES, Recording
from rtproto.transcripts.growing import GrowingFile, GrowingStream, wait_for

if TYPE_CHECKING:
    from rtproto.baseline import Baseline


class Telling:
    """Tells new findings of one connection after the other, each once."""

    def __init__(
        self,
        tell: Callable[[Finding, str], None],
        least: Severity,
        selection: Selection,
        known: Baseline | None,
    ) -> None:
        self._tell = tell
        self._least = least
        self._selection = selection
        self._known = known
        self._checker: SessionChecker | None = None
        self._places: list[int] = []
        """For each finding of the checker, which of the different ones it is."""
        self._first: dict[Hashable, int] = {}
        self._told: dict[int, int] = {}
        """Which of the different ones were told, and as the how many'th."""

    def tell(self, checker: SessionChecker, findings: list[Finding]) -> None:
        """Tell what is new among these findings, which the checker has made just now."""
        if checker is not self._checker:
            self._checker = checker
            self._places, self._first, self._told = [], {}, {}
        for finding in findings:
            cause = None if finding.caused_by is None else self._places[finding.caused_by]
            known = len(self._first)
            place = self._first.setdefault(sameness(finding, cause), known)
            self._places.append(place)
            if place == known and self._wanted(finding, cause, checker.path):
                shown = None if cause is None else self._told[cause]
                self._told[place] = len(self._told)
                self._tell(replace(finding, caused_by=shown), checker.path)

    def _wanted(self, finding: Finding, cause: int | None, path: str) -> bool:
        if cause is not None:
            return cause in self._told and finding.severity >= self._least and finding.code in self._selection
        if finding.severity < self._least or finding.code not in self._selection:
            return False
        return self._known is None or not self._known.knows(path, finding)


def follow(
    settings: Settings, target: Target, telling: Telling, interrupts: console.Interrupts
) -> Iterator[Report]:
    """The reports of a file that is being written, one for each time it was begun anew; Ctrl-C ends the last.

    A file that is not there yet is waited for, where its folder is there.
    """
    path = target.path
    if target.standard:
        stdin = getattr(sys.stdin, "buffer", None)
        if stdin is None:
            yield Report(unchecked=(Unchecked(path, "there is no standard input"),))
            return
        yield _judged(settings, GrowingStream(stdin, interrupts.let_in), path, telling)
        return
    while True:
        try:
            growing = _opened(path, interrupts)
        except (OSError, ValueError) as error:
            told = reason(error) if isinstance(error, OSError) else "no file can have such a name"
            yield Report(unchecked=(Unchecked(path, told),))
            return
        try:
            yield _judged(settings, growing, path, telling)
        finally:
            growing.close()
        if not growing.why:
            return
        console.say(f"{path}: {growing.why}; it is read from its start")


def _opened(path: str, interrupts: console.Interrupts) -> GrowingFile:
    try:
        return GrowingFile(path, interrupts.let_in)
    except FileNotFoundError:
        if not Path(path).parent.is_dir():
            raise
    console.say(f"{path}: there is no such file yet; it is read when there is")
    wait_for(path, interrupts.let_in)
    return GrowingFile(path, interrupts.let_in)


def _judged(settings: Settings, lines: GrowingFile | GrowingStream, path: str, telling: Telling) -> Report:
    # What grows is JSON lines: no other format can be told from its beginning alone.
    recording = Recording(JSONL, LINES, cast("BinaryIO", lines), lossy=False)
    frames = recording.frames(settings.max_line_bytes)
    report = settings.check_frames(frames, path, telling.tell, recording)
    if not lines.begun and (lines.stopped or lines.why):
        return Report()  # nothing was written yet, which is no fault of the file
    return report
