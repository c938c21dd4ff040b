"""Events in a text of any kind: literals with a known `type`, and lines that only name one.

    2025-06-04 18:09:37,971 - bridge - INFO - Sending: {"type":"response.create"}
    INFO:rtc:OpenAI event: {'type': 'session.created', 'event_id': 'event_1', 'prompt': None}
    backend  | [REALTIME] response.audio.delta: 2668 bytes

The prefixes do not matter: who sent an event is known from its type.  A literal may go over several lines, and may
stand in a string.  A line that names a type stands for an event of which nothing else is known, if it is the
label of such lines that names it: of all words that stand before types, those that stand before the most of them.
A literal of the type that was just named is the same event, and takes its place.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from functools import cache
from typing import BinaryIO

import msgspec
from msgspec import Struct

from rtproto.events.dialect import direction_of
from rtproto.transcripts import objects
from rtproto.transcripts.frames import FAMILIES, HEAD_BYTES, Folded, Frame, seconds_of
from rtproto.transcripts.jsonl import Perspective, frame_of, holds_object, member, type_of
from rtproto.transcripts.literals import read_literal, read_string
from rtproto.wire import Line, read_lines

_NAMED = re.compile(
    rf"(?<![\w./-])((?:{FAMILIES})(?:\.[a-z_]+)+|error)(?![\w/-]|\.\w)(?:\s*\((\d{{1,4}})\)\s*$)?"
)
"""A type where it is named, and how often, where a number in brackets ends the line."""
_TYPE = re.compile(rf"\btype[\"'’”\\]*\s*[:=]\s*[\"'‘“’”\\]+((?:{FAMILIES})(?:\.[a-z_]+)+|error)\b")
"""The type of an event in a literal of any notation."""
_STRINGS = {
    '"': r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|())',
    "'": r"'[^'\\]*+(?:\\.[^'\\]*+)*+(?:'|())",
    "`": r"`[^`\\]*+(?:\\.[^`\\]*+)*+(?:`|())",
    "‘": r"‘[^’]*+(?:’|())",
    "“": r"“[^”]*+(?:”|())",
}
"""Strings by the mark that opens them, with a group where nothing closes them: no later one of the same mark is closed
then either, and to try each would cost the square of the text's length."""
_BEGIN = re.compile(r"\{\s*(?:$|[\"'‘“`]?[\w$.@-]+[\"'’”`]?\s*:|\}|…)")
"""The beginning of a literal that may be an event, also one that goes on in the next line."""
_CONTAINER = re.compile(r"^[\w.-]+\s+\| ?")
"""What docker compose puts before each line."""
_RECORD = re.compile(
    r"^\W{0,2}\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^\[?\d\d:\d\d:\d\d|^(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)\b"
)
"""The beginning of another record of a log, which ends whatever was open."""
_CUT = re.compile(r"(?:\.\.\.|…|\[truncated\]|<truncated>)\s*$")

_LABEL = 48
"""Letters before a type that make its label."""
_LABEL_WITHIN = 200
"""Characters before it in which they are looked for."""
MOST_LINES = 20_000
"""Lines that one literal may go over."""
_SECOND_LOOKS = 4_000_000
"""Characters that are looked at once more after a brace turned out to open nothing, for a start ..."""
_LINE_COST = 100
"""Characters that a line counts for beside its own."""
_MORE_LOOKS = 4
"""... and for each character of the text: what a text costs to read must follow its length."""
_INNER = 64
"""Braces in one literal that is no event, or objects in one line, at which an event is looked for."""
_REMEMBERED = 16
"""Events back to which the same event is recognised when it is printed once more."""

Labels = Mapping[str, str]
"""The label of lines that stand for events, by the side that sends those."""


def read(stream: BinaryIO, limit: int, *, ended: bool = True) -> Iterator[Frame]:
    """The events that can be made out in a text; where it has not `ended`, those that its end cannot change."""
    lines = read_lines(stream, limit)
    begun: deque[Line] = deque()
    size = 0
    for line in lines:
        begun.append(line)
        size += len(line.raw) + 1
        if size > HEAD_BYTES:
            break
    reader = TextReader(limit, labels_of([_decoded(line.raw) for line in begun]))
    while begun:
        line = begun.popleft()
        yield from reader.feed(line.number, _decoded(line.raw))
    for line in lines:
        yield from reader.feed(line.number, _decoded(line.raw))
    if ended:
        yield from reader.end()


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def labels_of(texts: Iterable[str]) -> Labels:
    """What stands before types in lines that stand for events; empty where the literals hold all of them."""
    named: dict[str, dict[str, Counter[str]]] = {"client": {}, "server": {}}
    literal: set[str] = set()
    for text in texts:
        text = _CONTAINER.sub("", text)
        literal.update(_TYPE.findall(text))
        mention = _mention(text)
        if mention is not None and mention.type != "error":
            named[direction_of(mention.type) or "server"].setdefault(mention.label, Counter())[
                mention.type
            ] += 1
    labels: dict[str, str] = {}
    for side, found in named.items():
        if found:
            label = max(found, key=lambda each: (len(found[each]), found[each].total()))
            if not found[label].keys() <= literal and (len(found[label]) > 1 or side == "client"):
                labels[side] = label
    return labels if "server" in labels else {}


