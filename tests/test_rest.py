"""Bodies of REST calls: which call they belong to, what is wrong with them, and that no secret is told."""

from __future__ import annotations

import copy
import json
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rtproto
from rtproto import ga, wire
from rtproto.findings import Finding, Severity
from rtproto.rest import check_rest
from rtproto.rules import RULES
from rtproto.rules.examples import RestExample
from rtproto.rules.rst import RestRule

BASE = "https://api.openai.com/v1/realtime/"
REST = {code: rule for code, rule in RULES.items() if issubclass(rule, RestRule)}
rest_rules = pytest.mark.parametrize("rule", REST.values(), ids=list(REST))

# The shapes are those of the published types; the values are made up.
SECRET = {"value": "ek_aaaaaaaaaaaaaaaaaaaa", "expires_at": 1790000600}
GA_REQUEST: dict[str, Any] = {"session": {"type": "realtime", "model": "gpt-realtime"}}
GA_RESPONSE: dict[str, Any] = {
    **SECRET,
    "session": {"type": "realtime", "object": "realtime.session", "id": "sess_1", "model": "gpt-realtime"},
}
TRANSLATION_REQUEST: dict[str, Any] = {"session": {"model": "gpt-realtime-translate"}}
TRANSLATION_RESPONSE: dict[str, Any] = {
    **SECRET,
    "session": {"type": "translation", "id": "sess_1", "model": "m", "expires_at": 0, "audio": {}},
}
BETA_REQUEST: dict[str, Any] = {"model": "gpt-4o-realtime-preview", "modalities": ["text", "audio"]}
BETA_RESPONSE: dict[str, Any] = {"object": "realtime.session", "id": "sess_1", "client_secret": SECRET}
HEARING_REQUEST: dict[str, Any] = {"input_audio_transcription": {"model": "whisper-1"}}
HEARING_RESPONSE: dict[str, Any] = {
    "object": "realtime.transcription_session",
    "id": "sess_1",
    "client_secret": SECRET,
}
CALLS = {
    "client_secrets": (GA_REQUEST, GA_RESPONSE),
    "translations/client_secrets": (TRANSLATION_REQUEST, TRANSLATION_RESPONSE),
    "sessions": (BETA_REQUEST, BETA_RESPONSE),
    "transcription_sessions": (HEARING_REQUEST, HEARING_RESPONSE),
}
calls = pytest.mark.parametrize("call", CALLS)


def body(value: Any) -> bytes | None:
    return None if value is None else json.dumps(value).encode()


def found(request: Any, response: Any, **options: Any) -> list[tuple[str, int]]:
    return [(f.code, f.line) for f in check_rest(body(request), body(response), **options)]


def judge(example: RestExample, *, breaking: bool) -> list[Finding]:
    (_, request), (_, response) = example.lines(breaking=breaking)
    return check_rest(request, response, url=BASE + example.session)


@rest_rules
def test_breaking_example_breaks_this_rule_alone(rule: type[RestRule]) -> None:
    assert isinstance(rule.example, RestExample)
    (finding,) = judge(rule.example, breaking=True)

    assert (finding.code, finding.severity) == (rule.code, rule.severity)
    assert "{" not in rule.message.format_map(finding.args)
    assert judge(rule.example, breaking=False) == []


def test_all_rules_about_rest_are_there() -> None:
    assert {code for code in RULES if code.startswith("RST")} == {f"RST00{n}" for n in range(1, 8)}
    assert set(REST) == {"RST001", "RST002", "RST003", "RST004", "RST006", "RST007"}


def test_the_function_is_public() -> None:
    assert rtproto.check_rest is check_rest


# Which call it is.


@calls
@pytest.mark.parametrize("shown", ["both", "request", "response"])
def test_calls_are_known_by_path_and_by_shape(call: str, shown: str) -> None:
    request, response = CALLS[call]
    asked = None if shown == "response" else request
    answer = None if shown == "request" else response

    assert found(asked, answer, url=f"{BASE}{call}?api-version=1") == []
    assert found(asked, answer) == []


@calls
def test_findings_name_the_call(call: str) -> None:
    (first, *_) = check_rest(b"[]", None, url=BASE + call)

    assert first.event is not None
    assert first.event.type == f"POST realtime/{call}"


@pytest.mark.parametrize(
    "request_body, response_body, call",
    [
        ({"expires_after": {"seconds": 60}}, None, "client_secrets"),
        (None, {"object": "realtime.session"}, "sessions"),
        (None, {"value": "ek_1"}, "client_secrets"),
    ],
)
def test_a_single_mark_is_enough(request_body: Any, response_body: Any, call: str) -> None:
    by_path = check_rest(body(request_body), body(response_body), url=BASE + call)

    assert check_rest(body(request_body), body(response_body)) == by_path


