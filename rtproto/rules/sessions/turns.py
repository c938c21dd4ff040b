"""The common sessions: written and spoken turns, tools, interruptions, and the other kinds of connection."""

from __future__ import annotations

from rtproto.rules.script import (
    PCM,
    VAD,
    Script,
    Session,
    add_item,
    ask,
    beta_names,
    beta_session,
    call_item,
    close_item,
    ga_session,
    hear,
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
    start,
    write,
)


@sample
def text_turn() -> Session:
    """GA: a typed question and a written answer, twice."""
    script = Script()
    start(script)
    ask(script, "item_q1", "How is the weather?", None)
    write(script, "resp_1", "item_a1", "item_q1")
    ask(script, "item_q2", "And tomorrow?", "item_a1")
    write(script, "resp_2", "item_a2", "item_q2")
    return script.session


@sample
def voice_turn() -> Session:
    """GA: two spoken turns with server VAD and transcription."""
    script = Script()
    start(script, modality="audio", transcription={"model": "whisper-1"})
    listen(script, "item_u1", None, 100, 900)
    speak(script, "resp_1", "item_a1", "item_u1")
    hear(script, "item_u1", "Hi.")
    listen(script, "item_u2", "item_a1", 2000, 2800)
    speak(script, "resp_2", "item_a2", "item_u2")
    hear(script, "item_u2", "Bye.")
    return script.session


@sample
def push_to_talk() -> Session:
    """GA: turn detection off; the client commits and asks for the response itself."""
    script = Script()
    start(script, vad=False, modality="audio")
    for _ in range(2):
        script.client("input_audio_buffer.append", audio=silence(100))
    script.client("input_audio_buffer.commit", event_id="evt_commit")
    script.server("input_audio_buffer.committed", previous_item_id=None, item_id="item_u1")
    add_item(script, heard_message("item_u1"), None)
    script.client("response.create")
    speak(script, "resp_1", "item_a1", "item_u1")
    return script.session


