"""Sessions of one log that are named by a member of its envelopes: believed where it tells them apart."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from rtproto.__main__ import main
from rtproto.findings import Report
from rtproto.recording import check_file, check_stream
from rtproto.transcripts import named
from rtproto.transcripts.interleaved import LOSS

Event = dict[str, Any]
Named = tuple[str, str, Event]
"""The session's name, the sender and the event."""


def session(name: str) -> Iterator[Named]:
    """A session in which the client asks in the shape of beta (DIA005), with a response of no items."""
    id = f"sess_{name}"
    response = {"id": f"resp_{name}", "object": "realtime.response", "output": []}
    yield name, "server", {"type": "session.created", "session": {"type": "realtime", "id": id}}
    yield name, "client", {"type": "response.create", "response": {"modalities": ["text"]}}
    for type, status in (("response.created", "in_progress"), ("response.done", "completed")):
        yield name, "server", {"type": type, "response": {**response, "status": status}}


def woven() -> list[Named]:
    a, b = list(session("a")), list(session("b"))
    return [*a[:3], *b[:3], a[3], b[3]]


def written(events: Sequence[Named], member: str = "call_sid") -> str:
    return "".join(
        json.dumps({member: name, "direction": who, "event": {**event, "event_id": f"event_{at}"}}) + "\n"
        for at, (name, who, event) in enumerate(events)
    )


def checked(text: str) -> Report:
    return check_stream(io.BytesIO(text.encode()))


def dia005(report: Report) -> list[list[int]]:
    return [[f.line for f in session.findings if f.code == "DIA005"] for session in report.sessions]


@pytest.mark.parametrize("member", named.NAMES)
def test_each_session_keeps_what_its_client_sent(member: str) -> None:
    report = checked(written(woven(), member))
    assert dia005(report) == [[2], [5]]
    assert [session.losses for session in report.sessions] == [("no times",), ("no times",)]
    assert [session.limits[-1] for session in report.sessions] == [
        f"{name}: one of 2 sessions told apart by `{member}`" for name in "ab"
    ]


def test_numbers_and_other_formats() -> None:
    numbered = [("12"[name == "b"], who, event) for name, who, event in woven()]
    assert dia005(checked(written(numbered).replace('": "1"', '": 1').replace('": "2"', '": 2'))) == [
        [2],
        [5],
    ]
    array = "[" + ",\n".join(written(woven()).splitlines()) + "]"
    assert dia005(checked(array)) == [[2], [5]]
    log = "".join(
        f"2026-01-02 03:04:05,678 - app - INFO - {line}\n" for line in written(woven()).splitlines()
    )
    assert dia005(checked(log)) == [[2], [5]]


def test_a_connection_that_is_opened_again() -> None:
    after = [*session("a"), *session("b")]
    assert dia005(checked(written(after))) == [[2], [6]]
    # One call of two connections: nothing tells where the second begins but its first event.
    same = [("a", who, event) for _, who, event in after]
    assert dia005(checked(written(same))) == [[2], [6]]


def test_a_broken_line_stays_beside_the_one_before_it() -> None:
    lines = written(woven()).splitlines()
    lines.insert(6, lines[0][:60])
    found = [
        [(f.code, f.line) for f in s.findings if f.code == "WIR007"]
        for s in checked("\n".join(lines)).sessions
    ]
    assert found == [[], [("WIR007", 7)]]


def closing(member: str) -> Report:
    lines = written(woven()).splitlines()
    lines.insert(7, json.dumps({member: "a", "close": {"code": 1000}}))
    return checked("\n".join(lines))


def test_a_line_that_closes_closes_its_own() -> None:
    assert [session.events for session in closing("call_sid").sessions] == [4, 4]


def test_a_line_that_closes_nobody_knows_what() -> None:
    assert all(LOSS in session.losses for session in closing("from").sessions)


def nameless(events: list[Named]) -> str:
    """What the clients sent has no name."""
    return "".join(
        line.replace('"call_sid"', '"from"') if '"client"' in line else line
        for line in written(events).splitlines(keepends=True)
    )


def pending(events: list[Named]) -> str:
    """What the clients sent has a name of its own."""
    return written([("pending" if who == "client" else name, who, event) for name, who, event in events])


def shared(events: list[Named]) -> str:
    """All have one name, such as the server's."""
    return written([("host", who, event) for _, who, event in events])


def inside(events: list[Named]) -> str:
    """The names stand in the events."""
    return "".join(
        json.dumps({"event_id": f"e{at}", **e, "call_id": n}) + "\n" for at, (n, _, e) in enumerate(events)
    )


@pytest.mark.parametrize("write", [nameless, pending, shared, inside])
def test_a_member_that_does_not_tell_them_apart(write: Any) -> None:
    report = checked(write(woven()))
    assert len(report.sessions) == 2
    for session in report.sessions:
        assert LOSS in session.losses
        assert session.limits[-1].endswith("with a `connection` in each line all would be judged")


def test_the_member_that_tells_most_apart() -> None:
    events = [*woven(), *session("c")]
    lines = [json.loads(line) for line in written(events).splitlines()]
    for line in lines:
        line["session_id"] = "ab" if line["call_sid"] in "ab" else "c"
    report = checked("".join(json.dumps(line) + "\n" for line in lines))
    assert dia005(report) == [[2], [5], [10]]


def test_more_sessions_than_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "MOST_VALUES", 0)
    assert LOSS in checked(written(woven())).sessions[0].losses


def test_convert_writes_the_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(written(woven()))
    assert main(["convert", str(source), "-o", str(target)]) == 0
    assert "2 sessions told apart by `call_sid`" in capsys.readouterr().err
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["connection"] for line in lines] == [name for name, _, _ in woven()]
    assert dia005(check_file(target)) == [[2], [5]]
