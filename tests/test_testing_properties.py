"""What holds for every session, drawn by hypothesis from the generator."""

from __future__ import annotations

import functools
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rtproto.checker import SessionChecker
from rtproto.events.dialect import DIALECTS
from rtproto.findings import Finding, Severity
from rtproto.recording import check_stream
from rtproto.reports import render
from rtproto.testing import CODES, FEATURES, VIEWS, Frame, Seeded, generate, mutate, transcript
from rtproto.testing.coverage import UNREACHED, legal_cells, reached
from rtproto.testing.damage import Mutation
from rtproto.testing.strategies import Drawn, events, mutations, sessions
from rtproto.wire import encode
from tests.differential.published import UNIONS, tag

ROOT = Path(__file__).parent.parent
few = settings(max_examples=max(5, settings().max_examples // 5), suppress_health_check=list(HealthCheck))
ANY_LINE = [name for name, code in CODES.items() if code is None]
MISTAKES = [(name, code) for name, code in CODES.items() if code is not None]


@functools.cache
def made(seed: int) -> list[Frame]:
    """The session of a seed, for all tests that only read it."""
    return generate(seed)


def judge(frames: list[Frame], *, cut: bool = False, dialect: str | None = None) -> list[Finding]:
    checker = SessionChecker(dialect=dialect)
    for frame in frames:
        checker.feed(frame.direction, frame.raw)
    checker.close(cut=cut)
    return checker.findings


def roots(findings: list[Finding]) -> list[str]:
    return [f.code for f in findings if f.caused_by is None and f.severity > Severity.INFO]


def dialect_of(frames: list[Frame]) -> str:
    session: dict[str, Any] = next(
        (f.event["session"] for f in frames if f.event["type"] == "session.created"), {}
    )
    if session.get("type") == "translation":
        return "translation"
    return "beta" if "modalities" in session else "ga"


# What is legal.


@few
@given(sessions())
def test_a_drawn_session_is_legal(frames: list[Frame]) -> None:
    # Some stop while something waits for a response that nobody has asked for, which is a note.
    assert [f for f in judge(frames) if f.code != "CLI029"] == []


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_what_a_recorder_sees_of_a_legal_session_is_no_fault(view: str) -> None:
    for seed in range(60):
        frames = made(seed)
        seen = VIEWS[view](Seeded(seed), frames)
        assert roots(judge(seen, cut=True, dialect=dialect_of(frames))) == []


def test_generated_events_are_valid_for_the_published_models() -> None:
    models: dict[tuple[str, str, str], TypeAdapter[Any]] = {
        (dialect, side, tag(model)): TypeAdapter(model)
        for (dialect, side), union in UNIONS.items()
        for model in union
    }
    for seed in range(100):
        frames = made(seed)
        dialect = dialect_of(frames)
        for frame in frames:
            models[dialect, frame.direction, frame.event["type"]].validate_json(frame.raw, strict=True)


def test_every_legal_cell_is_reached_or_has_a_reason() -> None:
    counts = reached(range(400))
    missing = {cell for cell in legal_cells() if cell not in counts}
    assert missing == set(UNREACHED)


def test_every_event_type_is_generated() -> None:
    spoken = {(frame.direction, frame.event["type"]) for seed in range(200) for frame in made(seed)}
    spoken |= {
        (frame.direction, frame.event["type"])
        for name, dialects in FEATURES.items()
        for dialect in dialects
        for seed in range(6)
        for frame in generate(seed, dialect=dialect, features=[name])
    }
    types = {("server", t) for d in DIALECTS.values() for t in d.server_types}
    types |= {("client", t) for d in DIALECTS.values() for t in d.client_types}
    # Beta's sessions that only transcribe are made by another kind of update, which no recording shows.
    rest = {("client", "transcription_session.update"), ("server", "transcription_session.updated")}
    assert types - spoken == rest


# What is broken.


@pytest.mark.parametrize("name, code", MISTAKES)
def test_a_mistake_is_one_finding(name: str, code: str) -> None:
    broken = 0
    for seed in range(400):
        mutation = mutate(Seeded(seed), made(seed), name)
        if mutation is not None:
            assert roots(judge(mutation.frames)) == [mutation.code] == [code], mutation[:3]
            broken += 1
        if broken == 6:
            return
    assert broken


@pytest.mark.parametrize("name", ANY_LINE)
@few
@given(st.data())
def test_a_change_of_any_line_says_where_it_is(name: str, data: st.DataObject) -> None:
    frames = data.draw(sessions())
    mutation = mutate(Drawn(data.draw), frames, name)
    if mutation is None:
        return
    same = next(
        (at for at, (old, new) in enumerate(zip(frames, mutation.frames, strict=False)) if old != new),
        min(len(frames), len(mutation.frames)),
    )
    # A line that is doubled beside its like differs only later.
    assert (mutation.name, mutation.code) == (name, None)
    assert same + 1 >= mutation.line
    assert mutation.frames != frames
    judge(mutation.frames)


@pytest.mark.parametrize("name", sorted(CODES))
@few
@given(seed=st.integers(0, 399), before=st.lists(st.sampled_from(sorted(CODES)), max_size=3))
def test_what_is_broken_can_be_broken_again(name: str, seed: int, before: list[str]) -> None:
    frames = made(seed)
    for one in (*before, name, name):
        mutation = mutate(Seeded(seed), frames, one)
        if mutation is not None:
            assert mutation.frames != frames, one
            frames = mutation.frames


def test_what_is_gone_is_not_taken_out_again() -> None:
    once = mutate(Seeded(1), generate(1, dialect="ga"), "field-missing")
    assert once is not None
    [*rest] = (frame.event for frame in once.frames if frame.event["type"] == "rate_limits.updated")
    left = sum("rate_limits" in event for event in rest)
    frames = once.frames
    for _ in range(left):
        again = mutate(Seeded(1), frames, "field-missing")
        assert again is not None
        frames = again.frames
    assert mutate(Seeded(1), frames, "field-missing") is None


@few
@given(mutations("delta-after-done", "ga", ["text"]))
def test_a_mistake_can_be_drawn(mutation: Mutation) -> None:
    assert roots(judge(mutation.frames)) == ["OUT016"]


def test_there_is_no_other_mutator() -> None:
    with pytest.raises(ValueError, match="no mutator 'burn'; there are: delete, duplicate"):
        mutate(Seeded(1), [], "burn")


@pytest.mark.parametrize("name", sorted(CODES))
def test_nothing_is_broken_in_an_empty_session(name: str) -> None:
    assert mutate(Seeded(1), [], name) is None


# Single events.


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@few
@given(st.data())
def test_drawn_events_are_the_dialect_s(dialect: str, data: st.DataObject) -> None:
    event = data.draw(events(dialect, direction="server"))
    spoken = DIALECTS[dialect]
    assert spoken.server_decoder.decode(encode(event)) == event


def test_an_event_that_there_is_not_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no dialect 'alpha'; there are: beta, ga, translation"):
        events("alpha")
    with pytest.raises(ValueError, match=r"no event 'response.cancel' from the server in ga"):
        events("ga", direction="server", type="response.cancel")


# The checker, on all of them.


class Pieces(io.RawIOBase):
    """Bytes that come in pieces of these sizes, again and again."""

    def __init__(self, raw: bytes, sizes: list[int]) -> None:
        self._raw = io.BytesIO(raw)
        self._sizes = sizes
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self._sizes[self._at % len(self._sizes)]
        self._at += 1
        return self._raw.readinto(memoryview(buffer)[:size])


def report(stream: Any) -> str:
    return render(check_stream(stream, path="session.jsonl"), "json")


broken = st.builds(
    lambda seed, name: (mutate(Seeded(seed), made(seed), name), made(seed)),
    st.integers(0, 10_000),
    st.sampled_from(sorted(CODES)),
).map(lambda pair: pair[1] if pair[0] is None else pair[0].frames)
"""Sessions with a fault, mostly."""


@few
@given(broken, st.lists(st.integers(1, 5000), min_size=1, max_size=4))
def test_any_split_of_the_bytes_gives_the_same_report(frames: list[Frame], sizes: list[int]) -> None:
    raw = transcript(frames)
    pieces: Any = io.BufferedReader(Pieces(raw, sizes), buffer_size=max(sizes))

    assert report(pieces) == report(io.BytesIO(raw))


@few
@given(broken, st.data())
def test_the_findings_of_a_prefix_are_a_prefix(frames: list[Frame], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(frames)))
    whole, part = SessionChecker(), SessionChecker()
    for frame in frames:
        whole.feed(frame.direction, frame.raw)
    for frame in frames[:at]:
        part.feed(frame.direction, frame.raw)

    assert whole.findings[: len(part.findings)] == part.findings


_PROGRAM = """
import io
from rtproto.recording import check_stream
from rtproto.reports import render
from rtproto.testing import CODES, Seeded, generate, mutate, transcript
for seed, name in enumerate(CODES):
    mutation = mutate(Seeded(seed), generate(seed), name)
    raw = transcript(generate(seed) if mutation is None else mutation.frames)
    print(raw, render(check_stream(io.BytesIO(raw)), "json"))
"""


def test_the_same_bytes_give_the_same_report_in_every_process() -> None:
    outputs: set[bytes] = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, env=environment)
        assert ran.stderr == b""
        outputs.add(ran.stdout)

    assert len(outputs) == 1
    assert b'"code": "OUT016"' in outputs.pop()
