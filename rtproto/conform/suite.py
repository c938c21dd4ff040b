"""Where the suite lies and what is in it: `suite.toml` and the cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import tomli
from msgspec import Struct

from rtproto.conform.case import Case, CaseError, load

CASES = "cases"


class Flag(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong for users where a rule is broken."""

    effect: str


class Counts(Struct, frozen=True, forbid_unknown_fields=True):
    """How many cases there are; a lint holds it true."""

    cases: int
    verdict: dict[str, int]
    area: dict[str, int]
    dialect: dict[str, int]


class Index(Struct, frozen=True, forbid_unknown_fields=True):
    """`suite.toml`."""

    format: str
    version: str
    flags: dict[str, Flag]
    counts: Counts
    untested: dict[str, str] = {}
    """Rules without a case, each with the reason why no transcript can have one."""


class SuiteError(ValueError):
    """There is no suite where one was looked for, or it cannot be read; the text says why."""


def home() -> Path:
    """The suite that came with this rtproto: beside this module in an installed wheel, else at the source tree's top.

    Raises `SuiteError` where it is in neither place.
    """
    here = Path(__file__).parent
    for folder in (here / "suite", here.parents[1] / "conformance"):
        if (folder / "suite.toml").is_file():
            return folder
    raise SuiteError("this rtproto came without its conformance suite; name its folder with --suite")


def index(folder: Path) -> Index:
    """Read `suite.toml`.  Raises `SuiteError`."""
    try:
        return msgspec.convert(tomli.loads((folder / "suite.toml").read_text(encoding="utf-8")), Index)
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError, msgspec.ValidationError) as why:
        raise SuiteError(f"{folder / 'suite.toml'}: {why}") from None


def files(folder: Path) -> list[Path]:
    """Every case file, in the order of ids."""
    return sorted((folder / CASES).rglob("*.toml"), key=lambda path: id_of(folder, path))


def id_of(folder: Path, path: Path) -> str:
    """The id that a case in that file must have: its path under `cases`, without the suffix."""
    return path.relative_to(folder / CASES).with_suffix("").as_posix()


def read(folder: Path, prefixes: tuple[str, ...] = ()) -> Iterator[tuple[Path, Case]]:
    """The cases whose ids begin with one of the prefixes, and their files.  Raises `SuiteError`, naming the file."""
    for path in files(folder):
        if prefixes and not id_of(folder, path).startswith(prefixes):
            continue
        try:
            yield path, load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, CaseError) as why:
            raise SuiteError(f"{path}: {why}") from None


def count(cases: list[Case]) -> Counts:
    """What `[counts]` should say."""

    def by(name: str) -> dict[str, int]:
        values = sorted(getattr(case, name) for case in cases)
        return {value: values.count(value) for value in dict.fromkeys(values)}

    return Counts(len(cases), by("verdict"), by("area"), by("dialect"))
