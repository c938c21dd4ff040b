"""`input_audio_buffer.*` events that both dialects have: audio going in, turns found in it, the commit to an item."""

from msgspec import UNSET, UnsetType

from ..base import FromClient, FromServer, Int


class InputAudioBufferAppend(FromClient, frozen=True, kw_only=True, tag="input_audio_buffer.append"):
    """Audio in base64, in the session's input format, at most 15 MiB an event.  Not answered."""

    audio: str


class InputAudioBufferCommit(FromClient, frozen=True, kw_only=True, tag="input_audio_buffer.commit"):
    """Make a user item of the buffered audio (at least 100 ms of it); needed only without turn detection."""


class InputAudioBufferClear(FromClient, frozen=True, kw_only=True, tag="input_audio_buffer.clear"):
    """Drop the buffered audio; answered by `input_audio_buffer.cleared`."""


class InputAudioBufferCleared(FromServer, frozen=True, kw_only=True, tag="input_audio_buffer.cleared"):
    """The buffered audio was dropped, as the client asked."""


class InputAudioBufferCommitted(FromServer, frozen=True, kw_only=True, tag="input_audio_buffer.committed"):
    """The buffered audio becomes the user item `item_id`: by the client's commit, or by the end of a turn."""

    previous_item_id: str | UnsetType | None = UNSET
    item_id: str


class InputAudioBufferSpeechStarted(
    FromServer, frozen=True, kw_only=True, tag="input_audio_buffer.speech_started"
):
    """Turn detection heard speech; it begins, padding included, `audio_start_ms` into the session's audio."""

    audio_start_ms: Int
    item_id: str


class InputAudioBufferSpeechStopped(
    FromServer, frozen=True, kw_only=True, tag="input_audio_buffer.speech_stopped"
):
    """Turn detection heard the end of speech, `audio_end_ms` into the session's audio; the commit follows."""

    audio_end_ms: Int
    item_id: str
