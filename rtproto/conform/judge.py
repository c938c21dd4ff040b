"""rtproto as a checker of the suite: a transcript on standard input, findings on standard output.

python -m rtproto conform check < transcript
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from rtproto import console
from rtproto.conform.contract import (
    CLEAN,
    FOUND,
    NOT_CHECKED,
    Head,
    InputError,
    Reported,
    read_transcripts,
)
from rtproto.conform.transcript import Line

if TYPE_CHECKING:
    from rtproto.findings import Finding


def findings_of(head: Head, lines: list[Line]) -> list[Finding]:
    """The findings of a transcript, consequences too.  Raises `ValueError` for an unknown profile."""
    from rtproto.checker import SessionChecker
    from rtproto.wire import MAX_LINE_BYTES

    checker = SessionChecker(
        dialect=head.dialect,
        profile=head.profile,
        max_frame_bytes=head.frame_limit or MAX_LINE_BYTES,
        strict_fields=head.strict_fields,
    )
    for line in lines:
        checker.feed(line.direction, line.raw, time=line.seconds)
    checker.close(cut=not head.closed)
    return checker.findings


def reported(findings: Sequence[Finding]) -> list[Reported]:
    """What of them is answered: those that are nobody's consequence."""
    return [
        Reported(finding.line, finding.code, finding.severity.label)  # type: ignore[arg-type]  # one of three
        for finding in findings
        if finding.caused_by is None
    ]


def answer(head: Head, lines: list[Line], write: Callable[[str], object]) -> int:
    """Write the findings of one transcript; returns the exit status."""
    try:
        findings = reported(findings_of(head, lines))
    except ValueError as why:
        console.say(f"{head.id}: {why}")
        return NOT_CHECKED
    for finding in findings:
        write(msgspec.json.encode(finding).decode() + "\n")
    return FOUND if any(finding.severity != "info" for finding in findings) else CLEAN


def check(*, batch: bool) -> int:
    """Answer what is on standard input: one transcript, or in batch mode any number of them."""
    out = console.output("jsonl")
    status = CLEAN
    number = 0
    try:
        for number, (head, lines) in enumerate(read_transcripts(sys.stdin.buffer), 1):
            if number > 1 and not batch:
                raise InputError(f"a second transcript, {head.id}; one is checked at a time without --batch")
            status = answer(head, lines, out.write)
            if batch:
                out.write(msgspec.json.encode({"id": head.id, "exit": status}).decode() + "\n")
    except InputError as why:
        console.say(f"standard input: {why}")
        return NOT_CHECKED
    if not number:
        console.say("standard input: no transcript")
        return NOT_CHECKED
    return CLEAN if batch else status
