"""Sessions about the settings of turn detection: idle timeouts, interruptions, responses on demand."""

from __future__ import annotations

from typing import Any

from rtproto.rules.script import (
    Event,
    Script,
    Session,
    add_item,
    close_item,
    ga_session,
    heard_message,
    listen,
    open_item,
    place_of,
    record,
    response_object,
    said_message,
    sample,
    silence,
    speak,
)


def _begin(**settings: Any) -> Script:
    """A session that keeps the server's defaults but for these settings of its turn detection."""
    script = Script()
    session: Event = ga_session(vad=True, modality="audio")
    detection = {**session["audio"]["input"]["turn_detection"], **settings}
    session["audio"]["input"] = {**session["audio"]["input"], "turn_detection": detection}
    script.server("session.created", session=session)
    return script


@sample
def idle_timeout() -> Session:
    """GA: the user says nothing for five seconds; the server takes the turn for them."""
    script = _begin(idle_timeout_ms=5000)
    listen(script, "item_u1", None, 100, 900)
    record(script, 6500)
    speak(script, "resp_1", "item_a1", "item_u1")
    script.server(
        "input_audio_buffer.timeout_triggered", audio_start_ms=1300, audio_end_ms=6300, item_id="item_u2"
    )
    script.server("input_audio_buffer.committed", previous_item_id="item_a1", item_id="item_u2")
    add_item(script, heard_message("item_u2"), "item_a1")
    speak(script, "resp_2", "item_a2", "item_u2")
    return script.session


@sample
def answered_on_demand() -> Session:
    """GA: turn detection commits, but the client asks for the response itself, after the second turn."""
    script = _begin(create_response=False)
    listen(script, "item_u1", None, 100, 900)
    listen(script, "item_u2", "item_u1", 2400, 3000)
    script.client("response.create")
    speak(script, "resp_1", "item_a1", "item_u2")
    return script.session


@sample
def long_answer() -> Session:
    """GA: the client truncates an answer that goes on for a while."""
    script = _begin()
    script.client("response.create")
    script.server("response.created", response=response_object("resp_1", "in_progress", [], modality="audio"))
    open_item(script, "resp_1", 0, said_message("item_a1", "in_progress", []), None)
    place = place_of("resp_1", "item_a1")
    script.server("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
    words = [f"{number}, " for number in range(1, 9)]
    for number, word in enumerate(words):
        script.server("response.output_audio_transcript.delta", **place, delta=word)
        script.server("response.output_audio.delta", **place, delta=silence(200))
        if number == 1:
            script.client("conversation.item.truncate", item_id="item_a1", content_index=0, audio_end_ms=200)
    script.server("response.output_audio.done", **place)
    transcript = "".join(words)
    script.server("response.output_audio_transcript.done", **place, transcript=transcript)
    part = {"type": "audio", "transcript": transcript}
    script.server("response.content_part.done", **place, part=part)
    done = said_message("item_a1", "completed", [{**part, "type": "output_audio"}])
    close_item(script, "resp_1", 0, done, None)
    script.server("response.done", response=response_object("resp_1", "completed", [done], modality="audio"))
    script.server("conversation.item.truncated", item_id="item_a1", content_index=0, audio_end_ms=200)
    return script.session


@sample
def late_interruption() -> Session:
    """GA: a short interruption is over by the time the response has ended."""
    script = _begin()
    listen(script, "item_u1", None, 100, 900)
    script.server("response.created", response=response_object("resp_1", "in_progress", [], modality="audio"))
    open_item(script, "resp_1", 0, said_message("item_a1", "in_progress", []), "item_u1")
    place = place_of("resp_1", "item_a1")
    script.server("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
    script.server("response.output_audio_transcript.delta", **place, delta="Once upon")
    script.server("response.output_audio.delta", **place, delta=silence(400))
    record(script, 2400)
    script.server("input_audio_buffer.speech_started", audio_start_ms=1500, item_id="item_u2")
    script.server("response.output_audio.done", **place)
    script.server("response.output_audio_transcript.done", **place, transcript="Once upon")
    script.server("response.content_part.done", **place, part={"type": "audio", "transcript": "Once upon"})
    done = said_message("item_a1", "incomplete", [{"type": "output_audio", "transcript": "Once upon"}])
    cut = {"item_id": "item_a1", "content_index": 0, "audio_end_ms": 300}
    script.client("conversation.item.truncate", **cut)
    script.server("input_audio_buffer.speech_stopped", audio_end_ms=2000, item_id="item_u2")
    close_item(script, "resp_1", 0, done, "item_u1")
    script.server("input_audio_buffer.committed", previous_item_id="item_a1", item_id="item_u2")
    details = {"type": "cancelled", "reason": "turn_detected"}
    cancelled = response_object("resp_1", "cancelled", [done], modality="audio", status_details=details)
    script.server("response.done", response=cancelled)
    add_item(script, heard_message("item_u2"), "item_a1")
    script.server("conversation.item.truncated", **cut)
    speak(script, "resp_2", "item_a2", "item_u2")
    return script.session
