"""Faults that went unheard, each beside the legal session one edit away from it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.findings import Severity
from rtproto.rules import RULES
from tests.oracle.compare import checked
from tests.oracle.talk import Talk

OUTPUT: dict[str, Any] = {"type": "function_call_output", "output": "{}"}
dialects = pytest.mark.parametrize("dialect", ["ga", "beta"])


def told(talk: Talk) -> list[tuple[str, int]]:
    """Code and line of the faults, their consequences left out, at warning or worse."""
    fed, closing = checked(talk.lines, cut=True)
    return [(f.code, f.line) for f in (*fed, *closing) if f.severity > Severity.INFO and f.caused_by is None]


def words(talk: Talk, code: str) -> list[str]:
    """What is said under a code."""
    fed, closing = checked(talk.lines, cut=True)
    return [RULES[code].message.format_map(f.args) for f in (*fed, *closing) if f.code == code]


def called(dialect: str, conversation: str | None = "conv_1") -> tuple[Talk, dict[str, Any]]:
    """A session in which a function was called, and the item of the call."""
    talk = Talk(dialect)
    talk.opens()
    talk.says("Hello")
    talk.asks(**({} if conversation else {"conversation": "none"}))
    talk.begins(conversation)
    item = talk.opens_item(
        {"type": "function_call", "name": "look_up", "call_id": "call_1", "arguments": ""},
        mirrored=conversation is not None,
    )
    about = {key: value for key, value in talk.about(item).items() if key != "content_index"}
    done = {"call_id": "call_1", "name": "look_up", "arguments": "{}"}
    talk.server("response.function_call_arguments.delta", **about, call_id="call_1", delta="{}")
    item["arguments"] = "{}"
    talk.server("response.function_call_arguments.done", **about, **done)
    talk.closes_item(item, mirrored=conversation is not None)
    talk.ends(conversation=conversation)
    return talk, item


def answers(talk: Talk, id: str = "item_output") -> int:
    """The client sends the output of the call; the line of that."""
    talk.client("conversation.item.create", item={**OUTPUT, "id": id, "call_id": "call_1"})
    return len(talk.lines)


@dialects
def test_itm021_the_call_was_deleted(dialect: str) -> None:
    talk, item = called(dialect)
    talk.client("conversation.item.delete", item_id=item["id"])
    assert told(talk) == []
    talk.server("conversation.item.deleted", item_id=item["id"])
    line = answers(talk)

    assert told(talk) == [("ITM021", line)]
    assert words(talk, "ITM021") == ["no function call call_1 is in the conversation; it was deleted"]


@dialects
def test_itm021_a_deletion_that_is_not_told_yet_is_a_race(dialect: str) -> None:
    talk, item = called(dialect)
    talk.client("conversation.item.delete", item_id=item["id"])
    answers(talk)

    assert told(talk) == []


@dialects
def test_itm021_the_call_was_made_out_of_band(dialect: str) -> None:
    talk, item = called(dialect, None)
    line = answers(talk)

    assert told(talk) == [("ITM021", line)]
    assert words(talk, "ITM021")[0].endswith(f"; {talk.response} made it out of band")

    # The client may put a copy of the call into the conversation.
    copied, _ = called(dialect, None)
    copy = {**item, "id": "item_copy", "status": "completed"}
    copied.creates(copy)
    copied.creates({**OUTPUT, "id": "item_output", "call_id": "call_1"})

    assert told(copied) == []


@dialects
def test_itm021_the_call_was_refused(dialect: str) -> None:
    talk = Talk(dialect)
    talk.opens()
    call = {
        "id": "item_c",
        "type": "function_call",
        "name": "look_up",
        "call_id": "call_1",
        "arguments": "{}",
    }
    talk.client("conversation.item.create", item=call)
    refused = talk.lines[-1][1]["event_id"]
    talk.fails(refused)
    line = answers(talk)

    assert told(talk) == [("ITM021", line)]
    assert words(talk, "ITM021")[0].endswith("; it was refused")

    # An error that names no request may be about another one, and one of the server itself refuses nothing.
    for change in ({"event_id": None}, {"type": "server_error"}):
        unclear = Talk(dialect)
        unclear.lines = [(side, {**event}) for side, event in talk.lines]
        error = unclear.lines[2][1]
        error["error"] = {**error["error"], **change}
        assert told(unclear) == []


def test_itm021_a_call_that_is_there_is_not_refused_by_its_copy() -> None:
    talk, item = called("ga")
    talk.client("conversation.item.create", item={**item, "status": "completed"})
    talk.fails(talk.lines[-1][1]["event_id"])
    talk.creates({**OUTPUT, "id": "item_output", "call_id": "call_1"})

    assert told(talk) == []


@dialects
def test_itm021_says_where_an_item_id_stands_for_the_call_id(dialect: str) -> None:
    talk, item = called(dialect)
    talk.client("conversation.item.create", item={**OUTPUT, "call_id": item["id"]})

    assert told(talk) == [("ITM021", len(talk.lines))]
    assert words(talk, "ITM021")[0].endswith("that is the id of the call's item, whose call_id is call_1")


@dialects
def test_itm022_two_outputs_are_sent_at_once(dialect: str) -> None:
    talk, _ = called(dialect)
    first = answers(talk)
    second = answers(talk, "item_output_2")

    assert told(talk) == [("ITM022", second)]
    fed, _ = checked(talk.lines, cut=True)
    assert [w.line for f in fed for w in f.witnesses if f.code == "ITM022"] == [first]


@dialects
@pytest.mark.parametrize("named", [True, False])
def test_itm022_an_output_may_be_sent_again_after_an_error(dialect: str, named: bool) -> None:
    talk, _ = called(dialect)
    answers(talk)
    talk.fails(talk.lines[-1][1]["event_id"] if named else None, "rate_limit_exceeded")
    answers(talk, "item_output_2")

    assert told(talk) == []


def hears(talk: Talk, *steps: str, item: str = "item_turn") -> None:
    """The server's steps of a spoken turn."""
    times = {
        "speech_started": {"audio_start_ms": talk.clock - 300},
        "speech_stopped": {"audio_end_ms": talk.clock},
    }
    for step in steps:
        previous = {"previous_item_id": talk.tail} if step == "committed" else {}
        talk.server(f"input_audio_buffer.{step}", **times.get(step, previous), item_id=item)


