"""Judging sessions in tests: edited samples in, findings out."""

from __future__ import annotations

from typing import Any

import msgspec

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity
from rtproto.rules import RULES
from rtproto.rules.examples import Edit
from rtproto.rules.sessions import Session, session

Lines = list[tuple[str | None, bytes]]


def encode(lines: Session) -> Lines:
    return [(direction, msgspec.json.encode(event)) for direction, event in lines]


def check(lines: Lines, *, cut: bool = True, **options: Any) -> SessionChecker:
    checker = SessionChecker(**options)
    for direction, raw in lines:
        checker.feed(direction, raw)
    checker.close(cut=cut)
    return checker


def edited(name: str, *edits: Edit) -> Lines:
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    return encode(lines)


def found(checker: SessionChecker) -> list[tuple[str, int]]:
    return [(f.code, f.line) for f in checker.findings if f.caused_by is None and f.severity > Severity.INFO]


def judge(name: str, *edits: Edit, cut: bool = True, **options: Any) -> list[Finding]:
    """The findings on a sample session after some edits."""
    return check(edited(name, *edits), cut=cut, **options).findings


def said(findings: list[Finding], *codes: str) -> list[tuple[str, str, str]]:
    """Code, severity and message of the findings of some codes, or of all."""
    return [
        (f.code, f.severity.label, RULES[f.code].message.format_map(f.args))
        for f in findings
        if f.code in codes or not codes
    ]
