"""The command `python -m rtproto.check`: arguments to recordings to reports to an exit code.

0 nothing at or above the fail level, 1 findings, 2 something could not be checked; 2 outranks 1.  Findings go to
standard output, everything about the run itself to standard error.

Imports are made where they are needed: `--version` and `--help` must not wait for the decoders of a hundred events.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import rtproto
from rtproto import console

FORMATS = ("full", "concise", "json", "jsonl", "sarif", "junit", "github", "gitlab", "summary", "totals")
"""Those of `rtproto.reports`, which is not imported only to name them."""
BINARY = ("parquet",)
"""Likewise: those that are no text."""

_MOST_JOBS = 256
INPUT_FORMATS = (
    "jsonl, har, json, mitmproxy, yaml, websockets, frame-table, sdk-repr, aiohttp, console-ui, "
    "type-only, chrome-console, python-log, node, labelled, text"
)
"""Those of `rtproto.transcripts.formats`, likewise."""

_EPILOG = """\
A recording is JSON lines, a HAR, a YAML cassette, a log, or any text with events in it, also
compressed by gzip or Zstandard; its format is detected, and `python -m rtproto docs inputs`
shows each. Of a directory, *.jsonl, *.ndjson and *.har are taken, and of *.json, *.yaml, *.yml,
*.log, *.txt, *.flow and *.flows those that hold events; any of them may end in .gz or .zst.

exit status:
  0    nothing found at or above --fail-level
  1    findings at or above --fail-level
  2    something could not be checked: a missing or unreadable file, a file that is no
       recording, an empty one, a wrong option, or workers were lost; outranks 1
  130  ended by Ctrl-C; the report holds what was checked until then
