"""Every format: a session written in it is recognised, and read back with its events, directions and lines."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtproto.check import INPUT_FORMATS
from rtproto.events.dialect import direction_of
from rtproto.transcripts.formats import NAMES, Recording, format_named, formats, open_recording
from rtproto.transcripts.frames import Frame, NotARecording, Unreadable
from tests.transcript_writers import WRITERS, Session

LIMIT = 1_000_000


def opened(data: bytes | str, name: str | None = None) -> Recording:
    return open_recording(io.BytesIO(data.encode() if isinstance(data, str) else data), name)


def frames(data: bytes | str, name: str | None = None) -> list[Frame]:
    return list(opened(data, name).frames(LIMIT))


SESSION: Session = [
    (
        "server",
        {"type": "session.created", "event_id": "event_1", "session": {"type": "realtime", "tools": []}},
    ),
    (
        "client",
        {"type": "session.update", "session": {"type": "realtime", "instructions": "Say 'hi' to {name}."}},
    ),
    ("client", {"type": "response.create"}),
    (
        "server",
        {"type": "response.created", "event_id": "event_2", "response": {"id": "resp_1", "output": []}},
    ),
    (
        "server",
        {
            "type": "response.output_text.delta",
            "event_id": "event_3",
            "response_id": "resp_1",
            "item_id": "item_1",
            "output_index": 0,
            "content_index": 0,
            "delta": 'It\'s "quoted" \u201cand\u201d \\ {[',
        },
    ),
    (
        "server",
        {
            "type": "rate_limits.updated",
            "event_id": "event_4",
            "rate_limits": [{"name": "tokens", "reset_seconds": 0.25}],
        },
    ),
    ("server", {"type": "error", "event_id": "event_5", "error": {"type": "x", "code": None, "param": True}}),
]


def check_read(name: str, session: Session, found: list[Frame], lines: list[int]) -> None:
    assert [json.loads(frame.raw) for frame in found] == [event for _, event in session], name
    assert [frame.direction or direction_of(json.loads(frame.raw)["type"]) for frame in found] == [
        who for who, _ in session
    ]
    assert [frame.line for frame in found] == lines
    assert {frame.loss for frame in found} <= {""}


@pytest.mark.parametrize("name", WRITERS)
def test_a_session_is_recognised_and_read(name: str) -> None:
    format, write = WRITERS[name]
    text, lines = write(SESSION)
    recording = opened(text)
    assert recording.format.name == format
    assert recording.reason
    check_read(name, SESSION, list(recording.frames(LIMIT)), lines)


# Any text, in deltas and in members that no type has.
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    ["it's", '"', "'", "\\", "\\n", "}", "{'", "\n", "…", "a: 1", "’", "“x”", "... 3 more items", "`", "//"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b_c", "d-e", "id"]), inner, max_size=3)
    ),
    max_leaves=6,
)
EVENTS = st.tuples(
    st.sampled_from(
        ["session.updated", "response.output_text.delta", "response.done", "response.create", "error"]
    ),
    st.dictionaries(st.sampled_from(["session", "delta", "response", "item_id"]), VALUES, max_size=3),
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    events = draw(st.lists(EVENTS, min_size=1, max_size=4))
    made: Session = list(SESSION[:2])
    for number, (kind, members) in enumerate(events):
        who = direction_of(kind)
        assert who is not None
        made.append((who, {"type": kind, "event_id": f"event_{number + 10}", **members}))
    return made


# Objects of an SDK have nulls that were never sent.
@pytest.mark.parametrize("name", [name for name in WRITERS if name != "sdk repr"])
@settings(max_examples=25)
@given(session=sessions())
def test_any_session_is_read_back(name: str, session: Session) -> None:
    format, write = WRITERS[name]
    text, lines = write(session)
    check_read(name, session, frames(text, format), lines)


@settings(max_examples=30, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | st.sampled_from(
        [
            b"[" * 50_000,
            b"{" * 5_000,
            b"{'type': " * 3_000,
            b'{"_webSocketMessages": [' * 100,
            b"---\n" * 100,
            b"x {\n" * 500,
        ]
    )
)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "mitmproxy"])
def test_no_file_makes_a_reader_raise(name: str, data: bytes) -> None:
    try:
        for frame in opened(data, name).frames(1000):
            assert frame.line >= 1
        opened(data)
    except (NotARecording, Unreadable):
        pass


def test_names() -> None:
    assert tuple(format.name for format in formats()) == NAMES == tuple(INPUT_FORMATS.split(", "))
    assert all(format_named(name).name == name for name in NAMES)
    with pytest.raises(ValueError, match="no format 'csv'; there are: jsonl, har"):
        format_named("csv")


@pytest.mark.parametrize("name", ["bare", "har", "cassette", "python repr"])
def test_compressed(name: str) -> None:
    import zstandard

    format, write = WRITERS[name]
    text, lines = write(SESSION)
    for data, words in (
        (gzip.compress(text.encode()), "decompressed from gzip; "),
        (zstandard.compress(text.encode()), "decompressed from Zstandard; "),
    ):
        recording = opened(data)
        assert recording.format.name == format
        assert recording.reason.startswith(words)
        check_read(name, SESSION, list(recording.frames(LIMIT)), lines)


def test_broken_compression() -> None:
    text = WRITERS["bare"][1](SESSION)[0].encode() * 2000
    with pytest.raises(Unreadable, match="the compressed data is broken"):
        frames(gzip.compress(text)[:-5000])
    with pytest.raises(Unreadable, match="the compressed data is broken"):
        frames(b"\x1f\x8b" + b"junk" * 100)
    with pytest.raises(Unreadable, match="the compressed data is broken"):
        frames(b"\x28\xb5\x2f\xfd" + b"junk" * 100)


def test_a_bomb_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    from rtproto.transcripts import compressed

    monkeypatch.setattr(compressed, "FREE_BYTES", 2**20)
    first = json.dumps(SESSION[0][1]).encode() + b"\n"
    with pytest.raises(Unreadable, match="grows to more than 200 times its size"):
        frames(gzip.compress(first + (b" " * 100_000 + b"\n") * 500))


class Pipe(io.RawIOBase):
    """A stream that cannot be rewound, and gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._rest = data
        self.asked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than the stub's Buffer
        size = min(len(buffer), 1000)
        piece, self._rest = self._rest[:size], self._rest[size:]
        self.asked += len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("name", ["envelopes", "har", "python repr", "cassette"])
