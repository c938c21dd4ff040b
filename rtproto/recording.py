"""From a recording to its report: read the frames, judge each connection, keep what the reader selected.

Nothing that a file holds raises.  What cannot be read, or is no recording, is in `Report.unchecked` with a reason.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable
from typing import BinaryIO, cast

import msgspec

from rtproto.checker_losses import RecordingChecker
from rtproto.checker_profile import AnyProfile, profile_of
from rtproto.findings import Finding, Report, SessionReport, Unchecked
from rtproto.selection import Selection
from rtproto.transcripts.formats import NAMES, Recording, open_recording
from rtproto.transcripts.frames import BUFFERED_BYTES, Frame, NotARecording, Unreadable
from rtproto.wire import MAX_LINE_BYTES


def check_file(
    path: str | os.PathLike[str],
    *,
    dialect: str | None = None,
    profile: AnyProfile | None = None,
    select: Iterable[str] | str = (),
    ignore: Iterable[str] | str = (),
    max_line_bytes: int = MAX_LINE_BYTES,
    input_format: str | None = None,
    strict_fields: bool = False,
) -> Report:
    """Judge one recording.

    A file has one session for each connection in it; a line `{"close": …}` stands between two connections.  `dialect`
    (`beta`, `ga`, `translation`) and `profile` (`openai`, `azure`, `azure-voice-live`, `xai`, `compat`, or the path of
    a TOML file) are detected where they are None.
    `select` and `ignore` take codes, prefixes of codes, or rules' names.  `input_format` is one of
    `rtproto.transcripts.formats.NAMES`, and detected where it is None.  With `strict_fields`, events are also searched
    for members that no type has (SHP004) and for repeated keys (WIR010), which takes several times as long.

    Raises `ValueError` for a dialect, profile, format or rule that there is not, and nothing for what the file holds
    or for a file that cannot be read: that is in `Report.unchecked`.
    """
    settings = Settings(
        dialect=dialect,
        profile=profile,
        select=select,
        ignore=ignore,
        max_line_bytes=max_line_bytes,
        input_format=input_format,
        strict_fields=strict_fields,
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
    input_format: str | None = None,
    strict_fields: bool = False,
) -> Report:
    """Judge a recording that is read from a binary stream; `path` is what reports call it.  Otherwise as `check_file`.

    When the stream fails in the middle, the report holds what was read until then beside the reason.

    Raises `TypeError` for what is no binary stream, such as a file that was opened as text.
    """
    given = cast("object", stream)
    if isinstance(given, io.TextIOBase) or not hasattr(given, "seekable"):
        raise TypeError(
            "check_stream() reads a binary stream, such as open(path, 'rb') or io.BytesIO(data), not "
            f"{type(given).__name__}"
        )
    settings = Settings(
        dialect=dialect,
        profile=profile,
        select=select,
        ignore=ignore,
        max_line_bytes=max_line_bytes,
        input_format=input_format,
        strict_fields=strict_fields,
    )
    return settings.check_stream(stream, path)


Found = Callable[[RecordingChecker, list[Finding]], object]
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
        input_format: str | None = None,
        strict_fields: bool = False,
    ) -> None:
        if input_format is not None and input_format not in NAMES:
            raise ValueError(f"no format {input_format!r}; there are: " + ", ".join(NAMES))
        self._format = input_format
        self._dialect = dialect
        self._strict_fields = strict_fields
        self._profile = None if profile is None else profile_of(profile)
        self._selection = Selection(select, ignore)
        self.max_line_bytes = max_line_bytes
        self._stream: BinaryIO | None = None
        self.start("")  # refuses a dialect that there is not before any file is opened

    def start(
        self, path: str, *, lossy: bool = False, after_another: bool = False, from_start: bool = False
    ) -> RecordingChecker:
        """The judge of a connection that begins; with `lossy`, of one that was recorded in part."""
        return RecordingChecker(
            lossy=lossy,
            after_another=after_another,
            from_start=from_start,
            dialect=self._dialect,
            profile=self._profile,
            path=path,
            max_frame_bytes=self.max_line_bytes,
            strict_fields=self._strict_fields,
        )

    def check_file(self, path: str | os.PathLike[str]) -> Report:
        """Judge one file."""
        name = os.fspath(path)
        try:
            stream = open(name, "rb", BUFFERED_BYTES)  # noqa: SIM115 - closed below; only the opening belongs in the `try`
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
        try:
            start = stream.tell() if stream.seekable() else None
        except OSError as error:
            return Report(unchecked=(Unchecked(path, reason(error)),))
        if start is not None:
            report, began_again = self._read(stream, path)
            return self._told_apart(stream, start, path, report) if began_again else report
        from rtproto.transcripts.copied import Copied

        copied = Copied(stream)
        with io.BufferedReader(copied, BUFFERED_BYTES) as reader:
            report, began_again = self._read(reader, path)
            copy = copied.copy()
            if began_again and copy is not None and not report.unchecked:
                return self._told_apart(copy, 0, path, report)
            return report

    def _read(self, stream: BinaryIO, path: str) -> tuple[Report, bool]:
        """The report of a stream that is read once, and whether a second session began in one of its connections."""
        try:
            recording = open_recording(stream, self._format)
        except (NotARecording, Unreadable) as why:
            return Report(unchecked=(Unchecked(path, str(why)),)), False
        except OSError as error:
            return Report(unchecked=(Unchecked(path, reason(error)),)), False
        connections = _Connections(self, path, None, recording)
        report = connections.report(recording.frames(self.max_line_bytes))
        return report, connections.began_again

    def _told_apart(self, stream: BinaryIO, start: int, path: str, report: Report) -> Report:
        """The report of a file in which a second session began: another one, if the two turn out to be interleaved."""
        from rtproto.transcripts.named import told_apart

        def again() -> Recording:
            stream.seek(start)
            return open_recording(stream, self._format)

        try:
            apart = told_apart(lambda: again().frames(self.max_line_bytes))
            if apart is None:
                return report
            names = [""] * len(report.sessions)
            if not apart.why:
                recording = again()
                connections = _Connections(self, path, None, recording)
                report = connections.report(apart.frames(recording.frames(self.max_line_bytes)))
                names = connections.names
        except (NotARecording, Unreadable, OSError):  # the file has changed meanwhile
            return report
        sessions = (
            msgspec.structs.replace(
                session,
                losses=(*session.losses, *apart.losses),
                limits=(*session.limits, apart.limit(name)),
            )
            for name, session in zip(names, report.sessions, strict=True)
        )
        return msgspec.structs.replace(report, sessions=tuple(sessions))

    def check_frames(
        self,
        frames: Iterable[Frame],
        path: str,
        found: Found | None = None,
        recording: Recording | None = None,
    ) -> Report:
        """Judge the frames of one recording, under that name; `found` is told each frame's new findings at once."""
        return _Connections(self, path, found, recording).report(frames)

    def position(self) -> int:
        """How many bytes of the stream at hand were read, for whoever watches from another thread."""
        stream = self._stream
        try:
            return 0 if stream is None else stream.tell()
        except (OSError, ValueError):  # a pipe, or closed meanwhile
            return 0

    def select(self, report: SessionReport) -> SessionReport:
        """What the reader wants to see of a report."""
        return self._selection.apply(report)


