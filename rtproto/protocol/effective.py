"""What the session's configuration in force says, as far as the recording shows it."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET

from rtproto.events.audio import BYTES_PER_MS
from rtproto.protocol.clock import Clock
from rtproto.protocol.values import field, tag_of

_DETECTS_NOTHING = re.compile(r'"type"\s*:\s*(?:"none"|null)')
"""Turn detection that is off although it is no null: some servers of Azure say it so."""
_SOON_SECONDS = 1.0
_SOON_LINES = 10


def name_of_voice(voice: Any) -> str | None:
    """A voice by its name or id: a string, or an object that names one."""
    return voice if isinstance(voice, str) else field(voice, "id") or field(voice, "name")


def voice_of(config: Any) -> str | None:
    """The voice of a session or response of either dialect; None where it names none."""
    return name_of_voice(field(config, "voice") or field(config, "audio", "output", "voice"))


class Effective(Clock):
    """The memory of one connection, asked for its configuration."""

    __slots__ = ()

    def configure(self, session: Any) -> None:
        """This is the session from now on; None for none."""
        self.session, self.detection = session, self.turn_detection_of(session)

    def turn_detection_on(self) -> bool | None:
        """Whether the server detects turns, by the effective session; None when no session has shown it."""
        return None if self.detection is UNSET else self.detection is not None

    def turn_detection_of(self, session: Any) -> Any:
        """The turn detection of a session that the server shows: None where it is off, UNSET where it is not shown."""
        holder = session if self.dialect == "beta" else field(session, "audio", "input")
        detection = getattr(holder, "turn_detection", UNSET)
        return None if _DETECTS_NOTHING.search(field(detection, "raw") or "") else detection

    def just_changed(self, line: int, since: int = 0, time: float | None = None) -> bool:
        """Whether `line` comes so soon after a change that it may still follow what was before it.

        The change is the last `session.updated`, or that of the line `since` and its `time`.  Soon is a second where
        the recording has times, else ten lines.
        """
        if not since:
            since, time = self.changed_line, self.changed_time
        if not since:
            return False
        if time is not None and self.time is not None:
            return self.time - time <= _SOON_SECONDS
        return line - since <= _SOON_LINES

    def commits_by_itself(self, event: Any) -> bool:
        """Whether a commit is not the client's, as far as the recording holds its side, from the session's start on."""
        return "client" in self.seen and not self.mid_session and self.ledger.unasked(event)

    def answers_by_itself(self) -> bool:
        """Whether turn detection may start responses, by the effective session; true also where none says no."""
        holder = self.session if self.dialect == "beta" else field(self.session, "audio", "input")
        detection = getattr(holder, "turn_detection", UNSET)
        return detection is not None and field(detection, "create_response") is not False

    def bytes_per_ms(self, side: str) -> int | None:
        """Bytes of a millisecond of `input` or `output` audio in the effective session; None when it is not known."""
        if self.session is None:
            return None
        if self.dialect == "beta":
            format = field(self.session, f"{side}_audio_format")
        else:
            format = tag_of(field(self.session, "audio", side, "format"))
        return BYTES_PER_MS.get(format or "pcm16")
