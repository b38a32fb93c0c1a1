"""The process from which a worker's helpers are forked, so that what all of them have loaded is in memory once.

It is forked itself, by the command, while there is neither an event loop nor a thread: a copy of those may hang. It
does nothing but fork, and ends with its parent. Where there is none, helpers are started anew.
"""

import gc
import importlib
import os
import signal
import socket

from learning_service.adapters.pool_process import serve

_SHARED = (
    "asyncio",
    "aiohttp",
    "learning_service.adapters.credentials",
    "learning_service.adapters.pool_work",
)
"""What a worker and its helpers both use."""
_forking: socket.socket | None = None


def fork_template() -> None:
    """Have helpers of this process forked from now on. Only before anything has begun that is no plain code."""
    global _forking
    for name in _SHARED:
        importlib.import_module(name)
    # What is not searched for garbage is not written to, and stays shared.
    gc.freeze()
    here, there = socket.socketpair()
    if os.fork():
        there.close()
        _forking = here
        return
    try:
        here.close()
        _fork_helpers(there)
    finally:
        # Whatever happens, this copy of the command must not go on as one.
        os._exit(1)


def fork_helper() -> socket.socket | None:
    """What leads to a new helper; None: there is no template here, or it has ended."""
    if _forking is None:
        return None
    here, there = socket.socketpair()
    with there:
        try:
            socket.send_fds(_forking, [b"."], [there.fileno()])
        except OSError:
            here.close()
            return None
    return here


def _fork_helpers(asked: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Those that end leave nothing behind.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, [*ends], *_ = socket.recv_fds(asked, 1, 1)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(ends[0], 0)
            os.dup2(ends[0], 1)
            os.close(ends[0])
            serve()
        os.close(ends[0])
