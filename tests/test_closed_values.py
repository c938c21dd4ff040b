"""The quick answer about closed sets of values is that of the long one, for events of any shape."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.events import ga
from rtproto.events.dialect import DIALECTS, event_type
from rtproto.rules import closed_values
from rtproto.rules.closed_values import in_order, may_be_odd, strangers
from rtproto.rules.shp.values import ENUMERATED
from rtproto.testing.strategies import instances
from rtproto.wire import Decoder, encode

CLASSES = [
    (dialect, cls)
    for dialect in DIALECTS.values()
    for cls in dialect.server + dialect.extras
    if event_type(cls) in ENUMERATED
]
OUTPUT = b'{"type":"response.done","event_id":"event_1","response":{"id":"resp_1","output":[%b]}}'


@given(st.sampled_from(CLASSES).flatmap(lambda of: st.tuples(st.just(of), instances(of[1]))))
def test_both_find_the_same_in_any_event(drawn: tuple[tuple[Any, Any], Any]) -> None:
    (dialect, cls), event = drawn
    raw = encode(event)
    odd = list(strangers(Decoder(dialect, direction="server").decode(raw)))  # type: ignore[arg-type]  # a Struct

    if b"rtproto.unknown" in msgspec.json.encode(event):
        assert not (
            odd and in_order(cls, raw)
        )  # An object of an unknown type is always looked at more closely.
    else:
        assert in_order(cls, raw) is not bool(odd)


@pytest.mark.parametrize("role, odd", [("user", False), ("robot", True)])
def test_the_first_events_of_a_class_and_the_many_after_them_are_answered_alike(
    role: str, odd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_values, "_met", Counter())
    raw = OUTPUT % b'{"type":"message","id":"item_1","role":"%b","content":[]}' % role.encode()
    event = Decoder(DIALECTS["ga"], direction="server").decode(raw)

    assert isinstance(event, ga.ResponseDone)
    assert [may_be_odd(event, raw) for _ in range(100)] == [odd] * 100


@pytest.mark.parametrize(
    "item, paths",
    [
        (b'{"type":"message","id":"item_1","role":"assistant","content":[],"status":"completed"}', []),
        (b'{"type":"message","id":"item_1","role":"robot","content":[]}', ["response.output[0].role"]),
        (
            b'{"type":"message","id":"item_1","role":"user","content":[{"type":"smell"}]}',
            ["response.output[0].content[0].type"],
        ),
        (b'{"type":"thought","id":"item_1"}', ["response.output[0].type"]),
        # What servers of Azure put there is no mistake.
        (b'{"type":"azure_thought","id":"item_1"}', []),
    ],
)
def test_what_is_odd_and_where(item: bytes, paths: list[str]) -> None:
    raw = OUTPUT % item
    event = Decoder(DIALECTS["ga"], direction="server").decode(raw)

    assert isinstance(event, ga.ResponseDone)
    assert [odd.path for odd in strangers(event)] == paths
    assert in_order(ga.ResponseDone, raw) is (b"azure" not in item and not paths)
