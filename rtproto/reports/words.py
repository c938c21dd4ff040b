"""From a finding's data to words that are safe to show.

Everything a recording holds is hostile: it may carry terminal escapes, bidirectional controls, a secret, or 13 KB of
base64.  Every text that a report takes from a recording passes `show` (or `message`, which calls it), in every format,
so that no writer has to remember.  Secrets are masked before anything is cut, for half a key is still half a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from rtproto.credentials import is_secret, without_keys, without_secrets
from rtproto.findings import Finding, Trouble

if TYPE_CHECKING:
    from rtproto.rules import Rule

LIMIT = 80
"""Characters that a report shows of any one value."""
LIST_LIMIT = 8
"""Members that a report shows of any one list."""
MASKED = "[masked]"
NO_TYPE = "(no type)"
"""In place of an event's type that could not be read."""

# Spaces that Python calls unprintable and that are ordinary in text.
_HARMLESS = frozenset("\u00a0\u3000")


def mask(text: str) -> str:
    """The text with API keys, ephemeral keys, bearer tokens and client secrets replaced by `[masked]`."""
    return without_secrets(text, MASKED)


def _escape_char(char: str) -> str:
    if char.isprintable() or char in _HARMLESS:
        return char
    return char.encode("unicode_escape").decode("ascii")


def escape(text: str) -> str:
    """The text with every control, format, bidirectional, private and surrogate character in visible `\\x1b` form."""
    if text.isprintable():
        return text
    return "".join(map(_escape_char, text))


def show(text: str, limit: int = LIMIT) -> str:
    """Text from a recording, made fit to print: masked, escaped, and at most `limit` characters long.

    What was cut leaves an ellipsis, which counts.
    """
    head = mask(text[: 4 * limit])
    shown = escape(head)
    if len(shown) <= limit and len(text) <= 4 * limit:
        return shown
    out: list[str] = []
    room = limit - 1
    for char in map(_escape_char, head):
        if len(char) > room:
            break
        out.append(char)
        room -= len(char)
    return "".join(out) + "…"


def where(path: str) -> str:
    """The name of a file, fit to print, and as it is otherwise: people click on it, and programs open it.

    A key in it is masked, for reports get to places where nobody sees the file.
    """
    return escape(without_keys(path, MASKED))


_LONG_WORD = re.compile(r"\S{81,}")


def prose(text: str, limit: int = 1_000) -> str:
    """`show` for a sentence of ours that may quote a recording: longer, but still without one long word."""
    return _LONG_WORD.sub(lambda word: word[0][: LIMIT - 1] + "…", show(text, limit))


_RUNNER_COMMAND = re.compile(r"#(?=#\w*\[)")


def no_command(line: str) -> str:
    """A line of a log that no CI runner takes for a command to itself.

    GitHub's takes `::` at the head of a line for one and `##[` anywhere, Azure's `##vso[`, TeamCity's `##teamcity[`.
    """
    if line.lstrip().startswith("::"):
        line = line.replace("::", ": :", 1)
    return _RUNNER_COMMAND.sub("# ", line)


def no_command_in_json(text: str) -> str:
    """The same for JSON text, which stays the same value: a `#` in it can only stand in a string."""
    return _RUNNER_COMMAND.sub(r"\\u0023", text)


def is_secret_field(name: str) -> bool:
    """Whether the text of a field of that name is never shown; names of fields inside others are `session.id`."""
    around, _, last = name.rpartition(".")
    return is_secret(last, around.rpartition(".")[2])


def scalar(name: str, value: str | int | float | bool | None) -> str | int | float | bool | None:
    """A field's value as a report may hold it: text shown, numbers that JSON cannot carry as text."""
    if isinstance(value, str):
        return MASKED if is_secret_field(name) and value else show(value)
    if isinstance(value, int) and value.bit_length() > 63:
        return _big(value)
    if isinstance(value, float) and not (abs(value) <= 1.7976931348623157e308):
        return str(value)
    return value


def _big(value: int) -> str:
    # str() refuses more than 4,300 digits, and nobody reads a tenth of them.
    return str(value) if value.bit_length() <= 128 else f"an integer of {value.bit_length():,} bits"


