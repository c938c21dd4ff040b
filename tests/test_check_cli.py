"""The command: options, exit status, what goes where, and what ends it early."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rtproto
from rtproto import __main__ as commands
from rtproto import console
from rtproto.check_outputs import Outputs
from rtproto.findings import Report, SessionReport
from rtproto.recording import Settings
from rtproto.rules import RULES
from rtproto.rules.sessions import session
from tests.command import BROKEN, CLEAN, Run, here, run
from tests.judging import encode

__all__ = ["here", "run"]

ROOT = Path(__file__).parent.parent


def spawn(*argv: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.run([sys.executable, *argv], env=environment, stderr=subprocess.PIPE, **how)


# Exit status


@pytest.mark.parametrize(
    "argv, status",
    [
        (["clean.jsonl"], 0),
        (["broken.jsonl"], 1),
        (["clean.jsonl", "broken.jsonl"], 1),
        (["broken.jsonl", "--fail-level", "never"], 0),
        (["broken.jsonl", "--ignore", "OUT"], 0),
        (["broken.jsonl", "--select", "RSP,ITM"], 0),
        (["broken.jsonl", "--select", "RSP", "--select", "delta-after-done"], 1),
        (["broken.jsonl", "--min-severity", "error"], 1),
        (["missing.jsonl"], 2),
        (["empty.jsonl"], 2),
        (["broken.jsonl", "missing.jsonl"], 2),
        (["missing.jsonl", "broken.jsonl"], 2),
        (["missing.jsonl", "--fail-level", "never"], 2),
        ([], 2),
        (["--nonsense"], 2),
        (["--format", "xml", "clean.jsonl"], 2),
        (["--select", "NOPE", "clean.jsonl"], 2),
        (["--profile", "acme", "clean.jsonl"], 2),
        (["--dialect", "gamma", "clean.jsonl"], 2),
        (["--max-line-bytes", "0", "clean.jsonl"], 2),
        (["--max-line-bytes", "many", "clean.jsonl"], 2),
        (["--max-line-bytes", "²", "clean.jsonl"], 2),
        (["--explain", "NOPE"], 2),
        (["--version"], 0),
        (["--help"], 0),
    ],
)
def test_exit_status(argv: list[str], status: int, run: Run) -> None:
    assert run(*argv)[0] == status


def test_the_fail_level_looks_at_roots_whatever_is_shown(here: Path, run: Run) -> None:
    cut = b"".join(CLEAN.splitlines(keepends=True)[:-3])
    (here / "cut.jsonl").write_bytes(cut)

    status, out, _ = run("cut.jsonl")
    assert (status, "not shown" in out) == (0, True)
    assert run("cut.jsonl", "--fail-level", "info", "--min-severity", "error")[0] == 1


# What is written, and where


def test_an_error_that_follows_from_a_warning_is_an_error(here: Path, run: Run) -> None:
    """OUT026 is a warning; that its item is done without having been added is ITM003, an error."""
    lines = session("text_turn")
    added = [n for n, (_, event) in enumerate(lines) if event["type"] == "conversation.item.added"]
    del lines[added[1]]
    (here / "warned.jsonl").write_bytes(b"".join(raw + b"\n" for _, raw in encode(lines)))

    code, out, _ = run("warned.jsonl")
    assert code == 1
    assert "warning[OUT026]" in out
    assert "(+1 consequence, 1 error; -v shows them)" in out
    code, out, _ = run("warned.jsonl", "--min-severity", "error", "--format", "concise")
    assert "warning[OUT026]" in out
    assert "(+1 consequence, 1 error)" in out


def test_a_clean_file_says_so_plainly(run: Run) -> None:
    events = CLEAN.count(b"\n")

    assert run("clean.jsonl") == (
        0,
        (
            f"clean.jsonl: {events} events, ga, complete: no findings\n"
            f"checked 1 file, {events} events: no findings\n"
        ),
        "",
    )


def test_findings_go_to_stdout_and_the_run_to_stderr(run: Run) -> None:
    status, out, err = run("broken.jsonl", "missing.jsonl", "-v")

    assert "error[OUT016] delta-after-done  broken.jsonl:" in out
    assert out.endswith("1 error; 1 path not checked\n")
    assert err == "rtproto: missing.jsonl: not checked: no such file or directory\n"
    assert status == 2


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "it is empty: no line of it holds an event"),
        (b"\x7fELF\x02\x01\x01\x00\x00" * 100, "this does not look like"),
        (b'{"name": "x"}\n', "this does not look like"),
    ],
)
def test_no_recording_is_said_to_be_none(content: bytes, told: str, here: Path, run: Run) -> None:
    (here / "x.jsonl").write_bytes(content)

    status, out, err = run("x.jsonl")
    assert (status, out) == (2, "nothing checked: 1 path not checked\n")
    assert err.startswith("rtproto: x.jsonl: not checked: ")
    assert told in err
    assert err.count("\n") == 1


def test_json(run: Run) -> None:
    status, out, err = run("--format", "json", "broken.jsonl", "clean.jsonl", "missing.jsonl")

    document = json.loads(out)
    assert status == 2
    assert [session["path"] for session in document["sessions"]] == ["broken.jsonl", "clean.jsonl"]
    assert [f["code"] for f in document["sessions"][0]["findings"] if f["caused_by"] is None] == ["OUT016"]
    assert document["unchecked"] == [{"path": "missing.jsonl", "reason": "no such file or directory"}]
    assert "missing.jsonl" in err


def test_jsonl(run: Run) -> None:
    _, out, _ = run("--format", "jsonl", "clean.jsonl", "broken.jsonl")

    first, *_, last = [json.loads(line) for line in out.splitlines()]
    assert (first["path"], first["session"], first["code"]) == ("broken.jsonl", 1, "OUT016")
    assert last["summary"]["by_severity"]["error"] == 1


def test_quiet_and_statistics(run: Run) -> None:
    assert run("-q", "clean.jsonl") == (0, "", "")
    assert run("-q", "broken.jsonl")[1].startswith("broken.jsonl:")
    assert (
        "findings by rule:\n       1  error    OUT016 delta-after-done\n"
        in run("--statistics", "broken.jsonl")[1]
    )


def test_the_profile_and_dialect_can_be_forced(run: Run) -> None:
    assert "profile compat: asked for" in run("-v", "--profile", "compat", "clean.jsonl")[1]
    assert (
        json.loads(run("--format", "json", "--dialect", "ga", "clean.jsonl")[1])["sessions"][0]["dialect"]
        == "ga"
    )


def test_lines_longer_than_the_limit(run: Run) -> None:
    status, out, _ = run("--max-line-bytes", "200", "clean.jsonl", "-q")

    assert status == 1
    assert "too-long" in out


# What is checked


def test_a_directory_is_searched_in_order(here: Path, run: Run) -> None:
    for name in (
        "sub/b.NDJSON",
        "sub/a.jsonl",
        "a/z.jsonl",
        ".git/x.jsonl",
        "a/.hidden.jsonl",
        "a/session.txt",
        "a/program.py",
    ):
        path = here / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CLEAN)
    (here / "all/a/notes.txt").write_text("Nothing happened.\n")
    (here / "all/a/package.json").write_text('{"name": "x"}\n')
    (here / "all/a/empty.log").write_bytes(b"")

    status, out, err = run("--format", "json", "all")
    paths = [Path(session["path"]).as_posix() for session in json.loads(out)["sessions"]]
    assert (status, err) == (0, "")
    assert paths == ["all/a/session.txt", "all/a/z.jsonl", "all/sub/a.jsonl", "all/sub/b.NDJSON"]


def test_a_directory_without_recordings(here: Path, run: Run) -> None:
    (here / "none").mkdir()
    (here / "none" / "notes.txt").write_text("x")

    status, _, err = run("none")
    assert status == 2
    assert err == (
        "rtproto: none: not checked: a directory without recordings: "
        "it has no *.jsonl or *.har file, and no log that holds events\n"
    )


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that may not be read")
def test_a_directory_that_may_not_be_read(here: Path, run: Run) -> None:
    (here / "shut").mkdir(mode=0)

    assert run("shut") == (
        2,
        "nothing checked: 1 path not checked\n",
        "rtproto: shut: not checked: permission denied\n",
    )


def test_a_directory_that_fails_while_it_is_read(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(folder: str) -> Any:
        if folder.endswith("shut"):
            raise PermissionError(13, "Permission denied", folder)
        return listed(folder)

    listed = os.scandir
    (here / "shut").mkdir()
    (here / "empty.jsonl").unlink()
    (here / "broken.jsonl").unlink()
    monkeypatch.setattr(os, "scandir", scandir)

    status, out, err = run(".")
    assert (status, err) == (2, "rtproto: ./shut: not checked: permission denied\n")
    assert "clean.jsonl: " in out


@pytest.mark.skipif(os.name == "nt", reason="symbolic links and pipes as POSIX has them")
def test_links_and_pipes_in_a_directory(here: Path, run: Run) -> None:
    folder = here / "odd"
    folder.mkdir()
    (folder / "real.jsonl").write_bytes(CLEAN)
    (folder / "link.jsonl").symlink_to("real.jsonl")
    (folder / "lost.jsonl").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "loop").symlink_to(folder)

    status, out, err = run("odd")
    assert status == 2
    assert out.startswith("odd/link.jsonl: ")
    assert err == (
        "rtproto: odd/real.jsonl: the same file as odd/link.jsonl, checked once\n"
        "rtproto: odd/lost.jsonl: not checked: no such file or directory\n"
    )


@pytest.mark.parametrize(
    "argv, told",
    [
        (["clean.jsonl", "clean.jsonl"], "clean.jsonl: named more than once, checked once"),
        (["clean.jsonl", "./clean.jsonl"], "./clean.jsonl: the same file as clean.jsonl, checked once"),
    ],
)
def test_the_same_file_twice(argv: list[str], told: str, run: Run) -> None:
    status, out, err = run(*argv)

    assert (status, err) == (0, f"rtproto: {told}\n")
    assert out.count("no findings") == 2
    assert "checked 1 file, " in out


@pytest.mark.skipif(os.name == "nt", reason="names as POSIX has them")
def test_a_name_that_no_file_can_have(run: Run) -> None:
    assert run("x" * 5_000)[2].endswith("x: not checked: file name too long\n")


class Stdin:
    """Standard input with bytes in it."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(BROKEN))

    status, out, err = run("-", "-")
    assert status == 1
    assert "error[OUT016] delta-after-done  <stdin>:" in out
    assert err == "rtproto: <stdin>: named more than once, checked once\n"


