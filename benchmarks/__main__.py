"""`python -m benchmarks`: every contender on every workload in one run, with our ratio to each.

The columns "× decode" and "× check" say how many times as long as our decoder and our full check a contender takes:
above 1 we are faster.  At the end stand the goals that the project has set itself, with what this run gives.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from benchmarks import contenders as field
from benchmarks import startup
from benchmarks.measure import FEWEST_ROUNDS, Samples, measure
from benchmarks.workloads import workloads

SECONDS = 40.0


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        rivals, versions = field.contenders(), field.versions()
    except ModuleNotFoundError as error:
        print(f"benchmarks: {error}; the rivals come with: pip install -e '.[bench]'", file=sys.stderr)
        return 2
    print(machine(), ", ".join(f"{name} {number}" for name, number in versions.items()), sep="\n")

    loads = workloads(smoke=options.smoke)
    wrong = [f"{load.name}: {what}" for load in loads for what in field.misread(load) + field.findings(load)]
    if wrong:
        print("benchmarks: what is to be measured is not read in full", *wrong[:9], sep="\n", file=sys.stderr)
        return 1

    results: dict[str, Samples] = {}
    for load in loads:
        samples = measure(
            load, rivals, options.seconds / len(loads), rounds=1 if options.smoke else FEWEST_ROUNDS
        )
        results[load.name] = samples
        print("", *table(samples), sep="\n")
    started = startup.startup(1 if options.smoke else startup.RUNS)
    print("\nstart-up, medians", *startup.lines(started), sep="\n")
    reached = goals(results, started)
    print("\ngoals", *(f"  {value:6.2f}  {goal}" for goal, value in reached.items()), sep="\n")

    if options.json:
        document = {
            "schema": "rtproto-benchmarks/1",
            "machine": machine(),
            "versions": versions,
            "workloads": [record(samples) for samples in results.values()],
            "startup_ms": started,
            "goals": reached,
        }
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the figures there too")
    parser.add_argument("--smoke", action="store_true", help="a few lines, one round: whether it runs at all")
    parser.add_argument(
        "--seconds", type=float, metavar="N", help=f"about how long to measure (default: {SECONDS:g})"
    )
    options = parser.parse_args(arguments)
    if options.seconds is None:
        options.seconds = 0.5 if options.smoke else SECONDS
    return options


def machine() -> str:
    """What this runs on, as far as Python can tell."""
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{implementation}, {platform.system()} {platform.machine()}, {processor()}, {os.cpu_count()} cores"
    )


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def table(samples: Samples) -> list[str]:
    """One workload as text, a line a contender."""
    load = samples.workload
    count = len(load.frames)
    head = f"{load.name}: {count:,} lines, {load.size:,} bytes, {load.size / count:,.0f} a line"
    rows = [f"  {'':26} {'µs/event':>9} {'events/s':>11} {'MB/s':>8} {'× decode':>9} {'× check':>9}"]
    for name in samples.rounds:
        figures = f"{1e6 / samples.events_per_second(name):9.2f} {samples.events_per_second(name):11,.0f}"
        ratios = f"{samples.times(name, field.DECODE):9.2f} {samples.times(name, field.CHECK):9.2f}"
        rows.append(f"  {name:26} {figures} {samples.megabytes_per_second(name):8,.0f} {ratios}")
    return [head, *rows]


def record(samples: Samples) -> dict[str, Any]:
    """One workload as data; times of a pass are in seconds, every round of them."""
    return {
        "name": samples.workload.name,
        "lines": len(samples.workload.frames),
        "bytes": samples.workload.size,
        "contenders": [
            {
                "name": name,
                "seconds_per_pass": seconds,
                "events_per_second": samples.events_per_second(name),
                "megabytes_per_second": samples.megabytes_per_second(name),
                "times_decode": samples.times(name, field.DECODE),
                "times_check": samples.times(name, field.CHECK),
            }
            for name, seconds in samples.rounds.items()
        ],
    }


def goals(results: dict[str, Samples], started: dict[str, float]) -> dict[str, float]:
    """What the project wants to reach, and what this run gives.

    The fourth gives openai-python less to do than us: it parses what the server sent, we check both directions.
    """
    voice, server = results["voice session"], results["voice session, server lines"]
    return {
        "× orjson.loads: decode of a voice session (at most 0.8)": voice.times(field.DECODE, field.YARDSTICK),
        "× orjson.loads: full check of a voice session (at most 1.5)": voice.times(
            field.CHECK, field.YARDSTICK
        ),
        "× full check: openai-python on the server's lines (at least 40)": server.times(
            field.SDK, field.CHECK
        ),
        "… with the check reading the client's lines too": server.seconds(field.SDK)
        / voice.seconds(field.CHECK),
        "× import of msgspec and argparse: start of the command (at most 2)": (
            started[startup.COMMAND] / started[startup.FLOOR]
        ),
        "… and check of a small recording (at most 2.5)": (started[startup.CHECK] / started[startup.FLOOR]),
    }


if __name__ == "__main__":
    sys.exit(main())
