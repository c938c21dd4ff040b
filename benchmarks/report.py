"""`docs/performance.md` from the committed figures: `python -m benchmarks.report --write`.

The page's words are in `performance.template.md` beside this; every figure in them is a call `{{name: argument | …}}`
of one of `CALLS` below, so that no figure is typed by hand.  `--check` fails where the page, a plot or the schema is
not what the figures give.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from benchmarks import figures, load, plots, startup
from benchmarks.contenders import CHECK, CORE, DECODE, FLOOR, PIPECAT, PYDANTIC, SDK, YARDSTICK
from benchmarks.figures import RESULTS, SCHEMA, Contest, Curve, Figures

TEMPLATE = Path(__file__).with_name("performance.template.md")
DOCS = Path(__file__).parent.parent / "docs"
PAGE = "performance.md"
PLOTS = "performance"
CALL = re.compile(r"\{\{(\w+)(?::\s*([^{}]*?))?\}\}")
NAMES = {
    "floor": FLOOR,
    "json": "json.loads",
    "orjson": YARDSTICK,
    "msgspec": "msgspec, untyped",
    "core": CORE,
    "pydantic": PYDANTIC,
    "sdk": SDK,
    "pipecat": PIPECAT,
    "decode": DECODE,
    "check": CHECK,
}
"""How the template calls the contenders."""
OURS = (DECODE, CHECK)
TYPED = (PYDANTIC, SDK, PIPECAT)
"""The rivals that give objects of a class for each event."""
VOICE, TEXT = "voice session", "text session"
SERVER = ", server lines"


class Goal(NamedTuple):
    """What the project wants to reach."""

    what: str
    most: float | None
    """At most that; else `least`."""
    least: float | None
    value: float

    @property
    def reached(self) -> bool:
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )


class Page:
    """What the template may ask for."""

    def __init__(self, parts: Figures) -> None:
        self.parts = parts
        self.comparison, self.startup, self.load, self.scaling = parts
        self.contests = {contest.name: contest for contest in self.comparison.workloads}

    def us(self, workload: str, name: str) -> str:
        """µs of an event."""
        return figure(self.contests[workload].microseconds(NAMES[name]))

    def times(self, workload: str, name: str, other: str) -> str:
        """How many times as long as the other a contender takes."""
        return figure(self.contests[workload].times(NAMES[name], NAMES[other]))

    def rate(self, workload: str, name: str) -> str:
        """Events a second, in thousands."""
        return f"{self.contests[workload].events_per_second(NAMES[name]) / 1000:,.0f}"

    def bandwidth(self, workload: str, name: str) -> str:
        """MB a second."""
        return f"{self.contests[workload].megabytes_per_second(NAMES[name]):,.0f}"

    def measured(self) -> str:
        """What each part was measured on."""
        rows = [
            (
                f"`{how.command}`",
                how.date,
                f"`{how.commit}`" if how.commit else "unknown",
                f"{how.machine.load:.1f}",
            )
            for how in (part.measured for part in self.parts)
        ]
        return "\n".join(markdown(("command", "date", "commit", "load before"), rows))

    def machine(self) -> str:
        """The machine; the parts must have been measured on one."""
        return "; ".join(sorted({figures.described(part.measured.machine) for part in self.parts}))

    def versions(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in self.comparison.measured.versions.items())

    def absent(self) -> str:
        """Which contenders took no part."""
        absent = self.comparison.absent
        return f" Not installed, and so not measured: {', '.join(absent)}." if absent else ""

    def seed(self) -> str:
        return str(self.comparison.measured.seed)

    def sessions(self) -> str:
        """µs of an event of whole sessions."""
        chosen = self.family("session")
        rows = [
            (name, *(figure(c.microseconds(name)) if name in c.names() else "" for c in chosen))
            for name in self.contenders()
        ]
        return "\n".join(markdown(("µs an event", *map(headed, chosen)), rows))

    def ratios(self) -> str:
        """How many times as long as our full check everyone takes, with quartiles."""
        chosen = self.family("session")
        rows = [
            (name, *(between(c, name) if name in c.names() else "" for c in chosen))
            for name in self.contenders()
        ]
        return "\n".join(markdown(("× full check", *(contest.name for contest in chosen)), rows))

    def throughput(self) -> str:
        """Events and bytes a second of ours."""
        rows = []
        for contest in self.family("session"):
            speeds = (
                (f"{contest.events_per_second(name):,.0f}", f"{contest.megabytes_per_second(name):,.0f}")
                for name in (DECODE, CHECK)
            )
            rows.append((contest.name, *(each for speed in speeds for each in speed)))
        head = ("", "decode, events/s", "decode, MB/s", "full check, events/s", "full check, MB/s")
        return "\n".join(markdown(head, rows))

    def sizes(self, *families: str) -> str:
        """µs of an event by its size."""
        chosen = [contest for family in families for contest in self.family(family)]
        rows = [
            (name, *(figure(c.microseconds(name)) if name in c.names() else "" for c in chosen))
            for name in self.contenders()
            if any(name in contest.names() for contest in chosen)
        ]
        return "\n".join(markdown(("µs an event", *map(headed, chosen)), rows))

    def losses(self) -> str:
        """Where rivals are faster than our decoder, and by how much."""
        rows = []
        for contest in self.comparison.workloads:
            faster = self.faster(contest)
            if faster:
                told = (
                    "<br>".join(
                        f"{name} {figure(share)}"
                        for name, share in faster.items()
                        if (name in TYPED) is typed
                    )
                    for typed in (True, False)
                )
                rows.append((contest.name, f"{contest.size:,.0f}", *told))
        head = ("× decode, where below 1", "bytes an event", "typed", "untyped")
        return "\n".join(markdown(head, rows)) if rows else "Nowhere in this run."

    def faster(self, contest: Contest) -> dict[str, float]:
        """What share of our decoder's time rivals need that are faster in three quarters of the rounds."""
        rivals = [name for name in contest.names() if name not in (*OURS, FLOOR)]
        shares = {name: contest.times(name, DECODE) for name in rivals if contest.spread(name, DECODE)[1] < 1}
        return dict(sorted(shares.items(), key=lambda entry: entry[1]))

    def lost(self) -> str:
        """On how many workloads a typed rival is faster than our decoder."""
        lost = [contest for contest in self.comparison.workloads if self.faster(contest).keys() & {*TYPED}]
        return f"{len(lost)} of {len(self.contests)}"

    def lengths(self) -> str:
        """µs of an event by the length of its session."""
        return "\n".join(curves(self.scaling.lengths, "events"))

    def hostile(self) -> str:
        return "\n".join(curves(self.scaling.hostile, "events"))

    def files(self) -> str:
        return "\n".join(curves([self.scaling.files], "recordings"))

    def jobs(self) -> str:
        """Seconds by the number of processes."""
        first, scaling = self.scaling.jobs[0], self.scaling
        rows = []
        for jobs in scaling.jobs:
            seconds = median(jobs.seconds)
            speed = scaling.recorded_bytes / seconds / 1e6
            rows.append(
                (
                    f"`-j {jobs.jobs}`",
                    figure(seconds),
                    f"{speed:,.0f}",
                    figure(median(first.seconds) / seconds),
                )
            )
        return "\n".join(markdown(("", "seconds", "MB/s", "× `-j 1`"), rows))

    def recordings(self) -> str:
        """How many recordings the processes share."""
        return f"{self.scaling.recordings:,} recordings of {self.scaling.recorded_bytes / 1e6:,.0f} MB"

    def streams(self) -> str:
        """Time and memory of streams."""
        rows = [
            (
                stream.shape,
                plots.amount(stream.bytes),
                f"{stream.events:,}",
                f"{stream.seconds:.1f}",
                f"{stream.cpu_seconds:.1f}",
                f"{stream.peak_kib / 1024:.1f}",
            )
            for stream in self.scaling.streams
        ]
        head = ("", "bytes", "events", "seconds", "of the checker's processor", "peak memory, MiB")
        return "\n".join(markdown(head, rows))

    def slope(self) -> str:
        """The steepest of the legal shapes."""
        return f"{max(curve.slope for curve in self.scaling.lengths):.2f}"

    def longest(self) -> str:
        """The longest stream of whole sessions, and what its check held at most."""
        stream = max((s for s in self.scaling.streams if "sessions" in s.shape), key=lambda s: s.bytes)
        return f"{plots.amount(stream.bytes)} of sessions are checked in {stream.peak_kib / 1024:.0f} MiB"

    def kept(self) -> str:
        """KiB that a session keeps."""
        rows = [(each.session, *(f"{size:,.1f}" for size in each.kib.values())) for each in self.load.kept]
        head = ("KiB a session", f"{load.ALL_IDS:,} ids", f"{load.EVENT_IDS:,} ids")
        return "\n".join(markdown(head, rows))

    def latencies(self) -> str:
        """µs of `feed` while sessions take turns."""
        rows = [
            (f"{each.events} ({each.count:,})", *(f"{value:,.1f}" for value in each.microseconds.values()))
            for each in self.load.latencies
        ]
        head = (f"µs of `feed`, {self.load.sessions:,} sessions", "median", "99 %", "99.9 %")
        return "\n".join(markdown(head, rows))

    def starts(self) -> str:
        """Milliseconds of processes."""
        floor = self.startup.milliseconds(startup.FLOOR)
        rows = []
        for process in self.startup.processes:
            middle = self.startup.milliseconds(process.command)
            rows.append((f"`{process.command}`", f"{middle:.1f}", figure(middle / floor)))
        return "\n".join(markdown(("", "ms", "× import of msgspec and argparse"), rows))

    def goals(self) -> str:
        """What was to be reached, and was or was not."""
        rows = []
        for goal in self.targets():
            bound = f"at most {goal.most:g}" if goal.most is not None else f"at least {goal.least:g}"
            rows.append((goal.what, bound, figure(goal.value), "reached" if goal.reached else "**missed**"))
        return "\n".join(markdown(("", "goal", "measured", ""), rows))

    def targets(self) -> Iterator[Goal]:
        """The goals; the third gives openai-python less to do than us, who read the client's lines too."""
        voice, text, server = (self.contests[name] for name in (VOICE, TEXT, VOICE + SERVER))
        floor = self.startup.milliseconds(startup.FLOOR)
        yield Goal("decode of a voice session, × `orjson.loads`", 0.8, None, voice.times(DECODE, YARDSTICK))
        yield Goal(
            "full check of a voice session, × `orjson.loads`", 1.5, None, voice.times(CHECK, YARDSTICK)
        )
        yield Goal("full check of a text session, × `orjson.loads`", 2.5, None, text.times(CHECK, YARDSTICK))
        yield Goal(
            "openai-python on the server's lines of a voice session, × full check",
            None,
            40,
            server.times(SDK, CHECK),
        )
        yield Goal(
            "start of the command, × import of msgspec and argparse",
            2,
            None,
            self.startup.milliseconds(startup.COMMAND) / floor,
        )
        yield Goal(
            "check of a small recording, × import of msgspec and argparse",
            2.5,
            None,
            self.startup.milliseconds(startup.CHECK) / floor,
        )
        for curve in self.scaling.lengths:
            yield Goal(f"{curve.shape}: slope of time over events", 1.1, None, curve.slope)
        for shape in dict.fromkeys(stream.shape for stream in self.scaling.streams):
            peaks = [stream.peak_kib / 1024 for stream in self.scaling.streams if stream.shape == shape]
            yield Goal(f"{shape}: MiB of memory at most", 100, None, max(peaks))

    def family(self, name: str) -> list[Contest]:
        return [contest for contest in self.comparison.workloads if contest.family == name]

    def contenders(self) -> list[str]:
        """Those that took part, in the order of `NAMES`."""
        there = {name for contest in self.comparison.workloads for name in contest.names()}
        return [name for name in NAMES.values() if name in there]