def test_a_pipe(name: str) -> None:
    format, write = WRITERS[name]
    text, lines = write(SESSION * 3)
    pipe = Pipe(text.encode())
    recording = open_recording(io.BufferedReader(pipe, 500))
    assert recording.format.name == format
    if format == "jsonl":
        assert pipe.asked < len(text)  # nobody waits for more than is needed
    found = list(recording.frames(LIMIT))
    assert [frame.line for frame in found][: len(lines)] == lines[: len(found)]


def test_a_refusal_shows_the_first_lines_and_no_secret() -> None:
    with pytest.raises(NotARecording) as caught:
        opened("Dear diary\x1b[31m,\n\nmy key is sk-abcdefghijklmnop\nend\nmore\n")
    told = str(caught.value)
    assert "it begins with Dear diary\\x1b[31m, / my key is sk-[masked] / end / …" in told
    assert all(name in told for name in NAMES)
    for data, words in (
        (b"\x7fELF\x02\x01\x00", "it begins with binary data"),
        ("x".encode("utf-16"), "UTF-16 text (save it as UTF-8)"),
    ):
        with pytest.raises(NotARecording) as caught:
            opened(data)
        assert words in str(caught.value)


def test_a_har_without_realtime_sockets() -> None:
    text = '{"log": {"creator": {}, "entries": [{"_webSocketMessages": [{"type": "send", "data": "ping"}]}]}}'
    with pytest.raises(NotARecording, match="no WebSocket carries Realtime events"):
        frames(text)


