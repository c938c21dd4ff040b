"""Judging one connection, event by event, without any I/O.

`SessionChecker.feed` takes a direction and the bytes of one frame and returns the findings they give rise to; `close`
returns those that only the end can tell.  Neither raises on what the bytes are.  The findings of a prefix are a prefix
of the findings of the whole.  Memory is bounded by the longest frame, the live entities, a window of event ids, and
what was found: findings are kept, so whoever judges what strangers send stops at some number, as `rtproto.live` does.

Each event takes the same way: bytes are decoded (`rtproto.wire`), the tables move (`rtproto.protocol`), the rules that
want events of this type look at it (`rtproto.rules`), and only then it becomes part of what is known (`Facts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rtproto.checker_finding import cause_of, finding_of
from rtproto.checker_limits import limits
from rtproto.checker_plan import (
    CHECKS,
    CLOCK_SLACK,
    CLOSING,
    EVENT_IDS,
    INSTANCES,
    LARGE_BYTES,
    Place,
    Plan,
    Side,
    no_direction,
    plan_of,
    refuse_unknown,
)
from rtproto.checker_profile import AnyProfile, profile_in, profile_of
from rtproto.checker_repeats import collapse
from rtproto.events.base import UnknownEvent
from rtproto.events.dialect import DIALECTS, SESSION_STARTS, direction_of, event_type
from rtproto.findings import Finding, SessionReport, Severity
from rtproto.protocol.engine import Engine
from rtproto.protocol.facts import ELIDED_BELOW, Facts
from rtproto.protocol.profiles import OPENAI, Profile
from rtproto.protocol.recognition import dialect_of, probe
from rtproto.protocol.troubles import Troubles
from rtproto.rules import base
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.wire import MAX_LINE_BYTES, Decoder, Fault, RawFrame, Salvage, as_bytes, salvage

_OTHER = {"client": "server", "server": "client"}


class SessionChecker:
    """Judges one connection.  Give `dialect` or `profile` to force what is otherwise recognised.

    A profile is the name of a shipped one, the path of a TOML file, or a `Profile`.  Raises `ValueError` for a dialect
    or profile that there is not, or a file that is none.

    With `strict_fields`, events are also searched for members that no type has (SHP004) and for repeated keys (WIR010).
    That takes several times as long as all the rest, so it is not done unasked.

    `event_ids` of the server are remembered at least, and twice as many at most, to tell when one comes again (SES004).
    They are the most of what a long session takes: 0.2 KiB each.

    With `from_start`, nothing came before the first frame: where `session.created` is missing, the server is at fault.

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
        event_ids: int = EVENT_IDS,
        from_start: bool = False,
    ) -> None:
        if dialect is not None and dialect not in DIALECTS:
            raise ValueError(f"no dialect {dialect!r}; there are: " + ", ".join(DIALECTS))
        self.path = path
        self.findings: list[Finding] = []
        self._swapped = self._swap_is_news = False
        """The recording calls the client server, and the other way round; no finding has said so yet."""
        self._dialect = self._forced = dialect
        self._profile: Profile = OPENAI if profile is None else profile_of(profile)
        self._profile_reason = "asked for" if profile is not None else "nothing says otherwise"
        self._profile_fixed = profile is not None
        self._strict = strict_fields
        self._event_ids = event_ids
        self._max_frame_bytes = max_frame_bytes
        self._ordinary_bytes = min(max_frame_bytes, LARGE_BYTES)
        self._line = self._earlier = 0
        """Events of connections that came before this one in the same recording."""
        self._closed = False
        self._troubles = Troubles()
        self._begin(from_start=from_start)

    def _begin(self, *, from_start: bool = False) -> None:
        """Start with empty hands: at first, and when a second connection begins in the same recording."""
        self._facts = Facts(dialect=self._dialect, troubles=self._troubles, from_start=from_start)
        self._engine = Engine(self._facts)
        self._context = Context(self._facts, self._engine, self.findings)
        self._sides = {side: Side(self.dialect, side, self._event_ids) for side in ("client", "server")}
        self._places: dict[Plan, Place] = {}
        self._foreign: dict[tuple[str, str], Decoder] = {}
        self._look = True
        """The next frame must be looked into before it can be decoded."""
        self._clock: float | None = None
        """Seconds at the last event that had a time."""

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
        return self._engine.states()

    # The way of an event.

    def feed(
        self, direction: str | None, raw: RawFrame, *, line: int | None = None, time: float | None = None
    ) -> list[Finding]:
        """Judge one frame, bytes or text, and return what it gave rise to.  Never raises on what is in it.

        `direction` is `client` or `server`, or None to infer it from the event's type; else `ValueError` is raised.
        `line` is the frame's place in its recording; without it, frames are counted.  `time` is in seconds.
        """
        if not isinstance(raw, bytes):
            raw = as_bytes(raw)
        if len(raw) > self._ordinary_bytes:
            if len(raw) > self._max_frame_bytes:
                fault = Fault("too-long", "", f"at most {self._max_frame_bytes} bytes", f"{len(raw)} bytes")
                return self.feed_fault(fault, direction, line=line)
            # However often its like was in order, a frame of this size is looked at.
            self._engine.moves += 1
        if direction is None or self._look:
            direction = self._look_ahead(direction, raw)
        side = self._sides.get(direction)
        if side is None:
            raise no_direction(direction)
        self._line = line = self._line + 1 if line is None else line
        side.events += 1
        facts = self._facts
        lag, odd = 0.0, False
        if time is not None:
            if self._clock is not None:
                lag = self._clock - time
            odd = lag > CLOCK_SLACK or facts.stalled(time)
            self._clock = facts.time = time
        appends = side.appends
        if appends is not None and not odd and appends.quiet_moves == self._engine.moves:
            # Nine lines of ten: another piece of the user's audio, where the last one was in order.
            more = side.measure(raw)
            if more >= ELIDED_BELOW and facts.appended is not None:
                facts.appended += more
                return []
        event: Any = side.decode(raw)
        place = side.places.get(event.__class__)
        earlier: int | None = None
        if place is not None and (ids := side.ids) is not None:
            event_id = event.event_id
            known = len(ids)
            before_it = ids.setdefault(event_id, line)
            if known == len(ids):
                earlier, odd = before_it, True
            elif side.older_ids and event_id in side.older_ids:
                earlier, odd = side.older_ids[event_id], True
            elif known >= side.most_ids:
                side.turn_over()
        if place is not None and place.quiet_moves == self._engine.moves and not odd:
            key = place.key
            if key is None or place.quiet_key == key(event):
                # The same event in the same place, and nothing has moved since the last one was found in order.
                if place.collect is not None:
                    place.collect(event.delta)
                    if time is not None:
                        facts.heard = time
                    return []
                size = side.decoder.audio_bytes if place.audio else None
                if size is not None or not place.audio:
                    place.handler(event, line, place.entity, size)
                    return []
        before = len(self.findings)
        facts.meet(direction, time)
        context = self._context
        context.line, context.direction, context.raw = line, direction, raw
        context.audio_bytes, context.fault, context.entity = None, None, None
        if place is None or place.audio:
            side.decoder.fill(event, raw)
            context.audio_bytes = side.decoder.audio_bytes
        if self._swap_is_news:
            self._swap_is_news = False
            self._tell(base.SWAPPED, event, None)
        if place is None and isinstance(event, Fault):
            self._judge_fault(event, direction)
        elif place is None and isinstance(event, UnknownEvent):
            self._judge_unknown(event, direction)
        else:
            if place is None:
                place = self._place(event_type(event), direction)
                if not self._strict:
                    side.places[event.__class__] = place
                    if place.plan.handler is Facts.on_client_append:
                        side.appends = place
                earlier = side.note_id(event.event_id, line)
            context.type = place.plan.type
            # A second start of the connection is another connection, with ids of its own.
            under = (
                None if earlier is None or context.type in SESSION_STARTS else self._judge_id(event, earlier)
            )
            self._judge(place, event, under)
            if under is not None:
                self._taint(place, under)
        if lag > CLOCK_SLACK:
            context.lag, context.entity = lag, None
            self._tell(base.BACKWARDS, event, None)
        if len(self.findings) > before:
            self._suspect(event, before)
        context.raw = b""
        return self.findings[before:]

    def _judge_id(self, event: Any, earlier: int) -> int | None:
        """An id that is empty, or that came before; returns the finding under which the event's other faults fold."""
        context = self._context
        if earlier:
            context.earlier = earlier
            return self._tell(base.DUPLICATE_ID, event, None)
        if event.event_id != "":
            return None  # It may be missing or null in events of this type.
        lacks = "a string that is not empty"
        context.fault = Fault("missing-field", "$.event_id", lacks, '""', type=context.type)
        return self._tell(base.FAULT, event, None)

    def _judge_salvaged_id(self, salvaged: Salvage, direction: str) -> int | None:
        """The same for what could be read of an event, of which it is no news that the id may be missing."""
        earlier = self._sides[direction].note_id(salvaged.event_id, self._context.line)
        return self._judge_id(salvaged, earlier) if earlier else None

    def _tell(self, pseudo: str, event: Any, under: int | None) -> int | None:
        """Ask the rules for that pseudo type; returns the root under which consequences fold."""
        return self._ask(CHECKS.get(pseudo, ()), event, under)

    def _ask(self, rules: Iterable[Rule], event: Any, under: int | None) -> int | None:
        for rule in rules:
            index = self._emit_all(rule, rule.check(self._context, event), event, under)
            under = index if under is None else under
        return under

    def feed_fault(
        self, fault: Fault, direction: str | None = None, *, line: int | None = None
    ) -> list[Finding]:
        """Take note of a frame that could not be handed over, such as one cut for its length; otherwise as `feed`."""
        refuse_unknown(direction)
        self._line = line = self._line + 1 if line is None else line
        before = len(self.findings)
        context = self._context
        if self._swapped and direction is not None:
            direction = _OTHER[direction]
        context.line, context.direction, context.raw = line, direction or "server", b""
        context.audio_bytes, context.entity = None, None
        self._judge_fault(fault, context.direction)
        return self.findings[before:]

    def _look_ahead(self, direction: str | None, raw: bytes) -> str:
        """Find out what is not known yet: the dialect, and the direction of a bare event."""
        refuse_unknown(direction)
        found = probe(raw)
        if self._swapped and direction is not None:
            # One label that is right shows that not all are the wrong way round.
            self._swapped = found is None or direction_of(found.type) != direction
            direction = _OTHER[direction] if self._swapped else direction
        if found is None:
            return direction or "server"
        if not self._facts.seen and direction == "client" and found.type in SESSION_STARTS:
            self._swapped = self._swap_is_news = True
            direction = "server"
        if self._dialect is None:
            self._dialect = dialect_of(found, direction)
            if self._dialect is not None and self._facts.speaks(self._dialect):
                for side, fresh in self._sides.items():
                    self._sides[side] = Side(self._dialect, side, self._event_ids)
                    self._sides[side].events = fresh.events
                self._places.clear()
        self._look = self._swapped or self._dialect is None
        return direction or direction_of(found.type) or "server"

    def _place(self, type: str, direction: str) -> Place:
        """What is done with events of that type, and where this connection's last one led."""
        # Anybody may make up types: all that no dialect has are in one place.
        plan = plan_of(type if direction_of(type) is not None else "", direction, self.dialect)
        place = self._places.get(plan)
        if place is None:
            place = self._places[plan] = Place(plan, self._facts)
        return place

    def _judge(self, place: Place, event: Any, under: int | None = None, *, salvaged: bool = False) -> None:
        """Tables, rules, facts, in this order; `under` is the finding that explains whatever is wrong now."""
        context, plan = self._context, place.plan
        if plan.configures and not self._profile_fixed:
            shown = profile_in(context.raw)
            if shown is not None:
                self._profile, self._profile_reason = shown
                self._profile_fixed = True
        broken = self._engine.step(place, event, context.line)
        context.entity = place.entity
        if broken is not None:
            rule = INSTANCES[broken.breach.code]
            root = self._emit_all(rule, rule.breach(context, broken), event, under)
            under = root if under is None else under
            if broken.breach.restart:
                place = self._restart(event)
                context.entity = place.entity
        facts = self._facts
        facts.mid_session = facts.ledger.midway = self._engine.mid_session
        if plan.happening is not None and plan.happening not in facts.happened:
            facts.happen(plan.happening)
        if not salvaged:
            concerned = plan.checks if plan.concerned is None else plan.concerned(event, context)
            for rule, check in concerned:
                for verdict in check(context, event):
                    self._emit(rule, verdict, event, under)
            if plan.audio and context.audio_bytes is None:
                self._tell(base.BAD_AUDIO, event, under)
            elif self._strict and not (plan.audio or context.type.endswith(".delta")):
                self._tell(base.STRICT, event, under)
            elif plan.audio and len(context.raw) > LARGE_BYTES:
                self._tell(base.LARGE_AUDIO, event, under)
        if context.direction == "client":
            facts.note_client(context.type, event, context.line)
        place.handler(event, context.line, place.entity, context.audio_bytes)
        if plan.collects:
            place.collect = None if place.entity is None else place.entity.text.append
        if plan.answers and (broken is None or broken.machine.name != "conversation item"):
            # An item that is added once more answers nothing: the next item answers the next request.
            facts.ledger.settle(event)
        if plan.ends and place.entity is not None:
            self._engine.prune(place.entity)

    def _emit_all(self, rule: Rule, verdicts: Iterable[Verdict], event: Any, under: int | None) -> int | None:
        """Make findings of a rule's verdicts; returns the root under which consequences fold."""
        found = [self._emit(rule, verdict, event, under) for verdict in verdicts]
        return next((index for index in found if index is not None), None)

    def _suspect(self, event: Any, before: int) -> None:
        """Look at the bytes of a line once more, now that something was found there."""
        for index, finding in enumerate(self.findings[before:], before):
            if finding.severity > Severity.INFO and finding.line == self._context.line:
                root = index if finding.caused_by is None else finding.caused_by
                for rule in CHECKS[base.SUSPECT]:
                    if self.findings[-1].code != rule.code:
                        self._emit_all(rule, rule.check(self._context, event), event, root)
                return

    def _restart(self, event: Any) -> Place:
        """A second connection begins in the same recording: judge it by itself."""
        self._earlier += sum(side.events for side in self._sides.values())
        was = self._context
        self._dialect = self._forced
        if self._dialect is None and (found := probe(was.raw)) is not None:
            self._dialect = dialect_of(found, was.direction)
        self._begin()
        now = self._context
        now.line, now.raw, now.direction, now.type = was.line, was.raw, was.direction, was.type
        self._facts.see(now.direction)
        place = self._place(now.type, now.direction)
        self._engine.step(place, event, now.line)
        return place

    def _judge_fault(self, fault: Fault, direction: str, under: int | None = None) -> None:
        """A line that did not decode is a finding; what of it can be read still moves the tables, as it would whole."""
        context = self._context
        context.fault, context.type = fault, (type := fault.type or "")
        moves = direction_of(type) is not None or (type != "" and direction == "server")
        place = self._place(type, direction) if moves else None
        rescued = salvage(context.raw) if place is not None else None
        if rescued is not None and under is None:
            under = self._judge_salvaged_id(rescued, direction)
        if place is not None:
            under = self._ask(place.plan.raw_checks, rescued, under)
        under = self._tell(base.FAULT, rescued, under)
        if place is not None and rescued is not None:
            self._judge(place, rescued, under, salvaged=True)
            # What is missing from the event will be missing from its place too.
            self._taint(place, under)

    def _taint(self, place: Place, under: int | None) -> None:
        """Let later faults of the innermost entity that an event reached be consequences of that finding."""
        reached = place.reached
        if reached is not None and reached.taint is None and reached.machine.adoptable:
            reached.taint = under

    def _judge_unknown(self, event: UnknownEvent, direction: str) -> None:
        """An event that the dialect does not have: another dialect's, the other side's, or nobody's."""
        context = self._context
        context.type = event.type
        pseudo = base.UNKNOWN if direction_of(event.type) is None else base.MISDIRECTED
        found = salvage(event.raw)
        under = None if found is None or direction == "client" else self._judge_salvaged_id(found, direction)
        for other in DIALECTS.values():
            types = other.client_types if direction == "client" else other.server_types
            if event.type not in types:
                continue
            decoder = self._foreign.get((other.name, direction))
            if decoder is None:
                decoder = self._foreign[other.name, direction] = Decoder(other, direction=direction)
            decoded = decoder.decode(context.raw)
            context.other, context.audio_bytes = other.name, decoder.audio_bytes
            repeated = under
            under = self._tell(base.FOREIGN, event, under)
            if isinstance(decoded, Fault):
                self._judge_fault(decoded, direction, under)
            elif "translation" not in (other.name, self.dialect):
                self._judge(self._place(event.type, direction), decoded, under)
                self._taint(self._place(event.type, direction), repeated)
            return
        if direction == "server" and pseudo == base.UNKNOWN:
            self._judge(self._place(event.type, direction), event, under)
        elif pseudo == base.UNKNOWN:
            self._facts.note_unknown(event.type, None if found is None else found.event_id, context.line)
        if pseudo == base.MISDIRECTED or event.type not in self._profile.events:
            under = self._tell(pseudo, event, under)
        if pseudo == base.MISDIRECTED and direction == "client":
            # No client says what the server says: it is the label that is wrong, and the event has happened.
            decoder = self._sides["server"].decoder
            decoded = decoder.decode(context.raw)
            if not isinstance(decoded, UnknownEvent | Fault):
                decoder.fill(decoded, context.raw)
                context.direction, context.audio_bytes = "server", decoder.audio_bytes
                self._judge(self._place(event.type, "server"), decoded, under)

    def _emit(self, rule: Rule, verdict: Verdict, event: Any, under: int | None) -> int | None:
        """Make a finding of a verdict, under its root if it has one.

        Returns the root under which consequences fold: None where there is no finding, or none that could have any.
        """
        told = rule.severity if verdict.severity is None else verdict.severity
        severity = self._profile.capped(rule.code, told)
        if severity is None:
            return None
        context = self._context
        caused_by, taints = cause_of(verdict, context, under)
        index = len(self.findings)
        if severity > Severity.INFO and rule.taints:
            for tainted in taints:
                if tainted.taint is None:
                    tainted.taint = index if caused_by is None else caused_by
        self._facts.happen("finding")
        self.findings.append(finding_of(rule, verdict, event, context, severity, caused_by))
        if caused_by is not None:
            return caused_by
        return index if severity > Severity.INFO and verdict.folds else None

    # The end.

    def close(self, *, cut: bool = True, time: float | None = None) -> list[Finding]:
        """Return what only the end can tell; `cut=False`: the server closed in good order; at that `time` (seconds).

        A second call returns none.  What is fed after the end is judged as if that had not come yet.
        """
        if self._closed:
            return []
        self._closed = True
        before = len(self.findings)
        self._facts.end(cut=cut, time=time)
        context = self._context
        context.type, context.raw, context.entity = "", b"", None
        for entity, code in self._engine.unfinished():
            rule = INSTANCES[code]
            self._emit_all(rule, rule.at_end(context, entity, cut), None, None)
        for rule in CLOSING:
            self._emit_all(rule, rule.at_close(context, cut), None, None)
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
            limits=limits(self._facts),
            troubles=self._troubles.kept,
            troubles_left_out=self._troubles.left_out,
        )