def listening(dialect: str = "ga", **config: bool) -> Talk:
    """A session that detects turns, and has got audio."""
    talk = Talk(dialect, **{"vad": True, **config})
    talk.opens()
    talk.appends(300)
    return talk


@dialects
def test_iab020_a_turn_is_committed_after_its_speech(dialect: str) -> None:
    spoken = listening(dialect)
    hears(spoken, "speech_started", "speech_stopped", "committed")
    cut = listening(dialect)
    hears(cut, "speech_started", "committed")
    silent = listening(dialect)
    hears(silent, "committed")

    assert told(spoken) == []
    assert told(cut) == [("IAB020", 4)]
    assert words(cut, "IAB020") == ["the commit comes before the speech has stopped"]
    assert told(silent) == [("IAB020", 3)]
    assert words(silent, "IAB020") == ["the commit comes without any speech"]


@dialects
def test_iab020_a_stop_that_comes_after_its_commit_is_no_second_fault(dialect: str) -> None:
    late = listening(dialect)
    hears(late, "speech_started", "committed", "speech_stopped")
    another = listening(dialect)
    hears(another, "speech_started", "committed")
    hears(another, "speech_stopped", "committed", item="item_turn_2")
    doubled = listening(dialect)
    hears(doubled, "speech_started", "committed", "speech_stopped", "speech_stopped")

    assert told(late) == [("IAB020", 4)]
    assert told(another) == [("IAB020", 4), ("IAB008", 6)]  # of the first, no item came
    assert told(doubled) == [("IAB020", 4), ("IAB001", 6)]


@dialects
@pytest.mark.parametrize("steps", [("speech_started", "committed"), ("committed",)])
def test_iab020_a_commit_that_the_client_asked_for_or_may_have(dialect: str, steps: tuple[str, ...]) -> None:
    asked = listening(dialect)
    asked.client("input_audio_buffer.commit")
    hears(asked, *steps)
    unseen = listening(dialect)
    hears(unseen, *steps)
    unseen.lines = [line for line in unseen.lines if line[0] == "server"]
    late = listening(dialect)
    hears(late, *steps)
    del late.lines[0]
    # The refusal that names nothing struck out the request, which may stand all the same.
    unclear = listening(dialect)
    unclear.client("input_audio_buffer.commit")
    unclear.fails(None, "input_audio_buffer_commit_empty")
    hears(unclear, *steps)

    assert [told(talk) for talk in (asked, unseen, late, unclear)] == [[], [], [], []]


def test_iab020_commits_that_need_no_speech() -> None:
    by_hand = listening(vad=False)
    hears(by_hand, "committed")
    idle = listening()
    idle.server(
        "input_audio_buffer.timeout_triggered", audio_start_ms=0, audio_end_ms=300, item_id="item_turn"
    )
    hears(idle, "committed")
    cleared = listening()
    hears(cleared, "speech_started", "speech_stopped")
    cleared.client("input_audio_buffer.clear")
    cleared.server("input_audio_buffer.cleared")
    hears(cleared, "committed")

    assert "IAB020" not in {code for talk in (by_hand, idle, cleared) for code, _ in told(talk)}


