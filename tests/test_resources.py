"""`rtproto.resources`: what goes out, what comes back, and what goes wrong.  No test waits or leaves this machine."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import pickle
import socket
import ssl
import traceback
import typing
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from rtproto import beta, ga, translation
from rtproto import resources as r
from rtproto.events.ga import rest as ga_rest
from rtproto.events.translation import rest as translation_rest
from rtproto.resources import namespaces, params
from rtproto.resources.retries import retry_delay

from .http_server import Answer, serving

KEY = "sk-test-0123456789abcdef"
URL = "https://api.example.com/v1"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"
EK = "ek_0123456789abcdef"
SECRET = {"value": EK, "expires_at": 1790000600}
SESSION = {"type": "realtime", "object": "realtime.session", "id": "sess_1"}
GOOD = {**SECRET, "session": SESSION}

Handler = Callable[[httpx2.Request], httpx2.Response]
TLS = ssl.create_default_context()


class Transport(httpx2.MockTransport):
    """Answers with what it was given, the last one again and again, and keeps what it was asked."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.asked: list[httpx2.Request] = []
        self.answers = list(answers)
        super().__init__(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]


def says(value: Any = GOOD, status: int = 200, **headers: str) -> httpx2.Response:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return httpx2.Response(
        status, headers={k.replace("_", "-"): v for k, v in headers.items()}, content=content
    )


def client(transport: Transport, **options: Any) -> r.Realtime:
    http = httpx2.Client(transport=transport, verify=TLS, follow_redirects=True)
    return r.Realtime(**{"api_key": KEY, "base_url": URL, "http_client": http, **options})


def awaited(transport: Transport, **options: Any) -> r.AsyncRealtime:
    http = httpx2.AsyncClient(transport=transport, verify=TLS)
    return r.AsyncRealtime(**{"api_key": KEY, "base_url": URL, "http_client": http, **options})


def deprecated() -> Any:
    return pytest.warns(DeprecationWarning, match="deprecated by the vendor")


