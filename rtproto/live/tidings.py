"""How a program hears of findings: as lines of `logging`, unless it asks for a callback of its own."""

from __future__ import annotations

import logging

from rtproto.findings import Finding, Severity
from rtproto.reports.words import message

LOGGER = logging.getLogger("rtproto.live")
"""Errors and warnings are logged as such, infos as `DEBUG`.  A record of a finding has it as its `finding`, and the
name of the connection as its `connection`."""
LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.INFO: logging.DEBUG}


def prefix(connection: str) -> str:
    """What a line of the log begins with: whose it is, if the connection has a name."""
    return f"{connection}: " if connection else ""


def log(finding: Finding, connection: str = "", place: str = "") -> None:
    """Log a finding, unless it only follows from another one.  `place` is where it is, else the number of its event."""
    level = LEVELS[finding.severity]
    if finding.caused_by is None and LOGGER.isEnabledFor(level):
        LOGGER.log(
            level,
            "%s%s %s: %s (%s)",
            prefix(connection),
            finding.code,
            finding.name,
            message(finding),
            place or f"event {finding.line}",
            extra={"finding": finding, "connection": connection},
        )