CALLS = {
    name: function
    for name, function in vars(Page).items()
    if not name.startswith("_") and name not in ("targets", "family", "faster", "contenders")
}


def headed(contest: Contest) -> str:
    """A workload as the head of a column."""
    return f"{contest.name}<br>{contest.size:,.0f} B"


def between(contest: Contest, name: str) -> str:
    """A ratio to the full check with its quartiles."""
    low, high = contest.spread(name, CHECK)
    middle = figure(contest.times(name, CHECK))
    return middle if name == CHECK else f"{middle} ({figure(low)}–{figure(high)})"


def figure(value: float) -> str:
    """With three significant digits, at least two of them behind the point below 10."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def curves(chosen: Sequence[Curve], counted: str) -> Iterator[str]:
    """µs of one of what is counted, by how many there were, and the slope."""
    counts = [point.count for point in chosen[0].points]
    rows = [
        (curve.shape, *(figure(curve.microseconds(point)) for point in curve.points), f"{curve.slope:.2f}")
        for curve in chosen
    ]
    return markdown((f"µs each of so many {counted}", *(f"{count:,}" for count in counts), "slope"), rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; all but the first column are aligned to the right."""
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "--:|" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def filled(template: str, page: Page) -> str:
    """The template with its calls answered.  Raises `KeyError` for a call or a workload that there is not."""

    def answer(call: re.Match[str]) -> str:
        arguments = [word.strip() for word in call[2].split("|")] if call[2] else []
        method: Callable[..., str] = CALLS[call[1]]
        return method(page, *arguments)

    return CALL.sub(answer, template)


