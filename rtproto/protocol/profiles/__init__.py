"""Whose server it is: what is forgiven to whom, as data.

A profile relaxes rules, each with the recording or document that justifies it, and names events that a vendor adds.
Those of known vendors are the TOML files beside this module; users write their own in the same form (docs/profiles.md).
Nothing is forgiven to OpenAI, so its profile has no file, and a session of theirs reads none: a rule that a recording
of OpenAI breaks is a wrong rule.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from rtproto.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

Level = Literal["off", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("off", "info", "warning", "error")
NAMES = ("openai", "azure", "azure-voice-live", "xai", "compat")
"""The profiles that are shipped."""
MAX_FILE_BYTES = 1 << 20


class ProfileError(ValueError):
    """A profile that does not exist, or a file that is none; the message says which, where and what to do."""


class Relaxation(Struct, frozen=True):
    """The most that a rule may say under a profile, and why."""

    severity: Level
    """`off`: not judged.  `error`: the rule's own severity, which takes back what a profile below relaxes."""
    why: str
    profile: str = ""
    """The profile whose file says so."""

    def caps(self, severity: Severity) -> Severity | None:
        """What is left of a severity; None where the rule is off."""
        return None if self.severity == "off" else min(severity, Severity.parse(self.severity))


class Profile(Struct, frozen=True):
    """One vendor's, or one family's, deviations from the protocol as OpenAI speaks it."""

    name: str
    about: str
    relax: Mapping[str, Relaxation] = {}
    """By code, or by the beginning of codes; the longest that fits counts."""
    events: frozenset[str] = frozenset()
    """Event types that this vendor adds, those of `base` among them."""
    base: Profile | None = None
    """The profile that this one extends: asked where this one says nothing of a rule."""

    def relaxation(self, code: str) -> Relaxation | None:
        """What this profile, or the one it extends, says of a rule."""
        for length in range(len(code), 0, -1):
            found = self.relax.get(code[:length])
            if found is not None:
                return found
        return None if self.base is None else self.base.relaxation(code)

    def capped(self, code: str, severity: Severity) -> Severity | None:
        """What this profile leaves of a severity; None where the rule is off."""
        relaxed = self.relaxation(code)
        return severity if relaxed is None else relaxed.caps(severity)


OPENAI = Profile("openai", "OpenAI's own servers. Nothing is relaxed.")


@functools.cache
def shipped(name: str) -> Profile:
    """The shipped profile of that name.  Raises `ProfileError` where there is none."""
    if name == OPENAI.name:
        return OPENAI
    if name not in NAMES:
        raise ProfileError(f"no profile {name!r}; there are: {', '.join(NAMES)}, and *.toml files of yours")
    from importlib.resources import files  # brings half the standard library, which most runs do without

    return parse(files(__name__).joinpath(f"{name}.toml").read_bytes(), name)


def read(path: Path) -> Profile:
    """The profile in a user's TOML file.  Raises `ProfileError`, with the path in it, for whatever is wrong."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ProfileError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:  # a NUL in the name
        raise ProfileError(f"{str(path)!r}: no file can have such a name") from None
    try:
        return parse(raw, path.stem)
    except ProfileError as error:
        raise ProfileError(f"{path}: {error}") from None


class _File(Struct, forbid_unknown_fields=True):
    """The members of a profile's file."""

    name: str = ""
    about: str = ""
    extends: str = "openai"
    events: tuple[str, ...] = ()
    relax: dict[str, Any] = {}


_FAMILY_OR_CODE = re.compile(r"[A-Z]{3}[0-9]{0,3}")


def parse(raw: bytes, name: str) -> Profile:
    """The profile that a TOML document describes; `name` is used where it gives none.  Raises `ProfileError`."""
    import tomli  # here, because the usual session needs no profile file

    if len(raw) > MAX_FILE_BYTES:
        raise ProfileError("too long for a profile: more than 1 MiB")
    try:
        document = tomli.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise ProfileError(f"not UTF-8 at byte {error.start}") from None
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise ProfileError(f"not TOML: {error}") from None
    members = _File.__struct_fields__
    for member in document:
        if member not in members:
            from difflib import get_close_matches

            near = get_close_matches(member, members, n=1)
            told = f"did you mean {near[0]!r}" if near else f"there are: {', '.join(members)}"
            raise ProfileError(f"a profile has no member {member!r}; {told}")
    file = _convert(document, _File, "")
    name = file.name or name
    base = shipped(file.extends)
    return Profile(
        name=name,
        about=file.about,
        relax={code: _relaxation(code, entry, name) for code, entry in file.relax.items()},
        events=base.events.union(file.events),
        base=base,
    )


class _Entry(Struct, forbid_unknown_fields=True):
    """One entry of a file's `relax` table."""

    severity: Level
    why: str


def _relaxation(code: str, entry: Any, profile: str) -> Relaxation:
    if _FAMILY_OR_CODE.fullmatch(code) is None:
        raise ProfileError(f"[relax] {code!r} is neither a rule's code (OUT002) nor a family (OUT)")
    found = _convert(entry, _Entry, f"[relax] {code}: ")
    if not found.why.strip():
        raise ProfileError(f"[relax] {code}: `why` must say what justifies it")
    return Relaxation(found.severity, " ".join(found.why.split()), profile)


def _convert(value: Any, type: type[Any], place: str) -> Any:
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        more = f" (severity is one of {', '.join(LEVELS)})" if ".severity" in str(error) else ""
        raise ProfileError(f"{place}{error}{more}") from None


_VOICE_LIVE_FIELDS = ("animation", "avatar", "input_audio_sampling_rate", "output_audio_timestamp_types")


def recognise(members: Collection[str], model: str | None) -> tuple[str, str]:
    """The profile of the server whose `session` has these members and this model, and the reason for thinking so.

    A session of Azure OpenAI looks like one of OpenAI, and is judged as such.
    """
    azure = [name for name in _VOICE_LIVE_FIELDS if name in members]
    if azure:
        return "azure-voice-live", f"the session has Voice Live's `{azure[0]}`"
    if model is not None and "grok" in model:
        return "xai", f"the model is {model}"
    return "openai", "the session looks like OpenAI's"
