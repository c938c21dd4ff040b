"""One call without its I/O: what is sent, whether it is sent again, and what the answer means.

    exchange = Exchange(call, body, ...)  # judges the request
    while True:
        reply = <send it>                 # a response, or the Failure to get one
        delay = exchange.retry_in(reply)
        if delay is None:
            return exchange.read(reply)   # the answer, or the exception
        <sleep for that long>

`rtproto.resources.client` does what stands in angle brackets, once with and once without `await`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast
from urllib.parse import quote, unquote, urlsplit

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from rtproto.findings import Finding, Severity
from rtproto.wire import Fault, decode_body, encode

from .answers import (
    Answered,
    CallCreateAnswer,
    ClientSecretAnswer,
    SessionAnswer,
    TranscriptionSessionAnswer,
    TranslationClientSecretAnswer,
)
from .errors import (
    APIConnectionError,
    APIResponseValidationError,
    APITimeoutError,
    InvalidRequestError,
    error_of,
)
from .retries import date_of, retry_delay

if TYPE_CHECKING:
    import httpx2

    _Reply: TypeAlias = "httpx2.Response | Failure"

_T = TypeVar("_T")
_Json = TypeVar(
    "_Json", SessionAnswer, TranscriptionSessionAnswer, ClientSecretAnswer, TranslationClientSecretAnswer
)

log = logging.getLogger("rtproto.resources")

_ID_SAFE = "!$&'()*+,;=:@"
"""What may stand in a segment of a path beside letters, digits and `-._~` (RFC 3986, pchar)."""


class Failure(Struct, frozen=True):
    """No response: `reason` says why, in the words of the HTTP library and the system, fit to be shown."""

    reason: str
    timeout: bool = False


class Payload(Struct, frozen=True):
    """A request's body: bytes, or the parts of a multipart form."""

    content: bytes | None = None
    type: str | None = "application/json"
    """None where the HTTP library writes it, with the boundary of the form."""
    parts: tuple[tuple[str, tuple[None, bytes, str]], ...] = ()
    judged: bytes | None = None
    """What the rules look at: the body, or the session in the form; None where there is nothing to judge."""

    def __repr__(self) -> str:
        # A session may hold the credentials of its tools.
        return f"Payload({self.type})"


class Call(Struct, Generic[_T], frozen=True):
    """A method of the API."""

    name: str
    """Its path after `/realtime/`, with `{call_id}` in it where it has one."""
    read: Callable[[Exchange[Any], httpx2.Response], _T]
    headers: Mapping[str, str] = {}