def test_iab020_a_commit_that_comes_twice_is_the_missing_item() -> None:
    talk = listening()
    hears(talk, "speech_started", "speech_stopped", "committed", "committed")

    assert told(talk) == [("IAB008", 6)]


@dialects
def test_rsp018_no_turn_is_answered_before_it_is_over(dialect: str) -> None:
    talk = listening(dialect)
    hears(talk, "speech_started")
    talk.begins()

    assert told(talk) == [("RSP018", 4)]
    fed, _ = checked(talk.lines, cut=True)
    assert [w.line for f in fed for w in f.witnesses if f.code == "RSP018"] == [3]

    asked = listening(dialect)
    hears(asked, "speech_started")
    asked.asks()
    asked.begins()
    assert told(asked) == []


@dialects
def test_rsp018_the_turn_before_is_answered_while_the_user_speaks_on(dialect: str) -> None:
    talk = listening(dialect)
    talk.hears()
    talk.appends(300)
    hears(talk, "speech_started", item="item_next")
    answered = len(talk.lines)
    talk.begins()
    assert told(talk) == []

    # The next one has the turn before answered already.
    talk.ends("cancelled", "turn_detected")
    talk.begins()
    assert told(talk) == [("RSP018", answered + 3)]


@dialects
def test_itm018_no_item_follows_one_that_was_deleted(dialect: str) -> None:
    def deleting(*, before: bool) -> Talk:
        talk = Talk(dialect)
        talk.opens()
        gone = talk.says("Hello")
        item = {"id": "item_next", "type": "message", "role": "user", "status": "completed"}
        item |= {"content": [{"type": "input_text", "text": "There"}]}
        talk.client("conversation.item.delete", item_id=gone)
        steps = [
            lambda: talk.server("conversation.item.deleted", item_id=gone),
            lambda: talk.client("conversation.item.create", item=item),
        ]
        for step in reversed(steps) if before else steps:
            step()
        talk.joins(item)
        return talk

    late = deleting(before=False)
    line = next(at for at, (_, e) in enumerate(late.lines, 1) if e.get("item", {}).get("id") == "item_next")
    assert told(late) == [("ITM018", line + 1)]
    assert words(late, "ITM018")[0].endswith("after an item that was deleted")
    # The deletion and the request cross.
    assert told(deleting(before=True)) == []


def played(*, ends: bool, conversation: str | None = "conv_1") -> Talk:
    """A response on WebRTC that begins while or after another is played."""
    talk = Talk("ga", webrtc=True)
    talk.opens()
    for place in ("conv_1", conversation):
        talk.asks(**({} if place else {"conversation": "none"}))
        talk.begins(place)
        item = talk.opens_item({"type": "message", "role": "assistant", "content": []}, mirrored=bool(place))
        empty = {"type": "audio", "transcript": ""}
        talk.server("response.content_part.added", **talk.about(item), part=empty)
        talk.plays("started")
        if place == "conv_1" and talk.count < 12:
            talk.server("response.output_audio.done", **talk.about(item))
            talk.server("response.output_audio_transcript.done", **talk.about(item), transcript="")
            talk.server("response.content_part.done", **talk.about(item), part=empty)
            item["content"] = [{"type": "output_audio", "transcript": ""}]
            talk.closes_item(item)
            talk.ends()
            if ends:
                talk.plays("stopped")
    return talk


def test_oab002_one_response_is_played_at_a_time() -> None:
    assert "OAB002" not in [code for code, _ in told(played(ends=True))]
    assert "OAB002" not in [code for code, _ in told(played(ends=False, conversation=None))]

    both = played(ends=False)
    assert ("OAB002", len(both.lines)) in told(both)
    assert "starts while `resp_" in words(both, "OAB002")[0]


