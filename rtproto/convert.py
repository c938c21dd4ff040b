"""The command `python -m rtproto convert`: a recording in any format that is read, written as JSON lines.

The lines are those of docs/format.md, which the recorder writes too.  What a reader lost of an event is said beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, cast

import msgspec

from rtproto import console
from rtproto.events.dialect import direction_of
from rtproto.transcripts.frames import Frame, NotARecording, Unreadable
from rtproto.transcripts.jsonl import holds_object, type_of
from rtproto.wire import MAX_LINE_BYTES

if TYPE_CHECKING:
    from rtproto.transcripts.formats import Recording
    from rtproto.transcripts.interleaved import Apart
    from rtproto.transcripts.named import Named

NOT_CONVERTED = 2


def main(argv: Sequence[str], prog: str) -> int:
    """Run the command and return its exit status: 0, or 2 where the recording could not be read to its end."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Write a recording as JSON lines, whatever format it is in.",
        formatter_class=console.help_formatter(argv),
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("recording", metavar="FILE | -", help="the recording; - is standard input")
    add("-o", "--output", metavar="FILE", required=True, help="where to write; - is standard output")
    add("--input-format", metavar="FORMAT", help="of the recording (default: detected)")
    add("--redact", action="store_true", help="hide API keys, tokens and secrets")
    add("--elide-audio", action="store_true", help="write the number of bytes in place of streamed audio")
    args = parser.parse_args(argv)
    return console.guard(lambda: _convert(parser, args))


def _convert(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    from rtproto.recording import reason

    target = beside = None if args.output == "-" else Path(args.output)
    with ExitStack() as opened:
        try:
            if target is not None:
                if target.exists():
                    parser.error(f"{args.output} exists; nothing was written")
                # What does not become whole is never seen under its name.
                beside = target.with_name(f".{target.name}.{os.getpid()}")
                opened.callback(beside.unlink, missing_ok=True)
            source = _open(opened, args.recording, "rb", sys.stdin)
            recording, apart = _told_apart(source, args.input_format)
            output = _open(opened, "-" if beside is None else str(beside), "xb", sys.stdout)
            options = {"redact": args.redact, "elide_audio": args.elide_audio}
            count = 0
            frames = recording.frames(MAX_LINE_BYTES)
            for line in lines(frames if apart is None else apart.frames(frames), **options):
                output.write(line)
                count += 1
            output.flush()
            if beside is not None and target is not None:
                beside.replace(target)
        except (NotARecording, Unreadable) as why:
            console.say(f"{args.recording}: not converted: {why}")
            return NOT_CONVERTED
        except ValueError as error:
            parser.error(str(error))
        except OSError as error:
            named = args.output if error.filename in (None, str(beside)) else error.filename
            console.say(f"{named}: not converted: {reason(error)}")
            return NOT_CONVERTED
    console.say(f"{args.recording}: read as {recording.format.name}: {recording.reason}; {count:,} lines")
    for told in (*recording.limits, *([] if apart is None else [apart.told()])):
        console.say(f"{args.recording}: {told}")
    return 0


def _told_apart(source: BinaryIO, name: str | None) -> tuple[Recording, Named | Apart | None]:
    """The recording at its beginning, and its sessions where they are interleaved and it does not name them."""
    from rtproto.transcripts.formats import open_recording
    from rtproto.transcripts.interleaved import began_again
    from rtproto.transcripts.named import told_apart

    start = source.tell() if source.seekable() else None
    recording = open_recording(source, name)
    if start is None:
        return recording, None

    def again() -> Recording:
        source.seek(start)
        return open_recording(source, name)

    apart = None
    if began_again(recording.frames(MAX_LINE_BYTES)):
        apart = told_apart(lambda: again().frames(MAX_LINE_BYTES))
    return again(), None if apart is not None and apart.why else apart


def _open(opened: ExitStack, name: str, mode: str, standard: TextIO) -> BinaryIO:
    if name == "-":
        return standard.buffer
    return cast("BinaryIO", opened.enter_context(Path(name).open(mode)))


def lines(frames: Iterator[Frame], *, redact: bool = False, elide_audio: bool = False) -> Iterator[bytes]:
    """The lines of a recording, each with its LF.

    Frames of which nothing but a fault is known (an event that was too long) are left out.
    """
    for frame in frames:
        if frame.fault is None:
            yield msgspec.json.encode(_line(frame, redact=redact, elide_audio=elide_audio)) + b"\n"


def _line(frame: Frame, *, redact: bool, elide_audio: bool) -> dict[str, Any]:
    line: dict[str, Any] = {}
    if frame.seconds is not None:
        line["time"] = frame.seconds
    if frame.session:
        line["connection"] = frame.session
    direction = frame.direction or direction_of(type_of(frame.raw))
    if direction is not None:
        line["direction"] = direction
    if frame.close is not None:
        line["close"] = frame.close
        return line
    if frame.loss:
        line["loss"] = frame.loss
    line.update(_event(frame.raw, redact=redact, elide_audio=elide_audio))
    return line


def _event(raw: bytes, *, redact: bool, elide_audio: bool) -> dict[str, Any]:
    """The members that hold an event: as it is where it is an object, else as text."""
    from rtproto.live.redaction import redacted, redacted_text
    from rtproto.transcripts.elision import audio_size, audio_span

    if not holds_object(raw):
        text = raw.decode("utf-8", "replace")
        return {"event": redacted_text(text) if redact else text}
    members: dict[str, Any] = {}
    if elide_audio and (span := audio_span(raw)) is not None and (size := audio_size(raw, span)):
        raw = raw[: span[0]] + raw[span[1] :]
        members["audio_bytes"] = size
    if redact:
        raw = redacted(raw)
    # An object may have been written over several lines.
    members["event"] = msgspec.Raw(
        msgspec.json.format(raw, indent=-1) if b"\n" in raw or b"\r" in raw else raw
    )
    return members
