"""Sessions in every format that is read, written here by hand: what the tools that write these formats do.

A writer takes events, each with who sent it, and returns the file's text and the line on which each event begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
Session = list[tuple[str, Event]]
Written = tuple[str, list[int]]
Writer = Callable[[Session], Written]


def stacked(pieces: list[tuple[str, int]], begin: str = "", end: str = "") -> Written:
    """Pieces one after the other, each with the number of its lines that come before its event."""
    text, lines = begin, []
    for piece, before in pieces:
        lines.append(text.count("\n") + 1 + before)
        text += piece
    return text + end, lines


def javascript(value: Any) -> str:
    """The value as node's `util.inspect` prints it when nothing is too deep or too long."""
    if isinstance(value, dict):
        members = ", ".join(
            f"{key if re.fullmatch(r'[A-Za-z_$][A-Za-z0-9_$]*', key) else javascript(key)}: {javascript(member)}"
            for key, member in value.items()
        )
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list):
        return f"[ {', '.join(map(javascript, value))} ]" if value else "[]"
    if isinstance(value, str):
        escaped = "".join({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}.get(c, c) for c in value)
        return f"'{escaped}'"
    return json.dumps(value)


def bare(session: Session) -> Written:
    return stacked([(json.dumps(event) + "\n", 0) for _, event in session])


def commented(session: Session) -> Written:
    return stacked([(f'// {{"type":"off"}}\n\n{json.dumps(event)}\n', 2) for _, event in session])


def envelopes(session: Session) -> Written:
    return stacked([(json.dumps({"direction": who, "event": event}) + "\n", 0) for who, event in session])


def array(session: Session) -> Written:
    pieces = [(json.dumps(event, indent=1) + ",\n", 0) for _, event in session]
    text, lines = stacked(pieces, "[\n")
    return text.removesuffix(",\n") + "\n]\n", lines


def console_state(session: Session) -> Written:
    rows = [
        {"time": f"2026-01-02T03:04:{n % 60:02}.500Z", "source": who, "event": event}
        for n, (who, event) in enumerate(session)
    ]
    pieces = [(json.dumps(row) + ",\n", 0) for row in rows]
    text, lines = stacked(pieces, '{"version": 1, "messages": [\n')
    return text.removesuffix(",\n") + "\n]}\n", lines


def cassette(session: Session) -> Written:
    import yaml

    pieces = []
    for who, event in session:
        data = yaml.safe_dump({"data": event}, allow_unicode=True, sort_keys=False)
        direction = "sent" if who == "client" else "received"
        body = "".join(f"  {line}\n" for line in data.splitlines()).replace("  data:", "  data:", 1)
        pieces.append((f"- kind: message\n  direction: {direction}\n  at: 0.5\n{body}", 0))
    return stacked(pieces, "version: 1\ninteractions:\n")


def documents(session: Session) -> Written:
    import yaml

    pieces = []
    for who, event in session:
        record = {"timestamp": "12:00:01", "sender": who, "message": "a message", "content": event}
        pieces.append(("---\n" + yaml.safe_dump(record, sort_keys=False), 1))
    return stacked(pieces)


def har(session: Session) -> Written:
    pieces = []
    for who, event in session:
        message = {
            "type": "send" if who == "client" else "receive",
            "time": 1781000000.25,
            "opcode": 1,
            "data": json.dumps(event),
        }
        pieces.append((json.dumps(message, indent=2) + ",\n", 0))
    text, lines = stacked(
        pieces, '{\n "log": {"version": "1.2", "creator": {}, "entries": [\n{"_webSocketMessages": [\n'
    )
    return text.removesuffix(",\n") + '\n], "request": {"url": "wss://x"}}]}}\n', lines


def python_json(session: Session) -> Written:
    stamp = "2026-01-02 03:04:05,006 - bridge -"
    pieces = [(f"{stamp} INFO - noise\n{stamp} DEBUG - Event: {json.dumps(e)}\n", 1) for _, e in session]
    return stacked(pieces)


def java(session: Session) -> Written:
    sides = {"client": "Request", "server": "Response"}
    begin = "[main] DEBUG c.o.OpenAIRealtime -"
    return stacked([(f"{begin} {sides[who]} Event : {json.dumps(event)}\n", 0) for who, event in session])


def python_repr(session: Session) -> Written:
    return stacked([(f"INFO:app.rtc:OpenAI event: {event!r}\n", 0) for _, event in session])


