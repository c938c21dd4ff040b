"""Findings built by hand for the tests of what is made from them, and a few rules of our own to go with them."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from rtproto.findings import Excerpt, Finding, Report, SessionReport, Severity, Unchecked, Witness


class DeltaAfterDone:
    """Nothing is added to a part after it was closed.

    A client that shows or speaks the text when the part is done never shows
    what comes later.

    A second paragraph of reasons.
    """

    code = "OUT016"
    name = "delta-after-done"
    severity = Severity.ERROR
    basis = "documented"
    dialects = ("beta", "ga")
    needs = "server"
    partial = "seen"
    symptoms = ("words", "silence")
    ending = False
    message = "a {what} delta arrived after {subject} was done"
    evidence = "The reference says of `done` that the part is done streaming."
    exceptions = "Emulators that send\n    audio late."


class ResponseNeverDone:
    """Every response that was created is done one day."""

    code = "RSP007"
    name = "response-never-done"
    severity = Severity.INFO
    basis = "observed"
    dialects = ("ga",)
    needs = "any"
    partial = "open"
    symptoms = ()
    ending = False
    reason = "Nobody sends\n  it."
    message = "response {response_id} is still open"
    evidence = "Held in all recordings."
    exceptions = ""


class ItemUnknown:
    """An item is announced before it is used."""

    code = "ITM001"
    name = "item-unknown"
    severity = Severity.WARNING
    basis = "inferred"
    dialects = ("beta", "ga")
    needs = "both"
    partial = "any"
    symptoms = ()
    ending = False
    message = "item {item_id} was never announced, only {known}"
    evidence = "Seen."
    exceptions = ""


RULES: dict[str, Any] = {rule.code: rule for rule in (DeltaAfterDone, ItemUnknown, ResponseNeverDone)}


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The three rules above instead of the catalogue's, so that expected words do not move with the catalogue."""
    import_module(
        "rtproto.rules.base"
    )  # what users notice is told as it is; it would not be found below a fake
    module = ModuleType("rtproto.rules")
    module.RULES = RULES  # type: ignore[attr-defined]  # the one name of it that reports ask for
    monkeypatch.setitem(sys.modules, "rtproto.rules", module)


LATE = Finding(
    code="OUT016",
    name="delta-after-done",
    severity=Severity.ERROR,
    line=41,
    event=Excerpt(
        41,
        "server",
        "response.output_text.delta",
        (
            ("event_id", "event_CnHJzkZuBjxDXVTNsT5vu"),
            ("response_id", "resp_CnHJyLq2vlzqQEUVHLCBz"),
            ("item_id", "item_CnHJzbWxmXzEpJ9uQk8w8"),
            ("output_index", 0),
            ("content_index", 0),
            ("delta", "Hello"),
        ),
    ),
    args={"what": "text", "subject": "the part"},
    witnesses=(
        Witness(30, "response.content_part.added", "opened the part"),
        Witness(36, "response.content_part.done", "closed the part"),
    ),
    machine="content part",
    state="done",
    allowed=("response.output_item.done",),
)
FOLLOWS = Finding(
    code="ITM001",
    name="item-unknown",
    severity=Severity.ERROR,
    line=44,
    args={"item_id": "item_9", "known": ["item_1", "item_2"]},
    caused_by=0,
)
UNKNOWN = Finding(
    code="ITM001",
    name="item-unknown",
    severity=Severity.WARNING,
    line=7,
    event=Excerpt(7, "client", "conversation.item.delete", (("item_id", "item_7"),)),
    args={"item_id": "item_7", "known": []},
)
OPEN = Finding(
    code="RSP007",
    name="response-never-done",
    severity=Severity.INFO,
    line=52,
    args={"response_id": "resp_1"},
    witnesses=(Witness(50, "response.created", "created the response"),),
)


def session(*findings: Finding, **changes: Any) -> SessionReport:
    """A session with those findings."""
    values: dict[str, Any] = {
        "path": "session.jsonl",
        "dialect": "ga",
        "profile": "openai",
        "mode": "complete",
        "events": 52,
        "findings": findings,
        "profile_reason": "the session looks like OpenAI's",
        "counts": {"response.output_text.delta": 20, "response.created": 1},
    }
    return SessionReport(**(values | changes))


BROKEN = session(LATE, FOLLOWS, UNKNOWN, OPEN, limits=("server side only: rules about requests are off",))
CLEAN = session(path="clean.jsonl", events=143)
NO_RECORDING = Unchecked("notes.txt", "this does not look like a recording")
REPORT = Report((BROKEN, CLEAN), (NO_RECORDING,))
