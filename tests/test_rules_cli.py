"""What the rules about client events say beyond their own examples."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.findings import Finding, Severity
from rtproto.rules.examples import after, before, change, drop, upto
from rtproto.rules.sessions import session, silence
from tests.judging import check, edited, judge, said


def asked(**wish: Any) -> list[Finding]:
    """What a GA update that the server does not serve gives rise to."""
    return judge("refused_requests", change("session.update", "session", {"type": "realtime", **wish}))


def asked_input(**wish: Any) -> list[Finding]:
    return asked(audio={"input": wish})


def asked_beta(**wish: Any) -> list[Finding]:
    return judge("beta_refused_requests", change("session.update", "session", wish))


def wanted(**wish: Any) -> list[Finding]:
    """What a GA `response.create` that the server does not serve gives rise to."""
    return judge(
        "refused_requests", change("response.create", "response", {"instructions": "Answer.", **wish})
    )


@pytest.mark.parametrize(
    "wish, code, severity, message",
    [
        (
            {"truncation": {"type": "retention_ratio", "retention_ratio": 1.5}},
            "CLI026",
            "error",
            "`session.truncation.retention_ratio` is 1.5; it goes from 0 to 1",
        ),
        (
            {
                "truncation": {
                    "type": "retention_ratio",
                    "retention_ratio": 0.5,
                    "token_limits": {"post_instructions": -1},
                }
            },
            "CLI026",
            "error",
            "`session.truncation.token_limits.post_instructions` is -1; it is 0 or more",
        ),
        (
            {"truncation": {"type": "window"}},
            "CLI026",
            "error",
            (
                "`session.truncation` is an object of type window; it is auto, disabled or an object of type "
                "retention_ratio"
            ),
        ),
        (
            {"truncation": {"retention_ratio": 0.5}},
            "CLI026",
            "error",
            (
                "`session.truncation` is an object without a type; it is auto, disabled or an object of type "
                "retention_ratio"
            ),
        ),
        (
            {"max_output_tokens": 8192},
            "CLI009",
            "warning",
            '`session.max_output_tokens` is 8192; it is a number from 1 to 4096, or "inf"',
        ),
        (
            {"max_output_tokens": "infinite"},
            "CLI009",
            "error",
            '`session.max_output_tokens` is infinite; it is a number from 1 to 4096, or "inf"',
        ),
        (
            {"parallel_tool_calls": True},
            "CLI027",
            "warning",
            "`session.parallel_tool_calls` is set, but gpt-realtime does not reason",
        ),
        (
            {"audio": {"input": {"format": {"type": "audio/opus"}}}},
            "CLI015",
            "error",
            (
                "`session.audio.input.format` is an object of type audio/opus; ga takes audio/pcm at rate 24000, "
                "audio/pcmu or audio/pcma"
            ),
        ),
        (
            {"tool_choice": "maybe"},
            "CLI022",
            "error",
            "`session.tool_choice` is maybe; it is none, auto, required, or an object of type function or mcp",
        ),
        (
            {"tool_choice": {"type": "custom"}},
            "CLI022",
            "error",
            (
                "`session.tool_choice` is an object of type custom; it is none, auto, required, or an object of type "
                "function or mcp"
            ),
        ),
        (
            {"tool_choice": {"type": "mcp", "server_label": "docs"}},
            "CLI022",
            "error",
            "`session.tool_choice` is docs; no such tool is offered",
        ),
        (
            {"tools": [{"type": "function", "name": "a" * 65}]},
            "CLI021",
            "warning",
            "`session.tools[0].name` has 65 characters; 64 are safe",
        ),
        (
            {"tools": [{"type": "function", "name": "a"}, {"type": "function", "name": "a"}]},
            "CLI021",
            "error",
            "`session.tools[1].name` is 'a' a second time",
        ),
        (
            {"tools": [{"type": "function"}]},
            "CLI021",
            "error",
            "`session.tools[0].name` is missing",
        ),
        (
            {"tools": [{"type": "function", "name": "a", "parameters": []}]},
            "CLI021",
            "error",
            "`session.tools[0].parameters` is not an object",
        ),
        (
            {"tools": [{"type": "web_search"}]},
            "CLI021",
            "error",
            "`session.tools[0]` is of type web_search; there are function and mcp",
        ),
        (
            {"tools": [{"name": "a"}]},
            "CLI021",
            "error",
            "`session.tools[0].type` is missing; there are function and mcp",
        ),
    ],
)
def test_settings_of_a_session(wish: Any, code: str, severity: str, message: str) -> None:
    assert said(asked(**wish)) == [(code, severity, message)]


@pytest.mark.parametrize(
    "detection, severity, message",
    [
        (
            {"type": "server_vad", "silence_duration_ms": -1},
            "error",
            ".silence_duration_ms` is -1; it is 0 or more",
        ),
        (
            {"type": "server_vad", "idle_timeout_ms": 500},
            "error",
            ".idle_timeout_ms` is 500; it goes from 5000 to 30000",
        ),
        (
            {"type": "server_vad", "eagerness": "low"},
            "warning",
            ".eagerness` belongs to semantic_vad, not to server_vad",
        ),
        (
            {"type": "semantic_vad", "eagerness": "keen"},
            "error",
            ".eagerness` is keen; it is one of low, medium, high, auto",
        ),
        (
            {"type": "semantic_vad", "threshold": 0.5},
            "warning",
            ".threshold` belongs to server_vad, not to semantic_vad",
        ),
        ({"type": "vad"}, "error", "` is of type vad; there are server_vad and semantic_vad"),
        ({"threshold": 0.5}, "error", ".type` is missing; there are server_vad and semantic_vad"),
    ],
)
def test_turn_detection(detection: Any, severity: str, message: str) -> None:
    path = "`session.audio.input.turn_detection"

    assert said(asked_input(turn_detection=detection)) == [("CLI016", severity, path + message)]


@pytest.mark.parametrize(
    "detection",
    [
        None,
        {"type": "none"},
        {"type": None},
        {"type": "azure_semantic_vad"},
        {"type": "server_vad"},
        {"type": 5},
    ],
)
def test_turn_detection_that_is_taken_or_of_another_vendor(detection: Any) -> None:
    assert "CLI016" not in {f.code for f in asked_input(turn_detection=detection)}


@pytest.mark.parametrize(
    "detection, param, told",
    [
        (
            {"type": "none"},
            "session.audio.input.turn_detection.type",
            "is of type none, which only Azure takes; null turns detection off",
        ),
        (
            {"type": "azure_semantic_vad"},
            "session.audio.input.turn_detection",
            "is of type azure_semantic_vad, which only Azure takes",
        ),
        ({"type": "none"}, "session.audio.output.voice", None),
        ({"type": "server_vad"}, "session.audio.input.turn_detection.threshold", None),
    ],
)
def test_turn_detection_of_azure_that_is_refused(detection: Any, param: str, told: str | None) -> None:
    wish = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
    refusal = {"type": "invalid_request_error", "code": "invalid_value", "message": "Invalid value."}
    findings = judge(
        "refused_requests",
        change("session.update", "session", wish),
        change("error", "error", {**refusal, "param": param, "event_id": None}),
    )

    assert [(f.line, f.args["path"], f.args["what"]) for f in findings if f.code == "CLI016"] == (
        [] if told is None else [(2, "session.audio.input.turn_detection", told)]
    )
    assert ("ERR004" in {f.code for f in findings}) is (told is None)


def test_an_update_that_sends_back_what_the_server_sets() -> None:
    findings = asked(id="sess_1", object="realtime.session", expires_at=1790000000, instructions="Be brief.")

    assert said(findings) == [
        (
            "CLI033",
            "warning",
            "the update sends back what the server sets: `session.id`, `session.object`, `session.expires_at`",
        )
    ]


def test_turn_detection_of_beta_may_leave_its_type_out() -> None:
    assert asked_beta(turn_detection={"threshold": 0.5}) == []


def test_beta_settings_stand_flat() -> None:
    findings = asked_beta(
        voice="marin",
        input_audio_format="mp3",
        speed=0.1,
        max_response_output_tokens=5000,
        turn_detection={"type": "server_vad", "threshold": 2, "eagerness": "low"},
    )

    assert sorted((f.code, f.severity.label, f.args["path"]) for f in findings) == [
        ("CLI009", "error", "session.max_response_output_tokens"),
        ("CLI011", "error", "session.speed"),
        ("CLI013", "warning", "session.voice"),
        ("CLI015", "error", "session.input_audio_format"),
        ("CLI016", "error", "session.turn_detection.threshold"),
        ("CLI016", "warning", "session.turn_detection.eagerness"),
    ]


def test_settings_that_are_taken() -> None:
    findings = asked(
        model="gpt-realtime",
        max_output_tokens=4096,
        parallel_tool_calls=False,
        truncation={"type": "retention_ratio", "retention_ratio": 0.8},
        tools=[{"type": "function", "name": "get_weather", "parameters": None}],
        tool_choice={"type": "function", "name": "get_weather"},
        audio={
            "input": {"format": {"type": "audio/pcmu"}, "noise_reduction": {"type": "azure_deep_noise"}},
            "output": {"voice": {"id": "voice_1"}, "format": {"type": "audio/pcm"}},
        },
    )

    assert findings == []


def test_a_dated_name_is_the_same_model() -> None:
    assert asked(model="gpt-realtime-2025-08-28") == []
    assert asked(model="my-deployment") == []


def test_a_model_that_reasons_may() -> None:
    reasoning = change("session.created", "session.model", "gpt-realtime-2.1")
    wish = change("session.update", "session", {"type": "realtime", "reasoning": {"effort": "low"}})

    assert judge("refused_requests", reasoning, wish) == []


@pytest.mark.parametrize(
    "config, message",
    [
        ({"model": "whisper-2"}, ".model` is whisper-2, which is not known"),
        ({"model": "gpt-realtime-whisper", "prompt": "Names."}, ".prompt` is not for gpt-realtime-whisper"),
        ({"model": "whisper-1", "delay": "low"}, ".delay` is for gpt-realtime-whisper, not for whisper-1"),
        ({"model": "gpt-transcribe", "languages": []}, ".languages` is empty; it names at least one"),
    ],
)
def test_transcription(config: Any, message: str) -> None:
    path = "`session.audio.input.transcription"

    assert said(asked_input(transcription=config)) == [("CLI019", "warning", path + message)]


def test_transcription_without_a_model_is_not_judged() -> None:
    assert asked_input(transcription={"language": "en"}) == []


def test_streaming_transcriber_of_the_session_needs_no_turn_detection_either() -> None:
    model = change("session.created", "session.audio.input.transcription.model", "gpt-realtime-whisper")
    wish = {"type": "transcription", "audio": {"input": {"turn_detection": {"type": "server_vad"}}}}

    assert said(judge("refused_transcription", model, change("session.update", "session", wish))) == [
        ("CLI020", "error", "gpt-realtime-whisper in a transcription session, with turn detection on")
    ]


def test_a_forced_tool_may_be_on_its_way() -> None:
    tools = change("session.update", "session.tools", [{"type": "function", "name": "book_table"}])
    choice = change("response.create", "response.tool_choice", {"type": "function", "name": "book_table"})
    late = drop("error")

    assert "CLI022" in {f.code for f in judge("refused_requests", tools, choice)}
    assert "CLI022" not in {f.code for f in judge("refused_requests", tools, choice, late)}


def test_metadata() -> None:
    assert said(wanted(metadata={str(n): "x" for n in range(17)})) == [
        ("CLI010", "error", "`response.metadata` has 17 pairs; 16 are allowed")
    ]
    assert said(wanted(metadata={"k" * 65: "x"})) == [
        ("CLI010", "error", "`response.metadata` has a key of 65 characters; 64 are allowed")
    ]


def test_pictures_among_the_input_of_a_response() -> None:
    def message(url: str) -> Any:
        return {"type": "message", "role": "user", "content": [{"type": "input_image", "image_url": url}]}

    findings = wanted(input=[message("data:image/png;base64,AAAA"), message("data:image/webp;base64,AAAA")])

    assert said(findings) == [
        (
            "CLI025",
            "error",
            (
                "`response.input[1].content[0].image_url` begins with data:image/webp;base64,AAAA; it is "
                "data:image/png;base64, or data:image/jpeg;base64,"
            ),
        )
    ]


def test_references_to_items_that_are_known() -> None:
    findings = judge(
        "text_turn",
        change("response.create", "response", {"input": [{"type": "item_reference", "id": "item_a1"}]}, 1),
    )

    assert findings == []


def test_an_item_that_was_deleted_is_told_apart() -> None:
    look = {"type": "conversation.item.retrieve", "item_id": "item_a1"}
    gone = {"type": "conversation.item.deleted", "event_id": "event_gone", "item_id": "item_a1"}
    findings = judge(
        "text_turn",
        after("response.done", "client", look, 1),
        after("response.done", "server", gone, 1),
    )

    assert ("CLI032", "error", "`conversation.item.retrieve` of item_a1, which was deleted") in said(findings)


def test_an_item_that_is_not_there_is_told_with_the_last_that_is() -> None:
    look = {"type": "conversation.item.retrieve", "item_id": "item_ghost"}
    (finding,) = [f for f in judge("text_turn", after("response.done", "client", look)) if f.code == "CLI032"]

    assert [(w.type, w.note) for w in finding.witnesses] == [
        ("response.output_item.added", "showed item_a1, the last item")
    ]


def test_an_append_of_which_only_the_text_is_too_long_is_a_warning() -> None:
    # 250 s of pcm16 are 12,000,000 bytes, in 16,000,000 characters.
    findings = judge("push_to_talk", change("input_audio_buffer.append", "audio", silence(250_000)))

    assert [(f.code, f.severity.label, f.args["size"]) for f in findings] == [
        ("CLI004", "warning", 12_000_000)
    ]


def test_a_large_append_after_many_small_ones_is_seen() -> None:
    lines = [(d, msgspec.json.encode(e)) for d, e in session("push_to_talk")]
    small = next(line for line in lines if b"append" in line[1])
    large = ("client", msgspec.json.encode({"type": "input_audio_buffer.append", "audio": silence(327_681)}))
    checker = SessionChecker()
    for direction, raw in [*lines[:3], small, small, small, large]:
        checker.feed(direction, raw)

    assert [(f.code, f.line) for f in checker.findings] == [("CLI004", 7)]


def test_half_a_sample_of_a_translation() -> None:
    findings = judge("translation", change("session.input_audio_buffer.append", "audio", silence(100)[4:]))

    assert [(f.code, f.args["size"]) for f in findings] == [("CLI005", 4797)]


@pytest.mark.parametrize(
    "listening, told",
    [
        ({}, ("CLI028", "warning")),
        ({"noise_reduction": None}, ("CLI028", "info")),
        ({"turn_detection": None}, None),
    ],
)
def test_a_null_that_was_dropped_switches_nothing_off(
    listening: dict[str, Any], told: tuple[str, str] | None
) -> None:
    """Clients that leave nulls out of their JSON turn `turn_detection: null` into an empty object."""
    asked = change("session.update", "session", {"type": "realtime", "audio": {"input": listening}})
    commit = after("input_audio_buffer.speech_started", "client", {"type": "input_audio_buffer.commit"})
    off = [change("session.updated", "session.audio.input.turn_detection", None)] if told is None else []

    found = said(judge("voice_turn", asked, commit, *off), "CLI028")
    assert [(code, severity) for code, severity, _ in found] == ([told] if told else [])
    assert ("is empty, and only a null" in "".join(words for _, _, words in found)) is (listening == {})


def test_a_response_that_is_on_its_way_answers_the_commit() -> None:
    asked_first = before("input_audio_buffer.committed", "client", {"type": "response.create"})

    findings = judge("push_to_talk", upto("response.create"), asked_first)

    assert "CLI029" not in {f.code for f in findings}


def test_old_audio_that_was_cleared_is_not_committed() -> None:
    append = {"type": "input_audio_buffer.append", "audio": silence(100)}
    left = after("input_audio_buffer.committed", "client", append)
    cleared = after("response.done", "client", {"type": "input_audio_buffer.clear"})

    assert "CLI030" not in {f.code for f in judge("push_to_talk_twice", left, cleared)}
    assert said(judge("push_to_talk_twice", left), "CLI030") == [
        ("CLI030", "info", "the commit also holds 100 ms that were appended before the last response began")
    ]


def test_a_beta_event_in_ga_is_a_warning() -> None:
    update = {"type": "transcription_session.update", "session": {}}
    findings = judge("text_turn", after("session.updated", "client", update))

    assert [(f.code, f.severity.label) for f in findings if f.code == "CLI001"] == [("CLI001", "warning")]


def test_events_of_a_translation_are_another_rules_matter() -> None:
    findings = judge("text_turn", after("session.updated", "client", {"type": "session.close"}))

    assert "CLI001" not in {f.code for f in findings}


def test_items_that_the_client_has_just_created_are_known() -> None:
    """Their `conversation.item.added` need not have come."""
    reference = [{"type": "item_reference", "id": "item_q1"}]

    assert judge("text_turn", change("response.create", "response", {"input": reference})) == []


def test_tools_of_a_session_that_was_not_shown_are_not_judged() -> None:
    choice = {"type": "function", "name": "get_weather"}
    checker = SessionChecker(dialect="ga")
    for event in (
        {"type": "response.create", "response": {"tool_choice": choice}},
        {"type": "response.create", "response": {"tool_choice": choice, "tools": []}},
    ):
        checker.feed("client", msgspec.json.encode(event))

    assert [(f.code, f.line) for f in checker.findings] == [("CLI022", 2)]


def test_large_audio_of_the_server_is_not_the_clients() -> None:
    findings = judge("voice_turn", change("response.output_audio.delta", "delta", silence(250_000)))

    assert "CLI004" not in {f.code for f in findings}


def test_what_the_wire_layer_wraps_unknown_objects_in_may_be_sent_as_it_is() -> None:
    assert "CLI016" not in {
        f.code for f in asked_input(turn_detection={"type": "rtproto.unknown", "raw": "{"})
    }


def test_an_item_that_is_announced_can_be_asked_for() -> None:
    look = {"type": "conversation.item.retrieve", "item_id": "item_u1"}

    assert judge("voice_turn", after("input_audio_buffer.speech_stopped", "client", look)) == []


def test_beta_settings_that_are_taken() -> None:
    findings = asked_beta(
        temperature=0.8, max_response_output_tokens="inf", voice="sage", input_audio_format="g711_ulaw"
    )

    assert findings == []


def test_notes_are_told_once() -> None:
    """Audio left in the buffer at every turn is one habit, and so is an empty `response.create`."""
    append = {"type": "input_audio_buffer.append", "audio": silence(100)}
    commit = {"type": "input_audio_buffer.commit"}
    lefts = [after("input_audio_buffer.committed", "client", append, n) for n in (0, 1)]
    more = [after("response.done", "client", event, 1) for event in (commit, append)]
    bare = [
        change("response.create", "response", ...),
        after("response.create", "client", {"type": "response.create"}),
    ]

    assert [f.code for f in judge("push_to_talk_twice", *lefts, *more)].count("CLI030") == 1
    assert [f.code for f in judge("refused_requests", *bare)].count("CLI031") == 1


def test_audio_before_a_commit_that_holds_nothing_new_is_not_old() -> None:
    append = {"type": "input_audio_buffer.append", "audio": silence(200)}
    left = after("input_audio_buffer.committed", "client", append)
    dropped = [drop("input_audio_buffer.append", 3), drop("input_audio_buffer.append", 3)]

    assert "CLI030" not in {f.code for f in judge("push_to_talk_twice", left, *dropped)}


def test_the_voice_that_spoke_may_be_named_again_and_others_outside_the_conversation() -> None:
    def ask(response: dict[str, Any]) -> set[str]:
        event = {"type": "response.create", "response": response}
        return {f.code for f in judge("voice_turn", after("response.done", "client", event, 1))}

    assert "CLI006" not in ask({"audio": {"output": {"voice": "marin"}}})
    assert "CLI006" not in ask({"conversation": "none", "audio": {"output": {"voice": "cedar"}}})
    assert "CLI006" in ask({"audio": {"output": {"voice": "cedar"}}})


@pytest.mark.parametrize(
    "payload",
    ["hello, can you hear me?", "[object Blob]", "undefined", "b'AQIDBA=='", "data:x;base64," + "A" * 99],
)
def test_cli003_what_never_was_audio_is_not_taken_for_cut(payload: str) -> None:
    findings = judge("voice_turn", change("input_audio_buffer.append", "audio", payload))

    assert "CLI003" in {f.code for f in findings}


@pytest.mark.parametrize(
    "payload",
    ["AQID", "AQIDB", "<base64 elided>", "AQID...", "AQID…", "[audio]", "4096 bytes", "***", "audio removed"],
)
def test_cli003_what_a_recorder_cut_is_no_fault(payload: str) -> None:
    findings = judge("voice_turn", change("input_audio_buffer.append", "audio", payload))

    assert "CLI003" not in {f.code for f in findings}


@pytest.mark.parametrize(
    "payload, blamed, cut",
    [
        ("hello, can you hear me?", True, False),
        ("AAA*" * 60, True, False),
        ("AAAA…", False, True),
        ("[audio omitted]", False, True),
    ],
)
def test_what_never_was_audio_was_not_cut_by_the_recorder(payload: str, blamed: bool, cut: bool) -> None:
    append = {"type": "input_audio_buffer.append", "audio": payload}
    checker = check(edited("text_turn", after("session.updated", "client", append)))

    assert ("CLI003" in {f.code for f in checker.findings}) is blamed
    assert any("cut by the recorder" in limit for limit in checker.report().limits) is cut


@pytest.mark.parametrize("named", [True, False])
def test_the_refusal_of_an_event_that_nobody_knows_is_joined_to_it(named: bool) -> None:
    asked = {"type": "response.interrupt", "event_id": "evt_stop"}
    error = {
        "type": "invalid_request_error",
        "code": "invalid_value",
        "message": "Invalid value: 'response.interrupt'.",
        "event_id": "evt_stop" if named else None,
    }
    refusal = {"type": "error", "event_id": "event_e", "error": error}
    checker = check(
        edited(
            "text_turn",
            after("session.updated", "server", refusal),
            after("session.updated", "client", asked),
        )
    )

    (trouble,) = checker.report().troubles
    assert (trouble.refused_line, trouble.refused_type) == (4, "response.interrupt")
    assert [f.code for f in checker.findings if f.severity > Severity.INFO] == ["CLI001"]
