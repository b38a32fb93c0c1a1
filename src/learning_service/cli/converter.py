"""`learning-service converter`: convert presentations."""

import typer

from learning_service.cli.terminal import fail
from learning_service.cli.worker import Check, run_arq
from learning_service.worker.jobs.documents import NoOffice

app = typer.Typer()


@app.command()
def converter(check: Check = False) -> None:
    """Convert presentations to PDF until stopped; needs LibreOffice, and bwrap or CONVERT_SANDBOX."""
    try:
        run_arq("ConverterSettings", check=check)
    except NoOffice as error:
        fail(str(error), code=1)
