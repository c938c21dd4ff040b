"""The report as one JSON document, `rtproto-report/1`; its schema lies in `rtproto/reports/schema`.

Values from the recording are masked, escaped and cut as in the text report: a document that is read with `jq -r` ends
on a terminal too.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rtproto.findings import Excerpt, Finding, SessionReport, Severity, Trouble, Unchecked
from rtproto.reports import Options
from rtproto.reports.tally import Tally
from rtproto.reports.words import (
    TROUBLE_LIMIT,
    message,
    no_command_in_json,
    prose,
    scalar,
    show,
    where,
)
from rtproto.selection import at_least

SCHEMA = "rtproto-report/1"
"""Name and version of the format.  A key may be added within a version; none changes its meaning or goes."""


def excerpt_object(excerpt: Excerpt) -> dict[str, object]:
    """The `event` of a finding: the line that broke the rule, cut down."""
    return {
        "line": excerpt.line,
        "direction": excerpt.direction,
        "type": show(excerpt.type),
        "fields": {show(name): scalar(name, value) for name, value in excerpt.fields},
    }


def event_id(finding: Finding) -> str | None:
    """The `event_id` of the line that broke the rule, where it has one."""
    if finding.event is not None:
        for name, value in finding.event.fields:
            if name == "event_id" and isinstance(value, str):
                return show(value)
    return None


def finding_object(finding: Finding) -> dict[str, object]:
    """One finding as the JSON formats hold it."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.label,
        "line": finding.line,
        "message": message(finding),
        "event_id": event_id(finding),
        "event": None if finding.event is None else excerpt_object(finding.event),
        "witnesses": [
            {"line": w.line, "type": show(w.type), "direction": w.direction, "note": prose(w.note, 200)}
            for w in finding.witnesses
        ],
        "state": finding.state,
        "machine": finding.machine,
        "allowed": [show(kind) for kind in finding.allowed],
        "caused_by": finding.caused_by,
        "count": finding.count,
        "last_line": finding.last_line,
    }


def trouble_object(trouble: Trouble) -> dict[str, object]:
    """What the server said went wrong, as the JSON formats hold it."""
    refused = trouble.refused_line
    return {
        "line": trouble.line,
        "event": trouble.event,
        "status": trouble.status,
        "reason": show(trouble.reason),
        "type": show(trouble.type),
        "code": show(trouble.code),
        "message": prose(trouble.message, TROUBLE_LIMIT),
        "server_label": show(trouble.server_label),
        "refuses": None if refused is None else {"line": refused, "type": trouble.refused_type},
        "count": trouble.count,
        "last_line": trouble.last_line,
    }


def session_object(session: SessionReport) -> dict[str, object]:
    """One session as the JSON format holds it."""
    return {
        "path": where(session.path),
        "dialect": session.dialect,
        "profile": session.profile,
        "profile_reason": prose(session.profile_reason, 400),
        "mode": session.mode,
        "events": session.events,
        "format": session.format,
        "format_reason": prose(session.format_reason, 400),
        "limits": [prose(limit, 400) for limit in session.limits],
        "losses": list(session.losses),
        "off": list(session.off),
        "troubles": [trouble_object(trouble) for trouble in session.troubles],
        "troubles_left_out": session.troubles_left_out,
        "findings": [finding_object(finding) for finding in session.findings],
    }


def unchecked_object(unchecked: Unchecked) -> dict[str, object]:
    """One path that could not be checked."""
    return {"path": where(unchecked.path), "reason": prose(unchecked.reason, 1000)}


def json_text(document: object, indent: int = 2) -> str:
    """The document as JSON, indented unless `indent` is negative, that no CI runner takes for a command."""
    encoded = msgspec.json.encode(document)
    if indent >= 0:
        encoded = msgspec.json.format(encoded, indent=indent)
    return no_command_in_json(encoded.decode()) + "\n"


class JsonReporter:
    """Keeps the sessions' objects, and writes the document at the end."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._write = write
        self._least = options.min_severity or Severity.INFO
        self._tally = Tally()
        self._sessions: list[dict[str, object]] = []
        self._unchecked: list[dict[str, object]] = []

    def session(self, session: SessionReport) -> None:
        """Keep one session."""
        self._tally.session(session)
        self._sessions.append(session_object(at_least(session, self._least)))

    def unchecked(self, unchecked: Unchecked) -> None:
        """Keep one path that could not be checked."""
        self._tally.not_checked(unchecked)
        self._unchecked.append(unchecked_object(unchecked))

    def finish(self) -> None:
        """Write the document, indented, with a newline at its end."""
        document = {
            "schema": SCHEMA,
            "sessions": self._sessions,
            "unchecked": self._unchecked,
            "summary": self._tally.summary(),
        }
        self._write(json_text(document))
