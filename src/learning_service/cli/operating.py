"""What the commands share that look after a database: its settings, a transaction, and the end when it fails."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.cli.terminal import fail, find_database, read_settings
from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.core.telemetry import configure_logging

P = ParamSpec("P")
T = TypeVar("T")


class CommandError(Exception):
    """The command cannot be carried out; the text says why."""


def in_transaction(settings: Settings, do: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Do this in one transaction of the worker's role, of no organization."""

    async def run(context: Context) -> T:
        async with context.transaction(None) as session:
            return await do(session)

    return with_context(settings, run)


def with_context(settings: Settings, do: Callable[[Context], Awaitable[T]]) -> T:
    """Do this with clients of its own, under the worker's role."""
    configure_logging(settings.log_level)

    async def run() -> T:
        async with open_context(settings, "learning_worker") as context:
            return await do(context)

    return asyncio.run(run())


def operate(do: Callable[Concatenate[Settings, P], T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do this with the settings of the database that a command means; what fails ends the command, and is said."""
    find_database()
    try:
        return do(read_settings(), *arguments, **options)
    except CommandError as error:
        fail(str(error), code=1)
    except OSError as error:
        fail(f"the database does not answer: {error}", code=1)
