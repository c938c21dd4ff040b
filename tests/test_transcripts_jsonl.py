"""Recordings of one JSON text a line: bare events, envelopes of all kinds, and files that are something else."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.transcripts.jsonl import Close, Frame, NotARecording, holds_event, read
from rtproto.wire import Fault

CREATED = b'{"type":"session.created","event_id":"event_1","session":{"type":"realtime"}}'
UPDATE = b'{"type":"session.update","session":{"type":"realtime"}}'
DELTA = b'{"type":"response.output_text.delta","event_id":"event_2","delta":"Hello"}'


def frames(*lines: bytes | str, limit: int = 10_000) -> list[Frame]:
    """The frames of those lines, but for what is around their events: that has a test of its own."""
    raw = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    return [msgspec.structs.replace(frame, around=b"") for frame in read(io.BytesIO(raw), limit)]


def frame(line: bytes | str) -> Frame:
    """The frame of a line behind one that is certainly an event."""
    first, second = frames(CREATED, line)
    assert first == Frame(1, None, CREATED)
    assert second.line == 2
    return second


# Bare events.


def test_bare_events() -> None:
    escaped = DELTA.replace(b"Hello", b'a \\"b\\"')
    late = b'{"event_id":"event_3","x":"' + b"y" * 400 + b'","type":"response.done"}'
    lines = [CREATED, DELTA, escaped, late]
    assert frames(*lines) == [Frame(number, None, line) for number, line in enumerate(lines, 1)]


def test_blank_lines_and_the_byte_order_mark() -> None:
    assert frames(b"\xef\xbb\xbf" + CREATED + b"\r", b"", b" \t\r", DELTA + b"\r", b"") == [
        Frame(1, None, CREATED),
        Frame(4, None, DELTA),
    ]
    assert frames() == []
    assert frames(b"", b"  ", b"\xef\xbb\xbf"[:0]) == []


@pytest.mark.parametrize(
    "line",
    [
        b"not JSON",
        b'{"type":"response.done"',
        b'{"type":"response.done","response":{"id":"r"',
        b'{"response":{"id":"r"}} {}',
        b"[1]",
        b'["event"]',
        b"5",
        b"null",
        b'"text"',
        b'{"delta":"a"}',
        b'{"type":5,"response":{}}',
        b'{"type":"error","error":{"message":"m"}}',
        b'{"type":"error","message":"{broken"}',
        b'{"type":"vendor.event","data":{"n":1}}',
        b'{"type":"vendor.event","data":{"type":1}}',
        b'{"type":"vendor.event","payload":[{"type":"x"}]}',
        b'{"type":"vendor.event","source":"microphone","data":{"n":1}}',
        b'{"source":"microphone"}',
        b'{"data":5}',
        b"\xff{}",
        b"[" * 3000,
        b"\0",
    ],
)
def test_a_line_without_an_envelope_stays_as_it_is(line: bytes) -> None:
    assert frame(line) == Frame(2, None, line)


# Envelopes.


@pytest.mark.parametrize("key", ["direction", "dir", "source", "sender", "side"])
@pytest.mark.parametrize("holder", ["event", "data", "payload", "message", "msg", "body", "evt"])
@pytest.mark.parametrize("text", [False, True], ids=["object", "string"])
def test_keys_of_an_envelope(key: str, holder: str, text: bool) -> None:
    content = json.dumps(DELTA.decode()).encode() if text else DELTA
    line = b'{"%s":"server","%s":%s}' % (key.encode(), holder.encode(), content)
    assert frame(line) == Frame(2, "server", DELTA)


@pytest.mark.parametrize(
    "sent,received",
    [
        ("client", "server"),
        ("c2s", "s2c"),
        ("sent", "received"),
        ("send", "receive"),
        ("out", "in"),
        ("outgoing", "incoming"),
        ("Outbound", " INBOUND "),
    ],
)
def test_names_of_directions(sent: str, received: str) -> None:
    def record(names: tuple[str, str]) -> list[str | None]:
        events = [
            (names[0], UPDATE),
            (names[1], CREATED),
            (names[1], b'{"type":"new"}'),
            (names[0], b'{"type":"new"}'),
        ]
        lines = [json.dumps({"dir": name, "data": json.loads(event)}) for name, event in events]
        return [found.direction for found in frames(*lines)]

    assert record((sent, received)) == ["client", "server", "server", "client"]
    turned = record((received, sent))
    if sent in ("client", "c2s"):
        # These say who sent it; a client event from the server is for the checker to report.
        assert turned == ["server", "client", "client", "server"]
    else:
        # The recorder sat in the server.
        assert turned == ["client", "server", "server", "client"]


def test_a_perspective_needs_an_event_that_is_known() -> None:
    lines = [
        '{"dir":"out","data":{"type":"new"}}',
        '{"dir":"out","data":"?"}',
        '{"dir":"out","data":{"type":5}}',
    ]
    lines += ['{"dir":"out","data":{"type":"response.done"}}', '{"dir":"in","data":{"type":"new"}}']
    assert [found.direction for found in frames(*lines)] == ["client", "client", "client", "server", "client"]


@pytest.mark.parametrize(
    "extra,time",
    [
        ('"t":1', 1.0),
        ('"time":1.5', 1.5),
        ('"ts":1.7e9', 1.7e9),
        ('"timestamp":-1', -1.0),
        ('"at":0', 0.0),
        ('"at_ms":1500', 1.5),
        ('"at_ms":1500,"at":2', 2.0),
        ('"ts":"2025-06-04 18:09:37","at_ms":10', 0.01),
        ('"t":null', None),
        ('"t":true', None),
        ('"t":"12"', None),
        ('"t":1e999', None),
        ('"t":{"s":1}', None),
    ],
)
def test_times(extra: str, time: float | None) -> None:
    line = b'{"direction":"client",%s,"event":%s}' % (extra.encode(), UPDATE)
    assert frame(line) == Frame(2, "client", UPDATE, time)
    assert frame(line.replace(b'"direction"', b'"dir"')) == Frame(2, "client", UPDATE, time)


@pytest.mark.parametrize(
    "line,direction",
    [
        (b'{"event":%s}' % DELTA, None),
        (b'{"source":"microphone","event":%s}' % DELTA, None),
        (b'{"direction":5,"event":%s}' % DELTA, None),
        (b'{"direction":"?","dir":"server","event":%s}' % DELTA, "server"),
        (b'{"type":"send","data":%s}' % DELTA, None),
        (b'{"type":"response.output_text.delta","direction":"server","event":%s}' % DELTA, "server"),
        (b'{"direction":"server","data":5,"event":null,"payload":%s}' % DELTA, "server"),
        (b'{"line":93,"direction":"server","event":%s,"x":{"y":1e999}}' % DELTA, "server"),
        (b' {"direction" : "server" , "event" : %s } ' % DELTA, "server"),
    ],
)
def test_envelopes(line: bytes, direction: str | None) -> None:
    assert frame(line) == Frame(2, direction, DELTA)  # type: ignore[arg-type]  # the literal is lost in the table


def test_what_is_in_an_envelope_stays_as_it_is() -> None:
    event = b'{ "type":"x", "type" : "y", "n":1.0, "big":123456789012345678901234567890 }'
    assert frame(b'{"direction":"server","event":%s}' % event).raw == event


@pytest.mark.parametrize(
    "event", [b'{"type":"x","a":NaN}', b'{"type":"x","a":"\\ud83d"}', b'{"type":"x","a":"\xff"}']
)
def test_a_fault_in_the_event_leaves_the_envelope_readable(event: bytes) -> None:
    assert frame(b'{"t":1,"direction":"server","event":%s}' % event) == Frame(2, "server", event, 1.0)


def test_a_lone_surrogate_in_a_string_of_json() -> None:
    line = b'{"direction":"server","event":"{\\"a\\":\\"\\ud83d\\"}"}'
    assert frame(line) == Frame(2, "server", b'"{\\"a\\":\\"\\ud83d\\"}"')


@pytest.mark.parametrize(
    "event,raw",
    [(b"[1]", b"[1]"), (b"5", b"5"), (b"null", b"null"), (b'"text"', b"text"), (b'"{"', b"{"), (b'""', b"")],
)
def test_an_envelope_with_something_else_inside(event: bytes, raw: bytes) -> None:
    assert frame(b'{"direction":"server","event":%s}' % event) == Frame(2, "server", raw)


def test_an_envelope_with_nothing_inside() -> None:
    line = b'{"direction":"server","t":3,"evnt":{"type":"x"}}'
    fault = Fault("missing-field", "$.event", "the event, as an object or as a string of JSON", "nothing")
    assert frame(line) == Frame(2, "server", line, 3.0, fault)


@pytest.mark.parametrize(
    "line,close,time",
    [
        (b'{"close":{"code":1000,"reason":"bye"}}', Close(1000, "bye"), None),
        (b'{"close":{"code":1011},"t":2}', Close(1011), 2.0),
        (b'{"close":{}}', Close(), None),
        (b'{"close":true}', Close(), None),
        (b'{"close":{"code":"x"}}', Close(), None),
        (b'{"close":null}', Close(), None),
    ],
)
def test_the_end_of_a_connection(line: bytes, close: Close, time: float | None) -> None:
    assert frame(line) == Frame(2, None, line, time, close=close)
    assert close


def test_the_side_that_closes() -> None:
    assert frame('{"direction":"server","close":{"code":1001}}').direction == "server"


def test_an_event_that_happens_to_have_a_close() -> None:
    line = b'{"type":"vendor.event","close":{"code":1000}}'
    assert frame(line) == Frame(2, None, line)


# Lines that are too long.


def test_too_long() -> None:
    long = b'{"type":"response.done","x":"' + b"x" * 20_000 + b'"}'
    found = frames(CREATED, long, DELTA)
    fault = Fault("too-long", "", "a line of at most 10000 bytes", "a longer one")
    assert found == [Frame(1, None, CREATED), Frame(2, None, long[:4096], fault=fault), Frame(3, None, DELTA)]
    assert [one.fault for one in frames(long)] == [fault]


def test_memory_is_bounded() -> None:
    mib = 2**20
    raw = (b'{"direction":"server","event":{"type":"x","delta":"' + b"A" * mib + b'"}}\n') * 12
    tracemalloc.start()
    try:
        for one in read(io.BytesIO(raw)):
            assert len(one.raw) > mib
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * mib


# What is a recording, and what is not.


@pytest.mark.parametrize(
    "line",
    [
        CREATED,
        b'{"direction":"server","event":%s}' % CREATED,
        b'{"data":%s}' % json.dumps(CREATED.decode()).encode(),
        b'{"type":"anything"}',
        b'  {"type" : "cut',
        b'{"event_id":"event_1","type":"session.created","session":{',
        b'{"type":"x","n":NaN}',
        b'{"type":"x","n":' + b"[" * 3000,
        CREATED + DELTA,
    ],
)
def test_it_looks_like_a_recording(line: bytes) -> None:
    assert any(map(holds_event, [b"# notes", line]))
    assert len(frames(b"# notes", line)) == 2


NOTHING = [
    (b"\x7fELF\x02\x01\x01\x00\x00", "binary data"),
    ("{".encode("utf-16"), "UTF-16 text (save it as UTF-8)"),
    (b"\xfe\xff\0{", "UTF-16 text (save it as UTF-8)"),
    (b"id,type,name\n1,session,x\n", "text that is no JSON"),
    ("Gr\xfc\xdfe\n".encode("latin-1"), "text that is no JSON"),
    (b"[%s,\n%s]" % (CREATED, DELTA), "a JSON array (write its elements one a line)"),
    (b'{\n  "type": "session.created"\n}\n', "JSON that goes over several lines (write each event on one)"),
    (
        b'{"level":"info"}\n{"type":5}\n{"data":{"n":1}}\n{"data":"text"}',
        'JSON objects without a string "type"',
    ),
    (
        b"12:00 DEBUG " + CREATED,
        "text with braces in it, which may be a log (leave only the JSON in each line)",
    ),
    (b"5\n", "text that is no JSON"),
]


@pytest.mark.parametrize("raw,holds", [pytest.param(*case, id=f"{case[0][:16]!r}") for case in NOTHING])
def test_it_does_not_look_like_a_recording(raw: bytes, holds: str) -> None:
    assert not any(map(holds_event, raw.split(b"\n")))
    with pytest.raises(NotARecording) as caught:
        frames(raw)
    assert str(caught.value) == (
        f"this does not look like a Realtime recording: the first lines hold {holds}; "
        'rtproto reads JSONL: one event a line, or {"direction": "client" or "server", "event": {…}}'
    )


def test_no_text_of_the_file_is_shown() -> None:
    with pytest.raises(NotARecording) as caught:
        frames(b"OPENAI_API_KEY=sk-abcdef")
    assert "sk-" not in str(caught.value)


def test_how_far_is_looked() -> None:
    assert len(frames(*[b"# a note", b""] * 49, CREATED)) == 50
    with pytest.raises(NotARecording):
        frames(*[b"# a note"] * 50, CREATED)


def test_not_too_much_is_held_back() -> None:
    class Counted(io.BytesIO):
        lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.lines += 1
            return super().readline(size)

    stream = Counted((b"x" * 2**20 + b"\n") * 40)
    with pytest.raises(NotARecording):
        list(read(stream))
    assert stream.lines == 5


def test_frames_come_as_soon_as_their_line() -> None:
    """A live stream must not be read ahead."""
    reader, writer = io.BytesIO(), io.BytesIO()
    reader.write(CREATED + b"\n")
    reader.seek(0)
    stream = read(reader)
    assert next(stream) == Frame(1, None, CREATED)
    assert reader.tell() == len(CREATED) + 1
    assert writer.getvalue() == b""


def test_a_stream_that_fails() -> None:
    class Failing(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("input/output error")
            return super().readline(size)

    stream = read(Failing(CREATED + b"\n" + DELTA))
    assert next(stream).raw == CREATED
    with pytest.raises(OSError, match="input/output error"):
        next(stream)


PIECES = [
    b"{",
    b"}",
    b'"',
    b":",
    b",",
    b'"event"',
    b'"direction"',
    b'"server"',
    b'"type"',
    b"\\",
    b"\n",
    b"\r",
]
PIECES += [
    DELTA,
    b'{"direction":"server","event":%s}' % UPDATE,
    b'"close"',
    b"NaN",
    b'"\\ud83d"',
    b"\xff",
    b"\0",
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=12).map(b"".join))
def test_any_bytes(raw: bytes) -> None:
    stream = read(io.BytesIO(CREATED + b"\n" + raw))
    lines = (CREATED + b"\n" + raw).split(b"\n")
    for one in stream:
        assert isinstance(one.raw, bytes)
        assert one.direction in (None, "client", "server")
        assert lines[one.line - 1].strip()
    found: Any = any(map(holds_event, raw.split(b"\n")))
    assert found in (True, False)