@pytest.mark.parametrize("raw", [b"{}", b"nonsense", b"[" * 5000, None])
def test_bodies_that_belong_to_no_call(raw: bytes | None) -> None:
    with pytest.raises(ValueError, match="give its url"):
        check_rest(raw, None)
    with pytest.raises(
        ValueError, match="'/v1/responses'; there are: translations/client_secrets, client_secrets"
    ):
        check_rest(raw, None, url="https://api.openai.com/v1/responses")


# What is wrong with the bodies.


@pytest.mark.parametrize(
    "raw, code",
    [
        (b'{"session": 7}', "SHP002"),
        (b'{"expires_after": {"seconds": "600"}}', "SHP002"),
        (b'{"session": {"type": "realtime", "tools": [{"type": "function", "name": 1}]}}', "SHP002"),
        (b"[]", "SHP007"),
        (b"", "SHP007"),
        (b"{'session': {}}", "WIR002"),
        (b'{"session": NaN}', "WIR003"),
        (b'{"session": "caf\xe9"}', "WIR001"),
        (b'{"session": {"type": "realtime"', "WIR007"),
        (b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "WIR005"),
    ],
)
def test_requests_that_do_not_decode(raw: bytes, code: str) -> None:
    assert [(f.code, f.line) for f in check_rest(raw, None, url=BASE + "client_secrets")] == [(code, 1)]


@pytest.mark.parametrize(
    "call, code",
    [
        ("client_secrets", "RST002"),
        ("translations/client_secrets", "RST002"),
        ("sessions", "RST003"),
        ("transcription_sessions", "RST004"),
    ],
)
def test_answers_of_another_shape_are_the_calls_own_rule(call: str, code: str) -> None:
    for broken in (b"[]", b'{"client_secret": "ek_1", "value": 7}'):
        assert [(f.code, f.line) for f in check_rest(None, broken, url=BASE + call)] == [(code, 2)]
    assert [f.code for f in check_rest(None, b"{", url=BASE + call)] == ["WIR007"]


@calls
def test_an_empty_secret_is_told(call: str) -> None:
    response = copy.deepcopy(CALLS[call][1])
    (response if "client_secrets" in call else response["client_secret"])["value"] = ""
    (finding,) = check_rest(None, body(response), url=BASE + call)

    assert finding.args["what"] == "the secret is empty"


@pytest.mark.parametrize(
    "lifetime, told",
    [
        ({"anchor": "created_at", "seconds": 10}, 0),
        ({"seconds": 7200}, 0),
        ({"seconds": 9}, 1),
        ({"seconds": 7201}, 1),
        ({"anchor": "used_at"}, 1),
        ({"anchor": "used_at", "seconds": 0}, 2),
    ],
)
def test_lifetimes(lifetime: dict[str, Any], told: int) -> None:
    """GA has it beside the session, beta in the secret, and transcription sessions of beta under another name."""
    for url, request in (
        ("client_secrets", {"expires_after": lifetime}),
        ("translations/client_secrets", {**TRANSLATION_REQUEST, "expires_after": lifetime}),
        ("sessions", {"client_secret": {"expires_after": lifetime}}),
        ("transcription_sessions", {"client_secret": {"expires_at": lifetime}}),
    ):
        assert found(request, None, url=BASE + url) == [("RST001", 1)] * told


@pytest.mark.parametrize(
    "call, lives", [("client_secrets", 600), ("sessions", 60), ("transcription_sessions", 600)]
)
def test_secrets_live_as_long_as_documented(call: str, lives: int) -> None:
    request, response = CALLS[call]
    url, expires = BASE + call, 1790000600.0

    assert found(request, response, url=url, time=expires - lives - 50) == []
    assert [code[:5] for code, _ in found(request, response, url=url, time=expires - lives - 70)] == ["RST00"]


def test_secrets_live_as_long_as_asked_for() -> None:
    asked = {**GA_REQUEST, "expires_after": {"seconds": 3600}}

    assert found(asked, GA_RESPONSE, time=1789997000.0) == []
    assert found(asked, GA_RESPONSE, time=1790000000.0) == [("RST002", 2)]


@pytest.mark.parametrize("type", ["translation", 7, None, ...])
def test_only_two_types_of_session_are_made_by_client_secrets(type: Any) -> None:
    request = {"session": {"model": "gpt-realtime", "type": type}}
    if type is ...:
        del request["session"]["type"]
    codes = [code for code, _ in found(request, None, url=BASE + "client_secrets")]

    assert codes == (["SHP002"] if type == 7 else ["RST007"])


def test_the_answer_is_of_the_type_that_was_asked_for() -> None:
    """And then nothing else in it is compared."""
    response = copy.deepcopy(GA_RESPONSE)
    response["session"] = {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": "sess_1",
    }
    (finding,) = check_rest(body(GA_REQUEST), body(response))
    assert (finding.code, finding.line, finding.args["found"]) == ("RST007", 2, "transcription")

    response["session"] = {"type": "dreaming"}
    (finding,) = check_rest(body(GA_REQUEST), body(response))
    assert finding.args["found"] == "of no known type"


