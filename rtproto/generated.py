"""Files in the source tree that are made from the code: written by `--write`, verified by `--check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rtproto import console


def keep(files: Mapping[str, Callable[[], str]], *, check: bool, stale: Sequence[str] = ()) -> int:
    """Write the generated files, or say which are not what the code makes; relative to the current folder.

    Those of `stale` that are not generated any more go.
    """
    code = 0
    for name in stale:
        if name in files:
            continue
        if not check:
            Path(name).unlink()
            continue
        console.say(f"{name} is made from nothing any more; run the command with --write")
        code = 1
    for name, make in files.items():
        path = Path(name)
        text = make()
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            console.say(f"{name} is out of date; run the command with --write in the top of the source tree")
            code = 1
    return code
