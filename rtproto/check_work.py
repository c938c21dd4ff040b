"""What is done with each recording of a run, in this process or in another one: its check, which never raises."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence

from rtproto import console
from rtproto.check_targets import Target
from rtproto.findings import Report, Unchecked
from rtproto.packing import plain
from rtproto.recording import Settings

Check = Callable[[Settings, Sequence[Target]], Iterator[Report]]
"""How a worker checks a few recordings; a function of a module, for it must be found there by another process."""


def reports_of(settings: Settings, targets: Sequence[Target], *, verbose: bool = False) -> Iterator[Report]:
    """The plain report of each target, in order; an error of ours is the reason why that one is not checked."""
    fetched: dict[int, object] = {}
    if any(target.source for target in targets):
        from rtproto import remote

        fetched = remote.fetch(targets)
    for place, target in enumerate(targets):
        try:
            report = plain(_report(settings, target, fetched.pop(place, None)))
        except Exception as bug:  # noqa: BLE001 - one recording must not cost the others their report
            if verbose:
                from traceback import format_exc

                for line in format_exc().splitlines():
                    console.say(line)
            more = "" if verbose else "; -v shows where"
            told = f"an error in rtproto itself, {type(bug).__name__}: {bug}; please report it{more}"
            report = unchecked(target.path, told)
        yield report


def _report(settings: Settings, target: Target, data: object) -> Report:
    if target.source:
        from rtproto import remote

        return remote.report(settings, target, data)
    if not target.standard:
        return settings.check_file(target.path)
    stdin = getattr(sys.stdin, "buffer", None)
    if stdin is None:
        return unchecked(target.path, "there is no standard input")
    return settings.check_stream(stdin, target.path)


def unchecked(path: str, problem: str) -> Report:
    """The report of a path that cannot be checked."""
    return Report(unchecked=(Unchecked(path, problem),))
