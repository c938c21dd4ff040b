"""What the rules about sessions, dialects and clocks say beyond their examples."""

from __future__ import annotations

import copy
import io
from typing import Any

import msgspec
import pytest

from rtproto import checker_plan
from rtproto.checker import SessionChecker
from rtproto.findings import Severity
from rtproto.reports.words import message
from rtproto.rules.examples import Edit, after, before, change, drop, repeat
from rtproto.rules.sessions import Session, session
from rtproto.transcripts.jsonl import read
from rtproto.wire import Fault

Found = list[tuple[str, int]]


def judge(lines: Session, *, cut: bool = True, **options: Any) -> SessionChecker:
    checker = SessionChecker(**options)
    for direction, event in lines:
        checker.feed(direction, msgspec.json.encode(event))
    checker.close(cut=cut)
    return checker


def edited(name: str, *edits: Edit) -> Session:
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    return lines


def roots(checker: SessionChecker) -> Found:
    # What errors mean is told by ERR, which has its own tests.
    return [(f.code, f.line) for f in checker.findings if f.caused_by is None and f.code[:3] != "ERR"]


def error(code: str | None, **detail: Any) -> dict[str, Any]:
    """An `error` event that names no request unless `event_id` says which."""
    details = {
        "type": "invalid_request_error",
        "code": code,
        "message": "No.",
        "param": None,
        "event_id": None,
    }
    return {"type": "error", "event_id": f"event_{code}", "error": {**details, **detail}}


# Ids of events.


def test_a_copied_event_is_one_fault() -> None:
    """A recorder with two taps writes every event twice; what the copy breaks is the copy's fault."""
    lines = session("text_turn")
    lines.insert(13, lines[12])
    checker = judge(lines)

    assert lines[12][1]["type"] == "response.output_text.delta"
    assert roots(checker) == [("SES004", 14)]
    assert checker.findings[0].witnesses[0].line == 13
    assert [(f.code, f.caused_by) for f in checker.findings[1:]] == [("OUT011", 0)]


@pytest.mark.parametrize(
    "edit, code, line",
    [
        (drop("response.content_part.added"), "OUT007", 11),
        (
            change("response.created", "response.audio", {"output": {"format": {"type": "audio/opus"}}}),
            "SHP005",
            8,
        ),
    ],
)
def test_an_id_that_never_changes_is_counted_and_hides_nothing(edit: Edit, code: str, line: int) -> None:
    lines = edited("text_turn", edit)
    for direction, event in lines:
        if direction == "server":
            event["event_id"] = "event_same"
    sent = [line for line, (direction, _) in enumerate(lines, 1) if direction == "server"]
    findings = judge(lines).report().findings

    assert [(f.code, f.line, f.count, f.last_line) for f in findings if f.caused_by is None] == [
        ("SES004", 3, len(sent) - 1, sent[-1]),
        (code, line, 1, None),
    ]


def test_a_recording_that_holds_everything_twice_has_one_fault() -> None:
    once = session("text_turn")[1:]
    lines = [line for line in once for _ in range(1 + (line[0] == "server"))]
    findings = [f for f in judge(lines).report().findings if f.caused_by is None]

    assert [(f.code, f.count, f.last_line) for f in findings if f.severity > Severity.INFO] == [
        ("SES004", sum(direction == "server" for direction, _ in once), len(lines))
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "session.heartbeat"},
        {"type": "response.output_item.added", "response_id": "resp_1"},
        {"type": "response.text.delta", "delta": 7},
    ],
    ids=["unknown", "fault", "foreign"],
)
def test_events_that_do_not_decode_have_ids_too(event: dict[str, Any]) -> None:
    lines = edited("text_turn", after("session.updated", "server", {**event, "event_id": "event_001"}))

    assert ("SES004", 4) in roots(judge(lines))


def test_ids_are_remembered_within_bounds() -> None:
    side = checker_plan.Side("ga", "server", 3)
    lines = [side.note_id(f"event_{n}", n) for n in range(1, 9)]

    assert lines == [None] * 8
    assert side.note_id("event_5", 9) == 5
    assert side.ids is not None
    assert len(side.ids) + len(side.older_ids) <= 2 * 7
    for n in range(20, 40):
        side.note_id(f"event_{n}", n)
    assert side.note_id("event_5", 41) is None


@pytest.mark.parametrize("value", ["", None, ...])
def test_a_server_event_needs_an_id(value: Any) -> None:
    lines = edited("text_turn", change("response.output_text.delta", "event_id", value))

    assert roots(judge(lines)) == [("SES005", 12)]