def test_there_may_be_no_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    assert run("-")[2] == "rtproto: <stdin>: not checked: there is no standard input\n"


def test_a_file_may_be_called_as_standard_input_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", Stdin(BROKEN))
    Path("<stdin>").write_bytes(BROKEN)

    status, out, err = run("<stdin>", "-", "--format", "concise")
    assert (status, err) == (1, "")
    assert [line.split(":")[0] for line in out.splitlines() if "OUT016" in line] == ["<stdin>"] * 2
    assert run("<stdin>", "-o", "json=<stdin>")[0] == 2  # its report must not take its place
    assert Path("<stdin>").read_bytes() == BROKEN


# What ends it early


def test_an_error_of_ours_costs_only_its_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = Settings.check_file

    def fail(self: Settings, path: str) -> Report:
        if path == "broken.jsonl":
            raise RuntimeError("no\x1b[2J way")
        return checks(self, path)

    monkeypatch.setattr(Settings, "check_file", fail)

    status, out, err = run("broken.jsonl", "clean.jsonl")
    assert (status, "clean.jsonl: " in out) == (2, True)
    assert err == (
        "rtproto: broken.jsonl: not checked: an error in rtproto itself, RuntimeError: no\\x1b[2J way; "
        "please report it; -v shows where\n"
    )
    assert "Traceback" in run("broken.jsonl", "-v")[2]


