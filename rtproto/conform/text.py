"""The report of a run as text."""

from __future__ import annotations

from collections.abc import Iterator

from rtproto.conform.results import GROUPS, Result, Run, Sum, sums, total
from rtproto.conform.score import DEPTHS
from rtproto.reports.words import no_command, plural, prose

_SHOWN = 50
"""Failures that are listed; the JSON report has all."""
_NAMED = 3
"""Cases that are named of those in which a checker broke in one way."""


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
    alike = _alike(new)
    for results in alike[:_SHOWN]:
        yield from _failure(results)
    if len(alike) > _SHOWN:
        left_out = sum(map(len, alike[_SHOWN:]))
        yield f"  and {left_out:,} more; --report json lists all\n"
    for entry in run.stale:
        what = "there is no such case" if entry in run.unknown else "no case of it fails"
        yield f"\nstale: the baseline names {prose(entry)}, and {what}\n"
    yield "\n" + _verdict(run, len(failed), len(new))


def _alike(failed: list[Result]) -> list[list[Result]]:
    """The failures; those in which the checker gave no answer, and said the same of it, together."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in failed:
        broken = result.answer.problem or result.unchecked
        groups.setdefault(("" if broken else result.case.id, result.why), []).append(result)
    return list(groups.values())


def _failure(results: list[Result]) -> Iterator[str]:
    first = results[0]
    names = ", ".join(prose(result.case.id) for result in results[:_NAMED])
    more = f" and {plural(len(results) - _NAMED, 'more case')}" if len(results) > _NAMED else ""
    told = first.answer.told.splitlines()
    if len(told) < 2:
        yield f"  {names}{more}: {prose(first.why)}\n"
        return
    yield f"  {names}{more}: {prose(first.score.why)}; it said:\n"
    yield from (f"    | {no_command(prose(line))}\n" for line in told)


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
