"""`learning-service worker`: run background jobs."""

import socket
from typing import Annotated

import typer

from learning_service.cli.operating import CommandError, in_transaction, operate
from learning_service.cli.terminal import fail, read_settings
from learning_service.core.settings import Settings
from learning_service.domain.jobs.heartbeats import is_worker_alive
from learning_service.worker.app import QUEUES, run_worker

app = typer.Typer()


@app.command()
def worker(
    queue: Annotated[str, typer.Option(help="The queue to serve.")] = "jobs",
    check: Annotated[
        bool, typer.Option("--check", help="Only say, by the exit code, whether this host's worker is alive.")
    ] = False,
) -> None:
    """Run background jobs until stopped."""
    if check:
        operate(check_worker, queue)
        return
    if queue not in QUEUES:
        fail(f"no queue is called {queue!r}; there are: {', '.join(QUEUES)}")
    run_worker(read_settings(serving=True), queue)


def check_worker(settings: Settings, queue: str) -> None:
    """Raise CommandError unless a worker of this host was seen at its queue in the last 30 seconds."""
    host = socket.gethostname()
    if not in_transaction(settings, lambda s: is_worker_alive(s, queue=queue, host=host)):
        raise CommandError(f"no worker of {host} was seen at queue {queue} in the last 30 seconds")
