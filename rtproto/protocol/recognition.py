"""Which dialect a connection speaks, from the first event that shows it."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from rtproto.events.dialect import DIALECTS, event_type


class Probe(Struct, frozen=True):
    """The little of an event that tells dialects and vendors apart."""

    type: str = ""
    session: dict[str, Raw] | UnsetType | None = UNSET
    response: dict[str, Raw] | UnsetType | None = UNSET

    def members(self) -> dict[str, Raw]:
        """The members of `session`, their values as raw JSON; empty where the event has none."""
        return self.session if isinstance(self.session, dict) else {}

    def shape(self) -> dict[str, Raw]:
        """The members that tell a shape: of `session`, or of the `response` that a server shows."""
        shown = self.response if self.type in ("response.created", "response.done") else self.session
        return shown if isinstance(shown, dict) else {}

    def model(self) -> str | None:
        """The model's name in `session`, where it is a string."""
        try:
            return msgspec.json.decode(self.members().get("model", Raw(b"null")), type=str)
        except msgspec.MsgspecError:
            return None


_DECODER = msgspec.json.Decoder(Probe)
_NOTHING = Probe()

# Members that only one of the shapes has.  `turn_detection`, `tools`, `instructions` and the like occur in several, and
# `type` may be missing in GA where a client forgot it.
_FLAT = (
    "modalities",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "temperature",
)
_NESTED = ("type", "audio", "output_modalities", "max_output_tokens")
_NESTED_RESPONSE = ("audio", "output_modalities")


def probe(raw: bytes) -> Probe | None:
    """The probe of a frame; None where the frame is not an object with a string `type`."""
    try:
        found = _DECODER.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return found if found.type else None


def shown(raw: bytes) -> Probe:
    """The probe of a frame; one that shows nothing where `probe` has none."""
    return probe(raw) or _NOTHING


def dialect_of(found: Probe, direction: str | None) -> str | None:
    """The dialect that an event gives away: by its name where only one dialect has it, else by its session's shape."""
    owners = [
        name
        for name, dialect in DIALECTS.items()
        if (direction != "client" and found.type in dialect.server_types)
        or (direction != "server" and found.type in dialect.client_types)
    ]
    if not owners and direction != "client":
        owners = [name for name, dialect in DIALECTS.items() if found.type in map(event_type, dialect.extras)]
    if len(owners) == 1:
        return owners[0]
    if not owners:
        return None
    members = found.shape()
    if bytes(members.get("type", b"")) == b'"translation"':
        return "translation"
    if direction != "client" and found.type == "conversation.item.created":
        # GA's published union has it too, but no GA server was ever recorded to send it.
        return "beta"
    flat = any(name in members for name in _FLAT)
    # A response has `max_output_tokens` in both shapes.
    nested = any(name in members for name in (_NESTED if members is found.session else _NESTED_RESPONSE))
    if flat == nested:
        return None
    # A client that sends a flat session may be a beta client, or one that is wrong about a GA server.
    if flat:
        return "beta" if found.type != "session.update" else None
    return "ga"