def create(answer: httpx2.Response | Exception, **options: Any) -> r.ClientSecretAnswer:
    return client(Transport(answer), **options).client_secrets.create()


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited between tries, in a world without chance."""
    delays: list[float] = []

    async def sleep(delay: float) -> None:
        delays.append(delay)

    monkeypatch.setattr("time.sleep", delays.append)
    monkeypatch.setattr("anyio.sleep", sleep)
    monkeypatch.setattr("random.random", lambda: 0.0)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    return delays


# Answers


def test_a_secret_is_a_struct_with_all_that_came() -> None:
    answer = create(says({**GOOD, "field_of_tomorrow": 1}, x_request_id="req_1"))

    assert answer.value == EK
    assert answer.expires_at == 1790000600
    assert isinstance(answer.session, ga_rest.CreatedSession)
    assert answer.session.id == "sess_1"
    assert answer.session.instructions is UNSET
    assert answer.request_id == "req_1"
    assert answer.findings == ()
    assert json.loads(msgspec.json.encode(answer)) == GOOD
    assert answer == r.ClientSecretAnswer(
        value=EK, expires_at=1790000600, session=answer.session
    )  # whatever else is known of it


def test_a_session_of_an_unknown_type_is_kept() -> None:
    answer = create(says({**SECRET, "session": {"type": "session_of_tomorrow", "x": [1]}}))
    assert isinstance(answer.session, ga.UnknownSession)
    assert json.loads(answer.session.raw) == {"type": "session_of_tomorrow", "x": [1]}


def test_the_other_answers_are_structs_of_their_own() -> None:
    shown = {
        "type": "translation",
        "id": "sess_1",
        "model": "m",
        "expires_at": 0,
        "audio": {"output": {"language": "fr"}},
    }
    secret = client(Transport(says({**SECRET, "session": shown}))).translations.client_secrets.create(
        session={"model": "m"}
    )
    assert isinstance(secret.session, translation.TranslationSession)
    assert secret.session.audio.output.language == "fr"

    beta_answer = {"object": "realtime.session", "id": "s", "turn_detection": None, "client_secret": SECRET}
    with deprecated():
        session = client(Transport(says(beta_answer))).beta.sessions.create()
    assert (session.client_secret.value, session.turn_detection, session.voice) == (EK, None, UNSET)

    with deprecated():
        hears = client(Transport(says(beta_answer))).beta.transcription_sessions.create(
            input_audio_format="pcm16"
        )
    assert isinstance(hears.client_secret, beta.ClientSecret)
    assert hears.client_secret.expires_at == 1790000600


@pytest.mark.parametrize(
    "location, call_id",
    [
        ("/v1/realtime/calls/rtc_1", "rtc_1"),
        ("https://api.example.com/v1/realtime/calls/rtc_1/?x=/2", "rtc_1"),
        ("/v1/realtime/calls/rtc%201", "rtc 1"),
        ("rtc_1", "rtc_1"),
        ("/v1/realtime/calls/", None),
        ("/v1/realtime/calls", None),
        ("/", None),
        (None, None),
    ],
)
def test_a_call_is_answered_with_sdp_and_its_id(location: str | None, call_id: str | None) -> None:
    headers = {} if location is None else {"Location": location}
    answer = client(Transport(says(SDP.encode(), 201, **headers))).calls.create(sdp="v=0")
    assert (answer.sdp, answer.call_id, answer.findings) == (SDP, call_id, ())


def test_calls_answer_nothing() -> None:
    realtime = client(Transport(says(b"")))
    assert realtime.calls.hangup("rtc_1") is None  # type: ignore[func-returns-value]  # that is what is asked


@pytest.mark.parametrize(
    "body, told",
    [
        (b"", "empty at byte 0"),
        (b"<html>ek_0123456789abcdef</html>", "not-json at byte 0"),
        (b'{"value": "ek_0123456789abcdef', "truncated"),
        (b'["ek_0123456789abcdef"]', "not-an-object"),
        ({"value": 5, "expires_at": 1, "session": SESSION}, "`$.value` should be a string, it is 5"),
        (
            {"value": EK, "expires_at": EK, "session": SESSION},
            "`$.expires_at` should be an integer, it is a string",
        ),
        ({"value": EK, "session": SESSION}, "`$.expires_at` should be an integer, it is nothing"),
        (b"[" * 100_000, "too-deep"),
        (b"\xff", "not-utf8 at byte 0"),
    ],
)
def test_an_answer_of_another_shape_is_kept_out_of_the_message(body: Any, told: str) -> None:
    answer = says(body, x_request_id="req_1")
    with pytest.raises(r.APIResponseValidationError) as caught:
        create(answer)

    assert told in str(caught.value)
    assert EK not in repr(caught.value)
    assert caught.value.body == answer.content
    assert (caught.value.status_code, caught.value.request_id) == (200, "req_1")


def test_what_is_no_sdp_is_no_answer() -> None:
    with pytest.raises(r.APIResponseValidationError, match="an SDP begins with `v=`") as caught:
        client(Transport(says(b'{"sdp":"v=0"}'))).calls.create(sdp=SDP)
    assert caught.value.body == b'{"sdp":"v=0"}'


def test_a_deviating_answer_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    answer = create(says({**GOOD, "value": "tok_0123456789abcdef"}))

    assert answer.value == "tok_0123456789abcdef"
    assert [finding.code for finding in answer.findings] == ["RST002"]
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("rtproto.resources", "WARNING")
    assert record.getMessage() == (
        "POST /realtime/client_secrets: RST002 client-secret-shape-ga: the secret does not begin with `ek_`"
    )


def test_a_secrets_lifetime_is_judged_by_the_servers_clock() -> None:
    # 1790000600 is Mon, 21 Sep 2026 14:23:20 GMT; a secret lives ten minutes.
    assert create(says(date="Mon, 21 Sep 2026 14:13:20 GMT")).findings == ()
    (finding,) = create(says(date="Mon, 21 Sep 2026 13:23:20 GMT")).findings
    assert (finding.code, finding.line) == ("RST002", 2)
    assert create(says(date="yesterday")).findings == ()


def test_the_session_in_the_answer_is_compared_with_what_was_asked_for() -> None:
    shown = {**SESSION, "instructions": "Be verbose."}
    realtime = client(Transport(says({**SECRET, "session": shown})))
    answer = realtime.client_secrets.create(session=ga.Session(instructions="Be brief."))
    assert [finding.code for finding in answer.findings] == ["RST006"]


# What is sent


def test_left_out_and_null_are_two_things() -> None:
    transport = Transport(says())
    realtime = client(transport)
    realtime.client_secrets.create(session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
    realtime.client_secrets.create(
        session=ga.Session(
            audio=ga.AudioConfig(input=ga.AudioInput(turn_detection=None, transcription=UNSET))
        )
    )
    with deprecated(), pytest.raises(r.APIResponseValidationError):
        realtime.beta.sessions.create(turn_detection=None, voice="alloy")
    realtime.calls.accept("rtc_1", tracing=None)
    realtime.calls.reject("rtc_1", status_code=UNSET)

    nothing_heard = {"session": {"type": "realtime", "audio": {"input": {"turn_detection": None}}}}
    assert transport.bodies == [
        nothing_heard,
        nothing_heard,
        {"turn_detection": None, "voice": "alloy"},
        {"tracing": None, "type": "realtime"},
        {},
    ]


def test_a_struct_inside_a_mapping_and_the_other_way_round() -> None:
    transport = Transport(says())
    client(transport).client_secrets.create(
        session={"type": "realtime", "audio": ga.AudioConfig(output=ga.AudioOutput(voice="marin"))},
        expires_after=ga.ExpiresAfter(anchor="created_at", seconds=60),
    )
    assert transport.bodies == [
        {
            "session": {"type": "realtime", "audio": {"output": {"voice": "marin"}}},
            "expires_after": {"anchor": "created_at", "seconds": 60},
        }
    ]


def test_a_session_as_it_was_decoded_is_sent_as_it_came() -> None:
    text = (
        b'{"type":"session.update","session":{"type":"realtime","tools":[{"type":"tool_of_tomorrow","x":1}]}}'
    )
    event = ga.decode_client_event(text)
    assert isinstance(event, ga.SessionUpdate)
    assert isinstance(event.session, ga.Session)
    transport = Transport(says(b""))
    client(transport).calls.accept("rtc_1", event.session)
    assert transport.bodies == [{"type": "realtime", "tools": [{"type": "tool_of_tomorrow", "x": 1}]}]


BAD: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "a lifetime": (
        lambda c: c.client_secrets.create(expires_after={"anchor": "created_at", "seconds": 5}),
        "RST001",
        "expires_after is 5 seconds; 10 to 7200 are allowed",
    ),
    "a lifetime, translation": (
        lambda c: c.translations.client_secrets.create(
            session={"model": "m"}, expires_after=ga.ExpiresAfter(seconds=7201)
        ),
        "RST001",
        "7201 seconds",
    ),
    "a lifetime, beta": (
        lambda c: c.beta.sessions.create(client_secret={"expires_after": {"seconds": 5}}),
        "RST001",
        "5 seconds",
    ),
    "a type of session": (
        lambda c: c.client_secrets.create(session={"type": "translation"}),
        "RST007",
        "session.type is translation",
    ),
    "a type of value": (
        lambda c: c.client_secrets.create(
            session={"type": "realtime", "audio": {"output": {"speed": "fast"}}}
        ),
        "SHP002",
        "$.session.audio.output.speed",
    ),
    "no model": (lambda c: c.translations.client_secrets.create(session={}), "SHP001", "$.session.model"),
    "a type of value, beta": (
        lambda c: c.beta.transcription_sessions.create(modalities="text"),
        "SHP002",
        "$.modalities",
    ),
    "a session that transcribes a call": (
        lambda c: c.calls.create(sdp=SDP, session={"type": "transcription"}),
        "SHP002",
        "$.type",
    ),
    "a session without its type": (
        lambda c: c.calls.accept("rtc_1", {"model": "gpt-realtime"}),
        "SHP001",
        "$.type",
    ),
    "an address": (lambda c: c.calls.refer("rtc_1", target_uri=5), "SHP002", "$.target_uri"),
    "a status": (lambda c: c.calls.reject("rtc_1", status_code="busy"), "SHP002", "$.status_code"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("call, code, words", BAD.values(), ids=BAD)
def test_what_breaks_a_rule_is_not_sent(call: Callable[[Any], Any], code: str, words: str) -> None:
    transport = Transport(says())
    with pytest.raises(r.InvalidRequestError) as caught:
        call(client(transport))

    assert transport.asked == []
    assert [(finding.code, finding.line) for finding in caught.value.findings] == [(code, 1)]
    assert code in str(caught.value)
    assert words in str(caught.value)
    assert "validate=False" in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_unless_it_is_to_be_sent() -> None:
    transport = Transport(says())
    realtime = client(transport)
    realtime.client_secrets.create(expires_after={"seconds": 5}, validate=False)
    realtime.calls.accept("rtc_1", {"type": "call_of_tomorrow", "setting_of_tomorrow": 1}, validate=False)
    realtime.calls.reject("rtc_1", status_code="busy", validate=False)  # type: ignore[arg-type]  # on purpose
    assert transport.bodies == [
        {"expires_after": {"seconds": 5}},
        {"type": "call_of_tomorrow", "setting_of_tomorrow": 1},
        {"status_code": "busy"},
    ]


def test_arguments_that_are_none() -> None:
    realtime: Any = client(Transport(says()))
    with pytest.raises(TypeError, match=r"unknown: instuctions; give all fields as one mapping"):
        realtime.calls.accept("rtc_1", instuctions="Be brief.")
    with pytest.raises(TypeError, match="unknown: sesion"):
        realtime.client_secrets.create(sesion={"type": "realtime"})
    with pytest.raises(TypeError, match="not both: model"), deprecated():
        realtime.beta.sessions.create(beta.Session(), model="m")
    with pytest.raises(TypeError):
        realtime.client_secrets.create(session={"type": "realtime", "tools": object()})


@pytest.mark.parametrize("call_id", ["", ".", ".."])
def test_ids_that_no_path_can_hold(call_id: str) -> None:
    transport = Transport(says())
    with pytest.raises(ValueError, match="call_id"):
        client(transport).calls.hangup(call_id)
    assert transport.asked == []


@pytest.mark.parametrize("call_id", [None, b"rtc_1", 7])
def test_an_id_is_a_text(call_id: Any) -> None:
    transport = Transport(says(b""))
    with pytest.raises(TypeError, match=f"call_id is a {type(call_id).__name__}; an id such as 'rtc_…'"):
        client(transport).calls.hangup(call_id)
    assert transport.asked == []


@pytest.mark.parametrize("session", [{}, {"session": {"type": "realtime"}}])
def test_an_offer_is_a_text(session: dict[str, Any]) -> None:
    transport = Transport(says(SDP.encode(), 201))
    offer: Any = SDP.encode()
    with pytest.raises(TypeError, match="sdp is a bytes; the offer's text, a str, is needed"):
        client(transport).calls.create(sdp=offer, **session)
    assert transport.asked == []


@given(call_id=st.text(min_size=1, max_size=20).filter(lambda text: text not in (".", "..")))
def test_no_id_leaves_its_place_in_the_path(call_id: str) -> None:
    transport = Transport(says(b""))
    try:
        client(transport).calls.hangup(call_id)
    except ValueError:
        assert not call_id.isascii()  # half of a surrogate pair, which no URL can hold
        return
    path = transport.asked[0].url.raw_path.decode()
    assert path.count("/") == "/v1/realtime/calls/ID/hangup".count("/")
    assert path.startswith("/v1/realtime/calls/")
    assert path.endswith("/hangup")


def test_headers_of_one_call_win_and_none_leaves_one_out() -> None:
    transport = Transport(says())
    realtime = client(transport, organization="org-1", default_headers={"X-Team": "a", "X-Other": "b"})
    realtime.client_secrets.create(
        extra_headers={"x-team": "c", "OpenAI-Organization": None, "AUTHORIZATION": None}
    )
    sent = transport.asked[0].headers
    assert (sent.get_list("x-team"), sent["x-other"]) == (["c"], "b")
    assert "openai-organization" not in sent
    assert "authorization" not in sent


def test_queries_of_the_address_the_client_and_the_call_are_joined() -> None:
    transport = Transport(says())
    realtime = client(transport, base_url=f"{URL}/?api-version=1", default_query={"a": 1, "b": 2})
    realtime.client_secrets.create(extra_query={"b": "3"})
    assert str(transport.asked[0].url) == f"{URL}/realtime/client_secrets?api-version=1&a=1&b=3"


DEFAULT = {"connect": 5.0, "read": 600.0, "write": 600.0, "pool": 600.0}


@pytest.mark.parametrize(
    "own, of_client, of_call, expected",
    [
        (UNSET, {}, {}, DEFAULT),
        (UNSET, {"timeout": 9}, {}, dict.fromkeys(DEFAULT, 9)),
        (UNSET, {"timeout": None}, {}, dict.fromkeys(DEFAULT)),
        (UNSET, {"timeout": 9}, {"timeout": 7}, dict.fromkeys(DEFAULT, 7)),
        (UNSET, {}, {"timeout": None}, dict.fromkeys(DEFAULT)),
        (UNSET, {}, {"timeout": httpx2.Timeout(3, connect=1)}, {**dict.fromkeys(DEFAULT, 3), "connect": 1}),
        (30, {}, {}, dict.fromkeys(DEFAULT, 30)),
        (30, {"timeout": 9}, {}, dict.fromkeys(DEFAULT, 9)),
    ],
)
def test_timeouts(own: Any, of_client: dict[str, Any], of_call: dict[str, Any], expected: Any) -> None:
    transport = Transport(says())
    extra = {} if own is UNSET else {"timeout": own}
    http = httpx2.Client(transport=transport, verify=TLS, **extra)
    client(transport, http_client=http, **of_client).client_secrets.create(**of_call)
    assert transport.asked[0].extensions["timeout"] == expected


# Refusals


@pytest.mark.parametrize(
    "status, cls",
    [
        (400, r.BadRequestError),
        (401, r.AuthenticationError),
        (402, r.APIStatusError),
        (403, r.PermissionDeniedError),
        (404, r.NotFoundError),
        (409, r.ConflictError),
        (422, r.UnprocessableEntityError),
        (429, r.RateLimitError),
        (500, r.InternalServerError),
        (503, r.InternalServerError),
        (304, r.APIStatusError),
    ],
)
def test_a_refusal_is_an_exception_of_its_own(status: int, cls: type[r.APIStatusError]) -> None:
    body = {
        "error": {"message": "No.", "type": "invalid_request_error", "param": "session.voice", "code": "bad"}
    }
    with pytest.raises(r.APIError) as caught:
        create(says(body, status, x_request_id="req_1"), max_retries=0)

    error = caught.value
    assert type(error) is cls
    assert (error.status_code, error.code, error.param, error.type, error.request_id) == (
        status,
        "bad",
        "session.voice",
        "invalid_request_error",
        "req_1",
    )
    assert json.loads(error.body) == body
    assert str(error) == (
        f"POST /realtime/client_secrets: {status} bad: No. (param session.voice, request req_1)"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (cls, str(error), vars(error))


@pytest.mark.parametrize(
    "body, told",
    [
        (b"", "400: Bad Request"),
        (b"<html>", "400: Bad Request"),
        (b"[1]", "400: Bad Request"),
        (b'{"error":' * 100_000, "400: Bad Request"),
        (b'{"error":null}', "400: Bad Request"),
        ({"error": "No."}, "400: No."),
        ({"detail": "No."}, "400: No."),
        ({"detail": [{"loc": ["body"]}]}, "400: Bad Request"),
        ({"message": "No.", "code": 7}, "400 7: No."),
        ({"error": {"message": {"a": 1}, "code": "bad", "param": None}}, "400 bad: Bad Request"),
        ({"error": {"message": "a\x1b[2Jb\nc\u202ed"}}, "400: a\\x1b[2Jb\\nc\\u202ed"),
        (
            {"error": {"message": f"Incorrect key: {KEY}, {EK}."}},
            "400: Incorrect key: [masked], ek_[masked].",
        ),
        (
            {"error": {"message": "Wrong API key given: sk-proj-0123456789.", "code": "invalid_api_key"}},
            "400 invalid_api_key: Wrong API key given: sk-[masked].",
        ),
        (
            {"error": {"message": "No API key was given.", "code": "missing_api_key", "param": EK}},
            "400 missing_api_key: No API key was given. (param ek_[masked])",
        ),
        (
            {"error": {"message": "api_key=0123456789 is unknown.", "code": "sk-0123456789"}},
            "400 sk-[masked]: api_key=[masked] is unknown.",
        ),
    ],
)
def test_refusals_are_told_in_many_ways(body: Any, told: str) -> None:
    with pytest.raises(r.BadRequestError) as caught:
        create(says(body, 400))
    assert str(caught.value).removeprefix("POST /realtime/client_secrets: ") == told


def test_a_long_refusal_is_cut() -> None:
    with pytest.raises(r.BadRequestError) as caught:
        create(says({"error": {"message": "no " * 100_000}}, 400, x_request_id="req_1"))
    assert len(str(caught.value)) <= 1_000
    assert str(caught.value).endswith("… (request req_1)")
    assert len(caught.value.body) > 100_000


# Retries


def test_three_tries_and_no_more(slept: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "rtproto.resources")
    transport = Transport(says({}, 500))
    with pytest.raises(r.InternalServerError):
        client(transport).client_secrets.create()
    assert (len(transport.asked), slept) == (3, [0.5, 1.0])
    assert [record.getMessage() for record in caplog.records] == [
        "POST /realtime/client_secrets: 500; retry 1 of 2 in 0.50 s",
        "POST /realtime/client_secrets: 500; retry 2 of 2 in 1.00 s",
    ]


def test_each_try_sends_the_same() -> None:
    transport = Transport(says({}, 429), httpx2.ReadError("reset"), says(SDP.encode()))
    answer = client(transport).calls.create(sdp=SDP, session=ga.Session())
    assert answer.sdp == SDP
    one, two, three = [(str(a.url), a.headers, a.content) for a in transport.asked]
    assert one == two == three


def test_awaited_it_is_tried_as_often(slept: list[float]) -> None:
    transport = Transport(says({}, 500, retry_after="3"), httpx2.ConnectError("refused"), says())
    assert asyncio.run(awaited(transport).client_secrets.create()).value == EK
    assert slept == [3.0, 1.0]

    transport = Transport(httpx2.ReadTimeout("late"))
    with pytest.raises(r.APITimeoutError, match="no answer after 3 tries: ReadTimeout: late"):
        asyncio.run(awaited(transport).client_secrets.create())
    assert len(transport.asked) == 3


@given(
    tried=st.integers(1, 2000),
    status=st.sampled_from([None, 408, 409, 429, 500, 599]),
    said=st.text() | st.floats().map(str) | st.integers().map(str),
    name=st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry", "date"]),
)
def test_a_delay_is_always_one_that_can_be_waited(tried: int, status: int, said: str, name: str) -> None:
    delay = retry_delay(tried, 2000, status, {name: said})
    assert delay is None or 0 < delay <= 120


def test_delays_double_and_vary_by_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [retry_delay(tried, 9) for tried in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert retry_delay(10, 9) is None
    monkeypatch.setattr("random.random", lambda: 1.0)
    assert [retry_delay(tried, 9) for tried in range(1, 6)] == [0.375, 0.75, 1.5, 3, 6]


# Connections


def test_nobody_listens(slept: list[float]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with r.Realtime(api_key=KEY, base_url=url) as realtime, pytest.raises(r.APIConnectionError) as caught:
            realtime.calls.hangup("rtc_1")
    assert "POST /realtime/calls/rtc_1/hangup: no answer after 3 tries: ConnectError" in str(caught.value)
    assert not isinstance(caught.value, r.APITimeoutError)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert len(slept) == 2


def test_too_late() -> None:
    with pytest.raises(r.APITimeoutError, match="no answer after 1 try: ConnectTimeout: in vain") as caught:
        create(httpx2.ConnectTimeout("in vain"), max_retries=0)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("error", [ssl.SSLError("bad record"), httpx2.RemoteProtocolError("cut"), EOFError()])
def test_a_broken_connection(error: Exception) -> None:
    import anyio

    with pytest.raises(r.APIConnectionError):
        create(anyio.EndOfStream() if isinstance(error, EOFError) else error, max_retries=0)


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_followed_without_the_key_to_another_server(status: int) -> None:
    with serving() as here, serving() as there:
        here.says(
            Answer(status, headers={"Location": "/v1/elsewhere"}), Answer(200, json.dumps(GOOD).encode())
        )
        with r.Realtime(api_key=KEY, base_url=here.url) as realtime:
            assert realtime.client_secrets.create().value == EK
            here.says(Answer(status, headers={"Location": f"{there.url}/elsewhere"}))
            there.says(Answer(200, json.dumps(GOOD).encode()))
            assert realtime.client_secrets.create().value == EK

    assert [(asked.method, asked.path, "authorization" in asked.headers) for asked in here.asked] == [
        ("POST", "/v1/realtime/client_secrets", True),
        ("POST", "/v1/elsewhere", True),
        ("POST", "/v1/realtime/client_secrets", True),
    ]
    (asked,) = there.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/elsewhere", b"{}")
    assert KEY not in str(asked)


def test_a_redirect_that_is_not_followed_is_a_refusal() -> None:
    transport = Transport(says(b"", 307, location="https://elsewhere.example.com/"))
    http = httpx2.Client(transport=transport, verify=TLS)
    with pytest.raises(r.APIStatusError, match="307"):
        client(transport, http_client=http).client_secrets.create()
    assert len(transport.asked) == 1


# The client


def test_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="pass api_key or set OPENAI_API_KEY"):
        r.Realtime()
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with r.Realtime(base_url="https://x.example.com") as realtime:
        assert repr(realtime) == "Realtime(base_url='https://x.example.com')"


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}é", f"{KEY} x", f"{KEY}\r\nX-Admin: 1"])
def test_a_key_that_no_header_can_hold_is_not_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        r.Realtime(api_key=key)
    assert KEY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["localhost:80/v1", "ftp://x/v1", "/v1", "https://", "https://x:port/v1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="base_url is not the URL of an API"):
        r.Realtime(api_key=KEY, base_url=url)


def test_a_password_in_the_address_is_not_shown() -> None:
    realtime = r.Realtime(api_key=KEY, base_url="https://user:pass@x.example.com:8443/v1?code=pass")
    assert repr(realtime) == "Realtime(base_url='https://x.example.com:8443/v1')"
    realtime.close()


def test_retries_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="max_retries is -1"):
        r.Realtime(api_key=KEY, max_retries=-1)


def test_each_client_takes_its_own_kind_of_http_client() -> None:
    with httpx2.Client(verify=TLS) as http:
        with pytest.raises(TypeError, match=r"http_client is a Client; an httpx2\.AsyncClient is needed"):
            r.AsyncRealtime(api_key=KEY, http_client=http)  # type: ignore[arg-type]  # on purpose
        wrong: Any = httpx2.AsyncClient(verify=TLS)
        with pytest.raises(TypeError, match=r"http_client is a AsyncClient; an httpx2\.Client is needed"):
            r.Realtime(api_key=KEY, http_client=wrong)


def test_what_was_opened_is_closed_and_nothing_else() -> None:
    with r.Realtime(api_key=KEY) as realtime:
        assert not realtime.is_closed
    assert realtime.is_closed

    with httpx2.Client(verify=TLS) as http:
        with r.Realtime(api_key=KEY, http_client=http):
            pass
        assert not http.is_closed

    async def run() -> None:
        async with r.AsyncRealtime(api_key=KEY) as mine:
            assert not mine.is_closed
        assert mine.is_closed
        async with httpx2.AsyncClient(verify=TLS) as given_one:
            async with r.AsyncRealtime(api_key=KEY, http_client=given_one):
                pass
            assert not given_one.is_closed

    asyncio.run(run())


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "httpx2", None)
    with pytest.raises(ImportError, match=r"pip install 'rtproto\[live\]'"):
        r.Realtime(api_key=KEY)


def test_the_beta_is_deprecated_where_it_is_called() -> None:
    transport = Transport(says({"client_secret": SECRET}))
    plain, awaits = client(transport), awaited(transport)

    async def run() -> None:
        plain.beta.sessions.create()
        plain.beta.transcription_sessions.create()
        await awaits.beta.sessions.create()
        await awaits.beta.transcription_sessions.create()

    with pytest.warns(DeprecationWarning, match=r"use client_secrets\.create") as warned:
        asyncio.run(run())
    assert [warning.filename for warning in warned] == [__file__] * 4


# Secrets


@st.composite
def leaks(draw: st.DrawFn) -> tuple[str, httpx2.Response | Exception, dict[str, Any]]:
    """A key, and an answer that says it in any place, whole or with something around it."""
    alphabet = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
    key = draw(st.text(alphabet, min_size=12, max_size=60))
    noise = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=120)
    said = draw(noise) + key + draw(noise)
    failure: httpx2.Response | Exception
    kind = draw(st.sampled_from(["refusal", "text", "misfit", "header", "failure"]))
    if kind == "failure":
        failure = draw(st.sampled_from([httpx2.ConnectError, httpx2.LocalProtocolError]))(said)
    elif kind == "text":
        failure = says(said.encode(), draw(st.sampled_from([200, 400, 500])))
    elif kind == "misfit":
        failure = says({**GOOD, draw(st.sampled_from(["value", "expires_at", "session", said])): [said]})
    elif kind == "header":
        failure = httpx2.Response(401, headers={"x-request-id": said}, content=said.encode())
    else:
        field = draw(st.sampled_from(["message", "code", "param", "type"]))
        failure = says({"error": {field: said}}, draw(st.sampled_from([400, 401, 429, 500, 503])))
    # Azure wants the key in a header of another name.
    azure = {"api_key": KEY, "default_headers": {"api-key": key, "Authorization": None}}
    return key, failure, draw(st.sampled_from([{"api_key": key}, azure]))


class Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += self.format(record) + "\n"


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """Hears what any logger says, the HTTP library's included."""
    root, handler = logging.getLogger(), Listener()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@given(case=leaks())