def test_errors_may_have_no_id_and_clients_need_none() -> None:
    """Azure sends errors with a null event_id; two of them are no duplicates."""
    nobodys = {**error("server_error"), "event_id": None}
    lines = edited(
        "text_turn", after("session.updated", "server", nobodys), after("error", "server", nobodys)
    )

    assert roots(judge(lines)) == []
    lines = edited("text_turn", change("session.update", "event_id", 7))
    assert ("SHP002", 2) in roots(judge(lines))


# Updates and their answers.


def test_an_update_that_the_recording_ends_on_is_noted() -> None:
    lines = session("text_turn")[:2]
    (finding,) = judge(lines).findings

    assert (finding.code, finding.line, finding.severity) == ("SES007", 2, Severity.INFO)


@pytest.mark.parametrize("refused", [None, "evt_update"])
def test_an_error_is_an_answer(refused: str | None) -> None:
    lines = edited("text_turn", change("session.updated", "type", "session.updated"))
    lines[2] = ("server", error("some_new_code", event_id=refused))

    assert roots(judge(lines, cut=False)) == []


def test_answers_may_say_the_same_in_other_words() -> None:
    """Defaults, an order of modalities, 1 for 1.0, the voice's object, an unset text; and what is not shown."""
    lines = session("beta_voice_turn")
    lines[1][1]["session"] = {
        "instructions": "Be brief.\n",
        "modalities": ["text", "audio"],
        "temperature": 0.80000001,
        "speed": 1,
        "voice": "alloy",
        "input_audio_transcription": None,
        "tools": [{"type": "function", "name": "f", "parameters": {}}],
        "turn_detection": {"type": "server_vad"},
    }
    lines[2][1]["session"] |= {
        "voice": {"name": "alloy", "type": "standard"},
        "tools": [{"type": "function", "name": "f", "description": "", "parameters": {"type": "object"}}],
    }

    assert roots(judge(lines)) == []


@pytest.mark.parametrize(
    "path, value, told",
    [
        (
            "session.audio.input.turn_detection.type",
            "semantic_vad",
            "`session.audio.input.turn_detection.type`",
        ),
        ("session.audio.input.turn_detection", None, "`session.audio.input.turn_detection`"),
        ("session.output_modalities", ["audio"], "`session.output_modalities`"),
    ],
)
def test_what_an_answer_ignores_is_named(path: str, value: Any, told: str) -> None:
    (finding,) = judge(edited("text_turn", change("session.updated", path, value))).findings

    assert (finding.code, finding.args["paths"]) == ("SES008", told)


def test_many_ignored_members_are_counted() -> None:
    lines = session("beta_voice_turn")
    lines[1][1]["session"] = {
        "instructions": "Be long.",
        "voice": "ash",
        "tool_choice": "none",
        "input_audio_format": "g711_ulaw",
        "output_audio_format": "g711_alaw",
    }
    finding = next(finding for finding in judge(lines).findings if finding.code == "SES008")

    assert finding.args["paths"].endswith("`session.output_audio_format` and 1 more")


def test_neighbours_of_what_was_asked_for_may_be_reset() -> None:
    """The update gives `audio.input.turn_detection`, so the rest of `audio.input` is not held against the server."""
    lines = edited(
        "text_turn", change("session.updated", "session.audio.input.transcription", {"model": "whisper-1"})
    )
    assert roots(judge(lines)) == []
    lines = edited("text_turn", change("session.updated", "session.audio.output.speed", 1.5))
    assert roots(judge(lines)) == [("SES009", 3)]


def test_updates_of_another_writer_are_told_once() -> None:
    lines = edited("text_turn", repeat("session.updated"), repeat("session.updated", 1))
    lines[4][1]["event_id"] += "_third"

    assert roots(judge(lines)) == [("SES006", 4)]
    assert roots(judge([line for line in lines if line[0] == "server"])) == []


def test_an_update_that_cannot_be_read_may_be_the_one_that_was_answered() -> None:
    checker = SessionChecker()
    for direction, event in session("text_turn"):
        raw = msgspec.json.encode(event)
        checker.feed(direction, raw[:40] if event["type"] == "session.update" else raw)

    assert roots(checker) == [("WIR007", 2)]


# What stays the same.


