"""Keeping the suite: canonical form, and what holds of every case."""

from __future__ import annotations

from pathlib import Path

from rtproto import console
from rtproto.conform import lints, suite
from rtproto.conform.case import CaseError, dump, load


def fmt(folder: Path | None, *, check: bool) -> int:
    """Write every case file in its canonical form, or say which are not in it; the exit status."""
    code = 0
    folder = folder or suite.home()
    for path in suite.files(folder):
        try:
            text = path.read_bytes().decode()
            canonical = dump(load(text))
        except (OSError, UnicodeDecodeError, CaseError) as why:
            console.say(f"{path}: {why}")
            code = 1
            continue
        if text == canonical:
            continue
        if check:
            console.say(f"{path} is not in canonical form; run the command without --check")
            code = 1
        else:
            path.write_bytes(canonical.encode())
    try:
        return max(code, _fmt_counts(folder, check=check))
    except (OSError, suite.SuiteError) as why:
        console.say(str(why))
        return 1


_COUNTS = "\n[counts]\n"


def _fmt_counts(folder: Path, *, check: bool) -> int:
    path = folder / "suite.toml"
    text = path.read_text(encoding="utf-8")
    counts = suite.count([case for _, case in suite.read(folder)])
    lines = [f"cases = {counts.cases}"]
    for group in ("verdict", "area", "dialect"):
        lines += ["", f"[counts.{group}]"]
        lines += (f"{name} = {number}" for name, number in getattr(counts, group).items())
    canonical = text.partition(_COUNTS)[0] + _COUNTS + "\n".join(lines) + "\n"
    if text == canonical:
        return 0
    if check:
        console.say(f"{path}: [counts] is out of date; run the command without --check")
        return 1
    path.write_text(canonical, encoding="utf-8")
    return 0


def generate(folder: Path | None, *, check: bool) -> int:
    """Write the cases that are made from the rules, or say which are out of date; the exit status."""
    from rtproto.conform import rule_cases
    from rtproto.generated import keep

    cases = (folder or suite.home()) / suite.CASES
    files = {(cases / name).as_posix(): make for name, make in rule_cases.texts().items()}
    there = (path.as_posix() for name in rule_cases.FOLDERS for path in (cases / name).rglob("*.toml"))
    return keep(files, check=check, stale=sorted(there))


def lint(folder: Path | None) -> int:
    """Say what is wrong with the suite; the exit status."""
    try:
        problems = lints.problems(folder or suite.home())
    except suite.SuiteError as why:
        problems = [str(why)]
    for problem in problems:
        console.say(problem)
    if not problems:
        console.output().write("the suite is sound\n")
    return 1 if problems else 0