@sample
def barge_in() -> Session:
    """GA: the user interrupts; the client truncates what was not played."""
    script = Script()
    start(script, modality="audio")
    listen(script, "item_u1", None, 100, 900)
    script.server("response.created", response=response_object("resp_1", "in_progress", [], modality="audio"))
    open_item(script, "resp_1", 0, said_message("item_a1", "in_progress", []), "item_u1")
    place = place_of("resp_1", "item_a1")
    script.server("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
    script.server("response.output_audio_transcript.delta", **place, delta="Once upon")
    for _ in range(2):
        script.server("response.output_audio.delta", **place, delta=silence(400))
    record(script, 3000)
    script.server("input_audio_buffer.speech_started", audio_start_ms=2000, item_id="item_u2")
    script.client(
        "conversation.item.truncate", event_id="evt_cut", item_id="item_a1", content_index=0, audio_end_ms=600
    )
    script.server("response.output_audio.done", **place)
    script.server("response.output_audio_transcript.done", **place, transcript="Once upon")
    script.server("response.content_part.done", **place, part={"type": "audio", "transcript": "Once upon"})
    done = said_message("item_a1", "incomplete", [{"type": "output_audio", "transcript": "Once upon"}])
    close_item(script, "resp_1", 0, done, "item_u1")
    details = {"type": "cancelled", "reason": "turn_detected"}
    cancelled = response_object("resp_1", "cancelled", [done], modality="audio", status_details=details)
    script.server("response.done", response=cancelled)
    script.server("input_audio_buffer.speech_stopped", audio_end_ms=2800, item_id="item_u2")
    script.server("input_audio_buffer.committed", previous_item_id="item_a1", item_id="item_u2")
    add_item(script, heard_message("item_u2"), "item_a1")
    script.server("conversation.item.truncated", item_id="item_a1", content_index=0, audio_end_ms=600)
    speak(script, "resp_2", "item_a2", "item_u2")
    return script.session


@sample
def tool_call() -> Session:
    """GA: a function call, its output, and the answer that uses it."""
    script = Script()
    start(script)
    ask(script, "item_q1", "How is the weather?", None)
    script.server("response.created", response=response_object("resp_1", "in_progress", []))
    open_item(script, "resp_1", 0, call_item("item_c1", "call_1", "in_progress", ""), "item_q1")
    place = {"response_id": "resp_1", "item_id": "item_c1", "output_index": 0, "call_id": "call_1"}
    for delta in ('{"city":', ' "Oslo"}'):
        script.server("response.function_call_arguments.delta", **place, delta=delta)
    arguments = '{"city": "Oslo"}'
    script.server("response.function_call_arguments.done", **place, name="get_weather", arguments=arguments)
    done = call_item("item_c1", "call_1", "completed", arguments)
    close_item(script, "resp_1", 0, done, "item_q1")
    script.server("response.done", response=response_object("resp_1", "completed", [done]))
    output = {
        "id": "item_o1",
        "type": "function_call_output",
        "call_id": "call_1",
        "output": '{"sky": "clear"}',
    }
    script.client("conversation.item.create", item=output)
    script.client("response.create")
    add_item(script, output, "item_c1")
    write(script, "resp_2", "item_a2", "item_o1")
    return script.session


@sample
def out_of_band() -> Session:
    """GA: a response outside the conversation, and one inside after it."""
    script = Script()
    start(script)
    script.client("response.create", response={"conversation": "none", "input": []})
    write(script, "resp_1", "item_a1", None, mirror=False)
    ask(script, "item_q2", "And tomorrow?", None)
    write(script, "resp_2", "item_a2", "item_q2")
    return script.session


@sample
def webrtc_turn() -> Session:
    """GA: a spoken turn on WebRTC, where the audio itself travels on the media track."""
    script = Script()
    script.server("session.created", session=ga_session(vad=True, modality="audio"))
    listen(script, "item_u1", None, 100, 900)
    spoken = Script()
    speak(spoken, "resp_1", "item_a1", "item_u1")
    for _, event in spoken.session:
        type = event.pop("type")
        del event["event_id"]
        if type == "response.output_audio.delta":
            continue
        script.server(type, **event)
        if type == "response.content_part.added":
            script.server("output_audio_buffer.started", response_id="resp_1")
    script.server("output_audio_buffer.stopped", response_id="resp_1")
    return [(direction, event) for direction, event in script.session if direction == "server"]


@sample
def transcription() -> Session:
    """GA: a transcription session; nothing answers."""
    script = Script()
    session = {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": "sess_1",
        "audio": {"input": {"format": PCM, "transcription": {"model": "whisper-1"}, "turn_detection": VAD}},
    }
    script.server("session.created", session=session)
    listen(script, "item_u1", None, 100, 900)
    hear(script, "item_u1", "Hi.")
    return script.session


@sample
def beta_voice_turn() -> Session:
    """Beta: two spoken turns with server VAD."""
    script = Script()
    script.server("session.created", session=beta_session())
    script.client("session.update", event_id="evt_update", session={"instructions": "Be brief."})
    script.server("session.updated", session=beta_session())
    spoken = Script()
    listen(spoken, "item_u1", None, 100, 900)
    speak(spoken, "resp_1", "item_a1", "item_u1")
    listen(spoken, "item_u2", "item_a1", 2000, 2800)
    speak(spoken, "resp_2", "item_a2", "item_u2")
    for direction, event in spoken.session:
        type = event.pop("type").replace("response.output_audio", "response.audio")
        event.pop("event_id", None)
        if type == "conversation.item.done":
            continue
        if "response" in event:
            flat = {
                "modalities": ["audio", "text"],
                "voice": "alloy",
                "temperature": 0.8,
                **event["response"],
            }
            del flat["output_modalities"]
            event["response"] = flat
        if direction == "client":
            script.client(type, **event)
        else:
            script.server(type.replace("conversation.item.added", "conversation.item.created"), **event)
    return [(direction, beta_names(event)) for direction, event in script.session]


@sample
def translation() -> Session:
    """Translation: audio in, audio and transcripts out, a clean close."""
    script = Script()
    session = {
        "id": "sess_1",
        "type": "translation",
        "model": "gpt-realtime-translate",
        "expires_at": 1790000000,
        "audio": {"output": {"language": "es"}},
    }
    script.server("session.created", session=session)
    script.client("session.input_audio_buffer.append", audio=silence(100))
    script.server("session.input_transcript.delta", delta="Good morning.", elapsed_ms=200)
    script.server("session.output_transcript.delta", delta="Buenos días.", elapsed_ms=400)
    script.server("session.output_audio.delta", delta=silence(200), elapsed_ms=400)
    script.client("session.close")
    script.server("session.closed")
    return script.session
