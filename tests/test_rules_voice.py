"""In which voice the model spoke, and which may be asked for after it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import judge
from tests.oracle.compare import checked
from tests.oracle.talk import Talk

MARIN, CEDAR = "marin", "cedar"


def config(talk: Talk, voice: Any) -> dict[str, Any]:
    return {"audio": {"output": {"voice": voice}}} if talk.ga else {"voice": voice}


def spoken(talk: Talk, *, asked: Any = None, shown: Any = None, conversation: str | None = "conv_1") -> None:
    """A spoken response, asked for in a voice, and shown by the server in one."""
    params = {} if asked is None else config(talk, asked)
    if conversation is None:
        params["conversation"] = "none"
    talk.asks(**params)
    talk.begins(conversation)
    if shown is not None:
        talk.lines[-1][1]["response"] |= config(talk, shown)
    talk.message(["Hi"], audio=True, mirrored=conversation is not None)
    talk.ends(conversation=conversation)


def refused(talk: Talk) -> list[tuple[int, str, str]]:
    """The lines at which a voice is called another, and the two voices; the oracle has to say the same."""
    fed, _ = checked(talk.lines, cut=True)
    told = [(f.line, f.args["asked"], f.args["spoken"]) for f in fed if f.code == "CLI006"]
    assert [line for line, _, _ in told] == [f.line for f in judge(talk.lines) if f.code == "CLI006"]
    return told


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize(
    "asked, shown, voice",
    [
        (None, None, "session"),
        (CEDAR, None, CEDAR),
        (CEDAR, CEDAR, CEDAR),
        (None, CEDAR, CEDAR),
        (MARIN, CEDAR, CEDAR),  # the server has the last word
    ],
)
def test_the_voice_that_spoke_is_the_responses_own(dialect: str, asked: Any, shown: Any, voice: str) -> None:
    talk = Talk(dialect)
    talk.opens()
    default = MARIN if talk.ga else "alloy"
    voice = default if voice == "session" else voice
    spoken(talk, asked=asked, shown=shown)
    told = []
    for wanted in (voice, "verse", default):
        talk.asks(**config(talk, wanted))
        told += [(len(talk.lines), wanted, voice)] if wanted != voice else []
        talk.fails(talk.lines[-1][1]["event_id"], "cannot_update_voice")
    assert refused(talk) == told


def test_a_response_out_of_band_sets_no_voice() -> None:
    talk = Talk()
    talk.opens()
    spoken(talk, asked=CEDAR, conversation=None)
    spoken(talk)
    talk.asks(**config(talk, CEDAR))
    assert refused(talk) == [(len(talk.lines), CEDAR, MARIN)]


def test_it_is_the_first_response_that_counts() -> None:
    talk = Talk()
    talk.opens()
    spoken(talk, asked=CEDAR)
    spoken(talk)
    spoken(talk, asked=CEDAR)
    assert refused(talk) == []


def test_a_voice_of_ones_own_is_known_by_its_id() -> None:
    talk = Talk()
    talk.opens()
    spoken(talk, asked={"id": "voice_1"})
    spoken(talk, asked={"id": "voice_1"})
    fed, _ = checked(talk.lines, cut=True)
    assert [f.code for f in fed if f.code == "CLI006"] == []
    spoken(talk, asked={"id": "voice_2"})
    fed, _ = checked(talk.lines, cut=True)
    assert [(f.args["asked"], f.args["spoken"]) for f in fed if f.code == "CLI006"] == [
        ("voice_2", "voice_1")
    ]


def test_where_nobody_saw_the_response_begin_the_sessions_voice_counts() -> None:
    talk = Talk()
    talk.opens()
    spoken(talk)
    del talk.lines[1:3]
    talk.asks(**config(talk, CEDAR))
    fed, _ = checked(talk.lines, cut=True)
    assert [f.args["spoken"] for f in fed if f.code == "CLI006"] == [MARIN]