def test_a_har_with_two_sockets_and_another() -> None:
    def socket(*texts: str) -> str:
        messages = [{"type": "receive", "opcode": 1, "time": 1781000000.5, "data": text} for text in texts]
        return json.dumps({"_webSocketMessages": messages, "request": {"url": 'x"_webSocketMessages": ['}})

    created = json.dumps(SESSION[0][1])
    other = socket(*['{"event":"media"}'] * 60)
    more = json.dumps(SESSION[3][1])
    text = (
        '{"log": {"entries": [\n'
        + ",\n".join([other, socket("{}", created, more), socket("ping"), socket(created)])
        + "]}}"
    )
    assert [(f.line, f.session, f.time) for f in frames(text)] == [
        (3, "socket 1", 1781000000.5),
        (3, "socket 1", 1781000000.5),
        (3, "socket 1", 1781000000.5),
        (5, "socket 2", 1781000000.5),
    ]


def test_a_cassette_with_its_close_and_aliases() -> None:
    text = """\
interactions:
- kind: message
  direction: received
  data: &one
    {type: session.created, expires_at: 2024-01-02, session: {type: realtime, n: 0x10, f: 1.5, b: yes}}
- {kind: message, direction: received, data: *one}
- kind: close
  code: 1011
  reason: gone
"""
    first, second, last = frames(text)
    assert json.loads(first.raw)["session"] == {"type": "realtime", "n": 16, "f": 1.5, "b": True}
    assert json.loads(first.raw)["expires_at"] == "2024-01-02"
    assert (second.raw, second.line) == (first.raw, 6)
    assert last.close is not None
    assert (last.line, last.close.code, last.close.reason) == (7, 1011, "gone")


