"""CLI: what a client may send.

By theme: `envelope` (the event as such), `audio` (appends and commits), `trigger` (what asks for a response), `voice`
(what the model sounds like), `session` (how it answers), `formats`, `turns` and `transcribing` (what happens to the
user's audio), `tools`, `items` and `responses`.  `settings` knows where each dialect keeps a setting.
"""

from rtproto.rules.cli import (
    audio,
    envelope,
    formats,
    items,
    responses,
    session,
    settings,
    tools,
    transcribing,
    trigger,
    turns,
    voice,
)

__all__ = [
    "audio",
    "envelope",
    "formats",
    "items",
    "responses",
    "session",
    "settings",
    "tools",
    "transcribing",
    "trigger",
    "turns",
    "voice",
]
