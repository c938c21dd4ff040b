"""Audio helpers: lengths, durations and validity of base64 text, against the standard library's base64."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtproto.events import audio
from rtproto.events.base import BetaAudioFormat
from rtproto.events.ga import AudioPcm, AudioPcma, AudioPcmu


@given(st.binary(max_size=200))
def test_length_and_bytes_are_those_of_the_standard_library(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert audio.is_valid(text)
    assert audio.byte_length(text) == len(data)
    assert audio.decode(text) == data


# 24 000 samples a second of two bytes, and 8 000 of one: 20 ms are 960 and 160 bytes.
@pytest.mark.parametrize(
    "format, nbytes",
    [
        ("pcm16", 960),
        ("audio/pcm", 960),
        ("g711_ulaw", 160),
        ("audio/pcmu", 160),
        ("g711_alaw", 160),
        ("audio/pcma", 160),
    ],
)
def test_twenty_ms_of_each_format(format: str, nbytes: int) -> None:
    assert audio.duration_ms(nbytes, format) == 20.0
    assert audio.duration_ms(base64.b64encode(bytes(nbytes)).decode(), format) == 20.0


def test_pcm16_is_the_format_when_none_is_said() -> None:
    assert audio.duration_ms(48) == 1.0
    assert audio.duration_ms(0) == 0.0


def test_the_formats_are_those_of_both_dialects() -> None:
    beta_formats: set[str] = set(BetaAudioFormat.__metadata__[0].examples)  # type: ignore[attr-defined]  # Annotated
    ga_formats = {str(cls.__struct_config__.tag) for cls in (AudioPcm, AudioPcmu, AudioPcma)}
    assert set(audio.BYTES_PER_MS) == beta_formats | ga_formats


def test_another_format_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no audio format 'opus'; there are: pcm16, audio/pcm, "):
        audio.duration_ms(48, "opus")


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "A===", "AAAA\n", "AA==AA==", "-_-_", "AA AA", "é===", "AAAA=", "\ud800AAA"]
)
def test_what_is_not_base64_is_said_to_be_so(text: str) -> None:
    assert not audio.is_valid(text)
    with pytest.raises(ValueError, match=r"base64|ASCII"):
        audio.decode(text)


def test_no_audio_is_valid_and_empty() -> None:
    assert audio.is_valid("")
    assert audio.byte_length("") == 0
    assert audio.decode("") == b""


@pytest.mark.parametrize(
    "payload, cut",
    [
        ("", True),  # nothing is left of it
        ("A" * 88, False),
        ("A" * 88 + "…", True),
        ("A" * 88 + "...", True),
        ("<" + "A" * 88, True),
        ("[" + "A" * 88, True),
        ("[object Blob]", False),
        ("[object Blob][object Blob]", False),
        ("[object Blob][12 kB]", True),
        ("[[object Blob]]", True),
        ("Audio, not kept", True),
        ("not kept", False),
        ("****", True),
        ("undefined", False),
    ],
)
def test_what_a_recorder_leaves_of_audio(payload: str, cut: bool) -> None:
    assert audio.looks_cut(payload) is cut
