"""Recordings at URLs, through fsspec: what a URL or a pattern stands for, and reading it.

fsspec and the package of each file system (s3fs, gcsfs, …) are optional, and find their credentials themselves: in the
environment, in their own files, or in fsspec's (`~/.config/fsspec`).  Each has exceptions of its own, so all of them
are caught where its code is called, and become the reason why a recording is not checked.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import import_module
from typing import Any, BinaryIO, cast

from rtproto.check_targets import NO_MATCH, NOTHING_HERE, Target, kind
from rtproto.findings import Report, Unchecked
from rtproto.recording import Settings
from rtproto.transcripts.formats import is_recording
from rtproto.transcripts.frames import BUFFERED_BYTES, Unreadable
from rtproto.urls import public, secrets

FETCHED_BYTES = 8 * 2**20
"""Objects up to this size are fetched whole, those of a batch side by side; larger ones are read in such pieces."""
_SNIFFERS = 16
"""Objects whose beginning is looked at side by side: what that costs is the network's delay."""
_VERSION = (
    *("ETag", "etag", "generation", "md5Hash", "content_md5", "Content-MD5", "Digest", "checksum"),
    *("LastModified", "Last-Modified", "last_modified", "updated", "mtime", "modified", "created"),
)
"""Where file systems tell what changes with the content, the surest first."""
_LINKS = re.compile(r"(?P<before>(?:[A-Za-z0-9+.-]+::)*)(?P<first>.*?)(?P<after>::.*)?", re.DOTALL)
_ON_THE_WEB = ("http://", "https://")


def find(url: str) -> Iterator[Target]:
    """The recordings that a URL stands for: an object, those below a folder, or those that a pattern matches.

    What cannot be listed is one target with the reason.
    """
    try:
        yield from _find(url)
    except Exception as error:  # noqa: BLE001 - see above
        yield Target(public(url), problem(error, url))


def _find(url: str) -> Iterator[Target]:
    files, path = _open_system(url)
    before, first, after = _links(url)
    start = _pattern_at(first)
    if start < 0:
        info: dict[str, Any] = files.info(path)
        if info.get("type") != "directory":
            yield _target(public(url), url, path, info)
            return
    root = first if start < 0 else first[: first.rindex("/", 0, start) + 1]
    base = str(files._strip_protocol(root)).rstrip("/")
    listed = _walk(files, base) if start < 0 else _matching(files, path, base)
    below = ((name, name.removeprefix(base).lstrip("/"), info) for name, info in listed)
    likely = start < 0 or first.endswith("/**")
    shown, chain = public(before + root), public(after)
    shown += "" if shown.endswith("/") else "/"
    found = False
    for name, rest, info in _likely(files, below) if likely else below:
        found = True
        yield _target(f"{shown}{rest}{chain}", url, name, info)
    if not found:
        yield Target(public(url), NOTHING_HERE if likely else NO_MATCH)


def _target(shown: str, url: str, name: str, info: Mapping[str, Any]) -> Target:
    size = info.get("size")
    known = size if isinstance(size, int) and size >= 0 else -1
    mark = next((str(info[key]) for key in _VERSION if info.get(key)), "")
    return Target(shown, "", url, name, known, f"{known}:{mark}" if mark else "")


def _links(url: str) -> tuple[str, str, str]:
    """The link of a chained URL that names what is wanted, between those before and after it."""
    found = _LINKS.fullmatch(url)
    assert found is not None
    return found["before"], found["first"], found["after"] or ""


def _pattern_at(first: str) -> int:
    """Where the first sign of a pattern stands in a link; -1 where there is none."""
    if first.startswith(_ON_THE_WEB):
        first, signs = first.partition("?")[0], "*["  # a query is no pattern
    else:
        signs = "*?["
    return min((place for sign in signs if (place := first.find(sign)) >= 0), default=-1)


