"""Whatever a Struct holds, missing, null or filled, is the same after writing and reading; so is what was written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from rtproto import ga
from rtproto.events.dialect import DIALECTS, event_type
from rtproto.testing.strategies import instances
from tests.differential.published import BODIES

STRUCTS: dict[Any, str] = {
    **{
        cls: f"{dialect.name}-{event_type(cls)}"
        for dialect in DIALECTS.values()
        for cls in dialect.client + dialect.server + dialect.extras
    },
    **{cls: f"{dialect}-{name}" for (dialect, name), (cls, _) in BODIES.items()},
}


@pytest.mark.parametrize(
    "cls", [pytest.param(cls, id=name.replace(" ", "-")) for cls, name in STRUCTS.items()]
)
def test_written_and_read_again_it_is_the_same(cls: type[Struct]) -> None:
    decoder = msgspec.json.Decoder(cls)

    @settings(max_examples=settings().max_examples // 2)
    @given(instances(cls))
    def check(value: Struct) -> None:
        raw = msgspec.json.encode(value)
        again = decoder.decode(raw)
        assert again == value
        assert msgspec.json.encode(again) == raw

    check()


@pytest.mark.parametrize("name", DIALECTS)
def test_the_decoders_of_a_dialect_find_the_class_by_the_type(name: str) -> None:
    dialect = DIALECTS[name]
    sides = [
        (dialect.client_decoder, dialect.client),
        (dialect.server_decoder, dialect.server + dialect.extras),
    ]
    drawn = st.one_of(
        [st.tuples(st.just(decoder), instances(cls)) for decoder, classes in sides for cls in classes]
    )

    @given(drawn)
    def check(case: tuple[msgspec.json.Decoder[Any], Struct]) -> None:
        decoder, value = case
        again = decoder.decode(msgspec.json.encode(value))
        assert type(again) is type(value)
        assert again == value

    check()


def test_unknown_fields_are_left_out() -> None:
    event = ga.decode_client_event(b'{"type":"response.cancel","response_id":"r","new":{"deep":[1]}}')
    assert ga.encode(event) == b'{"type":"response.cancel","response_id":"r"}'
