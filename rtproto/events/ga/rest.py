"""Bodies of the GA dialect's REST requests: secrets for clients, and calls over WebRTC and SIP.

| request | body | answer |
|---|---|---|
| `POST /v1/realtime/client_secrets` | `ClientSecretCreateRequest` | `ClientSecretCreateResponse` |
| `POST /v1/realtime/calls` | `CallCreateRequest`, a multipart form | SDP text; the call's id ends header `Location` |
| `POST /v1/realtime/calls/{call_id}/accept` | `CallAcceptRequest` | empty |
| `POST /v1/realtime/calls/{call_id}/reject` | `CallRejectRequest` | empty |
| `POST /v1/realtime/calls/{call_id}/refer` | `CallReferRequest` | empty |
| `POST /v1/realtime/calls/{call_id}/hangup` | empty | empty |
"""

from typing import TypeAlias

from msgspec import UNSET, UnsetType

from ..base import Int, Nested, Secretive, SessionObject, TranscriptionSessionObject
from ..common.session import ExpiresAfter
from .session import AnySession, Session, SessionFields, TranscriptionSessionFields, UnknownSession


class ClientSecretCreateRequest(Nested, frozen=True, kw_only=True):
    """Make a short-lived key with a session's configuration bound to it."""

    expires_after: ExpiresAfter | UnsetType = UNSET
    session: AnySession | UnsetType = UNSET


class CreatedSession(SessionFields, frozen=True, kw_only=True, tag="realtime"):
    """The session in the answer to a REST request: it has an `id`, and 0 as `expires_at` until it is opened."""

    object: SessionObject
    id: str


class CreatedTranscriptionSession(TranscriptionSessionFields, frozen=True, kw_only=True, tag="transcription"):
    """The transcription session in the answer to a REST request."""

    object: TranscriptionSessionObject
    id: str


class ClientSecretCreateResponse(Secretive, frozen=True, kw_only=True):
    """The key (`value`, begins with `ek_`), when it expires (seconds since 1970), and the session with all defaults."""

    masked = ("value",)

    value: str
    expires_at: Int
    session: CreatedSession | CreatedTranscriptionSession | UnknownSession


class CallCreateRequest(Nested, frozen=True, kw_only=True):
    """Begin a WebRTC call: the browser's SDP offer and, where no client secret has it, the session's configuration.

    Each field is one part of a multipart form: `application/sdp` and `application/json`.
    """

    sdp: str
    session: Session | UnsetType = UNSET


CallAcceptRequest: TypeAlias = Session
"""The body that accepts an incoming SIP call is the session's configuration itself, with its type."""


class CallRejectRequest(Nested, frozen=True, kw_only=True):
    """Refuse an incoming SIP call with this SIP status; 603 (decline) when left out."""

    status_code: Int | UnsetType = UNSET


class CallReferRequest(Nested, frozen=True, kw_only=True):
    """Hand a SIP call over to another address: `tel:` or `sip:`, as the SIP header `Refer-To` has it."""

    target_uri: str
