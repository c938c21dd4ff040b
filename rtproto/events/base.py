"""The bases every Struct of the protocol stands on, the two kinds of unknown, and the named value types.

Everything here is frozen, takes keywords only and is left out of garbage collection: a decoded event is data that
nobody changes and that cannot be part of a cycle.  Keywords that a msgspec subclass does not inherit (`kw_only`), or
that type checkers do not inherit (`frozen`), stand on each class statement.

Strings with known values are plain `str` when decoded, so that a new value never stops a stream.  What is known stands
in the alias as data: `closed` for a set the vendor declares complete, `known` for one that he keeps adding to.
"""

from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType


class Event(Struct, frozen=True, kw_only=True, gc=False, repr_omit_defaults=True, tag_field="type"):
    """One event of any dialect and direction; the `type` on the wire is the tag of the class."""

    @property
    def type(self) -> str:
        """The event's name on the wire, for example `response.done`."""
        return str(self.__struct_config__.tag)


class FromClient(Event, frozen=True, kw_only=True):
    """An event that the application sends.  `event_id` is the sender's own choice; an `error` may refer to it.

    A null `event_id` is what clients send that write every member of their records; OpenAI took six such events in a
    recording of beta (June 2025).
    """

    event_id: str | UnsetType | None = UNSET


class FromServer(Event, frozen=True, kw_only=True):
    """An event that the server sends.  `event_id` is unique in its connection."""

    event_id: str


class Nested(Struct, frozen=True, kw_only=True, gc=False, repr_omit_defaults=True):
    """An object inside an event or a REST body that has one shape only."""


class Secretive(Nested, frozen=True, kw_only=True):
    """An object with credentials: its repr, rich's too, shows `[masked]` in the place of those fields.

    The values themselves, comparison and encoding are those of any Struct.
    """

    masked: ClassVar[tuple[str, ...]] = ()
    """The fields that hold credentials."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        fields = [(name, getattr(self, name)) for name in self.__struct_fields__]
        return [
            (name, "[masked]" if value and name in self.masked else value)
            for name, value in fields
            if value is not UNSET
        ]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"


class Variant(Nested, frozen=True, kw_only=True, tag_field="type"):
    """An object inside an event that has several shapes; its `type` on the wire, the tag of the class, tells which."""

    @property
    def type(self) -> str:
        """The `type` of the object on the wire, for example `function_call`."""
        return str(self.__struct_config__.tag)


class _Typed(Nested, frozen=True, kw_only=True):
    """The `type` of any object."""

    type: str


_TYPED = msgspec.json.Decoder(_Typed)


class UnknownVariant(Variant, frozen=True, kw_only=True):
    """A variant whose `type` nobody has described yet.

    `raw` holds the JSON text of the object as it was received.  `rtproto.wire` puts it there when decoding and writes
    the text back when encoding; the tag `rtproto.unknown` itself never reaches the wire.
    """

    typeless: ClassVar[bool] = True
    """An object without a `type`, or with null for one, is such a variant too, and no fault of the event's."""

    raw: str

    @property
    def type(self) -> str:
        """The `type` of the object on the wire; `rtproto.unknown` where it has none, or none that is a string."""
        try:
            return _TYPED.decode(self.raw).type
        except (ValueError, RecursionError):
            return str(self.__struct_config__.tag)


class UnknownEvent(Struct, frozen=True, gc=False):
    """An event whose `type` is in no published union of its dialect: never an error by itself.

    `raw` is the whole frame as it was received (UTF-8 JSON).
    """

    type: str
    raw: bytes


def opaque(value: object) -> Raw:
    """JSON that this library does not look into (tool parameters, tracing metadata …), from any value msgspec encodes.

    Raises `TypeError` for a value that has no JSON form.
    """
    return Raw(msgspec.json.encode(value))


def closed(*values: str) -> Meta:
    """Known values of a string that the vendor declares as a complete list."""
    return Meta(examples=list(values), extra={"closed": True})


def known(*values: str) -> Meta:
    """Known values of a string that is open by declaration or in practice: models, voices, codes."""
    return Meta(examples=list(values), extra={"closed": False})


