"""`learning-service worker`: run background jobs."""

import importlib
import os
import sys
import zoneinfo
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from learning_service.cli.terminal import fail, find_database, read_settings
from learning_service.core.loading import loading
from learning_service.core.settings import Settings
from learning_service.domain.certificates.rules.pdf_keys import UnusableKey, read_pdf_key

app = typer.Typer()
Check = Annotated[
    bool, typer.Option("--check", help="Only say, by the exit code, whether this machine's process is alive.")
]
_FOUND = {"PYTHONTZPATH": os.pathsep.join(zoneinfo.TZPATH)}
"""What would be looked up once more, in all that Python was built with: 0.6 MB."""
_LEAN = ("-P", "-X", "no_debug_ranges")
"""Tracebacks name lines, and no columns: those are 1 MB."""


@app.command()
def worker(check: Check = False) -> None:
    """Run background jobs until stopped, as `arq learning_service.worker.settings.WorkerSettings` does."""
    if check:
        run_arq("WorkerSettings", check=True)
    refuse_unusable_key(read_settings(serving=True))
    # Anew, so that what the command line was made of is not held while jobs run.
    command = [sys.executable, *_LEAN, "-m", "learning_service.worker"]
    os.execve(sys.executable, command, {**os.environ, **_FOUND})  # noqa: S606  -- our own


def refuse_unusable_key(settings: Settings) -> None:
    """End the command where PDFs cannot be signed by the key that is given."""
    if settings.pdf_signing_key is None:
        return
    try:
        key = read_pdf_key(settings.pdf_signing_key.get_secret_value())
    except UnusableKey as error:
        fail(f"PDF_SIGNING_KEY: {error}")
    if not key.is_valid_at(datetime.now(UTC)):
        fail("PDF_SIGNING_KEY: its certificate does not hold now")


def load_settings() -> Any:
    """The module of arq's settings. Not before it is needed: it reads the environment."""
    with loading():
        return importlib.import_module("learning_service.worker.settings")


def run_arq(kind: str, *, check: bool) -> None:
    """Run a worker by its settings, or end with what `arq --check` says of it."""
    if check:
        find_database()
    read_settings()
    module = load_settings()
    if check:
        raise typer.Exit(module.check(getattr(module, kind)))
    module.run(getattr(module, kind))
