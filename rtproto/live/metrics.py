"""Counts for OpenTelemetry: what passes, what is found, and how long it takes.

| instrument | unit | attributes |
|---|---|---|
| `rtproto.events` | `{event}` | `type` (that of the protocol, `unknown` or `fault`), `direction` |
| `rtproto.findings` | `{finding}` | `code`, `severity`; consequences of another finding are not counted |
| `rtproto.judge.duration` | `s` | `direction` |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rtproto.events.base import Event
from rtproto.events.dialect import direction_of, event_type
from rtproto.findings import Finding
from rtproto.wire import Fault
from rtproto.wire_scan import scan

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

_SECONDS = (1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 1e-2, 0.1)


class Metrics:
    """The instruments, made from a meter; from the global one where none is given."""

    def __init__(self, meter: Meter | None = None) -> None:
        if meter is None:
            from opentelemetry import metrics

            from rtproto import __version__

            meter = metrics.get_meter("rtproto", __version__)
        self._events = meter.create_counter("rtproto.events", "{event}", "Events of Realtime connections.")
        self._findings = meter.create_counter(
            "rtproto.findings", "{finding}", "Rules of the protocol that were broken."
        )
        self._duration = meter.create_histogram(
            "rtproto.judge.duration",
            "s",
            "Time that judging an event took.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

    def event(self, direction: str, event: object, seconds: float) -> None:
        """Count an event, and the time that judging it took."""
        self._events.add(1, {"type": kind(event), "direction": direction})
        self._duration.record(seconds, {"direction": direction})

    def finding(self, finding: Finding) -> None:
        """Count a finding."""
        if finding.caused_by is None:
            self._findings.add(1, {"code": finding.code, "severity": finding.severity.label})


def kind(event: Any) -> str:
    """The type as an attribute may have it: one of the protocol's, for a peer could make up any number of others."""
    if isinstance(event, Event):
        return event_type(type(event))
    if isinstance(event, Fault):
        return "fault"
    name: Any
    if isinstance(event, dict):
        name = cast("dict[str, Any]", event).get("type")
    elif isinstance(event, (str, bytes)):
        name = scan(event.encode() if isinstance(event, str) else event).type
    else:
        name = None
    return name if isinstance(name, str) and direction_of(name) is not None else "unknown"
