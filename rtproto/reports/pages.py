"""Rules for reading: the list, the page of one rule, and both as data.

The words are the rule class's own; a page adds headings and nothing else.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import msgspec

from rtproto.reports.words import show, source
from rtproto.selection import matching

if TYPE_CHECKING:
    from rtproto.rules import Rule
    from rtproto.rules.examples import Example

_NEEDS = {
    "server": "the server's events",
    "client": "the client's events",
    "both": "both directions",
    "any": "either direction",
}


def rule_list(rules: Iterable[type[Rule]], width: int = 100) -> str:
    """A line a rule: code, severity, name, and what it checks as far as the width goes."""
    rows = [(rule.code, rule.severity.label, rule.name, _what_and_why(rule)[0]) for rule in rules]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines: list[str] = []
    for row in rows:
        cells = "  ".join(cell.ljust(size) for cell, size in zip(row[:3], widths, strict=True))
        lines.append(textwrap.shorten(row[3], max(width - len(cells) - 2, 20), placeholder=" …"))
        lines[-1] = f"{cells}  {lines[-1]}".rstrip() + "\n"
    return "".join(lines)


def rule_object(rule: type[Rule]) -> dict[str, object]:
    """The rule as data, under the names that its class uses."""
    what, why = _what_and_why(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.label,
        "basis": rule.basis,
        "dialects": list(rule.dialects),
        "needs": rule.needs,
        "what": what,
        "why": why,
        "message": rule.message,
        "evidence": _flat(rule.evidence),
        "exceptions": _flat(rule.exceptions),
    }


def rule_page(rule: type[Rule], width: int = 100) -> str:
    """Everything there is to say about one rule: what, why, how we know, exceptions, examples."""
    return "\n".join(_page(rule, min(width, 100))) + "\n"


def _page(rule: type[Rule], width: int) -> Iterator[str]:
    what, why = _what_and_why(rule)
    yield f"{rule.code} {rule.name}"
    yield ""
    yield from _wrap(what, width)
    for paragraph in why.split("\n\n") if why else ():
        yield ""
        yield from _wrap(_flat(paragraph), width)
    yield ""
    yield f"  severity  {rule.severity.label}"
    yield f"  basis     {rule.basis}: known from {source(rule.basis)}"
    yield f"  dialects  {', '.join(rule.dialects)}"
    yield f"  needs     {_NEEDS.get(rule.needs, rule.needs)}"
    for heading, text in (("How we know", rule.evidence), ("Exceptions", rule.exceptions)):
        if text:
            yield ""
            yield heading
            yield from _wrap(_flat(text), width)
    example: Example | None = getattr(rule, "example", None)
    if example is not None:
        yield ""
        yield "Example: a legal session, and the change that breaks the rule (- taken away, + put in)"
        yield from _example(example, width)


_ARROWS = {"server": "<", "client": ">"}
_CHANGED = 6
"""Lines that are shown of a longer run of changed ones."""


def _example(example: Example, width: int) -> Iterator[str]:
    """The two twins as a difference, with a line around it; long lines are cut where they do not differ."""
    room = width - 8
    twins = [example.lines(breaking=breaking) for breaking in (False, True)]
    passing, breaking = (
        [f"{_ARROWS[side]} {raw[: 64 * width].decode('utf-8', 'backslashreplace')}" for side, raw in twin]
        for twin in twins
    )
    for group in SequenceMatcher(None, passing, breaking, autojunk=False).get_grouped_opcodes(1):
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (f"      {show(line, room)}" for line in passing[a:b])
                continue
            apart = _apart(passing[a], breaking[c], room) if kind == "replace" else 0
            for sign, lines in (("-", passing[a:b]), ("+", breaking[c:d])):
                for line in lines[:_CHANGED]:
                    yield f"    {sign} {show(line[:32] + '…' + line[apart:] if apart else line, room)}"
                if len(lines) > _CHANGED:
                    yield f"    {sign} … {len(lines) - _CHANGED} more"


def _apart(one: str, other: str, room: int) -> int:
    """Where to go on after the head of two lines, so that their first difference is seen; 0 where it is seen anyway."""
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return first - 16 if first > room - 32 else 0


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _what_and_why(rule: type[Rule]) -> tuple[str, str]:
    first, _, rest = inspect.cleandoc(rule.__doc__ or "").partition("\n\n")
    return _flat(first), rest.strip()


def _flat(text: str) -> str:
    return " ".join(text.split())


def write_rules(
    write: Callable[[str], object], names: Sequence[str], format: str = "text", width: int = 100
) -> None:
    """Write the list of all rules, or the pages of those named by code, prefix or name; as data in `json` and `jsonl`.

    Raises `ValueError` for a name that fits no rule, before anything is written.
    """
    from rtproto.rules import RULES

    codes = [code for name in names for code in matching(name)] if names else sorted(RULES)
    rules = [RULES[code] for code in dict.fromkeys(codes)]
    if format == "json":
        document = msgspec.json.encode([rule_object(rule) for rule in rules])
        write(msgspec.json.format(document, indent=2).decode() + "\n")
    elif format == "jsonl":
        write("".join(msgspec.json.encode(rule_object(rule)).decode() + "\n" for rule in rules))
    elif names:
        write("\n".join(rule_page(rule, width) for rule in rules))
    else:
        write(rule_list(rules, width))
