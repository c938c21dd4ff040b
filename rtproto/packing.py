"""Reports as they may be kept, or handed from one process to another.

Texts are masked and made visible first, so that no key of a recording gets into a file; all that a report does to them
afterwards comes to the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from rtproto.findings import Excerpt, Finding, Report, SessionReport, Trouble
from rtproto.reports.words import MASKED, escape, is_secret_field, mask, scalar


def pack(report: Report) -> bytes:
    """A plain report as JSON, without its paths, which may be no text."""
    return msgspec.json.encode(_named(report, lambda path: ""))


def unpack(data: bytes, path: str) -> Report:
    """The report of that path.  Raises `msgspec.MsgspecError` for bytes that hold none."""
    return _named(_decoder().decode(data), lambda empty: path)


@functools.cache
def _decoder() -> msgspec.json.Decoder[Report]:
    return msgspec.json.Decoder(Report)


def _named(report: Report, name: Callable[[str], str]) -> Report:
    return Report(
        tuple(replace(session, path=name(session.path)) for session in report.sessions),
        tuple(replace(unchecked, path=name(unchecked.path)) for unchecked in report.unchecked),
    )


def plain(report: Report) -> Report:
    """The report with its texts masked, and with numbers that JSON cannot carry as text."""
    return Report(
        tuple(map(_session, report.sessions)),
        tuple(replace(unchecked, reason=_text(unchecked.reason)) for unchecked in report.unchecked),
    )


def _session(session: SessionReport) -> SessionReport:
    return replace(
        session,
        findings=tuple(map(_finding, session.findings)),
        limits=tuple(map(_text, session.limits)),
        profile_reason=_text(session.profile_reason),
        counts={_text(kind): count for kind, count in session.counts.items()},
        troubles=tuple(map(_trouble, session.troubles)),
    )


def _trouble(trouble: Trouble) -> Trouble:
    return replace(
        trouble,
        reason=_text(trouble.reason),
        type=_text(trouble.type),
        code=_text(trouble.code),
        server_label=_text(trouble.server_label),
        message=_text(trouble.message),
    )


def _finding(finding: Finding) -> Finding:
    return replace(
        finding,
        event=None if finding.event is None else _excerpt(finding.event),
        args={_text(name): _value(name, value) for name, value in finding.args.items()},
        witnesses=tuple(
            replace(witness, type=_text(witness.type), note=_text(witness.note))
            for witness in finding.witnesses
        ),
        allowed=tuple(map(_text, finding.allowed)),
    )


def _excerpt(excerpt: Excerpt) -> Excerpt:
    return replace(
        excerpt,
        type=_text(excerpt.type),
        fields=tuple((_text(name), cast("Any", _value(name, value))) for name, value in excerpt.fields),
    )


def _text(text: str) -> str:
    return escape(mask(text))


def _value(name: str, value: object) -> object:
    if isinstance(value, str):
        return MASKED if value and is_secret_field(name) else _text(value)
    if value is None or isinstance(value, (bool, int, float)):
        return scalar(name, value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_value(name, member) for member in cast("Iterable[object]", value)]
    return _text(str(value))
