"""`learning-service api`: serve the API."""

import gc
import os
import sys
from functools import partial

import typer
import uvicorn
from fastapi import FastAPI

from learning_service.api.server import KEEP_ALIVE_SECONDS, SWITCH_SECONDS, bounded_protocol
from learning_service.cli.terminal import read_port, read_settings
from learning_service.core.settings import Settings
from learning_service.main import create_app

app = typer.Typer()


@app.command()
def api() -> None:
    """Serve the API on HOST (127.0.0.1) and PORT (8000)."""
    settings = read_settings(serving=True)
    sys.setswitchinterval(SWITCH_SECONDS)
    uvicorn.run(
        partial(settled_app, settings),
        factory=True,
        host=os.environ.get("HOST") or "127.0.0.1",
        port=read_port(),
        loop="uvloop",
        http=bounded_protocol(settings),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="none",
        # Forwarded headers are judged by the service itself, by its trusted_proxies setting.
        proxy_headers=False,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        log_level="warning",
    )


def settled_app(settings: Settings) -> FastAPI:
    """The application, with all of it made that lasts, and left out of later searches for garbage.

    Writing the reference and searching through all of that takes a second at the first call that meets it. There are
    some two thousand things to be found, in 150 MB: that search is left out as well.
    """
    gc.disable()
    made = create_app(settings)
    if settings.reference_enabled:
        made.state.reference.prepare()
    gc.freeze()
    gc.enable()
    return made
