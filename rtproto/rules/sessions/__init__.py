"""Small legal sessions, from which the rules' examples are made by one edit."""

from rtproto.rules.script import SESSIONS, Event, Session, session, silence
from rtproto.rules.sessions import endings, history, playback, remote, requests, silences, turns

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
