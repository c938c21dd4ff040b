"""Files and streams to reports: connections, selection, and everything a file should not hold."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import rtproto
from rtproto.findings import Report, Severity
from rtproto.recording import check_file, check_stream
from rtproto.rules import RULES

CREATED = {
    "type": "session.created",
    "event_id": "event_1",
    "session": {"type": "realtime", "object": "realtime.session", "id": "sess_1", "model": "gpt-realtime"},
}
CLOSE = {"close": {"code": 1000, "reason": ""}}


def jsonl(*lines: Any) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def example(code: str, *, breaking: bool) -> bytes:
    """A rule's own example, as a recorder writes it."""
    lines = RULES[code].example.lines(breaking=breaking)
    return b"".join(b'{"direction": "%s", "event": %s}\n' % (side.encode(), raw) for side, raw in lines)


CLEAN = example("OUT016", breaking=False)
BROKEN = example("OUT016", breaking=True)


def check(data: bytes, **options: Any) -> Report:
    return check_stream(io.BytesIO(data), path="session.jsonl", **options)


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.roots(Severity.WARNING)]


def test_the_public_names_are_these() -> None:
    assert rtproto.check_file is check_file
    assert rtproto.check_stream is check_stream


def test_a_legal_session() -> None:
    report = check(CLEAN)

    (session,) = report.sessions
    assert (session.path, session.dialect, session.mode) == ("session.jsonl", "ga", "complete")
    assert session.events == CLEAN.count(b"\n")
    assert (codes(report), report.unchecked) == ([], ())


def test_a_broken_session_and_its_line() -> None:
    report = check(BROKEN)

    lines = BROKEN.splitlines()
    (at,) = [i for i, (a, b) in enumerate(zip(CLEAN.splitlines(), lines, strict=False), 1) if a != b][:1]
    assert codes(report) == ["OUT016"]
    assert report.roots(Severity.ERROR)[0].line == at


def test_a_recording_with_the_head_of_a_whole_connection() -> None:
    """Each file of several in one says of itself whether it is one."""
    head = b'{"recording": {"version": 1, "started": 1763812800.25, "part": 1%s}}\n'
    late = CLEAN.partition(b"\n")[2]
    whole, part = head % b', "from_start": true', head % b""
    report = check(b"".join([whole, CLEAN, jsonl(CLOSE), whole, late, jsonl(CLOSE), part, late]))

    assert [(session.mode, [f.code for f in session.findings]) for session in report.sessions] == [
        ("complete", []),
        ("complete", ["SES001"]),
        ("mid-session", ["SES001"]),
    ]
    assert codes(report) == ["SES001"]


@pytest.mark.parametrize("told", [b"false", b"3", b"null"])
def test_a_head_that_does_not_say_that_the_connection_is_whole(told: bytes) -> None:
    head = b'{"recording": {"version": 1, "from_start": %s}}\n' % told
    [session] = check(head + CLEAN.partition(b"\n")[2]).sessions

    assert session.mode == "mid-session"


def test_blank_lines_count_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf\n\n" + BROKEN)

    (finding,) = check_file(path).roots(Severity.ERROR)
    assert finding.line == check(BROKEN).roots(Severity.ERROR)[0].line + 2


def test_a_close_ends_a_session_and_another_begins_afresh() -> None:
    report = check(CLEAN + jsonl(CLOSE) + BROKEN + jsonl(CLOSE))

    first, second = report.sessions
    assert (first.path, second.path) == ("session.jsonl", "session.jsonl")
    assert first.roots(Severity.WARNING) == ()
    assert [f.code for f in second.roots(Severity.WARNING)] == ["OUT016"]
    assert second.roots(Severity.ERROR)[0].line == check(BROKEN).roots(Severity.ERROR)[0].line + (
        CLEAN.count(b"\n") + 1
    )


def test_a_close_with_nothing_before_it_is_no_session() -> None:
    assert len(check(jsonl(CLOSE) + CLEAN).sessions) == 1


def test_without_a_close_a_second_connection_is_a_fault() -> None:
    assert codes(check(CLEAN + CLEAN))[0] == "SES002"


def again(session_id: str) -> list[dict[str, Any]]:
    """The lines of another connection: the client configures before it has heard of its session."""
    created, update, *rest = (
        json.loads(line) for line in CLEAN.replace(b'"sess_1"', f'"{session_id}"'.encode()).splitlines()
    )
    return [update, created, *rest]


