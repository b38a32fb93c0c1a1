"""Jobs that another service enqueues through arq: each gets a row, and runs by that like any other."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from learning_service.context import Context
from learning_service.domain.certificates.queries.certificates import certificate_of_completion
from learning_service.domain.documents.queries import find_document
from learning_service.domain.jobs.outbox import NO_ORGANIZATION, enqueue_named
from learning_service.worker.catalog import JOBS, SCHEDULED

log = structlog.get_logger()


class _Owned(Protocol):
    organization_id: Any


Finder = Callable[[AsyncSession, uuid.UUID], Awaitable[_Owned | None]]
LONGEST_ID = 200
CALLS: Mapping[str, tuple[str, Finder]] = {
    "generate_certificates": ("completion_id", certificate_of_completion),
    "check_document": ("document_id", find_document),
    "convert_document": ("document_id", find_document),
}
"""The argument of each job that may be called, and what it is about. Scheduled jobs may be called without any."""


class NotCallable(Exception):
    """Such a call has no meaning here; the text says why."""


async def take_in(
    context: Context, name: str, arq_job_id: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Write the row of a call from outside, once however often arq delivers it. A wrong call is only logged."""
    try:
        arguments = _arguments(name, args, kwargs)
    except NotCallable as error:
        log.error("foreign_job_refused", job=name, arq_job_id=arq_job_id[:LONGEST_ID], reason=str(error))
        return
    queue = next((queue for queue, jobs in JOBS.items() if name in jobs), "jobs")
    async with context.transaction(None) as session:
        found = None
        if name in CALLS:
            _, find = CALLS[name]
            [value] = arguments.values()
            found = await find(session, uuid.UUID(value))
        # An unknown id gets its row too: it ends as dead, where operators see it.
        await enqueue_named(
            session,
            name,
            arguments,
            organization_id=found.organization_id if found else NO_ORGANIZATION,
            queue=queue,
            unique_key=f"arq:{name}:{arq_job_id[:LONGEST_ID]}",
        )


def _arguments(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, str]:
    if name in SCHEDULED:
        if args or kwargs:
            raise NotCallable("it takes no arguments")
        return {}
    if name not in CALLS:
        raise NotCallable("only this service makes such jobs")
    parameter, _ = CALLS[name]
    given = {**dict(zip([parameter], args, strict=False)), **kwargs}
    if len(args) + len(kwargs) != 1 or parameter not in given:
        raise NotCallable(f"it takes {parameter} and nothing else")
    try:
        return {parameter: str(uuid.UUID(given[parameter]))}
    except (ValueError, TypeError, AttributeError) as error:
        raise NotCallable(f"{parameter} is not an id") from error
