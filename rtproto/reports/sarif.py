"""The report as SARIF 2.1.0, for GitHub code scanning, IDEs and other viewers of static analysis.

A finding is a result; its witnesses are related locations and, with the line itself, one code flow.  A consequence is
counted with its cause and is no result of its own.  The parts of the format that a report needs are Structs here.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

import rtproto
from rtproto.findings import SessionReport, Severity, Unchecked, Witness
from rtproto.reports import Options
from rtproto.reports.gathered import Gathered, Told
from rtproto.reports.json import event_id, json_text
from rtproto.reports.places import Fingerprints, shown, uri
from rtproto.reports.words import message, plural, prose, rule_of, show, source

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 25_000
"""Results that GitHub takes of one run."""
MOST_LOCATIONS = 100
"""Related locations that GitHub shows of one result (it takes 1,000)."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PRECISION = {"documented": "very-high", "schema": "very-high", "observed": "high", "inferred": "medium"}


class _Part(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What an object of the format has in common here: names in camel case, and no member that says nothing."""


class Message(_Part, frozen=True):
    text: str


class ArtifactLocation(_Part, frozen=True):
    uri: str
    uri_base_id: str | None = None


class Region(_Part, frozen=True):
    start_line: int


class PhysicalLocation(_Part, frozen=True):
    artifact_location: ArtifactLocation
    region: Region | None = None


class Location(_Part, frozen=True):
    id: int | None = None
    physical_location: PhysicalLocation | None = None
    message: Message | None = None


class ThreadFlowLocation(_Part, frozen=True):
    location: Location
    importance: str


class ThreadFlow(_Part, frozen=True):
    locations: tuple[ThreadFlowLocation, ...]


class CodeFlow(_Part, frozen=True):
    thread_flows: tuple[ThreadFlow, ...]


class ResultProperties(_Part, frozen=True):
    """What the format has no member for."""

    event_id: str | None = None
    direction: str | None = None
    machine: str = ""
    state: str = ""
    allowed: tuple[str, ...] = ()
    consequences: int = 0
    last_line: int | None = None


class Result(_Part, frozen=True):
    rule_id: str
    rule_index: int
    level: str
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    related_locations: tuple[Location, ...] = ()
    code_flows: tuple[CodeFlow, ...] = ()
    occurrence_count: int = 1
    properties: ResultProperties = ResultProperties()


class RuleConfiguration(_Part, frozen=True):
    level: str


class RuleProperties(Struct, frozen=True, omit_defaults=True):
    tags: tuple[str, ...]
    precision: str | None = None


class ReportingDescriptor(_Part, frozen=True):
    id: str
    name: str
    short_description: Message | None = None
    full_description: Message | None = None
    help: Message | None = None
    default_configuration: RuleConfiguration | None = None
    properties: RuleProperties | None = None


class Driver(_Part, frozen=True):
    name: str
    version: str
    rules: tuple[ReportingDescriptor, ...]


class Tool(_Part, frozen=True):
    driver: Driver


class Notification(_Part, frozen=True):
    level: str
    message: Message
    locations: tuple[Location, ...] = ()


class Invocation(_Part, frozen=True):
    execution_successful: bool
    tool_execution_notifications: tuple[Notification, ...] = ()


class Run(_Part, frozen=True):
    tool: Tool
    invocations: tuple[Invocation, ...]
    results: tuple[Result, ...]
    column_kind: str


def _message(text: str) -> Message:
    """A message as the format wants it: braces doubled, for single ones are placeholders, and no link in it."""
    return Message(text.replace("{", "{{").replace("}", "}}").replace("](", "] ("))


def _location(path: str, line: int, note: str = "", id: int | None = None) -> Location:
    artifact = ArtifactLocation(uri(path))
    if "://" not in artifact.uri:
        artifact = ArtifactLocation(artifact.uri, "%SRCROOT%")
    physical = PhysicalLocation(artifact, Region(max(line, 1)))
    return Location(id, physical, _message(note) if note else None)


def _told(witness: Witness) -> str:
    """What the line did, after the event's type where that is known."""
    note = prose(witness.note, 200)
    return f"{show(witness.type)}: {note}" if witness.type else note


class SarifReporter:
    """Keeps the findings, and writes the log at the end."""

    def __init__(self, write: Callable[[str], object], options: Options) -> None:
        self._write = write
        self._gathered = Gathered(options.min_severity or Severity.INFO)
        self._fingerprints = Fingerprints()
        self._rules: dict[tuple[str, str], int] = {}

    def session(self, session: SessionReport) -> None:
        """Keep the findings of one session."""
        self._gathered.session(session)

    def unchecked(self, unchecked: Unchecked) -> None:
        """Keep one path that could not be checked."""
        self._gathered.not_checked(unchecked)

    def _result(self, told: Told) -> Result:
        path, finding = told.path, told.finding
        witnesses = finding.witnesses[:MOST_LOCATIONS]
        related = tuple(
            _location(path, witness.line, _told(witness), number)
            for number, witness in enumerate(witnesses, 1)
        )
        here = _location(path, finding.line, message(finding))
        steps = [
            (witness.line, "important", place) for witness, place in zip(witnesses, related, strict=True)
        ]
        steps.append((finding.line, "essential", here))
        steps.sort(key=lambda step: step[0])
        flow = ThreadFlow(
            tuple(
                ThreadFlowLocation(Location(None, place.physical_location, place.message), importance)
                for _, importance, place in steps
            )
        )
        return Result(
            rule_id=finding.code,
            rule_index=self._rules.setdefault((finding.code, finding.name), len(self._rules)),
            level=_LEVELS[finding.severity],
            message=_message(told.sentence),
            locations=(_location(path, finding.line),),
            partial_fingerprints={"rtprotoShape/v1": self._fingerprints.of(path, finding)},
            related_locations=related,
            code_flows=(CodeFlow((flow,)),) if witnesses else (),
            occurrence_count=finding.count,
            properties=ResultProperties(
                event_id=event_id(finding),
                direction=finding.event.direction if finding.event is not None else None,
                machine=finding.machine,
                state=finding.state,
                allowed=tuple(show(kind) for kind in finding.allowed),
                consequences=told.consequences,
                last_line=finding.last_line,
            ),
        )

    def finish(self) -> None:
        """Write the log: the worst findings, should they be more than anybody takes."""
        gathered = self._gathered
        notifications = [_notification(unchecked) for unchecked in gathered.unchecked]
        told = gathered.told
        if (over := len(told) - MOST_RESULTS) > 0:
            told = gathered.worst()[:MOST_RESULTS]
            left_out = f"{plural(over, 'finding')} left out: a run has at most {MOST_RESULTS:,} results"
            notifications.append(Notification("warning", Message(left_out)))
        results = tuple(map(self._result, told))
        run = Run(
            tool=Tool(Driver("rtproto", rtproto.__version__, tuple(map(_descriptor, self._rules)))),
            invocations=(Invocation(not gathered.unchecked, tuple(notifications)),),
            results=results,
            column_kind="unicodeCodePoints",
        )
        self._write(json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))


def _notification(unchecked: Unchecked) -> Notification:
    """A path that could not be checked: the run was not whole."""
    told = f"{shown(unchecked.path)}: not checked: {prose(unchecked.reason, 1000)}"
    return Notification("error", _message(told), (_location(unchecked.path, 1),))


def _descriptor(named: tuple[str, str]) -> ReportingDescriptor:
    """What there is to say about a rule, for viewers that show it beside the result."""
    from rtproto.reports.pages import symptoms, what_and_why

    code, name = named
    rule = rule_of(code)
    if rule is None:
        return ReportingDescriptor(code, name)
    what, why = what_and_why(rule)
    known = f"Known from {source(rule.basis)}. {' '.join(rule.evidence.split())}"
    noticed = f"Noticed as: {'; '.join(symptoms(rule))}." if rule.symptoms else ""
    return ReportingDescriptor(
        id=code,
        name=name,
        short_description=_message(what),
        full_description=_message(" ".join([what, *why.split()])),
        help=_message("\n\n".join(part for part in (what, why, known, noticed) if part)),
        default_configuration=RuleConfiguration(_LEVELS[rule.severity]),
        properties=RuleProperties(("realtime", rule.basis, code[:3]), _PRECISION.get(rule.basis)),
    )
