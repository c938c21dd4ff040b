"""What reports take from a recording is fit to print: no controls, no secrets, no walls of base64."""

from __future__ import annotations

import base64
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.findings import Excerpt, Finding, Severity
from rtproto.reports import words
from tests.report_samples import LATE, rules

__all__ = ["rules"]

KEY = "sk-proj-AbCdEf0123456789_-AbCdEf0123456789"
BEARER = "I only know basic grammar and the bearer arrived"
EPHEMERAL = "ek_68af296e8e408191a1120ab6383263c2"


@pytest.mark.parametrize(
    "hostile, shown",
    [
        ("plain text, häßlich, 日本語", "plain text, häßlich, 日本語"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("two\nlines\r\tand a tab", "two\\nlines\\r\\tand a tab"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066isolated\u2069", "\\u2066isolated\\u2069"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\u2028line separator", "\\u2028line separator"),
        ("half a pair \ud800", "half a pair \\ud800"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("\x00", "\\x00"),
        ("no\u00a0break\u3000wide", "no\u00a0break\u3000wide"),
    ],
)
def test_controls_become_visible(hostile: str, shown: str) -> None:
    assert words.show(hostile) == shown


@pytest.mark.parametrize(
    "secret, shown",
    [
        (KEY, "sk-[masked]"),
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: sk-[masked]."),
        (EPHEMERAL, "ek_[masked]"),
        (f'{{"value":"{EPHEMERAL}","expires_at":1}}', '{"value":"ek_[masked]","expires_at":1}'),
        ("Authorization: Bearer abcdef.123456", "Authorization: [masked]"),
        ("sent with Bearer abcdef.123456 today", "sent with Bearer [masked] today"),
        ('"client_secret": {"value": "abcdefgh", "expires_at": 1}, x', '"client_secret": [masked], x'),
        ('{\\"client_secret\\":\\"abcdefgh\\"}', '{\\"client_secret\\":\\"[masked]\\"}'),
        ("api_key=0123456789abcdef", "api_key=[masked]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sig", "eyJ[masked]"),
        ("sk-proj-Ab\u200bCdEf012345", "sk-[masked]"),
        ("xai-AbCdEf0123456789AbCdEf0123456789", "xai-[masked]"),
        ("xai-realtime-voice", "xai-realtime-voice"),
        ("Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: [masked]"),
        (BEARER, BEARER),
        ("risk-management, desk-bound", "risk-management, desk-bound"),
        ("item_CnHJzkZuBjxDXVTNsT5vu", "item_CnHJzkZuBjxDXVTNsT5vu"),
    ],
)
def test_secrets_are_masked(secret: str, shown: str) -> None:
    assert words.show(secret) == shown


@pytest.mark.parametrize("secret", [KEY, EPHEMERAL, "Bearer 0123456789abcdef0123456789"])
def test_a_secret_is_masked_wherever_the_cut_falls(secret: str) -> None:
    body = secret[-16:]
    for before in range(4 * words.LIMIT + 20):
        shown = words.show("." * (before - 1) + " " + secret + " and so on")
        assert body[:8] not in shown


def test_a_key_that_is_cut_already_is_masked() -> None:
    assert words.show(KEY[:14] + "…") == "sk-[masked]"


@given(st.text(st.characters(codec=None), max_size=600))
def test_shown_text_is_short_and_printable(text: str) -> None:
    shown = words.show(text)

    assert len(shown) <= words.LIMIT
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


def test_base64_is_cut() -> None:
    audio = base64.b64encode(b"\x01\x02\x03" * 3_000).decode()

    assert words.show(audio) == "AQID" * 19 + "AQI…"


def test_what_follows_a_long_secret_is_not_shown_to_be_there_or_not() -> None:
    assert words.show("sk-" + "a" * 500) == "sk-[masked]…"


def test_an_escape_is_never_cut_in_half() -> None:
    assert words.show("\u202e" * 40, 20) == "\\u202e" * 3 + "…"


def test_prose_may_be_longer_but_its_words_may_not() -> None:
    assert words.prose("first lines hold " + "QUJD" * 50 + " and more") == (
        "first lines hold " + "QUJD" * 19 + "QUJ… and more"
    )


@pytest.mark.parametrize(
    "name, value, shown",
    [
        ("delta", "Hello", "Hello"),
        ("output_index", 3, 3),
        ("x", 2**63 - 1, 2**63 - 1),
        ("x", 2**63, "9223372036854775808"),
        ("x", 10**400, "an integer of 1,329 bits"),
        pytest.param("x", 10**5_000, "an integer of 16,610 bits", id="5,000 digits"),
        ("x", float("nan"), "nan"),
        ("x", float("-inf"), "-inf"),
        ("x", 1.5, 1.5),
        ("x", True, True),
        ("x", None, None),
        ("session.client_secret", "anything", "[masked]"),
        ("logprobs.token", "Hello", "Hello"),
        ("headers.X-Auth-Token", "anything", "[masked]"),
        ("Authorization", "anything", "[masked]"),
        ("tools.authorization", "", ""),
        ("total_tokens", 12, 12),
    ],
)
def test_scalars(name: str, value: Any, shown: Any) -> None:
    assert words.scalar(name, value) == shown


@pytest.mark.parametrize(
    "path, shown",
    [
        ("data/sk-conversations/call.jsonl", "data/sk-conversations/call.jsonl"),
        (f"logs/{KEY}/call-1.jsonl", "logs/sk-[masked]/call-1.jsonl"),
        (f"{EPHEMERAL}.jsonl", "ek_[masked].jsonl"),
        ("token=1.jsonl", "token=1.jsonl"),
        ("a\x1b[2Jb.jsonl", "a\\x1b[2Jb.jsonl"),
    ],
)
def test_names_of_files(path: str, shown: str) -> None:
    assert words.where(path) == shown


def finding(code: str, **args: Any) -> Finding:
    return Finding(code=code, name="item-unknown", severity=Severity.ERROR, line=1, args=args)


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(
    "args, told",
    [
        (
            {"item_id": "item_1", "known": ["item_2", "item_3"]},
            "item item_1 was never announced, only item_2, item_3",
        ),
        (
            {"item_id": None, "known": list(range(12))},
            "item null was never announced, only 0, 1, 2, 3, 4, 5, 6, 7 … (12 in all)",
        ),
        ({"item_id": "\x1b[2J", "known": ()}, "item \\x1b[2J was never announced, only none"),
        ({"item_id": True, "known": {"a": 1}}, "item true was never announced, only {'a': 1}"),
        ({"known": [None, False, 2.5]}, "item ? was never announced, only null, false, 2.5"),
        ({"item_id": KEY, "known": [KEY]}, "item sk-[masked] was never announced, only sk-[masked]"),
    ],
)
def test_messages(args: dict[str, Any], told: str) -> None:
    assert words.message(finding("ITM001", **args)) == told


@pytest.mark.usefixtures("rules")
def test_a_message_may_name_the_type_state_and_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = words.rule_of("OUT016")
    monkeypatch.setattr(rule, "message", "{type} in {machine} {state}")

    assert words.message(LATE) == "response.output_text.delta in content part done"


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("template", ["{item_id:d}", "{item_id.x.y}", "{0}", "{item_id[a]}", "{"])
def test_a_template_that_does_not_fit_costs_no_finding(
    template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = words.rule_of("ITM001")
    monkeypatch.setattr(rule, "message", template)

    assert words.message(finding("ITM001", item_id="item_1")) == "item unknown: item_id item_1"


@pytest.mark.usefixtures("rules")
def test_a_rule_that_this_version_does_not_have() -> None:
    assert words.message(finding("XYZ001", n=3)) == "item unknown: n 3"
    assert words.message(finding("XYZ001")) == "item unknown"


@pytest.mark.usefixtures("rules")
def test_an_event_without_a_type() -> None:
    event = Excerpt(1, "client", "")
    untyped = Finding(code="XYZ001", name="type-missing", severity=Severity.ERROR, line=1, event=event)

    assert words.message(untyped) == "type missing"


def test_plurals_and_sources() -> None:
    assert (words.plural(1, "file"), words.plural(0, "file")) == ("1 file", "0 files")
    assert words.plural(2_000, "file") == "2,000 files"
    assert words.source("schema") == "the published event types"
    assert words.source("hearsay") == "hearsay"
