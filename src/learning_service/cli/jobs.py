"""What the commands `job`, `jobs` and `worker --check` do, once their arguments are read."""

import asyncio
import json
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context, open_context
from learning_service.core.settings import Settings
from learning_service.core.telemetry import configure_logging
from learning_service.domain.jobs import admin as job_admin
from learning_service.domain.jobs.admin import JobState
from learning_service.domain.jobs.heartbeats import is_worker_alive
from learning_service.worker.app import SCHEDULED
from learning_service.worker.scheduler import Scheduled

T = TypeVar("T")
STATUSES = ("queued", "leased", "done", "dead")


class CommandError(Exception):
    """The command cannot be carried out; the text says why."""


def run_scheduled(
    settings: Settings,
    name: str,
    at: str | None,
    table: Mapping[str, Scheduled] = SCHEDULED,
    *,
    dry_run: bool = False,
) -> str | None:
    """Run a scheduled job once as of `at` (RFC 3339; None: now) and return when it is done.

    A dry run changes nothing and says what the job would do. Raises CommandError for an unknown name, a wrong time or
    a job that cannot be rehearsed, and whatever the job raises.
    """
    if name not in table:
        raise CommandError(f"no scheduled job is called {name!r}; there are: {', '.join(sorted(table))}")
    instant = None if at is None else instant_of(at)
    if not dry_run:
        _with_context(settings, lambda context: table[name].function(context, instant))
        return None
    rehearsal = table[name].rehearsal
    if rehearsal is None:
        raise CommandError(f"{name} cannot be rehearsed")
    return "\n".join(_with_context(settings, lambda context: rehearsal(context, instant))) or "nothing"


def list_jobs(settings: Settings, status: str | None, limit: int) -> str:
    """A line for each job, newest first. Raises CommandError for an unknown status."""
    if status is not None and status not in STATUSES:
        raise CommandError(f"no status is called {status!r}; there are: {', '.join(STATUSES)}")
    rows = _in_transaction(settings, lambda s: job_admin.list_jobs(s, status=status, limit=limit))
    return "\n".join(_line(row) for row in rows) or "none"


def show_job(settings: Settings, job_id: str) -> str:
    """All that is known of a job, as JSON. Raises CommandError when there is none."""
    found = _id(job_id)
    state = _in_transaction(settings, lambda s: job_admin.find_job(s, found))
    if state is None:
        raise CommandError(f"there is no job {found}")
    return json.dumps(state.as_dict(), indent=2, default=_plain, ensure_ascii=False)


def retry_jobs(settings: Settings, job_ids: Iterable[str], *, all_dead: bool) -> str:
    """Queue dead jobs again and say which. Raises CommandError when a job named is not dead."""
    wanted = None if all_dead else [_id(job_id) for job_id in job_ids]
    if wanted == []:
        raise CommandError("name the jobs to retry, or say --all-dead")
    retried = _in_transaction(settings, lambda s: job_admin.retry_jobs(s, wanted))
    left = sorted(set(wanted or ()) - set(retried))
    if left:
        done = f"; retried: {', '.join(map(str, retried))}" if retried else ""
        raise CommandError(f"not dead: {', '.join(map(str, left))}{done}")
    return f"{len(retried)} queued again"


def check_worker(settings: Settings, queue: str) -> None:
    """Raise CommandError unless a worker of this host was seen at its queue in the last 30 seconds."""
    host = socket.gethostname()
    if not _in_transaction(settings, lambda s: is_worker_alive(s, queue=queue, host=host)):
        raise CommandError(f"no worker of {host} was seen at queue {queue} in the last 30 seconds")


def instant_of(text: str) -> datetime:
    """An RFC 3339 time. Raises CommandError for any other text, one without a zone included."""
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None or "T" not in text.upper():
            raise ValueError("no zone or no time")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CommandError(
            f"{text!r} is no RFC 3339 time with a zone, such as 2026-01-31T08:00:00Z"
        ) from error


def _in_transaction(settings: Settings, do: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run(context: Context) -> T:
        async with context.transaction(None) as session:
            return await do(session)

    return _with_context(settings, run)


def _with_context(settings: Settings, do: Callable[[Context], Awaitable[T]]) -> T:
    configure_logging(settings.log_level)

    async def run() -> T:
        async with open_context(settings, "learning_worker") as context:
            return await do(context)

    return asyncio.run(run())


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
