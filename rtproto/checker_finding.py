"""From a verdict to the finding that a report shows."""

from __future__ import annotations

from typing import Any

from rtproto.findings import Finding, Severity
from rtproto.protocol.engine import Broken, Entity
from rtproto.protocol.excerpts import excerpt
from rtproto.protocol.routes import allowed_events
from rtproto.rules.base import Context, Rule, Verdict


def cause_of(verdict: Verdict, context: Context, under: int | None) -> tuple[int | None, tuple[Entity, ...]]:
    """The root finding under which a verdict folds, and the entities whose later faults fold under this one.

    `under` is a root that is known already.
    """
    entity: Entity | None = verdict.entity if verdict.entity is not None else context.entity
    if verdict.entity is None and entity is not None and not entity.key:
        # Being about the whole connection does not make findings consequences of each other.
        entity = None
    caused_by = under
    if caused_by is None and entity is not None:
        caused_by = entity.root_taint()
    broken: Broken | None = verdict.broken
    taints: tuple[Entity, ...] = (*verdict.taints, *(() if entity is None else (entity,)))
    if broken is not None:
        if caused_by is None and context.entity is not None:
            # An outer machine broke the rule, but over an inner entity that was in disorder before.
            caused_by = context.entity.root_taint()
        if broken.state == broken.machine.states[0]:
            meant = context.engine.meant(broken.entity)
            taints += tuple(meant)
            if caused_by is None:
                caused_by = next((e.taint for e in meant if e.taint is not None), None)
    return caused_by, taints


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
