"""YAML: cassettes of WebSocket sessions, and files of one document an event.

    interactions:
    - kind: message
      direction: sent
      at: 0.075
      data: {type: input_audio_buffer.commit}
    - kind: close
      code: 1011

    ---
    timestamp: 2024-10-18T12:00:00Z
    sender: server
    content: {type: session.created}

Needs PyYAML (`pip install 'rtproto[formats]'`).  The file is read as a stream of YAML events, of which only the plain
types of YAML are made; aliases are followed, within a bound on what they add up to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import msgspec

from rtproto.transcripts.frames import Format, Frame, Head, Unreadable, names_event
from rtproto.transcripts.jsonl import Perspective, frame_of, records_of_events
from rtproto.wire import Line

MAX_NODES = 300_000
"""Values of one record that are read, each use of an alias counted."""
MAX_DEPTH = 100
_LISTS = ("interactions", "messages", "events", "frames", "entries")
_CLOSING = ("code", "reason")


def _sniff(head: Head) -> str | None:
    if not names_event(head.raw):
        return None
    if re.search(
        rb"^(?:interactions|messages|events|frames|entries):\s*$", head.raw, re.MULTILINE
    ) and re.search(
        rb"^[^\S\n]*+(?:- )?(?:data|event|payload|message|content|type):", head.raw, re.MULTILINE
    ):
        return "a YAML list of messages begins in it"
    if re.match(rb"(?:\s*#[^\n]*\n)*---[ \t]*(?:\r?\n|$)", head.raw) and re.search(
        rb"(?:^[^\S\n]*+|[{,]\s*+)\"?'?type'?\"?:", head.raw, re.MULTILINE
    ):
        return "it begins with a YAML document marker"
    if re.match(rb"- (?:kind|direction|type|event|time|timestamp|sender|source|data):", head.raw):
        return "it begins with an item of a YAML list"
    return None


def read(stream: BinaryIO, limit: int) -> Iterator[Frame]:
    """The events of all documents.  Raises `Unreadable` where the YAML is broken, or PyYAML is missing, and
    `NotARecording` before the first frame where none of the first fifty records is an event of a known type."""
    perspective = Perspective()
    for record in records_of_events(_Records(stream, limit).read()):
        yield from _frames(record, limit, perspective)


def _frames(record: Line, limit: int, perspective: Perspective) -> Iterator[Frame]:
    if len(record.raw) > limit:
        record = Line(record.number, record.raw[:4096], too_long=True)
    frame = frame_of(record, limit, perspective)
    if frame is not None:
        yield frame


class _Records:
    """The records of a YAML stream, each as JSON with the line on which it begins."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        try:
            import yaml
        except ImportError:
            raise Unreadable("reading YAML needs PyYAML: pip install 'rtproto[formats]'") from None
        self._yaml = yaml
        # The parser written in C where there is one: ten times faster, and it does not recurse.
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._source: Any = loader(stream)
        self._plain: Any = yaml.SafeLoader("")
        self._limit = limit
        self._nodes = 0
        self._anchors: dict[str, tuple[Any, int]] = {}

    def _next(self) -> Any:
        try:
            return self._source.get_event()
        except self._yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f" at line {mark.line + 1}" if mark is not None else ""
            problem = getattr(error, "problem", None) or "it cannot be read"
            raise Unreadable(f"the YAML is broken{where}: {problem}") from None

    def read(self) -> Iterator[Line]:
        while True:
            event = self._next()
            kind = type(event).__name__
            if kind == "StreamEndEvent":
                return
            if kind == "DocumentStartEvent":
                self._anchors.clear()
                yield from self._document(self._next())

    def _document(self, event: Any) -> Iterator[Line]:
        kind = type(event).__name__
        if kind == "SequenceStartEvent":
            yield from self._list()
        elif kind == "MappingStartEvent":
            line = event.start_mark.line + 1
            members: dict[str, Any] = {}
            listed = False
            while type(event := self._next()).__name__ != "MappingEndEvent":
                self._nodes = 0
                key = self._key(self._value(event, 0))
                value = self._next()
                if key in _LISTS and type(value).__name__ == "SequenceStartEvent":
                    listed = True
                    yield from self._list()
                else:
                    members[key] = self._value(value, 0)
            if not listed:
                yield self._record(line, members)
        else:
            self._nodes = 0
            self._value(event, 0)

    def _list(self) -> Iterator[Line]:
        while type(event := self._next()).__name__ != "SequenceEndEvent":
            line = event.start_mark.line + 1
            self._nodes = 0
            yield self._record(line, self._value(event, 0))

    def _record(self, line: int, value: Any) -> Line:
        if isinstance(value, dict):
            value = cast("dict[str, Any]", value)
            if value.get("kind") == "close":
                value = {"close": {name: value[name] for name in _CLOSING if name in value}}
            elif "content" in value and not {"event", "data", "payload"} & value.keys():
                # The `message` beside it says in words what happened.
                value = {**value, "event": value["content"]}
        try:
            return Line(line, msgspec.json.encode(value))
        except (TypeError, ValueError, RecursionError):
            return Line(line, b"")

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Unreadable(f"a record of the YAML has more than {MAX_NODES:,} values, its aliases followed")

    def _value(self, event: Any, depth: int) -> Any:
        """The value that begins with that event."""
        self._count(1)
        if depth > MAX_DEPTH:
            raise Unreadable(f"the YAML is nested more than {MAX_DEPTH} levels deep")
        kind = type(event).__name__
        if kind == "AliasEvent":
            value, nodes = self._anchors.get(event.anchor, (None, 0))
            self._count(nodes)
            return value
        before = self._nodes
        value = self._scalar(event) if kind == "ScalarEvent" else self._collection(event, kind, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._nodes - before
        return value

    def _collection(self, event: Any, kind: str, depth: int) -> Any:
        if kind == "SequenceStartEvent":
            elements: list[Any] = []
            while type(event := self._next()).__name__ != "SequenceEndEvent":
                elements.append(self._value(event, depth + 1))
            return elements
        members: dict[str, Any] = {}
        while type(event := self._next()).__name__ != "MappingEndEvent":
            key = self._key(self._value(event, depth + 1))
            members[key] = self._value(self._next(), depth + 1)
        return members

    @staticmethod
    def _key(value: Any) -> str:
        return value if isinstance(value, str) else str(value)[:200]

    def _scalar(self, event: Any) -> Any:
        """A plain value of YAML's own types; a date and anything else is the text that stands there."""
        tag: str = event.tag or self._plain.resolve(self._yaml.ScalarNode, event.value, event.implicit)
        node = self._yaml.ScalarNode(tag, event.value)
        kind = tag.rpartition(":")[2]
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return self._plain.construct_yaml_bool(node)
            if kind == "int" and len(event.value) < 400:
                return self._plain.construct_yaml_int(node)
            if kind == "float":
                return self._plain.construct_yaml_float(node)
        except (ValueError, LookupError, OverflowError):
            return event.value
        return event.value


FORMATS = (Format("yaml", "YAML: pydantic-ai's cassettes, documents of one event each", _sniff, read),)
