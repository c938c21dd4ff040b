"""RST: REST calls that make a session and the short-lived secret which opens it.

Most of these rules look at the bodies of one call, not at events; `rtproto.rest.check_rest` asks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from msgspec import Struct

from rtproto.findings import Severity, Witness
from rtproto.protocol.echo import ignored, plain
from rtproto.protocol.recognition import shown
from rtproto.protocol.values import field, tag_of
from rtproto.rules.base import Context, Rule, Verdict
from rtproto.rules.examples import Example, RestExample, change
from rtproto.rules.ses.constant import SHOWN_BY
from rtproto.wire import Fault
from rtproto.wire_shape import UNKNOWN_TAG

_SECRET = {"value": "ek_0123456789abcdef", "expires_at": 1790000600}
_GA_SESSION = {
    "type": "realtime",
    "object": "realtime.session",
    "id": "sess_1",
    "model": "gpt-realtime",
    "expires_at": 0,
    "instructions": "Be brief.",
    "audio": {"output": {"voice": "marin"}},
}
_GA_REQUEST = {
    "expires_after": {"anchor": "created_at", "seconds": 600},
    "session": {"type": "realtime", "model": "gpt-realtime", "instructions": "Be brief."},
}
_GA_RESPONSE = {**_SECRET, "session": _GA_SESSION}
_CLOCK_SLACK = 60
"""Seconds by which the clocks of client and server may differ."""


class Exchange(Struct, frozen=True):
    """One REST call: its bodies as Structs of their dialect; None where there is none to judge."""

    call: str
    """`client_secrets`, `translations/client_secrets`, `sessions` or `transcription_sessions`."""
    request: Any = None
    response: Any = None
    fault: Fault | None = None
    """Why the response is not what the call answers with."""
    time: float | None = None
    """Seconds since 1970 when the response was received, where that is known."""

    @property
    def configures(self) -> Any:
        """The session in the request: a member in GA, the body itself in beta."""
        return field(self.request, "session") if "client_secrets" in self.call else self.request

    @property
    def shows(self) -> Any:
        """The session in the response: a member in GA, the body itself in beta."""
        return field(self.response, "session") if "client_secrets" in self.call else self.response

    @property
    def lifetime(self) -> Any:
        """What the request says of the secret's lifetime: `anchor` and `seconds`; None where it says nothing."""
        if "client_secrets" in self.call:
            return field(self.request, "expires_after")
        secret = field(self.request, "client_secret")
        return field(secret, "expires_after") or field(secret, "expires_at")


def found_in(fault: Fault) -> str:
    """What stands where something else should, for a message: never the text of what may be a secret."""
    if fault.kind == "trailing-data":
        return "more text"
    return "a string" if fault.found.startswith('"') else fault.found


class RestRule(Rule):
    """Not a rule itself: judges the bodies of a REST call."""

    code = ""
    needs = "any"
    request: ClassVar[bool] = False
    """The fault lies in the request, else in the response."""

    def judge(self, exchange: Exchange) -> Iterator[Verdict]:
        """What is wrong with the call."""
        return iter(())


class ExpiresAfterRange(RestRule):
    """The lifetime of a secret is counted from `created_at` and is 10 to 7,200 seconds.

    The server refuses the call, and the client gets no secret.
    """

    code = "RST001"
    name = "expires-after-range"
    basis = "documented"
    dialects = ("beta", "ga", "translation")
    message = "expires_after is {found}; {expected}"
    evidence = "The types: a value between 10 and 7200 (2 hours), and created_at as the only anchor."
    symptoms = ("refused",)
    request = True
    example = RestExample(
        "client_secrets",
        change("request", "expires_after.seconds", 5),
        request=_GA_REQUEST,
        response=_GA_RESPONSE,
    )

    def judge(self, exchange: Exchange) -> Iterator[Verdict]:
        anchor, seconds = field(exchange.lifetime, "anchor"), field(exchange.lifetime, "seconds")
        if anchor is not None and anchor != "created_at":
            yield Verdict(
                {"found": "anchored at something else", "expected": "the only anchor is created_at"}
            )
        if seconds is not None and not 10 <= seconds <= 7200:
            yield Verdict({"found": f"{seconds} seconds", "expected": "10 to 7200 are allowed"})


