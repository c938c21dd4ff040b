"""Audio that a recorder left out is found, measured and put back by its length; nothing else is taken for audio."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.recording import check_stream
from rtproto.transcripts.elision import audio_size, audio_span, restored
from rtproto.transcripts.jsonl import Close, Frame, read

APPEND = "input_audio_buffer.append"
CARRIERS = {
    "input_audio_buffer.append": "audio",
    "session.input_audio_buffer.append": "audio",
    "response.audio.delta": "delta",
    "response.output_audio.delta": "delta",
    "session.output_audio.delta": "delta",
}


def frames(*lines: Any) -> list[Frame]:
    return list(read(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines))))


@pytest.mark.parametrize("type, field", CARRIERS.items())
@given(audio=st.binary(min_size=1, max_size=200), spaced=st.booleans())
def test_audio_comes_back_in_its_length(type: str, field: str, audio: bytes, spaced: bool) -> None:
    event = {"type": type, "event_id": "e1", field: base64.b64encode(audio).decode(), "x": {field: ""}}
    raw = json.dumps(event, separators=None if spaced else (",", ":")).encode()

    span = audio_span(raw)
    assert span is not None
    assert raw[slice(*span)] == base64.b64encode(audio)
    assert audio_size(raw, span) == len(audio)

    elided = raw[: span[0]] + raw[span[1] :]
    back = json.loads(restored(elided, len(audio)))
    assert base64.b64decode(back[field]) == bytes(len(audio))
    assert {**back, field: ""} == {**event, field: ""}


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"response.output_text.delta","delta":"AAAA"}',
        b'{"type":"input_audio_buffer.append"}',
        b'{"type":"input_audio_buffer.append","audio":null}',
        b'{"type":"input_audio_buffer.append","audio":1}',
        b'{"type":7,"audio":"AAAA"}',
        b'{"audio":"AAAA"}',
        # The same text stands elsewhere before it, or the member comes twice: which one is meant is not certain.
        b'{"type":"input_audio_buffer.append","x":{"audio":"AAAA"},"audio":"AAAA"}',
        b'{"type":"input_audio_buffer.append","audio":"AAAA","audio":"AAAA"}',
        b'{"type":"input_audio_buffer.append","x":"%s","audio":"%s"}' % (b"A" * 80, b"A" * 100),
    ],
)
def test_what_is_not_surely_audio_stays(event: bytes) -> None:
    assert audio_span(event) is None


@pytest.mark.parametrize("event", [b"[]", b"{", b'{"type": NaN}', b"", b"\xff"])
def test_what_is_no_object_is_told(event: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the decoder's words are no interface
        audio_span(event)


def test_audio_that_is_no_base64_has_no_size() -> None:
    event = b'{"type":"input_audio_buffer.append","audio":"not base64!"}'
    span = audio_span(event)
    assert span is not None
    assert audio_size(event, span) is None


@pytest.mark.parametrize(
    "event",
    [
        b'{"type":"input_audio_buffer.append","audio":"AAAA"}',
        b'{"type":"input_audio_buffer.append"}',
        b'{"type":"response.created","audio":""}',
        b'{"audio":""}',
        b"not json",
    ],
)
def test_only_an_empty_member_is_filled(event: bytes) -> None:
    assert restored(event, 3) == event


def test_lengths_beside_the_event_are_read() -> None:
    empty = {"type": APPEND, "audio": ""}
    (frame,) = frames({"direction": "client", "audio_bytes": 3, "event": empty})
    assert frame.raw == b'{"type": "input_audio_buffer.append", "audio": "AAAA"}'
    (frame,) = frames({"direction": "client", "audio_bytes": 1, "event": json.dumps(empty)})
    assert frame.raw == b'{"type": "input_audio_buffer.append", "audio": "AA=="}'


@pytest.mark.parametrize("size", [0, -1, 33 * 2**20, 10**30, "3", None, 1.5])
def test_a_length_that_cannot_be_is_passed_over(size: Any) -> None:
    (frame,) = frames({"direction": "client", "audio_bytes": size, "event": {"type": APPEND, "audio": ""}})
    assert frame.raw == b'{"type": "input_audio_buffer.append", "audio": ""}'


def test_lines_about_the_recording_hold_no_event_and_count_as_lines() -> None:
    event = {"type": "input_audio_buffer.clear"}
    (frame,) = frames(
        {"recording": {"version": 1}}, {"direction": "client", "event": event}, {"recording": {}}
    )
    assert (frame.line, frame.direction, json.loads(frame.raw)) == (2, "client", event)


def test_the_head_makes_dates_of_times() -> None:
    event = {"type": "input_audio_buffer.clear"}
    head = {"recording": {"started": 1_700_000_000.5}}
    first, second = frames(
        head, {"t": 2.25, "direction": "client", "event": event}, {"t": 3, "close": {"code": 1000}}
    )
    assert (first.time, first.seconds) == (1_700_000_002.75, 1_700_000_002.75)
    assert (second.seconds, second.close) == (1_700_000_003.5, Close(1000))
    (frame,) = frames(head, {"ts": 5, "direction": "client", "event": event})
    assert frame.time == 5


@pytest.mark.parametrize("started", ["then", None, [1]])
def test_a_head_without_a_date_changes_no_time(started: Any) -> None:
    event = {"type": "input_audio_buffer.clear"}
    (frame,) = frames({"recording": {"started": started}}, {"t": 2, "direction": "client", "event": event})
    assert (frame.time, frame.seconds) == (2, None)


def test_bytes_that_are_no_text_are_read_as_they_were() -> None:
    (frame,) = frames({"recording": {}}, {"direction": "server", "raw": "/wA="})[:1]
    assert (frame.direction, frame.raw, frame.fault) == ("server", b"\xff\x00", None)
    (frame,) = frames({"recording": {}}, {"direction": "server", "raw": "no base64!"})
    assert (frame.raw, frame.fault) == (b'"no base64!"', None)


def test_a_recording_without_events_is_empty_and_no_other_file() -> None:
    report = check_stream(io.BytesIO(b'{"recording":{"version":1}}\n{"close":{"code":1000}}\n'))
    assert [unchecked.reason for unchecked in report.unchecked] == [
        "it is empty: no line of it holds an event"
    ]
    report = check_stream(io.BytesIO(b'{"recording":"a.wav"}\n'))
    assert "does not look like a Realtime recording" in report.unchecked[0].reason


@pytest.mark.parametrize("code, severity", [(1000, 2), (1006, 1), (None, 2)])
def test_a_connection_that_broke_is_not_held_against_what_was_still_going_on(
    code: int | None, severity: int
) -> None:
    """An item that the client asked for and that no answer came to: a warning, unless the connection broke."""
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}
    session = {"type": "realtime", "object": "realtime.session", "id": "sess_1", "model": "gpt-realtime"}
    lines = (
        {"direction": "server", "event": {"type": "session.created", "event_id": "e1", "session": session}},
        {"direction": "client", "event": {"type": "conversation.item.create", "item": item}},
        {"close": {"code": code}},
    )
    stream = io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    (report,) = check_stream(stream).sessions
    assert {int(finding.severity) for finding in report.findings if finding.line == 2} == {severity}
