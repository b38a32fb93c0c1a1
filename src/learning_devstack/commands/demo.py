"""`learning-service demo`: load the demonstration."""

import asyncio

import typer

from learning_devstack.demo import load_demo
from learning_devstack.tokens import DEMO_ORGANIZATION
from learning_service.cli.terminal import read_settings
from learning_service.context import open_context
from learning_service.core.settings import Settings

app = typer.Typer()


@app.command()
def demo() -> None:
    """Load the demonstration organization and its course; done twice, it changes nothing."""
    asyncio.run(_demo(read_settings()))


async def _demo(settings: Settings) -> None:
    async with (
        open_context(settings, "learning_api") as context,
        context.transaction(DEMO_ORGANIZATION) as session,
    ):
        await load_demo(session, context.store)
