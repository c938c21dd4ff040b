"""Every contender on every workload, side by side: the first part of `python -m benchmarks`."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import contenders as field
from benchmarks import figures
from benchmarks.figures import Comparison, Contest
from benchmarks.measure import FEWEST_ROUNDS, measure
from benchmarks.workloads import workloads

SECONDS = 120.0


def compare(command: str, seconds: float = SECONDS, *, smoke: bool = False) -> Comparison:
    """All contenders on all workloads, for about so many seconds; with `smoke` a few lines of each, once.

    Raises `ImportError` where the `bench` extra is not installed, and `RuntimeError` where something that is to be
    measured is not read in full.
    """
    how, rivals = figures.measured(command), field.contenders()
    loads = workloads(smoke=smoke)
    wrong = [f"{load.name}: {what}" for load in loads for what in field.misread(load) + field.findings(load)]
    if wrong:
        raise RuntimeError("\n".join(("what is to be measured is not read in full", *wrong[:9])))
    rounds = 1 if smoke else FEWEST_ROUNDS
    contests = [measure(load, rivals, seconds / len(loads), rounds=rounds) for load in loads]
    return Comparison(measured=how, workloads=contests, absent=field.absent())


def told(part: Comparison) -> Iterator[str]:
    """The figures as text.

    The columns "× decode" and "× check" say how many times as long as our decoder and our full check a contender takes:
    above 1 we are faster.
    """
    for contest in part.workloads:
        yield ""
        yield from table(contest)
    for name in part.absent:
        yield f"\n{name} is not installed: pip install -e '.[bench-pipecat]'"


def table(contest: Contest) -> Iterator[str]:
    """One workload as text, a line a contender."""
    yield f"{contest.name}: {contest.lines:,} lines, {contest.bytes:,} bytes, {contest.size:,.0f} a line"
    yield f"  {'':28} {'µs/event':>9} {'events/s':>11} {'MB/s':>8} {'× decode':>9} {'× check':>9}"
    for name in contest.names():
        speed = f"{contest.events_per_second(name):11,.0f} {contest.megabytes_per_second(name):8,.0f}"
        ratios = f"{contest.times(name, field.DECODE):9.2f} {contest.times(name, field.CHECK):9.2f}"
        yield f"  {name:28} {contest.microseconds(name):9.2f} {speed} {ratios}"
