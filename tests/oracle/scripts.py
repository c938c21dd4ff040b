"""A dozen small conversations, legal in every line: what is said and done in a day of such a server."""

from __future__ import annotations

from .talk import Lines, Talk


def scripts() -> dict[str, Lines]:
    """The lines of each by name; the name begins with the dialect."""
    told: dict[str, Talk] = {}

    def talk(name: str, dialect: str, *, vad: bool = False, webrtc: bool = False) -> Talk:
        told[f"{dialect}-{name}"] = new = Talk(dialect, vad=vad, webrtc=webrtc)
        return new

    for dialect in ("ga", "beta"):
        t = talk("chat", dialect)
        t.opens()
        t.says("Hello")
        t.asks()
        t.speaks("Hi", " there")
        t.says("more")
        t.asks()
        t.writes("Yes", ", ", "sir")

        t = talk("voice", dialect, vad=True)
        t.opens()
        heard = t.hears()
        t.speaks("Good", " day")
        t.transcribes(heard, "hello")
        heard = t.hears()
        t.transcribes(heard, "again")
        t.speaks("Right")

        t = talk("call", dialect)
        t.opens()
        t.hears()
        t.asks()
        call = t.calls('{"a":', "1}")
        t.returns(call)
        t.asks()
        t.writes("Done")

        t = talk("transcription", dialect)
        t.opens_transcription()
        t.transcribes(t.hears(), "hello")
        t.transcribes(t.hears(), "again")

        t = talk("webrtc", dialect, webrtc=True)
        t.opens()
        t.says("Hello")
        t.asks()
        t.begins()
        t.message(["Hi", " you"], audio=True)
        t.plays("started")
        t.ends()
        t.plays("stopped")

        t = talk("truncation", dialect)
        t.opens()
        t.says("Hello")
        t.asks()
        item = t.speaks("Long", " speech", ms=400)
        t.cuts(item, 200)

        t = talk("beside", dialect)
        t.opens()
        t.says("Hello")
        t.asks(conversation="none")
        t.begins(conversation=None)
        t.message(["Apart"], audio=True, mirrored=False)
        t.ends(conversation=None)
        t.asks()
        t.speaks("Here")

        t = talk("in-two", dialect, vad=True)
        t.opens()
        t.hears_in_two()
        t.speaks("Go", " on")
        t.hears()
        t.speaks("Yes")

    t = talk("remote", "ga")
    t.opens()
    t.lists_tools()
    t.says("Hello")
    t.asks()
    t.remote('{"q":', "1}")
    return {name: talk.lines for name, talk in told.items()}
