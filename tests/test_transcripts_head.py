"""A log of a megabyte is read as a short one: what detection makes of a beginning that ends within an event."""

from __future__ import annotations

import io
import json

import pytest

from rtproto.recording import check_stream
from rtproto.transcripts.formats import formats, open_recording
from rtproto.transcripts.frames import HEAD_BYTES, Head
from tests.transcript_writers import WRITERS, Session

SESSION: Session = [
    (
        "server",
        {"type": "session.created", "event_id": "event_1", "session": {"type": "realtime", "tools": []}},
    ),
    ("client", {"type": "session.update", "session": {"type": "realtime", "instructions": "Say {} 'now'."}}),
    ("server", {"type": "session.updated", "event_id": "event_2", "session": {"type": "realtime"}}),
    ("client", {"type": "response.create", "response": {"instructions": "A \"}\" and {a: 'b'}.\nThen ]}…"}}),
    ("server", {"type": "response.created", "event_id": "event_3", "response": {"id": "resp_1"}}),
]


@pytest.mark.parametrize("name", WRITERS)
def test_an_event_that_goes_on_behind_the_head_is_not_cut(name: str) -> None:
    expected, write = WRITERS[name]
    text, lines = write(SESSION)
    raw = text.encode()
    # Behind the first event, the head may end anywhere.
    begin = len("".join(text.splitlines(keepends=True)[: lines[1]]).encode())
    for size in range(begin, len(raw), 5):
        head = Head(raw[:size], whole=False)
        format = next(format for format in formats() if format.sniff(head))
        assert (format.name, format.loses is not None and format.loses(head)) == (expected, False), raw[:size]


@pytest.mark.parametrize(
    "name, pipe", [*((name, False) for name in WRITERS), ("python json", True), ("table", True)]
)
def test_a_recording_that_is_longer_than_the_head_keeps_its_rules(name: str, pipe: bool) -> None:
    audio = "AAAA" * 2000
    appends: Session = [("client", {"type": "input_audio_buffer.append", "audio": audio})] * 140
    beta = {"type": "response.create", "response": {"modalities": ["text"]}}
    text, _ = WRITERS[name][1]([*SESSION[:3], *appends, ("client", beta)])
    assert len(text) > HEAD_BYTES
    stream = io.BytesIO(text.encode())
    if pipe:
        stream.seekable = lambda: False  # type: ignore[method-assign]  # as standard input
    (session,) = check_stream(stream).sessions
    assert session.off == ()
    assert "DIA005" in {finding.code for finding in session.findings}


@pytest.mark.parametrize("name", ["python json", "python repr", "aiohttp", "labelled", "node", "java"])
def test_an_event_that_is_longer_than_the_head(name: str) -> None:
    append = {"type": "input_audio_buffer.append", "audio": "AAAA" * (HEAD_BYTES // 3)}
    text, _ = WRITERS[name][1]([("client", append), *SESSION])
    recording = open_recording(io.BytesIO(text.encode()))
    assert not recording.lossy
    first, *rest = recording.frames(2 * HEAD_BYTES)
    assert (json.loads(first.raw), len(rest)) == (append, len(SESSION))
