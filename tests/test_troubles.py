"""What the server itself said went wrong is told, whatever the rules say of the session."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.checker_losses import RecordingChecker
from rtproto.findings import Report, Trouble
from rtproto.packing import plain
from rtproto.protocol.troubles import MOST
from rtproto.recording import check_stream
from rtproto.reports import Options, render
from rtproto.reports.totals import MOST_KINDS
from rtproto.reports.words import trouble_words
from rtproto.rules.sessions import session as sample
from tests.judging import check, encode
from tests.report_samples import session

UPDATE = {"type": "session.update", "event_id": "cfg_1", "session": {"type": "realtime", "mood": "merry"}}


def error(**members: Any) -> dict[str, Any]:
    detail = {"type": "invalid_request_error", "message": "No.", **members}
    return {"type": "error", "event_id": "event_e1", "error": detail}


def done(status: str, details: dict[str, Any] | None, response_id: str = "resp_x") -> dict[str, Any]:
    response: dict[str, Any] = {
        "object": "realtime.response",
        "id": response_id,
        "status": status,
        "output": [],
    }
    return {
        "type": "response.done",
        "event_id": f"event_{response_id}",
        "response": {**response, "status_details": details},
    }


def told(*events: tuple[str, Any]) -> tuple[Trouble, ...]:
    """The troubles of a session that begins with `session.created`, on line 1."""
    created = sample("text_turn")[0]
    return (
        check([*encode([created]), *((side, msgspec.json.encode(event)) for side, event in events)])
        .report()
        .troubles
    )


def test_an_error_is_told_with_the_request_that_it_refuses() -> None:
    refused = error(code="unknown_parameter", message="Unknown parameter: 'session.mood'.", event_id="cfg_1")

    assert told(("client", UPDATE), ("server", refused)) == (
        Trouble(
            line=3,
            event="error",
            type="invalid_request_error",
            code="unknown_parameter",
            message="Unknown parameter: 'session.mood'.",
            refused_line=2,
            refused_type="session.update",
        ),
    )


def test_an_error_may_name_an_event_that_waits_for_no_answer() -> None:
    append = {"type": "input_audio_buffer.append", "event_id": "a_1", "audio": "AAAA"}

    (trouble,) = told(("client", append), ("server", error(event_id="a_1")))
    assert (trouble.refused_line, trouble.refused_type) == (2, "")


def test_a_fault_of_the_servers_own_refuses_nothing() -> None:
    (trouble,) = told(("client", UPDATE), ("server", error(type="server_error", event_id="cfg_1")))

    assert (trouble.type, trouble.refused_line) == ("server_error", None)


def test_responses_that_failed_or_are_incomplete_are_told_and_no_others() -> None:
    why = {"type": "insufficient_quota", "code": "no_money", "message": "Pay first."}
    troubles = told(
        ("server", done("failed", {"type": "failed", "error": why})),
        ("server", done("incomplete", {"type": "incomplete", "reason": "max_output_tokens"}, "resp_y")),
        ("server", done("cancelled", {"type": "cancelled", "reason": "turn_detected"}, "resp_z")),
        ("server", done("completed", None, "resp_w")),
    )

    assert troubles == (
        Trouble(2, "response.done", "failed", "", "insufficient_quota", "no_money", "Pay first."),
        Trouble(3, "response.done", "incomplete", "max_output_tokens"),
    )


def test_a_transcription_that_failed_is_told() -> None:
    failed = {
        "type": "conversation.item.input_audio_transcription.failed",
        "event_id": "event_f1",
        "item_id": "item_1",
        "content_index": 0,
        "error": {"type": "transcription_error", "code": "audio_unintelligible", "message": "Not heard."},
    }

    assert told(("server", failed)) == (
        Trouble(
            2,
            "conversation.item.input_audio_transcription.failed",
            type="transcription_error",
            code="audio_unintelligible",
            message="Not heard.",
        ),
    )


def listing(label: str) -> dict[str, Any]:
    item = {"id": "mcpl_1", "type": "mcp_list_tools", "server_label": label, "tools": []}
    return {
        "type": "conversation.item.added",
        "event_id": "event_l1",
        "previous_item_id": None,
        "item": item,
    }


def test_a_listing_of_remote_tools_that_failed_is_told_with_its_server() -> None:
    failed = {"type": "mcp_list_tools.failed", "event_id": "event_l2", "item_id": "mcpl_1"}

    assert told(("server", listing("wiki")), ("server", failed)) == (
        Trouble(3, "mcp_list_tools.failed", server_label="wiki"),
    )
    assert told(("server", failed)) == (Trouble(2, "mcp_list_tools.failed"),)


def remote_call(end: str, **members: Any) -> dict[str, Any]:
    call = {"id": "mcp_1", "type": "mcp_call", "server_label": "wiki", "name": "search", "arguments": "{}"}
    return {
        "type": f"response.output_item.{end}",
        "event_id": f"event_{end}",
        "response_id": "resp_x",
        "output_index": 0,
        "item": {**call, **members},
    }


CREATED = {
    "type": "response.created",
    "event_id": "event_rc",
    "response": {"object": "realtime.response", "id": "resp_x", "status": "in_progress", "output": []},
}
CALL_FAILED = {
    "type": "response.mcp_call.failed",
    "event_id": "event_cf",
    "output_index": 0,
    "item_id": "mcp_1",
}


def test_a_call_of_a_remote_tool_that_failed_is_told_once_where_its_item_says_why() -> None:
    why = {"type": "http_error", "code": 401, "message": "Unauthorized"}

    assert told(
        ("server", CREATED),
        ("server", remote_call("added")),
        ("server", CALL_FAILED),
        ("server", remote_call("done", error=why)),
    ) == (
        Trouble(
            5,
            "response.output_item.done",
            type="http_error",
            code="401",
            message="Unauthorized",
            server_label="wiki",
        ),
    )


def test_a_call_of_a_remote_tool_that_went_well_is_not_told() -> None:
    assert (
        told(
            ("server", CREATED),
            ("server", remote_call("added")),
            ("server", remote_call("done", output="[]", error=None)),
        )
        == ()
    )


def test_a_call_that_fails_after_its_response_is_told_by_its_own_event() -> None:
    over = done("completed", None)

    assert told(
        ("server", CREATED), ("server", remote_call("added")), ("server", over), ("server", CALL_FAILED)
    ) == (Trouble(5, "response.mcp_call.failed", server_label="wiki"),)
    assert told(("server", CALL_FAILED)) == (Trouble(2, "response.mcp_call.failed"),)


@pytest.mark.parametrize(
    "names",
    [
        ("resp_B3x", "resp_C7y", "resp_D9z"),
        ("sess_Dx-Ab1", "sess_Ez-xy-2", "sess_Qr"),
        ("org-aBcDeFgHiJkLm1", "org-nOpQrStUvWxYz2", "org-0aBcDeFgHiJk"),
        ("req_1a", "req_2b", "req_3c"),
    ],
)
def test_what_is_said_again_is_counted_whatever_ids_it_names(names: tuple[str, ...]) -> None:
    busy = "Conversation already has an active response in progress: {}."
    troubles = told(*(("server", error(message=busy.format(name))) for name in names))

    assert [(t.line, t.count, t.last_line) for t in troubles] == [(2, 3, 4)]


def test_their_number_is_bounded_and_the_rest_counted() -> None:
    words = [chr(ord("a") + n // 26) + chr(ord("a") + n % 26) for n in range(MOST + 3)]
    checker = SessionChecker()
    for word in words:
        checker.feed("server", msgspec.json.encode(error(message=word)))

    report = checker.report()
    assert [t.message for t in report.troubles] == words[:MOST]
    assert report.troubles_left_out == 3


def test_long_texts_are_kept_in_part() -> None:
    (trouble,) = told(("server", error(message="a" * 10_000, code="b" * 10_000)))

    assert (len(trouble.message), len(trouble.code)) == (2_000, 400)


def test_what_does_not_decode_is_told_as_far_as_it_can_be_read() -> None:
    assert told(
        ("server", {"type": "error", "event_id": "event_1", "error": "no object"}),
        ("server", error(message=7, code="bad")),
    ) == (Trouble(2, "error"), Trouble(3, "error", type="invalid_request_error", code="bad"))


def test_an_error_of_which_only_the_type_was_recorded_is_told() -> None:
    checker = RecordingChecker()
    checker.feed_partial("server", b'{"type":"error"}', "type-only", line=4)

    assert checker.report().troubles == (Trouble(4, "error"),)


def test_a_second_connection_in_the_same_recording_forgets_none() -> None:
    text_turn = sample("text_turn")
    lines = [*encode(text_turn[:1]), ("server", msgspec.json.encode(error())), *encode(text_turn)]

    assert [t.line for t in check(lines).report().troubles] == [2]


TROUBLES = (
    Trouble(
        9,
        "error",
        type="invalid_request_error",
        code="unknown_parameter",
        message="Unknown parameter: 'session.mood'.",
        refused_line=2,
        refused_type="session.update",
        count=2,
        last_line=11,
    ),
    Trouble(12, "error", type="server_error", message='The "model" failed.', refused_line=10),
    Trouble(13, "error"),
    Trouble(14, "response.done", status="incomplete", reason="max_output_tokens"),
    Trouble(15, "response.done", status="failed", code="no_money", message="Pay first."),
    Trouble(16, "conversation.item.input_audio_transcription.failed", message="Not heard."),
    Trouble(17, "mcp_list_tools.failed", server_label="wiki"),
    Trouble(18, "response.output_item.done", code="401", message="Unauthorized", server_label="wiki"),
)
CLOSED = Trouble(19, "close", code="1011", message="keepalive ping timeout")


def test_the_full_report_shows_them_without_being_asked() -> None:
    written = render(Report((session(events=18, troubles=TROUBLES),)), options=Options(width=90))

    assert written == (
        "session.jsonl: 18 events, ga, complete: no findings\n"
        "  the server said:\n"
        "    line 9: error unknown_parameter: \"Unknown parameter: 'session.mood'.\" (refuses line 2,\n"
        "      session.update) (2 times, lines 9…11)\n"
        '    line 12: error server_error: "The \\"model\\" failed." (refuses line 10)\n'
        "    line 13: error\n"
        "    line 14: response incomplete, max_output_tokens\n"
        '    line 15: response failed, no_money: "Pay first."\n'
        '    line 16: transcription failed: "Not heard."\n'
        "    line 17: listing of remote tools failed at wiki\n"
        '    line 18: call of a remote tool failed at wiki, 401: "Unauthorized"\n'
        "checked 1 file, 18 events: no findings\n"
    )
    assert "server said" not in render(Report((session(troubles=TROUBLES),)), options=Options(quiet=True))


def test_the_concise_report_has_a_line_for_each() -> None:
    report = Report((session(events=18, troubles=(TROUBLES[-1], CLOSED)),))

    assert render(report, "concise") == (
        'session.jsonl:18: the server said: call of a remote tool failed at wiki, 401: "Unauthorized"\n'
        'session.jsonl:19: the server said: connection closed with 1011: "keepalive ping timeout"\n'
        "checked 1 file, 18 events: no findings\n"
    )
    assert "server said" not in render(report, "concise", Options(quiet=True))


def test_totals_count_them_by_kind_and_file() -> None:
    twice = (Trouble(3, "error", code="rate_limited", count=2, last_line=9), CLOSED)
    report = Report(
        (
            session(events=9, path="a.jsonl", troubles=twice, troubles_left_out=1),
            session(events=9, path="b.jsonl", troubles=(Trouble(4, "error", code="rate_limited"),)),
            session(events=9, path="c.jsonl"),
        )
    )

    assert render(report, "totals").splitlines()[:5] == [
        "a.jsonl: 9 events: no findings; the server said 4 things went wrong",
        "b.jsonl: 9 events: no findings; the server said 1 thing went wrong",
        "c.jsonl: 9 events: no findings",
        "the server said: error rate_limited: 3 in 2 files, first a.jsonl:3",
        "the server said: connection closed with 1011: 1 in 1 file, first a.jsonl:19",
    ]


def test_totals_keep_no_more_kinds_than_they_must() -> None:
    kinds = MOST_KINDS // MOST + 2
    sessions = tuple(
        session(path=f"{n}.jsonl", troubles=tuple(Trouble(1, "error", code=f"c{n}_{k}") for k in range(MOST)))
        for n in range(kinds)
    )

    written = render(Report(sessions), "totals")
    assert written.count("the server said: error") == MOST_KINDS


@pytest.mark.parametrize(
    "close, said",
    [
        (
            {"direction": "server", "close": {"code": 1011, "reason": "internal error"}},
            [Trouble(2, "close", code="1011", message="internal error")],
        ),
        ({"close": {"code": 1006}}, [Trouble(2, "close", code="1006")]),
        ({"direction": "client", "close": {"code": 1011}}, []),
        ({"direction": "server", "close": {"code": 1000}}, []),
        ({"direction": "server", "close": {"code": 1001}}, []),
        ({"close": {}}, []),
    ],
)
def test_a_close_that_says_that_something_went_wrong(close: dict[str, Any], said: list[Trouble]) -> None:
    lines = ({"direction": "server", "event": sample("text_turn")[0][1]}, close)
    stream = io.BytesIO(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    assert [*check_stream(stream).sessions[0].troubles] == said


def test_a_connection_that_was_lost() -> None:
    assert trouble_words(Trouble(2, "close", code="1006")) == "connection lost"


def test_of_many_the_full_report_shows_the_first() -> None:
    many = tuple(Trouble(line, "error", code=f"c{line}") for line in range(1, 12))
    report = Report((session(troubles=many, troubles_left_out=2),))

    assert "    line 8: error c8\n    … and 5 more; -v shows more of them\n" in render(report)
    assert "    line 11: error c11\n    … and 2 more\n" in render(report, options=Options(verbose=True))


def test_a_report_that_is_kept_holds_them_without_secrets() -> None:
    secret = Trouble(3, "error", code="x", message="key sk-abcdefghijklm \x1b")

    (trouble,) = plain(Report((session(troubles=(secret,)),))).sessions[0].troubles
    assert trouble == Trouble(3, "error", code="x", message="key sk-[masked] \\x1b")
