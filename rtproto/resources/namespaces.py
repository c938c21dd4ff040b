"""The methods, as the vendor's client groups them; each once for `Realtime` and once, awaited, for `AsyncRealtime`.

They only gather their arguments.  What happens to them is in `rtproto.resources.exchange`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, Unpack, cast

from msgspec import UNSET, UnsetType

from rtproto.events.beta import rest as beta_rest
from rtproto.events.common.session import ExpiresAfter
from rtproto.events.ga import rest as ga_rest
from rtproto.events.ga.session import AnySession, Session
from rtproto.events.translation import rest as translation_rest

from .answers import (
    CallCreateAnswer,
    ClientSecretAnswer,
    SessionAnswer,
    TranscriptionSessionAnswer,
    TranslationClientSecretAnswer,
)
from .exchange import (
    ACCEPT,
    CALLS,
    CLIENT_SECRETS,
    HANGUP,
    REFER,
    REJECT,
    SESSIONS,
    TRANSCRIPTION_SESSIONS,
    TRANSLATION_CLIENT_SECRETS,
    Call,
    Payload,
    json_payload,
    offer_payload,
)
from .params import CallAcceptParams, Json, Options, SessionCreateParams, TranscriptionSessionCreateParams

_T = TypeVar("_T")


class Post(Protocol):
    """Makes a call and returns its answer."""

    def __call__(self, call: Call[_T], payload: Payload, options: Options, call_id: str = "") -> _T: ...


class AsyncPost(Protocol):
    """As `Post`, to be awaited."""

    async def __call__(self, call: Call[_T], payload: Payload, options: Options, call_id: str = "") -> _T: ...


class Sessions:
    """`beta.sessions`: deprecated by the vendor, and gone from its servers."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def create(
        self,
        session: beta_rest.SessionCreateRequest | Json | None = None,
        /,
        **params: Unpack[SessionCreateParams],
    ) -> SessionAnswer:
        """Make a beta session and the secret that opens it, from its fields or from a Struct or mapping of them."""
        _deprecated("beta.sessions.create")
        return self._post(SESSIONS, *_split(session, params, SessionCreateParams))


class AsyncSessions:
    """`beta.sessions`: deprecated by the vendor, and gone from its servers."""

    def __init__(self, post: AsyncPost) -> None:
        self._post = post

    async def create(
        self,
        session: beta_rest.SessionCreateRequest | Json | None = None,
        /,
        **params: Unpack[SessionCreateParams],
    ) -> SessionAnswer:
        """As `Sessions.create`."""
        _deprecated("beta.sessions.create")
        return await self._post(SESSIONS, *_split(session, params, SessionCreateParams))


class TranscriptionSessions:
    """`beta.transcription_sessions`: deprecated by the vendor, and gone from its servers."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def create(
        self,
        session: beta_rest.TranscriptionSessionCreateRequest | Json | None = None,
        /,
        **params: Unpack[TranscriptionSessionCreateParams],
    ) -> TranscriptionSessionAnswer:
        """Make a beta session that only transcribes, from its fields or from a Struct or mapping of them."""
        _deprecated("beta.transcription_sessions.create")
        return self._post(TRANSCRIPTION_SESSIONS, *_split(session, params, TranscriptionSessionCreateParams))


class AsyncTranscriptionSessions:
    """`beta.transcription_sessions`: deprecated by the vendor, and gone from its servers."""

    def __init__(self, post: AsyncPost) -> None:
        self._post = post

    async def create(
        self,
        session: beta_rest.TranscriptionSessionCreateRequest | Json | None = None,
        /,
        **params: Unpack[TranscriptionSessionCreateParams],
    ) -> TranscriptionSessionAnswer:
        """As `TranscriptionSessions.create`."""
        _deprecated("beta.transcription_sessions.create")
        arguments = _split(session, params, TranscriptionSessionCreateParams)
        return await self._post(TRANSCRIPTION_SESSIONS, *arguments)


class Beta:
    """`beta`: what the beta's REST API had."""

    def __init__(self, post: Post) -> None:
        self.sessions = Sessions(post)
        self.transcription_sessions = TranscriptionSessions(post)


class AsyncBeta:
    """`beta`: what the beta's REST API had."""

    def __init__(self, post: AsyncPost) -> None:
        self.sessions = AsyncSessions(post)
        self.transcription_sessions = AsyncTranscriptionSessions(post)


class ClientSecrets:
    """`client_secrets`: short-lived keys for clients."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def create(
        self,
        *,
        expires_after: ExpiresAfter | Json | UnsetType = UNSET,
        session: AnySession | Json | UnsetType = UNSET,
        **options: Unpack[Options],
    ) -> ClientSecretAnswer:
        """Make a key for a client, with a session's configuration (`realtime` or `transcription`) bound to it."""
        payload = json_payload({"expires_after": expires_after, "session": session})
        return self._post(CLIENT_SECRETS, payload, options)


class AsyncClientSecrets:
    """`client_secrets`: short-lived keys for clients."""

    def __init__(self, post: AsyncPost) -> None:
        self._post = post

    async def create(
        self,
        *,
        expires_after: ExpiresAfter | Json | UnsetType = UNSET,
        session: AnySession | Json | UnsetType = UNSET,
        **options: Unpack[Options],
    ) -> ClientSecretAnswer:
        """As `ClientSecrets.create`."""
        payload = json_payload({"expires_after": expires_after, "session": session})
        return await self._post(CLIENT_SECRETS, payload, options)


