"""Legal sessions of any length on standard output, made as they are read: `python -m benchmarks.stream --bytes 10GB`.

One voice session that never ends, or one whole session after another with new ids in each, a `close` line between two.
Each line is an event as it crosses the socket, in the bare form that the command reads.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

from benchmarks.script import Frame
from benchmarks.sessions import SEED, text_session, text_turns, voice_session, voice_turns

CLOSE = b'{"close":{"code":1000,"reason":""}}'
UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}
SESSION = "one voice session"
SESSIONS = "voice sessions"
TEXT = "one text session"
TEXTS = "text sessions"


def size(text: str) -> int:
    """The bytes that "10GB", "500MB" or "4096" mean.  Raises `ValueError` for what is no size."""
    told = re.fullmatch(r"(\d+) ?([kMG]?)B?", text)
    if told is None:
        raise ValueError(f"{text!r} is no size such as 500MB or 10GB")
    return int(told[1]) * UNITS[told[2]]


def pieces(shape: str) -> Iterator[bytes]:
    """The stream without its end, some seconds of a session at a time."""
    if shape in (SESSION, TEXT):
        for turn in voice_turns() if shape == SESSION else text_turns():
            yield lines(turn)
    for seed in count(SEED):
        yield lines(voice_session(6, seed) if shape == SESSIONS else text_session(12, seed)) + CLOSE + b"\n"


def lines(frames: list[Frame]) -> bytes:
    """The frames as JSON lines."""
    return b"".join(raw + b"\n" for _, raw in frames)


def write(shape: str, total: int, descriptor: int) -> None:
    """Write at least that many bytes, to the end of a turn or of a session; ends quietly where nobody reads on."""
    written = 0
    with suppress(BrokenPipeError), open(descriptor, "wb", closefd=False) as out:
        for piece in pieces(shape):
            out.write(piece)
            written += len(piece)
            if written >= total:
                return


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stream", description="Write legal sessions of any length."
    )
    parser.add_argument("--bytes", type=size, default="10GB", metavar="N", help="how many (default: 10GB)")
    parser.add_argument("--shape", choices=(SESSION, SESSIONS, TEXT, TEXTS), default=SESSION)
    options = parser.parse_args(arguments)
    write(options.shape, options.bytes, sys.stdout.fileno())
    os.close(sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
