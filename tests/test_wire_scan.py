"""The scan of faulty JSON: the kind of the fault, its place, and what can still be read."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rtproto.wire_scan import MAX_TOKENS, Problem, Scan, duplicate_keys, repair, scan

PROBLEMS = [
    ("", "empty", "$", 0, "a JSON object", "nothing"),
    (" \t\n\r", "empty", "$", 0, "a JSON object", "nothing"),
    ("\v{}", "not-json", "$", 0, "a JSON value", "the byte 0x0b"),
    ("x", "not-json", "$", 0, "a JSON value", "'x'"),
    ("é", "not-json", "$", 0, "a JSON value", "the byte 0xc3"),
    ("\ufeff{}", "not-json", "$", 0, "a JSON value", "a byte order mark"),
    ("{}}", "trailing-data", "$", 2, "nothing after the first JSON value", "}"),
    ('{} {"type":"response.cancel"}', "trailing-data", "$", 3, "nothing after the first JSON value", '{"type":"response.cancel…'),  # noqa: E501
    ("1\x00", "trailing-data", "$", 1, "nothing after the first JSON value", "\\x00"),
    ("{", "truncated", "$", 1, "the rest of the JSON text", "its end"),
    ('{"a"', "truncated", "$.a", 4, "the rest of the JSON text", "its end"),
    ('{"a":', "truncated", "$.a", 5, "the rest of the JSON text", "its end"),
    ('{"a":1', "truncated", "$.a", 6, "the rest of the JSON text", "its end"),
    ('{"a":1,', "truncated", "$", 7, "the rest of the JSON text", "its end"),
    ('{"a":1, ', "truncated", "$", 8, "the rest of the JSON text", "its end"),
    ('{"a":1,"', "truncated", "$", 8, "the rest of the JSON text", "its end"),
    ('{"a":1,"b\\', "truncated", "$", 10, "the rest of the JSON text", "its end"),
    ('["\\u12', "truncated", "$[0]", 6, "the rest of the JSON text", "its end"),
    ('["\\ud83d', "truncated", "$[0]", 8, "the rest of the JSON text", "its end"),
    ("[1,[2", "truncated", "$[1][0]", 5, "the rest of the JSON text", "its end"),
    ("[-", "truncated", "$[0]", 2, "the rest of the JSON text", "its end"),
    ("[1.", "truncated", "$[0]", 3, "the rest of the JSON text", "its end"),
    ("[1.5e+", "truncated", "$[0]", 6, "the rest of the JSON text", "its end"),
    ("[tr", "truncated", "$[0]", 3, "the rest of the JSON text", "its end"),
    ("[-Infin", "truncated", "$[0]", 7, "the rest of the JSON text", "its end"),
    ("[1 e", "not-json", "$[0]", 3, '"," or the closing bracket', "'e'"),
    ("[1.x]", "not-json", "$[0]", 2, '"," or the closing bracket', "'.'"),
    ("[01]", "not-json", "$[0]", 2, '"," or the closing bracket', "'1'"),
    ("[+1]", "not-json", "$[0]", 1, 'a JSON value or "]"', "'+'"),
    ("[.5]", "not-json", "$[0]", 1, 'a JSON value or "]"', "'.'"),
    ("[1,]", "not-json", "$[1]", 3, "a JSON value", "']'"),
    ("[1}", "not-json", "$[0]", 2, '"," or the closing bracket', "'}'"),
    ("[}", "not-json", "$[0]", 1, 'a JSON value or "]"', "'}'"),
    ("[1 2]", "not-json", "$[0]", 3, '"," or the closing bracket', "'2'"),
    ("[truth]", "not-json", "$[0]", 1, 'a JSON value or "]"', "'t'"),
    ('{"a" 1}', "not-json", "$.a", 5, '":"', "'1'"),
    ('{"a":}', "not-json", "$.a", 5, "a JSON value", "'}'"),
    ('{"a":1,}', "not-json", "$", 7, "a key in double quotes", "'}'"),
    ('{"a":1]', "not-json", "$.a", 6, '"," or the closing bracket', "']'"),
    ("{'a':1}", "not-json", "$", 1, 'a key in double quotes or "}"', "\"'\""),
    ("{a:1}", "not-json", "$", 1, 'a key in double quotes or "}"', "'a'"),
    ("{NaN:1}", "not-json", "$", 1, 'a key in double quotes or "}"', "'N'"),
    ("{,}", "not-json", "$", 1, 'a key in double quotes or "}"', "','"),
    ("[:]", "not-json", "$[0]", 1, 'a JSON value or "]"', "':'"),
    ('{"a":"b\nc"}', "not-json", "$.a", 7, "an escape for a control character", "the byte 0x0a"),
    ('{"a":"\\x41"}', "not-json", "$.a", 6, "one of the escapes that JSON has", "\\x"),
    ('{"a":"\\u12x4"}', "not-json", "$.a", 6, "one of the escapes that JSON has", "\\u12x4"),
    ('{"a b":{"c-d":[{"e":NaN}]}}', "not-finite", '$["a b"]["c-d"][0].e', 20, "a number or null", "NaN"),
    ("[Infinity,x]", "not-finite", "$[0]", 1, "a number or null", "Infinity"),
    ("-Infinity", "not-finite", "$", 0, "a number or null", "-Infinity"),
    ('["\\uDFff"]', "lone-surrogate", "$[0]", 2, "both halves of a surrogate pair", "\\uDFff"),
    ('["\\\\\\ud83d\\n"]', "lone-surrogate", "$[0]", 4, "both halves of a surrogate pair", "\\ud83d"),
    ('{"\\ud83d":1}', "lone-surrogate", "$", 2, "both halves of a surrogate pair", "\\ud83d"),
    ('["\\ud83d"', "lone-surrogate", "$[0]", 2, "both halves of a surrogate pair", "\\ud83d"),
    ("[" * 20 + "x", "not-json", "$" + "[0]" * 12 + "…", 20, 'a JSON value or "]"', "'x'"),
    ('{"' + "k" * 100 + '":x}', "not-json", '$["' + "k" * 40 + '…"]', 104, "a JSON value", "'x'"),
]  # fmt: skip


@pytest.mark.parametrize(
    "text,kind,path,offset,expected,found", [pytest.param(*case, id=case[0][:30]) for case in PROBLEMS]
)
def test_problems(text: str, kind: str, path: str, offset: int, expected: str, found: str) -> None:
    assert scan(text.encode()).problem == Problem(kind, path, expected, found, offset)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_what_is_json_has_no_problem(value: Any, ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    found = scan(text.encode("utf-8", "replace"))
    assert found.problem is None
    assert found.whole
    assert found.duplicates == []


@given(JSON.map(json.dumps), st.data())
def test_what_is_cut_is_truncated(text: str, data: st.DataObject) -> None:
    raw = text.encode()[: data.draw(st.integers(1, max(1, len(text) - 1)))]
    found = scan(raw)
    # Digits can be cut without a trace; a pair of surrogates is cut into a half only between its escapes.
    if found.problem is None:
        assert isinstance(json.loads(raw), int | float)
    else:
        assert (found.problem.kind, found.problem.offset) == ("truncated", len(raw)) or raw == text.encode()


@given(
    st.one_of(
        st.binary(max_size=60), st.text(alphabet='{}[]:,"\\u0dD8cC1-.eE+truefalsn NaIity\n', max_size=40)
    )
)
@example('["\\ud83d\\ude00"]')
@example('["\\u0000\\\\ud83d"]')
@example('{"a":1,"a":{"b":[]}}')
def test_the_scan_agrees_with_msgspec(text: str | bytes) -> None:
    raw = text.encode() if isinstance(text, str) else text
    try:
        raw.decode()
        msgspec.json.decode(raw, type=msgspec.Raw)
    except ValueError:
        accepted = False
    else:
        accepted = True
    found = scan(raw)
    if accepted or found.problem is None:
        assert (found.problem is None) == (accepted or not _is_utf8(raw))


def _is_utf8(raw: bytes) -> bool:
    return raw.decode("utf-8", "replace").encode() == raw


def test_what_is_remembered() -> None:
    raw = b' {"type" : "a\\u0062", "session":{"type":"c","x":[1,{"type":"d"}]},"n":[NaN],"n": 2 }'
    found = scan(raw)
    assert found.type == "ab"
    assert found.depth == 4
    assert found.whole
    assert {name: raw[start:end] for name, (start, end) in found.members.items()} == {
        "type": b'"a\\u0062"',
        "session": b'{"type":"c","x":[1,{"type":"d"}]}',
        "n": b"2",
    }
    assert [raw[start:end] for start, end in found.spots] == [b"NaN"]
    assert scan(b"[1,2]") == Scan(whole=True, depth=1)
    assert scan(b'[["type","x"]]').type is None


def test_the_scan_is_bounded() -> None:
    found = scan(b"[" + b"1," * MAX_TOKENS)
    assert found.problem is not None
    assert found.problem.found == f"a mistake beyond the first {MAX_TOKENS} tokens"
    assert not found.whole
    found = scan(b"[" + b'"\\ud800\\n\\udc00",NaN,' * 1000 + b"1]")
    assert found.whole
    assert len(found.spots) == 1000


@pytest.mark.parametrize(
    "raw,keys",
    [
        (b'{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', []),
        (b'{"a":1,"a":2,"a":3}', ["$.a", "$.a"]),
        (b'{"item":{"id":1,"i\\u0064":2}}', ["$.item.id"]),
        (b'[{"a b":1,"a b":2}]', ['$[0]["a b"]']),
        (b'{"a":1,"a":', ["$.a"]),
        (b"{" + b'"a":1,' * 200 + b'"b":1}', ["$.a"] * 100),
    ],
)
def test_duplicate_keys(raw: bytes, keys: list[str]) -> None:
    assert duplicate_keys(raw) == keys


@pytest.mark.parametrize(
    "raw,text",
    [
        (b'{"a":"NaN \\ud83d\\ude00"}', b'{"a":"NaN \\ud83d\\ude00"}'),
        (b'{"a":NaN,"b":[-Infinity,"\\ud83d"]}', b'{"a":null,"b":[null,"\\ufffd"]}'),
        (b'["\\ude00\\ud83d\\ud83d\\ude00\\ud83d"]', b'["\\ufffd\\ufffd\\ud83d\\ude00\\ufffd"]'),
        (b'["\xff\\ud83d"]', '["\ufffd\\ufffd"]'.encode()),
        (b'["\\ud83d", x', b'["\\ufffd", x'),
    ],
)
def test_repair(raw: bytes, text: bytes) -> None:
    assert repair(raw) == text
