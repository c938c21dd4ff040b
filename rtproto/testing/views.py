"""What a recorder may see of a session: all of it, one side, or only its later part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rtproto.testing.chooser import Chooser
from rtproto.testing.stage import Frame


def mid_session(chooser: Chooser, frames: Sequence[Frame]) -> list[Frame]:
    """The session from somewhere on: a recorder that was attached late."""
    return [*frames[chooser.below(len(frames)) :]] if frames else []


def server_only(chooser: Chooser, frames: Sequence[Frame]) -> list[Frame]:
    """What the server sent."""
    return [frame for frame in frames if frame.direction == "server"]


def client_only(chooser: Chooser, frames: Sequence[Frame]) -> list[Frame]:
    """What the client sent."""
    return [frame for frame in frames if frame.direction == "client"]


def cut_off(chooser: Chooser, frames: Sequence[Frame]) -> list[Frame]:
    """The session up to somewhere: a recording that simply stops."""
    return [*frames[: chooser.below(len(frames) + 1)]]


VIEWS: Mapping[str, Callable[[Chooser, Sequence[Frame]], list[Frame]]] = {
    "mid-session": mid_session,
    "server-only": server_only,
    "client-only": client_only,
    "cut-off": cut_off,
}
"""What a recorder may see of a session, by name."""