Int: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer of 64 bits.  msgspec would accept hundreds of digits, which no server means."""

PcmRate: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1, examples=[24000], extra={"closed": True})]
"""Samples a second."""

Modality: TypeAlias = Annotated[str, closed("text", "audio")]
Role: TypeAlias = Annotated[str, closed("user", "assistant", "system")]
ItemStatus: TypeAlias = Annotated[str, closed("completed", "incomplete", "in_progress")]
ItemObject: TypeAlias = Annotated[str, closed("realtime.item")]
ItemPhase: TypeAlias = Annotated[str, known("commentary", "final_answer")]
"""Which part of a turn a message is, on models that think aloud (gpt-realtime-2 and later)."""
ImageDetail: TypeAlias = Annotated[str, closed("auto", "low", "high")]
PromptImageDetail: TypeAlias = Annotated[str, closed("low", "high", "auto", "original")]

ConversationObject: TypeAlias = Annotated[str, closed("realtime.conversation")]
ConversationTarget: TypeAlias = Annotated[str, known("auto", "none")]
"""Where a response goes: `auto` is the default conversation, `none` keeps it out of any; otherwise an id."""

ResponseObject: TypeAlias = Annotated[str, closed("realtime.response")]
ResponseStatus: TypeAlias = Annotated[
    str, closed("completed", "cancelled", "failed", "incomplete", "in_progress")
]
FinalStatus: TypeAlias = Annotated[str, closed("completed", "cancelled", "incomplete", "failed")]
StatusReason: TypeAlias = Annotated[
    str, closed("turn_detected", "client_cancelled", "max_output_tokens", "content_filter")
]
MaxTokensWord: TypeAlias = Annotated[str, closed("inf")]
"""The only word that may stand in the place of a number of tokens: no limit but the model's."""

SessionObject: TypeAlias = Annotated[str, closed("realtime.session")]
TranscriptionSessionObject: TypeAlias = Annotated[str, closed("realtime.transcription_session")]
ToolChoiceWord: TypeAlias = Annotated[str, closed("none", "auto", "required")]
TracingWord: TypeAlias = Annotated[str, closed("auto")]
TruncationWord: TypeAlias = Annotated[str, closed("auto", "disabled")]
Include: TypeAlias = Annotated[str, closed("item.input_audio_transcription.logprobs")]
Eagerness: TypeAlias = Annotated[str, closed("low", "medium", "high", "auto")]
NoiseReductionType: TypeAlias = Annotated[str, closed("near_field", "far_field")]
Effort: TypeAlias = Annotated[str, closed("minimal", "low", "medium", "high", "xhigh")]
"""How much a model thinks, or how long a transcriber waits for more context."""
Anchor: TypeAlias = Annotated[str, closed("created_at")]
CacheMode: TypeAlias = Annotated[str, closed("explicit")]
CacheTtl: TypeAlias = Annotated[str, closed("30m", "12h")]
Approval: TypeAlias = Annotated[str, closed("always", "never")]
Caller: TypeAlias = Annotated[str, closed("direct", "programmatic")]
ConnectorId: TypeAlias = Annotated[
    str,
    closed(
        "connector_dropbox",
        "connector_gmail",
        "connector_googlecalendar",
        "connector_googledrive",
        "connector_microsoftteams",
        "connector_outlookcalendar",
        "connector_outlookemail",
        "connector_sharepoint",
    ),
]

BetaAudioFormat: TypeAlias = Annotated[str, closed("pcm16", "g711_ulaw", "g711_alaw")]
"""`pcm16` is 24 kHz, mono, 16 bit little-endian (48 bytes a ms); the two G.711 forms are 8 kHz (8 bytes a ms)."""
TranslationAudioFormat: TypeAlias = Annotated[str, closed("pcm16")]

RateLimitName: TypeAlias = Annotated[str, known("requests", "tokens")]
BetaVoice: TypeAlias = Annotated[
    str, known("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse")
]
VoiceName: TypeAlias = Annotated[
    str, known("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
]
BetaModel: TypeAlias = Annotated[
    str,
    known(
        "gpt-realtime",
        "gpt-realtime-2025-08-28",
        "gpt-4o-realtime-preview",
        "gpt-4o-realtime-preview-2024-10-01",
        "gpt-4o-realtime-preview-2024-12-17",
        "gpt-4o-realtime-preview-2025-06-03",
        "gpt-4o-mini-realtime-preview",
        "gpt-4o-mini-realtime-preview-2024-12-17",
    ),
]
Model: TypeAlias = Annotated[
    str,
    known(
        "gpt-realtime",
        "gpt-realtime-1.5",
        "gpt-realtime-2",
        "gpt-realtime-2.1",
        "gpt-realtime-2.1-mini",
        "gpt-realtime-2025-08-28",
        "gpt-4o-realtime-preview",
        "gpt-4o-realtime-preview-2024-10-01",
        "gpt-4o-realtime-preview-2024-12-17",
        "gpt-4o-realtime-preview-2025-06-03",
        "gpt-4o-mini-realtime-preview",
        "gpt-4o-mini-realtime-preview-2024-12-17",
        "gpt-realtime-mini",
        "gpt-realtime-mini-2025-10-06",
        "gpt-realtime-mini-2025-12-15",
        "gpt-audio-1.5",
        "gpt-audio-mini",
        "gpt-audio-mini-2025-10-06",
        "gpt-audio-mini-2025-12-15",
    ),
]
BetaTranscriptionModel: TypeAlias = Annotated[
    str, known("gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1")
]
TranscriptionModel: TypeAlias = Annotated[
    str,
    known(
        "whisper-1",
        "gpt-transcribe",
        "gpt-live-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-mini-transcribe-2025-12-15",
        "gpt-4o-transcribe",
        "gpt-4o-transcribe-diarize",
        "gpt-realtime-whisper",
    ),
]