def test_aliases_are_bounded_and_nothing_is_made_of_tags() -> None:
    doubled = "".join(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(Unreadable, match="more than 300,000 values"):
        frames("- &a0 [1, 1]\n" + doubled + "- {type: error}\n", "yaml")
    (frame,) = frames("- {type: error, event_id: !!python/object/apply:os.system [true]}\n", "yaml")
    assert json.loads(frame.raw)["event_id"] == [True]
    with pytest.raises(Unreadable, match="nested more than 100 levels"):
        frames("- " + "[" * 500 + "]" * 500 + "\n", "yaml")
    with pytest.raises(Unreadable, match="the YAML is broken at line 2"):
        frames("- {type: error}\n- {type: [}\n", "yaml")


def test_cut_frames_of_websockets() -> None:
    # A text longer than 75 characters is logged with its first 48 and its last 24.
    def logged(text: str) -> str:
        shown = repr(text)
        return f"{shown[:48]}...{shown[-24:]}" if len(shown) > 75 else shown

    events = [
        '{"type":"session.created","event_id":"event_1","session":{"type":"realtime","object":"x"}}',
        '{"type":"response.output_audio_transcript.delta","event_id":"event_9","response_id":"r","delta":"It\'s"}',
        '{"type":"conversation.item.input_audio_transcription.delta","event_id":"event_3","delta":"It is late"}',
        '{"type": "input_audio_buffer.speech_started", "event_id": "event_4", "audio_start_ms": 5, "item_id": "i_1"}',
    ]
    lines = [f"DEBUG:websockets.client:< TEXT {logged(text)} [{len(text)} bytes]" for text in events]
    lines += [
        "DEBUG:websockets.client:> CLOSE 1000 (OK) [2 bytes]",
        "DEBUG:websockets.client:< BINARY 00 01 [2 bytes]",
    ]
    found = frames("\n".join(lines) + "\n")
    # Of the third nothing tells whether it was a delta or the end; the fourth is cut into JSON of something else.
    assert [(f.line, f.direction, json.loads(f.raw), f.loss) for f in found[:3]] == [
        (1, "server", {"type": "session.created", "event_id": "event_1"}, "elided"),
        (2, "server", {"type": "response.output_audio_transcript.delta"}, "elided"),
        (4, "server", {"type": "input_audio_buffer.speech_started"}, "elided"),
    ]
    assert found[3].close is not None
    assert (found[3].line, found[3].close.code) == (5, 1000)
    assert opened("\n".join(lines)).lossy


def test_a_short_frame_of_websockets_may_hold_dots() -> None:
    text = '{"type":"response.output_text.delta","delta":"well..."}'
    [frame] = frames(f"DEBUG:websockets.client:< TEXT {text!r} [{len(text)} bytes]\n")
    assert (frame.raw, frame.loss) == (text.encode(), "")


def test_envelopes_that_nobody_knows_are_read_as_text() -> None:
    lines = (
        '{"level": 30, "content": {"ws": {"type": "session.created"}}}',
        '{"content": {"type": "response.create"}}',
    )
    assert [(f.line, f.raw) for f in frames("\n".join(lines))] == [
        (1, b'{"type": "session.created"}'),
        (2, b'{"type": "response.create"}'),
    ]


CREATED = '{"type":"session.created","event_id":"event_1","session":{"type":"realtime"}}'
ASKED = '{"type":"response.create"}'
SEVERAL = (ASKED,) * 6
TRACE = ("Traceback (most recent call last):", '  File "/app/bot.py", line 12, in <module>', "KeyError: 'x'")


@pytest.mark.parametrize(
    "lines",
    [
        ("```json", CREATED, *SEVERAL, "```"),
        ("My bot hangs:", "~~~", CREATED, *SEVERAL, "~~~"),
        ("1. it starts", "  ```", CREATED, *SEVERAL, "  ```", "2. it hangs", "  ```", *SEVERAL, "  ```"),
        (CREATED, *TRACE, *SEVERAL, "bye"),
        ("Привет, вот лог", "и он большой", CREATED, *SEVERAL),
    ],
)
def test_what_is_written_between_events_is_no_event(lines: tuple[str, ...]) -> None:
    recording = opened("\n".join(lines))
    assert recording.format.name in ("text", "labelled")
    assert [(frame.line, frame.raw.decode()) for frame in recording.frames(LIMIT)] == [
        (number, line) for number, line in enumerate(lines, 1) if line.startswith("{")
    ]


@pytest.mark.parametrize(
    "lines",
    [
        (CREATED, "oops", ASKED, "null", "AAAA", "42 17", ASKED, ASKED, ASKED),
        (CREATED, "the connection was lost", ASKED),
        (CREATED, ASKED, ASKED[:-3]),
        (CREATED, ASKED[:-3], "the rest of it", "goes over two lines", ASKED, ASKED, ASKED),
        (CREATED[:-3], "```", "print the answer", "as it is", '```"}}', CREATED, ASKED, ASKED, ASKED, ASKED),
        (CREATED, "// two lines of words", "// that are comments", ASKED),
        (CREATED, "\x00\x01 \x02\xff", "\ufffd \ufffd", ASKED, ASKED),
    ],
)
def test_a_damaged_line_is_told(lines: tuple[str, ...]) -> None:
    recording = opened("\n".join(lines))
    assert recording.format.name == "jsonl"
    assert [frame.line for frame in recording.frames(LIMIT)] == [
        number for number, line in enumerate(lines, 1) if not line.startswith("//")
    ]


@given(
    at=st.integers(0, 20),
    what=st.sampled_from(["cut", "split", "no-json", "words"]),
    place=st.integers(2, len(CREATED) - 2),
)
def test_one_damaged_line_makes_no_paste(at: int, what: str, place: int) -> None:
    lines = [CREATED, *[ASKED] * 20]
    damage = {
        "cut": [CREATED[:place]],
        "split": [CREATED[:place], CREATED[place:]],
        "no-json": [CREATED.replace(":", "=")],
        "words": ["closed by the peer"],
    }
    lines[at : at + 1] = damage[what]
    assert opened("\n".join(lines)).format.name == "jsonl"


OTHER_FILES = [
    '{"name": "x", "type": "module"}\n',
    '{\n  "name": "x",\n  "type": "module"\n}\n',
    '[\n {"type": "a", "x": 1},\n {"type": "b"}\n]\n',
    '[{"type": "say", "text": "I got\\n{\\"type\\": \\"response.done\\"}"}]\n',
    '{"type": "user", "message": {"role": "user"}}\n{"type": "assistant", "message": {"role": "assistant"}}\n',
    "- type: a\n  data: b\n- type: c\n",
]


@pytest.mark.parametrize("text", OTHER_FILES)
def test_a_member_called_type_makes_no_recording(text: str) -> None:
    with pytest.raises(NotARecording) as caught:
        frames(text)
    told = str(caught.value)
    assert f"it begins with {text[:14].splitlines()[0]}" in told
    assert ", ".join(NAMES) in told


def test_what_node_prints_over_several_lines_is_no_json() -> None:
    text = (
        "{\n  type: 'session.created',\n  session: { type: 'realtime' }\n}\n{\n  type: 'response.create'\n}\n"
    )
    assert opened(text).format.name == "node"
    assert [frame.line for frame in frames(text)] == [1, 5]


def test_what_node_and_chrome_leave_out() -> None:
    text = """\
Received event: response.done {
  type: 'response.done',
  event_id: 'event_1',
  response: {
    id: 'resp_1',
    status_details: { type: 'failed', error: [Object] },
    output: [ [Object], ... 3 more items ],
    text: 'aaaa'... 500 more characters
  }
}
"""
    (frame,) = frames(text)
    assert (frame.line, frame.loss) == (1, "elided")
    assert json.loads(frame.raw) == {
        "type": "response.done",
        "event_id": "event_1",
        "response": {"id": "resp_1", "status_details": {"type": "failed"}, "text": "aaaa"},
    }
    preview = "app.js:12 got {type: 'session.update', session: {…}, list: Array(2)}\n"
    (frame,) = frames(preview)
    assert (json.loads(frame.raw), frame.loss) == ({"type": "session.update"}, "elided")


def test_lines_that_only_name_types() -> None:
    text = """\
backend  | 2026-01-02T03:04:05Z [REALTIME] session.created
backend  | 2026-01-02T03:04:06Z handling response.created in state.x
backend  | 2026-01-02T03:04:06Z [REALTIME] response.created: 20 bytes
backend  | 2026-01-02T03:04:07Z [REALTIME] response.audio.delta: 2668 bytes
backend  | 2026-01-02T03:04:07Z forwarded response.audio.delta
"""
    recording = opened(text)
    assert (recording.format.name, recording.lossy) == ("type-only", True)
    assert [(f.line, json.loads(f.raw), f.loss, f.time) for f in recording.frames(LIMIT)] == [
        (1, {"type": "session.created"}, "type-only", 1767323045.0),
        (3, {"type": "response.created"}, "type-only", 1767323046.0),
        (4, {"type": "response.audio.delta"}, "type-only", 1767323047.0),
    ]


def test_a_named_type_and_its_literal_are_one_event() -> None:
    text = """\
2026-01-02 03:04:05,000 - a - INFO - Received: session.created
2026-01-02 03:04:05,001 - a - INFO - Received: response.created
2026-01-02 03:04:05,002 - a - INFO - Details: {
  "type": "response.created",
  "event_id": "event_1"
}
2026-01-02 03:04:05,003 - b - INFO - parsed {'type': 'response.created', 'event_id': 'event_1'}
2026-01-02 03:04:05,004 - a - INFO - Received: response.done
2026-01-02 03:04:05,005 - a - INFO - cut {"type": "response.done", "event_id": "event_2", "response": {"id": "res
2026-01-02 03:04:05,006 - a - INFO - not {an event
"""
    found = frames(text)
    assert [(f.line, json.loads(f.raw), f.loss) for f in found] == [
        (1, {"type": "session.created"}, "type-only"),
        (3, {"type": "response.created", "event_id": "event_1"}, ""),
        (9, {"type": "response.done", "event_id": "event_2"}, "elided"),
    ]


def test_rows_of_the_console() -> None:
    rows = ["server", "session.created", "00:00.10", "server", "response.audio.delta (2)", "00:01.31"]
    text = "\n".join([*rows, "client", "response.create", "00:02.00", ""])
    recording = opened(text)
    assert recording.format.name == "console-ui"
    assert [(f.line, json.loads(f.raw)["type"]) for f in recording.frames(LIMIT)] == [
        (2, "session.created"),
        (5, "response.audio.delta"),
        (5, "response.audio.delta"),
        (8, "response.create"),
    ]


def test_folded_rows_of_the_console_state() -> None:
    row = {"source": "server", "event": {"type": "response.audio.delta", "event_id": "e"}, "count": 3}
    first, *rest = frames(json.dumps([row]))
    assert (json.loads(first.raw)["event_id"], first.loss) == ("e", "")
    assert [(json.loads(f.raw), f.loss, f.direction) for f in rest] == [
        ({"type": "response.audio.delta"}, "type-only", "server")
    ] * 3


def test_typographic_quotes() -> None:
    text = (
        "ERROR:app:Error: {‘type’: ‘error’, ‘event_id’: ‘e’, ‘error’: {‘message’: ‘it’s so’, ‘code’: None}}\n"
    )
    (frame,) = frames(text)
    assert json.loads(frame.raw) == {
        "type": "error",
        "event_id": "e",
        "error": {"message": "it’s so", "code": None},
    }


def test_objects_of_an_sdk() -> None:
    error = "RealtimeError(message='no', code=None, kind=<K.A: 'a'>)"
    text = f"INFO:app:got {{'type': 'error', 'error': {error}, 'n': Decimal('1')}}\n"
    (frame,) = frames(text)
    assert json.loads(frame.raw) == {
        "type": "error",
        "error": {"message": "no", "code": None, "kind": "a"},
        "n": "1",
    }


def test_a_document_that_stops_in_the_middle() -> None:
    text = '[{"type": "error"},\n{"type": "response.done", "x": [1'
    read = opened(text).frames(LIMIT)
    assert json.loads(next(read).raw) == {"type": "error"}
    with pytest.raises(Unreadable, match="in the middle of the value that begins at line 2"):
        next(read)


@given(
    st.lists(
        st.sampled_from(['{"type":"error","a":"x\\"]}{[y"}', "[1,[2,{}]]", '"s\\\\"', "17", "{}"]),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 40),
)
def test_elements_are_cut_right_whatever_the_chunks(elements: list[str], chunk: int) -> None:
    from rtproto.transcripts import tape

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "_CHUNK", chunk)
        text = "[" + ",\n".join(elements) + "] [1]"
        made = tape.Tape(io.BytesIO(text.encode()), 1000)
        assert made.enter(b"[")
        assert [(line.number, line.raw.decode()) for line in made.elements()] == list(enumerate(elements, 1))
        assert made.enter(b"[")


