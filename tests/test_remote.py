"""Recordings at URLs: what a URL stands for, how it is read, and what is said when it cannot be."""

from __future__ import annotations

import gzip
import io
import json
import logging
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import fsspec
import pytest

from rtproto import remote
from rtproto.check_targets import Target, targets
from rtproto.urls import is_url, public, secrets
from tests.command import BROKEN, CLEAN, Run, here, run
from tests.http_server import Answer, serving

__all__ = ["here", "run"]

STORED = {
    "logs/b/2.jsonl": BROKEN,
    "logs/b/10.jsonl.gz": gzip.compress(CLEAN, mtime=0),
    "logs/b-side/1.ndjson": CLEAN,
    "logs/a.har": b"{}",
    "logs/a.log": b"2026 - got " + CLEAN.splitlines()[0] + b"\n",
    "logs/other.log": b"nothing of the kind\n",
    "logs/read.me": b"no recording",
    "logs/.hidden/x.jsonl": BROKEN,
}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An object store in memory, with recordings in it."""
    files = fsspec.filesystem("memory")
    files.pipe({f"/{name}": data for name, data in STORED.items()})
    yield files
    files.rm("/", recursive=True)


def paths(*names: str) -> list[str]:
    return [target.path for target in targets(names)]


# Names


@pytest.mark.parametrize("name", ["s3://bucket/x", "simplecache::s3://b/x", "zip://*.jsonl::s3://b/x.zip"])
def test_urls(name: str) -> None:
    assert is_url(name)


@pytest.mark.parametrize("name", ["x.jsonl", "C://x.jsonl", "a::b.jsonl", "./s3://x", "-", ""])
def test_paths(name: str) -> None:
    assert not is_url(name)


@pytest.mark.parametrize(
    "url, shown, hidden",
    [
        ("s3://bucket/a@b:c.jsonl", "s3://bucket/a@b:c.jsonl", []),
        ("ftp://me:pass%20word@host/x", "ftp://me:[masked]@host/x", ["pass%20word"]),
        ("https://ghp_abc@host/x", "https://[masked]@host/x", ["ghp_abc"]),
        ("abfs://logs@account.dfs.core.windows.net/x", "abfs://logs@account.dfs.core.windows.net/x", []),
        ("github://org:repo@main/x", "github://org:repo@main/x", []),
        (
            "https://h/x?id=1&X-Amz-Signature=abc&X-Amz-Date=2",
            "https://h/x?id=1&X-Amz-Signature=[masked]&X-Amz-Date=2",
            ["abc"],
        ),
        ("https://h/x?sv=1&sig=a%2Fb", "https://h/x?sv=1&sig=[masked]", ["a%2Fb"]),
        ("filecache::sftp://u:p:w@h/x", "filecache::sftp://u:[masked]@h/x", ["p:w"]),
    ],
)
def test_a_url_is_shown_without_what_is_secret_in_it(url: str, shown: str, hidden: list[str]) -> None:
    assert (public(url), secrets(url)) == (shown, hidden)


# Which


def test_a_folder_is_taken_as_one_of_this_machine_is(store: Any, here: Path) -> None:
    for name, data in STORED.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    assert paths("memory://logs") == [f"memory://{path}" for path in paths("logs")]
    assert paths("memory://logs") == [
        "memory://logs/a.har",
        "memory://logs/a.log",
        "memory://logs/b/10.jsonl.gz",
        "memory://logs/b/2.jsonl",
        "memory://logs/b-side/1.ndjson",
    ]
    assert paths("memory://logs/**", "memory://logs/") == paths("memory://logs")
    assert paths("logs/**") == paths("logs")


@pytest.mark.parametrize(
    "pattern, matched",
    [
        ("logs/**/*.jsonl", ["logs/.hidden/x.jsonl", "logs/b/2.jsonl"]),
        ("logs/*.log", ["logs/a.log", "logs/other.log"]),
        ("logs/b*/?.*", ["logs/b/2.jsonl", "logs/b-side/1.ndjson"]),
        ("l*s/b/[0-4].jsonl", ["logs/b/2.jsonl"]),
    ],
)
def test_patterns(pattern: str, matched: list[str], store: Any) -> None:
    assert paths(f"memory://{pattern}") == [f"memory://{each}" for each in matched]


def test_patterns_of_this_machine_that_no_shell_has_replaced(here: Path) -> None:
    (here / "deep" / "er").mkdir(parents=True)
    (here / "deep" / "er" / "x.log").write_bytes(b"no recording\n")
    (here / "deep" / "y.jsonl").write_bytes(CLEAN)
    (here / "z[1].jsonl").write_bytes(CLEAN)

    assert paths("deep/**/*.*") == ["deep/er/x.log", "deep/y.jsonl"]
    assert paths(str(here / "*.jsonl"), "deep/**")[-1] == "deep/y.jsonl"
    assert paths("z[1].jsonl") == ["z[1].jsonl"], "a file of that very name"
    assert list(targets(["*.none"])) == [Target("*.none", "no file matches this pattern")]


def test_more_to_look_into_than_at_once(store: Any) -> None:
    store.pipe({f"/many/{number:03}.json": BROKEN if number % 2 else b"{}" for number in range(300)})

    assert paths("memory://many") == [f"memory://many/{number:03}.json" for number in range(1, 300, 2)]


def test_recordings_in_an_archive_in_the_store(store: Any, run: Run) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one/x.jsonl", BROKEN)
    store.pipe("/logs/all.zip", packed.getvalue())

    status, out, _ = run("zip://one/*.jsonl::memory://logs/all.zip", "-q")
    assert (status, out.startswith("zip://one/x.jsonl::memory://logs/all.zip:")) == (1, True)


@pytest.mark.parametrize(
    "url, why",
    [
        ("memory://logs/none.jsonl", "there is no such object, folder or bucket"),
        ("memory://none/*.jsonl", "no file matches this pattern"),
        ("memory://none/**", "there is no such object, folder or bucket"),
        ("memory://logs/.hidden/**/*.har", "no file matches this pattern"),
        ("nothing://x/y", "its store says ValueError: Protocol not known: nothing"),
    ],
)
def test_what_is_not_there(url: str, why: str, store: Any, run: Run) -> None:
    status, _, err = run(url, "clean.jsonl")

    assert (status, err) == (2, f"rtproto: {url}: not checked: {why}\n")


def test_a_folder_without_recordings(store: Any, run: Run) -> None:
    store.pipe("/docs/read.me", b"x")

    assert run("memory://docs")[2].startswith(
        "rtproto: memory://docs: not checked: a directory without recordings"
    )


# Reading


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_report_is_that_of_the_same_files_here(jobs: str, store: Any, here: Path, run: Run) -> None:
    (here / "files").mkdir()
    urls: list[str] = []
    for number, data in enumerate([BROKEN, CLEAN, gzip.compress(BROKEN), b"", b"no recording", BROKEN]):
        (here / "files" / f"{number}.jsonl").write_bytes(data)
        urls.append((here / "files" / f"{number}.jsonl").as_uri())
    names = [str(here / "files" / f"{number}.jsonl") for number in range(6)]

    away = run(*urls, "-f", "jsonl", "-j", jobs)
    assert away[0] == 2
    assert [part.replace("file://", "") for part in away[1:]] == list(run(*names, "-f", "jsonl")[1:])


def test_a_large_object_is_read_in_pieces(store: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FETCHED_BYTES", 100)

    status, out, _ = run("memory://logs/b/2.jsonl", "memory://logs/b/10.jsonl.gz", "-f", "json")
    assert (status, [each["events"] > 0 for each in json.loads(out)["sessions"]]) == (1, [True, True])


def test_an_object_that_grows_after_it_was_listed_is_read_whole(store: Any, run: Run) -> None:
    [target] = targets(["memory://logs/b/2.jsonl"])
    store.pipe("/logs/b/2.jsonl", CLEAN + BROKEN)

    assert remote.fetch([target]) == {}


class Failing:
    """A file of a store that goes away in the middle."""

    size = 2**30

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int) -> bytes:
        raise self._error

    def seekable(self) -> bool:
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        pass


class ClientConnectorError(Exception):
    """Named as that of aiohttp."""


class NoCredentialsError(Exception):
    """Named as that of botocore."""


class RefusalError(Exception):
    """With a status, as aiohttp's."""

    status = 403


