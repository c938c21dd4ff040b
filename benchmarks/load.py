"""What many sessions at once cost a server: `python -m benchmarks.load`.

Memory is what `tracemalloc` says that a checker keeps: a new one, one whose session is configured and
idle, and one after text sessions of several lengths, the longest with a turn every ten seconds for an hour.

Times are those of `SessionChecker.feed` in an asyncio loop in which so many sessions take turns after each event, so
that nothing of a session is in the processor's caches when its next event comes.  All of them are in memory at once.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from time import perf_counter

from benchmarks import figures
from benchmarks.figures import Kept, Latency, Load
from benchmarks.script import Frame
from benchmarks.sessions import text_session

SESSIONS = 10_000
CONFIGURED = 3
"""Lines until the session is configured."""
EVENT_IDS = 1_024
"""How many ids a server with many sessions remembers."""
ALL_IDS = 65_536
"""How many it remembers where nothing else is asked for."""
TURNS = 2
"""Of each session that takes turns with others."""
HOUR = 360
"""Turns of an hour."""


def kept(frames: Sequence[Frame], sessions: int, event_ids: int) -> float:
    """KiB that a checker keeps after these lines, on average."""
    from rtproto.checker import SessionChecker

    def judged() -> SessionChecker:
        checker = SessionChecker(event_ids=event_ids)
        for direction, raw in frames:
            checker.feed(direction, raw)
        return checker

    judged()  # what is made once for all sessions
    gc.collect()
    tracemalloc.start()
    checkers = [judged() for _ in range(sessions)]
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(checkers) / 1024


def latencies(sessions: int, turns: int) -> tuple[list[float], list[float]]:
    """Seconds of each `feed` of a delta, and of each of another event, sorted."""
    from rtproto.checker import SessionChecker

    frames = [(direction, raw, b".delta" in raw[:60]) for direction, raw in text_session(turns)]
    deltas: list[float] = []
    others: list[float] = []

    async def serve() -> None:
        feed = SessionChecker(event_ids=EVENT_IDS).feed
        for direction, raw, delta in frames:
            await asyncio.sleep(0)
            begin = perf_counter()
            feed(direction, raw)
            (deltas if delta else others).append(perf_counter() - begin)

    async def all_of_them() -> None:
        await asyncio.gather(*(serve() for _ in range(sessions)))

    gc.collect()
    gc.freeze()  # as servers do once they have started
    asyncio.run(all_of_them())
    gc.unfreeze()
    return sorted(deltas), sorted(others)


def measure(command: str, sessions: int = SESSIONS, turns: int = TURNS, longest: int = HOUR) -> Load:
    """Memory of sessions of so many turns at most, and latencies of so many at once."""
    how = figures.measured(command)
    few = max(1, sessions // 100)
    hour = text_session(longest)
    short = text_session(12)
    lengths: tuple[tuple[str, list[Frame], int], ...] = (
        ("new", [], few),
        ("configured, idle", short[:CONFIGURED], few),
        (f"text, 12 turns, {len(short):,} events", short, max(1, few // 10)),
        (f"text, {longest} turns, {len(hour):,} events", hour, 1),
    )
    deltas, others = latencies(sessions, turns)
    return Load(
        measured=how,
        sessions=sessions,
        kept=[
            Kept(session=name, kib={str(ids): kept(frames, count, ids) for ids in (ALL_IDS, EVENT_IDS)})
            for name, frames, count in lengths
        ],
        latencies=[
            Latency(events=name, count=len(times), microseconds=quantiles(times))
            for name, times in (("text delta", deltas), ("any other event", others))
        ],
    )


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """The median, the 99th percentile and the 99.9th of sorted seconds, in µs."""
    return {
        str(share): times[min(len(times) - 1, int(len(times) * share))] * 1e6 for share in (0.5, 0.99, 0.999)
    }


def told(part: Load) -> Iterator[str]:
    """The figures as text."""
    yield f"{'KiB a session':34} {'all ids':>9} {EVENT_IDS:>7,} ids"
    for each in part.kept:
        yield f"{each.session:34}" + "".join(f"{size:11.1f}" for size in each.kib.values())
    yield ""
    yield f"{f'µs of feed, {part.sessions:,} sessions':34} {'p50':>8} {'p99':>8} {'p99.9':>8}"
    for latency in part.latencies:
        columns = "".join(f"{microseconds:9.1f}" for microseconds in latency.microseconds.values())
        yield f"{f'{latency.events} ({latency.count:,})':34}{columns}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description="What many sessions at once cost."
    )
    parser.add_argument(
        "--sessions", type=int, default=SESSIONS, metavar="N", help="at once (default: %(default)s)"
    )
    parser.add_argument(
        "--turns", type=int, default=TURNS, metavar="N", help="of each (default: %(default)s)"
    )
    parser.add_argument(
        "--longest", type=int, default=HOUR, metavar="N", help="turns of the longest (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    part = measure("python -m benchmarks.load", max(1, options.sessions), options.turns, options.longest)
    print(figures.headline(part.measured), "", *told(part), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
