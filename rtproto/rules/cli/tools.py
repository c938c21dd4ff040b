"""CLI: the tools that a model is offered, and how it shall choose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rtproto.events.base import ToolChoiceWord
from rtproto.events.common.tools import (
    FunctionTool,
    McpTool,
    ToolChoiceFunction,
    ToolChoiceMcp,
    UnknownTool,
    UnknownToolChoice,
)
from rtproto.findings import Severity
from rtproto.protocol.values import field, kind_of, listed
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.cli.settings import CONFIGURES, asked, look, other_object, values_of
from rtproto.rules.examples import Example, change

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_LONGEST_NAME = 64


def _faults(tools: list[Any]) -> Iterator[tuple[str, str, Severity | None]]:
    """What is wrong with a list of tools: the member, the words, and how bad it is."""
    names: set[str] = set()
    for index, tool in enumerate(tools):
        at = f"[{index}]"
        if isinstance(tool, UnknownTool):
            kind = kind_of(tool)
            path, what = (f"{at}.type", "missing") if kind is None else (at, f"of type {kind}")
            yield path, f"is {what}; there are function and mcp", None
        if not isinstance(tool, FunctionTool):
            continue
        name = field(tool, "name")
        if name is None:
            yield f"{at}.name", "is missing", None
            continue
        if not _NAME.fullmatch(name):
            yield f"{at}.name", f"is {name!r}; letters, digits, _ and - are allowed", None
        elif len(name) > _LONGEST_NAME:
            yield f"{at}.name", f"has {len(name)} characters; {_LONGEST_NAME} are safe", Severity.WARNING
        if name in names:
            yield f"{at}.name", f"is {name!r} a second time", None
        names.add(name)
        parameters = field(tool, "parameters")
        if parameters is not None and bytes(memoryview(parameters)[:1]) not in (b"{", b"n"):
            yield f"{at}.parameters", "is not an object", None


class ToolDefinitionInvalid(Rule):
    """A function that is offered has a name of letters, digits, `_` and `-`, of its own, and an object for parameters.

    The server refuses the update, and with it every other tool and the instructions.
    """

    code = "CLI021"
    name = "tool-definition-invalid"
    needs = "client"
    message = "`{path}` {what}"
    evidence = (
        "The server's refusal of a dotted name, reported for OpenAI; Azure documents 64 characters. The types demand a "
        "JSON Schema, which is an object."
    )
    exceptions = "A name of more than 64 characters is a warning. Null parameters are passed over."
    on = CONFIGURES
    reads = ("session.tools", "response.tools")
    symptoms = ("tools", "refused", "config")
    example = Example(
        "refused_requests",
        change("session.update", "session.tools", [{"type": "function", "name": "weather.get"}]),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        for wish in asked(event, "tools"):
            for name, what, severity in _faults(wish.value):
                yield Verdict({"path": f"{wish.path}{name}", "what": what}, severity=severity)


def _offered(context: Context, event: Any, container: str) -> list[Any] | None:
    """The tools that a choice in this event can name; None when they are not known."""
    own = listed(event, container, "tools")
    if own is not None:
        return own
    facts = context.facts
    effective = listed(facts.session, "tools")
    updates = [request.event for request in facts.ledger.pending("session.update")]
    configs = (
        facts.session,
        *(field(e, name) for e in (*updates, event) for name in ("session", "response")),
    )
    if effective is None or any(field(config, "prompt") for config in configs):
        return None  # A stored prompt brings tools that no event shows.
    for update in updates:
        effective = effective + (listed(update, "session", "tools") or [])
    return effective


class ToolChoiceInvalid(Rule):
    """`tool_choice` is `auto`, `none` or `required`, or names a tool that is offered.

    The server refuses the event: no response, or no configuration.
    """

    code = "CLI022"
    name = "tool-choice-invalid"
    needs = "client"
    message = "`{path}` is {found}; {expected}"
    evidence = "The types list the words and the objects; a forced choice names one of the tools."
    exceptions = (
        "Names are not judged where the session's tools are not known, nor with a stored prompt, which brings tools of "
        "its own."
    )
    on = CONFIGURES
    reads = ("session.tool_choice", "response.tool_choice")
    symptoms = ("tools", "refused")
    example = Example(
        "refused_requests",
        change("response.create", "response.tool_choice", {"type": "function", "name": "book_table"}),
    )

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        words = values_of(ToolChoiceWord)
        for container in ("session", "response"):
            choice = look(event, container, "tool_choice")
            found = expected = ""
            if isinstance(choice, UnknownToolChoice) or (isinstance(choice, str) and choice not in words):
                found = choice if isinstance(choice, str) else other_object(choice)
                expected = f"it is {', '.join(words)}, or an object of type function or mcp"
            elif isinstance(choice, ToolChoiceFunction | ToolChoiceMcp):
                tools = _offered(context, event, container)
                label = choice.name if isinstance(choice, ToolChoiceFunction) else choice.server_label
                if tools is not None and label not in _names(tools, type(choice)):
                    found, expected = label, "no such tool is offered"
            if found:
                yield Verdict({"path": f"{container}.tool_choice", "found": found, "expected": expected})


def _names(tools: list[Any], choice: type) -> set[str | None]:
    """What a choice of that type can name: functions by name, remote servers by label."""
    if choice is ToolChoiceFunction:
        return {field(tool, "name") for tool in tools if isinstance(tool, FunctionTool)}
    return {tool.server_label for tool in tools if isinstance(tool, McpTool)}
