"""The `learning-service` command. Each command only reads its arguments; the work is done below.

Commands name the function they run (`module:function`, as uvicorn does) where loading it is dear, so that
`learning-service token` answers at once and a broken API module does not take the supervisor along.
"""

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from learning_devstack.copies import (
    DIRECTORY_VARIABLE,
    NoDevelopmentCopyError,
    development_directory,
    find_development_copy,
)
from learning_devstack.development import Command, Plan, run_development_copy
from learning_devstack.given import service_database_url
from learning_devstack.process import StartError
from learning_devstack.signing_key import ISSUER, read_signing_key
from learning_service.adapters.office import office_problem
from learning_service.core.settings import Settings
from learning_service.core.tokens import ROLE, SCOPES, make_development_key, mint_token
from learning_service.domain.kernel.values import OPAQUE_ID

DEFAULT_AUDIENCE = "learning-service"
DEMO_ORGANIZATION = "demo"
DEMO_ADMINISTRATOR = "demo-admin"
DEMO_TOKEN_SECONDS = 12 * 3600
LONGEST_TOKEN_SECONDS = 24 * 3600
USAGE_ERROR = 2

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)

jobs = typer.Typer(no_args_is_help=True, help="See background jobs, and try dead ones again.")
app.add_typer(jobs, name="jobs")
certificates = typer.Typer(no_args_is_help=True, help="Halt and resume the making of PDFs.")
app.add_typer(certificates, name="certificates")


def main() -> None:
    """The entry point of the console script."""
    app()


@app.callback()
def _root() -> None:
    """The learning service: API, worker, and the tools of those who run them."""


@app.command()
def dev() -> None:
    """Run a development copy: PostgreSQL, Redis, S3, API, worker and, with LibreOffice, converter.

    PORT and LEARNING_DEV_DIR move it.
    """
    port = _port()
    services = [Command("api", _self("api")), Command("worker", _self("worker"))]
    problem = asyncio.run(office_problem(os.environ.get("CONVERT_SANDBOX") or "bwrap"))
    if problem is None:
        services.append(Command("converter", _self("converter")))
    else:
        typer.echo(f"no converter: {problem}. Presentations that are uploaded will fail; the rest works.")
        # Nobody will come for them, so they need not wait.
        os.environ.setdefault("CONVERTER_PATIENCE_SECONDS", "1")
    plan = Plan(
        preparations=[Command("migrations", _self("migrate")), Command("demonstration", _self("demo"))],
        services=services,
        ready_path="/readyz",
        make_key=make_development_key,
        welcome=_welcome,
    )
    raise typer.Exit(run_development_copy(development_directory(), port, plan))


@app.command()
def api() -> None:
    """Serve the API on HOST (127.0.0.1) and PORT (8000)."""
    _settings(serving=True)
    _load("uvicorn:run")(
        "learning_service.main:create_app",
        factory=True,
        host=os.environ.get("HOST") or "127.0.0.1",
        port=_port(),
        loop="uvloop",
        http=_load("learning_service.api.server:BoundedProtocol"),
        timeout_keep_alive=_load("learning_service.api.server:KEEP_ALIVE_SECONDS"),
        ws="none",
        # Forwarded headers are judged by the service itself, by its trusted_proxies setting.
        proxy_headers=False,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        log_level="warning",
    )


@app.command()
def worker(
    queue: Annotated[str, typer.Option(help="The queue to serve.")] = "jobs",
    check: Annotated[
        bool, typer.Option("--check", help="Only say, by the exit code, whether this host's worker is alive.")
    ] = False,
) -> None:
    """Run background jobs until told to stop."""
    if check:
        _operate("check_worker", queue)
        return
    queues = _load("learning_service.worker.app:QUEUES")
    if queue not in queues:
        _fail(f"no queue is called {queue!r}; there are: {', '.join(queues)}")
    _load("learning_service.worker.app:run_worker")(_settings(serving=True), queue)


@app.command()
def converter(
    check: Annotated[
        bool,
        typer.Option("--check", help="Only say, by the exit code, whether this host's converter is alive."),
    ] = False,
) -> None:
    """Convert presentations to PDF until told to stop; needs LibreOffice, and bwrap or CONVERT_SANDBOX."""
    if check:
        _operate("check_worker", "converter")
        return
    settings = _settings()
    try:
        _load("learning_service.worker.app:run_converter")(settings)
    except _load("learning_service.worker.jobs.documents:NoOffice") as error:
        _fail(str(error), code=1)


@app.command()
def job(
    name: Annotated[str, typer.Argument(help="Which; a wrong name lists them.")],
    at: Annotated[str | None, typer.Option(help="As of this time (RFC 3339) instead of now.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing and say what it would do (collect_files).")
    ] = False,
) -> None:
    """Run a scheduled job once and return when it is done."""
    said = _operate("run_scheduled", name, at, dry_run=dry_run)
    if said is not None:
        typer.echo(said)


@jobs.command("list")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="queued, leased, done or dead.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
) -> None:
    """List jobs, newest first; without a status those that are not done."""
    typer.echo(_operate("list_jobs", status, limit))


