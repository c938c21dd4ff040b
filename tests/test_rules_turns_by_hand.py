"""Turns that the client commits by hand while the server hears speech: which stop and which commit are in order."""

from __future__ import annotations

import pytest

from rtproto.findings import Severity
from tests.oracle import judge
from tests.oracle.compare import checked
from tests.oracle.talk import Talk

CODES = {"IAB001", "IAB003"}


def told(talk: Talk, *, server_only: bool = False) -> set[str]:
    """What rtproto says of the turns; the oracle has to say the same."""
    lines = [line for line in talk.lines if not server_only or line[0] == "server"]
    fed, _ = checked(lines, cut=True)
    codes = {f.code for f in fed if f.severity > Severity.INFO} & CODES
    assert codes == {fault.code for fault in judge(lines)} & CODES
    return codes


def speaking(dialect: str = "ga") -> Talk:
    """A user has begun to speak `item_a`."""
    talk = Talk(dialect, vad=True)
    talk.opens()
    talk.appends(300)
    talk.server("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_a")
    return talk


def stops(talk: Talk, item: str) -> None:
    talk.appends(300)
    talk.server("input_audio_buffer.speech_stopped", audio_end_ms=talk.clock, item_id=item)


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize("server_only", [False, True])
def test_speech_that_goes_on_after_the_commit_stops_as_another_item(dialect: str, server_only: bool) -> None:
    talk = speaking(dialect)
    talk.client("input_audio_buffer.commit")
    talk.commits("item_a")
    stops(talk, "item_b")
    talk.commits("item_b")
    assert told(talk, server_only=server_only) == set()


def test_which_item_stops_after_a_commit_that_the_client_is_seen_to_ask_for_is_not_documented() -> None:
    talk = speaking()
    talk.client("input_audio_buffer.commit")
    talk.commits("item_a")
    stops(talk, "item_a")
    assert told(talk) == set()
    assert told(talk, server_only=True) == {"IAB001"}


def test_speech_stops_once_after_a_commit_too() -> None:
    talk = speaking()
    talk.client("input_audio_buffer.commit")
    talk.commits("item_a")
    stops(talk, "item_b")
    stops(talk, "item_c")
    assert told(talk) == {"IAB001"}


def test_after_a_clear_nothing_is_left_to_stop() -> None:
    talk = speaking()
    talk.client("input_audio_buffer.commit")
    talk.commits("item_a")
    talk.client("input_audio_buffer.clear")
    talk.server("input_audio_buffer.cleared")
    stops(talk, "item_b")
    assert told(talk) == {"IAB001"}


def test_the_commit_after_the_stop_is_of_the_item_that_stopped() -> None:
    for item in ("item_b", "item_c"):
        talk = speaking()
        talk.client("input_audio_buffer.commit")
        talk.commits("item_a")
        stops(talk, "item_b")
        talk.commits(item)
        assert told(talk) == (set() if item == "item_b" else {"IAB003"})


def test_a_commit_on_its_way_excuses_another_item_unless_it_is_refused() -> None:
    for refused in (False, True):
        talk = speaking()
        talk.client("input_audio_buffer.commit")
        if refused:
            talk.fails(talk.lines[-1][1]["event_id"], "input_audio_buffer_commit_empty")
        stops(talk, "item_b")
        talk.commits("item_a")
        assert told(talk) == ({"IAB003"} if refused else set())


def test_a_commit_after_the_stop_is_none_while_somebody_speaks() -> None:
    talk = speaking()
    stops(talk, "item_a")
    talk.client("input_audio_buffer.commit")
    talk.commits("item_b")
    assert told(talk) == {"IAB003"}


def test_a_recording_that_starts_with_the_stop_knows_the_item_of_its_turn() -> None:
    for item in ("item_a", "item_b"):
        talk = speaking()
        stops(talk, "item_a")
        talk.commits(item)
        del talk.lines[:3]
        assert talk.lines[1][1]["type"] == "input_audio_buffer.speech_stopped"
        assert told(talk) == (set() if item == "item_a" else {"IAB003"})


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize("began", [True, False])
@pytest.mark.parametrize("later", [0, 6])
def test_a_turn_that_was_going_on_may_be_committed_soon_after_turn_detection_is_off(
    dialect: str, began: bool, later: int
) -> None:
    talk = speaking(dialect)
    if not began:
        talk.lines.pop()
    off = {"turn_detection": None}
    shown = talk.config()
    if talk.ga:
        shown["audio"]["input"] |= off
    talk.configures({"audio": {"input": off}} if talk.ga else off, shown if talk.ga else off)
    for _ in range(later):
        talk.says("Hello")
    talk.commits("item_a")
    fed, _ = checked(talk.lines, cut=True)
    assert ("IAB012" in {f.code for f in fed}) == (not began or later > 0)
