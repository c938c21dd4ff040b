"""The first difference between an object and its class, and unknown variants that are none."""

from __future__ import annotations

import copy
import json
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from rtproto.events.base import Event, Int, UnknownEvent, UnknownVariant, Variant
from rtproto.events.dialect import BETA, DIALECTS, GA, Dialect
from rtproto.testing.strategies import instances
from rtproto.wire import Decoder, Fault
from rtproto.wire_fault import key_path
from rtproto.wire_shape import MAX_VALUES, Misfit, mend, without_nulls


class Point(Struct):
    """An object without a tag."""

    x: int
    y: float | UnsetType = UNSET


class Dot(Variant, frozen=True, kw_only=True, tag="dot"):
    """A variant."""

    at: Point


class Line(Variant, frozen=True, kw_only=True, tag="line"):
    """Another."""

    points: list[Point] | None


class UnknownShape(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """The third."""


class Everything(Event, frozen=True, kw_only=True, tag="everything"):
    """One field of each kind."""

    small: Annotated[int, Meta(ge=-5, le=5)] | UnsetType = UNSET
    whole: Int | UnsetType = UNSET
    real: float | UnsetType | None = UNSET
    either: int | float | UnsetType = UNSET
    tokens: Int | str | UnsetType = UNSET
    flag: bool | UnsetType = UNSET
    text: str | UnsetType = UNSET
    words: dict[str, str] | UnsetType = UNSET
    opaque: Raw | UnsetType = UNSET
    choice: Literal["a", "b"] | UnsetType = UNSET
    shape: Dot | Line | UnknownShape | UnsetType | None = UNSET
    closed: Dot | Line | UnsetType = UNSET
    single: Dot | UnsetType = UNSET
    other: str | Dot | UnknownShape | UnsetType = UNSET
    named: int | UnsetType = msgspec.field(default=UNSET, name="a-b")


INT64 = "an integer from -9223372036854775808 to 9223372036854775807"
LARGEST = "a number of at most 1.8e308"
SHAPES = '"dot" or "line"'

MISFITS = [
    ('{"small":6}', "number-range", "$.small", "an integer from -5 to 5", "6"),
    ('{"small":-6}', "number-range", "$.small", "an integer from -5 to 5", "-6"),
    ('{"small":null}', "wrong-type", "$.small", "an integer", "null"),
    ('{"whole":9223372036854775808}', "number-range", "$.whole", INT64, "9223372036854775808"),
    ('{"whole":-9223372036854775809}', "number-range", "$.whole", INT64, "-9223372036854775809"),
    ('{"whole":1.0}', "wrong-type", "$.whole", "an integer", "1.0"),
    ('{"whole":1e2}', "wrong-type", "$.whole", "an integer", "1e2"),
    ('{"whole":1e999}', "number-range", "$.whole", LARGEST, "1e999"),
    ('{"whole":"12"}', "wrong-type", "$.whole", "an integer", '"12"'),
    ('{"whole":true}', "wrong-type", "$.whole", "an integer", "true"),
    ('{"whole":{}}', "wrong-type", "$.whole", "an integer", "an object"),
    ('{"whole":[]}', "wrong-type", "$.whole", "an integer", "an array"),
    ('{"real":"x"}', "wrong-type", "$.real", "a number or null", '"x"'),
    ('{"real":-1e999}', "number-range", "$.real", LARGEST, "-1e999"),
    ('{"real":' + "1" * 400 + "}", "number-range", "$.real", LARGEST, "a number of 400 digits"),
    ('{"either":true}', "wrong-type", "$.either", "an integer or a number", "true"),
    ('{"either":1e999}', "number-range", "$.either", LARGEST, "1e999"),
    ('{"tokens":null}', "wrong-type", "$.tokens", "an integer or a string", "null"),
    ('{"tokens":0.5}', "wrong-type", "$.tokens", "an integer or a string", "0.5"),
    ('{"flag":"true"}', "wrong-type", "$.flag", "true or false", '"true"'),
    ('{"flag":0}', "wrong-type", "$.flag", "true or false", "0"),
    ('{"text":null}', "wrong-type", "$.text", "a string", "null"),
    ('{"text":5}', "wrong-type", "$.text", "a string", "5"),
    ('{"text":{"' + "x" * 99 + '":1}}', "wrong-type", "$.text", "a string", "an object"),
    (
        '{"flag":"' + "é" * 99 + '"}',
        "wrong-type",
        "$.flag",
        "true or false",
        '"' + "é" * 39 + '…" (198 bytes)',
    ),
    ('{"flag":"\\u001b[2J\u202e\x9b"}', "wrong-type", "$.flag", "true or false", '"\\u001b[2J\\u202e\\x9b"'),
    ('{"words":[]}', "wrong-type", "$.words", "an object", "an array"),
    ('{"words":{"a":"b","c d":1}}', "wrong-type", '$.words["c d"]', "a string", "1"),
    ('{"shape":"dot"}', "wrong-type", "$.shape", "an object or null", '"dot"'),
    ('{"shape":{"type":5}}', "wrong-type", "$.shape.type", "a string", "5"),
    ('{"shape":{"type":{}}}', "wrong-type", "$.shape.type", "a string", "an object"),
    ('{"shape":{"type":"dot"}}', "missing-field", "$.shape.at", "an object", "nothing"),
    ('{"shape":{"type":"line"}}', "missing-field", "$.shape.points", "an array or null", "nothing"),
    (
        '{"shape":{"type":"line","points":{}}}',
        "wrong-type",
        "$.shape.points",
        "an array or null",
        "an object",
    ),
    (
        '{"shape":{"type":"line","points":[{"x":1},{"x":2,"y":"z"}]}}',
        "wrong-type",
        "$.shape.points[1].y",
        "a number",
        '"z"',
    ),
    ('{"closed":{"type":"new"}}', "wrong-type", "$.closed.type", SHAPES, '"new"'),
    ('{"closed":{"type":null}}', "wrong-type", "$.closed.type", SHAPES, "null"),
    ('{"closed":{}}', "missing-field", "$.closed.type", SHAPES, "nothing"),
    ('{"single":{"type":"line"}}', "wrong-type", "$.single.type", '"dot"', '"line"'),
    ('{"other":5}', "wrong-type", "$.other", "a string or an object", "5"),
    ('{"a-b":"c"}', "wrong-type", '$["a-b"]', "an integer", '"c"'),
]


@pytest.mark.parametrize(
    "text,kind,path,expected,found", [pytest.param(*case, id=case[0][:40]) for case in MISFITS]
)
def test_misfits(text: str, kind: str, path: str, expected: str, found: str) -> None:
    raw = text.replace("{", '{"type":"everything",', 1).encode()
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=Everything)
    with pytest.raises(Misfit) as caught:
        mend(raw, Everything)
    assert caught.value.fault("everything") == Fault(kind, path, expected, found, type="everything")


