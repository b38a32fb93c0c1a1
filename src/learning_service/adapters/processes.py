"""Work that keeps a processor busy, done in processes of its own, so that the worker's loop never waits for it.

The processes are started with the first piece of work. They end with their parent however it ends, `kill -9`
included: each watches a pipe that only the parent holds open.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar, TypeVarTuple

from learning_service.core.tracing import span

Ts = TypeVarTuple("Ts")
T = TypeVar("T")
NICENESS = 5
"""Drawing thousands after a deadline must not slow down the processes that answer requests on the same machine."""


class ProcessDied(Exception):
    """The process that had the work died over it, or beside it; trying again may help."""


class ProcessPool:
    """Up to `size` processes for functions of modules, called with what can be pickled."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._executor: ProcessPoolExecutor | None = None

    async def run(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """The function's answer. Raises what it raises, or ProcessDied."""
        if self._executor is None:
            self._executor = self._start()
        executor = self._executor
        try:
            with span(getattr(function, "__qualname__", "work of a process")):
                return await asyncio.get_running_loop().run_in_executor(executor, function, *args)
        except BrokenProcessPool as error:
            # One death breaks the whole pool; the first to notice makes room for a new one.
            if self._executor is executor:
                self._executor = None
                executor.shutdown(wait=False, cancel_futures=True)
            raise ProcessDied("a process of the pool died") from error

    def _start(self) -> ProcessPoolExecutor:
        # Not forked: the copy of a process with threads and an event loop may hang in a lock that no thread holds.
        return ProcessPoolExecutor(
            self._size, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare
        )

    def close(self) -> None:
        """End the processes; what waits is dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


def _prepare() -> None:
    """Make this process end with its parent, and not by signals that are meant for the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(NICENESS)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
