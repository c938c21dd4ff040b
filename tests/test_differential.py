"""The Structs against the published models of the `openai` package: each takes what the other says, both ways.

Every known difference is a row of `differential/exceptions.py`; outside of it both sides must agree on every event of
every dialect and direction, and on every REST body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Struct
from msgspec import inspect as mi
from pydantic import BaseModel, TypeAdapter
from typing_extensions import is_typeddict

from rtproto.events.dialect import DIALECTS
from rtproto.testing.strategies import instances, struct_info
from tests.differential.exceptions import PAYLOADS, ROWS, Row, limits
from tests.differential.published import BODIES, UNIONS, tag
from tests.differential.schema import fields_of, without_refused_nulls


def pairs() -> Iterator[Any]:
    """Each event and REST body: its dialect, its name, our Struct and the published model."""
    for (dialect, side), models in UNIONS.items():
        ours = DIALECTS[dialect].client_types if side == "client" else DIALECTS[dialect].server_types
        for model in models:
            yield pytest.param(dialect, tag(model), ours[tag(model)], model, id=f"{dialect}-{tag(model)}")
    for (dialect, name), (cls, model) in BODIES.items():
        yield pytest.param(dialect, name, cls, model, id=f"{dialect}-{name.replace(' ', '-')}")


PAIRS = list(pairs())
# There are two hundred and fifty cases: half the profile's examples for each keep them under half a minute.
few = settings(max_examples=settings().max_examples // 2, suppress_health_check=list(HealthCheck))


def exhaust(value: object) -> None:
    """Make pydantic's lazy validators, which it has for `Iterable`, do their work."""
    if isinstance(value, dict):
        for one in value.values():
            exhaust(one)
    elif hasattr(value, "__iter__") and not isinstance(value, str):
        for one in value:
            exhaust(one)


@pytest.mark.parametrize("dialect, name, cls, model", PAIRS)
def test_what_we_write_is_valid_for_the_published_model(
    dialect: str, name: str, cls: type[Struct], model: Any
) -> None:
    adapter = TypeAdapter[Any](model)

    @few
    @given(instances(cls, limits(dialect, name)))
    def check(event: Struct) -> None:
        exhaust(adapter.validate_json(msgspec.json.encode(event), strict=True))

    check()


@pytest.mark.parametrize("dialect, name, cls, model", PAIRS)
def test_what_the_published_model_allows_decodes_with_equal_fields(
    dialect: str, name: str, cls: type[Struct], model: Any
) -> None:
    adapter = TypeAdapter[Any](model)
    decoder = msgspec.json.Decoder(cls)
    info = struct_info(cls)

    @few
    @given(PAYLOADS.of(model))
    def check(payload: dict[str, Any]) -> None:
        exhaust(
            adapter.validate_json(json.dumps(payload), strict=True)
        )  # the generator draws nothing invalid
        payload = without_refused_nulls(payload, info)
        event = decoder.decode(json.dumps(payload))
        assert msgspec.json.decode(msgspec.json.encode(event)) == payload

    check()


@pytest.mark.parametrize("row", [row for row in ROWS if row.shown], ids=lambda row: row.where)
def test_the_recording_shows_the_difference(row: Row, recordings: Path) -> None:
    assert row.shown is not None
    lines = (recordings / f"{row.shown.recording}.jsonl").read_bytes().splitlines()
    place: Any = json.loads(lines[row.shown.line - 1])["event"]
    for step in row.shown.path.split("."):
        if isinstance(place, list):
            place = place[int(step)]
        elif step in place:
            place = place[step]
        else:
            assert row.shown.holds == "absent"
            return
    names = {dict: "object", list: "array", str: "string"}
    assert row.shown.holds in (json.dumps(place), names.get(type(place)))


def test_every_row_says_why() -> None:
    assert all(row.where and row.differs and row.reason for row in ROWS)
    assert len({row.where for row in ROWS}) == len(ROWS)
    assert all(row.shown or "no recording" in row.reason for row in ROWS)


def listed(hint: Any, name: str, seen: set[Any]) -> Iterator[tuple[str, str]]:
    """The names of a model's properties, at any depth, with each value that is listed for them."""
    if get_origin(hint) is Literal:
        yield from ((name, str(value)) for value in get_args(hint))
    elif get_args(hint):
        for one in get_args(hint):
            yield from listed(one, name, seen)
    elif isinstance(hint, type) and (is_typeddict(hint) or issubclass(hint, BaseModel)) and hint not in seen:
        seen.add(hint)
        for inner, (inner_hint, _) in fields_of(hint).items():
            yield from listed(inner_hint, inner, seen)


def known(info: mi.Type, name: str, seen: set[Any]) -> Iterator[tuple[str, str]]:
    """The names of a Struct's fields, at any depth, with each value that their types know."""
    match info:
        case mi.Metadata(extra_json_schema=schema):
            yield from ((name, str(value)) for value in (schema or {})["examples"])
        case mi.StructType(cls=cls, fields=fields, tag=tag) if cls not in seen:
            seen.add(cls)
            yield ("type", str(tag))
            for field in fields:
                yield from known(field.type, field.encode_name, seen)
        case mi.UnionType(types=types):
            for one in types:
                yield from known(one, name, seen)
        case mi.ListType(item_type=item) | mi.DictType(value_type=item):
            yield from known(item, name, seen)
        case _:
            pass


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_value_that_the_models_list_is_known(dialect: str) -> None:
    theirs: set[tuple[str, str]] = set()
    ours: set[tuple[str, str]] = set()
    models_seen: set[Any] = set()
    structs_seen: set[Any] = set()
    for case in PAIRS:
        of, _, cls, model = case.values
        if of == dialect:
            theirs.update(listed(model, "", models_seen))
            ours.update(known(struct_info(cls), "", structs_seen))
    assert theirs <= ours
