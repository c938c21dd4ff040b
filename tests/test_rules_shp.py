"""What the rules about shapes and bytes say beyond their own examples."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rtproto.checker import SessionChecker
from rtproto.events.dialect import DIALECTS, event_type
from rtproto.findings import Finding, Severity
from rtproto.reports.words import message
from rtproto.rules.closed_values import enumerated
from rtproto.rules.examples import after, change
from rtproto.rules.sessions import session
from rtproto.rules.shp.values import ENUMERATED
from tests.judging import judge, said


def asked(**wish: Any) -> list[Finding]:
    """What a GA update that the server does not serve gives rise to."""
    return judge("refused_requests", change("session.update", "session", {"type": "realtime", **wish}))


def test_every_event_with_closed_values_is_looked_at() -> None:
    """The list of events is written down, so that importing the rules need not look at every class."""
    with_values = {
        event_type(cls)
        for dialect in DIALECTS.values()
        for cls in dialect.server + dialect.extras
        if enumerated(cls)
    }

    # Audio is too frequent.
    assert with_values - set(ENUMERATED) == {"session.output_audio.delta"}
    assert set(ENUMERATED) <= with_values


def test_values_are_looked_for_at_every_depth() -> None:
    findings = judge(
        "voice_turn",
        change("session.created", "session.output_modalities", ["smell"]),
        change("session.created", "session.audio.input.format.rate", 16000),
        change("session.created", "session.prompt", {"id": "p", "variables": {"x": "anything"}}),
        change("response.done", "response.output.0.role", "robot"),
        change("response.done", "response.output.0.object", "item"),
        change("response.done", "response.max_output_tokens", 12),
    )

    assert [(f.code, f.args["path"], f.args["found"]) for f in findings if f.code.startswith("SHP")] == [
        ("SHP005", "session.output_modalities[0]", "smell"),
        ("SHP005", "session.audio.input.format.rate", 16000),
        # The role is RSP025's too: it was another in the item's own event.
        ("SHP006", "response.output[0].object", "item"),
    ]


def test_a_value_is_told_once_and_a_good_one_never_again() -> None:
    edits = [change("conversation.item.added", "item.status", "queued", n) for n in (0, 1)]

    assert len(said(judge("text_turn", *edits), "SHP005")) == 1


def test_a_null_of_the_clients_is_an_error() -> None:
    assert [(f.code, f.severity) for f in asked(instructions=None)] == [("SHP002", Severity.ERROR)]


def test_unknown_members_at_every_depth() -> None:
    findings = judge(
        "text_turn",
        change("response.done", "response.output.0.content.0.mood", "fine"),
        change("response.done", "response.flavour", {"deep": 1}),
        change("session.updated", "session.tools", [{"type": "web_search", "depth": 3}]),
        after("session.updated", "server", {"type": "session.heartbeat", "event_id": "event_beat", "n": 1}),
        strict_fields=True,
    )

    assert [f.args["path"] for f in findings if f.code == "SHP004"] == [
        "response.output[].content[].mood",
        "response.flavour",
    ]


def test_unknown_members_are_not_looked_for_unasked() -> None:
    assert judge("text_turn", change("session.update", "session.mood", "cheerful")) == []


def test_lines_at_the_edge_of_what_can_be_read_stop_nothing() -> None:
    """Rules that read a line again stand deeper in the stack than the decoder, so they reach its limit first."""
    for depth in range(800, 1000):
        deep = b"[" * depth + b"]" * depth
        detection = b'{"type":"server_vad","x":%s}' % deep
        checker = SessionChecker(strict_fields=True)
        checker.feed("server", msgspec.json.encode(session("text_turn")[0][1])[:-1] + b',"x":%s}' % deep)
        checker.feed(
            "client",
            b'{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":%s}}}}'
            % detection,
        )
        if {finding.code for finding in checker.findings} == {"WIR005"}:
            break
    else:
        raise AssertionError("no depth was too deep")


def test_repeated_keys_are_told_beneath_what_was_found() -> None:
    lines = [(d, msgspec.json.encode(e)) for d, e in session("text_turn")]
    at = next(i for i, (_, raw) in enumerate(lines) if b'"response.done"' in raw)
    doubled = lines[at][1][:-1] + b',"event_id":"event_other"}'
    checker = SessionChecker()
    for direction, raw in [*lines[: at + 1], ("server", doubled)]:
        checker.feed(direction, raw)

    assert [(f.code, f.caused_by) for f in checker.findings] == [("RSP005", None), ("WIR010", 0)]


def test_repeated_keys_of_a_line_that_does_not_decode() -> None:
    keys = b",".join(b'"k%d":1,"k%d":2' % (n, n) for n in range(5))
    checker = SessionChecker()
    checker.feed("server", msgspec.json.encode(session("text_turn")[0][1]))
    for _ in range(2):
        checker.feed("server", b'{"type":"response.done",' + keys + b"}")

    assert [f.args["keys"] for f in checker.findings if f.code == "WIR010"] == [
        "`$.k0`, `$.k1`, `$.k2`, `$.k3` and 1 others"
    ]


def test_unknown_members_are_told_once_and_not_of_unknown_objects() -> None:
    moods = [change("conversation.item.added", "item.mood", "fine", n) for n in (0, 1)]
    strange = change("session.update", "session", {"type": "dictation", "speed": 1})
    findings = judge("text_turn", *moods, strange, strict_fields=True)

    assert [f.args["path"] for f in findings if f.code == "SHP004"] == ["item.mood"]


@pytest.mark.parametrize(
    "raw, sentence",
    [
        (b'{"event_id":"x"}', "not an event: `type` is missing"),
        (b'{"event":"hello"}', "not an event: `type` is missing"),
        (b'{"type":5}', "not an event: `type` should be a string, it is 5"),
        (b'{"type":null}', "not an event: `type` should be a string, it is null"),
        (b"null", "not an event: expected an object, found null"),
        (b"", "not an event: expected a JSON object, found nothing"),
    ],
)
def test_what_is_no_event_is_told_by_what_it_lacks(raw: bytes, sentence: str) -> None:
    (finding,) = SessionChecker(dialect="ga").feed("client", raw)

    assert (finding.code, message(finding)) == ("SHP007", sentence)
