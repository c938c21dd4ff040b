"""The text report, as it is printed."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from rtproto.findings import Excerpt, Finding, Report, SessionReport, Severity, Witness
from rtproto.reports import Options, render, reporter
from rtproto.reports.full import field, short_id
from tests.report_samples import (
    BROKEN,
    CLEAN,
    FOLLOWS,
    LATE,
    NO_RECORDING,
    OPEN,
    REPORT,
    UNKNOWN,
    rules,
    session,
)

__all__ = ["rules"]
pytestmark = pytest.mark.usefixtures("rules")


def text(report: Report | SessionReport, **options: Any) -> str:
    whole = report if isinstance(report, Report) else Report((report,))
    return render(whole, "full", Options(**options))


def test_a_report() -> None:
    assert (
        text(REPORT)
        == """\
session.jsonl: 52 events, ga, complete: 1 error, 1 warning
  profile openai: the session looks like OpenAI's
  note: server side only: rules about requests are off
  < sent by the server, > sent by the client

warning[ITM001] item-unknown  session.jsonl:7
  item item_7 was never announced, only none
  7 > conversation.item.delete  item_7  <- here
  known from inference, not documentation; `--explain ITM001` says more

error[OUT016] delta-after-done  session.jsonl:41
  a text delta arrived after the part was done
  30 < response.content_part.added  opened the part
  36 < response.content_part.done   closed the part
  41 < response.output_text.delta   item_…Qk8w8 content_index=0 delta="Hello"  <- here
  allowed here: response.output_item.done (content part: done)
  known from the documentation; `--explain OUT016` says more  (+1 consequence; -v shows them)

clean.jsonl: 143 events, ga, complete: no findings
notes.txt: not checked: this does not look like a recording
checked 2 files, 195 events: 1 error, 1 warning (1 info not shown; --min-severity info shows it); \
1 path not checked
"""
    )


def test_everything() -> None:
    assert (
        text(REPORT, verbose=True, statistics=True, min_severity=Severity.INFO)
        == """\
session.jsonl: 52 events, ga, complete: 1 error, 1 warning, 1 info
  profile openai: the session looks like OpenAI's
  note: server side only: rules about requests are off
  < sent by the server, > sent by the client

warning[ITM001] item-unknown  session.jsonl:7
  item item_7 was never announced, only none
  7 > conversation.item.delete  item_7  <- here
  known from inference, not documentation; `--explain ITM001` says more

error[OUT016] delta-after-done  session.jsonl:41
  a text delta arrived after the part was done
  30 < response.content_part.added  opened the part
  36 < response.content_part.done   closed the part
  41 < response.output_text.delta   item_…Qk8w8 content_index=0 delta="Hello"  <- here
  allowed here: response.output_item.done (content part: done)
  known from the documentation; `--explain OUT016` says more
    then error[ITM001] item-unknown, line 44: item item_9 was never announced, only item_1, item_2

info[RSP007] response-never-done  session.jsonl:52
  response resp_1 is still open
  50 < response.created  created the response
  known from real recordings; `--explain RSP007` says more

clean.jsonl: 143 events, ga, complete: no findings
  profile openai: the session looks like OpenAI's
notes.txt: not checked: this does not look like a recording
findings by rule:
       1  warning  ITM001 item-unknown
       1  error    OUT016 delta-after-done
       1  info     RSP007 response-never-done
events by type:
      40  response.output_text.delta
       2  response.created
checked 2 files, 195 events: 1 error, 1 warning, 1 info; 1 path not checked
"""
    )


def test_quiet_is_a_line_a_finding() -> None:
    assert (
        text(Report((BROKEN, CLEAN)), quiet=True)
        == """\
session.jsonl:7: warning[ITM001] item-unknown: item item_7 was never announced, only none
session.jsonl:41: error[OUT016] delta-after-done: a text delta arrived after the part was done
"""
    )


def test_a_narrow_terminal() -> None:
    assert (
        text(session(LATE, FOLLOWS), width=48)
        == """\
session.jsonl: 52 events, ga, complete: 1 error
  profile openai: the session looks like
    OpenAI's
  < sent by the server, > sent by the client

