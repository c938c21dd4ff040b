"""Hypothesis strategies for payloads of the published models, made from their fields.

A payload is plain Python as `json.loads` gives it.  Optional properties are left out, null, or filled; what the table
of `exceptions` says about a model is not drawn.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from hypothesis import strategies as st
from msgspec import inspect as mi
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import get_type_hints, is_typeddict

from rtproto.testing.strategies import FLOATS, INT64, TEXT

JSON = st.sampled_from([{}, {"type": "object", "properties": {}}, [1, None], "text", 0.5, True])


def model_name(model: type) -> str:
    """The model's name with its module's: `conversation_item.ConversationItem`."""
    return f"{model.__module__.rpartition('.')[2]}.{model.__name__}"


def fields_of(model: type) -> dict[str, tuple[Any, bool]]:
    """The type of each property, and whether it must be there."""
    if is_typeddict(model):
        # `__required_keys__` knows nothing of `Required` in annotations that are strings.
        hints = get_type_hints(model, include_extras=True)
        return {name: (hint, get_origin(hint) is Required) for name, hint in hints.items()}
    assert issubclass(model, BaseModel)
    found: dict[str, tuple[Any, bool]] = {}
    for name, info in model.model_fields.items():
        assert isinstance(info, FieldInfo)
        found[info.alias or name] = (info.annotation, info.is_required())
    return found


class Payloads:
    """Makes strategies for published models, within the limits that a table gives."""

    def __init__(
        self,
        *,
        given: frozenset[tuple[str, str]],
        by_type: Mapping[str, Mapping[str, Iterable[str]]],
        values: Mapping[tuple[str, str], st.SearchStrategy[Any]],
    ) -> None:
        self.given = given
        self.by_type = by_type
        self.values = values

    @functools.cache  # noqa: B019 - one object for the whole run of the tests
    def of(self, hint: Any) -> st.SearchStrategy[Any]:
        """Payloads of a model, or values of the type of a property."""
        origin = get_origin(hint)
        if origin in (Annotated, Required, NotRequired):
            return self.of(get_args(hint)[0])
        if origin in (Union, UnionType):
            return st.one_of([self.of(one) for one in get_args(hint)])
        if origin is Literal:
            return st.sampled_from(get_args(hint))
        if origin is dict:
            return st.dictionaries(TEXT, self.of(get_args(hint)[1]), max_size=2)
        if origin is not None:  # list, Iterable, Sequence
            return st.lists(self.of(get_args(hint)[0]), max_size=2)
        if hint is object:
            return JSON
        simple = {str: TEXT, int: INT64, float: FLOATS, bool: st.booleans(), type(None): st.none()}
        return simple[hint] if hint in simple else self.model(hint)

    def model(self, model: type) -> st.SearchStrategy[dict[str, Any]]:
        """Payloads of one model; of each of its types in turn where the table splits it."""
        variants = self.by_type.get(model_name(model))
        if variants is None:
            return self.shape(model, fields_of(model))
        shapes: list[st.SearchStrategy[dict[str, Any]]] = []
        for kind, names in variants.items():
            fields = {name: spec for name, spec in fields_of(model).items() if name in names}
            shapes.append(self.shape(model, {**fields, "type": (Literal[kind], True)}))  # type: ignore[valid-type]  # made at run time
        return st.one_of(shapes)

    def shape(self, model: type, fields: Mapping[str, tuple[Any, bool]]) -> st.SearchStrategy[dict[str, Any]]:
        """Payloads with these properties."""
        required: dict[str, st.SearchStrategy[Any]] = {}
        optional: dict[str, st.SearchStrategy[Any]] = {}
        for name, (hint, needed) in fields.items():
            key = (model_name(model), name)
            values = self.values[key] if key in self.values else self.of(hint)
            if key in self.given:
                required[name] = values.filter(lambda value: value is not None)
            else:
                (required if needed else optional)[name] = values
        return st.fixed_dictionaries(required, optional=optional)


def without_refused_nulls(payload: Any, info: mi.Type) -> Any:
    """The payload without the nulls, of optional properties, that our type of them does not take."""
    match info:
        case mi.StructType(fields=fields) if isinstance(payload, dict):
            types = {one.encode_name: one.type for one in fields}
            return {
                name: without_refused_nulls(value, types[name]) if name in types else value
                for name, value in payload.items()
                if value is not None or (name in types and takes_null(types[name]))
            }
        case mi.ListType(item_type=item) if isinstance(payload, list):
            return [without_refused_nulls(one, item) for one in payload]
        case mi.DictType(value_type=item) if isinstance(payload, dict):
            return {key: without_refused_nulls(one, item) for key, one in payload.items()}
        case mi.UnionType(types=types):
            return without_refused_nulls(payload, chosen(payload, types))
        case _:
            return payload


def takes_null(info: mi.Type) -> bool:
    """Whether null is a value of the type; opaque JSON may be null too."""
    options = info.types if isinstance(info, mi.UnionType) else (info,)
    return any(isinstance(one, mi.NoneType | mi.RawType) for one in options)


def chosen(payload: Any, types: Iterable[mi.Type]) -> mi.Type:
    """The member of a union that a payload belongs to."""
    for one in types:
        match one:
            case mi.StructType(tag=None) if isinstance(payload, dict):
                return one
            case mi.StructType(tag=tag) if isinstance(payload, dict) and payload.get("type") == tag:
                return one
            case mi.ListType() if isinstance(payload, list):
                return one
            case mi.DictType() if isinstance(payload, dict):
                return one
            case _:
                pass
    return mi.AnyType()
