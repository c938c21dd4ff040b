"""The ways of reading a session that are compared, each as a function over a workload.

`prepare` builds what a contender needs before its first line (decoders, adapters, a checker that has seen the start
of the session) and returns the timed function, which reads every line once.  All of them loop over the same frames in
Python, since a socket hands over one line at a time, and drop what they have read.

openai-python and pipecat parse what a server sends and nothing else, so they take no part where a workload holds
client lines.  Pipecat brings hundreds of megabytes of signal processing along, so that it is an extra of its own, and
left out where it is not installed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args

from benchmarks.script import Frame
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    from rtproto.checker import SessionChecker

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
    import pydantic_core
    from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

    class Tagged(msgspec.Struct):
        """What one must read of an event to know what it is."""

        type: str

    pydantic_readers = (validator(RealtimeClientEvent), validator(RealtimeServerEvent))
    return [
        Contender(FLOOR, untyped(msgspec.json.Decoder(Tagged).decode)),
        Contender("json.loads", untyped(json.loads)),
        Contender("orjson.loads", untyped(orjson.loads)),
        Contender("msgspec, untyped", untyped(msgspec.json.Decoder().decode)),
        Contender(CORE, untyped(pydantic_core.from_json)),
        Contender(PYDANTIC, by_direction(*pydantic_readers)),
        Contender(SDK, untyped(openai_parser()), server_only=True),
        *(Contender(PIPECAT, untyped(parser), server_only=True) for parser in pipecat_parser()),
        Contender(DECODE, by_direction(*decoders())),
        Contender(CHECK, check, once=True),
    ]


DECODE = "rtproto, decode"
CHECK = "rtproto, full check"
FLOOR = "msgspec, type only"
YARDSTICK = "orjson.loads"
CORE = "pydantic-core, from_json"
PYDANTIC = "pydantic, discriminated"
SDK = "openai-python, parse_event"
PIPECAT = "pipecat, parse_server_event"


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


def pipecat_parser() -> list[Callable[[bytes], Any]]:
    """What pipecat's service for OpenAI's Realtime API does with each message, or nothing where it is not installed.

    Its socket hands it text, and so the decoding of UTF-8 is counted here.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its audio helpers import modules that Python has announced to drop
        try:
            events = import_module("pipecat.services.openai.realtime.events")
        except ModuleNotFoundError as error:
            if error.name != "pipecat":
                raise
            return []
    parse = events.parse_server_event
    return [lambda raw: parse(raw.decode())]


def absent() -> list[str]:
    """The contenders that are not installed."""
    return [] if pipecat_parser() else [PIPECAT]


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

    if workload.apart:
        begun = [begin(workload).feed for _ in workload.frames]
        return lambda: feed_each(begun, workload.frames)
    feeder = begin(workload).feed
    return lambda: feed(feeder, workload.frames)


def begin(workload: Workload) -> SessionChecker:
    """A checker that has seen what comes before the workload."""
    from rtproto.checker import SessionChecker

    checker = SessionChecker()
    feed(checker.feed, workload.before)
    return checker


def feed(into: Callable[..., Any], frames: list[Frame]) -> None:
    for line, (direction, raw) in enumerate(frames, 1):
        into(direction, raw, line=line)


def feed_each(into: list[Callable[..., Any]], frames: list[Frame]) -> None:
    for feeder, (direction, raw) in zip(into, frames, strict=True):
        feeder(direction, raw, line=1)


def findings(workload: Workload) -> list[str]:
    """What our checker says about the workload above a note: code and line of each finding."""
    from rtproto.findings import Severity

    checker = begin(workload)
    feed(checker.feed, workload.frames[:1] if workload.apart else workload.frames)
    checker.close(cut=not workload.whole)
    found = checker.report().findings
    return [f"{finding.code} at line {finding.line}" for finding in found if finding.severity > Severity.INFO]


def misread(workload: Workload) -> list[str]:
    """The lines of a workload that our decoder, pydantic or pipecat does not know or rejects: none, hopefully.

    A contender that stops in the middle of a line, or passes over it, would look fast.
    """
    from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
    from pydantic import ValidationError

    from rtproto.events.base import UnknownEvent
    from rtproto.wire import Fault

    ours = dict(zip(("client", "server"), decoders(), strict=True))
    theirs = {"client": validator(RealtimeClientEvent), "server": validator(RealtimeServerEvent)}
    pipecat = pipecat_parser()
    wrong: list[str] = []
    for line, (direction, raw) in enumerate(workload.frames, 1):
        event = ours[direction](raw)
        if isinstance(event, UnknownEvent | Fault):
            wrong.append(f"rtproto, line {line}: {event}")
        try:
            theirs[direction](raw)
        except ValidationError as error:
            wrong.append(f"pydantic, line {line}: {error.errors()[0]}")
        if direction == "server" and any(parse(raw) is None for parse in pipecat):
            wrong.append(f"pipecat, line {line}: passed over")
    return wrong
