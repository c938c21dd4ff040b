"""What a recording does not show, in the words of a report."""

from __future__ import annotations

from rtproto.protocol.facts import Facts


def limits(facts: Facts) -> tuple[str, ...]:
    """What was therefore not judged: a sentence each."""
    limits: list[str] = []
    if facts.mid_session:
        limits.append("starts mid-session: what began earlier is taken as given")
    if facts.cut and any(not response.done for response in facts.responses.values()):
        limits.append("stops in the middle of a response: what would have followed is not judged")
    if "client" not in facts.seen and facts.seen:
        limits.append("server side only: rules about requests and their answers are off")
    if "server" not in facts.seen and facts.seen:
        limits.append("client side only: rules about what the server does are off")
    for side, what in (("client", "sent"), ("server", "received")):
        if side in facts.elided:
            limits.append(
                f"audio {what} by the client was cut by the recorder: rules about its duration are off"
            )
    return tuple(limits)
