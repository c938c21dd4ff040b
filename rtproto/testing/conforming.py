"""`assert_conforms`: a transcript keeps to the protocol, or the test fails with the findings as text."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from rtproto import wire
from rtproto.checker_profile import AnyProfile
from rtproto.events.base import Event, UnknownEvent
from rtproto.findings import Report, Severity
from rtproto.recording import Settings
from rtproto.transcripts.frames import Close, Frame

if TYPE_CHECKING:
    from rtproto.testing.recorder import Recorder

Pairs = Iterable[tuple[Any, ...]]
"""`(direction, event)` pairs; of a longer tuple, such as `rtproto.testing.Frame`, no more than that is looked at."""


def as_bytes(event: Any) -> bytes:
    """The bytes of a frame: of bytes and text themselves, of a dict, of an event of rtproto or of a pydantic model.

    Raises `TypeError` for anything else.
    """
    if isinstance(event, (bytes, bytearray, memoryview, str)):
        return wire.as_bytes(event)  # pyright: ignore[reportUnknownArgumentType]  # of whatever the view is of
    if isinstance(event, (Event, UnknownEvent)):
        return wire.encode(event)
    if isinstance(event, dict):
        return msgspec.json.encode(event)
    dump = getattr(event, "model_dump_json", None)
    if callable(dump):
        return str(dump(exclude_unset=True)).encode()
    raise TypeError(
        f"an event is bytes, text, a dict, an event of rtproto or a pydantic model, not {event!r}"
    )


def judge(
    transcript: str | os.PathLike[str] | bytes | Pairs | Recorder,
    *,
    dialect: str | None = None,
    profile: AnyProfile | None = None,
    select: Iterable[str] | str = (),
    ignore: Iterable[str] | str = (),
) -> Report:
    """The report on a transcript; arguments as for `assert_conforms`."""
    from rtproto.testing.recorder import Recorder

    settings = Settings(dialect=dialect, profile=profile, select=select, ignore=ignore)
    if isinstance(transcript, (str, os.PathLike)):
        return settings.check_file(transcript)
    if isinstance(transcript, bytes):
        return settings.check_stream(io.BytesIO(transcript), "transcript")
    if isinstance(transcript, Recorder):
        return settings.check_frames(_lines(transcript.frames, closed=transcript.closed), transcript.name)
    return settings.check_frames(_lines(transcript, closed=False), "transcript")


def _lines(pairs: Pairs, *, closed: bool) -> list[Frame]:
    """The pairs as the frames of a recording."""
    lines: list[Frame] = []
    for at, (direction, event, *_) in enumerate(pairs, 1):
        if direction not in ("client", "server"):
            raise ValueError(f"no direction {direction!r}, at pair {at}; there are: client, server")
        lines.append(Frame(at, direction, as_bytes(event)))
    return [*lines, Frame(len(lines) + 1, None, b"", close=Close())] if closed else lines


def assert_conforms(
    transcript: str | os.PathLike[str] | bytes | Pairs | Recorder,
    *,
    dialect: str | None = None,
    profile: AnyProfile | None = None,
    select: Iterable[str] | str = (),
    ignore: Iterable[str] | str = (),
    fail_level: str = "error",
) -> Report:
    """Fail unless a transcript keeps to the protocol.

    `transcript` is the path of a recording, its bytes, `(direction, event)` pairs or a `Recorder`.  `dialect`,
    `profile`, `select` and `ignore` are those of `rtproto.check_file`; a finding fails the test at `fail_level`
    (`info`, `warning` or `error`) or above.  Returns the report.

    Raises `AssertionError` with those findings as text, also where a transcript cannot be read; `ValueError` for an
    argument or a direction that there is not, and `TypeError` for an event that is none.
    """
    __tracebackhide__ = True
    report = judge(transcript, dialect=dialect, profile=profile, select=select, ignore=ignore)
    require(report, fail_level)
    return report


def require(report: Report, fail_level: str) -> None:
    """Raise `AssertionError` where a report has findings of that level or above, or a transcript was not readable."""
    __tracebackhide__ = True
    level = Severity.parse(fail_level)
    if report.unchecked or report.roots(level):
        raise AssertionError("the transcript does not conform\n" + shown(report, level))


def shown(report: Report, level: Severity) -> str:
    """The findings of a report as text."""
    from rtproto.reports import Options, render

    return render(report, "full", Options(min_severity=level))