error[OUT016] delta-after-done  session.jsonl:41
  a text delta arrived after the part was done
  30 < response.content_part.added
      opened the part
  36 < response.content_part.done
      closed the part
  41 < response.output_text.delta   <- here
      item_…Qk8w8 content_index=0 delta="Hello"
  allowed here: response.output_item.done
    (content part: done)
  known from the documentation; `--explain
  OUT016` says more  (+1 consequence; -v shows
  them)

checked 1 file, 52 events: 1 error
"""
    )


def test_a_very_narrow_terminal_gets_forty_columns() -> None:
    assert text(session(LATE), width=1) == text(session(LATE), width=40)


def test_a_wide_terminal_shows_every_field() -> None:
    wide = text(session(LATE), width=200)

    assert (
        "  41 < response.output_text.delta   resp_…HLCBz item_…Qk8w8 output_index=0 content_index=0"
        ' delta="Hello" event_id=event_…sT5vu  <- here\n'
    ) in wide


def test_colours_wrap_words_and_change_none() -> None:
    colored = text(REPORT, color=True, verbose=True)

    assert "\x1b[1;31merror[OUT016]\x1b[0m delta-after-done" in colored
    assert "\x1b[32mno findings\x1b[0m" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == text(REPORT, verbose=True)


def test_a_long_head_breaks_before_the_path() -> None:
    path = "recordings/" + "a" * 80 + ".jsonl"

    assert f"error[OUT016] delta-after-done\n  {path}:41\n" in text(session(LATE, path=path))


@pytest.mark.parametrize(
    "findings, options, verdict, sums",
    [
        ((), {}, "no findings", "no findings"),
        (
            (OPEN,),
            {},
            "nothing worse than info",
            "no errors or warnings (1 info not shown; --min-severity info shows it)",
        ),
        (
            (UNKNOWN, OPEN, OPEN),
            {"min_severity": Severity.ERROR},
            "nothing worse than warning",
            "no errors (1 warning, 2 infos not shown; --min-severity info shows them)",
        ),
        ((OPEN,), {"min_severity": Severity.INFO}, "1 info", "1 info"),
    ],
)
def test_verdicts(findings: tuple[Finding, ...], options: dict[str, Any], verdict: str, sums: str) -> None:
    lines = text(session(*findings), **options).splitlines()

    assert lines[0] == f"session.jsonl: 52 events, ga, complete: {verdict}"
    assert lines[-1] == f"checked 1 file, 52 events: {sums}"


def test_several_connections_in_one_file() -> None:
    assert (
        text(Report((CLEAN, CLEAN)))
        == """\
