"""Which profile a caller means (a shipped one by name, a file, one made by hand), and which an event gives away."""

from __future__ import annotations

import os

from rtproto.protocol.profiles import Profile, ProfileError, read, recognise, shipped
from rtproto.protocol.recognition import probe
from rtproto.rules import RULES

AnyProfile = str | os.PathLike[str] | Profile
"""A shipped profile's name, the path of a TOML file (a string must end in `.toml`), or a profile."""


def profile_of(asked: AnyProfile) -> Profile:
    """The profile that was asked for.  Raises `ProfileError`, also for a rule in it that there is not."""
    if isinstance(asked, Profile):
        profile, place = asked, f"profile {asked.name}"
    elif isinstance(asked, str) and not asked.lower().endswith(".toml"):
        return shipped(asked)
    else:
        from pathlib import Path

        profile, place = read(Path(asked)), os.fspath(asked)
    for code in profile.relax:
        if not any(known.startswith(code) for known in RULES):
            from difflib import get_close_matches

            near = get_close_matches(code, list(RULES), n=1)
            hint = f"did you mean {near[0]}" if near else "`python -m rtproto rules` prints them all"
            raise ProfileError(f"{place}: [relax] there is no rule {code}; {hint}")
    return profile


def profile_in(raw: bytes) -> tuple[Profile, str] | None:
    """The profile of the server that shows its session in this frame, and the reason; None where it shows none."""
    found = probe(raw)
    if found is None or not found.members():
        return None
    name, reason = recognise(found.members(), found.model())
    return shipped(name), reason
