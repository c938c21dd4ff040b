"""The report of a run as JSON (`rtproto-conform-report/1`)."""

from __future__ import annotations

from typing import Any

import msgspec

from rtproto.conform.contract import Reported
from rtproto.conform.results import GROUPS, Result, Run, Sum, sums, total
from rtproto.conform.score import DEPTHS
from rtproto.reports.words import prose, show


def document(run: Run) -> dict[str, Any]:
    """The report as values of JSON.  What the checker wrote is made safe to print."""
    failed = run.failed()
    return {
        "format": "rtproto-conform-report/1",
        "suite": run.suite,
        "checker": prose(run.checker),
        "depth": run.depth,
        "good": run.good,
        "cases": len(run.results),
        "failed": len(failed),
        "known": sum(bool(result.known) for result in failed),
        "stale": [prose(entry) for entry in run.stale],
        "total": _reached(total("all", run.results)),
        "by": {group: {each.name: _reached(each) for each in sums(run.results, group)} for group in GROUPS},
        "results": [_result(run, result) for result in run.results],
    }


def json(run: Run) -> str:
    """The report, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(document(run)), indent=1).decode() + "\n"


def _reached(of: Sum) -> dict[str, int]:
    return {"cases": of.cases, **dict(zip(DEPTHS, of.reached, strict=True))}


def _result(run: Run, result: Result) -> dict[str, Any]:
    case = result.case
    return {
        "case": case.id,
        "dialect": case.dialect,
        "verdict": case.verdict,
        "passed": run.passed(result),
        "reached": list(result.score.passed),
        "why": prose(result.why),
        "known": prose(result.known),
        "exit": result.answer.exit,
        "findings": [_finding(finding) for finding in result.answer.findings[:_MOST]],
    }


_MOST = 100
"""Findings of one case that are kept."""


def _finding(finding: Reported) -> dict[str, Any]:
    return {"line": finding.line, "code": show(finding.code), "severity": finding.severity}