def _arg(name: str, value: object) -> Any:
    """A value of `Finding.args` as a message template may use it; numbers stay numbers, for their format specs."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return scalar(name, value)
    if not isinstance(value, (list, tuple, set, frozenset)):
        return show(str(value))
    members = list(cast("Iterable[object]", value))
    if not members:
        return "none"
    shown = ", ".join(str(_arg(name, member)) for member in members[:LIST_LIMIT])
    return shown if len(members) <= LIST_LIMIT else f"{shown} … ({len(members):,} in all)"


class _Args(dict[str, Any]):
    """Arguments of a template; one that the finding does not have reads `?` instead of raising."""

    def __missing__(self, key: str) -> str:
        return "?"


def rule_of(code: str) -> type[Rule] | None:
    """The rule of that code, or None where this version has none (a finding read from elsewhere)."""
    from rtproto.rules import RULES  # rules are heavy, and `show` serves callers that need none

    return RULES.get(code)


def message(finding: Finding) -> str:
    """The finding in one sentence: its rule's template over its arguments, safe to print.  Never raises."""
    rule = rule_of(finding.code)
    args = _Args((name, _arg(name, value)) for name, value in finding.args.items())
    if rule is not None:
        try:
            return rule.message.format_map(_Args(_standing(finding) | args))
        except (LookupError, ValueError, TypeError, AttributeError):
            pass  # a template that asks for another type of value must not cost the reader the finding
    plain = finding.name.replace("-", " ")
    return plain + (": " + ", ".join(f"{name} {value}" for name, value in args.items()) if args else "")


def _standing(finding: Finding) -> dict[str, Any]:
    """What every template may ask for, whatever the rule put into the arguments."""
    kind = finding.event.type if finding.event is not None else ""
    return {"type": show(kind) or NO_TYPE, "state": finding.state, "machine": finding.machine}


_SOURCES = {
    "documented": "the documentation",
    "schema": "the published event types",
    "observed": "real recordings",
    "inferred": "inference, not documentation",
}


def source(basis: str) -> str:
    """How we know a rule of that basis, after the words "known from"."""
    return _SOURCES.get(basis, basis)


def times(finding: Finding) -> str:
    """How often the session does the same, with a space before it: ` (37 times, lines 12…480)`; empty for once."""
    return repeated(finding.count, finding.line, finding.last_line)


def repeated(count: int, line: int, last_line: int | None) -> str:
    """The same of anything that was counted from one line to another."""
    if count == 1:
        return ""
    until = "" if last_line in (None, line) else f", lines {line}…{last_line}"
    return f" ({count:,} times{until})"


def follow_on(root: Finding, consequences: Sequence[Finding]) -> str:
    """How many findings only follow from that one, and their severity where it is worse: `2 consequences, 1 error`."""
    words = plural(len(consequences), "consequence")
    worst = max(finding.severity for finding in consequences)
    if worst > root.severity:
        words += f", {plural(sum(f.severity == worst for f in consequences), worst.label)}"
    return words


_FAILED = {
    "conversation.item.input_audio_transcription.failed": "transcription failed",
    "mcp_list_tools.failed": "listing of remote tools failed",
    "response.mcp_call.failed": "call of a remote tool failed",
    "response.output_item.done": "call of a remote tool failed",
}
TROUBLE_LIMIT = 400
"""Characters that a report shows of what a server said went wrong."""


def trouble_name(trouble: Trouble) -> str:
    """What kind of thing the server said went wrong, safe to print: `error invalid_value`."""
    names = [show(name) for name in (trouble.reason, trouble.code or trouble.type) if name]
    if trouble.event == "error":
        return " ".join(["error", *names])
    if trouble.event == "close":
        return "connection lost" if trouble.code == "1006" else f"connection closed with {show(trouble.code)}"
    what = _FAILED.get(trouble.event) or f"response {trouble.status}"
    by = f" at {show(trouble.server_label)}" if trouble.server_label else ""
    return ", ".join([what + by, *names])


def trouble_words(trouble: Trouble) -> str:
    """What the server said went wrong, in one line that is safe to print: `error invalid_value: "…"`."""
    words = trouble_name(trouble)
    if trouble.message:
        message = prose(trouble.message, TROUBLE_LIMIT).replace('"', '\\"')
        words += f': "{message}"'
    if trouble.refused_line is not None:
        kind = f", {trouble.refused_type}" if trouble.refused_type else ""
        words += f" (refuses line {trouble.refused_line}{kind})"
    return words + repeated(trouble.count, trouble.line, trouble.last_line)


def plural(count: int, noun: str, nouns: str = "") -> str:
    """`1 file`, `2,000 files`; `nouns` where an s does not make the plural."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {nouns or noun + 's'}"
