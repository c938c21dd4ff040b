"""What the client's commits hold: audio that came while an answer was on its way, and what a refusal leaves."""

from __future__ import annotations

import pytest

from tests.oracle import judge
from tests.oracle.compare import checked
from tests.oracle.talk import Talk, pcm

EMPTY = "input_audio_buffer_commit_empty"


def short(talk: Talk) -> list[tuple[int, str]]:
    """The lines of the commits that are called too short, and their milliseconds; the oracle has to say the same."""
    fed, _ = checked(talk.lines, cut=True)
    told = [(f.line, f.args["ms"]) for f in fed if f.code == "IAB011"]
    assert [line for line, _ in told] == [f.line for f in judge(talk.lines) if f.code == "IAB011"]
    return told


def listening(dialect: str = "ga") -> Talk:
    talk = Talk(dialect)
    talk.opens()
    return talk


def commits(talk: Talk, *ms: int) -> str:
    """The client appends and commits; returns the id of its commit."""
    talk.appends(*ms)
    talk.client("input_audio_buffer.commit")
    return str(talk.lines[-1][1]["event_id"])


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize("later, told", [(300, []), (20, [(7, 20)])])
def test_audio_that_comes_before_the_answer_is_the_next_turns(
    dialect: str, later: int, told: list[tuple[int, int]]
) -> None:
    talk = listening(dialect)
    commits(talk, 300)
    talk.appends(later)
    talk.commits("item_a")
    del talk.lines[6:]  # GA's item takes two lines
    commits(talk)
    assert short(talk) == told


@pytest.mark.parametrize("second, told", [(60, []), (30, [(6, 90)])])
def test_a_refused_commit_leaves_its_audio_in_the_buffer(second: int, told: list[tuple[int, int]]) -> None:
    talk = listening()
    talk.fails(commits(talk, 60), EMPTY)
    commits(talk, second)
    assert short(talk) == [(3, 60), *told]


@pytest.mark.parametrize("second, told", [(60, []), (30, [(5, 90)])])
def test_a_commit_that_is_bound_to_be_refused_takes_nothing_from_the_next(
    second: int, told: list[tuple[int, int]]
) -> None:
    talk = listening()
    commits(talk, 60)
    commits(talk, second)
    assert short(talk) == [(3, 60), *told]


def test_whatever_the_refusal_says_the_audio_is_left() -> None:
    for code in (EMPTY, "server_error"):
        talk = listening()
        talk.fails(commits(talk, 300), code)
        commits(talk, 20)
        commits(talk, 20)
        assert short(talk) == [(8, 20)]


def test_a_refusal_that_comes_late_leaves_the_audio_to_the_commit_that_took_it() -> None:
    for refused in (False, True):
        talk = listening()
        first = commits(talk, 300)
        second = commits(talk, 300)
        talk.fails(first)
        if refused:
            talk.fails(second)
        commits(talk, 20)
        assert short(talk) == ([] if refused else [(8, 20)])


def test_a_refused_commit_leaves_alone_what_an_earlier_one_took() -> None:
    talk = listening()
    commits(talk, 300)
    talk.fails(commits(talk, 300))
    commits(talk, 20)
    commits(talk, 20)
    assert short(talk) == [(10, 20)]


def test_a_refusal_after_a_later_commit_was_granted_leaves_nothing() -> None:
    talk = listening()
    first = commits(talk, 300)
    commits(talk, 300)
    talk.fails(first)
    talk.commits("item_a")
    talk.fails(first)
    commits(talk, 20)
    assert [ms for _, ms in short(talk)] == [20]


def test_after_a_clear_a_refused_commit_has_nothing_to_leave() -> None:
    talk = listening()
    refused = commits(talk, 60)
    talk.client("input_audio_buffer.clear")
    talk.fails(refused, EMPTY)
    commits(talk, 60)
    assert short(talk) == [(3, 60), (7, 60)]


def test_what_the_server_commits_by_itself_empties_the_buffer() -> None:
    talk = listening()
    talk.appends(300)
    talk.commits("item_a")
    del talk.lines[4:]
    commits(talk, 20)
    assert short(talk) == [(6, 20)]


def test_the_witness_of_a_short_commit_is_what_emptied_the_buffer() -> None:
    talk = listening()
    commits(talk, 300)
    talk.commits("item_a")
    del talk.lines[6:]
    commits(talk, 20)
    talk.fails(talk.lines[-1][1]["event_id"], EMPTY)
    commits(talk, 20)
    fed, _ = checked(talk.lines, cut=True)
    assert [
        [w.line for w in f.witnesses if w.note == "emptied the buffer"] for f in fed if f.code == "IAB011"
    ] == [
        [3],
        [3],
    ]


def test_half_a_sample_that_a_refused_commit_left_is_made_whole_by_the_next() -> None:
    odd = pcm(60)[:-4]
    for refused in (True, False):
        talk = listening()
        for _ in range(2):
            talk.client("input_audio_buffer.append", audio=odd)
            talk.client("input_audio_buffer.commit")
            if refused:
                talk.fails(talk.lines[-1][1]["event_id"], EMPTY)
        fed, _ = checked(talk.lines, cut=True)
        assert [f.line for f in fed if f.code == "CLI005"] == [3]


def test_a_refused_commit_lends_its_length_to_no_turn() -> None:
    """Transcribing 10 s of speech costs 10 s, however much the commit before it would have taken."""
    talk = listening()
    commits(talk, 60)
    talk.fails(talk.lines[-1][1]["event_id"], EMPTY)
    talk.appends(*[1000] * 10)
    commits(talk)
    talk.commits("item_a")
    for seconds, told in ((10, []), (1, ["TRN015"])):
        copy = listening()
        copy.lines = [*talk.lines]
        kind = "conversation.item.input_audio_transcription.completed"
        usage = {"type": "duration", "seconds": seconds}
        copy.server(kind, item_id="item_a", content_index=0, transcript="", usage=usage)
        copy.lines[-1][1]["event_id"] = "event_last"
        fed, _ = checked(copy.lines, cut=True)
        assert [f.code for f in fed if f.code == "TRN015"] == told


def test_audio_that_the_recorder_cut_comes_back_as_unknown() -> None:
    talk = listening()
    talk.client("input_audio_buffer.append", audio=pcm(1)[:32])
    talk.fails(commits(talk, 60))
    commits(talk, 20)
    assert short(talk) == []
