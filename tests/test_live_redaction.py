"""Secrets do not get into a recording, and nothing else is changed on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.checker import SessionChecker
from rtproto.credentials import is_secret
from rtproto.live.redaction import (
    redacted,
    redacted_bytes,
    redacted_headers,
    redacted_path,
    redacted_subprotocol,
    redacted_text,
)
from rtproto.rules.sessions import SESSIONS, session
from tests.judging import encode

SECRET = "Zq3v9Kx7Lm2PdTwR"
NAMES = [
    *(
        "authorization",
        "Proxy-Authorization",
        "cookie",
        "set-cookie",
        "api-key",
        "api_key",
        "apikey",
        "apiKey",
    ),
    *(
        "x-api-key",
        "x-auth",
        "X-Auth-Token",
        "access_token",
        "accessToken",
        "token",
        "password",
        "client_secret",
    ),
    *("clientSecret", "Ocp-Apim-Subscription-Key", "secret_key"),
]
KEYS = [
    f"sk-{SECRET}",
    f"sk-proj-{SECRET}_a-b",
    f"ek_{SECRET}",
    f"xai-{SECRET}",
    f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
    f"Bearer {SECRET}",
    f"bearer  {SECRET}/+=",
]


def through(value: Any, **options: Any) -> Any:
    raw = json.dumps(value, **options).encode()
    return json.loads(redacted(raw))


@pytest.mark.parametrize("key", KEYS)
@given(before=st.text(max_size=5), after=st.text(max_size=5), ascii=st.booleans())
def test_a_key_in_any_string_goes(key: str, before: str, after: str, ascii: bool) -> None:
    text = f"{before} {key} {after}"
    value = {"type": "x", "a": [{"b": text}], key: 1, "other": before + after}
    kept = through(value, ensure_ascii=ascii)
    assert SECRET not in json.dumps(kept)
    assert kept["a"][0]["b"].startswith(before + " ")
    assert kept["a"][0]["b"].endswith(" " + after)
    assert "[redacted]" in kept["a"][0]["b"]
    assert kept["other"] == before + after


def test_a_key_that_is_written_with_escapes_goes() -> None:
    escaped = "".join(f"\\u{ord(char):04x}" for char in f"sk-{SECRET}")
    assert json.loads(redacted(b'{"a":"%s"}' % escaped.encode())) == {"a": "sk-[redacted]"}


@pytest.mark.parametrize("name", NAMES)
def test_what_has_a_secret_name_goes(name: str) -> None:
    value = {"type": "x", name: "anything", "list": {name.upper(): ["anything", {"kept": "kept"}], "n": 1}}
    assert through(value) == {
        "type": "x",
        name: "[redacted]",
        "list": {name.upper(): ["[redacted]", {"kept": "kept"}], "n": 1},
    }


def test_client_secrets_and_headers_of_tools_go() -> None:
    tool = {
        "type": "mcp",
        "server_url": "https://a.example",
        "authorization": "x",
        "headers": {"X-Team": "x"},
    }
    function = {
        "type": "function",
        "parameters": {"properties": {"headers": {"type": "object"}, "api_key": {"type": "string"}}},
    }
    kept = through({"client_secret": {"value": "x", "expires_at": 1}, "session": {"tools": [tool, function]}})
    assert kept["client_secret"] == {"value": "[redacted]", "expires_at": 1}
    assert kept["session"]["tools"] == [
        {**tool, "authorization": "[redacted]", "headers": {"X-Team": "[redacted]"}},
        function,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a risk-assessment of the task-force",
        "basic training, and a bearer of bad news",
        "week_of_something_long",
        "the headers, the cookie and the secret",
        'a backslash at the end \\ and a quote "',
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    raw = json.dumps({"transcript": text, "headers": {"a": text}, "key": text}).encode()
    assert redacted(raw) == raw


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(value=st.dictionaries(st.text(max_size=6), json_values, max_size=4), indent=st.sampled_from([None, 1]))
def test_without_a_secret_no_byte_changes(value: dict[str, Any], indent: int | None) -> None:
    # The key makes every string be looked at.
    raw = json.dumps({"key": "sk-12345678", **value, "type": "x"}, indent=indent).encode()
    if "key" in value or any(is_secret(name) for name in names(value)):
        return
    assert redacted(raw) == raw.replace(b"sk-12345678", b"sk-[redacted]")


def names(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(names, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(names, value.values()))


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions_pass_as_they_are_and_are_judged_the_same(name: str) -> None:
    checker = SessionChecker()
    for direction, raw in encode(session(name)):
        assert redacted(raw) == raw
        checker.feed(direction, redacted(raw))


def test_nothing_is_looked_for_in_audio() -> None:
    audio = b"eyJhbGciOiJIUzI1NiJ9/" * 3
    raw = b'{"type":"input_audio_buffer.append","audio":"%s","x":"sk-12345678"}' % audio
    start = raw.index(audio)
    assert redacted(raw, (start, start + len(audio))) == raw.replace(b"sk-12345678", b"sk-[redacted]")


def test_text_and_bytes_that_are_no_event() -> None:
    assert redacted_text("authorization: Bearer abc123") == "authorization: [redacted]"
    assert SECRET not in redacted_text(f'{{"client_secret": "{SECRET}", "authorization": Basic {SECRET}')
    assert redacted_bytes(b"\xff\x00 sk-12345678 \xfe") == b"\xff\x00 sk-[redacted] \xfe"


def test_headers_and_path() -> None:
    assert redacted_headers(
        [
            ("Authorization", "Bearer x"),
            ("api-key", "x"),
            ("OpenAI-Beta", "realtime=v1"),
            ("X-Auth-Token", "x"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            (
                "Sec-WebSocket-Protocol",
                f"realtime, openai-insecure-api-key.ek_{SECRET}, openai-beta.realtime-v1",
            ),
            ("Sec-WebSocket-Protocol", "realtime,openai-insecure-api-key.0123456789abcdef"),
            ("Sec-WebSocket-Protocol", "xai-client-secret.0123456789abcdef"),
        ]
    ) == [
        ("Authorization", "[redacted]"),
        ("api-key", "[redacted]"),
        ("OpenAI-Beta", "realtime=v1"),
        ("X-Auth-Token", "[redacted]"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.[redacted], openai-beta.realtime-v1"),
        ("Sec-WebSocket-Protocol", "realtime,openai-insecure-api-key.[redacted]"),
        ("Sec-WebSocket-Protocol", "xai-client-secret.[redacted]"),
    ]
    assert redacted_path(f"/v1/realtime?model=m&api-key={SECRET}&x=ek_{SECRET}#api-key=1") == (
        "/v1/realtime?model=m&api-key=[redacted]&x=ek_[redacted]#api-key=1"
    )
    assert redacted_path("/v1/realtime?token=1&key=2&sig=3&api%2Dkey=4&X-Amz-Signature=5&intent=t") == (
        "/v1/realtime?token=[redacted]&key=[redacted]&sig=[redacted]&api%2Dkey=[redacted]"
        "&X-Amz-Signature=[redacted]&intent=t"
    )
    assert redacted_path("/v1/realtime") == "/v1/realtime"


def test_the_subprotocol_that_a_server_has_chosen() -> None:
    assert redacted_subprotocol("openai-insecure-api-key.0123456789") == "openai-insecure-api-key.[redacted]"
    assert redacted_subprotocol("realtime") == "realtime"
    assert redacted_subprotocol(None) is None


def test_the_tokens_of_a_transcription_are_no_secrets() -> None:
    value = {"type": "x", "delta": "Hi", "logprobs": [{"token": "Hi", "logprob": -0.1, "bytes": [72, 105]}]}
    assert through(value) == value
    assert through({**value, "token": "Hi"}) == {**value, "token": "[redacted]"}
