"""Which case kills which mutant."""

from __future__ import annotations

import functools
import io
import multiprocessing
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from rtproto.conform import judge
from rtproto.conform.case import Case
from rtproto.conform.contract import CLEAN, FOUND, Answer, Head, read_transcripts, transcript_text
from rtproto.conform.score import score
from rtproto.conform.suite import home, read
from rtproto.conform.transcript import Line
from tests.kill.mutants import Mutant, all_mutants, traced

_TYPE = re.compile(rb'"type"\s*:\s*"([^"]*)"')


class Killed(Struct, frozen=True):
    """What became of a mutant."""

    kind: str
    place: str
    name: str
    by: str
    """The first case that tells; empty where none does."""


class Subject(Struct, frozen=True):
    """A case, ready to be judged."""

    case: Case
    head: Head
    lines: list[Line]
    types: frozenset[str]
    """Event types that stand in its transcript, as far as bytes tell."""

    def passes(self) -> bool:
        """The checker as it is now agrees with the label."""
        try:
            findings = judge.judge(self.head, self.lines)
        except Exception:  # noqa: BLE001 - a mutant that breaks the checker is killed by the case that shows it
            return False
        wrong = any(finding.severity != "info" for finding in findings)
        answer = Answer(exit=FOUND if wrong else CLEAN, findings=tuple(findings))
        return score(self.case, answer).reached("code")


class Suite:
    """The cases, and which cells of the tables each of them asks."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.subjects = sorted(subjects, key=lambda subject: sum(len(line.raw) for line in subject.lines))
        self.visits: dict[str, list[Subject]] = {}
        """By place of a cell: the cases that ask it."""
        for subject in subjects:
            asked: set[str] = set()
            with traced(asked.add):
                subject.passes()
            for place in asked:
                self.visits.setdefault(place, []).append(subject)

    @classmethod
    def read(cls) -> Suite:
        """The suite of this source tree."""
        return cls([_subject(case) for _, case in read(home())])

    def failing(self) -> list[str]:
        """Cases with which the undamaged checker disagrees."""
        return [subject.case.id for subject in self.subjects if not subject.passes()]

    def candidates(self, mutant: Mutant) -> Iterator[Subject]:
        """The cases that may tell, short ones first: they are quicker, and what they show is easier to see."""
        if mutant.kind == "rule":
            yield from (s for s in self.subjects if any(e.code == mutant.place for e in s.case.expect))
        elif mutant.place in self.visits:
            yield from self.visits[mutant.place]
        elif ": " in mutant.place:
            return
        else:
            type = mutant.place.partition(" > ")[0]
            yield from (s for s in self.subjects if " > " not in mutant.place or type in s.types)


def _subject(case: Case) -> Subject:
    # As a checker in another process would be given it.
    [(head, lines)] = read_transcripts(io.BytesIO(transcript_text(case).encode()))
    types = {match[1].decode() for line in lines for match in _TYPE.finditer(line.raw)}
    return Subject(case, head, lines, frozenset(types))


def run(suite: Suite, prefix: str, jobs: int) -> list[Killed]:
    """Try every mutant whose name begins so; the results are in the order of the mutants."""
    names = [mutant.name for mutant in all_mutants() if mutant.name.startswith(prefix)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        parts = pool.map(functools.partial(_share, suite), [frozenset(names[at::jobs]) for at in range(jobs)])
    found = {killed.name: killed for part in parts for killed in part}
    return [found[name] for name in names]


def _share(suite: Suite, names: frozenset[str]) -> list[Killed]:
    return [_try(suite, mutant) for mutant in list(all_mutants()) if mutant.name in names]


def _try(suite: Suite, mutant: Mutant) -> Killed:
    candidates = list(suite.candidates(mutant))
    with mutant.apply():
        by = next((subject.case.id for subject in candidates if not subject.passes()), "")
    return Killed(mutant.kind, mutant.place, mutant.name, by)
