"""Many files at once, and what is kept of a run: the same report, whatever helped to make it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtproto import check_state
from rtproto.check_targets import Target
from rtproto.check_work import reports_of
from rtproto.findings import Excerpt, Finding, Report, Severity, Unchecked
from rtproto.fleet import AHEAD, BATCH_BYTES, BATCH_FILES, Fleet, batches, size_of
from rtproto.fleet_processes import Processes
from rtproto.packing import pack, plain, unpack
from rtproto.recording import Settings
from rtproto.reports import FORMATS, Options, render
from tests.command import BROKEN, CLEAN, Run, here, run
from tests.fleet_checks import dies
from tests.report_samples import session
from tests.test_reports_hostile import HOSTILE, LIVE, hostile_session, recording

__all__ = ["here", "run"]

ROOT = Path(__file__).parent.parent


@pytest.fixture
def many(here: Path) -> Path:
    """A folder with more files than are given out at once, the largest first."""
    folder = here / "many"
    folder.mkdir()
    for number in range(2 * AHEAD + 3):
        (folder / f"{number:02}.jsonl").write_bytes(BROKEN if number % 2 else CLEAN * max(1, 8 - number))
    (folder / "hostile.jsonl").write_bytes(recording())
    (folder / "odd.jsonl").write_bytes(b'{"name": "x"}\n')
    return folder


# Packing


def test_a_packed_report_is_the_plain_one_with_its_paths() -> None:
    report = plain(Report((hostile_session(HOSTILE),), (Unchecked("a\udcff", HOSTILE),)))
    [whole], [left] = report.sessions, report.unchecked

    again = unpack(pack(Report((whole,))), whole.path)
    assert render(again, "json") == render(Report((whole,)), "json")
    assert unpack(pack(Report(unchecked=(left,))), "a\udcff").unchecked == (left,)


def test_nothing_of_a_key_is_packed() -> None:
    packed = pack(plain(Report((hostile_session(HOSTILE),), (Unchecked("x", HOSTILE),)))).decode()

    assert [part for part in LIVE if part in packed and part != "QUJD" * 30] == []


def test_numbers_that_json_lacks() -> None:
    odd = Finding(
        "XYZ001",
        "something-odd",
        Severity.ERROR,
        1,
        event=Excerpt(1, "server", "x", (("n", 10**400), ("f", float("inf")), ("b", True), ("z", None))),
        args={"n": 2**64, "f": float("nan"), "l": (1, [2**70]), "o": {"a": 1}, "token": "abc"},
    )
    report = Report((session(odd),))

    assert render(unpack(pack(plain(report)), "session.jsonl"), "json") == render(report, "json")


@settings(max_examples=30)
@given(evil=st.text(st.characters(codec=None), max_size=60))
def test_a_plain_report_reads_as_any_other(evil: str) -> None:
    report = Report((hostile_session(evil),), (Unchecked("x", evil),))

    for name in FORMATS:
        render(unpack(pack(plain(report)), "x"), name, Options(verbose=True))
    assert plain(plain(report)).sessions[0].findings[0].event == plain(report).sessions[0].findings[0].event


# Processes


def test_reports_do_not_depend_on_how_many_work(many: Path, run: Run) -> None:
    arguments = ("many", "missing.jsonl", "broken.jsonl", "-v", "--statistics", "--min-severity", "info")
    outputs = [part for name in FORMATS for part in ("-o", f"{name}={name}.ITS")]

    alone = run(*arguments, *(part.replace("ITS", "alone") for part in outputs))
    together = run(*arguments, "-j", "2", *(part.replace("ITS", "together") for part in outputs))
    assert alone == together
    assert alone[0] == 2
    for name in FORMATS:
        assert Path(f"{name}.alone").read_bytes() == Path(f"{name}.together").read_bytes()


def test_a_file_that_ends_its_worker_costs_only_itself(here: Path) -> None:
    (here / "deadly.jsonl").write_bytes(CLEAN)
    paths = ["broken.jsonl", "deadly.jsonl", "clean.jsonl"]

    with Fleet(Processes(2, {}, dies)) as fleet:
        broken, deadly, clean = fleet.reports(map(Target, paths), 3)
    assert deadly == Report(unchecked=(Unchecked("deadly.jsonl", "the process that checked it died"),))
    assert broken == unpack(pack(plain(Settings().check_file("broken.jsonl"))), "broken.jsonl")
    assert clean == unpack(pack(plain(Settings().check_file("clean.jsonl"))), "clean.jsonl")


def test_a_fleet_goes_on_after_a_worker_died(here: Path) -> None:
    (here / "deadly.jsonl").write_bytes(CLEAN)
    paths = ["deadly.jsonl", "deadly.jsonl", *["clean.jsonl"] * 2 * AHEAD]

    with Fleet(Processes(1, {}, dies)) as fleet:
        reports = list(fleet.reports(map(Target, paths), 1_000))
    assert [bool(report.sessions) for report in reports] == [False] * 2 + [True] * 2 * AHEAD


def test_batches_that_a_pipe_may_not_take_at_once(here: Path) -> None:
    paths = [f"{'n' * 200}{number}.jsonl" for number in range(8 * BATCH_FILES)]
    for path in paths:
        (here / path).write_bytes(BROKEN)

    with Fleet(Processes(2, {}, reports_of)) as fleet:
        found = [report.sessions[0].path for report in fleet.reports(map(Target, paths), 10_000)]
        assert len(multiprocessing.active_children()) == 2
    assert found == paths
    assert multiprocessing.active_children() == []


def test_a_batch_is_of_small_files_or_of_one(here: Path) -> None:
    sizes = [10, BATCH_BYTES - 10, 1, BATCH_BYTES, BATCH_BYTES + 1, *[0] * BATCH_FILES, 1]
    targets = [Target(str(number), source="s3://b", size=size) for number, size in enumerate(sizes)]

    given = [[int(target.path) for target in batch] for batch in batches(targets, 1_000)]
    assert given == [[0, 1], [2], [3], [4], [*range(5, 37)], [37]]
    assert [len(batch) for batch in batches(targets[:4], 0)] == [1] * 4
    (here / "x").write_bytes(b"123")
    assert [size_of(Target(name)) for name in ("x", "missing", "a\0b")] == [3, 0, 0]


@pytest.mark.skipif(os.name == "nt", reason="signals and pipes as POSIX has them")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_control_c_leaves_what_was_checked_in_order(jobs: str, here: Path) -> None:
    os.mkfifo(here / "c.jsonl")  # nobody ever writes into it
    (here / "d.jsonl").write_bytes(CLEAN)
    paths = ["broken.jsonl", "c.jsonl", "d.jsonl", "clean.jsonl"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rtproto.check", "-f", "jsonl", "-j", jobs, *paths],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    rest, err = process.communicate()

    told = "interrupted; 2 paths after it not begun"
    lines = [json.loads(line) for line in (first + rest).splitlines()]
    assert [line.get("path") for line in lines] == ["broken.jsonl", "c.jsonl", None]
    assert lines[1]["reason"] == told
    assert (lines[2]["summary"]["files"], process.returncode) == (1, 130)
    assert err.decode() == f"rtproto: c.jsonl: not checked: {told}\n"


@pytest.mark.parametrize("jobs", ["-1", "257", "two", "1" * 5_000])
def test_how_many_there_cannot_be(jobs: str, run: Run) -> None:
    assert "a number of processes, 0 to 256" in run("clean.jsonl", f"--jobs={jobs}")[2]


def test_as_many_as_there_are_cores(many: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Counted(Processes):
        def __init__(self, count: int, *rest: object) -> None:
            asked.append(count)
            raise KeyboardInterrupt

    monkeypatch.setattr("rtproto.fleet_processes.Processes", Counted)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)

    assert run("many", "-j", "0")[0] == 130
    assert run("clean.jsonl", "empty.jsonl", "-j", "5")[0] == 130
    assert asked == [3, 2]
    assert run("clean.jsonl", "-j", "5")[0] == 0, "one file needs no other process"


# State


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are really checked."""
    checks = Settings.check_file
    names: list[str] = []

    def check(self: Settings, path: str) -> Report:
        names.append(Path(path).name)
        return checks(self, path)

    monkeypatch.setattr(Settings, "check_file", check)
    return names