def python_pretty(session: Session) -> Written:
    from pprint import pformat

    return stacked([(f"INFO:app.rtc:Event\n{pformat(event)}\n", 1) for _, event in session])


def model(value: Any, name: str = "Model") -> str:
    """The value as pydantic prints it: objects with the name of their class, but for those without names of members."""
    if isinstance(value, dict) and value and all(key.isidentifier() for key in value):
        return f"{name}({', '.join(f'{key}={model(member)}' for key, member in value.items())})"
    if isinstance(value, list):
        return f"[{', '.join(map(model, value))}]"
    return repr(value)


def sdk_repr(session: Session) -> Written:
    # As in the SDK, the type is the last member.
    events = [
        {**{k: v for k, v in event.items() if k != "type"}, "type": event["type"]} for _, event in session
    ]
    return stacked([(f"INFO:app:got {model(event, 'SomeEvent')} [1]\n", 0) for event in events])


def aiohttp(session: Session) -> Written:
    return stacked(
        [
            (f"Message: WSMessage(type=<WSMsgType.TEXT: 1>, data={json.dumps(event)!r}, extra='')\n", 0)
            for _, event in session
        ]
    )


def websockets(session: Session) -> Written:
    lines = []
    for who, event in session:
        text = json.dumps(event)
        arrow = ">" if who == "client" else "<"
        lines.append((f"DEBUG:websockets.client:{arrow} TEXT {text!r} [{len(text)} bytes]\n", 0))
    return stacked(lines, "DEBUG:websockets.client:= connection is OPEN\n")


def table(session: Session) -> Written:
    rows = []
    for n, (who, event) in enumerate(session):
        text = json.dumps(event)
        way = "C>S" if who == "client" else "S>C"
        rows.append((f"{n * 1.5:8.1f}  {way}  TEXT  {len(text):6} B  {text}\n", 0))
    return stacked(rows, "     0.0  S>C  PING       0 B\n")


def node(session: Session) -> Written:
    return stacked([(f"Received event: {javascript(event)}\n", 0) for _, event in session])


def node_multiline(session: Session) -> Written:
    pieces = []
    for _, event in session:
        members = ",\n".join(f"  {key}: {javascript(value)}" for key, value in event.items())
        pieces.append((f"Received event: {event['type']} {{\n{members}\n}}\n", 0))
    return stacked(pieces)


def chrome(session: Session) -> Written:
    return stacked(
        [
            (
                f"VM786 useRealtime.ts:502 Raw event. Type: {event['type']} Data: {json.dumps(event, indent=2)}\n",
                0,
            )
            for _, event in session
        ]
    )


def labelled(session: Session) -> Written:
    return stacked([(f"Raw message from OpenAI:\n{json.dumps(event)}\n", 1) for _, event in session])


def compose(session: Session) -> Written:
    pieces = []
    for _, event in session:
        lines = f"Event: {json.dumps(event, indent=2)}".splitlines()
        pieces.append(("".join(f"backend-1  | {line}\n" for line in lines), 0))
    return stacked(pieces)


def markdown(session: Session) -> Written:
    return stacked(
        [(f"Then this came in:\n\n```json\n{json.dumps(event, indent=2)}\n```\n", 3) for _, event in session]
    )


WRITERS: dict[str, tuple[str, Writer]] = {
    "bare": ("jsonl", bare),
    "comments": ("jsonl", commented),
    "envelopes": ("jsonl", envelopes),
    "array": ("json", array),
    "console state": ("json", console_state),
    "cassette": ("yaml", cassette),
    "documents": ("yaml", documents),
    "har": ("har", har),
    "python json": ("python-log", python_json),
    "python repr": ("python-log", python_repr),
    "python pprint": ("python-log", python_pretty),
    "sdk repr": ("sdk-repr", sdk_repr),
    "aiohttp": ("aiohttp", aiohttp),
    "websockets": ("websockets", websockets),
    "table": ("frame-table", table),
    "node": ("node", node),
    "node over lines": ("node", node_multiline),
    "chrome": ("chrome-console", chrome),
    "java": ("labelled", java),
    "labelled": ("labelled", labelled),
    "compose": ("labelled", compose),
    "markdown": ("text", markdown),
}
"""A name for the test, the format that it must be recognised as, and the writer."""
