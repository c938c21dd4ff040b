"""Hypothesis strategies: legal sessions, sessions that are broken in one way, and single events of every type.

`sessions` draws what `rtproto.testing.compose` writes, `mutations` the same with one fault that is labelled.  `events`
draws Structs of the events of a dialect; `instances(cls)` those of any Struct of `rtproto.events`, with optional fields
left out, null where the type allows it, or filled.  `Limits` narrows what is drawn.

Needs hypothesis: `pip install 'rtproto[testing]'`.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw, Struct
from msgspec import inspect as mi

from rtproto.events.base import Event, UnknownVariant
from rtproto.events.dialect import DIALECTS
from rtproto.testing.generation import compose
from rtproto.testing.mutators import Mutation, mutate
from rtproto.testing.stage import Frame

try:
    from hypothesis import reject
    from hypothesis import strategies as st
except ImportError as error:
    raise ImportError(
        "rtproto.testing.strategies needs hypothesis: pip install 'rtproto[testing]'"
    ) from error

S = TypeVar("S", bound=Struct)
Build = Callable[[mi.Type], st.SearchStrategy[Any]]

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(max_size=6)
JSON_TEXTS = st.sampled_from(
    [b"{}", b'{"type":"object","properties":{}}', b"[1,null]", b'"text"', b"0.5", b"true"]
)


@dataclass(frozen=True)
class Limits:
    """What must not be drawn, or not so freely."""

    known_strings: bool = False
    """Strings that have known values take no other."""
    never: frozenset[type[Struct]] = frozenset()
    """Variants that are not drawn."""
    given: frozenset[tuple[type[Struct], str]] = frozenset()
    """Optional fields that are always there, and never null."""
    no_nulls: bool = False
    """Nothing is null."""
    draw: Mapping[type[Struct], Callable[[Build], st.SearchStrategy[Any]]] = field(
        default_factory=dict[Any, Any]
    )
    """Structs that are drawn in a way of their own."""


FREE = Limits()


@functools.cache
def struct_info(cls: type[Struct]) -> mi.StructType:
    """msgspec's description of the class."""
    info = mi.type_info(cls)
    assert isinstance(info, mi.StructType)
    return info


def instances(cls: type[S], limits: Limits = FREE) -> st.SearchStrategy[S]:
    """Structs of this class."""
    made: dict[type[Struct], st.SearchStrategy[Any]] = {}

    def build(info: mi.Type) -> st.SearchStrategy[Any]:
        match info:
            case mi.StructType():
                known = info.cls
                if known not in made:
                    made[known] = limits.draw[known](build) if known in limits.draw else structs(info)
                return made[known]
            case mi.Metadata(type=inner):
                schema = cast("Any", info).extra_json_schema  # a `dict` of nothing that is known
                values = st.sampled_from(schema["examples"])
                return values if limits.known_strings else st.one_of(values, build(inner))
            case mi.UnionType(types=types):
                return st.one_of([build(one) for one in types if not hidden(one)])
            case mi.ListType(item_type=item):
                return st.lists(build(item), max_size=2)
            case mi.DictType(key_type=key, value_type=value):
                return st.dictionaries(build(key), build(value), max_size=2)
            case mi.IntType():
                return INT64
            case mi.FloatType():
                return FLOATS
            case mi.BoolType():
                return st.booleans()
            case mi.NoneType():
                return st.none()
            case mi.StrType():
                return TEXT
            case mi.RawType():
                return JSON_TEXTS.map(Raw)
            case _:
                raise NotImplementedError(repr(info))

    def hidden(info: mi.Type) -> bool:
        if isinstance(info, mi.NoneType):
            return limits.no_nulls
        return isinstance(info, mi.StructType) and (
            info.cls in limits.never or issubclass(info.cls, UnknownVariant)
        )

    def structs(info: mi.StructType) -> st.SearchStrategy[Struct]:
        required: dict[str, st.SearchStrategy[Any]] = {}
        optional: dict[str, st.SearchStrategy[Any]] = {}
        for one in info.fields:
            if (info.cls, one.name) in limits.given:
                required[one.name] = build(without_null(one.type))
            else:
                (required if one.required else optional)[one.name] = build(one.type)
        return st.fixed_dictionaries(required, optional=optional).map(lambda fields: info.cls(**fields))

    return build(struct_info(cls))


def without_null(info: mi.Type) -> mi.Type:
    """The type without null as one of its values."""
    if not isinstance(info, mi.UnionType):
        return info
    return mi.UnionType(tuple(one for one in info.types if not isinstance(one, mi.NoneType)))


def as_json(value: object) -> Any:
    """What a Struct is on the wire, as plain Python values."""
    return msgspec.json.decode(msgspec.json.encode(value))


def events(
    dialect: str = "ga", *, direction: str | None = None, type: str | None = None, limits: Limits = FREE
) -> st.SearchStrategy[Event]:
    """Events of a dialect, as Structs: of one direction, of one type, or all; `rtproto.ga.encode` writes them.

    Each is well-formed by itself; nothing is promised about what came before it.  Raises `ValueError` for a dialect or
    a type that there is not.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"no dialect {dialect!r}; there are: " + ", ".join(DIALECTS))
    spoken = DIALECTS[dialect]
    classes: dict[str, builtins.type[Event]] = {}
    if direction in (None, "client"):
        classes |= spoken.client_types
    if direction in (None, "server"):
        classes |= spoken.server_types
    if type is not None:
        classes = {name: cls for name, cls in classes.items() if name == type}
    if not classes:
        raise ValueError(f"no event {type!r} from the {direction or 'client or server'} in {dialect}")
    return st.sampled_from(sorted(classes)).flatmap(lambda name: instances(classes[name], limits))


class Drawn:
    """Decisions that hypothesis makes, and shrinks."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def below(self, limit: int) -> int:
        return self._draw(_numbers(limit)) if limit > 1 else 0


@functools.cache
def _numbers(limit: int) -> st.SearchStrategy[int]:
    return st.integers(0, limit - 1)


@st.composite
def sessions(
    draw: st.DrawFn, dialect: str | None = None, features: Iterable[str] | None = None
) -> list[Frame]:
    """Legal sessions, as `rtproto.testing.generate` makes them from a seed; they shrink to short ones."""
    return compose(Drawn(draw), dialect, features)


@st.composite
def mutations(
    draw: st.DrawFn, name: str, dialect: str | None = None, features: Iterable[str] | None = None
) -> Mutation:
    """Legal sessions that are broken in the way of that name (`rtproto.testing.MUTATORS`)."""
    chooser = Drawn(draw)
    mutation = mutate(chooser, compose(chooser, dialect, features), name)
    if mutation is None:
        reject()
    return mutation