clean.jsonl: 143 events, ga, complete: no findings
clean.jsonl (connection 2): 143 events, ga, complete: no findings
checked 1 file, 2 sessions, 286 events: no findings
"""
    )


def test_nothing_at_all() -> None:
    assert text(Report()) == "nothing checked\n"
    assert text(Report(unchecked=(NO_RECORDING,))) == (
        "notes.txt: not checked: this does not look like a recording\nnothing checked: 1 path not checked\n"
    )


def test_the_command_says_elsewhere_what_was_not_checked() -> None:
    assert text(Report(unchecked=(NO_RECORDING,)), list_unchecked=False) == (
        "nothing checked: 1 path not checked\n"
    )


def test_many_findings_of_one_rule() -> None:
    many = session(*(msgspec.structs.replace(UNKNOWN, line=line) for line in range(1, 1_013)))

    shown = text(many)
    assert shown.count("warning[ITM001]") == 10
    assert "… and 1,002 more of ITM001; -v shows them\n" in shown
    assert shown.endswith("checked 1 file, 52 events: 1,012 warnings\n")
    assert text(many, verbose=True).count("warning[ITM001]") == 1_012


def test_many_event_types() -> None:
    counts = {f"type.{number:02}": number for number in range(1, 51)}

    shown = text(session(counts=counts), statistics=True).splitlines()
    assert shown[2] == "      50  type.50"
    assert shown[-2] == "      55  of 10 other types"


def test_what_is_allowed() -> None:
    types = tuple(f"type.{number}" for number in range(8))
    allowed = msgspec.structs.replace(LATE, allowed=types)
    nothing = msgspec.structs.replace(LATE, allowed=())
    no_machine = msgspec.structs.replace(LATE, allowed=types[:1], machine="", state="")
    neither = msgspec.structs.replace(no_machine, allowed=())

    assert (
        "  allowed here: type.0, type.1, type.2, type.3, type.4, type.5 and 2 more (content part: done)\n"
    ) in text(session(allowed))
    assert "  allowed here: nothing more (content part: done)\n" in text(session(nothing))
    assert "  allowed here: type.0\n" in text(session(no_machine))
    assert "allowed here" not in text(session(neither))
    again = msgspec.structs.replace(LATE, allowed=("response.done", "response.output_text.delta"))
    assert again.event is not None
    assert again.event.type == "response.output_text.delta"
    assert "  allowed here: response.done, response.output_text.delta (not as here)" in text(session(again))


def test_a_witness_on_the_line_itself() -> None:
    itself = msgspec.structs.replace(
        LATE, witnesses=(Witness(41, "response.output_text.delta", "has no part"),)
    )

    assert "  <- here, has no part\n" in text(session(itself))


def test_a_finding_of_no_line_and_no_rule_of_ours() -> None:
    bare = Finding(code="XYZ001", name="something-odd", severity=Severity.ERROR, line=0)

    assert text(session(bare)).splitlines()[3:6] == [
        "",
        "error[XYZ001] something-odd  session.jsonl",
        "  something odd",
    ]


def test_a_later_witness_stands_below_and_a_type_may_be_missing() -> None:
    odd = Finding(
        code="XYZ001",
        name="something-odd",
        severity=Severity.ERROR,
        line=9,
        event=Excerpt(9, "neither", ""),
        witnesses=(Witness(10, "error", "said so"),),
    )

    assert "   9 ? (no type)  <- here\n  10 < error      said so\n" in text(session(odd))


def test_a_witness_of_which_the_line_alone_is_known() -> None:
    again = Finding(
        code="SES004",
        name="event-id-duplicate",
        severity=Severity.ERROR,
        line=9,
        event=Excerpt(9, "server", "error"),
        witnesses=(Witness(4, "", "had the id first"),),
    )

    assert "  4 <        had the id first\n  9 < error  <- here\n" in text(session(again))
    assert '"text": "had the id first"' in render(Report((session(again),)), "sarif")


@pytest.mark.parametrize(
    "value, short",
    [
        ("item_7", "item_7"),
        ("item_0123456789a", "item_0123456789a"),
        ("item_0123456789ab", "item_…789ab"),
        ("8f14e45f-ceea-467f-a0e6-3b1c1d7b9f00", "8f14e4…b9f00"),
    ],
)
def test_ids_are_shortened(value: str, short: str) -> None:
    assert short_id(value) == short


@pytest.mark.parametrize(
    "name, value, shown",
    [
        ("item_id", "item_1", "item_1"),
        ("item.id", "item_1", "item_1"),
        ("item_id", "1", "item_id=1"),
        ("previous_item_id", "item_1", "previous_item_id=item_1"),
        ("response.id", "resp_0123456789abcdef", "resp_…bcdef"),
        ("previous_item_id", None, "previous_item_id=null"),
        ("response.status", "in_progress", "response.status=in_progress"),
        ("delta", "Hello", 'delta="Hello"'),
        ("delta", 'say "x"', 'delta="say \\"x\\""'),
        ("delta", "a" * 60, 'delta="' + "a" * 39 + '…"'),
        ("delta", "<4800 characters of base64>", "delta=<4800 characters of base64>"),
        ("error.code", "two words", 'error.code="two words"'),
        ("output_index", 1, "output_index=1"),
        ("interrupt_response", True, "interrupt_response=true"),
        ("speed", 1.5, "speed=1.5"),
        ("na\x1bme", "x", "na\\x1bme=x"),
    ],
)
def test_fields(name: str, value: Any, shown: str) -> None:
    assert field(name, value) == shown


def test_nothing_is_a_command_to_a_ci_runner() -> None:
    named = session(LATE, path="::error file=x::y.jsonl", limits=("##[group]x ##vso[x]y ## z",))

    shown = text(named)
    assert shown.startswith(": :error file=x::y.jsonl: 52 events")
    assert "  note: # #[group]x # #vso[x]y ## z\n" in shown


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no report format 'xml'; there are: full, concise, json, jsonl, "):
        reporter("xml", print)


def test_text_is_another_name_of_it() -> None:
    assert render(REPORT, "text") == render(REPORT, "full") == render(REPORT)