def test_the_key_is_told_to_nobody(
    listener: Listener, case: tuple[str, httpx2.Response | Exception, dict[str, Any]]
) -> None:
    key, failure, options = case
    realtime = client(Transport(failure), **options)
    told = [repr(realtime), repr(vars(realtime).get("_key"))]
    listener.heard = ""
    try:
        answer = realtime.client_secrets.create(session=ga.Session())
    except r.APIError as error:
        told += [str(error), repr(error), *traceback.format_exception(error)]
        if "default_headers" not in options:
            # What a debugger or a reporter of errors sees of our frames, those of the test aside.
            frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
            told += [str(frame.locals) for frame in frames if "/rtproto/" in frame.filename]
    else:
        told += [repr(answer.findings)]
    told.append(listener.heard)
    assert [text for text in told if key in text] == []


def test_the_secret_of_an_answer_is_not_in_its_repr() -> None:
    answer = create(says())
    assert repr(answer).startswith("ClientSecretAnswer(value='[masked]', expires_at=1790000600, session=")
    with deprecated():
        session = client(Transport(says({"client_secret": SECRET}))).beta.sessions.create()
    assert repr(session) == (
        "SessionAnswer(client_secret=ClientSecret(value='[masked]', expires_at=1790000600))"
    )
    assert EK not in repr(
        translation_rest.ClientSecretCreateResponse(
            value=EK, expires_at=1, session=translation.UnknownSession(raw="{}")
        )
    )


