"""Which fact each event type becomes, once it was judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from rtproto.protocol.facts import Facts

if TYPE_CHECKING:
    from rtproto.protocol.engine import Entity

Handler = Callable[[Facts, Any, int, "Entity | None", int | None], None]
"""Given the facts, the event, its line, the innermost entity, and the decoded size of its audio (None: none, or not
valid base64)."""


def no_fact(facts: Facts, event: Any, line: int, entity: Entity | None, size: int | None) -> None:
    """For events of which nothing is remembered."""


SERVER_HANDLERS: Mapping[str, Handler] = {
    "error": Facts.on_error,
    "session.created": Facts.on_session,
    "session.updated": Facts.on_session,
    "transcription_session.created": Facts.on_session,
    "transcription_session.updated": Facts.on_session,
    "conversation.item.created": Facts.on_item_added,
    "conversation.item.added": Facts.on_item_added,
    "conversation.item.done": Facts.on_item_done,
    "conversation.item.deleted": Facts.on_item_deleted,
    "conversation.item.truncated": Facts.on_truncated,
    "input_audio_buffer.speech_started": Facts.on_speech_started,
    "input_audio_buffer.speech_stopped": Facts.on_speech_stopped,
    "input_audio_buffer.timeout_triggered": Facts.on_timeout,
    "input_audio_buffer.committed": Facts.on_committed,
    "input_audio_buffer.cleared": Facts.on_cleared,
    "conversation.item.input_audio_transcription.delta": Facts.on_transcription_delta,
    "conversation.item.input_audio_transcription.completed": Facts.on_transcription_ended,
    "conversation.item.input_audio_transcription.failed": Facts.on_transcription_failed,
    "mcp_list_tools.failed": Facts.on_listing_failed,
    "response.mcp_call.failed": Facts.on_mcp_call_failed,
    "response.created": Facts.on_response_created,
    "response.output_item.added": Facts.on_output_item_added,
    "response.function_call_arguments.done": Facts.on_arguments_done,
    "response.content_part.added": Facts.on_part_added,
    "response.output_item.done": Facts.on_output_item_done,
    "response.done": Facts.on_response_done,
    "output_audio_buffer.started": Facts.on_playback,
    "output_audio_buffer.stopped": Facts.on_playback,
    "output_audio_buffer.cleared": Facts.on_output_cleared,
    "response.audio.delta": Facts.on_audio_delta,
    "response.output_audio.delta": Facts.on_audio_delta,
    "response.text.done": Facts.on_text_done,
    "response.output_text.done": Facts.on_text_done,
    "response.audio_transcript.done": Facts.on_transcript_done,
    "response.output_audio_transcript.done": Facts.on_transcript_done,
    "response.mcp_call_arguments.done": Facts.on_mcp_arguments_done,
    **{
        f"response.{name}.delta": Facts.on_text_delta
        for name in (
            "text",
            "output_text",
            "audio_transcript",
            "output_audio_transcript",
            "function_call_arguments",
            "mcp_call_arguments",
        )
    },
}
CLIENT_HANDLERS: Mapping[str, Handler] = {
    "input_audio_buffer.append": Facts.on_client_append,
    "session.input_audio_buffer.append": Facts.on_client_append,
    "input_audio_buffer.commit": Facts.on_client_commit,
    "input_audio_buffer.clear": Facts.on_client_clear,
    "output_audio_buffer.clear": Facts.on_client_output_clear,
    "conversation.item.truncate": Facts.on_truncated,
}
