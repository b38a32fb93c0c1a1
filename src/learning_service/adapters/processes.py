"""Work that keeps a processor busy, done in processes of its own, so that the event loop never waits for it.

A process is started with the first piece of work, and another one when work has waited for some seconds:
a worker with little to draw holds one. What has nothing to do ends. All end with their parent however it ends,
`kill -9` included: each watches a socket whose other end only the parent has.
"""

import asyncio
import os
import pickle
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple

from learning_service.adapters.pool_process import SIZE_BYTES
from learning_service.core.tracing import span

Ts = TypeVarTuple("Ts")
T = TypeVar("T")
START_SECONDS = 5.0
"""Where work has waited for so long, there is more of it than one process does while another one starts."""
REST_SECONDS, LAST_REST_SECONDS = 10.0, 300.0
"""How long a process stays that has nothing to do, and how long the last one does."""
_PROGRAM = "from learning_service.adapters.pool_process import serve; serve()"


class ProcessDied(Exception):
    """The process that had the work died over it; trying again may help."""


class ProcessPool:
    """Up to `size` processes for functions of modules, called with what can be pickled."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._places: list[_Place] = []
        self._free: list[_Place] = []
        self._freed = asyncio.Event()

    async def run(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """The function's answer. Raises what it raises, or ProcessDied."""
        with span(getattr(function, "__qualname__", "work of a process")):
            place = await self._free_place()
            try:
                answer: T = await place.do(function, args)
            finally:
                self._rest(place)
            return answer

    async def close(self) -> None:
        """End the processes, whatever they do."""
        places, self._places, free, self._free = self._places, [], self._free, []
        for place in free:
            place.timer.cancel()
        for place in places:
            await place.close()

    async def _free_place(self) -> "_Place":
        """The place that was used last of those that are free, where work has its process in memory; or a new one."""
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + START_SECONDS
        while not self._free:
            may_grow = len(self._places) < self._size
            if not self._places or (may_grow and loop.time() >= patient_until):
                self._places.append(place := _Place())
                return place
            self._freed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(patient_until if may_grow else None):
                    await self._freed.wait()
        place = self._free.pop()
        place.timer.cancel()
        return place

    def _rest(self, place: "_Place") -> None:
        if place not in self._places:
            return  # the pool was closed over its work
        seconds = LAST_REST_SECONDS if len(self._places) == 1 else REST_SECONDS
        place.timer = asyncio.get_running_loop().call_later(seconds, self._drop, place)
        self._free.append(place)
        self._freed.set()

    def _drop(self, place: "_Place") -> None:
        """Nobody has taken it since."""
        self._places.remove(place)
        self._free.remove(place)
        place.stop()


class _Place:
    """Where one process works, started with its first piece, and anew after it ended."""

    timer: asyncio.TimerHandle
    """Ends the rest of what is free."""

    def __init__(self) -> None:
        self._way: _Way | None = None

    async def do(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """The function's answer. Raises what it raises, or ProcessDied; ends the process if nobody waits any more."""
        message = pickle.dumps((function, arguments))
        try:
            if self._way is None:
                self._way = await _started()
            is_answer, value = await _asked(self._way, message)
        except (OSError, EOFError) as error:
            await self.close()
            raise ProcessDied("a process of the pool died") from error
        except BaseException:
            self.stop()
            raise
        if is_answer:
            return value
        raise value

    async def close(self) -> None:
        """End the process, and see it ended."""
        way = self._way
        self.stop()
        if way is not None:
            await way.process.wait()

    def stop(self) -> None:
        """End the process: it watches whether this way is open."""
        way, self._way = self._way, None
        if way is not None:
            way.writer.close()
            with suppress(ProcessLookupError):
                way.process.kill()


@dataclass(frozen=True, slots=True)
class _Way:
    """The way to a process."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    process: Process


async def _started() -> _Way:
    here, there = socket.socketpair()
    # The same modules are to be found there.
    way = os.pathsep.join(one or os.getcwd() for one in sys.path)
    with there:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-X", "no_debug_ranges", "-c", _PROGRAM),
            stdin=there.fileno(),
            stdout=there.fileno(),
            # Nothing of the environment, where secrets are, but the way to programs and code.
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": way},
        )
    reader, writer = await asyncio.open_connection(sock=here)
    return _Way(reader, writer, process)


async def _asked(way: _Way, message: bytes) -> tuple[bool, Any]:
    way.writer.write(len(message).to_bytes(SIZE_BYTES, "big") + message)
    await way.writer.drain()
    size = int.from_bytes(await way.reader.readexactly(SIZE_BYTES), "big")
    answer: tuple[bool, Any] = pickle.loads(await way.reader.readexactly(size))  # noqa: S301  -- our own
    return answer