def test_what_has_not_changed_is_not_checked_again(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = counted(monkeypatch)
    arguments = ("broken.jsonl", "clean.jsonl", "missing.jsonl", "empty.jsonl", "--state", "state")

    first = run(*arguments)
    assert first[0] == 2
    assert run(*arguments) == first
    # What could not be checked is tried again.
    assert checked[:4] == ["broken.jsonl", "clean.jsonl", "missing.jsonl", "empty.jsonl"]
    assert checked[4:] == ["missing.jsonl", "empty.jsonl"]
    checked.clear()
    (here / "clean.jsonl").write_bytes(BROKEN)
    assert "clean.jsonl:" in run(*arguments, "-q")[1]
    assert checked[0] == "clean.jsonl"
    assert run(*arguments, "-q", "-j", "2")[1].count("OUT016") == 2


def test_the_same_content_with_another_time_is_the_same(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = counted(monkeypatch)
    run("clean.jsonl", "--state", "state")
    os.utime("clean.jsonl", (1, 1))
    run("clean.jsonl", "--state", "state")
    assert checked == ["clean.jsonl"]
    (here / "clean.jsonl").write_bytes(CLEAN.replace(b"x", b"y", 1).replace(b"a", b"b", 1))
    run("clean.jsonl", "--state", "state")
    assert checked == ["clean.jsonl"] * 2
    monkeypatch.setattr(check_state, "HASHED_BYTES", 10)
    (here / "state").unlink()
    run("clean.jsonl", "--state", "state")
    os.utime("clean.jsonl", (2, 2))
    run("clean.jsonl", "--state", "state")
    assert checked == ["clean.jsonl"] * 4, "a large file is known by size and time alone"


def test_other_settings_know_nothing(here: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "acme.toml").write_text('name = "acme"\n')
    checked = counted(monkeypatch)
    settings: list[list[str]] = [[], ["--select", "OUT"], ["--dialect", "ga"], ["--profile", "acme.toml"]]
    for argv in settings:
        run("broken.jsonl", "--state", "state", *argv)
        run("broken.jsonl", "--state", "state", *argv)
    assert len(checked) == len(settings)
    (here / "acme.toml").write_text('name = "acme2"\n')
    run("broken.jsonl", "--state", "state", *settings[-1])
    assert len(checked) == len(settings) + 1
    monkeypatch.setattr("rtproto.__version__", "99")
    run("broken.jsonl", "--state", "state", *settings[-1])
    assert len(checked) == len(settings) + 2


def test_a_run_that_was_ended_goes_on(here: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = counted(monkeypatch)
    run("broken.jsonl", "clean.jsonl", "--state", "state")
    state = (here / "state").read_bytes()
    (here / "state").write_bytes(state[:-20])  # killed while it wrote

    run("broken.jsonl", "clean.jsonl", "--state", "state")
    assert checked == ["broken.jsonl", "clean.jsonl", "clean.jsonl"]
    lines = (here / "state").read_bytes().splitlines()
    (here / "state").write_bytes(
        b"\n".join([*lines[:1], lines[1].replace(b'"sessions":[', b'"sessions":1,"x":[')])
    )
    run("broken.jsonl", "--state", "state")
    assert checked[3:] == ["broken.jsonl"]


def test_files_that_are_gone_are_forgotten(here: Path, run: Run) -> None:
    run("broken.jsonl", "clean.jsonl", "--state", "state")
    (here / "clean.jsonl").unlink()
    run("broken.jsonl", "--state", "state")

    assert [json.loads(line).get("path") for line in (here / "state").read_text().splitlines()] == [
        None,
        str(here / "broken.jsonl"),
    ]


def test_a_file_that_changes_while_it_is_checked_is_not_kept(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = Settings.check_file

    def check(self: Settings, path: str) -> Report:
        report = checks(self, path)
        with Path(path).open("ab") as file:
            file.write(b"\n")
        return report

    monkeypatch.setattr(Settings, "check_file", check)
    run("clean.jsonl", "--state", "state")
    assert (here / "state").read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    "state, told",
    [
        ("clean.jsonl", "clean.jsonl: this is no state of rtproto's; it is left alone"),
        (".", ".: is a directory"),
        ("nowhere/state", "nowhere/state: no such file or directory"),
    ],
)
def test_what_cannot_be_a_state(state: str, told: str, here: Path, run: Run) -> None:
    status, out, err = run("broken.jsonl", "--state", state)

    assert (status, out) == (2, "")
    assert told in err
    assert (here / "clean.jsonl").read_bytes() == CLEAN


def test_a_full_disk_under_the_state_costs_only_the_state(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, size: int) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(check_state, "_digest", full)

    assert run("broken.jsonl", "--state", "state")[::2] == (1, "")


def test_ignores_of_files_and_a_baseline_come_after_the_state(here: Path, run: Run) -> None:
    run("broken.jsonl", "--state", "state")
    (here / "rtproto.toml").write_text('[per-file-ignores]\n"broken*" = ["OUT"]\n')

    assert run("broken.jsonl", "--state", "state")[0] == 0
    assert run("broken.jsonl", "--state", "state", "--isolated")[0] == 1
    assert (
        run("broken.jsonl", "--state", "state", "--isolated", "--baseline", "known", "--update-baseline")[0]
        == 0
    )


@pytest.mark.parametrize("argv", [["-j", "2"], ["--state", "state"]])
def test_neither_goes_with_follow(argv: list[str], run: Run) -> None:
    assert "-j, --state and --engine do not go with it" in run("clean.jsonl", "--follow", *argv)[2]
