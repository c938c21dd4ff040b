"""What is remembered of one connection: the attributes of `rtproto.protocol.facts.Facts`, not what it makes of them.

A server keeps one for each of its sessions, so it should take no more than it needs: attributes have slots, sets of
names are shared between connections, and sets that are mostly empty are dictionaries, which take a third of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from rtproto.protocol.hearing import Hearing
from rtproto.protocol.ledger import Ledger
from rtproto.protocol.playback import Playback
from rtproto.protocol.records import Item, Response
from rtproto.protocol.troubles import Troubles
from rtproto.protocol.values import NO_NAMES

if TYPE_CHECKING:
    from rtproto.protocol.engine import Entity


class Memory:
    """Everything remembered about one connection."""

    __slots__ = (
        "append_line",
        "append_time",
        "appended",
        "asked_line",
        "audio_delta",
        "call_items",
        "call_outputs",
        "changed_line",
        "changed_time",
        "client_ids",
        "committed_item",
        "conversation",
        "current_response",
        "cut",
        "deleted",
        "detection",
        "dialect",
        "dialect_shown",
        "elided",
        "emptied_line",
        "first_time",
        "from_start",
        "happened",
        "heard",
        "hearing",
        "idle_item",
        "items",
        "ledger",
        "mid_session",
        "misplaced",
        "offered",
        "output_audio",
        "output_clears",
        "playback",
        "refused_calls",
        "remote_tools",
        "response_done_line",
        "response_done_time",
        "responses",
        "seen",
        "session",
        "session_line",
        "session_type",
        "spoke_line",
        "spoke_type",
        "spoke_voice",
        "time",
        "tool_listings",
        "troubles",
        "turn_due",
        "turns",
    )

    def __init__(
        self, *, dialect: str | None = "ga", troubles: Troubles | None = None, from_start: bool = False
    ) -> None:
        self.dialect = dialect or "ga"
        self.dialect_shown = dialect is not None
        """The dialect was asked for, or an event has shown it; else it is a guess."""
        self.troubles = Troubles() if troubles is None else troubles
        """What the server said went wrong, also on connections before this one in the same recording."""
        self.from_start = from_start
        """It is known that the recording holds the connection's first event."""
        self.mid_session = False
        self.cut = False
        """The recording stops without a close of the connection."""
        self.seen: frozenset[str] = NO_NAMES
        """The directions of which the recording has shown an event."""
        self.session: Any = None
        """The effective session of the last `session.created` or `.updated`; None before the first."""
        self.detection: Any = UNSET
        """Its turn detection: None where it is off, UNSET where no session has shown it."""
        self.session_type = "session.created"
        """The event type that showed it, and its line."""
        self.session_line = 0
        self.changed_line = 0
        """The line of the last `session.updated`; what was on its way then may still follow the old configuration."""
        self.changed_time: float | None = None
        self.remote_tools: dict[str, list[Any]] = {}
        """Every configuration of a remote server of tools (MCP) that client or session showed, by its label."""
        self.tool_listings: dict[str, str] = {}
        """The item that lists the tools of a remote server, by the server's label."""
        self.conversation: dict[str, None] = {}
        """Item ids in the conversation's order, as far as the recording shows it."""
        self.deleted: dict[str, None] = {}
        self.misplaced: str | None = None
        """The last item, where it came into the conversation without having been added: its place is a guess."""
        self.items: dict[str, Item] = {}
        self.responses: dict[str, Response] = {}
        self.happened: frozenset[str] = NO_NAMES
        """What of `Happening` the connection has seen."""
        self.turns: int = 0
        """User turns committed so far."""
        self.current_response: str | None = None
        """The response that writes to the default conversation now."""
        self.turn_due: tuple[int, str] | None = None
        """The event by which the user has spoken, or kept silent for too long, which the server may answer by itself:
        its line and type; None where no such turn waits."""
        self.committed_item: str | None = None
        self.idle_item: str | None = None
        """The item that the last idle timeout announced."""
        self.output_clears = 0
        """`output_audio_buffer.clear` requests that no `cleared` has answered yet."""
        self.ledger = Ledger()
        """The client's requests that wait for an answer."""
        self.offered = (0, "")
        """Line and item type of the client's last message or tool's output; 0 before it."""
        self.asked_line = 0
        """The line of the client's last `response.create`."""
        self.time: float | None = None
        """Seconds, by the recording's clock, at the event that is being judged; None where it has no times."""
        self.first_time: float | None = None
        """Seconds, by the same clock, at the first event that had a time."""
        self.heard: float | None = None
        """Seconds at the last sign of life of a response in progress; None where there is none, or no clock."""
        self.response_done_line = 0
        """The line of the last `response.done`, of whatever response."""
        self.response_done_time: float | None = None
        """Seconds at the last `response.done`."""
        self.append_line = 0
        """The line of the first audio that the client appended; 0 before it."""
        self.append_time: float | None = None
        """Seconds at that line."""
        self.client_ids: dict[str, int] = {}
        """Line of each client event that carried an `event_id`."""
        self.appended: int | None = 0
        """Decoded bytes appended since the last commit or clear; None once they cannot be known."""
        self.emptied_line = 0
        """The line of the client's last commit or clear."""
        self.elided: frozenset[str] = NO_NAMES
        """The directions of which the recorder has cut audio payloads."""
        self.output_audio: dict[tuple[str, int], Entity] = {}
        """The audio stream of each content part that spoke."""
        self.hearing = Hearing(self.ledger.generated)
        self.call_items: dict[str, str] = {}
        """The id of the function_call item by call_id."""
        self.call_outputs: dict[str, dict[str, None]] = {}
        """The ids of the function_call_output items by call_id, but for those that were deleted."""
        self.refused_calls: dict[str, int] = {}
        """Line of the error that refused a function_call of the client's, by call_id, for calls never shown."""
        self.playback = Playback()
        self.audio_delta = (0, "")
        """Line and type of the first audio that came in an event; 0 before it."""
        self.spoke_type = ""
        self.spoke_line: int | None = None
        """The line of the first audio output in the default conversation."""
        self.spoke_voice: str | None = None
        """The voice of the response that it is of; None where nothing has shown it."""
