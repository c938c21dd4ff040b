"""Legal sessions, from a seed or from any other source of decisions."""

from __future__ import annotations

from collections.abc import Iterable

from rtproto.events.dialect import DIALECTS
from rtproto.testing.chooser import Chooser, Seeded
from rtproto.testing.moves import FEATURES
from rtproto.testing.stage import Frame, Stage


def choose_features(chooser: Chooser, dialect: str) -> frozenset[str]:
    """A few features that go together."""
    below = chooser.below
    if dialect == "translation":
        return frozenset(("refusals",) if below(4) == 3 else ())
    ways: tuple[tuple[str, ...], ...] = (
        ("text",),
        ("voice",),
        ("push-to-talk",),
        ("text", "voice"),
        ("voice", "barge-in"),
        ("text", "push-to-talk", "voice"),
        ("voice", "webrtc"),
        ("voice", "barge-in", "webrtc"),
    )
    if dialect == "ga":
        ways += (("voice", "idle"), ("transcription-session", "voice"), ("transcription-session",))
    chosen = {*ways[below(len(ways))]}
    more = ["functions", "out-of-band", "input-transcription", "items", "updates", "failures", "clear"]
    if dialect == "ga":
        more += ["mcp", "segments"]
    chosen |= {name for name in more if below(3) == 2}
    chosen |= {name for name in ("refusals", "expiry") if below(8) == 7}
    if "mcp" in chosen and below(2):
        chosen.add("approval")
    if "webrtc" in chosen and dialect == "ga" and below(2):
        chosen.add("sip")
    return frozenset(chosen)


def compose(
    chooser: Chooser, dialect: str | None = None, features: Iterable[str] | None = None
) -> list[Frame]:
    """A legal session.  Without a dialect or features, the chooser takes them too.

    Raises `ValueError` for a dialect or feature that there is not.
    """
    return prepare(chooser, dialect, features).run()


def prepare(chooser: Chooser, dialect: str | None = None, features: Iterable[str] | None = None) -> Stage:
    """The stage of a session that is not written yet."""
    if dialect is None:
        dialect = ("ga", "beta", "translation")[(0, 0, 0, 1, 1, 2)[chooser.below(6)]]
    if dialect not in DIALECTS:
        raise ValueError(f"no dialect {dialect!r}; there are: " + ", ".join(DIALECTS))
    wanted = choose_features(chooser, dialect) if features is None else frozenset(features)
    for name in wanted:
        if dialect not in FEATURES.get(name, ()):
            known = ", ".join(name for name, dialects in FEATURES.items() if dialect in dialects)
            raise ValueError(f"no feature {name!r} in {dialect}; there are: {known or 'none'}")
    stage = Stage(chooser, dialect, wanted)
    if "early" in wanted and dialect != "translation":
        stage.expect("conversation")
    stage.expect("translation session" if dialect == "translation" else "session")
    if "idle" in wanted:
        stage.expect("idle turn")
    return stage


def generate(
    seed: int | str, *, dialect: str | None = None, features: Iterable[str] | None = None
) -> list[Frame]:
    """The legal session of that seed."""
    return compose(Seeded(seed), dialect, features)


def transcript(frames: Iterable[Frame], *, closed: bool = True) -> bytes:
    """The session as JSON Lines, one frame a line; `closed`: the connection's close is in it."""
    lines = [b'{"direction":"%b","event":%b}' % (frame.direction.encode(), frame.raw) for frame in frames]
    return b"\n".join([*lines, b'{"close":{}}'] if closed else lines) + b"\n"
