"""Bytes to events and back: the hostile inputs of the design, the way of long audio, unknown things, exceptions."""

from __future__ import annotations

import base64
import json
import pickle
import tracemalloc
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rtproto import ga
from rtproto.events.audio import is_valid
from rtproto.events.base import Event, UnknownEvent, UnknownVariant
from rtproto.events.dialect import BETA, DIALECTS, GA, TRANSLATION, Dialect, event_type
from rtproto.testing.strategies import instances
from rtproto.wire import (
    AUDIO_FIELDS,
    SPLICED_FROM,
    DecodeError,
    Decoder,
    Fault,
    decode_or_raise,
    duplicate_keys,
    encode,
)

IDS = '"event_id":"event_1","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0'
TEXT = f'{{"type":"response.output_text.delta",{IDS},"delta":"Hello"}}'.encode()
ITEM = '{{"type":"conversation.item.added","event_id":"event_1","previous_item_id":null,"item":{}}}'


def decode(raw: Any, dialect: Dialect = GA, direction: str = "server") -> Event | UnknownEvent | Fault:
    return Decoder(dialect, direction=direction).decode(raw)


def fault(raw: Any) -> Fault:
    found = decode(raw)
    assert isinstance(found, Fault), found
    return found


def with_item(item: Any) -> bytes:
    return ITEM.format(item if isinstance(item, str) else json.dumps(item)).encode()


# What an event may look like and still be one.


@pytest.mark.parametrize(
    "raw",
    [
        TEXT,
        bytearray(TEXT),
        memoryview(TEXT),
        TEXT.decode(),
        b" \t" + TEXT + b"\r\n",
        json.dumps(json.loads(TEXT), indent=1).encode(),
        TEXT.replace(b'"type"', b'"ty\\u0070e"'),
        TEXT[:-1] + b',"new":[{"in":1e999}],"digits":' + b"9" * 400 + b"}",
        TEXT[:-1] + b',"delta":"Hello"}',
    ],
)
def test_an_event_in_order(raw: Any) -> None:
    event = decode(raw)
    assert event == ga.ResponseOutputTextDelta(
        event_id="event_1",
        response_id="resp_1",
        item_id="item_1",
        output_index=0,
        content_index=0,
        delta="Hello",
    )


def test_text_outside_ascii() -> None:
    event = decode(TEXT.replace(b"Hello", "Grüße 👋".encode()))
    assert isinstance(event, ga.ResponseOutputTextDelta)
    assert event.delta == "Grüße 👋"


def test_an_event_owns_its_bytes() -> None:
    raw = bytearray(b'{"type":"session.update","session":{"type":"realtime","tools":')
    raw += b'[{"type":"function","name":"f","parameters":{"type":"object"}}]}}'
    event = decode(raw, direction="client")
    raw[:] = b"0" * len(raw)
    assert isinstance(event, ga.SessionUpdate)
    assert b'"parameters":{"type":"object"}' in encode(event)


@pytest.mark.parametrize(
    "raw, kind", [(None, "NoneType"), (5, "int"), (["{}"], "list"), ({"type": "x"}, "dict")]
)
def test_what_is_no_text_is_a_mistake_of_the_caller(raw: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=rf"bytes or str, not {kind}: .* msgspec\.json\.encode\(\)"):
        decode(raw)


def test_directions() -> None:
    assert isinstance(decode('{"type":"response.cancel"}', direction="client"), ga.ResponseCancel)
    assert decode('{"type":"response.cancel"}') == UnknownEvent(
        "response.cancel", b'{"type":"response.cancel"}'
    )
    with pytest.raises(ValueError, match="no direction 'both'; there are: client, server"):
        Decoder(GA, direction="both")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_extras_are_events_of_the_server(dialect: Dialect) -> None:
    for cls in dialect.extras:
        found = decode(json.dumps({"type": event_type(cls)}), dialect)
        assert isinstance(found, Fault)
        assert (found.kind, found.type) == ("missing-field", event_type(cls))


# Hostile bytes: the table of the design, and its neighbours.