class _Mention(Struct, frozen=True):
    """A type that a line names."""

    type: str
    label: str
    count: int


def _mention(text: str) -> _Mention | None:
    """The first known type that a line names before any brace."""
    brace = text.find("{")
    for found in _NAMED.finditer(text, 0, len(text) if brace < 0 else brace):
        if direction_of(found[1]) is None:
            continue
        label = _label(text, found.start())
        if label or text.strip() == found[0].strip():
            return _Mention(found[1], label, int(found[2] or 1))
    return None


def _label(text: str, end: int) -> str:
    """The letters of what stands before a type or a literal: numbers, times and marks differ from line to line."""
    return " ".join(re.findall(r"[^\W\d_]+", text[max(0, end - _LABEL_WITHIN) : end]))[-_LABEL:]


@cache
def _balance(unclosed: str) -> re.Pattern[str]:
    """Strings and brackets; marks that open a string which nothing closes are none."""
    strings = (pattern for mark, pattern in _STRINGS.items() if mark not in unclosed)
    return re.compile("|".join((*strings, r"[{}\[\]]")), re.DOTALL)


class _Open:
    """A literal that goes over several lines."""

    __slots__ = ("at", "depth", "label", "lines", "parts", "size", "start", "time")

    def __init__(self, line: int, at: int, label: str, time: float | None) -> None:
        self.at = at
        """Where in its first line it begins."""
        self.lines: list[tuple[int, str]] = []
        self.parts: list[str] = []
        self.size = 0
        self.depth = 0
        self.start = line
        self.label = label
        self.time = time

    def take(self, text: str, start: int = 0) -> int | None:
        """Add a line from there on; returns where in it the literal ends, or None."""
        at, unclosed = start, ""
        while at < len(text):
            for found in _balance(unclosed).finditer(text, at):
                mark = found[0]
                if mark in "{[":
                    self.depth += 1
                elif mark in "}]":
                    self.depth -= 1
                    if self.depth <= 0:
                        self.parts.append(text[start : found.end()])
                        return found.end()
                elif found.lastindex is not None:
                    unclosed += mark[0]
                    at = found.start() + 1
                    break
            else:
                break
        self.parts.append(text[start:])
        self.size += len(text) - start
        return None

    def text(self) -> str:
        return "\n".join(self.parts)


