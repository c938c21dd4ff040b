"""Judging one connection, event by event, without any I/O.

`SessionChecker.feed` takes a direction and the bytes of one frame and returns the findings they give rise to; `close`
returns those that only the end can tell.  Neither raises on what the bytes are.  The findings of a prefix are a prefix
of the findings of the whole.  Memory is bounded by the longest frame and the live entities.

Each event takes the same way: bytes are decoded (`rtproto.wire`), the tables move (`rtproto.protocol`), the rules that
want events of this type look at it (`rtproto.rules`), and only then it becomes part of what is known (`Facts`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rtproto.checker_profile import AnyProfile, profile_of
from rtproto.checker_repeats import collapse
from rtproto.events.base import UnknownEvent
from rtproto.events.dialect import DIALECTS, direction_of, event_type
from rtproto.findings import Finding, SessionReport, Severity
from rtproto.protocol.engine import Broken, Course, Engine, Entity, Step
from rtproto.protocol.excerpts import excerpt
from rtproto.protocol.facts import CLIENT_HANDLERS, SERVER_HANDLERS, Facts
from rtproto.protocol.ledger import ANSWERS
from rtproto.protocol.profiles import OPENAI, Profile, recognise, shipped
from rtproto.protocol.recognition import dialect_of, probe
from rtproto.protocol.routes import allowed_events, routes_of
from rtproto.rules import RULES
from rtproto.rules.base import (
    BAD_AUDIO,
    FAULT,
    FOREIGN,
    LARGE_AUDIO,
    MISDIRECTED,
    STRICT,
    SUSPECT,
    UNKNOWN,
    Context,
    Rule,
    Verdict,
)
from rtproto.wire import AUDIO_FIELDS, MAX_LINE_BYTES, Decoder, Fault, salvage

_CONFIGURED = ("session.created", "session.updated", "transcription_session.updated")

_LARGE_BYTES = 15 * 2**20
"""Bytes of a frame above which its audio is asked for its size; the API takes 15 MiB of audio in one event."""

_CHECKS: dict[str, tuple[Rule, ...]] = {}
_INSTANCES: dict[str, Rule] = {
    code: rule() for code, rule in sorted(RULES.items(), key=lambda entry: (entry[1].last, entry[0]))
}
for _rule in _INSTANCES.values():
    for _type in _rule.on:
        _CHECKS[_type] = (*_CHECKS.get(_type, ()), _rule)


class _Plan:
    """What is done with the events of one type in one dialect: the tables they move, the rules that look, the fact they
    become.  Made once for all connections."""

    __slots__ = ("answers", "audio", "checks", "collects", "course", "handler", "raw_checks", "type")

    def __init__(self, type: str, direction: str, dialect: str) -> None:
        self.type = type
        rules = [rule for rule in _CHECKS.get(type, ()) if dialect in rule.dialects]
        self.checks = tuple((rule, rule.check) for rule in rules)
        self.raw_checks = tuple(rule for rule in rules if rule.reads_raw)
        """Rules that judge the bytes, also of an event that did not decode."""
        depends = [name for rule in rules for name in rule.depends]
        # A rule that does not say on what its answer depends must be asked every time.
        repeatable = all(rule.depends for rule in rules)
        self.course = Course(type, routes_of(dialect, type), depends, repeatable=repeatable)
        self.handler = (CLIENT_HANDLERS if direction == "client" else SERVER_HANDLERS).get(type)
        self.audio = type in AUDIO_FIELDS
        self.collects = self.handler is Facts.on_text_delta
        self.answers = direction == "server" and (
            type == "error" or any(type in each for each in ANSWERS.values())
        )


_plan = functools.cache(_Plan)


class _Place(Step):
    """A plan on one connection."""

    __slots__ = ("audio", "collect", "handler", "plan")

    def __init__(self, plan: _Plan, facts: Facts) -> None:
        super().__init__(plan.course)
        self.plan = plan
        self.audio = plan.audio
        self.collect: Callable[[str], None] | None = None
        """Takes the text of the next delta in the same place: all that `Facts.on_text_delta` does with one."""
        self.handler = None if plan.handler is None else functools.partial(plan.handler, facts)


class _Side:
    """One direction of a connection."""

    __slots__ = ("decode", "decoder", "events", "places")

    def __init__(self, dialect: str, direction: str) -> None:
        self.decoder = Decoder(DIALECTS[dialect], direction=direction)
        self.decode = self.decoder.decode
        self.events = 0
        self.places: dict[type, _Place] = {}
        """By class of event, so that the common event needs one look-up."""


class SessionChecker:
    """Judges one connection.  Give `dialect` or `profile` to force what is otherwise recognised.

    A profile is the name of a shipped one, the path of a TOML file, or a `Profile`.  Raises `ValueError` for a dialect
    or profile that there is not, or a file that is none.

    With `strict_fields`, events are also searched for members that no type has (SHP004) and for repeated keys (WIR010).
    That takes several times as long as all the rest, so it is not done unasked.

    `findings` holds everything found so far; an index into it is what `Finding.caused_by` means.
    """

    def __init__(
        self,
        *,
        dialect: str | None = None,
        profile: AnyProfile | None = None,
        path: str = "",
        max_frame_bytes: int = MAX_LINE_BYTES,
        strict_fields: bool = False,
    ) -> None:
        if dialect is not None and dialect not in DIALECTS:
            raise ValueError(f"no dialect {dialect!r}; there are: " + ", ".join(DIALECTS))
        self.path = path
        self.findings: list[Finding] = []
        self._forced = dialect
        self._dialect: str | None = dialect
        self._profile: Profile = OPENAI if profile is None else profile_of(profile)
        self._profile_reason = "asked for" if profile is not None else "nothing says otherwise"
        self._profile_fixed = profile is not None
        self._strict = strict_fields
        self._max_frame_bytes = max_frame_bytes
        self._ordinary_bytes = min(max_frame_bytes, _LARGE_BYTES)
        self._line = 0
        self._earlier = 0
        """Events of connections that came before this one in the same recording."""
        self._begin()

    def _begin(self) -> None:
        """Start with empty hands: at first, and when a second connection begins in the same recording."""
        self._facts = Facts(dialect=self._dialect or "ga")
        self._engine = Engine(self._facts)
        self._context = Context(self._facts, self._engine, self.findings)
        self._sides = {direction: _Side(self.dialect, direction) for direction in ("client", "server")}
        self._places: dict[_Plan, _Place] = {}
        self._foreign: dict[tuple[str, str], Decoder] = {}

    # What can be read at any time.

    @property
    def dialect(self) -> str:
        """The connection's dialect; `ga` until an event shows it."""
        return self._dialect or "ga"

    @property
    def profile(self) -> str:
        """The name of the profile in force."""
        return self._profile.name

    @property
    def mode(self) -> str:
        """`complete` when the recording holds the start of the connection, else `mid-session`."""
        return "mid-session" if self._engine.mid_session else "complete"

    @property
    def state(self) -> dict[str, dict[str, str]]:
        """The state of every entity: machine name to key to state; keys of several parts are joined by a slash."""
        return {
            name: {"/".join(map(str, key)): entity.state for key, entity in entities.items()}
            for name, entities in self._engine.entities.items()
            if entities
        }

    # The way of an event.

    def feed(
        self, direction: str | None, raw: bytes, *, line: int | None = None, time: float | None = None
    ) -> list[Finding]:
        """Judge one frame and return what it gave rise to.  Never raises on what the bytes are.

        `direction` is `client` or `server`, or None to infer it from the event's type.  `line` is the frame's place in
        its recording; without it, frames are counted.  `time` (seconds) is kept for rules about time.
        """
        self._line = line = self._line + 1 if line is None else line
        if len(raw) > self._ordinary_bytes:
            if len(raw) > self._max_frame_bytes:
                found = f"{len(raw)} bytes"
                fault = Fault(kind="too-long", expected=f"at most {self._max_frame_bytes} bytes", found=found)
                return self.feed_fault(fault, direction, line=line)
            # However often its like was in order, a frame of this size is looked at.
            self._engine.moves += 1
        if direction is None or self._dialect is None:
            direction = self._look_ahead(direction, raw)
        side = self._sides[direction]
        side.events += 1
        event = side.decode(raw)
        place = side.places.get(event.__class__)
        if place is not None and place.quiet_moves == self._engine.moves:
            key = place.key
            if key is None or place.quiet_key == key(event):
                # The same event in the same place, and nothing has moved since the last one was found in order.
                if place.collect is not None:
                    place.collect(event.delta)  # type: ignore[union-attr]  # only events with a delta are collected
                    return []
                size = side.decoder.audio_bytes if place.audio else None
                if size is not None or not place.audio:
                    if place.handler is not None:
                        place.handler(event, line, place.entity, size)
                    return []
        before = len(self.findings)
        self._facts.seen.add(direction)
        self._facts.time = time
        context = self._context
        context.line, context.direction, context.raw = line, direction, raw
        context.audio_bytes, context.fault, context.entity = None, None, None
        if place is None or place.audio:
            context.audio_bytes = side.decoder.audio_bytes
        if place is not None:
            self._judge(place, event)
        elif isinstance(event, Fault):
            self._judge_fault(event, direction)
        elif isinstance(event, UnknownEvent):
            self._judge_unknown(event, direction)
        else:
            place = self._place(event_type(event), direction)
            if not self._strict:
                side.places[event.__class__] = place
            self._judge(place, event)
        if len(self.findings) > before:
            self._suspect(event, before)
        return self.findings[before:]

    def feed_fault(
        self, fault: Fault, direction: str | None = None, *, line: int | None = None
    ) -> list[Finding]:
        """Take note of a frame that could not even be handed over, such as one that the reader cut for its length."""
        self._line = line = self._line + 1 if line is None else line
        before = len(self.findings)
        context = self._context
        context.line, context.direction, context.raw = line, direction or "server", b""
        context.audio_bytes, context.entity = None, None
        self._judge_fault(fault, context.direction)
        return self.findings[before:]

    def _look_ahead(self, direction: str | None, raw: bytes) -> str:
        """Find out what is not known yet: the dialect, and the direction of a bare event."""
        found = probe(raw)
        if found is None:
            return direction or "server"
        if self._dialect is None:
            self._dialect = dialect_of(found, direction)
            if self._dialect is not None and self._dialect != self._facts.dialect:
                self._facts.dialect = self._dialect
                for side, fresh in self._sides.items():
                    self._sides[side] = _Side(self._dialect, side)
                    self._sides[side].events = fresh.events
                self._places.clear()
        return direction or direction_of(found.type) or "server"

    def _place(self, type: str, direction: str) -> _Place:
        """What is done with events of that type, and where this connection's last one led."""
        plan = _plan(type, direction, self.dialect)
        place = self._places.get(plan)
        if place is None:
            place = self._places[plan] = _Place(plan, self._facts)
        return place

    def _judge(self, place: _Place, event: Any, under: int | None = None, *, salvaged: bool = False) -> None:
        """Tables, rules, facts, in this order; `under` is the finding that explains whatever is wrong now."""
        context, plan = self._context, place.plan
        context.type = plan.type
        if plan.type in _CONFIGURED and not self._profile_fixed:
            self._recognise(context.raw)
        broken = self._engine.step(place, event, context.line)
        context.entity = place.entity
        if broken is not None:
            root = self._report_breach(broken, event, under)
            under = root if under is None else under
            if broken.breach.restart:
                place = self._restart(plan, event)
                context.entity = place.entity
        self._facts.mid_session = self._engine.mid_session
        if not salvaged:
            for rule, check in plan.checks:
                for verdict in check(context, event):
                    self._emit(rule, verdict, event, under)
            if plan.audio and context.audio_bytes is None:
                for rule in _CHECKS.get(BAD_AUDIO, ()):
                    self._ask(rule, event, under)
            elif self._strict and not (plan.audio or plan.type.endswith(".delta")):
                for rule in _CHECKS[STRICT]:
                    self._ask(rule, event, under)
            elif plan.audio and len(context.raw) > _LARGE_BYTES:
                for rule in _CHECKS.get(LARGE_AUDIO, ()):
                    self._ask(rule, event, under)
        if context.direction == "client":
            self._facts.note_client(plan.type, event, context.line)
        if place.handler is not None:
            place.handler(event, context.line, place.entity, context.audio_bytes)
        if plan.collects:
            place.collect = None if place.entity is None else place.entity.text.append
        if plan.answers:
            self._facts.ledger.settle(event)
        if plan.type == "response.done" and place.entity is not None:
            self._engine.prune(place.entity)

    def _ask(self, rule: Rule, event: Any, under: int | None) -> int | None:
        """Let a rule look at the event; returns the index of the first finding it gave rise to."""
        first: int | None = None
        for verdict in rule.check(self._context, event):
            index = self._emit(rule, verdict, event, under)
            first = index if first is None else first
        return first

    def _suspect(self, event: Any, before: int) -> None:
        """Look at the bytes of a line once more, now that something was found there."""
        for index, finding in enumerate(self.findings[before:], before):
            if finding.severity > Severity.INFO and finding.line == self._context.line:
                root = index if finding.caused_by is None else finding.caused_by
                for rule in _CHECKS[SUSPECT]:
                    if self.findings[-1].code != rule.code:
                        self._ask(rule, event, root)
                return

    def _report_breach(self, broken: Broken, event: Any, under: int | None) -> int | None:
        first: int | None = None
        for verdict in (rule := _INSTANCES[broken.breach.code]).breach(self._context, broken):
            index = self._emit(rule, verdict, event, under)
            first = index if first is None else first
        return first

    def _restart(self, plan: _Plan, event: Any) -> _Place:
        """A second connection begins in the same recording: judge it by itself."""
        self._earlier += sum(side.events for side in self._sides.values())
        line, raw, direction = self._context.line, self._context.raw, self._context.direction
        self._dialect = self._forced
        if self._dialect is None and (found := probe(raw)) is not None:
            self._dialect = dialect_of(found, direction)
        self._begin()
        self._context.line, self._context.raw, self._context.direction = line, raw, direction
        self._context.type = plan.type
        self._facts.seen.add(direction)
        place = self._place(plan.type, direction)
        self._engine.step(place, event, line)
        return place

    def _recognise(self, raw: bytes) -> None:
        found = probe(raw)
        if found is None or not found.members():
            return
        name, reason = recognise(found.members(), found.model())
        self._profile, self._profile_reason = shipped(name), reason
        self._profile_fixed = True

    def _judge_fault(self, fault: Fault, direction: str, under: int | None = None) -> None:
        """A line that did not decode is a finding; what of it can be read still moves the tables."""
        context = self._context
        context.fault = fault
        context.type = fault.type or ""
        place = self._place(fault.type, direction) if fault.type else None
        rescued = salvage(context.raw) if place is not None else None
        for rule in place.plan.raw_checks if place is not None else ():
            index = self._ask(rule, rescued, under)
            under = index if under is None else under
        for rule in _CHECKS[FAULT]:
            index = self._ask(rule, rescued, under)
            under = index if under is None else under
        if place is not None and rescued is not None:
            self._judge(place, rescued, under, salvaged=True)
            # What is missing from the event will be missing from its place too.
            reached = place.reached
            if reached is not None and reached.taint is None and reached.machine.adoptable:
                reached.taint = under

    def _judge_unknown(self, event: UnknownEvent, direction: str) -> None:
        """An event that the dialect does not have: another dialect's, the other side's, or nobody's."""
        context = self._context
        context.type = event.type
        for other in DIALECTS.values():
            types = other.client_types if direction == "client" else other.server_types
            if event.type not in types:
                continue
            decoder = self._foreign.get((other.name, direction))
            if decoder is None:
                decoder = self._foreign[other.name, direction] = Decoder(other, direction=direction)
            decoded = decoder.decode(context.raw)
            context.other, context.audio_bytes = other.name, decoder.audio_bytes
            under: int | None = None
            for rule in _CHECKS[FOREIGN]:
                index = self._ask(rule, event, under)
                under = index if under is None else under
            if isinstance(decoded, Fault):
                self._judge_fault(decoded, direction, under)
            elif "translation" not in (other.name, self.dialect):
                self._judge(self._place(event.type, direction), decoded, under)
            return
        pseudo = UNKNOWN if direction_of(event.type) is None else MISDIRECTED
        if direction == "server" and pseudo == UNKNOWN:
            self._judge(self._place(event.type, direction), event)
        if pseudo == MISDIRECTED or event.type not in self._profile.events:
            for rule in _CHECKS[pseudo]:
                self._ask(rule, event, None)

    def _emit(self, rule: Rule, verdict: Verdict, event: Any, under: int | None) -> int | None:
        """Make a finding of a verdict, under its root if it has one.

        Returns the root under which consequences fold: None where there is no finding, or none that could have any.
        """
        severity = rule.severity if verdict.severity is None else verdict.severity
        relaxed = self._profile.relaxation(rule.code)
        if relaxed is not None:
            capped = relaxed.caps(severity)
            if capped is None:
                return None
            severity = capped
        context = self._context
        entity: Entity | None = verdict.entity if verdict.entity is not None else context.entity
        if verdict.entity is None and entity is not None and not entity.key:
            # Being about the whole connection does not make findings consequences of each other.
            entity = None
        caused_by = under
        if caused_by is None and entity is not None:
            caused_by = entity.root_taint()
        broken: Broken | None = verdict.broken
        taints = (*verdict.taints, *(() if entity is None else (entity,)))
        if broken is not None:
            if caused_by is None and context.entity is not None:
                # An outer machine broke the rule, but over an inner entity that was in disorder before.
                caused_by = context.entity.root_taint()
            if broken.state == broken.machine.states[0]:
                taints += tuple(self._engine.meant(broken.entity))
        index = len(self.findings)
        if severity > Severity.INFO:
            for tainted in taints:
                if tainted.taint is None:
                    tainted.taint = index if caused_by is None else caused_by
        if verdict.line is None:
            line, shown = context.line, excerpt(event, context.type, context.direction, context.line)
        else:
            line = verdict.line
            shown = excerpt(verdict.event, verdict.type, verdict.direction, line)
        machine, state = ("", "") if broken is None else (broken.entity.machine.name, broken.state)
        self.findings.append(
            Finding(
                code=rule.code,
                name=rule.name,
                severity=severity,
                line=line,
                event=shown,
                args={"type": shown.type, "machine": machine, "state": state, **verdict.args},
                witnesses=verdict.witnesses,
                machine=machine,
                state=state,
                allowed=allowed_events(self.dialect, machine, state) if machine else (),
                caused_by=caused_by,
            )
        )
        if caused_by is not None:
            return caused_by
        return index if severity > Severity.INFO else None

    # The end.

    def close(self, *, cut: bool = True) -> list[Finding]:
        """Return the findings that only the end can tell; `cut=False`: the recording holds the connection's close."""
        before = len(self.findings)
        context = self._context
        context.type, context.raw, context.entity = "", b"", None
        for entity, code in self._engine.unfinished():
            rule = _INSTANCES[code]
            for verdict in rule.at_end(context, entity, cut):
                self._emit(rule, verdict, None, None)
        for rule in _INSTANCES.values():
            for verdict in rule.at_close(context, cut):
                self._emit(rule, verdict, None, None)
        return self.findings[before:]

    def report(self) -> SessionReport:
        """The judgement so far, as data; a fault that repeats is one finding with a count."""
        return SessionReport(
            path=self.path,
            dialect=self.dialect,
            profile=self.profile,
            profile_reason=self._profile_reason,
            mode=self.mode,
            events=self._earlier + sum(side.events for side in self._sides.values()),
            findings=collapse(self.findings),
            limits=self._limits(),
        )

    def _limits(self) -> tuple[str, ...]:
        """What the recording does not show."""
        facts = self._facts
        limits: list[str] = []
        if self._engine.mid_session:
            limits.append("starts mid-session: what began earlier is taken as given")
        if "client" not in facts.seen:
            limits.append("server side only: rules about requests and their answers are off")
        if "server" not in facts.seen:
            limits.append("client side only: rules about what the server does are off")
        for side, what in (("client", "sent"), ("server", "received")):
            if facts.elided[side]:
                limits.append(
                    f"audio {what} by the client was cut by the recorder: rules about its duration are off"
                )
        return tuple(limits)
