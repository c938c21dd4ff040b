"""Small legal sessions, from which the rules' examples are made by one edit."""

from rtproto.rules.sessions import remote, requests, turns
from rtproto.rules.sessions.script import SESSIONS, Event, Session, session, silence

__all__ = ["SESSIONS", "Event", "Session", "remote", "requests", "session", "silence", "turns"]
