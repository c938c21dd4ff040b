"""Which case kills which mutant."""

from __future__ import annotations

import io
import multiprocessing
import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from rtproto.conform import judge
from rtproto.conform.case import Case
from rtproto.conform.contract import CLEAN, FOUND, Answer, Head, read_transcripts, transcript_text
from rtproto.conform.score import score
from rtproto.conform.suite import home, read
from rtproto.conform.transcript import Line
from rtproto.findings import Finding
from rtproto.protocol.machine import Breach, outcomes
from rtproto.protocol.tables import MACHINES
from tests.kill.mutants import Mutant, all_mutants, cell_place, traced

Rows = list[tuple[int, str, str, int | None, str]]
_TYPE = re.compile(rb'"type"\s*:\s*"([^"]*)"')


class Killed(Struct, frozen=True):
    """What became of a mutant."""

    kind: str
    place: str
    name: str
    by: str
    """The first case that tells; empty where none does."""
    shown: str = ""
    """Where none tells: the first case whose report changes although its label still holds, because only a note
    changes, or what is folded under the finding that the label expects."""
    second: str = ""
    """Where no report changes either: the first case whose report changes once it goes on with one of its lines again,
    or with the connection's end.  After a fault only another fault shows the state from which the checker goes on, and
    cases have one."""

    @property
    def untold(self) -> bool:
        """Nothing shows it."""
        return not (self.by or self.shown or self.second)


class Subject(Struct, frozen=True):
    """A case, ready to be judged."""

    case: Case
    head: Head
    lines: list[Line]
    types: frozenset[str]
    """Event types that stand in its transcript, as far as bytes tell."""

    def findings(self) -> list[Finding] | None:
        """What the checker as it is now finds; None where it breaks."""
        try:
            return judge.findings_of(self.head, self.lines)
        except Exception:  # noqa: BLE001 - a mutant that breaks the checker is killed by the case that shows it
            return None

    def continued(self, more: Sequence[Line]) -> Iterator[Subject]:
        """The case with one of these lines at its end, and the case with the connection's end."""
        for line in more:
            again = Line(
                line.direction, line.raw.replace(b'"event_id":"', b'"event_id":"again_', 1), line.seconds
            )
            yield msgspec.structs.replace(self, lines=[*self.lines, again])
        if not self.head.closed:
            yield msgspec.structs.replace(self, head=msgspec.structs.replace(self.head, closed=True))

    def agrees(self, findings: Sequence[Finding] | None) -> bool:
        """They are what the label says."""
        if findings is None:
            return False
        answer = judge.reported(findings)
        wrong = any(each.severity != "info" for each in answer)
        return score(self.case, Answer(FOUND if wrong else CLEAN, tuple(answer))).reached("code")


class Suite:
    """The cases, and which cells of the tables each of them asks."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self.subjects = sorted(subjects, key=_cost)
        found = {subject.case.id: subject.findings() for subject in self.subjects}
        self.failing = [
            subject.case.id for subject in self.subjects if not subject.agrees(found[subject.case.id])
        ]
        """Cases with which the undamaged checker disagrees."""
        self.findings = {id: _rows(findings) for id, findings in found.items()}
        """What the undamaged checker finds in each."""
        self.visits: dict[str, list[Subject]] = {}
        """By place of a cell: the cases that ask it."""
        with traced() as asked:
            for subject in self._ordinary():
                asked.clear()
                subject.findings()
                for place in asked:
                    self.visits.setdefault(place, []).append(subject)

    @classmethod
    def read(cls, folders: tuple[str, ...] = ("",)) -> Suite:
        """The suite of this source tree, or what of it lies in these folders."""
        return cls([_subject(case) for _, case in read(home()) if case.id.startswith(folders)])

    def unasked(self) -> Iterator[tuple[str, str]]:
        """The ends of cells that no case asks: a legal one in a valid case, an illegal one in a case that expects its
        code.  As pairs of a cell's place and `legal` or the code."""
        for machine in MACHINES.values():
            for state in machine.states:
                for input in machine.inputs:
                    place = cell_place(machine.name, state, input)
                    cases = [subject.case for subject in self.visits.get(place, ())]
                    for end in sorted({_end(each) for each in outcomes(machine.cell(state, input))}):
                        if not any(_asks(case, end) for case in cases):
                            yield place, end

    def candidates(self, mutant: Mutant) -> list[Subject]:
        """The cases that may tell: those that were written for the machine first, and the short ones before the long,
        which are slower and show it less clearly."""
        own = {subject.case.id for subject in self.own(mutant)}
        return sorted(self._concerned(mutant), key=lambda subject: subject.case.id not in own)

    def own(self, mutant: Mutant) -> list[Subject]:
        """The cases that were written for the mutant's machine."""
        folder = f"cells/{mutant.machine.replace(' ', '-')}/"
        return [subject for subject in self.subjects if subject.case.id.startswith(folder)]

    def _ordinary(self) -> Iterator[Subject]:
        """The cases but those of hostile bytes, which are slow, and say nothing of the tables that others do not."""
        return (subject for subject in self.subjects if subject.case.area != "wire")

    def _concerned(self, mutant: Mutant) -> Iterator[Subject]:
        if mutant.kind == "rule":
            yield from (s for s in self.subjects if any(e.code == mutant.place for e in s.case.expect))
        elif mutant.place in self.visits:
            yield from self.visits[mutant.place]
        elif ": " in mutant.place:
            return
        else:
            type = mutant.place.partition(" > ")[0]
            yield from (s for s in self._ordinary() if " > " not in mutant.place or type in s.types)


