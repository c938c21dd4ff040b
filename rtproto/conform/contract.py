"""What goes in and out of a checker: a transcript on its standard input, findings as JSON lines on its output.

    ! {"format":"rtproto-transcript/1","id":"sessions/text-turn","dialect":"ga", …}
    < {"type":"session.created", …}
    > {"type":"session.update", …}

In batch mode, transcripts follow each other, and the checker ends the answer to each with `{"id": …, "exit": …}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from rtproto.conform.case import Case, Dialect, Level
from rtproto.conform.transcript import Line, LineError, parse, written

MARK = "! "
_QUOTED = 80
"""Characters of a checker's output that a problem quotes."""

CLEAN, FOUND, NOT_CHECKED = 0, 1, 2


class InputError(ValueError):
    """Standard input holds no transcript; the text says why."""


class Head(Struct, frozen=True):
    """The first line of a transcript: what is to be known beside the frames."""

    format: Literal["rtproto-transcript/1"]
    id: str
    dialect: Dialect
    profile: str = "openai"
    closed: bool = False
    frame_limit: int | None = None
    strict_fields: bool = False


class Reported(Struct, frozen=True):
    """A finding as a checker writes it."""

    line: int
    code: str = ""
    severity: Level = "error"


class Answer(Struct, frozen=True):
    """What a checker made of one transcript."""

    exit: int | None
    """0 nothing wrong, 1 something is, 2 could not check; None where no answer came."""
    findings: tuple[Reported, ...] = ()
    problem: str = ""
    """Why there is no answer, or none that can be read."""
    told: str = ""
    """Where there is none, or the transcript was not checked: the end of what the checker wrote to standard error."""


def transcript_text(case: Case) -> str:
    """A case as a checker gets it: without its label, and without repetitions."""
    head = Head(
        "rtproto-transcript/1",
        case.id,
        case.dialect,
        case.profile,
        case.closed,
        case.frame_limit,
        case.strict_fields,
    )
    lines = [MARK + msgspec.json.encode(head).decode()]
    lines += (written(line, compact=False) for line in case.lines())
    return "\n".join(lines) + "\n"


def read_transcripts(lines: Iterable[bytes]) -> Iterator[tuple[Head, list[Line]]]:
    """The transcripts on a checker's standard input.  Raises `InputError`."""
    head: Head | None = None
    frames: list[Line] = []
    for number, raw in enumerate(lines, 1):
        try:
            text = raw.decode().removesuffix("\n").removesuffix("\r")
            if text.startswith(MARK):
                if head is not None:
                    yield head, frames
                head, frames = msgspec.json.decode(text[len(MARK) :], type=Head), []
                continue
            frame = parse(text)
        except (UnicodeDecodeError, LineError, msgspec.DecodeError) as why:
            raise InputError(f"line {number}: {why}") from None
        if head is None:
            raise InputError(f"line {number}: a transcript begins with {MARK}{{…}}")
        frames.append(frame)
    if head is not None:
        yield head, frames


def read_answer(output: str, exit: int) -> Answer:
    """The answer of a checker that got one transcript."""
    findings: list[Reported] = []
    for text in output.splitlines():
        if text.strip():
            try:
                findings.append(msgspec.json.decode(text, type=Reported))
            except msgspec.DecodeError as why:
                return Answer(None, problem=f"wrote a line that is no finding ({text[:_QUOTED]}): {why}")
    if exit not in (CLEAN, FOUND, NOT_CHECKED):
        return Answer(None, tuple(findings), f"ended with exit status {exit}")
    if exit == FOUND and not findings:  # as interpreters end that crash
        return Answer(None, problem="ended with exit status 1, and reported nothing")
    return Answer(exit, tuple(findings))


def read_answers(output: str) -> dict[str, Answer]:
    """The answers of a checker in batch mode, by the ids of the cases; what follows the last end is none."""
    answers: dict[str, Answer] = {}
    block: list[str] = []
    for text in output.splitlines():
        end = _end_of(text)
        if end is None:
            block.append(text)
            continue
        id, exit = end
        answers[id] = read_answer("\n".join(block), exit)
        block = []
    return answers


def _end_of(text: str) -> tuple[str, int] | None:
    try:
        value: object = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    members = cast("dict[str, Any]", value)
    id, exit = members.get("id"), members.get("exit")
    return (id, exit) if isinstance(id, str) and isinstance(exit, int) else None
