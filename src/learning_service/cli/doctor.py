"""`learning-service doctor`: look at settings and parts, and say what to do about what is wrong."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from learning_service.adapters.mailer import MailNotTaken, SmtpMailer
from learning_service.cli.migrate import newest_revision
from learning_service.cli.terminal import find_database, read_settings
from learning_service.context import Context, open_context
from learning_service.core.database import DRIVER_ERRORS
from learning_service.core.settings import Settings
from learning_service.core.telemetry import configure_logging
from learning_service.domain.jobs.admin import job_figures
from learning_service.worker.publishing import stream_of

app = typer.Typer()
State = Literal["ok", "look", "wrong"]
PATIENCE_SECONDS = 10
MOST_SKEW_SECONDS = 2
OLDEST_SERVER = 150000
EXTENSIONS = ("unaccent", "pg_trgm", "btree_gin", "fuzzystrmatch")
BEGUN_AS = text("SELECT current_user::text")
"""The role of a connection that nothing was said on."""
LOGIN = text(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('max_connections')::int AS places,"
    " session_user::text AS login,"
    " (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user) AS passes_walls,"
    " EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = session_user) AS owns_tables,"
    " clock_timestamp() AS clock"
)
SCHEMA = text(
    "SELECT to_regclass('public.alembic_version') IS NOT NULL,"
    " coalesce(has_table_privilege(to_regclass('public.alembic_version'), 'SELECT'), false)"
)
MIGRATED = text("SELECT version_num FROM alembic_version")
INSTALLED = text("SELECT extname::text FROM pg_extension")


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do where it is not well."""

    part: str
    state: State
    text: str
    advice: str = ""


@app.command()
def doctor() -> None:
    """Look at settings and parts, and say what to do; the exit code is 1 where anything is wrong."""
    find_database()
    settings = read_settings()
    configure_logging("error")
    findings = asyncio.run(examine(settings))
    for finding in findings:
        typer.echo(f"{finding.state:5}  {finding.part}: {finding.text}")
        if finding.advice:
            typer.echo(f"       → {finding.advice}")
    wrong = sum(finding.state == "wrong" for finding in findings)
    looks = sum(finding.state == "look" for finding in findings)
    typer.echo(f"\n{wrong} wrong, {looks} to look at, {len(findings) - wrong - looks} well")
    raise typer.Exit(1 if wrong else 0)


