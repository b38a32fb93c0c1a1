"""What every command shares: its settings, and how it ends with a message."""

import os
from importlib.metadata import entry_points
from typing import NoReturn

import typer
from pydantic import ValidationError

from learning_service.core.addresses import driver_url
from learning_service.core.settings import Settings

USAGE_ERROR = 2
PAST_POOLERS = (
    "this command goes past the pooler: name the database itself in DATABASE_URL, without DATABASE_POOLER"
)
"""For commands that hold a lock, or one moment of the database, for longer than a transaction."""
ENVIRONMENTS = "learning_service.environments"
"""Entry points that know a database where the environment names none; they raise LookupError to say why not."""


def fail(message: str, code: int = USAGE_ERROR) -> NoReturn:
    """End the command with this message."""
    typer.echo(message, err=True)
    raise typer.Exit(code)


def read_port() -> int:
    """PORT, 8000 by default."""
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        fail(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def read_settings(*, serving: bool = False) -> Settings:
    """The settings in the environment; `serving` refuses the defaults that are for development."""
    try:
        settings = Settings()
        if serving:
            settings.refuse_development_defaults()
    except ValidationError as error:
        fail_on(error)
    except ValueError as error:
        fail(f"settings in the environment are missing: {error}")
    return settings


def fail_on(error: ValidationError) -> NoReturn:
    """End the command by naming the settings that are missing or wrong."""
    faults = [e for e in error.errors() if e["type"] != "default_factory_not_called"]
    lines = [f"  {'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in faults]
    fail("\n".join(["settings in the environment are missing or wrong:", *lines]))


def find_database() -> None:
    """Let the settings name the database that a command means: the one given, else that of a development copy."""
    if given := os.environ.get("DATABASE_URL"):
        try:
            os.environ["DATABASE_URL"] = driver_url(given)
        except ValueError as error:
            fail(str(error))
        return
    if os.environ.get("DATABASE_URL_FILE"):
        return
    for entry in entry_points(group=ENVIRONMENTS):
        try:
            os.environ.update(entry.load()())
        except LookupError as error:
            fail(str(error))
