"""SHP: members that no type has.

Decoders pass them over, which is what makes them fast, so finding them means reading the line a second time.  That is
done only on a checker with `strict_fields`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rtproto.events.base import Event, UnknownVariant
from rtproto.findings import Severity
from rtproto.protocol.values import listed
from rtproto.rules.base import STRICT, Context, Rule, Verdict
from rtproto.rules.examples import Example, change

_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_ARRAY = msgspec.json.Decoder(list[Raw])


def unknown_members(raw: bytes | Raw, value: Struct, path: str = "") -> Iterator[str]:
    """The paths of the members of a JSON object that the Struct made of it does not have; `[]` stands for any index.

    Objects of unknown variants and opaque ones are not looked into.  Raises `ValueError` where the decoder of events
    skipped what this one refuses, such as half a surrogate pair in the key of an unknown member.
    """
    config = value.__struct_config__
    for name, part in _OBJECT.decode(raw).items():
        if name == config.tag_field:
            continue
        if name not in value.__struct_fields__:
            yield path + name
            continue
        inner: Any = getattr(value, name)
        if isinstance(inner, Struct):
            if not isinstance(inner, UnknownVariant):
                yield from unknown_members(part, inner, f"{path}{name}.")
            continue
        entries = listed(inner) or []
        if any(isinstance(entry, Struct) for entry in entries):
            for entry, text in zip(entries, _ARRAY.decode(part), strict=True):
                if isinstance(entry, Struct) and not isinstance(entry, UnknownVariant):
                    yield from unknown_members(text, entry, f"{path}{name}[].")


class UnknownField(Rule):
    """The members of an event are those that its type has.

    Unknown ones are passed over. They show what a server adds before the documents do, and what a client misspells: a
    setting under a wrong name is no setting.

    Decoding does not see them, so they are only looked for by a checker with `strict_fields` (`--strict-fields`), and
    not in deltas.
    """

    code = "SHP004"
    name = "unknown-field"
    severity = Severity.INFO
    basis = "schema"
    dialects = ("beta", "ga", "translation")
    needs = "any"
    message = "no type of {type} has the member `{path}`"
    evidence = "The types of openai 3.54, and the members besides that recordings of OpenAI and Azure have."
    exceptions = (
        "Each path is told once for a type of event. Objects of unknown types are not looked into. Azure Voice "
        "Live adds a dozen members to its sessions."
    )
    on = (STRICT,)
    symptoms = ("config", "crash")
    example = Example("text_turn", change("session.update", "session.mood", "cheerful"), strict=True)

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        if not isinstance(event, Event):
            return
        try:
            paths = list(unknown_members(context.raw, event))
        except (ValueError, RecursionError):
            return
        for path in paths:
            if context.first(self.code, f"{context.type} {path}"):
                yield Verdict({"path": path})
