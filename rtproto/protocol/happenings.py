"""What many connections never see and some rules wait for: each is remembered once it has happened."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

Happening: TypeAlias = Literal[
    "append", "clock", "client id", "commit", "error", "finding", "mcp call", "outside"
]
"""Audio of the user in an event; an event with a time; a client event with an id; a commit of the user's audio; an
error; a finding; the end of a call of a remote tool; a response out of band."""

HAPPENINGS: Mapping[str, Happening] = MappingProxyType(
    {
        "error": "error",
        "input_audio_buffer.append": "append",
        "input_audio_buffer.committed": "commit",
        "response.mcp_call.completed": "mcp call",
        "response.mcp_call.failed": "mcp call",
        "session.input_audio_buffer.append": "append",
    }
)
"""Event types that are such a happening."""
