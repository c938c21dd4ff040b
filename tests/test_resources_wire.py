"""The same call through openai-python and through rtproto: on the wire, the two requests are the same.

What may differ is `TELEMETRY`, and the name under which a client introduces itself.  The order of a JSON object's
members and the boundary of a form carry no meaning.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import pytest

from rtproto import beta, ga
from rtproto.resources import AsyncRealtime, Realtime

from .http_server import Answer, Asked, Server, serving

KEY = "sk-test-0123456789abcdef"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"
SECRET = {"value": "ek_0123456789abcdef", "expires_at": 1790000600}
GA_SESSION = {"type": "realtime", "object": "realtime.session", "id": "sess_1"}
TRANSLATION_SESSION = {
    "type": "translation",
    "id": "sess_1",
    "model": "gpt-realtime-translate",
    "expires_at": 0,
    "audio": {},
}

TELEMETRY = (
    # What the vendor counts of its own client: language, version, system, retries, timeout.  We are not that client.
    "x-stainless-",
)
OURS = {
    # Each client says who it is.
    "user-agent",
}

Run = Callable[[Any], Any]

TLS = ssl.create_default_context()
"""Made once, which takes longer than a test; nothing here is encrypted."""


def http() -> httpx2.Client:
    return httpx2.Client(verify=TLS, follow_redirects=True)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


# For each case: the call in openai-python, the same in rtproto, and what the server answers.
BETA_SETTINGS: dict[str, Any] = {
    "model": "gpt-4o-realtime-preview",
    "modalities": ["text", "audio"],
    "instructions": "Sei kurz. Ünïcödé 😀",
    "voice": "alloy",
    "turn_detection": None,
    "input_audio_transcription": {"model": "whisper-1"},
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}],
    "tool_choice": "auto",
    "temperature": 0.8,
    "max_response_output_tokens": "inf",
    "client_secret": {"expires_after": {"anchor": "created_at", "seconds": 60}},
}
HEARING_SETTINGS: dict[str, Any] = {
    "input_audio_format": "pcm16",
    "input_audio_transcription": {"model": "gpt-4o-transcribe", "language": "de"},
    "turn_detection": {"type": "server_vad", "threshold": 0.5},
    "include": ["item.input_audio_transcription.logprobs"],
}
GA_SETTINGS: dict[str, Any] = {
    "model": "gpt-realtime",
    "output_modalities": ["audio"],
    "audio": {
        "input": {"format": {"type": "audio/pcm", "rate": 24000}, "turn_detection": None},
        "output": {"voice": "marin", "speed": 1.25},
    },
    "tools": [{"type": "mcp", "server_label": "s", "server_url": "https://mcp.example.com/sse"}],
    "tracing": None,
    "truncation": {"type": "retention_ratio", "retention_ratio": 0.5},
    "max_output_tokens": 1024,
    # A type that this version does not know goes out as it was given.
    "tool_choice": {"type": "tool_of_tomorrow", "name": "x"},
}
EXPIRES: dict[str, Any] = {"anchor": "created_at", "seconds": 600}
TRANSCRIBES: dict[str, Any] = {"type": "transcription", "audio": {"input": {"noise_reduction": None}}}
TRANSLATES: dict[str, Any] = {"model": "gpt-realtime-translate", "audio": {"output": {"language": "fr"}}}
TALKS: dict[str, Any] = {"type": "realtime", **GA_SETTINGS}
ODD_ID = "rtc a/b?c#d%e:f@g;ä"

BETA_ANSWER = as_json({"object": "realtime.session", "id": "sess_1", "client_secret": SECRET})
HEARING_ANSWER = as_json(
    {"object": "realtime.transcription_session", "id": "sess_1", "client_secret": SECRET}
)
GA_ANSWER = as_json({**SECRET, "session": GA_SESSION})
HEARS_ANSWER = as_json(
    {
        **SECRET,
        "session": {"type": "transcription", "object": "realtime.transcription_session", "id": "sess_1"},
    }
)
TRANSLATION_ANSWER = as_json({**SECRET, "session": TRANSLATION_SESSION})

CASES: dict[str, tuple[Run, Run, bytes]] = {
    "beta.sessions.create": (
        lambda c: c.beta.realtime.sessions.create(**BETA_SETTINGS),
        lambda c: c.beta.sessions.create(**BETA_SETTINGS),
        BETA_ANSWER,
    ),
    "beta.sessions.create, a Struct": (
        lambda c: c.beta.realtime.sessions.create(model="gpt-4o-realtime-preview", turn_detection=None),
        lambda c: c.beta.sessions.create(beta.Session(model="gpt-4o-realtime-preview", turn_detection=None)),
        BETA_ANSWER,
    ),
    "beta.sessions.create, nothing": (
        lambda c: c.beta.realtime.sessions.create(),
        lambda c: c.beta.sessions.create(),
        BETA_ANSWER,
    ),
    "beta.transcription_sessions.create": (
        lambda c: c.beta.realtime.transcription_sessions.create(**HEARING_SETTINGS),
        lambda c: c.beta.transcription_sessions.create(**HEARING_SETTINGS),
        HEARING_ANSWER,
    ),
    "client_secrets.create": (
        lambda c: c.realtime.client_secrets.create(session=TALKS, expires_after=EXPIRES),
        lambda c: c.client_secrets.create(session=TALKS, expires_after=EXPIRES),
        GA_ANSWER,
    ),
    "client_secrets.create, Structs": (
        lambda c: c.realtime.client_secrets.create(session={"type": "realtime", "prompt": None}),
        lambda c: c.client_secrets.create(session=ga.Session(prompt=None)),
        GA_ANSWER,
    ),
    "client_secrets.create, transcription": (
        lambda c: c.realtime.client_secrets.create(session=TRANSCRIBES),
        lambda c: c.client_secrets.create(session=TRANSCRIBES),
        HEARS_ANSWER,
    ),
    "client_secrets.create, nothing": (
        lambda c: c.realtime.client_secrets.create(),
        lambda c: c.client_secrets.create(),
        GA_ANSWER,
    ),
    "client_secrets.create, options": (
        lambda c: c.realtime.client_secrets.create(
            extra_headers={"X-Trace": "1", "accept": "application/vnd.test+json"},
            extra_query={"a": "b c", "n": 1, "t": True},
            timeout=7,
        ),
        lambda c: c.client_secrets.create(
            extra_headers={"X-Trace": "1", "accept": "application/vnd.test+json"},
            extra_query={"a": "b c", "n": 1, "t": True},
            timeout=7,
        ),
        GA_ANSWER,
    ),
    "translations.client_secrets.create": (
        lambda c: c.realtime.translations.client_secrets.create(session=TRANSLATES, expires_after=EXPIRES),
        lambda c: c.translations.client_secrets.create(session=TRANSLATES, expires_after=EXPIRES),
        TRANSLATION_ANSWER,
    ),
    "calls.create": (
        lambda c: c.realtime.calls.create(sdp=SDP),
        lambda c: c.calls.create(sdp=SDP),
        SDP.encode(),
    ),
    "calls.create, with a session": (
        lambda c: c.realtime.calls.create(sdp=SDP, session=TALKS),
        lambda c: c.calls.create(sdp=SDP, session=TALKS),
        SDP.encode(),
    ),
    "calls.accept": (
        lambda c: c.realtime.calls.accept("rtc_1", type="realtime", **GA_SETTINGS),
        lambda c: c.calls.accept("rtc_1", type="realtime", **GA_SETTINGS),
        b"",
    ),
    "calls.accept, type left out": (
        lambda c: c.realtime.calls.accept("rtc_1", type="realtime", model="gpt-realtime"),
        lambda c: c.calls.accept("rtc_1", model="gpt-realtime"),
        b"",
    ),
    "calls.refer": (
        lambda c: c.realtime.calls.refer("rtc_1", target_uri="tel:+14155550123"),
        lambda c: c.calls.refer("rtc_1", target_uri="tel:+14155550123"),
        b"",
    ),
    "calls.refer, an odd id": (
        lambda c: c.realtime.calls.refer(ODD_ID, target_uri="sip:agent@example.com"),
        lambda c: c.calls.refer(ODD_ID, target_uri="sip:agent@example.com"),
        b"",
    ),
    "calls.reject": (
        lambda c: c.realtime.calls.reject("rtc_1", status_code=486),
        lambda c: c.calls.reject("rtc_1", status_code=486),
        b"",
    ),
    "calls.reject, no status": (
        lambda c: c.realtime.calls.reject("rtc_1"),
        lambda c: c.calls.reject("rtc_1"),
        b"",
    ),
    "calls.hangup": (
        lambda c: c.realtime.calls.hangup("rtc_1"),
        lambda c: c.calls.hangup("rtc_1"),
        b"",
    ),
}
# The client's options: with these arguments for both.
CLIENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "organization": {"organization": "org-1", "project": "proj_1"},
    "default headers": {"default_headers": {"X-Team": "voice", "authorization": "Bearer other-token"}},
    "default query": {"default_query": {"api-version": "2025-01-01"}},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", running.url)
    running.asked.clear()
    return running


def comparable(asked: Asked) -> dict[str, Any]:
    """What a request says, whoever sent it."""
    headers = {
        name: value
        for name, value in asked.headers.items()
        if name not in OURS and not name.startswith(TELEMETRY)
    }
    body: Any = asked.body
    if asked.headers["content-type"].startswith("multipart/"):
        headers["content-type"] = "multipart/form-data"
        del headers["content-length"]  # It counts the boundary, too.
        parts = asked.parts
        body = {**parts, "session": (*parts["session"][:2], json.loads(parts["session"][2]))}
        assert list(parts) == ["sdp", "session"]
    elif asked.headers["content-type"] == "application/json" and body:
        body = json.loads(body)
    return {
        "method": asked.method,
        "path": asked.path,
        "query": asked.query,
        "headers": headers,
        "body": body,
    }


def test_what_is_not_compared_is_not_much() -> None:
    """The comparison sees each thing that could go wrong."""
    one = Asked("POST", "/v1/x?a=1", {"content-type": "application/json", "accept": "a"}, b'{"a":1}')
    for other in (
        Asked("GET", one.target, one.headers, one.body),
        Asked("POST", "/v1/y?a=1", one.headers, one.body),
        Asked("POST", "/v1/x?a=2", one.headers, one.body),
        Asked("POST", one.target, {**one.headers, "openai-beta": "x"}, one.body),
        Asked("POST", one.target, one.headers, b'{"a":null}'),
    ):
        assert comparable(other) != comparable(one)


@pytest.mark.parametrize("name", CASES)
def test_the_vendors_client_sends_the_same(name: str, server: Server) -> None:
    theirs, ours, answer = CASES[name]
    server.says(Answer(200, answer, {"Location": "/v1/realtime/calls/rtc_1"}))
    with (
        http() as one,
        http() as other,
        warnings.catch_warnings(action="ignore", category=DeprecationWarning),
    ):
        theirs(openai.OpenAI(http_client=one))
        ours(Realtime(http_client=other))

    vendor, own = map(comparable, server.asked)
    assert own == vendor


@pytest.mark.parametrize("name", CASES)
def test_awaited_it_is_the_same(name: str, server: Server) -> None:
    theirs, ours, answer = CASES[name]
    server.says(Answer(200, answer))

    async def both() -> None:
        async with httpx2.AsyncClient(verify=TLS) as one, httpx2.AsyncClient(verify=TLS) as other:
            await theirs(openai.AsyncOpenAI(http_client=one))
            await ours(AsyncRealtime(http_client=other))

    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        asyncio.run(both())

    vendor, own = map(comparable, server.asked)
    assert own == vendor


@pytest.mark.parametrize("options", CLIENTS.values(), ids=CLIENTS)
def test_with_the_same_options_of_the_client(options: dict[str, Any], server: Server) -> None:
    server.says(Answer(200, GA_ANSWER))
    with openai.OpenAI(**options) as client:
        client.realtime.client_secrets.create()
    with Realtime(**options) as realtime:
        realtime.client_secrets.create()

    vendor, own = map(comparable, server.asked)
    assert own == vendor


def test_with_the_same_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-2")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj_2")
    server.says(Answer(200, GA_ANSWER))
    with openai.OpenAI() as client:
        client.realtime.client_secrets.create()
    with Realtime() as realtime:
        realtime.client_secrets.create()

    vendor, own = map(comparable, server.asked)
    assert own == vendor
    assert (own["headers"]["openai-organization"], own["headers"]["openai-project"]) == ("org-2", "proj_2")
    assert own["headers"]["authorization"] == f"Bearer {KEY}"


# Each case: what the server says first, and after it a success.
REFUSALS: dict[str, Answer] = {
    "408": Answer(408),
    "409": Answer(409),
    "429": Answer(429),
    "500": Answer(500),
    "503": Answer(503),
    "400": Answer(400),
    "401": Answer(401),
    "404": Answer(404),
    "422": Answer(422),
    "429, do not": Answer(429, headers={"x-should-retry": "false"}),
    "400, do": Answer(400, headers={"x-should-retry": "true"}),
    "429, in 7 s": Answer(429, headers={"Retry-After": "7"}),
    "429, in 1500 ms": Answer(429, headers={"retry-after-ms": "1500", "Retry-After": "7"}),
    "429, in 120 s": Answer(429, headers={"Retry-After": "120"}),
    "429, in 121 s": Answer(429, headers={"Retry-After": "121"}),
    "500, in 121 s, do": Answer(500, headers={"Retry-After": "121", "x-should-retry": "true"}),
    "429, in the past": Answer(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    "429, in years": Answer(429, headers={"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}),
    "429, whenever": Answer(429, headers={"Retry-After": "soon"}),
    "429, nan": Answer(429, headers={"Retry-After": "nan"}),
    "hung up": Answer(None),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_the_vendors_client_tries_again_as_often_and_as_late(
    name: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("random.random", lambda: 0.5)
    monkeypatch.setattr("openai._base_client.random", lambda: 0.5)
    seen = []
    for make, path in ((openai.OpenAI, "realtime.client_secrets"), (Realtime, "client_secrets")):
        for refusals in (1, 3):
            slept.clear()
            server.asked.clear()
            server.says(*[REFUSALS[name]] * refusals, Answer(200, GA_ANSWER))
            with http() as client:
                resource: Any = make(http_client=client)
                for part in path.split("."):
                    resource = getattr(resource, part)
                try:
                    value = resource.create(session={"type": "realtime"}).value
                except Exception as error:  # noqa: BLE001 - its class is what is compared
                    value = type(error).__name__
            seen.append((value, len(server.asked), [round(delay, 6) for delay in slept]))

    assert seen[:2] == seen[2:]
