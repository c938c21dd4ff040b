"""The findings as Parquet: a row a finding, written in groups of rows, so that any number of them fits.

A row holds what a line of `rtproto.reports.jsonl` does, under columns with a type; a path that could not be checked is
a row without a rule.  The summary of the run lies in the file's metadata, under `rtproto`, as JSON.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, BinaryIO

import msgspec

from rtproto.findings import Finding, SessionReport, Severity, Unchecked
from rtproto.reports import Options
from rtproto.reports.json import SCHEMA, finding_object, unchecked_object
from rtproto.reports.tally import Tally
from rtproto.reports.words import show, where
from rtproto.selection import at_least

GROUP = 10_000
"""Rows that are held until they are written together."""

COLUMNS = {
    "path": "string",
    "session": "int64",
    "line": "int64",
    "rule": "string",
    "name": "string",
    "severity": "string",
    "message": "string",
    "caused_by": "int64",
    "count": "int64",
    "last_line": "int64",
    "event_type": "string",
    "event_id": "string",
    "direction": "string",
    "machine": "string",
    "state": "string",
    "allowed": "list",
    "witnesses": "list",
    "dialect": "string",
    "profile": "string",
}
"""Columns and their types; `allowed` is a list of strings, `witnesses` one of (line, type, direction, note)."""


class ParquetReporter:
    """Writes the rows to a binary stream; holds one group of them, and the counts.

    Raises `ImportError` without pyarrow.
    """

    def __init__(self, file: BinaryIO, options: Options) -> None:
        arrow: Any = import_module("pyarrow")
        witness = [
            ("line", arrow.int64()),
            *((name, arrow.string()) for name in ("type", "direction", "note")),
        ]
        lists = {"allowed": arrow.list_(arrow.string()), "witnesses": arrow.list_(arrow.struct(witness))}
        types = {"string": arrow.string(), "int64": arrow.int64()}
        self._schema: Any = arrow.schema(
            [(name, lists.get(name) or types[kind]) for name, kind in COLUMNS.items()]
        )
        self._table: Any = arrow.Table
        self._writer: Any = import_module("pyarrow.parquet").ParquetWriter(
            file, self._schema, compression="zstd"
        )
        self._least = options.min_severity or Severity.INFO
        self._tally = Tally()
        self._rows: list[dict[str, object]] = []

    def session(self, session: SessionReport) -> None:
        """Take the rows of one session."""
        place = {
            "path": where(session.path),
            "session": self._tally.sessions,
            "dialect": session.dialect,
            "profile": session.profile,
        }
        self._tally.session(session)
        for finding in at_least(session, self._least).findings:
            self._add(place | _row(finding))

    def unchecked(self, unchecked: Unchecked) -> None:
        """Take the row of one path that could not be checked."""
        self._tally.not_checked(unchecked)
        told = unchecked_object(unchecked)
        self._add({"path": told["path"], "message": told["reason"]})

    def _add(self, row: dict[str, object]) -> None:
        self._rows.append(row)
        if len(self._rows) >= GROUP:
            self._write()

    def _write(self) -> None:
        self._writer.write_table(self._table.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()

    def finish(self) -> None:
        """Write the rows that are left, and the summary."""
        if self._rows:
            self._write()
        summary = {"schema": SCHEMA, "summary": self._tally.summary()}
        self._writer.add_key_value_metadata({"rtproto": msgspec.json.encode(summary).decode()})
        self._writer.close()


def _row(finding: Finding) -> dict[str, object]:
    """The columns of a finding; those that need its session come from there."""
    event = finding.event
    return {
        **{name: value for name, value in finding_object(finding).items() if name in COLUMNS},
        "rule": finding.code,
        "event_type": None if event is None else show(event.type),
        "direction": None if event is None else event.direction,
    }
