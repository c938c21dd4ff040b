"""How time and memory grow with what is checked: `python -m benchmarks.scaling`.

- Lengths: `SessionChecker` over one session of 1,000 to 1,000,000 events, which are written a turn at a time between
  the measured calls, so that they need no memory.  What is measured is the time of the processor.
- Hostile shapes: the same over sessions in which every event is a fault, or is never answered.
- Files: `python -m rtproto.check` over 10 to 1,000 recordings of a few turns, less the time that the command takes for
  one of them.
- Processes: the same over recordings of longer sessions with `-j 1`, `-j 2`, `-j 4` and as many as there are cores.
- Streams: `python -m rtproto.check -` behind a pipe into which another process writes legal sessions, to the size that
  `--stream` names; with the most memory that it held.

What is checked is legal, except in the hostile shapes: a finding ends the measurement.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from math import isqrt
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

from benchmarks import figures, stream
from benchmarks.child import measured
from benchmarks.figures import Curve, Jobs, Point, Scaling, Stream
from benchmarks.script import Frame, Script
from benchmarks.sessions import SEED, ask, start, text_session, text_turns, voice_turns
from benchmarks.stream import lines

Batches = Callable[[], Iterator[list[Frame]]]
"""Makes a session without an end, a batch at a time."""

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
HOSTILE = (1_000, 3_000, 10_000)
FEW = (100, 300)
"""Events of either kind of session where it is only to be seen whether they are measured."""
FILES = (1, 10, 100, 1_000)
JOBS = (1, 2, 4)
RECORDINGS = 400
TURNS = 6
"""Of each of the files."""
STREAM = "10GB"
ROUNDS = 3
CHECK = ("-m", "rtproto.check", "--isolated")


def length_curve(shape: str, batches: Batches, lengths: Sequence[int], *, legal: bool) -> Curve:
    """Seconds of a full check, by the number of events; the shorter a session, the more often."""
    rounds = [isqrt(max(lengths) // length) for length in lengths]
    seconds: list[list[float]] = [[] for _ in lengths]
    for turn in range(max(rounds)):
        for place, length in enumerate(lengths):
            if turn < rounds[place]:
                seconds[place].append(checked(batches(), length, legal=legal))
    return Curve(
        shape=shape,
        points=[Point(count=count, seconds=each) for count, each in zip(lengths, seconds, strict=True)],
    )


def checked(batches: Iterator[list[Frame]], length: int, *, legal: bool) -> float:
    """Seconds of the processor for so many events of a session.  Raises `RuntimeError` for one that is not legal."""
    from rtproto.checker import SessionChecker
    from rtproto.findings import Severity

    gc.collect()
    checker = SessionChecker()
    feed = checker.feed
    seconds, left = 0.0, length
    while left:
        batch = next(batches)[:left]
        left -= len(batch)
        begin = process_time()
        for line, (direction, raw) in enumerate(batch, length - left - len(batch) + 1):
            feed(direction, raw, line=line)
        seconds += process_time() - begin
    begin = process_time()
    checker.close(cut=True)
    seconds += process_time() - begin
    wrong = [finding for finding in checker.report().findings if finding.severity > Severity.INFO]
    if legal and wrong:
        raise RuntimeError(f"a session that should be legal has {wrong[0].code} at line {wrong[0].line}")
    return seconds


def strangers() -> Iterator[list[Frame]]:
    """Deltas, each for a response and an item that nothing has announced."""
    yield from hostile(
        lambda script: script.server(
            "response.output_text.delta",
            response_id=script.id("resp"),
            item_id=script.id("item"),
            output_index=0,
            content_index=0,
            delta="and",
        )
    )


def unanswered() -> Iterator[list[Frame]]:
    """Requests to delete items that are not there, which the server passes over in silence."""
    yield from hostile(lambda script: script.client("conversation.item.delete", item_id=script.id("item")))


def broken_lines() -> Iterator[list[Frame]]:
    """Lines that are no JSON."""
    for batch in hostile(lambda script: script.server("response.output_text.delta", delta=script.id("word"))):
        yield [(direction, raw[:-2]) for direction, raw in batch]


def hostile(write: Callable[[Script], None]) -> Iterator[list[Frame]]:
    """A session that begins as it should, and then that without an end."""
    script = Script(Random(SEED))
    start(script, "text")
    ask(script, "When does the next ferry leave?")
    yield script.take(script.now)
    for _ in count():
        for _ in range(100):
            write(script)
        yield script.take(script.now)


LEGAL_SHAPES: dict[str, Batches] = {stream.TEXT: text_turns, stream.SESSION: voice_turns}
HOSTILE_SHAPES: dict[str, Batches] = {
    "lines that are no JSON": broken_lines,
    "deltas of responses that were never announced": strangers,
    "requests that are never answered": unanswered,
}


def file_curve(folder: Path, counts: Sequence[int], rounds: int) -> Curve:
    """Seconds of the command by the number of its files, less what one file takes: for each file after the first."""
    sources = recordings(folder / "all", max(counts), TURNS)
    for number in counts:
        links = folder / str(number)
        links.mkdir()
        for source in sources[:number]:
            (links / source.name).hardlink_to(source)
    measured([*CHECK, str(folder / str(min(counts)))])  # fills the caches
    seconds: dict[int, list[float]] = {number: [] for number in counts}
    for _ in range(rounds):
        for number in counts:
            seconds[number].append(measured([*CHECK, str(folder / str(number))])["seconds"])
    least, *others = counts
    floor = median(seconds[least])
    return Curve(
        shape="recordings after the first",
        points=[
            Point(count=number - least, seconds=[max(0.0, each - floor) for each in seconds[number]])
            for number in others
        ],
    )


def job_times(folder: Path, files: int, turns: int, rounds: int) -> tuple[list[Jobs], int]:
    """Seconds of the command by the number of its processes, and the bytes of what it checks."""
    made = recordings(folder, files, turns)
    numbers = sorted({*JOBS, os.cpu_count() or 1})
    seconds: dict[int, list[float]] = {number: [] for number in numbers}
    for _ in range(rounds):
        for number in numbers:
            seconds[number].append(measured([*CHECK, "-j", str(number), str(folder)])["seconds"])
    told = [Jobs(jobs=number, seconds=each) for number, each in seconds.items()]
    return told, sum(path.stat().st_size for path in made)


def recordings(folder: Path, files: int, turns: int) -> list[Path]:
    """So many recordings of text sessions, each with ids of its own."""
    folder.mkdir()
    made = [folder / f"{number:06}.jsonl" for number in range(files)]
    for number, path in enumerate(made):
        path.write_bytes(lines(text_session(turns, SEED + number)))
    return made


def streamed(shape: str, total: int) -> Stream:
    """The check of a stream of that shape and size.  Raises `RuntimeError` where something in it is found."""
    source, sink = os.pipe()
    writer = subprocess.Popen(
        [sys.executable, "-m", stream.__name__, "--bytes", str(total), "--shape", shape], stdout=sink
    )
    os.close(sink)
    told = measured([*CHECK, "--format", "json", "--min-severity", "warning", "-"], stdin=source)
    os.close(source)
    if writer.wait():
        raise RuntimeError(f"the writer of the stream ended with status {writer.returncode}")
    summary = json.loads(told["stdout"])["summary"]
    return Stream(
        shape=shape,
        bytes=total,
        events=summary["events"],
        seconds=told["seconds"],
        cpu_seconds=told["cpu_seconds"],
        peak_kib=told["peak_kib"],
    )


def measure(stream_bytes: int, command: str, *, smoke: bool = False) -> Scaling:
    """All of it.  With `smoke` a few events, files and rounds of each, and streams of the size that is asked for."""
    how = figures.measured(command)
    lengths, bad, files = (FEW, FEW, (1, 2, 3)) if smoke else (LENGTHS, HOSTILE, FILES)
    recorded, turns, rounds = (4, 1, 1) if smoke else (RECORDINGS, 12, ROUNDS)
    folder = Path(tempfile.mkdtemp(prefix="rtproto-scaling-"))
    try:
        curve = file_curve(folder, files, rounds)
        jobs, size = job_times(folder / "recordings", recorded, turns, rounds)
    finally:
        shutil.rmtree(folder)
    sizes = [stream_bytes // part for part in ((1,) if smoke else (100, 10, 1))]
    return Scaling(
        measured=how,
        lengths=[length_curve(*shape, lengths, legal=True) for shape in LEGAL_SHAPES.items()],
        hostile=[length_curve(*shape, bad, legal=False) for shape in HOSTILE_SHAPES.items()],
        files=curve,
        recordings=recorded,
        recorded_bytes=size,
        jobs=jobs,
        streams=[streamed(shape, size) for shape in (stream.SESSION, stream.SESSIONS) for size in sizes],
    )


def told(part: Scaling) -> Iterator[str]:
    """The figures as text."""
    for curve in (*part.lengths, *part.hostile, part.files):
        slope = f", slope {curve.slope:.2f}" if len(curve.points) > 1 else ""
        yield f"{curve.shape}{slope}"
        for point in curve.points:
            yield f"  {point.count:11,} {median(point.seconds):10.3f} s {curve.microseconds(point):10.2f} µs each"
    yield f"{part.recordings:,} recordings, {part.recorded_bytes:,} bytes"
    for jobs in part.jobs:
        seconds = median(jobs.seconds)
        yield f"  -j {jobs.jobs:<8} {seconds:10.3f} s {median(part.jobs[0].seconds) / seconds:10.2f} ×"
    for each in part.streams:
        rate = each.bytes / each.seconds / 1e6
        yield f"{each.shape}, {each.bytes:,} bytes, {each.events:,} events"
        times = f"{each.seconds:10.1f} s, {each.cpu_seconds:.1f} s of them busy"
        yield f"  {times} {rate:8.0f} MB/s {each.peak_kib / 1024:8.1f} MiB at most"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description="Measure how time and memory grow."
    )
    parser.add_argument(
        "--stream",
        type=stream.size,
        default=STREAM,
        metavar="SIZE",
        help="of the longest (default: %(default)s)",
    )
    parser.add_argument("--smoke", action="store_true", help="a little of each: whether it runs at all")
    options = parser.parse_args(arguments)
    part = measure(options.stream, "python -m benchmarks.scaling", smoke=options.smoke)
    print(figures.headline(part.measured), "", *told(part), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
