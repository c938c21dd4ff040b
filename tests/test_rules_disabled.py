"""Every rule is needed: with it taken away, its breaking example is no longer told by its code.

`test_rules.py` asks each breaking example for exactly its rule's code, so a rule that is lost makes that test fail;
here each rule is lost once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rtproto import checker as checker_module
from rtproto.checker import SessionChecker
from rtproto.rules import RULES, Rule
from rtproto.rules.base import Unjudged
from rtproto.wire import MAX_LINE_BYTES

JUDGED = {code: rule for code, rule in RULES.items() if not issubclass(rule, Unjudged)}
WAYS = ("check", "breach", "at_end", "at_close")
"""The ways in which a rule is asked."""


def nothing(*_: Any) -> Iterator[Any]:
    return iter(())


def told(rule: type[Rule]) -> list[str]:
    """The codes that the breaking example gives."""
    checker = SessionChecker(
        max_frame_bytes=rule.example.limit or MAX_LINE_BYTES, strict_fields=rule.example.strict
    )
    for direction, raw in rule.example.lines(breaking=True):
        checker.feed(direction, raw)
    checker.close(cut=rule.example.cut)
    return [finding.code for finding in checker.findings if finding.caused_by is None]


@pytest.fixture
def disable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[type[Rule]], None]]:
    """Silence a rule in all the ways that it is asked."""
    plans = checker_module._plan

    def silence(rule: type[Rule]) -> None:
        for way in WAYS:
            monkeypatch.setattr(rule, way, nothing)
        plans.cache_clear()  # they hold on to what rules are asked by

    yield silence
    plans.cache_clear()


@pytest.mark.parametrize("rule", JUDGED.values(), ids=list(JUDGED))
def test_without_the_rule_nothing_tells_its_fault(
    rule: type[Rule], disable: Callable[[type[Rule]], None]
) -> None:
    assert rule.code in told(rule)
    disable(rule)
    assert rule.code not in told(rule)
