"""What a recording holds is somebody else's text: none of it reaches a terminal, a log or a page alive."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtproto import check
from rtproto.findings import Excerpt, Finding, Report, SessionReport, Severity, Trouble, Unchecked, Witness
from rtproto.reports import FORMATS, Options, render
from tests.report_samples import rules, session

__all__ = ["rules"]

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x00\x08\x7f"
COMMANDS = (
    "\r\n::error file=x::owned\n::set-output name=a::b\n##vso[task.setvariable]x ##[command]x ##teamcity[x]"
)
INVISIBLE = "\u202e\u2066\u200f\u200b\ufeff\ufffe\uffff\u2028\x0b\x0c\ud800"
MARKUP = (
    "<script>alert(1)</script><img src=x onerror=y>]]><!-- &lt; [x](https://example.com) ![x](y) `| @all "
)
SECRETS = (
    "sk-proj-AbCdEf0123456789AbCdEf01 ek_68af296e8e408191a1120ab6383263c2 Bearer 0123456789abcdef "
    'client_secret: {"value": "hidden-words"} api_key=AKIAhiddenwords'
)
NAMED = "ek_68af296e8e408191a1120ab6383263c2.jsonl"
AUDIO = "QUJD" * 4_000
HOSTILE = ESCAPES + COMMANDS + INVISIBLE + MARKUP + SECRETS + AUDIO
LIVE = ("AbCdEf", "68af29", "Bearer 0", "hidden", "QUJD" * 30, "\x1b")
"""Parts of it that nothing may show."""


def hostile_session(evil: str) -> SessionReport:
    """Every string that can come from a recording, a file name or a vendor's session is the same hostile one."""
    finding = Finding(
        code="ITM001",
        name="item-unknown",
        severity=Severity.ERROR,
        line=3,
        event=Excerpt(
            3, "server", evil, (("item_id", evil), ("delta", evil), (evil, evil), ("client_secret", evil))
        ),
        args={"item_id": evil, "known": [evil] * 100},
        witnesses=(Witness(1, evil, evil), Witness(3, evil, evil)),
        machine="content part",
        state="done",
        allowed=(evil,) * 9,
    )
    follows = msgspec.structs.replace(finding, caused_by=0, line=4)
    return session(
        finding,
        follows,
        path=f"{evil[:60]}/{NAMED}",
        profile_reason=evil,
        limits=(evil,),
        counts={evil: 1, "::x": 2, "##[x": 3},
        troubles=(
            Trouble(3, "error", type=evil, message=evil, refused_line=1),
            Trouble(4, "response.done", status="failed", reason=evil, code=evil, message=evil),
        ),
    )


class Elements(HTMLParser):
    """The names of the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)


def assert_harmless(written: str, format: str) -> None:
    """Nothing in that report does anything to who reads it."""
    assert not [c for c in written if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Zl") and c != "\n"]
    assert not re.search(r"##\w*\[", written)
    for line in written.split("\n"):
        if format == "github":
            assert re.match(
                r"::(error|warning|notice) (file=[^:,]*,)?(line=\d+,)?title=[^:,]+::|checked |$", line
            )
        else:
            assert not line.lstrip().startswith("::")
    if format in ("json", "sarif", "gitlab"):
        json.loads(written)
    elif format == "jsonl":
        assert all(json.loads(line) for line in written.splitlines())
    elif format == "junit":
        ET.fromstring(written)
    elif format == "summary":
        page = Elements()
        page.feed(written)
        assert page.names <= {"p", "table", "tr", "th", "td"}
        assert "\n\n" not in written[written.index("<table>") :] if "<table>" in written else True


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "options", [Options(verbose=True, statistics=True), Options(quiet=True), Options(width=40)]
)
def test_hostile_content_is_harmless_in_every_format(format: str, options: Options) -> None:
    report = Report((hostile_session(HOSTILE),), (Unchecked(f"{HOSTILE[:60]}/{NAMED}", HOSTILE),))

    written = render(report, format, options)
    assert_harmless(written, format)
    assert [part for part in LIVE if part in written] == []


@pytest.mark.usefixtures("rules")
@settings(max_examples=30)
@given(evil=st.text(st.characters(codec=None), max_size=300), width=st.integers(0, 120))
def test_no_content_makes_a_reporter_raise_or_print_a_control(evil: str, width: int) -> None:
    report = Report((hostile_session(evil),), (Unchecked(evil, evil),))

    for format in FORMATS:
        assert_harmless(render(report, format, Options(width=width, verbose=True, statistics=True)), format)


def recording() -> bytes:
    """A recording that breaks rules with hostile text wherever text can stand."""
    evil = HOSTILE.encode("utf-8", "replace").decode()
    events: list[dict[str, object]] = [
        {"type": "session.created", "event_id": "e1", "session": {"type": "realtime", "model": evil}},
        {"type": evil, "event_id": evil},
        {"type": "session.update", "session": {"type": evil, "voice": evil, evil: evil, "api_key": evil}},
        {"type": "conversation.item.delete", "item_id": evil},
        {"type": "response.output_text.delta", "event_id": evil, "item_id": evil, "delta": evil},
        {"type": "response.output_text.delta", "event_id": "e5", "item_id": evil, "response_id": evil}
        | {"output_index": 0, "content_index": 0, "delta": evil},
        {"type": "error", "event_id": "e6", "error": {"type": evil, "message": evil, "code": evil}},
        {"type": "input_audio_buffer.append", "audio": evil},
    ]
    return b"".join(json.dumps(event).encode() + b"\n" for event in events) + evil.encode() + b"\n"


@pytest.mark.parametrize("format", FORMATS)
def test_a_recording_made_of_it(
    format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    Path("x.jsonl").write_bytes(recording())

    # Its last lines are words, and are to be told as events that are broken.
    argv = ["x.jsonl", "--input-format", "jsonl", "-f", format, "-o", f"{format}=report"]
    status = check.main([*argv, "-v", "--statistics", "--min-severity", "info"])
    out, err = capsys.readouterr()
    assert (status, err) == (1, "")
    assert len(out) > 800
    for written in (out, Path("report").read_text(encoding="utf-8")):
        assert_harmless(written, format)
        assert [part for part in LIVE if part in written] == []
