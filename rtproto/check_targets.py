"""Which recordings a command line means: each once, in order, or the reason why it cannot be checked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from msgspec import Struct

from rtproto import console
from rtproto.urls import is_url

SUFFIXES = frozenset({".jsonl", ".ndjson", ".har"})
"""File names that are taken for recordings in a directory; a file that is named itself may be called anything."""
MAYBE = frozenset({".json", ".yaml", ".yml", ".log", ".txt", ".flow", ".flows"})
"""File names under which there may be something else: in a directory, those are taken that hold events."""
COMPRESSED = frozenset({".gz", ".zst"})
"""What may stand behind each of them."""
NOTHING_HERE = "a directory without recordings: it has no *.jsonl or *.har file, and no log that holds events"
NO_MATCH = "no file matches this pattern"

STDIN = "<stdin>"
"""What reports call standard input; a file may have that name too."""


class Target(Struct, frozen=True, gc=False):
    """One recording to check."""

    path: str
    """What reports call it: the path, or the URL without its password."""
    problem: str = ""
    """Why it cannot be checked; empty where it can be tried."""
    source: str = ""
    """The URL under which it was found, with all that it takes to open it; empty for a file of this machine."""
    inner: str = ""
    """Its name in the file system of that URL."""
    size: int = -1
    """Bytes as listed; -1 where that is not known."""
    version: str = ""
    """Of a URL: what changes when the content does; empty where its file system tells nothing of the kind."""
    standard: bool = False
    """It is standard input."""


def targets(names: Sequence[str]) -> Iterator[Target]:
    """Every recording to check once, in order."""
    seen: dict[int | str, str] = {}
    for name in names:
        for target in _expand(name):
            path = target.path
            known = target.problem or target.source
            file = "-" if target.standard else path if known else identity(path)
            first = seen.get(file)
            if first is None:
                seen[file] = path
                yield target
            elif first == path:
                console.say(f"{path}: named more than once, checked once")
            else:
                console.say(f"{path}: the same file as {first}, checked once")


def _expand(name: str) -> Iterator[Target]:
    """The recordings that one argument stands for."""
    if name == "-":
        yield Target(STDIN, standard=True)
        return
    if is_url(name):
        from rtproto.remote import find

        yield from find(name)
        return
    try:
        mode = os.stat(name or os.curdir).st_mode
    except (FileNotFoundError, NotADirectoryError):
        is_pattern = any(sign in name for sign in "*?[") and not os.path.lexists(name)
        yield from _matching(name) if is_pattern else (Target(name),)
    except (OSError, ValueError):  # not even that may be asked; opening it will tell why
        yield Target(name)
    else:
        yield from _within(name) if stat.S_ISDIR(mode) else (Target(name),)


def _matching(pattern: str) -> Iterator[Target]:
    """The files that a pattern stands for which no shell has replaced; one that ends in `**`, as a directory does."""
    from glob import glob
    from pathlib import Path

    likely = Path(pattern).name == "**"
    named = map(Path, glob(pattern, recursive=True))  # unlike Path.glob it takes absolute patterns too
    files = sorted(path for path in named if not path.is_dir())
    found = [str(path) for path in files if not likely or _is_recording(str(path))]
    yield from map(Target, found)
    if not found:
        yield Target(pattern, NO_MATCH)


def _within(name: str) -> Iterator[Target]:
    """The recordings of a directory and those below it, hidden ones left out."""
    from pathlib import Path

    problems: list[OSError] = []
    found = False
    for path in _files(str(Path(name)), problems):
        path = path.removeprefix(f".{os.sep}")
        if _is_recording(path):
            found = True
            yield Target(path)
    for error in problems:
        yield Target(str(error.filename), (error.strerror or str(error)).lower())
    if not found and not problems:
        yield Target(name, NOTHING_HERE)


def _files(folder: str, problems: list[OSError]) -> Iterator[str]:
    """What lies below a directory and is no directory, in the order of the paths; links to directories are left out."""
    try:
        with os.scandir(folder) as listed:
            entries = sorted((entry for entry in listed if not entry.name.startswith(".")), key=_name)
    except OSError as error:
        problems.append(error)
        return
    for entry in entries:
        try:
            is_folder, is_link = entry.is_dir(), entry.is_symlink()
        except OSError:  # reading it tells why
            is_folder = is_link = False
        if not is_folder:
            yield entry.path
        elif not is_link:
            yield from _files(entry.path, problems)


def _name(entry: os.DirEntry[str]) -> str:
    return os.path.normcase(entry.name)


def kind(name: str) -> bool | None:
    """Whether a file of that name in a directory is a recording; None where only its content can tell."""
    stem, dot, suffix = name.rpartition(".")
    if dot + suffix.lower() in COMPRESSED:
        stem, dot, suffix = stem.rpartition(".")
    if not stem or dot + suffix.lower() in SUFFIXES:
        return bool(stem)
    return None if dot + suffix.lower() in MAYBE else False


def _is_recording(path: str) -> bool:
    """Whether a file in a directory is meant when the directory is."""
    known = kind(os.path.basename(path))
    if known is False:
        return False
    # A link to nothing is let through where the name says enough: opening it tells the reader why.
    status = _status(path)
    if known:
        return status is None or stat.S_ISREG(status.st_mode)
    if status is None or not stat.S_ISREG(status.st_mode):
        return False
    from rtproto.transcripts.formats import looks_like_recording

    return looks_like_recording(path)


def identity(path: str) -> int | str:
    """What two names of the same file have in common."""
    status = _status(path)
    if status is None:
        return path
    return status.st_dev << 128 | status.st_ino if status.st_ino else os.path.realpath(path)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None
