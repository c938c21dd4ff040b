"""What the recorder costs: `python -m benchmarks.recorder [round-trip] [load] [memory]`.

- round-trip: 100 events a second, one after another, to a server that answers each; straight, through a relay that
  only copies bytes, and through the recorder, in turns.  The ratios are medians of the ratios within rounds.
- load: sessions that send and receive audio in real time, without losing or exchanging an event, checked by both ends
  and in the files.
- memory: the same with fewer sessions for ten minutes, its resident size at every tenth of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, cast

from benchmarks.figures import described, machine
from benchmarks.live_load import audio
from rtproto.recording import check_file

PARTS = ("round-trip", "load", "memory")
INTERVAL = 0.01
"""Seconds between the events of a round trip: 100 a second."""


@contextmanager
def recorder(upstream: int, folder: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A recorder in its own process, and its port."""
    command = [sys.executable, "-m", "rtproto", "record", "--upstream", f"ws://127.0.0.1:{upstream}"]
    with subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "-o", folder, "--fail-level", "never", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        port = 0
        for line in process.stderr:
            if found := re.search(r"listening on ws://127.0.0.1:(\d+)", line):
                port = int(found[1])
                break
        # What it says about each session is read and dropped, or it would fill the pipe.
        drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        try:
            yield process, port
        finally:
            process.terminate()
            process.wait()
            drain.wait()


# Round trips.


async def answer(connection: Any) -> None:
    """A server that reads each event, and answers it with another of its size."""
    async for message in connection:
        event = json.loads(message)
        reply = {
            "type": "response.output_audio.delta",
            "event_id": "e",
            "response_id": "r",
            "item_id": "i",
            "output_index": 0,
            "content_index": 0,
            "delta": event["audio"],
        }
        await connection.send(json.dumps(reply))


