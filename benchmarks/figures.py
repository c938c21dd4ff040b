"""What the benchmarks measure, as data: the files in `benchmarks/results` and their schema.

One file a part, each with what it was measured on and by which command.  Samples are kept, not only their medians, so
that every figure in `docs/performance.md` can be made from them again.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sysconfig
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import log
from pathlib import Path
from statistics import linear_regression, median, quantiles
from typing import Any, NamedTuple, TypeVar

import msgspec

from benchmarks.sessions import SEED

RESULTS = Path(__file__).with_name("results")
SCHEMA = "schema.json"
MEASURED = ("rtproto", "msgspec", "pybase64", "orjson", "pydantic", "pydantic-core", "openai", "pipecat-ai")


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record that refuses members which it does not know."""


class Machine(Data, frozen=True, kw_only=True):
    """What a part was measured on, as far as Python can tell."""

    python: str
    optimised: bool
    """Whether that Python was built with profile-guided optimisation."""
    system: str
    processor: str
    cores: int
    load: float
    """Processes that wanted a core when the part began, as a mean over the minute before."""


class Measured(Data, frozen=True, kw_only=True):
    """How a part was measured."""

    schema: str = "rtproto-benchmarks/1"
    date: str
    """Day, in UTC."""
    command: str
    commit: str | None
    """Of the source tree, with a `+` where it held changes; null outside of a repository."""
    seed: int
    """From which every session is generated."""
    machine: Machine
    versions: dict[str, str]


class Timing(Data, frozen=True, kw_only=True):
    """One contender on one workload."""

    name: str
    seconds: list[float]
    """Per pass over all lines, one for each round; equal places of two contenders were measured side by side."""


class Contest(Data, frozen=True, kw_only=True):
    """One workload, read by all contenders that can read it."""

    name: str
    family: str
    """Workloads of one family differ in the size of their events."""
    lines: int
    bytes: int
    timings: list[Timing]

    @property
    def size(self) -> float:
        """Bytes of a line, on average."""
        return self.bytes / self.lines

    def names(self) -> list[str]:
        """The contenders that took part."""
        return [timing.name for timing in self.timings]

    def rounds(self, name: str) -> list[float]:
        """Seconds per pass, for each round.  Raises `KeyError` for a contender that took no part."""
        return {timing.name: timing.seconds for timing in self.timings}[name]

    def seconds(self, name: str) -> float:
        """The median time of one pass over the workload."""
        return median(self.rounds(name))

    def microseconds(self, name: str) -> float:
        """Of one event."""
        return self.seconds(name) / self.lines * 1e6

    def events_per_second(self, name: str) -> float:
        return self.lines / self.seconds(name)

    def megabytes_per_second(self, name: str) -> float:
        """In units of 1,000,000 bytes."""
        return self.bytes / self.seconds(name) / 1e6

    def ratios(self, name: str, other: str) -> list[float]:
        """How many times as long as `other` a contender takes, in each round."""
        return [a / b for a, b in zip(self.rounds(name), self.rounds(other), strict=True)]

    def times(self, name: str, other: str) -> float:
        """The median of these ratios."""
        return median(self.ratios(name, other))

    def spread(self, name: str, other: str) -> tuple[float, float]:
        """The quartiles of these ratios."""
        ratios = self.ratios(name, other)
        if len(ratios) < 2:
            return ratios[0], ratios[0]
        low, _, high = quantiles(ratios, n=4, method="inclusive")
        return low, high


class Comparison(Data, frozen=True, kw_only=True, tag_field="part", tag="comparison"):
    """All contenders on all workloads: `python -m benchmarks comparison`."""

    measured: Measured
    workloads: list[Contest]
    absent: list[str]
    """Contenders that were not installed."""


class Process(Data, frozen=True, kw_only=True):
    """A command that was run several times."""

    command: str
    milliseconds: list[float]


class Startup(Data, frozen=True, kw_only=True, tag_field="part", tag="startup"):
    """How long processes take from their start to their end: `python -m benchmarks startup`."""

    measured: Measured
    processes: list[Process]

    def milliseconds(self, command: str) -> float:
        """The median."""
        return next(median(each.milliseconds) for each in self.processes if each.command == command)


class Kept(Data, frozen=True, kw_only=True):
    """What a checker keeps of one session in memory."""

    session: str
    kib: dict[str, float]
    """By how many ids of events it remembers."""


class Latency(Data, frozen=True, kw_only=True):
    """How long `feed` took when the sessions took turns."""

    events: str
    count: int
    microseconds: dict[str, float]
    """By quantile: `0.5`, `0.99`, `0.999`."""


class Load(Data, frozen=True, kw_only=True, tag_field="part", tag="load"):
    """Many sessions in one process: `python -m benchmarks load`."""

    measured: Measured
    sessions: int
    """At once, for the latencies."""
    kept: list[Kept]
    latencies: list[Latency]


class Point(Data, frozen=True, kw_only=True):
    """One amount of work, measured several times."""

    count: int
    seconds: list[float]