def _end(outcome: str | Breach) -> str:
    return outcome.code if isinstance(outcome, Breach) else "legal"


def _asks(case: Case, end: str) -> bool:
    if end == "legal":
        return case.verdict == "valid"
    return any(each.code == end for each in case.expect)


def ends() -> int:
    """How many ends the cells have: one where it is simply legal or illegal, more where guards are asked."""
    return sum(
        len({_end(each) for each in outcomes(machine.cell(state, input))})
        for machine in MACHINES.values()
        for state in machine.states
        for input in machine.inputs
    )


def _cost(subject: Subject) -> tuple[int, str]:
    """Bytes to be read."""
    return sum(len(line.raw) for line in subject.lines), subject.case.id


def _subject(case: Case) -> Subject:
    # As a checker in another process would be given it.
    [(head, lines)] = read_transcripts(io.BytesIO(transcript_text(case).encode()))
    types = {match[1].decode() for line in lines for match in _TYPE.finditer(line.raw)}
    return Subject(case, head, lines, frozenset(types))


def run(suite: Suite, prefix: str, jobs: int) -> list[Killed]:
    """Try every mutant whose name begins so; the results are in the order of the mutants."""
    mutants = [mutant for mutant in all_mutants() if mutant.name.startswith(prefix)]
    with multiprocessing.get_context("fork").Pool(jobs, _hold, (suite, mutants)) as pool:
        return pool.map(_try, range(len(mutants)), chunksize=4)


_held: tuple[Suite, Sequence[Mutant]]
"""What a process tries: inherited when it is forked, because mutants cannot be sent."""


def _hold(suite: Suite, mutants: Sequence[Mutant]) -> None:
    global _held  # noqa: PLW0603 - a process of the pool has no other place
    _held = suite, mutants


def _try(number: int) -> Killed:
    suite, mutants = _held
    mutant = mutants[number]
    shown = ""
    candidates = suite.candidates(mutant)
    with mutant.apply():
        for subject in candidates:
            findings = subject.findings()
            if _rows(findings) == suite.findings[subject.case.id]:
                continue
            if not subject.agrees(findings):
                return Killed(mutant.kind, mutant.place, mutant.name, subject.case.id)
            shown = shown or subject.case.id
    second = "" if shown else _second(mutant, candidates[:_TRIED], _pool(suite.own(mutant)))
    return Killed(mutant.kind, mutant.place, mutant.name, "", shown, second)


def _second(mutant: Mutant, candidates: Sequence[Subject], pool: Sequence[Line]) -> str:
    """The first of the cases that tells a mutant when it goes on with one of these lines."""
    for subject in candidates:
        key = mutant.machine + subject.case.id
        if key not in _continued:
            _continued[key] = [(each, _rows(each.findings())) for each in subject.continued(pool)]
    with mutant.apply():
        for subject in candidates:
            for each, rows in _continued[mutant.machine + subject.case.id]:
                if _rows(each.findings()) != rows:
                    return subject.case.id
    return ""


def _pool(subjects: Sequence[Subject]) -> list[Line]:
    """Lines of these cases: at most three of a type."""
    found: dict[bytes, list[Line]] = {}
    for subject in subjects:
        for line in subject.lines:
            match = _TYPE.search(line.raw)
            some = found.setdefault(match[1] if match else b"", [])
            if len(some) < _ALIKE and all(line.raw != each.raw for each in some):
                some.append(line)
    return [line for some in found.values() for line in some]


_TRIED = 24
"""Cases that are tried with a second fault."""
_ALIKE = 3
_continued: dict[str, list[tuple[Subject, Rows | None]]] = {}
"""By case: what follows it, and what the undamaged checker finds then."""


def _rows(findings: Sequence[Finding] | None) -> Rows | None:
    """What of findings is compared: where, which, how bad, under which other they fold, and what state they tell of."""
    if findings is None:
        return None
    return [(each.line, each.code, each.severity.label, each.caused_by, each.state) for each in findings]
