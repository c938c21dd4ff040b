"""`python -m rtproto COMMAND`: check recordings, record sessions, print the rules, the tables and the schemas.

Each command lives where its matter lives; this module only finds it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import rtproto
from rtproto import console

PROG = "python -m rtproto"

_COMMANDS = {
    "check FILE ...": "check recorded sessions (the same as python -m rtproto.check)",
    "convert FILE": "write a recording in any format as JSON lines",
    "record": "record sessions between clients and a server, and judge them as they pass",
    "rules [CODE ...]": "print the rules, or the pages of some; --check verifies the docs",
    "tables": "print the state tables, as Markdown with diagrams",
    "schema": "print the JSON Schema of the JSON report; --check verifies it",
    "conform": "run a checker over the conformance suite, and keep the suite",
    "docs [PAGE]": "print a page of documentation, or which there are",
}
"""How each is called, and what it does."""

_HELP = "\n".join(
    [
        "commands:",
        *(f"  {call:<18}{what}" for call, what in _COMMANDS.items()),
        "",
        "`python -m rtproto COMMAND --help` says more.",
    ]
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; raises `SystemExit` where argparse does (options, --help)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] == "check":
        from rtproto import check

        return check.main(arguments[1:], prog=f"{PROG} check")
    if arguments and arguments[0] == "convert":
        from rtproto import convert

        return convert.main(arguments[1:], prog=f"{PROG} convert")
    if arguments and arguments[0] == "conform":
        from rtproto.conform import cli

        return cli.main(arguments[1:], prog=f"{PROG} conform")
    if arguments and arguments[0] == "record":
        from rtproto.live import command as record

        return record.main(arguments[1:], prog=f"{PROG} record")
    parser = argparse.ArgumentParser(
        prog=PROG,
        usage=f"{PROG} COMMAND ...",
        description="What there is to know about the OpenAI Realtime protocol.",
        epilog=_HELP,
        formatter_class=console.help_formatter(arguments),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"rtproto {rtproto.__version__}")
    parser.add_argument(
        "command",
        choices=[call.split()[0] for call in _COMMANDS],
        help=argparse.SUPPRESS,
    )
    command: str = parser.parse_args(arguments[:1]).command
    run = {"rules": _rules, "tables": _tables, "schema": _schema, "docs": _docs}[command]
    return console.guard(lambda: run(arguments[1:]))


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"{PROG} {command}", description=description, allow_abbrev=False)


def _rules(argv: Sequence[str]) -> int:
    parser = _parser("rules", "Print every rule, or the pages of those named by code, prefix or name.")
    parser.add_argument("codes", nargs="*", metavar="CODE")
    parser.add_argument("--format", choices=("text", "json", "jsonl"), default="text", help="(default: text)")
    _generated(parser)
    args = parser.parse_args(argv)
    if args.write or args.check:
        from rtproto.generated import keep
        from rtproto.reports import rule_docs

        return keep(rule_docs.files(), check=args.check, stale=_stale_pages(rule_docs.FOLDER, rule_docs.PAGE))
    from rtproto.reports.pages import write_rules

    try:
        out = console.output(args.format)
        write_rules(out.write, args.codes, args.format, console.width(out))
    except ValueError as error:
        parser.error(str(error))
    return 0


def _tables(argv: Sequence[str]) -> int:
    parser = _parser(
        "tables", "Print the state tables of the protocol's entities, as Markdown with Mermaid diagrams."
    )
    parser.add_argument(
        "machines", nargs="*", metavar="MACHINE", help='only these, for example "content part"'
    )
    parser.add_argument("--json", action="store_true", help="print all tables and routes as JSON instead")
    _generated(parser)
    args = parser.parse_args(argv)
    from rtproto.reports.tables import FILES, export, tables

    if args.write or args.check:
        from rtproto.generated import keep

        return keep(FILES, check=args.check)
    try:
        page = export() if args.json else tables(args.machines)
    except ValueError as error:
        parser.error(str(error))
    console.output("json" if args.json else "markdown").write(page)
    return 0


def _generated(parser: argparse.ArgumentParser) -> None:
    """The options of a command that also keeps files in the source tree."""
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument(
        "--write", action="store_true", help="write the files made from this, in the source tree's top"
    )
    keep.add_argument("--check", action="store_true", help="verify instead that these files are up to date")


def _stale_pages(folder: str, pattern: re.Pattern[str]) -> list[str]:
    """Files in a folder that look generated, whether they still are or not."""
    return [path.as_posix() for path in sorted(Path(folder).glob("*")) if pattern.fullmatch(path.name)]


def _schema(argv: Sequence[str]) -> int:
    parser = _parser("schema", "Print the JSON Schema of the JSON report (draft 2020-12).")
    parser.add_argument(
        "--check", action="store_true", help="verify instead that schema and writer are in step"
    )
    args = parser.parse_args(argv)
    from rtproto.reports import schema

    if not args.check:
        console.output("json").write(schema.text())
        return 0
    problems = schema.problems()
    for problem in problems:
        console.say(f"{schema.FILE}: {problem}")
    if not problems:
        console.output().write(f"{schema.FILE}: in step with the writer\n")
    return 1 if problems else 0


def _docs(argv: Sequence[str]) -> int:
    from rtproto import manual

    parser = _parser("docs", "Print a page of documentation, as Markdown.")
    parser.add_argument(
        "page", nargs="?", choices=manual.PAGES, help="its name (default: print all names, with titles)"
    )
    name: str | None = parser.parse_args(argv).page
    try:
        text = manual.contents() if name is None else manual.page(name)
    except OSError as error:
        parser.error(str(error))
    console.output("markdown").write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
