"""The process beside this one that does large work: how it is started, asked, bounded and ended; and what it runs.

A thread shares the interpreter with the event loop and keeps it for hundreds of steps of a request; a process does
not. It holds what it was given to hold, under a number, until it is told to forget. It has no secrets, a lower
priority, and ends with its parent.
"""

import os
import pickle
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from learning_service.domain.kernel.pieces import go_on

NICENESS = 5
MEMORY = 768 * 1024 * 1024
"""Bytes of address space. What needs more ends the process."""
PATIENCE = 20
"""Seconds for an answer. Work pauses after fractions of one; the process is started in a few."""


class HelperEnded(Exception):
    """The process ended over what it was asked, or did not answer."""


class Helper:
    """A running process. All methods block, and belong to one thread."""

    def __init__(self) -> None:
        here, there = socket.socketpair()
        with there:
            self._process = subprocess.Popen(  # noqa: S603  -- our own
                [sys.executable, "-P", "-m", __name__, str(there.fileno())],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
                # Nothing of the environment, where secrets are, but the way to the code.
                env={"PYTHONPATH": _way_to_code(), "PATH": os.environ.get("PATH", "")},
            )
        self._pipe = Connection(here.detach())

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The function's answer. Raises what it raises, or HelperEnded."""
        try:
            self._pipe.send((function, arguments))
            if not self._pipe.poll(PATIENCE):
                raise HelperEnded
            is_answer, value = self._pipe.recv()
        except (OSError, EOFError, HelperEnded):
            self.end()
            raise HelperEnded from None
        if is_answer:
            return value
        raise value

    @property
    def is_over(self) -> bool:
        """Whether it was ended."""
        return self._pipe.closed

    def end(self) -> None:
        """End it at once."""
        self._pipe.close()
        self._process.kill()
        self._process.wait()


def _way_to_code() -> str:
    return os.pathsep.join(one or os.getcwd() for one in sys.path)


_held: dict[int, Any] = {}
_begun: dict[int, Any] = {}


def hold(number: int, made: Callable[[], object]) -> None:
    """Make a thing and keep it under this number."""
    _held[number] = made()


def work_on(number: int, work: Callable[..., Any] | None, arguments: tuple[Any, ...]) -> Any:
    """Begin work with the thing of a number, or go on with it where `work` is None, for a piece."""
    if work is not None:
        _begun[number] = work(_held[number], *arguments)
    return go_on(_begun[number])


def forget(number: int) -> None:
    """Drop a thing, and what was begun with it."""
    _held.pop(number, None)
    _begun.pop(number, None)


def serve(pipe: Connection) -> None:
    """Answer what the pipe asks, one after the other, until it ends."""
    os.nice(NICENESS)
    with suppress(OSError):
        # Where memory is short it is this process that goes, and not its parent. Linux only.
        Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while True:
        function, arguments = pipe.recv()
        try:
            answer = (True, function(*arguments))
        except MemoryError:
            # What is left of it serves nobody.
            os._exit(1)
        except Exception as error:
            answer = (False, _sendable(error))
        pipe.send(answer)


def _sendable(error: Exception) -> Exception:
    """The error, or its words where it would not arrive as it is."""
    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):  # noqa: S301  -- our own
            return error
    except Exception:  # noqa: S110  -- whatever it is, its words are left
        pass
    return RuntimeError(repr(error))


if __name__ == "__main__":
    # As the module that the parent names, or there would be two of each dictionary.
    from learning_service.domain.kernel import helper_process

    # The end of the pipe is the parent's wish, or its end.
    with suppress(EOFError, ConnectionError):
        helper_process.serve(Connection(int(sys.argv[1])))