LATIN = TEXT.replace(b"Hello", b"Gr\xfc\xdfe")
HOSTILE: Mapping[str, tuple[bytes | str, str, int | None]] = {
    "empty": (b"", "empty", 0),
    "spaces": (b" \t\r\n", "empty", 0),
    "NUL": (b"\0", "not-json", 0),
    "NUL after": (TEXT + b"\0", "trailing-data", len(TEXT)),
    "NUL in a string": (TEXT.replace(b"Hello", b"He\0llo"), "not-json", TEXT.index(b"Hello") + 2),
    "vertical tab": (b"\v" + TEXT, "not-json", 0),
    "NaN": (TEXT.replace(b":0,", b":NaN,", 1), "not-finite", TEXT.index(b":0,") + 1),
    "Infinity in an unknown field": (TEXT[:-1] + b',"x":[1,-Infinity]}', "not-finite", len(TEXT) + 7),
    "1e999": (TEXT.replace(b":0,", b":1e999,", 1), "number-range", None),
    "400 digits": (TEXT.replace(b":0,", b":" + b"9" * 400 + b",", 1), "number-range", None),
    "5,000 digits": (TEXT.replace(b":0,", b":-" + b"9" * 5000 + b",", 1), "number-range", None),
    "64 bits and one": (TEXT.replace(b":0,", b":9223372036854775808,", 1), "number-range", None),
    "high surrogate at the end": (
        TEXT.replace(b"Hello", b"H\\ud83d"),
        "lone-surrogate",
        TEXT.index(b"Hello") + 1,
    ),
    "high surrogate inside": (TEXT.replace(b"Hello", b"\\uD83Dx"), "lone-surrogate", TEXT.index(b"Hello")),
    "low surrogate": (TEXT.replace(b"Hello", b"\\ude00"), "lone-surrogate", TEXT.index(b"Hello")),
    "two high surrogates": (
        TEXT.replace(b"Hello", b"\\ud83d\\ud83d\\ude00"),
        "lone-surrogate",
        TEXT.index(b"Hello"),
    ),
    "lone surrogate in an unknown field": (
        TEXT[:-1] + b',"x":"\\ud83d\\ude00\\\\ud83d\\udc00"}',
        "lone-surrogate",
        len(TEXT) + 24,
    ),
    "lone surrogate in a str": (TEXT.decode().replace("Hello", "\ud83d"), "not-utf8", TEXT.index(b"Hello")),
    "overlong": (TEXT.replace(b"Hello", b"\xc0\xaf"), "not-utf8", TEXT.index(b"Hello")),
    "latin-1": (LATIN, "not-utf8", TEXT.index(b"Hello") + 2),
    "CESU": (TEXT.replace(b"Hello", b"\xed\xa0\xbd\xed\xb8\x80"), "not-utf8", TEXT.index(b"Hello")),
    "bad UTF-8 in an unknown field": (TEXT[:-1] + b',"x":"\xff"}', "not-utf8", len(TEXT) + 5),
    "bad UTF-8 in an unknown key": (TEXT[:-1] + b',"\xff":1}', "not-utf8", len(TEXT) + 1),
    "bad UTF-8 in the type": (b'{"type":"error\xff"}', "not-utf8", 14),
    "UTF-16": (TEXT.decode().encode("utf-16-le"), "not-json", 1),
    "1,000 deep": (b"[" * 1000 + b"]" * 1000, "too-deep", None),
    "5,000 deep in an unknown field": (
        TEXT[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
        "too-deep",
        None,
    ),
    "objects 5,000 deep in an unknown type": (
        b'{"type":"x","a":' + b'{"a":' * 5000 + b"1" + b"}" * 5001,
        "too-deep",
        None,
    ),
    "byte order mark": (b"\xef\xbb\xbf" + TEXT, "not-json", 0),
    "trailing garbage": (TEXT + b" x", "trailing-data", len(TEXT) + 1),
    "two documents": (TEXT + TEXT, "trailing-data", len(TEXT)),
    "two documents and a CR": (TEXT + b"\r" + TEXT, "trailing-data", len(TEXT) + 1),
    "cut in a string": (TEXT[:-3], "truncated", len(TEXT) - 3),
    "cut in an escape": (TEXT[:-2] + b"\\u00", "truncated", len(TEXT) + 2),
    "cut after a string": (TEXT[:-1], "truncated", len(TEXT) - 1),
    "cut in a character": (TEXT.replace(b"Hello", b"\xe2\x82")[:-2], "truncated", TEXT.index(b"Hello")),
    "cut in a key": (TEXT[:5], "truncated", 5),
    "cut in a number": (b'{"type":"x","a":-', "truncated", 17),
    "cut in an unknown type": (b'{"type":"x","a":tru', "truncated", 19),
    "single quotes": (b"{'type': 'response.cancel'}", "not-json", 1),
    "array": (b"[" + TEXT + b"]", "not-an-object", 0),
    "string": (b'"response.cancel"', "not-an-object", 0),
    "number": (b" 12", "not-an-object", 0),
    "null": (b"null", "not-an-object", 0),
    "no type": (b"{}", "type-missing", None),
    "type a number": (b'{"type":5}', "type-missing", None),
    "type null": (b'{"type":null}', "type-missing", None),
    "type an object": (b'{"type":{"a":1}}', "type-missing", None),
    "a field is missing": (TEXT.replace(b'"delta"', b'"dalte"'), "missing-field", None),
    "a field is a number": (TEXT.replace(b'"Hello"', b"1"), "wrong-type", None),
    "the first of two values is wrong": (TEXT[:-1] + b',"delta":1}', "wrong-type", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes(name: str) -> None:
    raw, kind, offset = HOSTILE[name]
    found = fault(raw)
    assert (found.kind, found.offset) == (kind, offset)
    assert found.expected
    assert found.found
    assert found.expected in str(DecodeError(found))


def test_of_a_repeated_key_the_last_counts() -> None:
    raw = TEXT[:-1].replace(b'"Hello"', b"1") + b',"delta":"Hello"}'
    assert decode(raw) == decode(TEXT)
    assert duplicate_keys(raw) == ["$.delta"]
    raw = b'{"type":"error","type":"response.cancel"}'
    assert isinstance(decode(raw, direction="client"), ga.ResponseCancel)


@pytest.mark.parametrize(
    "raw, type",
    [
        (LATIN, "response.output_text.delta"),
        (TEXT[:-1], "response.output_text.delta"),
        (TEXT[:-1] + b',"x":NaN}', "response.output_text.delta"),
        (TEXT.replace(b"output_text", b"output_t\\u0065xt")[:-1], "response.output_text.delta"),
        (b'{"type":"response.output_text.delta","x":' + b"[" * 5000, "response.output_text.delta"),
        (b'{"type":"\\ud800"}', "?"),
        (b'{"event_id":"e","session":{"type":"realtime"}', None),
        (b'["type","x"', None),
        (b'{"type":5', None),
    ],
)
def test_the_type_is_read_where_it_can_be(raw: bytes, type: str | None) -> None:
    assert fault(raw).type == type


def test_one_value_more_than_the_decoder_can_follow() -> None:
    """Wherever the limit of nesting lies, on either side of it there is an answer."""
    item = {"type": "new"}
    answers = set[str]()
    for depth in range(10, 1500, 10):
        raw = with_item('{"type":"message","role":"user","content":[],"x":' + "[" * depth + "]" * depth + "}")
        found = decode(raw)
        answers.add(found.kind if isinstance(found, Fault) else found.type)
        deep = decode(with_item({**item, "x": None}).replace(b"null}", b"[" * depth + b"]" * depth + b"}"))
        answers.add(deep.kind if isinstance(deep, Fault) else deep.type)
    assert answers == {"conversation.item.added", "too-deep"}


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    for direction in ("client", "server"):
        assert isinstance(decode(raw, direction=direction), Event | UnknownEvent | Fault)


def _lines() -> st.SearchStrategy[bytes]:
    events = [instances(cls) for dialect in DIALECTS.values() for cls in dialect.server + dialect.client]
    return st.one_of(events).map(msgspec.json.encode)


SPLINTERS = [
    b"",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\xff",
    b"\xe2\x82",
    b"\0",
    b"NaN",
    b"1e999",
]
SPLINTERS += [b"\\ud800", b"null", b'"type":', b'"rtproto.unknown"', b"-", b".5", b"9" * 30, b"\xef\xbb\xbf"]


@given(
    _lines(),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 9), st.sampled_from(SPLINTERS)), max_size=3),
)
def test_any_damage_has_an_answer(raw: bytes, damage: list[tuple[int, int, bytes]]) -> None:
    for at, length, splinter in damage:
        at %= len(raw) + 1
        raw = raw[:at] + splinter + raw[at + length :]
    for dialect in DIALECTS.values():
        for direction in ("client", "server"):
            found = decode(raw, dialect, direction)
            assert isinstance(found, Event | UnknownEvent | Fault)
            assert msgspec.json.decode(msgspec.json.encode(found)) is not None
            if isinstance(found, Fault):
                assert str(DecodeError(found)).isprintable()


