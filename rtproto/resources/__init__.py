"""The REST side of the Realtime API: secrets for clients, calls over WebRTC and SIP, and the beta's sessions.

    from rtproto.resources import Realtime

    with Realtime() as realtime:  # the key is in OPENAI_API_KEY
        secret = realtime.client_secrets.create(session={"type": "realtime", "model": "gpt-realtime"})
        hand_to_the_browser(secret.value)

`AsyncRealtime` has the same methods, to be awaited.  What is asked for is judged by the rules of `rtproto.check_rest`
before it is sent; what comes back is a frozen Struct.  Paths, headers, timeouts and retries are those of the vendor's
client (openai 3.54).  Needs the extra `live`.

No key or secret is in a repr, a log or the text of an error.
"""

from .answers import (
    CallCreateAnswer,
    ClientSecretAnswer,
    SessionAnswer,
    TranscriptionSessionAnswer,
    TranslationClientSecretAnswer,
)
from .client import AsyncRealtime, Realtime
from .errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)
from .params import CallAcceptParams, Options, SessionCreateParams, TranscriptionSessionCreateParams

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncRealtime",
    "AuthenticationError",
    "BadRequestError",
    "CallAcceptParams",
    "CallCreateAnswer",
    "ClientSecretAnswer",
    "ConflictError",
    "InternalServerError",
    "InvalidRequestError",
    "NotFoundError",
    "Options",
    "PermissionDeniedError",
    "RateLimitError",
    "Realtime",
    "SessionAnswer",
    "SessionCreateParams",
    "TranscriptionSessionAnswer",
    "TranscriptionSessionCreateParams",
    "TranslationClientSecretAnswer",
    "UnprocessableEntityError",
]
