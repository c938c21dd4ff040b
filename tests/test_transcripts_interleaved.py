"""Several sessions in one log that does not name them: told apart by ids, or left as they are."""

from __future__ import annotations

import errno
import gzip
import io
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rtproto.__main__ import main
from rtproto.findings import Report, Severity
from rtproto.recording import check_file, check_stream
from rtproto.testing import Seeded, generate, mutate
from rtproto.transcripts.interleaved import MOST_IDS, Apart, survey
from rtproto.transcripts.jsonl import read
from tests.test_convert import SCHEMA

Event = dict[str, Any]
LOSS = "several sessions interleaved"
few = settings(max_examples=max(10, settings().max_examples // 4), suppress_health_check=list(HealthCheck))


class Call:
    """The events of one call, as a GA server sends them; ids end with the call's name."""

    def __init__(self, name: str, **session: object) -> None:
        self.name = name
        self.session = {"id": f"sess_{name}", "object": "realtime.session", "type": "realtime", **session}
        self._events = 0
        self._items = 0
        self._last: str | None = None

    def event(self, type: str, **members: object) -> Event:
        self._events += 1
        return {"type": type, "event_id": f"event_{self._events}_{self.name}", **members}

    def created(self) -> Event:
        return self.event("session.created", session=self.session)

    def speech(self, item: str, start: int) -> list[Event]:
        """The user's speech of 500 ms."""
        return [
            self.event("input_audio_buffer.speech_started", item_id=item, audio_start_ms=start),
            self.event("input_audio_buffer.speech_stopped", item_id=item, audio_end_ms=start + 500),
        ]

    def turn(self, text: str = "Yes.") -> list[Event]:
        """A response of one message, with all its events."""
        self._items += 1
        before, self._last = self._last, f"item_{self._items}_{self.name}"
        response: Event = {
            "id": f"resp_{self._items}_{self.name}",
            "object": "realtime.response",
            "conversation_id": f"conv_{self.name}",
            "status": "in_progress",
            "output": [],
        }
        item: Event = {
            "id": self._last,
            "object": "realtime.item",
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        said = {"type": "output_text", "text": text}
        whole = {**item, "status": "completed", "content": [said]}
        place = {"response_id": response["id"], "item_id": item["id"], "output_index": 0, "content_index": 0}
        of = {"response_id": response["id"], "output_index": 0}
        usage = {"total_tokens": 12, "input_tokens": 10, "output_tokens": 2}
        done = {**response, "status": "completed", "output": [whole], "usage": usage}
        return [
            self.event("response.created", response=response),
            self.event("response.output_item.added", **of, item=item),
            self.event("conversation.item.added", previous_item_id=before, item=item),
            self.event("response.content_part.added", **place, part={"type": "output_text", "text": ""}),
            self.event("response.output_text.delta", **place, delta=text),
            self.event("response.output_text.done", **place, text=text),
            self.event("response.content_part.done", **place, part=said),
            self.event("conversation.item.done", previous_item_id=before, item=whole),
            self.event("response.output_item.done", **of, item=whole),
            self.event("response.done", response=done),
        ]


def log(events: Iterable[Event | bytes]) -> bytes:
    return b"".join((e if isinstance(e, bytes) else json.dumps(e).encode()) + b"\n" for e in events)


def checked(events: Iterable[Event | bytes]) -> Report:
    return check_stream(io.BytesIO(log(events)))


def found(report: Report) -> list[list[tuple[str, int]]]:
    """Codes and lines of each session's roots at warning or worse."""
    return [[(f.code, f.line) for f in session.roots(Severity.WARNING)] for session in report.sessions]


def woven(one: Sequence[Event], other: Sequence[Event]) -> list[Event]:
    """Both, an event of each in turn."""
    assert len(one) == len(other)
    return [event for pair in zip(one, other, strict=True) for event in pair]


def two() -> tuple[Call, Call, list[Event]]:
    """Two calls, the second of which begins while the first speaks."""
    a, b = Call("a"), Call("b")
    events = [a.created(), *a.turn()]
    turn = a.turn()
    events += [*turn[:4], b.created(), *woven([*turn[4:], *a.turn()], [*b.turn(), *b.turn()[:6]])]
    return a, b, events


# Told apart.


def test_each_session_is_judged_by_itself() -> None:
    _, _, events = two()
    report = checked(events)
    assert found(report) == [[], []]
    assert [session.events for session in report.sessions] == [1 + 30, 1 + 16]
    for session, name in zip(report.sessions, ("sess_a", "sess_b"), strict=True):
        assert LOSS in session.losses
        assert session.mode == "complete"
        assert session.limits[-1] == (
            f"{name}: told apart by ids from 1 other session of the same log; left out: what the client sent, "
            "and 0 events of the server that may be of several sessions; "
            "with a `connection` in each line all would be judged"
        )


def test_a_finding_has_its_session_and_the_line_of_the_file() -> None:
    _, _, events = two()
    at = next(
        at
        for at, event in enumerate(events)
        if event["type"] == "response.output_text.done" and event["response_id"].endswith("_b")
    )
    late = {**events[at], "type": "response.output_text.delta", "delta": "!", "event_id": "event_late_b"}
    del late["text"]
    events.insert(at + 4, late)
    assert found(checked(events)) == [[], [("OUT016", at + 5)]]


def test_calls_that_start_together() -> None:
    a, b = Call("a"), Call("b")
    report = checked([a.created(), b.created(), *woven(a.turn(), b.turn()), *woven(b.turn(), a.turn())])
    assert found(report) == [[], []]
    assert [session.events for session in report.sessions] == [21, 21]


def test_which_of_two_that_differ_is_not_guessed() -> None:
    a, b = Call("a", output_modalities=["text"]), Call("b", output_modalities=["audio"])
    report = checked([a.created(), b.created(), *woven(a.turn(), b.turn())])
    assert found(report) == [[], []]
    assert [session.events for session in report.sessions] == [1, 1]
    assert "20 events of the server that may be" in report.sessions[0].limits[-1]


def test_a_response_outside_the_conversation_may_be_of_either() -> None:
    a, _, events = two()
    turn = a.turn()
    outside = [event for event in turn if not event["type"].startswith("conversation.")]
    for event in (outside[0], outside[-1]):
        event["response"]["conversation_id"] = None
    report = checked([*events, *outside])
    assert found(report) == [[], []]
    assert [session.events for session in report.sessions] == [31, 17]


def test_a_session_that_began_before_the_log() -> None:
    a, b, c = Call("a"), Call("b"), Call("c")
    a.created(), a.turn()
    first, second, third = a.turn(), b.turn(), c.turn()
    report = checked([*first[:5], b.created(), c.created(), *second, *third, *first[5:]])
    assert [(session.mode, session.events) for session in report.sessions] == [
        ("mid-session", 10),
        ("complete", 11),
        ("complete", 11),
    ]
    assert report.sessions[0].limits[-1].startswith("before the first session.created: told apart")
    assert found(report) == [[], [], []]


@pytest.mark.parametrize("named, counts", [(True, [10, 21, 11]), (False, [21, 11])])
def test_several_sessions_that_began_before_the_log(named: bool, counts: list[int]) -> None:
    a, b, c, d = Call("a"), Call("b"), Call("c"), Call("d")
    for call in (a, b, c):
        call.created(), call.turn()
    first = woven(a.turn(), b.turn())
    events = [*first[:8], d.created(), *first[8:], *woven(c.turn(), d.turn())]
    e = Call("e")
    events += [e.created(), *woven(d.turn(), e.turn())]
    for event in events:
        if not named and "response" in event:
            event["response"].pop("conversation_id", None)
    report = checked(events)
    assert found(report) == [[] for _ in counts]
    assert [session.events for session in report.sessions] == counts


def test_an_item_before_all_others_is_no_second_conversation() -> None:
    a, b, events = two()
    item = {"id": "item_first_a", "object": "realtime.item", "type": "message", "role": "user", "content": []}
    put = a.event("conversation.item.added", previous_item_id=None, item=item)
    report = checked([a.created(), *events[1:11], b.created(), put, *events[11:15], *events[16:]])
    assert found(report) == [[], []]
    assert "1 event of the server" in report.sessions[0].limits[-1]


def test_a_conversation_that_was_emptied_may_begin_anew() -> None:
    a, b = Call("a"), Call("b", output_modalities=["audio"])
    first, second = a.turn(), a.turn()
    third = a.turn()
    for event in third:
        if "previous_item_id" in event:
            event["previous_item_id"] = None
    gone = [a.event("conversation.item.deleted", item_id=f"item_{n}_a") for n in (1, 2)]
    events = [a.created(), *first, *second[:5], b.created(), *second[5:], *gone, *third]
    for event in events:
        if "response" in event:
            event["response"].pop("conversation_id", None)
    report = checked(events)
    assert [session.events for session in report.sessions] == [23, 1]
    assert "10 events of the server" in report.sessions[0].limits[-1]


def test_what_names_no_session_is_left_out() -> None:
    _, b, events = two()
    more = [
        {"type": "input_audio_buffer.append", "audio": "AAAA"},
        {"type": "response.create"},
        b.event("rate_limits.updated", rate_limits=[]),
        b.event("error", error={"type": "invalid_request_error", "code": None, "message": "No."}),
        {"close": {"code": 1000}},
    ]
    events[20:20] = more
    report = checked(events)
    assert found(report) == [[], []]
    assert [session.events for session in report.sessions] == [31, 17]
    assert "2 events of the server that may be" in report.sessions[0].limits[-1]


def test_a_broken_line_stays_beside_the_one_before() -> None:
    _, _, events = two()
    at = next(at for at, event in enumerate(events) if event["event_id"] == "event_5_b")
    lines: list[Event | bytes] = [*events]
    lines.insert(at + 1, b'{"type":"response.output_text.delta","delta":')
    first, second = found(checked(lines))
    assert first == []
    assert [line for _, line in second] == [at + 2]


def test_speech_that_was_cleared_away() -> None:
    a, b = Call("a"), Call("b")
    first = [a.created(), *a.turn(), *a.speech("heard_1", 1000)]
    cleared = a.event("input_audio_buffer.cleared")
    item = {"id": "heard_2", "object": "realtime.item", "type": "message", "role": "user"}
    content = [{"type": "input_audio", "transcript": None}]
    last = [
        *b.turn(),
        *a.speech("heard_2", 2000),
        a.event("input_audio_buffer.committed", item_id="heard_2", previous_item_id="item_1_a"),
        a.event("conversation.item.added", previous_item_id="item_1_a", item={**item, "content": content}),
    ]
    assert found(checked([*first, b.created(), cleared, *last])) == [[], []]
    # Without it, speech that came to nothing is a fault.
    assert found(checked([*first, b.created(), *last])) == [[("IAB007", 25)], []]


# Left as it is.


def test_sessions_that_follow_each_other() -> None:
    a, b = Call("a"), Call("b")
    events = [a.created(), *a.turn()[:6], b.created(), *b.turn(), {"type": "response.create"}]
    report = checked(events)
    assert found(report) == [[], []]
    assert [session.events for session in report.sessions] == [7, len(events) - 7]
    assert all(LOSS not in session.losses for session in report.sessions)
    assert survey(read(io.BytesIO(log(events)))) is None


def test_a_server_that_counts_its_ids_anew() -> None:
    a, b = Call("x"), Call("x")
    b.session["id"] = "sess_y"
    following = [a.created(), *a.turn(), b.created(), *b.turn(), *b.turn()]
    assert survey(read(io.BytesIO(log(following)))) is None


def test_ids_that_two_sessions_share_tell_nothing() -> None:
    a, b = Call("x"), Call("x")
    b.session["id"] = "sess_y"
    turns = [a.turn() for _ in range(3)], [b.turn() for _ in range(3)]
    mixed = woven([e for turn in turns[0] for e in turn], [e for turn in turns[1] for e in turn])
    report = checked([a.created(), *mixed[:10], b.created(), *mixed[10:]])
    assert {session.losses[-1] for session in report.sessions} == {LOSS}
    told = "several sessions are interleaved in this log, and were not told apart: they use the same ids; "
    cure = "with a `connection` in each line all would be judged"
    assert {session.limits[-1] for session in report.sessions} == {told + cure}


def test_a_configuration_that_names_no_session() -> None:
    _, b, events = two()
    events.insert(30, b.event("session.updated", session={"type": "realtime"}))
    for session in checked(events).sessions:
        assert session.limits[-1].count("a `session.updated` does not say which session it is of; ")


def test_connections_that_the_log_names() -> None:
    _, _, events = two()
    assert survey(read(io.BytesIO(log({"connection": "1", "event": event} for event in events)))) is None


def test_a_recorder_that_takes_the_client_for_the_server() -> None:
    _, _, events = two()
    assert survey(read(io.BytesIO(log({"direction": "client", "event": e} for e in events)))) is None


def test_a_constant_in_place_of_the_item_before() -> None:
    a, b = Call("a"), Call("b")
    first, second = a.turn(), b.turn()
    for event in (*first, *second):
        if "previous_item_id" in event:
            event["previous_item_id"] = "0"
    assert survey(read(io.BytesIO(log([a.created(), *first, b.created(), *second])))) is None


def test_ids_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_IDS >= 100_000
    monkeypatch.setattr("rtproto.transcripts.interleaved.MOST_IDS", 3)
    _, _, events = two()
    apart = survey(read(io.BytesIO(log(events))))
    assert apart is None or apart.why == "it has more than 3 ids"


@few
@given(st.binary(max_size=300), st.integers(0, 1000))
def test_anything_may_stand_in_the_log(raw: bytes, place: int) -> None:
    _, _, events = two()
    lines = [json.dumps(event).encode() for event in events]
    lines.insert(place % len(lines), raw)
    check_stream(io.BytesIO(b"\n".join(lines)))


# However it is read.


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise io.UnsupportedOperation("a pipe goes one way")


@pytest.mark.parametrize("in_memory", [1, 2**20])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe_is_read_again_from_a_copy(
    pack: Callable[[bytes], bytes], in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtproto.transcripts.copied._IN_MEMORY", in_memory)
    _, _, events = two()
    data = pack(log(events))
    pipe = Pipe(data)

    assert check_stream(pipe, path="x") == check_stream(io.BytesIO(data), path="x")
    assert not pipe.closed


def test_a_pipe_that_is_too_long_to_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, events = two()
    data = log(events)
    monkeypatch.setattr("rtproto.transcripts.copied.COPIED_BYTES", len(data) - 1)
    report = check_stream(Pipe(data))

    assert report.sessions
    assert all(LOSS not in session.losses for session in report.sessions)


def test_a_pipe_without_room_for_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.write", full)
    _, _, events = two()
    report = check_stream(Pipe(log(events)))

    assert not report.unchecked
    assert all(LOSS not in session.losses for session in report.sessions)


def test_a_pipe_that_breaks_is_told_as_it_was_read() -> None:
    class Broken(Pipe):
        def read1(self, size: int | None = -1, /) -> bytes:
            data = super().read1(size)
            if not data:
                raise OSError(errno.EIO, "Input/output error")
            return data

    _, _, events = two()
    report = check_stream(Broken(log(events)))

    assert [each.reason for each in report.unchecked] == ["input/output error"]
    assert all(LOSS not in session.losses for session in report.sessions)


def test_a_compressed_log(tmp_path: Path) -> None:
    _, _, events = two()
    file = tmp_path / "calls.jsonl.gz"
    file.write_bytes(gzip.compress(log(events)))
    assert found(check_file(file)) == [[], []]


def test_other_formats() -> None:
    _, _, events = two()
    text = "".join(f"2026-01-02 03:04:05,678 - app - INFO - got {event!r}\n" for event in events)
    report = check_stream(io.BytesIO(text.encode()))
    assert [session.format for session in report.sessions] == ["python-log"] * 2
    assert found(report) == [[], []]


def test_convert_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, events = two()
    events.insert(16, {"type": "response.create"})
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(log(events))
    assert main(["convert", str(source), "-o", str(target)]) == 0
    assert "2 sessions told apart by ids; left out: what the client sent" in capsys.readouterr().err
    lines = [json.loads(line) for line in target.read_bytes().splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA)
    assert [line["connection"] for line in lines[:2]] == ["sess_a", "sess_a"]
    assert {line["connection"] for line in lines} == {"sess_a", "sess_b"}
    report = check_file(target)
    assert found(report) == [[], []]
    assert [session.events for session in report.sessions] == [31, 17]


def test_convert_leaves_what_follows_as_it_is(tmp_path: Path) -> None:
    a, b = Call("a"), Call("b")
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(log([a.created(), *a.turn(), b.created(), *b.turn()]))
    assert main(["convert", str(source), "-o", str(target)]) == 0
    lines = [json.loads(line) for line in target.read_bytes().splitlines()]
    assert len(lines) == 22
    assert not any("connection" in line for line in lines)


# Legal sessions of all kinds.


def renamed(value: Any, by: str, key: str = "") -> Any:
    """The same event with ids that no other session has."""
    if isinstance(value, dict):
        return {name: renamed(member, by, name) for name, member in value.items()}
    if isinstance(value, list):
        return [renamed(member, by, key) for member in value]
    is_id = isinstance(value, str) and value and (key == "id" or key.endswith("_id"))
    return f"{value}_{by}" if is_id else value


def mixed(
    draw: random.Random, sessions: Sequence[Sequence[tuple[str, Event]]]
) -> list[tuple[int, str, Event]]:
    """The sessions' events in an order that keeps each one's; they begin one after the other."""
    rest = [list(session) for session in sessions]
    out: list[tuple[int, str, Event]] = []
    started = 1
    while any(rest):
        live = [at for at, events in enumerate(rest[:started]) if events]
        if started < len(rest) and (not live or draw.random() < 0.15):
            started += 1
            continue
        at = draw.choice(live)
        count = draw.choice((1, 1, 2, 3, 8))
        out.extend((at, *event) for event in rest[at][:count])
        del rest[at][:count]
    return out


def sessions_of(draw: random.Random) -> list[list[tuple[str, Event]]]:
    dialect = draw.choice(("ga", "beta"))
    return [
        [(f.direction, renamed(f.event, str(at))) for f in generate(draw.randrange(10**6), dialect=dialect)]
        for at in range(draw.choice((2, 2, 3)))
    ]


def written(events: Iterable[tuple[int, str, Event]]) -> bytes:
    return log({"direction": direction, "event": event} for _, direction, event in events)


def told(raw: bytes) -> Apart | None:
    apart = survey(read(io.BytesIO(raw)))
    return None if apart is None or apart.why else apart


def test_legal_sessions_stay_legal_and_nothing_is_given_to_another() -> None:
    count = given_to = 0
    for seed in range(60):
        events = mixed(random.Random(seed), sessions_of(random.Random(seed)))
        raw = written(events)
        apart = told(raw)
        if apart is None:
            continue
        count += 1
        started = {at for at, _, event in events if event["type"] == "session.created"}
        report = check_stream(io.BytesIO(raw))
        assert found(report) == [[]] * len(report.sessions), seed
        assert len(report.sessions) == len(started), seed
        for frame in apart.frames(read(io.BytesIO(raw))):
            at, _, event = events[frame.line - 1]
            if event["type"] != "input_audio_buffer.cleared":
                assert frame.session.endswith(f"_{at}"), (seed, frame.line)
                given_to += 1
    assert count >= 30
    assert (
        given_to >= 40 * count
    )  # of some 120 events a log, half of which the client sends or nobody can place


@pytest.mark.parametrize(
    "name, code",
    [
        ("delta-after-done", "OUT016"),
        ("done-twice", "RSP005"),
        ("text-differs", "OUT011"),
        ("event-id-twice", "SES004"),
    ],
)
def test_a_mistake_in_one_of_them_is_found_there(name: str, code: str) -> None:
    seen = 0
    for seed in range(150):
        draw = random.Random(seed)
        broken = mutate(Seeded(seed), generate(seed, dialect="ga", features=["text"]), name)
        if broken is None:
            continue
        sessions = sessions_of(draw)[:2]
        sessions[0] = [(f.direction, renamed(f.event, "0")) for f in broken.frames]
        events = mixed(draw, sessions)
        raw = written(events)
        apart = told(raw)
        if apart is None:
            continue
        place = [line for line, (at, _, _) in enumerate(events, 1) if at == 0][broken.line - 1]
        if place not in {frame.line for frame in apart.frames(read(io.BytesIO(raw)))}:
            continue
        assert found(check_stream(io.BytesIO(raw)))[:2] == [[(code, place)], []], seed
        seen += 1
        if seen == 4:
            return
    assert seen