def remote(*named: str | None) -> Talk:
    """Two calls of a remote tool after one approval; each names the request for it, or none."""
    talk = Talk("ga")
    talk.opens()
    tool = {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example"}
    tools = [{**tool, "require_approval": "always"}]
    talk.configures({"tools": tools}, {"tools": tools})
    call = {"server_label": "docs", "name": "search", "arguments": "{}"}
    talk.asks()
    talk.begins(written=True)
    asked = talk.opens_item({"type": "mcp_approval_request", **call})
    del asked["status"]
    talk.server("response.output_item.done", response_id=talk.response, output_index=0, item=dict(asked))
    talk.ends()
    approval = {"type": "mcp_approval_response", "approval_request_id": asked["id"], "approve": True}
    talk.creates({"id": "item_yes", **approval})
    for request in named:
        talk.asks()
        talk.begins(written=True)
        given = asked["id"] if request == "named" else request
        item = talk.opens_item({"type": "mcp_call", **call, "arguments": "", "approval_request_id": given})
        place = {"item_id": item["id"], "output_index": 0}
        about = {**place, "response_id": talk.response}
        talk.server("response.mcp_call_arguments.delta", **about, delta="{}")
        talk.server("response.mcp_call_arguments.done", **about, arguments="{}")
        talk.server("response.mcp_call.in_progress", **place)
        talk.server("response.mcp_call.completed", **place)
        item["arguments"] = "{}"
        talk.closes_item(item)
        talk.ends()
    return talk


@pytest.mark.parametrize(
    "named, skipped",
    [
        (("named",), 0),
        ((None,), 0),
        (("item_elsewhere",), 0),
        (("named", None), 1),
        ((None, None), 1),
        (("item_elsewhere", None), 1),
        # The request is named: it is for this call, whatever took it before.
        ((None, "named"), 0),
    ],
)
def test_mcp009_an_approval_is_for_one_call(named: tuple[str | None, ...], skipped: int) -> None:
    assert [code for code, _ in told(remote(*named))].count("MCP009") == skipped


@dialects
def test_tru004_a_written_message_has_nothing_to_truncate(dialect: str) -> None:
    def cut(*, audio: bool) -> Talk:
        talk = Talk(dialect)
        talk.opens()
        talk.appends(100)
        talk.asks()
        item = talk.speaks("Hi") if audio else talk.writes("Hi")
        about = {"item_id": item["id"], "content_index": 0, "audio_end_ms": 0}
        talk.client("conversation.item.truncate", **about)
        return talk

    written = cut(audio=False)
    assert told(written) == [("TRU004", len(written.lines))]
    assert words(written, "TRU004") == ["an assistant message without audio cannot be truncated"]
    assert told(cut(audio=True)) == []


@dialects
@pytest.mark.parametrize(
    "seconds, again, told_at_last", [(5.0, False, True), (0.5, False, False), (5.0, True, False)]
)
def test_trn001_a_turn_that_was_spoken_after_transcription_was_off(
    dialect: str, seconds: float, again: bool, told_at_last: bool
) -> None:
    talk = Talk(dialect)
    talk.opens()
    talk.transcribes(talk.hears(), "Hello")
    flat = {"input_audio_transcription": None}
    off = (
        {"audio": {"input": {**talk.config()["audio"]["input"], "transcription": None}}} if talk.ga else flat
    )
    talk.configures({"instructions": "Be brief."}, off)
    at = len(talk.lines)
    item = talk.hears()
    if again:
        talk.configures({"instructions": "Be kind."}, {})
    talk.transcribes(item, "There")

    checker = SessionChecker()
    for number, (side, event) in enumerate(talk.lines, 1):
        clock = float(number > at) * seconds + number / 1000
        checker.feed(side, msgspec.json.encode(event), time=clock)
    assert ("TRN001" in {f.code for f in checker.findings}) is told_at_last


def test_trn001_speech_that_began_before_transcription_was_off() -> None:
    talk = listening()
    talk.transcribes(talk.hears(), "Hello")
    talk.appends(300)
    hears(talk, "speech_started")
    off = {"audio": {"input": {**talk.config()["audio"]["input"], "transcription": None}}}
    talk.configures({"instructions": "Be brief."}, off)
    for _ in range(12):
        talk.appends(20)
    hears(talk, "speech_stopped", "committed")
    talk.transcribes("item_turn", "There")

    assert "TRN001" not in [code for code, _ in told(talk)]


@dialects
@pytest.mark.parametrize("type", ["conversation.item.create", "response.create"])
def test_itm020_content_of_another_role(dialect: str, type: str) -> None:
    def give(kind: str) -> Talk:
        talk = Talk(dialect)
        talk.opens()
        item = {"type": "message", "role": "assistant", "content": [{"type": kind, "text": "Hi"}]}
        given = {"response": {"conversation": "none", "input": [item]}}
        talk.client(type, **({"item": item} if type == "conversation.item.create" else given))
        return talk

    assert told(give("input_text")) == [("ITM020", 2)]
    assert told(give("output_text" if dialect == "ga" else "text")) == []


def test_cli001_says_what_to_send_instead() -> None:
    talk = Talk("ga")
    talk.opens()
    talk.client("transcription_session.update", session={"input_audio_format": "pcm16"})
    talk.client("response.interrupt")
    talk.client("response.configure")

    assert [said.partition("`; ")[2] for said in words(talk, "CLI001")] == [
        "send `session.update` with a session of type transcription",
        "`response.cancel` stops a response",
        "",
    ]


def test_shp001_an_approval_needs_no_id() -> None:
    def approval(**item: Any) -> Talk:
        talk = Talk("ga")
        talk.opens()
        talk.client("conversation.item.create", item={"type": "mcp_approval_response", **item})
        return talk

    assert "SHP001" not in [code for code, _ in told(approval(approval_request_id="item_q", approve=True))]
    assert ("SHP001", 2) in told(approval(approval_request_id="item_q"))
