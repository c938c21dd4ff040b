"""Running a checker over cases: one process for each case, or in batch mode a few for all of them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from msgspec import Struct

from rtproto.conform.case import Case
from rtproto.conform.contract import NOT_CHECKED, Answer, read_answer, read_answers, transcript_text

OWN = (sys.executable, "-m", "rtproto", "conform", "check", "--batch")
"""rtproto itself, through the same contract as any other checker."""
BATCH = 64
"""Cases for one process in batch mode: enough to forget its start, few enough to lose when it crashes."""
_TOLD_LINES, _TOLD = 12, 1_000
"""Lines and characters of a checker's standard error that are quoted, from its end: an exception's last words in
Python, and in node, which puts them above its stack."""


class Checker(Struct, frozen=True):
    """A command that checks transcripts."""

    command: tuple[str, ...] = OWN
    batch: bool = True
    timeout: float = 60.0
    """Seconds that one process may take."""
    jobs: int = 0
    """Processes at a time; 0 for one on each processor."""

    @classmethod
    def of(cls, command: str | None, *, batch: bool, jobs: int, timeout: float) -> Checker:
        """The checker of that command line; rtproto itself for None.  Raises `ValueError` for what is no command."""
        if command is None:
            return cls(timeout=timeout, jobs=jobs)
        words = tuple(shlex.split(command))
        if not words:
            raise ValueError("the checker is an empty command")
        if shutil.which(words[0]) is None:
            raise ValueError(f"the checker cannot be run: {words[0]} is no command here")
        return cls(words, batch, timeout, jobs)

    def answers(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Answer]]:
        """Every case with its answer, in order.  A checker that fails in any way gives answers with a problem."""
        size = BATCH if self.batch else 1
        chunks = [cases[start : start + size] for start in range(0, len(cases), size)]
        ask: Callable[[Sequence[Case]], list[Answer]] = self._batch if self.batch else self._single
        with ThreadPoolExecutor(self.jobs or os.cpu_count() or 1) as pool:
            for chunk, answers in zip(chunks, pool.map(ask, chunks), strict=True):
                yield from zip(chunk, answers, strict=True)

    def _single(self, cases: Sequence[Case]) -> list[Answer]:
        done = self._run(transcript_text(cases[0]))
        if done.problem:
            return [Answer(None, problem=done.problem)]
        return [_explained(read_answer(done.output, done.exit), done)]

    def _batch(self, cases: Sequence[Case]) -> list[Answer]:
        done = self._run("".join(map(transcript_text, cases)))
        answers = read_answers(done.output)
        ended = done.problem or f"no answer; the process ended with exit status {done.exit}"
        return [_explained(answers.get(case.id) or Answer(None, problem=ended), done) for case in cases]

    def _run(self, input: str) -> _Done:
        try:
            done = subprocess.run(
                self.command, input=input.encode(), capture_output=True, timeout=self.timeout, check=False
            )
        except subprocess.TimeoutExpired as late:
            output = (late.stdout or b"").decode(errors="replace")
            return _Done(output, problem=f"no end after {self.timeout:g} seconds")
        except (OSError, ValueError) as error:
            return _Done(problem=f"cannot be run: {error}")
        told = "\n".join(done.stderr.decode(errors="replace").strip().splitlines()[-_TOLD_LINES:])
        return _Done(done.stdout.decode(errors="replace"), done.returncode, told[-_TOLD:])


class _Done(Struct, frozen=True):
    """A process that ended."""

    output: str = ""
    exit: int = -1
    told: str = ""
    """The end of its standard error."""
    problem: str = ""


def _explained(answer: Answer, done: _Done) -> Answer:
    """The answer, with what the process said where it gave none."""
    if answer.problem or answer.exit == NOT_CHECKED:
        return msgspec.structs.replace(answer, told=done.told)
    return answer
