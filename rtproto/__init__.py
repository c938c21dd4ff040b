"""rtproto knows the OpenAI Realtime protocol: every event as a type, their order as tables, a checker over both.

    import rtproto
    report = rtproto.check_file("session.jsonl")
    for finding in report.roots(rtproto.Severity.ERROR):
        print(finding.line, finding.code, rtproto.message(finding))

`rtproto.beta`, `rtproto.ga` and `rtproto.translation` hold the events of the three dialects.  Nothing is imported
before it is asked for: a program that only decodes pays for no rules, and `--version` for nothing at all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtproto import beta, ga, translation
    from rtproto.checker import SessionChecker
    from rtproto.events.base import Event, UnknownEvent
    from rtproto.findings import (
        Excerpt,
        Finding,
        Report,
        SessionReport,
        Severity,
        Trouble,
        Unchecked,
        Witness,
    )
    from rtproto.protocol.profiles import Profile, Relaxation
    from rtproto.recording import check_file, check_stream
    from rtproto.reports.words import message
    from rtproto.rest import check_rest
    from rtproto.wire import DecodeError, Fault

__version__ = "0.1.0"

__all__ = [
    "DecodeError",
    "Event",
    "Excerpt",
    "Fault",
    "Finding",
    "Profile",
    "Relaxation",
    "Report",
    "SessionChecker",
    "SessionReport",
    "Severity",
    "Trouble",
    "Unchecked",
    "UnknownEvent",
    "Witness",
    "__version__",
    "beta",
    "check_file",
    "check_rest",
    "check_stream",
    "ga",
    "message",
    "translation",
]

_HOMES = {
    "DecodeError": "rtproto.wire",
    "Event": "rtproto.events.base",
    "Excerpt": "rtproto.findings",
    "Fault": "rtproto.wire",
    "Finding": "rtproto.findings",
    "Profile": "rtproto.protocol.profiles",
    "Relaxation": "rtproto.protocol.profiles",
    "Report": "rtproto.findings",
    "SessionChecker": "rtproto.checker",
    "SessionReport": "rtproto.findings",
    "Severity": "rtproto.findings",
    "Trouble": "rtproto.findings",
    "Unchecked": "rtproto.findings",
    "UnknownEvent": "rtproto.events.base",
    "Witness": "rtproto.findings",
    "beta": "",
    "check_file": "rtproto.recording",
    "check_rest": "rtproto.rest",
    "check_stream": "rtproto.recording",
    "ga": "",
    "message": "rtproto.reports.words",
    "translation": "",
}


def __getattr__(name: str) -> object:
    """A public name, imported on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    value: object = getattr(import_module(home), name) if home else import_module(f"{__name__}.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
