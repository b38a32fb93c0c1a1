"""`learning-service openapi`: print the OpenAPI document."""

import json
from typing import Annotated

import typer

from learning_service.api.openapi.built import write
from learning_service.core.settings import Settings
from learning_service.main import create_app

app = typer.Typer()


@app.command()
def openapi(
    *,
    keep: Annotated[
        bool, typer.Option("--write", help="Keep it beside the code, so that the service need not make it")
    ] = False,
) -> None:
    """Print the API's OpenAPI document, which no setting changes."""
    make = create_app(Settings.model_construct(database_url="")).openapi
    typer.echo(f"wrote {write(make)}" if keep else json.dumps(make(), indent=2))
