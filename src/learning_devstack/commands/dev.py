"""`learning-service dev`: run a development copy."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from learning_devstack.copies import DIRECTORY_VARIABLE, development_directory
from learning_devstack.development import Command, Plan, run_development_copy
from learning_devstack.people import write_people
from learning_devstack.tokens import (
    DEMO_ADMINISTRATOR,
    DEMO_ORGANIZATION,
    make_development_key,
    mint_token_of_copy,
)
from learning_service.adapters.office import office_problem
from learning_service.cli.terminal import read_port

DEMO_TOKEN_SECONDS = 12 * 3600

app = typer.Typer()


@app.command()
def dev() -> None:
    """Run a development copy: PostgreSQL, Redis, S3, API, worker and, with LibreOffice, converter.

    PORT and LEARNING_DEV_DIR move it.
    """
    port = read_port()
    services = [Command("api", _self("api")), Command("worker", _self("worker"))]
    problem = asyncio.run(office_problem(os.environ.get("CONVERT_SANDBOX") or "bwrap"))
    if problem is None:
        services.append(Command("converter", _self("converter")))
    else:
        typer.echo(f"no converter: {problem}. Presentations that are uploaded will fail; the rest works.")
        # No one will collect them, so they need not wait.
        os.environ.setdefault("CONVERTER_PATIENCE_SECONDS", "1")
    plan = Plan(
        preparations=[Command("migrations", _self("migrate")), Command("demonstration", _self("demo"))],
        services=services,
        ready_path="/readyz",
        make_key=make_development_key,
        welcome=_welcome,
        renew=write_people,
        beside=[] if os.environ.get("LEARNING_DEV_WEB") == "off" else [Command("web", _self("web"))],
    )
    raise typer.Exit(run_development_copy(development_directory(), port, plan))


def _welcome(environment: Mapping[str, str]) -> str:
    demo_token = mint_token_of_copy(
        environment,
        org=DEMO_ORGANIZATION,
        user=DEMO_ADMINISTRATOR,
        roles=["national_admin"],
        ttl=DEMO_TOKEN_SECONDS,
    )
    address = environment["PUBLIC_URL"]
    return f"""
Web:       {address}/app/
Reference: {address}/docs
Logs:      {environment[DIRECTORY_VARIABLE]}/logs
Token of {DEMO_ADMINISTRATOR}, national_admin of organization {DEMO_ORGANIZATION}, for 12 hours:

TOKEN={demo_token}

With that line pasted into another terminal, try next:

curl -s -H "Authorization: Bearer $TOKEN" {address}/api/courses/

Ctrl-C stops everything; the data is kept.
"""


def _self(command: str) -> list[str]:
    """How a child runs another command of this program, from the same environment."""
    script = Path(sys.prefix) / "bin" / "learning-service"
    program = [str(script)] if script.exists() else ["-m", "learning_service.cli.app"]
    return [sys.executable, *program, command]
