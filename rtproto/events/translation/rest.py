"""Bodies of `POST /v1/realtime/translations/client_secrets`: a short-lived key for one translation session's client."""

from msgspec import UNSET, UnsetType

from ..base import Int, Nested, Secretive
from ..common.session import ExpiresAfter
from .session import AnySession, AudioConfig


class SessionCreateRequest(Nested, frozen=True, kw_only=True):
    """The translation session the key shall open: its model, and its audio settings."""

    model: str
    audio: AudioConfig | UnsetType = UNSET


class ClientSecretCreateRequest(Nested, frozen=True, kw_only=True):
    """Make a short-lived key with a translation session's configuration bound to it."""

    session: SessionCreateRequest
    expires_after: ExpiresAfter | UnsetType = UNSET


class ClientSecretCreateResponse(Secretive, frozen=True, kw_only=True):
    """The key (`value`, begins with `ek_`), when it expires (seconds since 1970), and the session it opens."""

    masked = ("value",)

    value: str
    expires_at: Int
    session: AnySession
