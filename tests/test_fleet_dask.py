"""A Dask cluster instead of this machine's processes: the same report, whatever becomes of its workers."""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import distributed
import pytest

import rtproto
from rtproto import fleet_dask
from rtproto.check_targets import Target
from rtproto.check_work import reports_of
from rtproto.findings import Report, Unchecked
from rtproto.fleet import Fleet, Lost
from rtproto.fleet_dask import Cluster
from rtproto.packing import unpack
from rtproto.recording import Settings
from tests.command import BROKEN, CLEAN, Run, here, run
from tests.fleet_checks import always_stumbles, dies, raises, stumbles

__all__ = ["here", "run"]

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two workers, processes of their own that are begun again when they die."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster.scheduler_address


@pytest.fixture
def empty() -> Iterator[Any]:
    """A scheduler without workers, in this process."""
    with distributed.LocalCluster(
        n_workers=0,
        processes=False,
        protocol="tcp",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


@pytest.fixture
def calls(here: Path) -> list[Target]:
    """A folder of recordings, every third of them broken."""
    (here / "calls").mkdir()
    for number in range(40):
        (here / "calls" / f"{number:02}.jsonl").write_bytes(CLEAN if number % 3 else BROKEN)
    return [Target(f"calls/{number:02}.jsonl") for number in range(40)]


def engine(address: str) -> str:
    return address.replace("tcp://", "dask://")


def test_the_report_is_that_of_one_process(scheduler: str, calls: list[Target], here: Path, run: Run) -> None:
    (here / "calls" / "hostile.jsonl").write_bytes(b"\x00\xff{")
    (here / "server.toml").write_text('name = "server"\n')
    arguments = ("calls", "missing.jsonl", "-f", "jsonl", "--profile", "server.toml", "--state")

    alone = run(*arguments, "state.alone")
    assert run(*arguments, "state.dask", "--engine", engine(scheduler)) == alone
    assert alone[0] == 2
    assert (here / "state.dask").read_bytes() == (here / "state.alone").read_bytes()


def test_a_worker_that_is_killed_costs_time_and_no_result(scheduler: str, calls: list[Target]) -> None:
    expected = list(reports_of(Settings(), calls))
    with distributed.Client(scheduler, set_as_default=False) as client:
        victim, _ = client.run(os.getpid).values()

    with Fleet(Cluster(scheduler, 2, {}, reports_of)) as fleet:
        reports = fleet.reports(calls * 5, 1)
        found = [next(reports)]
        os.kill(victim, signal.SIGKILL)
        found += reports
    assert found == expected * 5


def test_a_file_that_ends_every_worker_costs_only_itself(scheduler: str, calls: list[Target]) -> None:
    Path("deadly.jsonl").write_bytes(CLEAN)
    targets = [*calls[:2], Target("deadly.jsonl"), *calls[2:4]]

    with Fleet(Cluster(scheduler, 2, {}, dies)) as fleet:
        reports = list(fleet.reports(targets, 1_000))
    assert reports[2] == Report(unchecked=(Unchecked("deadly.jsonl", "the process that checked it died"),))
    assert [len(report.sessions) for report in reports] == [1, 1, 0, 1, 1]


def test_a_file_that_is_here_and_not_where_the_worker_runs() -> None:
    prepared = pickle.dumps(({}, reports_of))
    batch = [Target("/elsewhere/x.jsonl", size=5), Target("/elsewhere/y.jsonl")]

    answer = fleet_dask.work(rtproto.__version__, prepared, batch)
    assert isinstance(answer, list)
    there, nowhere = (unpack(each, "").unchecked[0].reason for each in answer)
    assert there.endswith(" does not see this file: put it where all of them can read it")
    assert nowhere == "no such file or directory"


def test_a_worker_that_fails_is_named_as_the_reason(scheduler: str, calls: list[Target]) -> None:
    with Fleet(Cluster(scheduler, 2, {}, raises)) as fleet:
        [report] = fleet.reports(calls[:1], 1)
    assert [each.reason for each in report.unchecked] == ["its worker failed: MemoryError: no room"]


def test_what_dask_itself_fails_is_tried_again(
    scheduler: str, calls: list[Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_dask, "work", stumbles)

    with Fleet(Cluster(scheduler, 2, {}, reports_of)) as fleet:
        assert list(fleet.reports(calls[:3], 1)) == list(reports_of(Settings(), calls[:3]))


def test_what_dask_fails_each_time_is_named_as_the_reason(
    scheduler: str, calls: list[Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_dask, "work", always_stumbles)

    with Fleet(Cluster(scheduler, 2, {}, reports_of)) as fleet:
        [report] = fleet.reports(calls[:1], 1)
    assert [each.reason for each in report.unchecked] == [
        "its worker failed: UnboundLocalError: the worker is about to go"
    ]


def test_a_worker_with_another_rtproto_is_refused(
    scheduler: str, calls: list[Target], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = rtproto.__version__
    monkeypatch.setattr(rtproto, "__version__", "99.1")

    status, out, err = run("calls", "--engine", engine(scheduler))
    assert (status, out) == (2, "nothing checked: 1 path not checked\n")
    assert err.startswith("rtproto: calls/00.jsonl: not checked: the Dask worker tcp://")
    assert f"has rtproto {there}, and this is 99.1: install the same on all of them; 39 paths after it" in err


def test_a_worker_that_comes_later_with_another_rtproto_checks_nothing(
    scheduler: str, calls: list[Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Fleet(Cluster(scheduler, 2, {}, reports_of)) as fleet:
        monkeypatch.setattr(rtproto, "__version__", "99.1")
        [report] = fleet.reports(calls[:1], 1)
    [left] = report.unchecked
    assert left.reason.endswith("and this is 99.1: install the same on all of them")


def test_a_cluster_that_is_begun_for_the_run(here: Path) -> None:
    os.mkfifo(here / "silent.jsonl")  # nobody ever writes into it
    paths = ["broken.jsonl", "silent.jsonl", "clean.jsonl", "empty.jsonl"]
    process = subprocess.Popen(
        [sys.executable, "-m", "rtproto.check", *paths, "-f", "jsonl", "--engine", "dask", "-j", "2"],
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
    assert [line.get("path") for line in lines] == ["broken.jsonl", "silent.jsonl", None]
    assert (lines[2]["summary"]["files"], process.returncode) == (1, 130)
    assert err.decode() == f"rtproto: silent.jsonl: not checked: {told}\n"


def test_nobody_there(calls: list[Target], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_dask, "CONNECT_SECONDS", 0.1)

    status, _, err = run("calls", "--engine", "dask://127.0.0.1:1")
    assert status == 2
    assert err.startswith(
        "rtproto: calls/00.jsonl: not checked: there is no Dask scheduler at tcp://127.0.0.1:1 ("
    )
    assert err.endswith("; is it running, and reachable?; 39 paths after it not begun\n")


def test_a_cluster_that_cannot_be_begun(
    calls: list[Target], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("Cluster failed to start")

    monkeypatch.setattr(distributed, "LocalCluster", fails)

    told = "no Dask cluster could be begun on this machine: Cluster failed to start"
    assert told in run("calls", "--engine", "dask")[2]


def test_a_scheduler_without_workers(
    empty: Any, calls: list[Target], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_dask, "CONNECT_SECONDS", 2.0)
    address = empty.scheduler_address

    with dask.config.set(scheduler_address=address):
        err = run("calls", "--engine", "dask")[2]
    assert f"the Dask scheduler at {address} has no workers; `dask worker {address}` begins one" in err


def test_the_scheduler_goes_away(empty: Any, calls: list[Target], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_dask, "_LOOK_SECONDS", 0.05)
    empty.scale(1)

    with Fleet(Cluster(empty.scheduler_address, 1, {}, reports_of)) as fleet:
        reports = fleet.reports(calls * 5, 1)
        assert next(reports).sessions
        empty.close()
        with pytest.raises(Lost, match="the Dask scheduler is gone"):
            list(reports)


def test_all_workers_go_away(empty: Any, calls: list[Target], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_dask, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(fleet_dask, "_LOOK_SECONDS", 0.05)
    empty.scale(1)

    with Fleet(Cluster(empty.scheduler_address, 1, {}, reports_of)) as fleet:
        reports = fleet.reports(calls * 5, 1)
        assert next(reports).sessions
        empty.scale(0)
        with pytest.raises(Lost, match="there has been no Dask worker for 0 seconds"):
            list(reports)


@pytest.mark.parametrize(
    "name", ["ray", "dask://", "dask://host", "dask://:8786", "dask:host:1", "tcp://host:1"]
)
def test_engines_there_are_not(name: str, run: Run) -> None:
    assert f"no engine {name!r}; there are: processes, dask, " in run("clean.jsonl", "--engine", name)[2]


def test_engines_as_they_are_named(run: Run) -> None:
    from rtproto.check import parser

    named = [
        parser("", []).parse_args(["--engine", each]).engine for each in ("dask+tls://host:1", "dask://h:2")
    ]
    assert named == ["tls://host:1", "tcp://h:2"]
    assert run("clean.jsonl", "--engine", "processes")[0] == 0
    assert "-j counts workers of this machine" in run("clean.jsonl", "--engine", "dask://h:2", "-j", "2")[2]
    assert "--engine do not go with it" in run("clean.jsonl", "--follow", "--engine", "dask")[2]


def test_without_dask(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert "--engine dask needs Dask: pip install 'rtproto[fleet]'" in run("x", "--engine", "dask")[2]
