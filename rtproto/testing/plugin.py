"""The pytest plugin: the fixture `realtime_recorder` and the option `--rtproto-report`.

Loaded into every test run where rtproto is installed, so it imports nothing of rtproto before a test asks for it.
"""

from __future__ import annotations

import pickle
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rtproto.findings import Report
    from rtproto.testing.recorder import Recorder

_RECORDER = pytest.StashKey["Recorder"]()
_RUN = pytest.StashKey["list[tuple[str, Report]]"]()
_SENT = "rtproto_recorders"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("rtproto", "OpenAI Realtime protocol")
    group.addoption(
        "--rtproto-report",
        metavar="PATH",
        type=Path,
        help="write the findings on all recorders of the run as a JSON report",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RUN] = []


@pytest.fixture
def realtime_recorder(request: pytest.FixtureRequest) -> Recorder:
    """Records the events of a connection, and judges them when the test's body has ended.

    `recorder.client(event)` and `recorder.server(event)` record, `recorder.wrap(connection)` records what passes
    through a connection; `recorder.judged = False` for a test that breaks the protocol on purpose.
    """
    from rtproto.testing.recorder import Recorder

    recorder = Recorder(request.node.nodeid)
    request.node.stash[_RECORDER] = recorder
    return recorder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    __tracebackhide__ = True
    try:
        result = yield
    finally:
        recorder = item.stash.get(_RECORDER, None)
        if recorder is not None and recorder.frames and item.config.getoption("--rtproto-report"):
            item.config.stash[_RUN].append((recorder.name, recorder.report()))
    if recorder is not None:
        recorder.verify()
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    path: Path | None = config.getoption("--rtproto-report")
    if path is None:
        return
    sent: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if sent is not None:
        sent[_SENT] = pickle.dumps(config.stash[_RUN])
        return
    path.write_text(_report(config.stash[_RUN]), encoding="utf-8")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended: what it recorded is part of the run."""
    sent: bytes | None = getattr(node, "workeroutput", {}).get(_SENT)
    if sent is not None:
        node.config.stash[_RUN] += pickle.loads(sent)


def _report(recorded: list[tuple[str, Report]]) -> str:
    """The JSON report on everything that was recorded, by the names of the tests."""
    from rtproto.findings import Report
    from rtproto.reports import render

    reports = [report for _, report in sorted(recorded, key=lambda one: one[0])]
    sessions = tuple(session for report in reports for session in report.sessions)
    unchecked = tuple(missing for report in reports for missing in report.unchecked)
    return render(Report(sessions=sessions, unchecked=unchecked), "json")
