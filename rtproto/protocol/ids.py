"""What looks like an id, by which two texts that say the same differ."""

from __future__ import annotations

import re

ID = (
    r"\b(?:item|resp|event|evt|call|sess|conv|msg|mcp)_(?!ids?\b)[\w-]+"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+\b"
    r"|\b(?=[A-Za-z_-]*[0-9])[\w-]{16,}\b"
)
"""A pattern: ids as servers make them, UUIDs, and any long word with a digit in it.  `item_id` in a path is no id."""
IDS = re.compile(ID)
