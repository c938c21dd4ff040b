"""The cases that are made from the rules' examples: `cases/rules`, and `cases/samples`, the sessions they start from.

An example is the one home of its session, its edit and its label.  The line that breaks the rule is the one that the
edit makes, or the one that the example names (`found`); no checker is asked.  Where a rule holds in beta too, the same
example in beta's words is a second case.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from rtproto.conform.beta import in_beta
from rtproto.conform.case import Case, Dialect, Expected, Kind, Level, Origin, Verdict, dump, transcript_of
from rtproto.conform.transcript import Line
from rtproto.findings import Severity
from rtproto.protocol.profiles import NAMES, shipped
from rtproto.rules import RULES
from rtproto.rules.base import Basis, Rule, Unjudged
from rtproto.rules.examples import CLOCK, Example, RestExample, Spot
from rtproto.rules.sessions import SESSIONS, Session, session

FOLDERS = ("profiles", "rules", "samples")
"""Under `cases`; nothing else may lie there."""

_KINDS: Mapping[Basis, Kind] = {
    "documented": "document",
    "schema": "schema",
    "observed": "recorded",
    "inferred": "inferred",
}
_LEVELS: Mapping[Severity, Level] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}
_SAMPLE_ORIGIN = Origin("document", "The API reference and the guides: what is sent, and in which order")
_NOTE = "The rule is a note: it tells of something that is probably not meant, not of a breach."
_TOO_EARLY = "The recording ends before it is certain that nothing more comes."

_IN_BETA = frozenset(
    {
        *("text_turn", "voice_turn", "push_to_talk", "push_to_talk_twice", "answered_on_demand"),
        *("barge_in", "late_interruption", "long_answer", "retrieved_item", "placed_items"),
        *("tool_call", "call_cut_short", "message_and_call", "out_of_band"),
        *("failed_turn", "cancelled_turn", "webrtc_turn", "webrtc_barge_in", "webrtc_hang_up"),
        "refused_requests",
    }
)
"""GA samples that beta can say as well; the others show what only GA has."""
_GA_ONLY: Mapping[str, str] = {
    "CLI014": "its combination is the one that beta has",
    "CLI015": "its format is told by a rate, and beta's formats have none",
    "DIA001": "it mixes a beta event into GA, which is no mixture in beta",
    "OUT024": "its event is one that beta does not have",
}
"""Rules of both dialects whose example says something else in beta, and why."""

_BREAK_MORE = frozenset({"ITM010", "OUT026", "SHP001", "SHP002"})
"""Rules whose example breaks another one in consequence, which is then no consequence of anything forgiven: a done that
names another predecessor than its item, an item that is done and was not added, a text that lacks a delta."""


class _Play(Struct, frozen=True):
    """A session in one dialect: its frames, and the line in it of each event that the example knows."""

    lines: tuple[Line, ...]
    places: Mapping[int, int]

    def line(self, number: int) -> int | None:
        """Where a line of the example stands here; None where this dialect has no such event."""
        return self.places.get(number)


def texts() -> Mapping[str, Callable[[], str]]:
    """Every file under `cases` that is made from the rules, and what makes its text."""
    return {f"{id}.toml": functools.partial(dump, case) for id, case in cases().items()}


def cases() -> dict[str, Case]:
    """Every case that is made from the rules, by its id."""
    made: dict[str, Case] = {}
    for code in sorted(RULES):
        of_rule = list(_of_rule(RULES[code]))
        made |= {case.id: case for case in (*of_rule, *_of_profiles(code, of_rule))}
    return made | {case.id: case for case in _samples(list(made.values()))}


def _of_rule(rule: type[Rule]) -> Iterator[Case]:
    if issubclass(rule, Unjudged) or isinstance(rule.example, RestExample):
        return
    yield from _pair(rule, _dialect(rule.example.session))
    if "beta" in rule.dialects and rule.example.session in _IN_BETA and rule.code not in _GA_ONLY:
        yield from _pair(rule, "beta")


def _pair(rule: type[Rule], dialect: Dialect) -> Iterator[Case]:
    """The breaking case and, where no sample is its legal twin, that one too."""
    example = rule.example
    broken = _play(example, dialect, breaking=True)
    legal = _play(example, dialect, breaking=False)
    expect = _expected(rule, broken)
    if expect is None or broken.lines == legal.lines:
        return
    suffix = _suffix(example.session, dialect)
    sample = _is_sample(example)
    twin = _sample_id(example.session, dialect) if sample else f"rules/{rule.code}/legal{suffix}"
    title = rule.name.replace("-", " ")
    verdict: Verdict = "invalid"
    reason = ""
    if all(each.severity == "info" for each in expect):
        verdict, reason = ("indeterminate", _TOO_EARLY) if example.noted else ("acceptable", _NOTE)
    case = Case(
        id=f"rules/{rule.code}/{rule.name}{suffix}",
        title=title,
        dialect=dialect,
        verdict=verdict,
        origin=Origin(_KINDS[rule.basis], rule.evidence),
        transcript=transcript_of(broken.lines),
        reason=reason,
        flags=rule.symptoms,
        twin=twin,
        closed=not example.cut,
        frame_limit=example.limit,
        strict_fields=example.strict,
        comment=" ".join((rule.__doc__ or "").split("\n\n")[0].split()),
        expect=expect,
    )
    yield case
    if not sample:
        note = (rule.code,) if rule.severity == Severity.INFO else ()
        yield msgspec.structs.replace(
            case,
            id=twin,
            title=f"legal twin of: {title}",
            verdict="valid",
            transcript=transcript_of(legal.lines),
            reason="",
            flags=(),
            twin="",
            expect=(),
            forbid=note,
        )


def _of_profiles(code: str, cases: Sequence[Case]) -> Iterator[Case]:
    """What breaks a rule, from a server to which the rule is forgiven: either answer is right."""
    broken = [case for case in cases if case.verdict == "invalid"]
    if not broken or code in _BREAK_MORE:
        return
    for name in NAMES:
        relaxed = shipped(name).relax.get(code)
        if relaxed is None or relaxed.severity not in ("off", "info"):
            continue
        # The first is in the rule's own dialect, the last in beta where there is one; Voice Live speaks that.
        case = broken[-1] if name == "azure-voice-live" else broken[0]
        expect = tuple(
            msgspec.structs.replace(each, severity="info", optional=relaxed.severity == "off")
            for each in case.expect
        )
        yield msgspec.structs.replace(
            case,
            id=f"profiles/{name}/{code}",
            title=f"{case.title}, from a server known to bend the rule",
            profile=name,
            verdict="acceptable",
            reason=relaxed.why,
            origin=Origin("recorded", relaxed.why),
            twin="",
            expect=expect,
        )


def _play(example: Example, dialect: Dialect, *, breaking: bool) -> _Play:
    events = [line for line in (example.breaking() if breaking else example.passing()) if line[0] != CLOCK]
    raws = [raw for _, raw in example.lines(breaking=breaking)]
    times = example.times(breaking=breaking)
    if dialect != "beta" or _dialect(example.session) == "beta":
        lines = tuple(Line(side, raw, time) for (side, _), raw, time in zip(events, raws, times, strict=True))
        return _Play(lines, {number: number for number in range(1, len(lines) + 1)})
    kept = in_beta(events)
    lines = tuple(
        Line(side, raws[index] if events[index][1] == event else msgspec.json.encode(event), times[index])
        for index, side, event in kept
    )
    return _Play(lines, {index + 1: number for number, (index, _, _) in enumerate(kept, 1)})


def _expected(rule: type[Rule], play: _Play) -> tuple[Expected, ...] | None:
    """What should be found; None where the dialect has no such line."""
    example = rule.example
    session = example.breaking()

    def lines(spots: Sequence[Spot]) -> tuple[int, ...]:
        return tuple(line for spot in spots if (line := play.line(spot.line(session))) is not None)

    line = play.line(example.broken_line())
    if line is None:
        return None
    level: Level = "info" if example.noted else _LEVELS[rule.severity]
    found = Expected(line, rule.code, level, lines(example.because), lines(example.also))
    made = play.places[example.made_line()] if example.beside else 0
    return (found, *(Expected(made, code, _LEVELS[RULES[code].severity]) for code in example.beside))


def _is_sample(example: Example) -> bool:
    """The legal twin is the session as it is, with nothing beside the lines."""
    return (
        not example.prepare
        and example.cut
        and example.clock is None
        and example.limit is None
        and not example.strict
    )


def _samples(made: Sequence[Case]) -> Iterator[Case]:
    """The sessions that are twins, each as a valid case."""
    for name, make in SESSIONS.items():
        told = " ".join((make.__doc__ or "").split()).rstrip(".")
        yield from _sample(name, _dialect(name), told, session(name), made)
        if name in _IN_BETA:
            lines = [(side, event) for _, side, event in in_beta(session(name))]
            yield from _sample(name, "beta", told.replace("GA", "Beta", 1), lines, made)


def _sample(name: str, dialect: Dialect, title: str, lines: Session, made: Sequence[Case]) -> Iterator[Case]:
    id = _sample_id(name, dialect)
    of = [case for case in made if case.twin == id]
    if of:
        notes = {each.code for case in of for each in case.expect if each.severity == "info"}
        yield Case(
            id=id,
            title=title,
            dialect=dialect,
            verdict="valid",
            origin=_SAMPLE_ORIGIN,
            transcript=transcript_of([Line(side, msgspec.json.encode(event)) for side, event in lines]),
            forbid=tuple(sorted(notes)),
        )


def _dialect(name: str) -> Dialect:
    """The dialect of a sample session, by its name."""
    return "beta" if name.startswith("beta_") else "translation" if name == "translation" else "ga"


def _sample_id(name: str, dialect: Dialect) -> str:
    return f"samples/{name.replace('_', '-')}{_suffix(name, dialect)}"


def _suffix(name: str, dialect: Dialect) -> str:
    """What an id ends with where a sample is played in another dialect than its own."""
    return "" if dialect == _dialect(name) else f"-{dialect}"
