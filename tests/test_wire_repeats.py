"""A client's appends that differ only in their audio are copied, and come out as a fresh decoder would read them."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from functools import partial
from itertools import permutations
from types import FrameType
from typing import Self

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rtproto import ga, wire
from rtproto.events.dialect import GA, TRANSLATION
from rtproto.wire import SPLICED_FROM, Decoder

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


SPACED = (
    '{"type": "input_audio_buffer.append", "audio" : "AAAA"}',
    '{"type":"input_audio_buffer.append","audio":   "AAAA"}',
    '{\n  "audio"\t:\r\n "AAAA",\n  "type": "input_audio_buffer.append"\n}',
)


@pytest.mark.parametrize("line", SPACED)
def test_space_around_the_colon_is_no_other_line(line: str) -> None:
    decoder = Decoder(GA, direction="client")
    decoder.decode(line.encode())

    assert decoder.repeated_audio(line.replace("AAAA", "QUJD").encode()) == 3
    assert decoder.decode(line.replace("AAAA", "QUJD").encode()) == ga.InputAudioBufferAppend(audio="QUJD")


@pytest.mark.parametrize("before", ['"x":{"audio":"AAAA"}', f'"x":"{"y" * 700}"'])
def test_what_cannot_be_recognised_is_given_up(before: str) -> None:
    """Audio after another `audio`, or far from the start, is no reason to look for it in every append to come."""
    append = f'{{{before},"type":"input_audio_buffer.append","audio":"QUJD"}}'.encode()
    asked: list[bytes] = []
    plain = GA.client_decoder.decode

    class Counting:
        def decode(self, raw: bytes) -> object:
            asked.append(raw)
            return plain(raw)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GA, "client_decoder", Counting())
        decoder = Decoder(GA, direction="client")
    for _ in range(100):
        assert decoder.decode(append) == ga.InputAudioBufferAppend(audio="QUJD")
        assert decoder.audio_bytes == 3
    assert len(asked) < 110


SHORT = (
    '{"type":"input_audio_buffer.append","audio":"%s"}',
    '{"event_id":"evt_of_another","audio":"%s","type":"input_audio_buffer.append"}',
    '{"audio" : "%s", "type": "input_audio_buffer.append", "event_id": "evt_3"}',
)
LONG = base64.b64encode(bytes(3000)).decode()


class Switch:
    """Does something else before the bytecode instruction of that number, as another thread may at any of them."""

    def __init__(self, at: int, other: Callable[[], object]) -> None:
        self._left = at
        self._other = other
        self.result: object = None

    @property
    def happened(self) -> bool:
        return self._left < 0

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, argument: object) -> Callable[..., object] | None:
        if frame.f_code.co_filename != wire.__file__:
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        if event == "opcode":
            self._left -= 1
            if self._left == -1:
                sys.settrace(None)
                self.result = self._other()
        return self._trace


@pytest.mark.parametrize("payload", ["QUJD", LONG], ids=["short", "long"])
@pytest.mark.parametrize("forms", list(permutations(SHORT)))
def test_threads_may_share_a_decoder(payload: str, forms: tuple[str, str, str]) -> None:
    """Wherever one is interrupted by another that brings lines of another form, both get what they brought."""
    mine, other = ((form % payload).encode() for form in forms[:2])
    fresh = {line: Decoder(GA, direction="client").decode(line) for line in (mine, other)}
    switched = 0
    while True:
        decoder = Decoder(GA, direction="client")
        if len(payload) > SPLICED_FROM:
            # What all decoders remember of long lines is from elsewhere.
            Decoder(GA, direction="client").decode((forms[2] % payload).encode())
        with Switch(switched, partial(decoder.decode, other)) as switch:
            got = decoder.decode(mine)
        if not switch.happened:
            break
        assert (got, switch.result) == (fresh[mine], fresh[other])
        assert decoder.decode(mine) == fresh[mine]
        assert decoder.decode(other) == fresh[other]
        switched += 1
    assert switched > 50
