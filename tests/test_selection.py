"""Choosing rules, and what becomes of consequences when their cause is not chosen."""

from __future__ import annotations

import re

import msgspec
import pytest

from rtproto.findings import Severity
from rtproto.selection import Selection, at_least, matching, narrow
from tests.report_samples import BROKEN, FOLLOWS, LATE, OPEN, UNKNOWN, rules, session

__all__ = ["rules"]
pytestmark = pytest.mark.usefixtures("rules")


def codes(selection: Selection) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.caused_by) for finding in selection.apply(BROKEN).findings]


ALL = [("OUT016", None), ("ITM001", 0), ("ITM001", None), ("RSP007", None)]


@pytest.mark.parametrize(
    "select, ignore, kept",
    [
        ((), (), ALL),
        ("", ", ,", ALL),
        ("OUT016", (), [("OUT016", None)]),
        ("out", (), [("OUT016", None)]),
        (["delta-after-done,ITM", "RSP007"], (), ALL),
        # The first ITM001 is a consequence of OUT016 and goes where that goes.
        ("ITM001", (), [("ITM001", None)]),
        ((), "OUT016", [("ITM001", None), ("RSP007", None)]),
        ((), ["ITM001"], [("OUT016", None), ("RSP007", None)]),
        ("OUT,RSP", "RSP007", [("OUT016", None)]),
    ],
)
def test_selections(
    select: str | list[str], ignore: str | list[str], kept: list[tuple[str, int | None]]
) -> None:
    assert codes(Selection(select, ignore)) == kept


def test_an_untouched_session_is_the_same_object() -> None:
    assert Selection().apply(BROKEN) is BROKEN
    assert at_least(BROKEN, Severity.INFO) is BROKEN


def test_causes_are_renumbered() -> None:
    later = session(OPEN, UNKNOWN, LATE, msgspec.structs.replace(FOLLOWS, caused_by=2))

    kept = narrow(later, lambda finding: finding.severity is Severity.ERROR)
    assert [(f.code, f.caused_by) for f in kept.findings] == [("OUT016", None), ("ITM001", 0)]


@pytest.mark.parametrize(
    "name, hint",
    [
        ("OUT061", "did you mean OUT016 delta-after-done"),
        ("delta-after-dun", "did you mean OUT016 delta-after-done"),
        ("zzz", "--list-rules prints them all"),
        ("*", "--list-rules prints them all"),
    ],
)
def test_a_name_that_fits_nothing(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"no rule {name!r}; {hint}") + r"\Z"):
        matching(name)
