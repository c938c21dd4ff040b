"""From cases and a checker to a run, and from a run to its report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from rtproto.conform import suite
from rtproto.conform.baseline import Baseline
from rtproto.conform.baseline import read as read_baseline
from rtproto.conform.results import Result, Run
from rtproto.conform.runner import Checker
from rtproto.conform.score import score


def run(
    folder: Path | None, checker: Checker, *, filter: Sequence[str], depth: str, baseline: Path | None
) -> Run:
    """Run a checker over the cases whose ids begin with one of the filters.  Raises `ValueError` for bad files."""
    folder = folder or suite.home()
    known = Baseline("rtproto-baseline/1") if baseline is None else read_baseline(baseline)
    version = suite.index(folder).version
    cases = [case for _, case in suite.read(folder, tuple(filter))]
    results: list[Result] = []
    for case, answer in checker.answers(cases):
        made = score(case, answer)
        results.append(Result(case, answer, made, "" if made.reached(depth) else known.reason(case.id)))
    failed = [result for result in results if not result.score.reached(depth)]
    stale = known.stale(failed, [case.id for case in cases])
    unknown = known.unknown([suite.id_of(folder, path) for path in suite.files(folder)])
    return Run(version, shlex.join(checker.command), depth, tuple(results), (*stale, *unknown), unknown)


def report(run: Run, format: str) -> Iterator[str]:
    """The report in that format, in pieces: `text`, `json`, `junit` or `html`."""
    if format == "json":
        from rtproto.conform.data import json

        yield json(run)
    elif format == "junit":
        from rtproto.conform.junit import junit

        yield junit(run)
    elif format == "html":
        from rtproto.conform.html import html

        yield from html(run)
    else:
        from rtproto.conform.text import text

        yield from text(run)
