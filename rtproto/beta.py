"""Every event, object and REST body of the beta dialect, and functions that read and write its frames.

    beta.encode(beta.InputAudioBufferAppend(audio=chunk))
    match beta.decode_server_event(frame):
        case beta.ResponseTextDelta(delta=text):
            print(text, end="")

A field that the frame does not have is `UNSET`, which is not null (`None`); both survive reading and writing.
"""

from typing import cast

from .events import beta as _events
from .events.beta import *  # noqa: F403 - the package has the list of names
from .events.beta import (
    ClientEvent,
    ConversationItemDone,
    ServerEvent,
    TranscriptionSessionCreated,
    UnknownEvent,
)
from .events.dialect import BETA
from .wire import DecodeError, decode_or_raise, encode

__all__ = ["DecodeError", "decode_client_event", "decode_server_event", "encode"]
__all__ += _events.__all__


def decode_client_event(raw: bytes | bytearray | memoryview | str) -> ClientEvent | UnknownEvent:
    """The event of a frame that a client sent; an `UnknownEvent` if its `type` is none of this dialect's.

    Raises `DecodeError`, with the JSON path and what was expected there, for a frame that is not such an event.
    """
    return cast("ClientEvent | UnknownEvent", decode_or_raise(BETA, "client", raw))


def decode_server_event(
    raw: bytes | bytearray | memoryview | str,
) -> ServerEvent | TranscriptionSessionCreated | ConversationItemDone | UnknownEvent:
    """The event of a frame that a server sent; an `UnknownEvent` if its `type` is none of this dialect's.

    Two events that no published union has are known too, because real beta servers send them.
    Raises `DecodeError`, with the JSON path and what was expected there, for a frame that is not such an event.
    """
    return cast(
        "ServerEvent | TranscriptionSessionCreated | ConversationItemDone | UnknownEvent",
        decode_or_raise(BETA, "server", raw),
    )
