"""The ways of reading a session that are compared, each as a function over a workload.

`prepare` builds what a contender needs before its first line (decoders, adapters, a checker that has seen the start
of the session) and returns the timed function, which reads every line once.  All of them loop over the same frames in
Python, since a socket hands over one line at a time, and drop what they have read.

openai-python parses what a server sends and nothing else, so it takes no part where a workload holds client lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, get_args

from benchmarks.script import Frame
from benchmarks.workloads import Workload

Pass = Callable[[], object]
"""Reads every line of a workload once."""


@dataclass(frozen=True)
class Contender:
    """One way of reading a session."""

    name: str
    prepare: Callable[[Workload], Pass]
    server_only: bool = False
    """Whether it can read only what a server sends."""
    once: bool = False
    """Whether a pass can run only once, since it leaves behind what it has seen."""

    def reads(self, workload: Workload) -> bool:
        """Whether it can read every line of the workload."""
        return not self.server_only or all(direction == "server" for direction, _ in workload.frames)


def untyped(loads: Callable[[bytes], Any]) -> Callable[[Workload], Pass]:
    """A contender that makes dicts, whatever the direction."""

    def prepare(workload: Workload) -> Pass:
        return lambda: read_all(loads, workload.frames)

    return prepare


def by_direction(
    client: Callable[[bytes], Any], server: Callable[[bytes], Any]
) -> Callable[[Workload], Pass]:
    """A contender with a reader for each end of the connection."""

    def prepare(workload: Workload) -> Pass:
        directions = {direction for direction, _ in workload.frames}
        if directions == {"client"}:
            return lambda: read_all(client, workload.frames)
        if directions == {"server"}:
            return lambda: read_all(server, workload.frames)
        return lambda: read_both(client, server, workload.frames)

    return prepare


def read_all(loads: Callable[[bytes], Any], frames: list[Frame]) -> None:
    for _, raw in frames:
        loads(raw)


def read_both(client: Callable[[bytes], Any], server: Callable[[bytes], Any], frames: list[Frame]) -> None:
    for direction, raw in frames:
        if direction == "client":
            client(raw)
        else:
            server(raw)


def contenders() -> list[Contender]:
    """All of them, the rivals first.  Raises `ImportError` where the `bench` extra is not installed."""
    import msgspec
    import orjson
    from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

    pydantic_readers = (validator(RealtimeClientEvent), validator(RealtimeServerEvent))
    return [
        Contender("json.loads", untyped(json.loads)),
        Contender("orjson.loads", untyped(orjson.loads)),
        Contender("msgspec, untyped", untyped(msgspec.json.Decoder().decode)),
        Contender("pydantic, discriminated", by_direction(*pydantic_readers)),
        Contender("openai-python, parse_event", untyped(openai_parser()), server_only=True),
        Contender(DECODE, by_direction(*decoders())),
        Contender(CHECK, check, once=True),
    ]


DECODE = "rtproto, decode"
CHECK = "rtproto, full check"
YARDSTICK = "orjson.loads"
SDK = "openai-python, parse_event"


def validator(union: Any) -> Callable[[bytes], Any]:
    """Pydantic's validation of a line as one of the union's models, chosen by `type`."""
    from typing import Annotated

    from pydantic import Field, TypeAdapter

    members, *_ = get_args(union)
    chosen_by_type: Any = Annotated[members, Field(discriminator="type")]
    adapter: TypeAdapter[Any] = TypeAdapter(chosen_by_type)
    return adapter.validate_json


def openai_parser() -> Callable[[bytes], Any]:
    """What openai-python does with each message of its Realtime connection, without the connection."""
    from openai.resources.realtime.realtime import RealtimeConnection

    no_socket: Any = None
    return RealtimeConnection(no_socket).parse_event


def decoders() -> tuple[Callable[[bytes], Any], Callable[[bytes], Any]]:
    """Our decoders of what a GA client and a GA server send."""
    from rtproto.events.dialect import GA
    from rtproto.wire import Decoder

    return Decoder(GA, direction="client").decode, Decoder(GA, direction="server").decode


def check(workload: Workload) -> Pass:
    """Our checker, from the first line of a whole session to its close, or inside a session that has begun."""
    from rtproto.checker import SessionChecker

    if workload.whole:

        def whole_session() -> None:
            checker = SessionChecker()
            feed(checker.feed, workload.frames)
            checker.close(cut=False)

        return whole_session

    checker = SessionChecker()
    feed(checker.feed, workload.before)
    return lambda: feed(checker.feed, workload.frames)


def feed(into: Callable[..., Any], frames: list[Frame]) -> None:
    for line, (direction, raw) in enumerate(frames, 1):
        into(direction, raw, line=line)


def findings(workload: Workload) -> list[str]:
    """What our checker says about the workload above a note: code and line of each finding."""
    from rtproto.checker import SessionChecker
    from rtproto.findings import Severity

    checker = SessionChecker()
    feed(checker.feed, workload.before + workload.frames)
    checker.close(cut=not workload.whole)
    found = checker.report().findings
    return [f"{finding.code} at line {finding.line}" for finding in found if finding.severity > Severity.INFO]


def misread(workload: Workload) -> list[str]:
    """The lines of a workload that our decoder does not know or rejects, or that pydantic rejects: none, hopefully.

    A contender that stops in the middle of a line would look fast.
    """
    from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
    from pydantic import ValidationError

    from rtproto.events.base import UnknownEvent
    from rtproto.wire import Fault

    ours = dict(zip(("client", "server"), decoders(), strict=True))
    theirs = {"client": validator(RealtimeClientEvent), "server": validator(RealtimeServerEvent)}
    wrong: list[str] = []
    for line, (direction, raw) in enumerate(workload.frames, 1):
        event = ours[direction](raw)
        if isinstance(event, UnknownEvent | Fault):
            wrong.append(f"rtproto, line {line}: {event}")
        try:
            theirs[direction](raw)
        except ValidationError as error:
            wrong.append(f"pydantic, line {line}: {error.errors()[0]}")
    return wrong


def versions() -> dict[str, str]:
    """The versions of everything that is measured."""
    import rtproto

    others = ("msgspec", "pybase64", "orjson", "pydantic", "openai")
    return {"rtproto": rtproto.__version__, **{name: version(name) for name in others}}
