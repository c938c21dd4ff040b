"""What rules declare that they need: it hides nothing that they judge, and the sieve reads it as it is meant."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtproto import checker, checker_plan
from rtproto.checker import SessionChecker
from rtproto.checker_plan import Plan
from rtproto.checker_sieve import Check, Sieve, concerns
from rtproto.events import ga
from rtproto.events.dialect import DIALECTS, event_type
from rtproto.findings import Finding
from rtproto.protocol.engine import Engine
from rtproto.protocol.facts import Facts
from rtproto.rules import RULES, Rule
from rtproto.rules.base import Context, Unjudged, Verdict
from rtproto.rules.conditions import CONDITIONS
from rtproto.rules.examples import RestExample
from rtproto.rules.sessions import SESSIONS, session
from rtproto.testing import generate
from rtproto.testing.strategies import instances
from rtproto.wire import MAX_LINE_BYTES

JUDGED = [rule for rule in RULES.values() if not issubclass(rule, Unjudged)]
EXAMPLES = [rule for rule in JUDGED if not isinstance(rule.example, RestExample)]
NAMED = [rule for rule in JUDGED if rule.reads or rule.only or rule.when or rule.unless]
CLASSES = [
    (direction, cls)
    for dialect in (DIALECTS["ga"], DIALECTS["beta"])
    for direction, classes in (("client", dialect.client), ("server", dialect.server))
    for cls in classes
]

FACTS = Facts()
FRESH = Context(FACTS, Engine(FACTS), [])
"""Of a connection that has shown nothing yet."""

Timed = tuple[str, bytes, float | None]


class Open(Sieve):
    """Asks all rules, and sees to it that those that an event does not concern have nothing to say."""

    def concerned(self, event: Any, context: Context) -> tuple[Check, ...]:
        wanted = tuple(check for check in self.checks if concerns(check[0], event, context))
        assert super().concerned(event, context) == wanted
        return tuple(
            check if check in wanted else (check[0], _silent(check))
            for check in self.checks
            if concerns(_kind(check[0].only), event, context)
        )


@functools.cache
def _kind(only: tuple[str | None, ...]) -> Rule:
    """A rule on the same kind of event.  Of which kind it speaks is the rule's to say, not what it needs to speak."""
    return type("Kind", (Rule,), {"code": "", "only": only})()


def _silent(check: Check) -> Any:
    rule, ask = check

    def silent(context: Context, event: Any) -> Iterable[Verdict]:
        try:
            verdicts = list(ask(context, event))
        except (AttributeError, KeyError, TypeError):
            return ()  # It relies on what it needs.
        assert not verdicts, f"{rule.code} does say something of {event}"
        return ()

    return silent


@functools.cache
def open_plan(*names: str) -> Plan:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker_plan, "Sieve", Open)
        return Plan(*names)


def judged(frames: Sequence[Timed], **options: Any) -> list[Finding]:
    judge = SessionChecker(**options)
    for direction, raw, time in frames:
        judge.feed(direction, raw, time=time)
    judge.close(cut=False)
    return judge.findings


def assert_nothing_is_hidden(frames: Sequence[Timed], **options: Any) -> None:
    shown = judged(frames, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checker, "plan_of", open_plan)
        assert judged(frames, **options) == shown


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("clock", [None, 1_790_000_000.0])
def test_in_sample_sessions(name: str, clock: float | None) -> None:
    frames: list[Timed] = [
        (direction, msgspec.json.encode(event), None if clock is None else clock + line)
        for line, (direction, event) in enumerate(session(name))
    ]
    assert_nothing_is_hidden(frames)


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: rule.code)
def test_in_sessions_that_break_a_rule(rule: type[Rule]) -> None:
    example = rule.example
    frames: list[Timed] = [
        (*frame, time)
        for frame, time in zip(example.lines(breaking=True), example.times(breaking=True), strict=True)
    ]
    assert_nothing_is_hidden(
        frames, max_frame_bytes=example.limit or MAX_LINE_BYTES, strict_fields=example.strict
    )