def out_of_step(results: Path, docs: Path, text: str) -> list[str]:
    """The files that are not what the figures give."""
    wrong: list[str] = []
    for path, expected in ((docs / PAGE, text), (results / SCHEMA, figures.schema())):
        if not path.is_file() or path.read_text(encoding="utf-8") != expected:
            wrong.append(path.name)
    for name, (part, _, _) in plots.PLOTS.items():
        path = docs / PLOTS / f"{name}.svg"
        drawn = plots.drawn_from(path.read_text(encoding="utf-8")) if path.is_file() else None
        if drawn != plots.digest((results / f"{part}.json").read_bytes()):
            wrong.append(f"{PLOTS}/{path.name}")
    return wrong


def write(results: Path, docs: Path, text: str, parts: Figures) -> None:
    """The page, its plots, and the schema of the figures."""
    (docs / PLOTS).mkdir(parents=True, exist_ok=True)
    (docs / PAGE).write_text(text, encoding="utf-8")
    (results / SCHEMA).write_text(figures.schema(), encoding="utf-8")
    for name, (part, draw, size) in plots.PLOTS.items():
        digest = plots.digest((results / f"{part}.json").read_bytes())
        drawn = plots.svg(getattr(parts, part), draw, size, digest)
        (docs / PLOTS / f"{name}.svg").write_text(drawn, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report", description="docs/performance.md from the committed figures."
    )
    task = parser.add_mutually_exclusive_group()
    task.add_argument("--write", action="store_true", help="write the page and its plots")
    task.add_argument("--check", action="store_true", help="fail where they are not what the figures give")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the figures are")
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="DIR", help="where the page is")
    options = parser.parse_args(arguments)
    try:
        parts = figures.read(options.results)
    except (OSError, msgspec.DecodeError) as error:
        print(f"benchmarks: no figures: {error}; python -m benchmarks --write makes them", file=sys.stderr)
        return 2
    text = filled(TEMPLATE.read_text(encoding="utf-8"), Page(parts))
    if options.write:
        write(options.results, options.docs, text, parts)
        return 0
    if options.check:
        wrong = out_of_step(options.results, options.docs, text)
        for name in wrong:
            print(f"{name} is not what the figures give; run python -m benchmarks.report --write")
        return 1 if wrong else 0
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
