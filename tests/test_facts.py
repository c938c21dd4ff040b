"""What is remembered of a session, seen through the checker and by itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from rtproto import beta, ga
from rtproto.protocol.facts import Facts
from rtproto.protocol.values import field, listed, tag_of


def remembered(*events: Any) -> Facts:
    """Facts after these events, whose handlers are called as the checker calls them."""
    from rtproto.protocol.handlers import CLIENT_HANDLERS, SERVER_HANDLERS

    facts = Facts()
    for line, event in enumerate(events, start=1):
        handler = SERVER_HANDLERS.get(event.type) or CLIENT_HANDLERS.get(event.type)
        if handler is not None:
            handler(facts, event, line, None, None)
    return facts


class Rescued:
    """Stands for the salvage of an event of which nothing but the type could be read."""

    item = response = item_id = response_id = output_index = previous_item_id = None

    def __init__(self, type: str) -> None:
        self.type = type


@pytest.mark.parametrize(
    "type",
    [
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.deleted",
        "response.created",
        "response.output_item.added",
        "response.output_item.done",
        "response.function_call_arguments.done",
        "response.done",
        "response.output_text.delta",
        "response.output_audio.delta",
    ],
)
def test_an_event_without_its_ids_is_not_remembered(type: str) -> None:
    facts = remembered(Rescued(type))

    assert not facts.conversation
    assert facts.items == {}
    assert facts.responses == {}


def test_items_keep_the_conversations_order() -> None:
    def added(id: str, previous: str | None) -> ga.ConversationItemAdded:
        item = ga.Message(id=id, role="user", content=[])
        return ga.ConversationItemAdded(event_id="event_1", item=item, previous_item_id=previous)

    facts = remembered(added("a", None), added("c", "a"), added("b", "a"))
    assert list(facts.conversation) == ["a", "b", "c"]
    assert facts.tail() == "c"

    deleted = ga.ConversationItemDeleted(event_id="event_1", item_id="c")
    facts = remembered(added("a", None), added("c", "a"), deleted)
    assert (list(facts.conversation), list(facts.deleted)) == (["a"], ["c"])


def test_turn_detection_is_on_off_or_not_known() -> None:
    facts = Facts()
    assert facts.turn_detection_on() is None

    facts.configure(ga.Session(audio=ga.AudioConfig(input=ga.AudioInput(turn_detection=None))))
    assert facts.turn_detection_on() is False
    facts.configure(ga.Session(audio=ga.AudioConfig(input=ga.AudioInput(turn_detection=ga.ServerVad()))))
    assert facts.turn_detection_on() is True
    facts.configure(ga.Session())
    assert facts.turn_detection_on() is None

    facts = Facts(dialect="beta")
    facts.configure(beta.Session(turn_detection=None))
    assert facts.turn_detection_on() is False


def test_bytes_of_a_millisecond() -> None:
    facts = Facts()
    assert facts.bytes_per_ms("input") is None

    facts.configure(ga.Session(audio=ga.AudioConfig(output=ga.AudioOutput(format=ga.AudioPcmu()))))
    assert facts.bytes_per_ms("output") == 8
    assert facts.bytes_per_ms("input") == 48

    facts = Facts(dialect="beta")
    facts.configure(beta.Session(input_audio_format="g711_alaw"))
    assert facts.bytes_per_ms("input") == 8
    assert facts.bytes_per_ms("output") == 48
    facts.configure(beta.Session(input_audio_format="opus"))
    assert facts.bytes_per_ms("input") is None


def test_appended_audio_is_counted_until_commit_or_clear() -> None:
    facts = Facts()
    append = ga.InputAudioBufferAppend(audio="", event_id="evt_1")
    facts.on_client_append(append, 1, None, 4800)
    facts.on_client_append(append, 2, None, 4800)
    assert (facts.appended, facts.client_ids) == (9600, {"evt_1": 2})

    facts.on_client_commit(ga.InputAudioBufferCommit(), 3, None, None)
    assert (facts.appended, facts.emptied_line) == (0, 3)

    facts.on_client_append(append, 4, None, None)
    facts.on_client_append(append, 5, None, 4800)
    assert facts.appended is None
    facts.on_client_commit(ga.InputAudioBufferCommit(), 6, None, None)
    assert facts.appended is None
    assert "client" in facts.elided


def test_the_clock_of_the_audio_goes_on_whatever_is_refused() -> None:
    facts = Facts()
    commit = ga.InputAudioBufferCommit(event_id="evt_2")
    for line in (1, 3):
        facts.on_client_append(ga.InputAudioBufferAppend(audio=""), line, None, 4800)
        if line == 1:
            facts.note_client("input_audio_buffer.commit", commit, 2)
            facts.on_client_commit(commit, 2, None, None)
    assert (facts.appended, facts.emptied_line, facts.written()) == (4800, 2, 9600)

    refusal = ga.Error(error=ga.ErrorDetail(type="invalid_request_error", message="no", event_id="evt_2"))
    facts.on_error(refusal, 4, None, None)
    assert (facts.appended, facts.emptied_line, facts.written()) == (9600, 0, 9600)


def test_a_response_without_a_conversation_id_is_asked_of_its_request() -> None:
    facts = Facts()
    assert facts.writes_to_default(ga.RealtimeResponse()) is True

    outside = ga.ResponseCreate(response=ga.ResponseCreateParams(conversation="none"))
    facts.note_client(outside.type, outside, 1)
    assert facts.writes_to_default(ga.RealtimeResponse()) is False
    assert facts.writes_to_default(ga.RealtimeResponse(conversation_id="conv_1")) is True
    assert facts.writes_to_default(ga.RealtimeResponse(conversation_id=None)) is False


def test_output_that_the_client_cleared() -> None:
    clear, cleared = (
        ga.OutputAudioBufferClear(),
        ga.OutputAudioBufferCleared(event_id="e", response_id="resp_1"),
    )

    assert remembered(clear).output_clears == 1
    assert remembered(clear, cleared, cleared).output_clears == 0


def test_a_cleared_input_buffer_ends_the_speech() -> None:
    started = ga.InputAudioBufferSpeechStarted(event_id="e", item_id="item_1", audio_start_ms=0)

    assert remembered(started).hearing.item == "item_1"
    assert remembered(started, ga.InputAudioBufferCleared(event_id="e")).hearing.item is None


def test_values_are_read_from_anything() -> None:
    message = ga.Message(role="user", content=[])

    assert field(message, "role") == "user"
    assert field(message, "id") is None
    assert field(None, "id") is None
    assert listed(message, "content") == []
    assert listed(message, "role") is None
    assert listed([1]) == [1]
    assert tag_of(message) == "message"
    assert tag_of(UNSET) is None
    assert tag_of(None) is None
    assert tag_of(Rescued("ping")) == "ping"
    assert tag_of(7) is None


def test_transcription_deltas_may_lack_their_text_and_their_place() -> None:
    facts = Facts()
    delta = ga.ConversationItemInputAudioTranscriptionDelta(event_id="e", item_id="item_1")
    facts.on_transcription_delta(delta, 1, None, None)
    facts.on_transcription_ended(Rescued("conversation.item.input_audio_transcription.failed"), 2, None, None)

    assert facts.items == {}


def test_ids_of_the_client_are_remembered_in_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtproto.protocol.facts.CLIENT_IDS", 4)
    facts = Facts()
    for number in range(1, 20):
        facts.note_client_id(f"id{number}", number)
        assert facts.client_ids[f"id{number}"] == number
        assert len(facts.client_ids) <= 4
    assert facts.client_ids == {"id17": 17, "id18": 18, "id19": 19}


def test_an_item_that_took_the_id_of_an_output_answers_no_call() -> None:
    output = {"id": "item_o", "type": "function_call_output", "call_id": "call_1", "output": "{}"}
    said = {"id": "item_o", "type": "message", "role": "assistant", "content": []}
    added, announced = (
        ga.decode_server_event(msgspec.json.encode({"event_id": "event_1", **event}))
        for event in (
            {"type": "conversation.item.added", "previous_item_id": None, "item": output},
            {"type": "response.output_item.added", "response_id": "resp_1", "output_index": 0, "item": said},
        )
    )
    deleted = ga.ConversationItemDeleted(event_id="event_2", item_id="item_o")

    assert [item.id for item in remembered(added).answering("call_1")] == ["item_o"]
    assert [*remembered(added, deleted).answering("call_1")] == []
    assert [*remembered(added, announced).answering("call_1")] == []
