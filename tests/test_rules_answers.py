"""Which request an answer is compared with, where several of a kind are open: a legal session, and one edit away from
it a server that does something else than it was asked."""

from __future__ import annotations

from typing import Any

import pytest

from rtproto.rules.script import (
    Script,
    add_item,
    ga_session,
    response_object,
    said_message,
    start,
    user_message,
    write,
)
from tests.judging import check, encode, found

COMMIT_EMPTY = "input_audio_buffer_commit_empty"
NOT_ACTIVE = "response_cancel_not_active"


def faults(script: Script, begin: int = 0, *, cut: bool = True) -> list[tuple[str, int]]:
    return found(check(encode(script.session[begin:]), cut=cut))


def text_session() -> Script:
    script = Script()
    start(script, vad=False)
    return script


def wish(script: Script, text: str, previous: str) -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    script.client("conversation.item.create", previous_item_id=previous, item=item)


def refuse(script: Script, code: str | None, event_id: str | None = None) -> None:
    error = {"type": "invalid_request_error", "code": code, "message": "no", "param": None}
    script.server("error", error={**error, "event_id": event_id})


def told(item: str) -> dict[str, Any]:
    return {"id": item, "type": "message", "status": "completed", "role": "user"}


def two_wishes() -> Script:
    """Two items are asked for at once, one behind the first item and one before it."""
    script = text_session()
    script.client("conversation.item.create", item=user_message("item_1", "first"))
    add_item(script, user_message("item_1", "first"), None)
    wish(script, "a", "item_1")
    wish(script, "b", "root")
    return script


@pytest.mark.parametrize(
    "code, text, previous",
    [(None, "b", None), ("invalid_value", "b", None), ("invalid_value", "a", "item_1")],
)
def test_an_item_is_compared_with_the_request_that_has_its_text(
    code: str | None, text: str, previous: str | None
) -> None:
    script = two_wishes()
    refuse(script, code)
    add_item(script, user_message("item_2", text), previous)
    assert faults(script) == []


def test_an_item_in_another_place_than_its_own_request_wants() -> None:
    for second, codes in ((None, []), ("item_1", ["ITM011"])):
        script = two_wishes()
        add_item(script, user_message("item_b", "b"), second)
        add_item(script, user_message("item_a", "a"), "item_1")
        assert [code for code, _ in faults(script)] == codes


def test_an_item_with_a_text_that_nobody_gave_is_told_once() -> None:
    script = two_wishes()
    add_item(script, user_message("item_a", "c"), "item_1")
    add_item(script, user_message("item_b", "b"), None)
    assert [code for code, _ in faults(script)] == ["ITM013"]


@pytest.mark.parametrize("metadata, codes", [({"k": "y"}, []), ({"k": "z"}, ["RSP015"])])
def test_responses_out_of_band_overtake_one_another(metadata: dict[str, str], codes: list[str]) -> None:
    script = text_session()
    for value in "xy":
        response = {"conversation": "none", "metadata": {"k": value}}
        script.client("response.create", response=response)
    for id, shown in (("resp_y", metadata), ("resp_x", {"k": "x"})):
        began = len(script.session)
        write(script, id, f"item_{id}", None, mirror=False)
        for _, event in script.session[began:]:
            if "response" in event:
                event["response"]["metadata"] = shown
    assert sorted({code for code, _ in faults(script)}) == codes


def updates(instructions: str, *, refused: bool = True) -> Script:
    """Two updates at once; the second is answered, and then the first is refused by its event_id."""
    script = Script()
    script.server("session.created", session=ga_session(vad=True, modality="audio"))
    for value in "AB":
        session = {"type": "realtime", "instructions": value}
        script.client("session.update", event_id=f"evt_{value}", session=session)
    shown = {**ga_session(vad=True, modality="audio"), "instructions": instructions}
    script.server("session.updated", session=shown)
    if refused:
        refuse(script, "prompt_not_found", "evt_A")
    return script


def test_an_update_may_be_refused_after_the_next_was_answered() -> None:
    assert faults(updates("B"), cut=False) == []
    assert [code for code, _ in faults(updates("C"), cut=False)] == ["SES008"]


