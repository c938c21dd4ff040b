"""Where does a JSON object differ from the Struct it should be, and can the difference be tolerated?

`mend` walks a frame along its class: each level is split into its members as `msgspec.Raw`, which are views of
the frame, and only those that the class knows are looked at.  Two things come of it: an object of an unknown
variant is wrapped, so that its event still decodes, and the first real difference is told with its path.  It
runs only after the decoder has refused a frame that is valid JSON, and takes some ten microseconds a level.

`without_nulls` is for events that an SDK's objects have printed, with null for each member that they were not given.
"""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType, inspect

from .events.base import UnknownVariant
from .wire_fault import Fault, describe, key_path

MAX_VALUES = 100_000
"""Commas in a frame that is still split; each costs some hundred bytes, and no real event comes near."""

UNKNOWN_TAG = "rtproto.unknown"
"""The `type` that wraps an object of an unknown variant on its way through the decoder; it never reaches the wire."""

_INTEGER = re.compile(rb"-?[0-9]++\Z")

_WORDS: dict[type[inspect.Type], str] = {
    inspect.StrType: "a string",
    inspect.IntType: "an integer",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
    inspect.ListType: "an array",
    inspect.DictType: "an object",
    inspect.StructType: "an object",
}
"""The types of which this module knows what fits; any other is left to the decoder."""

_WORD_TYPES = {b'"': inspect.StrType, b"t": inspect.BoolType, b"f": inspect.BoolType, b"n": inspect.NoneType}


class Misfit(Exception):  # noqa: N818 - it is data on its way to a Fault, and never leaves `rtproto.wire`
    """The first difference between an object and its class; fields as in `Fault`."""

    def __init__(self, kind: str, path: str, expected: str, found: str) -> None:
        super().__init__(path)
        self.kind = kind
        self.path = path
        self.expected = expected
        self.found = found

    def fault(self, type: str) -> Fault:
        """The same as the fault of an event of that type."""
        return Fault(self.kind, self.path, self.expected, self.found, type=type)


def mend(raw: bytes, cls: type[Struct]) -> bytes:
    """The JSON text of an event without unknown members, and with every object of an unknown variant wrapped.

    An object is of an unknown variant where one of several Structs may stand that are told apart by their
    `type`, one of them an `UnknownVariant`, and its `type` is none of theirs, or, where that class lets it
    (`typeless`), null or missing.  Raises `Misfit` where the object differs from the class in any other way that is
    seen.  `raw` must be a valid JSON object.
    """
    if raw.count(b",") > MAX_VALUES:
        found = f"more than {MAX_VALUES} values, too many to look for it"
        raise Misfit("wrong-type", "$", "what the type of the event demands", found)
    return bytes(_mend(Raw(raw), _type_info(cls), "$"))


def without_nulls(raw: bytes, classes: Sequence[type[Struct]]) -> bytes:
    """The JSON text of an event without each null in whose place all these classes have a value or nothing.

    It is `raw` itself where there is no such null, or where it is no JSON object.
    """
    if b"null" not in raw or raw.count(b",") > MAX_VALUES:
        return raw
    whole = Raw(raw)
    try:
        left = _without_nulls(whole, [_type_info(cls) for cls in classes])
    except (ValueError, RecursionError):
        return raw
    return raw if left is whole else bytes(left)


def _without_nulls(raw: Raw, nodes: Sequence[inspect.Type]) -> Raw:
    first = bytes(memoryview(raw)[:1])
    if first == b"{":
        members = msgspec.json.decode(raw, type=dict[str, Raw])
        structs = _variants(nodes, members)
        left: dict[str, Raw] = {}
        for name, part in members.items():
            fields = [field for struct in structs for field in struct.fields if field.encode_name == name]
            choices = [choice for field in fields for choice in _choices(field.type)]
            if bytes(memoryview(part)[:1]) != b"n":
                left[name] = _without_nulls(part, choices)
            elif any(field.required for field in fields) or not choices or not _refuse_null(choices):
                left[name] = part
        same = len(left) == len(members) and all(left[name] is part for name, part in members.items())
        return raw if same else _join(left)
    if first == b"[":
        items = [
            choice
            for node in nodes
            if isinstance(node, inspect.ListType)
            for choice in _choices(node.item_type)
        ]
        parts = msgspec.json.decode(raw, type=list[Raw]) if items else []
        rest = [_without_nulls(part, items) for part in parts]
        return raw if all(map(operator.is_, rest, parts)) else _join(rest)
    return raw


def _refuse_null(choices: Sequence[inspect.Type]) -> bool:
    return all(type(choice) in _WORDS and not isinstance(choice, inspect.NoneType) for choice in choices)


def _variants(nodes: Sequence[inspect.Type], members: dict[str, Raw]) -> list[inspect.StructType]:
    """The classes of an object with these members, by its tag where they have one."""
    structs = [node for node in nodes if isinstance(node, inspect.StructType)]
    return [
        struct
        for struct in structs
        if struct.tag_field is None
        or (
            struct.tag_field in members
            and bytes(members[struct.tag_field]) == msgspec.json.encode(struct.tag)
        )
    ]


@functools.cache
def _type_info(cls: type[Struct]) -> inspect.Type:
    return inspect.type_info(cls)


