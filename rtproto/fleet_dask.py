"""Workers that are those of a Dask cluster: on other machines, behind a scheduler, or begun on this one for a run.

Dask gives work that a worker took down with it to another one, a few times.  What it then gives up is checked once more
by itself (`rtproto.fleet`), so that only what really ends its worker is lost.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import lru_cache
from importlib import import_module
from socket import gethostname
from time import monotonic
from typing import Any, cast
from uuid import uuid4

from msgspec.structs import replace

import rtproto
from rtproto.check_targets import Target
from rtproto.check_work import Check, unchecked
from rtproto.checker_profile import profile_of
from rtproto.findings import Report
from rtproto.fleet import Died, Lost, Refused, packed, size_of, without_interrupts
from rtproto.recording import Settings

CONNECT_SECONDS = 15.0
"""How long a scheduler, and its first worker, are waited for."""
PATIENCE_SECONDS = 120.0
"""How long a run goes on without any worker: machines that were taken away may be replaced."""
_LOOK_SECONDS = 5.0
"""Between two looks at what workers there are."""
_RETRIES = 3
"""How often a batch is tried again that Dask itself failed, as a worker can that goes while it works."""

_OWN = {
    "distributed.scheduler.allowed-failures": 0,  # what a worker takes down with it is looked into here, at once
    "distributed.worker.profile.enabled": False,  # nobody sees it
}
"""Settings of a cluster that is there for one run."""
_GONE = "the Dask scheduler is gone"


def version(*_: object) -> str:
    """The rtproto of a worker."""
    return rtproto.__version__


def work(wanted: str, prepared: bytes, batch: Sequence[Target]) -> list[bytes] | str:
    """The packed reports of a batch, or why this worker does not make them."""
    if wanted != rtproto.__version__:
        return f"a worker has rtproto {rtproto.__version__} and this is {wanted}: install the same on all of them"
    try:
        settings, check = _prepared(prepared)
        return packed(map(_seen, batch, check(settings, batch)))
    except Exception as error:  # noqa: BLE001 - told as the reason; what Dask raises is no fault of a recording
        return _failed(error)


def _failed(error: BaseException) -> str:
    """Why a batch has no reports."""
    return f"its worker failed: {type(error).__name__}: {error}"


def _seen(target: Target, report: Report) -> Report:
    """The report, or that this worker has no such file, where the one that named it has."""
    if target.source or target.size < 0 or os.path.exists(target.path):  # noqa: PTH110 - a string already
        return report
    return unchecked(
        target.path,
        f"the worker on {gethostname()} does not see this file: put it where all of them can read it",
    )


@lru_cache(maxsize=8)
def _prepared(data: bytes) -> tuple[Settings, Check]:
    """What a worker checks with, made once for a run."""
    arguments, check = pickle.loads(data)
    return Settings(**arguments), check


def _placed(target: Target) -> Target:
    """A file of this machine as another process must name it; with its size, if it is there."""
    path = os.path.abspath(target.path)  # noqa: PTH100 - a string already, and links are kept
    is_here = os.path.exists(path)  # noqa: PTH110 - likewise
    return replace(target, path=path, size=size_of(target) if is_here else -1)


class Cluster:
    """The workers of the scheduler at that address (`tcp://host:8786`); see `rtproto.fleet.Workers`.

    Without one, of the scheduler that Dask's own settings name (`DASK_SCHEDULER_ADDRESS`), or else of a cluster of so
    many workers that is begun on this machine.  Raises `Lost` where there is none within `CONNECT_SECONDS`, or where a
    worker has another rtproto.
    """

    def __init__(self, address: str | None, count: int, arguments: Mapping[str, Any], check: Check) -> None:
        self._dask = import_module("distributed")
        self._ended = (Exception, self._dask.CancelledError)
        """What a batch may end with; that it was cancelled is no `Exception` everywhere."""
        profile = arguments.get("profile")
        # A file of this machine means nothing on another one.
        sent = {**arguments, "profile": None if profile is None else profile_of(profile)}
        self._prepared = pickle.dumps((sent, check))
        self._name = f"rtproto-{uuid4().hex[:12]}"
        self._given = 0
        self._out: set[Any] = set()
        """What was given out and not asked for yet."""
        self._count = count
        self._looked = self._seen = monotonic()
        self._resources = ExitStack()
        address = address or import_module("dask.config").get("scheduler-address", None)
        for name in ("distributed", "distributed.client"):
            # What they have to say is told as the reason why a file is not checked.
            logger = logging.getLogger(name)
            self._resources.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.CRITICAL)
        try:
            with without_interrupts(spawning=True):
                self._client = self._resources.enter_context(self._connected(address, count))
            self._verify(address)
        except BaseException:
            self._resources.close()
            raise

    def _connected(self, address: str | None, count: int) -> Any:
        """A client of the scheduler.  Raises `Lost`."""
        try:
            scheduler = address or self._resources.enter_context(self._begun(count))
            return self._dask.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, RuntimeError, ValueError) as error:
            why = " ".join(str(error).split()) or type(error).__name__
            if address is None:
                raise Lost(f"no Dask cluster could be begun on this machine: {why}") from None
            raise Lost(
                f"there is no Dask scheduler at {address} ({why}); is it running, and reachable?"
            ) from None

    def _begun(self, count: int) -> Any:
        """A cluster of so many workers on this machine."""
        with import_module("dask.config").set(_OWN):
            return self._dask.LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                memory_limit=0,  # a check has a bound of its own
                dashboard_address="127.0.0.1:0",  # any port, and not for others
                silence_logs=logging.CRITICAL,
            )

    def _verify(self, address: str | None) -> None:
        """Wait for the first worker, and see that all of them have this rtproto.  Raises `Lost`."""
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            place = f" at {address}" if address else ""
            raise Lost(
                f"the Dask scheduler{place} has no workers; `dask worker {address}` begins one"
            ) from None
        found: dict[str, object] = self._client.run(version, on_error="return")
        for worker, answer in found.items():
            if isinstance(answer, Exception):
                told = f"cannot import rtproto ({type(answer).__name__}: {answer})"
            elif answer != rtproto.__version__:
                told = f"has rtproto {answer}"
            else:
                continue
            raise Lost(
                f"the Dask worker {worker} {told}, and this is {rtproto.__version__}: install the same on all of them"
            )

    @property
    def count(self) -> int:
        """How many batches are worked on at once: the threads of all workers there are by now."""
        now = monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._look(now)
        return self._count

    def _look(self, now: float) -> None:
        """See what workers there are.  Raises `Lost` where there have been none for long."""
        self._looked = now
        try:
            threads = sum(cast("dict[str, int]", self._client.nthreads()).values())
        except Exception:  # noqa: BLE001 - as in `submit`; or it connects again
            threads = 0
        if threads:
            self._count, self._seen = threads, now
        elif now - self._seen > PATIENCE_SECONDS:
            raise Lost(f"there has been no Dask worker for {PATIENCE_SECONDS:.0f} seconds")

    def submit(self, batch: Sequence[Target]) -> Any:
        """Give out a batch."""
        self._given += 1
        sent = [each if each.source else _placed(each) for each in batch]
        try:
            future = self._client.submit(
                work,
                rtproto.__version__,
                self._prepared,
                sent,
                key=f"{self._name}-{self._given}",
                pure=False,
                retries=_RETRIES,
            )
        except Exception as error:  # noqa: BLE001 - of several classes, which all mean that the client was closed
            raise Lost(f"{_GONE}: {error}") from None
        self._out.add(future)
        return future

    def result(self, given: Any) -> list[bytes]:
        """The packed reports of a batch.  Raises `Died`, `Refused` or `Lost`."""
        try:
            answer = self._answer(given)
        finally:
            self._out.discard(given)
        given.release()
        if isinstance(answer, str):
            raise Refused(answer)
        return answer

    def _answer(self, given: Any) -> list[bytes] | str:
        """Wait for the answer of `work`.  Raises `Died`, `Refused` or `Lost`."""
        while True:
            try:
                answer: list[bytes] | str = given.result(timeout=_LOOK_SECONDS)
            except self._ended as error:
                if given.status == "cancelled":
                    raise Lost(_GONE) from None
                if isinstance(error, self._dask.KilledWorker):
                    raise Died from None
                if given.status == "error" or not isinstance(error, TimeoutError):
                    raise Refused(_failed(error)) from None
                self._look(monotonic())  # a result that was lost with its worker is made anew
            else:
                return answer

    def alone(self, target: Target) -> bytes:
        """The packed report of one recording, with nothing else out.  Raises `Died`, `Refused` or `Lost`."""
        for other in list(self._out):
            with suppress(Died, Refused):  # it is asked for in its turn
                self._answer(other)
        [report] = self.result(self.submit([target]))
        return report

    def stop(self) -> None:
        """Cancel what was given out, and leave the cluster, which ends if it was begun for this run."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.cancel(list(self._out), force=True)
        self._resources.close()
