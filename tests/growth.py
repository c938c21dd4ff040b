"""Does what a file costs follow its length?  `python -m tests.growth` asks it of every format and every hostile text.

Each text is made in two lengths, of which one is four times the other, and stands in a session of each format behind
its first event, and also in a file of its own whose format is to be found out.  Both lengths are judged in turn, and
the quicker of three times counts: of the processor's time, so that a busy machine matters little.  What costs more
than eight times as much is printed, and makes the exit status 1.  Sixteen times is the square.

A test could only hold this by the clock, for nothing counts the steps of a regular expression; so the tests read the
same texts, and say what comes of them.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rtproto.findings import Report
from rtproto.recording import check_stream
from tests.transcript_writers import WRITERS, Session

SHORT, LONG = 10_000, 40_000
"""Bytes of a text, about."""
MOST = 8
"""Times what the short text costs that the long one may cost."""
SURE = 0.05
"""Seconds under which a long text is no square of its length."""
TIMES = 3

CREATED = '{"type":"session.created","event_id":"event_1","session":{"type":"realtime"}}'
SESSION: Session = [
    ("server", {"type": "session.created", "event_id": "event_1", "session": {"type": "realtime"}}),
    ("client", {"type": "response.create"}),
]
_KNOWN = 'type: "session.created"'


def repeated(text: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """Such texts of any length."""
    return lambda size: before + text * (size // len(text)) + after


TEXTS: dict[str, Callable[[int], str]] = {
    "spaces": repeated(" ", "x", "y"),
    "tabs": repeated("\t", "x", "y"),
    "spaces in an array": repeated(" ", "[", "x"),
    "spaces behind a brace": repeated(" ", '{"log"', "x"),
    "spaces behind a type": repeated(" ", "response.done", "x"),
    "blank lines": repeated("\n", "x", "y"),
    "blank lines behind a list": repeated("\n", f"events:\n{_KNOWN}", "y"),
    "blank lines behind a document's mark": repeated("\n", f"---\n{_KNOWN}", "y"),
    "blank lines behind a row": repeated("\n", "server", "y"),
    "short lines": repeated("ab cd\n"),
    "letters": repeated("a"),
    "letters behind a label": repeated("a", "session."),
    "digits": repeated("1", "aaaa "),
    "dots": repeated("a."),
    "marks": repeated("`"),
    "backslashes": repeated("\\", '{"type":"'),
    "quotes": repeated('"', "x {type: "),
    "apostrophes": repeated("'a", "x {type: "),
    "curly quotes": repeated("\u2018", "x {type: "),
    "curly double quotes": repeated("\u201c", "x {type: "),
    "all quotes": repeated("\"'`\u2018\u201c", "x {type: "),
    "escaped quotes": repeated('\\"', 'x {type: "'),
    "escaped apostrophes": repeated("\\'", "x {type: '"),
    "braces": repeated("{"),
    "pairs of braces": repeated("{}"),
    "braces with names": repeated("{a:"),
    "braces with names, a line each": repeated("{a:\n"),
    "labels with braces, a line each": repeated("a {b:\nc {d:\n"),
    "quoted braces": repeated('"{', "x ", f" {_KNOWN}"),
    "quoted braces in a string": repeated('\\"{', 'x "{', f'" {_KNOWN}'),
    "quoted braces of three kinds": repeated("\"{'{`{", "x ", f" {_KNOWN}"),
    "brackets": repeated("["),
    "cut objects": repeated("[Object ", "{a: "),
    "elisions": repeated("... ", "{a: "),
    "numbers of elisions": repeated("1", "{a: ... "),
    "commas": repeated(",", "{"),
    "types": repeated('type: "'),
    "events": repeated(f"{{{_KNOWN}"),
    "events in objects": repeated(f"{{a: {{{_KNOWN}}}"),
    "sizes": repeated(" [1"),
    "cut frames": repeated("...", "< TEXT '{"),
    "escapes": repeated("\\u0041", '{"type":"'),
    "surrogates": repeated("\\ud800", '{"type":"'),
    "keys": repeated('"a":1,', '{"type":"error",'),
    "sexagesimal numbers": repeated(":1", "x: 1", ".5"),
    "aliases": repeated("*a ", "x: &a "),
    "indented lists": repeated("- "),
    "flows": repeated("1:1:a,"),
}


class Input(NamedTuple):
    """A hostile file."""

    name: str
    format: str | None
    """None where it is to be found out."""
    make: Callable[[int], bytes]

    def judged(self, size: int) -> Report:
        """What comes of it at that length."""
        return check_stream(io.BytesIO(self.make(size)), input_format=self.format)

    def cost(self, size: int) -> float:
        """Seconds of the processor that it takes."""
        data = self.make(size)
        began = time.process_time()
        check_stream(io.BytesIO(data), input_format=self.format)
        return time.process_time() - began


def _behind(text: Callable[[int], str], before: str, after: str) -> Callable[[int], bytes]:
    return lambda size: f"{before}{text(size)}\n{after}".encode()


def inputs() -> Iterator[Input]:
    """Every text by itself, and in a session of every format."""
    for name, text in TEXTS.items():
        yield Input(f"{name}, alone", None, _behind(text, "", ""))
        yield Input(f"{name}, before an event", None, _behind(text, "", f"{CREATED}\n"))
        yield Input(f"{name}, behind events", None, _behind(text, f"{CREATED}\n" * 3, ""))
    for format, write in dict(WRITERS.values()).items():
        written, places = write(SESSION)
        lines = written.splitlines(keepends=True)
        before, after = "".join(lines[: places[1] - 1]), "".join(lines[places[1] - 1 :])
        for name, text in TEXTS.items():
            yield Input(f"{name}, in {format}", format, _behind(text, before, after))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.growth", description=__doc__)
    parser.add_argument("only", nargs="?", default="", help="inputs whose name holds this")
    only: str = parser.parse_args(argv).only
    asked = [each for each in inputs() if only in each.name]
    dear: list[str] = []
    for each in asked:
        short = long = float("inf")
        for _ in range(TIMES):
            short, long = min(short, each.cost(SHORT)), min(long, each.cost(LONG))
            if long < SURE:
                break
        if long > max(SURE, MOST * short):
            dear.append(f"{each.name}: {short:.3f} s, {long:.3f} s for four times as much")
            sys.stdout.write(dear[-1] + "\n")
    sys.stdout.write(f"{len(asked)} inputs, {len(dear)} that cost more than {MOST} times as much\n")
    return 1 if dear else 0


if __name__ == "__main__":
    sys.exit(main())
