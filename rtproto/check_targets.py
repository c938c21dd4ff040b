"""Which files a command line means: each once, in order, or the reason why it cannot be checked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rtproto import console

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = frozenset({".jsonl", ".ndjson", ".har"})
"""File names that are taken for recordings in a directory; a file that is named itself may be called anything."""
MAYBE = frozenset({".json", ".yaml", ".yml", ".log", ".txt", ".flow", ".flows"})
"""File names under which there may be something else: in a directory, those are taken that hold events."""
COMPRESSED = frozenset({".gz", ".zst"})
"""What may stand behind each of them."""

STDIN = "<stdin>"


def targets(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every path to check once, in order, each with the reason why it cannot be checked or an empty string."""
    seen: dict[tuple[int, int] | str, str] = {}
    for name in names:
        for path, problem in _expand(name):
            file = path if problem or path == STDIN else identity(path)
            first = seen.get(file)
            if first is None:
                seen[file] = path
                yield path, problem
            elif first == path:
                console.say(f"{path}: named more than once, checked once")
            else:
                console.say(f"{path}: the same file as {first}, checked once")


def _expand(name: str) -> Iterator[tuple[str, str]]:
    """The recordings that one argument stands for."""
    from pathlib import Path

    if name == "-":
        yield STDIN, ""
        return
    try:
        is_folder = Path(name).is_dir()
    except OSError:  # not even that may be asked; opening it will tell why
        is_folder = False
    if not is_folder:
        yield name, ""
        return
    problems: list[OSError] = []
    found: list[Path] = []
    for folder, folders, files in os.walk(name, onerror=problems.append):
        folders[:] = [each for each in folders if not each.startswith(".")]
        here = Path(folder)
        for file in files:
            path = here / file
            if not file.startswith(".") and _is_recording(path):
                found.append(path)
    yield from ((str(path), "") for path in sorted(found))
    for error in problems:
        yield str(error.filename), (error.strerror or str(error)).lower()
    if not found and not problems:
        yield (
            name,
            "a directory without recordings: it has no *.jsonl or *.har file, and no log that holds events",
        )


def _is_recording(path: Path) -> bool:
    """Whether a file in a directory is meant when the directory is."""
    suffix = (path.with_suffix("") if path.suffix.lower() in COMPRESSED else path).suffix.lower()
    if suffix in SUFFIXES:
        return _is_regular(path)
    if suffix not in MAYBE or not path.is_file():
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
