"""The JSON Schema (draft 2020-12) of the JSON report, kept by hand, and the proof that the writer keeps to it.

`problems` is what `python -m rtproto schema --check` runs: every key that the writer can emit must be described, and
every key that is described must be emitted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any, cast

from rtproto.findings import Excerpt, Finding, Report, SessionReport, Severity, Trouble, Unchecked, Witness

FILE = "rtproto-report-1.schema.json"


def text() -> str:
    """The schema file, as it is shipped."""
    return files(__name__).joinpath(FILE).read_text(encoding="utf-8")


def sample() -> Report:
    """A report in which every key of every object occurs."""
    finding = Finding(
        code="OUT016",
        name="delta-after-done",
        severity=Severity.ERROR,
        line=41,
        event=Excerpt(
            41, "server", "response.output_text.delta", (("event_id", "event_1"), ("content_index", 0))
        ),
        witnesses=(Witness(36, "response.content_part.done", "closed the part"),),
        machine="content part",
        state="done",
        allowed=("response.output_item.done",),
        count=3,
        last_line=43,
    )
    consequence = Finding(
        code="RSP024", name="done-output-differs", severity=Severity.WARNING, line=44, caused_by=0
    )
    session = SessionReport(
        path="session.jsonl",
        dialect="ga",
        profile="openai",
        mode="complete",
        events=44,
        findings=(finding, consequence),
        limits=("The recording stops before the connection does.",),
        profile_reason="the session looks like OpenAI's",
        format="python-log",
        format_reason="its lines have the prefix of Python's logging",
        losses=("type-only",),
        off=("USG001",),
        counts={"response.output_text.delta": 44},
        troubles=(
            Trouble(
                9,
                "error",
                type="invalid_request_error",
                code="unknown_parameter",
                message="Unknown parameter: 'session.mood'.",
                refused_line=2,
                refused_type="session.update",
            ),
            Trouble(
                40, "response.done", status="incomplete", reason="max_output_tokens", count=2, last_line=44
            ),
            Trouble(41, "mcp_list_tools.failed", server_label="wiki"),
        ),
        troubles_left_out=1,
    )
    return Report((session,), (Unchecked("notes.txt", "no recording"),))


def problems() -> list[str]:
    """What is wrong between schema and writer, a sentence each; empty when they are in step.

    The metaschema itself is asked only where the `jsonschema` package is installed (the extra `test`).
    """
    from rtproto.reports import render

    found: list[str] = []
    schema: dict[str, Any] = json.loads(text())
    document = json.loads(render(sample(), "json"))
    lines = [json.loads(line) for line in render(sample(), "jsonl").splitlines()]
    if find_spec("jsonschema") is not None:
        validator: Any = import_module("jsonschema").Draft202012Validator
        validator.check_schema(schema)
        for line in [document, *lines]:
            part = schema if line is document else {**schema, "$ref": "#/$defs/jsonl_line"}
            if part is not schema:
                for word in ("type", "properties", "required", "additionalProperties"):
                    del part[word]
            found += (f"{error.json_path}: {error.message}" for error in validator(part).iter_errors(line))
    described = set(_described(schema))
    emitted = {key for line in [document, *lines] for key in _emitted(line)}
    found += (
        f"the writer emits {key!r}, which the schema does not describe" for key in sorted(emitted - described)
    )
    found += (
        f"the schema describes {key!r}, which the writer does not emit" for key in sorted(described - emitted)
    )
    return found


def _members(node: object) -> Iterator[tuple[str, object]]:
    """The members of an object, or the elements of an array under no name; nothing of a scalar."""
    if isinstance(node, dict):
        yield from cast("dict[str, object]", node).items()
    elif isinstance(node, list):
        yield from (("", part) for part in cast("list[object]", node))


def _described(node: object) -> Iterator[str]:
    """Every property that a schema names, anywhere in it."""
    for word, value in _members(node):
        if word == "properties":
            yield from (name for name, _ in _members(value))
        yield from _described(value)


_OPEN = frozenset({"fields", "by_code"})
"""Objects whose keys come from the recording, or are codes."""


def _emitted(node: object) -> Iterator[str]:
    """Every key of a document, anywhere in it, but for objects with keys of any name."""
    for key, value in _members(node):
        if key:
            yield key
        if key not in _OPEN:
            yield from _emitted(value)
