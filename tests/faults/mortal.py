"""`python -m tests.faults.mortal api|worker`: the service in a process that dies as told and is there again at once.

A parent has loaded everything and forks the process that serves; when that is killed, it forks the next.
"""

import os
import signal
import sys
from collections.abc import Callable

import uvicorn
from tests.faults.mortality import Mortal, install

from learning_devstack.process import die_with_parent
from learning_service.main import create_app
from learning_service.worker.settings import WorkerSettings, run


def nurse(serve: Callable[[], None]) -> None:
    """Fork a process that serves, as long as it is killed; its own end is ours too."""
    parent = os.getpid()
    while True:
        child = os.fork()
        if child == 0:
            die_with_parent(parent, signal.SIGTERM)
            serve()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(os.waitstatus_to_exitcode(status) or 0)


def api() -> Callable[[], None]:
    """What serves the API on PORT; the application is made before the first fork."""
    app = create_app()
    app.add_middleware(Mortal)
    port = int(os.environ["PORT"])
    return lambda: uvicorn.run(app, port=port, loop="uvloop", access_log=False, log_level="warning")


def worker() -> Callable[[], None]:
    """What runs jobs."""
    return lambda: run(WorkerSettings)


if __name__ == "__main__":
    install()
    nurse({"api": api, "worker": worker}[sys.argv[1]]())
