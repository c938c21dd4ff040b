"""Generated sessions of realistic sizes, the same bytes on every run: what all contenders read.

A session is a list of (direction, line): the JSON text of each event as it crosses the socket, compact, in the key
order of the real server.

- `text_session`: turns typed by a user and answered in text.  A delta of 1 to 6 characters, padded by `obfuscation`,
  makes a line of 239 bytes.
- `voice_session`: a microphone that never stops, server VAD, input transcription, spoken replies, and barge-ins that
  cancel a reply.  Clients send what their audio API hands them: 20 ms (telephony), 40 ms or 100 ms (browsers) of
  pcm16, which is 1,280, 2,560 or 6,400 characters of base64; the turns use them by rotation.  A reply's audio
  arrives faster than it plays, in deltas of 100, 150 and then 250 ms, as a real recording shows; there they grow to
  1,000 ms later in a long reply, here only to 400, so that what an event costs whatever its size keeps its weight.

The sequences are those that real GA servers send, so that a full check of a session finds nothing.  `text_turns` and
`voice_turns` are the same sessions turn by turn, and without an end: what the lengths of a session are measured with.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from random import Random

from benchmarks import texts
from benchmarks.script import PCM, Frame, Json, Reply, Script

SEED = 20_250_828
APPEND_MS = [20, 40, 100]
FIRST_DELTAS_MS = [100, 150, 250, 250, 250, 250]  # then 400, then what is left
LEAD = 4  # deltas of transcript before the first audio


def text_session(turns: int = 12, seed: int = SEED) -> list[Frame]:
    """Typed turns, each answered by about 40 text deltas."""
    return [frame for turn in islice(text_turns(seed), turns) for frame in turn]


def text_turns(seed: int = SEED) -> Iterator[list[Frame]]:
    """The lines of a text session that never ends, turn by turn; the first has the start of the session too."""
    script = Script(Random(seed))
    conversation = start(script, "text")
    for turn in count():
        ask(script, texts.question(script.rng))
        reply = Reply(script, conversation, "text", input_text=120 + 60 * turn)
        reply.open()
        for delta in texts.reply(script.rng, 40):
            reply.say(delta)
        reply.close()
        yield script.take(script.now)


def voice_session(turns: int = 6, seed: int = SEED) -> list[Frame]:
    """Spoken turns under server VAD, with transcription; the caller cuts every third reply short."""
    return [frame for turn in voice_turns(turns, seed) for frame in turn]


def voice_turns(turns: int | None = None, seed: int = SEED) -> Iterator[list[Frame]]:
    """The lines of a voice session, turn by turn; without a number of turns it never ends."""
    script = Script(Random(seed))
    conversation = start(script, "audio")
    microphone_on = streamed_until = script.now
    interrupted: Reply | None = None
    for turn in count() if turns is None else range(turns):
        speech_ms = script.rng.randrange(2_000, 4_500, 100)
        user = hear(script, microphone_on, speech_ms, interrupted)
        reply = Reply(script, conversation, "audio", input_text=140 + 90 * turn, heard_ms=speech_ms)
        reply.open()
        last = turns is not None and turn + 1 == turns
        cut = turn % 3 == 1 and not last
        speak(script, reply, user, speech_ms, cut=cut)
        interrupted = reply if cut else None
        if not cut:
            reply.close()
            script.now += reply.audio_ms * 0.6 + 600  # the client plays the rest, then silence
        streamed_until = stream_microphone(
            script, streamed_until, script.now, APPEND_MS[turn % len(APPEND_MS)]
        )
        yield script.take(script.now if last else streamed_until)


def start(script: Script, modality: str) -> str:
    """`session.created`, the client's `session.update` and its answer; returns the conversation's id."""
    session: Json = {
        "type": "realtime",
        "object": "realtime.session",
        "id": script.id("sess"),
        "model": "gpt-realtime",
        "output_modalities": ["audio"],
        "instructions": "Be brief and kind.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": 1_790_000_000,
        "audio": {
            "input": {
                "format": PCM,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": server_vad(),
            },
            "output": {"format": PCM, "voice": "marin", "speed": 1.0},
        },
        "include": None,
    }
    script.server("session.created", session=session)
    script.now += 5
    settings: Json = {"type": "realtime", "instructions": texts.INSTRUCTIONS, "output_modalities": [modality]}
    settings["tools"] = [
        tool("timetable", "The departures of a line", "line"),
        tool("weather", "Wind and rain", "day"),
    ]
    listening = session["audio"]["input"]
    if modality == "audio":
        listening = listening | {"transcription": {"model": "gpt-realtime-whisper"}}
        settings["audio"] = {
            "input": {"transcription": listening["transcription"], "turn_detection": server_vad()}
        }
    script.client("session.update", session=settings)
    script.now += 5
    script.server(
        "session.updated", session=session | settings | {"audio": session["audio"] | {"input": listening}}
    )
    script.now += 5
    return script.id("conv")


def server_vad() -> Json:
    return {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    }


def tool(name: str, description: str, argument: str) -> Json:
    schema = {"type": "object", "properties": {argument: {"type": "string"}}, "required": [argument]}
    return {"type": "function", "name": name, "description": description, "parameters": schema}


def ask(script: Script, words: str) -> None:
    """The client's text message with its echo, and its wish for a response."""
    content = [{"type": "input_text", "text": words}]
    script.client("conversation.item.create", item={"type": "message", "role": "user", "content": content})
    script.client("response.create")
    add_user_item(script, script.id("item"), content)


