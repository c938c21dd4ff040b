"""Timing that a shared machine does not spoil: contenders take turns, and what is compared ran side by side.

A sample is as many passes over a workload as fill `SAMPLE_SECONDS`.  In each round every contender takes one sample,
in an order that rotates; a figure is the median over the rounds, and a ratio the median of the ratios within rounds,
so that a slow second slows both sides of it.  What was loaded before is kept from the garbage collector, which would
otherwise go through the modules of all contenders during the passes of each.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter

from benchmarks.contenders import Contender, Pass
from benchmarks.figures import Contest, Timing
from benchmarks.workloads import Workload

Maker = Callable[[], Pass]

SAMPLE_SECONDS = 0.02
FEWEST_ROUNDS = 5


def measure(
    workload: Workload, contenders: list[Contender], seconds: float, *, rounds: int = FEWEST_ROUNDS
) -> Contest:
    """Samples of all contenders that can read the workload: for about that many seconds, at least so many rounds."""
    gc.collect()
    gc.freeze()
    makers = {c.name: maker(c, workload) for c in contenders if c.reads(workload)}
    repeats = {name: repeats_for(make, seconds) for name, make in makers.items()}
    samples: dict[str, list[float]] = {name: [] for name in makers}
    order = list(makers)
    end = perf_counter() + seconds
    while len(samples[order[0]]) < rounds or perf_counter() < end:
        for name in order:
            samples[name].append(sample(makers[name], repeats[name]))
        order = order[1:] + order[:1]
    gc.unfreeze()
    return Contest(
        name=workload.name,
        family=workload.family,
        lines=len(workload.frames),
        bytes=workload.size,
        timings=[Timing(name=name, seconds=seconds) for name, seconds in samples.items()],
    )


def maker(contender: Contender, workload: Workload) -> Maker:
    """What gives the next pass: always the same one, or, where a pass changes what it runs on, a new one."""
    if contender.once:
        return lambda: contender.prepare(workload)
    run = contender.prepare(workload)
    return lambda: run


def repeats_for(make: Maker, seconds: float) -> int:
    """How often a pass is repeated to fill one sample; the first pass, which builds caches, does not count."""
    make()()
    return max(1, round(min(SAMPLE_SECONDS, seconds / 10) / max(sample(make, 1), 1e-9)))


def sample(make: Maker, repeats: int) -> float:
    """Seconds per pass, garbage of the contender before it collected."""
    passes = [make() for _ in range(repeats)]
    gc.collect()
    begin = perf_counter()
    for run in passes:
        run()
    return (perf_counter() - begin) / repeats
