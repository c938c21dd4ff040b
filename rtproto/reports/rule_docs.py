"""The pages of `docs/rules`, their index, and the ledger of all rules: what `python -m rtproto rules --write` keeps.

A page says what `--explain` says, in Markdown; both are made from `rtproto.reports.pages.matter`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from rtproto.reports.pages import EXAMPLE, Matter, example_lines, matter, rule_object, unjudged

if TYPE_CHECKING:
    from rtproto.rules import Rule

FOLDER = "docs/rules"
LEDGER = "conformance/rules.json"
PAGE = re.compile(r"[A-Z]{3}[0-9]{3}\.md")
"""Names of pages: one that no rule has any more is stale."""
_ROOM = 150
"""Columns of an example's line."""
_MADE = "<!-- Made from the code: python -m rtproto rules --write -->"


def files() -> Mapping[str, Callable[[], str]]:
    """What is kept in the source tree, relative to its top: a page for each rule, the index, the ledger."""
    from rtproto.rules import RULES

    rules = [RULES[code] for code in sorted(RULES)]
    pages = {f"{FOLDER}/{rule.code}.md": functools.partial(page, rule) for rule in rules}
    return pages | {
        f"{FOLDER}/README.md": functools.partial(index, rules),
        LEDGER: functools.partial(ledger, rules),
    }


def page(rule: type[Rule]) -> str:
    """The page of one rule."""
    return "\n".join(_page(matter(rule))) + "\n"


def _page(page: Matter) -> Iterator[str]:
    yield _MADE
    yield ""
    yield f"# {page.code} {page.name}"
    for paragraph in (page.what, *page.why):
        yield ""
        yield _text(paragraph)
    yield ""
    yield "| | |"
    yield "|---|---|"
    for label, value in page.facts:
        yield f"| {label} | {_cell(value)} |"
    for heading, text in page.sections:
        yield ""
        yield f"## {heading}"
        yield ""
        yield _text(text)
    if page.relaxed:
        yield ""
        yield "## Relaxed"
        yield ""
        for each in page.relaxed:
            yield f"- {', '.join(f'`{name}`' for name in each.profiles)}: {each.told}. {_text(each.why)}"
    if page.example is not None:
        yield ""
        yield "## Example"
        yield ""
        yield f"{EXAMPLE[0].upper()}{EXAMPLE[1:]}; `<` is sent by the server, `>` by the client:"
        yield ""
        yield "```diff"
        yield from example_lines(page.example, _ROOM)
        yield "```"


def family_title(code: str) -> str:
    """What a family of rules is about: the first line of its module, after the colon."""
    name = code[:3].lower()
    doc = import_module(f"rtproto.rules.{name}").__doc__ or ""
    return doc.partition("\n")[0].partition(": ")[2].rstrip(".")


def index(rules: Iterable[type[Rule]]) -> str:
    """The index: by what users notice, errors first, then by family."""
    return "\n".join(_index(list(rules))) + "\n"


def _index(rules: list[type[Rule]]) -> Iterator[str]:
    from rtproto.rules.base import SYMPTOMS

    families = sorted({rule.code[:3] for rule in rules})
    judged = sum(not unjudged(rule) for rule in rules)
    yield _MADE
    yield ""
    yield "# Rules"
    yield ""
    yield f"{len(rules)} rules, of which {judged} are judged; the others say why a recording cannot show them broken."
    yield "`python -m rtproto.check --explain CODE` prints a page."
    yield ""
    yield "- By what you notice: " + "; ".join(f"[{words}](#{key})" for key, words in SYMPTOMS.items())
    yield "- By family: " + ", ".join(f"[{family}](#{family.lower()})" for family in families)
    for key, words in SYMPTOMS.items():
        noticed = [rule for rule in rules if key in rule.symptoms and not unjudged(rule)]
        yield ""
        yield f'## <a id="{key}"></a>{words[0].upper()}{words[1:]}'
        yield ""
        for rule in sorted(noticed, key=lambda rule: (-rule.severity, rule.code)):
            yield f"- [{rule.code}]({rule.code}.md) {rule.severity.label}: {_text(matter(rule).what)}"
    for family in families:
        yield ""
        yield f'## <a id="{family.lower()}"></a>{family}: {family_title(family)}'
        yield ""
        yield "| rule | severity | name | what holds |"
        yield "|---|---|---|---|"
        for rule in rules:
            if rule.code.startswith(family):
                severity = "not judged" if unjudged(rule) else rule.severity.label
                what = _cell(matter(rule).what)
                yield f"| [{rule.code}]({rule.code}.md) | {severity} | {rule.name} | {what} |"


def ledger(rules: Iterable[type[Rule]]) -> str:
    """All rules as JSON (`rtproto-rules/1`), for other languages."""
    document = {"schema": "rtproto-rules/1", "rules": [rule_object(rule) for rule in rules]}
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


_CODE = re.compile(r"(`[^`]*`)")


def _text(text: str) -> str:
    """Prose with nothing in it that Markdown takes for HTML; what stands in backticks is left as it is."""
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")