class Exchange(Generic[_T]):
    """A call with its arguments.

    Raises `InvalidRequestError` where the request breaks a rule, unless `validate` is off, `ValueError` for an id that
    cannot stand in a path and `TypeError` for one that is no text.  `hide` takes the key out of a text.
    """

    def __init__(
        self,
        call: Call[_T],
        payload: Payload,
        *,
        call_id: str = "",
        max_retries: int,
        validate: bool,
        hide: Callable[[str], str],
    ) -> None:
        self.call = call
        self.payload = payload
        self.path = _path(call.name, call_id)
        self.tried = 0
        self._max_retries = max_retries
        self._hide = hide
        if validate and payload.judged is not None:
            findings = self.judge()
            if any(finding.severity >= Severity.ERROR for finding in findings):
                raise InvalidRequestError(
                    f"POST {self.path} was not sent (validate=False sends it): {self._words(findings)}",
                    findings=findings,
                )

    def judge(self, answer: bytes | None = None, time: float | None = None) -> tuple[Finding, ...]:
        """What the rules say of the request and, where it has come, of its answer."""
        from rtproto.rest import check_rest  # brings all rules

        return tuple(check_rest(self.payload.judged, answer, url=self.path, time=time))

    def failure(self, error: Exception) -> Failure:
        """Why there is no response.  The exception itself is not kept: its frames hold the key."""
        import httpx2

        words = [type(error).__name__, str(error)]
        return Failure(self.shown(": ".join(filter(None, words))), isinstance(error, httpx2.TimeoutException))

    def retry_in(self, reply: _Reply) -> float | None:
        """Seconds to wait before it is sent again; None when the reply is the last."""
        self.tried += 1
        if isinstance(reply, Failure):
            what, delay = reply.reason, retry_delay(self.tried, self._max_retries)
        elif reply.is_success:
            return None
        else:
            what = str(reply.status_code)
            delay = retry_delay(self.tried, self._max_retries, reply.status_code, reply.headers)
        if delay is not None:
            log.info(
                "POST %s: %s; retry %d of %d in %.2f s", self.path, what, self.tried, self._max_retries, delay
            )
        return delay

    def read(self, reply: _Reply) -> _T:
        """The answer.  Raises one of `rtproto.resources.errors`."""
        if isinstance(reply, Failure):
            tries = "1 try" if self.tried == 1 else f"{self.tried} tries"
            cls = APITimeoutError if reply.timeout else APIConnectionError
            raise cls(f"POST {self.path}: no answer after {tries}: {reply.reason}")
        if not reply.is_success:
            raise self._refusal(reply)
        return self.call.read(self, reply)

    def misfit(self, reply: httpx2.Response, expected: str, findings: tuple[Finding, ...] = ()) -> Exception:
        """The exception for an answer that has another shape."""
        return APIResponseValidationError(
            f"POST {self.path}: the answer is not that of the protocol: {expected} (its bytes are in `body`)",
            status_code=reply.status_code,
            request_id=reply.headers.get("x-request-id"),
            body=reply.content,
            findings=findings,
        )

    def complete(self, answer: Answered, reply: httpx2.Response, findings: tuple[Finding, ...]) -> None:
        """Completes an answer; what the rules say against it is logged, and stops nobody."""
        told = tuple(finding for finding in findings if finding.severity >= Severity.WARNING)
        if told:
            log.warning("POST %s: %s", self.path, self._words(told))
        answer.__dict__.update(findings=findings, request_id=reply.headers.get("x-request-id"))

    def shown(self, text: str, limit: int = 1_000) -> str:
        """A text from outside, fit to stand in a message: no secret, no control characters, of bounded length."""
        from rtproto.reports.words import prose

        return prose(self._hide(text), limit)

    def _words(self, findings: tuple[Finding, ...]) -> str:
        from rtproto.reports.words import message

        return "; ".join(f"{f.code} {f.name}: {self._hide(message(f))}" for f in findings)

    def _refusal(self, reply: httpx2.Response) -> Exception:
        """The exception for a status other than 2xx."""
        detail = _detail(reply.content)
        code, param, request_id = detail.get("code"), detail.get("param"), reply.headers.get("x-request-id")
        # Each part is made fit by itself: words behind `invalid_api_key: ` would pass for a key.
        more = [
            f"{name} {self.shown(value, 80)}"
            for name, value in (("param", param), ("request", request_id))
            if value
        ]
        words = f"{reply.status_code} {self.shown(code or '', 80)}".strip()
        reason = self.shown(detail.get("message") or reply.reason_phrase, 600)
        text = f"{self.shown(f'POST {self.path}', 120)}: {words}: {reason}"
        return error_of(reply.status_code)(
            text + (f" ({', '.join(more)})" if more else ""),
            status_code=reply.status_code,
            code=code,
            param=param,
            type=detail.get("type"),
            request_id=request_id,
            body=reply.content,
        )


def _path(name: str, call_id: object) -> str:
    if not isinstance(call_id, str):
        raise TypeError(f"call_id is a {type(call_id).__name__}; an id such as 'rtc_…' is needed")
    if "{call_id}" in name and call_id in ("", ".", ".."):
        raise ValueError(f"call_id is {call_id!r}; an id such as rtc_… is needed")
    return "/realtime/" + name.replace("{call_id}", quote(call_id, safe=_ID_SAFE))


def json_payload(body: object) -> Payload:
    """A Struct, or a mapping of fields in which `UNSET` is left out, as a JSON body."""
    data = _encoded(body)
    return Payload(data, judged=data)


def offer_payload(sdp: object, session: object = UNSET) -> Payload:
    """An SDP offer by itself, or as a form with the session's configuration.  Raises `TypeError` for no text."""
    if not isinstance(sdp, str):
        raise TypeError(f"sdp is a {type(sdp).__name__}; the offer's text, a str, is needed")
    offer = sdp.encode()
    if session is UNSET:
        return Payload(offer, type="application/sdp")
    data = _encoded(session)
    parts = (
        ("sdp", (None, offer, "application/sdp")),
        ("session", (None, data, "application/json")),
    )
    return Payload(type=None, parts=parts, judged=data)