@pytest.mark.parametrize("dialect", ["ga", "beta", "translation"])
@pytest.mark.parametrize("seed", range(5))
def test_in_generated_sessions(dialect: str, seed: int) -> None:
    assert_nothing_is_hidden(
        [(frame.direction, frame.raw, None) for frame in generate(seed, dialect=dialect)]
    )


@st.composite
def strays(draw: st.DrawFn) -> list[tuple[int, str, bytes]]:
    """Events of any kind and shape, and where in a session they come."""
    chosen = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=4))
    return [
        (draw(st.integers(1, 30)), direction, msgspec.json.encode(draw(instances(cls))))
        for direction, cls in chosen
    ]


@settings(max_examples=60)
@given(st.sampled_from(["text_turn", "voice_turn", "barge_in", "mcp_call"]), strays())
def test_among_events_of_any_shape(name: str, events: list[tuple[int, str, bytes]]) -> None:
    frames: list[Timed] = [(side, msgspec.json.encode(event), None) for side, event in session(name)]
    for at, direction, raw in events:
        frames.insert(at, (direction, raw, None))
    assert_nothing_is_hidden(frames)


@pytest.mark.parametrize("rule", NAMED, ids=lambda rule: rule.code)
def test_what_a_rule_names_is_there(rule: type[Rule]) -> None:
    """A member that no event of the rule's can have would silence it for good."""
    classes = {
        event_type(cls): cls
        for dialect in rule.dialects
        for cls in (*DIALECTS[dialect].client, *DIALECTS[dialect].server, *DIALECTS[dialect].extras)
    }
    heads = {name for type in rule.on if type in classes for name in classes[type].__struct_fields__}

    for path in (*rule.reads, *filter(None, rule.only[:1])):
        assert path.partition(".")[0] in heads
        assert path.count(".") < 2
    assert {*rule.when, *rule.unless} <= set(CONDITIONS)


def test_every_condition_is_asked() -> None:
    assert {name for rule in JUDGED for name in (*rule.when, *rule.unless)} == set(CONDITIONS)


class Reasons(Rule):
    """A rule for the tests below, which judges nothing."""

    code = ""
    only = ("response.status", "cancelled", None)
    reads = ("response.usage", "response.metadata")


def of_response(**members: Any) -> ga.ResponseDone:
    return ga.ResponseDone(event_id="event_1", response=ga.RealtimeResponse(**members))


@pytest.mark.parametrize(
    "members, concerned",
    [
        ({"status": "cancelled", "metadata": {}}, True),
        ({"metadata": {}}, True),
        ({"status": "completed", "metadata": {}}, False),
        ({"status": "cancelled"}, False),
        ({"status": "cancelled", "metadata": None}, False),
    ],
)
def test_what_declarations_mean(members: dict[str, Any], concerned: bool) -> None:
    assert concerns(Reasons(), of_response(**members), FRESH) is concerned


def test_null_counts_where_a_rule_says_so() -> None:
    class Nulls(Reasons):
        code = ""
        reads_null = True

    assert concerns(Nulls(), of_response(status="cancelled", metadata=None), FRESH)


def test_events_that_cannot_have_the_object_are_shown() -> None:
    assert concerns(Reasons(), ga.InputAudioBufferCommit(), FRESH)


def test_shapes_that_somebody_makes_up_are_forgotten() -> None:
    rule = Reasons()
    sieve = Sieve([(rule, rule.check)])

    for number in range(2_000):
        assert sieve.concerned(of_response(status=f"status {number}", metadata={}), FRESH) == ()
    assert sieve.concerned(of_response(status="cancelled", metadata={}), FRESH) == ((rule, rule.check),)
    assert len(sieve._found) <= 256  # pyright: ignore[reportPrivateUsage]  # what is bounded cannot be seen otherwise


def test_rules_on_one_event_speak_of_one_object_in_it() -> None:
    class Two(Reasons):
        code = ""
        only = ()
        reads = ("usage.seconds", "logprobs.token")

    completed = ga.ConversationItemInputAudioTranscriptionCompleted(
        event_id="event_1", item_id="item_1", content_index=0, transcript="Hi."
    )
    rule = Two()

    with pytest.raises(TypeError, match="InputAudioTranscriptionCompleted speak of members of"):
        Sieve([(rule, rule.check)]).concerned(completed, FRESH)
