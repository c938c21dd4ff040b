"""Lines get to the file whole and at once, and to the disk as the policy says."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rtproto.live import journal as module
from rtproto.live.journal import Journal, Syncer, session_name


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """What was in the file each time that it was brought to the disk, and by which thread."""
    seen: list[tuple[str, bytes]] = []

    def sync(descriptor: int) -> None:
        content = Path(f"/proc/self/fd/{descriptor}").read_bytes()
        seen.append((threading.current_thread().name, content))

    monkeypatch.setattr(module, "_sync", sync)
    return seen


def test_a_line_is_in_the_file_when_write_returns(tmp_path: Path) -> None:
    syncer = Syncer("never")
    journal = Journal(tmp_path, "s", syncer)
    assert (journal.full, journal.path) == (True, tmp_path / "s.jsonl")
    journal.turn()
    for number in range(1, 4):
        assert journal.write(b'{"n":%d}\n' % number) == number
        assert journal.path.read_bytes().count(b"\n") == number
    journal.close()
    journal.close()
    syncer.close()
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_parts(tmp_path: Path) -> None:
    syncer = Syncer("never")
    journal = Journal(tmp_path, "s", syncer, rotate_bytes=10)
    sizes: list[int] = []
    for _ in range(5):
        if journal.full:
            journal.turn()
        sizes.append(journal.write(b"12345\n"))
    journal.close()
    syncer.close()
    assert sizes == [1, 2, 1, 2, 1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.2.jsonl", "s.3.jsonl", "s.jsonl"]
    assert journal.following == tmp_path / "s.4.jsonl"


def test_no_file_is_written_over(tmp_path: Path) -> None:
    """Three recorders that have the same process id, as in containers, begin a session in the same second."""
    syncer = Syncer("never")
    journals = [Journal(tmp_path, "s", syncer, rotate_bytes=1) for _ in range(3)]
    for number, journal in enumerate(journals):
        journal.turn()
        journal.write(b"%d" % number)
        journal.turn()
        journal.close()
    syncer.close()
    names = ("s", "s-2", "s-3")
    assert [(tmp_path / f"{name}.jsonl").read_text() for name in names] == ["0", "1", "2"]
    assert [journal.path.name for journal in journals] == [f"{name}.2.jsonl" for name in names]


def test_what_another_has_put_behind_a_session_stays(tmp_path: Path) -> None:
    (tmp_path / "s.2.jsonl").write_text("mine")
    syncer = Syncer("never")
    journal = Journal(tmp_path, "s", syncer)
    journal.turn()
    with pytest.raises(FileExistsError):
        journal.turn()
    syncer.close()
    assert (tmp_path / "s.2.jsonl").read_text() == "mine"


def test_sessions_are_named_apart_in_and_between_processes() -> None:
    names = [session_name() for _ in range(3)]
    began, process, number = names[0].split("-")
    assert re.fullmatch(r"\d{8}T\d{6}Z", began)
    assert int(process) == os.getpid()
    assert [int(name.rpartition("-")[2]) - int(number) for name in names] == [0, 1, 2]


FORKING = """
import os, pathlib, sys, threading
from rtproto.live import connections
from rtproto.live.journal import Journal

syncer = connections._syncer
def session(name):
    journal = Journal(pathlib.Path(sys.argv[1]), name, syncer)
    journal.turn()
    journal.write(name.encode())
    descriptor = journal._descriptor
    journal.close()
    return descriptor

session("parent")
syncer._wake.acquire()  # as its thread does whenever it looks
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
descriptor = session("child")
syncer.close()
try:
    os.fstat(descriptor)
except OSError:
    os._exit(0)
os._exit(1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_the_child_of_a_fork_brings_to_the_disk_what_it_writes(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (tmp_path / "child.jsonl").read_text() == "child"


def test_many_threads_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that write the first lines both find that nobody syncs."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def slowly(thread: threading.Thread) -> None:
        if thread.name == "rtproto-syncer":
            started.append(thread)
            other.start()  # which may not begin another one meanwhile
        start(thread)

    syncer = Syncer("interval", 3600)
    other = threading.Thread(target=syncer.written, args=(-1,))
    monkeypatch.setattr(threading.Thread, "start", slowly)
    monkeypatch.setattr(module, "_sync", lambda descriptor: None)
    syncer.written(-1)
    other.join()
    syncer.close()
    assert len(started) == 1


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="turn"):
        Journal(tmp_path, "s", Syncer("never")).write(b"\n")


def test_what_a_disk_takes_in_pieces_is_written_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(module.os, "write", lambda descriptor, data: whole(descriptor, data[:3]))
    syncer = Syncer("never")
    journal = Journal(tmp_path, "s", syncer)
    journal.turn()
    journal.write(b"0123456789\n")
    journal.close()
    syncer.close()
    assert journal.path.read_bytes() == b"0123456789\n"


def test_always_is_before_write_returns(tmp_path: Path, synced: list[tuple[str, bytes]]) -> None:
    syncer = Syncer("always")
    journal = Journal(tmp_path, "s", syncer)
    journal.turn()
    journal.write(b"1\n")
    journal.write(b"2\n")
    assert synced == [("MainThread", b"1\n"), ("MainThread", b"1\n2\n")]
    journal.close()
    syncer.close()


def test_interval_is_in_a_thread_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = threading.Event()
    seen: list[tuple[str, bytes]] = []

    def sync(descriptor: int) -> None:
        seen.append((threading.current_thread().name, Path(f"/proc/self/fd/{descriptor}").read_bytes()))
        reached.set()

    monkeypatch.setattr(module, "_sync", sync)
    syncer = Syncer("interval", 0.01)
    journal = Journal(tmp_path, "s", syncer)
    journal.turn()
    journal.write(b"1\n")
    assert reached.wait(30)
    journal.write(b"2\n")
    journal.close()
    syncer.close()
    assert {thread for thread, _ in seen} == {"rtproto-syncer"}
    assert (seen[0][1], seen[-1][1]) == (b"1\n", b"1\n2\n")


def test_closing_brings_everything_to_the_disk(tmp_path: Path, synced: list[tuple[str, bytes]]) -> None:
    syncer = Syncer("interval", 3600)
    ended, open_still = (Journal(tmp_path, name, syncer) for name in ("a", "b"))
    for journal in (ended, open_still):
        journal.turn()
        journal.write(journal.path.name.encode())
    ended.close()
    syncer.close()
    assert {content for _, content in synced} == {b"a.jsonl", b"b.jsonl"}
    open_still.close()


def test_what_the_disk_refuses_is_kept_for_telling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(module, "_sync", refuse)
    syncer = Syncer("interval", 3600)
    journal = Journal(tmp_path, "s", syncer)
    journal.turn()
    journal.write(b"1\n")
    journal.close()
    syncer.close()
    assert [error.errno for error in syncer.errors] == [errno.EIO]