def test_turning_tracing_off_is_only_a_warning() -> None:
    on, off = (
        change("session.created", "session.tracing", "auto"),
        change("session.updated", "session.tracing", None),
    )
    (finding,) = judge(edited("text_turn", on, off)).findings

    assert (finding.code, finding.severity, finding.args["now"]) == ("SES013", Severity.WARNING, "off")


def test_a_voice_that_the_client_changed_is_the_clients_fault() -> None:
    asked = {
        "type": "session.update",
        "session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
    }
    lines = edited("voice_turn", after("response.done", "client", asked))
    shown = {**copy.deepcopy(lines[2][1]), "event_id": "event_later"}
    at = next(i for i, line in enumerate(lines) if line[1] == asked)
    lines.insert(at + 1, ("server", shown))
    lines = change("session.updated", "session.audio.output.voice", "cedar", 1).apply(lines)

    assert roots(judge(lines)) == [("CLI006", at + 1)]


def test_a_conversation_is_created_once() -> None:
    conversation = {"type": "conversation.created", "conversation": {"id": "conv_1"}}
    once = after("session.created", "server", {**conversation, "event_id": "event_c1"})

    assert roots(judge(edited("text_turn", once))) == []
    assert roots(judge(edited("text_turn", once, repeat("conversation.created")))) == [("SES014", 3)]


def test_what_was_in_flight_may_outlive_the_session() -> None:
    expired = before("response.done", "server", error("session_expired"))
    lines = edited("text_turn", expired)

    assert roots(judge(lines[:20])) == []
    assert roots(judge(lines)) == [("SES015", 25)]


# Dialects, kinds of session, transports.


def test_ga_events_without_a_beta_name_are_told_by_type() -> None:
    listing = {"type": "mcp_list_tools.in_progress", "event_id": "event_l1", "item_id": "item_l1"}
    lines = edited(
        "beta_voice_turn",
        after("session.updated", "server", listing),
        after(
            "response.done",
            "server",
            {"type": "mcp_list_tools.failed", "event_id": "event_l2", "item_id": "item_l1"},
        ),
    )

    assert [code for code, _ in roots(judge(lines))] == ["DIA003", "DIA003"]


def test_a_session_in_the_other_shape_is_told_once() -> None:
    lines = edited(
        "beta_voice_turn",
        change("session.updated", "session.audio", {"output": {"voice": "alloy"}}),
        change("response.done", "response.output_modalities", ["audio"]),
    )
    (finding,) = judge(lines).findings

    assert (finding.code, finding.args["where"], finding.args["what"]) == (
        "DIA004",
        "the session",
        "`session.audio`",
    )


def test_responses_may_be_configured_in_the_wrong_shape_too() -> None:
    lines = edited("push_to_talk", change("response.create", "response", {"modalities": ["audio"]}))
    assert ("DIA005", 10) in roots(judge(lines))
    ask = {"type": "response.create", "response": {"audio": {"output": {"voice": "alloy"}}}}
    lines = edited("beta_voice_turn", after("session.updated", "client", ask))
    assert ("DIA006", 4) in roots(judge(lines))


def test_beta_has_an_update_for_each_kind_of_session() -> None:
    update = {"type": "transcription_session.update", "session": {"input_audio_format": "pcm16"}}
    lines = edited("beta_voice_turn", after("session.updated", "client", update))
    assert roots(judge(lines))[0] == ("DIA011", 4)

    opened = {"type": "transcription_session.created", "event_id": "event_1", "session": {"id": "sess_1"}}
    started: Session = [("server", opened), ("client", update)]
    answer = {"type": "transcription_session.updated", "event_id": "event_2", "session": {"id": "sess_1"}}
    assert roots(judge([*started, ("server", answer)])) == []
    assert roots(judge([*started, ("client", {"type": "session.update", "session": {}})]))[0] == ("DIA011", 3)
    update["session"]["model"] = "gpt-4o-transcribe"
    assert roots(judge([*started, ("server", answer)])) == [("DIA012", 2)]


def test_a_client_that_cannot_know_the_kind_of_session_is_not_blamed() -> None:
    update = {"type": "session.update", "session": {"type": "realtime"}}
    early: Session = [("client", update), ("client", {"type": "response.create"}), *session("transcription")]

    assert [f.code for f in judge(early).findings if f.severity > Severity.INFO] == []


def test_a_configuration_that_is_no_object_is_left_to_the_shape_rules() -> None:
    lines = edited("text_turn", change("session.update", "session", 7))

    assert [code for code, _ in roots(judge(lines))] == ["SHP002"]


