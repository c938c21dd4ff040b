"""Faults, and sessions without one, that a second reading of the catalogue's sentences brought up."""

from __future__ import annotations

from typing import Any

from rtproto.findings import Severity
from tests.oracle.compare import checked
from tests.oracle.scripts import scripts
from tests.oracle.talk import Talk

ASSISTANT: dict[str, Any] = {"type": "message", "role": "assistant", "content": []}


def told(talk: Talk) -> list[tuple[str, int]]:
    """Code and line of what rtproto says, roots and consequences, at warning or worse."""
    fed, closing = checked(talk.lines, cut=True)
    return [(f.code, f.line) for f in (*fed, *closing) if f.severity > Severity.INFO]


def asked(dialect: str = "ga", **how: bool) -> Talk:
    """A session in which a response was asked for."""
    talk = Talk(dialect, **how)
    talk.opens()
    talk.says("Hello")
    talk.asks()
    return talk


def test_a_response_that_is_created_again_is_no_second_one() -> None:
    talk = asked()
    talk.begins()
    side, event = talk.lines[-1]
    talk.lines.append((side, {**event, "event_id": "again"}))
    assert ("RSP002", 7) in told(talk)
    assert "RSP004" not in [code for code, _ in told(talk)]


def test_what_a_finished_item_holds_is_judged() -> None:
    for kind in ("conversation.item.done", "response.output_item.done"):
        talk = asked()
        talk.speaks("Hi")
        at = max(i for i, (_, event) in enumerate(talk.lines) if event["type"] == kind)
        side, event = talk.lines[at]
        item = {**event["item"], "content": [{"type": "input_audio", "transcript": "Hi"}]}
        talk.lines[at] = (side, {**event, "item": item})
        assert ("ITM020", at + 1) in told(talk)


def approval(talk: Talk, *, finished: bool = True, arguments: str = "{}") -> None:
    """A response that asks whether it may call a remote tool."""
    talk.begins(written=True)
    item = {"type": "mcp_approval_request", "server_label": "docs", "name": "search", "arguments": "{}"}
    made = talk.opens_item(item)
    del made["status"]
    if finished:
        talk.server("response.output_item.done", response_id=talk.response, output_index=0, item=dict(made))
    made["arguments"] = arguments
    talk.ends()


def test_an_approval_request_is_compared_and_waited_for() -> None:
    for how, code in (({}, None), ({"arguments": '{"q":1}'}, "RSP025"), ({"finished": False}, "OUT005")):
        talk = Talk("ga")
        talk.opens()
        talk.lists_tools()
        talk.says("Hello")
        talk.asks()
        approval(talk, **how)
        codes = {found for found, _ in told(talk)} & {"RSP025", "OUT005"}
        assert codes == ({code} if code else set())