def _matching(files: Any, pattern: str, root: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a pattern matches; one with `**` without holding more of the listing than one folder's below its root."""
    if "**" in pattern:
        expression = re.compile(import_module("fsspec.utils").glob_translate(pattern))
        yield from ((name, info) for name, info in _walk(files, root) if expression.match(name))
        return
    found = cast("dict[str, dict[str, Any]]", files.glob(pattern, detail=True))
    yield from ((name, found[name]) for name in sorted(found, key=_parts) if _is_file(found[name]))


def _walk(files: Any, root: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object below a folder, by name as a directory of this machine is sorted."""
    infos: list[dict[str, Any]] = files.ls(root, detail=True)
    for info in sorted(infos, key=lambda info: _parts(info["name"])):
        name = str(info["name"])
        if name.rstrip("/") == root.rstrip("/"):
            continue  # a store's mark that the folder exists
        if info.get("type") != "directory":
            yield name, info
            continue
        found = cast("dict[str, dict[str, Any]]", files.find(name, detail=True))
        yield from ((each, found[each]) for each in sorted(found, key=_parts) if _is_file(found[each]))
        files.invalidate_cache()


def _parts(name: str) -> list[str]:
    return name.split("/")


def _is_file(info: Mapping[str, Any]) -> bool:
    return info.get("type") != "directory"


_Below = tuple[str, str, dict[str, Any]]
"""An object's name, what of it is below the folder that was asked for, and what its store tells of it."""


def _likely(files: Any, below: Iterator[_Below]) -> Iterator[_Below]:
    """Those that are taken for recordings when their folder is named, in order."""

    def holds_events(each: _Below) -> bool:
        try:
            with files.open(each[0], "rb", block_size=2**17) as file:
                return is_recording(io.BufferedReader(_Object(file, "")))
        except Exception:  # noqa: BLE001 - see above; nobody said that it is a recording
            return False

    def chosen(batch: list[_Below]) -> Iterator[_Below]:
        unsure = [each for each in batch if kind(_parts(each[1])[-1]) is None]
        holding = dict(zip((each[0] for each in unsure), sniffers.map(holds_events, unsure), strict=True))
        yield from (each for each in batch if holding.get(each[0], True))

    with ThreadPoolExecutor(_SNIFFERS) as sniffers:
        batch: list[_Below] = []
        for each in below:
            parts = _parts(each[1])
            if kind(parts[-1]) is not False and not any(part.startswith(".") for part in parts):
                batch.append(each)
            if len(batch) >= 8 * _SNIFFERS:
                yield from chosen(batch)
                batch.clear()
        yield from chosen(batch)


def report(settings: Settings, target: Target, data: object = None) -> Report:
    """The report of one object, of which `data` is what `fetch` has of it."""
    try:
        if isinstance(data, Exception):
            raise data
        if isinstance(data, bytes):
            stream: Any = io.BytesIO(data)
        else:
            stream = _open_system(target.source)[0].open(target.inner, "rb", block_size=FETCHED_BYTES)
    except Exception as error:  # noqa: BLE001 - see above
        return Report(unchecked=(Unchecked(target.path, problem(error, target.source)),))
    with stream:
        if not isinstance(data, bytes):
            stream = io.BufferedReader(_Object(stream, target.source), BUFFERED_BYTES)
        return settings.check_stream(cast("BinaryIO", stream), target.path)


def fetch(targets: Sequence[Target]) -> dict[int, object]:
    """The content, or the error, of the small objects among the targets, by their place; fetched side by side.

    One that has grown since it was listed is left to be read in pieces.
    """
    together: defaultdict[str, list[int]] = defaultdict(list)
    fetched: dict[int, object] = {}
    for place, target in enumerate(targets):
        if target.source and target.size == 0:
            fetched[place] = b""
        elif target.source and 0 < target.size <= FETCHED_BYTES:
            together[target.source].append(place)
    for source, places in together.items():
        chosen = [targets[place] for place in places]
        found: list[Any]
        try:
            found = _open_system(source)[0].cat_ranges(
                [target.inner for target in chosen],
                [0] * len(chosen),  # with both ends given, no store is asked for the size first
                [target.size + 1 for target in chosen],
                on_error="return",
            )
        except Exception as error:  # noqa: BLE001 - see above
            found = [error] * len(places)
        fetched |= {
            place: data
            for place, data in zip(places, found, strict=True)
            if isinstance(data, Exception) or len(data) <= targets[place].size
        }
    return fetched


def create(url: str) -> BinaryIO:
    """An object that is written from its beginning, and is there when it is closed.  Raises `OSError`."""
    try:
        files, path = _open_system(url)
        file: Any = files.open(path, "wb")
    except Exception as error:  # noqa: BLE001 - see above
        raise OSError(problem(error, url)) from None
    return cast("BinaryIO", io.BufferedWriter(_Written(file, url), 2**20))


@lru_cache(maxsize=64)
def _open_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and what the URL is called in it.  Raises what fsspec raises."""
    try:
        core = import_module("fsspec.core")
    except ImportError:
        raise ImportError("pip install 'rtproto[fleet]'") from None
    return cast("tuple[Any, str]", core.url_to_fs(url))


def problem(error: Exception, url: str) -> str:
    """Why a recording at that URL cannot be read, and what to do, without the URL's password."""
    told = " ".join(str(error).split())
    for secret in secrets(url):
        told = told.replace(secret, "[masked]")
    told = public(told)
    name = type(error).__name__
    status = getattr(error, "status", None)
    if isinstance(error, ImportError):
        return f"reading it needs a package that is not installed: {told}"
    if isinstance(error, PermissionError) or "Credential" in name or status in (401, 403):
        told = f"no permission ({told or name}); set its store's credentials, also where the workers run"
        return f"{told} (python -m rtproto docs fleet)"
    if isinstance(error, FileNotFoundError):
        more = f" ({told})" if " " in told else ""
        return f"there is no such object, folder or bucket{more}"
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in name or "Timeout" in name:
        return f"its server cannot be reached: {told or name}"
    return f"its store says {name}: {told}"


class _Object(io.RawIOBase):
    """A file of fsspec's, whose errors are those of a file that cannot be read."""

    def __init__(self, file: Any, url: str) -> None:
        self._file = file
        self._url = url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return getattr(self._file, "size", None) is not None and bool(self._file.seekable())

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]  # narrower than the stub's Buffer
        try:
            data: bytes = self._file.read(len(buffer))
        except Exception as error:  # noqa: BLE001 - see above
            raise Unreadable(problem(error, self._url)) from None
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())


class _Written(io.RawIOBase):
    """A file of fsspec's that is written, whose errors are those of a file that cannot be."""

    def __init__(self, file: Any, url: str) -> None:
        self._file = file
        self._url = url

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            self._file.write(bytes(data))
        except Exception as error:  # noqa: BLE001 - see above
            raise OSError(problem(error, self._url)) from None
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            try:
                self._file.close()
            except Exception as error:  # noqa: BLE001 - see above
                raise OSError(problem(error, self._url)) from None