class _SecretShape(RestRule):
    """Not a rule itself: what a call answers with, and the secret in it."""

    code = ""
    message = "{what}"
    symptoms = ("refused",)
    calls: ClassVar[tuple[str, ...]] = ()
    lives: ClassVar[int]
    """Seconds that a secret of this call lives, where nothing else was asked for."""

    def judge(self, exchange: Exchange) -> Iterator[Verdict]:
        if exchange.call not in self.calls:
            return
        fault = exchange.fault
        if fault is not None and fault.kind in ("missing-field", "wrong-type", "not-an-object"):
            yield Verdict({"what": f"`{fault.path}` should be {fault.expected}, it is {found_in(fault)}"})
        if exchange.response is None:
            return
        holder = (
            exchange.response
            if "client_secrets" in exchange.call
            else field(exchange.response, "client_secret")
        )
        if holder is None:
            yield Verdict({"what": "there is no `client_secret`"})
            return
        for what in self.wrong(exchange, holder):
            yield Verdict({"what": what})

    def wrong(self, exchange: Exchange, secret: Any) -> Iterator[str]:
        """What is wrong with the secret; its value is never told."""
        if not secret.value:
            yield "the secret is empty"
        if exchange.time is None:
            return
        lives = field(exchange.lifetime, "seconds") or self.lives
        left = round(secret.expires_at - exchange.time)
        if abs(left - lives) > _CLOCK_SLACK:
            yield f"the secret expires {left} seconds after the answer; {lives} is what it should live"


class ClientSecretShapeGa(_SecretShape):
    """`client_secrets` answers with `value` (begins with `ek_`), `expires_at` and the session.

    A browser that reads beta's `client_secret.value` there gets nothing to connect with.
    """

    code = "RST002"
    name = "client-secret-shape-ga"
    basis = "documented"
    dialects = ("ga", "translation")
    evidence = (
        "The types of the call, and its recorded answers (openai-dotnet and pydantic-ai). A secret lives for 600 "
        "seconds unless the request says otherwise."
    )
    exceptions = (
        "`session.expires_at` is 0 until the session opens. The lifetime is judged where the time is known."
    )
    calls = ("client_secrets", "translations/client_secrets")
    lives = 600
    example = RestExample(
        "client_secrets", change("response", "value", "sk_1"), request=_GA_REQUEST, response=_GA_RESPONSE
    )

    def wrong(self, exchange: Exchange, secret: Any) -> Iterator[str]:
        yield from super().wrong(exchange, secret)
        if secret.value and not secret.value.startswith("ek_"):
            yield "the secret does not begin with `ek_`"


class ClientSecretShapeBeta(_SecretShape):
    """`sessions` answers with the session, and in it `client_secret` with `value` and `expires_at`.

    Without it the client has nothing to connect with.
    """

    code = "RST003"
    name = "client-secret-shape-beta"
    basis = "documented"
    dialects = ("beta",)
    evidence = "The types of the call. A secret lives for one minute unless the request says otherwise."
    exceptions = "The lifetime is judged where the time is known."
    calls = ("sessions",)
    lives = 60
    example = RestExample(
        "sessions",
        change("response", "client_secret", ...),
        request={"model": "gpt-4o-realtime-preview", "voice": "alloy"},
        response={"object": "realtime.session", "id": "sess_1", "voice": "alloy", "client_secret": _SECRET},
    )