def test_control_c_leaves_a_report_of_what_was_checked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = Settings.check_file

    def interrupt(self: Settings, path: str) -> Report:
        if path == "clean.jsonl":
            os.kill(os.getpid(), signal.SIGINT)
        return checks(self, path)

    monkeypatch.setattr(Settings, "check_file", interrupt)

    status, out, err = run("broken.jsonl", "clean.jsonl", "empty.jsonl", "missing.jsonl", "-f", "json")
    document = json.loads(out)
    assert (status, [session["path"] for session in document["sessions"]]) == (130, ["broken.jsonl"])
    told = "interrupted; 2 paths after it not begun"
    assert document["unchecked"] == [{"path": "clean.jsonl", "reason": told}]
    assert err == f"rtproto: clean.jsonl: not checked: {told}\n"


def test_control_c_does_not_cut_what_is_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    tell = Outputs.session

    def interrupt(self: Outputs, session: SessionReport) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        tell(self, session)

    monkeypatch.setattr(Outputs, "session", interrupt)

    whole = run("clean.jsonl")
    assert (whole[0], "clean.jsonl: " in whole[1], whole[2]) == (130, True, "")
    status, out, err = run("clean.jsonl", "broken.jsonl")
    assert (status, "clean.jsonl: " in out, "broken" in out) == (130, True, False)
    assert err == "rtproto: broken.jsonl: not checked: interrupted\n"


