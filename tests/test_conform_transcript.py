"""The lines of a transcript: any frame can be written and read back, and what is no line is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.conform.case import transcript_of
from rtproto.conform.transcript import Line, LineError, is_plain, parse, written

frames = st.builds(
    Line,
    direction=st.sampled_from(["client", "server"]),
    raw=st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")),
    seconds=st.none() | st.integers(-(10**12), 10**15).map(lambda micros: micros / 10**6),
)


@given(frames, st.booleans())
def test_a_frame_of_any_bytes_survives(line: Line, compact: bool) -> None:
    text = written(line, compact=compact)
    back = parse(text)

    assert (back.direction, back.raw) == (line.direction, line.raw)
    assert back.seconds == pytest.approx(line.seconds, abs=1e-6)
    assert text.splitlines() == [text]


@given(st.text(alphabet="A<>*0{", max_size=6), st.integers(0, 200), st.text(alphabet='a<*>1"', max_size=6))
def test_long_runs_survive_as_repetitions(before: str, count: int, after: str) -> None:
    raw = (before + "AQD+/wAA" * count + after).encode()

    assert parse(written(Line("client", raw), compact=True)).raw == raw


@pytest.mark.parametrize(
    "line, direction, raw, seconds",
    [
        ('< {"type":"a"}', "server", b'{"type":"a"}', None),
        ('> {"type":"a"}', "client", b'{"type":"a"}', None),
        (">= /w==", "client", b"\xff", None),
        ("<=", "server", b"", None),
        ("<@12.5 {}", "server", b"{}", 12.5),
        ("<@-3 {}", "server", b"{}", -3.0),
        ("<=@0 e30=", "server", b"{}", 0.0),
        ('>* {"audio":"<<A*8>>"}', "client", b'{"audio":"AAAAAAAA"}', None),
        ("<* <<[*3>>1<<]*3>>", "server", b"[[[1]]]", None),
        ('<* <<{"a":*2>>0<<}*2>>', "server", b'{"a":{"a":0}}', None),
        ("< <<A*8>>", "server", b"<<A*8>>", None),
        ('< {"text":"→ 😀"}', "server", '{"text":"→ 😀"}'.encode(), None),
    ],
)
def test_lines(line: str, direction: str, raw: bytes, seconds: float | None) -> None:
    assert parse(line) == Line(direction, raw, seconds)


@pytest.mark.parametrize(
    "line, why",
    [
        ("", "begins with < or >"),
        ("{}", "begins with < or >"),
        ("<{}", "begins with < or >"),
        ("<@soon {}", "begins with < or >"),
        ("<= not base64", "base64"),
        ("<= /w=", "base64"),
        ("<* {}", "repeats something"),
        ("<* <<A*99999999>><<A*99999999>><<A*99999999>>", "come to"),
    ],
)
def test_what_is_no_line_is_refused(line: str, why: str) -> None:
    with pytest.raises(LineError, match=why):
        parse(line)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" {}",
        b"{}\r",
        b"{\n}",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"\x00",
        b'"\x7f"',
        "\u2028".encode(),
        b"\x85",
    ],
)
def test_what_a_reader_of_lines_could_misread_is_base64(raw: bytes) -> None:
    assert not is_plain(raw)
    assert written(Line("server", raw), compact=False) == f"<= {base64.b64encode(raw).decode()}".rstrip()


def test_case_files_have_repetitions_and_checkers_get_none() -> None:
    line = Line("client", b'{"audio":"' + b"A" * 6400 + b'"}')

    assert transcript_of([line]) == '>* {"audio":"<<A*6400>>"}\n'
    assert written(line, compact=False) == '> {"audio":"' + "A" * 6400 + '"}'
