"""One notion of what a secret is, for all that hides them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto import credentials
from rtproto.credentials import (
    is_secret,
    is_secret_parameter,
    without_keys,
    without_parameters,
    without_secrets,
)

KEYS = [
    ("sk-0123456789abcdef", "sk-*"),
    ("sk-proj-abcdefghijklmnopqrstuvwxyz", "sk-*"),
    ("ek_68af296e8e408191", "ek_*"),
    ("xai-0123456789abcdefghij", "xai-*"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.c2ln", "eyJ*"),
    ("Bearer abcd.1234", "Bearer *"),
    ("BEARER abcdefghijklmnopqrst==", "BEARER *"),
    ("openai-insecure-api-key.0123", "openai-insecure-api-key.*"),
    ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic *"),
    ("authorization=bearer abc", "authorization=bearer *"),
]


@pytest.mark.parametrize("key, hidden", KEYS)
@pytest.mark.parametrize("around", ["{}", "see {}, or not", '{{"a":"{}"}}', "({})", "x={}&y=1"])
def test_keys_go_and_what_is_around_them_stays(key: str, hidden: str, around: str) -> None:
    assert without_keys(around.format(key), "*") == around.format(hidden)


@pytest.mark.parametrize(
    "text",
    [
        "I only know basic grammar and the bearer arrived",
        "the bearer of 2 messages",
        "sk-conversations/de",
        "risk-assessment-2024",
        "xai-realtime-voice",
        "eyJust a word, eyJabcdefghijk",
        "authorization: approved on Monday",
        "Unexpected token: <, the secret: patience",
        "openai-insecure-api-key. is the name of it",
    ],
)
def test_words_stay(text: str) -> None:
    assert without_keys(text, "*") == text


@pytest.mark.parametrize(
    "text, hidden",
    [
        ("Unexpected token: <, the secret: patience", "Unexpected token: <, the secret: patience"),
        ("the token of logprobs", "the token of logprobs"),
        ('"logprobs": [{"token": "Hi", "logprob": -0.1}]', '"logprobs": [{"token": "Hi", "logprob": -0.1}]'),
        ('{\\"secret\\": \\"abc\\", \\"n\\": 1', '{\\"secret\\": \\"*\\", \\"n\\": 1'),
        ('{"access_token": "abc", "n": 1', '{"access_token": "*", "n": 1'),
        ("auth_token=abc", "auth_token=*"),
        ("wss://h/x?token=abc", "wss://h/x?token=*"),
        ("X-Auth-Token: abc", "X-Auth-Token: *"),
        ("Cookie: a=b; c=d", "Cookie: *"),
        ("Ocp-Apim-Subscription-Key: 0123", "Ocp-Apim-Subscription-Key: *"),
        ("Set-Cookie: a=b\nDate: x", "Set-Cookie: *\nDate: x"),
        ("password: 1234 is wrong", "password: * is wrong"),
        ('"client_secret": {"value": "abc", "expires_at": 1}', '"client_secret": *'),
        ("sk-proj-Ab…", "sk-*"),
        (
            "Incorrect API key provided: sk-proj-*****wxyz. See the site.",
            "Incorrect API key provided: sk-*. See the site.",
        ),
        ("Incorrect API key provided: sk-test.", "Incorrect API key provided: sk-test."),
        ("eyJhbGciOiJIUz", "eyJ*"),
        (
            "Invalid type for 'session.tools[0].authorization': expected a string, but got null instead.",
            "Invalid type for 'session.tools[0].authorization': expected a string, but got null instead.",
        ),
        ("authorization: expectedly", "authorization: *"),
    ],
)
def test_what_may_be_a_secret_goes_where_it_is_only_read(text: str, hidden: str) -> None:
    assert without_secrets(text, "*") == hidden


_NAMES = """
    access-key account_key apikey api-key authorization cookie passphrase passwd password private-key secret_key
    signing-key subscription-key auth credential credentials secret token bearer sk- ek_ xai- eyJ
"""
_ALIKE = str.maketrans({"i": "\u0131", "k": "\u212a", "s": "\u017f"})
"""Letters that a pattern without case takes for these."""


@pytest.mark.parametrize("name", _NAMES.split())
@pytest.mark.parametrize("hide", [without_keys, without_secrets])
def test_what_is_passed_over_at_a_glance_holds_no_secret(
    hide: Callable[[str, str], str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        f"{before}{spelled}{sign}{value}"
        for before in ("", " ", "?", "x-", 'x "')
        for spelled in (name, name.upper(), name.title(), name.translate(_ALIKE))
        for sign in ("", " ", "=", ": ", '": "', '\\":')
        for value in ("Basic abcdefgh12345678", "abcdefgh.12345678", "abc")
    ]
    hidden = [hide(text, "*") for text in texts]
    monkeypatch.setattr(credentials, "_TRACES", ("",))
    assert hidden == [hide(text, "*") for text in texts]


@given(text=st.text(max_size=60) | st.text('sk-eyJ.a1=:"{ Bbearauthoizn', max_size=60))
@pytest.mark.parametrize("hide", [without_keys, without_secrets])
def test_nothing_that_stands_before_a_key_saves_it(hide: Callable[[str, str], str], text: str) -> None:
    once = hide(text + " sk-0123456789abcdef Authorization: Basic dXNlcjpwYXNz", "[masked]")
    assert "0123456789abcdef" not in once
    assert "dXNlcjpwYXNz" not in once


@pytest.mark.parametrize(
    "unit", ["eyJ-", "sk-", "bearer ", "authorization: ", '"password":{', "?a", "token\\"]
)
def test_a_long_hostile_text_is_read_once(unit: str) -> None:
    """A reading that began anew at each letter would take minutes."""
    text = unit * (200_000 // len(unit))
    assert without_keys(text, "*")
    assert without_secrets(text, "*")
    assert without_parameters(text, "*")


@pytest.mark.parametrize(
    "name", ["total_tokens", "max_output_tokens", "author", "tokenizer", "secretary", "key", "type"]
)
def test_names_that_are_no_secrets(name: str) -> None:
    assert not is_secret(name)


def test_names_of_secrets_depend_on_where_they_are() -> None:
    assert is_secret("token", "session")
    assert not is_secret("token", "logprobs")
    assert is_secret("access_token", "logprobs")
    assert is_secret_parameter("key")
    assert is_secret_parameter("api%2Dkey")
    assert is_secret_parameter("%74oken")
    assert not is_secret_parameter("model")
