"""Judging a recording: one that lost parts of its events, and one in which another connection begins.

Members that were cut out are not missing, a text that was cut differs from nothing, and an event of which only the type
is left can be early or late.  So from the first such event on, the connection is judged by the tables alone, by the
engine that needs no ids, and whole events by their shape; all other rules need what may be lost, and are off.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from rtproto.checker import SessionChecker
from rtproto.checker_plan import CHECKS, INSTANCES, Place
from rtproto.events.dialect import SESSION_STARTS, SESSION_UPDATES
from rtproto.findings import Finding, SessionReport
from rtproto.protocol.values import field
from rtproto.rules.base import FAULT, Rule, Verdict
from rtproto.wire import salvage

_SHAPE = frozenset(rule.code for rule in CHECKS[FAULT])
"""Rules that need one event and no other."""
_LATE_AT_MOST = 64
"""Events that are kept for a connection that may begin."""
_LOSSES: Mapping[str, str] = {
    "type-only": "{} recorded by type only",
    "elided": "{} cut by the recorder",
}


@functools.cache
def off() -> tuple[str, ...]:
    """The rules that are off where events have lost something."""
    from rtproto.protocol.blind import table_codes

    return tuple(sorted(INSTANCES.keys() - table_codes() - _SHAPE))


class RecordingChecker(SessionChecker):
    """A `SessionChecker` that also takes events of which the recording has lost something.

    With `lossy` it is known from the start that there will be some, with `after_another` that the recording went on to
    this connection without an end of the one before.  The other arguments are those of `SessionChecker`.
    """

    def __init__(self, *, lossy: bool = False, after_another: bool = False, **options: Any) -> None:
        self._blind = lossy
        self._lost: Counter[str] = Counter()
        self._after_another = after_another
        self._late: list[tuple[int, bytes, float | None]] = []
        """What the client has said since the server's last event, from a configuration on: it may be for the next."""
        self.left = False
        """The last event was not judged: it begins another connection, with a session of another id."""
        super().__init__(**options)

    def _begin(self, *, from_start: bool = False) -> None:
        super()._begin(from_start=from_start)
        if self._blind:
            self._go_blind()

    def _go_blind(self) -> None:
        from rtproto.protocol.blind import BlindEngine  # which few recordings need

        self._blind = True
        self._engine = self._context.engine = BlindEngine(self._engine)

    @property
    def began_again(self) -> bool:
        """Whether a second session began, which is judged by itself from there on."""
        return self.left or self._earlier > 0

    def _judge(self, place: Place, event: Any, under: int | None = None, *, salvaged: bool = False) -> None:
        context, type = self._context, place.plan.type
        if type in SESSION_STARTS and self._is_anothers(event):
            self.left = True
            self._sides["server"].events -= 1
            self._facts.time = None  # it says nothing about how long this connection went on
            return
        if context.direction == "server":
            self._late.clear()
        elif (self._late or type in SESSION_UPDATES) and len(self._late) < _LATE_AT_MOST:
            self._late.append((context.line, context.raw, self._facts.time))
        super()._judge(place, event, under, salvaged=salvaged)

    def _is_anothers(self, created: Any) -> bool:
        """Whether the session that begins is not the one at hand."""
        known, new = field(self._facts.session, "id"), field(created, "session", "id")
        return known is not None and new is not None and known != new

    def note_close(self, line: int, code: int, reason: str) -> None:
        """Take note of a close of the connection whose code says that something went wrong."""
        self._troubles.note_close(line, code, reason)

    def hand_over(self) -> list[tuple[int, bytes, float | None]]:
        """Give up what the client sent to the connection that begins: lines, frames and times of its events since the
        server's last, from the first configuration on, which clients send before they have heard of their session."""
        late, self._late = self._late, []
        if late:
            first = late[0][0]
            ledger = self._facts.ledger
            for request in ledger.open:
                if request.line >= first:
                    ledger.forget(request)
            while self.findings and self.findings[-1].line >= first:
                del self.findings[-1]
            self._sides["client"].events -= len(late)
        return late

    def feed_partial(
        self,
        direction: str | None,
        raw: bytes,
        loss: str,
        *,
        line: int | None = None,
        time: float | None = None,
    ) -> list[Finding]:
        """Judge what is left of an event: JSON with its `type`, and what else was recorded.

        `loss` is `type-only` or `elided`.  Otherwise as `feed`.
        """
        direction = self._look_ahead(direction, raw)
        self._line = line = self._line + 1 if line is None else line
        event = salvage(raw)
        if event is None or not event.type:
            return []
        if not self._blind:
            self._go_blind()
        self._lost[loss] += 1
        before = len(self.findings)
        self._sides[direction].events += 1
        facts, context = self._facts, self._context
        facts.meet(direction, time)
        context.line, context.direction, context.raw = line, direction, raw
        context.audio_bytes, context.fault, context.entity, context.type = None, None, None, event.type
        self._judge(self._place(event.type, direction), event, salvaged=True)
        return self.findings[before:]

    def _emit(self, rule: Rule, verdict: Verdict, event: Any, under: int | None) -> int | None:
        if self._blind and verdict.broken is None and rule.code not in _SHAPE:
            return None
        return super()._emit(rule, verdict, event, under)

    def report(self) -> SessionReport:
        """The judgement so far; `losses` and `limits` say what the recording does not show."""
        report = super().report()
        losses = [name for name in _LOSSES if self._lost[name]]
        if len(self._facts.seen) == 1:
            losses.append("one direction")
        if report.events and self._facts.first_time is None:
            losses.append("no times")
        limits = report.limits
        if self._after_another:
            limits = ("begins where another connection of the recording stops without a close", *limits)
        if self._blind:
            lost = [_LOSSES[name].format(_events(self._lost[name])) for name in _LOSSES if self._lost[name]]
            what = " and ".join(lost) or "events are recorded in part"
            judged = "order is judged, and the shape of whole events"
            limits += (f"{what}: {judged}; {len(off())} rules that need what events hold are off",)
        return msgspec.structs.replace(
            report, limits=limits, losses=tuple(losses), off=off() if self._blind else ()
        )


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count:,} events"