@pytest.mark.parametrize(
    "text",
    [
        '{"small":-5,"whole":9223372036854775807,"real":null,"either":0.5,"tokens":"inf","flag":false}',
        '{"small":5,"whole":-9223372036854775808,"real":1,"either":-0,"tokens":0,"flag":true,"text":""}',
        '{"words":{"a":"b"},"opaque":null,"choice":"a","shape":null,"closed":{"type":"line","points":null}}',
        '{"words":{},"opaque":[1e999],"shape":{"type":"line","points":[{"x":0}]},"other":"x","a-b":1}',
        '{"shape":{"at":{"x":0,"y":1e3},"type":"dot"},"single":{"type":"dot","at":{"x":0}}}',
    ],
)
def test_what_fits_stays(text: str) -> None:
    raw = text.replace("{", '{"type":"everything",', 1).encode()
    mended = mend(raw, Everything)
    assert json.loads(mended) == json.loads(raw)
    assert msgspec.json.decode(mended, type=Everything) == msgspec.json.decode(raw, type=Everything)


def test_what_only_the_decoder_knows_is_left_to_it() -> None:
    raw = b'{"type":"everything","choice":"c"}'
    assert mend(raw, Everything) == raw


def test_unknown_variants_are_wrapped_and_unknown_members_gone() -> None:
    raw = b'{"new":{},"other" : { "type":"x", "a":1.0 },"type":"everything","shape":{"y":null}}'
    assert json.loads(mend(raw, Everything)) == {
        "type": "everything",
        "shape": {"type": "rtproto.unknown", "raw": '{"y":null}'},
        "other": {"type": "rtproto.unknown", "raw": '{ "type":"x", "a":1.0 }'},
    }


def test_a_frame_of_too_many_values_is_not_split() -> None:
    raw = b'{"type":"everything","flag":1,"x":[' + b"1," * MAX_VALUES + b"1]}"
    with pytest.raises(Misfit) as caught:
        mend(raw, Everything)
    assert (caught.value.kind, caught.value.path) == ("wrong-type", "$")
    assert "more than 100000 values" in caught.value.found


# The same on every event there is: what msgspec refuses has a place and a reason.

REPLACEMENTS: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "new",
    [],
    [1],
    {},
    {"type": "new"},
    {"type": 5},
]


def places(value: Any, path: str = "$") -> list[tuple[str, Any, Any]]:
    """Path, container and key of every value inside a JSON value."""
    found: list[tuple[str, Any, Any]] = []
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        at = f"{path}[{key}]" if isinstance(key, int) else key_path(path, key)
        found += [(at, value, key), *places(member, at)]
    return found


CASES = st.sampled_from(list(DIALECTS.values())).flatmap(
    lambda dialect: st.one_of(
        st.tuples(st.just(dialect), st.just("server"), st.one_of(list(map(instances, dialect.server)))),
        st.tuples(st.just(dialect), st.just("client"), st.one_of(list(map(instances, dialect.client)))),
    )
)