class Curve(Data, frozen=True, kw_only=True):
    """How time grows with the amount of work."""

    shape: str
    points: list[Point]

    @property
    def slope(self) -> float:
        """Of log(seconds) over log(count), by least squares over the medians: 1 is linear, 2 quadratic."""
        return linear_regression(
            [log(point.count) for point in self.points],
            [log(max(median(point.seconds), 1e-9)) for point in self.points],
        ).slope

    def microseconds(self, point: Point) -> float:
        """Of one of what is counted."""
        return median(point.seconds) / point.count * 1e6


class Jobs(Data, frozen=True, kw_only=True):
    """The same recordings, checked by so many processes."""

    jobs: int
    seconds: list[float]


class Stream(Data, frozen=True, kw_only=True):
    """A stream that is checked while it comes in through a pipe."""

    shape: str
    bytes: int
    events: int
    seconds: float
    """From the start of the command to its end, in which it also waited for the writer."""
    cpu_seconds: float
    """Of the checking process."""
    peak_kib: int
    """The most memory that the checking process held at any moment."""


class Scaling(Data, frozen=True, kw_only=True, tag_field="part", tag="scaling"):
    """How time and memory grow: `python -m benchmarks scaling`."""

    measured: Measured
    lengths: list[Curve]
    """`SessionChecker.feed` of so many events of one session, and its `close`: time of the processor."""
    hostile: list[Curve]
    """The same, of sessions in which nothing is as it should be."""
    files: Curve
    """`python -m rtproto.check` of so many recordings, less the start of the command."""
    recordings: int
    """Of which `jobs` are measured."""
    recorded_bytes: int
    """Of all of these."""
    jobs: list[Jobs]
    streams: list[Stream]


Part = Comparison | Startup | Load | Scaling
AnyPart = TypeVar("AnyPart", Comparison, Startup, Load, Scaling)
PARTS = ("comparison", "startup", "load", "scaling")


def schema() -> str:
    """The JSON Schema of the files."""
    told = msgspec.json.schema(Part, ref_template="#/$defs/{name}")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "rtproto-benchmarks/1",
        **told,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def save(part: Part, folder: Path) -> Path:
    """Write a part's file; samples with five significant digits."""
    path = folder / f"{type(part).__name__.lower()}.json"
    folder.mkdir(parents=True, exist_ok=True)
    told = msgspec.json.encode(rounded(msgspec.to_builtins(part)))
    path.write_bytes(msgspec.json.format(told, indent=1) + b"\n")
    return path


def rounded(value: Any) -> Any:
    """The same with shorter floats."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(member) for key, member in value.items()}
    if isinstance(value, list):
        return [rounded(element) for element in value]
    return value


class Figures(NamedTuple):
    """All that was measured."""

    comparison: Comparison
    startup: Startup
    load: Load
    scaling: Scaling


def read(folder: Path) -> Figures:
    """What was measured.  Raises `OSError` where a part is missing, `msgspec.DecodeError` where it is none."""

    def part(kind: type[AnyPart]) -> AnyPart:
        return msgspec.json.decode((folder / f"{kind.__name__.lower()}.json").read_bytes(), type=kind)

    return Figures(part(Comparison), part(Startup), part(Load), part(Scaling))


def measured(command: str) -> Measured:
    """How what is about to be measured is measured."""
    return Measured(
        date=datetime.now(tz=UTC).date().isoformat(),
        command=command,
        commit=commit(),
        seed=SEED,
        machine=machine(),
        versions=versions(),
    )


def machine() -> Machine:
    """What this runs on."""
    load = 0.0
    with suppress(OSError, AttributeError):  # not told everywhere
        load = os.getloadavg()[0]
    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        optimised="--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
        system=f"{platform.system()} {platform.machine()}",
        processor=processor(),
        cores=os.cpu_count() or 1,
        load=load,
    )


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def versions() -> dict[str, str]:
    """The versions of everything that is measured and is there."""
    import rtproto

    found = {"rtproto": rtproto.__version__}
    for name in MEASURED[1:]:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def commit() -> str | None:
    """The commit of the source tree."""
    git = ("git", "-C", str(RESULTS.parent.parent))
    asked = (
        (*git, "rev-parse", "--short=12", "HEAD"),
        (*git, "status", "--porcelain", "--untracked-files=no", "--", "rtproto", "benchmarks/*.py"),
    )
    try:
        head, changes = (
            subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            for command in asked
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if changes else "")


def described(machine: Machine) -> str:
    """A machine in a line."""
    build = "" if machine.optimised else ", built without profile-guided optimisation"
    return f"{machine.processor}, {machine.cores} cores, {machine.system}; {machine.python}{build}"


def headline(measured: Measured) -> str:
    """What it is measured on, in two lines."""
    when = f"load {measured.machine.load:.2f}; {measured.date}, commit {measured.commit or 'unknown'}"
    versions = ", ".join(f"{name} {number}" for name, number in measured.versions.items())
    return f"{described(measured.machine)}; {when}\n{versions}"
