"""Which server event answers which client event."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto import ga
from rtproto.events.dialect import BETA, GA
from rtproto.protocol.ledger import ANSWERS, ERROR_CODES, Ledger


def error(code: str | None = None, message: str = "No.", event_id: str | None = None) -> ga.Error:
    detail = ga.ErrorDetail(
        type="invalid_request_error", code=code, message=message, param=None, event_id=event_id
    )
    return ga.Error(event_id="event_1", error=detail)


def created(conversation_id: Any = "conv_1") -> ga.ResponseCreated:
    response = ga.RealtimeResponse(
        id="resp_1", status="in_progress", output=[], conversation_id=conversation_id
    )
    return ga.ResponseCreated(event_id="event_1", response=response)


def added(id: str, role: str = "user") -> ga.ConversationItemAdded:
    return ga.ConversationItemAdded(event_id="event_1", item=message(id, role))


def message(id: Any = None, role: str = "user") -> ga.Message:
    return ga.Message(role=role, content=[ga.InputText(text="Hi")], **({} if id is None else {"id": id}))


def asked(*events: Any) -> Ledger:
    ledger = Ledger()
    for line, event in enumerate(events, start=1):
        ledger.ask(event.type, event, line)
    return ledger


def settled(ledger: Ledger, event: Any) -> int | None:
    request = ledger.settle(event)
    return None if request is None else request.line


def test_every_question_is_a_client_event_and_every_answer_a_server_event() -> None:
    for question, answers in ANSWERS.items():
        assert question in GA.client_types or question in BETA.client_types
        for answer in answers:
            assert answer in GA.server_types or answer in BETA.server_types
    assert {question for about in ERROR_CODES.values() for question in about} <= set(ANSWERS)


def test_appends_are_never_answered() -> None:
    assert asked(ga.InputAudioBufferAppend(audio="AAAA")).open == []


def test_successes_come_in_order() -> None:
    ledger = asked(ga.InputAudioBufferCommit(), ga.InputAudioBufferCommit())
    committed = ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_1")

    assert [settled(ledger, committed) for _ in range(3)] == [1, 2, None]


def test_items_are_matched_by_the_clients_id_else_by_kind() -> None:
    ledger = asked(
        ga.ConversationItemCreate(item=message()),
        ga.ConversationItemCreate(item=message("item_mine")),
        ga.ConversationItemCreate(item=message(role="system")),
    )

    assert settled(ledger, added("item_mine")) == 2
    assert settled(ledger, added("item_x", role="system")) == 3
    assert settled(ledger, added("item_y")) == 1
    assert settled(ledger, added("item_z")) is None


def test_requests_about_an_item_are_matched_by_it() -> None:
    ledger = asked(
        ga.ConversationItemDelete(item_id="item_1"),
        ga.ConversationItemRetrieve(item_id="item_2"),
        ga.ConversationItemTruncate(item_id="item_3", content_index=0, audio_end_ms=0),
    )

    assert settled(ledger, ga.ConversationItemDeleted(event_id="event_1", item_id="item_2")) is None
    assert settled(ledger, ga.ConversationItemDeleted(event_id="event_1", item_id="item_1")) == 1
    assert settled(ledger, ga.ConversationItemRetrieved(event_id="event_1", item=message("item_2"))) == 2
    truncated = ga.ConversationItemTruncated(
        event_id="event_1", item_id="item_3", content_index=0, audio_end_ms=0
    )
    assert settled(ledger, truncated) == 3


def test_responses_are_matched_inside_or_outside_the_conversation() -> None:
    outside = ga.ResponseCreate(response=ga.ResponseCreateParams(conversation="none"))
    ledger = asked(outside, ga.ResponseCreate())

    assert settled(ledger, created("conv_1")) == 2
    assert settled(ledger, created(None)) == 1
    assert settled(asked(outside), created(ga.UNSET)) == 1


@pytest.mark.parametrize("response_id, line", [("resp_1", 1), ("resp_2", None), (None, 1)])
def test_a_cancel_is_answered_by_the_end_of_its_response(response_id: str | None, line: int | None) -> None:
    cancel = ga.ResponseCancel(**({} if response_id is None else {"response_id": response_id}))
    done = ga.ResponseDone(event_id="event_1", response=created().response)

    assert settled(asked(cancel), done) == line


def test_errors_name_their_request_or_are_known_by_what_they_can_be_about() -> None:
    create, commit = ga.ResponseCreate(event_id="evt_1"), ga.InputAudioBufferCommit(event_id="evt_2")

    assert settled(asked(create, commit), error(event_id="evt_2")) == 2
    assert settled(asked(create, commit), error(event_id="evt_3")) is None
    assert settled(asked(create, commit), error("input_audio_buffer_commit_empty")) == 2
    active = "Conversation already has an active response"
    assert settled(asked(commit, create), error(message=active)) == 2
    assert settled(asked(create, commit), error("server_error")) is None
