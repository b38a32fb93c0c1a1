"""The `learning-service` command: one module of this package for each command, named like it.

A command's module is loaded when the command is called, so that none waits for what another one needs, and a
broken one does not take the others along. A package beside the service may add commands of its own by the entry-point
group `learning_service.commands`.
"""

import importlib
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

from learning_service.core.loading import loading

COMMANDS = (
    "api",
    "worker",
    "converter",
    "migrate",
    "job",
    "jobs",
    "certificates",
    "keys",
    "bucket",
    "backup",
    "restore",
    "openapi",
    "doctor",
)
ADDED = "learning_service.commands"


class Commands(TyperGroup):
    """Finds a command by its name: its own, then those that other packages add."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        return [*COMMANDS, *sorted(_added())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None."""
        if cmd_name in COMMANDS:
            with loading():
                found = importlib.import_module(f"learning_service.cli.{cmd_name}").app
        elif (entry := _added().get(cmd_name)) is not None:
            found = entry.load()
        else:
            return None
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


def _added() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ADDED)}


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _root() -> None:
    """The learning service: API, worker, and the tools of those who run them."""


def main() -> None:
    """The entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
