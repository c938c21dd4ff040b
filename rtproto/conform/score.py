"""Holding an answer against a label, at three depths: the verdict, the first offending line, the code."""

from __future__ import annotations

from msgspec import Struct

from rtproto.conform.case import Case, Expected
from rtproto.conform.contract import CLEAN, FOUND, NOT_CHECKED, Answer, Reported

DEPTHS = ("verdict", "line", "code")

_EXITS = {
    "valid": (CLEAN,),
    "invalid": (FOUND,),
    "acceptable": (CLEAN, FOUND),
    "indeterminate": (CLEAN, NOT_CHECKED),
}


class Score(Struct, frozen=True):
    """How far an answer agrees with a label."""

    passed: tuple[str, ...]
    """The depths that were reached, in order: each needs the one before."""
    why: str = ""
    """What is wrong at the first depth that was not reached."""

    def reached(self, depth: str) -> bool:
        """The answer agrees at that depth and all before it."""
        return depth in self.passed


def score(case: Case, answer: Answer) -> Score:
    """Judge one answer."""
    if answer.problem:
        return Score((), answer.problem)
    passed: list[str] = []
    for depth, fault in (("verdict", _verdict), ("line", _line), ("code", _code)):
        why = fault(case, answer)
        if why:
            return Score(tuple(passed), why)
        passed.append(depth)
    return Score(tuple(passed))


def _verdict(case: Case, answer: Answer) -> str:
    exits = _EXITS[case.verdict]
    if answer.exit in exits:
        return ""
    wanted = " or ".join(map(str, exits))
    return f"exit status {answer.exit}, where {wanted} is right for {_article(case.verdict)} transcript"


def _article(verdict: str) -> str:
    return f"{'a' if verdict == 'valid' else 'an'} {verdict}"


def _line(case: Case, answer: Answer) -> str:
    wrong = [finding.line for finding in answer.findings if finding.severity != "info"]
    if case.verdict == "invalid":
        first = min((each for each in case.expect if each.severity != "info"), key=lambda each: each.line)
        if not wrong:
            return f"nothing reported, where line {first.line} is the first offending one"
        if min(wrong) not in first.lines:
            return f"line {min(wrong)} reported as the first offending one, where line {first.line} is"
    elif case.verdict != "acceptable" and wrong:
        return f"line {min(wrong)} reported, in {_article(case.verdict)} transcript"
    return ""


def _code(case: Case, answer: Answer) -> str:
    for each in case.expect:
        if not each.optional and not _found(each, answer.findings):
            return f"{each.code} not reported at line {each.line}"
    for finding in answer.findings:
        if finding.code.startswith(case.forbid) and case.forbid:
            return f"{finding.code} reported at line {finding.line}, which this case forbids"
        if finding.severity != "info" and not any(
            finding.code == each.code and finding.line in each.lines for each in case.expect
        ):
            return f"{finding.code or 'something'} reported at line {finding.line}, where it is not expected"
    return ""


def _found(each: Expected, findings: tuple[Reported, ...]) -> bool:
    return any(finding.code == each.code and finding.line in each.lines for finding in findings)