def test_a_reader_that_leaves(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found until then is the verdict; nobody hears of the rest."""

    def leave(self: object, text: str = "") -> None:
        raise BrokenPipeError

    monkeypatch.setattr("rtproto.reports.lines.Lines.line", leave)
    monkeypatch.setattr(console, "drop_output", lambda: None)

    assert run("clean.jsonl", "missing.jsonl") == (0, "", "")
    assert run("broken.jsonl", "missing.jsonl") == (1, "", "")


def test_a_full_disk(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rtproto.reports.lines.Lines.line", full)
    monkeypatch.setattr(console, "drop_output", lambda: None)

    assert run("clean.jsonl") == (2, "", "rtproto: cannot write the report: No space left on device\n")


@pytest.mark.skipif(os.name == "nt", reason="pipes as POSIX has them")
@pytest.mark.parametrize(
    "argv, status",
    [
        (["rtproto.check", "broken.jsonl"], 1),
        (["rtproto.check", "clean.jsonl"], 0),
        (["rtproto.check", "--list-rules"], 0),
        (["rtproto", "tables"], 0),
    ],
)
def test_a_closed_pipe_ends_quietly(argv: list[str], status: int, here: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = spawn("-m", *argv, stdout=writer, cwd=here)
    finally:
        os.close(writer)

    assert (ran.returncode, ran.stderr) == (status, b"")


@pytest.mark.skipif(os.name == "nt", reason="a shell that closes descriptors")
def test_a_closed_standard_output(here: Path) -> None:
    command = f'exec "{sys.executable}" -m rtproto.check broken.jsonl missing.jsonl >&- 2>&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(["sh", "-c", command], env=environment, cwd=here)

    assert ran.returncode == 2


def test_an_encoding_that_lacks_the_characters(here: Path) -> None:
    (here / "häßlich.jsonl").write_bytes(BROKEN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "rtproto.check", "häßlich.jsonl"]
    text = subprocess.run(command, env=environment, cwd=here, capture_output=True)
    data = subprocess.run([*command, "--format", "json"], env=environment, cwd=here, capture_output=True)

    assert (text.returncode, text.stderr) == (1, b"")
    assert b"h\\xe4\\xdflich.jsonl:" in text.stdout
    assert json.loads(data.stdout.decode("utf-8"))["sessions"][0]["path"] == "häßlich.jsonl"


# Colours


def test_a_coloured_run(run: Run) -> None:
    assert "\x1b[1;31merror[OUT016]\x1b[0m" in run("--color", "always", "broken.jsonl")[1]
    assert "\x1b" not in run("broken.jsonl")[1]


# Rules, tables, schemas


def test_explain_by_code_and_by_name(run: Run) -> None:
    status, page, _ = run("--explain", "OUT016")

    assert status == 0
    assert page.startswith("OUT016 delta-after-done\n")
    assert run("--explain", "delta-after-done")[1] == page
    assert run("rules", "out016", main=commands.main)[1] == page


def test_explain_what_is_not_there(run: Run) -> None:
    status, out, err = run("--explain", "delta-after-dun")

    assert (status, out) == (2, "")
    assert err.endswith("error: no rule 'delta-after-dun'; did you mean OUT016 delta-after-done\n")


def test_every_rule_has_a_page(run: Run) -> None:
    for code, rule in RULES.items():
        status, page, _ = run("--explain", code)

        assert (status, page.splitlines()[0]) == (0, f"{code} {rule.name}")
        assert max(map(len, page.splitlines())) <= 100


def test_the_rules_are_listed(run: Run) -> None:
    _, listed, _ = run("--list-rules")

    assert [line[:6] for line in listed.splitlines()] == sorted(RULES)
    assert run("rules", main=commands.main)[1] == listed
    assert [rule["code"] for rule in json.loads(run("--list-rules", "--format", "json")[1])] == sorted(RULES)


def test_the_commands(run: Run) -> None:
    assert run("check", "clean.jsonl", main=commands.main) == run("clean.jsonl")
    assert (
        run("--version", main=commands.main)
        == run("--version")
        == (0, f"rtproto {rtproto.__version__}\n", "")
    )
    assert "## content part" in run("tables", main=commands.main)[1]
    assert json.loads(run("schema", main=commands.main)[1])["title"] == "rtproto-report/1"
    assert run("schema", "--check", main=commands.main)[0] == 0


@pytest.mark.parametrize(
    "argv, status",
    [
        ([], 2),
        (["--help"], 0),
        (["nonsense"], 2),
        (["check"], 2),
        (["check", "--help"], 0),
        (["rules", "--help"], 0),
        (["rules", "NOPE"], 2),
        (["tables", "nope"], 2),
        (["schema", "nope"], 2),
    ],
)
def test_the_commands_exit_status(argv: list[str], status: int, run: Run) -> None:
    assert run(*argv, main=commands.main)[0] == status


def test_a_schema_out_of_step(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtproto.reports.schema.problems", lambda: ["something is off"])

    assert run("schema", "--check", main=commands.main) == (
        1,
        "",
        "rtproto: rtproto-report-1.schema.json: something is off\n",
    )


# Start-up


def test_version_and_help_import_nothing_heavy() -> None:
    program = """
import sys
from rtproto import check
for option in ("--version", "--help"):
    try:
        check.main([option])
    except SystemExit:
        pass
print(sorted(m for m in sys.modules if m.split(".")[0] in ("rtproto", "msgspec", "pybase64", "rich", "tomli")))
"""
    ran = spawn("-c", program, stdout=subprocess.PIPE)

    assert ran.stderr == b""
    assert ran.stdout.splitlines()[-1] == b"['rtproto', 'rtproto.check', 'rtproto.console']"


def test_a_small_check_imports_only_what_it_needs(here: Path) -> None:
    """What other formats, files of settings and profiles need costs milliseconds that they alone should pay; and so do
    the long patterns, which few texts need."""
    (here / "pyproject.toml").write_text('[dependency-groups]\ndev = ["rtproto"]\n')
    program = """
import argparse, gc, re, sys
import msgspec
already = set(sys.modules)
from rtproto import check
check.main(["clean.jsonl", "--format", "concise"])
assert gc.isenabled()
heavy = ("rich", "yaml", "xml", "tomli", "difflib", "hashlib", "importlib.resources", "secrets", "tempfile")
light = ("copy", "ipaddress", "json", "pathlib", "urllib.parse", "weakref")
reports = ("full", "json", "sarif", "junit", "github", "gitlab", "summary", "places", "pages")
ours = ("baseline", "check_follow", "protocol.blind", "rules.sessions", *(f"reports.{name}" for name in reports))
unneeded = {*heavy, *light, *(f"rtproto.{name}" for name in ours)}
print(sorted(unneeded & (set(sys.modules) - already)))
slow = ("rtproto.credentials", "rtproto.events.audio", "rtproto.protocol.refusals", "rtproto.protocol.troubles")
print([name for name in slow if any(isinstance(value, re.Pattern) for value in vars(sys.modules[name]).values())])
"""
    ran = spawn("-c", program, stdout=subprocess.PIPE, cwd=here)

    assert (ran.stderr, ran.stdout.splitlines()[-2:]) == (b"", [b"[]", b"[]"])


def test_the_module_runs_from_anywhere(here: Path) -> None:
    ran = spawn("-m", "rtproto.check", "-q", "broken.jsonl", stdout=subprocess.PIPE, cwd=here)

    assert (ran.returncode, ran.stderr) == (1, b"")
    assert ran.stdout.startswith(b"broken.jsonl:")
