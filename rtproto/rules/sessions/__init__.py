"""Small legal sessions, from which the rules' examples are made by one edit."""

from rtproto.rules.sessions import endings, history, playback, remote, requests, silences, turns
from rtproto.rules.sessions.script import SESSIONS, Event, Session, session, silence

__all__ = [
    "SESSIONS",
    "Event",
    "Session",
    "endings",
    "history",
    "playback",
    "remote",
    "requests",
    "session",
    "silence",
    "silences",
    "turns",
]
