"""How long things take, by the clock of a recording that has one."""

from __future__ import annotations

from rtproto.protocol.memory import Memory

PATIENCE = 20.0
"""Seconds after which an answer that has not come will not come: what then stops is not just the recording."""
STALL = 30.0
"""Seconds without a sign of life after which a response in progress is called stalled."""


class Clock(Memory):
    """The memory of one connection, asked for the time."""

    __slots__ = ()

    def end(self, *, cut: bool, time: float | None) -> None:
        """The recording is over: cut off, or because the connection was closed; `time` is that of its close."""
        self.cut = cut
        if time is not None:
            self.time = time

    def waited(self, since: float | None) -> bool:
        """Whether the recording goes on long enough after that second for an answer to have come."""
        return since is not None and self.time is not None and self.time - since >= PATIENCE

    def stalled(self, time: float) -> bool:
        """Whether a response in progress has given no sign of life for too long."""
        return self.heard is not None and time - self.heard > STALL