def test_an_element_that_is_too_long() -> None:
    from rtproto.transcripts.tape import Tape

    text = '["' + "x" * 3_000_000 + '", [' + "1," * 5000 + '1], "y"]'
    tape = Tape(io.BytesIO(text.encode()), 5000)
    assert tape.enter(b"[")
    assert [(line.too_long, len(line.raw) <= 5000) for line in tape.elements()] == [
        (True, True),
        (True, True),
        (False, True),
    ]


@pytest.mark.parametrize("module, data", [("yaml", "---\ntype: error\n"), ("zstandard", "\x28")])
def test_a_missing_library_is_named(module: str, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import zstandard

    raw = zstandard.compress(b"x") if module == "zstandard" else data.encode()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Unreadable, match=r"pip install 'rtproto\[formats\]'"):
        frames(raw)


def test_files_of_a_directory(tmp_path: Path) -> None:
    from rtproto.transcripts.formats import looks_like_recording

    text, _ = WRITERS["python repr"][1](SESSION)
    (tmp_path / "a.log").write_text(text)
    (tmp_path / "b.log").write_text("nothing\n")
    (tmp_path / "c.log").write_text("")
    assert [looks_like_recording(tmp_path / name) for name in ("a.log", "b.log", "c.log", "d.log")] == [
        True,
        False,
        False,
        False,
    ]
