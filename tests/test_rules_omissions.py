"""What a server leaves out, says in another place, or calls by a name that nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.checker import SessionChecker
from rtproto.rules.examples import Edit, after, before, change, drop, swap
from rtproto.rules.script import Event
from rtproto.rules.sessions import session
from tests.judging import check, edited, encode, found, judge, said

DELTA = "response.function_call_arguments.delta"
ENDED = "conversation.item.done"
DONE = "response.output_item.done"
ARGUMENTS = "response.function_call_arguments.done"
STOPPED = "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"
ITEMS = ("response.output_item.added", "conversation.item.added", "conversation.item.done")


def line_of(name: str, type: str, nth: int = 0) -> int:
    return [n for n, (_, event) in enumerate(session(name), 1) if event["type"] == type][nth]


def deltas(name: str) -> list[Edit]:
    return [drop(DELTA) for _, event in session(name) if event["type"] == DELTA]


# Arguments that are never done.


def test_out017_a_call_whose_arguments_are_never_done() -> None:
    assert said(judge("tool_call", drop(ARGUMENTS))) == [
        ("OUT017", "warning", "the call is done, its arguments not")
    ]


def test_out017_a_call_without_any_arguments_events() -> None:
    findings = judge("tool_call", *deltas("tool_call"), drop(ARGUMENTS))

    assert [f.code for f in findings] == ["OUT017"]


def test_out017_a_call_that_was_cut_before_its_arguments_is_in_order() -> None:
    def cut(status: str) -> list[str]:
        edits = [change(type, "item.status", status, -1) for type in ITEMS[2:]]
        edits += [change("response.output_item.done", "item.status", status)]
        edits += [change("response.done", "response.output.0.status", status)]
        return [f.code for f in judge("call_cut_short", *deltas("call_cut_short"), drop(ARGUMENTS), *edits)]

    assert "OUT017" in cut("completed")
    assert "OUT017" not in cut("incomplete")


def test_out017_the_arguments_of_a_call_that_is_cut_in_the_middle_are_done() -> None:
    assert [code for code, *_ in said(judge("call_cut_short", drop(ARGUMENTS)), "OUT017")] == ["OUT017"]


def test_out017_nothing_is_known_of_a_call_after_its_response() -> None:
    lines = session("tool_call")
    done = lines.pop(line_of("tool_call", DONE) - 1)
    at = next(n for n, (_, event) in enumerate(lines) if event["type"] == "response.done")
    lines.insert(at + 1, done)

    assert {f.code for f in check(encode(lines)).findings} == {"OUT005", "RSP009"}


# Speech that is never committed.


def test_iab007_the_last_speech_is_never_committed_although_it_is_answered() -> None:
    findings = judge("voice_turn", drop(COMMITTED, 1))

    assert [(f.code, f.severity.label, f.line) for f in findings] == [
        ("IAB007", "warning", line_of("voice_turn", STOPPED, 1))
    ]


@pytest.mark.parametrize("cut, severity", [(True, "info"), (False, "warning")])
def test_iab007_a_recording_that_stops_before_the_commit(cut: bool, severity: str) -> None:
    lines = encode(session("voice_turn")[: line_of("voice_turn", STOPPED)])

    assert said(check(lines, cut=cut).findings) == [("IAB007", severity, "the speech was never committed")]
    assert not check(lines[:-1]).findings


@pytest.mark.parametrize("wait, severity", [(5, "info"), (25, "warning")])
def test_iab007_a_server_that_is_silent_after_the_speech(wait: int, severity: str) -> None:
    checker = SessionChecker()
    lines = session("voice_turn")[: line_of("voice_turn", STOPPED)]
    for n, (direction, raw) in enumerate(encode(lines)):
        checker.feed(direction, raw, time=n / 10)
    checker.close(time=len(lines) / 10 + wait)

    assert [(f.code, f.severity.label) for f in checker.findings if f.code == "IAB007"] == [
        ("IAB007", severity)
    ]


# Calls without an id.


def without_id(*types: str) -> list[Edit]:
    places = {
        type: [e.get("item", {}).get("type") for _, e in session("tool_call") if e["type"] == type]
        for type in types
    }
    return [change(type, "item.call_id", ..., kinds.index("function_call")) for type, kinds in places.items()]


def test_out021_a_call_that_no_item_gives_an_id() -> None:
    """The client answers by the id that the arguments have: it is not to blame."""
    edits = without_id(*ITEMS, "response.output_item.done")
    findings = judge("tool_call", *edits, change("response.done", "response.output.0.call_id", ...))

    assert [(f.code, f.severity.label, f.line) for f in findings] == [
        ("OUT021", "error", line_of("tool_call", "response.output_item.added"))
    ]


def test_out021_a_call_that_loses_its_id() -> None:
    findings = judge("tool_call", *without_id("conversation.item.added"))

    assert said(findings) == [("OUT021", "error", "the call_id is missing, announced was call_1")]


def test_itm021_an_output_for_another_call_than_the_arguments_name() -> None:
    edits = without_id(*ITEMS, "response.output_item.done")
    findings = judge("tool_call", *edits, change("conversation.item.create", "item.call_id", "call_ghost", 1))

    assert {"OUT021", "ITM021"} <= {f.code for f in findings if f.caused_by is None}


def test_a_call_without_an_id_that_the_client_puts_into_the_history_is_in_order() -> None:
    call = {"id": "item_h1", "type": "function_call", "name": "get_weather", "arguments": "{}"}
    shown = {
        "type": "conversation.item.added",
        "event_id": "event_h1",
        "previous_item_id": None,
        "item": call,
    }
    findings = judge(
        "text_turn",
        after(
            "session.updated", "server", {**shown, "type": "conversation.item.done", "event_id": "event_h2"}
        ),
        after("session.updated", "server", shown),
        after("session.updated", "client", {"type": "conversation.item.create", "item": call}),
    )

    assert not said(findings, "OUT021")


# The end of a response.


def test_rsp024_a_response_that_does_not_list_its_items() -> None:
    findings = judge("text_turn", change("response.done", "response.output", ...))

    assert said(findings) == [("RSP024", "error", "response.done lists nothing, streamed were item_a1")]
    assert not judge("failed_turn", change("response.done", "response.output", ...))


def test_rsp008_a_response_that_ends_without_a_status() -> None:
    findings = judge("text_turn", change("response.done", "response.status", ...))

    assert said(findings) == [("RSP008", "error", "the response is done without a status")]


@pytest.mark.parametrize("details", [None, ...])
def test_rsp010_a_cancelled_response_that_does_not_say_why(details: Any) -> None:
    findings = judge("cancelled_turn", change("response.done", "response.status_details", details))

    assert said(findings) == [
        ("RSP010", "warning", "the status is cancelled, but status_details say nothing")
    ]
    assert not judge("text_turn", change("response.done", "response.status_details", details))


def test_shp001_the_end_of_a_response_without_its_id() -> None:
    """It can only be the response that is going on, and the next one is not to blame."""
    checker = check(edited("text_turn", change("response.done", "response.id", ...)))

    assert found(checker) == [("SHP001", line_of("text_turn", "response.done"))]
    assert {f.caused_by for f in checker.findings if f.code != "SHP001"} <= {0}


def test_shp001_the_end_without_an_id_of_a_response_out_of_band() -> None:
    """It ends no response of the conversation."""
    ghost: Event = {"object": "realtime.response", "status": "failed", "output": [], "conversation_id": None}
    done = {"type": "response.done", "event_id": "event_ghost", "response": ghost}
    checker = check(edited("text_turn", after("response.content_part.added", "server", done)))

    assert "SHP001" in [f.code for f in checker.findings]
    assert "RSP004" not in [f.code for f in checker.findings]
    assert checker.state["conversation"] == {"": "idle"}


# Members that only xAI leaves out.


@pytest.mark.parametrize(
    "name, type, path",
    [
        ("text_turn", "response.content_part.done", "part"),
        ("text_turn", "session.created", "session.type"),
        ("text_turn", "session.updated", "session.type"),
        ("text_turn", "response.created", "response.id"),
        ("tool_call", DELTA, "output_index"),
        ("tool_call", ARGUMENTS, "output_index"),
    ],
)
def test_shp001_what_openai_always_says(name: str, type: str, path: str) -> None:
    edits = change(type, path, ...)
    roots = found(check(edited(name, edits), profile="openai", dialect="ga"))
    relaxed = judge(name, edits, profile="xai", dialect="ga")

    assert roots[0] == ("SHP001", line_of(name, type))
    assert {f.severity.label for f in relaxed if f.code == "SHP001"} == {"info"}


def test_a_beta_session_has_no_type() -> None:
    assert not judge("beta_voice_turn")


# Items that do not say what they are.


@pytest.mark.parametrize(
    "name, type",
    [
        ("refused_requests", "conversation.item.create"),
        ("beta_refused_requests", "conversation.item.create"),
        ("text_turn", "conversation.item.added"),
        ("text_turn", "response.output_item.added"),
    ],
)
def test_shp001_an_item_without_its_type(name: str, type: str) -> None:
    checker = check(edited(name, change(type, "item.type", ...)))

    assert [(f.code, f.line, f.args["path"]) for f in checker.findings] == [
        ("SHP001", line_of(name, type), "$.item.type")
    ]


def test_shp001_an_item_of_a_response_without_its_type() -> None:
    item = {"role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
    asked = change("response.create", "response.input", [item])

    assert said(judge("refused_requests", asked)) == [
        ("SHP001", "error", "response.create lacks `$.response.input[0].type`: a string is required")
    ]
    assert not judge(
        "refused_requests", change("response.create", "response.input", [{**item, "type": "message"}])
    )


# Types that nobody knows.


@pytest.mark.parametrize(
    "name, edit, path",
    [
        ("text_turn", change("response.content_part.added", "part.type", "nonsense"), "part.type"),
        (
            "voice_turn",
            change("session.created", "session.audio.input.turn_detection.type", "nonsense"),
            "session.audio.input.turn_detection.type",
        ),
        (
            "voice_turn",
            change("session.created", "session.audio.input.format.type", "nonsense"),
            "session.audio.input.format.type",
        ),
        (
            "transcription",
            change("conversation.item.input_audio_transcription.completed", "usage.type", "nonsense"),
            "usage.type",
        ),
    ],
)
def test_shp005_a_type_that_nobody_knows(name: str, edit: Edit, path: str) -> None:
    told = [f.args for f in judge(name, edit) if f.code == "SHP005"]

    assert [(args["path"], args["found"]) for args in told] == [(path, "nonsense")]


def test_shp005_what_is_off_is_in_order() -> None:
    path = "session.audio.input.turn_detection"

    assert not judge("text_turn", change("session.created", path, {"type": "none"}))
    assert not judge("text_turn", change("session.created", path, {"type": "azure_semantic_vad"}))
    assert not said(judge("text_turn", change("session.created", path, {"type": None})), "SHP005")


def test_rsp025_an_item_that_ends_as_another_type() -> None:
    findings = judge("text_turn", change("response.done", "response.output.0.type", "nonsense"))

    assert said(findings) == [
        ("RSP025", "error", "item item_a1 in response.done differs from its output_item.done in type")
    ]


def test_itm020_names_the_type_as_it_is_on_the_wire() -> None:
    (told, *_) = said(
        judge("text_turn", change("conversation.item.added", "item.content.0.type", "nonsense"))
    )

    assert (told[0], told[2].startswith("content of type nonsense in")) == ("ITM020", True)


# The order of an item's two announcements, and of rate limits.


def test_out026_the_conversation_shows_an_item_before_its_response_does() -> None:
    findings = judge("text_turn", swap("response.output_item.added"))

    assert said(findings) == [
        ("OUT026", "warning", "the item item_a1 is in the conversation before its response announces it")
    ]


def test_rlm003_a_response_out_of_band_has_rate_limits_of_its_own() -> None:
    limits = {
        "type": "rate_limits.updated",
        "event_id": "event_limits",
        "rate_limits": [{"name": "tokens", "limit": 40000, "remaining": 39970, "reset_seconds": 0.045}],
    }
    once = after("response.done", "server", limits)
    again = after("response.done", "server", {**limits, "event_id": "event_more"}, nth=1)

    assert not said(judge("out_of_band", once), "RLM003")
    assert said(
        judge("text_turn", once, after("rate_limits.updated", "server", {**limits, "event_id": "e"})),
        "RLM003",
    )
    assert len([e for _, e in session("voice_turn") if e["type"] == "response.done"]) > 1
    assert not said(judge("voice_turn", once, again), "RLM003")


# What the conversation says of an item, against the stream and the request.


@pytest.mark.parametrize(
    "name, path, what",
    [("text_turn", "item.content.0.text", "text"), ("tool_call", "item.arguments", "arguments")],
)
def test_out015_the_conversation_ends_an_item_with_other_words(name: str, path: str, what: str) -> None:
    findings = judge(name, change("conversation.item.done", path, "Oslo", 1))

    assert [(f.code, f.severity.label, f.line, f.args["what"]) for f in findings] == [
        ("OUT015", "error", line_of(name, "conversation.item.done", 1), what)
    ]


def test_out015_one_fault_that_both_ends_have_is_told_once() -> None:
    edits = [change(type, "item.content.0.text", "Oslo", nth) for type, nth in ((ENDED, 1), (DONE, 0))]
    findings = judge("text_turn", *edits, change("response.done", "response.output.0.content.0.text", "Oslo"))

    assert [(f.code, f.caused_by) for f in findings] == [("OUT015", None), ("OUT015", 0)]


def test_out015_what_still_streams_may_be_shown_as_it_is() -> None:
    """The order of the two is not documented."""
    lines = session("text_turn")
    at = line_of("text_turn", "conversation.item.done", 1) - 1
    ended = lines.pop(at)
    ended[1]["item"]["content"][0]["text"] = "Sun"
    lines.insert(line_of("text_turn", "response.output_text.delta"), ended)

    assert "OUT015" not in [f.code for f in check(encode(lines)).findings]


def test_out015_a_truncated_item_ends_without_its_transcript() -> None:
    truncated = {"type": "conversation.item.truncated", "event_id": "event_cut", "item_id": "item_a1"}
    findings = judge(
        "voice_turn",
        before(
            "conversation.item.done", "server", {**truncated, "content_index": 0, "audio_end_ms": 100}, nth=1
        ),
        change("conversation.item.done", "item.content.0.transcript", "", 1),
    )

    assert "OUT015" not in [f.code for f in findings]


def test_itm013_an_item_with_other_words_than_the_client_gave_it() -> None:
    edits = [
        change(type, "item.content.0.text", "How is the water?")
        for type in ("conversation.item.added", ENDED)
    ]
    text = "the item has another text than the client gave it"

    assert said(judge("text_turn", *edits)) == [("ITM013", "warning", text)]


def test_itm013_the_output_of_a_call_comes_back_changed() -> None:
    nth = [
        e.get("item", {}).get("type")
        for _, e in session("tool_call")
        if e["type"] == "conversation.item.added"
    ]
    at = nth.index("function_call_output")
    findings = judge("tool_call", change("conversation.item.added", "item.output", "other", at))

    assert [f.code for f in findings] == ["ITM013"]


@pytest.mark.parametrize("shown", [" How is the weather? ", ...])
def test_itm013_space_and_what_is_left_out_are_no_other_words(shown: Any) -> None:
    assert not judge("text_turn", change("conversation.item.added", "item.content.0.text", shown))


def test_itm013_the_answer_to_the_second_request_may_come_first() -> None:
    """The refusal of the first may be late."""
    lost = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hm."}]}
    create = {"type": "conversation.item.create", "item": lost}
    findings = judge("text_turn", before("conversation.item.create", "client", create))

    assert "another text" not in " ".join(text for _, _, text in said(findings, "ITM013"))


def test_itm013_a_request_that_may_have_been_refused() -> None:
    error = {"type": "invalid_request_error", "code": None, "message": "No.", "param": None, "event_id": None}
    refusal = {"type": "error", "event_id": "event_error", "error": error}
    findings = judge(
        "text_turn",
        after("conversation.item.create", "server", refusal),
        change("conversation.item.added", "item.content.0.text", "How is the water?"),
    )

    assert "another text" not in " ".join(text for _, _, text in said(findings, "ITM013"))


def test_itm013_the_first_of_two_requests_was_refused_without_a_word() -> None:
    lost = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hm."}]}
    findings = judge(
        "text_turn",
        before("conversation.item.create", "client", {"type": "conversation.item.create", "item": lost}),
        change("conversation.item.create", "item.id", ..., 1),
    )

    assert "another text" not in " ".join(text for _, _, text in said(findings, "ITM013"))


def test_details_of_no_status_disagree_with_nothing() -> None:
    """RSP008 speaks of that response."""
    findings = judge("cancelled_turn", change("response.done", "response.status", ...))

    assert [f.code for f in findings] == ["RSP008"]


@pytest.mark.parametrize("id", [5, ["deep"], None])
def test_an_item_of_an_unknown_type_may_have_any_id(id: Any) -> None:
    thing = {"type": "nonsense", "id": id}

    assert judge("text_turn", change("response.done", "response.output.0", thing))[0].code == "SHP005"


def test_the_output_of_a_call_keeps_its_call_id() -> None:
    other = change("conversation.item.done", "item.call_id", "call_2", 2)

    assert "OUT021" in {f.code for f in judge("tool_call", other)}
    assert judge("tool_call") == []
