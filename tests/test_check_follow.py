"""`--follow`: a recording that is judged while it is written."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from rtproto.transcripts import growing
from rtproto.transcripts.growing import GrowingFile, GrowingStream
from tests.command import BROKEN, CLEAN, Run, here, run

__all__ = ["here", "run"]

ROOT = Path(__file__).parent.parent
LINES = BROKEN.splitlines(keepends=True)
[FAULT] = [number for number, line in enumerate(LINES) if line not in CLEAN.splitlines(keepends=True)]
"""Index of the line that breaks the rule."""


def script(monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], object]) -> None:
    """What happens each time when somebody waits; at last Ctrl-C."""
    rest = iter(steps)

    def sleep(seconds: float) -> None:
        step = next(rest, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    monkeypatch.setattr(growing, "sleep", sleep)


def append(path: Path, data: bytes) -> Callable[[], object]:
    def step() -> None:
        with path.open("ab") as file:
            file.write(data)

    return step


def read(path: Path, limit: int = -1) -> tuple[list[bytes], GrowingFile]:
    stream = GrowingFile(str(path), nullcontext)
    lines: list[bytes] = []
    while line := stream.readline(limit):
        lines.append(line)
    stream.close()
    return lines, stream


# The stream


def test_a_line_is_whole_before_it_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\ntw")
    script(monkeypatch, append(path, b"o"), append(path, b"\nthree\nfo"))

    lines, stream = read(path)
    assert lines == [b"one\n", b"two\n", b"three\n"]
    assert (stream.stopped, stream.why, stream.begun) == (True, "", True)
    assert stream.stopped
    assert GrowingStream(io.BytesIO(b"a\nb"), nullcontext).readline() == b"a\n"


def test_a_long_line_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    script(monkeypatch, append(path, b"defg"), append(path, b"h\n"))

    assert read(path, 5)[0] == [b"abcde", b"fgh\n"]


def test_a_file_that_is_cut_short_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\ntwo\nthr")
    script(monkeypatch, lambda: path.write_bytes(b"new\n"))

    lines, stream = read(path)
    assert lines == [b"one\n", b"two\n", b"thr"]
    assert (stream.stopped, stream.why) == (False, "cut short")


@pytest.mark.skipif(os.name == "nt", reason="an open file that is renamed")
def test_a_file_that_is_replaced_ends_when_the_other_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\n")
    moved = tmp_path / "x.1"
    script(
        monkeypatch, lambda: path.rename(moved), append(moved, b"two\n"), lambda: path.write_bytes(b"new\n")
    )

    lines, stream = read(path)
    assert lines == [b"one\n", b"two\n"]
    assert stream.why == "replaced"


def test_a_pipe_ends_with_it_or_when_it_is_told_to() -> None:
    class Interrupted(io.BytesIO):
        def readline(self, limit: int | None = -1, /) -> bytes:
            raise KeyboardInterrupt

    ended = GrowingStream(io.BytesIO(b"a\nb"), nullcontext)
    assert [ended.readline(), ended.readline(), ended.readline()] == [b"a\n", b"b", b""]
    assert (ended.stopped, ended.begun) == (False, True)
    stopped = GrowingStream(Interrupted(), nullcontext)
    assert [stopped.readline(), stopped.readline()] == [b"", b""]
    assert (stopped.stopped, stopped.begun) == (True, False)


# The command


@pytest.fixture
def live(here: Path) -> Path:
    path = here / "live.jsonl"
    path.write_bytes(b"".join(LINES[:FAULT]))
    return path


def test_a_finding_is_told_at_once(
    live: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    def hear() -> None:
        said.append(capsys.readouterr().out)

    line = LINES[FAULT]
    script(
        monkeypatch,
        hear,
        append(live, line[:40]),
        hear,
        append(live, line[40:]),
        hear,
        append(live, b"".join(LINES[FAULT + 1 :])),
    )
    status, out, err = run("live.jsonl", "--follow", "-f", "concise")

    assert (status, err) == (1, "")
    assert said[:2] == ["", ""]
    assert said[2].startswith(f"live.jsonl:{FAULT + 1}: error[OUT016] delta-after-done: ")
    assert said[2].count("\n") == 1
    assert out == f"checked 1 file, {len(LINES)} events: 1 error\n"


def test_the_closing_report(live: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write_bytes(BROKEN)
    script(monkeypatch)
    whole = run("live.jsonl", "-f", "json")[1]

    status, out, _ = run("live.jsonl", "--follow", "-o", "json=report.json")
    assert status == 1
    assert Path("report.json").read_text(encoding="utf-8") == whole
    lines = out.splitlines()
    assert lines[:3] == [
        "  < sent by the server, > sent by the client",
        "",
        f"error[OUT016] delta-after-done  live.jsonl:{FAULT + 1}",
    ]
    assert lines[-3] == f"live.jsonl: {len(LINES)} events, ga, complete: 1 error"
    assert lines[-1] == f"checked 1 file, {len(LINES)} events: 1 error"


def told(written: str) -> list[tuple[str, int | None]]:
    """Codes and causes of the findings of a JSONL report."""
    return [(f["code"], f["caused_by"]) for f in map(json.loads, written.splitlines()) if "code" in f]


# A response that was never created, twice, with what follows from that.
ORPHANS = CLEAN + b"".join(
    json.dumps(
        {
            "type": "response.output_text.delta",
            "event_id": f"event_x{number}",
            "response_id": "resp_none",
            "item_id": "item_none",
            "output_index": 0,
            "content_index": 0,
            "delta": "x",
        }
    ).encode()
    + b"\n"
    for number in range(4)
)


REPEATED = CLEAN.replace(b'"event_id"', b'"event_no"')
"""The same fault in many events."""


@pytest.mark.parametrize("content", [BROKEN, CLEAN, ORPHANS, REPEATED, BROKEN + b'{"close": {}}\n' + BROKEN])
@pytest.mark.parametrize(
    "argv",
    [[], ["--select", "OUT"], ["--ignore", "OUT016"], ["--min-severity", "error"]],
)
def test_what_is_told_at_once_is_what_a_report_tells(
    content: bytes, argv: list[str], live: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.write_bytes(content)
    script(monkeypatch)

    at_once = run("live.jsonl", "--follow", "-f", "jsonl", *argv)
    afterwards = run("live.jsonl", "-f", "jsonl", *argv)
    assert at_once[0] == afterwards[0]
    assert told(at_once[1]) == told(afterwards[1])
    assert at_once[1].splitlines()[-1] == afterwards[1].splitlines()[-1]


def test_full_and_concise_fold_consequences_unless_asked(
    live: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.write_bytes(ORPHANS)
    script(monkeypatch)
    findings = told(run("live.jsonl", "-f", "jsonl", "--min-severity", "info")[1])
    folded = [code for code, cause in findings if cause is not None]
    assert folded, "the recording is meant to have consequences"

    quiet = run("live.jsonl", "--follow", "-q", "--min-severity", "info")[1]
    assert quiet.count("\n") == len(findings) - len(folded)
    for name in ("full", "concise"):
        brief = run("live.jsonl", "--follow", "-f", name, "--min-severity", "info")[1]
        long = run("live.jsonl", "--follow", "-f", name, "--min-severity", "info", "-v")[1]
        assert long.count(f"[{folded[0]}]") > brief.count(f"[{folded[0]}]")


def test_the_baseline_and_ignores_of_files_hold(
    live: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.write_bytes(BROKEN)
    script(monkeypatch)
    run("live.jsonl", "--baseline", "known.toml", "--update-baseline")

    status, out, err = run("live.jsonl", "--follow", "--baseline", "known.toml", "-f", "concise")
    assert (status, out.count("\n")) == (0, 1)
    assert err == "rtproto: 1 finding not shown, known from known.toml\n"
    Path("rtproto.toml").write_text('[per-file-ignores]\n"live*" = ["OUT"]\n')
    assert run("live.jsonl", "--follow", "-q") == (0, "", "")


def test_a_rotated_file_is_read_anew(live: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write_bytes(BROKEN)
    script(
        monkeypatch,
        lambda: live.write_bytes(BROKEN[: len(BROKEN) // 2]),
        append(live, BROKEN[len(BROKEN) // 2 :]),
    )

    status, out, err = run("live.jsonl", "--follow", "-f", "concise")
    assert (status, out.count("error[OUT016]")) == (1, 2)
    assert out.endswith(f"checked 1 file, 2 sessions, {2 * len(LINES)} events: 2 errors\n")
    assert err == "rtproto: live.jsonl: cut short; it is read from its start\n"


def test_nothing_was_written_yet(here: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch)

    assert run("empty.jsonl", "--follow") == (0, "nothing checked\n", "")


WAITED = "rtproto: later.jsonl: there is no such file yet; it is read when there is\n"


def test_a_file_that_is_not_there_yet_is_waited_for(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = here / "later.jsonl"
    script(
        monkeypatch,
        lambda: None,
        append(later, BROKEN[: len(BROKEN) // 2]),
        append(later, BROKEN[len(BROKEN) // 2 :]),
    )

    status, out, err = run("later.jsonl", "--follow", "-f", "concise")
    assert (status, out.count("error[OUT016]"), err) == (1, 1, WAITED)
    assert out.endswith(f"checked 1 file, {len(LINES)} events: 1 error\n")


def test_a_file_that_never_comes_is_not_checked(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(monkeypatch, lambda: None)

    status, _, err = run("later.jsonl", "--follow")
    assert status == 2
    assert err == f"{WAITED}rtproto: later.jsonl: not checked: no such file or directory\n"


def test_what_is_no_recording(here: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    script(monkeypatch)
    (here / "log.jsonl").write_bytes(b"not json\n" * 60)

    status, _, err = run("log.jsonl", "--follow")
    assert status == 2
    assert "log.jsonl: not checked: this does not look like a Realtime recording" in err


@pytest.mark.parametrize(
    "argv, said",
    [
        (["clean.jsonl", "broken.jsonl"], "--follow takes one FILE, or - for standard input"),
        (["."], "--follow takes one FILE, or - for standard input"),
        (["clean.jsonl", "-f", "sarif"], "--follow writes full, concise or jsonl; -o sarif=PATH takes"),
        (
            ["clean.jsonl", "--input-format", "har"],
            "--follow reads JSONL only: it cannot wait for more of har",
        ),
        (["clean.jsonl", "--baseline", "x", "--update-baseline"], "it does not go with --follow"),
        (["missing/x.jsonl"], "missing/x.jsonl: not checked: no such file or directory"),
        (["a\0b"], "not checked: no file can have such a name"),
    ],
)
def test_what_cannot_be_followed(argv: list[str], said: str, run: Run) -> None:
    status, _, err = run("--follow", *argv)

    assert status == 2
    assert said in err


def test_there_may_be_no_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    assert run("-", "--follow")[2] == "rtproto: <stdin>: not checked: there is no standard input\n"


@pytest.fixture
def spawned() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the command; it is ended with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*argv: str, **how: object) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        started.append(
            subprocess.Popen(  # type: ignore[call-overload]  # keywords handed through
                [sys.executable, "-m", "rtproto.check", *argv],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                **how,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
@pytest.mark.parametrize("source", ["live.jsonl", "-"])
def test_control_c_ends_it_with_the_sums(
    source: str, live: Path, spawned: Callable[..., subprocess.Popen[bytes]]
) -> None:
    how = {"stdin": subprocess.PIPE} if source == "-" else {}
    process = spawned("--follow", "-f", "concise", "--color", "never", source, cwd=live.parent, **how)
    data = b"".join(LINES[FAULT:])
    if source == "-":
        assert process.stdin is not None
        process.stdin.write(BROKEN)
        process.stdin.flush()
    else:
        append(live, data)()
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate()

    assert b"error[OUT016]" in first
    assert rest.startswith(b"checked 1 file, ")
    assert (process.returncode, err) == (1, b"")


@pytest.mark.skipif(os.name == "nt", reason="pipes as POSIX has them")
def test_standard_input_ends_with_its_writer(
    here: Path, spawned: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = spawned("--follow", "-q", "-", cwd=here, stdin=subprocess.PIPE)
    out, err = process.communicate(BROKEN)

    assert (process.returncode, out.count(b"\n"), err) == (1, 1, b"")
