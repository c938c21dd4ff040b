"""One fault, one finding, measured: `python -m tests.mutations` damages real recordings, one line at a time.

Each mutant differs from its recording by one deletion, doubling, exchange of neighbours, renamed id, changed text or
changed number.  Of the mutants that any rule can see (at least one new root finding at error or warning), it prints the
share that have exactly one, the codes that come together most often, and the rest, a line each.

The same mutants on every run: they are drawn with a fixed seed, a share of the lines of each recording.  Needs the
folder that `RTPROTO_RECORDINGS` names; what is printed holds types and codes, nothing of what was said.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from rtproto.checker import SessionChecker
from rtproto.findings import Severity
from rtproto.testing.damage import changed, kind_of, leaves

TARGET = 0.95
KINDS = ("delete", "duplicate", "swap", "rename", "reword", "renumber")
EACH = 100
"""Lines of a recording that each kind of mutation is tried on."""

Line = tuple[str, bytes]


class Mutant(NamedTuple):
    """A recording with one change."""

    recording: str
    kind: str
    line: int
    type: str
    what: str
    lines: list[Line]


class Outcome(NamedTuple):
    """The roots at error or warning that a mutant has and its recording has not."""

    mutant: Mutant
    codes: tuple[str, ...]


def load(path: Path) -> list[Line]:
    """The frames of a recording: direction and bytes."""
    lines: list[Line] = []
    for raw in path.read_bytes().splitlines():
        frame = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if "event" in frame:
            lines.append((msgspec.json.decode(frame["direction"], type=str), bytes(frame["event"])))
    return lines


def roots(lines: Sequence[Line], profile: str | None = None) -> Counter[str]:
    """Codes of the roots at error or warning."""
    checker = SessionChecker(profile=profile)
    for direction, raw in lines:
        checker.feed(direction, raw)
    checker.close()
    return Counter(f.code for f in checker.findings if f.caused_by is None and f.severity > Severity.INFO)


def mutants(recording: str, lines: list[Line], each: int = EACH) -> Iterator[Mutant]:
    """Mutants of one recording, the same ones on every run."""
    rng = random.Random(zlib.crc32(recording.encode()))
    events = [msgspec.json.decode(raw) for _, raw in lines]
    for kind in KINDS:
        for at in sorted(rng.sample(range(len(lines)), min(each, len(lines)))):
            direction = lines[at][0]
            event = events[at]
            what = ""
            if kind == "delete":
                damaged = lines[:at] + lines[at + 1 :]
            elif kind == "duplicate":
                damaged = [*lines[: at + 1], *lines[at:]]
            elif kind == "swap":
                if at + 1 == len(lines) or lines[at] == lines[at + 1]:
                    continue
                what = events[at + 1]["type"]
                damaged = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
            else:
                places = [(place, value) for place, value in leaves(event) if kind_of(place, value) == kind]
                if not places:
                    continue
                place, value = rng.choice(places)
                what = ".".join(map(str, place))
                other = (
                    value + 1 if kind == "renumber" else value + ("_other" if kind == "rename" else " other")
                )
                raw = msgspec.json.encode(changed(event, place, other))
                damaged = [*lines[:at], (direction, raw), *lines[at + 1 :]]
            yield Mutant(recording, kind, at + 1, event["type"], what, damaged)


def recordings(folder: Path) -> Iterator[tuple[str, list[Line]]]:
    """Every recording below the folder by its name in it."""
    for path in sorted(folder.rglob("*.jsonl")):
        yield path.relative_to(folder).with_suffix("").as_posix(), load(path)


def measure(folder: Path, each: int = EACH) -> tuple[int, list[Outcome]]:
    """How many mutants were made, and the outcomes of those that any rule sees."""
    made = 0
    seen: list[Outcome] = []
    for name, lines in recordings(folder):
        before = roots(lines)
        for mutant in mutants(name, lines, each):
            made += 1
            new = roots(mutant.lines) - before
            if new:
                seen.append(Outcome(mutant, tuple(sorted(new.elements()))))
    return made, seen


def report(made: int, seen: Sequence[Outcome], *, rest: bool = True) -> Iterator[str]:
    """The figure, the codes that come together, and the mutants with more than one finding."""
    several = [outcome for outcome in seen if len(outcome.codes) > 1]
    single = len(seen) - len(several)
    yield f"{made:,} mutants, {len(seen):,} seen by a rule, {single:,} of them by one finding: {single / len(seen):.1%}"
    for kind in KINDS:
        of_kind = [outcome for outcome in seen if outcome.mutant.kind == kind]
        alone = sum(len(outcome.codes) == 1 for outcome in of_kind)
        if of_kind:
            yield f"  {kind:<10} {alone:>5} of {len(of_kind):>5}  {alone / len(of_kind):.1%}"
    together = Counter(outcome.codes for outcome in several)
    if together:
        yield "codes that come together:"
    for codes, count in together.most_common(40):
        yield f"  {count:>5}  {' + '.join(codes)}"
    if rest and several:
        yield "mutants with several findings:"
        for mutant, codes in several:
            change = f"{mutant.type} {mutant.what}".rstrip()
            yield f"  {mutant.recording}:{mutant.line} {mutant.kind} {change}: {', '.join(codes)}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument(
        "--each", type=int, default=EACH, help="lines that each kind is tried on (default: %(default)s)"
    )
    parser.add_argument(
        "--no-list", action="store_true", help="do not list the mutants with several findings"
    )
    args = parser.parse_args(argv)
    folder = os.environ.get("RTPROTO_RECORDINGS")
    if not folder:
        parser.error("RTPROTO_RECORDINGS names no folder of real recordings")
    made, seen = measure(Path(folder), args.each)
    for line in report(made, seen, rest=not args.no_list):
        sys.stdout.write(line + "\n")
    single = sum(len(outcome.codes) == 1 for outcome in seen)
    return 0 if single >= TARGET * len(seen) else 1


if __name__ == "__main__":
    sys.exit(main())