def test_a_file_that_goes_on_with_another_session_holds_two() -> None:
    lines = [json.loads(line) for line in CLEAN.splitlines()]
    report = check(jsonl(*lines, *again("sess_2"), *again("sess_3")))

    assert codes(report) == []
    first, second, third = report.sessions
    assert [s.events for s in report.sessions] == [len(lines)] * 3
    begins = "begins where another connection of the recording stops without a close"
    assert begins not in first.limits
    assert begins in second.limits
    assert begins in third.limits


def test_what_the_client_says_before_it_has_heard_of_its_session_is_not_the_last_ones() -> None:
    lines = [json.loads(line) for line in CLEAN.splitlines()]
    update, *rest = again("sess_2")
    update["event"]["session"]["modalities"] = ["text"]
    first, second = check(jsonl(*lines, update, *rest)).sessions

    assert first.findings == ()
    assert [(f.code, f.line) for f in second.roots(Severity.WARNING)] == [("DIA005", len(lines) + 1)]


def test_what_waited_before_it_stays_with_the_connection_that_it_was_asked_of() -> None:
    lines = [json.loads(line) for line in CLEAN.splitlines()]
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And?"}]}
    asked = {"direction": "client", "event": {"type": "conversation.item.create", "item": item}}
    first, second = check(jsonl(*lines[:-1], asked, lines[-1], *again("sess_2"))).sessions

    assert [(f.code, f.line) for f in first.findings] == [("ITM013", len(lines))]
    assert second.roots(Severity.WARNING) == ()


def test_a_connection_that_another_follows_did_not_go_on_for_long() -> None:
    """The second begins a minute later, and the response that was in progress may have ended meanwhile."""
    lines = [json.loads(line) for line in CLEAN.splitlines()]
    stop = next(n for n, line in enumerate(lines) if line["event"]["type"] == "response.output_text.done")
    timed = [{**line, "t": n / 10} for n, line in enumerate(lines[:stop])]
    later = [{**line, "t": 60 + n / 10} for n, line in enumerate(again("sess_2")[1:])]
    first, _ = check(jsonl(*timed, *later)).sessions

    assert [(f.code, f.severity) for f in first.findings] == [("RSP007", Severity.INFO)]


def test_selection() -> None:
    assert codes(check(BROKEN, select="RSP")) == []
    assert codes(check(BROKEN, select=["out"])) == ["OUT016"]
    assert codes(check(BROKEN, ignore="delta-after-done")) == []


