"""How a program hears of findings: as lines of `logging`, unless it asks for a callback of its own."""

from __future__ import annotations

import logging

from rtproto.findings import Finding, Severity
from rtproto.reports.words import message

LOGGER = logging.getLogger("rtproto.live")
"""Errors and warnings are logged as such, infos as `DEBUG`.  A record has the finding as its `finding`."""
LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.INFO: logging.DEBUG}


def log(finding: Finding) -> None:
    """Log a finding, unless it only follows from another one."""
    level = LEVELS[finding.severity]
    if finding.caused_by is None and LOGGER.isEnabledFor(level):
        LOGGER.log(
            level,
            "%s %s: %s (event %d)",
            finding.code,
            finding.name,
            message(finding),
            finding.line,
            extra={"finding": finding},
        )
