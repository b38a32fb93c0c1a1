"""`learning-service jobs`: see background jobs, and try dead ones again."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from learning_service.cli.operating import CommandError, in_transaction, operate
from learning_service.core.settings import Settings
from learning_service.domain.jobs import admin as job_admin
from learning_service.domain.jobs.admin import JobState

app = typer.Typer(no_args_is_help=True, help="See background jobs, and try dead ones again.")
STATUSES = ("queued", "leased", "done", "dead")


@app.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="queued, leased, done or dead.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
) -> None:
    """List jobs, newest first; without a status those that are not done."""
    typer.echo(operate(list_jobs, status, limit))


@app.command("show")
def show(job_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a job with the reason of its last failure, as JSON."""
    typer.echo(operate(show_job, job_id))


@app.command("retry")
def retry(
    job_ids: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that are dead.")] = False,
) -> None:
    """Queue dead jobs again, with all their tries."""
    typer.echo(operate(retry_jobs, job_ids or [], all_dead=all_dead))


def list_jobs(settings: Settings, status: str | None, limit: int) -> str:
    """A line for each job, newest first. Raises CommandError for an unknown status."""
    if status is not None and status not in STATUSES:
        raise CommandError(f"no status is called {status!r}; there are: {', '.join(STATUSES)}")
    rows = in_transaction(settings, lambda s: job_admin.list_jobs(s, status=status, limit=limit))
    return "\n".join(_line(row) for row in rows) or "none"


def show_job(settings: Settings, job_id: str) -> str:
    """All that is known of a job, as JSON. Raises CommandError when there is none."""
    found = _id(job_id)
    state = in_transaction(settings, lambda s: job_admin.find_job(s, found))
    if state is None:
        raise CommandError(f"there is no job {found}")
    return json.dumps(asdict(state), indent=2, default=_plain, ensure_ascii=False)


def retry_jobs(settings: Settings, job_ids: Iterable[str], *, all_dead: bool) -> str:
    """Queue dead jobs again and say which. Raises CommandError when a job named is not dead."""
    wanted = None if all_dead else [_id(job_id) for job_id in job_ids]
    if wanted == []:
        raise CommandError("name the jobs to retry, or say --all-dead")
    retried = in_transaction(settings, lambda s: job_admin.retry_jobs(s, wanted))
    left = sorted(set(wanted or ()) - set(retried))
    if left:
        done = f"; retried: {', '.join(map(str, retried))}" if retried else ""
        raise CommandError(f"not dead: {', '.join(map(str, left))}{done}")
    return f"{len(retried)} queued again"


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is not the id of a job") from error


def _line(row: JobState) -> str:
    reason = (row.error or "").partition("\n")[0][:100]
    facts = [str(row.id), row.status, row.queue, row.job, f"failures={row.failures}", _plain(row.created_at)]
    return "  ".join([*facts, reason]).rstrip()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return str(value)
