"""Messages are read out of forwarded bytes, however these are cut."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("websockets", reason="needs rtproto[live]")

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response

from rtproto.live.handshake import extensions_of
from rtproto.live.tee import Closed, Control, Message, Tee, Unreadable

LIMIT = 1000


def frames(*made: Frame, mask: bool, extensions: Any = None) -> bytes:
    return b"".join(frame.serialize(mask=mask, extensions=extensions) for frame in made)


def read(direction: str, *pieces: bytes, extensions: Any = ()) -> list[Any]:
    taken: list[Any] = []
    tee = Tee(direction, taken.append, max_bytes=LIMIT, extensions=[*extensions])
    for piece in pieces:
        tee.feed(piece)
    return taken


def text(data: str, fin: bool = True) -> Frame:
    return Frame(Opcode.TEXT, data.encode(), fin)


SAID = (
    text("hello"),
    Frame(Opcode.TEXT, b"a", False),
    Frame(Opcode.PING, b"1234"),
    Frame(Opcode.CONT, b"b", False),
    Frame(Opcode.CONT, b"c"),
    Frame(Opcode.BINARY, b"\xff\x00"),
    Frame(Opcode.PONG, b""),
    text(""),
    Frame(Opcode.CLOSE, Close(4001, "bye").serialize()),
)
HEARD = [
    Message(b"hello", False),
    Control("ping", 4),
    Message(b"abc", False),
    Message(b"\xff\x00", True),
    Control("pong", 0),
    Message(b"", False),
    Closed(4001, "bye"),
]


@pytest.mark.parametrize("direction", ["client", "server"])
@given(cuts=st.lists(st.integers(0, 120), max_size=6))
def test_messages_of_either_side(direction: str, cuts: list[int]) -> None:
    stream = frames(*SAID, mask=direction == "client")
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in itertools.pairwise(places)]
    assert read(direction, *pieces) == HEARD


def test_a_close_frame_is_the_last() -> None:
    stream = frames(Frame(Opcode.CLOSE, b""), text("late"), mask=False)
    assert read("server", stream, b"\xff\xff\xff") == [Closed(1005, "")]


@pytest.mark.parametrize(
    "stream, told",
    # A mask is random, and a test's name must not be.
    ids=["opcode", "masking", "continuation", "size", "size of fragments"],
    argvalues=[
        (b"\xff\xff", "invalid opcode"),
        (frames(text("x"), mask=True), "incorrect masking"),
        (frames(Frame(Opcode.CONT, b"x"), mask=False), "unexpected continuation frame"),
        (frames(text("x" * (LIMIT + 1)), mask=False), "exceeds limit"),
        (frames(text("x" * 600, False), Frame(Opcode.CONT, b"x" * 600), mask=False), "exceeds limit"),
    ],
)
def test_what_cannot_be_read_is_told_once(stream: bytes, told: str) -> None:
    first, last = read("server", frames(text("hello"), mask=False), stream, stream, b"more")
    assert first == Message(b"hello", False)
    assert isinstance(last, Unreadable)
    assert told in last.reason


OFFERS = [
    ("permessage-deflate", (False, False, 15, 15)),
    ("permessage-deflate; server_no_context_takeover", (True, False, 15, 15)),
    ("permessage-deflate; client_no_context_takeover; server_max_window_bits=10", (False, True, 15, 10)),
    ("permessage-deflate; client_max_window_bits=9", (False, False, 9, 15)),
]


@pytest.mark.parametrize("header, server", OFFERS)
def test_compressed_messages(header: str, server: tuple[bool, bool, int, int]) -> None:
    """`server` is how the server compresses and the client does: takeover and window of each."""
    server_resets, client_resets, client_bits, server_bits = server
    response = Response(101, "Switching Protocols", headers_of(header))
    said = [text("hello hello hello"), text("hello again"), Frame(Opcode.PING, b"x")]
    for direction, resets, bits in (
        ("server", server_resets, server_bits),
        ("client", client_resets, client_bits),
    ):
        sender = PerMessageDeflate(False, resets, 15, bits)
        stream = frames(*said, mask=direction == "client", extensions=[sender])
        assert b"hello hello" not in stream
        heard = read(direction, stream, extensions=extensions_of(response, direction))
        assert heard == [
            Message(b"hello hello hello", False),
            Message(b"hello again", False),
            Control("ping", 1),
        ]


def headers_of(extensions: str) -> Any:
    from websockets.datastructures import Headers

    return Headers([("Sec-WebSocket-Extensions", extensions)])


@pytest.mark.parametrize(
    "header", ["x-webkit-deflate-frame", "permessage-deflate; colour=red", "permessage-deflate;;", "a b"]
)
def test_an_extension_that_cannot_be_read_is_told(header: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are those of `websockets`, but for the first
        extensions_of(Response(101, "", headers_of(header)), "server")
