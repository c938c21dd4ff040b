"""Which server event answers which client event."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto import ga
from rtproto.events.dialect import BETA, GA
from rtproto.protocol.ledger import ANSWERS, Ledger
from rtproto.protocol.records import Response
from rtproto.protocol.refusals import ACTIVE, ERROR_CODES


def error(
    code: str | None = None,
    message: str = "No.",
    event_id: str | None = None,
    param: str | None = None,
) -> ga.Error:
    detail = ga.ErrorDetail(
        type="invalid_request_error", code=code, message=message, param=param, event_id=event_id
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


def test_requests_that_nobody_answers_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtproto.protocol.ledger._FILED", 20)
    many = [ga.InputAudioBufferCommit(), ga.ConversationItemDelete(item_id="item_1")] * 500
    ledger = asked(*many)

    assert len(ledger.open) <= 2 * 20 + 8
    assert ledger.open[-1].line == 1_000
    # The answer to one that was forgotten is no surprise.
    for _ in range(500):
        ledger.settle(ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_2"))
    assert not ledger.unasked(ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_2"))
    assert Ledger().unasked(ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_2"))


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


def test_responses_of_the_conversation_begin_in_their_order_whatever_passes_them_by() -> None:
    outside = ga.ResponseCreate(response=ga.ResponseCreateParams(conversation="none"))
    ledger = asked(ga.ResponseCreate(), outside, ga.ResponseCreate())

    assert [settled(ledger, created(id)) for id in (None, "conv_1", "conv_1")] == [2, 1, 3]


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


def truncate(item_id: str, ms: int) -> ga.ConversationItemTruncate:
    return ga.ConversationItemTruncate(item_id=item_id, content_index=0, audio_end_ms=ms)


UPDATE = ga.SessionUpdate(session=ga.Session(instructions="Be brief."))
OUTPUT = ga.ConversationItemCreate(item=ga.FunctionCallOutput(call_id="call_7", output="4"))
OPEN = (
    UPDATE,  # 1
    ga.ResponseCreate(),  # 2
    ga.ConversationItemCreate(item=message("item_new"), previous_item_id="item_gone"),  # 3
    OUTPUT,  # 4
    truncate("item_a", 4200),  # 5
    truncate("item_b", 900),  # 6
    ga.ConversationItemDelete(item_id="item_a"),  # 7
    ga.ConversationItemRetrieve(item_id="item_c"),  # 8
    ga.InputAudioBufferCommit(),  # 9
    ga.ResponseCancel(response_id="resp_3"),  # 10
)


@pytest.mark.parametrize(
    "code, param, text, line",
    [
        # The code, where few requests can get it, whatever else is said.
        ("item_truncate_invalid_item_id", None, "No.", 5),
        ("item_truncate_invalid_item_id", None, "Item with item_id not found: item_b", 6),
        ("cannot_update_voice", "session.audio.output.voice", "Cannot update the voice.", 1),
        ("cannot_update_voice", "item", "Cannot update the voice.", 1),
        # The parameter.
        ("unknown_parameter", "response.modalities", "Unknown parameter: 'response.modalities'.", 2),
        ("unknown_parameter", "session.modalities", "Unknown parameter: 'session.modalities'.", 1),
        ("unknown_parameter", None, "Unknown parameter: 'response.modalities'.", 2),
        ("missing_required_parameter", None, "Missing required parameter: 'item.type'.", 3),
        ("invalid_type", None, "Invalid type for 'item.output': expected a string, but got an object.", 3),
        ("invalid_type", "audio_end_ms", "Invalid type for 'audio_end_ms': expected an integer.", 5),
        ("missing_required_parameter", "content_index", "Missing required parameter: 'content_index'.", 5),
        ("invalid_value", "item.content[0].type", "Invalid value: 'text'.", 3),
        ("invalid_value", "response_id", "Invalid value.", 10),
        # Words of the message.
        (None, None, "Cancellation failed: no active response found", 10),
        ("invalid_value", None, "Only model output audio messages can be truncated", 5),
        ("invalid_value", None, "Content index 1 is out of range", 5),
        (None, None, "Tool call ID 'call_7' not found in conversation.", 4),
        (None, None, "Error committing input audio buffer: the buffer is empty", 9),
        # Values that it quotes: the later of two that are as rare, a rare one before a common one.
        (None, None, "Audio content of 4200ms is already shorter than 900ms", 6),
        ("invalid_value", None, "Audio content of 1000ms is already shorter than 4200ms", 5),
        (None, None, "There is no item 'item_gone'", 3),
        (None, "item_id", "The item with id 'item_c' does not exist.", 8),
        (None, None, "There is no item item_c.", 8),
        # The type of an event, which is not one of those that are allowed.
        (
            "invalid_value",
            "type",
            "Invalid value: 'response.create'. Supported values are: 'session.update'",
            2,
        ),
        (
            "invalid_value",
            None,
            "Invalid value: 'response.create'. Supported values are: 'session.update'",
            2,
        ),
        (
            "invalid_value",
            "type",
            "Invalid value: 'response.pause'. Supported values are: 'session.update'",
            None,
        ),
        ("invalid_value", "type", "Invalid value.", 1),
        # What speaks of one kind of request is about no other, though it be the only one.
        ("unknown_parameter", "audio", "Unknown parameter: 'audio'.", None),
        # Requests of two types hold the value, or nothing is said.
        (None, None, "Something is wrong with item_a", None),
        (None, "mood", "Something is wrong", None),
        (None, None, "", None),
        # Nothing but a code that many can get: the oldest of the likely ones.
        ("invalid_value", None, "No.", 1),
    ],
)
def test_an_error_that_names_no_request_is_known_by_what_it_says(
    code: str | None, param: str | None, text: str, line: int | None
) -> None:
    assert settled(asked(*OPEN), error(code, text, param=param)) == line


def test_a_parameter_of_another_request_than_those_that_are_open_refuses_none() -> None:
    refusal = error("unknown_parameter", "Unknown parameter: 'response.mood'.", param="response.mood")

    assert settled(asked(UPDATE), refusal) is None
    assert settled(asked(UPDATE), error("item_delete_invalid_item_id")) is None


def test_of_requests_that_fit_alike_the_oldest_is_refused_first() -> None:
    ledger = asked(*[ga.ConversationItemCreate(item=message()) for _ in range(3)])
    refusal = error("invalid_value", "Invalid value: 'text'.", param="item.content[0].type")

    assert [settled(ledger, refusal) for _ in range(4)] == [1, 2, 3, None]


def test_a_response_outside_the_conversation_is_not_hindered_by_another() -> None:
    outside = ga.ResponseCreate(response=ga.ResponseCreateParams(conversation="none"))
    hindered = error("conversation_already_has_active_response")

    assert settled(asked(outside, ga.ResponseCreate()), hindered) == 2
    assert settled(asked(outside), hindered) is None


def test_what_was_no_valid_event_can_be_refused_and_never_granted() -> None:
    ledger = asked(UPDATE)
    for line, event_id in ((2, None), (3, "evt_3"), (4, None)):
        ledger.suspect("input_audio_buffer.append", line, event_id)
    ledger.suspect("response.pause", 5, None)
    unknown = "Invalid value: 'response.pause'. Supported values are: 'session.update'"
    no_audio = error("invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.")

    assert [request.line for request in ledger.open] == [1]
    assert settled(ledger, error(event_id="evt_3")) == 3
    assert [settled(ledger, no_audio) for _ in range(3)] == [2, 4, None]
    assert settled(ledger, error("invalid_value", unknown, param="type")) == 5


def test_of_events_that_can_only_be_refused_the_latest_are_remembered() -> None:
    ledger = asked(UPDATE)
    for line in range(2, 1_000):
        ledger.suspect("response.pause", line, None)

    assert [request.line for request in ledger.pending("response.pause")] == list(range(936, 1_000))
    assert [request.line for request in ledger.open] == [1]


def test_a_request_that_was_answered_is_found_no_more() -> None:
    create = ga.ConversationItemCreate(
        event_id="evt_1", item=message("item_new"), previous_item_id="item_gone"
    )
    ledger = asked(create)
    found = ledger.named("evt_1"), *ledger.pending(create.type), *ledger.latest(create.type)
    assert {request.line for request in found if request is not None} == {1}
    assert ledger.creates("item_new")
    assert ledger.places("item_gone")
    assert ledger.holding(create.type, "item_gone")[0] == 1

    assert settled(ledger, added("item_new")) == 1
    assert ledger.named("evt_1") is None
    assert not ledger.creates("item_new")
    assert not ledger.places("item_gone")
    assert ledger.holding(create.type, "item_gone") == (0, None)
    assert [*ledger.open, *ledger.pending(create.type), *ledger.latest(create.type)] == []


def test_an_error_that_names_no_request_leaves_all_earlier_ones_in_doubt() -> None:
    ledger = asked(UPDATE, ga.ResponseCreate(event_id="evt_2"))
    ledger.settle(error(event_id="evt_2"))
    (update,) = ledger.open
    assert not ledger.doubts(update)

    ledger.settle(error())
    later = ledger.ask("response.create", ga.ResponseCreate(), 4)
    assert ledger.doubts(update)
    assert later is not None
    assert not ledger.doubts(later)


def test_the_rarer_of_the_values_that_a_message_quotes_decides() -> None:
    same = [ga.ConversationItemCreate(item=message("item_new")) for _ in range(2)]
    other = ga.ConversationItemCreate(item=message("item_own"))
    told = error("invalid_value", "Of 'item_new' and 'item_own' one is taken.")

    assert settled(asked(*same, other), told) == 3


def test_the_refusal_of_a_cancel_is_about_the_latest() -> None:
    """The one before it may have had its effect, and the end of its response is on its way."""
    ledger = asked(ga.ResponseCancel(), ga.ResponseCancel())
    assert settled(ledger, error("response_cancel_not_active")) == 2


def test_an_error_about_one_kind_of_request_leaves_no_doubt_about_another() -> None:
    ledger = asked(UPDATE, ga.ResponseCancel(), ga.ResponseCancel())
    ledger.settle(error("response_cancel_not_active"))
    assert [ledger.doubts(request) for request in ledger.open] == [False, True]


def test_a_success_is_handed_on_when_the_error_names_its_request() -> None:
    first, second = (ga.InputAudioBufferCommit(event_id=f"evt_{nth}") for nth in (1, 2))
    committed = ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_1")
    for answers, open_lines in ((1, []), (0, [2])):
        ledger = asked(first, second)
        for _ in range(answers):
            ledger.settle(committed)
        assert settled(ledger, error(event_id="evt_1")) == 1
        assert settled(ledger, error(event_id="evt_1")) is None
        assert [request.line for request in ledger.open] == open_lines

    alone = asked(first)
    alone.settle(committed)
    assert alone.settle(error(event_id="evt_1")) is None


def test_a_success_is_handed_on_from_one_request_to_the_next() -> None:
    """As far as each was there when the one before it was answered."""
    committed = ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_1")
    first, second, third = (ga.InputAudioBufferCommit(event_id=f"evt_{nth}") for nth in (1, 2, 3))
    for early, late, left in (
        ((first, second), (third,), []),
        ((first,), (second, third), [3]),
        ((first,), (second,), [2]),
    ):
        ledger = asked(*early)
        ledger.settle(committed)
        for line, event in enumerate(late, start=len(early) + 1):
            ledger.ask(event.type, event, line)
        if third in late:
            ledger.settle(committed)
        ledger.settle(error(event_id="evt_1"))
        assert [request.line for request in ledger.open] == left


def test_a_success_that_the_next_request_has_had_already_is_not_handed_on() -> None:
    committed = ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_1")
    ledger = asked(*(ga.InputAudioBufferCommit(event_id=f"evt_{nth}") for nth in (1, 2)))
    ledger.settle(committed)
    assert settled(ledger, error(event_id="evt_2")) == 2
    assert settled(ledger, error(event_id="evt_1")) is None


@pytest.mark.parametrize("code, own", [(None, False), (ACTIVE, True)])
def test_a_response_that_the_server_may_have_begun_by_itself_is_handed_on(
    code: str | None, own: bool
) -> None:
    """Only where the error does not say that there was such a response."""
    ledger = asked(ga.ResponseCreate(event_id="evt_1"), ga.ResponseCreate(event_id="evt_2"))
    request = ledger.settle(created())
    assert request is not None
    response = Response("resp_1", 3, True)
    ledger.contested = request, response
    refusal = error(code, event_id="evt_1")
    assert (ledger.unasked_for(refusal, request) is response) is own
    assert settled(ledger, refusal) == 1
    assert [request.line for request in ledger.open] == ([2] if own else [])
    contested = None if ledger.contested is None else ledger.contested[0].line
    assert contested == (None if own else 2)


def test_a_success_is_handed_on_once() -> None:
    committed = ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_1")
    ledger = asked(*(ga.InputAudioBufferCommit(event_id=f"evt_{nth}") for nth in (1, 2, 3)))
    for _ in range(2):
        ledger.settle(committed)
    ledger.settle(error(event_id="evt_1"))
    assert ledger.open == []
    ledger.ask("input_audio_buffer.commit", ga.InputAudioBufferCommit(), 4)
    ledger.settle(error(event_id="evt_2"))
    assert [request.line for request in ledger.open] == [4]


def test_an_out_of_band_success_is_handed_on_whatever_else_waits() -> None:
    """What the client asked for of another kind changes nothing about who waits."""
    aside = ga.ResponseCreateParams(conversation="none")
    ledger = asked(
        ga.ResponseCreate(event_id="evt_1", response=aside),
        ga.ResponseCreate(event_id="evt_2"),
        ga.ResponseCreate(response=aside),
    )
    for conversation in (None, "conv_1"):
        ledger.settle(created(conversation))
    ledger.settle(error(event_id="evt_2"))
    assert [request.line for request in ledger.open] == [3]
    ledger.settle(error(event_id="evt_1"))
    assert ledger.open == []


def test_of_the_requests_that_were_granted_the_latest_are_remembered() -> None:
    committed = ga.InputAudioBufferCommitted(event_id="event_1", item_id="item_1")
    for named, left in ((36, [101]), (37, [])):
        ledger = asked(*(ga.InputAudioBufferCommit(event_id=f"evt_{line}") for line in range(1, 102)))
        for _ in range(100):
            ledger.settle(committed)
        ledger.settle(error(event_id=f"evt_{named}"))
        assert [request.line for request in ledger.open] == left


def test_of_many_requests_the_oldest_and_the_latest_are_compared() -> None:
    texts = [f"text {nth}" for nth in range(40)]
    items = [ga.Message(role="user", content=[ga.InputText(text=text)]) for text in texts]
    ledger = asked(*(ga.ConversationItemCreate(item=item) for item in items))
    for nth in (7, 39, 0):
        shown = ga.Message(id=f"item_{nth}", role="user", content=[ga.InputText(text=texts[nth])])
        assert settled(ledger, ga.ConversationItemAdded(event_id="event_1", item=shown)) == nth + 1
