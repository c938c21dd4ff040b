"""Sessions on WebRTC, where the server plays the audio on the media track and truncates by itself."""

from __future__ import annotations

from rtproto.rules.script import (
    Event,
    Script,
    Session,
    add_item,
    close_item,
    heard_message,
    open_item,
    place_of,
    response_object,
    said_message,
    sample,
    speak,
    start,
)


def _answer(script: Script, previous: str | None) -> None:
    """A spoken answer up to the point where it plays."""
    script.server("response.created", response=response_object("resp_1", "in_progress", [], modality="audio"))
    open_item(script, "resp_1", 0, said_message("item_a1", "in_progress", []), previous)
    place = place_of("resp_1", "item_a1")
    script.server("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
    script.server("output_audio_buffer.started", response_id="resp_1")
    script.server("response.output_audio_transcript.delta", **place, delta="Once upon")


def _play(script: Script, response: str, item: str, previous: str) -> None:
    """A spoken answer whose audio is on the media track."""
    spoken = Script()
    speak(spoken, response, item, previous)
    for _, event in spoken.session:
        type = event.pop("type")
        del event["event_id"]
        if type != "response.output_audio.delta":
            script.server(type, **event)
        if type == "response.content_part.added":
            script.server("output_audio_buffer.started", response_id=response)
    script.server("output_audio_buffer.stopped", response_id=response)


def _break_off(script: Script, previous: str | None, reason: str) -> None:
    """The answer ends as cancelled."""
    place = place_of("resp_1", "item_a1")
    script.server("response.output_audio.done", **place)
    script.server("response.output_audio_transcript.done", **place, transcript="Once upon")
    script.server("response.content_part.done", **place, part={"type": "audio", "transcript": "Once upon"})
    done = said_message("item_a1", "incomplete", [{"type": "output_audio", "transcript": "Once upon"}])
    close_item(script, "resp_1", 0, done, previous)
    details: Event = {"type": "cancelled", "reason": reason}
    cancelled = response_object("resp_1", "cancelled", [done], modality="audio", status_details=details)
    script.server("response.done", response=cancelled)


@sample
def webrtc_barge_in() -> Session:
    """GA, WebRTC: the client has the bot greet the user, who interrupts; the server clears and truncates."""
    script = Script()
    start(script, modality="audio")
    script.client("response.create")
    _answer(script, None)
    script.server("input_audio_buffer.speech_started", audio_start_ms=1200, item_id="item_u1")
    script.server("output_audio_buffer.cleared", response_id="resp_1")
    _break_off(script, None, "turn_detected")
    script.server("conversation.item.truncated", item_id="item_a1", content_index=0, audio_end_ms=500)
    script.server("input_audio_buffer.speech_stopped", audio_end_ms=2000, item_id="item_u1")
    script.server("input_audio_buffer.committed", previous_item_id="item_a1", item_id="item_u1")
    add_item(script, heard_message("item_u1"), "item_a1")
    _play(script, "resp_2", "item_a2", "item_u1")
    return script.session


@sample
def webrtc_hang_up() -> Session:
    """GA, WebRTC: the client stops the answer and its playback."""
    script = Script()
    start(script, modality="audio")
    script.client("response.create")
    _answer(script, None)
    script.client("response.cancel")
    script.client("output_audio_buffer.clear")
    script.server("output_audio_buffer.cleared", response_id="resp_1")
    _break_off(script, None, "client_cancelled")
    return script.session
