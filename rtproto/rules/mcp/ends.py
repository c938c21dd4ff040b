"""What is still going on when a recording ends."""

from __future__ import annotations

from rtproto.findings import Severity
from rtproto.protocol.engine import Entity
from rtproto.rules.base import Verdict


def unended(entity: Entity, cut: bool) -> Verdict:
    """A note that a listing or a call has no end; a warning where the connection is known to have ended first."""
    line, type, _ = entity.history[-1]
    return Verdict(
        {"state": "never ended", "what": "never ends"},
        severity=Severity.INFO if cut else Severity.WARNING,
        entity=entity,
        line=line,
        type=type,
    )