@pytest.mark.parametrize(
    "options, told",
    [
        ({"select": "NOPE"}, "no rule 'NOPE'"),
        ({"ignore": "NOPE"}, "no rule 'NOPE'"),
        ({"dialect": "gamma"}, "no dialect 'gamma'"),
        ({"profile": "acme"}, "no profile 'acme'"),
    ],
)
def test_wrong_options_raise_before_anything_is_opened(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_file("does-not-exist.jsonl", **options)


def test_dialect_and_profile_can_be_forced() -> None:
    (session,) = check(CLEAN, dialect="ga", profile="compat").sessions

    assert (session.dialect, session.profile) == ("ga", "compat")


@pytest.mark.parametrize(
    "name, told",
    [
        ("missing.jsonl", "no such file or directory"),
        (".", "is a directory"),
        ("a\0b", "no file can have such a name"),
    ],
)
def test_what_cannot_be_opened(name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    report = check_file(name)
    assert [(u.path, u.reason) for u in report.unchecked] == [(name, told)]
    assert report.sessions == ()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device without end")
def test_a_device_is_not_read() -> None:
    assert [u.reason for u in check_file("/dev/zero").unchecked] == ["a device, not a file"]


class Failing(io.BytesIO):
    """A disk that fails in the middle."""

    def __init__(self, data: bytes, error: OSError) -> None:
        super().__init__(data)
        self._error = error

    def _fail(self, data: bytes) -> bytes:
        if not data:
            raise self._error
        return data

    def read(self, size: int | None = -1) -> bytes:
        return self._fail(super().read(size))

    def read1(self, size: int | None = -1) -> bytes:
        return self._fail(super().read1(-1 if size is None else size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._fail(super().readline(size))


@pytest.mark.parametrize(
    "error, told", [(OSError(5, "Input/output error"), "input/output error"), (OSError(), "oserror")]
)
def test_a_read_error_keeps_what_was_read(error: OSError, told: str) -> None:
    report = check_stream(Failing(BROKEN, error), path="session.jsonl")

    assert codes(report) == ["OUT016"]
    assert [u.reason for u in report.unchecked] == [told]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n", jsonl(CLOSE)])
def test_nothing_in_it(data: bytes) -> None:
    report = check(data)

    assert report.sessions == ()
    assert len(report.unchecked) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 40,
        b"Dear diary,\ntoday nothing happened.\n",
        b'{"name": "package", "version": "1.0.0"}\n{"name": "other"}\n',
        b"a,b,c\n1,2,3\n",
        b'["session.created"]\n"response.done"\n',
    ],
)
def test_no_recording_at_all(data: bytes) -> None:
    report = check(data)

    assert report.sessions == ()
    (unchecked,) = report.unchecked
    assert "this does not look like" in unchecked.reason


BAD_LINES = {
    "nul bytes": b"\0\0\0\0",
    "nul inside": b'{"type": "response.created\0"}',
    "truncated": b'{"type": "response.done", "event_id": "event_9", "respon',
    "invalid utf-8": b'{"type": "response.done", "event_id": "caf\xe9"}',
    "deep": b'{"type": "error", "event_id": "e", "x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "unclosed": b"[" * 5_000,
    "nan": b'{"type": "rate_limits.updated", "event_id": "e", "rate_limits": [{"remaining": NaN}]}',
    "array": b'[{"type": "response.done"}]',
    "string": b'"response.done"',
    "number": b"17",
    "null": b"null",
    "numeric type": b'{"type": 17, "event_id": "e"}',
    "null type": b'{"type": null}',
    "no type": b"{}",
    "two events": b'{"type": "error"}{"type": "error"}',
    "lone surrogate": b'{"type": "ping", "x": "\\ud800"}',
    "huge number": b'{"type": "ping", "x": 1e999}',
    "huge integer": b'{"type": "response.output_text.delta", "output_index": ' + b"9" * 5_000 + b"}",
    "envelope of nothing": b'{"direction": "server"}',
    "envelope of a number": b'{"direction": "server", "event": 3}',
    "envelope of no direction": b'{"direction": 3, "event": {"type": "error"}}',
    "close of a number": b'{"close": 3}',
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
@pytest.mark.parametrize("place", ["in the middle", "at the end", "unterminated"])
def test_a_bad_line_is_a_finding_and_stops_nothing(bad: bytes, place: str) -> None:
    lines = CLEAN.splitlines(keepends=True)
    half = len(lines) // 2 if place == "in the middle" else len(lines)
    end = b"" if place == "unterminated" else b"\n"
    report = check(b"".join(lines[:half]) + bad + end + b"".join(lines[half:]))

    found = [
        finding for session in report.sessions for finding in session.findings if finding.line == half + 1
    ]
    assert report.unchecked == ()
    assert found or b"close" in bad
    assert sum(session.events for session in report.sessions) >= len(lines)


def test_a_duplicate_key_is_no_end() -> None:
    lines = CLEAN.splitlines(keepends=True)
    lines[0] = lines[0].replace(
        b'"type":"session.created"', b'"type":"session.created","event_id":"a","event_id":"b"'
    )

    assert check(b"".join(lines)).unchecked == ()


def test_a_line_of_100_mb_is_passed_over_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    lines = CLEAN.splitlines(keepends=True)
    with path.open("wb") as file:
        file.write(lines[0] + b'{"type":"response.output_audio.delta","delta":"')
        for _ in range(100):
            file.write(b"A" * 2**20)
        file.write(b'"}\n' + b"".join(lines[1:]))
    check(CLEAN)  # whatever is imported or cached for good is not this file's

    tracemalloc.start()
    try:
        report = check_file(path, max_line_bytes=2**20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [(f.line, f.name) for f in report.roots(Severity.WARNING)] == [(2, "too-long")]
    assert peak < 8 * 2**20


@pytest.mark.parametrize("cut", [1, 7, 40, 150, 333, 700])
def test_a_recording_cut_anywhere_is_checked(cut: int) -> None:
    report = check(CLEAN[:-cut])

    assert [session.path for session in report.sessions] == ["session.jsonl"]


def test_each_real_recording_is_checked(recording: Path) -> None:
    report = check_file(recording)

    assert report.unchecked == ()
    assert [session.path for session in report.sessions] == [str(recording)]


@pytest.mark.parametrize("stream", [io.StringIO("{}"), b"{}", "session.jsonl", [b"{}\n"]])
def test_what_is_no_binary_stream_is_refused_by_name(stream: Any) -> None:
    with pytest.raises(TypeError, match=rf"binary stream, such as open\(.*, not {type(stream).__name__}$"):
        check_stream(stream)
