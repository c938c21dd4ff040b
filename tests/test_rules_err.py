"""What the rules about errors say beyond their own examples."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.findings import Severity
from rtproto.rules.examples import after, before, change, drop
from rtproto.rules.sessions import silence
from tests.judging import check, edited, judge, said


def error(
    event_id: str | None, code: str | None = None, type: str = "invalid_request_error"
) -> dict[str, Any]:
    detail = {"type": type, "code": code, "message": "No.", "param": None, "event_id": event_id}
    return {"type": "error", "event_id": "event_error", "error": detail}


def test_an_error_names_the_rule_that_foretold_it() -> None:
    findings = judge(
        "refused_requests",
        change("session.update", "session.audio", {"output": {"voice": "siri"}}),
        change("error", "error", error("evt_update", "invalid_value")["error"]),
    )

    assert said(findings, "ERR004") == [
        ("ERR004", "info", "this refuses line 2, a `session.update`, as CLI013 foretold")
    ]


def test_an_error_without_an_id_is_joined_by_its_code() -> None:
    commit = {"type": "input_audio_buffer.commit"}
    findings = judge(
        "text_turn",
        after("session.updated", "server", error(None, "input_audio_buffer_commit_empty")),
        after("session.updated", "client", commit),
    )

    assert said(findings, "ERR004")[0][2].startswith("this refuses line 4, an `input_audio_buffer.commit`")


@pytest.mark.parametrize(
    "code, why",
    [
        ("insufficient_quota", ": insufficient_quota: No."),
        ("input_audio_buffer_commit_empty", ": input_audio_buffer_commit_empty: No."),
        (None, ", as CLI013 foretold"),
        ("not_seen_before", ", as CLI013 foretold"),
        ("unknown_parameter", ", as CLI013 foretold"),
    ],
)
def test_an_error_is_foretold_only_by_a_rule_that_it_can_be_about(code: str | None, why: str) -> None:
    findings = judge(
        "refused_requests",
        change("session.update", "session.audio", {"output": {"voice": "siri"}}),
        change("error", "error", error("evt_update", code)["error"]),
    )

    assert [message for _, _, message in said(findings, "ERR004")] == [
        f"this refuses line 2, a `session.update`{why}"
    ]


def test_a_note_foretells_nothing_unless_it_is_about_the_same() -> None:
    cancel = {"type": "response.cancel", "event_id": "evt_cancel"}

    def told(code: str | None) -> str:
        findings = judge(
            "text_turn",
            after("session.updated", "server", error("evt_cancel", code)),
            after("session.updated", "client", cancel),
        )
        assert "RSP021" in {f.code for f in findings}
        return next((message for _, _, message in said(findings, "ERR004")), "")

    assert told("invalid_value") == "this refuses line 4, a `response.cancel`: invalid_value: No."
    assert told(None) == "this refuses line 4, a `response.cancel`: No."
    assert told("response_cancel_not_active").endswith(", as RSP021 foretold")


def test_an_error_about_audio_is_joined_by_the_id_alone() -> None:
    append = {"type": "input_audio_buffer.append", "event_id": "evt_audio", "audio": silence(100)}
    findings = judge(
        "text_turn",
        after("session.updated", "server", error("evt_audio")),
        after("session.updated", "client", append),
    )

    assert said(findings) == [("ERR004", "info", "this refuses line 4: No.")]


def test_a_refusal_that_a_rule_has_told_is_not_told_again() -> None:
    findings = judge(
        "voice_turn",
        after(
            "response.content_part.added", "server", error(None, "conversation_already_has_active_response")
        ),
        after("response.content_part.added", "client", {"type": "response.create"}),
    )

    assert [f.code for f in findings] == ["RSP020"]


def test_an_item_that_was_refused_and_then_added() -> None:
    late = after("conversation.item.create", "server", error("evt_item_q1"))
    findings = judge("text_turn", late)

    assert said(findings, "ERR006") == [
        ("ERR006", "warning", "line 4, a `conversation.item.create`, was both done and refused")
    ]
    (finding,) = [f for f in findings if f.code == "ERR006"]
    assert [(w.type, w.note) for w in finding.witnesses] == [
        ("conversation.item.create", "asked for it"),
        ("error", "refused it"),
    ]


def test_an_error_that_is_empty_and_one_that_is_fatal() -> None:
    empty = after("session.updated", "server", error(None, type=""))
    fatal = after("session.updated", "server", error(None, "invalid_api_key"))

    assert said(judge("text_turn", empty), "ERR001") == [("ERR001", "error", "`error.type` is empty")]
    assert said(judge("text_turn", fatal), "ERR008") == [
        ("ERR008", "info", "the session goes on after the error invalid_api_key")
    ]


def test_another_item_after_a_refusal_is_none_of_its_business() -> None:
    refused = after("conversation.item.create", "server", error("evt_item_q1"))
    findings = judge("text_turn", refused, drop("conversation.item.added"), drop("conversation.item.done"))

    assert "ERR006" not in {f.code for f in findings}


def test_an_error_about_nothing_known_changes_nothing() -> None:
    findings = judge("text_turn", after("session.updated", "server", error(None)))

    assert findings == []


ACTIVE = "conversation_already_has_active_response"


def active(response_id: str, event_id: str | None = None) -> dict[str, Any]:
    refusal = error(event_id, ACTIVE)
    refusal["error"]["message"] = f"Conversation already has an active response in progress: {response_id}."
    return refusal


def manual(*edits: Any) -> list[tuple[str, str, int, list[int]]]:
    """What is said of a client that asks by hand for the turn which the server answers by itself."""
    ask = before("response.created", "client", {"type": "response.create", "event_id": "evt_hasty"})
    findings = judge("voice_turn", ask, *edits)
    return [
        (f.code, f.severity.label, f.line, [w.line for w in f.witnesses])
        for f in findings
        if f.severity > Severity.INFO or f.code == "ERR004"
    ]


@pytest.mark.parametrize("event_id", [None, "evt_hasty"])
def test_a_request_that_lost_the_race_against_the_servers_own_response_is_told(event_id: str | None) -> None:
    refused = after("response.created", "server", active("resp_1", event_id))

    assert manual(refused) == [("RSP020", "error", 10, [7, 11, 12])]


def test_a_later_turn_is_still_due_once_the_answer_to_an_earlier_one_is_known() -> None:
    committed = {
        "type": "input_audio_buffer.committed",
        "event_id": "event_c9",
        "previous_item_id": "item_u1",
        "item_id": "item_u9",
    }
    refused = after("response.created", "server", active("resp_1", "evt_hasty"))

    told = manual(refused, after("response.created", "server", committed))
    assert ("RSP020", "error", 10) in {finding[:3] for finding in told}


@pytest.mark.parametrize(
    "refusal",
    [active("resp_of_another"), active("resp_1", "evt_another"), error(None, "invalid_value")],
)
def test_an_error_about_something_else_does_not_take_a_granted_request_back(refusal: dict[str, Any]) -> None:
    told = manual(after("response.created", "server", refusal))

    assert "RSP020" not in {code for code, *_ in told}


def test_a_refusal_after_the_servers_own_response_takes_nothing_back() -> None:
    assert manual(after("response.done", "server", active("resp_1"))) == []


def test_the_second_of_two_requests_in_a_row_is_refused() -> None:
    findings = judge(
        "text_turn",
        after("response.create", "client", {"type": "response.create"}),
        after("response.created", "server", active("resp_1")),
    )

    assert [(f.code, f.severity.label, f.args["when"]) for f in findings] == [
        ("RSP020", "error", "just before `resp_1` began")
    ]
    assert [(w.type, w.note) for w in findings[0].witnesses] == [
        ("response.create", "asked for the active response"),
        ("response.created", "started the active response"),
        ("error", "refused it"),
    ]


def test_a_refusal_for_a_response_that_was_done_is_a_warning() -> None:
    findings = judge(
        "text_turn",
        after("response.done", "server", active("resp_1"), nth=1),
        after("response.done", "client", {"type": "response.create"}, nth=1),
    )

    assert [(f.code, f.severity.label, f.args["when"]) for f in findings] == [
        ("RSP020", "warning", "after `resp_1` was done")
    ]


def test_a_refused_response_outside_the_conversation_was_not_hasty() -> None:
    ask = {
        "type": "response.create",
        "event_id": "evt_aside",
        "response": {"conversation": "none", "input": []},
    }
    findings = judge(
        "voice_turn",
        after("response.content_part.added", "server", active("resp_1", "evt_aside")),
        after("response.content_part.added", "client", ask),
    )

    assert "RSP020" not in {f.code for f in findings}


ASK: dict[str, Any] = {"type": "response.create"}
VAGUE = error(None, "invalid_value")


@pytest.mark.parametrize(
    "sent, told",
    [
        ([ASK, VAGUE, active("resp_1")], [("error", 12)]),
        ([ASK, VAGUE, ASK, active("resp_1")], [("error", 12)]),  # … and the second is granted
        ([ASK, VAGUE, ASK, active("resp_1"), active("resp_1")], [("error", 12), ("error", 14)]),
        ([VAGUE, active("resp_1")], []),
    ],
)
def test_what_a_vague_error_may_have_refused_is_refused_by_the_next_that_says_so(
    sent: list[dict[str, Any]], told: list[tuple[str, int]]
) -> None:
    put = [
        after("response.content_part.added", "client" if event is ASK else "server", event)
        for event in reversed(sent)
    ]
    hasty = [f for f in judge("text_turn", *put) if f.code == "RSP020"]

    assert sorted((f.severity.label, f.line) for f in hasty) == told


def test_the_first_that_was_recorded_of_the_active_response_is_a_witness() -> None:
    refused = [
        after("response.content_part.added", "server", active("resp_1")),
        after("response.content_part.added", "client", ASK),
    ]
    lines = edited("text_turn", *refused)
    added, part, text = 8, 10, 13
    for recording, beginning, when in (
        (lines, "response.created", "while `resp_1` was in progress"),
        # The first request has lost its answer, and is the one that was refused.
        (lines[: added - 1] + lines[added:], "response.output_item.added", "just before `resp_1` began"),
        (lines[added:], "response.output_item.added", "while `resp_1` was in progress"),
        (lines[part:], "response.content_part.added", "while `resp_1` was in progress"),
    ):
        found = [f for f in check(recording).findings if f.code == "RSP020"]
        assert [f.severity for f in found] == [Severity.ERROR]
        assert found[0].witnesses[-2].type == beginning
        assert found[0].args["when"] == when

    unknown = [f for f in check(lines[part + 1 : text]).findings if f.code == "RSP020"]
    assert [f.severity for f in unknown] == [Severity.WARNING]


def test_a_hasty_request_that_is_refused_by_name_after_the_next_was_granted() -> None:
    """The response that came before the error is the next request's."""
    for code, severity in ((ACTIVE, "error"), ("invalid_value", "warning")):
        findings = judge(
            "text_turn",
            after("response.content_part.added", "client", {**ASK, "event_id": "evt_hasty"}),
            after("response.created", "server", error("evt_hasty", code), nth=1),
        )
        told = [(f.code, f.severity.label, f.line) for f in findings if f.severity > Severity.INFO]
        assert told == [("RSP020", severity, 12)]
