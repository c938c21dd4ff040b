"""From a verdict to the finding that a report shows."""

from __future__ import annotations

from typing import Any

from rtproto.findings import Finding, Severity
from rtproto.protocol.engine import Broken
from rtproto.protocol.excerpts import excerpt
from rtproto.protocol.routes import allowed_events
from rtproto.rules.base import Context, Rule, Verdict


def finding_of(
    rule: Rule, verdict: Verdict, event: Any, context: Context, severity: Severity, caused_by: int | None
) -> Finding:
    """The finding, about the event at hand unless the verdict names another line."""
    if verdict.line is None:
        line, shown = context.line, excerpt(event, context.type, context.direction, context.line)
    else:
        line = verdict.line
        shown = excerpt(verdict.event, verdict.type, verdict.direction, line)
    broken: Broken | None = verdict.broken
    machine, state = ("", "") if broken is None else (broken.machine.name, broken.state)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity,
        line=line,
        event=shown,
        args={"type": shown.type, "machine": machine, "state": state, **verdict.args},
        witnesses=verdict.witnesses,
        machine=machine,
        state=state,
        allowed=allowed_events(context.facts.dialect, machine, state) if machine else (),
        caused_by=caused_by,
    )
