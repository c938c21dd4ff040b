"""The report of a run as text."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.conform.results import GROUPS, Run, Sum, sums, total
from rtproto.conform.score import DEPTHS
from rtproto.reports.words import plural, prose

_SHOWN = 50
"""Failures that are listed; the JSON report has all."""


def text(run: Run) -> Iterator[str]:
    """The report, in pieces."""
    yield f"conformance suite {run.suite}, {plural(len(run.results), 'case')}\n"
    yield f"checker: {prose(run.checker)}\n"
    for group in GROUPS:
        yield "\n"
        yield _row(f"by {group}", "cases", DEPTHS)
        for each in sums(run.results, group):
            yield _row(each.name, str(each.cases), _cells(each))
    all = total("all", run.results)
    yield "\n" + _row(all.name, str(all.cases), _cells(all))
    failed = run.failed()
    new = [result for result in failed if not result.known]
    if new:
        yield f"\nfailed at the depth {run.depth!r}:\n"
    for result in new[:_SHOWN]:
        yield f"  {prose(result.case.id)}: {prose(result.score.why)}\n"
    if len(new) > _SHOWN:
        yield f"  and {len(new) - _SHOWN:,} more\n"
    for entry in run.stale:
        yield f"\nstale: the baseline names {prose(entry)}, and no case of it fails\n"
    yield "\n" + _verdict(run, len(failed), len(new))


def _verdict(run: Run, failed: int, new: int) -> str:
    known = f", {failed - new:,} known" if failed > new else ""
    unchecked = sum(result.unchecked for result in run.failed())
    refused = f" ({unchecked:,} of them not checked)" if unchecked else ""
    if not failed:
        return f"all {plural(len(run.results), 'case')} passed\n"
    return f"{plural(failed, 'case')} of {len(run.results):,} failed{refused}{known}\n"


def _cells(each: Sum) -> list[str]:
    return [f"{reached:,} ({_percent(reached, each.cases)})" for reached in each.reached]


def _percent(part: int, whole: int) -> str:
    """Rounded down: 100 % is said of all only."""
    return f"{100 * part // whole if whole else 100} %"


def _row(name: str, cases: str, cells: list[str] | tuple[str, ...]) -> str:
    return f"{name:<20}{cases:>8}" + "".join(f"{cell:>16}" for cell in cells) + "\n"
