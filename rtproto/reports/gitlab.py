"""The report as GitLab's code quality JSON, which merge requests show beside the lines.

An array with an object a finding; its fingerprint stays the same while path, rule and shape do.  A path that could not
be checked is an issue of its own, the worst, for the format knows nothing of runs.
"""

from __future__ import annotations

from collections.abc import Callable

from rtproto.findings import SessionReport, Severity, Unchecked
from rtproto.reports import Options
from rtproto.reports.gathered import Gathered
from rtproto.reports.json import json_text
from rtproto.reports.places import Fingerprints, digest, shown
from rtproto.reports.words import prose

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def _issue(
    check: str, severity: str, description: str, fingerprint: str, path: str, line: int
) -> dict[str, object]:
    return {
        "check_name": check,
        "severity": severity,
        "description": description,
        "fingerprint": fingerprint,
        "location": {"path": shown(path), "lines": {"begin": max(line, 1)}},
    }


class GitlabReporter:
    """Keeps the findings, and writes the array at the end."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._write = write
        self._gathered = Gathered(options.min_severity or Severity.INFO)

    def session(self, session: SessionReport) -> None:
        """Keep the findings of one session."""
        self._gathered.session(session)

    def unchecked(self, unchecked: Unchecked) -> None:
        """Keep one path that could not be checked."""
        self._gathered.not_checked(unchecked)

    def finish(self) -> None:
        """Write the array, what could not be checked first."""
        fingerprints = Fingerprints()
        issues = [
            _issue(
                "not-checked",
                "blocker",
                f"not checked: {prose(unchecked.reason, 1000)}",
                digest(shown(unchecked.path), "not-checked"),
                unchecked.path,
                1,
            )
            for unchecked in self._gathered.unchecked
        ]
        issues += [
            _issue(
                told.finding.code,
                _SEVERITIES[told.finding.severity],
                f"{told.finding.name}: {told.sentence}",
                fingerprints.of(told.path, told.finding),
                told.path,
                told.finding.line,
            )
            for told in self._gathered.told
        ]
        self._write(json_text(issues))
