"""IAB: the input audio buffer and the user's turns."""

from rtproto.rules.iab import clock, commits, settings, turns

__all__ = ["clock", "commits", "settings", "turns"]
