"""Judging sample sessions after some edits, for the tests of rules."""

from __future__ import annotations

from typing import Any

import msgspec

from rtproto.checker import SessionChecker
from rtproto.findings import Finding
from rtproto.rules import RULES
from rtproto.rules.examples import Edit
from rtproto.rules.sessions import session


def judge(name: str, *edits: Edit, cut: bool = True, **options: Any) -> list[Finding]:
    """The findings on a sample session after some edits."""
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    checker = SessionChecker(**options)
    for direction, event in lines:
        checker.feed(direction, msgspec.json.encode(event))
    checker.close(cut=cut)
    return checker.findings


def said(findings: list[Finding], *codes: str) -> list[tuple[str, str, str]]:
    """Code, severity and message of the findings of some codes."""
    return [
        (f.code, f.severity.label, RULES[f.code].message.format_map(f.args))
        for f in findings
        if f.code in codes or not codes
    ]
