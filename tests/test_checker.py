"""The checker as a whole: recordings of real servers, damaged sessions, and what must hold for any input."""

from __future__ import annotations

import gc
import json
import os
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.checker import SessionChecker
from rtproto.checker_losses import RecordingChecker
from rtproto.checker_plan import CHECKS, Place, Plan
from rtproto.findings import Finding, Severity
from rtproto.protocol.engine import Engine
from rtproto.rules.base import Rule
from rtproto.rules.examples import Edit, after, change, drop, repeat, swap
from rtproto.rules.sessions import SESSIONS, Session, session
from rtproto.wire import Fault
from tests.judging import Lines, check, edited, encode, found

# Real recordings.

FOLDER = os.environ.get("RTPROTO_RECORDINGS")
RECORDINGS = sorted(Path(FOLDER).glob("*/*.jsonl")) if FOLDER else []
recordings = pytest.mark.parametrize(
    "path",
    RECORDINGS
    or [
        pytest.param(None, marks=pytest.mark.skip(reason="RTPROTO_RECORDINGS names no folder of recordings"))
    ],
    ids=lambda path: f"{path.parent.name}/{path.stem}" if path else "none",
)
VENDORS = ("openai-ga", "openai-beta", "azure-ga", "azure-voice-live")


def load(path: Path) -> Lines:
    lines: Lines = []
    for line in path.read_bytes().splitlines():
        frame = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        lines.append((msgspec.json.decode(frame["direction"]), bytes(frame["event"])))
    return lines


@recordings
def test_recordings_of_openai_and_azure_are_in_order(path: Path) -> None:
    """A rule that one of these breaks is a wrong rule."""
    checker = check(load(path))

    if path.parent.name in VENDORS:
        assert [(f.code, f.line) for f in checker.findings if f.severity > Severity.INFO] == []
    else:
        assert [(f.code, f.line) for f in checker.findings if f.severity is Severity.ERROR] == []


@pytest.mark.skipif(not FOLDER, reason="RTPROTO_RECORDINGS names no folder of recordings")
def test_recordings_are_told_apart() -> None:
    recognised = {
        f"{path.parent.name}/{path.stem}": (checker.dialect, checker.profile, checker.mode)
        for path in RECORDINGS
        for checker in [check(load(path))]
    }

    assert recognised["openai-ga/tool-call-1"] == ("ga", "openai", "complete")
    assert recognised["openai-ga/webrtc-sideband-text-turn"] == ("ga", "openai", "mid-session")
    assert recognised["openai-ga/barge-in-mid-session"] == ("ga", "openai", "mid-session")
    assert recognised["openai-beta/webrtc-video-barge-ins"] == ("beta", "openai", "complete")
    assert recognised["azure-voice-live/tool-call"] == ("beta", "azure-voice-live", "complete")
    assert recognised["xai/tool-call-1"][1] == "xai"