@given(CASES, st.data())
def test_every_difference_has_a_place(case: tuple[Dialect, str, Struct], data: st.DataObject) -> None:
    dialect, direction, event = case
    whole = json.loads(msgspec.json.encode(event))
    assume(b"rtproto.unknown" not in msgspec.json.encode(event))
    spots = [spot for spot in places(whole) if spot[0] != "$.type"]
    assume(spots)
    path, container, key = data.draw(st.sampled_from(spots))
    before = copy.deepcopy(whole)
    if isinstance(container, dict) and data.draw(st.booleans()):
        del container[key]
    else:
        container[key] = data.draw(st.sampled_from(REPLACEMENTS))
    raw = json.dumps(whole).encode()
    plain = dialect.server_decoder if direction == "server" else dialect.client_decoder
    try:
        expected: Any = plain.decode(raw)
    except msgspec.ValidationError:
        expected = None
    found = Decoder(dialect, direction=direction).decode(raw)
    assert not isinstance(found, UnknownEvent)
    if expected is not None:
        assert found == expected
    elif isinstance(found, Fault):
        assert found.kind in ("missing-field", "wrong-type", "number-range")
        # It lies where the change was made, or below: in an object that has another shape for its new `type`.
        parent = path.removesuffix(".type")
        assert found.path.startswith(parent), (before, whole)
    else:
        assert b"rtproto.unknown" in msgspec.json.encode(found)


@pytest.mark.parametrize(
    "dialect,raw,message",
    [
        (
            GA,
            '{"type":"response.done","event_id":"e","response":{"usage":{"total_tokens":"12"}}}',
            ("wrong-type", "$.response.usage.total_tokens", "an integer", '"12"'),
        ),
        (
            GA,
            (
                '{"type":"session.created","event_id":"e","session":{"type":"realtime","audio":{"input":'
                '{"format":{"type":"audio/pcm","rate":24000.0}}}}}'
            ),
            ("wrong-type", "$.session.audio.input.format.rate", "an integer", "24000.0"),
        ),
        (
            BETA,
            '{"type":"response.created","event_id":"e","response":{"status_details":"unimplemented"}}',
            ("wrong-type", "$.response.status_details", "an object or null", '"unimplemented"'),
        ),
        (
            BETA,
            '{"type":"conversation.item.created","event_id":"e","item":{"type":"message","role":"user","content":[{"type":5}]}}',
            ("wrong-type", "$.item.content[0].type", "a string", "5"),
        ),
    ],
)
def test_differences_deep_in_an_event(dialect: Dialect, raw: str, message: tuple[str, ...]) -> None:
    found = Decoder(dialect, direction="server").decode(raw)
    assert isinstance(found, Fault)
    assert (found.kind, found.path, found.expected, found.found) == message


# Nulls that no class has.


class Other(Event, frozen=True, kw_only=True, tag="everything"):
    """The same event in another dialect."""

    flag: bool | UnsetType | None = UNSET
    whole: Int | UnsetType = UNSET


@pytest.mark.parametrize(
    "members, left",
    [
        ('"whole":null,"small":1', '"small":1'),
        ('"whole":null,"real":null', '"real":null'),
        (
            '"opaque":null,"choice":null,"unknown":null,"text":null',
            '"opaque":null,"choice":null,"unknown":null',
        ),
        ('"flag":null,"text":null', '"flag":null'),
        ('"single":{"type":"dot","at":{"x":null,"y":null}}', '"single":{"type":"dot","at":{"x":null}}'),
        (
            '"shape":{"type":"line","points":[{"x":1,"y":null},{"x":2,"y":3.0}]}',
            '"shape":{"type":"line","points":[{"x":1},{"x":2,"y":3.0}]}',
        ),
        ('"words":{"a":null},"text":null', '"words":{"a":null}'),
        ('"named":null,"a-b":null', '"named":null'),
    ],
)
def test_a_null_that_every_class_refuses_is_left_out(members: str, left: str) -> None:
    raw = f'{{"type":"everything",{members}}}'.encode()
    assert without_nulls(raw, [Everything, Other]) == f'{{"type":"everything",{left}}}'.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"type":"everything","text":"null"}',
        b'{"type":"everything","shape":{"type":"line","points":null}}',
        b'{"type":"everything","shape":{"type":"new","at":null}}',
        b'{"type":"everything","closed":{"at":null}}',
        b'{"type":"everything","real":null,"words":[null]}',
        b'{"type":"everything","text":null',
        b"[null]",
        b'{"text":null}',
        b'{"type":"everything","text":null,"words":{%s}}' % (b"," * MAX_VALUES),
        b'{"type":"everything","opaque":%s}' % (b'{"a":[null,' * 5000),
    ],
)
def test_an_event_without_such_a_null_is_itself(raw: bytes) -> None:
    assert without_nulls(raw, [Everything, Other]) is raw


@given(st.data())
def test_what_a_class_writes_has_no_such_null(data: st.DataObject) -> None:
    cls = data.draw(st.sampled_from([*GA.server, *BETA.server]))
    raw = msgspec.json.encode(data.draw(instances(cls)))
    assert without_nulls(raw, [cls]) is raw