"""


def parser(prog: str, argv: Sequence[str]) -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} [options] FILE | DIR | - ...",
        description="Check recorded OpenAI Realtime sessions: which line breaks which rule of the protocol, and why.",
        epilog=_EPILOG,
        formatter_class=console.help_formatter(argv),
        allow_abbrev=False,
    )
    add = made.add_argument
    add(
        "paths",
        nargs="*",
        metavar="FILE | DIR | -",
        help="recordings; a directory means all that are in it, and so does a URL or a pattern (**, *)",
    )
    add(
        "-f",
        "--format",
        metavar="FORMAT",
        type=_format,
        default="full",
        help=f"of the report: {', '.join(FORMATS)} (default: full)",
    )
    add(
        "-o",
        "--output",
        metavar="FORMAT=PATH",
        type=_output,
        action="append",
        default=[],
        help="write the report to a file too (or to a URL), in that format or as parquet; may be given several times",
    )
    codes = "rules by code, prefix or name, comma separated: OUT016,RSP,delta-after-done"
    add("--select", metavar="CODES", action="append", default=[], help=f"report only these {codes}")
    add("--ignore", metavar="CODES", action="append", default=[], help="never report these rules")
    add(
        "--input-format",
        metavar="FORMAT",
        help=f"of the recordings: {INPUT_FORMATS} (default: detected)",
    )
    add(
        "--strict-fields",
        action=argparse.BooleanOptionalAction,
        help="also look for members that no type has (SHP004) and repeated keys (WIR010); takes several times as long",
    )
    add("--dialect", choices=("beta", "ga", "translation"), help="of the events (default: detected)")
    add(
        "--profile",
        metavar="NAME | FILE.toml",
        help="whose server it is: openai, azure, azure-voice-live, xai, compat, or a file of yours (default: detected)",
    )
    add(
        "--fail-level",
        choices=("error", "warning", "info", "never"),
        help="least severity that makes the exit status 1 (default: error)",
    )
    add(
        "--min-severity",
        choices=("error", "warning", "info"),
        help="least severity that is shown (default: info in json, jsonl, sarif and gitlab, else warning)",
    )
    add(
        "-j",
        "--jobs",
        metavar="N",
        type=_jobs,
        help="check so many files at once, each in a process of its own; 0: as many as there are cores (default: 1)",
    )
    add(
        "--engine",
        metavar="ENGINE",
        type=_engine,
        help="who checks: processes of this machine (the default), the scheduler at dask://HOST:PORT, or dask: the one "
        "that Dask's settings name, or else a cluster of -j workers on this machine (as many as there are cores)",
    )
    add(
        "--state", metavar="FILE", help="keep here what was found, and skip files that have not changed since"
    )
    add(
        "--follow",
        action="store_true",
        help="judge one FILE (or -) while it is written, until Ctrl-C; full, concise or jsonl",
    )
    add("--baseline", metavar="FILE", help="report no findings that this file says are known")
    add(
        "--update-baseline",
        action="store_true",
        help="write what is found into the baseline; reasons are kept",
    )
    add(
        "--fail-on-stale", action="store_true", help="exit with 1 if the baseline knows of more than is found"
    )
    settings = made.add_mutually_exclusive_group()
    settings.add_argument(
        "--config",
        metavar="FILE",
        help="settings (default: the nearest rtproto.toml, or pyproject.toml with [tool.rtproto])",
    )
    settings.add_argument("--isolated", action="store_true", help="use no file of settings")
    add("--explain", metavar="CODE", help="print the page of a rule, and check nothing")
    add("--list-rules", action="store_true", help="print every rule, and check nothing")
    add("--statistics", action="store_true", help="end with counts by rule and by event type")
    add(
        "-v",
        "--verbose",
        action="store_true",
        help="show findings that only follow from others, and all of a rule that has many",
    )
    add("-q", "--quiet", action="store_true", help="one line a finding, and nothing else")
    add("--max-line-bytes", metavar="N", type=_positive, help="longest line that is read (default: 33554432)")
    add("--color", choices=("auto", "always", "never"), default="auto", help="(default: auto)")
    add("--version", action="version", version=f"rtproto {rtproto.__version__}")
    return made


def _format(text: str, formats: Sequence[str] = FORMATS) -> str:
    named = "full" if text == "text" else text
    if named in BINARY and named not in formats:
        raise argparse.ArgumentTypeError(f"{named} is no text: -o {named}=PATH writes it to a file")
    if named not in formats:
        from difflib import get_close_matches

        near = get_close_matches(named, formats, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(formats)}"
        raise argparse.ArgumentTypeError(f"no report format {text!r}; {hint}")
    return named


def _output(text: str) -> tuple[str, str]:
    named, equals, path = text.partition("=")
    if not equals or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not FORMAT=PATH, such as sarif=report.sarif")
    return _format(named, (*FORMATS, *BINARY)), path


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) > _MOST_JOBS:
        raise argparse.ArgumentTypeError(f"a number of processes, 0 to {_MOST_JOBS}")
    return int(text)


def _engine(text: str) -> str:
    """`processes`, `dask`, or the address of a scheduler as Dask writes it."""
    if text in ("processes", "dask"):
        return text
    scheme, separator, place = text.partition("://")
    protocol = {"dask": "tcp", "dask+tls": "tls"}.get(scheme)
    host, colon, port = place.rpartition(":")
    if protocol is None or not separator or not host or not colon or not port.isdecimal():
        raise argparse.ArgumentTypeError(
            f"no engine {text!r}; there are: processes, dask, dask://HOST:PORT, dask+tls://HOST:PORT"
        )
    return f"{protocol}://{place}"


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < 1:
        raise argparse.ArgumentTypeError("a number of bytes, 1 or more")
    return int(text)


def main(argv: Sequence[str] | None = None, prog: str = "python -m rtproto.check") -> int:
    """Run the command and return its exit status; raises `SystemExit` where argparse does (options, --help)."""
    options = parser(prog, sys.argv[1:] if argv is None else argv)
    args = options.parse_args(argv)
    run = _list_rules if args.explain is not None or args.list_rules else _check
    return console.guard(lambda: run(options, args))


def _list_rules(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    from rtproto.reports.pages import write_rules

    out = console.output(args.format)
    try:
        write_rules(
            out.write, [] if args.explain is None else [args.explain], args.format, console.width(out)
        )
    except ValueError as error:
        options.error(str(error))
    return 0


def _check(options: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if not args.paths:
        options.error("no FILE, DIR or - (standard input) to check")
    if args.follow and args.format not in ("full", "concise", "jsonl"):
        options.error(
            f"--follow writes full, concise or jsonl; -o {args.format}=PATH takes the closing report"
        )
    if args.follow and (args.jobs not in (None, 1) or args.state is not None or args.engine is not None):
        options.error("--follow judges one file as it grows: -j, --state and --engine do not go with it")
    if args.engine not in (None, "processes"):
        from importlib.util import find_spec

        if find_spec("distributed") is None:
            options.error("--engine dask needs Dask: pip install 'rtproto[fleet]'")
        if args.engine != "dask" and args.jobs is not None:
            options.error("-j counts workers of this machine: a scheduler has those it has")
    if args.follow and args.input_format not in (None, "auto", "jsonl"):
        options.error(f"--follow reads JSONL only: it cannot wait for more of {args.input_format}")
    if args.follow and args.update_baseline:
        options.error("--update-baseline needs a whole recording: it does not go with --follow")
    return _run()(options, args)


def _run() -> Callable[[argparse.ArgumentParser, argparse.Namespace], int]:
    """What runs the checks.  Its modules only ever add objects, among which a collector finds nothing to collect: not
    while they are made, nor later, nor at the end of the process."""
    import gc

    was_on = gc.isenabled()
    gc.disable()
    try:
        from rtproto.check_run import check

        gc.freeze()
    finally:
        if was_on:
            gc.enable()
    return check


if __name__ == "__main__":
    sys.exit(main())