async def serve_answers() -> None:
    from websockets.asyncio.server import serve

    async with serve(answer, "127.0.0.1", 0, max_size=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


async def relay(upstream: int) -> None:
    """The least that a proxy can do: bytes from one socket to the other."""

    class Half(asyncio.Protocol):
        def __init__(self, other: Half | None = None) -> None:
            self.other, self.early, self.task = other, b"", None
            self.transport: asyncio.Transport | None = None
            self.connecting: asyncio.Task[Any] | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)
            if self.other is None:
                making = asyncio.get_running_loop().create_connection(
                    lambda: Half(self), "127.0.0.1", upstream
                )
                self.connecting = asyncio.get_running_loop().create_task(making)
            else:
                self.other.other = self
                self.transport.write(self.other.early)

        def data_received(self, data: bytes) -> None:
            if self.other is None or self.other.transport is None:
                self.early += data
            else:
                self.other.transport.write(data)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.other is not None and self.other.transport is not None:
                self.other.transport.close()

    server = await asyncio.get_running_loop().create_server(Half, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def helper(*arguments: str) -> Iterator[int]:
    """This module as another process that prints its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.recorder", *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


Trip = Callable[[], Any]


@asynccontextmanager
async def plain(port: int, compression: str | None) -> AsyncIterator[Trip]:
    """`websockets` as it is."""
    from websockets.asyncio.client import connect

    message = json.dumps({"type": "input_audio_buffer.append", "audio": audio(100)})
    options: Any = {"max_size": None, "compression": compression}
    async with connect(f"ws://127.0.0.1:{port}/v1/realtime", **options) as connection:

        async def trip() -> None:
            await connection.send(message)
            await connection.recv()

        yield trip


@asynccontextmanager
async def stock(port: int) -> AsyncIterator[Trip]:
    """The client of `openai`, as an application uses it."""
    from openai import AsyncOpenAI

    client: Any = AsyncOpenAI(api_key="sk-none", websocket_base_url=f"ws://127.0.0.1:{port}/v1")
    payload = audio(100)
    async with client.realtime.connect(model="m") as connection:

        async def trip() -> None:
            await connection.input_audio_buffer.append(audio=payload)
            await connection.recv()

        yield trip


CLIENTS: dict[str, Callable[[int], Any]] = {
    "websockets": lambda port: plain(port, None),
    "websockets, compressed": lambda port: plain(port, "deflate"),
    "openai": stock,
}


async def round_trips(ports: dict[str, int], rounds: int, trips: int) -> None:
    for name, client in CLIENTS.items():
        async with AsyncExitStack() as stack:
            ways = {way: await stack.enter_async_context(client(port)) for way, port in ports.items()}
            medians: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(rounds):
                times: dict[str, list[float]] = {way: [] for way in ways}
                for _ in range(trips):
                    for way, trip in ways.items():
                        await asyncio.sleep(INTERVAL)
                        begun = time.perf_counter()
                        await trip()
                        times[way].append(time.perf_counter() - begun)
                for way, took in times.items():
                    medians[way].append(median(took))
        straight = medians["straight"]
        for way, took in medians.items():
            ratio = median(mine / its for mine, its in zip(took, straight, strict=True))
            print(f"  {name:<24} {way:<10} {median(took) * 1e6:8.0f} µs {ratio:7.2f} ×")


def round_trip(options: argparse.Namespace) -> int:
    rounds, trips = (1, 5) if options.smoke else (15, 100)
    with (
        tempfile.TemporaryDirectory() as folder,
        helper("--serve") as server,
        helper("--relay", str(server)) as copier,
        recorder(server, folder) as (_, port),
    ):
        print(
            f"\nround trip of an event of 100 ms of audio, {1 / INTERVAL:.0f} a second, {rounds} rounds of {trips}"
        )
        asyncio.run(round_trips({"straight": server, "relay": copier, "recorder": port}, rounds, trips))
    return 0


# Load and memory.


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def run_load(sessions: int, seconds: float, ms: int, *record: str, samples: int = 0) -> list[str]:
    """Run the load and print its figures; returns what went wrong."""
    module = [sys.executable, "-m", "benchmarks.live_load"]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        with subprocess.Popen([*module, "server", "0", str(ms)], **pipes) as server:
            assert server.stdout is not None
            with recorder(int(server.stdout.readline()), folder, *record) as (process, port):
                before, begun = cpu_seconds(process.pid), time.perf_counter()
                client = subprocess.Popen(
                    [*module, "client", str(port), str(sessions), str(seconds), str(ms)], **pipes
                )
                for _ in range(samples):
                    time.sleep(seconds / samples)
                    print(
                        f"  after {time.perf_counter() - begun:6.0f} s: {resident_mib(process.pid):6.1f} MiB",
                        flush=True,
                    )
                heard = json.loads(client.communicate()[0])
                used = cpu_seconds(process.pid) - before
                took, size = time.perf_counter() - begun, resident_mib(process.pid)
            served = json.loads(server.communicate("")[0])
        wrong = [*heard["wrong"], *served["wrong"]]
        if heard["received"] != served["sent"] or served["received"] != heard["sent"]:
            # The last events of a server cross with the client's close.
            crossing = served["sent"] - heard["received"]
            if served["received"] != heard["sent"] or not 0 <= crossing <= 3 * sessions:
                wrong.append(f"{heard['sent']} sent, {served['received']} arrived")
        if "--elide-audio" not in record:
            wrong += missing(Path(folder), sessions, heard["sent"])
        events = heard["sent"] + served["sent"]
        print(f"  {sessions} sessions, {events:,} events of {ms} ms, {events / took:,.0f} a second")
        print(f"  the recorder took {used / took * 100:.0f} % of a core, {size:.0f} MiB")
        for way, delays in (("to the server", served["delay_ms"]), ("to the client", heard["delay_ms"])):
            if delays:
                print(f"  one way {way}: median {delays[0]:.2f} ms, 99 of 100 within {delays[1]:.2f} ms")
        print(f"  lost, exchanged or broken: {len(wrong)}", *wrong[:5], sep="\n    ")
    return wrong


_STAMP = re.compile(rb'"stmp(\d{8})\d{16}')


def missing(folder: Path, sessions: int, sent: int) -> list[str]:
    """What the files do not hold, or not in order, and what the checker finds in the first."""
    wrong: list[str] = []
    files = sorted(folder.glob("*.jsonl"))
    if len(files) != sessions:
        wrong.append(f"{len(files)} files")
    total = 0
    for path in files:
        counts = {b"client": 0, b"server": 0}
        with path.open("rb") as lines:
            for line in lines:
                stamp = _STAMP.search(line)
                if stamp is None:
                    continue
                side = b"client" if b'"direction":"client"' in line[:64] else b"server"
                counts[side] += 1
                if int(stamp[1]) != counts[side]:
                    wrong.append(f"{path.name}: {side.decode()} event {counts[side]} is {int(stamp[1])}")
                    break
        total += counts[b"client"]
    if total != sent:
        wrong.append(f"the files hold {total} of {sent} events of the clients")
    if files:
        report = check_file(files[0])
        wrong += [f"{path}: {each.reason}" for each in report.unchecked for path in files[:1]]
    return wrong


def load(options: argparse.Namespace) -> int:
    sessions, seconds = (5, 1.0) if options.smoke else (options.sessions, options.seconds)
    print(f"\n{sessions} sessions, {options.ms} ms of audio in each event, both ways, {seconds:g} s")
    return 1 if run_load(sessions, seconds, options.ms) else 0


def memory(options: argparse.Namespace) -> int:
    sessions, seconds, samples = (2, 1.0, 2) if options.smoke else (options.memory_sessions, 600.0, 10)
    print(f"\nresident memory, {sessions} sessions, {seconds:g} s, audio elided")
    return 1 if run_load(sessions, seconds, options.ms, "--elide-audio", samples=samples) else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recorder", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="round-trip, load, memory (default: all)")
    parser.add_argument("--smoke", action="store_true", help="a second of each, to see that it runs")
    parser.add_argument("--sessions", type=int, default=200, help="of the load (default: 200)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the load (default: 30)")
    parser.add_argument("--memory-sessions", type=int, default=20, help="(default: 20)")
    parser.add_argument("--ms", type=int, default=100, help="of audio in an event (default: 100)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--relay", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve or options.relay:
        asyncio.run(serve_answers() if options.serve else relay(options.relay))
        return 0
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    print(described(machine()))
    run = {"round-trip": round_trip, "load": load, "memory": memory}
    return max(run[part](options) for part in options.parts or PARTS)


if __name__ == "__main__":
    sys.exit(main())
