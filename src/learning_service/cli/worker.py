"""`learning-service worker`: run background jobs."""

import importlib
from typing import Annotated

import typer

from learning_service.cli.terminal import find_database, read_settings

app = typer.Typer()
Check = Annotated[
    bool, typer.Option("--check", help="Only say, by the exit code, whether this machine's process is alive.")
]


@app.command()
def worker(check: Check = False) -> None:
    """Run background jobs until stopped, as `arq learning_service.worker.settings.WorkerSettings` does."""
    if not check:
        read_settings(serving=True)
    run_arq("WorkerSettings", check=check)


def run_arq(kind: str, *, check: bool) -> None:
    """Run a worker by its settings, or end with what `arq --check` says of it."""
    if check:
        find_database()
    read_settings()
    # Only now: it reads the settings of the environment.
    module = importlib.import_module("learning_service.worker.settings")
    if check:
        raise typer.Exit(module.check(getattr(module, kind)))
    module.run(getattr(module, kind))
