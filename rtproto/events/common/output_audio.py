"""`output_audio_buffer.*` events: what the server plays on WebRTC and SIP connections, where audio is no event."""

from ..base import FromClient, FromServer


class OutputAudioBufferClear(FromClient, frozen=True, kw_only=True, tag="output_audio_buffer.clear"):
    """Stop the playing of the current response at once; sent after a `response.cancel`."""


class OutputAudioBufferStarted(FromServer, frozen=True, kw_only=True, tag="output_audio_buffer.started"):
    """The first audio of the response goes out."""

    response_id: str


class OutputAudioBufferStopped(FromServer, frozen=True, kw_only=True, tag="output_audio_buffer.stopped"):
    """All audio of the response has gone out."""

    response_id: str


class OutputAudioBufferCleared(FromServer, frozen=True, kw_only=True, tag="output_audio_buffer.cleared"):
    """The rest of the response's audio was dropped: the user spoke, or the client asked."""

    response_id: str
