"""`input_audio_buffer.*` events that only the GA dialect has."""

from msgspec import UNSET, UnsetType

from ..base import Event, FromServer, Int


class InputAudioBufferTimeoutTriggered(
    FromServer, frozen=True, kw_only=True, tag="input_audio_buffer.timeout_triggered"
):
    """The user was silent for `idle_timeout_ms`; the server commits the silence as a user item and starts a response.

    Both times are ms into the session's audio.
    """

    audio_start_ms: Int
    audio_end_ms: Int
    item_id: str


class InputAudioBufferDtmfEventReceived(
    Event, frozen=True, kw_only=True, tag="input_audio_buffer.dtmf_event_received"
):
    """The caller of a SIP call pressed a key (0 to 9, `*`, `#`, A to D), at `received_at` seconds since 1970.

    The only server event that is published without an `event_id`.
    """

    event_id: str | UnsetType = UNSET
    event: str
    received_at: Int