def _encoded(body: object) -> bytes:
    if isinstance(body, Mapping):
        fields = cast("Mapping[str, Any]", body)
        body = {name: value for name, value in fields.items() if value is not UNSET}
    return encode(cast("Any", body))


class _Error(Struct, frozen=True):
    """A body that tells of an error, in the forms in which servers write it."""

    error: Raw | UnsetType = UNSET
    detail: Raw | UnsetType = UNSET
    message: Raw | UnsetType = UNSET
    type: Raw | UnsetType = UNSET
    param: Raw | UnsetType = UNSET
    code: Raw | UnsetType = UNSET


def _detail(body: bytes | Raw) -> dict[str, str]:
    """Those of `message`, `type`, `param` and `code` that an error's body has, as text."""
    try:
        told = msgspec.json.decode(body, type=_Error)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told.error, UnsetType):
        text = _text(told.error)
        return _detail(told.error) if text is None else {"message": text}
    found = {name: _text(getattr(told, name)) for name in ("message", "type", "param", "code")}
    found["message"] = found["message"] or _text(told.detail)
    return {name: text for name, text in found.items() if text}


def _text(value: Raw | UnsetType) -> str | None:
    try:
        return str(msgspec.json.decode(b"" if isinstance(value, UnsetType) else value, type=str | int))
    except ValueError:
        return None


def _json(cls: type[_Json]) -> Callable[[Exchange[Any], httpx2.Response], _Json]:
    """Reads an answer of that class."""

    def read(exchange: Exchange[Any], reply: httpx2.Response) -> _Json:
        findings = exchange.judge(reply.content, date_of(reply.headers, "date"))
        answer = _decoded(reply.content, cls)
        if isinstance(answer, str):
            raise exchange.misfit(reply, answer, findings)
        exchange.complete(answer, reply, findings)
        return answer

    return read


def _decoded(body: bytes, cls: type[_Json]) -> _Json | str:
    """The body as that class, or what is wrong with it, in words that repeat no text of it but the names of fields:
    any other may be the secret."""
    from rtproto.reports.words import show
    from rtproto.rules.rst import found_in

    fault = decode_body(body, cls)
    if not isinstance(fault, Fault):
        return fault
    if fault.path and fault.offset is None:
        return f"`{show(fault.path)}` should be {fault.expected}, it is {found_in(fault)}"
    return fault.kind if fault.offset is None else f"{fault.kind} at byte {fault.offset}"


def _sdp(exchange: Exchange[Any], reply: httpx2.Response) -> CallCreateAnswer:
    sdp = reply.content.decode("utf-8", "replace")
    if not sdp.startswith("v="):
        raise exchange.misfit(reply, "an SDP begins with `v=`")
    place = urlsplit(reply.headers.get("location", "")).path.rstrip("/")
    last = unquote(place.rpartition("/")[2])
    # `/v1/realtime/calls` is where calls are made, and no call.
    answer = CallCreateAnswer(sdp=sdp, call_id=None if last in ("", exchange.call.name) else last)
    exchange.complete(answer, reply, () if exchange.payload.judged is None else exchange.judge())
    return answer


def _nothing(exchange: Exchange[Any], reply: httpx2.Response) -> None:
    return None


_BETA = {"OpenAI-Beta": "assistants=v2"}
"""What the vendor's client sends for the beta's resources, whichever they are."""

SESSIONS = Call("sessions", _json(SessionAnswer), _BETA)
TRANSCRIPTION_SESSIONS = Call("transcription_sessions", _json(TranscriptionSessionAnswer), _BETA)
CLIENT_SECRETS = Call("client_secrets", _json(ClientSecretAnswer))
TRANSLATION_CLIENT_SECRETS = Call("translations/client_secrets", _json(TranslationClientSecretAnswer))
CALLS = Call("calls", _sdp, {"Accept": "application/sdp"})
ACCEPT = Call("calls/{call_id}/accept", _nothing, {"Accept": "*/*"})
REFER = Call("calls/{call_id}/refer", _nothing, {"Accept": "*/*"})
REJECT = Call("calls/{call_id}/reject", _nothing, {"Accept": "*/*"})
HANGUP = Call("calls/{call_id}/hangup", _nothing, {"Accept": "*/*"})