def _mend(raw: Raw, node: inspect.Type, path: str) -> Raw:
    choices = _choices(node)
    if not all(type(choice) in _WORDS for choice in choices):
        return raw
    first = bytes(memoryview(raw)[:1])
    if first == b"{":
        structs = [choice for choice in choices if isinstance(choice, inspect.StructType)]
        if structs:
            return _mend_struct(raw, structs, path)
        for choice in choices:
            if isinstance(choice, inspect.DictType):
                members = msgspec.json.decode(raw, type=dict[str, Raw])
                value = choice.value_type
                return _join({key: _mend(part, value, key_path(path, key)) for key, part in members.items()})
    elif first == b"[":
        for choice in choices:
            if isinstance(choice, inspect.ListType):
                parts = msgspec.json.decode(raw, type=list[Raw])
                item = choice.item_type
                return _join([_mend(part, item, f"{path}[{at}]") for at, part in enumerate(parts)])
    elif first in _WORD_TYPES:
        if any(isinstance(choice, _WORD_TYPES[first]) for choice in choices):
            return raw
    elif _is_number_of(bytes(raw), choices, path):
        return raw
    raise Misfit("wrong-type", path, _words(choices), describe(memoryview(raw)))


def _choices(node: inspect.Type) -> list[inspect.Type]:
    """The types that may stand where `node` may, without their wrappings."""
    if isinstance(node, inspect.Metadata):
        return _choices(node.type)
    if isinstance(node, inspect.UnionType):
        return [choice for member in node.types for choice in _choices(member)]
    return [node]


def _words(choices: Sequence[inspect.Type]) -> str:
    return " or ".join(dict.fromkeys(_WORDS.get(type(choice), "a JSON value") for choice in choices))


def _is_number_of(text: bytes, choices: Sequence[inspect.Type], path: str) -> bool:
    """Whether a number has one of the types.  Raises `Misfit` where it would have, but for its size."""
    whole = _INTEGER.match(text) is not None
    for choice in choices:
        if isinstance(choice, inspect.IntType) and whole:
            low, high = choice.ge, choice.le
            # Twenty characters hold any 64-bit integer, and spare the time that a million digits take.
            if low is None or high is None or (len(text) <= 20 and low <= int(text) <= high):
                return True
            expected = f"an integer from {low} to {high}"
            raise Misfit("number-range", path, expected, describe(text))
        if isinstance(choice, inspect.IntType | inspect.FloatType):
            if math.isinf(float(text)):
                raise Misfit("number-range", path, "a number of at most 1.8e308", describe(text))
            if isinstance(choice, inspect.FloatType):
                return True
    return False


def _mend_struct(raw: Raw, structs: Sequence[inspect.StructType], path: str) -> Raw:
    field = structs[0].tag_field
    if field is None:
        return _join(_mend_members(raw, structs[0], path))
    at = key_path(path, field)
    tag = _split(raw, (field,))[0]
    found = "nothing" if tag is None else describe(memoryview(tag))
    variants = {struct.tag: struct for struct in structs if not issubclass(struct.cls, UnknownVariant)}
    unknown = next((struct.cls for struct in structs if issubclass(struct.cls, UnknownVariant)), None)
    kind = "missing-field" if tag is None else "wrong-type"
    if tag is not None and found.startswith('"'):
        variant = variants.get(msgspec.json.decode(tag, type=str))
        if variant is not None:
            return _join({field: tag, **_mend_members(raw, variant, path)})
    elif found not in ("nothing", "null") or (unknown is not None and not unknown.typeless):
        raise Misfit(kind, at, "a string", found)
    if unknown is not None:
        return Raw(msgspec.json.encode({field: UNKNOWN_TAG, "raw": str(memoryview(raw), "utf-8")}))
    raise Misfit(kind, at, " or ".join(f'"{name}"' for name in variants), found)


def _mend_members(raw: Raw, struct: inspect.StructType, path: str) -> dict[str, Raw]:
    members: dict[str, Raw] = {}
    parts = _split(raw, tuple(field.encode_name for field in struct.fields))
    for field, part in zip(struct.fields, parts, strict=True):
        if part is not None:
            members[field.encode_name] = _mend(part, field.type, key_path(path, field.encode_name))
        elif field.required:
            at = key_path(path, field.encode_name)
            raise Misfit("missing-field", at, _words(_choices(field.type)), "nothing")
    return members


def _join(parts: dict[str, Raw] | list[Raw]) -> Raw:
    return Raw(msgspec.json.encode(parts))


@functools.cache
def _splitter(names: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Decodes an object into a Struct of those members, called `f0`, `f1` …; it skips all others."""
    fields: list[tuple[str, Any, Any]] = [(f"f{at}", Raw | UnsetType, UNSET) for at in range(len(names))]
    rename = {f"f{at}": name for at, name in enumerate(names)}
    return msgspec.json.Decoder(msgspec.defstruct("Parts", fields, rename=rename, frozen=True))


def _split(raw: Raw, names: tuple[str, ...]) -> list[Raw | None]:
    """The members of those names, None for each that the object does not have."""
    values: tuple[Raw | UnsetType, ...] = msgspec.structs.astuple(_splitter(names).decode(raw))
    return [None if isinstance(value, UnsetType) else value for value in values]