def test_an_update_that_the_next_answer_passes_over_is_unanswered() -> None:
    for cut in (True, False):
        assert faults(updates("B", refused=False), cut=cut) == [("SES007", 2)]
    assert faults(updates("A", refused=False)) == []  # cut off: the answer to the second may follow


@pytest.mark.parametrize("tool_choice, codes", [("none", []), ("required", ["SES009"])])
def test_what_an_unanswered_update_asked_for_may_show_later(tool_choice: str, codes: list[str]) -> None:
    script = Script()
    script.server("session.created", session=ga_session(vad=True, modality="audio"))
    session = {"type": "realtime", "instructions": "A", "tool_choice": "none"}
    script.client("session.update", session=session)
    script.client("session.update", session={"type": "realtime", "instructions": "B"})
    shown = {**ga_session(vad=True, modality="audio"), "instructions": "B", "tool_choice": tool_choice}
    script.server("session.updated", session=shown)
    assert [code for code, _ in faults(script)] == [*codes, "SES007"]


@pytest.mark.parametrize("refused, unanswered", [("evt_1", []), (None, [4, 5])])
def test_a_commit_may_be_refused_after_the_next_was_answered(
    refused: str | None, unanswered: list[int]
) -> None:
    """The success that was taken for the first one's is the second's."""
    script = text_session()
    audio = "AAAA" * 16 * 200
    for nth in (1, 2):
        script.client("input_audio_buffer.append", audio=audio)
        script.client("input_audio_buffer.commit", event_id=f"evt_{nth}")
    script.server("input_audio_buffer.committed", previous_item_id=None, item_id="item_1")
    content = [{"type": "input_audio", "transcript": None}]
    add_item(script, {**told("item_1"), "content": content}, None)
    if refused is not None:
        refuse(script, COMMIT_EMPTY, refused)
    codes = [code for code, _ in faults(script, cut=False)]
    assert ("IAB010" in codes) is bool(unanswered)


def test_after_a_start_midway_an_answer_may_be_that_of_an_earlier_request() -> None:
    script = two_wishes()
    begin = len(script.session) - 1
    add_item(script, user_message("item_a", "a"), "item_1")
    add_item(script, user_message("item_b", "b"), None)
    assert faults(script, begin) == []

    wish(script, "c", "root")
    add_item(script, user_message("item_c", "c"), "item_a")
    assert [code for code, _ in faults(script, begin)] == ["ITM011"]


@pytest.mark.parametrize(
    "times, lines", [((300, 200), []), ((200,), []), ((300,), []), ((200, 300), [4]), ((300, 200, 250), [5])]
)
def test_truncations_after_a_start_midway(times: tuple[int, ...], lines: list[int]) -> None:
    """The first answer to none of the requests is that of one before the recording; the later ones are compared."""
    part = {"item_id": "item_1", "content_index": 0}
    script = Script()
    script.client("conversation.item.truncate", **part, audio_end_ms=200)
    for nth, time in enumerate(times):
        if nth and time != 200:
            script.client("conversation.item.truncate", **part, audio_end_ms=100)
        script.server("conversation.item.truncated", **part, audio_end_ms=time)
    assert [line for code, line in faults(script) if code == "TRU001"] == lines


def test_the_first_update_after_a_start_midway() -> None:
    script = updates("A", refused=False)
    script.server("session.updated", session={**ga_session(vad=True, modality="audio"), "instructions": "B"})
    assert faults(script, 2, cut=False) == []
    del script.session[-1]
    assert faults(script, 2, cut=False) == []  # of what it never showed, nothing is known

    script.client("session.update", session={"type": "realtime", "instructions": "D"})
    script.server("session.updated", session={**ga_session(vad=True, modality="audio"), "instructions": "E"})
    assert [code for code, _ in faults(script, 2, cut=False)] == ["SES008"]


@pytest.mark.parametrize("code, codes", [(NOT_ACTIVE, ["TRU001"]), ("item_truncate_invalid_item_id", [])])
def test_an_error_about_one_kind_of_request_excuses_no_other(code: str, codes: list[str]) -> None:
    script = Script()
    script.server("session.created", session=ga_session(vad=True, modality="audio"))
    script.client("conversation.item.truncate", item_id="item_1", content_index=0, audio_end_ms=0)
    script.client("response.cancel")
    refuse(script, code)
    assert [found for found, _ in faults(script, cut=False) if found == "TRU001"] == codes


