"""One connection that is recorded: each message becomes a line, and is judged, in the order in which it passed.

A line is written before its message is judged, so a finding never names a line that is not in the file.  Without any
I/O but the journal's: the recorder and the wrappers of `rtproto.live.record` call it for each message.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pybase64
from msgspec import Struct
from msgspec.structs import replace

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, SessionReport
from rtproto.live.journal import Journal
from rtproto.live.redaction import redacted, redacted_bytes, redacted_text
from rtproto.transcripts.elision import audio_size, audio_span
from rtproto.transcripts.frames import Close

VERSION = 1
"""Of the form of a recording, in its head."""
MAX_FINDINGS = 10_000
"""Findings of one connection after which it is not judged any more: a peer must not fill the memory."""
EVENT_IDS = 1_024
"""Event ids that a live checker remembers at least: minutes of deltas, in a few hundred kilobytes."""
ABNORMAL = 1006
"""The code of a connection that ended without a close frame (RFC 6455, 7.1.5)."""


class Keeping(Struct, frozen=True):
    """What of a message a recording keeps."""

    redact: bool = True
    """Secrets are replaced by `[redacted]`."""
    elide_audio: bool = False
    """Streamed audio is replaced by its length in bytes."""


class Body(Struct, frozen=True):
    """A message as a recording holds it."""

    member: str
    """`event`, or `raw` for what is no text."""
    json: bytes
    audio_bytes: int | None = None
    """Bytes of audio that were left out."""


def body(data: bytes, keeping: Keeping) -> Body:
    """What is written of a message.

    The bytes of an object of JSON stand in the line as they came.  Another text, or one that goes over several lines,
    stands there as a string that holds it; what is no UTF-8, in base64.
    """
    try:
        text = None if data.isascii() else data.decode()
    except UnicodeDecodeError:
        kept = redacted_bytes(data) if keeping.redact else data
        return Body("raw", b'"' + pybase64.b64encode(kept) + b'"')
    size: int | None = None
    try:
        kept, span = data, audio_span(data)
        if keeping.elide_audio and span is not None:
            size = audio_size(data, span) or None
        if size is not None and span is not None:
            kept, span = data[: span[0]] + data[span[1] :], None
        if keeping.redact:
            kept = redacted(kept, span)
    except (ValueError, RecursionError):
        text = data.decode() if text is None else text
        return Body("event", json.dumps(redacted_text(text) if keeping.redact else text).encode())
    if b"\n" in kept or b"\r" in kept:
        kept = json.dumps(kept.decode()).encode()
    return Body("event", kept, size)


class Recording:
    """Takes what passes on one connection, writes it, and judges it.

    `about` goes into the head of each file; that of the first says so where the connection is recorded `from_start`.
    `on_finding` gets each finding, and where it is: file and line.
    `on_trouble` gets a sentence, once, when the file cannot be written any more; judging goes on.  Both are called from
    within `message` and `close`.
    """

    def __init__(
        self,
        journal: Journal,
        checker: SessionChecker,
        *,
        about: dict[str, Any] | None = None,
        from_start: bool = False,
        keeping: Keeping | None = None,
        on_finding: Callable[[Finding, Path, int], None] = lambda finding, path, line: None,
        on_trouble: Callable[[str], None] = lambda told: None,
    ) -> None:
        self._journal: Journal | None = journal
        self._path = journal.path
        self._checker = checker
        self._about = about or {}
        self._from_start = from_start
        self._keeping = keeping or Keeping()
        self._on_finding = on_finding
        self._on_trouble = on_trouble
        self.started = time.time()
        """Seconds since 1970."""
        self._zero = time.monotonic()
        self._lines = 0
        """Lines of all files together, one after another: what the checker counts."""
        self._begins: list[int] = []
        """How many lines there were before each file."""
        self._paths: list[Path] = []
        self._judging = True
        self.messages = 0
        self.closed = False

    @property
    def path(self) -> Path:
        """The first file."""
        return self._path

    def message(
        self, direction: str, data: bytes, *, binary: bool = False, moment: float | None = None
    ) -> None:
        """Take one message: its text as UTF-8, or its bytes.  Never raises.

        `moment` is when it came, on the monotonic clock; now, where it is not given.
        """
        now = (time.monotonic() if moment is None else moment) - self._zero
        self.messages += 1
        if self._journal is None:
            self._lines += 1
        else:
            kept = body(data, self._keeping)
            head = f'{{"t":{now:.6f},"direction":"{direction}"'
            if binary:
                head += ',"binary":true'
            if kept.audio_bytes is not None:
                head += f',"audio_bytes":{kept.audio_bytes}'
            self._write(b'%s,"%s":%s}\n' % (head.encode(), kept.member.encode(), kept.json))
        line, moment = self._lines, self.started + now
        self._judge(lambda: self._checker.feed(direction, data, line=line, time=moment))

    def note(self, **about: Any) -> None:
        """Write a line that tells about the recording."""
        self._write_json({"t": round(time.monotonic() - self._zero, 6), "recording": about})

    def close(self, code: int, reason: str = "", direction: str | None = None) -> None:
        """Take the end of the connection; `direction` is who ended it, where that is known.  Calling it again does
        nothing."""
        if self.closed:
            return
        self.closed = True
        reason = redacted_text(reason) if self._keeping.redact else reason
        now = time.monotonic() - self._zero
        line: dict[str, Any] = {"t": round(now, 6)}
        if direction is not None:
            line["direction"] = direction
        self._write_json({**line, "close": {"code": code, "reason": reason}})
        cut = Close(code).breaks_off(direction)
        self._judge(lambda: self._checker.close(cut=cut, time=self.started + now))
        if self._journal is not None:
            self._journal.close()

    def report(self) -> SessionReport:
        """The judgement so far, with the first file as its path."""
        return replace(self._checker.report(), path=str(self.path))

    # Writing

    def _write_json(self, line: dict[str, Any]) -> None:
        self._write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def _write(self, line: bytes) -> None:
        self._lines += 1
        journal = self._journal
        if journal is None:
            return
        try:
            if journal.full:
                self._turn(journal)
            journal.write(line)
        except OSError as error:
            self._journal = None
            where = journal.path
            try:
                journal.close()
            finally:
                self._on_trouble(f"{where}: cannot be written any more: {error.strerror or error}")

    def _turn(self, journal: Journal) -> None:
        """Begin a file with its head, and tell in the one before where it goes on."""
        if journal.part:
            following = journal.following.name
            journal.write(json.dumps({"recording": {"continues_in": following}}).encode() + b"\n")
            self._lines += 1
        before = journal.path.name if journal.part else None
        journal.turn()
        head: dict[str, Any] = {
            "version": VERSION,
            "started": self.started,
            "date": datetime.fromtimestamp(self.started, UTC).isoformat(timespec="milliseconds"),
            "part": journal.part,
        }
        if before is not None:
            head["continues"] = before
        elif self._from_start:
            head["from_start"] = True
        head |= {"redacted": self._keeping.redact, "audio_elided": self._keeping.elide_audio, **self._about}
        journal.write(json.dumps({"recording": head}, separators=(",", ":")).encode() + b"\n")
        # The line that is about to be written is counted already, and stands below the head.
        self._begins.append(self._lines - 1)
        self._paths.append(journal.path)
        self._lines += 1

    # Judging

    def _judge(self, ask: Callable[[], list[Finding]]) -> None:
        if not self._judging:
            return
        try:
            findings = ask()
        except Exception as bug:  # noqa: BLE001 - a fault of ours must cost no session its connection
            self._judging = False
            self._on_trouble(
                f"{self.path}: not judged any more: an error in rtproto itself, {type(bug).__name__}: {bug}; "
                "please report it"
            )
            return
        for finding in findings:
            self._on_finding(finding, *self.place(finding.line))
        if len(self._checker.findings) > MAX_FINDINGS:
            self._judging = False
            self._on_trouble(f"{self.path}: not judged any more: more than {MAX_FINDINGS:,} findings")

    def place(self, line: int) -> tuple[Path, int]:
        """The file, and the line in it, of what the checker calls that line."""
        part = bisect_right(self._begins, line - 1) - 1
        return (self.path, line) if part < 0 else (self._paths[part], line - self._begins[part])
