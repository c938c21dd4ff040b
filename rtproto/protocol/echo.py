"""Comparing what a client asked of a session with the session that the server shows.

Servers show more than was asked (defaults) and write some of it otherwise; what is told here as a difference is one
that the client can notice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from rtproto.wire import encode

FIXED = frozenset({"type", "id", "object", "model", "expires_at", "client_secret", "prompt"})
"""Members of a session that are set at its creation, are the server's own, or are expanded: no update explains them."""
_HIDDEN = frozenset({"delay", "headers", "authorization"})
"""Members, wherever they stand, that are accepted and not shown."""


def plain(session: Any) -> dict[str, Any]:
    """A decoded session as plain JSON values, without what its type does not know."""
    value: Any = msgspec.json.decode(encode(session))
    return _members(value)


def ignored(asked: Mapping[str, Any], shown: Mapping[str, Any], path: str = "session") -> Iterator[str]:
    """The paths at which `shown` has another value than was asked for; what it leaves out is not told."""
    for name, wanted in asked.items():
        if name not in shown or name in _HIDDEN or (path == "session" and name in FIXED):
            continue
        if wanted == {} and isinstance(shown[name], dict):
            continue  # An object without members asks for nothing.
        if not agree(wanted, shown[name]):
            below = (
                [*ignored(wanted, shown[name], f"{path}.{name}")]
                if _both_objects(wanted, shown[name])
                else []
            )
            yield from below or [f"{path}.{name}"]


def agree(asked: Any, shown: Any) -> bool:
    """Whether the value that is shown is the one that was asked for, defaults and spelling aside."""
    if asked == shown:
        return True
    if _empty(asked) or _empty(shown):
        return _empty(asked) == _empty(shown)
    if isinstance(asked, dict) and isinstance(shown, dict):
        return not any(ignored(cast("dict[str, Any]", asked), cast("dict[str, Any]", shown), ""))
    if isinstance(asked, list) and isinstance(shown, list):
        return _names(asked) == _names(shown)
    if isinstance(asked, (dict, list)) or isinstance(shown, (dict, list)):
        return True  # A name was asked for and its object is shown, or the other way round.
    if isinstance(asked, (int, float)) and isinstance(shown, (int, float)):
        return math.isclose(asked, shown, rel_tol=1e-6)
    if isinstance(asked, str) and isinstance(shown, str):
        return asked.strip() == shown.strip()
    return False


def settings(session: Mapping[str, Any]) -> dict[str, Any]:
    """The single settings of a session by their path: `voice` in beta, `audio.output.voice` in GA."""
    found = {name: value for name, value in session.items() if name not in FIXED and name != "audio"}
    audio = session.get("audio")
    for side, members in _members(audio).items():
        found |= {f"audio.{side}.{name}": value for name, value in _members(members).items()}
    return found


def _members(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _both_objects(asked: Any, shown: Any) -> bool:
    return isinstance(asked, dict) and isinstance(shown, dict)


def _empty(value: Any) -> bool:
    """Nothing, in any of its spellings; turn detection that is off is `{"type": "none"}` to Azure."""
    if isinstance(value, dict) and "type" in value:
        return cast("dict[str, Any]", value)["type"] in ("none", None)
    return value is None or value in ("", [], {})


def _names(values: Any) -> list[str]:
    return sorted(map(_named, values))


def _named(value: Any) -> str:
    """What identifies a member of a list: a tool by its type and name, a modality by itself."""
    if isinstance(value, dict):
        member = cast("dict[str, Any]", value)
        return f"{member.get('type')} {member.get('name') or member.get('server_label') or ''}"
    return str(value)
