"""What a run of the suite gave: results, sums, and which failures were known before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from rtproto.conform.case import Case
from rtproto.conform.contract import NOT_CHECKED, Answer
from rtproto.conform.score import DEPTHS, Score


class Result(Struct, frozen=True):
    """One case: what was answered, and how far that agrees with the label."""

    case: Case
    answer: Answer
    score: Score
    known: str = ""
    """The reason that a baseline gives for the failure; empty where it names none."""

    @property
    def why(self) -> str:
        """What is wrong, in one sentence; empty where nothing is."""
        told = self.answer.told
        return f"{self.score.why}; it said: {told}" if told and self.score.why else self.score.why

    @property
    def unchecked(self) -> bool:
        """The checker said that it could not check this transcript."""
        return self.answer.exit == NOT_CHECKED and not self.score.passed


class Run(Struct, frozen=True):
    """All results of one checker."""

    suite: str
    """The version of the suite."""
    checker: str
    depth: str
    """The depth that makes a case pass."""
    results: tuple[Result, ...]
    stale: tuple[str, ...] = ()
    """Entries of the baseline that name no failure of this run, or no case of the suite."""
    unknown: tuple[str, ...] = ()
    """Those of them that name no case of the suite."""

    def passed(self, result: Result) -> bool:
        """The answer is right at the depth of the run."""
        return result.score.reached(self.depth)

    def failed(self) -> list[Result]:
        """The results that are wrong, known or not."""
        return [result for result in self.results if not self.passed(result)]

    @property
    def good(self) -> bool:
        """Nothing is wrong that was not known, and nothing that was known is right."""
        return not self.stale and all(result.known for result in self.failed())


class Sum(Struct, frozen=True):
    """How many cases of a group there are, and how many reach each depth."""

    name: str
    cases: int
    reached: tuple[int, ...]
    """By depth, in the order of `DEPTHS`."""


GROUPS = ("area", "verdict", "dialect")


def sums(results: Sequence[Result], group: str) -> list[Sum]:
    """One sum for each value of `area`, `verdict` or `dialect`."""
    names = sorted({getattr(result.case, group) for result in results})
    return [total(name, (r for r in results if getattr(r.case, group) == name)) for name in names]


def total(name: str, results: Iterable[Result]) -> Sum:
    """The sum of these results."""
    of = list(results)
    return Sum(name, len(of), tuple(sum(r.score.reached(depth) for r in of) for depth in DEPTHS))
