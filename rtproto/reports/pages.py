"""Rules for reading: the list, the page of one rule as text, and both as data.

The words are the rule class's own; a page adds headings and nothing else.  `rtproto.reports.rule_docs` makes the pages
of the docs from the same parts.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from rtproto.protocol.profiles import NAMES, Relaxation, shipped
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
_PARTIAL = {
    "any": "judged in any recording, however partial",
    "seen": "judges only what the recording saw begin",
    "start": "needs the connection's start",
    "open": "what the recording's end leaves open is only noted",
}
_LEVELS = {"off": "not judged", "info": "only noted", "warning": "at most a warning", "error": "as it is"}


class Relaxed(Struct, frozen=True):
    """A rule's relaxation, and the shipped profiles in which it holds."""

    profiles: tuple[str, ...]
    severity: str
    why: str

    @property
    def told(self) -> str:
        """The relaxation as half a sentence: `only noted`."""
        return _LEVELS[self.severity]


class Matter(Struct, frozen=True):
    """Everything there is to say about one rule, in the order in which every page says it."""

    code: str
    name: str
    what: str
    why: tuple[str, ...]
    """Paragraphs."""
    facts: tuple[tuple[str, str], ...]
    """Labels and values, a line each."""
    sections: tuple[tuple[str, str], ...]
    """Headings and what stands below them."""
    relaxed: tuple[Relaxed, ...]
    example: Any


def matter(rule: type[Rule]) -> Matter:
    """What a page of the rule says."""
    what, why = what_and_why(rule)
    reason = unjudged(rule)
    facts = [
        ("severity", rule.severity.label),
        ("basis", f"{rule.basis}: known from {source(rule.basis)}"),
        ("dialects", ", ".join(rule.dialects)),
        ("needs", _NEEDS[rule.needs]),
        ("partial", _PARTIAL[rule.partial]),
        ("noticed as", "; ".join(symptoms(rule))),
    ]
    sections = [
        ("Not judged", reason),
        ("How we know", rule.evidence),
        ("Exceptions", rule.exceptions),
    ]
    if reason:
        facts = [fact for fact in facts if fact[0] in ("basis", "dialects")]
    return Matter(
        code=rule.code,
        name=rule.name,
        what=what,
        why=tuple(_flat(paragraph) for paragraph in why.split("\n\n")) if why else (),
        facts=tuple(fact for fact in facts if fact[1]),
        sections=tuple((heading, _flat(text)) for heading, text in sections if text),
        relaxed=relaxed(rule.code),
        example=getattr(rule, "example", None),
    )


def unjudged(rule: type[Rule]) -> str:
    """Why no recording can show the rule broken; empty for a rule that is judged."""
    return _flat(getattr(rule, "reason", ""))


def symptoms(rule: type[Rule]) -> list[str]:
    """What users notice when the rule is broken."""
    from rtproto.rules.base import SYMPTOMS  # rules are heavy, and lists of findings need none

    return [SYMPTOMS[key] for key in rule.symptoms]


def relaxed(code: str) -> tuple[Relaxed, ...]:
    """What the shipped profiles say of a rule."""
    found: dict[Relaxation, list[str]] = {}
    for name in NAMES:
        relaxation = shipped(name).relaxation(code)
        if relaxation is not None:
            found.setdefault(relaxation, []).append(name)
    return tuple(Relaxed(tuple(names), each.severity, each.why) for each, names in found.items())


def rule_list(rules: Iterable[type[Rule]], width: int = 100) -> str:
    """A line a rule: code, severity, name, and what it checks as far as the width goes."""
    rows = [(rule.code, rule.severity.label, rule.name, what_and_why(rule)[0]) for rule in rules]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines: list[str] = []
    for row in rows:
        cells = "  ".join(cell.ljust(size) for cell, size in zip(row[:3], widths, strict=True))
        lines.append(textwrap.shorten(row[3], max(width - len(cells) - 2, 20), placeholder=" …"))
        lines[-1] = f"{cells}  {lines[-1]}".rstrip() + "\n"
    return "".join(lines)


def rule_object(rule: type[Rule]) -> dict[str, object]:
    """The rule as data, under the names that its class uses."""
    what, why = what_and_why(rule)
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.label,
        "basis": rule.basis,
        "dialects": list(rule.dialects),
        "needs": rule.needs,
        "partial": rule.partial,
        "what": what,
        "why": why,
        "symptoms": symptoms(rule),
        "message": rule.message,
        "evidence": _flat(rule.evidence),
        "exceptions": _flat(rule.exceptions),
        "relaxed": [msgspec.to_builtins(each) for each in relaxed(rule.code)],
        "unjudged": unjudged(rule) or None,
    }


def rule_page(rule: type[Rule], width: int = 100) -> str:
    """Everything there is to say about one rule: what, why, how we know, exceptions, profiles, example."""
    return "\n".join(_page(matter(rule), min(width, 100))) + "\n"


EXAMPLE = "a legal session, and the change that breaks the rule (- taken away, + put in)"


def _page(page: Matter, width: int) -> Iterator[str]:
    yield f"{page.code} {page.name}"
    for paragraph in (page.what, *page.why):
        yield ""
        yield from _wrap(paragraph, width)
    yield ""
    label_width = max(len(label) for label, _ in page.facts) + 2
    for label, value in page.facts:
        yield from textwrap.wrap(
            f"{label:<{label_width}}{value}",
            width,
            initial_indent="  ",
            subsequent_indent=" " * (label_width + 2),
        )
    for heading, text in page.sections:
        yield ""
        yield heading
        yield from _wrap(text, width)
    if page.relaxed:
        yield ""
        yield "Relaxed"
        for each in page.relaxed:
            yield from _wrap(f"{', '.join(each.profiles)}: {each.told}. {each.why}", width)
    if page.example is not None:
        yield ""
        yield f"Example: {EXAMPLE}"
        yield from (f"    {line}" for line in example_lines(page.example, width - 8))


_ARROWS = {"server": "<", "client": ">"}
_CHANGED = 6
"""Lines that are shown of a longer run of changed ones."""


def example_lines(example: Example, room: int) -> Iterator[str]:
    """The two twins as a difference, with a line around it; long lines are cut where they do not differ."""
    twins = [example.shown(breaking=breaking) for breaking in (False, True)]
    passing, breaking = (
        [
            f"{_ARROWS.get(side, ' ')} {raw[: 64 * (room + 8)].decode('utf-8', 'backslashreplace')}"
            for side, raw in twin
        ]
        for twin in twins
    )
    for group in SequenceMatcher(None, passing, breaking, autojunk=False).get_grouped_opcodes(1):
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (f"  {show(line, room)}" for line in passing[a:b])
                continue
            apart = _apart(passing[a], breaking[c], room) if kind == "replace" else 0
            for sign, lines in (("-", passing[a:b]), ("+", breaking[c:d])):
                for line in lines[:_CHANGED]:
                    yield f"{sign} {show(line[:32] + '…' + line[apart:] if apart else line, room)}"
                if len(lines) > _CHANGED:
                    yield f"{sign} … {len(lines) - _CHANGED} more"


def _apart(one: str, other: str, room: int) -> int:
    """Where to go on after the head of two lines, so that their first difference is seen; 0 where it is seen anyway."""
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return first - 16 if first > room - 32 else 0


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def what_and_why(rule: type[Rule]) -> tuple[str, str]:
    """The first paragraph of the rule's docstring, on one line, and the others as they stand."""
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
