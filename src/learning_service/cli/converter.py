"""`learning-service converter`: convert presentations."""

from typing import Annotated

import typer

from learning_service.cli.operating import operate
from learning_service.cli.terminal import fail, read_settings
from learning_service.cli.worker import check_worker
from learning_service.domain.documents.actions import CONVERTER
from learning_service.worker.app import run_converter
from learning_service.worker.jobs.documents import NoOffice

app = typer.Typer()


@app.command()
def converter(
    check: Annotated[
        bool,
        typer.Option("--check", help="Only say, by the exit code, whether this host's converter is alive."),
    ] = False,
) -> None:
    """Convert presentations to PDF until stopped; needs LibreOffice, and bwrap or CONVERT_SANDBOX."""
    if check:
        operate(check_worker, CONVERTER)
        return
    settings = read_settings()
    try:
        run_converter(settings)
    except NoOffice as error:
        fail(str(error), code=1)
