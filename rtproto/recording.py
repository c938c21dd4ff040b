"""From a recording to its report: read the frames, judge each connection, keep what the reader selected.

Nothing that a file holds raises.  What cannot be read, or is no recording, is in `Report.unchecked` with a reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from rtproto.checker import SessionChecker
from rtproto.checker_profile import AnyProfile, profile_of
from rtproto.findings import Finding, Report, SessionReport, Unchecked
from rtproto.selection import Selection
from rtproto.transcripts.jsonl import Frame, NotARecording, read
from rtproto.wire import MAX_LINE_BYTES


def check_file(
    path: str | os.PathLike[str],
    *,
    dialect: str | None = None,
    profile: AnyProfile | None = None,
    select: Iterable[str] | str = (),
    ignore: Iterable[str] | str = (),
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Report:
    """Judge one recording.

    A file has one session for each connection in it; a line `{"close": …}` stands between two connections.  `dialect`
    (`beta`, `ga`, `translation`) and `profile` (`openai`, `azure`, `azure-voice-live`, `xai`, `compat`, or the path of
    a TOML file) are detected where they are None.
    `select` and `ignore` take codes, prefixes of codes, or rules' names.

    Raises `ValueError` for a dialect, profile or rule that there is not, and nothing for what the file holds or for a
    file that cannot be read: that is in `Report.unchecked`.
    """
    settings = Settings(
        dialect=dialect, profile=profile, select=select, ignore=ignore, max_line_bytes=max_line_bytes
    )
    return settings.check_file(path)


def check_stream(
    stream: BinaryIO,
    *,
    path: str = "<stream>",
    dialect: str | None = None,
    profile: AnyProfile | None = None,
    select: Iterable[str] | str = (),
    ignore: Iterable[str] | str = (),
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Report:
    """Judge a recording that is read from a binary stream; `path` is what reports call it.  Otherwise as `check_file`.

    When the stream fails in the middle, the report holds what was read until then beside the reason.
    """
    settings = Settings(
        dialect=dialect, profile=profile, select=select, ignore=ignore, max_line_bytes=max_line_bytes
    )
    return settings.check_stream(stream, path)


Found = Callable[[SessionChecker, list[Finding]], object]
"""Is told of findings that a checker has made just now."""


class Settings:
    """How recordings are checked, verified once for any number of them; arguments and errors as for `check_file`."""

    def __init__(
        self,
        *,
        dialect: str | None = None,
        profile: AnyProfile | None = None,
        select: Iterable[str] | str = (),
        ignore: Iterable[str] | str = (),
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        self._dialect = dialect
        self._profile = None if profile is None else profile_of(profile)
        self._selection = Selection(select, ignore)
        self.max_line_bytes = max_line_bytes
        self._stream: BinaryIO | None = None
        self._checker("")  # refuses a dialect that there is not before any file is opened

    def _checker(self, path: str) -> SessionChecker:
        return SessionChecker(
            dialect=self._dialect, profile=self._profile, path=path, max_frame_bytes=self.max_line_bytes
        )

    def check_file(self, path: str | os.PathLike[str]) -> Report:
        """Judge one file."""
        name = os.fspath(path)
        try:
            stream = Path(name).open("rb")  # noqa: SIM115 - closed below; only the opening belongs in the `try`
        except OSError as error:
            return Report(unchecked=(Unchecked(name, reason(error)),))
        except ValueError:  # a NUL in the name
            return Report(unchecked=(Unchecked(name, "no file can have such a name"),))
        with stream:
            kind = os.fstat(stream.fileno()).st_mode
            if (stat.S_ISCHR(kind) or stat.S_ISBLK(kind)) and not stream.isatty():
                return Report(unchecked=(Unchecked(name, "a device, not a file"),))  # /dev/zero has no end
            return self.check_stream(stream, name)

    def check_stream(self, stream: BinaryIO, path: str) -> Report:
        """Judge one stream, under that name."""
        self._stream = stream
        return self.check_frames(read(stream, limit=self.max_line_bytes), path)

    def check_frames(
        self,
        frames: Iterable[Frame],
        path: str,
        found: Found | None = None,
    ) -> Report:
        """Judge the frames of one recording, under that name; `found` is told each frame's new findings at once."""
        sessions: list[SessionReport] = []
        unchecked: tuple[Unchecked, ...] = ()
        checker: SessionChecker | None = None
        try:
            for frame in frames:
                if frame.close is not None:
                    if checker is not None:
                        # 1006 stands for a connection that broke: nobody knows what would have followed.
                        sessions.append(self._end(checker, found, cut=frame.close.code == 1006))
                        checker = None
                    continue
                if checker is None:
                    checker = self._checker(path)
                if frame.fault is not None:
                    new = checker.feed_fault(frame.fault, frame.direction, line=frame.line)
                else:
                    new = checker.feed(frame.direction, frame.raw, line=frame.line, time=frame.seconds)
                if new and found is not None:
                    found(checker, new)
        except NotARecording as why:
            return Report(unchecked=(Unchecked(path, str(why)),))
        except OSError as error:
            unchecked = (Unchecked(path, reason(error)),)
        if checker is not None:
            sessions.append(self._end(checker, found, cut=True))
        if not sessions and not unchecked:
            unchecked = (Unchecked(path, "it is empty: no line of it holds an event"),)
        return Report(tuple(sessions), unchecked)

    def position(self) -> int:
        """How many bytes of the stream at hand were read, for whoever watches from another thread."""
        stream = self._stream
        try:
            return 0 if stream is None else stream.tell()
        except (OSError, ValueError):  # a pipe, or closed meanwhile
            return 0

    def _end(self, checker: SessionChecker, found: Found | None, *, cut: bool) -> SessionReport:
        new = checker.close(cut=cut)
        if new and found is not None:
            found(checker, new)
        return self._selection.apply(checker.report())


def reason(error: OSError) -> str:
    """Why a file could not be read, without its name and the number of the error."""
    return (error.strerror or str(error) or type(error).__name__).lower()