def test_where_a_request_is_not_sent_the_key_is_in_no_frame() -> None:
    with pytest.raises(r.InvalidRequestError) as caught:
        client(Transport(says())).client_secrets.create(expires_after={"seconds": 5})
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame.locals for frame in trace.stack if "/rtproto/" in frame.filename]
    assert len(ours) == 4
    assert KEY not in str(ours)


def test_the_request_is_not_in_the_repr_of_what_carries_it() -> None:
    tool = ga.McpTool(server_label="s", authorization="swordfish", headers={"X-Key": "swordfish"})
    assert "swordfish" not in repr(ga.Session(tools=[tool]))
    assert "swordfish" not in repr(namespaces.json_payload({"tools": [tool]}))


# Types


PAIRS = [
    (getattr(namespaces, name), getattr(namespaces, f"Async{name}"))
    for name in ("Calls", "ClientSecrets", "Sessions", "TranscriptionSessions", "TranslationClientSecrets")
]


@pytest.mark.parametrize("plain, awaits", PAIRS, ids=lambda cls: cls.__name__)
def test_what_is_awaited_is_called_the_same(plain: type, awaits: type) -> None:
    def methods(cls: type) -> dict[str, inspect.Signature]:
        return {
            name: inspect.signature(method) for name, method in vars(cls).items() if not name.startswith("_")
        }

    assert methods(plain) == methods(awaits)
    assert all(inspect.iscoroutinefunction(getattr(awaits, name)) for name in methods(awaits))