def test_a_commit_on_a_media_track_holds_audio_that_no_event_shows() -> None:
    for dialect in ("ga", "beta"):
        talk = Talk(dialect, webrtc=True)
        talk.opens()
        talk.client("input_audio_buffer.commit")
        item = talk.fresh("item")
        talk.server("input_audio_buffer.committed", previous_item_id=None, item_id=item)
        heard = {
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        talk.joins({"id": item, "type": "message", **heard})
        talk.asks()
        talk.speaks("Hi")
        assert told(talk) == []


def test_the_item_of_a_turn_has_the_id_that_was_committed() -> None:
    for vad in (True, False):
        talk = Talk("ga", vad=vad)
        talk.opens()
        talk.hears()
        at = next(i for i, (_, e) in enumerate(talk.lines) if e["type"] == "conversation.item.added")
        for side, event in talk.lines[at:]:
            assert side == "server"
            event["item"] = {**event["item"], "id": "item_other"}
        assert told(talk)[0] == ("IAB003", at + 1)


def test_an_earlier_item_may_be_finalized_after_the_next_commit() -> None:
    talk = Talk("ga")
    talk.opens()
    talk.hears()
    done = talk.lines.pop()
    talk.hears()
    at = max(i for i, (_, e) in enumerate(talk.lines) if e["type"] == "input_audio_buffer.committed")
    talk.lines.insert(at + 1, done)
    assert "IAB003" not in [code for code, _ in told(talk)]


def test_what_streams_into_another_responses_item_is_told() -> None:
    talk = asked()
    talk.begins()
    talk.opens_item(ASSISTANT)
    first = talk.about(talk.items[0])
    talk.asks(conversation="none")
    talk.begins(conversation=None)
    second = talk.about(talk.opens_item(ASSISTANT, mirrored=False))
    for about in (first, second):
        talk.server("response.content_part.added", **about, part={"type": "audio", "transcript": ""})
    for about in (first, second, first):
        talk.server("response.output_audio_transcript.delta", **about, delta="Hi")
    assert told(talk) == []
    talk.server(
        "response.output_audio_transcript.delta", **{**first, "response_id": talk.response}, delta="!"
    )
    assert told(talk) == [("OUT001", len(talk.lines))]


def test_an_item_is_finalized_before_its_response_is_done() -> None:
    talk = asked()
    talk.speaks("Hi")
    at = max(i for i, (_, event) in enumerate(talk.lines) if event["type"] == "conversation.item.done")
    talk.lines.append(talk.lines.pop(at))
    assert ("RSP009", len(talk.lines)) in told(talk)


def test_an_announcement_after_an_update_is_late_and_not_a_second_one() -> None:
    for dialect in ("ga", "beta"):
        talk = Talk(dialect)
        talk.opens_transcription()
        side, created = talk.lines[0]
        updated = {**created, "type": created["type"].replace("created", "updated"), "event_id": "first"}
        talk.lines.insert(0, (side, updated))
        assert told(talk) == [("SES001", 1)]


def test_the_dialect_of_a_recording_that_starts_midway_shows_in_its_names_and_responses() -> None:
    for name, lines in scripts().items():
        for start in range(1, len(lines)):
            fed, closing = checked(lines[start:], cut=True)
            wrong = {f.code for f in (*fed, *closing) if f.severity > Severity.INFO}
            # A beta item that is done, seen before anything that tells the dialect, is still taken for GA's.
            assert wrong <= ({"DIA013", "ITM020"} if name.startswith("beta") else set()), (name, start)


def test_a_beta_response_is_recognised_by_its_shape() -> None:
    talk = Talk("beta", webrtc=True)
    talk.begins()
    side, event = talk.lines[0]
    talk.lines[0] = (side, {**event, "response": {**event["response"], "max_output_tokens": "inf"}})
    assert told(talk) == []


def test_a_flat_configuration_before_the_server_speaks_may_be_betas() -> None:
    for dialect in ("beta", "ga"):
        talk = Talk(dialect)
        talk.client("session.update", session={"voice": "alloy", "temperature": 0.8})
        talk.server("session.created", session=talk.config())
        talk.client("session.update", session={"voice": "alloy"})
        assert told(talk) == ([] if dialect == "beta" else [("DIA005", 3)])
    mixed = Talk("ga")
    mixed.client("session.update", session={"type": "realtime", "voice": "alloy"})
    assert told(mixed) == [("DIA005", 1)]


def test_an_error_before_the_session_is_announced_is_not_asked_whom_it_answers() -> None:
    early = Talk("ga")
    early.client("response.create")
    early.fails("event_never")
    early.opens()
    assert told(early) == []
    late = Talk("ga")
    late.client("response.create")
    late.opens()
    late.fails("event_never")
    assert told(late) == [("ERR002", 3)]


def hasty(named: bool, code: str = "invalid_value") -> Talk:
    """A session whose client asks for a second response beside the first, and gets an error."""
    talk = asked()
    talk.begins()
    talk.asks()
    talk.fails(talk.lines[-1][1]["event_id"] if named else None, code)
    return talk


def test_a_hasty_request_stays_one_when_it_is_refused_for_another_reason() -> None:
    line = len(hasty(named=True).lines) - 1
    assert told(hasty(named=True)) == [("RSP020", line)]
    assert told(hasty(named=False)) == [("RSP020", line)]


def test_an_error_that_names_no_request_does_not_hide_that_a_race_was_won() -> None:
    for again, lines in ((False, []), (True, [len(hasty(named=False).lines) + 1])):
        talk = hasty(named=False)
        if again:
            talk.asks()
        talk.ends()
        talk.begins()
        talk.ends()
        assert [line for code, line in told(talk) if code == "RSP020"] == lines


def test_a_request_beside_finished_items_may_be_refused_for_another_reason() -> None:
    talk = asked()
    talk.begins()
    talk.closes_item(talk.opens_item(ASSISTANT))
    talk.asks()
    talk.fails(talk.lines[-1][1]["event_id"])
    assert told(talk) == []


def test_an_assistants_item_has_no_place_in_a_transcription_session_when_it_is_retrieved_either() -> None:
    talk = Talk("ga")
    talk.opens_transcription()
    item = talk.hears()
    talk.client("conversation.item.retrieve", item_id=item)
    content = [{"type": "input_audio", "transcript": None}]
    shown = {"id": item, "type": "message", "status": "completed", "role": "assistant", "content": content}
    talk.server("conversation.item.retrieved", item=shown)
    assert ("DIA009", len(talk.lines)) in told(talk)


def test_an_item_joins_the_conversation_before_its_response_is_done() -> None:
    talk = asked("beta")
    talk.speaks("Hi")
    at = max(i for i, (_, event) in enumerate(talk.lines) if event["type"] == "conversation.item.created")
    talk.lines.append(talk.lines.pop(at))
    assert ("RSP009", len(talk.lines)) in told(talk)


def test_an_item_that_opens_under_the_id_of_another_calls_output_has_another_call() -> None:
    talk = asked()
    talk.returns(talk.calls("{}"))
    side, output = talk.lines[-1]
    talk.asks()
    talk.begins()
    call = {"type": "function_call", "name": "f", "call_id": "call_other", "arguments": ""}
    talk.opens_item({**call, "id": output["item"]["id"]}, mirrored=False)
    assert side == "server"
    assert ("OUT021", len(talk.lines)) in told(talk)


def test_only_a_request_for_that_place_explains_an_item_that_is_not_at_the_tail() -> None:
    for place, fault in (("item_a", True), ("item_b", False)):
        talk = Talk("ga")
        talk.opens()
        for name in ("item_a", "item_b", "item_c"):
            talk.creates({"id": name, "type": "message", "role": "user", "content": []})
        system = {"type": "message", "role": "system", "content": []}
        talk.client("conversation.item.create", previous_item_id=place, item=system)
        shown = {"id": "item_d", "status": "completed", "type": "message", "role": "user", "content": []}
        talk.joins(shown, after="item_b")
        assert (("ITM010", len(talk.lines) - 1) in told(talk)) is fault


def test_an_item_that_the_client_deletes_and_makes_again_is_no_item_of_the_response() -> None:
    talk = asked()
    spoken = talk.speaks("Hi")
    talk.client("conversation.item.delete", item_id=spoken["id"])
    talk.server("conversation.item.deleted", item_id=spoken["id"])
    talk.tail = talk.lines[2][1]["item"]["id"]
    content = [{"type": "output_text", "text": "Hi"}]
    talk.creates({"id": spoken["id"], "type": "message", "role": "assistant", "content": content})
    assert "RSP009" not in [code for code, _ in told(talk)]


def test_an_error_that_names_no_request_does_not_take_an_items_place_away() -> None:
    talk = Talk("ga")
    talk.opens()
    first = talk.says("one")
    talk.says("two")
    item = {"id": "item_placed", "type": "message", "role": "user", "content": []}
    talk.client("conversation.item.create", previous_item_id=first, item=item)
    talk.fails(None)
    talk.joins({**item, "status": "completed"}, after=first)
    assert "ITM010" not in [code for code, _ in told(talk)]


def test_a_request_that_was_not_hasty_may_be_refused_for_any_reason() -> None:
    for code in ("invalid_value", "unknown_parameter"):
        talk = asked()
        talk.speaks("Hi")
        talk.asks()
        talk.fails(talk.lines[-1][1]["event_id"], code)
        assert "RSP020" not in {code for code, _ in told(talk)}


def test_a_refusal_for_a_response_that_nobody_has_seen_in_progress_is_a_warning() -> None:
    talk = asked()
    talk.speaks("Hi")
    talk.asks()
    talk.fails(talk.lines[-1][1]["event_id"], "conversation_already_has_active_response")
    fed, _ = checked(talk.lines, cut=True)
    assert [(f.code, f.severity, f.line) for f in fed if f.severity > Severity.INFO] == [
        ("RSP020", Severity.WARNING, len(talk.lines) - 1)
    ]


def test_what_stands_behind_an_item_that_never_joined_is_not_out_of_place() -> None:
    message = {"type": "message", "role": "assistant", "content": []}
    user = {"type": "message", "role": "user", "status": "completed", "content": []}
    for joined in (True, False):
        talk = asked()
        talk.begins()
        talk.closes_item(talk.opens_item({**message, "id": "item_x"}, mirrored=joined), mirrored=joined)
        for name in ("item_a", "item_b"):
            talk.client("conversation.item.create", item={**user, "id": name})
            talk.joins({**user, "id": name}, after="item_x")
        assert (("ITM010", len(talk.lines) - 1) in told(talk)) is joined


def test_an_item_without_a_predecessor_where_a_request_wants_the_beginning_comes_first() -> None:
    user: dict[str, Any] = {"type": "message", "role": "user", "status": "completed", "content": []}
    talk = Talk("ga")
    talk.opens()
    first = talk.says("one")
    talk.client("conversation.item.create", item={**user, "id": "item_x"}, previous_item_id="root")
    talk.joins({**ASSISTANT, "status": "completed", "id": "item_other"}, after=None)
    talk.joins({**user, "id": "item_x"}, after=None)
    talk.creates({**user, "id": "item_y"})
    assert talk.lines[-1][1]["previous_item_id"] == first
    assert told(talk) == []


def test_behind_an_item_that_is_done_and_still_to_join_comes_only_what_follows_it_or_the_tail() -> None:
    for place in ("item_x", "the tail", None):
        talk = asked()
        talk.begins()
        item = talk.opens_item({**ASSISTANT, "id": "item_x"}, mirrored=False)
        talk.closes_item(item, mirrored=False)
        shown = {"type": "message", "role": "user", "status": "completed", "content": [], "id": "item_a"}
        talk.client("conversation.item.create", item=shown)
        talk.joins(shown, after=talk.tail if place == "the tail" else place)
        assert (("ITM010", len(talk.lines) - 1) in told(talk)) is (place is None)


def test_the_item_of_a_turn_is_placed_by_nobody_also_before_its_commit() -> None:
    for previous in (None, "item_first"):
        talk = Talk("ga", vad=True)
        talk.opens()
        talk.joins({**ASSISTANT, "status": "completed", "id": "item_first"})
        talk.server("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_u")
        talk.server("input_audio_buffer.speech_stopped", audio_end_ms=400, item_id="item_u")
        content = [{"type": "input_audio", "transcript": None}]
        spoken = {
            "id": "item_u",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": content,
        }
        talk.joins(spoken, after=previous)
        assert (("ITM010", len(talk.lines) - 1) in told(talk)) is (previous is None)


def test_only_the_end_of_a_remote_call_may_come_after_its_response() -> None:
    for late in (True, False):
        talk = Talk("ga")
        talk.opens()
        talk.lists_tools()
        talk.says("Hello")
        talk.asks()
        talk.remote()
        done = talk.lines.pop()
        types = [event["type"] for _, event in talk.lines]
        at = types.index("response.output_item.added") + 1
        added = talk.lines[at]
        assert types[at : at + 2] == ["conversation.item.added", "response.mcp_call_arguments.done"]
        talk.lines[at : at + 2] = (done, added) if late else (added, done)
        assert told(talk) == ([("RSP009", at + 2)] if late else [])


def test_after_nothing_but_errors_nobody_knows_what_the_recording_holds() -> None:
    output = {"type": "function_call_output", "call_id": "call_1", "output": "{}"}
    references = [{"type": "item_reference", "id": "item_before"}]
    for announced in (True, False):
        talk = Talk("beta")
        if announced:
            talk.opens()
        talk.fails(None, "session_error")
        talk.client("conversation.item.create", item=output)
        talk.client("conversation.item.delete", item_id="item_before")
        talk.client("response.create", response={"conversation": "none", "input": references})
        assert {code for code, _ in told(talk)} == ({"ITM021", "CLI024", "CLI032"} if announced else set())


def test_two_turns_beside_a_response_do_not_show_that_it_is_never_done() -> None:
    talk = Talk("ga", vad=True)
    talk.opens()
    detection = {"type": "server_vad", "create_response": False, "interrupt_response": False}
    talk.lines[0][1]["session"]["audio"]["input"]["turn_detection"] = detection
    talk.hears()
    talk.asks()
    talk.begins()
    talk.opens_item(ASSISTANT)
    talk.hears()
    talk.hears()
    assert told(talk) == []


def test_playback_that_was_cleared_is_not_cleared_again_also_where_nobody_saw_it_start() -> None:
    for asks in (True, False):
        talk = asked(webrtc=True)
        talk.begins()
        talk.plays("cleared")
        talk.client("output_audio_buffer.clear" if asks else "input_audio_buffer.clear")
        talk.plays("cleared")
        del talk.lines[:-3]
        assert told(talk) == ([] if asks else [("OAB003", 3)])


def test_an_item_belongs_to_the_response_that_first_named_it() -> None:
    talk = asked()
    talk.begins()
    item = talk.opens_item(ASSISTANT)
    del talk.lines[:]
    talk.server("response.content_part.added", **talk.about(item), part={"type": "text", "text": ""})
    talk.begins()
    item["status"] = "completed"
    talk.server("response.output_item.done", response_id=talk.response, output_index=0, item=item)
    talk.ends()
    assert "RSP024" not in {code for code, _ in told(talk)}


def test_a_response_that_was_done_is_created_again_also_where_nobody_saw_it_begin() -> None:
    for known in (True, False):
        talk = asked()
        talk.begins()
        talk.ends()
        done = talk.lines[-1]
        talk.begins()
        other = talk.lines[-1]
        created = talk.lines[-3]
        assert created[1]["type"] == "response.created"
        talk.lines = [*([done] if known else []), other, created]
        codes = {code for code, line in told(talk) if line == len(talk.lines)}
        assert codes == {"RSP002" if known else "RSP004"}


def test_an_item_out_of_band_is_known_and_told_as_that() -> None:
    talk = Talk("ga")
    talk.opens()
    talk.asks(conversation="none")
    talk.begins(conversation=None)
    item = talk.message(["Apart"], audio=True, mirrored=False)
    talk.ends(conversation=None)
    talk.server("conversation.item.truncated", item_id=item["id"], content_index=0, audio_end_ms=10)
    codes = {code for code, line in told(talk) if line == len(talk.lines)}
    assert codes & {"ITM001", "ITM025"} == {"ITM025"}


def test_an_item_that_is_deleted_unadded_is_not_done_afterwards() -> None:
    for added in (True, False):
        talk = Talk("ga")
        talk.opens()
        item = talk.hears()
        done = talk.lines.pop()
        if not added:
            talk.lines.pop()
        talk.client("conversation.item.delete", item_id=item)
        talk.server("conversation.item.deleted", item_id=item)
        talk.lines.append(done)
        assert (("ITM003", len(talk.lines)) in told(talk)) is not added


def test_an_error_that_names_a_hasty_request_answers_it_also_after_one_that_names_none() -> None:
    for code in ("conversation_already_has_active_response", "invalid_value"):
        talk = asked()
        talk.begins()
        talk.opens_item(ASSISTANT)
        talk.asks()
        name = talk.lines[-1][1]["event_id"]
        talk.fails(None)
        talk.fails(name, code)
        fed, closing = checked(talk.lines, cut=True)
        severity = Severity.ERROR if code.startswith("conversation") else Severity.WARNING
        assert [f.severity for f in (*fed, *closing) if f.code == "RSP020"] == [severity]