MIB = 2**20
BULKY: Mapping[str, bytes] = {
    "arrays": b"[" + b"[]," * (MIB // 3) + b"[]]",
    "arrays cut off": b"[" + b"[]," * (MIB // 3),
    "arrays in an unknown field": TEXT[:-1].replace(b'"Hello"', b"1")
    + b',"x":['
    + b"[]," * (MIB // 3)
    + b"[]]}",
    "arrays in an unknown event": b'{"type":"x","x":[' + b"[]," * (MIB // 3) + b"[]]}",
    "an array of parts": with_item(
        '{"type":"message","role":"user","content":[' + "{}," * (MIB // 3) + "{}]}"
    ),
    "keys": TEXT[:-1] + b"".join(b',"%d":1' % i for i in range(MIB // 10)) + b',"x":NaN}',
    "brackets": b"[" * MIB,
    "escapes": TEXT.replace(b"Hello", b"\\n" * (MIB // 2) + b"\\q"),
    "surrogates": TEXT.replace(b"Hello", b"\\ud800" * (MIB // 6)),
    "digits": TEXT.replace(b":0,", b":" + b"1" * MIB + b",", 1),
    "quotes": b'"' * MIB,
    "no UTF-8": b"\xff" * MIB,
}


@pytest.mark.parametrize("name", BULKY)
def test_memory_is_bounded(name: str) -> None:
    """A few times the line at most: the scan's stack and keys, and the text of the answer."""
    raw = BULKY[name]
    decoder = Decoder(GA, direction="server")
    tracemalloc.start()
    try:
        found = decoder.decode(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(found, UnknownEvent if name == "arrays in an unknown event" else Fault)
    assert peak < 24 * MIB
    if isinstance(found, Fault):
        assert len(msgspec.json.encode(found)) < 1000


def test_a_scan_that_gives_up_says_so() -> None:
    found = fault(BULKY["arrays cut off"])
    assert found.kind == "not-json"
    assert found.found == "a mistake beyond the first 300000 tokens"


# Long audio goes another way, to the same end.

AUDIO = base64.b64encode(bytes(range(256)) * 9).decode()
DELTA = f'{{"type":"response.output_audio.delta",{IDS},"delta":"{AUDIO}"}}'


def test_the_audio_of_the_tests_is_long_enough() -> None:
    assert len(AUDIO) > SPLICED_FROM


@pytest.mark.parametrize(
    "dialect, type, fields",
    [
        (GA, "input_audio_buffer.append", {}),
        (TRANSLATION, "session.input_audio_buffer.append", {}),
        (BETA, "response.audio.delta", json.loads(f"{{{IDS}}}")),
        (GA, "response.output_audio.delta", json.loads(f"{{{IDS}}}")),
        (TRANSLATION, "session.output_audio.delta", {"event_id": "event_1"}),
    ],
)
@pytest.mark.parametrize("audio", [AUDIO, AUDIO[:64], ""], ids=["long", "short", "none"])
def test_audio_events(dialect: Dialect, type: str, fields: dict[str, Any], audio: str) -> None:
    field = AUDIO_FIELDS[type]
    decoder = Decoder(dialect, direction="client" if field == "audio" else "server")
    for separators in ((",", ":"), (", ", ": ")):
        event: Any = decoder.decode(json.dumps({"type": type, **fields, field: audio}, separators=separators))
        assert event_type(event) == type
        assert getattr(event, field) == audio
        assert decoder.audio_bytes == len(base64.b64decode(audio))
        assert decoder.audio_bytes == len(base64.b64decode(audio))


def test_long_audio_is_left_out_until_it_is_asked_for() -> None:
    raw = DELTA.encode()
    leaving = Decoder(GA, direction="server", leave_audio=True)
    event: Any = leaving.decode(raw)
    assert (event.item_id, leaving.audio_bytes) == ("item_1", 2304)
    assert event.delta != AUDIO
    leaving.fill(event, raw)
    assert event.delta == AUDIO


def test_all_events_with_audio_are_known() -> None:
    carriers = {
        event_type(cls)
        for dialect in DIALECTS.values()
        for cls in dialect.client + dialect.server + dialect.extras
    }
    assert carriers >= AUDIO_FIELDS.keys()


@pytest.mark.parametrize(
    "raw",
    [
        TEXT,
        DELTA.replace(AUDIO, AUDIO + "!"),
        DELTA.replace(AUDIO, AUDIO[:64] + "="),
        b"[]",
        b'{"type":"new","delta":"QUJD"}',
    ],
)
def test_no_length_without_valid_audio(raw: bytes) -> None:
    decoder = Decoder(GA, direction="server")
    decoder.decode(DELTA)
    assert decoder.audio_bytes == 2304
    decoder.decode(raw)
    assert decoder.audio_bytes is None
    assert decoder.audio_bytes is None


KEYS = ['"delta":', '"delta": ', '"delta" :', '"delta":\\t', '"d\\u0065lta":', '"x\\"delta":', '"audio":']
VALUES = [AUDIO, AUDIO + "=", AUDIO + "\\/", AUDIO[1:], AUDIO[:8], "", AUDIO + "é", AUDIO + "\\n", "hole"]


def _members() -> st.SearchStrategy[str]:
    payload = st.builds(
        lambda key, value: f'{key}"{value}"'.replace("\\t", "\t"),
        st.sampled_from(KEYS),
        st.sampled_from(VALUES),
    )
    others = [
        f'"event_id":"event_{AUDIO}"',
        '"x":"\\"delta\\":\\"QUJD"',
        '"é":1',
        '"delta":null',
        '"delta":1',
        '"x":-',
    ]
    ids = st.sampled_from([*IDS.split(","), *others, f'"y":"{"z" * 700}"'])
    nested = st.builds('"x":{{{}}}'.format, payload)
    return st.one_of(payload, payload, ids, nested)


@given(
    st.sampled_from(["response.output_audio.delta", "response.output_text.delta", "new.type"]),
    st.booleans(),
    st.lists(_members(), min_size=1, max_size=4),
    st.sampled_from(["}", "}", " }", '"}', ',"x":"y"}', "}x", "", ",}"]),
    st.booleans(),
)
@example("response.output_audio.delta", True, [f'"x\\"delta":"{AUDIO}"', '"delta":""'], "}", True)
@example("response.output_audio.delta", True, [f'"x":{{"delta":"{AUDIO}"}}', '"delta":""'], "}", True)
@example("response.output_audio.delta", True, [f'"delta":"{AUDIO}"', '"delta":"QUJD"'], "}", True)
@example("response.output_audio.delta", True, [f'"delta":"{AUDIO}"', '"x":"é"'], "}", True)
@example("response.output_audio.delta", True, [f'"delta":"{AUDIO}"'], "", True)
@example("response.output_audio.delta", True, [f'"delta":"{AUDIO}'], "", True)
def test_both_ways_lead_to_the_same_event(
    type: str, first: bool, members: list[str], end: str, complete: bool
) -> None:
    if complete:
        members = [IDS, *members]
    named = f'"type":"{type}"'
    text = "{" + ",".join([named, *members] if first else [*members, named]) + end
    raw = text.encode()
    decoder, leaving = (Decoder(GA, direction="server", leave_audio=leave) for leave in (False, True))
    # The guesses of earlier lines must not matter.
    for before in ("", DELTA, DELTA[:-1] + ',"obfuscation":"x"}', DELTA.replace(":", ": ")):
        decoder.decode(before)
        found = decoder.decode(raw)
        assert found == _by_msgspec_alone(raw)
        leaving.decode(before)
        filled: Any = leaving.decode(raw)
        assert leaving.audio_bytes == decoder.audio_bytes
        leaving.fill(filled, raw)
        assert filled == found
        if isinstance(found, ga.ResponseOutputAudioDelta):
            valid = is_valid(found.delta)
            assert decoder.audio_bytes == (len(base64.b64decode(found.delta)) if valid else None)


def _by_msgspec_alone(raw: bytes) -> Event | UnknownEvent | Fault:
    """What msgspec says; a second decoder where it refuses, since short and long lines are refused alike."""
    try:
        raw.decode()
        event: Event = GA.server_decoder.decode(raw)
    except ValueError:
        return decode(raw)
    return event


def test_lines_of_several_streams_in_turn() -> None:
    """Each line has its audio at another place than the one before."""
    decoder = Decoder(GA, direction="server")
    fields = {**json.loads(f"{{{IDS}}}"), "type": "response.output_audio.delta"}
    lines = [
        {**fields, "delta": AUDIO},
        {"delta": AUDIO, **fields},
        {**fields, "delta": AUDIO, "x": "y"},
        {**fields, "delta": AUDIO, "x": "y" * 2000},
        {**fields, "delta": AUDIO},
        {"delta": AUDIO + "=", **fields},
        {**fields, "x": "y" * 2000, "delta": AUDIO},
        {**fields, "delta": AUDIO[:-4]},
    ]
    for line in lines * 2:
        event = decoder.decode(json.dumps(line))
        assert isinstance(event, ga.ResponseOutputAudioDelta)
        assert event.delta == line["delta"]
        assert decoder.audio_bytes == (None if line["delta"].endswith("/=") else len(line["delta"]) // 4 * 3)


@pytest.mark.parametrize(
    "raw",
    [
        DELTA[:-2],
        DELTA.replace('"delta":"', '"delta":'),
        DELTA.replace('"delta":"', '"delta" "'),
        DELTA.replace(f'"{AUDIO}"', f'["{AUDIO}"]'),
        DELTA.replace("output_index", "output_inbox"),
        DELTA.replace('"event_1"', "1"),
        DELTA + "x",
    ],
)
def test_long_audio_in_a_faulty_line(raw: str) -> None:
    assert isinstance(decode(raw), Fault)


# Unknown events and variants.


@pytest.mark.parametrize(
    "raw", [b'{"type":"new.event","n":1.0}', b' { "type" : "" } ', b'{"type":"response.cancel"}']
)
def test_unknown_events_go_back_as_they_came(raw: bytes) -> None:
    event = decode(raw)
    assert event == UnknownEvent(json.loads(raw)["type"], raw)
    assert encode(event) == raw


VARIANTS = [
    '{"type":"new","n":[1.0,1e400,{"a":null}]}',
    '{"type":"rtproto.unknown"}',
    '{"type":"new","text":"\\"quoted\\" \\ud83d\\ude00 é"}',
]
TYPELESS = ['{"type":null,"id":"part_1"}', '{"id":"part_1"}']


def with_part(part: str) -> bytes:
    return with_item('{"type":"message","id":"i","role":"user","content":[' + part + "]}")


@pytest.mark.parametrize("variant", VARIANTS)
def test_unknown_variants_go_back_as_they_came(variant: str) -> None:
    raw = with_item(variant)
    event = decode(raw)
    assert isinstance(event, ga.ConversationItemAdded)
    assert isinstance(event.item, ga.UnknownItem)
    assert event.item.raw == variant
    assert encode(event) == raw


@pytest.mark.parametrize(
    "variant, type",
    [
        ('{"type":"reasoning","id":"rs_1"}', "reasoning"),
        ('{"summary":[{"type":"text"}],"type":"r\\u00e9sum\\u00e9"}', "résumé"),
        ('{"id":"rs_1"}', "rtproto.unknown"),
        ('{"type":null}', "rtproto.unknown"),
    ],
)
def test_the_type_of_an_unknown_variant_is_that_on_the_wire(variant: str, type: str) -> None:
    event = decode(with_part(variant))
    assert isinstance(event, ga.ConversationItemAdded)
    assert isinstance(event.item, ga.Message)
    assert [part.type for part in event.item.content] == [type]


@pytest.mark.parametrize(
    "item, kind, found",
    [('{"role":"user","content":[]}', "missing-field", "nothing"), ('{"type":null}', "wrong-type", "null")],
)
def test_an_item_without_a_type_is_a_fault(item: str, kind: str, found: str) -> None:
    fault = decode(with_item(item))
    assert isinstance(fault, Fault)
    assert (fault.kind, fault.path, fault.expected, fault.found) == (kind, "$.item.type", "a string", found)


@pytest.mark.parametrize("raw", ["{", "[]", "5", "[" * 2000, ""])
def test_whoever_sends_the_wrapping_of_unknown_variants_has_no_other_type(raw: str) -> None:
    assert ga.UnknownTool(raw=raw).type == "rtproto.unknown"


def test_unknown_variants_inside_a_known_one() -> None:
    variants = [*VARIANTS, *TYPELESS]
    raw = with_part(",".join(variants))
    event = decode(raw)
    assert isinstance(event, ga.ConversationItemAdded)
    assert isinstance(event.item, ga.Message)
    assert [part.raw for part in event.item.content if isinstance(part, UnknownVariant)] == variants
    assert encode(event) == raw


@pytest.mark.parametrize("kind", ['"none"', "null"])
def test_turn_detection_of_azure(kind: str) -> None:
    raw = b'{"type":"session.update","session":{"turn_detection":{"type":%s}}}' % kind.encode()
    event = decode(raw, BETA, "client")
    assert isinstance(event, Event)
    assert encode(event) == raw


def test_the_wrapping_itself_on_the_wire() -> None:
    """Nobody sends it, but anybody could; what it holds goes back as it came where it is no JSON object."""
    for text in ("{", "1", "[]", '{"a":NaN}', ""):
        raw = with_item({"type": "rtproto.unknown", "raw": text}).replace(b": ", b":").replace(b", ", b",")
        event = decode(raw)
        assert isinstance(event, ga.ConversationItemAdded)
        assert encode(event) == raw


def test_wrapped_by_hand() -> None:
    part = ga.UnknownPart(raw='{"type":"new"}')
    tool = ga.UnknownTool(raw='{"type":"new_tool"}')
    headers = {"x": "rtproto.unknown"}
    mcp = ga.McpTool(server_label="s", headers=headers)
    created = ga.ConversationItemCreate(item=ga.Message(role="user", content=[part]))
    assert encode(created).endswith(b'"content":[{"type":"new"}]}}')
    update = ga.SessionUpdate(session=ga.Session(tools=[tool, mcp]))
    assert json.loads(encode(update))["session"]["tools"] == [
        {"type": "new_tool"},
        {"type": "mcp", "server_label": "s", "headers": headers},
    ]


@given(st.one_of([instances(cls) for cls in GA.server + GA.client]))
def test_written_and_read_again(event: Event) -> None:
    raw = encode(event)
    direction = "client" if type(event) in GA.client else "server"
    again = decode(raw, direction=direction)
    assert isinstance(again, Event)
    assert encode(again) == raw


# For those who prefer exceptions.


def test_decode_or_raise() -> None:
    assert decode_or_raise(GA, "server", TEXT) == decode(TEXT)
    assert isinstance(decode_or_raise(GA, "client", TEXT), UnknownEvent)
    raw = TEXT.replace(b'"Hello"', b'["Hello"]')
    with pytest.raises(DecodeError) as caught:
        decode_or_raise(GA, "server", raw)
    error = caught.value
    assert error.fault == decode(raw)
    assert (error.kind, error.path, error.expected, error.found, error.offset, error.type) == (
        "wrong-type",
        "$.delta",
        "a string",
        "an array",
        None,
        "response.output_text.delta",
    )
    assert str(error) == (
        "response.output_text.delta: $.delta: expected a string, found an array (wrong-type); "
        "rtproto.wire.salvage reads the ids of an event without its full shape"
    )
    copy = pickle.loads(pickle.dumps(error))
    assert copy.fault == error.fault
    assert str(copy) == str(error)


def test_the_message_says_where() -> None:
    with pytest.raises(
        DecodeError, match=r"^\$: byte 0: expected a JSON object, found nothing \(empty\); pass one event"
    ):
        decode_or_raise(GA, "server", "")


# Should msgspec and this library ever disagree, there is still an answer.


class Picky(Event, frozen=True, kw_only=True, tag="picky"):
    """Refuses what its fields allow."""

    def __post_init__(self) -> None:
        raise ValueError("never")


def test_a_difference_that_nobody_can_name() -> None:
    picky = Dialect("picky", client=(Picky,), server=(Picky,))
    found = decode('{"type":"picky"}', picky)
    assert isinstance(found, Fault)
    assert (found.kind, found.path, found.type) == ("wrong-type", "$", "picky")


def test_a_text_that_only_msgspec_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtproto.wire._is_json", lambda raw: False)
    found = fault(b'{"type":"response.output_text.delta"}')
    assert (found.kind, found.offset, found.type) == ("not-json", 0, "response.output_text.delta")