def add_user_item(script: Script, item_id: str, content: list[Json]) -> None:
    item = {"id": item_id, "type": "message", "status": "completed", "role": "user", "content": content}
    script.server("conversation.item.added", previous_item_id=script.tail, item=item)
    script.server("conversation.item.done", previous_item_id=script.tail, item=item)
    script.tail = item_id


def hear(script: Script, microphone_on: float, speech_ms: int, interrupted: Reply | None) -> str:
    """One turn of the caller, from the start of speech to the committed item, whose id it returns.

    VAD times count the audio appended since the session began.  A barge-in ends the reply that is being heard, the
    client truncates it to what it had played, and the server says so once the caller's own item is in.
    """
    user = script.id("item")
    script.now += 350
    script.server(
        "input_audio_buffer.speech_started",
        audio_start_ms=int(script.now - microphone_on) - 350,
        item_id=user,
    )
    played: Json = {}
    if interrupted is not None:
        played = {"item_id": interrupted.item, "content_index": 0, "audio_end_ms": interrupted.audio_ms // 2}
        script.client("conversation.item.truncate", **played)
        interrupted.close("cancelled")
    script.now += speech_ms
    script.server(
        "input_audio_buffer.speech_stopped", audio_end_ms=int(script.now - microphone_on) - 200, item_id=user
    )
    script.server("input_audio_buffer.committed", previous_item_id=script.tail, item_id=user)
    add_user_item(script, user, [{"type": "input_audio", "transcript": None}])
    if played:
        script.server("conversation.item.truncated", **played)
    return user


def speak(script: Script, reply: Reply, user: str, speech_ms: int, *, cut: bool) -> None:
    """The reply's transcript and audio, the transcript ahead, and between them the transcription of the user's turn.

    A reply of 40 tokens lasts 10 s; one that is cut had announced 70 and was left after the first 35.
    """
    pieces = texts.reply(script.rng, 70)[:35] if cut else texts.reply(script.rng, 40)
    total_ms = 250 * len(pieces)
    lengths = iter(delta_lengths(total_ms))
    heard = texts.split(" " + texts.question(script.rng))
    for number, piece in enumerate(pieces):
        reply.say(piece)
        if number % 2 and number // 2 < len(heard):
            transcribe(script, user, heard[number // 2])
            if number // 2 + 1 == len(heard):
                transcribed(script, user, "".join(heard), speech_ms)
        while number >= LEAD and reply.audio_ms < total_ms * (number - LEAD + 1) / (len(pieces) - LEAD):
            script.now += 60
            reply.sound(min(next(lengths), total_ms - reply.audio_ms))


def transcribe(script: Script, user: str, delta: str) -> None:
    """A part of what the transcriber heard in the user's turn."""
    ids: Json = {"item_id": user, "content_index": 0}
    event = "conversation.item.input_audio_transcription.delta"
    script.server(event, **ids, delta=delta, obfuscation=script.padding(delta))


def transcribed(script: Script, user: str, transcript: str, speech_ms: int) -> None:
    """All that the transcriber heard in the user's turn."""
    ids: Json = {"item_id": user, "content_index": 0}
    usage = {"type": "duration", "seconds": -(-speech_ms // 1_000)}
    event = "conversation.item.input_audio_transcription.completed"
    script.server(event, **ids, transcript=transcript, usage=usage)


def delta_lengths(total_ms: int) -> list[int]:
    """How the server cuts a reply's audio, in ms; the sum reaches the total."""
    rest = max(0, total_ms - sum(FIRST_DELTAS_MS))
    return FIRST_DELTAS_MS + [400] * (rest // 400 + 1)


def stream_microphone(script: Script, begin: float, end: float, chunk_ms: int) -> float:
    """Appends of that length from one moment to another, each sent when its audio is complete.

    Returns the moment up to which audio was sent, where the next append begins.
    """
    chunks = int(end - begin) // chunk_ms
    for chunk in range(1, chunks + 1):
        script.client("input_audio_buffer.append", at=begin + chunk * chunk_ms, audio=script.audio(chunk_ms))
    return begin + chunks * chunk_ms