def choices(annotation: Any) -> set[Any]:
    """What may stand there, by the names of its types."""
    if typing.get_origin(annotation) is typing.Annotated:
        return choices(typing.get_args(annotation)[0])
    members = typing.get_args(annotation)
    if typing.get_origin(annotation) in (list, typing.get_origin(typing.Sequence[int])):
        return {("sequence", *sorted(map(str, choices(members[0]) - {params.Json})))}
    if members and typing.get_origin(annotation) is not typing.get_origin(params.Json):
        return {choice for member in members for choice in choices(member)}
    return {annotation}


@pytest.mark.parametrize(
    "kind, struct, of_the_server",
    [
        (r.SessionCreateParams, beta.Session, {"id", "object", "expires_at"}),
        (r.TranscriptionSessionCreateParams, beta.TranscriptionSessionConfig, set()),
        (r.CallAcceptParams, ga.Session, {"id", "object", "expires_at"}),
    ],
)
def test_keywords_are_the_fields_of_the_struct(kind: Any, struct: Any, of_the_server: set[str]) -> None:
    names = {"httpx2": httpx2, **vars(params)}
    keywords = typing.get_type_hints(kind, None, names)
    for name in typing.get_type_hints(r.Options, None, names):
        del keywords[name]
    fields = typing.get_type_hints(struct, include_extras=True)
    fields = {name: fields[name] for name in struct.__struct_fields__ if name not in of_the_server}
    if "type" in keywords:
        assert typing.get_args(keywords.pop("type")) == (struct.__struct_config__.tag,)

    assert keywords.keys() == fields.keys()
    for name, field in fields.items():
        allowed = choices(keywords[name]) - {params.Json}
        assert allowed == choices(field) - {UnsetType}, name