async def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which an operator mends them."""
    findings = [*of_settings(settings)]
    async with open_context(settings, "learning_api") as context:
        for part, look in LOOKS.items():
            findings += await _patiently(part, look, context)
    return findings


async def _patiently(part: str, look: "Look", context: Context) -> list[Finding]:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return [finding async for finding in look(context)]
    except TimeoutError:
        advice = "Is the address right, and does a firewall let this machine through?"
        return [Finding(part, "wrong", f"no answer in {PATIENCE_SECONDS} s", advice)]


def of_settings(settings: Settings) -> list[Finding]:
    """What the settings say by themselves."""
    findings = []
    try:
        settings.refuse_development_defaults()
        findings.append(Finding("settings", "ok", f"complete, for {settings.environment}"))
    except ValueError as error:
        findings.append(Finding("settings", "wrong", "not complete for production", str(error)))
    if settings.environment == "development":
        return findings
    if not settings.trusted_proxies:
        advice = (
            "Name your proxy there, or all its clients count as one address: limits will turn people away."
        )
        findings.append(Finding("TRUSTED_PROXIES", "look", "empty", advice))
    if settings.smtp_url is None:
        findings.append(
            Finding("SMTP_URL", "look", "none: no mail leaves", "Set it, unless that is what you want.")
        )
    if settings.s3_public_endpoint_url is None and settings.s3_endpoint_url is not None:
        advice = "Set it unless browsers reach the store by S3_ENDPOINT_URL too."
        findings.append(Finding("S3_PUBLIC_ENDPOINT_URL", "look", "none", advice))
    return findings


async def of_database(context: Context) -> AsyncIterator[Finding]:
    """Whether it answers, who we are there, its schema and its clock."""
    started = time.perf_counter()
    try:
        async with context.engine.connect() as connection:
            begun_as = (await connection.execute(BEGUN_AS)).scalar_one()
            # As the login itself, which the pool's connections are not.
            await connection.execute(text("SET ROLE NONE"))
            login = (await connection.execute(LOGIN)).one()
            took = time.perf_counter() - started
            installed = set((await connection.execute(INSTALLED)).scalars())
            schema = await _of_schema(connection)
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError) as error:
        cause = getattr(error, "orig", None) or error
        yield Finding("database", "wrong", _first_line(cause), _advice_for(_first_line(cause)))
        return
    yield Finding("database", "ok", f"answers as {login.login}, in {took * 1000:.0f} ms with the connection")
    if begun_as != "learning_api":
        advice = (
            f"ALTER ROLE {login.login} SET role = 'learning_api': poolers do not pass on what we ask for."
        )
        yield Finding("database", "wrong", f"connections begin as {begun_as}", advice)
    if login.version < OLDEST_SERVER:
        yield Finding("database", "wrong", f"PostgreSQL {login.version // 10000}", "15 or newer is needed.")
    if login.passes_walls or login.owns_tables:
        what = "passes by row-level security" if login.passes_walls else "owns the tables"
        advice = "Log in as learning_app or learning_jobs: see “Roles in PostgreSQL” in docs/operations.md."
        state: State = "look" if context.settings.environment == "development" else "wrong"
        yield Finding("database", state, f"{login.login} {what}", advice)
    yield schema
    if missing := [name for name in EXTENSIONS if name not in installed]:
        yield Finding(
            "database", "wrong", f"without {', '.join(missing)}", "Run learning-service migrate as the owner."
        )
    yield _of_places(context.settings, login.places)
    skew = abs((datetime.now(UTC) - login.clock).total_seconds())
    if skew > MOST_SKEW_SECONDS:
        yield Finding(
            "clock", "wrong", f"{skew:.0f} s from the database's", "Keep both machines' clocks by NTP."
        )


async def _of_schema(connection: AsyncConnection) -> Finding:
    migrate = "Run learning-service migrate as the owner."
    is_there, may_read = (await connection.execute(SCHEMA)).one()
    if not is_there:
        return Finding("schema", "wrong", "none", migrate)
    newest = newest_revision()
    if newest is None:
        return Finding("schema", "look", "there", "No migrations lie here to compare: set ALEMBIC_CONFIG.")
    if not may_read:
        advice = "Run the doctor with the owner's DATABASE_URL to compare it with the newest."
        return Finding("schema", "look", "there; its version is the owner's to read", advice)
    revision = (await connection.execute(MIGRATED)).scalar_one_or_none()
    if revision == newest:
        return Finding("schema", "ok", f"{revision}, the newest")
    return Finding("schema", "wrong", f"{revision or 'none'}, not {newest}", migrate)


def _of_places(settings: Settings, places: int) -> Finding:
    api = 2 * settings.database_pool_size + settings.database_direct_pool_size
    worker = settings.job_concurrency + 4
    said = f"max_connections {places}; an API process takes {api}, a worker {worker}"
    if places < 2 * (api + worker):
        return Finding(
            "connections", "look", said, "Too few for two of each: raise it, or put PgBouncer between."
        )
    return Finding("connections", "ok", said)


def _first_line(error: object) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _advice_for(said: str) -> str:
    words = {
        "password authentication": "Compare the password in DATABASE_URL with the role's.",
        "does not exist": "Make the database or the role, then run learning-service migrate as the owner.",
        "permission denied to set role": "GRANT learning_api to this login: see docs/operations.md.",
        "too many clients": "Raise max_connections, or run fewer processes.",
    }
    known = [advice for word, advice in words.items() if word in said]
    return known[0] if known else "Is it running, and does DATABASE_URL name its host and port?"


async def of_replica(context: Context) -> AsyncIterator[Finding]:
    """Whether reports can read it, and how far behind it is."""
    if context.replica is None:
        return
    async with AsyncExitStack() as stack:
        found = await context.replica.enter(stack, "nobody")
        if found is None:
            advice = (
                f"Does it run, follow, and answer? {context.replica.why} Reports read the primary meanwhile."
            )
            yield Finding("replica", "look", "passed over", advice)
        else:
            behind = (datetime.now(UTC) - found[1]).total_seconds()
            yield Finding("replica", "ok", f"answers; its last commit is {max(0, behind):.0f} s old")


async def of_redis(context: Context) -> AsyncIterator[Finding]:
    """Whether it answers, and forgets nothing by itself."""
    redis = Redis.from_url(
        context.settings.redis_url.get_secret_value(), socket_timeout=3, socket_connect_timeout=3
    )
    try:
        await redis.ping()
        yield Finding("redis", "ok", "answers")
    except (RedisError, OSError) as error:
        advice = "Is it running, and does REDIS_URL name host, port, login and password? Meanwhile jobs wait."
        yield Finding("redis", "wrong", _first_line(error), advice)
        return
    finally:
        await redis.aclose()


async def of_store(context: Context) -> AsyncIterator[Finding]:
    """Whether the bucket is there and ours."""
    bucket = context.settings.s3_bucket
    if await context.store.is_alive():
        yield Finding("store", "ok", f"the bucket {bucket} is there")
    else:
        advice = "Check S3_ENDPOINT_URL and the key; `learning-service bucket` makes the bucket."
        yield Finding("store", "wrong", f"the bucket {bucket} cannot be had", advice)


async def of_issuers(context: Context) -> AsyncIterator[Finding]:
    """Whether the keys of tokens can be had."""
    for issuer in context.settings.auth_issuers:
        if issuer.jwks_url is None:
            continue
        try:
            found = await context.http.get_json(issuer.jwks_url)
            keys = found.get("keys") if isinstance(found, dict) else None
            if keys:
                yield Finding("issuer", "ok", f"{issuer.issuer} gives {len(keys)} keys")
                continue
            said = "no keys at that address"
        except Exception as error:
            said = _first_line(error)
        advice = "No new key of this issuer can be believed: check jwks_url, and the way out by https."
        yield Finding("issuer", "wrong", f"{issuer.issuer}: {said}", advice)


async def of_mail(context: Context) -> AsyncIterator[Finding]:
    """Whether the mail server lets us in; no mail is sent."""
    if context.settings.smtp_url is None:
        return
    try:
        async with SmtpMailer(context.settings.smtp_url.get_secret_value(), timeout=5) as mailer:
            await mailer.try_login()
        yield Finding("mail", "ok", "the server lets us in")
    except (MailNotTaken, ValueError) as error:
        yield Finding("mail", "wrong", _first_line(error), "Check SMTP_URL: scheme, host, port, login.")


async def of_nats(context: Context) -> AsyncIterator[Finding]:
    """Whether it lets us in, and a stream takes our events; nothing is published."""
    try:
        stream = stream_of(context.settings)
    except RuntimeError as error:
        yield Finding("nats", "wrong", "its package is missing", str(error))
        return
    if stream is None:
        return
    try:
        name = await stream.stream_name()
        yield Finding(
            "nats", "ok", f"the stream {name} takes events" if name else "answers; a worker makes the stream"
        )
    except Exception as error:
        advice = "Check NATS_URL and that JetStream is on; events wait in the feed meanwhile."
        yield Finding("nats", "wrong", _first_line(error), advice)
    finally:
        await stream.close()


async def of_jobs(context: Context) -> AsyncIterator[Finding]:
    """Whether workers are there, and what waits or died."""
    try:
        async with context.transaction(None) as session:
            figures = await job_figures(session)
    except (SQLAlchemyError, *DRIVER_ERRORS, OSError):
        return  # said above
    workers = {queue: int(value) for kind, queue, _, _, value in figures if kind == "workers"}
    for queue, missing in (
        ("jobs", "no worker: jobs wait"),
        ("converter", "no converter: presentations fail"),
    ):
        name = "worker" if queue == "jobs" else queue
        if workers.get(queue):
            yield Finding(name, "ok", f"{workers[queue]} seen in the last 30 seconds")
        else:
            yield Finding(name, "look", missing, f"Start one: learning-service {name}.")
    for kind, queue, job, status, value in figures:
        if kind == "rows" and status == "dead":
            advice = "learning-service jobs list --status dead; remove the cause; jobs retry --all-dead."
            yield Finding("jobs", "wrong", f"{int(value)} {job} are dead", advice)
        if kind == "age" and value > 60:
            advice = "Add workers, or look for the job that fails: learning-service jobs list."
            yield Finding("jobs", "look", f"the oldest of {queue} waits for {value:.0f} s", advice)


Look = Callable[[Context], AsyncIterator[Finding]]
LOOKS: dict[str, Look] = {
    "database": of_database,
    "replica": of_replica,
    "redis": of_redis,
    "store": of_store,
    "issuers": of_issuers,
    "mail": of_mail,
    "nats": of_nats,
    "jobs": of_jobs,
}
