"""What the examples of RSP, OUT, RLM and USG do not show: exceptions, severities, other ways to break the rules."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.checker import SessionChecker
from rtproto.rules.examples import Edit, after, before, change, drop, repeat, swap, upto
from rtproto.rules.script import response_object, user_message
from rtproto.rules.sessions import Event, Session, session
from tests.judging import check, encode

Found = list[tuple[str, str, int]]


def roots(lines: Session, **options: Any) -> Found:
    """Code, severity and line of each root finding, infos included."""
    findings = check(encode(lines), **options).findings
    return [(f.code, f.severity.label, f.line) for f in findings if f.caused_by is None]


def judged(name: str, *edits: Edit, **options: Any) -> Found:
    lines = session(name)
    for edit in edits:
        lines = edit.apply(lines)
    # Other families have their own tests, and a say in some of these edits.
    return [found for found in roots(lines, **options) if found[0][:3] in ("RSP", "OUT", "USG", "RLM")]


def codes(name: str, *edits: Edit, **options: Any) -> list[str]:
    return [code for code, _, _ in judged(name, *edits, **options)]


# RSP.


def interrupted(reason: str = "turn_detected") -> Edit:
    details = {"type": "cancelled", "reason": reason}
    return change(
        "response.done", "response", response_object("resp_1", "cancelled", [], status_details=details)
    )


STARTED = {
    "type": "input_audio_buffer.speech_started",
    "event_id": "event_speech",
    "audio_start_ms": 0,
    "item_id": "item_u1",
}


def test_rsp003_what_is_not_initial_is_a_warning_unless_it_is_the_status() -> None:
    usage = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0}

    assert judged("text_turn", change("response.created", "response.usage", usage)) == [
        ("RSP003", "warning", 8)
    ]


def test_rsp011_an_interruption_without_speech_is_told_when_the_next_response_begins() -> None:
    assert judged("failed_turn", interrupted()) == [("RSP030", "info", 9), ("RSP011", "warning", 9)]


def test_rsp011_the_speech_may_be_told_of_afterwards() -> None:
    speech = after("response.done", "server", STARTED)

    assert codes("failed_turn", interrupted(), speech) == ["RSP030"]


def test_rsp011_speech_much_later_is_another() -> None:
    asked = [
        ("client", {"type": "conversation.item.create", "item": user_message(f"i{n}", "?")}) for n in range(6)
    ]
    lines: Session = [*upto("response.create", 1).apply(interrupted().apply(session("failed_turn"))), *asked]

    assert "RSP011" in [code for code, _, _ in roots([*lines, ("server", STARTED)])]
    assert "RSP011" in [code for code, _, _ in roots(lines)]
    assert "RSP011" not in [code for code, _, _ in roots(lines[:-3])]


def test_rsp011_a_playback_that_the_client_cleared_was_cancelled_by_it() -> None:
    clear = before("response.cancel", "client", {"type": "output_audio_buffer.clear"})

    assert "RSP011" not in codes("cancelled_turn", clear, drop("response.cancel"))


def test_rsp011_other_reasons_are_not_its_business() -> None:
    assert codes("failed_turn", interrupted("boredom")) == ["RSP010"]


def test_rsp011_a_recording_that_starts_mid_session_may_miss_the_cause() -> None:
    lines = drop("response.cancel").apply(session("cancelled_turn"))

    assert [code for code, _, _ in roots(lines[4:])] == ["SES001"]


def test_rsp012_details_of_another_status_are_rsp010s() -> None:
    details = change("response.done", "response.status_details", {"type": "cancelled"})

    assert codes("failed_turn", details) == ["RSP010"]


@pytest.mark.parametrize(
    "details, found",
    [
        ({"type": "failed"}, ["RSP010"]),
        ({"type": "incomplete", "reason": "content_filter"}, []),
    ],
)
def test_rsp013_reasons(details: Event, found: list[str]) -> None:
    assert codes("call_cut_short", change("response.done", "response.status_details", details)) == found


def test_rsp013_a_limit_that_was_not_reached_is_noted() -> None:
    limits = [
        change(type, "response.max_output_tokens", 100) for type in ("response.created", "response.done")
    ]

    assert judged("call_cut_short", *limits) == [("RSP013", "info", 15)]


def test_rsp014_what_is_left_out_has_not_changed() -> None:
    assert codes("text_turn", change("response.done", "response.metadata", ...)) == []


def test_rsp014_a_response_that_ends_in_another_dialect_is_dia001s() -> None:
    mixed = change("response.created", "type", "response.created")

    assert codes("text_turn", mixed, change("response.done", "response.conversation_id", None)) == ["RSP014"]


def test_rsp015_another_request_may_be_the_one() -> None:
    """Two requests wait, and the response has the metadata of the second."""
    first = {"type": "response.create", "response": {"conversation": "none", "metadata": {"topic": "a"}}}
    second = {"type": "response.create", "response": {"conversation": "none", "metadata": {"topic": "b"}}}
    edits = (
        drop("response.create"),
        after("session.updated", "client", second),
        after("session.updated", "client", first),
        change("response.created", "response.metadata", {"topic": "b"}),
        change("response.done", "response.metadata", {"topic": "b"}),
    )

    assert "RSP015" not in codes("out_of_band", *edits)


def test_rsp016_is_told_once_for_each_id() -> None:
    edits = (
        change("response.created", "response.conversation_id", "conv_2", 1),
        change("response.done", "response.conversation_id", "conv_2", 1),
    )
    created = {"type": "conversation.created", "event_id": "event_c", "conversation": {"id": "conv_2"}}

    assert judged("text_turn", *edits, after("response.done", "server", created, nth=1)) == [
        ("RSP016", "error", 24)
    ]


def test_rsp017_out_of_band_was_asked_for() -> None:
    edit = change("response.created", "response.conversation_id", "conv_1")

    assert codes("out_of_band", edit)[0] == "RSP017"


def test_rsp018_turn_detection_may_answer() -> None:
    assert codes("voice_turn", drop("response.created")) != ["RSP018"]
    off = {"audio": {"input": {"turn_detection": None}}, "type": "realtime"}
    assert "RSP018" in codes("voice_turn", change("session.updated", "session", off))


def test_rsp018_an_idle_user_may_be_spoken_to() -> None:
    idle = {
        "type": "input_audio_buffer.timeout_triggered",
        "event_id": "event_idle",
        "audio_start_ms": 0,
        "audio_end_ms": 6000,
        "item_id": "item_i1",
    }

    assert "RSP018" not in codes(
        "text_turn", drop("response.create", 1), after("response.done", "server", idle)
    )


def test_rsp019_an_error_that_names_no_request_may_be_the_answer() -> None:
    error = {
        "type": "error",
        "event_id": "event_error",
        "error": {"type": "server_error", "code": None, "message": "Sorry.", "param": None, "event_id": None},
    }
    edits = (upto("response.created", 1), after("conversation.item.done", "server", error, nth=2))

    assert codes("text_turn", *edits, cut=False) == []


CANCEL = {"type": "response.cancel"}


def test_rsp021_is_a_warning_the_second_time_and_silent_after() -> None:
    edits = [after("response.done", "client", CANCEL, nth=1)] * 3

    assert [(code, severity) for code, severity, _ in judged("text_turn", *edits)] == [
        ("RSP021", "info"),
        ("RSP021", "warning"),
    ]


def test_rsp021_a_response_may_be_about_to_start() -> None:
    assert codes("text_turn", after("response.create", "client", CANCEL)) == []


@pytest.mark.parametrize("waited, found", [(0.4, []), (4.5, ["RSP022"])])
def test_rsp022_with_times_patience_is_two_seconds(waited: float, found: list[str]) -> None:
    checker = SessionChecker()
    late = 0.0
    edit = after("response.output_text.delta", "client", CANCEL)
    for direction, raw in encode(edit.apply(session("message_and_call"))):
        late = late or (waited if b"response.cancel" in raw else 0.0)
        checker.feed(direction, raw, time=1.0 + (0.0 if b"response.cancel" in raw else late))
    checker.close()

    # The call of the session gets no output, which CLI029 notes.
    assert [f.code for f in checker.findings if f.code != "CLI029"] == found


def test_rsp022_without_times_a_race_that_was_lost_is_no_fault() -> None:
    assert codes("text_turn", after("response.output_text.delta", "client", CANCEL)) == []


def test_rsp023_a_response_that_is_done_is_noted() -> None:
    cancel = {"type": "response.cancel", "response_id": "resp_1"}

    assert judged("text_turn", after("response.done", "client", cancel)) == [("RSP023", "info", 20)]
    assert codes("cancelled_turn", change("response.cancel", "response_id", "resp_1")) == []


def test_rsp025_a_status_that_differs_is_not_rsp028s() -> None:
    assert codes("text_turn", change("response.done", "response.output.0.status", "incomplete")) == ["RSP025"]


def test_rsp026_items_that_streamed_are_rsp024s() -> None:
    assert codes("text_turn", change("response.done", "response.output", [])) == ["RSP024"]


def test_rsp027_messages_beside_a_call_are_counted_alone() -> None:
    assert codes("message_and_call") == []


def test_rsp029_text_where_audio_was_asked_for_is_a_warning() -> None:
    edits = [
        change(type, "response.output_modalities", ["audio"])
        for type in ("response.created", "response.done")
    ]

    assert judged("text_turn", *edits) == [("RSP029", "warning", 11)]


# OUT.


def test_out003_an_item_that_was_never_announced_is_out001s() -> None:
    assert "OUT003" not in codes("text_turn", drop("response.output_item.added"))


def test_out006_items_of_mcp_have_no_status_to_judge() -> None:
    assert codes("mcp_call", change("response.output_item.done", "item.status", "calling")) == []


def test_out014_a_transcript_is_compared_too() -> None:
    assert codes("voice_turn", change("response.content_part.done", "part.transcript", "Bye.")) == ["OUT014"]


def test_out015_content_that_is_missing_and_arguments_are_compared_too() -> None:
    assert codes("text_turn", change("response.output_item.done", "item.content", [])) == ["OUT015"]
    assert codes("tool_call", change("response.output_item.done", "item.arguments", "{}")) == ["OUT015"]


def test_out015_an_item_of_an_unknown_kind_is_not_compared() -> None:
    assert "OUT015" not in codes(
        "text_turn", change("response.output_item.done", "item", {"type": "hologram"})
    )


def test_out017_audio_and_transcript_are_both_done_before_their_part() -> None:
    assert codes("voice_turn", drop("response.output_audio.done")) == ["OUT017"]
    assert codes("voice_turn", drop("response.output_audio_transcript.done")) == ["OUT017"]


def test_out017_a_part_of_an_unknown_kind_is_not_judged() -> None:
    edits = (
        change("response.content_part.done", "part", {"type": "hologram"}),
        drop("response.output_text.done"),
    )

    assert "OUT017" not in codes("text_turn", *edits)


def test_out020_arguments_of_mcp_calls_are_judged_by_their_output() -> None:
    lines = change("response.output_item.done", "item.arguments", "").apply(session("mcp_call"))

    assert [f.code for f in check(encode(lines)).findings] == ["OUT015", "OUT020"]


def test_out020_long_arguments_are_cut() -> None:
    long = "x" * 400
    checker = check(
        encode(change("response.output_item.done", "item.arguments", long).apply(session("tool_call")))
    )
    finding = next(f for f in checker.findings if f.code == "OUT020")

    assert finding.args["arguments"] == "x" * 40 + "…"


def test_out023_requests_and_prompts_bring_tools() -> None:
    none = change("session.updated", "session.tools", [])
    tools = [{"type": "function", "name": "get_weather", "parameters": {"type": "object"}}]
    prompt = {"id": "pmpt_1"}

    assert codes("tool_call", none, change("response.create", "response", {"tools": tools})) == []
    assert codes("tool_call", none, change("session.updated", "session.prompt", prompt)) == []


def test_out023_the_servers_side_alone_does_not_show_what_requests_bring() -> None:
    lines = change("session.updated", "session.tools", []).apply(session("tool_call"))
    server = [line for line in lines if line[0] == "server"]

    assert [(code, severity) for code, severity, _ in roots(server)] == [("OUT023", "info")]


def test_out023_a_response_that_was_met_half_way_is_not_judged() -> None:
    assert [code for code, _, _ in roots(session("tool_call")[8:])] == ["SES001"]


def test_out024_is_told_once_for_an_item() -> None:
    wrong = {
        "type": "response.mcp_call_arguments.delta",
        "event_id": "event_mcp",
        "response_id": "resp_1",
        "item_id": "item_c1",
        "output_index": 0,
        "delta": "",
    }
    edits = [before("response.function_call_arguments.delta", "server", wrong, nth=n) for n in (1, 0)]

    assert codes("tool_call", *edits) == ["OUT024"]


def test_out025_an_item_that_is_still_open_belongs_to_its_response() -> None:
    stolen = {
        "type": "response.output_item.added",
        "event_id": "event_stolen",
        "response_id": "resp_2",
        "output_index": 0,
        "item": {
            "id": "item_a1",
            "type": "message",
            "role": "assistant",
            "content": [],
            "status": "in_progress",
        },
    }
    created = {
        "type": "response.created",
        "event_id": "event_second",
        "response": response_object("resp_2", "in_progress", [], conversation_id=None),
    }
    ask = {"type": "response.create", "response": {"conversation": "none"}}
    edits = [
        after("response.content_part.added", *line) for line in (("server", stolen), ("server", created))
    ]

    assert codes("text_turn", *edits, after("session.updated", "client", ask))[0] == "OUT025"


def test_out026_is_told_once_for_an_item() -> None:
    second = {
        "type": "response.content_part.added",
        "event_id": "event_part",
        "response_id": "resp_1",
        "item_id": "item_a1",
        "output_index": 0,
        "content_index": 1,
        "part": {"type": "text", "text": ""},
    }
    edits = drop("conversation.item.added", 1), after("response.content_part.added", "server", second)

    assert codes("text_turn", *edits) == ["OUT026"]


def test_out027_the_order_of_the_two_ends_is_free() -> None:
    assert codes("text_turn", swap("conversation.item.done", 1)) == []


@pytest.mark.parametrize("cut, severity", [(True, "info"), (False, "warning")])
def test_out027_at_the_end_of_the_recording(cut: bool, severity: str) -> None:
    assert judged("text_turn", drop("conversation.item.done", 3), cut=cut) == [("OUT027", severity, 33)]


def test_out030_is_told_once_for_a_response() -> None:
    checker = check(encode(swap("response.output_item.done").apply(session("message_and_call"))))

    assert [f.code for f in checker.findings] == ["OUT030", "CLI029"]


# RLM.


def limits(*each: Event) -> Edit:
    event = {"type": "rate_limits.updated", "event_id": "event_limits", "rate_limits": list(each)}
    return after("response.done", "server", event)


TOKENS = {"name": "tokens", "limit": 100, "remaining": 50, "reset_seconds": 1.0}


@pytest.mark.parametrize(
    "each, what",
    [
        ([{**TOKENS, "name": "smiles"}], "is neither requests nor tokens"),
        ([TOKENS, TOKENS], "is there twice"),
        ([{**TOKENS, "remaining": -1}], "has -1 left of 100"),
        ([{**TOKENS, "reset_seconds": -1}], "resets in -1.0 s"),
    ],
)
def test_rlm001_shapes(each: list[Event], what: str) -> None:
    findings = check(encode(limits(*each).apply(session("text_turn")))).findings

    assert [(f.code, f.args["what"]) for f in findings] == [("RLM001", what)]


def test_rlm001_an_empty_list_and_missing_members_say_nothing() -> None:
    assert codes("text_turn", limits()) == []
    assert codes("text_turn", limits({}, TOKENS)) == []


def test_rlm002_before_any_response() -> None:
    event = {"type": "rate_limits.updated", "event_id": "event_limits", "rate_limits": [TOKENS]}

    assert judged("text_turn", after("session.updated", "server", event)) == [("RLM002", "info", 4)]


def test_rlm002_beta_tells_them_before_the_first_item() -> None:
    event = {"type": "rate_limits.updated", "event_id": "event_limits", "rate_limits": [TOKENS]}

    assert codes("beta_voice_turn", after("response.created", "server", event)) == []
    assert codes("voice_turn", after("response.created", "server", event)) == ["RLM002"]


# USG.


def usage(path: str, value: Any) -> Edit:
    return change("response.done", "response.usage" + ("." + path if path else ""), value)


def test_what_follows_wrong_usage_is_a_fault_of_its_own() -> None:
    late = {
        "type": "response.output_text.delta",
        "event_id": "event_late",
        "response_id": "resp_1",
        "item_id": "item_a1",
        "output_index": 0,
        "content_index": 0,
        "delta": "!",
    }
    edits = change("response.done", "response.usage", None), after("response.done", "server", late)

    assert codes("text_turn", *edits) == ["USG007", "RSP009"]


@pytest.mark.parametrize(
    "path, value, found",
    [
        ("", {}, []),
        ("total_tokens", ..., []),
        ("input_token_details", {}, []),
        ("input_token_details", {"text_tokens": 15, "image_tokens": 5}, []),
        ("input_token_details", {"text_tokens": -20}, ["USG006"]),
        ("output_token_details", {}, []),
        ("output_token_details", {"text_tokens": -10}, ["USG006"]),
        ("output_token_details", {"text_tokens": 10, "reasoning_tokens": 8}, []),
        ("output_token_details", {"text_tokens": 10, "reasoning_tokens": 18}, ["USG003"]),
        ("input_token_details.cached_tokens", -1, ["USG006"]),
        ("input_token_details.cached_tokens_details", {"text_tokens": -1}, ["USG006"]),
        ("input_token_details.cached_tokens_details", {"text_tokens": 2}, ["USG005"]),
        ("input_token_details.cached_tokens_details", {}, []),
        (
            "input_token_details",
            {
                "text_tokens": 15,
                "image_tokens": 5,
                "cached_tokens": 6,
                "cached_tokens_details": {"image_tokens": 6},
            },
            ["USG005"],
        ),
        (
            "input_token_details",
            {"text_tokens": 20, "cached_tokens": 26, "cached_tokens_details": {"text_tokens": 26}},
            ["USG004"],
        ),
        (
            "input_token_details",
            {
                "text_tokens": 20,
                "cached_tokens": 6,
                "cached_tokens_details": {"text_tokens": 4, "image_tokens": 2},
            },
            [],
        ),
        ("input_token_details", {"text_tokens": 20, "cached_tokens": 6, "cached_tokens_details": {}}, []),
    ],
)
def test_usage(path: str, value: Any, found: list[str]) -> None:
    assert codes("text_turn", usage(path, value)) == found


def test_usg008_what_spoke_is_billed() -> None:
    assert codes("voice_turn", usage("output_token_details", {"text_tokens": 10, "audio_tokens": 0})) == [
        "USG008"
    ]


def test_usg008_and_usg009_read_what_is_there() -> None:
    edits = [change(type, "response.max_output_tokens", 10) for type in ("response.created", "response.done")]

    assert codes("text_turn", *edits) == []
    assert codes("text_turn", *edits, usage("output_tokens", ...)) == []
    assert codes("text_turn", usage("output_token_details.audio_tokens", ...)) == []


def test_usg009_a_limit_of_a_response_that_was_never_created() -> None:
    edits = (
        drop("response.created"),
        change("response.done", "response.max_output_tokens", 5),
    )
    lines = session("text_turn")
    for edit in edits:
        lines = edit.apply(lines)

    assert next(f.code for f in check(encode(lines)).findings) == "RSP001"


def test_repeated_limits_without_any_response() -> None:
    event = {"type": "rate_limits.updated", "event_id": "event_limits", "rate_limits": [TOKENS]}

    assert codes("text_turn", after("session.updated", "server", event), repeat("rate_limits.updated")) == [
        "RLM002",
        "RLM002",
        "RLM003",
    ]


# What is remembered between events.


def test_an_mcp_call_may_end_after_its_response() -> None:
    lines = session("mcp_call")
    at = next(i for i, (_, event) in enumerate(lines) if event["type"] == "response.output_item.done")
    late = [*lines[:at], *lines[at + 1 :], lines[at]]

    assert roots(late) == []


def test_audio_out_of_band_does_not_fix_the_sessions_voice() -> None:
    outside = [
        change("response.created", "response.conversation_id", None),
        change("response.done", "response.conversation_id", None),
        drop("conversation.item.added", 1),
        drop("conversation.item.done", 1),
        before(
            "response.created", "client", {"type": "response.create", "response": {"conversation": "none"}}
        ),
    ]
    voice = {
        "type": "session.update",
        "session": {"type": "realtime", "audio": {"output": {"voice": "cedar"}}},
    }

    def told(*edits: Edit) -> bool:
        lines = session("voice_turn")
        for edit in edits:
            lines = edit.apply(lines)
        return "CLI006" in [code for code, _, _ in roots(lines)]

    assert not told(*outside, after("response.done", "client", voice))
    assert told(after("response.done", "client", voice))
