"""Settings that a project keeps: `rtproto.toml`, or the table `[tool.rtproto]` of its `pyproject.toml`.

The file is searched for from the current directory upwards, and the nearest one is taken whole; nothing is merged.  In
one directory `rtproto.toml` goes before `pyproject.toml`.  Paths and patterns in it are relative to its directory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct

from rtproto.selection import Selection
from rtproto.urls import is_url

OWN, SHARED = "rtproto.toml", "pyproject.toml"
_MAY_HAVE_TABLE = rb"""(?m)^[ \t]*\[*[ \t]*["']?tool["']?[ \t]*(?:[]=]|\.[ \t]*["']?rtproto)"""
"""A line of `pyproject.toml` that begins the table [tool.rtproto], or one around it: most name the package only as what
the project needs, and need not be read."""


class Configuration(Struct, frozen=True, rename="kebab"):
    """What the file may say; the command's options of the same names take its place."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: dict[str, tuple[str, ...]] = {}
    """Rules that are not reported of files, by a pattern of their path."""
    profile: str | None = None
    dialect: str | None = None
    fail_level: Literal["error", "warning", "info", "never"] | None = None
    min_severity: Literal["error", "warning", "info"] | None = None
    baseline: str | None = None
    max_line_bytes: Annotated[int, Meta(ge=1)] | None = None
    strict_fields: bool = False


class Found(Struct, frozen=True):
    """A configuration and the file that it stands in; both empty where there is none."""

    configuration: Configuration = Configuration()
    file: str = ""

    @property
    def folder(self) -> str:
        """The directory to which its paths and patterns are relative."""
        return os.path.dirname(self.file) or os.curdir

    def path(self, name: str) -> str:
        """A path that the file names, from the current directory."""
        if not self.file or os.path.isabs(name):
            return name
        return os.path.relpath(os.path.join(self.folder, name))

    def ignored(self, path: str) -> tuple[str, ...]:
        """The rules that are not to be reported of that file, as the configuration names them.

        A pattern is matched with the file's name and with its path from the configuration's directory, or its URL; `*`
        in it stands for any text, slashes too, and a directory's name for all that is in it.
        """
        if not self.configuration.per_file_ignores:
            return ()
        from fnmatch import fnmatchcase

        try:
            below = path if is_url(path) else os.path.relpath(path, self.folder).replace(os.sep, "/")
        except ValueError:  # a NUL in it, or another drive
            below = path
        names: list[str] = []
        for pattern, codes in self.configuration.per_file_ignores.items():
            whole = pattern.removeprefix("./").removesuffix("/")
            if any(
                fnmatchcase(name, form)
                for name in (below, below.rpartition("/")[2])
                for form in (whole, f"{whole}/*")
            ):
                names += codes
        return tuple(names)


class ConfigurationError(ValueError):
    """A configuration that cannot be used.  The message begins with the file's path and says why."""


def find(start: str | os.PathLike[str] = os.curdir) -> Found:
    """The nearest configuration, from that directory (the current one) upwards.  Raises `ConfigurationError`."""
    folder, below = os.path.abspath(start), ""
    while folder != below:
        for name in (OWN, SHARED):
            found = _read(os.path.join(folder, name), needed=False)
            if found is not None:
                return found
        folder, below = os.path.dirname(folder), folder
    return Found()


def load(path: str) -> Found:
    """The configuration in that file, whatever its name.  Raises `ConfigurationError`."""
    found = _read(path or os.curdir, needed=True)
    assert found is not None
    return found


def _read(file: str, *, needed: bool) -> Found | None:
    """The configuration of a file; None where an optional one is not there, or says nothing of ours."""
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        if needed:
            raise ConfigurationError(f"{os.path.relpath(file)}: there is no such file") from error
        return None
    except OSError as error:
        if needed or not os.path.isdir(file):
            why = (error.strerror or str(error)).lower()
            raise ConfigurationError(f"{os.path.relpath(file)}: {why}") from error
        return None
    shown = os.path.relpath(file)
    shared = os.path.basename(file) == SHARED
    if shared and (b"rtproto" not in data or re.search(_MAY_HAVE_TABLE, data) is None):
        if needed:
            raise ConfigurationError(f"{shown}: it has no table [tool.rtproto]")
        return None
    import tomli  # which most starts can do without

    try:
        table: Any = tomli.loads(data.decode("utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{shown}: this is no TOML: {error}") from error
    prefix = ""
    if shared:
        prefix = "tool.rtproto."
        tool = cast("dict[str, Any]", table).get("tool")
        table = cast("dict[str, Any]", tool).get("rtproto") if isinstance(tool, dict) else None
        if not isinstance(table, dict):
            if needed or table is not None:
                raise ConfigurationError(f"{shown}: it has no table [tool.rtproto]")
            return None
    found = Found(_convert(cast("dict[str, Any]", table), f"{shown}: {prefix}"), file)
    for pattern, codes in found.configuration.per_file_ignores.items():
        try:
            Selection(ignore=codes)
        except ValueError as error:
            raise ConfigurationError(f"{shown}: {prefix}per-file-ignores, {pattern!r}: {error}") from error
    return found


KEYS = Configuration.__struct_encode_fields__


def _convert(table: Mapping[str, Any], place: str) -> Configuration:
    for key in table:
        if key not in KEYS:
            from difflib import get_close_matches

            near = get_close_matches(key.replace("_", "-"), KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(KEYS)}"
            raise ConfigurationError(f"{place}{key}: there is no such key; {hint}")
        try:
            msgspec.convert({key: table[key]}, Configuration)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"{place}{key}: {error}") from error
    return msgspec.convert(table, Configuration)