class TranscriptionSessionShape(_SecretShape):
    """`transcription_sessions` answers with the session, and in it `client_secret` with `value` and `expires_at`.

    Without it the client has nothing to connect with.
    """

    code = "RST004"
    name = "transcription-session-shape"
    basis = "documented"
    dialects = ("beta",)
    evidence = "The types of the call: the secret is there in answers of the REST API only. It lives for ten minutes."
    exceptions = "On the socket it is missing or null. The lifetime is judged where the time is known."
    calls = ("transcription_sessions",)
    lives = 600
    example = RestExample(
        "transcription_sessions",
        change("response", "client_secret", None),
        request={"input_audio_format": "pcm16"},
        response={
            "object": "realtime.transcription_session",
            "id": "sess_1",
            "input_audio_format": "pcm16",
            "client_secret": _SECRET,
        },
    )


class ClientSecretOnSocket(Rule):
    """A secret is given out by REST only; the sessions that a socket shows have none, or null.

    Everybody who reads the events, logs among them, can open sessions at the owner's cost.
    """

    code = "RST005"
    name = "client-secret-on-socket"
    severity = Severity.WARNING
    basis = "documented"
    message = "`session.client_secret` is not null"
    evidence = "The types: the member is not present on the WebSocket. Beta servers send it as null (2 of 2)."
    exceptions = "Told once a connection; its value is never shown."
    on = SHOWN_BY
    reads_raw = True
    symptoms = ("bill",)
    example = Example("text_turn", change("session.created", "session.client_secret", _SECRET))

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        secret = bytes(shown(context.raw).members().get("client_secret", b"null"))
        if secret != b"null" and context.first(self.code):
            yield Verdict()


class SessionEchoDiffers(RestRule):
    """The answer shows the session as it was asked for.

    The secret is bound to it: the client that connects gets another voice, other tools, other instructions.
    """

    code = "RST006"
    name = "session-echo-differs"
    severity = Severity.WARNING
    basis = "observed"
    dialects = ("beta", "ga", "translation")
    message = "asked for, and not what the answer shows: {paths}"
    evidence = (
        "The recorded answer to client_secrets repeats what was asked for, and adds defaults (pydantic-ai)."
    )
    exceptions = "As for SES008: what is left out, expanded, hidden, or written otherwise."
    symptoms = ("config",)
    example = RestExample(
        "client_secrets",
        change("response", "session.instructions", "Be verbose."),
        request=_GA_REQUEST,
        response=_GA_RESPONSE,
    )

    def judge(self, exchange: Exchange) -> Iterator[Verdict]:
        asked, shown = exchange.configures, exchange.shows
        if asked is None or shown is None:
            return
        if exchange.call == "client_secrets" and tag_of(asked) != tag_of(shown):
            return  # Another kind of session: RST007.
        paths = list(ignored(plain(asked), plain(shown)))
        if paths:
            witness = Witness(1, "", "asked for it", direction="client")
            yield Verdict({"paths": ", ".join(f"`{path}`" for path in paths)}, witnesses=(witness,))


class RestSessionType(RestRule):
    """`client_secrets` makes realtime and transcription sessions, and the answer is of the type that was asked for.

    The server refuses any other; translation sessions have a call of their own.
    """

    code = "RST007"
    name = "rest-session-type"
    basis = "schema"
    dialects = ("ga",)
    message = "session.type is {found}; {expected}"
    evidence = "The request's union in openai 3.54: sessions of the types realtime and transcription."
    exceptions = "That the socket's session has the same type cannot be seen in the call alone."
    symptoms = ("refused",)
    example = RestExample(
        "client_secrets",
        change("request", "session.type", "translation"),
        request=_GA_REQUEST,
        response=_GA_RESPONSE,
    )
    request = True

    def judge(self, exchange: Exchange) -> Iterator[Verdict]:
        if exchange.call != "client_secrets":
            return
        asked, shown = tag_of(exchange.configures), tag_of(exchange.shows)
        if asked == UNKNOWN_TAG:
            found = plain(exchange.configures).get("type", "missing")
            yield Verdict({"found": str(found)[:40], "expected": "realtime and transcription are allowed"})
        elif asked is not None and shown is not None and asked != shown:
            known = "of no known type" if shown == UNKNOWN_TAG else shown
            yield Verdict({"found": known, "expected": f"{asked} was asked for"}, line=2)