class TextReader:
    """Reads a text line by line; `limit` is the longest literal, in characters."""

    def __init__(self, limit: int, labels: Labels) -> None:
        self._limit = limit
        self._labels = labels
        self._perspective = Perspective()
        self._open: _Open | None = None
        self._pending: tuple[int, _Mention, float | None] | None = None
        self._recent: deque[tuple[bytes, str]] = deque(maxlen=_REMEMBERED)
        self._second_looks = _SECOND_LOOKS
        self._folded = Folded()

    def feed(self, number: int, text: str) -> Iterator[Frame]:
        """The frames that a line completes."""
        self._second_looks += _MORE_LOOKS * len(text)
        yield from self._feed(number, text)

    def _feed(self, number: int, text: str) -> Iterator[Frame]:
        text = _CONTAINER.sub("", text)
        start = 0
        if self._open is not None:
            if self._is_over(self._open, text):
                yield from self._abandon()
            else:
                self._open.lines.append((number, text))
                end = self._open.take(text)
                if end is None:
                    return
                done, self._open = self._open, None
                yield from self._literal(done.start, done.text(), done.label, done.time)
                start = end
        yield from self._scan(number, text, start)

    def end(self) -> Iterator[Frame]:
        """The frames that only the end of the text completes."""
        while self._open is not None:
            yield from self._abandon()
        yield from self._flush()

    def _is_over(self, open: _Open, text: str) -> bool:
        """Whether a line cannot go on with what is open, or that has become too long."""
        if len(open.lines) > MOST_LINES or open.size > self._limit or _CUT.search(open.parts[-1]):
            return True
        if _RECORD.match(text):
            return True
        brace = text.find("{")
        return brace > 0 and open.label != "" and _label(text, brace) == open.label

    def _abandon(self) -> Iterator[Frame]:
        """What was open ends here: an event that was cut, or no event, whose lines are then looked at once more."""
        open, self._open = self._open, None
        assert open is not None
        text = open.text()
        if _TYPE.search(text, 0, 400) and (literal := read_literal(_clean(text), cut=True)) is not None:
            frame = self._event(open.start, literal.raw, elided=True)
            if frame is not None:
                yield from self._emit(frame, open.label, open.time)
                return
        lines = open.lines
        self._second_looks -= open.size + _LINE_COST * len(lines)
        if self._second_looks < 0:
            return
        first, text = lines[0]
        yield from self._scan(first, text, open.at + 1)
        for number, text in lines[1:]:
            yield from self._feed(number, text)

    def _scan(self, number: int, text: str, start: int) -> Iterator[Frame]:
        """Look for events in a line from there on."""
        mention = _mention(text) if start == 0 else None
        if mention is not None and mention.label == self._labels.get(direction_of(mention.type) or ""):
            yield from self._flush()
            self._pending = number, mention, seconds_of(text)
        time: float | None = None
        timed = False
        last_type: int | None = None
        while True:
            start = yield from self._objects(number, text, start)
            brace = text.find("{", start)
            if brace < 0:
                return
            start = brace + 1
            if brace and text[brace - 1] in "\"'`" and self._second_looks > 0:
                last_type = _last_type(text) if last_type is None else last_type
                quoted = self._quoted(number, text, brace - 1) if brace <= last_type else None
                if quoted is not None:
                    yield from self._emit(quoted[0], _label(text, brace), seconds_of(text))
                    start = quoted[1]
                    continue
            if not _BEGIN.match(text, brace):
                continue
            if not timed:
                time, timed = seconds_of(text), True
            open = _Open(number, brace, _label(text, brace), time)
            open.lines.append((number, text))
            end = open.take(text, brace)
            if end is None:
                self._open = open
                return
            yield from self._literal(number, text[brace:end], open.label, time)
            start = end

    def _quoted(self, number: int, text: str, start: int) -> tuple[Frame, int] | None:
        """The event whose JSON is the string that begins there, and where it ends."""
        quoted = read_string(text, start)
        if quoted is not None and quoted[0].endswith("}"):
            frame = self._event(number, quoted[0].encode("utf-8", "surrogateescape"), elided=False)
            if frame is not None:
                return frame, quoted[1]
        # What is in the string is looked at once more, and more than once where strings begin in it.
        self._second_looks -= (len(text) if quoted is None else quoted[1]) - start
        return None

    def _objects(self, number: int, text: str, start: int) -> Generator[Frame, None, int]:
        """The events that are printed as objects before the next brace; returns where the last of them ends."""
        end = start
        for _ in range(_INNER):
            if self._second_looks < 0:
                break
            brace = text.find("{", start)
            found = objects.find(text, start, len(text) if brace < 0 else brace)
            if found is None:
                break
            start = found.end
            literal = found.literal
            frame = None if literal is None else self._event(number, literal.raw, elided=literal.elided)
            if frame is None:
                # What is in it is looked at for itself.
                self._second_looks -= start - found.start
                continue
            yield from self._emit(frame, _label(text, found.start), seconds_of(text))
            end = start
        return end

    def _literal(self, number: int, text: str, label: str, time: float | None) -> Iterator[Frame]:
        """The event that a literal is, or those that are in it."""
        begin = 0
        for _ in range(_INNER):
            if not _TYPE.search(text, begin):
                return
            open = _Open(number, begin, label, time)
            end = open.take(text, begin)
            if end is not None:
                frame = self._read(number + text.count("\n", 0, begin), text[begin:end])
                if frame is not None:
                    yield from self._emit(frame, label, time)
                    begin = end - 1
            begin = text.find("{", begin + 1)
            if begin < 0:
                return

    def _read(self, number: int, text: str) -> Frame | None:
        raw = text.encode("utf-8", "surrogateescape")
        if holds_object(raw):
            return self._event(number, raw, elided=False)
        literal = read_literal(_clean(text))
        return None if literal is None else self._event(number, literal.raw, elided=literal.elided)

    def _event(self, number: int, raw: bytes, *, elided: bool) -> Frame | None:
        """The frame of an object that is an event of a known type, or an envelope of one."""
        frame = frame_of(Line(number, raw), self._limit, self._perspective)
        if frame is None or frame.close is not None or frame.fault is not None:
            return None
        if direction_of(type_of(frame.raw)) is None:
            return None
        if not elided:
            return frame
        return Frame(number, frame.direction, frame.raw, frame.time, loss="elided")

    def _emit(self, frame: Frame, label: str, time: float | None) -> Iterator[Frame]:
        """Hand on an event, unless it was printed before under another label."""
        kind = type_of(frame.raw)
        if self._pending is not None and self._pending[1].type == kind:
            time = self._pending[2] if time is None else time
            self._pending = None
        yield from self._flush()
        event_id = member(frame.raw, "event_id")
        if event_id.startswith(b'"'):
            if any(known == event_id and where != label for known, where in self._recent):
                return
            self._recent.append((event_id, label))
        if frame.time is None and time is not None:
            frame = msgspec.structs.replace(frame, time=time)
        yield frame

    def _flush(self) -> Iterator[Frame]:
        """The event of which only its type was named."""
        if self._pending is not None:
            number, mention, time = self._pending
            self._pending = None
            raw = b'{"type":"%s"}' % mention.type.encode()
            self._folded.take(mention.count - 1)
            for _ in range(mention.count):
                yield Frame(number, None, raw, time, loss="type-only")


def _last_type(text: str) -> int:
    """Where the last type of an event begins; -1 where there is none."""
    return max((found.start() for found in _TYPE.finditer(text)), default=-1)


def _clean(text: str) -> str:
    """The text with what is no UTF-8 replaced: a literal of another notation cannot carry it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
