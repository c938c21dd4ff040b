"""Which recordings a command line means: each once, in order, or the reason why it cannot be checked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from rtproto import console
from rtproto.urls import is_url

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = frozenset({".jsonl", ".ndjson", ".har"})
"""File names that are taken for recordings in a directory; a file that is named itself may be called anything."""
MAYBE = frozenset({".json", ".yaml", ".yml", ".log", ".txt", ".flow", ".flows"})
"""File names under which there may be something else: in a directory, those are taken that hold events."""
COMPRESSED = frozenset({".gz", ".zst"})
"""What may stand behind each of them."""
NOTHING_HERE = "a directory without recordings: it has no *.jsonl or *.har file, and no log that holds events"
NO_MATCH = "no file matches this pattern"

STDIN = "<stdin>"


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


def targets(names: Sequence[str]) -> Iterator[Target]:
    """Every recording to check once, in order."""
    seen: dict[tuple[int, int] | str, str] = {}
    for name in names:
        for target in _expand(name):
            path = target.path
            known = target.problem or target.source or path == STDIN
            file = path if known else identity(path)
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
    from pathlib import Path

    if name == "-":
        yield Target(STDIN)
        return
    if is_url(name):
        from rtproto.remote import find

        yield from find(name)
        return
    try:
        is_folder = Path(name).is_dir()
        is_pattern = not is_folder and any(sign in name for sign in "*?[") and not os.path.lexists(name)
    except (OSError, ValueError):  # not even that may be asked; opening it will tell why
        is_folder = is_pattern = False
    if is_pattern:
        yield from _matching(name)
    elif is_folder:
        yield from _within(name)
    else:
        yield Target(name)


def _matching(pattern: str) -> Iterator[Target]:
    """The files that a pattern stands for which no shell has replaced; one that ends in `**`, as a directory does."""
    from glob import glob
    from pathlib import Path

    likely = Path(pattern).name == "**"
    named = map(Path, glob(pattern, recursive=True))  # noqa: PTH207 - which takes absolute patterns too
    files = sorted(path for path in named if not path.is_dir())
    found = [path for path in files if not likely or _is_recording(path)]
    yield from (Target(str(path)) for path in found)
    if not found:
        yield Target(pattern, NO_MATCH)


def _within(name: str) -> Iterator[Target]:
    """The recordings of a directory and those below it, hidden ones left out."""
    from pathlib import Path

    problems: list[OSError] = []
    found: list[Path] = []
    for folder, folders, files in os.walk(name, onerror=problems.append):
        folders[:] = [each for each in folders if not each.startswith(".")]
        here = Path(folder)
        for file in files:
            path = here / file
            if not file.startswith(".") and _is_recording(path):
                found.append(path)
    yield from (Target(str(path)) for path in sorted(found))
    for error in problems:
        yield Target(str(error.filename), (error.strerror or str(error)).lower())
    if not found and not problems:
        yield Target(name, NOTHING_HERE)


def kind(name: str) -> bool | None:
    """Whether a file of that name in a directory is a recording; None where only its content can tell."""
    stem, dot, suffix = name.rpartition(".")
    if dot + suffix.lower() in COMPRESSED:
        stem, dot, suffix = stem.rpartition(".")
    if not stem or dot + suffix.lower() in SUFFIXES:
        return bool(stem)
    return None if dot + suffix.lower() in MAYBE else False


def _is_recording(path: Path) -> bool:
    """Whether a file in a directory is meant when the directory is."""
    known = kind(path.name)
    if known:
        return _is_regular(path)
    if known is False or not path.is_file():
        return False
    from rtproto.transcripts.formats import looks_like_recording

    return looks_like_recording(path)


def _is_regular(path: Path) -> bool:
    # A link to nothing is let through: opening it tells the reader why.
    import stat

    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def identity(path: str) -> tuple[int, int] | str:
    """What two names of the same file have in common."""
    from pathlib import Path

    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return path
    return (status.st_dev, status.st_ino) if status.st_ino else str(Path(path).resolve())
