"""What a run has learned, for the next one: `--state FILE` skips recordings that have not changed.

The file is JSON lines: a head that says with what rtproto and which settings was checked, then a line for each file,
written as soon as it was.  So a run that was ended goes on where it was; a line that was cut is one that is missing.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Raw, Struct

import rtproto
from rtproto.findings import Report
from rtproto.packing import pack, unpack

HASHED_BYTES = 64 * 1024 * 1024
"""Files up to this size are known by their content too, for a fresh clone has new times."""


class _Head(Struct, frozen=True):
    schema: str
    rtproto: str
    settings: str


class _Line(Struct, frozen=True):
    path: str
    size: int
    mtime_ns: int
    digest: str
    report: Raw


class StateError(ValueError):
    """A file of state that cannot be used.  The message begins with its path."""


class State:
    """Reports of files as they were, by path; those of another rtproto or of other settings are forgotten.

    Raises `StateError` where the file can be neither read nor written, or holds something else.
    """

    def __init__(self, file: str, arguments: dict[str, Any]) -> None:
        self._file = Path(file)
        self._head = _Head("rtproto-state/1", rtproto.__version__, _settings(arguments))
        self._lines: dict[str, _Line] = {}
        self._begun: dict[str, tuple[int, int] | None] = {}
        """Size and time of files before they were checked."""
        self._out: BinaryIO | None = None
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            data = b""
        except (OSError, ValueError) as error:
            raise StateError(f"{file}: {_why(error)}") from error
        self._load(data)
        self._save()

    def _load(self, data: bytes) -> None:
        head, *lines = data.split(b"\n")
        if not data:
            return
        try:
            found = msgspec.json.decode(head, type=_Head)
        except msgspec.MsgspecError as error:
            raise StateError(f"{self._file}: this is no state of rtproto's; it is left alone") from error
        if found != self._head:
            return
        for raw in lines:
            try:
                line = msgspec.json.decode(raw, type=_Line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue  # cut, or empty
            self._lines[line.path] = line

    def _save(self) -> None:
        """Write the file anew, without what was superseded or is there no more, and leave it open for what comes."""
        beside = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        kept = [line for line in self._lines.values() if Path(line.path).exists()]
        try:
            with beside.open("wb") as out:
                out.write(b"\n".join(map(msgspec.json.encode, [self._head, *kept])) + b"\n")
            beside.replace(self._file)
            self._out = self._file.open("ab")
        except OSError as error:
            raise StateError(f"{self._file}: {_why(error)}") from error
        finally:
            beside.unlink(missing_ok=True)

    def known(self, path: str) -> Report | None:
        """The report of the file as it is now; None where it is new or has changed."""
        line = self._lines.get(str(Path(path).absolute()))
        now = self._begun[path] = status(path)
        if line is None or now is None or line.size != now[0]:
            return None
        if line.mtime_ns != now[1] and (not line.digest or line.digest != _digest(path, now[0])):
            return None
        try:
            return unpack(bytes(line.report), path)
        except msgspec.MsgspecError:
            return None

    def learn(self, path: str, report: Report) -> None:
        """Keep the report of a file, unless it has changed since `known` was asked, or could not be checked."""
        before = self._begun.get(path)
        if before is None or before != status(path) or report.unchecked or self._out is None:
            return
        try:
            name = str(Path(path).absolute())
            line = _Line(name, *before, _digest(path, before[0]), Raw(pack(report)))
            self._out.write(msgspec.json.encode(line) + b"\n")
            self._out.flush()
        except (OSError, UnicodeEncodeError):
            return  # a full disk, or a name that is no text: the next run checks it again

    def close(self) -> None:
        """Let go of the file."""
        if self._out is not None:
            self._out.close()


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
