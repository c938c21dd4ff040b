"""Which event is which input of which machine, outermost machine first.

This is the only place that joins event names to the tables.  Names that differ between the dialects are the same input
(`response.text.delta` in beta, `response.output_text.delta` in GA), so the tables are written once.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from rtproto.events.dialect import DIALECTS, direction_of
from rtproto.protocol.machine import Route, is_legal
from rtproto.protocol.tables import MACHINES

_ACTIVITY = Route("session", "activity")
_IN_RESPONSE = Route("session", "response")
_ASK = Route("session", "ask")
_BEGUN = Route("lifetime", "begun")
_DETECTION = Route("input audio buffer", "detection switched", only="turn detection switched")
_RESPONSE = Route("response", "activity", ("response_id",))
_PART_KEY = ("item_id", "content_index")


_APPROVAL_KEY = ("item.approval_request_id",)
_APPROVAL_REQUEST = Route("mcp approval", "request", ("item.id",), only="mcp approval request item")


def _in_item(input: str) -> tuple[Route, ...]:
    return (_IN_RESPONSE, _RESPONSE, Route("output item", input, ("item_id",), under=True))


def _in_part(part: str, kind: str, stream: str) -> tuple[Route, ...]:
    return (
        *_in_item("delta"),
        Route("content part", part, _PART_KEY, under=True),
        Route("stream", stream, (*_PART_KEY, "=" + kind), under=True),
    )


def _arguments(stream: str) -> tuple[Route, ...]:
    return (*_in_item("delta"), Route("stream", stream, ("item_id", "=0", "=arguments"), under=True))


_LATE_CALL = Route("function call", "call", ("call_id",), only="call without its id")
"""Where the item has no call_id, clients answer by that of its arguments."""


def _transcription(input: str) -> tuple[Route, ...]:
    return (_ACTIVITY, Route("transcription", input, _PART_KEY))


def _item(input: str) -> tuple[Route, ...]:
    """A server event that carries a whole conversation item."""
    return (
        Route("session", "item"),
        Route("conversation announcement", "item"),
        Route("conversation item", input, ("item.id",)),
        Route("committed turn", "item"),
        Route("idle turn", "item"),
        Route("function call", "call", ("item.call_id",), only="function call item"),
        Route("function call", "output", ("item.call_id",), only="function call output item"),
        _APPROVAL_REQUEST,
        Route("mcp approval", "answer", _APPROVAL_KEY, only="mcp approval response item"),
    )


_MCP_LIST = {
    f"mcp_list_tools.{name}": (_ACTIVITY, Route("mcp tool listing", name.replace("_", " "), ("item_id",)))
    for name in ("in_progress", "completed", "failed")
}
_MCP_CALL = {
    f"response.mcp_call.{name}": (_IN_RESPONSE, Route("mcp call", name.replace("_", " "), ("item_id",)))
    for name in ("in_progress", "completed", "failed")
}
_OUTPUT_BUFFER = {
    f"output_audio_buffer.{name}": (_IN_RESPONSE, Route("output audio buffer", name, ("response_id",)))
    for name in ("started", "stopped", "cleared")
}
_TEXT = {
    f"response.{family}.{stream}": _in_part("text", "text", stream)
    for family in ("text", "output_text")
    for stream in ("delta", "done")
}
_AUDIO = {
    f"response.{family}.{stream}": _in_part("audio", "audio", stream)
    for family in ("audio", "output_audio")
    for stream in ("delta", "done")
}
_TRANSCRIPT = {
    f"response.{family}.{stream}": _in_part("audio", "transcript", stream)
    for family in ("audio_transcript", "output_audio_transcript")
    for stream in ("delta", "done")
}
_ARGUMENTS = {
    f"response.{family}.{stream}": _arguments(stream)
    for family in ("function_call_arguments", "mcp_call_arguments")
    for stream in ("delta", "done")
} | {"response.function_call_arguments.done": (_IN_RESPONSE, _LATE_CALL, *_arguments("done")[1:])}

SERVER_ROUTES: Mapping[str, tuple[Route, ...]] = {
    "session.created": (Route("session", "created"),),
    "session.updated": (Route("session", "updated"), _BEGUN, _DETECTION),
    "transcription_session.created": (Route("session", "created"),),
    "transcription_session.updated": (Route("session", "updated"), _BEGUN, _DETECTION),
    "error": (Route("session", "error"), Route("lifetime", "expired", only="session expired")),
    "conversation.created": (_ACTIVITY, Route("conversation announcement", "created")),
    "rate_limits.updated": (_ACTIVITY,),
    "conversation.item.created": _item("added"),
    "conversation.item.added": _item("added"),
    "conversation.item.done": _item("done"),
    "conversation.item.retrieved": (
        Route("session", "item"),
        Route("conversation item", "used", ("item.id",)),
    ),
    "conversation.item.truncated": (_ACTIVITY, Route("conversation item", "used", ("item_id",))),
    "conversation.item.deleted": (_ACTIVITY, Route("conversation item", "deleted", ("item_id",))),
    "conversation.item.input_audio_transcription.delta": _transcription("delta"),
    "conversation.item.input_audio_transcription.segment": _transcription("segment"),
    "conversation.item.input_audio_transcription.completed": _transcription("completed"),
    "conversation.item.input_audio_transcription.failed": _transcription("failed"),
    "input_audio_buffer.speech_started": (
        _ACTIVITY,
        _BEGUN,
        Route("input audio buffer", "speech started"),
        Route("idle turn", "speech started"),
        Route("conversation item", "announced", ("item_id",)),
    ),
    "input_audio_buffer.speech_stopped": (
        _ACTIVITY,
        Route("input audio buffer", "speech stopped"),
        Route("conversation item", "announced", ("item_id",)),
    ),
    "input_audio_buffer.committed": (
        _ACTIVITY,
        _BEGUN,
        Route("input audio buffer", "committed"),
        Route("committed turn", "committed"),
        Route("idle turn", "committed"),
        Route("conversation item", "announced", ("item_id",)),
    ),
    "input_audio_buffer.timeout_triggered": (
        _ACTIVITY,
        Route("input audio buffer", "timeout"),
        Route("conversation", "timeout"),
        Route("idle turn", "timeout"),
        Route("conversation item", "announced", ("item_id",)),
    ),
    "input_audio_buffer.cleared": (_ACTIVITY, Route("input audio buffer", "cleared")),
    "input_audio_buffer.dtmf_event_received": (_ACTIVITY,),
    "response.created": (
        _IN_RESPONSE,
        _BEGUN,
        Route("committed turn", "response created", only="default conversation"),
        Route("idle turn", "response created", only="default conversation"),
        Route("conversation", "response created", only="default conversation"),
        Route("response", "created", ("response.id",)),
    ),
    "response.done": (
        _IN_RESPONSE,
        Route("conversation", "response done", only="default conversation"),
        Route("response", "done", ("response.id",)),
        Route("output item", "response done", each=True),
    ),
    "response.output_item.added": (
        _IN_RESPONSE,
        _RESPONSE,
        Route("output item", "added", ("item.id",), under=True),
        Route("conversation item", "announced", ("item.id",), only="item in the conversation"),
        Route("function call", "call", ("item.call_id",), only="function call item"),
        _APPROVAL_REQUEST,
    ),
    "response.output_item.done": (
        _IN_RESPONSE,
        Route("response", "item done", ("response_id",)),
        Route("output item", "done", ("item.id",), under=True),
        Route("content part", "item done", each=True),
    ),
    "response.content_part.added": (
        *_in_item("part"),
        Route("content part", "added", _PART_KEY, under=True),
    ),
    "response.content_part.done": (*_in_item("part"), Route("content part", "done", _PART_KEY, under=True)),
    **_TEXT,
    **_AUDIO,
    **_TRANSCRIPT,
    **_ARGUMENTS,
    **_MCP_LIST,
    **_MCP_CALL,
    **_OUTPUT_BUFFER,
}

CLIENT_ROUTES: Mapping[str, tuple[Route, ...]] = {
    "response.create": (_ASK, Route("conversation", "response create", only="writes to the conversation")),
    "response.cancel": (_ASK,),
    "conversation.item.truncate": (_ASK,),
    "output_audio_buffer.clear": (_ASK,),
    "conversation.item.create": (
        Route("function call", "call", ("item.call_id",), only="function call item"),
        Route("function call", "output sent", ("item.call_id",), only="function call output item"),
        Route("mcp approval", "answer sent", _APPROVAL_KEY, only="mcp approval response item"),
    ),
}

TRANSLATION_ROUTES: Mapping[str, tuple[Route, ...]] = {
    "session.created": (Route("translation session", "created"),),
    "session.updated": (Route("translation session", "updated"),),
    "session.closed": (Route("translation session", "closed"),),
    "session.input_transcript.delta": (Route("translation session", "output"),),
    "session.output_transcript.delta": (Route("translation session", "output"),),
    "session.output_audio.delta": (Route("translation session", "output"),),
    "error": (Route("translation session", "error"),),
    "session.input_audio_buffer.append": (Route("translation session", "append"),),
    "session.update": (Route("translation session", "update"),),
    "session.close": (Route("translation session", "close"),),
}


def routes_of(dialect: str, type: str) -> tuple[Route, ...]:
    """The inputs of an event type in a dialect; empty for an event that no machine looks at.

    A type that nobody knows still shows that the connection is up.
    """
    if direction_of(type) is None:
        return (Route("translation session", "output") if dialect == "translation" else _ACTIVITY,)
    if dialect == "translation":
        return TRANSLATION_ROUTES.get(type, ())
    return SERVER_ROUTES.get(type) or CLIENT_ROUTES.get(type, ())


@functools.cache
def allowed_events(dialect: str, machine: str, state: str) -> tuple[str, ...]:
    """The event types, sorted, that a machine in that state takes as a legal input in that dialect."""
    spoken = DIALECTS[dialect]
    types = {*spoken.server_types, *spoken.client_types}
    return tuple(
        sorted(
            type
            for type in types
            if any(
                route.machine == machine
                and not route.each
                and is_legal(MACHINES[machine].cell(state, route.input))
                for route in routes_of(dialect, type)
            )
        )
    )
