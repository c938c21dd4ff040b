"""Where findings go: one module a format, each fed one session at a time.

`rtproto.check` makes a writer with `reporter` and feeds it as it reads; `render` does the same for a `Report` that is
already whole.  All text about findings is made below this package and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO, Protocol, cast

from msgspec import Struct

from rtproto.findings import Finding, Report, SessionReport, Severity, Unchecked


class Options(Struct, frozen=True):
    """How a report is written; a format ignores what it has no use for."""

    min_severity: Severity | None = None
    """Least severity that is shown; None leaves it to the format (info where a program reads it: json, jsonl, sarif,
    gitlab; warning elsewhere)."""
    fail_level: Severity | None = Severity.ERROR
    """Least severity that fails the run, for the formats that tell failures from the rest (junit); None: none."""
    verbose: bool = False
    """Show the findings that are only consequences of others, and every finding of a rule that has many.

    Repetitions of the same fault stay one finding with a count: the report holds no more of them."""
    quiet: bool = False
    """Full and concise: one line a finding, and nothing else."""
    statistics: bool = False
    """Full and concise: end with the counts by rule and by event type."""
    color: bool = False
    width: int = 100
    """Columns that a line of text may take."""
    list_unchecked: bool = True
    """Full and concise: say among the sessions what could not be checked (the command says it on standard error)."""


class Reporter(Protocol):
    """A writer of one format."""

    def session(self, session: SessionReport) -> None:
        """Write, or keep for `finish`, one session."""
        ...

    def unchecked(self, unchecked: Unchecked) -> None:
        """Note one path that could not be checked."""
        ...

    def finish(self) -> None:
        """Write what comes last.  Nothing may follow."""
        ...


class LiveReporter(Reporter, Protocol):
    """A writer that can also tell findings while their session is still going on."""

    def finding(self, finding: Finding, path: str) -> None:
        """Write one finding; `caused_by` counts the findings of the session that were written."""
        ...

    def ended(self, session: SessionReport) -> None:
        """Take a session into the sums whose findings were written."""
        ...


_FORMATS = {
    "full": ("rtproto.reports.full", "FullReporter"),
    "concise": ("rtproto.reports.concise", "ConciseReporter"),
    "json": ("rtproto.reports.json", "JsonReporter"),
    "jsonl": ("rtproto.reports.jsonl", "JsonlReporter"),
    "sarif": ("rtproto.reports.sarif", "SarifReporter"),
    "junit": ("rtproto.reports.junit", "JunitReporter"),
    "github": ("rtproto.reports.github", "GithubReporter"),
    "gitlab": ("rtproto.reports.gitlab", "GitlabReporter"),
    "summary": ("rtproto.reports.summary", "SummaryReporter"),
    "totals": ("rtproto.reports.totals", "TotalsReporter"),
}
FORMATS = tuple(_FORMATS)
"""Names of the formats, as `--format` takes them; `text` is another name of `full`."""
BINARY = ("parquet",)
"""Names of the formats that are no text, and so are written to files only."""
_ALIASES = {"text": "full"}


def reporter(format: str, write: Callable[[str], object], options: Options | None = None) -> Reporter:
    """A writer of that format that hands its text to `write`.  Raises `ValueError` for a format there is not."""
    named = _ALIASES.get(format, format)
    if named not in _FORMATS:
        raise ValueError(f"no report format {format!r}; there are: {', '.join(FORMATS)}")
    module, name = _FORMATS[named]
    make = cast(
        "Callable[[Callable[[str], object], Options], Reporter]", getattr(import_module(module), name)
    )
    return make(write, options or Options())


def binary_reporter(format: str, file: BinaryIO, options: Options | None = None) -> Reporter:
    """A writer of a format that is no text.  Raises `ImportError` without the library that it takes."""
    assert format in BINARY
    from rtproto.reports.parquet import ParquetReporter

    return ParquetReporter(file, options or Options())


def render(report: Report, format: str = "full", options: Options | None = None) -> str:
    """The whole report as one string."""
    parts: list[str] = []
    writer = reporter(format, parts.append, options)
    for session in report.sessions:
        writer.session(session)
    for unchecked in report.unchecked:
        writer.unchecked(unchecked)
    writer.finish()
    return "".join(parts)
