"""Rules and tables for reading."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rtproto.reports.pages import rule_list, rule_page, write_rules
from rtproto.reports.tables import tables
from tests.report_samples import RULES, rules

__all__ = ["rules"]


def written(*names: str, **options: Any) -> str:
    parts: list[str] = []
    write_rules(parts.append, names, **options)
    return "".join(parts)


@pytest.mark.usefixtures("rules")
def test_the_list() -> None:
    assert (
        written()
        == """\
ITM001  warning  item-unknown         An item is announced before it is used.
OUT016  error    delta-after-done     Nothing is added to a part after it was closed.
RSP007  info     response-never-done  Every response that was created is done one day.
"""
    )


def test_a_narrow_list_cuts_the_words() -> None:
    assert rule_list(RULES.values(), 60).splitlines()[0] == (
        "OUT016  error    delta-after-done     Nothing is added to …"
    )


@pytest.mark.usefixtures("rules")
def test_a_page() -> None:
    assert (
        written("delta-after-done")
        == """\
OUT016 delta-after-done

  Nothing is added to a part after it was closed.

  A client that shows or speaks the text when the part is done never shows what comes later.

  A second paragraph of reasons.

  severity    error
  basis       documented: known from the documentation
  dialects    beta, ga
  needs       the server's events
  partial     judges only what the recording saw begin
  noticed as  words are missing, doubled, or differ between stream and result; the bot goes silent

How we know
  The reference says of `done` that the part is done streaming.

Exceptions
  Emulators that send audio late.

Relaxed
  xai: only noted. `response.output_audio.done` follows `response.content_part.done` (every spoken
  answer).
"""
    )


def test_a_rule_that_is_not_judged() -> None:
    assert (
        rule_page(RULES["RSP007"])
        == """\
RSP007 response-never-done

  Every response that was created is done one day.

  basis     observed: known from real recordings
  dialects  ga

Not judged
  Nobody sends it.

How we know
  Held in all recordings.
"""
    )


@pytest.mark.usefixtures("rules")
def test_several_pages_each_once() -> None:
    pages = written("RSP", "OUT016", "out016")

    assert [line for line in pages.splitlines() if line[:6] in RULES] == [
        "RSP007 response-never-done",
        "OUT016 delta-after-done",
    ]


@pytest.mark.usefixtures("rules")
def test_rules_as_data() -> None:
    whole = json.loads(written(format="json"))
    lines = [json.loads(line) for line in written(format="jsonl").splitlines()]

    assert whole == lines
    assert [rule["code"] for rule in whole] == ["ITM001", "OUT016", "RSP007"]
    assert json.loads(written("OUT016", format="json")) == [
        {
            "code": "OUT016",
            "name": "delta-after-done",
            "severity": "error",
            "basis": "documented",
            "dialects": ["beta", "ga"],
            "needs": "server",
            "partial": "seen",
            "what": "Nothing is added to a part after it was closed.",
            "why": "A client that shows or speaks the text when the part is done never shows\nwhat comes later.\n\n"
            "A second paragraph of reasons.",
            "symptoms": [
                "words are missing, doubled, or differ between stream and result",
                "the bot goes silent",
            ],
            "message": "a {what} delta arrived after {subject} was done",
            "evidence": "The reference says of `done` that the part is done streaming.",
            "exceptions": "Emulators that send audio late.",
            "relaxed": [
                {
                    "profiles": ["xai"],
                    "severity": "info",
                    "why": "`response.output_audio.done` follows `response.content_part.done` (every spoken answer).",
                }
            ],
            "unjudged": None,
        }
    ]


@pytest.mark.usefixtures("rules")
def test_a_rule_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no rule 'OUT017'; did you mean OUT016 delta-after-done"):
        written("OUT017")


def test_the_tables_of_every_machine() -> None:
    from rtproto.protocol.tables import MACHINES

    page = tables()
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(MACHINES)
    assert page.count("```mermaid\nstateDiagram-v2\n") == len(MACHINES)


def test_the_table_of_one_machine() -> None:
    page = tables(["content part"])

    assert page.count("## ") == 1
    assert "| state | " in page


def test_a_machine_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no machine 'x'; there are: session, "):
        tables(["x"])


class Twins:
    """An example of our own: two recordings."""

    def __init__(self, passing: list[bytes], breaking: list[bytes]) -> None:
        self._twins = (passing, breaking)

    def shown(self, *, breaking: bool) -> list[tuple[str, bytes]]:
        return [("client" if raw.startswith(b"c") else "server", raw) for raw in self._twins[breaking]]


LETTERS = [b"a", b"b", b"c", b"d", b"e"]


@pytest.mark.parametrize(
    "passing, breaking, shown",
    [
        (LETTERS, [b"a", b"b", b"d", b"e"], ["      < b", "    - > c", "      < d"]),
        (LETTERS, [*LETTERS, b"e"], ["      < e", "    + < e"]),
        (LETTERS, [b"a", b"x\x1b\xff", *LETTERS[1:]], ["      < a", "    + < x\\x1b\\xff", "      < b"]),
        (
            [b"%d" % n for n in range(9)],
            [b"0"],
            ["      < 0", *(f"    - < {n}" for n in range(1, 7)), "    - … 2 more"],
        ),
        (
            [b"type" + b"." * 200 + b'"status":1'],
            [b"type" + b"." * 200 + b'"status":2'],
            [
                "    - < type" + "." * 26 + "…" + "." * 7 + '"status":1',
                "    + < type" + "." * 26 + "…" + "." * 7 + '"status":2',
            ],
        ),
    ],
)
def test_an_example_is_the_difference_of_its_twins(
    passing: list[bytes], breaking: list[bytes], shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RULES["RSP007"], "example", Twins(passing, breaking), raising=False)

    page = rule_page(RULES["RSP007"], 60).splitlines()
    at = page.index("Example: a legal session, and the change that breaks the rule (- taken away, + put in)")
    assert page[at + 1 :] == shown
