"""How a finding is pointed at by programs: a path as they want it, and a fingerprint that outlives edits."""

from __future__ import annotations

import os
import re
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from rtproto.credentials import without_keys
from rtproto.findings import Finding
from rtproto.protocol.ids import ID
from rtproto.reports.words import MASKED, scalar, show, where
from rtproto.urls import is_url

# The number of `OUT016` is a name.
_VARIABLE = re.compile(ID + r"|(?<![A-Za-z_0-9])[0-9]+(?:[.,][0-9]+)*")

_IN_URLS = "/:?#@!$&'()*+,;=%"
"""What stays in a URL as it is."""


def local(path: str) -> str:
    """The path below the current directory, with slashes, where it is there; else, and a URL, as it was given."""
    if is_url(path):
        return path
    pure = Path(path)
    if pure.is_absolute():
        try:
            pure = pure.relative_to(Path.cwd())
        except (ValueError, OSError):
            return pure.as_posix()
    return os.path.normpath(pure).replace(os.sep, "/")


def uri(path: str) -> str:
    """The same as a URI reference: relative below the current directory, else with its own scheme or `file`."""
    name = without_keys(local(path), MASKED)
    if is_url(name):
        return quote(name, safe=_IN_URLS)
    try:
        encoded = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a name that came from no file system
        encoded = name.encode("utf-8", "replace")
    quoted = quote(encoded)
    return (
        quoted if not Path(name).is_absolute() else f"file://{'' if quoted.startswith('/') else '/'}{quoted}"
    )


def shown(path: str) -> str:
    """The same as text."""
    return where(local(path))


def shape(finding: Finding) -> str:
    """What the finding is about, without what differs from one recording to the next: ids, lines and numbers.

    `response.output_text.delta; content part: done; what=text`.  It depends on the rule's arguments and not on its
    words, so that a sentence can be improved.
    """
    parts = [show(finding.event.type)] if finding.event is not None else []
    if finding.machine:
        parts.append(f"{finding.machine}: {finding.state}")
    for name, value in sorted(finding.args.items()):
        if name not in ("type", "machine", "state") and (text := _constant(name, value)):
            parts.append(f"{show(name)}={text}")
    return "; ".join(parts)


def _constant(name: str, value: object) -> str:
    """What of an argument stays the same in the next recording; empty where nothing does."""
    if isinstance(value, (list, tuple)):
        members = {_constant(name, member) for member in cast("list[Any]", value)}
        return ",".join(sorted(members - {""}))
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if not isinstance(value, str):
        return ""
    text = _VARIABLE.sub("*", str(scalar(name, value)))
    return text if text.strip("*") else ""


class Fingerprints:
    """Names findings so that the same one has the same name when lines were added above it, or ids are others."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def of(self, path: str, finding: Finding) -> str:
        """The finding's name: a hash of path, rule and shape, and of how many such findings came before it."""
        key = (local(path), finding.code, shape(finding))
        self._seen[key] += 1
        return digest(*key, str(self._seen[key]))


def digest(*parts: str) -> str:
    """A short hash of these texts."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
