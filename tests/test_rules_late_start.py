"""Recordings that start in the middle of a session: what they show is judged, what lies before them is not."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.findings import Severity
from rtproto.rules.examples import drop, swap
from rtproto.rules.sessions import SESSIONS, session
from tests.judging import check, encode, found
from tests.oracle import judge
from tests.oracle.compare import checked
from tests.oracle.talk import Talk

MESSAGE: dict[str, Any] = {"type": "message", "role": "assistant", "content": []}


def told(talk: Talk, code: str, start: int) -> list[int]:
    """The lines at which rtproto tells that code, of a recording that starts there; the oracle agrees about it."""
    lines = talk.lines[start:]
    fed, _ = checked(lines, cut=True, dialect="ga")
    at = [f.line for f in fed if f.code == code and f.severity > Severity.INFO]
    assert at == [fault.line for fault in judge(lines, dialect="ga") if fault.code == code]
    return at


def answering(*, mirrored: bool = True) -> tuple[Talk, dict[str, Any]]:
    """A response whose item has begun."""
    talk = Talk("ga")
    talk.opens()
    talk.says("Hello")
    talk.asks()
    talk.begins()
    return talk, talk.opens_item(MESSAGE, mirrored=mirrored)


@pytest.mark.parametrize("dialect", [None, "ga", "beta"])
@pytest.mark.parametrize("shown", [None, "response.output_text.delta", "response.text.delta"])
def test_the_names_of_content_are_judged_once_the_dialect_is_known(
    dialect: str | None, shown: str | None
) -> None:
    """The end of an answer: beta calls what it holds `text`, and GA `output_text`."""
    talk, item = answering()
    start = len(talk.lines)
    talk.lines.insert(start, talk.lines[start - 2])  # how the item began
    if shown is not None:
        talk.server(shown, **talk.about(item), delta="Hi")
    done = {**item, "status": "completed", "content": [{"type": "text", "text": "Hi"}]}
    talk.server("response.output_item.done", response_id=talk.response, output_index=0, item=done)
    fed, _ = checked(talk.lines[start:], cut=True, dialect=dialect)
    spoken = dialect or {"response.output_text.delta": "ga", "response.text.delta": "beta", None: ""}[shown]
    assert bool({f.code for f in fed} & {"DIA013", "ITM020"}) == (spoken == "ga")


def test_a_part_in_the_item_of_a_response_that_began_before_is_told() -> None:
    for other in (True, False):
        talk, item = answering()
        start = len(talk.lines)
        talk.server("response.content_part.added", **talk.about(item), part={"type": "text", "text": ""})
        if other:
            talk.begins()
            talk.items.append(item)
        talk.server("response.output_text.delta", **talk.about(item), delta="Hi")
        assert told(talk, "OUT001", start) == ([3] if other else [])


def test_an_item_that_was_done_in_one_response_is_not_announced_by_another() -> None:
    talk, item = answering()
    start = len(talk.lines)
    talk.closes_item(item)
    talk.ends()
    talk.begins()
    talk.server(
        "response.output_item.added",
        response_id=talk.response,
        output_index=0,
        item={**item, **MESSAGE, "status": "in_progress"},
    )
    fed, _ = checked(talk.lines[start:], cut=True, dialect="ga")
    assert [(f.code, f.line) for f in fed if f.severity > Severity.INFO] == [("OUT025", 5)]


@pytest.mark.parametrize("kind", ["message", "mcp_call"])
def test_that_an_item_is_done_shows_its_response_unless_it_is_a_remote_call(kind: str) -> None:
    talk, item = answering(mirrored=False)
    item["type"] = kind
    start = len(talk.lines)
    talk.closes_item(item, mirrored=False)
    fed, closing = checked(talk.lines[start:], cut=False, dialect="ga")
    codes = {f.code for f in (*fed, *closing)}
    assert ("RSP007" in codes) is (kind == "message")
    assert ("RSP007" in {f.code for f in judge(talk.lines[start:], cut=False)}) is (kind == "message")


def test_audio_that_streamed_before_its_format_was_shown_has_no_length() -> None:
    for shown in (True, False):
        talk = Talk("ga")
        talk.opens()
        talk.says("Hello")
        talk.asks()
        start = 0 if shown else len(talk.lines)
        item = talk.speaks("Hi", ms=100)
        talk.configures({"instructions": "Be brief."}, {"instructions": "Be brief."})
        place = {"item_id": item["id"], "content_index": 0, "audio_end_ms": 500}
        talk.client("conversation.item.truncate", **place)
        assert told(talk, "TRU003", start) == ([len(talk.lines)] if shown else [])


def test_audio_has_the_length_that_it_had_when_it_streamed() -> None:
    talk = Talk("ga")
    talk.opens()
    talk.says("Hello")
    talk.asks()
    item = talk.speaks("Hi", ms=400)
    narrow = {"format": {"type": "audio/pcmu"}, "voice": "marin"}
    session = talk.config(audio={**talk.config()["audio"], "output": narrow})
    talk.server("session.updated", session=session)
    place = {"item_id": item["id"], "content_index": 0}
    for end, fault in ((350, False), (600, True)):
        talk.client("conversation.item.truncate", **place, audio_end_ms=end)
        assert told(talk, "TRU003", 0) == ([len(talk.lines)] if fault else [])


# Connections that are known from their start.


@pytest.mark.parametrize("name", [name for name in SESSIONS if "refused" not in name])
def test_a_connection_that_is_known_from_its_start_lacks_its_beginning(name: str) -> None:
    """In the sessions that refuse all requests nothing but errors is left, and these may come instead."""
    lines = session(name)
    created = next(event["type"] for _, event in lines if event["type"].endswith("session.created"))
    lines = drop(created).apply(lines)
    first = next(line for line, (direction, _) in enumerate(lines, 1) if direction == "server")
    whole, part = (check(encode(lines), from_start=from_start) for from_start in (True, False))

    assert (found(whole), whole.mode) == ([("SES001", first)], "complete")
    assert (found(part), part.mode) == ([], "mid-session")
    assert not found(check(encode(session(name)), from_start=True))


def test_a_late_beginning_is_told_once() -> None:
    lines = encode(swap("session.created").apply(session("webrtc_turn")))

    for from_start in (True, False):
        assert found(check(lines, from_start=from_start)) == [("SES001", 1)]
