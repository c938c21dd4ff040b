"""The package itself: its names are found when they are asked for, and none that a user meets is missing."""

from __future__ import annotations

import enum
from typing import Any, get_args, get_type_hints

import pytest

import rtproto
from rtproto.live import Heard


def test_public_names_are_found_lazily_and_once() -> None:
    for name in rtproto.__all__:
        assert getattr(rtproto, name) is getattr(rtproto, name)
        assert name in dir(rtproto)
    with pytest.raises(AttributeError, match="module 'rtproto' has no attribute 'nonsense'"):
        rtproto.nonsense  # noqa: B018 - looking it up is the test


def met(hint: Any, seen: frozenset[Any] = frozenset()) -> set[type]:
    """The classes of ours in an annotation, and in those of their fields."""
    classes = set[type]().union(*(met(part, seen) for part in get_args(hint)))
    if isinstance(hint, type) and hint.__module__.startswith("rtproto.") and hint not in seen:
        fields = [] if issubclass(hint, enum.Enum) else get_type_hints(hint).values()
        classes |= {hint}.union(*(met(field, seen | {hint}) for field in fields))
    return classes


def public() -> set[object]:
    return {getattr(rtproto, name) for name in rtproto.__all__}


@pytest.mark.parametrize("function", [rtproto.check_file, rtproto.check_stream, rtproto.check_rest])
def test_who_calls_a_function_finds_the_types_of_its_arguments_and_results(function: Any) -> None:
    hints = get_type_hints(function).values()
    assert rtproto.Witness in met(rtproto.Report)
    assert set[type]().union(*map(met, hints)) <= public()


def test_what_a_guard_hears_is_public() -> None:
    """The events themselves are in the dialects."""
    assert set(get_args(Heard)) <= public()
