"""Judging the bodies of a REST call: what was asked for, and the session and the secret that came back.

    from rtproto import check_rest
    findings = check_rest(request_body, response_body, url="https://api.openai.com/v1/realtime/client_secrets")

A finding's line is 1 for the request and 2 for the response.  No finding shows a secret.
"""

from __future__ import annotations

import functools
import re
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from rtproto.events import beta
from rtproto.events.base import Nested
from rtproto.events.beta import rest as beta_rest
from rtproto.events.ga import rest as ga_rest
from rtproto.events.translation import rest as translation_rest
from rtproto.findings import Excerpt, Finding
from rtproto.rules import RULES
from rtproto.rules.base import Rule, Verdict
from rtproto.rules.rst import Exchange, RestRule, found_in
from rtproto.rules.shp import FaultRule
from rtproto.wire import Fault, decode_body

_BODIES: dict[str, tuple[type[Nested], type[Nested] | None]] = {
    "translations/client_secrets": (
        translation_rest.ClientSecretCreateRequest,
        translation_rest.ClientSecretCreateResponse,
    ),
    "client_secrets": (ga_rest.ClientSecretCreateRequest, ga_rest.ClientSecretCreateResponse),
    "transcription_sessions": (beta.TranscriptionSessionConfig, beta.TranscriptionSession),
    "sessions": (beta.Session, beta_rest.SessionCreateResponse),
    "calls": (ga_rest.CallAcceptRequest, None),
    "calls/accept": (ga_rest.CallAcceptRequest, None),
    "calls/reject": (ga_rest.CallRejectRequest, None),
    "calls/refer": (ga_rest.CallReferRequest, None),
}
"""Request and answer of the calls, by the end of their path, without ids; longer paths first.  None where the answer is
no JSON."""

_CALL_ID = re.compile(r"(?<=/realtime/calls/)[^/]+/(?=accept$|reject$|refer$)")


def check_rest(
    request: bytes | None, response: bytes | None, *, url: str = "", time: float | None = None
) -> list[Finding]:
    """What is wrong with one call of `client_secrets`, `translations/client_secrets`, `sessions`,
    `transcription_sessions`, `calls`, `calls/{call_id}/accept`, `…/reject` or `…/refer`.

    `request` and `response` are the bodies as they were sent; None for one that was not recorded.  Of the form that
    makes a call, `request` is the part `session`; answers of `calls` are no JSON, and not judged.  `url` tells which
    call it was; without it the bodies' shape does, for those that make a session.  `time` (seconds since 1970) is when
    the response came, and lets the secret's lifetime be judged.  Raises `ValueError` where neither the path nor the
    bodies belong to such a call.
    """
    call = _call_of(url, request, response)
    wanted, answered = _BODIES[call]
    asked = None if request is None else decode_body(request, wanted)
    shown = None if response is None or answered is None else decode_body(response, answered)
    findings: list[Finding] = []
    for line, body in ((1, asked), (2, shown)):
        if isinstance(body, Fault) and (line == 1 or body.kind not in _SHAPE_FAULTS):
            rule = _fault_rules()[body.kind]
            at = "" if body.offset is None else f" at byte {body.offset}"
            args = {"path": body.path, "expected": body.expected, "found": found_in(body), "at": at}
            findings.append(_finding(rule, Verdict({**args, "type": "the body"}), call, line))
    exchange = Exchange(
        call,
        None if isinstance(asked, Fault) else asked,
        None if isinstance(shown, Fault) else shown,
        fault=shown if isinstance(shown, Fault) else None,
        time=time,
    )
    for rule in RULES.values():
        if issubclass(rule, RestRule):
            findings += [
                _finding(rule, verdict, call, verdict.line or (1 if rule.request else 2))
                for verdict in rule().judge(exchange)
            ]
    return findings


_SHAPE_FAULTS = ("missing-field", "wrong-type", "not-an-object")
"""Faults of a response that the rule for the call's answer tells itself."""


@functools.cache
def _fault_rules() -> dict[str, type[Rule]]:
    """The rules about bytes and shapes by the kind of fault."""
    return {kind: rule for rule in RULES.values() if issubclass(rule, FaultRule) for kind in rule.kinds}


def _finding(rule: type[Rule], verdict: Verdict, call: str, line: int) -> Finding:
    direction, name = (
        ("client", f"POST realtime/{call}") if line == 1 else ("server", f"answer of realtime/{call}")
    )
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=rule.severity if verdict.severity is None else verdict.severity,
        line=line,
        event=Excerpt(line=line, direction=direction, type=name),
        args={"type": name, "machine": "", "state": "", **verdict.args},
        witnesses=verdict.witnesses,
    )


class _Marks(Struct, frozen=True):
    """Members that tell the calls apart."""

    type: Raw | UnsetType = UNSET
    object: Raw | UnsetType = UNSET
    value: Raw | UnsetType = UNSET
    session: Raw | UnsetType = UNSET
    expires_after: Raw | UnsetType = UNSET
    model: Raw | UnsetType = UNSET
    voice: Raw | UnsetType = UNSET
    instructions: Raw | UnsetType = UNSET
    input_audio_transcription: Raw | UnsetType = UNSET


_MARKS = msgspec.json.Decoder(_Marks)


def _marks(body: bytes | Raw | None) -> _Marks:
    try:
        return _MARKS.decode(b"{}" if body is None else body)
    except (ValueError, RecursionError):
        return _Marks()


def _text(value: Raw | UnsetType) -> bytes:
    return b"" if isinstance(value, UnsetType) else bytes(value)


def _call_of(url: str, request: bytes | None, response: bytes | None) -> str:
    path = _CALL_ID.sub("", urlsplit(url).path.rstrip("/"))
    for call in _BODIES:
        if path.endswith(f"/realtime/{call}"):
            return call
    if url:
        raise ValueError(
            f"not a call with a body of the protocol: {path!r}; there are: " + ", ".join(_BODIES)
        )
    asked, shown = _marks(request), _marks(response)
    for body in (shown, asked):
        if body.session is not UNSET or body.value is not UNSET:
            session = _marks(_text(body.session) or None)
            translates = _text(session.type) == b'"translation"' or b"translate" in _text(session.model)
            return "translations/client_secrets" if translates else "client_secrets"
    if _text(shown.object) == b'"realtime.transcription_session"':
        return "transcription_sessions"
    marks = [mark for body in (asked, shown) for mark in (body.model, body.voice, body.instructions)]
    if any(mark is not UNSET for mark in marks):
        return "sessions"
    if _text(shown.object) == b'"realtime.session"':
        return "sessions"
    if asked.expires_after is not UNSET:
        return "client_secrets"
    if asked.input_audio_transcription is not UNSET:
        return "transcription_sessions"
    raise ValueError("the bodies do not show which call this is: give its url")
