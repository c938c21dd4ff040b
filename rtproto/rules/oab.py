"""OAB: playback on WebRTC and SIP."""

from __future__ import annotations

from rtproto.rules.base import Rule
from rtproto.rules.examples import Example, drop, repeat


class StartedTwice(Rule):
    """Playback of a response starts once."""

    code = "OAB002"
    name = "started-twice"
    basis = "observed"
    message = "playback of this response has started before"
    evidence = "One start a response in 23 of 23 recorded WebRTC responses."
    symptoms = ("overlap",)
    example = Example("webrtc_turn", repeat("output_audio_buffer.started"))


class StopWithoutStart(Rule):
    """Playback that stops or is cleared has started, and ends once.

    Clients move the mouth by these events; an end without a start leaves the state machine of the avatar behind.
    """

    code = "OAB003"
    name = "stop-without-start"
    basis = "observed"
    message = "`{type}` without playback going on"
    evidence = "8 starts made 5 cleared and 3 stopped in a beta WebRTC log, 12 made 6 and 6 in another."
    exceptions = "`cleared` that answers a client's clear with nothing playing. Mid-session."
    symptoms = ("overlap",)
    example = Example("webrtc_turn", drop("output_audio_buffer.started"))