class _Connections:
    """Judges the connections of one file, one after the other or side by side."""

    def __init__(
        self, settings: Settings, path: str, found: Found | None, recording: Recording | None
    ) -> None:
        self._settings = settings
        self._path = path
        self._found = found
        self._recording = recording
        """What the frames are read from; None where they come from somewhere else than a file."""
        self._live: dict[str, RecordingChecker] = {}
        """By the name that the recording gives the connection; an empty one where it gives none."""
        self._first = ""
        """The first name that there was: frames without one are of the same connection."""
        self._sessions: list[SessionReport] = []
        self.names: list[str] = []
        """What the recording calls the connections of the reports."""
        self.began_again = False
        """A second session began in a connection."""

    def report(self, frames: Iterable[Frame]) -> Report:
        """The report of these frames."""
        unchecked: tuple[Unchecked, ...] = ()
        try:
            self._judge(frames)
        except (NotARecording, Unreadable) as why:
            unchecked = (Unchecked(self._path, str(why)),)
        except OSError as error:
            unchecked = (Unchecked(self._path, reason(error)),)
        sessions = self._reports()
        if not sessions and not unchecked:
            unchecked = (Unchecked(self._path, "it is empty: no line of it holds an event"),)
        return Report(sessions, unchecked)

    def _judge(self, frames: Iterable[Frame]) -> None:
        """Judge frames until there are no more, or what reads them raises."""
        name = ""
        checker: RecordingChecker | None = None
        lossy = self._recording is not None and self._recording.lossy
        found = self._found
        for frame in frames:
            if frame.session != name:
                name = frame.session
                checker = self._live.get(self._key(name))
            if frame.close is not None:
                if checker is not None:
                    trouble = frame.close.trouble(frame.direction)
                    if trouble is not None:
                        checker.note_close(frame.line, trouble, frame.close.reason or "")
                    self._end(
                        self._key(name), cut=frame.close.breaks_off(frame.direction), time=frame.seconds
                    )
                    checker = None
                continue
            if checker is None:
                checker = self._live[self._key(name)] = self._settings.start(
                    self._path, lossy=lossy, from_start=frame.begins
                )
            while True:
                if frame.fault is not None:
                    new = checker.feed_fault(frame.fault, frame.direction, line=frame.line)
                elif frame.loss:
                    new = checker.feed_partial(
                        frame.direction, frame.raw, frame.loss, line=frame.line, time=frame.seconds
                    )
                else:
                    new = checker.feed(frame.direction, frame.raw, line=frame.line, time=frame.seconds)
                if not checker.left:
                    break
                checker = self._go_on(checker, name, lossy=lossy)
            if new and found is not None:
                found(checker, new)

    def _go_on(self, checker: RecordingChecker, name: str, *, lossy: bool) -> RecordingChecker:
        """The judge of the connection that begins where the one of that judge has stopped."""
        handed = checker.hand_over()
        self._end(self._key(name), cut=True)
        following = self._settings.start(self._path, lossy=lossy, after_another=True)
        self._live[self._key(name)] = following
        for line, raw, time in handed:
            following.feed("client", raw, line=line, time=time)
        return following

    def _key(self, name: str) -> str:
        self._first = self._first or name
        return "" if name == self._first else name

    def _end(self, key: str, *, cut: bool, time: float | None = None) -> None:
        checker = self._live.pop(key)
        new = checker.close(cut=cut, time=time)
        if new and self._found is not None:
            self._found(checker, new)
        report = checker.report()
        self.began_again = self.began_again or checker.began_again
        if self._recording is not None:
            report = msgspec.structs.replace(
                report,
                limits=(*self._recording.limits, *report.limits),
                format=self._recording.format.name,
                format_reason=self._recording.reason,
            )
        self._sessions.append(self._settings.select(report))
        self.names.append(key or self._first)

    def _reports(self) -> tuple[SessionReport, ...]:
        """The reports of all connections; those that are still open were cut off."""
        for key in list(self._live):
            self._end(key, cut=True)
        return tuple(self._sessions)


def reason(error: OSError) -> str:
    """Why a file could not be read, without its name and the number of the error."""
    return (error.strerror or str(error) or type(error).__name__).lower()
