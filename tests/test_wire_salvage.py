"""What can be read of an event that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, structs

from rtproto.wire import Salvage, salvage
from rtproto.wire_salvage import (
    SalvagedError,
    SalvagedItem,
    SalvagedPart,
    SalvagedResponse,
    SalvagedSession,
    SalvagedStatus,
)


def read(event: Any) -> Salvage:
    found = salvage(json.dumps(event))
    assert found is not None
    return found


def test_everything() -> None:
    item = {"id": "i", "type": "message", "role": "user", "status": "completed", "call_id": "c", "name": "n"}
    status = {"type": "cancelled", "reason": "turn_detected"}
    error = {"type": "t", "code": "c", "message": "m", "param": "p", "event_id": "e"}
    response = {
        "id": "r",
        "status": "done",
        "conversation_id": "conv",
        "status_details": status,
        "output": [item],
    }
    names = ("type", "event_id", "response_id", "item_id", "previous_item_id", "call_id")
    numbers = ("output_index", "content_index", "audio_start_ms", "audio_end_ms")
    event = {
        **{name: f"the {name}" for name in names},
        **dict.fromkeys(numbers, 7),
        "item": item,
        "part": {"type": "audio"},
        "response": response,
        "session": {"id": "s", "type": "realtime"},
        "error": error,
    }
    found = read(event)
    assert {name: getattr(found, name) for name in names} == {name: f"the {name}" for name in names}
    assert {getattr(found, name) for name in numbers} == {7}
    assert found.item == SalvagedItem(**item)
    assert found.part == SalvagedPart("audio")
    assert found.session == SalvagedSession("s", "realtime")
    assert found.error == SalvagedError(**error)
    assert found.response == SalvagedResponse(
        "r", "done", SalvagedStatus(**status), "conv", [SalvagedItem(**item)]
    )


@pytest.mark.parametrize("wrong", [None, 1.5, True, [1], {"id": 1}, "text", 7])
def test_a_member_of_the_wrong_type_costs_itself_only(wrong: Any) -> None:
    for name in Salvage.__struct_fields__:
        others = {"type": "response.done", "response_id": "r", "output_index": 3}
        found = read({**others, name: wrong})
        kept = {key: getattr(found, key) for key in others if key != name}
        assert kept == {key: value for key, value in others.items() if key != name}


def test_null_and_nothing() -> None:
    assert read({}) == Salvage()
    assert read({}).previous_item_id is UNSET
    assert read({"previous_item_id": None}).previous_item_id is None
    assert read({"previous_item_id": 5}).previous_item_id is UNSET


def test_output() -> None:
    assert read({"response": {"output": None}}).response == SalvagedResponse()
    assert read({"response": {"output": [1, {"id": "a"}, None, {"id": 5}]}}).response == SalvagedResponse(
        output=[SalvagedItem(id="a"), SalvagedItem()]
    )
    many = read({"response": {"id": "r", "output": [0] * 20_000}})
    assert many.response == SalvagedResponse(id="r", output=[])


@pytest.mark.parametrize(
    "raw",
    [
        b'{"type":"x","response_id":"r","delta":"\\ud83d"}',
        b'{"type":"x","response_id":"r","delta":NaN}',
        b'{"type":"x","response_id":"r","delta":[-Infinity,"\\ude00"]}',
        b'{"type":"x","response_id":"r","delta":1e999}',
        b'{"type":"x","response_id":"r","delta":"\xff"}',
        b'{"type":"x","response_id":"r","\xe2\x82":"\xed\xa0\x80"}',
        bytearray(b'{"type":"x","response_id":"r"}'),
        memoryview(b'{"type":"x","response_id":"r"}'),
        '{"type":"x","response_id":"r","delta":"\ud83d"}',
    ],
)
def test_faults_of_the_text(raw: Any) -> None:
    assert salvage(raw) == Salvage(type="x", response_id="r")


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"5", b'{"type":"x"', b"{} {}", b"\xff", b"[" * 5000, b"{'a':1}"]
)
def test_nothing_to_read(raw: bytes) -> None:
    assert salvage(raw) is None


def test_nested_too_deep_for_the_reader_but_not_for_all() -> None:
    """Wherever the limit of nesting lies, there is an answer."""
    for depth in range(10, 1500, 10):
        deep = "[" * depth + "]" * depth
        for text in (
            f'{{"type":"x","item":{{"id":{deep}}}}}',
            f'{{"type":"x","response":{{"output":[{deep}]}}}}',
        ):
            found = salvage(text)
            assert found is None or found.type == "x"


@given(st.binary(max_size=80))
def test_any_bytes(raw: bytes) -> None:
    found = salvage(raw)
    assert found is None or isinstance(structs.asdict(found), dict)
