"""Findings that are known and accepted, in a file that people read and edit: `--baseline`, `--update-baseline`.

An entry stands for findings of one rule and one shape in one file, and for how many; not for lines or ids, which differ
in the next recording.  The shape is that of `rtproto.reports.places`.  Only roots have entries: what follows from a
known finding is known too.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from rtproto.findings import Finding, SessionReport, Severity
from rtproto.reports.places import shape
from rtproto.selection import narrow
from rtproto.urls import is_url

VERSION = 1

_HEAD = """\
# Findings that are known and accepted.  `--update-baseline` keeps this file up to date, and each `reason` in it.
version = 1
"""


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """Findings of one shape in one file."""

    path: str
    """From the directory of the baseline, with slashes."""
    rule: str
    name: str = ""
    shape: str = ""
    count: Annotated[int, Meta(ge=1)] = 1
    reason: str = ""
    """Why they are accepted, for people."""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    known: tuple[Entry, ...] = ()


class BaselineError(ValueError):
    """A baseline that cannot be used.  The message begins with the file's path and says why."""


class _Key(NamedTuple):
    path: str
    rule: str
    shape: str


class Baseline:
    """The entries of a file, and which of them a run has met.

    With `update`, every finding of at least that severity becomes known.  `judged` says whether the run would report
    that rule of that file: an entry that it cannot meet is neither stale nor dropped.
    """

    def __init__(self, file: str, *, update: Severity | None = None) -> None:
        self.file = Path(file)
        self.hidden = 0
        """Findings that were not reported, for they are known."""
        self._update = update
        self._entries: dict[_Key, Entry] = {}
        for entry in _read(self.file, needed=update is None):
            key = _Key(entry.path, entry.rule, entry.shape)
            same = self._entries.get(key)
            count = entry.count + (same.count if same is not None else 0)
            self._entries[key] = msgspec.structs.replace(entry, count=count)
        self._left = Counter({key: entry.count for key, entry in self._entries.items()})
        self._found: Counter[_Key] = Counter()
        self._names: dict[str, str] = {}
        self._checked: set[str] = set()

    def place(self, path: str) -> str:
        """The path as an entry has it."""
        try:
            place = path if _has_no_place(path) else os.path.relpath(path, self.file.parent)
        except ValueError:  # another drive
            place = path
        return place.replace(os.sep, "/").encode("utf-8", "backslashreplace").decode()

    def accept(self, session: SessionReport) -> SessionReport:
        """The session without the findings that are known."""
        self._checked.add(self.place(session.path))

        def unknown(finding: Finding) -> bool:
            return finding.caused_by is not None or not self.knows(session.path, finding)

        return narrow(session, unknown)

    def knows(self, path: str, finding: Finding) -> bool:
        """Whether that finding in that file is known; each entry is for so many of them, the first ones."""
        place = self.place(path)
        key = _Key(place, finding.code, shape(finding))
        if self._update is not None:
            if key not in self._entries and finding.severity < self._update:
                return False
            self._found[key] += 1
            self._names[finding.code] = finding.name
        elif self._left[key]:
            self._left[key] -= 1
        else:
            return False
        self.hidden += 1
        return True

    def stale(self, judged: Callable[[str, str], bool]) -> list[Entry]:
        """Entries for more findings than there were in files that this run has checked, sorted."""
        return [
            self._entries[key]
            for key, left in sorted(self._left.items())
            if left and key.path in self._checked and judged(self._named(key.path), key.rule)
        ]

    def _named(self, place: str) -> str:
        return place if _has_no_place(place) else os.path.relpath(self.file.parent / place)

    def write(self, judged: Callable[[str, str], bool]) -> int:
        """Write the file anew, with what was found and what could not be met, and return how many entries it has.

        Raises `OSError`; the old file is then still there.
        """
        entries = [
            Entry(*key[:2], self._names[key.rule], key.shape, count, self._reason(key))
            for key, count in self._found.items()
        ]
        entries += [entry for key, entry in self._entries.items() if self._keeps(key, judged)]
        entries.sort(key=lambda entry: (entry.path, entry.rule, entry.shape))
        beside = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        try:
            beside.write_text(_text(entries), encoding="utf-8", newline="\n")
            beside.replace(self.file)
        finally:
            beside.unlink(missing_ok=True)
        return len(entries)

    def _keeps(self, key: _Key, judged: Callable[[str, str], bool]) -> bool:
        if key in self._found:
            return False
        named = self._named(key.path)
        if key.path in self._checked:
            return not judged(named, key.rule)
        return named.startswith("<") or Path(named).exists()

    def _reason(self, key: _Key) -> str:
        entry = self._entries.get(key)
        return "" if entry is None else entry.reason


def _read(file: Path, *, needed: bool) -> tuple[Entry, ...]:
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        if needed:
            told = f"{file}: there is no such baseline; --update-baseline makes one"
            raise BaselineError(told) from error
        return ()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BaselineError(f"{file}: {why.lower()}") from error
    import tomli

    try:
        table: Any = tomli.loads(data.decode("utf-8"))
        read = msgspec.convert(table, _File)
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"{file}: this is no TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise BaselineError(f"{file}: this is no baseline: {error}") from error
    if read.version != VERSION:
        raise BaselineError(
            f"{file}: a baseline of version {read.version}; this rtproto reads version {VERSION}"
        )
    return read.known


def _text(entries: list[Entry]) -> str:
    parts = [_HEAD]
    for entry in entries:
        lines = ["[[known]]"]
        for name in entry.__struct_fields__:
            value = getattr(entry, name)
            if value != "":
                lines.append(f"{name} = {_string(value) if isinstance(value, str) else value}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _string(text: str) -> str:
    """A basic string of TOML, on one line and without a character that could not be seen."""
    return '"' + "".join(map(_char, text)) + '"'


def _char(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _has_no_place(path: str) -> bool:
    """Whether that is the name of a stream or a URL, which is the same wherever the baseline lies."""
    return path.startswith("<") or is_url(path)
