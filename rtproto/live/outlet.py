"""Where the findings of a guarded connection go: to a callback, however slow it is, and in order."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from rtproto.findings import Finding
from rtproto.live.tidings import LOGGER, prefix

OnFinding: TypeAlias = Callable[[Finding], Any]

WAITING = 1_000
"""Findings of a connection that wait for its callback at most; further ones are dropped, and counted."""
THREADS = 8
"""In which callbacks of all connections run at most.  They are not those of `asyncio.to_thread`: a loop looks up the
addresses of hosts in these, and slow callbacks would hold up every new connection to an upstream."""

_running: set[asyncio.Task[None]] = set()
"""A loop itself holds no task that waits."""


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="rtproto-findings")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)


class Outlet:
    """Calls back, one finding after another, in a task that is there while findings wait.

    A coroutine function is called in the loop, anything else in a thread; what they return to be awaited is awaited in
    the loop.
    """

    def __init__(self, callback: OnFinding, name: str) -> None:
        self._callback = callback
        self._name = name
        self._is_async = inspect.iscoroutinefunction(callback)
        self._waiting: deque[Finding] = deque()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        """Findings that were not handed on."""
        self._told = 0

    def put(self, finding: Finding) -> None:
        """Hand a finding on, later."""
        if len(self._waiting) >= WAITING:
            self.dropped += 1
            return
        self._waiting.append(finding)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
            _running.add(self._task)
            self._task.add_done_callback(_running.discard)

    async def _run(self) -> None:
        while self._waiting:
            finding = self._waiting.popleft()
            try:
                if self._is_async:
                    result = self._callback(finding)
                else:
                    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
                    result = await loop.run_in_executor(_threads(), self._call, context, finding)
                if inspect.isawaitable(result):
                    await result
            except Exception:  # noqa: BLE001 - the callback is not ours, and the session is not its business
                LOGGER.exception("%son_finding failed on %s", prefix(self._name), finding.code)

    def _call(self, context: contextvars.Context, finding: Finding) -> Any:
        return context.run(self._callback, finding)

    async def finish(self, patience: float) -> None:
        """Wait until all findings are handed on, so many seconds at most, and drop the others."""
        task = self._task
        try:
            if task is not None and not task.done():
                await asyncio.wait({task}, timeout=patience)
        finally:
            if task is not None and not task.done():
                task.cancel()
                self.dropped += len(self._waiting) + 1  # and the one that the callback has
                self._waiting.clear()
            if self.dropped > self._told:
                self._told = self.dropped
                told = "%s%d findings were dropped: on_finding was too slow"
                LOGGER.warning(told, prefix(self._name), self.dropped)
