"""`learning-service openapi`: print the OpenAPI document."""

import json

import typer

from learning_service.core.settings import Settings
from learning_service.main import create_app

app = typer.Typer()


@app.command()
def openapi() -> None:
    """Print the API's OpenAPI document, which no setting changes."""
    settings = Settings.model_construct(database_url="")
    typer.echo(json.dumps(create_app(settings).openapi(), indent=2))