def test_playback_of_a_websocket_is_the_clients() -> None:
    clear = {"type": "output_audio_buffer.clear"}
    lines = edited("voice_turn", after("response.done", "client", clear))
    assert ("DIA014", 24) in roots(judge(lines))
    assert ("DIA014", 4) not in roots(judge(edited("voice_turn", after("session.updated", "client", clear))))


def test_one_side_of_a_contradiction_is_told() -> None:
    """Playback first: the connection is WebRTC, and its audio deltas are at fault, not its playback."""
    delta = next(
        event for _, event in session("voice_turn") if event["type"] == "response.output_audio.delta"
    )
    heard = after("response.output_audio_transcript.delta", "server", {**delta, "event_id": "event_heard"})
    checker = judge(edited("webrtc_turn", heard))

    assert [f.code for f in checker.findings] == ["DIA015"]
    assert checker.findings[0].witnesses[0].type == ""


def test_keys_of_a_telephone_may_be_pressed_on_a_side_band() -> None:
    key = {"type": "input_audio_buffer.dtmf_event_received", "event": "5", "received_at": 1790000000}
    assert roots(judge(edited("webrtc_turn", after("response.done", "server", key)))) == []
    (finding,) = judge(edited("push_to_talk", after("input_audio_buffer.committed", "server", key))).findings
    assert (finding.code, finding.witnesses[0].type) == ("DIA017", "input_audio_buffer.append")


@pytest.mark.parametrize(
    "code, told", [("api_version_mismatch", ["DIA008"]), ("model_not_found", []), (None, [])]
)
def test_a_refused_handshake_is_explained(code: str | None, told: list[str]) -> None:
    assert [each for each, _ in roots(judge([("server", error(code))]))] == told


# Clocks.


def timed(
    lines: Session, start: float, pace: float, gaps: dict[int, float], **options: Any
) -> SessionChecker:
    """The lines as recorded at that pace, with more seconds before some of them (by index)."""
    checker = SessionChecker(**options)
    now = start
    for at, (direction, event) in enumerate(lines):
        now += gaps.get(at, 0.0)
        checker.feed(direction, msgspec.json.encode(event), time=now)
        now += pace
    checker.close()
    return checker


def test_a_delta_after_a_long_silence_is_seen() -> None:
    """Also where the delta is one of many alike, and the client goes on sending audio in between."""
    lines = session("text_turn")
    append = ("client", {"type": "input_audio_buffer.append", "audio": "AAAA" * 480})
    lines[13:13] = [append] * 40

    checker = timed(lines, 0.0, 1.0, {})
    assert [(f.code, f.line, f.args["seconds"]) for f in checker.findings] == [("TIM007", 54, 41)]


def test_between_responses_there_may_be_silence() -> None:
    lines = session("text_turn")
    first_done = [event["type"] for _, event in lines].index("response.done")

    assert timed(lines, 0.0, 0.1, {first_done + 1: 300.0}).findings == []


def test_a_remote_tool_may_take_its_time() -> None:
    lines = session("mcp_call")
    completed = [event["type"] for _, event in lines].index("response.mcp_call.completed")

    assert timed(lines, 0.0, 0.1, {completed: 90.0}).findings == []


@pytest.mark.parametrize("name, seconds, told", [("beta_voice_turn", 1900.0, 1), ("voice_turn", 1900.0, 0)])
def test_beta_sessions_are_shorter(name: str, seconds: float, told: int) -> None:
    lines = session(name)
    findings = timed(lines, 0.0, 1.0, {4: seconds}).findings

    assert [f.code for f in findings] == ["TIM001"] * told


def test_a_clock_without_a_date_is_not_compared_with_one() -> None:
    lines = edited(
        "text_turn",
        change("session.created", "session.expires_at", 1790003600),
        change("session.updated", "session.expires_at", 1790003600),
    )

    assert roots(timed(lines, 50.0, 0.1, {20: 3700.0})) == [("TIM001", 22)]
    assert roots(timed(lines, 1790000000.0, 0.1, {20: 3700.0})) == [("TIM002", 22)]
    assert roots(timed(lines[5:], 50.0, 0.1, {15: 3700.0})) == [("SES001", 1)]


def test_the_clock_is_watched_within_a_run_of_deltas() -> None:
    lines = session("text_turn")
    deltas = [at for at, (_, event) in enumerate(lines) if event["type"] == "response.output_text.delta"]

    assert roots(timed(lines, 100.0, 0.1, {deltas[2]: -1.0})) == [("TIM003", deltas[2] + 1)]
    assert roots(timed(lines, 100.0, 0.1, {deltas[2]: -0.105})) == []


