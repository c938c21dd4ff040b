"""The command `python -m rtproto record`: arguments to a recorder that runs until it is told to stop.

0 nothing found at or above the fail level, 1 findings, 2 it could not run, or could not write.  Findings and the
summary go to standard output, everything about the run to standard error.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import ipaddress
import re
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtproto import console

if TYPE_CHECKING:
    import ssl

    from rtproto.live.recorder import Recorder

CLEAN, FOUND, NOT_RUN = 0, 1, 2
_LISTEN = "127.0.0.1:8765"
_SIZE = re.compile(r"([1-9][0-9]{0,11})\s?(?:(k|M|G)(i?)B?|B)?", re.IGNORECASE)
_FILES_PER_SESSION = 3
"""Two sockets and a file."""

_EPILOG = """\
Point a client at the recorder instead of the server (OPENAI_BASE_URL, websocket_base_url, or the URL
it is given); keys, headers, subprotocols and the query go through.

exit status:
  0  nothing found at or above --fail-level
  1  findings at or above --fail-level
  2  it could not listen, or a recording could not be written; outranks 1
"""


def parser(prog: str, argv: Sequence[str]) -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} --upstream URL [options]",
        description="Record Realtime sessions between clients and a server, and judge them as they pass.",
        epilog=_EPILOG,
        formatter_class=console.help_formatter(argv),
        allow_abbrev=False,
    )
    add = made.add_argument
    add(
        "--upstream",
        metavar="URL",
        required=True,
        help="the server: wss://host, ws://host:port, with a path if it is to replace the client's",
    )
    add("--listen", metavar="HOST:PORT", default=_LISTEN, help=f"(default: {_LISTEN})")
    add("-o", "--output", metavar="DIR", default="sessions", help="for the recordings (default: sessions)")
    add("--upstream-ca", metavar="FILE", help="certificates that the upstream's is verified with (PEM)")
    add(
        "--tls",
        metavar="FILE",
        help="certificate and key (PEM): listen for wss://, which some clients insist on",
    )
    add("--elide-audio", action="store_true", help="write the length of streamed audio in its place")
    add("--no-redact", action="store_true", help="write keys and secrets too")
    add("--rotate", metavar="SIZE", type=_size, help="begin another file after so much: 100MB, 1GiB")
    add(
        "--fsync",
        choices=("always", "interval", "never"),
        default="interval",
        help="when lines are brought to the disk (default: interval; no line is lost with the process in any case)",
    )
    add(
        "--delay",
        metavar="MS",
        type=_delay,
        default=0.005,
        help="write so long after forwarding; 0: before anything later is forwarded (default: 5)",
    )
    add("--fsync-seconds", metavar="N", type=console.seconds, default=5.0, help="the interval (default: 5)")
    add("--max-connections", metavar="N", type=_count, default=500, help="(default: 500)")
    add("--max-message", metavar="SIZE", type=_size, default=24 * 2**20, help="(default: 24MiB)")
    codes = "rules by code, prefix or name, comma separated"
    add("--select", metavar="CODES", action="append", default=[], help=f"report only these {codes}")
    add("--ignore", metavar="CODES", action="append", default=[], help="never report these rules")
    add("--dialect", choices=("beta", "ga", "translation"), help="of the events (default: detected)")
    add("--profile", metavar="NAME | FILE.toml", help="whose server it is (default: detected)")
    levels = ("error", "warning", "info")
    add("--fail-level", choices=(*levels, "never"), default="error", help="(default: error)")
    add("--min-severity", choices=levels, default="warning", help="(default: warning)")
    add("--color", choices=("auto", "always", "never"), default="auto", help="(default: auto)")
    return made


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError("a size such as 65536, 100MB or 1GiB")
    number, unit, binary = match.groups()
    power = "kmg".index(unit.lower()) + 1 if unit else 0
    size: int = int(number) * (1024 if binary else 1000) ** power
    return size


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) < 1:
        raise argparse.ArgumentTypeError("a number, 1 or more")
    return int(text)


def _delay(text: str) -> float:
    if not text.isascii() or not text.isdigit() or len(text) > 3:
        raise argparse.ArgumentTypeError("milliseconds, 0 to 999")
    return int(text) / 1000


def main(argv: Sequence[str] | None = None, prog: str = "python -m rtproto record") -> int:
    """Run until SIGINT or SIGTERM and return the exit status; raises `SystemExit` where argparse does."""
    options = parser(prog, sys.argv[1:] if argv is None else argv)
    args = options.parse_args(argv)
    try:
        import websockets
    except ImportError:
        console.say("recording needs the package websockets: pip install 'rtproto[live]'")
        return NOT_RUN
    del websockets
    return console.guard(lambda: _record(options, args))


def _record(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    from rtproto.checker import SessionChecker
    from rtproto.checker_profile import profile_of
    from rtproto.findings import Severity
    from rtproto.live.handshake import server_tls_context, tls_context, upstream_of
    from rtproto.live.journal import Syncer
    from rtproto.live.printer import Printer
    from rtproto.live.recorder import Recorder
    from rtproto.live.session import EVENT_IDS, Keeping
    from rtproto.live.settings import Options
    from rtproto.reports.live import LiveReport
    from rtproto.selection import Selection

    try:
        upstream = upstream_of(args.upstream)
        host, port = _address(args.listen)
        selection = Selection(args.select, args.ignore)
        profile = None if args.profile is None else profile_of(args.profile)
    except ValueError as error:
        options.error(str(error))
    folder = Path(args.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        console.say(f"{folder}: recordings cannot be kept there: {_why(error)}")
        return NOT_RUN
    pem = args.upstream_ca
    try:
        upstream_tls = tls_context(pem) if upstream.scheme == "wss" else None
        pem = args.tls
        tls = None if pem is None else server_tls_context(pem)
    except OSError as error:
        console.say(f"no certificates can be read from {pem}: {_why(error)}")
        return NOT_RUN
    out = console.output()

    def write(line: str) -> None:
        out.write(line)
        out.flush()

    printer = Printer()
    report = LiveReport(
        printer.to(write),
        printer.to(console.say),
        selection=selection,
        least=Severity.parse(args.min_severity),
        color=console.color(args.color, out),
    )
    syncer = Syncer(args.fsync, args.fsync_seconds)
    settings = Options(
        upstream=upstream,
        folder=folder,
        tls=upstream_tls,
        keeping=Keeping(redact=not args.no_redact, elide_audio=args.elide_audio),
        rotate_bytes=args.rotate,
        max_message_bytes=args.max_message,
        delay_seconds=0.0 if args.fsync == "always" else args.delay,
        max_connections=_affordable(args.max_connections),
        checker=lambda from_start: SessionChecker(
            from_start=from_start,
            dialect=args.dialect,
            profile=profile,
            max_frame_bytes=args.max_message,
            event_ids=EVENT_IDS,
        ),
    )
    try:
        _run(_until_stopped(Recorder(settings, syncer, report), host, port, tls))
    except OSError as error:
        console.say(f"cannot listen on {args.listen}: {_why(error)}")
        return NOT_RUN
    finally:
        syncer.close()
        report.summary()
        try:
            printer.close()
        except BrokenPipeError:
            # Nobody reads any more: what was found until now is the verdict.
            console.drop_output()
    for refused in syncer.errors:
        console.say(f"{folder}: the disk refused what was written: {refused.strerror or refused}")
    if printer.dropped:
        console.say(f"{printer.dropped} lines were not shown: the terminal did not take them in time")
    if report.failures or syncer.errors:
        return NOT_RUN
    fail = None if args.fail_level == "never" else Severity.parse(args.fail_level)
    return FOUND if fail is not None and report.worst is not None and report.worst >= fail else CLEAN


async def _until_stopped(recorder: Recorder, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    """Record until SIGINT or SIGTERM.  Raises `OSError` where the address cannot be listened on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C cancels instead
            loop.add_signal_handler(wanted, stop.set)
    options = recorder.options
    addresses = await recorder.listen(host, port, tls)
    scheme, plain = ("ws", ", and the connection to it is not encrypted") if tls is None else ("wss", "")
    try:
        for place, number in addresses:
            shown = f"[{place}]" if ":" in place else place
            console.say(
                f"listening on {scheme}://{shown}:{number} for {options.upstream.url}, into {options.folder}"
            )
            if not ipaddress.ip_address(place).is_loopback:
                console.say(
                    f"{shown} is not a loopback address: whoever reaches this machine can connect to "
                    f"{options.upstream.url} through it{plain}"
                )
        if not options.keeping.redact:
            console.say("keys and secrets are written into the recordings")
        await stop.wait()
    finally:
        await recorder.close()


def _run(main: Coroutine[Any, Any, None]) -> None:
    """Run in the fastest event loop there is."""
    try:
        import uvloop
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def _address(text: str) -> tuple[str, int]:
    """Host and port.  Raises `ValueError` for what is neither `host:port` nor `[v6]:port`."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"--listen: {text!r} is no HOST:PORT, such as {_LISTEN}")
    return host, int(port)


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use; --listen takes another, and port 0 finds one that is free"
    if error.errno == errno.EACCES:
        return "a port below 1024 needs rights that this process has not"
    return (error.strerror or str(error)).lower()


def _affordable(connections: int) -> int:
    """As many of these connections as the process may have files open, which is raised if it can be."""
    try:
        import resource
    except ImportError:  # Windows
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections * _FILES_PER_SESSION + 64
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    affordable = (wanted - 64) // _FILES_PER_SESSION
    if affordable < connections:
        console.say(f"this process may have {wanted} files open: at most {affordable} connections")
    return max(affordable, 1)
