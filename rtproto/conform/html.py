"""The report of a run as one HTML page that needs nothing beside it: no script, no font, no picture."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rtproto.conform.case import Case, Expected
from rtproto.conform.results import GROUPS, Result, Run, Sum, sums, total
from rtproto.conform.score import DEPTHS
from rtproto.conform.transcript import written
from rtproto.reports.words import prose, show

_STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: 1rem 0 } th, td { padding: .2rem .8rem; text-align: right }
th:first-child, td:first-child { text-align: left } tr + tr { border-top: 1px solid #d8dee4 }
details { border-top: 1px solid #d8dee4; padding: .3rem 0 } summary { cursor: pointer }
.bad { color: #b42318 } .known { color: #8a6100 } .good { color: #18794e }
pre { background: #f6f8fa; padding: .5rem; overflow-x: auto; font-size: 12px } mark { background: #ffd8d3 }
small { color: #57606a }"""
_WIDE = 160
"""Characters of a frame that are shown."""
_MOST = 200
"""Failures whose transcripts are shown; the others are listed."""


def html(run: Run) -> Iterator[str]:
    """The page, in pieces.  Everything in it is escaped, also what the checker wrote."""
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    yield f"<title>rtproto conformance {escape(run.suite)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
    yield f"<h1>Conformance suite {escape(run.suite)}</h1>\n"
    yield f"<p>Checker: <code>{escape(prose(run.checker))}</code>. A case passes at the depth "
    yield f"<b>{escape(run.depth)}</b>.</p>\n"
    yield f"<p>{_summary(run)}</p>\n"
    for group in GROUPS:
        yield from _table(f"by {group}", sums(run.results, group))
    yield from _table("", [total("all", run.results)])
    if run.stale:
        yield "<h2>Stale entries of the baseline</h2>\n<ul>\n"
        yield from (f"<li>{escape(prose(entry))}</li>\n" for entry in run.stale)
        yield "</ul>\n"
    failed = run.failed()
    if failed:
        yield "<h2>Failed</h2>\n"
    for number, result in enumerate(failed):
        yield from _failure(result, transcript=number < _MOST)
    yield "</body>\n</html>\n"


def _summary(run: Run) -> str:
    failed = run.failed()
    if not failed:
        return f'<b class="good">All {len(run.results):,} cases passed.</b>'
    known = sum(bool(result.known) for result in failed)
    return (
        f'<b class="bad">{len(failed):,} of {len(run.results):,} cases failed</b>, {known:,} of them known.'
    )


def _table(name: str, rows: list[Sum]) -> Iterator[str]:
    heads = "".join(f"<th>{escape(head)}</th>" for head in (name, "cases", *DEPTHS))
    yield f"<table>\n<tr>{heads}</tr>\n"
    for row in rows:
        cells = "".join(
            f'<td class="{"good" if reached == row.cases else "bad"}">{reached:,}</td>'
            for reached in row.reached
        )
        yield f"<tr><td>{escape(row.name)}</td><td>{row.cases:,}</td>{cells}</tr>\n"
    yield "</table>\n"


def _failure(result: Result, *, transcript: bool) -> Iterator[str]:
    case = result.case
    kind = "known" if result.known else "bad"
    yield f'<details><summary><b class="{kind}">{escape(case.id)}</b>: {escape(case.title)}</summary>\n'
    yield f"<p>{escape(prose(result.why))}</p>\n"
    if result.known:
        yield f"<p>Known: {escape(prose(result.known))}</p>\n"
    expected = "; ".join(map(_expected, case.expect)) or "nothing"
    yield f"<p>The label: {escape(case.verdict)}, with {escape(expected)}. "
    yield f"<small>{escape(case.origin.kind)}: {escape(case.origin.ref)}</small></p>\n"
    if transcript:
        yield f"<pre>{''.join(_lines(result, case))}</pre>\n"
    yield "</details>\n"


def _expected(each: Expected) -> str:
    return f"{each.code} at line {each.line}"


def _lines(result: Result, case: Case) -> Iterator[str]:
    """The transcript, with what was expected and what was reported at each line."""
    expected = {each.line: each.code for each in case.expect}
    reported = {finding.line: finding.code or finding.severity for finding in result.answer.findings}
    for number, line in case.numbered():
        text = f"{number:>3} {escape(show(written(line, compact=True), _WIDE))}"
        if number in expected:
            text = f"<mark>{text}</mark>  expected: {escape(expected[number])}"
        if number in reported:
            text += f"  reported: {escape(show(reported[number]))}"
        yield text + "\n"