@recordings
def test_one_damaged_line_is_judged_never_raised(path: Path) -> None:
    """Deleting, doubling, swapping lines and renaming ids leads to findings, not to tracebacks."""
    lines = load(path)
    rng = random.Random(path.stem)
    for at in sorted(rng.sample(range(len(lines) - 1), min(12, len(lines) - 1))):
        direction, raw = lines[at]
        renamed = raw.replace(b'_id":"', b'_id":"other_', 1).replace(b'_id": "', b'_id": "other_', 1)
        for damaged in (
            lines[:at] + lines[at + 1 :],
            [*lines[:at], lines[at], *lines[at:]],
            [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
            [*lines[:at], (direction, renamed), *lines[at + 1 :]],
            [*lines[:at], (direction, raw[: len(raw) // 2]), *lines[at + 1 :]],
        ):
            findings = check(damaged).findings
            assert all(f.caused_by is None or f.caused_by < i for i, f in enumerate(findings))


# Properties.


@given(st.lists(st.tuples(st.sampled_from(["client", "server", None]), st.binary(max_size=200)), max_size=8))
def test_any_bytes_are_judged(lines: Lines) -> None:
    check(lines)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_any_member_may_hold_anything(data: st.DataObject) -> None:
    """An event of a session in which one member is replaced by any JSON value is judged, and the rest with it."""
    lines = session(data.draw(st.sampled_from(sorted(SESSIONS))))
    at = data.draw(st.integers(0, len(lines) - 1))
    member = data.draw(st.sampled_from(sorted(lines[at][1])))
    lines[at][1][member] = data.draw(json_values)
    raw: Lines = [(direction, json.dumps(event).encode()) for direction, event in lines]

    check(raw)


@given(st.sampled_from(sorted(SESSIONS)), st.randoms(use_true_random=False))
def test_findings_of_a_prefix_are_a_prefix(name: str, rng: random.Random) -> None:
    lines = encode(session(name))
    rng.shuffle(lines)
    whole = SessionChecker()
    for at, (direction, raw) in enumerate(lines):
        whole.feed(direction, raw)
        prefix = SessionChecker()
        for earlier in lines[: at + 1]:
            prefix.feed(*earlier)
        assert prefix.findings == whole.findings
        if at >= 9:
            break


def test_feed_returns_what_is_new_and_counts_lines() -> None:
    checker = SessionChecker()
    lines = edited("text_turn", drop("response.content_part.added"))
    new = [checker.feed(direction, raw) for direction, raw in lines]

    assert [finding for findings in new for finding in findings] == checker.findings
    (finding,) = checker.findings
    assert (finding.code, finding.line) == ("OUT007", 11)
    assert checker.report().events == len(lines)


def test_lines_may_be_numbered_by_the_recording() -> None:
    checker = SessionChecker()
    for number, (direction, raw) in enumerate(edited("text_turn", drop("response.created")), start=100):
        checker.feed(direction, raw, line=number)

    assert checker.findings[0].line == 107


# What a finding carries.


def test_a_finding_says_what_was_allowed_and_what_made_it_so() -> None:
    checker = check(edited("text_turn", repeat("response.done")))
    (finding,) = checker.findings

    assert (finding.code, finding.machine, finding.state) == ("RSP005", "response", "done")
    assert [(w.line, w.type, w.note) for w in finding.witnesses] == [
        (8, "response.created", "created the response"),
        (19, "response.done", "ended the response"),
    ]
    assert finding.event is not None
    assert ("response.id", "resp_1") in finding.event.fields
    assert finding.allowed == ("response.output_item.done",)  # of an MCP call that runs on


def test_consequences_fold_under_their_root() -> None:
    """A response in a transcription session is one fault, however much it says."""
    lines = session("transcription") + [
        (direction, {**event, "event_id": "other_" + event["event_id"]})
        for direction, event in session("text_turn")[8:19]
        if direction == "server"
    ]
    checker = check(encode(lines))

    assert found(checker) == [("DIA009", 10)]
    assert {f.caused_by for f in checker.findings[1:]} == {0}


def test_a_shape_fault_does_not_stop_the_order() -> None:
    """What can be read of an event still moves the tables, and what is missing from it is no second fault."""
    lines = edited("tool_call", change("response.output_item.added", "output_index", "zero"))

    assert found(check(lines)) == [("SHP002", 9)]


# Kinds of recordings.


def test_bare_events_show_their_direction() -> None:
    lines: Lines = [(None, raw) for _, raw in encode(session("voice_turn"))]
    checker = check(lines)

    assert checker.findings == []
    assert checker.report().limits == ()


def test_mid_session_adopts_what_began_earlier() -> None:
    lines = encode(session("voice_turn"))[13:]
    checker = check(lines)

    assert found(checker) == []
    assert [f.code for f in checker.findings] == ["SES001"]
    assert checker.mode == "mid-session"
    assert "starts mid-session" in checker.report().limits[0]


def test_mid_session_judges_what_it_saw_begin() -> None:
    lines = [line for line in session("text_turn")[8:] if line[1]["type"] != "response.content_part.added"]
    checker = check(encode(lines))

    assert found(checker) == [("OUT007", 3), ("OUT007", 18)]


def test_one_side_only() -> None:
    server = [line for line in encode(session("barge_in")) if line[0] == "server"]
    client = [line for line in encode(session("barge_in")) if line[0] == "client"]

    assert check(server).findings == []
    assert check(server).report().limits == (
        "server side only: rules about requests and their answers are off",
    )
    assert check(client).findings == []
    assert check(client).report().limits == ("client side only: rules about what the server does are off",)
    assert check([]).report().limits == ()


def test_a_recording_that_stops_in_a_response_says_so() -> None:
    lines = encode(session("voice_turn"))
    started = next(n for n, (_, raw) in enumerate(lines, 1) if b"response.created" in raw)
    stops = "stops in the middle of a response: what would have followed is not judged"

    assert check(lines[:started]).report().limits == (stops,)
    assert check(lines[: started - 1]).report().limits == ()
    # What was closed has an end, and what goes on has none yet.
    assert check(lines[:started], cut=False).report().limits == ()
    going_on = SessionChecker()
    for side, raw in lines[:started]:
        going_on.feed(side, raw)
    assert going_on.report().limits == ()


def test_cut_audio_switches_durations_off() -> None:
    lines = session("barge_in")
    for _, event in lines:
        if event["type"] in ("response.output_audio.delta", "input_audio_buffer.append"):
            event["delta" if "delta" in event else "audio"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    checker = check(encode(lines))

    assert checker.findings == []
    assert len(checker.report().limits) == 2


def test_two_connections_in_one_recording_are_judged_apart() -> None:
    twice = encode(session("text_turn") + session("voice_turn"))
    checker = check(twice)

    assert found(checker) == [("SES002", 36)]
    assert checker.report().events == len(twice)


def test_a_refused_handshake_begins_with_an_error() -> None:
    refused = {
        "type": "invalid_request_error",
        "code": "model_not_found",
        "message": "No such model.",
        "param": None,
    }
    event = {"type": "error", "event_id": "event_1", "error": {**refused, "event_id": None}}
    checker = check([("server", json.dumps(event).encode())])

    assert checker.findings == []


def test_the_end_of_the_connection_is_no_cut() -> None:
    lines = encode(session("text_turn"))[:12]

    assert [f.severity for f in check(lines).findings] == [Severity.INFO]
    assert found(check(lines, cut=False)) == [("RSP007", 8)]


def test_frames_beyond_the_limit_are_passed_over() -> None:
    checker = SessionChecker(max_frame_bytes=10)
    (finding,) = checker.feed("server", b"x" * 11)

    assert finding.code == "WIR006"
    (finding,) = checker.feed_fault(Fault(kind="too-long", expected="at most 10 bytes", found="11 bytes"))
    assert (finding.code, finding.line) == ("WIR006", 2)


# Dialects, directions, profiles.


@pytest.mark.parametrize("dialect", ["beta", "ga", "translation"])
def test_a_dialect_can_be_forced(dialect: str) -> None:
    assert check([], dialect=dialect).dialect == dialect


def test_dialects_and_profiles_that_are_not() -> None:
    with pytest.raises(ValueError, match="no dialect 'gamma'; there are: beta, ga, translation"):
        SessionChecker(dialect="gamma")
    with pytest.raises(
        ValueError, match="no profile 'acme'; there are: openai, azure, azure-voice-live, xai, compat"
    ):
        SessionChecker(profile="acme")


def test_a_client_that_speaks_first_is_understood() -> None:
    """WebRTC clients configure the session before `session.created` has arrived."""
    lines = session("text_turn")
    early = [lines[1], lines[0], *lines[2:]]

    assert [(f.code, f.severity) for f in check(encode(early)).findings] == [("SES016", Severity.INFO)]


def test_an_unknown_event_is_told_once() -> None:
    first, second = ({"type": "session.heartbeat", "event_id": f"event_beat{n}"} for n in (1, 2))
    lines = edited(
        "text_turn", after("session.updated", "server", first), after("response.done", "server", second)
    )

    assert found(check(lines)) == [("DIA018", 4)]


def test_an_unknown_client_event_is_the_clients_fault() -> None:
    lines = edited("text_turn", after("session.updated", "client", {"type": "session.wish"}))

    assert found(check(lines)) == [("CLI001", 4)]


def test_an_event_that_a_client_made_up_begins_no_session_whole_or_broken() -> None:
    """One frame of a client must not make of a live connection one that was begun earlier, of which less is judged."""
    for raw in (b'{"type":"made.up"}', b'{"type":"made.up","a":"\\ud800"}', b'{"type":"\\ud800"}'):
        checker = SessionChecker(dialect="ga")
        codes = {finding.code for finding in checker.feed("client", raw)}
        assert "SES001" not in codes
        assert codes
        assert checker.mode == "complete"


def test_an_unknown_first_event_is_mid_session() -> None:
    checker = check([("server", b'{"type":"session.heartbeat"}')])

    assert [f.code for f in checker.findings] == ["SES001", "DIA018"]
    checker = check([("server", b'{"type":"session.heartbeat"}')], dialect="translation")
    assert [f.code for f in checker.findings] == ["SES001", "DIA018"]


def test_profiles_relax() -> None:
    lines = edited("text_turn", change("response.output_item.added", "output_index", 3))

    assert found(check(lines)) == [("OUT002", 9)]
    assert [f.severity for f in check(lines, profile="compat").findings if f.caused_by is None] == [
        Severity.WARNING
    ]
    assert [f.severity for f in check(lines, profile="xai").findings] == [Severity.INFO]
    assert check(lines, profile="compat").report().profile_reason == "asked for"


def test_a_forced_profile_is_kept() -> None:
    assert check(encode(session("text_turn")), profile="azure").profile == "azure"


def test_azure_and_xai_are_recognised() -> None:
    lines = session("text_turn")
    lines[0][1]["session"]["animation"] = None
    report = check(encode(lines)).report()
    assert (report.profile, report.profile_reason) == (
        "azure-voice-live",
        "the session has Voice Live's `animation`",
    )

    lines = session("text_turn")
    lines[0][1]["session"]["model"] = "grok-voice"
    assert check(encode(lines)).report().profile == "xai"


def test_ping_of_xai_is_known_to_its_profile() -> None:
    lines = edited(
        "text_turn", after("session.updated", "server", {"type": "ping", "event_id": "event_ping"})
    )

    assert check(lines, profile="xai").findings == []
    assert found(check(lines)) == [("DIA018", 4)]


def test_a_foreign_event_that_does_not_decode() -> None:
    broken = {"type": "response.text.delta", "event_id": "event_beta", "response_id": 7}
    lines = edited("text_turn", after("response.output_text.delta", "server", broken))

    assert found(check(lines)) == [("DIA001", 13)]


# The readable state.


def test_state_names_every_entity() -> None:
    checker = SessionChecker()
    for direction, raw in encode(session("text_turn"))[:13]:
        checker.feed(direction, raw)

    assert checker.state["session"] == {"": "realtime"}
    assert checker.state["response"] == {"resp_1": "active"}
    assert checker.state["content part"] == {"item_a1/0": "text"}
    assert checker.state["stream"] == {"item_a1/0/text": "streaming"}
    assert checker.state["conversation"] == {"": "active"}


def test_finished_responses_leave_no_streams_behind() -> None:
    checker = check(encode(session("text_turn")))

    assert "stream" not in checker.state
    assert "content part" not in checker.state
    assert checker.state["response"] == {"resp_1": "done", "resp_2": "done"}


# Damage that must be one fault.

ONE_FAULT: list[tuple[str, Edit, str]] = [
    ("text_turn", drop("response.created"), "RSP001"),
    ("text_turn", drop("response.output_item.added"), "OUT001"),
    ("text_turn", drop("response.content_part.added"), "OUT007"),
    ("text_turn", drop("response.output_text.delta"), "OUT011"),
    ("text_turn", drop("response.content_part.done"), "OUT009"),
    ("text_turn", drop("response.output_item.done"), "OUT005"),
    ("text_turn", drop("response.done"), "RSP004"),
    ("text_turn", drop("conversation.item.added"), "ITM003"),
    ("voice_turn", drop("input_audio_buffer.speech_started", 1), "IAB001"),
    ("voice_turn", swap("input_audio_buffer.speech_started"), "IAB001"),
    ("tool_call", drop("response.function_call_arguments.delta"), "OUT013"),
]


@pytest.mark.parametrize("name, edit, code", ONE_FAULT, ids=[f"{e.kind} {e.type}" for _, e, _ in ONE_FAULT])
def test_one_fault_is_one_finding(name: str, edit: Edit, code: str) -> None:
    findings: list[Finding] = check(edited(name, edit)).findings

    assert [f.code for f in findings if f.caused_by is None and f.severity > Severity.INFO] == [code]


def test_a_beta_transcription_session_is_recognised_by_its_event() -> None:
    created = {
        "type": "transcription_session.created",
        "event_id": "event_1",
        "session": {
            "id": "sess_1",
            "object": "realtime.transcription_session",
            "input_audio_format": "pcm16",
        },
    }
    response = {"id": "resp_1", "object": "realtime.response", "status": "in_progress", "output": []}
    checker = check(
        encode(
            [
                ("server", created),
                ("server", {"type": "response.created", "event_id": "event_2", "response": response}),
            ]
        )
    )

    assert checker.state["session"] == {"": "transcription"}
    assert found(checker) == [("DIA009", 2)]


def test_cleared_playback_that_the_client_asked_for() -> None:
    """With nothing playing the answer is not documented, so it is nobody's fault."""
    cleared = {"type": "output_audio_buffer.cleared", "event_id": "event_cleared", "response_id": "resp_1"}
    lines = session("webrtc_turn")
    at = next(i for i, (_, event) in enumerate(lines) if event["type"] == "output_audio_buffer.started")
    clear: Session = [("client", {"type": "output_audio_buffer.clear"})]

    other: Session = [("client", {"type": "response.cancel"})]

    unasked = check(encode([*lines[:at], *other, ("server", cleared)]))
    asked = check(encode([*lines[:at], *clear, ("server", cleared)]))
    unseen = check(encode([*lines[:at], ("server", cleared)]))

    assert found(unasked) == [("OAB003", at + 2)]
    # Without the client's side nobody can tell whether it asked.
    assert "OAB003" not in [code for code, _ in found(unseen)]
    assert "OAB003" not in [code for code, _ in found(asked)]


# Corners.


def test_event_ids_are_remembered_in_a_window() -> None:
    """An id that comes again is told while it is among the last ones, and forgotten afterwards."""
    lines = session("text_turn")
    again = lines[5][1]["event_id"]
    early, late = (
        change("response.content_part.added", "event_id", again),
        change("response.done", "event_id", again, 1),
    )

    assert found(check(encode(early.apply(lines)), event_ids=4)) == [("SES004", 11)]
    assert found(check(encode(late.apply(lines)), event_ids=4)) == []


def test_a_delta_may_not_have_an_id_of_the_generation_before() -> None:
    """A window turns over at 4 ids; deltas are looked up on a way of their own."""
    lines = session("text_turn")
    deltas = [n for n, (_, event) in enumerate(lines) if event["type"] == "response.output_text.delta"]
    again = change("response.output_text.delta", "event_id", lines[deltas[0] - 1][1]["event_id"], 2)

    assert found(check(encode(again.apply(lines)), event_ids=4)) == [("SES004", deltas[2] + 1)]


def test_a_second_connection_keeps_a_dialect_that_was_forced() -> None:
    checker = check(encode(session("text_turn") + session("text_turn")), dialect="ga")

    assert found(checker) == [("SES002", 36)]
    assert checker.dialect == "ga"


def test_a_session_that_is_not_shown_names_no_vendor() -> None:
    checker = check([("server", b'{"type":"session.created","event_id":"event_1"}')])

    assert found(checker) == [("SHP001", 1)]
    assert checker.report().profile_reason == "nothing says otherwise"


def test_an_example_may_repeat_a_client_event() -> None:
    lines = repeat("response.create").apply(session("push_to_talk"))

    assert [event["type"] for _, event in lines].count("response.create") == 2


def test_rules_say_nothing_unless_they_are_written_to() -> None:
    class Silent(Rule):
        code = ""

    rule: Any = Silent()
    assert [*rule.check(None, None), *rule.at_end(None, None, True), *rule.at_close(None, True)] == []


def test_a_cut_append_among_whole_ones_is_noticed() -> None:
    lines = session("push_to_talk")
    whole = next(line for line in lines if line[1]["type"] == "input_audio_buffer.append")
    cut: Any = ("client", {**whole[1], "audio": "AAAAAAAAAAAA"})
    checker = check(encode([*lines[:4], whole, whole, cut, whole, *lines[4:]]))

    assert any("sent by the client was cut" in limit for limit in checker.report().limits)


@pytest.mark.parametrize("type", ["response.output_text.delta", "response.output_audio.delta"])
def test_a_delta_in_the_same_place_asks_no_table_again(type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a delta cheap: while nothing moves, only the first ones of a part are looked at."""
    asked: list[str] = []
    step = Engine.step

    def counting(self: Engine, place: Any, event: Any, line: int) -> Any:
        asked.append(place.course.type)
        return step(self, place, event, line)

    monkeypatch.setattr(Engine, "step", counting)
    name = "text_turn" if "text" in type else "voice_turn"
    [first, *_] = [event for _, event in session(name) if event["type"] == type]
    checker = SessionChecker()
    for direction, event in session(name):
        checker.feed(direction, msgspec.json.encode(event))
        if event == first:
            for number in range(20):
                again = {**event, "event_id": f"another_{number}"}
                assert checker.feed("server", msgspec.json.encode(again)) == []

    parts = len({event["item_id"] for _, event in session(name) if event["type"] == type})
    assert asked.count(type) <= 2 * parts


def test_frames_may_be_text() -> None:
    lines = [*encode(session("text_turn")), ("client", b"{"), ("server", b'{"type":"response.created"}')]
    of_bytes, of_text = SessionChecker(), SessionChecker()
    for direction, raw in lines:
        assert of_text.feed(direction, raw.decode()) == of_bytes.feed(direction, raw)
    assert of_text.findings[0].code == "WIR007"


CREATED = b'{"type":"session.created","event_id":"event_1","session":{"type":"realtime","id":"sess_1"}}'


@pytest.mark.parametrize("direction", ["Server", "sent"])
@pytest.mark.parametrize("before", [[], [("server", CREATED)], [("client", CREATED)]], ids=str)
@pytest.mark.parametrize(
    "feed",
    [
        lambda checker, direction: checker.feed(direction, b"{}"),
        lambda checker, direction: checker.feed(direction, b" " * 201),
        lambda checker, direction: checker.feed_fault(Fault("too-long"), direction),
        lambda checker, direction: checker.feed_partial(direction, b'{"type":"response.done"}', "type-only"),
    ],
    ids=["a frame", "a long frame", "a fault", "a part"],
)
def test_a_direction_that_there_is_not(
    feed: Callable[[RecordingChecker, str], object], before: Lines, direction: str
) -> None:
    """Also where the recording has the labels the wrong way round.  Nothing is judged, and no line is counted."""
    checker = RecordingChecker(max_frame_bytes=200)
    for frame in before:
        checker.feed(*frame)
    report = checker.report()

    with pytest.raises(ValueError, match=f"no direction '{direction}'; there are: client, server"):
        feed(checker, direction)
    assert checker.report() == report
    checker.feed("server", b"{")
    assert checker.findings[-1].line == len(before) + 1


@pytest.mark.parametrize("raw", ["{", "[]", '{"type":5}', '{"type":"mcp_call"}', '{"type":"realtime"}'])
@pytest.mark.parametrize(
    "name", ["text_turn", "mcp_approval", "transcription", "translation", "beta_voice_turn"]
)
def test_the_wrapping_of_unknown_variants_may_come_from_anybody(name: str, raw: str) -> None:
    """In the place of any object, with anything in it, it stops no judgement."""
    wrapping = {"type": "rtproto.unknown", "raw": raw}
    for direction, event in session(name):
        for member, value in event.items():
            if isinstance(value, dict):
                for inner in (
                    wrapping,
                    {key: wrapping if isinstance(old, dict) else old for key, old in value.items()},
                ):
                    checker = SessionChecker()
                    checker.feed("server", CREATED)
                    checker.feed(direction, msgspec.json.encode({**event, member: inner}))
                    checker.close()


def test_the_end_is_told_once() -> None:
    *lines, last = encode(session("text_turn"))
    checker = check(lines, cut=False)
    assert [finding.code for finding in checker.findings] == ["RSP007"]

    assert checker.close(cut=False) == []
    assert checker.feed(*last) == []
    assert checker.close(cut=False) == []
    assert len(checker.findings) == 1


@pytest.mark.parametrize("form", ['{"type":"x%d","event_id":"%d"}', '{"type":"x%d","event_id":"%d","a":NaN}'])
@pytest.mark.parametrize("direction", ["client", "server"])
def test_types_that_are_made_up_leave_nothing_behind(form: str, direction: str) -> None:
    """What is known of a type outlives the connection: who makes up types must not fill the memory of a server."""

    def kept() -> int:
        return sum(isinstance(thing, Plan | Place) for thing in gc.get_objects())

    checker = SessionChecker()
    checker.feed(direction, (form % (0, 0)).encode())
    before = kept()
    for number in range(1, 200):
        findings = checker.feed(direction, (form % (number, number)).encode())
        assert {finding.args["type"] for finding in findings} == {f"x{number}"}
    assert kept() == before


def test_what_peers_make_up_is_kept_no_longer_than_it_can_be() -> None:
    """Ten types of a megabyte, each a finding, leave no megabytes behind."""
    checker = SessionChecker(dialect="ga")
    checker.feed("server", msgspec.json.encode(session("text_turn")[0][1]))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for letter in b"abcdefghij":
        [finding] = checker.feed("server", b'{"type":"of.%s%c"}' % (b"x" * 1_000_000, letter))
        assert finding.code == "DIA018"
    checker.feed("server", b'{"type":"of.next"}')  # the decoder holds on to the last event
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 500_000


def test_a_type_that_is_made_up_is_witnessed_by_its_name() -> None:
    checker = SessionChecker()
    for number, type in enumerate(("vendor.hello", "vendor.ping")):
        checker.feed("server", json.dumps({"type": type, "event_id": f"event_{number}"}).encode())

    [late] = checker.feed("server", CREATED.replace(b"event_1", b"event_9"))
    assert late.code == "SES001"
    assert late.event is not None
    assert late.event.type == "vendor.hello"


@pytest.mark.parametrize("type", sorted(type for type in CHECKS if type.startswith("<")))
def test_no_event_is_taken_for_what_rules_look_at_beside_events(type: str) -> None:
    checker = check([("server", json.dumps({"type": type, "event_id": "event_1"}).encode())])

    assert [finding.code for finding in checker.findings] == ["SES001", "DIA018"]


def test_what_is_no_frame() -> None:
    frame: Any = {"type": "session.created"}
    with pytest.raises(TypeError, match="a frame is bytes or str, not dict: give the JSON text"):
        SessionChecker().feed("server", frame)
