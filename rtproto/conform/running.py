"""From the options of `conform cases` to a run, and from a run to its report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from rtproto.conform import baseline, suite
from rtproto.conform.results import Result, Run
from rtproto.conform.runner import Checker
from rtproto.conform.score import score


class Options(Protocol):
    """What `conform cases` was asked."""

    suite: Path | None
    checker: str | None
    batch: bool
    filter: list[str]
    depth: str
    baseline: Path | None
    jobs: int
    timeout: float


def run(options: Options) -> Run:
    """Run a checker over the cases that were asked for.  Raises `ValueError` for files and commands that are none."""
    folder = options.suite or suite.home()
    checker = Checker(timeout=options.timeout, jobs=options.jobs)
    if options.checker is not None:
        command = tuple(shlex.split(options.checker))
        if not command:
            raise ValueError("the checker is an empty command")
        checker = Checker(command, options.batch, options.timeout, options.jobs)
    known = baseline.Baseline("rtproto-baseline/1") if options.baseline is None else baseline.read(options.baseline)
    version = suite.index(folder).version
    cases = [case for _, case in suite.read(folder, tuple(options.filter))]
    results: list[Result] = []
    for case, answer in checker.answers(cases):
        made = score(case, answer)
        failed = not made.reached(options.depth)
        results.append(Result(case, answer, made, known.reason(case.id) if failed else ""))
    done = Run(version, shlex.join(checker.command), options.depth, tuple(results))
    ids = [case.id for case in cases]
    stale = known.stale(done.failed(), ids, all=not options.filter)
    return Run(done.suite, done.checker, done.depth, done.results, stale)


def report(run: Run, format: str) -> Iterator[str]:
    """The report in that format, in pieces."""
    if format == "text":
        from rtproto.conform.text import text

        yield from text(run)
    else:
        raise NotImplementedError(format)