class TranslationClientSecrets:
    """`translations.client_secrets`: short-lived keys for clients of translation sessions."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def create(
        self,
        *,
        session: translation_rest.SessionCreateRequest | Json,
        expires_after: ExpiresAfter | Json | UnsetType = UNSET,
        **options: Unpack[Options],
    ) -> TranslationClientSecretAnswer:
        """Make a key for a client, with a translation session's configuration bound to it."""
        payload = json_payload({"session": session, "expires_after": expires_after})
        return self._post(TRANSLATION_CLIENT_SECRETS, payload, options)


class AsyncTranslationClientSecrets:
    """`translations.client_secrets`: short-lived keys for clients of translation sessions."""

    def __init__(self, post: AsyncPost) -> None:
        self._post = post

    async def create(
        self,
        *,
        session: translation_rest.SessionCreateRequest | Json,
        expires_after: ExpiresAfter | Json | UnsetType = UNSET,
        **options: Unpack[Options],
    ) -> TranslationClientSecretAnswer:
        """As `TranslationClientSecrets.create`."""
        payload = json_payload({"session": session, "expires_after": expires_after})
        return await self._post(TRANSLATION_CLIENT_SECRETS, payload, options)


class Translations:
    """`translations`: sessions that translate speech."""

    def __init__(self, post: Post) -> None:
        self.client_secrets = TranslationClientSecrets(post)


class AsyncTranslations:
    """`translations`: sessions that translate speech."""

    def __init__(self, post: AsyncPost) -> None:
        self.client_secrets = AsyncTranslationClientSecrets(post)


class Calls:
    """`calls`: over WebRTC, made by an offer, and over SIP, to be accepted, handed on or rejected."""

    def __init__(self, post: Post) -> None:
        self._post = post

    def create(
        self, *, sdp: str, session: Session | Json | UnsetType = UNSET, **options: Unpack[Options]
    ) -> CallCreateAnswer:
        """Begin a WebRTC call with the browser's SDP offer, and with the session's configuration where the key of the
        client does not bring it."""
        return self._post(CALLS, offer_payload(sdp, session), options)

    def accept(
        self,
        call_id: str,
        session: ga_rest.CallAcceptRequest | Json | None = None,
        /,
        **params: Unpack[CallAcceptParams],
    ) -> None:
        """Take an incoming SIP call, with a session given by its fields or as a Struct or mapping of them."""
        return self._post(ACCEPT, *_accepting(session, params), call_id)

    def refer(self, call_id: str, *, target_uri: str, **options: Unpack[Options]) -> None:
        """Hand a SIP call over to `tel:…` or `sip:…`."""
        return self._post(REFER, json_payload({"target_uri": target_uri}), options, call_id)

    def reject(
        self, call_id: str, *, status_code: int | UnsetType = UNSET, **options: Unpack[Options]
    ) -> None:
        """Refuse an incoming SIP call with this SIP status; the server's choice is 603."""
        return self._post(REJECT, json_payload({"status_code": status_code}), options, call_id)

    def hangup(self, call_id: str, **options: Unpack[Options]) -> None:
        """End a call, over WebRTC or SIP."""
        return self._post(HANGUP, Payload(), options, call_id)


class AsyncCalls:
    """`calls`: over WebRTC, made by an offer, and over SIP, to be accepted, handed on or rejected."""

    def __init__(self, post: AsyncPost) -> None:
        self._post = post

    async def create(
        self, *, sdp: str, session: Session | Json | UnsetType = UNSET, **options: Unpack[Options]
    ) -> CallCreateAnswer:
        """As `Calls.create`."""
        return await self._post(CALLS, offer_payload(sdp, session), options)

    async def accept(
        self,
        call_id: str,
        session: ga_rest.CallAcceptRequest | Json | None = None,
        /,
        **params: Unpack[CallAcceptParams],
    ) -> None:
        """As `Calls.accept`."""
        return await self._post(ACCEPT, *_accepting(session, params), call_id)

    async def refer(self, call_id: str, *, target_uri: str, **options: Unpack[Options]) -> None:
        """As `Calls.refer`."""
        return await self._post(REFER, json_payload({"target_uri": target_uri}), options, call_id)

    async def reject(
        self, call_id: str, *, status_code: int | UnsetType = UNSET, **options: Unpack[Options]
    ) -> None:
        """As `Calls.reject`."""
        return await self._post(REJECT, json_payload({"status_code": status_code}), options, call_id)

    async def hangup(self, call_id: str, **options: Unpack[Options]) -> None:
        """As `Calls.hangup`."""
        return await self._post(HANGUP, Payload(), options, call_id)


def _deprecated(name: str) -> None:
    text = f"{name} is deprecated by the vendor and gone from its servers; use client_secrets.create"
    warnings.warn(text, DeprecationWarning, stacklevel=3)


def _split(given: object, params: Mapping[str, Any], kind: type[Any]) -> tuple[Payload, Options]:
    """The body and the options in the arguments of a method; `kind` names those that it takes."""
    unknown = params.keys() - kind.__optional_keys__
    if unknown:
        raise TypeError(
            f"unknown: {', '.join(sorted(unknown))}; give all fields as one mapping to send what this version "
            "does not know"
        )
    options = {name: value for name, value in params.items() if name in Options.__optional_keys__}
    fields = {name: value for name, value in params.items() if name not in options}
    if given is not None and fields:
        raise TypeError(f"give the session or its fields, not both: {', '.join(sorted(fields))}")
    return json_payload(fields if given is None else given), cast("Options", options)


def _accepting(given: object, params: CallAcceptParams) -> tuple[Payload, Options]:
    if given is None:
        params.setdefault("type", "realtime")
    return _split(given, params, CallAcceptParams)