def test_a_file_may_be_sent_faster_than_it_is_spoken() -> None:
    lines = session("voice_turn")
    assert [(f.code, f.severity) for f in timed(lines, 0.0, 0.001, {}).findings] == [
        ("TIM004", Severity.INFO)
    ]
    assert timed([line for line in lines if line[0] == "server"], 0.0, 0.2, {}).findings == []
    assert timed(lines, 0.0, 0.2, {}).findings == []


@pytest.mark.parametrize(
    "elapsed, likely",
    [
        (1.5, "; as PCM at 48 kHz the audio sent by then would last as long"),
        (1.46, "; as PCM at 48 kHz the audio sent by then would last as long"),
        (1.63, "; as PCM at 44.1 kHz the audio sent by then would last as long"),
        (1.2, ""),
    ],
)
def test_a_microphone_at_another_rate_is_heard_faster_than_it_speaks(elapsed: float, likely: str) -> None:
    """The session has sent 3000 ms of PCM at 24 kHz when the second turn ends at 2800 ms."""
    lines = session("voice_turn")
    appends, stops = (
        [at for at, (_, event) in enumerate(lines) if event["type"] == f"input_audio_buffer.{type}"]
        for type in ("append", "speech_stopped")
    )
    checker = timed(lines, 0.0, 0.0, {appends[0] + 1: 0.9, stops[1]: elapsed - 0.9})

    assert [(f.code, f.args["heard"], f.args["elapsed"], f.args["likely"]) for f in checker.findings] == [
        ("TIM004", 2800, round(elapsed * 1000), likely)
    ]


def test_voices_stay_on_a_media_track_too() -> None:
    """WebRTC shows no audio in events; the transcript of what was said is proof enough."""
    update = {
        "type": "session.update",
        "session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
    }
    lines = edited("webrtc_turn", after("response.done", "client", update))

    assert [code for code, _ in roots(judge(lines))] == ["CLI006"]


@pytest.mark.parametrize(
    "stamp, seconds",
    [
        (b'"at_ms":1500', None),
        (b'"at_ms":1790000000500', 1790000000.5),
        (b'"t":1790000000.5', 1790000000.5),
        (b'"ts":1790000000500', 1790000000.5),
        (b'"timestamp":1790000000500000', 1790000000.5),
        (b'"at":1790000000500000000', 1790000000.5),
        (b'"time":12.5', None),
        (b'"time":-3', None),
        (b'"time":1e300', None),
        (b'"time":"12:30"', None),
    ],
)
def test_times_of_a_recording_are_seconds_or_nothing(stamp: bytes, seconds: float | None) -> None:
    line = b'{"direction":"server",' + stamp + b',"event":{"type":"session.created"}}\n'
    (frame,) = read(io.BytesIO(line))

    assert frame.seconds == seconds


# Recordings that are wrong about who spoke.


def swapped(lines: Session) -> Session:
    return Edit("relabel", lines[0][1]["type"]).apply(lines)


@pytest.mark.parametrize("name", ["text_turn", "beta_voice_turn", "translation"])
@pytest.mark.parametrize("forced", [False, True])
def test_swapped_labels_are_the_only_fault_of_a_recording(name: str, forced: bool) -> None:
    dialect = judge(session(name)).dialect
    checker = judge(swapped(session(name)), dialect=dialect if forced else None)

    assert roots(checker) == [("REC003", 1)]
    assert checker.dialect == dialect
    assert checker.report().limits == judge(session(name)).report().limits
    assert checker.findings[0].event is not None
    assert checker.findings[0].event.direction == "server"


def test_swapped_labels_are_told_by_the_event_that_shows_them() -> None:
    (finding,) = judge(swapped(session("text_turn"))).findings

    assert message(finding) == (
        "client and server are swapped: `session.created` is the server's to send; judged the other way round"
    )
    assert finding.event is not None
    assert (finding.event.type, finding.event.direction, finding.event.line) == (
        "session.created",
        "server",
        1,
    )


