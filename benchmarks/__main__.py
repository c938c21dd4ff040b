"""`python -m benchmarks`: all that is measured, or the parts that are named.

- `comparison`: other readers of the protocol's events beside ours, on whole sessions and by size of event;
- `startup`: the start of the command;
- `load`: many sessions in one process;
- `scaling`: time and memory by the number of events, files and processes, and a stream of 10 GB.

`--write` keeps the figures in `benchmarks/results` and makes `docs/performance.md` anew from them.  The recorder and
the count of instructions have figures of their own: `python -m benchmarks.recorder`, `benchmarks.instructions`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import comparison, figures, load, report, scaling, startup, stream
from benchmarks.figures import PARTS, RESULTS, Part


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    parts: list[str] = options.parts or list(PARTS)
    code = 0
    if len(parts) > 1:
        for name in parts:  # each in a process of its own, which the parts before it have not filled
            command = [sys.executable, "-m", "benchmarks", name, *passed_on(options)]
            code = max(code, subprocess.run(command, check=False).returncode)
    else:
        code = only(parts[0], options)
    return report.main(["--write"]) if options.write and not code else code


def only(name: str, options: argparse.Namespace) -> int:
    """Measure one part, tell it, and write it where that is asked for."""
    try:
        part, lines = measure(name, " ".join(("python -m benchmarks", name, *settings(options))), options)
    except ImportError as error:
        print(f"benchmarks: {error}; the rivals come with: pip install -e '.[bench]'", file=sys.stderr)
        return 2
    except RuntimeError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    print(f"== {name}", figures.headline(part.measured), "", *lines, "", sep="\n", flush=True)
    if options.results is not None:
        figures.save(part, options.results)
    return 0


def settings(options: argparse.Namespace) -> list[str]:
    """The options that change what is measured, where they differ from what is usual."""
    told = ["--smoke"] if options.smoke else []
    if options.seconds is not None:
        told += ["--seconds", f"{options.seconds:g}"]
    if options.stream is not None:
        told += ["--stream", str(options.stream)]
    return told


def passed_on(options: argparse.Namespace) -> list[str]:
    """The options of a process for one part."""
    results = [] if options.results is None else ["--results", str(options.results)]
    return settings(options) + results


def measure(name: str, command: str, options: argparse.Namespace) -> tuple[Part, list[str]]:
    """One part and what it says as text."""
    smoke: bool = options.smoke
    if name == "comparison":
        seconds: float = options.seconds or (0.5 if smoke else comparison.SECONDS)
        compared = comparison.compare(command, seconds, smoke=smoke)
        return compared, list(comparison.told(compared))
    if name == "startup":
        started = startup.measure(command, 1 if smoke else startup.RUNS)
        return started, list(startup.told(started))
    if name == "load":
        loaded = load.measure(command, 20, 1, 4) if smoke else load.measure(command)
        return loaded, list(load.told(loaded))
    usual = "5MB" if smoke else scaling.STREAM
    scaled = scaling.measure(options.stream or stream.size(usual), command, smoke=smoke)
    return scaled, list(scaling.told(scaled))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--smoke", action="store_true", help="a little of each: whether it runs at all")
    parser.add_argument(
        "--seconds", type=float, metavar="N", help=f"of the comparison (default: {comparison.SECONDS:g})"
    )
    parser.add_argument(
        "--stream",
        type=stream.size,
        metavar="SIZE",
        help=f"of the longest stream (default: {scaling.STREAM})",
    )
    parser.add_argument("--results", type=Path, metavar="DIR", help="write the figures there too, as JSON")
    parser.add_argument(
        "--write", action="store_true", help=f"into {RESULTS.name} beside this, and the docs from them"
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]!r}; there are: {', '.join(PARTS)}")
    if options.write and options.smoke:
        parser.error("--smoke measures nothing that is worth to be written down")
    if options.write:
        options.results = RESULTS
    return options


if __name__ == "__main__":
    sys.exit(main())
