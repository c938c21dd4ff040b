"""What a run of the check command is asked for: its options, and below them the project's configuration."""

from __future__ import annotations

import argparse
from typing import Any

from msgspec import Struct

from rtproto import configuration
from rtproto.configuration import Found
from rtproto.findings import Severity
from rtproto.protocol.profiles import NAMES
from rtproto.recording import Settings
from rtproto.rules import RULES
from rtproto.rules.base import STRICT
from rtproto.selection import Selection, matching
from rtproto.wire import MAX_LINE_BYTES


class Wanted(Struct, frozen=True):
    """How recordings are checked and reported, wherever it was said."""

    arguments: dict[str, Any]
    """Those of `Settings`, plain values that another process can be given."""
    fail_level: Severity | None
    min_severity: Severity | None
    baseline: str | None
    found: Found

    def settings(self) -> Settings:
        """How to check one recording.  Raises `ValueError` for a dialect, profile or rule that there is not."""
        return Settings(**self.arguments)

    def selection(self, path: str) -> Selection:
        """The rules that are reported of that file."""
        ignored = (*self.arguments["ignore"], *self.found.ignored(path))
        return Selection(self.arguments["select"], ignored)

    def unserved(self) -> list[str]:
        """What to say of rules that were selected by themselves, and that need `strict-fields`; a sentence each."""
        if self.arguments["strict_fields"]:
            return []
        named = [
            name.strip() for names in self.arguments["select"] for name in names.split(",") if name.strip()
        ]
        alone = dict.fromkeys(codes[0] for name in named if len(codes := matching(name)) == 1)
        return [
            f"{code} {'finds nothing' if RULES[code].on == (STRICT,) else 'looks at few lines'} without --strict-fields"
            for code in alone
            if STRICT in RULES[code].on
        ]

    @property
    def least_known(self) -> Severity:
        """The least severity that the run may show or fail on, and so the least that a new baseline holds."""
        shown = self.min_severity or Severity.WARNING
        return shown if self.fail_level is None else min(shown, self.fail_level)


def wanted(args: argparse.Namespace) -> Wanted:
    """The options, and the configuration where an option was not given.  Raises `ValueError`."""
    if args.isolated:
        found = Found()
    elif args.config is not None:
        found = configuration.load(args.config)
    else:
        found = configuration.find()
    kept = found.configuration
    profile = kept.profile
    if profile is not None and profile not in NAMES:
        profile = found.path(profile)
    fail_level = args.fail_level or kept.fail_level or "error"
    min_severity = args.min_severity or kept.min_severity
    baseline = args.baseline
    if baseline is None and kept.baseline is not None:
        baseline = found.path(kept.baseline)
    return Wanted(
        arguments={
            "dialect": args.dialect or kept.dialect,
            "profile": args.profile or profile,
            "select": tuple(args.select) or kept.select,
            "ignore": tuple(args.ignore) or kept.ignore,
            "max_line_bytes": args.max_line_bytes or kept.max_line_bytes or MAX_LINE_BYTES,
            "input_format": args.input_format,
            "strict_fields": kept.strict_fields if args.strict_fields is None else args.strict_fields,
        },
        fail_level=None if fail_level == "never" else Severity.parse(fail_level),
        min_severity=None if min_severity is None else Severity.parse(min_severity),
        baseline=baseline,
        found=found,
    )
