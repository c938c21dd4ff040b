"""What holds of every case, and of all of them together: each a generator of sentences about what does not."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rtproto.conform.case import Case, CaseError
from rtproto.conform.suite import Index, count, id_of, index, read
from rtproto.conform.transcript import Line

LONGEST_TITLE = 100


def problems(folder: Path) -> list[str]:
    """Everything that is wrong with a suite, a sentence each.  Raises `SuiteError` where it cannot even be read."""
    suite = index(folder)
    read_cases = list(read(folder))
    cases = {case.id: case for _, case in read_cases}
    found: list[str] = []
    for path, case in read_cases:
        name = id_of(folder, path)
        if case.id != name:
            found.append(f"{name}: its id is {case.id!r}, where its path says {name!r}")
        found += (f"{name}: {problem}" for problem in _case(case, suite, cases))
    ledger: dict[str, Any] = json.loads((folder / "rules.json").read_text(encoding="utf-8"))
    found += _rules(list(cases.values()), suite, ledger["rules"])
    if suite.counts != count(list(cases.values())):
        found.append("suite.toml: [counts] does not say what there is; run the command `fmt`")
    return found


def _case(case: Case, suite: Index, cases: Mapping[str, Case]) -> Iterator[str]:
    try:
        lines = case.lines()
    except CaseError as why:
        yield str(why)
        return
    if not case.title or len(case.title) > LONGEST_TITLE or case.title[-1] == "." or " should " in case.title:
        yield f"a title is a phrase of at most {LONGEST_TITLE} characters, without a period and without 'should'"
    if not case.origin.ref:
        yield "its origin names nothing"
    yield from (f"suite.toml explains no flag {flag!r}" for flag in case.flags if flag not in suite.flags)
    yield from _labels(case, len(lines))
    yield from _twin(case, lines, cases)


def _labels(case: Case, last: int) -> Iterator[str]:
    blames = [each for each in case.expect if each.severity != "info"]
    if case.verdict == "invalid" and not any(not each.optional for each in blames):
        yield "an invalid case expects an error or a warning"
    if case.verdict != "invalid" and any(not each.optional for each in blames):
        yield f"a case that is {case.verdict} expects nothing but notes"
    if case.verdict == "invalid" and not case.flags:
        yield "an invalid case says what goes wrong for users, by flags"
    if case.verdict == "acceptable" and not case.expect:
        yield "an acceptable case says what may be found"
    if (case.verdict in ("acceptable", "indeterminate")) != bool(case.reason):
        yield "acceptable and indeterminate cases have a reason, and others none"
    for each in case.expect:
        if not all(1 <= line <= last for line in (*each.lines, *each.because)):
            yield f"{each.code} points at a line that the transcript does not have"
        if each.line in (*each.because, *each.also):
            yield f"{each.code} names its own line as another"
        if case.forbid and each.code.startswith(case.forbid):
            yield f"{each.code} is both expected and forbidden"


def _twin(case: Case, lines: Sequence[Line], cases: Mapping[str, Case]) -> Iterator[str]:
    if not case.twin:
        if case.verdict == "invalid":
            yield "an invalid case has a twin"
        return
    twin = cases.get(case.twin)
    if twin is None:
        yield f"there is no twin {case.twin!r}"
        return
    if twin.verdict != "valid":
        yield f"its twin {case.twin!r} is not valid"
    edits = distance(twin, case)
    if edits != 1:
        yield f"its twin {case.twin!r} is {edits} edits away"


def distance(one: Case, two: Case) -> int:
    """Edits between two cases: a line changed, left out, put in or exchanged with the next, the rest of the
    transcript cut off, the sides exchanged throughout, more time passing, or one of what stands beside the lines."""
    beside = ("dialect", "profile", "closed", "frame_limit", "strict_fields")
    edits = sum(bool(getattr(one, name) != getattr(two, name)) for name in beside)
    before, after = _steps(one.lines()), _steps(two.lines())
    other = {"client": "server", "server": "client"}
    if [(other[side], raw, passed) for side, raw, passed in before] == after != before:
        return edits + 1
    return edits + sum(_blocks(before, after))


_Step = tuple[str, bytes, float | None]


def _steps(lines: Sequence[Line]) -> list[_Step]:
    """Lines with the time since the one before, so that a pause is one difference."""
    steps: list[_Step] = []
    before: float | None = None
    for line in lines:
        passed = None if line.seconds is None or before is None else round(line.seconds - before, 3)
        steps.append((line.direction, line.raw, passed))
        before = line.seconds
    return steps


def _blocks(before: list[_Step], after: list[_Step]) -> Iterator[int]:
    """The edits in each place where two lists differ."""
    while before and after and before[0] == after[0]:
        before, after = before[1:], after[1:]
    if before and not after:
        yield 1  # the rest was cut off
        return
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    if len(before) == len(after) == 2 and before == after[::-1]:
        yield 1
        return
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield max(b - a, d - c)


def _rules(cases: Sequence[Case], suite: Index, rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Every rule has a case in each dialect in which it holds, or `suite.toml` says why not."""
    ledger = {rule["code"]: rule for rule in rules}
    tested = {(each.code, case.dialect) for case in cases if case.profile == "openai" for each in case.expect}
    for code, rule in ledger.items():
        if code in suite.untested:
            if any(code == each for each, _ in tested):
                yield f"suite.toml calls {code} untested, and there are cases of it"
            continue
        for dialect in rule["dialects"]:
            if (code, dialect) not in tested:
                yield f"{code} {rule['name']} has no case in {dialect} and suite.toml gives no reason"
    yield from (
        f"suite.toml calls {code} untested; there is no such rule"
        for code in suite.untested
        if code not in ledger
    )
    for case in cases:
        for each in case.expect:
            broken = ledger.get(each.code)
            if broken is None:
                yield f"{case.id}: there is no rule {each.code}"
            elif case.dialect not in broken["dialects"]:
                yield f"{case.id}: {each.code} is no rule of {case.dialect}"
