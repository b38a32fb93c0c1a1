"""`learning-service web`: build the web application of this checkout."""

import typer

from learning_devstack.process import StartError
from learning_devstack.web_build import build_web
from learning_service.cli.terminal import fail

app = typer.Typer()


@app.command()
def web() -> None:
    """Build the web application, with node of this machine or from PyPI; nothing is done twice."""
    try:
        build_web()
    except StartError as error:
        fail(str(error))
