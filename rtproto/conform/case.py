"""A case of the suite: a labelled transcript, read from a TOML file and written in the one canonical form."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec
import tomli
from msgspec import Struct

from rtproto.conform.transcript import Line, LineError, parse, written

Dialect = Literal["beta", "ga", "translation"]
Kind = Literal["document", "schema", "recorded", "inferred"]
Verdict = Literal["valid", "invalid", "acceptable", "indeterminate"]
Level = Literal["error", "warning", "info"]


class CaseError(ValueError):
    """A file that is no case; the text says why."""


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """How the label is known."""

    kind: Kind
    ref: str
    """Which document, type or recorded fact, in our own words."""


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """A finding that a checker should report."""

    line: int
    """The line of the transcript that breaks the rule, from 1."""
    code: str
    severity: Level = "error"
    because: tuple[int, ...] = ()
    """The lines that make it so."""
    also: tuple[int, ...] = ()
    """Other lines where it may be reported with as much right."""
    optional: bool = False
    """A checker may just as well leave it out."""

    @property
    def lines(self) -> tuple[int, ...]:
        """Every line where it may be reported."""
        return (self.line, *self.also)


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """One labelled transcript.  `conformance/README.md` says what each member means."""

    id: str
    title: str
    dialect: Dialect
    verdict: Verdict
    origin: Origin
    transcript: str
    profile: str = "openai"
    reason: str = ""
    """Why the verdict is `acceptable` or `indeterminate`."""
    flags: tuple[str, ...] = ()
    """What goes wrong for users: keys of `[flags]` in `suite.toml`."""
    twin: str = ""
    """For a case that is not valid: the valid case from which one edit leads here."""
    closed: bool = False
    """The end of the connection is in the transcript."""
    frame_limit: int | None = None
    """Longest frame in bytes that the receiver takes."""
    strict_fields: bool = False
    """Unknown members and repeated keys are to be reported too."""
    comment: str = ""
    expect: tuple[Expected, ...] = ()
    forbid: tuple[str, ...] = ()
    """Codes, or prefixes of codes, that must not be reported, of whatever severity."""

    @property
    def area(self) -> str:
        """The first part of the id."""
        return self.id.partition("/")[0]

    def lines(self) -> list[Line]:
        """The frames.  Raises `CaseError` for a line that is none."""
        return [line for _, line in self.numbered()]

    def numbered(self) -> Iterator[tuple[int, Line]]:
        """The frames with their line numbers, from 1.  Raises `CaseError` for a line that is none."""
        for number, line in enumerate(self.transcript.removesuffix("\n").split("\n"), 1):
            try:
                yield number, parse(line)
            except LineError as why:
                raise CaseError(f"line {number} of the transcript: {why}") from None


def load(text: str) -> Case:
    """Read a case file.  Raises `CaseError`."""
    try:
        return msgspec.convert(tomli.loads(text), Case)
    except (tomli.TOMLDecodeError, msgspec.ValidationError) as why:
        raise CaseError(str(why)) from None


def transcript_of(lines: Sequence[Line]) -> str:
    """The transcript of these frames as case files have it."""
    return "".join(written(line, compact=True) + "\n" for line in lines)


def dump(case: Case) -> str:
    """The canonical text of a case: members in one order, none that says what is so anyway, one form for a frame.

    Raises `CaseError` for a transcript that cannot be read.
    """
    parts = [f"{name} = {_value(value)}" for name, value in _head(case)]
    origin = f"{{ kind = {_text(case.origin.kind)}, ref = {_text(case.origin.ref)} }}"
    parts += [f"origin = {origin}", f"transcript = {_block(transcript_of(case.lines()))}"]
    for each in case.expect:
        parts += ["", "[[expect]]", f"line = {each.line}", f"code = {_text(each.code)}"]
        parts.append(f"severity = {_text(each.severity)}")
        if each.because:
            parts.append(f"because = {_value(each.because)}")
        if each.also:
            parts.append(f"also = {_value(each.also)}")
        if each.optional:
            parts.append("optional = true")
    return "\n".join(parts) + "\n"


_HEAD = (
    *("id", "title", "dialect", "profile", "verdict", "reason", "flags", "twin"),
    *("closed", "frame_limit", "strict_fields", "comment", "forbid"),
)
_ALWAYS = frozenset({"id", "title", "dialect", "profile", "verdict"})


def _head(case: Case) -> Iterator[tuple[str, Any]]:
    defaults = _defaults()
    for name in _HEAD:
        value = getattr(case, name)
        if name in _ALWAYS or value != defaults[name]:
            yield name, value


@functools.cache
def _defaults() -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(Case) if not field.required}


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return f"[{', '.join(map(_value, value))}]"


def _text(text: str) -> str:
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _block(text: str) -> str:
    if "'''" not in text:
        return f"'''\n{text}'''"
    return f'"""\n{text.replace(chr(92), chr(92) * 2).replace(chr(34) * 3, chr(92) + chr(34) * 3)}"""'
