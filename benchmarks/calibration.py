"""How often each rule was asked and broken on real recordings: `python -m benchmarks.calibration --write`.

Needs the folder that `RTPROTO_RECORDINGS` names, with a folder of JSONL recordings for each vendor.  The page that it
makes, `docs/calibration.md`, holds counts and nothing of the recordings.

Every recording is judged as OpenAI's, whoever made it: what the profiles forgive is to be seen here.  A rule that is
code has an occasion at every event of the types that it looks at, a rule that is a cell of a table at every event that
is an input which some state of the machine answers with it, and one about entities left unfinished at every entity.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rtproto.checker import SessionChecker
from rtproto.events.dialect import direction_of
from rtproto.findings import Severity
from rtproto.protocol.engine import Broken, Engine, Step
from rtproto.protocol.facts import Facts
from rtproto.protocol.machine import Breach, outcomes
from rtproto.protocol.tables import MACHINES
from rtproto.rules import RULES, Rule
from rtproto.rules.base import BAD_AUDIO, Context, Unjudged
from rtproto.transcripts.jsonl import read
from rtproto.wire import AUDIO_FIELDS

PAGE = Path("docs/calibration.md")
COMMAND = "RTPROTO_RECORDINGS=FOLDER python -m benchmarks.calibration --write"


class Occasions:
    """What the recordings of one vendor gave the rules to look at."""

    def __init__(self) -> None:
        self.recordings = 0
        self.frames = 0
        self.events: Counter[tuple[str, str]] = Counter()
        """By dialect and event type."""
        self.inputs: Counter[str] = Counter()
        """Events that are an input for which some state breaks the rule of this code."""
        self.entities: Counter[str] = Counter()
        """By machine."""
        self.broken: Counter[str] = Counter()
        """Root findings by code, judged as OpenAI's."""
        self.own: Counter[tuple[str, Severity]] = Counter()
        """Root findings by profile and severity, judged by the profile that is recognised."""
        self.profiles: Counter[str] = Counter()

    def of(self, rule: type[Rule]) -> int:
        """How often the rule could have been broken."""
        types = [type for type in rule.on if not type.startswith("<")]
        in_table = any(rule.code in codes for codes in _CODES.values())
        machines = [machine.name for machine in MACHINES.values() if rule.code in machine.unfinished.values()]
        if BAD_AUDIO in rule.on:
            side = "client" if rule.needs == "client" else "server"
            types += [type for type in AUDIO_FIELDS if direction_of(type) == side]
        elif any(type.startswith("<") for type in rule.on):
            return self.frames
        if not (types or in_table or machines):
            return self.recordings
        return (
            sum(self.events[dialect, type] for dialect in rule.dialects for type in types)
            + self.inputs[rule.code]
            + sum(self.entities[name] for name in machines)
        )