def two_responses() -> Script:
    """A response of the conversation and one out of band, both in progress."""
    script = text_session()
    script.client("response.create")
    script.server("response.created", response=response_object("resp_1", "in_progress", []))
    script.client("response.create", response={"conversation": "none"})
    outside = response_object("resp_o", "in_progress", [], conversation_id=None)
    script.server("response.created", response=outside)
    return script


def end(script: Script, id: str, reason: str | None) -> None:
    details = None if reason is None else {"type": "cancelled", "reason": reason}
    status = "completed" if reason is None else "cancelled"
    conversation = None if id == "resp_o" else "conv_1"
    done = response_object(id, status, [], conversation_id=conversation, status_details=details)
    script.server("response.done", response=done)


@pytest.mark.parametrize("reason, codes", [("client_cancelled", []), (None, ["RSP022"])])
def test_a_cancel_without_an_id_is_about_the_conversations_response(
    reason: str | None, codes: list[str]
) -> None:
    script = two_responses()
    script.client("response.cancel")
    end(script, "resp_o", None)
    script.server(
        "response.output_item.added",
        response_id="resp_1",
        output_index=0,
        item=said_message("item_a", "in_progress", []),
    )
    end(script, "resp_1", reason)
    findings = check(encode(script.session)).findings
    assert [f.code for f in findings if f.code == "RSP022"] == codes


@pytest.mark.parametrize("named, codes", [("resp_o", ["RSP011"]), ("resp_1", []), (None, [])])
def test_a_cancel_ends_the_response_that_it_names(named: str | None, codes: list[str]) -> None:
    script = two_responses()
    script.client("response.cancel", **({} if named is None else {"response_id": named}))
    end(script, "resp_1", "client_cancelled")
    assert [code for code, _ in faults(script)] == codes


@pytest.mark.parametrize("outside, codes", [(True, ["RSP021"]), (False, [])])
def test_a_response_out_of_band_is_cancelled_by_its_id_only(outside: bool, codes: list[str]) -> None:
    script = two_responses()
    if outside:
        end(script, "resp_1", None)
    for _ in range(2):
        script.client("response.cancel")
    assert [code for code, _ in faults(script) if code == "RSP021"] == codes


@pytest.mark.parametrize(
    "first", [{"type": "realtime", "instructions": 5}, {"type": "transcription", "include": []}]
)
def test_an_update_that_compares_with_no_answer_has_the_first_one(first: dict[str, Any]) -> None:
    """One that does not decode, or is for another kind of session, shows in nothing."""
    script = Script()
    shown = ga_session(vad=True, modality="audio")
    script.server("session.created", session=shown)
    script.client("session.update", session=first)
    script.client("session.update", session={"type": "realtime", "instructions": "B"})
    script.server("session.updated", session=shown)
    assert not {"SES007", "SES008"} & {code for code, _ in faults(script)}
    script.server("session.updated", session={**shown, "instructions": "C"})
    assert [code for code, _ in faults(script) if code.startswith("SES00")] == ["SES008"]


def test_after_a_refusal_that_names_nothing_a_text_that_nobody_gave_has_no_place() -> None:
    script = text_session()
    script.client("conversation.item.create", item=user_message("item_1", "first"))
    add_item(script, user_message("item_1", "first"), None)
    wish(script, "a", "item_1")
    refuse(script, "invalid_value")
    wish(script, "b", "root")
    add_item(script, user_message("item_2", "c"), "item_1")

    assert [code for code, _ in faults(script)] == ["ITM013"]


@pytest.mark.parametrize("shown, codes", [("b", []), ("c", ["RSP015"])])
def test_metadata_of_a_later_request_of_the_conversation_is_no_loss(shown: str, codes: list[str]) -> None:
    """The first may have been refused, and the refusal be late."""
    script = text_session()
    for topic in "ab":
        script.client("response.create", response={"metadata": {"topic": topic}})
    began = len(script.session)
    write(script, "resp_1", "item_a1", None)
    for _, event in script.session[began:]:
        if "response" in event:
            event["response"]["metadata"] = {"topic": shown}

    assert [code for code, _ in faults(script)] == codes
