"""What a run has learned, for the next one: `--state FILE` skips recordings that have not changed.

The file is JSON lines: a head that says with what rtproto and which settings was checked, then a line for each file,
written as soon as it was.  So a run that was ended goes on where it was; a line that was cut is one that is missing.
Reports stay in the file until they are told: in memory is only what tells whether a recording has changed.
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Raw, Struct

import rtproto
from rtproto.check_targets import Target
from rtproto.findings import Report
from rtproto.packing import pack, unpack
from rtproto.urls import is_url

HASHED_BYTES = 64 * 1024 * 1024
"""Files up to this size are known by their content too, for a fresh clone has new times."""


class _Head(Struct, frozen=True):
    schema: str
    rtproto: str
    settings: str


class _Line(Struct, frozen=True, omit_defaults=True):
    path: str
    size: int
    mtime_ns: int
    digest: str
    report: Raw
    version: str = ""
    """Of a URL, where its size and time say nothing."""


class _Kept(Struct, frozen=True, gc=False):
    """A line of the file, without its report."""

    start: int
    length: int
    size: int
    mtime_ns: int
    digest: str
    version: str


class StateError(ValueError):
    """A file of state that cannot be used.  The message begins with its path."""


class State:
    """Reports of files as they were, by path; those of another rtproto or of other settings are forgotten.

    Raises `StateError` where the file can be neither read nor written, or holds something else.
    """

    def __init__(self, file: str, arguments: dict[str, Any]) -> None:
        self._file = Path(file)
        self._head = _Head("rtproto-state/1", rtproto.__version__, _settings(arguments))
        self._kept: dict[str, _Kept] = {}
        self._begun: dict[str, tuple[int, int] | None] = {}
        """Size and time of files before they were checked."""
        self._in: BinaryIO | None = None
        self._out: BinaryIO | None = None
        try:
            with ExitStack() as files:
                try:
                    old = files.enter_context(self._file.open("rb"))
                except FileNotFoundError:
                    old = None
                self._load(old)
                self._save(old)
        except (OSError, ValueError) as error:
            self.close()
            raise error if isinstance(error, StateError) else StateError(f"{file}: {_why(error)}") from error

    def _load(self, file: BinaryIO | None) -> None:
        """Find the lines of a file.  Raises `StateError` where it holds something else."""
        first = b"" if file is None else file.readline()
        if file is None or not first:
            return
        try:
            found = msgspec.json.decode(first, type=_Head)
        except msgspec.MsgspecError as error:
            raise StateError(f"{self._file}: this is no state of rtproto's; it is left alone") from error
        if found != self._head:
            return
        start = len(first)
        for raw in file:
            self._keep(raw, start)
            start += len(raw)

    def _keep(self, raw: bytes, start: int) -> None:
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return  # cut, or empty
        self._kept[line.path] = _Kept(start, len(raw), line.size, line.mtime_ns, line.digest, line.version)

    def _save(self, old: BinaryIO | None) -> None:
        """Write the file anew, without what was superseded or is there no more, and leave it open for what comes."""
        beside = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        before, self._kept = self._kept, {}
        try:
            with beside.open("wb") as out:
                out.write(msgspec.json.encode(self._head) + b"\n")
                for path, kept in before.items():
                    if old is not None and (is_url(path) or Path(path).exists()):
                        old.seek(kept.start)
                        self._keep_at(path, kept, out, old.read(kept.length))
            beside.replace(self._file)
            self._in, self._out = self._file.open("rb"), self._file.open("ab")
        finally:
            beside.unlink(missing_ok=True)

    def _keep_at(self, path: str, kept: _Kept, out: BinaryIO, raw: bytes) -> None:
        raw = raw.rstrip(b"\n") + b"\n"
        self._kept[path] = msgspec.structs.replace(kept, start=out.tell(), length=len(raw))
        out.write(raw)

    def knows(self, target: Target) -> bool:
        """Whether the recording is as it was when it was checked."""
        kept = self._kept.get(_name(target))
        if target.source:
            return kept is not None and target.version != "" and kept.version == target.version
        now = status(target.path)
        same = (
            kept is not None
            and now is not None
            and kept.size == now[0]
            and (
                kept.mtime_ns == now[1] or (kept.digest != "" and kept.digest == _digest(target.path, now[0]))
            )
        )
        if not same:
            self._begun[target.path] = now
        return same

    def report(self, target: Target) -> Report | None:
        """The report of a recording that it knows; None where the file of state is damaged."""
        assert self._in is not None
        kept = self._kept[_name(target)]
        try:
            self._in.seek(kept.start)
            line = msgspec.json.decode(self._in.read(kept.length), type=_Line)
            return unpack(bytes(line.report), target.path)
        except (msgspec.MsgspecError, UnicodeDecodeError, OSError):
            return None

    def learn(self, target: Target, report: Report) -> None:
        """Keep the report of a recording, unless it has changed since `knows` was asked, or could not be checked."""
        if report.unchecked or self._out is None:
            return
        before = self._begun.pop(target.path, None)
        try:
            if target.source:
                # Where it has changed since it was listed, the next run finds another version.
                line = _Line(_name(target), target.size, 0, "", Raw(pack(report)), target.version)
            elif before is not None and before == status(target.path):
                line = _Line(_name(target), *before, _digest(target.path, before[0]), Raw(pack(report)))
            else:
                return
            if target.version or not target.source:
                self._out.write(msgspec.json.encode(line) + b"\n")
                self._out.flush()
        except (OSError, UnicodeEncodeError):
            return  # a full disk, or a name that is no text: the next run checks it again

    def close(self) -> None:
        """Let go of the file."""
        for file in (self._in, self._out):
            if file is not None:
                file.close()


def _name(target: Target) -> str:
    """What a recording is called in the file."""
    return target.path if target.source else str(Path(target.path).absolute())


def status(path: str) -> tuple[int, int] | None:
    """Size in bytes and time of the last change in nanoseconds of a regular file; None for anything else."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _settings(arguments: dict[str, Any]) -> str:
    """A hash of the settings, and of the profile's file where they name one."""
    profile = arguments.get("profile")
    text = ""
    if isinstance(profile, str) and profile.lower().endswith(".toml"):
        text = _digest(profile, 0)
    return blake2b(msgspec.json.encode([arguments, text], order="sorted"), digest_size=16).hexdigest()


def _digest(path: str, size: int) -> str:
    """A hash of the content; empty where the file is too large to be read for that, or cannot be read."""
    if size > HASHED_BYTES:
        return ""
    try:
        return blake2b(Path(path).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _why(error: Exception) -> str:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return told.lower()
