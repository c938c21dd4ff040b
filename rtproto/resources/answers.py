"""What the calls answer with: the Structs of the REST bodies, and what is known of the answer besides its body."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rtproto.events import beta
from rtproto.events.beta import rest as beta_rest
from rtproto.events.ga import rest as ga_rest
from rtproto.events.translation import rest as translation_rest
from rtproto.findings import Finding


class Answered:
    """Mixed into the Struct of an answer.  Neither of the two is compared, shown or encoded with it."""

    __slots__ = ()
    __dict__: dict[str, Any]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What `rtproto.check_rest` says of this request (line 1) and its answer (line 2)."""
        findings: tuple[Finding, ...] = self.__dict__.get("findings", ())
        return findings

    @property
    def request_id(self) -> str | None:
        """The header `x-request-id`, by which the vendor finds the request; None where the server sent none."""
        return self.__dict__.get("request_id")


class SessionAnswer(Answered, beta_rest.SessionCreateResponse, frozen=True, kw_only=True, dict=True, gc=True):
    """A beta session; `client_secret.value` opens it."""


class TranscriptionSessionAnswer(
    Answered, beta.TranscriptionSession, frozen=True, kw_only=True, dict=True, gc=True
):
    """A beta session that only transcribes; `client_secret.value` opens it."""


class ClientSecretAnswer(
    Answered, ga_rest.ClientSecretCreateResponse, frozen=True, kw_only=True, dict=True, gc=True
):
    """The key for a client (`value`), when it expires, and the session that it opens."""


class TranslationClientSecretAnswer(
    Answered, translation_rest.ClientSecretCreateResponse, frozen=True, kw_only=True, dict=True, gc=True
):
    """The key for a client (`value`), when it expires, and the translation session that it opens."""


class CallCreateAnswer(Answered, Struct, frozen=True, kw_only=True, dict=True):
    """The answer to a WebRTC offer."""

    sdp: str
    """The server's SDP answer, for `setRemoteDescription`."""
    call_id: str | None
    """The call's id, for `hangup` and for a second connection that listens in; None where the header `Location`, whose
    last part it is, does not come."""
