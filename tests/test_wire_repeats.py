"""A client's appends that differ only in their audio are copied, and come out as a fresh decoder would read them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rtproto import ga
from rtproto.events.dialect import GA, TRANSLATION
from rtproto.wire import Decoder

AUDIO = base64.b64encode(bytes(range(240))).decode()
FIRST = f'{{"type":"input_audio_buffer.append","audio":"{AUDIO}"}}'
FORMS = (
    FIRST,
    f'{{"type": "input_audio_buffer.append", "audio": "{AUDIO}"}}',
    f'{{"audio":"{AUDIO}","type":"input_audio_buffer.append"}}',
    f'{{"type":"input_audio_buffer.append","event_id":"evt_1","audio":"{AUDIO}"}}',
    f'{{"type":"input_audio_buffer.append","audio":"{AUDIO}","x":{{"audio":"{AUDIO}"}}}}',
    f'{{"x":{{"audio":"{AUDIO}"}},"type":"input_audio_buffer.append","audio":"{AUDIO}"}}',
)
OTHER = '{"type":"input_audio_buffer.commit"}'


@given(
    st.sampled_from(FORMS),
    st.lists(
        st.one_of(
            st.binary(max_size=120).map(lambda audio: base64.b64encode(audio).decode()),
            st.sampled_from(
                [AUDIO[:-1], AUDIO + "=", AUDIO[:8] + '","audio":"' + AUDIO[:8], "\\n", "é", "", " "]
            ),
        ),
        max_size=4,
    ),
    st.sampled_from(["", "x", "}", '"', " "]),
)
@example(FIRST, [], "")
def test_a_repetition_is_read_like_a_first_line(form: str, payloads: list[str], tail: str) -> None:
    decoder = Decoder(GA, direction="client")
    lines = [form, *(form.replace(AUDIO, payload) for payload in payloads), OTHER, form + tail, form]
    for line in lines:
        fresh = Decoder(GA, direction="client")
        assert decoder.decode(line.encode()) == fresh.decode(line.encode())
        assert decoder.audio_bytes == fresh.audio_bytes
        assert decoder.decode(line) == fresh.decode(line)


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_line_in_which_head_and_foot_overlap_is_no_event(cut: int) -> None:
    decoder = Decoder(GA, direction="client")
    decoder.decode(FIRST.encode())
    head, foot = FIRST.split(AUDIO)

    assert decoder.decode((head + foot[cut:]).encode()) == Decoder(GA, direction="client").decode(
        (head + foot[cut:]).encode()
    )
    assert decoder.decode((head + foot).encode()) == ga.InputAudioBufferAppend(audio="")


def test_translation_appends_repeat_too() -> None:
    decoder = Decoder(TRANSLATION, direction="client")
    for size in (10, 20, 30):
        audio = base64.b64encode(bytes(size)).decode()
        event = decoder.decode(
            json.dumps({"type": "session.input_audio_buffer.append", "audio": audio}).encode()
        )
        assert getattr(event, "audio", None) == audio
        assert decoder.audio_bytes == size


def test_repeated_audio_tells_the_size_of_a_line_that_is_the_last_append_but_for_its_audio() -> None:
    decoder = Decoder(GA, direction="client")
    measure = decoder.repeated_audio

    assert measure(FIRST.encode()) == 0
    decoder.decode(FIRST.encode())
    assert measure(FIRST.encode()) == 240
    assert measure(FIRST.replace(AUDIO, "QUJD").encode()) == 3
    assert measure(FIRST.replace(AUDIO, "QUJ*").encode()) == 0
    assert measure(OTHER.encode()) == 0
    assert Decoder(GA, direction="server").repeated_audio(FIRST.encode()) == 0
