"""A second opinion on the 40 starred rules of the catalogue: plain, slow, and written from its sentences alone.

There is one function a rule, whose docstring is the rule's sentence in our own words.  None keeps a state: for each
event it reads again all that came before it, and asks the sentence's question.  Nothing of rtproto's tables, rules or
facts is used or was read; of rtproto it takes the names of the events, and what a severity is.

What a recording can show (the catalogue's capture modes) decides what is judged.  A recording that begins with the
announcement of the session is complete at its start.  In any other, what was opened before it is not judged, and rules
about the whole conversation are silent; a second announcement begins anew.  Rules that need the client are silent
where it was not heard.  Rules of length are silent where the audio was taken out.  What is missing at the end is an
error only where the connection was closed, else an information.

The comparison (`tests.oracle.compare`), on rtproto's profile `openai`:

- Only the starred rules are compared, by code and severity, at error or warning; at the end of a session at any.
- Only the first line counts of which either complains, since after the first fault rtproto rightly folds what follows
  from it, and the two differ.  At that line each fault of the oracle must be told by rtproto, as root or as
  consequence, and each starred root of rtproto by the oracle.  A consequence that rtproto adds is no disagreement: it
  says itself that it may be none.
- A session that is clean for one is clean for the other.
- Where one event breaks several sentences at once because one contains the other, rtproto tells the most exact; `TOLD`
  lists them all.  There a fault counts as told if rtproto tells the more exact one at the same line.
- A difference is *shadowed*, and not counted, if rtproto told a warning or an error at an earlier line, which only a
  rule without a star or a consequence can be: what follows may be its consequence.
- A difference is *adopted*, and not counted, if it is about something that began before a recording that starts in the
  middle: the catalogue does not say how much a checker should believe to know of it.

A recording of which the first line does not announce the session is told its dialect, in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rtproto.findings import Severity

from . import conversation, response, session
from .reading import END, OPENING, Body, Event, Log

Rule = Callable[[Log], Iterator[tuple[int, Severity]]]
LAST = END.at
"""The line of what is only seen when the recording is over."""

RULES: dict[str, Rule] = {
    name.upper(): rule
    for module in (session, conversation, response)
    for name, rule in vars(module).items()
    if len(name) == 6 and name[:3].isalpha() and name[3:].isdigit()
}


class Fault(NamedTuple):
    """A broken sentence at a line, counted from 1."""

    line: int
    code: str
    severity: Severity


def read(lines: Sequence[tuple[str, Body]], *, cut: bool, dialect: str | None = None) -> list[Log]:
    """The connections of a recording: an announcement of another session begins another one."""
    events = [Event(at, side, body.get("type", ""), body) for at, (side, body) in enumerate(lines)]
    opened = [e.at for e in events if e.server and e.type in OPENING]
    starts = [0, *opened[1:], len(events)]
    return [Log(events[a:b], cut=cut, dialect=dialect) for a, b in pairwise(starts)]


def judge(lines: Sequence[tuple[str, Body]], *, cut: bool = True, dialect: str | None = None) -> list[Fault]:
    """Every fault of a recording in the order of its lines.  `cut`: it simply stops, nobody closed the connection."""
    return sorted(
        {
            Fault(LAST if at < 0 else at + 1, code, severity)
            for log in read(lines, cut=cut, dialect=dialect)
            for code, rule in RULES.items()
            for at, severity in rule(log)
        }
    )
