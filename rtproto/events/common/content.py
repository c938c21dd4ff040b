"""Content parts: what messages are made of, and what a response streams.

Beta items use `text` and `audio` where GA items use `output_text` and `output_audio`; the part events of both dialects
say `text` and `audio`.  Every property but the type may be missing on the wire: a server's echo of an image has no
`image_url`, and of audio it has the transcript at best.
"""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from ..base import ImageDetail, UnknownVariant, Variant


class InputText(Variant, frozen=True, kw_only=True, tag="input_text"):
    """Text in a user or system message."""

    text: str | UnsetType = UNSET


class InputAudio(Variant, frozen=True, kw_only=True, tag="input_audio"):
    """Speech in a user message.

    A client's item has `audio`, base64 in the session's input format; the server's has the `transcript`, null until the
    transcription is done.
    """

    audio: str | UnsetType = UNSET
    transcript: str | UnsetType | None = UNSET


class InputImage(Variant, frozen=True, kw_only=True, tag="input_image"):
    """A picture in a user message, as a `data:` URL with base64."""

    image_url: str | UnsetType = UNSET
    detail: ImageDetail | UnsetType = UNSET


class Text(Variant, frozen=True, kw_only=True, tag="text"):
    """Text that the model wrote: in beta items, and in the part events of both dialects."""

    text: str | UnsetType = UNSET


class Audio(Variant, frozen=True, kw_only=True, tag="audio"):
    """Speech of the model: in beta items, and in the part events of both dialects; mostly the transcript alone."""

    audio: str | UnsetType = UNSET
    transcript: str | UnsetType | None = UNSET


class OutputText(Variant, frozen=True, kw_only=True, tag="output_text"):
    """Text that the model wrote, in a GA assistant message."""

    text: str | UnsetType = UNSET


class OutputAudio(Variant, frozen=True, kw_only=True, tag="output_audio"):
    """Speech of the model, in a GA assistant message."""

    audio: str | UnsetType = UNSET
    transcript: str | UnsetType | None = UNSET


class ContentReference(Variant, frozen=True, kw_only=True, tag="item_reference"):
    """An earlier message, named by its item id, in the content of a beta message."""

    id: str | UnsetType = UNSET


class UnknownPart(UnknownVariant, frozen=True, kw_only=True, tag="rtproto.unknown"):
    """A content part of a type nobody has described yet."""


ContentPart: TypeAlias = (
    InputText
    | InputAudio
    | InputImage
    | Text
    | Audio
    | OutputText
    | OutputAudio
    | ContentReference
    | UnknownPart
)
