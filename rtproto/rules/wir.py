"""WIR: the bytes of a frame, before they are an event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rtproto.findings import Severity
from rtproto.rules.base import FAULT, STRICT, SUSPECT, Context, Rule, Verdict
from rtproto.rules.examples import Example, bytes_before
from rtproto.rules.shp import FaultRule
from rtproto.wire import duplicate_keys

_HUGE = (
    b'{"type":"rate_limits.updated","event_id":"event_huge","rate_limits":[{"name":"tokens","limit":1e999}]}'
)


class _WireRule(FaultRule):
    """Not a rule itself: the bytes are at fault."""

    code = ""
    basis = "documented"
    evidence = "RFC 8259 (JSON) and RFC 6455 (text messages are UTF-8)."


class NotUtf8(_WireRule):
    """A frame is UTF-8.

    A WebSocket text message is; other bytes come from a recorder that wrote another encoding.
    """

    code = "WIR001"
    name = "not-utf8"
    kinds = ("not-utf8",)
    message = "the line is not UTF-8{at}"
    symptoms = ("recording", "crash")
    example = Example("text_turn", bytes_before("response.created"), raw=b'{"type":"ping","x":"caf\xe9"}')


class NotJson(_WireRule):
    """A frame is JSON.

    Python reprs, log prefixes and console pastes are not.
    """

    code = "WIR002"
    name = "not-json"
    kinds = ("not-json",)
    message = "the line is not JSON{at}: expected {expected}, found {found}"
    symptoms = ("recording",)
    example = Example("text_turn", bytes_before("response.created"), raw=b"{'type': 'ping'}")


class NotFinite(_WireRule):
    """Numbers are finite: JSON has no NaN and no Infinity.

    Python's json module writes them unless told otherwise, and most other readers refuse the line.
    """

    code = "WIR003"
    name = "not-finite"
    kinds = ("not-finite",)
    message = "{found} is no JSON{at}"
    symptoms = ("recording", "crash")
    example = Example("text_turn", bytes_before("response.created"), raw=b'{"type":"ping","x":NaN}')


class NumberRange(_WireRule):
    """Numbers fit into 64 bits."""

    code = "WIR004"
    name = "number-range"
    kinds = ("number-range",)
    message = "`{path}` is {found}: no 64-bit number"
    evidence = "RFC 8259, 6: a number beyond the range of a double is not interoperable."
    symptoms = ("crash",)
    example = Example("text_turn", bytes_before("response.created"), raw=_HUGE)


class TooDeep(_WireRule):
    """Objects and arrays are nested as deep as the protocol needs, not without end.

    Deep nesting overflows the stack of many decoders.
    """

    code = "WIR005"
    name = "too-deep"
    kinds = ("too-deep",)
    message = "the line is nested deeper than the decoder follows"
    evidence = "RFC 8259, 9 lets a reader limit the depth, and no event of the protocol is nested like this."
    symptoms = ("crash",)
    example = Example(
        "text_turn",
        bytes_before("response.created"),
        raw=b'{"type":"ping","x":' + b"[" * 5000 + b"]" * 5000 + b"}",
    )


class TooLong(_WireRule):
    """A frame is no longer than the limit (32 MiB; `--max-line-bytes`).

    The API takes 15 MiB of audio in one event; what is longer is no event.
    """

    code = "WIR006"
    name = "too-long"
    kinds = ("too-long",)
    message = "the line is longer than the limit; it was passed over"
    evidence = "RFC 6455, 10.4: a receiver limits the size of messages."
    symptoms = ("recording",)
    example = Example(
        "text_turn",
        bytes_before("response.created"),
        raw=b'{"type":"ping","x":"' + b"a" * 5000 + b'"}',
        limit=4096,
    )


class Truncated(_WireRule):
    """A frame is whole.

    A recorder that was stopped leaves half a line at the end; in the middle, it cut long lines.
    """

    code = "WIR007"
    name = "line-truncated"
    severity = Severity.WARNING
    kinds = ("truncated",)
    message = "the line ends too early: expected {expected}"
    symptoms = ("recording",)
    example = Example("text_turn", bytes_before("response.created"), raw=b'{"type":"ping","x":"ab')


class TrailingData(_WireRule):
    """A line holds one event.

    Two on one line come from a recorder that forgot the newline; the second would be lost.
    """

    code = "WIR008"
    name = "trailing-data"
    kinds = ("trailing-data",)
    message = "something follows the event{at}: {found}"
    symptoms = ("recording", "words")
    example = Example("text_turn", bytes_before("response.created"), raw=b'{"type":"ping"}{"type":"ping"}')


class LoneSurrogate(_WireRule):
    """An escape of half a character comes with its other half.

    Text that was cut between the two; most decoders refuse the line.
    """

    code = "WIR009"
    name = "lone-surrogate"
    kinds = ("lone-surrogate",)
    message = "half of an escaped character{at}"
    evidence = (
        "RFC 8259, 8.2: the grammar lets half of a pair pass, and what readers make of it is unpredictable."
    )
    symptoms = ("recording", "crash")
    example = Example("text_turn", bytes_before("response.created"), raw=b'{"type":"ping","x":"\\ud83d"}')


_TWICE = (
    b'{"type":"rate_limits.updated","event_id":"event_limits","rate_limits":[],'
    b'"rate_limits":[{"name":"tokens","limit":100}]}'
)
_MOST_NAMED = 4


class DuplicateKey(Rule):
    """An object has each key once.

    Decoders silently keep one of the two values, and not all of them the same one: two readers of one line then
    disagree about what it says.

    Looking for it costs twenty times what decoding does, so it is looked for on suspicion only: in a line that does
    not decode, in one at which something else was found (it is told beneath that), and, with `strict_fields`
    (`--strict-fields`), in every event but deltas and audio. Of lines with the same fault only the first is looked at.
    """

    code = "WIR010"
    name = "duplicate-key"
    severity = Severity.WARNING
    basis = "documented"
    dialects = ("beta", "ga", "translation")
    needs = "any"
    message = "{keys} more than once; most decoders keep the last"
    evidence = (
        "RFC 8259: the names in an object should be unique, and what readers make of others is unpredictable."
    )
    exceptions = "Lines that raise no suspicion are not looked at."
    on = (FAULT, SUSPECT, STRICT)
    symptoms = ("recording", "crash")
    example = Example("text_turn", bytes_before("response.created"), raw=_TWICE, strict=True)

    def check(self, context: Context, event: Any) -> Iterator[Verdict]:
        fault = context.fault
        # A server that makes the same mistake in every event raises suspicion once.
        if fault is not None and not context.first(self.code, f"{fault.kind} {fault.type} {fault.path}"):
            return
        keys = duplicate_keys(context.raw)
        if keys:
            named = ", ".join(f"`{key}`" for key in keys[:_MOST_NAMED])
            more = f" and {len(keys) - _MOST_NAMED} others" if len(keys) > _MOST_NAMED else ""
            yield Verdict({"keys": named + more})
