"""Sessions about what clients ask for: requests that the server cannot serve, and turns that the client takes."""

from __future__ import annotations

from rtproto.rules.script import (
    PCM,
    VAD,
    Event,
    Script,
    Session,
    add_item,
    beta_session,
    ga_session,
    heard_message,
    refuse,
    sample,
    silence,
    speak,
    start,
    user_message,
)


def _ask_in_vain(script: Script, session: Event) -> None:
    """An update, an item and a response are asked for; the server is out of order.

    Whatever the client asks for here has no effect, so an example can break what it asks for, and nothing else.
    """
    script.client("session.update", event_id="evt_update", session=session)
    refuse(script, "evt_update")
    script.client(
        "conversation.item.create", event_id="evt_item", item=user_message("item_q1", "How is the weather?")
    )
    script.client("conversation.item.retrieve", event_id="evt_look", item_id="item_q1")
    refuse(script, "evt_item")
    refuse(script, "evt_look")
    script.client("response.create", event_id="evt_create", response={"instructions": "Answer."})
    refuse(script, "evt_create")


@sample
def refused_requests() -> Session:
    """GA: the server has an internal error and serves no request."""
    script = Script()
    script.server("session.created", session=ga_session(vad=True, modality="audio"))
    _ask_in_vain(script, {"type": "realtime", "instructions": "Be brief."})
    return script.session


@sample
def beta_refused_requests() -> Session:
    """Beta: the server has an internal error and serves no request."""
    script = Script()
    script.server("session.created", session=beta_session())
    _ask_in_vain(script, {"instructions": "Be brief."})
    return script.session


@sample
def refused_transcription() -> Session:
    """GA: a transcription session whose configuration the server does not take."""
    script = Script()
    input = {"format": PCM, "transcription": {"model": "whisper-1"}, "turn_detection": VAD}
    session = {"type": "transcription", "object": "realtime.transcription_session", "id": "sess_1"}
    script.server("session.created", session={**session, "audio": {"input": input}})
    wish = {"type": "transcription", "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}}
    script.client("session.update", event_id="evt_update", session=wish)
    refuse(script, "evt_update")
    return script.session


@sample
def push_to_talk_twice() -> Session:
    """GA: turn detection off; two turns that the client commits and asks to have answered."""
    script = Script()
    start(script, vad=False, modality="audio")
    previous: str | None = None
    for turn in ("1", "2"):
        user, assistant = f"item_u{turn}", f"item_a{turn}"
        script.client("input_audio_buffer.append", audio=silence(100))
        script.client("input_audio_buffer.append", audio=silence(100))
        script.client("input_audio_buffer.commit", event_id=f"evt_commit{turn}")
        script.server("input_audio_buffer.committed", previous_item_id=previous, item_id=user)
        add_item(script, heard_message(user), previous)
        script.client("response.create")
        speak(script, f"resp_{turn}", assistant, user)
        previous = assistant
    return script.session
