"""rtproto against its oracle on many sessions: `python -m tests.oracle_campaign --sessions 100000 --seed 1`.

Session N of a seed is the same on every run: a legal one, from the generator or of a few told by hand, of which most
get a fault or two, or a window that hides their beginning, their end or their client.  Printed are how the opinions
fall out, how often each starred rule was told by both, and every session on which they differ; `--session N` shows one.
`--requests` damages more of them, and only what is about requests for responses and their answers.

After each few hundred sessions a line on standard error tells how far it is; an interrupted run reports what it has.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rtproto.testing import generate
from tests.oracle import LAST, RULES
from tests.oracle.compare import Verdict, compare
from tests.oracle.damage import damaged
from tests.oracle.reading import Body
from tests.oracle.scripts import scripts

VARIANTS = 16
"""Sessions that are made of one legal session, the first of them without a fault."""
LONGEST = 90
"""Lines; a longer session is a recording that stops there."""
CHUNK = 400

Lines = list[tuple[str, Body]]


class Case(NamedTuple):
    """One session of the campaign."""

    number: int
    dialect: str
    damages: tuple[str, ...]
    lines: Lines
    cut: bool


class Tally(NamedTuple):
    """What came of some sessions."""

    outcomes: Counter[str]
    damaged: int
    shared: Counter[str]
    differing: list[int]


@functools.cache
def _told() -> tuple[tuple[str, Lines], ...]:
    return tuple(scripts().items())


@functools.lru_cache(maxsize=2)
def legal(seed: int, base: int) -> tuple[str, Lines]:
    """The dialect and the lines of one legal session."""
    if base % 4 == 0:
        name, lines = _told()[base // 4 % len(_told())]
        return name.partition("-")[0], lines
    dialect = "beta" if base % 3 == 0 else "ga"
    frames = generate(f"{seed}/{base}", dialect=dialect)
    return dialect, [(frame.direction, frame.event) for frame in frames[:LONGEST]]


def case(seed: int, number: int, requests: bool = False) -> Case:
    """Session `number` of that seed; `requests`: damaged only in what is about requests for responses."""
    base, variant = divmod(number, VARIANTS)
    dialect, lines = legal(seed, base)
    rng = random.Random(f"{seed}/{number}")
    damages: tuple[str, ...] = ()
    if variant:
        lines, done = damaged(rng, lines, requests=requests)
        damages = tuple(done)
    return Case(number, dialect, damages, lines, rng.random() < 0.5)


def judged(seed: int, number: int, requests: bool = False) -> tuple[Case, Verdict]:
    """Session `number`, and both opinions of it."""
    made = case(seed, number, requests)
    return made, compare(made.lines, cut=made.cut, dialect=made.dialect)


def tally(seed: int, requests: bool, numbers: Sequence[int]) -> Tally:
    """What comes of these sessions."""
    result = Tally(Counter(), 0, Counter(), [])
    hurt = 0
    for number in numbers:
        made, verdict = judged(seed, number, requests)
        hurt += bool(made.damages)
        result.outcomes[verdict.outcome] += 1
        result.shared.update(verdict.shared)
        if verdict.outcome == "differ":
            result.differing.append(number)
    return result._replace(damaged=hurt)


def _heed_nobody() -> None:
    """Leave an interruption to the process that reports."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def run(seed: int, sessions: int, workers: int, requests: bool) -> Iterator[Tally]:
    """The campaign in so many processes: what came of the sessions so far, after each chunk of them."""
    chunks = [range(at, min(at + CHUNK, sessions)) for at in range(0, sessions, CHUNK)]
    so_far = Tally(Counter(), 0, Counter(), [])
    with multiprocessing.Pool(workers, initializer=_heed_nobody) as pool:
        for one in pool.imap(functools.partial(tally, seed, requests), chunks):
            so_far = Tally(
                so_far.outcomes + one.outcomes,
                so_far.damaged + one.damaged,
                so_far.shared + one.shared,
                so_far.differing + one.differing,
            )
            yield so_far


def told(verdict: Verdict) -> str:
    """The verdict in a line."""
    where = "the end" if verdict.line == LAST else f"line {verdict.line}"
    mine, theirs = (
        ", ".join(sorted(f"{code} {severity.label}" for code, severity in said)) or "nothing"
        for said in (verdict.oracle, verdict.checker)
    )
    return f"{verdict.outcome} at {where}; the oracle says {mine}; rtproto says {theirs}"


def report(seed: int, requests: bool, result: Tally, seconds: float) -> Iterator[str]:
    """The figures, a line each."""
    outcomes = result.outcomes
    yield f"seed {seed}: {outcomes.total():,} sessions, {result.damaged:,} of them damaged, {seconds:,.0f} s"
    yield f"  told alike {outcomes['same']:,}, clean for both {outcomes['clean']:,}"
    yield f"  not compared: shadowed {outcomes['shadowed']:,}, adopted {outcomes['adopted']:,}"
    yield f"  disagreements {outcomes['differ']:,}"
    for code in sorted(RULES):
        yield f"  {code} told by both in {result.shared[code]:>6,} sessions"
    for number in result.differing:
        made, verdict = judged(seed, number, requests)
        yield f"  session {number} ({made.dialect}: {', '.join(made.damages)}): {told(verdict)}"


def shown(seed: int, number: int, requests: bool) -> Iterator[str]:
    """One session, a line an event, and what both say of it."""
    made, verdict = judged(seed, number, requests)
    for at, (side, event) in enumerate(made.lines, 1):
        yield f"{at:>4} {'>' if side == 'client' else '<'} {event}"
    damages = ", ".join(made.damages) or "as generated"
    yield f"{made.dialect}, {damages}, {'cut' if made.cut else 'closed'}: {told(verdict)}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle_campaign", description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--session", type=int, help="show this one only")
    parser.add_argument("--requests", action="store_true", help="damage only requests and their answers")
    args = parser.parse_args(argv)
    if args.session is not None:
        for line in shown(args.seed, args.session, args.requests):
            sys.stdout.write(line + "\n")
        return 0
    began = time.monotonic()
    result = Tally(Counter(), 0, Counter(), [])
    known = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for result in run(args.seed, args.sessions, args.workers, args.requests):
            known, new = len(result.differing), result.differing[known:]
            done = f"{result.outcomes.total():,} sessions, {known:,} disagreements"
            sys.stderr.write(f"{done}{''.join(f', new: {number}' for number in new)}\n")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the figures are of the sessions so far\n")
    for line in report(args.seed, args.requests, result, time.monotonic() - began):
        sys.stdout.write(line + "\n")
    return 1 if result.differing else 0


if __name__ == "__main__":
    sys.exit(main())