def test_an_echo_is_compared_in_every_call() -> None:
    for request, response, path in (
        ({**BETA_REQUEST, "voice": "alloy"}, {**BETA_RESPONSE, "voice": "verse"}, "`session.voice`"),
        (
            HEARING_REQUEST,
            {**HEARING_RESPONSE, "input_audio_transcription": {"model": "gpt-4o-transcribe"}},
            "`session.input_audio_transcription.model`",
        ),
    ):
        (finding,) = check_rest(body(request), body(response))
        assert (finding.code, finding.severity, finding.args["paths"]) == ("RST006", Severity.WARNING, path)
        assert finding.witnesses[0].line == 1


# Whatever the bodies hold.


@calls
def test_no_secret_is_told(call: str) -> None:
    secret = "ek_0123456789"
    for response in (
        {"value": secret, "expires_at": secret, "session": secret},
        {"client_secret": secret, "object": secret, "id": secret},
        {"client_secret": {"value": secret, "expires_at": secret}},
        {"value": "sk-" + secret, "expires_at": 0, "session": GA_RESPONSE["session"]},
    ):
        for asked in (None, response):
            findings = check_rest(body(asked), body(response), url=BASE + call, time=0.0)
            assert secret.encode() not in msgspec.json.encode(findings)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(CALLS)), st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode())
)
def test_any_body_is_judged(call: str, raw: bytes) -> None:
    check_rest(raw, raw, url=BASE + call)


@given(st.data())
def test_any_member_may_hold_anything(data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(sorted(CALLS)))
    request, response = copy.deepcopy(CALLS[call])
    for each in (request, response):
        each[data.draw(st.sampled_from(sorted(each)))] = data.draw(json_values)

    check_rest(json.dumps(request).encode(), json.dumps(response).encode(), url=BASE + call, time=0.0)


def test_a_misfit_that_the_walk_does_not_see_is_still_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder may come to know constraints that our own walk does not."""

    def unseen(raw: bytes, cls: type[Any]) -> bytes:
        return b"[]"

    assert isinstance(
        wire.decode_body(json.dumps(GA_REQUEST), ga.ClientSecretCreateRequest), ga.ClientSecretCreateRequest
    )
    monkeypatch.setattr(wire, "mend", unseen)
    fault = wire.decode_body(json.dumps(GA_REQUEST), ga.ClientSecretCreateRequest)
    assert isinstance(fault, wire.Fault)
    assert (fault.kind, fault.path) == ("wrong-type", "$")


def test_a_rest_rule_says_nothing_unless_it_is_written_to() -> None:
    class Silent(RestRule):
        code = ""

    rule: Any = Silent()
    assert list(rule.judge(None)) == []


@pytest.mark.parametrize(
    "path, request_body, codes",
    [
        ("calls", {"type": "realtime", "model": "gpt-realtime"}, []),
        ("calls", {"type": "transcription"}, ["SHP002"]),
        ("calls/rtc_1/accept", {"type": "realtime", "audio": {"output": {"speed": "fast"}}}, ["SHP002"]),
        ("calls/rtc_1/accept", {}, ["SHP001"]),
        ("calls/rtc_1/reject", {}, []),
        ("calls/rtc_1/reject", {"status_code": "busy"}, ["SHP002"]),
        ("calls/rtc_1/refer", {"target_uri": "tel:+14155550123"}, []),
        ("calls/rtc_1/refer", {}, ["SHP001"]),
    ],
)
def test_requests_about_calls_are_judged_by_their_shape(
    path: str, request_body: dict[str, Any], codes: list[str]
) -> None:
    assert found(request_body, None, url=BASE + path) == [(code, 1) for code in codes]
    # What answers an offer is SDP, and the others answer nothing.
    assert check_rest(None, b"v=0", url=BASE + path) == []


@pytest.mark.parametrize("path", ["calls/rtc_1", "calls/rtc_1/hangup", "calls/a/b/accept", "calls//accept"])
def test_calls_without_a_body_of_the_protocol_cannot_be_judged(path: str) -> None:
    with pytest.raises(ValueError, match="not a call with a body of the protocol"):
        check_rest(b"{}", None, url=BASE + path)


def test_text_behind_an_answer_is_not_repeated() -> None:
    """It may be the secret, when a server sends it bare."""
    (finding,) = check_rest(None, b'{"value":"ek_1"} ek_0123', url=BASE + "client_secrets")
    assert (finding.code, finding.args["found"]) == ("WIR008", "more text")


def test_a_body_that_is_neither_bytes_nor_text_is_refused() -> None:
    """Not read as that many zeros, which `bytes` makes of a number."""
    with pytest.raises(TypeError, match=r"a frame is bytes or str, not int: .*json\.encode"):
        check_rest(cast("bytes", 5), None, url="/realtime/client_secrets")
    with pytest.raises(TypeError, match="not dict"):
        wire.decode_body(cast("bytes", {}), ga.ClientSecretCreateRequest)
    with pytest.raises(TypeError, match="not int"):
        wire.salvage(cast("bytes", 5))
