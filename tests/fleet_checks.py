"""What workers of the tests do with a path; another process imports this module by its name."""

from __future__ import annotations

import os
from pathlib import Path

from rtproto.findings import Report
from rtproto.recording import Settings


def dies(settings: Settings, path: str) -> Report:
    """Check the file, unless its name says that the process ends with it."""
    if "deadly" in Path(path).name:
        os._exit(9)
    return settings.check_file(path)