def test_faults_of_a_swapped_recording_are_found_all_the_same() -> None:
    lines = edited("text_turn", drop("response.content_part.added"))

    assert roots(judge(swapped(lines))) == [("REC003", 1), ("OUT007", 11)]
    checker = SessionChecker()
    checker.feed("client", msgspec.json.encode(lines[0][1]))
    (finding,) = checker.feed("client", b"{")
    assert (finding.code, finding.event.direction if finding.event else "") == ("WIR007", "server")
    (finding,) = checker.feed_fault(Fault("too-long"), "client")
    assert (finding.code, finding.event.direction if finding.event else "") == ("WIR006", "server")


def test_swapped_labels_are_told_once_for_two_connections() -> None:
    twice = swapped(session("text_turn") + session("voice_turn"))

    assert roots(judge(twice)) == [("REC003", 1), ("SES002", 36)]


def test_a_single_event_in_the_wrong_direction_swaps_nothing() -> None:
    lines = session("text_turn")
    lines[2] = ("client", lines[2][1])

    assert roots(judge(lines))[0] == ("DIA019", 3)


def test_the_first_label_alone_may_be_wrong() -> None:
    lines = session("text_turn")
    lines[0] = ("client", lines[0][1])

    assert roots(judge(lines)) == [("REC003", 1)]


@pytest.mark.parametrize(
    "type",
    ["response.created", "response.output_item.added", "conversation.item.added", "response.done"],
)
def test_what_is_labelled_as_the_clients_has_happened_all_the_same(type: str) -> None:
    lines = session("text_turn")
    at = next(at for at, (_, event) in enumerate(lines) if event["type"] == type)
    lines[at] = ("client", lines[at][1])

    assert roots(judge(lines)) == [("DIA019", at + 1)]


def test_audio_that_is_labelled_as_the_clients_is_measured() -> None:
    lines = session("voice_turn")
    at = next(at for at, (_, event) in enumerate(lines) if event["type"] == "response.output_audio.delta")
    lines[at] = ("client", lines[at][1])

    assert roots(judge(lines)) == [("DIA019", at + 1)]


@pytest.mark.parametrize("event", [{"type": "response.created"}, {"type": "response.text.delta"}])
def test_what_is_labelled_as_the_clients_and_cannot_be_read_is_passed_over(event: dict[str, Any]) -> None:
    lines = session("text_turn")
    lines.insert(3, ("client", event))

    assert roots(judge(lines)) == [("DIA019", 4)]


def translated(*edits: Edit) -> Session:
    """A translation session in which the client asks for Norwegian."""
    config = {"audio": {"output": {"language": "no"}}}
    shown = {
        "id": "sess_1",
        "type": "translation",
        "model": "gpt-realtime-translate",
        "expires_at": 1790000000,
    }
    shown["audio"] = {"input": {"transcription": None}, "output": {"language": "no"}}
    updated = {"type": "session.updated", "event_id": "event_updated", "session": shown}
    return edited(
        "translation",
        change("session.created", "session.audio.input", {"transcription": None}),
        after("session.created", "server", updated),
        after(
            "session.created", "client", {"type": "session.update", "event_id": "evt_1", "session": config}
        ),
        *edits,
    )


@pytest.mark.parametrize(
    "edit, code",
    [
        (change("session.updated", "session.audio.output.language", "es"), "SES008"),
        (change("session.updated", "session.audio.input.transcription", {"model": "whisper-1"}), "SES009"),
        (change("session.updated", "session", {"type": "realtime", "id": "sess_1"}), "SES011"),
        (change("session.updated", "session", {"type": None, "id": "sess_1"}), ""),
    ],
)
def test_translation_sessions_are_held_to_their_configuration(edit: Edit, code: str) -> None:
    """Their updates name no type of session, which once kept the answers from being compared."""
    assert roots(judge(translated())) == []
    assert [told for told, line in roots(judge(translated(edit))) if line == 3] == [code] * bool(code)


def test_a_ga_server_that_announces_items_as_beta_does_is_told_of_once() -> None:
    created = change("conversation.item.added", "type", "conversation.item.created")
    lines = created.apply(created.apply(session("text_turn")))

    assert [finding.line for finding in judge(lines).findings if finding.code == "DIA002"] == [6]


@pytest.mark.parametrize("wish", [{"audio": {}}, {"audio": {"output": {}}}])
def test_an_object_without_members_asks_for_nothing(wish: dict[str, Any]) -> None:
    asked = change("session.update", "session", {"type": "realtime", **wish})
    unchanged = change("session.updated", "session", session("text_turn")[0][1]["session"])

    lines = unchanged.apply(asked.apply(session("text_turn")))
    assert [f.code for f in judge(lines).findings if f.code in ("SES008", "SES009")] == []