def _codes() -> dict[tuple[str, str], set[str]]:
    """The rules that some state breaks at an input: by machine and input."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for machine in MACHINES.values():
        for (_, input), cell in (*machine.breaches.items(), *machine.moves.items()):
            found[machine.name, input].update(end.code for end in outcomes(cell) if isinstance(end, Breach))
    return found


_CODES = _codes()


class _CountingEngine(Engine):
    """Runs the tables, and counts what goes into them."""

    def __init__(self, facts: Facts, occasions: Occasions) -> None:
        super().__init__(facts)
        self._occasions = occasions
        self._known: set[tuple[str, Any]] = set()

    def step(self, step: Step, event: Any, line: int) -> Broken | None:
        occasions = self._occasions
        occasions.events[self.facts.dialect, step.course.type] += 1
        codes: set[str] = set()
        for leg in step.course.legs:
            key = leg.read_key(event)
            if key is None or (leg.only is not None and not leg.only(self.facts, event, None)):
                continue
            codes |= _CODES[leg.machine.name, leg.input]
            if not leg.each and (leg.machine.name, key) not in self._known:
                self._known.add((leg.machine.name, key))
                occasions.entities[leg.machine.name] += 1
        occasions.inputs.update(codes)
        broken = super().step(step, event, line)
        step.quiet_moves = -1  # so that the checker asks the tables again, and they are counted
        return broken


class _CountingChecker(SessionChecker):
    def __init__(self, occasions: Occasions) -> None:
        self._occasions = occasions
        super().__init__(profile="openai")

    def _begin(self, *, from_start: bool = False) -> None:
        super()._begin(from_start=from_start)
        self._engine = _CountingEngine(self._facts, self._occasions)
        self._context = Context(self._facts, self._engine, self.findings)


class Vendor(NamedTuple):
    """A folder of recordings, and what they gave the rules to look at."""

    name: str
    occasions: Occasions


def calibrate(folder: Path) -> list[Vendor]:
    """Judge every recording of every vendor."""
    vendors = [
        Vendor(place.name, Occasions())
        for place in sorted(folder.iterdir())
        if place.is_dir() and next(place.glob("*.jsonl"), None)
    ]
    for vendor in vendors:
        for path in sorted((folder / vendor.name).glob("*.jsonl")):
            _judge(path, vendor.occasions)
    return vendors


def _judge(path: Path, occasions: Occasions) -> None:
    occasions.recordings += 1
    strict, own = _CountingChecker(occasions), SessionChecker()
    cut = True
    with path.open("rb") as stream:
        for frame in read(stream):
            if frame.close is not None:
                cut = False
                continue
            for checker in (strict, own):
                checker.feed(frame.direction, frame.raw, line=frame.line, time=frame.time)
            occasions.frames += 1
    for checker in (strict, own):
        checker.close(cut=cut)
    occasions.broken.update(f.code for f in strict.findings if f.caused_by is None)
    occasions.own.update((own.profile, f.severity) for f in own.findings if f.caused_by is None)
    occasions.profiles[own.profile] += 1


def page(vendors: Sequence[Vendor], today: dt.date) -> Iterator[str]:
    """The page, line by line."""
    rules = [RULES[code] for code in sorted(RULES) if not issubclass(RULES[code], Unjudged)]
    asked = [rule for rule in rules if any(vendor.occasions.of(rule) for vendor in vendors)]
    recordings = sum(vendor.occasions.recordings for vendor in vendors)
    events = sum(vendor.occasions.frames for vendor in vendors)
    yield "# Calibration: the rules on real recordings"
    yield ""
    yield f"Made on {today.isoformat()} from {recordings} recordings with {events:,} events, which are not part of this"
    yield "repository, by"
    yield ""
    yield "```sh"
    yield COMMAND
    yield "```"
    yield ""
    unjudged = len(RULES) - len(rules)
    yield f"Of {len(rules)} rules that are judged, {len(asked)} had an occasion; {unjudged} others say why a recording"
    yield "cannot show them broken."
    yield ""
    yield "## By vendor, under its own profile"
    yield ""
    yield from _table(
        ("vendor", "recordings", "events", "profile", "errors", "warnings", "notes"),
        (_own(vendor) for vendor in vendors),
    )
    yield ""
    yield "## By rule, judged as OpenAI's"
    yield ""
    yield "Violations / occasions; `-` is no occasion. Violations are root findings of any severity, notes included;"
    yield "what follows from another fault is not among them. An occasion is an event of a type that the rule looks at,"
    yield "or one that some state of a table answers with the rule; whether its other needs were met is not asked."
    yield "Audio payloads of these recordings are cut, so rules about durations had occasions but nothing to measure."
    yield ""
    yield from _table(
        ("rule", "name", *(vendor.name for vendor in vendors), ""),
        ((rule.code, rule.name, *_cells(rule, vendors)) for rule in rules),
    )


def _own(vendor: Vendor) -> tuple[str, ...]:
    occasions = vendor.occasions
    found = Counter[Severity]()
    for (_, severity), count in occasions.own.items():
        found[severity] += count
    names = ", ".join(f"{name} ({count})" for name, count in sorted(occasions.profiles.items()))
    counts = (found[severity] for severity in reversed(Severity))
    return (vendor.name, str(occasions.recordings), f"{occasions.frames:,}", names, *map(str, counts))


def _cells(rule: type[Rule], vendors: Sequence[Vendor]) -> Iterator[str]:
    checks = [vendor.occasions.of(rule) for vendor in vendors]
    for vendor, asked in zip(vendors, checks, strict=True):
        yield f"{vendor.occasions.broken[rule.code]}/{asked:,}" if asked else "-"
    yield "" if any(checks) else "no occasion"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calibration", description="Count rules on recordings."
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE} instead of printing it")
    args = parser.parse_args(argv)
    folder = os.environ.get("RTPROTO_RECORDINGS")
    if not folder:
        parser.error("RTPROTO_RECORDINGS names no folder of real recordings")
    today = dt.datetime.now(tz=dt.UTC).date()
    text = "\n".join(page(calibrate(Path(folder)), today)) + "\n"
    if args.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