PERMISSION = "; set its store's credentials, also where the workers run (python -m rtproto docs fleet)"


@pytest.mark.parametrize(
    "error, why",
    [
        (PermissionError("Access Denied"), f"no permission (Access Denied){PERMISSION}"),
        (NoCredentialsError("Unable to locate"), f"no permission (Unable to locate){PERMISSION}"),
        (RefusalError("ftp://me:hidden@h/x"), f"no permission (ftp://me:[masked]@h/x){PERMISSION}"),
        (FileNotFoundError("bucket/x"), "there is no such object, folder or bucket"),
        (
            FileNotFoundError("The bucket is gone"),
            "there is no such object, folder or bucket (The bucket is gone)",
        ),
        (ConnectionResetError("by peer"), "its server cannot be reached: by peer"),
        (ClientConnectorError("to host\n:80"), "its server cannot be reached: to host :80"),
        (TimeoutError(), "its server cannot be reached: TimeoutError"),
        (ImportError("Install s3fs"), "reading it needs a package that is not installed: Install s3fs"),
        (RuntimeError("with hidden in it"), "its store says RuntimeError: with [masked] in it"),
    ],
)
def test_errors_of_stores_are_told_without_the_password(
    error: Exception, why: str, store: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "ftp://me:hidden@h/x"
    assert remote.problem(error, url) == why

    monkeypatch.setattr(remote, "_open_system", lambda source: (store, ""))
    monkeypatch.setattr(type(store), "open", lambda *_, **__: Failing(error))
    found = remote.report(_settings(), Target("ftp://me:[masked]@h/x", "", url, "/x"))
    assert [each.reason for each in found.unchecked] == [why]


def _settings() -> Any:
    from rtproto.recording import Settings

    return Settings()


def test_the_web(run: Run) -> None:
    with serving() as server:
        server.says(Answer(body=BROKEN, headers={"ETag": "1"}))
        url = f"{server.url}/calls/a-1.jsonl?id=1&token=hidden"
        status, out, err = run(url, "-q")

    assert status == 1
    assert out.startswith(f"{server.url}/calls/a-1.jsonl?id=1&token=[masked]:")
    assert "hidden" not in out + err


def test_without_fsspec(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    remote._open_system.cache_clear()
    monkeypatch.setitem(sys.modules, "fsspec.core", None)

    assert run("s3://bucket/**")[2] == (
        "rtproto: s3://bucket/**: not checked: reading it needs a package that is not installed: "
        "pip install 'rtproto[fleet]'\n"
    )


def test_a_url_has_a_place_in_every_report(store: Any, run: Run, here: Path) -> None:
    (here / "rtproto.toml").write_text('[per-file-ignores]\n"memory://logs/b*" = ["OUT"]\n')
    url = "memory://logs/b/2.jsonl"

    assert run(url)[0] == 0
    sarif = json.loads(run(url, "-f", "sarif", "--isolated")[1])
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == url
    assert run(url, "--isolated", "--baseline", "known", "--update-baseline")[0] == 0
    assert f'path = "{url}"' in (here / "known").read_text()
    assert run(url, "--isolated", "--baseline", "known")[0] == 0


def test_neither_a_folder_nor_a_url_is_followed(store: Any, run: Run) -> None:
    assert "--follow takes one FILE" in run("memory://logs/b/2.jsonl", "--follow")[2]


# State


def test_what_has_not_changed_in_the_store_is_not_read_again(
    store: Any, run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    fetch = remote.fetch

    def counted(chosen: list[Target]) -> dict[int, object]:
        fetched.extend(target.path for target in chosen)
        return fetch(chosen)

    monkeypatch.setattr(remote, "fetch", counted)
    arguments = ("memory://logs/b*/*", "--state", "state")
    first = run(*arguments)
    assert (first[0], len(fetched)) == (1, 3)
    assert run(*arguments) == first
    assert len(fetched) == 3
    store.pipe("/logs/b/2.jsonl", CLEAN)
    assert run(*arguments)[0] == 0
    assert fetched[3:] == ["memory://logs/b/2.jsonl"]


def test_where_a_store_does_not_tell_what_changes_nothing_is_kept(
    store: Any, run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_VERSION", ())

    run("memory://logs/b/2.jsonl", "--state", "state")
    assert (here / "state").read_bytes().count(b"\n") == 1


# S3


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3, with a bucket in it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket of that server, found as a user's are: by the environment."""
    for name, value in (
        ("AWS_ENDPOINT_URL", s3),
        ("AWS_ACCESS_KEY_ID", "user"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    remote._open_system.cache_clear()
    files = fsspec.filesystem("s3")
    files.mkdir("calls")
    files.pipe({f"calls/{name}": data for name, data in STORED.items()})
    yield files
    files.rm("calls", recursive=True)
    files.clear_instance_cache()
    remote._open_system.cache_clear()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bucket_of_s3(jobs: str, bucket: Any, run: Run, here: Path) -> None:
    arguments = ("s3://calls/logs/b*/**", "s3://nobodys/**", "-f", "jsonl", "-j", jobs, "--state", "state")

    status, out, err = run(*arguments)
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 2
    assert [line.get("path") for line in lines] == ["s3://calls/logs/b/2.jsonl", "s3://nobodys/**", None]
    assert lines[-1]["summary"]["files"] == 3
    assert err == (
        "rtproto: s3://nobodys/**: not checked: there is no such object, folder or bucket "
        "(The specified bucket does not exist)\n"
    )
    assert run(*arguments)[1] == out
    assert (here / "state").read_bytes().count(b"s3://calls") == 3