@jobs.command("show")
def show_job(job_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a job with the reason of its last failure, as JSON."""
    typer.echo(_operate("show_job", job_id))


@jobs.command("retry")
def retry_jobs(
    job_ids: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that are dead.")] = False,
) -> None:
    """Queue dead jobs again, with all their tries."""
    typer.echo(_operate("retry_jobs", job_ids or [], all_dead=all_dead))


@certificates.command("halt")
def halt_certificates() -> None:
    """Make no more PDFs until resumed; those that are to be made wait."""
    typer.echo(_operate("halt", module="certificate_commands"))


@certificates.command("resume")
def resume_certificates() -> None:
    """Make PDFs again, those that waited first."""
    typer.echo(_operate("resume", module="certificate_commands"))


@certificates.command("status")
def certificates_status() -> None:
    """Say whether PDFs are made, and how many wait, are dead, or differ from what was stored."""
    typer.echo(_operate("status", module="certificate_commands"))


@app.command()
def migrate() -> None:
    """Bring the database in DATABASE_URL to the newest schema. ALEMBIC_CONFIG names another alembic.ini."""
    os.environ["DATABASE_URL"] = _settings().database_url
    checkout = Path(__file__).resolve().parents[2] / "alembic.ini"
    beside = checkout if checkout.exists() else Path("alembic.ini").absolute()
    configuration = os.environ.get("ALEMBIC_CONFIG") or str(beside)
    if not Path(configuration).exists():
        _fail(f"no alembic configuration at {configuration}; set ALEMBIC_CONFIG")
    _load("alembic.config:main")(argv=["-c", configuration, "upgrade", "head"])


@app.command()
def demo() -> None:
    """Load the demonstration organization and its course; done twice, it changes nothing."""
    asyncio.run(_demo(_settings()))


async def _demo(settings: Settings) -> None:
    open_context = _load("learning_service.context:open_context")
    load_demo = _load("learning_devstack.demo:load_demo")
    async with (
        open_context(settings, "learning_api") as context,
        context.transaction(DEMO_ORGANIZATION) as session,
    ):
        await load_demo(session)


@app.command()
def token(
    org: Annotated[str, typer.Option(help="Organization the token speaks for.")],
    user: Annotated[str, typer.Option(help="User id of the caller.")],
    role: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="For services; may be repeated.")] = None,
    name: Annotated[str | None, typer.Option(help="The caller's name.")] = None,
    email: Annotated[str | None, typer.Option(help="The caller's address.")] = None,
    ttl: Annotated[int, typer.Option(min=1, max=LONGEST_TOKEN_SECONDS, help="Seconds it holds.")] = 3600,
) -> None:
    """Print a token for the development copy, and nothing else."""
    for given in role or ():
        if not ROLE.fullmatch(given):
            _fail(
                f"{given!r} is no role: national_admin, grader, regional_admin:REGION or chapter_admin:CHAPTER"
            )
    for given in scope or ():
        if given not in SCOPES:
            _fail(f"{given!r} is no scope: {', '.join(SCOPES)}")
    for given in (org, user):
        if not OPAQUE_ID.fullmatch(given):
            _fail(f"{given!r} is no id: 1 to 128 of A-Z a-z 0-9 . _ : @ -")
    try:
        environment = find_development_copy()
    except NoDevelopmentCopyError as error:
        _fail(str(error))
    typer.echo(
        _mint(environment, org=org, user=user, roles=role, scopes=scope, name=name, email=email, ttl=ttl)
    )


@app.command()
def openapi() -> None:
    """Print the API's OpenAPI document, which no setting changes."""
    settings = Settings.model_construct(database_url="")
    typer.echo(json.dumps(_load("learning_service.main:create_app")(settings).openapi(), indent=2))


def _mint(
    environment: Mapping[str, str],
    *,
    org: str,
    user: str,
    roles: list[str] | None = None,
    scopes: list[str] | None = None,
    name: str | None = None,
    email: str | None = None,
    ttl: int,
) -> str:
    private_key, key_id = read_signing_key(Path(environment[DIRECTORY_VARIABLE]))
    return mint_token(
        private_key,
        issuer=ISSUER,
        audience=environment.get("AUTH_AUDIENCE", DEFAULT_AUDIENCE),
        key_id=key_id,
        organization_id=org,
        user_id=user,
        roles=roles or (),
        # `--scope "a b"` and `--scope a --scope b` mean the same, as in the claim itself.
        scopes=[word for given in scopes or () for word in given.split()],
        name=name,
        email=email,
        ttl=ttl,
        now=datetime.now(UTC),
    )


def _welcome(environment: Mapping[str, str]) -> str:
    demo_token = _mint(
        environment,
        org=DEMO_ORGANIZATION,
        user=DEMO_ADMINISTRATOR,
        roles=["national_admin"],
        ttl=DEMO_TOKEN_SECONDS,
    )
    address = environment["PUBLIC_URL"]
    return f"""
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


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        _fail(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def _settings(*, serving: bool = False) -> Settings:
    try:
        settings = Settings()
        if serving:
            settings.refuse_development_defaults()
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        _fail("\n".join(["settings in the environment are missing or wrong:", *lines]))
    except ValueError as error:
        _fail(f"settings in the environment are missing: {error}")
    return settings


def _operate(command: str, *arguments: object, module: str = "job_commands", **options: object) -> Any:
    """Run a command of the module on the database in the environment, else on the development copy."""
    try:
        if given := os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = service_database_url(given)
        elif not os.environ.get("DATABASE_URL_FILE"):
            os.environ.update(find_development_copy())
    except (NoDevelopmentCopyError, StartError) as error:
        _fail(str(error))
    try:
        return _load(f"learning_service.{module}:{command}")(_settings(), *arguments, **options)
    except _load("learning_service.cli.jobs:CommandError") as error:
        _fail(str(error), code=1)
    except OSError as error:
        _fail(f"the database does not answer: {error}", code=1)


def _load(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _fail(message: str, code: int = USAGE_ERROR) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
